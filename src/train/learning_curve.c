/* How accuracy grows with the pictures. SPDX-License-Identifier: MIT */
#include "learning_curve.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "random.h"
#include "text.h"
#include "thread.h"

#define PICTURES_A_TAG 8 /* fewer on average say nothing */
#define STREAM 7

typedef struct job {
    const oc__validation *v;
    const oc__head *head;
    oc__progress *progress;
    const uint32_t *order;       /* of the pictures, by chance */
    double share;                /* of each tag's pictures outside a fold */
    size_t *n_right, *n_learned; /* by fold */
    oc_status *statuses;
    oc_error *errors;
} job;

static uint32_t best_of(const oc__linear *linear, const float *features) {
    uint32_t best = 0;
    float top = oc__linear_logit(linear, 0, features);
    for (uint32_t t = 1; t < linear->n_tags; t++) {
        float logit = oc__linear_logit(linear, t, features);
        if (logit > top) {
            top = logit;
            best = t;
        }
    }
    return best;
}

/* Which pictures a fold's head does not learn from: its own, and of the others all but the share of each tag. */
static oc_status leave_out(uint32_t *folds, size_t *n_learned, const job *j, uint32_t fold, oc_error *err) {
    const oc__validation *v = j->v;
    size_t n = v->features->n, *counts = oc__alloc_zero(v->features->context, 2 * v->n_tags * sizeof *counts),
           *taken = counts + v->n_tags;
    if (!counts) return oc__fail_nomem(err, v->features->context, 2 * v->n_tags * sizeof *counts, "learning curve");
    for (size_t i = 0; i < n; i++) counts[v->tags[i]] += v->folds[i] != fold;
    for (size_t k = 0; k < n; k++) {
        size_t i = j->order[k], tag = v->tags[i];
        bool learned = v->folds[i] != fold && (double)taken[tag] < j->share * (double)counts[tag];
        taken[tag] += learned;
        *n_learned += learned;
        folds[i] = !learned;
    }
    oc__free(v->features->context, counts);
    return OC_OK;
}

static void fold_task(void *argument, size_t fold, uint32_t worker) {
    job *j = argument;
    const oc__features *f = j->v->features;
    oc__linear linear = {0};
    (void)worker;
    uint32_t *folds = oc__alloc_array(f->context, f->n, sizeof *folds);
    oc__validation part = *j->v;
    part.folds = folds;
    oc_status status = folds ? OC_OK : oc__fail_nomem(&j->errors[fold], f->context, f->n * sizeof *folds, "learning curve");
    if (!status) status = leave_out(folds, &j->n_learned[fold], j, (uint32_t)fold, &j->errors[fold]);
    if (!status) status = oc__fit_without_fold(&linear, &part, 1, j->head, j->progress, &j->errors[fold]);
    for (size_t i = 0; i < f->n && !status; i++)
        if (j->v->folds[i] == fold) j->n_right[fold] += best_of(&linear, f->values + i * f->n_views * f->dim) == j->v->tags[i];
    oc__linear_free(&linear);
    oc__free(f->context, folds);
    j->statuses[fold] = status;
}

/* The accuracy with a share of the pictures, and how many those are. */
static oc_status measure_share(double *accuracy, double *n_pictures, job *j, oc_error *err) {
    uint32_t n_folds = j->v->n_folds;
    size_t right = 0, learned = 0;
    memset(j->n_right, 0, n_folds * sizeof *j->n_right);
    memset(j->n_learned, 0, n_folds * sizeof *j->n_learned);
    oc__parallel(j->v->features->context, n_folds, fold_task, j);
    oc_status status = oc__progress_status(j->progress, err);
    for (uint32_t fold = 0; fold < n_folds && !status; fold++) {
        if (j->statuses[fold]) status = oc__fail(err, j->statuses[fold], "%s", j->errors[fold].message);
        right += j->n_right[fold];
        learned += j->n_learned[fold];
    }
    *accuracy = (double)right / (double)j->v->features->n;
    *n_pictures = (double)learned / n_folds;
    return status;
}

static double accuracy_of(const float *logits, const oc__validation *v) {
    size_t right = 0;
    for (size_t i = 0; i < v->features->n; i++) {
        const float *row = logits + i * v->n_tags;
        size_t best = 0;
        for (size_t t = 1; t < v->n_tags; t++)
            if (row[t] > row[best]) best = t;
        right += best == v->tags[i];
    }
    return (double)right / (double)v->features->n;
}

static void append(char out[OC__LEARNING_TEXT], double n, double accuracy) {
    size_t used = strlen(out);
    char text[32];
    oc__print_double(text, round(1e4 * accuracy) / 1e4);
    snprintf(out + used, OC__LEARNING_TEXT - used, "%s%.0f:%s", used ? " " : "", n, text);
}

oc_status oc__learning_curve(char out[OC__LEARNING_TEXT], const oc__validation *v, const oc__head *head, const float *logits,
                             uint64_t seed, oc__progress *progress, oc_error *err) {
    oc_context *context = v->features->context;
    size_t n = v->features->n;
    oc__random random;
    out[0] = 0;
    if (n < PICTURES_A_TAG * v->n_tags) return OC_OK;
    uint32_t *order = oc__alloc_array(context, n, sizeof *order);
    job j = {.v = v, .head = head, .progress = progress, .order = order};
    j.n_right = oc__alloc_array(context, v->n_folds, sizeof *j.n_right);
    j.n_learned = oc__alloc_array(context, v->n_folds, sizeof *j.n_learned);
    j.statuses = oc__alloc_array(context, v->n_folds, sizeof *j.statuses);
    j.errors = oc__alloc_array(context, v->n_folds, sizeof *j.errors);
    oc_status status = order && j.n_right && j.n_learned && j.statuses && j.errors
                           ? OC_OK
                           : oc__fail_nomem(err, context, n * sizeof *order, "learning curve");
    for (size_t i = 0; i < n && !status; i++) order[i] = (uint32_t)i;
    for (uint32_t fold = 0; fold < v->n_folds && !status; fold++) j.errors[fold] = (oc_error)OC_ERROR_INIT;
    oc__random_seed(&random, seed, STREAM);
    if (!status) oc__random_shuffle(&random, order, n);
    for (double share = 0.25; share < 1 && !status; share *= 2) {
        double accuracy, learned;
        j.share = share;
        status = measure_share(&accuracy, &learned, &j, err);
        if (!status) append(out, learned, accuracy);
    }
    if (!status) append(out, (double)n * (v->n_folds - 1) / v->n_folds, accuracy_of(logits, v));
    oc__free(context, order);
    oc__free(context, j.n_right);
    oc__free(context, j.n_learned);
    oc__free(context, j.statuses);
    oc__free(context, j.errors);
    return status;
}
