/* Losses of classes: softmax and sigmoid. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

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
        double sum = 0, targets = 0;
        for (size_t k = 0; k < j->classes; k++) {
            float target = target_at(j, i, k);
            sum += (double)(gradient[k] = expf(logits[k] - top));
            targets += (double)target;
            if (target != 0) loss += (double)target * ((double)top - (double)logits[k]);
        }
        loss += targets * log(sum);
        double factor = targets / (sum * j->divisor);
        for (size_t k = 0; k < j->classes; k++)
            gradient[k] = (float)((double)gradient[k] * factor - (double)target_at(j, i, k) / j->divisor);
    }
    return loss;
}

double oc__cross_entropy(float *gradient, oc_context *context, const float *logits, const oc__class_targets *targets, size_t n,
                         size_t classes) {
    softmax_job j = {gradient, logits, targets, classes, targets->labels ? 0 : (double)n};
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
} sigmoid_job;

/* Every kind is factor * base^gamma * H. */
static inline __attribute__((always_inline)) double sigmoid_element(float *slope, const oc__sigmoid_loss *l, const uint32_t kind,
                                                                    float z, float t) {
    float e = expf(-fabsf(z)), near = 1 / (1 + e), far = e * near; /* no digits are lost where p or q vanishes */
    float p = z >= 0 ? near : far, q = z >= 0 ? far : near;
    float entropy = (z > 0 ? z * (1 - t) : -z * t) + log1pf(e), entropy_slope = (1 - t) * p - t * q;
    float factor = 1, base = 1, base_slope = 0;
    if (kind == OC__FOCAL) {
        base = p * (1 - t) + q * t;
        base_slope = p * q * (1 - 2 * t);
        if (l->alpha >= 0) factor = l->alpha * t + (1 - l->alpha) * (1 - t);
    } else if (kind == OC__QUALITY_FOCAL) {
        base = fabsf(entropy_slope);
        base_slope = entropy_slope < 0 ? -p * q : p * q;
    } else if (kind == OC__VARIFOCAL && t > 0) {
        factor = t;
    } else if (kind == OC__VARIFOCAL) {
        factor = l->alpha;
        base = p;
        base_slope = p * q;
    }
    if (kind != OC__SIGMOID_CROSS_ENTROPY) {
        factor *= l->gamma == 2 ? base * base : powf(base, l->gamma);
        if (base > 0) entropy_slope += l->gamma * (base_slope / base) * entropy;
    }
    *slope = factor * entropy_slope;
    return (double)(factor * entropy);
}

static inline __attribute__((always_inline)) double sigmoid_range(const sigmoid_job *j, const uint32_t kind, size_t begin,
                                                                  size_t end) {
    const float *weights = j->loss->weights, *targets = j->loss->targets;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        float weight = weights ? weights[i] : 1, slope;
        j->gradient[i] = 0;
        if (!oc__loss_counts(weights, targets, i)) continue;
        loss += (double)weight * sigmoid_element(&slope, j->loss, kind, j->logits[i], targets[i]);
        j->gradient[i] = (float)((double)(weight * slope) / j->divisor);
    }
    return loss;
}

/* A loop of its own for each kind. */
static double sigmoid_elements(const void *job, size_t begin, size_t end) {
    const sigmoid_job *j = job;
    switch (j->loss->kind) {
    case OC__FOCAL: return sigmoid_range(j, OC__FOCAL, begin, end);
    case OC__QUALITY_FOCAL: return sigmoid_range(j, OC__QUALITY_FOCAL, begin, end);
    case OC__VARIFOCAL: return sigmoid_range(j, OC__VARIFOCAL, begin, end);
    default: return sigmoid_range(j, OC__SIGMOID_CROSS_ENTROPY, begin, end);
    }
}

double oc__sigmoid_loss_of(float *gradient, oc_context *context, const float *logits, const oc__sigmoid_loss *loss,
                           size_t count) {
    sigmoid_job j = {gradient, logits, loss, oc__loss_divisor(loss->divisor, loss->weights, loss->targets, count)};
    return oc__loss_sum(context, count, 1, sigmoid_elements, &j) / j.divisor;
}
