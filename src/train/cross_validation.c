/* Choosing the head, and measuring, by cross-validation. SPDX-License-Identifier: MIT */
#include "cross_validation.h"

#include <math.h>
#include <string.h>

#include "folds.h"
#include "memory.h"
#include "temperature.h"
#include "thread.h"

/* Kinds and strengths are compared at the scales that suit them best, wherever those are: the prior is a wide one. */
#define SHARPNESS_SPREAD 3

/* The rows of all views of the samples whose fold is not `fold`. The caller frees rows->features and rows->tags. */
static oc_status rows_without_fold(oc__rows *rows, const oc__validation *v, uint32_t fold, oc_error *err) {
    const oc__features *f = v->features;
    oc_context *context = f->context;
    size_t n = 0, room = f->n * f->n_views;
    const float **features = oc__alloc_array(context, room, sizeof *features);
    uint32_t *tags = oc__alloc_array(context, room, sizeof *tags);
    if (!features || !tags) {
        oc__free(context, features);
        oc__free(context, tags);
        return oc__fail_nomem(err, context, room * sizeof *features, "cross-validation");
    }
    for (size_t i = 0; i < f->n; i++)
        for (size_t view = 0; view < f->n_views && v->folds[i] != fold; view++, n++) {
            features[n] = f->values + (i * f->n_views + view) * f->dim;
            tags[n] = v->tags[i];
        }
    *rows = (oc__rows){features, tags, n, f->dim, v->n_tags, NULL, v->balance};
    return OC_OK;
}

typedef struct job {
    const oc__validation *v;
    oc__head_fitter **fitters; /* one per fold */
    float *logits;
    uint32_t kind;
    double strength;
    oc__progress *progress;
    oc_status *statuses; /* one per fold */
    oc_error *errors;
} job;

static void fit_task(void *argument, size_t fold, uint32_t worker) {
    const job *j = argument;
    const oc__validation *v = j->v;
    const oc__features *f = v->features;
    oc__linear linear = {0};
    if (!oc__progress_go_on(j->progress)) return;
    if ((j->statuses[fold] = oc__head_fit(&linear, j->fitters[fold], j->strength, &j->errors[fold]))) return;
    for (size_t i = 0; i < f->n; i++)
        for (size_t t = 0; t < v->n_tags && v->folds[i] == fold; t++)
            j->logits[i * v->n_tags + t] = oc__linear_logit(&linear, t, f->values + i * f->n_views * f->dim);
    oc__linear_free(&linear);
    oc__progress_step(j->progress, 1, worker);
}

static void create_task(void *argument, size_t fold, uint32_t worker) {
    const job *j = argument;
    oc__rows rows = {0};
    oc_context *context = j->v->features->context;
    (void)worker;
    oc_status status = rows_without_fold(&rows, j->v, (uint32_t)fold, &j->errors[fold]);
    if (!status) status = oc__head_fitter_create(&j->fitters[fold], j->kind, context, &rows, j->progress, &j->errors[fold]);
    oc__free(context, rows.features);
    oc__free(context, (void *)(uintptr_t)rows.tags);
    j->statuses[fold] = status;
}

/* A task for each fold. */
static oc_status for_folds(job *j, void (*task)(void *, size_t, uint32_t), oc_context *context, oc_error *err) {
    uint32_t n = j->v->n_folds;
    memset(j->statuses, 0, n * sizeof *j->statuses);
    oc__parallel(context, n, task, j);
    oc_status status = oc__progress_status(j->progress, err);
    for (uint32_t fold = 0; fold < n && !status; fold++)
        if (j->statuses[fold]) status = oc__fail(err, j->statuses[fold], "%s", j->errors[fold].message);
    return status;
}

/* Regression's logits are scaled as they should be, but for what calibration finds. Those of discriminant analysis are as far
 * apart as the features are many. They are taken to odds of 1 to the number of pictures on the average, which is as sure as
 * one can be who has seen so many; calibration begins there. */
static double natural_scale(const job *j) {
    size_t n = j->v->features->n, n_tags = j->v->n_tags;
    double margins = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = j->logits + i * n_tags;
        float top = row[0], second = -INFINITY;
        for (size_t t = 1; t < n_tags; t++) {
            if (row[t] > second) second = row[t] > top ? top : row[t];
            if (row[t] > top) top = row[t];
        }
        margins += second > -INFINITY ? (double)top - (double)second : 0;
    }
    return margins > 0 ? log((double)n + 1) * (double)n / margins : 1;
}

/* The best of one kind, if it is better than `least`. Its loss has one valley: two steps up end the search. */
static oc_status try_kind(double *least, oc__head *chosen, float *logits, job *j, uint32_t kind, const double *strengths,
                          size_t n_strengths, oc_error *err) {
    const oc__validation *v = j->v;
    oc_context *context = v->features->context;
    size_t n = v->features->n;
    double best = INFINITY;
    int worse = 0;
    j->kind = kind;
    oc_status status = for_folds(j, create_task, context, err);
    for (size_t s = 0; s < n_strengths && worse < 2 && !status; s++) {
        const oc__held_out held_out = {j->logits, v->tags, v->folds, n, v->n_tags, SHARPNESS_SPREAD};
        double loss, sharpness;
        j->strength = strengths[s];
        if ((status = for_folds(j, fit_task, context, err))) break;
        sharpness = kind == OC__HEAD_REGRESSION ? 1 : natural_scale(j);
        for (size_t i = 0; i < n * v->n_tags; i++) j->logits[i] *= (float)sharpness;
        oc__sharpen(&loss, &held_out, OC__NONE);
        worse = loss < best ? 0 : worse + 1;
        best = fmin(best, loss);
        if (!(loss < *least)) continue;
        *least = loss;
        *chosen = (oc__head){kind, strengths[s], sharpness};
        memcpy(logits, j->logits, n * v->n_tags * sizeof *logits);
    }
    for (uint32_t fold = 0; fold < v->n_folds; fold++) {
        oc__head_fitter_free(j->fitters[fold]);
        j->fitters[fold] = NULL;
    }
    return status;
}

oc_status oc__cross_validate(float *logits, oc__head *chosen, const oc__validation *v, const oc__head_choice *choice,
                             oc__progress *progress, oc_error *err) {
    oc_context *context = v->features->context;
    size_t size = v->features->n * v->n_tags, n_steps = 0, n;
    double least = INFINITY;
    oc_status status = OC_OK;
    job j = {.v = v, .progress = progress};
    j.fitters = oc__alloc_zero(context, v->n_folds * sizeof *j.fitters);
    j.logits = oc__alloc_array(context, size, sizeof(float));
    j.statuses = oc__alloc_array(context, v->n_folds, sizeof *j.statuses);
    j.errors = oc__alloc_array(context, v->n_folds, sizeof *j.errors);
    if (!j.fitters || !j.logits || !j.statuses || !j.errors)
        status = oc__fail_nomem(err, context, size * sizeof(float), "cross-validation");
    for (uint32_t fold = 0; fold < v->n_folds && !status; fold++) j.errors[fold] = (oc_error)OC_ERROR_INIT;
    for (uint32_t kind = 0; kind < OC__N_HEADS; kind++) {
        oc__head_strengths(&n, kind);
        if (choice->kinds[kind]) n_steps += kind == OC__HEAD_REGRESSION && choice->l2 > 0 ? 1 : n;
    }
    oc__progress_stage(progress, "cross-validation", 0.7, 0.9, n_steps * v->n_folds);
    for (uint32_t kind = 0; kind < OC__N_HEADS && !status; kind++) {
        const double *strengths = oc__head_strengths(&n, kind);
        bool given = kind == OC__HEAD_REGRESSION && choice->l2 > 0;
        if (choice->kinds[kind])
            status = try_kind(&least, chosen, logits, &j, kind, given ? &choice->l2 : strengths, given ? 1 : n, err);
    }
    if (!status && least == INFINITY) status = oc__fail(err, OC_E_INTERNAL, "cross-validation: no head gave a finite loss");
    oc__free(context, j.fitters);
    oc__free(context, j.logits);
    oc__free(context, j.statuses);
    oc__free(context, j.errors);
    return status;
}

oc_status oc__divide_and_validate(oc__validated *out, oc__head *chosen, const oc__validation *validation,
                                  const oc__head_choice *choice, uint64_t seed, oc__progress *progress, oc_error *err) {
    const oc__features *f = validation->features;
    oc_context *context = f->context;
    size_t n_tags = validation->n_tags;
    out->n_folds = validation->n_folds < f->n ? validation->n_folds : (uint32_t)f->n;
    out->folds = oc__alloc_array(context, f->n, sizeof *out->folds);
    out->logits = oc__alloc_array(context, f->n, n_tags * sizeof(float));
    if (!out->folds || !out->logits) return oc__fail_nomem(err, context, f->n * n_tags * sizeof(float), "cross-validation");
    oc_status status =
        oc__folds_assign(out->folds, &out->n_folds, context, validation->tags, f->content, f->n, n_tags, seed, err);
    if (!status && out->n_folds < 2) status = oc__fail(err, OC_E_DATA, "all %zu pictures are the same one", f->n);
    oc__validation v = *validation;
    v.folds = out->folds;
    v.n_folds = out->n_folds;
    return status ? status : oc__cross_validate(out->logits, chosen, &v, choice, progress, err);
}

void oc__validated_free(oc__validated *v, oc_context *context) {
    oc__free(context, v->logits);
    oc__free(context, v->folds);
    *v = (oc__validated){0};
}

oc_status oc__fit_without_fold(oc__linear *out, const oc__validation *v, uint32_t fold, const oc__head *head,
                               oc__progress *progress, oc_error *err) {
    oc_context *context = v->features->context;
    oc__head_fitter *fitter = NULL;
    oc__rows rows = {0};
    oc_status status = rows_without_fold(&rows, v, fold, err);
    if (!status) status = oc__head_fitter_create(&fitter, head->kind, context, &rows, progress, err);
    if (!status) status = oc__head_fit(out, fitter, head->strength, err);
    oc__head_fitter_free(fitter);
    oc__free(context, rows.features);
    oc__free(context, (void *)(uintptr_t)rows.tags);
    return status;
}
