/* The networks that base models are made of. SPDX-License-Identifier: MIT */
#include "network.h"

#include <math.h>
#include <string.h>

/* A row of inverted residual blocks (Sandler et al. 2018): widen by `expansion`, depthwise 3x3, narrow to `channels`. */
typedef struct stage {
    uint32_t expansion, channels, n, stride;
} stage;

typedef struct network {
    const char *name;
    uint32_t stem;
    stage stages[8];
    uint32_t features;
} network;

static const network networks[] = {
    {"first", 16, {{1, 16, 1, 1}, {4, 24, 2, 2}, {4, 40, 3, 2}, {4, 80, 3, 2}, {4, 112, 2, 1}, {4, 160, 2, 2}}, 640},
};

static oc_status conv_norm(uint32_t *node, oc__graph *graph, uint32_t channels, uint32_t kernel, uint32_t stride,
                           uint32_t groups, bool relu, oc_error *err) {
    oc_status status = oc__graph_conv(node, graph, *node, channels, kernel, stride, groups, false, err);
    return status ? status : oc__graph_batch_norm(node, graph, *node, relu ? 0 : -INFINITY, INFINITY, err);
}

static oc_status block(uint32_t *node, uint32_t *channels, oc__graph *graph, const stage *s, uint32_t stride, oc_error *err) {
    uint32_t input = *node, wide = *channels * s->expansion;
    oc_status status = OC_OK;
    if (s->expansion > 1) status = conv_norm(node, graph, wide, 1, 1, 1, true, err);
    if (!status) status = conv_norm(node, graph, wide, 3, stride, wide, true, err);
    if (!status) status = conv_norm(node, graph, s->channels, 1, 1, 1, false, err);
    if (!status && stride == 1 && *channels == s->channels) status = oc__graph_add(node, graph, input, *node, err);
    *channels = s->channels;
    return status;
}

static oc_status build(oc__graph *graph, const network *net, oc_error *err) {
    uint32_t node, channels = net->stem, reached = 2, at_stride[6] = {0};
    oc_status status = oc__graph_input(&node, graph, 3, err);
    if (!status) status = conv_norm(&node, graph, net->stem, 3, 2, 1, true, err);
    for (const stage *s = net->stages; s->n && !status; s++) {
        for (uint32_t i = 0; i < s->n && !status; i++) status = block(&node, &channels, graph, s, i ? 1 : s->stride, err);
        reached *= s->stride;
        for (uint32_t k = 3; k <= 5; k++)
            if (reached == 1u << k) at_stride[k] = node;
    }
    if (!status) status = conv_norm(&node, graph, net->features, 1, 1, 1, true, err);
    if (!status) status = oc__graph_global_pool(&node, graph, node, err);
    graph->n_outputs = 4;
    graph->outputs[OUTPUT_FEATURES] = node;
    for (uint32_t k = 3; k <= 5; k++) graph->outputs[k - 2] = at_stride[k];
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
