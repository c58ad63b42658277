/* Making probabilities mean what they say. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_TEMPERATURE_H
#define OC_TRAIN_TEMPERATURE_H

#include "context.h"

/* Logits of pictures that the head which gave them had not seen. */
typedef struct oc__held_out {
    const float *logits; /* [n][n_tags] */
    const uint32_t *tags, *folds;
    size_t n, n_tags;
    double spread; /* a weak prior: how far the logarithm of the factor is expected to be from 0 */
} oc__held_out;

/* Temperature scaling (Guo et al. 2017, On calibration of modern neural networks): logits are multiplied by one factor, that at
 * which the pictures' tags are least surprising. Their ranking stays. Returns the factor, 1 / temperature, for the pictures
 * that are not of fold `without`, and in *loss, unless NULL, their log loss at it, summed. */
double oc__sharpen(double *loss, const oc__held_out *held_out, uint32_t without);

/* Replaces the held-out logits (`logits` are held_out->logits) by probabilities: each fold's at the factor that fits the other
 * folds, so that what is measured on them is not flattered. *temperature receives that of all, for the model. */
oc_status oc__calibrate_logits(float *logits, double *temperature, oc_context *context, const oc__held_out *held_out,
                               uint32_t n_folds, oc_error *err);

#endif
