/* What the losses share, and losses of plain differences. SPDX-License-Identifier: MIT */
#include "loss.h"

#include <math.h>

#include "loss_sum.h"
#include "op.h"
#include "thread.h"

#define WORTH_SHARING 8192 /* numbers */

typedef struct sum_job {
    oc__loss_fn function;
    const void *job;
    size_t n;
    double sums[OC__N_PIECES];
} sum_job;

static void sum_task(void *argument, size_t piece, uint32_t worker) {
    sum_job *j = argument;
    size_t begin = oc__piece_begin(j->n, piece), end = oc__piece_begin(j->n, piece + 1);
    (void)worker;
    j->sums[piece] = begin < end ? j->function(j->job, begin, end) : 0;
}

double oc__loss_sum(oc_context *context, size_t n, size_t size, oc__loss_fn function, const void *job) {
    sum_job j = {.function = function, .job = job, .n = n};
    double sum = 0;
    if (n * size < WORTH_SHARING)
        for (size_t piece = 0; piece < OC__N_PIECES; piece++) sum_task(&j, piece, 0);
    else
        oc__parallel(context, OC__N_PIECES, sum_task, &j);
    for (size_t piece = 0; piece < OC__N_PIECES; piece++) sum += j.sums[piece];
    return sum;
}

double oc__loss_divisor(double divisor, const float *weights, const float *targets, size_t n) {
    if (divisor > 0) return divisor;
    size_t counted = 0;
    for (size_t i = 0; i < n; i++) counted += oc__loss_counts(weights, targets, i);
    return counted ? (double)counted : 1;
}

double oc__loss_exponentials(float *to, const oc__kernels *kernels, const float *row, float top, float scale, size_t n) {
    static const oc__function exponential = {.code = OC__FUNCTION_EXP};
    double sums[4] = {0};
    for (size_t k = 0; k < n; k++) to[k] = (row[k] - top) * scale;
    kernels->activate(&exponential, n, to, -INFINITY, INFINITY, to);
    for (size_t k = 0; k < n; k++) sums[k % 4] += (double)to[k];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

typedef struct difference_job {
    float *gradient;
    const float *values, *targets, *weights;
    double beta, divisor;
} difference_job;

static double smooth_l1(const void *job, size_t begin, size_t end) {
    const difference_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        double weight = j->weights ? (double)j->weights[i] : 1, off = (double)j->values[i] - (double)j->targets[i];
        double size = fabs(off);
        loss += weight * (size < j->beta ? 0.5 * off * off / j->beta : size - 0.5 * j->beta);
        double slope = size < j->beta ? off / j->beta : off > 0 ? 1 : off < 0 ? -1 : 0;
        j->gradient[i] = (float)(weight * slope / j->divisor);
    }
    return loss;
}

double oc__smooth_l1(float *gradient, oc_context *context, const float *values, const float *targets, const float *weights,
                     size_t count, float beta, double divisor) {
    difference_job j = {gradient, values, targets, weights, (double)beta, oc__loss_divisor(divisor, weights, NULL, count)};
    return oc__loss_sum(context, count, 1, smooth_l1, &j) / j.divisor;
}

static double squared_error(const void *job, size_t begin, size_t end) {
    const difference_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        float off = j->values[i] - j->targets[i];
        loss += 0.5 * (double)off * (double)off;
        j->gradient[i] = off / (float)j->divisor;
    }
    return loss;
}

double oc__squared_error(float *gradient, oc_context *context, const float *values, const float *targets, size_t count) {
    difference_job j = {.gradient = gradient, .values = values, .targets = targets, .divisor = count ? (double)count : 1};
    return oc__loss_sum(context, count, 1, squared_error, &j) / j.divisor;
}
