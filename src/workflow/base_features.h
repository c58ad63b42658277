/* What a base network says of pictures. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_BASE_FEATURES_H
#define OC_WORKFLOW_BASE_FEATURES_H

#include "dataset.h"
#include "model.h"
#include "progress.h"

/* The length of a base's features; 0 for a model that is none. */
size_t oc__n_features(const oc_model *base);

/* The features of the whole of every sample, one row each. See oc_base_features. */
oc_status oc__base_features(float *values, const oc_model *base, const oc_dataset *dataset, oc__progress *progress,
                            oc_error *err);

#endif
