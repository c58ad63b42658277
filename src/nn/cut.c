/* A part of a graph. SPDX-License-Identifier: MIT */
#include "cut.h"

#include <string.h>

#include "memory.h"

static oc_status copy_param(uint32_t *out, oc__graph *to, const oc__param *param, oc_error *err) {
    oc_status status = oc__graph_add_param(out, to, param->rank, param->dimensions, err);
    if (status) return status;
    to->params[*out].storage = param->storage;
    to->params[*out].frozen = param->frozen;
    memcpy(to->params[*out].values, param->values, param->count * sizeof(float));
    return OC_OK;
}

oc_status oc__graph_cut(oc__graph *out, const oc__graph *graph, const uint32_t *outputs, uint32_t n_outputs, oc_error *err) {
    oc__graph cut = {.context = graph->context, .n_outputs = n_outputs};
    uint32_t *places = oc__alloc_zero(graph->context, graph->n_nodes * sizeof *places); /* first: whether a node is needed */
    oc_status status = OC_OK;
    if (!places) return oc__fail_nomem(err, graph->context, graph->n_nodes * sizeof *places, "network");
    for (uint32_t i = 0; i < n_outputs; i++) places[outputs[i]] = 1;
    for (size_t i = graph->n_nodes; i-- > 0;)
        for (uint32_t k = 0; places[i] && k < graph->nodes[i].n_inputs; k++) places[graph->nodes[i].inputs[k]] = 1;
    for (size_t i = 0; i < graph->n_nodes && !status; i++) {
        if (!places[i]) continue;
        oc__node node = graph->nodes[i];
        for (uint32_t k = 0; k < node.n_inputs; k++) node.inputs[k] = places[node.inputs[k]];
        for (uint32_t k = 0; k < node.n_params && !status; k++)
            status = copy_param(&node.params[k], &cut, &graph->params[graph->nodes[i].params[k]], err);
        if (!status) status = oc__graph_add_node(&places[i], &cut, &node, err);
    }
    for (uint32_t i = 0; i < n_outputs && !status; i++) cut.outputs[i] = places[outputs[i]];
    oc__free(graph->context, places);
    if (status)
        oc__graph_free(&cut);
    else
        *out = cut;
    return status;
}

uint32_t oc__graph_after_weights(const oc__graph *graph, uint32_t node) {
    while (graph->nodes[node].n_params == 0 && graph->nodes[node].n_inputs == 1) node = graph->nodes[node].inputs[0];
    return node + 1;
}
