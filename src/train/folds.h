/* Dividing samples for cross-validation. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_FOLDS_H
#define OC_TRAIN_FOLDS_H

#include "context.h"

/* Gives each of n samples a fold in 0 .. *n_folds-1, stratified: each tag's samples are dealt out in turn, in an order drawn
 * from the seed. Samples of equal `content` (the same picture twice) share a fold, so that none is measured by a model that
 * has seen it. Every fold is used: where there are fewer different pictures than folds, *n_folds is lowered to them. */
oc_status oc__folds_assign(uint32_t *folds, uint32_t *n_folds, oc_context *context, const uint32_t *tags,
                           const uint64_t *content, size_t n, size_t n_tags, uint64_t seed, oc_error *err);

#endif
