/* Choosing the side of a classifier's input. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_CHOOSE_SIZE_H
#define OC_WORKFLOW_CHOOSE_SIZE_H

#include "train.h"

/* Replaces the caller's reference to a base by the same for larger pictures, if it tells these tags apart better then: by
 * cross-validation on some thousand pictures at its own side and at sides by nine sevenths larger each, up to 288, until one
 * gains less than half of what chance could. Each picture bears one tag. `project`, whose cache is used, may be NULL. */
oc_status oc__choose_size(oc_model **base, const oc__training_set *set, uint64_t seed, oc_project *project,
                          oc__progress *progress, oc_error *err);

#endif
