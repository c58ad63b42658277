/* Making probabilities mean what they say. SPDX-License-Identifier: MIT */
#include "temperature.h"

#include <math.h>

#include "loss.h"
#include "memory.h"
#include "thread.h"

#define WIDEST 6.907755278982137 /* log of what logits are multiplied by at most, 1000; at least by a thousandth */
#define N_STEPS 30               /* each leaves 0.618 of the interval: to 1e-5 of the factor */
#define GOLDEN 0.6180339887498949

/* How surprising the tags are at the logarithm of a factor, summed, and the prior. */
static double surprise(const oc__held_out *h, double sharpness, uint32_t without) {
    double factor = exp(sharpness), off = sharpness / h->spread, total = 0.5 * off * off;
    for (size_t i = 0; i < h->n; i++) {
        if (h->folds[i] == without) continue;
        const float *row = h->logits + i * h->n_tags;
        double top = -INFINITY, sum = 0;
        for (size_t t = 0; t < h->n_tags; t++) top = row[t] > top ? row[t] : top;
        for (size_t t = 0; t < h->n_tags; t++) sum += exp(factor * (row[t] - top));
        total += log(sum) - factor * (row[h->tags[i]] - top);
    }
    return total;
}

/* Golden-section search (Kiefer 1953). */
double oc__sharpen(double *loss, const oc__held_out *h, uint32_t without) {
    double low = -WIDEST, high = WIDEST;
    double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
    double at_a = surprise(h, a, without), at_b = surprise(h, b, without);
    for (int step = 0; step < N_STEPS; step++) {
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = surprise(h, a, without);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = surprise(h, b, without);
        }
    }
    double sharpness = 0.5 * (low + high), off = sharpness / h->spread;
    if (loss) *loss = fmin(at_a, at_b) - 0.5 * off * off;
    return exp(sharpness);
}

/* Of all folds and, for each fold, of the others: one task each. */
typedef struct job {
    const oc__held_out *held_out;
    double *factors; /* of task t: without fold t; the last leaves out none */
} job;

static void sharpen_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    (void)worker;
    j->factors[task] = oc__sharpen(NULL, j->held_out, (uint32_t)task);
}

oc_status oc__calibrate_logits(float *logits, double *temperature, oc_context *context, const oc__held_out *h, uint32_t n_folds,
                               oc_error *err) {
    double *factors = oc__alloc_array(context, (size_t)n_folds + 1, sizeof *factors);
    if (!factors) return oc__fail_nomem(err, context, (n_folds + (size_t)1) * sizeof *factors, "calibration");
    job j = {h, factors};
    oc__parallel(context, (size_t)n_folds + 1, sharpen_task, &j);
    for (size_t i = 0; i < h->n; i++)
        for (size_t t = 0; t < h->n_tags; t++) logits[i * h->n_tags + t] *= (float)factors[h->folds[i]];
    oc__softmax(logits, h->n, h->n_tags);
    *temperature = 1 / factors[n_folds];
    oc__free(context, factors);
    return OC_OK;
}
