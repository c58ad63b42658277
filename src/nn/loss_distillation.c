/* Distillation: learning from what another network says. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "kernels.h"
#include "loss.h"
#include "loss_sum.h"

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
    float scale = 1 / j->temperature, slope = j->temperature / (float)j->n;
    for (size_t i = begin; i < end; i++) {
        const float *student = j->rows + i * j->width, *teacher = j->targets + i * j->width;
        float *gradient = j->gradient + i * j->width;
        float top = oc__loss_largest(student, j->width), teacher_top = oc__loss_largest(teacher, j->width);
        double sum = 0, teacher_sum = 0, differences = 0;
        for (size_t k = 0; k < j->width; k++) {
            float share = expf((teacher[k] - teacher_top) * scale);
            sum += (double)(gradient[k] = expf((student[k] - top) * scale));
            teacher_sum += (double)share;
            differences += (double)share * (((double)teacher[k] - (double)teacher_top) - ((double)student[k] - (double)top));
        }
        loss += temperature * differences / teacher_sum + temperature * temperature * (log(sum) - log(teacher_sum));
        float factor = (float)(1 / sum), teacher_factor = (float)(1 / teacher_sum);
        for (size_t k = 0; k < j->width; k++) {
            float share = expf((teacher[k] - teacher_top) * scale) * teacher_factor;
            gradient[k] = slope * (gradient[k] * factor - share);
        }
    }
    return loss;
}

double oc__distil_logits(float *gradient, oc_context *context, const float *logits, const float *teacher, size_t n,
                         size_t classes, float temperature) {
    row_job j = {.gradient = gradient, .rows = logits, .targets = teacher, .n = n, .width = classes, .temperature = temperature};
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

static double cosine_rows(const void *job, size_t begin, size_t end) {
    const row_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        const float *row = j->rows + i * j->width, *target = j->targets + i * j->width;
        float *gradient = j->gradient + i * j->width;
        double product = j->kernels->dot(j->width, row, target), squares = j->kernels->dot(j->width, row, row);
        double lengths = sqrt(squares) * sqrt(j->kernels->dot(j->width, target, target)), n = (double)j->n;
        double cosine = lengths > 0 ? product / lengths : 0;
        double along = lengths > 0 ? 1 / (lengths * n) : 0, back = lengths > 0 ? cosine / (squares * n) : 0;
        loss += 1 - cosine;
        for (size_t k = 0; k < j->width; k++) gradient[k] = oc__loss_to_float(back * (double)row[k] - along * (double)target[k]);
    }
    return loss;
}

double oc__cosine_loss(float *gradient, oc_context *context, const float *rows, const float *targets, size_t n, size_t dim) {
    row_job j = {.gradient = gradient, .rows = rows, .targets = targets, .n = n, .width = dim, .kernels = context->kernels};
    return n ? oc__loss_sum(context, n, dim, cosine_rows, &j) / (double)n : 0;
}
