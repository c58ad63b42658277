/* Telling a picture that is none of what was trained on. SPDX-License-Identifier: MIT */
#include "novelty.h"

#include <math.h>
#include <string.h>

#include "half.h"
#include "memory.h"
#include "nearest.h"
#include "random.h"

#define MOST_ROWS 256     /* that are kept */
#define MOST_CHOICES 8192 /* pictures that they are chosen from */
#define MOST_MEASURED 512 /* pictures whose distances are looked at */
#define STREAM 13

static const float *row_of(const oc__features *f, size_t i) { return f->values + i * f->n_views * f->dim; }

/* The rows of pictures order[0 .. n). */
static oc_status choose(oc__bank *out, const oc__features *f, const uint32_t *order, size_t n, uint64_t seed, oc_error *err) {
    float *rows = oc__alloc_array(f->context, n, f->dim * sizeof *rows);
    if (!rows) return oc__fail_nomem(err, f->context, n * f->dim * sizeof *rows, "training");
    for (size_t i = 0; i < n; i++) memcpy(rows + i * f->dim, row_of(f, order[i]), f->dim * sizeof *rows);
    oc_status status = oc__bank_choose(out, f->context, rows, n, f->dim, MOST_ROWS, seed, err);
    oc__free(f->context, rows);
    return status;
}

/* Distances of pictures from others, of which none is the same: of a few each from all others, of many some of one half from
 * the other. */
static oc_status measure(double *centre, double *factor, const oc__features *f, const uint32_t *order, size_t n, uint64_t seed,
                         oc_error *err) {
    oc__bank bank = {.context = f->context, .dim = f->dim};
    bool few = n <= MOST_ROWS;
    size_t half = few ? 0 : n / 2, n_measured = few ? n : n - half;
    if (n_measured > MOST_MEASURED) n_measured = MOST_MEASURED;
    double *distances = oc__alloc_array(f->context, n_measured, sizeof *distances);
    oc_status status = distances ? OC_OK : oc__fail_nomem(err, f->context, n_measured * sizeof *distances, "training");
    size_t n_known = 0;
    if (!status && !few) status = choose(&bank, f, order, half, seed, err);
    if (!status && few && !(bank.rows = oc__alloc_array(f->context, n, f->dim * sizeof(float))))
        status = oc__fail_nomem(err, f->context, n * f->dim * sizeof(float), "training");
    for (size_t i = 0; i < n_measured && !status; i++) {
        uint32_t picture = order[half + i];
        if (few) { /* all but those that are the same picture */
            bank.n = 0;
            for (size_t k = 0; k < n; k++)
                if (f->content[order[k]] != f->content[picture])
                    memcpy(bank.rows + bank.n++ * f->dim, row_of(f, order[k]), f->dim * sizeof(float));
        }
        double d = bank.n ? oc__bank_distance(&bank, row_of(f, picture)) : 0;
        if (few || d > 0.1) distances[n_known++] = d; /* a row of the bank has a distance of about 0.03 */
    }
    if (!status) oc__distance_scale(centre, factor, distances, n_known);
    oc__bank_free(&bank);
    oc__free(f->context, distances);
    return status;
}

oc_status oc__novelty_add(oc__graph *graph, const oc__features *f, uint64_t seed, oc_error *err) {
    oc__random random;
    oc__bank bank = {0};
    double centre, factor;
    uint32_t head = graph->outputs[0], node = graph->nodes[head].inputs[0];
    uint32_t *order = oc__alloc_array(f->context, f->n, sizeof *order);
    if (!order) return oc__fail_nomem(err, f->context, f->n * sizeof *order, "training");
    for (size_t i = 0; i < f->n; i++) order[i] = (uint32_t)i;
    oc__random_seed(&random, seed, STREAM);
    oc__random_shuffle(&random, order, f->n);
    size_t n = f->n < MOST_CHOICES ? f->n : MOST_CHOICES;
    oc_status status = measure(&centre, &factor, f, order, n, seed, err);
    if (!status) status = choose(&bank, f, order, n, seed, err);
    for (size_t i = 0; i < bank.n * bank.dim; i++) bank.rows[i] = oc__half_to_float(oc__half_from_float(bank.rows[i]));
    size_t n_params = graph->n_params;
    if (!status) status = oc__nearest_add(&node, graph, &bank, 1, 1, centre, factor, err);
    if (!status) {
        graph->outputs[1] = node;
        graph->n_outputs = 2;
        for (size_t p = n_params; p < graph->n_params; p++) /* twice what half precision holds, it holds too */
            if (graph->params[p].count == bank.n * bank.dim) graph->params[p].storage = OC__STORE_F16;
    }
    oc__bank_free(&bank);
    oc__free(f->context, order);
    return status;
}

oc_status oc__novelty_add_anew(oc__graph *graph, const oc__prepare_rule *rule, const oc__labelled *samples, size_t n,
                               uint64_t seed, oc__progress *progress, oc_error *err) {
    oc_model *model = NULL;
    oc__features f = {0};
    const oc__extraction what = {.n_views = 1, .skip_broken = true, .quiet = true};
    oc_status status = oc__graph_as_base(&model, graph, graph->nodes[graph->outputs[0]].inputs[0], rule, err);
    if (!status) status = oc__features_extract(&f, model, samples, n, &what, progress, err);
    size_t kept = 0;
    for (size_t i = 0; i < f.n && !status; i++) {
        if (f.status[i]) continue;
        memmove(f.values + kept * f.dim, f.values + i * f.dim, f.dim * sizeof *f.values);
        f.content[kept++] = f.content[i];
    }
    f.n = kept;
    if (!status) status = oc__novelty_add(graph, &f, seed, err);
    oc__features_free(&f);
    oc__model_release(model);
    return status;
}
