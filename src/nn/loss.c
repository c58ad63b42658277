/* Losses. SPDX-License-Identifier: MIT */
#include "loss.h"

#include <math.h>
#include <string.h>

void oc__softmax(float *rows, size_t n, size_t classes) {
    for (size_t i = 0; i < n; i++, rows += classes) {
        float top = rows[0], sum = 0;
        for (size_t k = 1; k < classes; k++) top = rows[k] > top ? rows[k] : top;
        for (size_t k = 0; k < classes; k++) sum += rows[k] = expf(rows[k] - top);
        for (size_t k = 0; k < classes; k++) rows[k] /= sum;
    }
}

double oc__cross_entropy(float *gradient, const float *logits, const int32_t *labels, size_t n, size_t classes) {
    double loss = 0;
    size_t counted = 0;
    for (size_t i = 0; i < n; i++) counted += labels[i] >= 0;
    float weight = counted ? 1.0f / (float)counted : 0;
    memcpy(gradient, logits, n * classes * sizeof *gradient);
    oc__softmax(gradient, n, classes);
    for (size_t i = 0; i < n; i++) {
        float *row = gradient + i * classes;
        if (labels[i] < 0) {
            memset(row, 0, classes * sizeof *row);
            continue;
        }
        size_t best = 0; /* its probability does not vanish, so the label's is told from there, however small */
        for (size_t k = 1; k < classes; k++) best = row[k] > row[best] ? k : best;
        loss -= log((double)row[best]) + ((double)logits[i * classes + (size_t)labels[i]] - (double)logits[i * classes + best]);
        row[labels[i]] -= 1;
        for (size_t k = 0; k < classes; k++) row[k] *= weight;
    }
    return counted ? loss / (double)counted : 0;
}

double oc__squared_error(float *gradient, const float *values, const float *targets, size_t count) {
    double loss = 0;
    for (size_t i = 0; i < count; i++) {
        float off = values[i] - targets[i];
        loss += 0.5 * (double)off * off;
        gradient[i] = off / (float)count;
    }
    return loss / (double)count;
}
