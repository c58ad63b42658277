/* Making probabilities mean what they say. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_TEMPERATURE_H
#define OC_TRAIN_TEMPERATURE_H

#include "context.h"

/* Temperature scaling (Guo et al. 2017, On calibration of modern neural networks): logits are divided by one number, the one at
 * which held-out pictures are least surprising. Their ranking stays.
 *
 * `probabilities` [n][n_tags] are held-out ones, as cross-validation gives them; they are replaced by calibrated ones. Each
 * fold's are calibrated at the temperature that fits the other folds, so that what is measured on them is not flattered.
 * *temperature receives that of all, for the model. A weak prior, of the weight of about one picture, holds it near 1 where
 * there are few pictures. */
oc_status oc__calibrate_probabilities(float *probabilities, double *temperature, oc_context *context, const uint32_t *tags,
                                      const uint32_t *folds, size_t n, size_t n_tags, uint32_t n_folds, oc_error *err);

#endif
