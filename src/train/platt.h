/* From logits to probabilities, by two numbers a tag. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_PLATT_H
#define OC_TRAIN_PLATT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* probability = 1 / (1 + exp(-(slope * logit + offset))) */
typedef struct oc__platt {
    double slope, offset;
} oc__platt;

/* How firmly the fit is held at where it begins: one over the variances of a normal prior. */
typedef struct oc__platt_prior {
    oc__platt mean;
    double slope_precision, offset_precision;
} oc__platt_prior;

/* Logits of pictures that bear what is asked (1) or do not (0). Those of fold `without` are left out. */
typedef struct oc__platt_data {
    const float *logits;
    const uint8_t *bears;
    const uint32_t *folds;
    size_t n;
    uint32_t without;
} oc__platt_data;

/* The most probable one, by Newton's method with halved steps, of `n` tables (which share their folds) together. */
oc__platt oc__platt_fit(const oc__platt_data *tables, size_t n, const oc__platt_prior *prior);

float oc__platt_apply(oc__platt platt, float logit);

#endif
