/* Distillation: learning from what another network says. SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels.h"
#include "loss.h"
#include "loss_sum.h"

#define BLOCK 256

typedef struct row_job {
    float *gradient;
    const float *rows, *targets, *mean, *deviation;
    size_t n, width;
    float temperature;
    const oc__kernels *kernels;
} row_job;

/* With teacher's shares p and logits t, s by temperature: sum of p (t - s) - log(sum of exp(t)) + log(sum of exp(s)). */
static double logit_rows(const void *job, size_t begin, size_t end) {
    const row_job *j = job;
    double loss = 0, temperature = (double)j->temperature;
    float scale = 1 / j->temperature, slope = j->temperature / (float)j->n, shares[BLOCK];
    for (size_t i = begin; i < end; i++) {
        const float *student = j->rows + i * j->width, *teacher = j->targets + i * j->width;
        float *gradient = j->gradient + i * j->width;
        float top = oc__loss_largest(student, j->width), teacher_top = oc__loss_largest(teacher, j->width);
        double teacher_sum = oc__loss_exponentials(gradient, j->kernels, teacher, teacher_top, scale, j->width), off = 0;
        for (size_t k = 0; k < j->width; k++)
            off += (double)gradient[k] * (((double)teacher[k] - (double)teacher_top) - ((double)student[k] - (double)top));
        double sum = oc__loss_exponentials(gradient, j->kernels, student, top, scale, j->width);
        loss += temperature * off / teacher_sum + temperature * temperature * (log(sum) - log(teacher_sum));
        float factor = (float)(1 / sum), teacher_factor = (float)(1 / teacher_sum);
        for (size_t at = 0; at < j->width; at += BLOCK) {
            size_t n = j->width - at < BLOCK ? j->width - at : BLOCK;
            oc__loss_exponentials(shares, j->kernels, teacher + at, teacher_top, scale, n);
            for (size_t k = 0; k < n; k++)
                gradient[at + k] = slope * (gradient[at + k] * factor - shares[k] * teacher_factor);
        }
    }
    return loss;
}

double oc__distil_logits(float *gradient, oc_context *context, const float *logits, const float *teacher, size_t n,
                         size_t classes, float temperature) {
    row_job j = {.gradient = gradient, .rows = logits, .targets = teacher, .n = n, .width = classes, .temperature = temperature,
                 .kernels = context->kernels};
    return n ? oc__loss_sum(context, n, classes, logit_rows, &j) / (double)n : 0;
}

static double feature_rows(const void *job, size_t begin, size_t end) {
    const row_job *j = job;
    double loss = 0;
    float share = 1 / ((float)j->n * (float)j->width);
    for (size_t i = begin; i < end; i++)
        for (size_t k = 0; k < j->width; k++) {
            size_t at = i * j->width + k;
            float off = j->rows[at] - (j->targets[at] - j->mean[k]) / j->deviation[k];
            loss += 0.5 * (double)off * (double)off;
            j->gradient[at] = off * share;
        }
    return loss;
}

double oc__distil_features(float *gradient, oc_context *context, const float *features, const float *teacher,
                           const float *mean, const float *deviation, size_t n, size_t dim) {
    row_job j = {.gradient = gradient, .rows = features, .targets = teacher, .mean = mean, .deviation = deviation, .n = n,
                 .width = dim};
    return n ? oc__loss_sum(context, n, dim, feature_rows, &j) / ((double)n * (double)dim) : 0;
}

/* One by the square root of `squares`, so far below the largest number that what is multiplied by it stays finite. */
static float inverse_length(double squares) { return squares > 1e-74 ? (float)(1 / sqrt(squares)) : squares > 0 ? 1e37f : 0; }

static double cosine_rows(const void *job, size_t begin, size_t end) {
    const row_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        const float *row = j->rows + i * j->width, *target = j->targets + i * j->width;
        float *gradient = j->gradient + i * j->width;
        double product = j->kernels->dot(j->width, row, target), squares = j->kernels->dot(j->width, row, row);
        double target_squares = j->kernels->dot(j->width, target, target), lengths = sqrt(squares) * sqrt(target_squares);
        double cosine = lengths > 0 ? product / lengths : 0;
        float inverse = inverse_length(squares), target_inverse = inverse_length(target_squares), c = (float)cosine;
        float slope = lengths > 0 ? inverse / (float)j->n : 0;
        loss += 1 - cosine;
        for (size_t k = 0; k < j->width; k++)
            gradient[k] = slope * (c * (row[k] * inverse) - target[k] * target_inverse);
    }
    return loss;
}

double oc__cosine_loss(float *gradient, oc_context *context, const float *rows, const float *targets, size_t n, size_t dim) {
    row_job j = {.gradient = gradient, .rows = rows, .targets = targets, .n = n, .width = dim, .kernels = context->kernels};
    return n ? oc__loss_sum(context, n, dim, cosine_rows, &j) / (double)n : 0;
}
