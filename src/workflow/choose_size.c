/* Choosing the side of a classifier's input. SPDX-License-Identifier: MIT
 *
 * What things look like is learned at one side, yet networks without fully connected layers work at any: a somewhat larger
 * one shows more of what is small, until things are larger than what was learned (Touvron et al. 2019, Fixing the train-test
 * resolution discrepancy). How far that goes depends on the pictures, so it is measured (docs/benchmarks.md). */
#include "choose_size.h"

#include <math.h>
#include <string.h>

#include "base.h"
#include "feature_cache.h"
#include "held_out.h"
#include "memory.h"
#include "random.h"

#define MAX_SIDE 288
#define PICTURES 1000    /* are measured on, */
#define PICTURES_A_TAG 8 /* or as many of each tag, if that is more */
#define GAIN 0.5         /* in standard errors, that a larger side must bring */
#define LEAST 1e-6f      /* a probability is taken to be at least */

typedef struct chooser {
    oc_context *context;
    oc_project *project;
    oc__told_apart pictures;
    float *probabilities, *losses, *tried; /* the losses: a picture's at the side chosen, and at that under trial */
    oc__progress *progress;
} chooser;

/* Takes the first pictures of each tag, in an order of chance, as many as are measured on. */
static size_t take_some(oc__labelled *samples, uint32_t *tags, uint32_t *order, size_t *counts, const oc__training_set *set,
                        uint64_t seed) {
    size_t n = 0, most = PICTURES_A_TAG * set->n_tags > PICTURES ? PICTURES_A_TAG * set->n_tags : PICTURES;
    oc__random random;
    oc__random_seed(&random, seed, 1);
    for (size_t i = 0; i < set->n; i++) order[i] = (uint32_t)i;
    oc__random_shuffle(&random, order, set->n);
    for (size_t left = set->n; n < most && left > 0;) { /* one more of each tag */
        size_t kept = 0;
        memset(counts, 0, set->n_tags * sizeof *counts);
        for (size_t i = 0; i < left; i++) {
            const oc__labelled *sample = &set->samples[order[i]];
            if (sample->n_tags != 1) continue;
            uint32_t tag = set->labels[sample->first];
            if (counts[tag]++ || n == most) {
                order[kept++] = order[i];
                continue;
            }
            samples[n] = *sample;
            tags[n++] = tag;
        }
        left = kept;
    }
    return n;
}

/* Measures the pictures' losses. */
static oc_status measure(chooser *c, float *losses, const oc_model *base, oc_error *err) {
    const oc__told_apart *p = &c->pictures;
    oc__kept_features *kept = NULL;
    oc__told_apart pictures = *p;
    oc_status status = OC_OK;
    if (c->project) status = oc__kept_features_open(&kept, c->project, base, 1, false, p->seed, err);
    if (kept) pictures.cache = oc__kept_features_cache(kept);
    if (!status) status = oc__held_out_probabilities(c->probabilities, base, &pictures, c->progress, err);
    for (size_t i = 0; i < p->n && !status; i++) {
        const float *row = c->probabilities + i * p->n_tags;
        losses[i] = row[0] < 0 ? 0 : -logf(fmaxf(row[p->tags[i]], LEAST));
    }
    oc__kept_features_close(kept);
    return status;
}

static bool is_better(const chooser *c) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < c->pictures.n; i++) {
        double gain = (double)c->losses[i] - (double)c->tried[i];
        sum += gain;
        squares += gain * gain;
    }
    return sum > GAIN * sqrt(squares);
}

static uint64_t next_side(uint64_t side) {
    uint64_t next = (side * 9 / 7 + 16) / 32 * 32;
    return next > side ? next : side + 32;
}

static oc_status climb(oc_model **base, chooser *c, oc_error *err) {
    uint64_t side = (*base)->rule.width;
    uint32_t n_sides = 1, done = 0;
    for (uint64_t s = next_side(side); s <= MAX_SIDE; s = next_side(s)) n_sides++;
    oc__progress_part(c->progress, 0, 1.0 / n_sides);
    oc_status status = measure(c, c->losses, *base, err);
    while (!status && ++done < n_sides) {
        oc_model *larger = oc__model_retain(*base);
        oc_error why = OC_ERROR_INIT;
        side = next_side(side);
        status = oc__base_resize(&larger, side, &why);
        bool fits = status != OC_E_ARGUMENT;
        if (status && fits) oc__fail(err, status, "%s", why.message);
        oc__progress_part(c->progress, (double)done / n_sides, (done + 1.0) / n_sides);
        if (!status) status = measure(c, c->tried, larger, err);
        bool better = !status && is_better(c);
        if (better) {
            oc_model *smaller = *base;
            float *losses = c->losses;
            *base = larger;
            larger = smaller;
            c->losses = c->tried;
            c->tried = losses;
        }
        oc__model_release(larger);
        if (!fits) return OC_OK; /* a network for one side only */
        if (!better) break;
    }
    if (!status) oc__log(c->context, OC_LOG_INFO, "the input is %ux%u", (*base)->rule.width, (*base)->rule.height);
    return status;
}

oc_status oc__choose_size(oc_model **base, const oc__training_set *set, uint64_t seed, oc_project *project,
                          oc__progress *progress, oc_error *err) {
    oc_context *context = (*base)->context;
    if ((*base)->rule.width != (*base)->rule.height || next_side((*base)->rule.width) > MAX_SIDE || set->n < 4) return OC_OK;
    chooser c = {.context = context, .project = project, .progress = progress};
    oc__labelled *samples = oc__alloc_array(context, set->n, sizeof *samples);
    uint32_t *tags = oc__alloc_array(context, set->n, sizeof *tags), *order = oc__alloc_array(context, set->n, sizeof *order);
    size_t *counts = oc__alloc_array(context, set->n_tags, sizeof *counts), n = 0;
    oc_status status = OC_OK;
    if (samples && tags && order && counts) {
        n = take_some(samples, tags, order, counts, set, seed);
        c.probabilities = oc__alloc_array(context, n, set->n_tags * sizeof(float));
        c.losses = oc__alloc_array(context, n, sizeof *c.losses);
        c.tried = oc__alloc_array(context, n, sizeof *c.tried);
    }
    if (!c.probabilities || !c.losses || !c.tried)
        status = oc__fail_nomem(err, context, set->n * sizeof *samples + n * set->n_tags * sizeof(float), "choosing the size");
    c.pictures = (oc__told_apart){.samples = samples, .tags = tags, .n = n, .n_tags = set->n_tags, .seed = seed};
    oc_error why = OC_ERROR_INIT;
    if (!status && (status = climb(base, &c, &why))) {
        if (status == OC_E_DATA)
            status = OC_OK; /* what is amiss with the pictures, training tells better */
        else
            oc__fail(err, status, "%s", why.message);
    }
    oc__free(context, samples);
    oc__free(context, tags);
    oc__free(context, order);
    oc__free(context, counts);
    oc__free(context, c.probabilities);
    oc__free(context, c.losses);
    oc__free(context, c.tried);
    return status;
}
