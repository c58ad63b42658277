/* Well-known networks to measure the engine on. SPDX-License-Identifier: MIT */
#include "networks.h"

#include <math.h>
#include <string.h>

#include "network.h"

/* The graph under construction and the node that was added last. The first fault sticks. */
typedef struct builder {
    oc__graph *graph;
    uint32_t node, channels;
    oc_status status;
    oc_error *err;
} builder;

static void conv(builder *b, uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t groups, float low, float high) {
    if (!b->status) b->status = oc__graph_conv(&b->node, b->graph, b->node, channels, kernel, stride, groups, false, b->err);
    if (!b->status) b->status = oc__graph_batch_norm(&b->node, b->graph, b->node, low, high, b->err);
    b->channels = channels;
}

static void add(builder *b, uint32_t other, float low, float high) {
    if (!b->status) b->status = oc__graph_add(&b->node, b->graph, other, b->node, b->err);
    if (b->status) return;
    b->graph->nodes[b->node].low = low;
    b->graph->nodes[b->node].high = high;
}

static void classify(builder *b) {
    if (!b->status) b->status = oc__graph_global_pool(&b->node, b->graph, b->node, b->err);
    if (!b->status) b->status = oc__graph_conv(&b->node, b->graph, b->node, 1000, 1, 1, 1, true, b->err);
}

static void mobilenetv2(builder *b) {
    static const struct {
        uint32_t expansion, channels, n, stride;
    } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
    conv(b, 32, 3, 2, 1, 0, 6);
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        for (uint32_t i = 0; i < stages[s].n; i++) {
            uint32_t input = b->node, narrow = b->channels, wide = narrow * stages[s].expansion,
                     stride = i ? 1 : stages[s].stride;
            if (stages[s].expansion > 1) conv(b, wide, 1, 1, 1, 0, 6);
            conv(b, wide, 3, stride, wide, 0, 6);
            conv(b, stages[s].channels, 1, 1, 1, -INFINITY, INFINITY);
            if (stride == 1 && narrow == stages[s].channels) add(b, input, -INFINITY, INFINITY);
        }
    conv(b, 1280, 1, 1, 1, 0, 6);
    classify(b);
}

static void max_pool(builder *b) {
    oc__node node = {.op = OC__OP_MAX_POOL, .n_inputs = 1, .inputs = {b->node}, .low = -INFINITY, .high = INFINITY, .groups = 1,
                     .window = {3, 3, 2, 1, 1, 1, 1, 1}};
    if (!b->status) b->status = oc__graph_add_node(&b->node, b->graph, &node, b->err);
}

/* Basic blocks of two 3x3 convolutions, or bottlenecks of 1x1, 3x3 and 1x1 that widen fourfold. */
static void resnet(builder *b, const uint32_t blocks[4], bool bottleneck) {
    conv(b, 64, 7, 2, 1, 0, INFINITY);
    max_pool(b);
    for (uint32_t stage = 0; stage < 4; stage++)
        for (uint32_t i = 0; i < blocks[stage]; i++) {
            uint32_t channels = 64u << stage, out = bottleneck ? 4 * channels : channels, stride = i == 0 && stage > 0 ? 2 : 1;
            uint32_t input = b->node, narrow = b->channels;
            if (narrow != out || stride != 1) conv(b, out, 1, stride, 1, -INFINITY, INFINITY);
            uint32_t shortcut = b->node;
            b->node = input;
            if (bottleneck) conv(b, channels, 1, 1, 1, 0, INFINITY);
            conv(b, channels, 3, stride, 1, 0, INFINITY);
            conv(b, out, bottleneck ? 1 : 3, 1, 1, -INFINITY, INFINITY);
            add(b, shortcut, 0, INFINITY);
        }
    classify(b);
}

oc_status bench_network(oc__graph *graph, const char *name, oc_error *err) {
    static const uint32_t of_18[] = {2, 2, 2, 2}, of_50[] = {3, 4, 6, 3};
    builder b = {.graph = graph, .channels = 3, .err = err};
    if (network_build(graph, name, 1, NULL) == OC_OK) { /* the features of a base network */
        graph->n_outputs = 1;
        return oc__graph_check(graph, err);
    }
    b.status = oc__graph_input(&b.node, graph, 3, err);
    if (strcmp(name, "mobilenetv2") == 0) mobilenetv2(&b);
    else if (strcmp(name, "resnet18") == 0) resnet(&b, of_18, false);
    else if (strcmp(name, "resnet50") == 0) resnet(&b, of_50, true);
    else return oc__fail(err, OC_E_NOT_FOUND, "there is no network '%s'", name);
    graph->n_outputs = 1;
    graph->outputs[0] = b.node;
    if (!b.status) oc__graph_initialise(graph, 1);
    return b.status ? b.status : oc__graph_check(graph, err);
}
