/* Making probabilities mean what they say. SPDX-License-Identifier: MIT */
#include "temperature.h"

#include <math.h>

#include "loss.h"
#include "memory.h"
#include "thread.h"

#define WIDEST 2.302585092994046 /* log of the highest temperature, 10; the lowest is 0.1 */
#define N_STEPS 26               /* each leaves 0.618 of the interval: to 2e-5 of the temperature */
#define GOLDEN 0.6180339887498949

/* Of all folds and, for each fold, of the others: one task each. */
typedef struct job {
    const float *logits;
    const uint32_t *tags, *folds;
    size_t n, n_tags;
    double *sharpness; /* of task t: log of 1 / temperature without fold t; the last leaves out none */
} job;

/* How surprising the tags are at a sharpness, summed over the pictures that are not of `fold`, and the prior. */
static double surprise(const job *j, double sharpness, uint32_t fold) {
    double factor = exp(sharpness), total = 0.5 * sharpness * sharpness;
    for (size_t i = 0; i < j->n; i++) {
        if (j->folds[i] == fold) continue;
        const float *row = j->logits + i * j->n_tags;
        double top = -INFINITY, sum = 0;
        for (size_t t = 0; t < j->n_tags; t++) top = row[t] > top ? row[t] : top;
        for (size_t t = 0; t < j->n_tags; t++) sum += exp(factor * (row[t] - top));
        total += log(sum) - factor * (row[j->tags[i]] - top);
    }
    return total;
}

/* Golden-section search. */
static void fit_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    uint32_t fold = (uint32_t)task;
    double low = -WIDEST, high = WIDEST;
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    double at_a = surprise(j, a, fold), at_b = surprise(j, b, fold);
    (void)worker;
    for (int step = 0; step < N_STEPS; step++) {
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = surprise(j, a, fold);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = surprise(j, b, fold);
        }
    }
    j->sharpness[task] = 0.5 * (low + high);
}

oc_status oc__calibrate_probabilities(float *probabilities, double *temperature, oc_context *context, const uint32_t *tags,
                                      const uint32_t *folds, size_t n, size_t n_tags, uint32_t n_folds, oc_error *err) {
    double *sharpness = oc__alloc_array(context, (size_t)n_folds + 1, sizeof *sharpness);
    if (!sharpness) return oc__fail_nomem(err, context, (n_folds + (size_t)1) * sizeof *sharpness, "calibration");
    /* The logarithm of a softmax is its logits but for a constant, which the next softmax takes away again. */
    for (size_t i = 0; i < n * n_tags; i++) probabilities[i] = logf(fmaxf(probabilities[i], 1e-37f));
    job j = {probabilities, tags, folds, n, n_tags, sharpness};
    oc__parallel(context, (size_t)n_folds + 1, fit_task, &j);
    for (size_t i = 0; i < n; i++) {
        float factor = (float)exp(sharpness[folds[i]]);
        for (size_t t = 0; t < n_tags; t++) probabilities[i * n_tags + t] *= factor;
    }
    oc__softmax(probabilities, n, n_tags);
    *temperature = exp(-sharpness[n_folds]);
    oc__free(context, sharpness);
    return OC_OK;
}
