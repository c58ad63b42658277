/* Softmax regression. SPDX-License-Identifier: MIT */
#include "softmax_regression.h"

#include <math.h>
#include <string.h>

#include "kernels.h"
#include "lbfgs.h"
#include "loss.h"
#include "memory.h"
#include "thread.h"

#define PIECES 16     /* partial sums; fixed, so that sums run in the same order for any number of threads */
#define TOLERANCE 1e-4
#define MAX_ITERATIONS 300

struct oc__fitter {
    oc_context *context;
    const oc__progress *progress;
    size_t n, dim, n_tags;
    uint32_t *tags;
    float *x;         /* n x dim, standardised */
    float *mean, *scale; /* x = (feature - mean) * scale */
    float *solution;  /* n_tags x dim weights, n_tags biases, on standardised features */
    float *packed;    /* the weights, for the product */
    float *gradients; /* PIECES x (n_tags x dim + n_tags) */
    float *logits;    /* n x n_tags, then their gradient */
    double losses[PIECES];
    double l2;
    const float *at; /* where the objective is being evaluated */
};

void oc__linear_free(oc__linear *linear) {
    if (linear->context) oc__free(linear->context, linear->weights);
    linear->weights = NULL;
}

void oc__linear_apply(float *probabilities, const oc__linear *linear, const float *features) {
    const oc__kernels *k = linear->context->kernels;
    for (size_t t = 0; t < linear->n_tags; t++)
        probabilities[t] = (float)(k->dot(linear->dim, linear->weights + t * linear->dim, features)
                                   + linear->weights[linear->n_tags * linear->dim + t]);
    oc__softmax(probabilities, 1, linear->n_tags);
}

/* Mean and 1 / deviation of each feature. A twentieth of the mean deviation is added, so that a feature that is nearly constant
 * is not blown up to noise. */
static void standardise(oc__fitter *f, const oc__rows *rows) {
    double total = 0;
    for (size_t k = 0; k < f->dim; k++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < f->n; i++) sum += rows->features[i][k];
        double mean = sum / (double)f->n;
        for (size_t i = 0; i < f->n; i++) {
            double off = rows->features[i][k] - mean;
            squares += off * off;
        }
        f->mean[k] = (float)mean;
        f->scale[k] = (float)sqrt(squares / (double)f->n);
        total += f->scale[k];
    }
    double floor = 0.05 * total / (double)f->dim + 1e-12;
    for (size_t k = 0; k < f->dim; k++) f->scale[k] = (float)(1 / (f->scale[k] + floor));
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->dim; k++) f->x[i * f->dim + k] = (rows->features[i][k] - f->mean[k]) * f->scale[k];
}

oc_status oc__fitter_create(oc__fitter **out, oc_context *context, const oc__rows *rows, const oc__progress *progress,
                            oc_error *err) {
    const oc__kernels *kernels = context->kernels;
    size_t n_params = rows->n_tags * rows->dim + rows->n_tags, packed;
    oc__fitter *f = oc__alloc_zero(context, sizeof *f);
    if (!f) return oc__fail_nomem(err, context, sizeof *f, "classifier");
    f->context = context;
    f->progress = progress;
    f->n = rows->n;
    f->dim = rows->dim;
    f->n_tags = rows->n_tags;
    f->tags = oc__alloc_array(context, f->n, sizeof *f->tags);
    if (oc__gemm_packed_size(&packed, kernels, 1, f->dim, f->n_tags))
        f->packed = oc__alloc_array(context, packed, sizeof(float));
    f->x = oc__alloc_array(context, f->n, f->dim * sizeof(float));
    f->mean = oc__alloc_array(context, f->dim, sizeof(float));
    f->scale = oc__alloc_array(context, f->dim, sizeof(float));
    f->solution = oc__alloc_zero(context, n_params * sizeof(float));
    f->gradients = oc__alloc_array(context, n_params, PIECES * sizeof(float));
    f->logits = oc__alloc_array(context, f->n, 2 * f->n_tags * sizeof(float));
    if (!f->tags || !f->packed || !f->x || !f->mean || !f->scale || !f->solution || !f->gradients || !f->logits) {
        oc__fitter_free(f);
        return oc__fail_nomem(err, context, rows->n * (rows->dim + 2 * rows->n_tags) * sizeof(float), "classifier");
    }
    memcpy(f->tags, rows->tags, f->n * sizeof *f->tags);
    standardise(f, rows);
    *out = f;
    return OC_OK;
}

void oc__fitter_free(oc__fitter *f) {
    if (!f) return;
    oc_context *context = f->context;
    oc__free(context, f->tags);
    oc__free(context, f->packed);
    oc__free(context, f->x);
    oc__free(context, f->mean);
    oc__free(context, f->scale);
    oc__free(context, f->solution);
    oc__free(context, f->gradients);
    oc__free(context, f->logits);
    oc__free(context, f);
}

/* logits of rows [begin, end). */
static void logits_of(const oc__fitter *f, size_t begin, size_t end) {
    const oc__kernels *k = f->context->kernels;
    oc__gemm_rows(k, end - begin, f->n_tags, f->dim, f->x + begin * f->dim, f->dim, f->packed, NULL, false,
                  f->logits + begin * f->n_tags, f->n_tags, NULL);
    for (size_t i = begin; i < end; i++) k->add_scaled(f->n_tags, 1, f->at + f->n_tags * f->dim, f->logits + i * f->n_tags);
}

/* Loss and gradient over one piece of the rows. */
static void objective_task(void *argument, size_t piece, uint32_t worker) {
    oc__fitter *f = argument;
    const oc__kernels *k = f->context->kernels;
    size_t begin = f->n * piece / PIECES, end = f->n * (piece + 1) / PIECES;
    size_t n_weights = f->n_tags * f->dim;
    float *gradient = f->gradients + piece * (n_weights + f->n_tags), *slopes = f->logits + f->n * f->n_tags;
    (void)worker;
    memset(gradient, 0, (n_weights + f->n_tags) * sizeof *gradient);
    f->losses[piece] = 0;
    if (begin == end) return;
    logits_of(f, begin, end);
    for (size_t i = begin; i < end; i++) {
        float *slope = slopes + i * f->n_tags;
        int32_t tag = (int32_t)f->tags[i];
        oc__class_targets targets = {.labels = &tag};
        f->losses[piece] += oc__cross_entropy(slope, f->context, f->logits + i * f->n_tags, &targets, 1, f->n_tags);
        k->add_scaled(f->n_tags, 1, slope, gradient + n_weights);
    }
    oc__gemm_tn_add(k, f->n_tags, f->dim, end - begin, slopes + begin * f->n_tags, f->n_tags, f->x + begin * f->dim, f->dim,
                    gradient, f->dim);
}

static double objective(void *user, const float *x, float *gradient) {
    oc__fitter *f = user;
    const oc__kernels *k = f->context->kernels;
    size_t n_weights = f->n_tags * f->dim, n = n_weights + f->n_tags;
    float share = 1.0f / (float)f->n;
    double loss = 0;
    f->at = x;
    oc__gemm_pack(f->packed, k, 1, f->dim, f->n_tags, x, 0, 1, f->dim);
    oc__parallel(f->context, PIECES, objective_task, f);
    for (size_t i = 0; i < n_weights; i++) gradient[i] = (float)f->l2 * x[i];
    memset(gradient + n_weights, 0, f->n_tags * sizeof *gradient);
    for (size_t piece = 0; piece < PIECES; piece++) {
        loss += f->losses[piece];
        k->add_scaled(n, share, f->gradients + piece * n, gradient);
    }
    return loss / (double)f->n + 0.5 * f->l2 * k->dot(n_weights, x, x);
}

static bool go_on(void *user) { return oc__progress_go_on(((const oc__fitter *)user)->progress); }

oc_status oc__fitter_fit(oc__linear *out, oc__fitter *f, double l2, oc_error *err) {
    size_t n_weights = f->n_tags * f->dim;
    oc__lbfgs problem = {.context = f->context,
                         .n = n_weights + f->n_tags,
                         .objective = objective,
                         .go_on = go_on,
                         .user = f,
                         .tolerance = TOLERANCE,
                         .max_iterations = MAX_ITERATIONS};
    oc__linear linear = {.context = f->context, .dim = f->dim, .n_tags = f->n_tags};
    f->l2 = l2;
    oc_status status = oc__lbfgs_minimise(&problem, f->solution, err);
    if (!status) status = oc__progress_status(f->progress, err);
    if (status) return status;
    if (!(linear.weights = oc__alloc_array(f->context, problem.n, sizeof(float))))
        return oc__fail_nomem(err, f->context, problem.n * sizeof(float), "classifier");
    for (size_t t = 0; t < f->n_tags; t++) {
        double bias = f->solution[n_weights + t];
        for (size_t k = 0; k < f->dim; k++) {
            float weight = f->solution[t * f->dim + k] * f->scale[k];
            linear.weights[t * f->dim + k] = weight;
            bias -= (double)weight * f->mean[k];
        }
        linear.weights[n_weights + t] = (float)bias;
    }
    *out = linear;
    return OC_OK;
}
