/* The network of a classifier. SPDX-License-Identifier: MIT */
#include "classifier_graph.h"

#include <math.h>
#include <string.h>

#include "kernels.h"

/* What is added keeps the slope at 0 finite, and what 8-bit integers round near 0 small. */
static const oc__function root = {.code = OC__FUNCTION_SQRT, .alpha = 1e-3f};

bool oc__take_roots(oc__features *f) {
    const oc__kernels *kernels = f->context->kernels;
    size_t n = f->n * f->n_views * f->dim;
    for (size_t i = 0; i < n; i++)
        if (f->values[i] < 0) return false;
    kernels->activate(&root, n, f->values, 0, INFINITY, f->values);
    return true;
}

oc_status oc__classifier_graph(oc__graph *out, const oc__graph *base, bool roots, const oc__linear *linear, double factor,
                               oc_error *err) {
    oc__graph graph = {.context = base->context};
    uint32_t node = base->outputs[0];
    oc_status status = oc__graph_copy(&graph, base, err);
    if (!status && roots) status = oc__graph_activation(&node, &graph, node, root.code, root.alpha, root.beta, err);
    if (!status) status = oc__graph_conv(&node, &graph, node, (uint32_t)linear->n_tags, 1, 1, 1, true, err);
    if (status) {
        oc__graph_free(&graph);
        return status;
    }
    const oc__node *head = &graph.nodes[node];
    size_t n_weights = linear->n_tags * linear->dim;
    memcpy(graph.params[head->params[0]].values, linear->weights, n_weights * sizeof(float));
    memcpy(graph.params[head->params[1]].values, linear->weights + n_weights, linear->n_tags * sizeof(float));
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    oc__classifier_graph_scale(&graph, factor);
    *out = graph;
    return OC_OK;
}

void oc__classifier_graph_scale(oc__graph *graph, double factor) {
    const oc__node *head = &graph->nodes[graph->outputs[0]];
    for (uint32_t k = 0; k < head->n_params; k++) {
        oc__param *param = &graph->params[head->params[k]];
        for (size_t i = 0; i < param->count; i++) param->values[i] *= (float)factor;
    }
}
