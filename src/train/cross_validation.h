/* Choosing the head, and measuring, by cross-validation. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_CROSS_VALIDATION_H
#define OC_TRAIN_CROSS_VALIDATION_H

#include "extract.h"
#include "head.h"

/* What is divided: samples [0, n) of the features, all readable. */
typedef struct oc__validation {
    const oc__features *features;
    const uint32_t *tags;
    const uint32_t *folds;
    size_t n_tags;
    uint32_t n_folds;
    bool balance; /* see oc__rows */
} oc__validation;

/* What may be chosen. */
typedef struct oc__head_choice {
    bool kinds[OC__N_HEADS];
    double l2; /* of regression; 0: of a list */
} oc__head_choice;

/* Fits all folds with every kind of head that may be chosen, at each strength of its falling list; picks the head whose
 * held-out log loss is least, once its logits are scaled, and gives the held-out logits times its sharpness, [n][n_tags] (of
 * whole pictures only; training uses all views). */
oc_status oc__cross_validate(float *logits, oc__head *chosen, const oc__validation *validation, const oc__head_choice *choice,
                             oc__progress *progress, oc_error *err);

/* What oc__divide_and_validate gives: logits of pictures that what gave them had not seen. */
typedef struct oc__validated {
    float *logits; /* [n][n_tags] */
    uint32_t *folds, n_folds;
} oc__validated;

/* Divides the features' pictures into validation->n_folds folds, or as many as there are different pictures, and
 * cross-validates; validation->folds is not looked at. OC_E_DATA if all are the same picture. Free `out` with
 * oc__validated_free, also after an error. */
oc_status oc__divide_and_validate(oc__validated *out, oc__head *chosen, const oc__validation *validation,
                                  const oc__head_choice *choice, uint64_t seed, oc__progress *progress, oc_error *err);
void oc__validated_free(oc__validated *validated, oc_context *context);

/* Fits a head to the pictures whose fold is not `fold`: all, where that is n_folds. */
oc_status oc__fit_without_fold(oc__linear *out, const oc__validation *validation, uint32_t fold, const oc__head *head,
                               oc__progress *progress, oc_error *err);

#endif
