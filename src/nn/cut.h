/* A part of a graph. SPDX-License-Identifier: MIT */
#ifndef OC_NN_CUT_H
#define OC_NN_CUT_H

#include "graph.h"

/* A copy of what the nodes outputs[0 .. n_outputs) need, which become its outputs. */
oc_status oc__graph_cut(oc__graph *out, const oc__graph *graph, const uint32_t *outputs, uint32_t n_outputs, oc_error *err);

/* One past the node with weights that `node` comes from. Between the two there are nodes of one input and no weights, which may
 * stand anywhere behind. */
uint32_t oc__graph_after_weights(const oc__graph *graph, uint32_t node);

#endif
