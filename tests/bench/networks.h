/* Well-known networks, with random weights, to measure the engine on. SPDX-License-Identifier: MIT */
#ifndef OC_BENCH_NETWORKS_H
#define OC_BENCH_NETWORKS_H

#include "graph.h"

/* "mobilenetv2" (Sandler et al. 2018, width 1.0), "resnet18", "resnet50" (He et al. 2016, stride in the 3x3), each with 1000
 * logits. OC_E_NOT_FOUND for another name. */
oc_status bench_network(oc__graph *graph, const char *name, oc_error *err);

#endif
