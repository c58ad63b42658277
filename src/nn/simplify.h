/* Folding a graph for inference. SPDX-License-Identifier: MIT */
#ifndef OC_NN_SIMPLIFY_H
#define OC_NN_SIMPLIFY_H

#include "graph.h"

/* A copy that computes the same with fewer nodes: batch norms folded into the convolutions before them, additions joined to
 * the convolutions that feed them. Outputs keep their numbers. sources[i] (room for graph->n_nodes; or NULL) becomes the node
 * of `graph` whose value node i of the copy computes: of those folded together, the last. */
oc_status oc__graph_simplify(oc__graph *out, uint32_t *sources, const oc__graph *graph, oc_error *err);

#endif
