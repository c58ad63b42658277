/* Folding a graph for inference. SPDX-License-Identifier: MIT */
#include "simplify.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "op.h"

/* Its output is neither clamped nor put through a function. */
static bool plain(const oc__node *node) {
    return node->low == -INFINITY && node->high == INFINITY && node->function.code == OC__FUNCTION_NONE;
}

/* How many nodes and outputs read each node. */
static void count_readers(uint32_t *readers, const oc__graph *graph) {
    memset(readers, 0, graph->n_nodes * sizeof *readers);
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) readers[graph->nodes[i].inputs[j]]++;
    for (uint32_t i = 0; i < graph->n_outputs; i++) readers[graph->outputs[i]]++;
}

/* Multiplies a convolution's filters by the batch norm's scale and gives it the shift as its bias. */
static oc_status fold_batch_norm(oc__graph *graph, oc__node *conv, const oc__node *norm, oc_error *err) {
    if (conv->n_params == 1) {
        oc_status status = oc__graph_add_param(&conv->params[1], graph, 1, &conv->channels, err);
        if (status) return status;
        conv->n_params = 2;
    }
    oc__param *weights = &graph->params[conv->params[0]], *bias = &graph->params[conv->params[1]];
    const float *scale = graph->params[norm->params[0]].values, *shift = graph->params[norm->params[1]].values;
    const float *mean = graph->params[norm->params[2]].values, *variance = graph->params[norm->params[3]].values;
    size_t filter = weights->count / conv->channels;
    for (uint32_t c = 0; c < conv->channels; c++) {
        float factor = scale[c] / sqrtf(variance[c] + norm->epsilon);
        for (size_t k = 0; k < filter; k++) weights->values[c * filter + k] *= factor;
        bias->values[c] = (bias->values[c] - mean[c]) * factor + shift[c];
    }
    conv->low = norm->low;
    conv->high = norm->high;
    return OC_OK;
}

/* A convolution that an addition may be joined to: dense or grouped, not yet finished or joined, read by the addition alone. */
static bool joinable(const oc__node *node, uint32_t readers) {
    return node->op == OC__OP_CONV && node->n_inputs == 1 && readers == 1 && plain(node) && node->groups != node->channels;
}

/* An activation can be folded into what comes before it: whose value nobody else reads. */
static bool takes_activation(const oc__node *before, const oc__node *activation) {
    if (!plain(before) || before->op == OC__OP_INPUT) return false;
    return oc__op_find(before->op)->finishes || activation->function.code == OC__FUNCTION_NONE;
}

/* Copies node by node, leaving out what is folded away. map[i] is where old node i's value now comes from;
 * new_readers[j] how many read new node j. */
oc_status oc__graph_simplify(oc__graph *out, uint32_t *sources, const oc__graph *graph, oc_error *err) {
    oc__graph result = {0};
    oc_status status = oc__graph_copy(&result, graph, err);
    if (status) return status;
    result.n_nodes = 0;
    size_t n = graph->n_nodes;
    uint32_t *map = oc__alloc_array(graph->context, n, sizeof *map),
             *readers = oc__alloc_array(graph->context, n, sizeof *readers);
    uint32_t *readers_now = oc__alloc_array(graph->context, n, sizeof *readers_now);
    if (!map || !readers || !readers_now) {
        status = oc__fail_nomem(err, graph->context, 3 * n * sizeof *map, "network");
        goto done;
    }
    count_readers(readers, graph);
    for (uint32_t i = 0; i < n && !status; i++) {
        oc__node node = graph->nodes[i];
        for (uint32_t j = 0; j < node.n_inputs; j++) node.inputs[j] = map[node.inputs[j]];
        if (node.op == OC__OP_BATCH_NORM) {
            oc__node *conv = &result.nodes[node.inputs[0]];
            if (conv->op == OC__OP_CONV && conv->n_inputs == 1 && readers_now[node.inputs[0]] == 1 && plain(conv)) {
                map[i] = node.inputs[0];
                readers_now[map[i]] = readers[i];
                status = fold_batch_norm(&result, conv, &node, err);
                continue;
            }
        }
        if (node.op == OC__OP_ACTIVATION && readers_now[node.inputs[0]] == 1 &&
            takes_activation(&result.nodes[node.inputs[0]], &node)) {
            oc__node *before = &result.nodes[node.inputs[0]];
            if (node.function.code) before->function = node.function;
            before->low = node.low;
            before->high = node.high;
            map[i] = node.inputs[0];
            readers_now[map[i]] = readers[i];
            continue;
        }
        if (node.op == OC__OP_ADD && node.mode == 0) {
            uint32_t late = node.inputs[0] > node.inputs[1] ? node.inputs[0] : node.inputs[1];
            uint32_t early = node.inputs[0] + node.inputs[1] - late;
            oc__node *conv = &result.nodes[late];
            if (late != early && joinable(conv, readers_now[late])) {
                conv->inputs[1] = early;
                conv->n_inputs = 2;
                conv->low = node.low;
                conv->high = node.high;
                map[i] = late;
                readers_now[late] = readers[i];
                continue;
            }
        }
        status = oc__graph_add_node(&map[i], &result, &node, err);
        if (!status) readers_now[map[i]] = readers[i];
    }
    for (uint32_t i = 0; i < result.n_outputs && !status; i++) result.outputs[i] = map[graph->outputs[i]];
    for (uint32_t i = 0; i < n && sources && !status; i++) sources[map[i]] = i;
done:
    oc__free(graph->context, map);
    oc__free(graph->context, readers);
    oc__free(graph->context, readers_now);
    if (status)
        oc__graph_free(&result);
    else
        *out = result;
    return status;
}
