/* The network of a classifier. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_CLASSIFIER_GRAPH_H
#define OC_TRAIN_CLASSIFIER_GRAPH_H

#include "extract.h"
#include "regression.h"

/* Features that are never below 0 are means of maps that are mostly 0 and now and then large. Their square roots vary more
 * evenly (the variance of a mean of rare events grows with it), which is what heads take for granted. Returns whether they were
 * taken. */
bool oc__take_roots(oc__features *features);

/* The base with the classifier on top, as a 1x1 convolution of the features, or their roots, whose logits are multiplied by
 * `factor`. */
oc_status oc__classifier_graph(oc__graph *out, const oc__graph *base, bool roots, const oc__linear *linear, double factor,
                               oc_error *err);

/* Multiplies the logits. */
void oc__classifier_graph_scale(oc__graph *graph, double factor);

#endif
