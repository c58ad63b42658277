/* The networks that base models are made of. SPDX-License-Identifier: MIT */
#include "network.h"

#include <math.h>
#include <string.h>

/* A block of convolutions, each followed by a batch norm:
 *   FUSED     a 3x3 to `wide` channels, a 1x1 to `channels`;
 *   INVERTED  a depthwise `start` x `start` (0: none), a 1x1 to `wide` channels (none if as many come in), a depthwise
 *             `middle` x `middle` (0: none), a 1x1 to `channels`: the universal inverted bottleneck of Qin et al. 2024, of
 *             which the inverted residual of Sandler et al. 2018 is the one that does not start with a depthwise.
 * What is wide is clamped at 0 (ReLU), what is narrow is not. The stride is that of the 3x3, of the middle or, without one, of
 * the start. A block that keeps size and channels adds its input to its output. */
typedef enum kind { FUSED = 1, INVERTED } kind;

typedef struct block {
    kind kind;
    uint32_t start, middle, stride;
    uint32_t n; /* in a row; the first alone has the stride */
    uint32_t wide, channels;
} block;

typedef struct network {
    const char *name;
    uint32_t stem; /* channels of the first 3x3, stride 2 */
    block blocks[24];
    uint32_t features; /* channels of the last 1x1, whose means are the features */
} network;

/* "mobile" is in the manner of MobileNetV2, the others of MobileNetV4: plain convolutions where the picture is large, large
 * depthwise kernels where it is small. They do as much arithmetic with a third of the activations. */
static const network networks[] = {
    {"first", 16,
     {{INVERTED, 0, 3, 1, 1, 16, 16}, {INVERTED, 0, 3, 2, 1, 64, 24}, {INVERTED, 0, 3, 1, 1, 96, 24},
      {INVERTED, 0, 3, 2, 1, 96, 40}, {INVERTED, 0, 3, 1, 2, 160, 40}, {INVERTED, 0, 3, 2, 1, 160, 80},
      {INVERTED, 0, 3, 1, 2, 320, 80}, {INVERTED, 0, 3, 1, 1, 320, 112}, {INVERTED, 0, 3, 1, 1, 448, 112},
      {INVERTED, 0, 3, 2, 1, 448, 160}, {INVERTED, 0, 3, 1, 1, 640, 160}},
     640},
    {"mobile", 24,
     {{INVERTED, 0, 3, 1, 1, 24, 16}, {INVERTED, 0, 3, 2, 1, 96, 16}, {INVERTED, 0, 3, 1, 1, 96, 16},
      {INVERTED, 0, 3, 2, 1, 96, 24}, {INVERTED, 0, 3, 1, 2, 144, 24}, {INVERTED, 0, 3, 2, 1, 144, 40},
      {INVERTED, 0, 3, 1, 3, 240, 40}, {INVERTED, 0, 3, 1, 1, 240, 64}, {INVERTED, 0, 3, 1, 2, 384, 64},
      {INVERTED, 0, 3, 2, 1, 384, 96}, {INVERTED, 0, 3, 1, 2, 576, 96}, {INVERTED, 0, 3, 1, 1, 576, 192}},
     960},
    {"compact", 24,
     {{FUSED, 0, 3, 2, 1, 24, 24}, {FUSED, 0, 3, 2, 1, 72, 48}, {INVERTED, 5, 5, 2, 1, 144, 72},
      {INVERTED, 0, 3, 1, 4, 144, 72}, {INVERTED, 3, 0, 1, 1, 288, 72}, {INVERTED, 3, 3, 2, 1, 432, 112},
      {INVERTED, 5, 5, 1, 1, 448, 112}, {INVERTED, 0, 5, 1, 1, 448, 112}, {INVERTED, 0, 5, 1, 1, 336, 112},
      {INVERTED, 0, 3, 1, 2, 448, 112}},
     800},
    {"wide", 32,
     {{FUSED, 0, 3, 2, 1, 32, 32}, {FUSED, 0, 3, 2, 1, 80, 64}, {INVERTED, 5, 5, 2, 1, 176, 96},
      {INVERTED, 0, 3, 1, 4, 176, 96}, {INVERTED, 3, 0, 1, 1, 320, 96}, {INVERTED, 3, 3, 2, 1, 576, 144},
      {INVERTED, 5, 5, 1, 1, 576, 144}, {INVERTED, 0, 5, 1, 1, 576, 144}, {INVERTED, 0, 5, 1, 1, 432, 144},
      {INVERTED, 0, 3, 1, 2, 576, 144}},
     1024},
    {"standard", 32,
     {{FUSED, 0, 3, 2, 1, 32, 32}, {FUSED, 0, 3, 2, 1, 96, 64}, {INVERTED, 5, 5, 2, 1, 224, 112},
      {INVERTED, 0, 3, 1, 4, 224, 112}, {INVERTED, 3, 0, 1, 1, 448, 112}, {INVERTED, 3, 3, 2, 1, 672, 192},
      {INVERTED, 5, 5, 1, 1, 768, 192}, {INVERTED, 0, 5, 1, 1, 768, 192}, {INVERTED, 0, 5, 1, 1, 576, 192},
      {INVERTED, 0, 3, 1, 3, 768, 192}},
     1280},
};

/* A network under construction: its last node, that node's channels and its stride against the picture. */
typedef struct builder {
    oc__graph *graph;
    uint32_t node, channels, stride;
    oc_error *err;
} builder;

static oc_status conv_norm(builder *b, uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t groups, bool relu) {
    oc_status status = oc__graph_conv(&b->node, b->graph, b->node, channels, kernel, stride, groups, false, b->err);
    if (!status) status = oc__graph_batch_norm(&b->node, b->graph, b->node, relu ? 0 : -INFINITY, INFINITY, b->err);
    b->channels = channels;
    b->stride *= stride;
    return status;
}

static oc_status add_block(builder *b, const block *what, uint32_t stride) {
    uint32_t input = b->node, channels = b->channels;
    oc_status status = OC_OK;
    if (what->kind == FUSED) {
        status = conv_norm(b, what->wide, 3, stride, 1, true);
    } else {
        if (what->start) status = conv_norm(b, channels, what->start, what->middle ? 1 : stride, channels, false);
        if (!status && what->wide != channels) status = conv_norm(b, what->wide, 1, 1, 1, true);
        if (!status && what->middle) status = conv_norm(b, what->wide, what->middle, stride, what->wide, true);
    }
    if (!status) status = conv_norm(b, what->channels, 1, 1, 1, false);
    if (!status && stride == 1 && channels == what->channels)
        status = oc__graph_add(&b->node, b->graph, input, b->node, b->err);
    return status;
}

static oc_status build(oc__graph *graph, const network *net, oc_error *err) {
    builder b = {.graph = graph, .stride = 1, .err = err};
    uint32_t at_stride[33] = {0};
    oc_status status = oc__graph_input(&b.node, graph, 3, err);
    if (!status) status = conv_norm(&b, net->stem, 3, 2, 1, true);
    for (const block *what = net->blocks; what->kind && !status; what++)
        for (uint32_t i = 0; i < what->n && !status; i++) {
            status = add_block(&b, what, i ? 1 : what->stride);
            at_stride[b.stride] = b.node;
        }
    if (!status) status = conv_norm(&b, net->features, 1, 1, 1, true);
    if (!status) status = oc__graph_global_pool(&b.node, graph, b.node, err);
    graph->n_outputs = 4;
    graph->outputs[OUTPUT_FEATURES] = b.node;
    graph->outputs[OUTPUT_STRIDE_8] = at_stride[8];
    graph->outputs[OUTPUT_STRIDE_16] = at_stride[16];
    graph->outputs[OUTPUT_STRIDE_32] = at_stride[32];
    return status;
}

oc_status network_join_levels(oc__graph *graph, oc_error *err) {
    uint32_t parts[4] = {graph->outputs[OUTPUT_FEATURES]};
    oc_status status = OC_OK;
    for (uint32_t i = OUTPUT_STRIDE_8; i <= OUTPUT_STRIDE_32 && !status; i++) {
        status = oc__graph_clamp(&parts[i], graph, graph->outputs[i], 0, INFINITY, err);
        if (!status) status = oc__graph_global_pool(&parts[i], graph, parts[i], err);
    }
    if (!status) status = oc__graph_concat(&graph->outputs[OUTPUT_FEATURES], graph, parts, 4, err);
    return status;
}

oc_status network_build(oc__graph *graph, const char *name, uint64_t seed, oc_error *err) {
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++)
        if (strcmp(networks[i].name, name) == 0) {
            oc_status status = build(graph, &networks[i], err);
            if (!status) oc__graph_initialise(graph, seed);
            return status;
        }
    return oc__fail(err, OC_E_NOT_FOUND, "there is no network '%s'", name);
}
