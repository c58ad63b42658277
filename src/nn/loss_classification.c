/* Losses of classes: softmax and sigmoid. SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "loss.h"
#include "loss_sum.h"

void oc__softmax(float *rows, size_t n, size_t classes) {
    for (size_t i = 0; i < n; i++, rows += classes) {
        float top = oc__loss_largest(rows, classes), sum = 0;
        for (size_t k = 0; k < classes; k++) sum += rows[k] = expf(rows[k] - top);
        for (size_t k = 0; k < classes; k++) rows[k] /= sum;
    }
}

typedef struct softmax_job {
    float *gradient;
    const float *logits;
    const oc__class_targets *targets;
    size_t classes;
    double divisor;
    const oc__kernels *kernels;
} softmax_job;

/* What class k should have in row i, times the class's weight. */
static float target_at(const softmax_job *j, size_t i, size_t k) {
    const oc__class_targets *t = j->targets;
    float share = t->labels ? (size_t)t->labels[i] == k : t->shares[i * j->classes + k];
    share = (1 - t->smoothing) * share + t->smoothing / (float)j->classes;
    return t->class_weights ? t->class_weights[k] * share : share;
}

/* With targets t and their sum s, loss = s log(sum of exp(z)) - sum of t z, gradient = s softmax(z) - t. */
static double softmax_rows(const void *job, size_t begin, size_t end) {
    const softmax_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        const float *logits = j->logits + i * j->classes;
        float *gradient = j->gradient + i * j->classes;
        if (j->targets->labels && j->targets->labels[i] < 0) {
            memset(gradient, 0, j->classes * sizeof *gradient);
            continue;
        }
        float top = oc__loss_largest(logits, j->classes);
        double sum = oc__loss_exponentials(gradient, j->kernels, logits, top, 1, j->classes), targets = 0;
        for (size_t k = 0; k < j->classes; k++) {
            float target = target_at(j, i, k);
            targets += (double)target;
            if (target != 0) loss += (double)target * ((double)top - (double)logits[k]);
        }
        loss += targets * log(sum);
        float factor = (float)(targets / (sum * j->divisor)), share = (float)(1 / j->divisor);
        for (size_t k = 0; k < j->classes; k++) gradient[k] = gradient[k] * factor - target_at(j, i, k) * share;
    }
    return loss;
}

double oc__cross_entropy(float *gradient, oc_context *context, const float *logits, const oc__class_targets *targets, size_t n,
                         size_t classes) {
    softmax_job j = {gradient, logits, targets, classes, targets->labels ? 0 : (double)n, context->kernels};
    for (size_t i = 0; i < n && targets->labels; i++)
        if (targets->labels[i] >= 0)
            j.divisor += targets->class_weights ? (double)targets->class_weights[targets->labels[i]] : 1;
    if (!(j.divisor > 0)) {
        memset(gradient, 0, n * classes * sizeof *gradient);
        return 0;
    }
    return oc__loss_sum(context, n, classes, softmax_rows, &j) / j.divisor;
}

typedef struct sigmoid_job {
    float *gradient;
    const float *logits;
    const oc__sigmoid_loss *loss;
    double divisor;
    const oc__kernels *kernels;
} sigmoid_job;

/* log(1 + x) for x in [0, 1]: twice the area tangent of x / (2 + x), whose series ends below a rounding. */
static inline float log_of_1_and(float x) {
    float s = x / (2 + x), q = s * s;
    float high = 1.0f / 9 + q * (1.0f / 11 + q * (1.0f / 13 + q * (1.0f / 15)));
    return 2 * s * (1 + q * (1.0f / 3 + q * (1.0f / 5 + q * (1.0f / 7 + q * high))));
}

#define BLOCK 256

/* A block of elements, field by field. Every kind's loss is factor * base^gamma * entropy. */
typedef struct sigmoid_block {
    float entropy[BLOCK], entropy_slope[BLOCK], factor[BLOCK];
    float base[BLOCK], base_slope[BLOCK]; /* the slope by the logit, divided by the base */
} sigmoid_block;

/* The compiler makes vectors of it, for each kind by itself. b->base holds exp(-|z|). */
static inline __attribute__((always_inline)) void prepare(sigmoid_block *restrict b, const uint32_t kind, float alpha, size_t n,
                                                          const float *restrict logits, const float *restrict targets,
                                                          const float *restrict weights) {
    for (size_t i = 0; i < n; i++) {
        float z = logits[i], target = targets[i], weight = weights[i], e = b->base[i], t = target < 0 ? 0 : target;
        float near = 1 / (1 + e), far = e * near; /* no digits are lost where p or q vanishes */
        float p = z >= 0 ? near : far, q = z >= 0 ? far : near, factor = 1, base = 1, base_slope = 0;
        float slope = (1 - t) * p - t * q;
        if (kind == OC__FOCAL) {
            base = p * (1 - t) + q * t;
            base_slope = p * q * (1 - 2 * t);
            factor = alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t);
        } else if (kind == OC__QUALITY_FOCAL) {
            base = fabsf(slope);
            base_slope = slope < 0 ? -p * q : p * q;
        } else if (kind == OC__VARIFOCAL) {
            factor = t > 0 ? t : alpha;
            base = t > 0 ? 1 : p;
            base_slope = t > 0 ? 0 : p * q;
        }
        float ratio = base_slope / (base > FLT_MIN ? base : FLT_MIN);
        b->entropy[i] = fabsf(z) * (z >= 0 ? 1 - t : t) + log_of_1_and(e);
        b->entropy_slope[i] = slope;
        b->factor[i] = target < 0 ? 0 : factor * weight;
        b->base[i] = base;
        b->base_slope[i] = base > FLT_MIN ? ratio : 0;
    }
}

static void raise(float *base, float gamma, size_t n) {
    if (gamma == 2)
        for (size_t i = 0; i < n; i++) base[i] *= base[i];
    else if (gamma != 1)
        for (size_t i = 0; i < n; i++) base[i] = powf(base[i], gamma);
}

static double sigmoid_elements(const void *job, size_t begin, size_t end) {
    static const oc__function exponential = {.code = OC__FUNCTION_EXP};
    const sigmoid_job *j = job;
    const oc__sigmoid_loss *l = j->loss;
    sigmoid_block b;
    float ones[BLOCK], share = (float)(1 / j->divisor), gamma = l->kind == OC__SIGMOID_CROSS_ENTROPY ? 0 : l->gamma;
    double loss = 0;
    for (size_t i = 0; i < BLOCK; i++) ones[i] = 1;
    for (size_t at = begin; at < end; at += BLOCK) {
        size_t n = end - at < BLOCK ? end - at : BLOCK;
        const float *logits = j->logits + at, *targets = l->targets + at, *weights = l->weights ? l->weights + at : ones;
        float *gradient = j->gradient + at;
        for (size_t i = 0; i < n; i++) b.base[i] = -fabsf(logits[i]);
        j->kernels->activate(&exponential, n, b.base, -INFINITY, INFINITY, b.base);
        switch (l->kind) {
        case OC__FOCAL: prepare(&b, OC__FOCAL, l->alpha, n, logits, targets, weights); break;
        case OC__QUALITY_FOCAL: prepare(&b, OC__QUALITY_FOCAL, l->alpha, n, logits, targets, weights); break;
        case OC__VARIFOCAL: prepare(&b, OC__VARIFOCAL, l->alpha, n, logits, targets, weights); break;
        default: prepare(&b, OC__SIGMOID_CROSS_ENTROPY, l->alpha, n, logits, targets, weights);
        }
        if (gamma != 0) {
            raise(b.base, gamma, n);
            for (size_t i = 0; i < n; i++) b.factor[i] *= b.base[i];
        }
        for (size_t i = 0; i < n; i++)
            gradient[i] = b.factor[i] * share * (gamma * b.base_slope[i] * b.entropy[i] + b.entropy_slope[i]);
        loss += j->kernels->dot(n, b.factor, b.entropy);
    }
    return loss;
}

double oc__sigmoid_loss_of(float *gradient, oc_context *context, const float *logits, const oc__sigmoid_loss *loss,
                           size_t count) {
    sigmoid_job j = {gradient, logits, loss, oc__loss_divisor(loss->divisor, loss->weights, loss->targets, count),
                     context->kernels};
    return oc__loss_sum(context, count, 1, sigmoid_elements, &j) / j.divisor;
}
