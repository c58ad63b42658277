/* The networks that base models are made of. SPDX-License-Identifier: MIT */
#ifndef OC_BASE_NETWORK_H
#define OC_BASE_NETWORK_H

#include "graph.h"

/* Outputs of a network. */
enum { OUTPUT_FEATURES, OUTPUT_STRIDE_8, OUTPUT_STRIDE_16, OUTPUT_STRIDE_32 };

/* Builds network `name` ("compact", "standard", ...) with random weights: output 0 the features, a vector, then the feature
 * maps at strides 8, 16 and 32. OC_E_NOT_FOUND for another name. */
oc_status network_build(oc__graph *graph, const char *name, uint64_t seed, oc_error *err);

/* Joins to the features of a network the means of what is positive in its maps: a base's features are of every level, since
 * what tells a user's pictures apart is often simpler than what the teachers tell. */
oc_status network_join_levels(oc__graph *graph, oc_error *err);

#endif
