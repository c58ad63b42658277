/* Softmax and logistic regression: linear classifiers on features. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_REGRESSION_H
#define OC_TRAIN_REGRESSION_H

#include "progress.h"

/* Which tags pictures bear: picture i bears tags[first[i]] to tags[first[i + 1] - 1], in no particular order. */
typedef struct oc__tag_sets {
    const uint32_t *tags, *first;
} oc__tag_sets;

/* Rows of features with their tags. */
typedef struct oc__rows {
    const float **features; /* n pointers to `dim` floats each */
    const uint32_t *tags;   /* the one tag of each row; or, if there are sets, the number of the picture that it is of */
    size_t n, dim, n_tags;
    const oc__tag_sets *sets; /* NULL: one tag a row */
    bool balance;             /* each tag counts the same, however many rows bear it */
} oc__rows;

/* A classifier: logit of tag t = bias[t] + weights[t][k] * feature[k], on features as they are. Free with oc__linear_free. */
typedef struct oc__linear {
    oc_context *context;
    size_t dim, n_tags;
    float *weights; /* n_tags x dim, then n_tags biases */
} oc__linear;

void oc__linear_free(oc__linear *linear);

/* The logit of one tag of one row. */
float oc__linear_logit(const oc__linear *linear, size_t tag, const float *features);

/* The softmax of the logits of one row. */
void oc__linear_apply(float *probabilities, const oc__linear *linear, const float *features);

/* Fits classifiers to the same rows at one strength of regularisation after the other, each from where the last one ended. The
 * memory that it takes does not grow with the rows, but for a few bytes each. */
typedef struct oc__fitter oc__fitter;

/* Features are scaled wherever they are read: to a mean of 0 each, and by one number for all, to a mean variance of 1.
 * What the rows point to must outlive the fitter. `progress` is asked whether to go on. */
oc_status oc__fitter_create(oc__fitter **out, oc_context *context, const oc__rows *rows, const oc__progress *progress,
                            oc_error *err);
void oc__fitter_free(oc__fitter *fitter);

/* Minimises the mean over the rows of the loss + l2 / 2 x |weights|^2 (on scaled features; biases free), to convergence.
 * The loss is the cross-entropy of the softmax; with sets the sum over the tags of the cross-entropies of their sigmoids, and
 * so the tags have nothing to do with each other. Balanced, a row of tag t counts 1 / the share of the rows that bear it,
 * divided by the number of tags; with sets, the rows that bear a tag count as much for it as those that lack it. */
oc_status oc__fitter_fit(oc__linear *out, oc__fitter *fitter, double l2, oc_error *err);

#endif
