/* Building networks in code. SPDX-License-Identifier: MIT */
#include "graph.h"

#include <math.h>
#include <string.h>

#include "random.h"

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

oc_status oc__graph_activation(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t function, float alpha, float beta,
                               oc_error *err) {
    oc__node node = new_node(OC__OP_ACTIVATION, 1);
    node.inputs[0] = input;
    node.function = (oc__function){function, alpha, beta};
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
