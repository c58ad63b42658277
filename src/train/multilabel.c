/* Training where a picture bears any number of tags. SPDX-License-Identifier: MIT */
#include "multilabel.h"

#include <math.h>
#include <string.h>

#include "folds.h"
#include "memory.h"
#include "platt.h"
#include "random.h"
#include "thread.h"

/* From strong to weak; each fit begins at the last one's solution. */
static const double strengths[] = {3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4};
#define N_STRENGTHS (sizeof strengths / sizeof *strengths)
#define CHOICE_PICTURES 4000 /* the strength is chosen on so many, */
#define CHOICE_TAGS 48       /* of so many tags */
#define TAGS_AT_ONCE 32      /* of which tables are made */
#define POOLED_TAGS 64       /* of which the fit to all tags is made */
#define PIECES 64

typedef struct run {
    oc_context *context;
    const oc__features *f;
    const oc__tag_sets *sets;
    size_t n_tags;
    const oc__train_options *options;
    oc__progress *progress;
    uint32_t *folds;
    uint32_t n_folds;
    uint32_t *counts; /* of each tag, the pictures that bear it */
    oc__linear *heads; /* one for each fold, that has not seen it */
} run;

/* --- folds --- */

/* By the rarest tag of each picture; those that bear none are a kind of their own. */
static oc_status divide(run *r, oc_error *err) {
    size_t n = r->f->n;
    uint32_t *kinds = oc__alloc_array(r->context, n, sizeof *kinds);
    r->n_folds = oc__train_folds(r->options) < n ? oc__train_folds(r->options) : (uint32_t)n;
    if (!kinds) return oc__fail_nomem(err, r->context, n * sizeof *kinds, "cross-validation");
    for (size_t i = 0; i < n; i++) {
        kinds[i] = (uint32_t)r->n_tags;
        for (uint32_t k = r->sets->first[i]; k < r->sets->first[i + 1]; k++) {
            uint32_t tag = r->sets->tags[k];
            if (kinds[i] == r->n_tags || r->counts[tag] < r->counts[kinds[i]]) kinds[i] = tag;
        }
    }
    oc_status status =
        oc__folds_assign(r->folds, &r->n_folds, r->context, kinds, r->f->content, n, r->n_tags + 1, r->options->seed, err);
    if (!status && r->n_folds < 2) status = oc__fail(err, OC_E_DATA, "all %zu pictures are the same one", n);
    oc__free(r->context, kinds);
    return status;
}

/* --- fitting --- */

/* Some of the pictures, with some of their tags. */
typedef struct selection {
    uint32_t *pictures;
    size_t n, n_tags;
    const oc__tag_sets *sets;
} selection;

/* A fitter for all views of those that are not of `fold`. */
static oc_status make_fitter(oc__fitter **out, const run *r, const selection *s, uint32_t fold, oc_error *err) {
    const oc__features *f = r->f;
    size_t room = s->n * f->n_views, n = 0;
    const float **features = oc__alloc_array(r->context, room, sizeof *features);
    uint32_t *pictures = oc__alloc_array(r->context, room, sizeof *pictures);
    oc_status status = OC_OK;
    if (!features || !pictures) status = oc__fail_nomem(err, r->context, room * sizeof *features, "cross-validation");
    for (size_t i = 0; i < s->n && !status; i++)
        for (size_t view = 0; view < f->n_views && r->folds[s->pictures[i]] != fold; view++, n++) {
            features[n] = f->values + (s->pictures[i] * f->n_views + view) * f->dim;
            pictures[n] = s->pictures[i];
        }
    oc__rows rows = {features, pictures, n, f->dim, s->n_tags, s->sets, r->options->balance};
    if (!status) status = oc__fitter_create(out, r->context, &rows, r->progress, err);
    oc__free(r->context, features);
    oc__free(r->context, pictures);
    return status;
}

/* The held-out log loss of one fold, summed. */
static double held_out_loss(const run *r, const selection *s, const oc__linear *head, uint32_t fold) {
    double loss = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t picture = s->pictures[i];
        if (r->folds[picture] != fold) continue;
        const float *row = r->f->values + picture * r->f->n_views * r->f->dim;
        for (size_t t = 0; t < s->n_tags; t++) {
            double z = oc__linear_logit(head, t, row);
            loss += (z > 0 ? z : 0) + log1p(exp(-fabs(z)));
        }
        for (uint32_t k = s->sets->first[picture]; k < s->sets->first[picture + 1]; k++)
            loss -= oc__linear_logit(head, s->sets->tags[k], row);
    }
    return loss;
}

/* Goes down the strengths until the loss has risen twice: it has one valley. */
static oc_status search(double *l2, const run *r, const selection *s, oc__fitter **fitters, oc_error *err) {
    double best = INFINITY;
    int worse = 0;
    for (size_t i = 0; i < N_STRENGTHS && worse < 2; i++) {
        double loss = 0;
        for (uint32_t fold = 0; fold < r->n_folds; fold++) {
            oc__linear head = {0};
            oc_status status = oc__fitter_fit(&head, fitters[fold], strengths[i], err);
            if (status) return status;
            loss += held_out_loss(r, s, &head, fold);
            oc__linear_free(&head);
            oc__progress_step(r->progress, 1, 0);
        }
        if (loss < best) {
            best = loss;
            *l2 = strengths[i];
            worse = 0;
        } else {
            worse++;
        }
    }
    return best == INFINITY ? oc__fail(err, OC_E_INTERNAL, "cross-validation: no strength gave a finite loss") : OC_OK;
}

/* All pictures, or some drawn from the seed. */
static oc_status draw_pictures(selection *s, const run *r, size_t most, oc_error *err) {
    oc__random random;
    size_t n = r->f->n;
    if (!(s->pictures = oc__alloc_array(r->context, n, sizeof *s->pictures)))
        return oc__fail_nomem(err, r->context, n * sizeof *s->pictures, "cross-validation");
    for (size_t i = 0; i < n; i++) s->pictures[i] = (uint32_t)i;
    s->n = n;
    if (n <= most) return OC_OK;
    oc__random_seed(&random, r->options->seed, 0x5E1EC7);
    oc__random_shuffle(&random, s->pictures, n);
    s->n = most;
    return OC_OK;
}

/* Chooses the strength. What is right for some pictures is too strong for many: the loss is a mean, so that what the weights
 * cost must fall as the pictures grow in number. */
static oc_status choose(double *l2, const run *r, oc_error *err) {
    size_t n = r->f->n, n_labels = r->sets->first[n], n_kept = 0;
    uint32_t *map = oc__alloc_array(r->context, r->n_tags, sizeof *map), *tags = oc__alloc_array(r->context, n_labels, sizeof *tags);
    uint32_t *first = oc__alloc_array(r->context, n + 1, sizeof *first);
    oc__fitter **fitters = oc__alloc_zero(r->context, r->n_folds * sizeof *fitters);
    selection s = {0};
    oc_status status = OC_OK;
    if (!map || !tags || !first || !fitters)
        status = oc__fail_nomem(err, r->context, (n + n_labels) * sizeof *tags, "cross-validation");
    if (!status) status = draw_pictures(&s, r, CHOICE_PICTURES, err);
    if (!status) {
        size_t wanted = r->n_tags < CHOICE_TAGS ? r->n_tags : CHOICE_TAGS;
        for (size_t t = 0; t < r->n_tags; t++) { /* evenly among the tags */
            bool chosen = (t + 1) * wanted / r->n_tags > t * wanted / r->n_tags;
            map[t] = chosen ? (uint32_t)s.n_tags++ : OC__NONE;
        }
        for (size_t i = 0; i < n; i++) {
            first[i] = (uint32_t)n_kept;
            for (uint32_t k = r->sets->first[i]; k < r->sets->first[i + 1]; k++)
                if (map[r->sets->tags[k]] != OC__NONE) tags[n_kept++] = map[r->sets->tags[k]];
        }
        first[n] = (uint32_t)n_kept;
    }
    const oc__tag_sets sets = {tags, first};
    s.sets = &sets;
    for (uint32_t fold = 0; fold < r->n_folds && !status; fold++) status = make_fitter(&fitters[fold], r, &s, fold, err);
    if (!status) status = search(l2, r, &s, fitters, err);
    if (!status) *l2 *= (double)s.n / (double)n;
    for (uint32_t fold = 0; fold < r->n_folds && fitters; fold++) oc__fitter_free(fitters[fold]);
    oc__free(r->context, fitters);
    oc__free(r->context, s.pictures);
    oc__free(r->context, map);
    oc__free(r->context, tags);
    oc__free(r->context, first);
    return status;
}

/* One head for each fold, then that of all pictures: one after the other, so that one fitter's memory is enough. */
static oc_status fit_heads(oc__linear *all, run *r, double l2, oc_error *err) {
    selection s = {.n_tags = r->n_tags, .sets = r->sets};
    oc_status status = draw_pictures(&s, r, SIZE_MAX, err);
    for (uint32_t fold = 0; fold <= r->n_folds && !status; fold++) {
        oc__fitter *fitter = NULL;
        status = make_fitter(&fitter, r, &s, fold, err);
        if (!status) status = oc__fitter_fit(fold < r->n_folds ? &r->heads[fold] : all, fitter, l2, err);
        oc__fitter_free(fitter);
        oc__progress_step(r->progress, 1, 0);
    }
    oc__free(r->context, s.pictures);
    return status;
}

/* --- calibrating and measuring, some tags at a time --- */

typedef struct table {
    const run *r;
    uint32_t tags[POOLED_TAGS];
    size_t n_tags;
    float *logits;  /* [n_tags][n], held out; then probabilities */
    uint8_t *bears; /* [n_tags][n] */
    oc__platt *pooled;       /* of the other folds, for each fold; and of all */
    oc__platt final[POOLED_TAGS]; /* of each tag */
} table;

static void logits_task(void *argument, size_t piece, uint32_t worker) {
    const table *t = argument;
    const run *r = t->r;
    size_t n = r->f->n;
    (void)worker;
    for (size_t i = n * piece / PIECES; i < n * (piece + 1) / PIECES; i++)
        for (size_t k = 0; k < t->n_tags; k++)
            t->logits[k * n + i] =
                oc__linear_logit(&r->heads[r->folds[i]], t->tags[k], r->f->values + i * r->f->n_views * r->f->dim);
}

/* Fills the table with the held-out logits of its tags. `place` has room for all tags. */
static void fill_table(table *t, uint32_t *place) {
    const run *r = t->r;
    size_t n = r->f->n;
    for (size_t k = 0; k < r->n_tags; k++) place[k] = OC__NONE;
    for (size_t k = 0; k < t->n_tags; k++) place[t->tags[k]] = (uint32_t)k;
    memset(t->bears, 0, t->n_tags * n);
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = r->sets->first[i]; k < r->sets->first[i + 1]; k++)
            if (place[r->sets->tags[k]] != OC__NONE) t->bears[place[r->sets->tags[k]] * n + i] = 1;
    oc__parallel(r->context, PIECES, logits_task, t);
}

static oc__platt_data data_of(const table *t, size_t k, uint32_t without) {
    size_t n = t->r->f->n;
    return (oc__platt_data){t->logits + k * n, t->bears + k * n, t->r->folds, n, without};
}

/* What fits all tags of the table without one fold; held near what changes nothing. */
static void pooled_task(void *argument, size_t fold, uint32_t worker) {
    table *t = argument;
    const oc__platt_prior prior = {{1, 0}, 1, 1};
    oc__platt_data tables[POOLED_TAGS];
    (void)worker;
    for (size_t k = 0; k < t->n_tags; k++) tables[k] = data_of(t, k, (uint32_t)fold);
    t->pooled[fold] = oc__platt_fit(tables, t->n_tags, &prior);
}

/* One tag: makes probabilities of its logits. The prior lets a tag go 0.3 from the pooled slope and 0.5 from the offset. */
static void tag_task(void *argument, size_t k, uint32_t worker) {
    table *t = argument;
    const run *r = t->r;
    float *logits = t->logits + k * r->f->n;
    (void)worker;
    oc__platt fits[21]; /* there are at most 20 folds */
    for (uint32_t fold = 0; fold <= r->n_folds; fold++) {
        const oc__platt_data data = data_of(t, k, fold);
        const oc__platt_prior prior = {t->pooled[fold], 11, 4};
        fits[fold] = oc__platt_fit(&data, 1, &prior);
    }
    for (size_t i = 0; i < r->f->n; i++) logits[i] = oc__platt_apply(fits[r->folds[i]], logits[i]);
    t->final[k] = fits[r->n_folds];
}

static void bend(oc__linear *linear, size_t tag, oc__platt platt) {
    float *weights = linear->weights + tag * linear->dim, *bias = linear->weights + linear->n_tags * linear->dim + tag;
    for (size_t k = 0; k < linear->dim; k++) weights[k] *= (float)platt.slope;
    *bias = (float)(platt.slope * (double)*bias + platt.offset);
}

/* Calibrates `linear` and measures. */
static oc_status conclude(oc__linear *linear, oc__measurement *m, const run *r, oc_error *err) {
    size_t n = r->f->n, wide = r->n_tags < POOLED_TAGS ? r->n_tags : POOLED_TAGS;
    table t = {.r = r};
    uint32_t *place = oc__alloc_array(r->context, r->n_tags, sizeof *place);
    oc_status status = OC_OK;
    t.logits = oc__alloc_array(r->context, n, wide * sizeof *t.logits);
    t.bears = oc__alloc_array(r->context, n, wide);
    t.pooled = oc__alloc_array(r->context, r->n_folds + (size_t)1, sizeof *t.pooled);
    if (!place || !t.logits || !t.bears || !t.pooled)
        status = oc__fail_nomem(err, r->context, n * wide * (sizeof *t.logits + 1), "calibration");
    if (!status) {
        for (size_t k = 0; k < wide; k++) t.tags[t.n_tags++] = (uint32_t)(k * r->n_tags / wide);
        fill_table(&t, place);
        oc__parallel(r->context, r->n_folds + (size_t)1, pooled_task, &t);
    }
    for (size_t at = 0; at < r->n_tags && !status; at += t.n_tags) {
        for (t.n_tags = 0; t.n_tags < TAGS_AT_ONCE && at + t.n_tags < r->n_tags; t.n_tags++)
            t.tags[t.n_tags] = (uint32_t)(at + t.n_tags);
        fill_table(&t, place);
        oc__parallel(r->context, t.n_tags, tag_task, &t);
        for (size_t k = 0; k < t.n_tags && !status; k++) {
            bend(linear, at + k, t.final[k]);
            status = oc__measurement_add_tag(m, t.logits + k * n, t.bears + k * n, -1, err);
        }
        oc__progress_step(r->progress, t.n_tags, 0);
        if (!status) status = oc__progress_status(r->progress, err);
    }
    if (!status) status = oc__measurement_finish(m, err);
    oc__free(r->context, place);
    oc__free(r->context, t.logits);
    oc__free(r->context, t.bears);
    oc__free(r->context, t.pooled);
    return status;
}

static oc_status start_measurement(oc__measurement **out, const run *r, oc_error *err) {
    oc_status status = oc__measurement_create(out, r->context, r->f->n, (uint32_t)r->n_tags, err);
    if (status) return status;
    (*out)->method = OC_REPORT_CROSS_VALIDATION;
    (*out)->n_folds = r->n_folds;
    for (size_t i = 0; i < r->f->n; i++) (*out)->entries[i].fold = r->folds[i];
    return oc__measurement_several(*out, err);
}

oc_status oc__multilabel_train(oc__linear *out, oc__measurement **measurement, double *l2, const oc__features *features,
                               const oc__tag_sets *sets, size_t n_tags, const oc__train_options *options,
                               oc__progress *progress, oc_error *err) {
    oc_context *context = features->context;
    run r = {.context = context, .f = features, .sets = sets, .n_tags = n_tags, .options = options, .progress = progress};
    oc__linear all = {0};
    oc__measurement *m = NULL;
    oc_status status = OC_OK;
    r.folds = oc__alloc_array(context, features->n, sizeof *r.folds);
    r.counts = oc__alloc_zero(context, n_tags * sizeof *r.counts);
    r.heads = oc__alloc_zero(context, oc__train_folds(options) * sizeof *r.heads);
    if (!r.folds || !r.counts || !r.heads) status = oc__fail_nomem(err, context, features->n * sizeof *r.folds, "training");
    for (uint32_t k = 0; k < sets->first[features->n] && !status; k++) r.counts[sets->tags[k]]++;
    if (!status) status = divide(&r, err);
    if (!status && *l2 <= 0) {
        oc__progress_stage(progress, "choosing the strength", 0.7, 0.75, N_STRENGTHS * r.n_folds);
        status = choose(l2, &r, err);
    }
    oc__progress_stage(progress, "cross-validation", 0.75, 0.88, r.n_folds + (size_t)1);
    if (!status) status = fit_heads(&all, &r, *l2, err);
    if (!status) status = start_measurement(&m, &r, err);
    oc__progress_stage(progress, "calibrating probabilities", 0.88, 0.92, n_tags);
    if (!status) status = conclude(&all, m, &r, err);
    for (uint32_t fold = 0; r.heads && fold < oc__train_folds(options); fold++) oc__linear_free(&r.heads[fold]);
    oc__free(context, r.folds);
    oc__free(context, r.counts);
    oc__free(context, r.heads);
    if (status) {
        oc__linear_free(&all);
        oc__measurement_free(m);
        return status;
    }
    *out = all;
    *measurement = m;
    return OC_OK;
}
