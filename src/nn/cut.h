/* A part of a graph. SPDX-License-Identifier: MIT */
#ifndef OC_NN_CUT_H
#define OC_NN_CUT_H

#include "graph.h"

/* A copy of what the nodes outputs[0 .. n_outputs) need, which become its outputs. */
oc_status oc__graph_cut(oc__graph *out, const oc__graph *graph, const uint32_t *outputs, uint32_t n_outputs, oc_error *err);

#endif
