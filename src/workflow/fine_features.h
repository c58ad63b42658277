/* Features for what is small. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_FINE_FEATURES_H
#define OC_WORKFLOW_FINE_FEATURES_H

#include "model.h"

#define OC__FINE_SIDE 448 /* of the input, if nothing else is said */

/* Replaces the caller's reference to a base by one that gives more features: beside the mean over each map that the base
 * averages over all of a picture, the largest of the means over its overlapping parts, an eighth of the sides each. What is in
 * one place only is lost in the mean over all, and stands out in that of its part. It has the
 * property "fine". OC_E_UNSUPPORTED if the base averages no map. */
oc_status oc__fine_features(oc_model **base, oc_error *err);

#endif
