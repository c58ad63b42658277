/* The graph. SPDX-License-Identifier: MIT */
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "quantise.h"
#include "memory.h"
#include "op.h"

const oc__op *oc__op_find(uint32_t number) {
    static const oc__op *const ops[OC__N_OPS] = {
        [OC__OP_INPUT] = &oc__op_input,
        [OC__OP_CONV] = &oc__op_conv,
        [OC__OP_BATCH_NORM] = &oc__op_batch_norm,
        [OC__OP_ADD] = &oc__op_add,
        [OC__OP_GLOBAL_POOL] = &oc__op_global_pool,
        [OC__OP_CONCAT] = &oc__op_concat,
        [OC__OP_MAX_POOL] = &oc__op_max_pool,
        [OC__OP_MEAN_POOL] = &oc__op_mean_pool,
        [OC__OP_ACTIVATION] = &oc__op_activation,
        [OC__OP_MULTIPLY] = &oc__op_multiply,
        [OC__OP_CONV_TRANSPOSED] = &oc__op_conv_transposed,
        [OC__OP_RESIZE] = &oc__op_resize,
        [OC__OP_PAD] = &oc__op_pad,
        [OC__OP_RESHAPE] = &oc__op_reshape,
        [OC__OP_TRANSPOSE] = &oc__op_transpose,
        [OC__OP_SLICE] = &oc__op_slice,
        [OC__OP_SOFTMAX] = &oc__op_softmax,
        [OC__OP_GLOBAL_MAX_POOL] = &oc__op_global_max_pool,
        [OC__OP_CHANNEL_SHUFFLE] = &oc__op_channel_shuffle,
    };
    return number < OC__N_OPS ? ops[number] : oc__int8_op_find(number);
}

void oc__graph_free(oc__graph *graph) {
    for (size_t i = 0; i < graph->n_params; i++) oc__free(graph->context, graph->params[i].values);
    if (graph->context) {
        oc__free(graph->context, graph->params);
        oc__free(graph->context, graph->nodes);
    }
    *graph = (oc__graph){.context = graph->context};
}

oc_status oc__graph_add_node(uint32_t *out, oc__graph *graph, const oc__node *node, oc_error *err) {
    if (graph->n_nodes >= OC__MAX_NODES) return oc__fail(err, OC_E_LIMIT, "graph: more than %d nodes", OC__MAX_NODES);
    oc_status status = oc__reserve(&graph->nodes, &graph->node_capacity, graph->n_nodes, sizeof *node, graph->context, err);
    if (status) return status;
    *out = (uint32_t)graph->n_nodes;
    graph->nodes[graph->n_nodes++] = *node;
    return OC_OK;
}

oc_status oc__graph_add_param(uint32_t *out, oc__graph *graph, uint32_t rank, const uint32_t *dimensions, oc_error *err) {
    oc__param param = {.storage = OC__STORE_F32, .rank = rank};
    if (rank > 4 || !oc__shape_multiply(&param.count, dimensions, rank, sizeof(float)))
        return oc__fail(err, OC_E_CORRUPT, "graph: parameter %zu has an impossible shape", graph->n_params);
    oc_status status = oc__reserve(&graph->params, &graph->param_capacity, graph->n_params, sizeof param, graph->context, err);
    if (status) return status;
    memcpy(param.dimensions, dimensions, rank * sizeof *dimensions);
    if (!(param.values = oc__alloc_zero(graph->context, param.count * sizeof(float))))
        return oc__fail_nomem(err, graph->context, param.count * sizeof(float), "weights");
    *out = (uint32_t)graph->n_params;
    graph->params[graph->n_params++] = param;
    return OC_OK;
}

oc_status oc__graph_copy(oc__graph *out, const oc__graph *graph, oc_error *err) {
    oc__graph copy = {.context = graph->context, .n_outputs = graph->n_outputs};
    oc_status status = OC_OK;
    uint32_t index = 0;
    memcpy(copy.outputs, graph->outputs, sizeof copy.outputs);
    for (size_t i = 0; i < graph->n_nodes && !status; i++) status = oc__graph_add_node(&index, &copy, &graph->nodes[i], err);
    for (size_t i = 0; i < graph->n_params && !status; i++) {
        const oc__param *param = &graph->params[i];
        status = oc__graph_add_param(&index, &copy, param->rank, param->dimensions, err);
        if (status) break;
        copy.params[index].storage = param->storage;
        copy.params[index].frozen = param->frozen;
        memcpy(copy.params[index].values, param->values, param->count * sizeof(float));
    }
    if (status) oc__graph_free(&copy);
    else *out = copy;
    return status;
}

bool oc__node_take_values(oc__graph *graph, const oc__graph *from, size_t i) {
    const oc__node *to = &graph->nodes[i], *node = &from->nodes[i];
    bool same = to->op == node->op && to->n_params == node->n_params;
    for (uint32_t k = 0; k < to->n_params && same; k++)
        same = graph->params[to->params[k]].count == from->params[node->params[k]].count;
    for (uint32_t k = 0; k < to->n_params && same; k++) {
        oc__param *param = &graph->params[to->params[k]];
        memcpy(param->values, from->params[node->params[k]].values, param->count * sizeof(float));
    }
    return same;
}

/* Attributes beyond those an operator has are 0, so that a file says nothing that is passed over. */
static oc_status check_attributes(const oc__node *node, const oc__op *op, size_t index, oc_error *err) {
    const oc__function *f = &node->function;
    if (f->code && node->op != OC__OP_ACTIVATION)
        return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): has the function %u, which only an activation may", index, op->name,
                        f->code);
    if (!isfinite(f->alpha) || !isfinite(f->beta) || (op->n_arguments < 2 && f->beta != 0) ||
        (op->n_arguments < 1 && f->alpha != 0))
        return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): its arguments are %g and %g, expected %u finite ones", index,
                        op->name, (double)f->alpha, (double)f->beta, op->n_arguments);
    if (node->mode > op->last_mode)
        return oc__fail(err, OC_E_UNSUPPORTED, "node %zu (%s): its mode is %u, at most %u is known", index, op->name,
                        node->mode, op->last_mode);
    for (uint32_t i = op->n_sizes; i < OC__MAX_SIZES; i++)
        if (node->sizes[i])
            return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): its size %u is %u, it has only %u", index, op->name, i,
                            node->sizes[i], op->n_sizes);
    return OC_OK;
}

/* What can be checked without shapes. */
static oc_status check_node(const oc__graph *graph, size_t index, oc_error *err) {
    const oc__node *node = &graph->nodes[index];
    const oc__op *op = oc__op_find(node->op);
    if (!op || node->op >= OC__N_OPS)
        return oc__fail(err, OC_E_UNSUPPORTED, "node %zu: operator %u is not known", index, node->op);
    if (node->n_inputs < op->min_inputs || node->n_inputs > op->max_inputs)
        return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): has %u inputs, expected %u to %u", index, op->name, node->n_inputs,
                        op->min_inputs, op->max_inputs);
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] >= index)
            return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): input %u is node %u, which does not come before it", index,
                            op->name, i, node->inputs[i]);
    if (node->n_params < op->min_params || node->n_params > op->max_params)
        return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): has %u parameters, expected %u to %u", index, op->name,
                        node->n_params, op->min_params, op->max_params);
    for (uint32_t i = 0; i < node->n_params; i++)
        if (node->params[i] >= graph->n_params)
            return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): parameter %u is number %u, there are %zu", index, op->name, i,
                            node->params[i], graph->n_params);
    if (!(node->low <= node->high) || node->low == INFINITY || node->high == -INFINITY)
        return oc__fail(err, OC_E_CORRUPT, "node %zu (%s): no number lies between its clamps", index, op->name);
    return check_attributes(node, op, index, err);
}

static oc_status in_node(oc_error *err, oc_status status, size_t index, const oc__node *node) {
    char place[64];
    snprintf(place, sizeof place, "node %zu (%s)", index, oc__op_find(node->op)->name);
    return oc__fail_in(err, status, place);
}

/* Folding and training change a node's parameters, so each belongs to one node; and none lies idle, so that what is made of
 * the weights is bounded by their own size. */
static oc_status check_ownership(const oc__graph *graph, oc_error *err) {
    oc_status status = OC_OK;
    uint8_t *used = oc__alloc_zero(graph->context, graph->n_params);
    if (!used) return oc__fail_nomem(err, graph->context, graph->n_params, "graph");
    for (size_t i = 0; i < graph->n_nodes && !status; i++)
        for (uint32_t j = 0; j < graph->nodes[i].n_params && !status; j++)
            if (used[graph->nodes[i].params[j]]++)
                status = oc__fail(err, OC_E_CORRUPT, "node %zu uses parameter %u, which is in use already", i,
                                  graph->nodes[i].params[j]);
    for (size_t i = 0; i < graph->n_params && !status; i++)
        if (!used[i]) status = oc__fail(err, OC_E_CORRUPT, "no node uses parameter %zu", i);
    oc__free(graph->context, used);
    return status;
}

oc_status oc__graph_check(const oc__graph *graph, oc_error *err) {
    oc_status status = OC_OK;
    if (graph->n_nodes < 1 || graph->nodes[0].op != OC__OP_INPUT)
        return oc__fail(err, OC_E_CORRUPT, "graph: its first node is not the input");
    for (size_t i = 0; i < graph->n_nodes && !status; i++) {
        status = check_node(graph, i, err);
        if (!status && i > 0 && graph->nodes[i].op == OC__OP_INPUT)
            status = oc__fail(err, OC_E_CORRUPT, "node %zu: a second input", i);
    }
    if (!status) status = check_ownership(graph, err);
    if (status) return status;
    if (graph->n_outputs < 1 || graph->n_outputs > OC__MAX_OUTPUTS)
        return oc__fail(err, OC_E_CORRUPT, "graph: has %u outputs, expected 1 to %d", graph->n_outputs, OC__MAX_OUTPUTS);
    for (uint32_t i = 0; i < graph->n_outputs; i++)
        if (graph->outputs[i] >= graph->n_nodes)
            return oc__fail(err, OC_E_CORRUPT, "graph: output %u is node %u, there are %zu", i, graph->outputs[i],
                            graph->n_nodes);
    for (size_t i = 0; i < graph->n_params; i++)
        for (size_t j = 0; j < graph->params[i].count; j++)
            if (!isfinite(graph->params[i].values[j]))
                return oc__fail(err, OC_E_CORRUPT, "graph: element %zu of parameter %zu is not a finite number", j, i);
    return OC_OK;
}

oc_status oc__graph_shapes(oc__shape *shapes, const oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                           oc_error *err) {
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        oc__shape in[OC__MAX_INPUTS] = {{n, 0, height, width}};
        size_t count;
        for (uint32_t j = 0; j < node->n_inputs; j++) in[j] = shapes[node->inputs[j]];
        oc_status status = oc__op_find(node->op)->shape(&shapes[i], graph, node, in, err);
        if (status) return in_node(err, status, i, node);
        if (!oc__shape_count(&count, &shapes[i]))
            return oc__fail(err, OC_E_LIMIT, "node %zu: its output is too large", i);
    }
    return OC_OK;
}

size_t oc__graph_n_weights(const oc__graph *graph) {
    size_t n = 0;
    for (size_t i = 0; i < graph->n_params; i++) n += graph->params[i].count;
    return n;
}

uint64_t oc__graph_n_macs(const oc__graph *graph, uint32_t height, uint32_t width) {
    uint64_t total = 0;
    oc__shape *shapes = oc__alloc_array(graph->context, graph->n_nodes, sizeof *shapes);
    if (shapes && oc__graph_shapes(shapes, graph, 1, height, width, NULL) == OC_OK)
        for (size_t i = 0; i < graph->n_nodes; i++) {
            const oc__node *node = &graph->nodes[i];
            const oc__op *op = oc__op_find(node->op);
            if (op->n_macs) total += op->n_macs(node, &shapes[node->inputs[0]], &shapes[i]);
        }
    oc__free(graph->context, shapes);
    return total;
}
