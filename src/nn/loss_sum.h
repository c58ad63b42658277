/* What the losses share: sums over many things, cut into pieces. SPDX-License-Identifier: MIT */
#ifndef OC_NN_LOSS_SUM_H
#define OC_NN_LOSS_SUM_H

#include <stdbool.h>

#include "context.h"
#include "kernels.h"

/* Adds up the losses of things [begin, end) and writes their gradients. */
typedef double (*oc__loss_fn)(const void *job, size_t begin, size_t end);

/* The sum over n things of `size` numbers each, on the context's threads if it is worth their while. */
double oc__loss_sum(oc_context *context, size_t n, size_t size, oc__loss_fn function, const void *job);

/* What a sum over n things is divided by: `divisor` if above 0, else how many of them count, at least 1. */
double oc__loss_divisor(double divisor, const float *weights, const float *targets, size_t n);

/* to[k] = exp(scale * (row[k] - top)). Returns their sum. */
double oc__loss_exponentials(float *to, const oc__kernels *kernels, const float *row, float top, float scale, size_t n);

static inline bool oc__loss_counts(const float *weights, const float *targets, size_t i) {
    return (!weights || weights[i] != 0) && (!targets || targets[i] >= 0);
}

static inline float oc__loss_largest(const float *row, size_t n) {
    float top = row[0];
    for (size_t k = 1; k < n; k++) top = row[k] > top ? row[k] : top;
    return top;
}

#endif
