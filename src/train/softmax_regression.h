/* Softmax regression: a linear classifier on features. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_SOFTMAX_REGRESSION_H
#define OC_TRAIN_SOFTMAX_REGRESSION_H

#include "progress.h"

/* Rows of features with their tags. */
typedef struct oc__rows {
    const float **features; /* n pointers to `dim` floats each */
    const uint32_t *tags;
    size_t n, dim, n_tags;
} oc__rows;

/* A classifier: logit of tag t = bias[t] + weights[t][k] * feature[k], on features as they are. Free with oc__linear_free. */
typedef struct oc__linear {
    oc_context *context;
    size_t dim, n_tags;
    float *weights; /* n_tags x dim, then n_tags biases */
} oc__linear;

void oc__linear_free(oc__linear *linear);

/* The softmax of the logits of one row. */
void oc__linear_apply(float *probabilities, const oc__linear *linear, const float *features);

/* Fits classifiers to the same rows at one strength of regularisation after the other, each from where the last one ended. */
typedef struct oc__fitter oc__fitter;

/* Standardises the features (mean 0, deviation 1 over the rows; a feature that hardly varies is left small) into its own
 * copy. `progress` is asked whether to go on. */
oc_status oc__fitter_create(oc__fitter **out, oc_context *context, const oc__rows *rows, const oc__progress *progress,
                            oc_error *err);
void oc__fitter_free(oc__fitter *fitter);

/* Minimises mean cross-entropy + l2 / 2 x |weights|^2 (on standardised features; biases free), to convergence. */
oc_status oc__fitter_fit(oc__linear *out, oc__fitter *fitter, double l2, oc_error *err);

#endif
