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

static uint32_t sliced(const uint32_t *slice, uint32_t side) {
    uint32_t end = slice[1] < side ? slice[1] : side;
    return slice[0] < end && slice[2] ? (end - slice[0] - 1) / slice[2] + 1 : 0;
}

/* The channels of a node while the graph is being built, or 0 if they depend on the picture's size. */
static uint32_t channels_of(const oc__graph *graph, uint32_t node) {
    const oc__node *n = &graph->nodes[node];
    uint32_t total = 0, before = n->n_inputs && n->op != OC__OP_CONCAT ? channels_of(graph, n->inputs[0]) : 0;
    switch (n->op) {
    case OC__OP_INPUT:
    case OC__OP_CONV:
    case OC__OP_CONV_TRANSPOSED: return n->channels;
    case OC__OP_CONCAT:
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            uint32_t channels = channels_of(graph, n->inputs[i]);
            if (channels == 0) return 0;
            total += channels;
        }
        return total;
    case OC__OP_PAD: return before ? before + n->sizes[4] + n->sizes[5] : 0;
    case OC__OP_RESHAPE: return n->sizes[2] == OC__REST ? 0 : n->sizes[2] ? n->sizes[2] : before;
    case OC__OP_TRANSPOSE: return n->sizes[2] == 2 ? before : 0;
    case OC__OP_SLICE: return before ? sliced(n->sizes + 6, before) : 0;
    default: return before;
    }
}

static oc_status known_channels(uint32_t *channels, const oc__graph *graph, uint32_t input, oc_error *err) {
    *channels = channels_of(graph, input);
    if (*channels == 0)
        return oc__fail(err, OC_E_ARGUMENT, "graph: how many channels node %u has depends on the picture's size", input);
    return OC_OK;
}

/* A node of one input. */
static oc__node unary(uint32_t op, uint32_t input) {
    oc__node node = new_node(op, 1);
    node.inputs[0] = input;
    return node;
}

static oc_status add_unary(uint32_t *out, oc__graph *graph, uint32_t op, uint32_t input, oc_error *err) {
    oc__node node = unary(op, input);
    return oc__graph_add_node(out, graph, &node, err);
}

static oc_status add_binary(uint32_t *out, oc__graph *graph, uint32_t op, uint32_t a, uint32_t b, oc_error *err) {
    oc__node node = new_node(op, 2);
    node.inputs[0] = a;
    node.inputs[1] = b;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_input(uint32_t *out, oc__graph *graph, uint32_t channels, oc_error *err) {
    oc__node node = new_node(OC__OP_INPUT, 0);
    node.channels = channels;
    return oc__graph_add_node(out, graph, &node, err);
}

/* Weights of `filters` filters and `depth` channels, and a bias if there is to be one. */
static oc_status add_filters(uint32_t *out, oc__graph *graph, oc__node *node, uint32_t filters, uint32_t depth, bool bias,
                             oc_error *err) {
    const uint32_t dimensions[4] = {filters, node->window.kernel_height, node->window.kernel_width, depth};
    node->n_params = bias ? 2 : 1;
    oc_status status = oc__graph_add_param(&node->params[0], graph, 4, dimensions, err);
    if (!status && bias) status = oc__graph_add_param(&node->params[1], graph, 1, &node->channels, err);
    return status ? status : oc__graph_add_node(out, graph, node, err);
}

oc_status oc__graph_conv(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, uint32_t kernel, uint32_t stride,
                         uint32_t groups, bool bias, oc_error *err) {
    oc__node node = unary(OC__OP_CONV, input);
    uint32_t pad = (kernel - 1) / 2, before;
    oc_status status = known_channels(&before, graph, input, err);
    node.channels = channels;
    node.groups = groups;
    node.window = (oc__window){kernel, kernel, stride, 1, pad, pad, pad, pad};
    return status ? status : add_filters(out, graph, &node, channels, before / groups, bias, err);
}

oc_status oc__graph_conv_transposed(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, uint32_t kernel,
                                    uint32_t stride, uint32_t groups, bool bias, oc_error *err) {
    oc__node node = unary(OC__OP_CONV_TRANSPOSED, input);
    uint32_t over = kernel > stride ? kernel - stride : 0, first = (over + 1) / 2, before;
    oc_status status = known_channels(&before, graph, input, err);
    node.channels = channels;
    node.groups = groups;
    node.window = (oc__window){kernel, kernel, stride, 1, first, first, over - first, over - first};
    node.sizes[0] = node.sizes[1] = stride > kernel ? stride - kernel : 0;
    return status ? status : add_filters(out, graph, &node, before, channels / groups, bias, err);
}

oc_status oc__graph_linear(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, oc_error *err) {
    return oc__graph_conv(out, graph, input, channels, 1, 1, 1, true, err);
}

oc_status oc__graph_batch_norm(uint32_t *out, oc__graph *graph, uint32_t input, float low, float high, oc_error *err) {
    oc__node node = unary(OC__OP_BATCH_NORM, input);
    uint32_t channels;
    oc_status status = known_channels(&channels, graph, input, err);
    node.low = low;
    node.high = high;
    node.epsilon = 1e-3f;
    node.n_params = 4;
    for (int i = 0; i < 4 && !status; i++) status = oc__graph_add_param(&node.params[i], graph, 1, &channels, err);
    return status ? status : oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_activation(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t function, float alpha, float beta,
                               oc_error *err) {
    oc__node node = unary(OC__OP_ACTIVATION, input);
    node.function = (oc__function){function, alpha, beta};
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_clamp(uint32_t *out, oc__graph *graph, uint32_t input, float low, float high, oc_error *err) {
    oc__node node = unary(OC__OP_ACTIVATION, input);
    node.low = low;
    node.high = high;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_add(uint32_t *out, oc__graph *graph, uint32_t a, uint32_t b, oc_error *err) {
    return add_binary(out, graph, OC__OP_ADD, a, b, err);
}

oc_status oc__graph_multiply(uint32_t *out, oc__graph *graph, uint32_t a, uint32_t b, oc_error *err) {
    return add_binary(out, graph, OC__OP_MULTIPLY, a, b, err);
}

oc_status oc__graph_concat(uint32_t *out, oc__graph *graph, const uint32_t *inputs, uint32_t n, oc_error *err) {
    oc__node node = new_node(OC__OP_CONCAT, n);
    if (n > OC__MAX_INPUTS) return oc__fail(err, OC_E_LIMIT, "graph: concat of %u inputs, at most %d", n, OC__MAX_INPUTS);
    memcpy(node.inputs, inputs, n * sizeof *inputs);
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_pool(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t op, uint32_t kernel, uint32_t stride,
                         uint32_t pad, uint32_t mode, oc_error *err) {
    oc__node node = unary(op, input);
    node.window = (oc__window){kernel, kernel, stride, 1, pad, pad, pad, pad};
    node.mode = mode;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_global_pool(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err) {
    return add_unary(out, graph, OC__OP_GLOBAL_POOL, input, err);
}

oc_status oc__graph_global_max_pool(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err) {
    return add_unary(out, graph, OC__OP_GLOBAL_MAX_POOL, input, err);
}

oc_status oc__graph_resize(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t numerator, uint32_t denominator,
                           uint32_t mode, oc_error *err) {
    oc__node node = unary(OC__OP_RESIZE, input);
    node.mode = mode;
    node.sizes[0] = node.sizes[2] = numerator;
    node.sizes[1] = node.sizes[3] = denominator;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_pad(uint32_t *out, oc__graph *graph, uint32_t input, const uint32_t sizes[6], uint32_t mode, float constant,
                        oc_error *err) {
    oc__node node = unary(OC__OP_PAD, input);
    node.mode = mode;
    node.function.alpha = constant;
    memcpy(node.sizes, sizes, 6 * sizeof *sizes);
    return oc__graph_add_node(out, graph, &node, err);
}

static oc_status add_sized(uint32_t *out, oc__graph *graph, uint32_t op, uint32_t input, uint32_t a, uint32_t b, uint32_t c,
                           oc_error *err) {
    oc__node node = unary(op, input);
    node.sizes[0] = a;
    node.sizes[1] = b;
    node.sizes[2] = c;
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_reshape(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t height, uint32_t width, uint32_t channels,
                            oc_error *err) {
    return add_sized(out, graph, OC__OP_RESHAPE, input, height, width, channels, err);
}

oc_status oc__graph_flatten(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err) {
    return oc__graph_reshape(out, graph, input, 1, 1, OC__REST, err);
}

oc_status oc__graph_transpose(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t height_from, uint32_t width_from,
                              uint32_t channels_from, oc_error *err) {
    return add_sized(out, graph, OC__OP_TRANSPOSE, input, height_from, width_from, channels_from, err);
}

oc_status oc__graph_slice(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t axis, uint32_t begin, uint32_t end,
                          uint32_t step, oc_error *err) {
    oc__node node = unary(OC__OP_SLICE, input);
    if (axis > 2) return oc__fail(err, OC_E_ARGUMENT, "graph: axis %u of a slice, at most 2", axis);
    for (uint32_t i = 0; i < 3; i++) {
        node.sizes[3 * i] = i == axis ? begin : 0;
        node.sizes[3 * i + 1] = i == axis ? end : OC__REST;
        node.sizes[3 * i + 2] = i == axis ? step : 1;
    }
    return oc__graph_add_node(out, graph, &node, err);
}

oc_status oc__graph_softmax(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err) {
    return add_unary(out, graph, OC__OP_SOFTMAX, input, err);
}

oc_status oc__graph_channel_shuffle(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t groups, oc_error *err) {
    oc__node node = unary(OC__OP_CHANNEL_SHUFFLE, input);
    node.groups = groups;
    return oc__graph_add_node(out, graph, &node, err);
}

static void fill(oc__param *param, float value) {
    for (size_t i = 0; i < param->count; i++) param->values[i] = value;
}

/* Products in the sum that makes an output. */
static double fan_in(const oc__node *node, const oc__param *weights) {
    double taps = (double)node->window.kernel_height * node->window.kernel_width, stride = node->window.stride;
    if (node->op == OC__OP_CONV) return taps * weights->dimensions[3];
    return taps / (stride * stride) * weights->dimensions[0] / node->groups;
}

void oc__graph_initialise(oc__graph *graph, uint64_t seed) {
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        if (node->op == OC__OP_CONV || node->op == OC__OP_CONV_TRANSPOSED) {
            oc__param *weights = &graph->params[node->params[0]];
            oc__random random;
            oc__random_seed(&random, seed, i);
            double deviation = sqrt(2.0 / fan_in(node, weights));
            for (size_t j = 0; j < weights->count; j++) weights->values[j] = (float)(deviation * oc__random_normal(&random));
            if (node->n_params > 1) fill(&graph->params[node->params[1]], 0);
        } else if (node->op == OC__OP_BATCH_NORM) {
            for (int j = 0; j < 4; j++) fill(&graph->params[node->params[j]], j == 0 || j == 3 ? 1.0f : 0.0f);
        }
    }
}
