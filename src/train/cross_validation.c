/* Choosing the regularisation, and measuring, by cross-validation. SPDX-License-Identifier: MIT */
#include "cross_validation.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "thread.h"

/* From strong to weak; each fit begins at the last one's solution. */
static const double strengths[] = {1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4};
#define N_STRENGTHS (sizeof strengths / sizeof *strengths)

oc_status oc__rows_without_fold(oc__rows *rows, const oc__validation *v, uint32_t fold, oc_error *err) {
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
    oc__fitter **fitters; /* one per fold */
    float *probabilities;
    double *losses; /* one per fold: held-out log loss, summed */
    double l2;
    oc__progress *progress;
    oc_status *statuses;
    oc_error *errors;
} job;

static void fold_task(void *argument, size_t fold, uint32_t worker) {
    const job *j = argument;
    const oc__validation *v = j->v;
    const oc__features *f = v->features;
    oc__linear linear = {0};
    if (!oc__progress_go_on(j->progress)) return;
    j->losses[fold] = 0;
    if ((j->statuses[fold] = oc__fitter_fit(&linear, j->fitters[fold], j->l2, &j->errors[fold]))) return;
    for (size_t i = 0; i < f->n; i++) {
        if (v->folds[i] != fold) continue;
        float *row = j->probabilities + i * v->n_tags;
        oc__linear_apply(row, &linear, f->values + i * f->n_views * f->dim);
        j->losses[fold] -= log((double)row[v->tags[i]] + 1e-12);
    }
    oc__linear_free(&linear);
    oc__progress_step(j->progress, 1, worker);
}

/* All folds at one strength. Their order is fixed, so the sum is too. */
static oc_status run_folds(double *loss, job *j, oc_context *context, oc_error *err) {
    uint32_t n = j->v->n_folds;
    memset(j->statuses, 0, n * sizeof *j->statuses);
    oc__parallel(context, n, fold_task, j);
    oc_status status = oc__progress_status(j->progress, err);
    *loss = 0;
    for (uint32_t fold = 0; fold < n && !status; fold++) {
        if (j->statuses[fold]) status = oc__fail(err, j->statuses[fold], "%s", j->errors[fold].message);
        *loss += j->losses[fold];
    }
    return status;
}

static oc_status make_fitters(job *j, oc_context *context, oc_error *err) {
    oc_status status = OC_OK;
    for (uint32_t fold = 0; fold < j->v->n_folds && !status; fold++) {
        oc__rows rows;
        if ((status = oc__rows_without_fold(&rows, j->v, fold, err))) break;
        status = oc__fitter_create(&j->fitters[fold], context, &rows, j->progress, err);
        oc__free(context, rows.features);
        oc__free(context, (void *)(uintptr_t)rows.tags);
    }
    return status;
}

oc_status oc__cross_validate(float *probabilities, double *l2, const oc__validation *v, oc__progress *progress, oc_error *err) {
    oc_context *context = v->features->context;
    size_t size = v->features->n * v->n_tags, n_strengths = *l2 > 0 ? 1 : N_STRENGTHS;
    double best = INFINITY, chosen = *l2;
    int worse = 0;
    oc_status status = OC_OK;
    job j = {.v = v, .progress = progress};
    j.fitters = oc__alloc_zero(context, v->n_folds * sizeof *j.fitters);
    j.probabilities = oc__alloc_array(context, size, sizeof(float));
    j.losses = oc__alloc_array(context, v->n_folds, sizeof *j.losses);
    j.statuses = oc__alloc_array(context, v->n_folds, sizeof *j.statuses);
    j.errors = oc__alloc_array(context, v->n_folds, sizeof *j.errors);
    if (!j.fitters || !j.probabilities || !j.losses || !j.statuses || !j.errors)
        status = oc__fail_nomem(err, context, size * sizeof(float), "cross-validation");
    for (uint32_t fold = 0; fold < v->n_folds && !status; fold++) j.errors[fold] = (oc_error)OC_ERROR_INIT;
    oc__progress_stage(progress, "cross-validation", 0.7, 0.9, n_strengths * v->n_folds);
    if (!status) status = make_fitters(&j, context, err);
    for (size_t s = 0; s < n_strengths && worse < 2 && !status; s++) {
        double loss;
        j.l2 = *l2 > 0 ? *l2 : strengths[s];
        status = run_folds(&loss, &j, context, err);
        if (!status && loss < best) {
            best = loss;
            chosen = j.l2;
            worse = 0;
            memcpy(probabilities, j.probabilities, size * sizeof(float));
        } else {
            worse++; /* the loss has one valley: two steps up end the search */
        }
    }
    if (!status && best == INFINITY) status = oc__fail(err, OC_E_INTERNAL, "cross-validation: no strength gave a finite loss");
    for (uint32_t fold = 0; fold < v->n_folds && j.fitters; fold++) oc__fitter_free(j.fitters[fold]);
    oc__free(context, j.fitters);
    oc__free(context, j.probabilities);
    oc__free(context, j.losses);
    oc__free(context, j.statuses);
    oc__free(context, j.errors);
    if (!status) *l2 = chosen;
    return status;
}
