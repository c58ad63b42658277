/* The kinds of heads, and fitting one. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_HEAD_H
#define OC_TRAIN_HEAD_H

#include "regression.h"

#define OC__HEAD_REGRESSION 0   /* strength: l2 */
#define OC__HEAD_DISCRIMINANT 1 /* strength: shrinkage */
#define OC__N_HEADS 2

/* A head: what it is, how strongly it is held back, and what its logits are multiplied by. */
typedef struct oc__head {
    uint32_t kind;
    double strength, sharpness;
} oc__head;

/* "regression", "discriminant". */
extern const char *const oc__head_names[OC__N_HEADS];

/* The strengths that are tried, from strong to weak. */
const double *oc__head_strengths(size_t *n, uint32_t kind);

/* Fits heads of one kind to the same rows, at one strength after the other. */
typedef struct oc__head_fitter oc__head_fitter;

oc_status oc__head_fitter_create(oc__head_fitter **out, uint32_t kind, oc_context *context, const oc__rows *rows,
                                 const oc__progress *progress, oc_error *err);
void oc__head_fitter_free(oc__head_fitter *fitter);
oc_status oc__head_fit(oc__linear *out, oc__head_fitter *fitter, double strength, oc_error *err);

#endif
