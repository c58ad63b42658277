/* The graph. SPDX-License-Identifier: MIT */
#include "graph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "op.h"
#include "random.h"

const oc__op *oc__op_find(uint32_t number) {
    static const oc__op *const ops[OC__N_OPS] = {
        [OC__OP_INPUT] = &oc__op_input,         [OC__OP_CONV] = &oc__op_conv,
        [OC__OP_BATCH_NORM] = &oc__op_batch_norm, [OC__OP_ADD] = &oc__op_add,
        [OC__OP_GLOBAL_POOL] = &oc__op_global_pool, [OC__OP_CONCAT] = &oc__op_concat,
        [OC__OP_MAX_POOL] = &oc__op_max_pool,   [OC__OP_MEAN_POOL] = &oc__op_mean_pool,
    };
    return number < OC__N_OPS ? ops[number] : NULL;
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

/* A node with the defaults of every attribute. */
static oc__node new_node(uint32_t op, uint32_t n_inputs) {
    return (oc__node){.op = op,
                      .n_inputs = n_inputs,
                      .low = -INFINITY,
                      .high = INFINITY,
                      .window = {.kernel_height = 1, .kernel_width = 1, .stride = 1, .dilation = 1},
                      .groups = 1};
}

/* The channels of a node while the graph is being built: those of the nearest node before it that sets them. */
static uint32_t channels_of(const oc__graph *graph, uint32_t node) {
    uint32_t total = 0;
    while (graph->nodes[node].op != OC__OP_INPUT && graph->nodes[node].op != OC__OP_CONV) {
        const oc__node *n = &graph->nodes[node];
        if (n->op == OC__OP_CONCAT) {
            for (uint32_t i = 0; i + 1 < n->n_inputs; i++) total += channels_of(graph, n->inputs[i]);
            node = n->inputs[n->n_inputs - 1];
        } else {
            node = n->inputs[0];
        }
    }
    return total + graph->nodes[node].channels;
}

oc_status oc__graph_input(uint32_t *out, oc__graph *graph, uint32_t channels, oc_error *err) {
    oc__node node = new_node(OC__OP_INPUT, 0);
    node.channels = channels;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_conv(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, uint32_t kernel, uint32_t stride,
                         uint32_t groups, bool bias, oc_error *err) {
    oc__node node = new_node(OC__OP_CONV, 1);
    uint32_t pad = (kernel - 1) / 2, dimensions[4] = {channels, kernel, kernel, channels_of(graph, input) / groups};
    node.inputs[0] = input;
    node.channels = channels;
    node.groups = groups;
    node.window = (oc__window){kernel, kernel, stride, 1, pad, pad, pad, pad};
    node.n_params = bias ? 2 : 1;
    oc_status status = oc__graph_add_param(&node.params[0], graph, 4, dimensions, err);
    if (!status && bias) status = oc__graph_add_param(&node.params[1], graph, 1, dimensions, err);
    return status ? status : oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_batch_norm(uint32_t *out, oc__graph *graph, uint32_t input, float low, float high, oc_error *err) {
    oc__node node = new_node(OC__OP_BATCH_NORM, 1);
    uint32_t channels = channels_of(graph, input);
    oc_status status = OC_OK;
    node.inputs[0] = input;
    node.low = low;
    node.high = high;
    node.epsilon = 1e-3f;
    node.n_params = 4;
    for (int i = 0; i < 4 && !status; i++) status = oc__graph_add_param(&node.params[i], graph, 1, &channels, err);
    return status ? status : oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_add(uint32_t *out, oc__graph *graph, uint32_t a, uint32_t b, oc_error *err) {
    oc__node node = new_node(OC__OP_ADD, 2);
    node.inputs[0] = a;
    node.inputs[1] = b;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_global_pool(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err) {
    oc__node node = new_node(OC__OP_GLOBAL_POOL, 1);
    node.inputs[0] = input;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_concat(uint32_t *out, oc__graph *graph, const uint32_t *inputs, uint32_t n, oc_error *err) {
    oc__node node = new_node(OC__OP_CONCAT, n);
    if (n > OC__MAX_INPUTS) return oc__fail(err, OC_E_LIMIT, "graph: concat of %u inputs, at most %d", n, OC__MAX_INPUTS);
    memcpy(node.inputs, inputs, n * sizeof *inputs);
    return oc__graph_add_node(out, graph, &node, err);
}

static void fill(oc__param *param, float value) {
    for (size_t i = 0; i < param->count; i++) param->values[i] = value;
}

void oc__graph_initialise(oc__graph *graph, uint64_t seed) {
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        if (node->op == OC__OP_CONV) {
            oc__param *weights = &graph->params[node->params[0]];
            oc__random random;
            oc__random_seed(&random, seed, i);
            double deviation = sqrt(2.0 * weights->dimensions[0] / (double)weights->count);
            for (size_t j = 0; j < weights->count; j++) weights->values[j] = (float)(deviation * oc__random_normal(&random));
            if (node->n_params > 1) fill(&graph->params[node->params[1]], 0);
        } else if (node->op == OC__OP_BATCH_NORM) {
            for (int j = 0; j < 4; j++) fill(&graph->params[node->params[j]], j == 0 || j == 3 ? 1.0f : 0.0f);
        }
    }
}

/* What can be checked without shapes. */
static oc_status check_node(const oc__graph *graph, size_t index, oc_error *err) {
    const oc__node *node = &graph->nodes[index];
    const oc__op *op = oc__op_find(node->op);
    if (!op) return oc__fail(err, OC_E_UNSUPPORTED, "node %zu: operator %u is not known", index, node->op);
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
    return OC_OK;
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
