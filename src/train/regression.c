/* Softmax and logistic regression. SPDX-License-Identifier: MIT */
#include "regression.h"

#include <math.h>
#include <string.h>

#include "kernels.h"
#include "lbfgs.h"
#include "loss.h"
#include "memory.h"
#include "thread.h"

#define MAX_PIECES 16   /* partial sums; fixed, so that sums run in the same order for any number of threads */
#define FEW_PIECES 8    /* where there are many weights, of which each keeps a gradient */
#define MANY_WEIGHTS (1u << 20)
#define BLOCK 128       /* rows that are worked on at a time */
#define TOLERANCE 1e-4
#define MAX_ITERATIONS 300
#define MAX_BALANCE 1000.0f /* how often a row may count */

/* What a worker needs for a block of rows: their scaled features, their logits, and the gradient by those. */
typedef struct block {
    float *x, *logits, *slopes;
} block;

struct oc__fitter {
    oc_context *context;
    const oc__progress *progress;
    size_t n, dim, n_tags, n_pieces;
    const float **features; /* of the rows */
    uint32_t *tags;         /* or pictures */
    const oc__tag_sets *sets;
    float *present, *absent; /* how much a row that bears the tag counts, and with sets one that lacks it */
    float *mean, scale;      /* x = (feature - mean) * scale */
    float *solution;         /* n_tags x dim weights, n_tags biases, on scaled features */
    float *packed;           /* the weights, for the product */
    float *gradients;        /* n_pieces x (n_tags x dim + n_tags) */
    block *blocks;           /* one per worker */
    double losses[MAX_PIECES];
    double l2;
    const float *at; /* where the objective is being evaluated */
};

void oc__linear_free(oc__linear *linear) {
    if (linear->context) oc__free(linear->context, linear->weights);
    linear->weights = NULL;
}

float oc__linear_logit(const oc__linear *linear, size_t tag, const float *features) {
    const oc__kernels *k = linear->context->kernels;
    return (float)(k->dot(linear->dim, linear->weights + tag * linear->dim, features)
                   + linear->weights[linear->n_tags * linear->dim + tag]);
}

void oc__linear_apply(float *probabilities, const oc__linear *linear, const float *features) {
    for (size_t t = 0; t < linear->n_tags; t++) probabilities[t] = oc__linear_logit(linear, t, features);
    oc__softmax(probabilities, 1, linear->n_tags);
}

/* The mean of each feature, and 1 / the deviation of all: features that vary much are those that the base found worth telling,
 * and keep what they have over the others. `sums` has room for dim. */
static void centre(oc__fitter *f, double *sums) {
    double squares = 0;
    memset(sums, 0, f->dim * sizeof *sums);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->dim; k++) sums[k] += f->features[i][k];
    for (size_t k = 0; k < f->dim; k++) f->mean[k] = (float)(sums[k] / (double)f->n);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->dim; k++) {
            double off = (double)f->features[i][k] - (double)f->mean[k];
            squares += off * off;
        }
    f->scale = (float)(1 / (sqrt(squares / ((double)f->n * (double)f->dim)) + 1e-12));
}

/* How much rows count. With sets, each tag begins at the share of the rows that bear it. */
static void weigh(oc__fitter *f, bool balance) {
    for (size_t i = 0; i < f->n; i++) {
        uint32_t row = f->tags[i];
        if (!f->sets) f->present[row]++;
        else
            for (uint32_t k = f->sets->first[row]; k < f->sets->first[row + 1]; k++) f->present[f->sets->tags[k]]++;
    }
    for (size_t t = 0; t < f->n_tags; t++) {
        float bear = f->present[t], lack = (float)f->n - bear;
        float sides = f->sets ? 2 : (float)f->n_tags;
        if (f->sets && !balance) f->solution[f->n_tags * f->dim + t] = logf((bear + 0.5f) / (lack + 0.5f));
        f->present[t] = balance ? fminf((float)f->n / (sides * fmaxf(bear, 1)), MAX_BALANCE) : 1;
        f->absent[t] = balance ? (float)f->n / (sides * fmaxf(lack, 1)) : 1;
    }
}

static bool make_blocks(oc__fitter *f) {
    bool all = (f->blocks = oc__alloc_zero(f->context, f->context->n_threads * sizeof *f->blocks)) != NULL;
    for (uint32_t w = 0; w < f->context->n_threads && all; w++) {
        block *b = &f->blocks[w];
        b->x = oc__alloc_array(f->context, f->dim, BLOCK * sizeof(float));
        b->logits = oc__alloc_array(f->context, f->n_tags, BLOCK * sizeof(float));
        b->slopes = oc__alloc_array(f->context, f->n_tags, BLOCK * sizeof(float));
        all = b->x && b->logits && b->slopes;
    }
    return all;
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
    f->sets = rows->sets;
    f->n_pieces = n_params > MANY_WEIGHTS ? FEW_PIECES : MAX_PIECES;
    f->features = oc__alloc_array(context, f->n, sizeof *f->features);
    f->tags = oc__alloc_array(context, f->n, sizeof *f->tags);
    if (oc__gemm_packed_size(&packed, kernels, 1, f->dim, f->n_tags))
        f->packed = oc__alloc_array(context, packed, sizeof(float));
    f->present = oc__alloc_zero(context, f->n_tags * sizeof(float));
    f->absent = oc__alloc_array(context, f->n_tags, sizeof(float));
    f->mean = oc__alloc_array(context, f->dim, sizeof(float));
    f->solution = oc__alloc_zero(context, n_params * sizeof(float));
    f->gradients = oc__alloc_array(context, n_params, f->n_pieces * sizeof(float));
    double *sums = oc__alloc_array(context, f->dim, sizeof *sums);
    if (!f->features || !f->tags || !f->packed || !f->present || !f->absent || !f->mean || !f->solution
        || !f->gradients || !sums || !make_blocks(f)) {
        oc__free(context, sums);
        oc__fitter_free(f);
        return oc__fail_nomem(err, context, n_params * MAX_PIECES * sizeof(float), "classifier");
    }
    if (f->n) memcpy(f->features, rows->features, f->n * sizeof *f->features);
    if (f->n) memcpy(f->tags, rows->tags, f->n * sizeof *f->tags);
    centre(f, sums);
    weigh(f, rows->balance);
    oc__free(context, sums);
    *out = f;
    return OC_OK;
}

void oc__fitter_free(oc__fitter *f) {
    if (!f) return;
    oc_context *context = f->context;
    for (uint32_t w = 0; f->blocks && w < context->n_threads; w++) {
        oc__free(context, f->blocks[w].x);
        oc__free(context, f->blocks[w].logits);
        oc__free(context, f->blocks[w].slopes);
    }
    oc__free(context, f->blocks);
    oc__free(context, f->features);
    oc__free(context, f->tags);
    oc__free(context, f->packed);
    oc__free(context, f->present);
    oc__free(context, f->absent);
    oc__free(context, f->mean);
    oc__free(context, f->solution);
    oc__free(context, f->gradients);
    oc__free(context, f);
}

/* The softmax's loss of a row, and its gradient. */
static double softmax_row(float *slopes, const oc__fitter *f, const float *logits, size_t row) {
    int32_t tag = (int32_t)f->tags[row];
    oc__class_targets targets = {.labels = &tag};
    double loss = oc__cross_entropy(slopes, f->context, logits, &targets, 1, f->n_tags);
    float weight = f->present[tag];
    for (size_t t = 0; t < f->n_tags && weight != 1; t++) slopes[t] *= weight;
    return weight * loss;
}

/* The sum of the sigmoids' losses of a row, and its gradient, as if it bore no tag: with p the probability and z the logit that
 * is log(1 + exp(z)) = max(z, 0) - log(max(p, 1 - p)), and as long as a product of what stands in the logarithm is a number,
 * one logarithm does for many. Then the tags that it bears. */
static double sigmoid_row(float *slopes, const oc__fitter *f, const float *logits, size_t row) {
    const oc__function sigmoid = {.code = OC__FUNCTION_SIGMOID};
    const oc__kernels *kernels = f->context->kernels;
    uint32_t picture = f->tags[row];
    double loss = 0;
    kernels->activate(&sigmoid, f->n_tags, logits, 0, 1, slopes);
    for (size_t begin = 0; begin < f->n_tags; begin += 512) {
        size_t end = begin + 512 < f->n_tags ? begin + 512 : f->n_tags;
        double product = 1;
        for (size_t t = begin; t < end; t++) {
            float p = slopes[t], z = logits[t];
            if (f->absent[t] == 1) product *= p > 0.5f ? p : 1 - p;
            else loss -= f->absent[t] * log(p > 0.5f ? (double)p : 1 - (double)p);
            loss += f->absent[t] * (z > 0 ? (double)z : 0);
            slopes[t] = f->absent[t] * p;
        }
        loss -= log(product);
    }
    for (uint32_t k = f->sets->first[picture]; k < f->sets->first[picture + 1]; k++) {
        uint32_t t = f->sets->tags[k];
        float z = logits[t], p = slopes[t] / f->absent[t];
        double absent = (z > 0 ? (double)z : 0) - log(p > 0.5f ? (double)p : 1 - (double)p);
        loss += f->present[t] * (absent - (double)z) - f->absent[t] * absent;
        slopes[t] = f->present[t] * (p - 1);
    }
    return loss;
}

/* Loss and gradient over one piece of the rows, block by block. */
static void objective_task(void *argument, size_t piece, uint32_t worker) {
    oc__fitter *f = argument;
    const oc__kernels *k = f->context->kernels;
    size_t begin = f->n * piece / f->n_pieces, end = f->n * (piece + 1) / f->n_pieces;
    size_t n_weights = f->n_tags * f->dim;
    float *gradient = f->gradients + piece * (n_weights + f->n_tags);
    const block *b = &f->blocks[worker];
    memset(gradient, 0, (n_weights + f->n_tags) * sizeof *gradient);
    f->losses[piece] = 0;
    for (size_t at = begin; at < end; at += BLOCK) {
        size_t n = end - at < BLOCK ? end - at : BLOCK;
        for (size_t i = 0; i < n; i++) {
            const float *row = f->features[at + i];
            for (size_t d = 0; d < f->dim; d++) b->x[i * f->dim + d] = (row[d] - f->mean[d]) * f->scale;
        }
        oc__gemm_rows(k, n, f->n_tags, f->dim, b->x, f->dim, f->packed, NULL, false, b->logits, f->n_tags, NULL);
        for (size_t i = 0; i < n; i++) {
            float *logits = b->logits + i * f->n_tags, *slopes = b->slopes + i * f->n_tags;
            k->add_scaled(f->n_tags, 1, f->at + n_weights, logits);
            f->losses[piece] += (f->sets ? sigmoid_row : softmax_row)(slopes, f, logits, at + i);
            k->add_scaled(f->n_tags, 1, slopes, gradient + n_weights);
        }
        oc__gemm_tn_add(k, f->n_tags, f->dim, n, b->slopes, f->n_tags, b->x, f->dim, gradient, f->dim);
    }
}

static double objective(void *user, const float *x, float *gradient) {
    oc__fitter *f = user;
    const oc__kernels *k = f->context->kernels;
    size_t n_weights = f->n_tags * f->dim, n = n_weights + f->n_tags;
    float share = 1.0f / (float)f->n;
    double loss = 0;
    f->at = x;
    oc__gemm_pack(f->packed, k, 1, f->dim, f->n_tags, x, 0, 1, f->dim);
    oc__parallel(f->context, f->n_pieces, objective_task, f);
    for (size_t i = 0; i < n_weights; i++) gradient[i] = (float)f->l2 * x[i];
    memset(gradient + n_weights, 0, f->n_tags * sizeof *gradient);
    for (size_t piece = 0; piece < f->n_pieces; piece++) {
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
            float weight = f->solution[t * f->dim + k] * f->scale;
            linear.weights[t * f->dim + k] = weight;
            bias -= (double)weight * f->mean[k];
        }
        linear.weights[n_weights + t] = (float)bias;
    }
    *out = linear;
    return OC_OK;
}
