/* Choosing the regularisation, and measuring, by cross-validation. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_CROSS_VALIDATION_H
#define OC_TRAIN_CROSS_VALIDATION_H

#include "extract.h"
#include "regression.h"

/* What is divided: samples [0, n) of the features, all readable. */
typedef struct oc__validation {
    const oc__features *features;
    const uint32_t *tags;
    const uint32_t *folds;
    size_t n_tags;
    uint32_t n_folds;
    bool balance; /* see oc__rows */
} oc__validation;

/* Fits all folds at each strength of a falling list, or at `l2` alone if that is above 0; picks the strength whose held-out
 * log loss is least and gives the held-out probabilities there, [n][n_tags] (whole pictures only; training uses all views). */
oc_status oc__cross_validate(float *probabilities, double *l2, const oc__validation *validation, oc__progress *progress,
                             oc_error *err);

/* The rows of all views of the samples whose fold is not `fold`. The caller frees rows->features and rows->tags. */
oc_status oc__rows_without_fold(oc__rows *rows, const oc__validation *validation, uint32_t fold, oc_error *err);

#endif
