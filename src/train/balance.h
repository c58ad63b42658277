/* Pictures with rare tags come more often. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_BALANCE_H
#define OC_TRAIN_BALANCE_H

#include "train.h"

/* Positions in `usable`, the samples that can be read: each once for each time that its picture is to come where one of the most
 * frequent tag comes once; the square root of how much rarer its rarest tag is, up to 8 times (repeat factors, Gupta et al. 2019).
 * Tags are counted by pictures. The caller frees *out. */
oc_status oc__balanced_picks(uint32_t **out, size_t *n, oc_context *context, const oc__training_set *set, const uint32_t *usable,
                             size_t n_usable, oc_error *err);

#endif
