/* Turning a graph into one that computes on bytes. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "quantise.h"
#include "memory.h"

#define LARGEST_RATIO 0x1p20f /* of two scales that meet in one sum: keeps it below 2^31 */

bool oc__quant_of(oc__quant *out, oc__range range) {
    double low = range.low < 0 ? range.low : 0, high = range.high > 0 ? range.high : 0;
    if (!isfinite(range.low) || !isfinite(range.high) || high - low < 1e-30 || high - low > 1e30) return false;
    double scale = (high - low) / 255;
    *out = (oc__quant){(float)scale, (int32_t)lrint(-low / scale)};
    return true;
}

int32_t oc__quant_byte(const oc__quant *quant, float value) {
    double byte = (double)value / (double)quant->scale + quant->zero;
    return byte < 0 ? 0 : byte > 255 ? 255 : (int32_t)lrint(byte);
}

double oc__int8_weight_scale(const float *weights, size_t n, float bias, float in_scale) {
    float largest = 0;
    for (size_t i = 0; i < n; i++) largest = fabsf(weights[i]) > largest ? fabsf(weights[i]) : largest;
    double by_weights = (double)largest / 127, by_bias = fabs((double)bias) / ((double)in_scale * 0x1p28);
    double scale = by_weights > by_bias ? by_weights : by_bias;
    return scale > 0 ? scale : 1;
}

#define NONE 0xFFFFFFFFu

/* What is known of the old graph's nodes, and where their values are in the new one. */
typedef struct quantiser {
    const oc__graph *graph;
    oc__shape *shapes;
    oc__quant *quants;              /* of outputs as bytes; scale 0: not known */
    bool *able, *read_as_bytes;     /* computes on bytes; some node reads its output as bytes */
    uint32_t *as_bytes, *as_floats; /* nodes of the new graph, or NONE */
    bool pad_input;                 /* 3 channels become 4, so that four bytes are a pixel */
    oc__graph result;               /* nodes alone */
    oc__quant *result_quants;
    size_t result_capacity;
} quantiser;

static void free_quantiser(quantiser *q) {
    oc_context *context = q->graph->context;
    oc__free(context, q->shapes);
    oc__free(context, q->quants);
    oc__free(context, q->able);
    oc__free(context, q->read_as_bytes);
    oc__free(context, q->as_bytes);
    oc__free(context, q->as_floats);
    oc__free(context, q->result_quants);
    oc__graph_free(&q->result);
}

static oc_status begin(quantiser *q, const oc__graph *graph, const uint32_t *sources, const oc__range *ranges, uint32_t height,
                       uint32_t width, oc_error *err) {
    oc_context *context = graph->context;
    size_t n = graph->n_nodes;
    *q = (quantiser){.graph = graph, .result = {.context = context}};
    q->shapes = oc__alloc_array(context, n, sizeof *q->shapes);
    q->quants = oc__alloc_zero(context, n * sizeof *q->quants);
    q->able = oc__alloc_zero(context, n * sizeof *q->able);
    q->read_as_bytes = oc__alloc_zero(context, n * sizeof *q->read_as_bytes);
    q->as_bytes = oc__alloc_array(context, n, sizeof *q->as_bytes);
    q->as_floats = oc__alloc_array(context, n, sizeof *q->as_floats);
    if (!q->shapes || !q->quants || !q->able || !q->read_as_bytes || !q->as_bytes || !q->as_floats)
        return oc__fail_nomem(err, context, n * sizeof *q->shapes, "network");
    for (size_t i = 0; i < n; i++) {
        const oc__node *node = &graph->nodes[i];
        q->as_bytes[i] = q->as_floats[i] = NONE;
        if (node->op == OC__OP_MAX_POOL) q->quants[i] = q->quants[node->inputs[0]];
        else oc__quant_of(&q->quants[i], ranges[sources[i]]);
    }
    return oc__graph_shapes(q->shapes, graph, 1, height, width, err);
}

static bool is_depthwise(const quantiser *q, const oc__node *node) {
    const oc__window *w = &node->window;
    return node->groups > 1 && node->groups == node->channels && node->groups == q->shapes[node->inputs[0]].c &&
           node->n_inputs == 1 && w->dilation == 1 && w->stride <= 2 && w->kernel_height <= OC__INT8_MAX_KERNEL &&
           w->kernel_width <= OC__INT8_MAX_KERNEL;
}

/* Sums fit 32 bits, and no step of a sum is larger than one of the output. */
static bool filters_fit(const quantiser *q, const oc__node *node, const oc__quant *out) {
    const oc__param *weights = &q->graph->params[node->params[0]];
    const float *bias = node->n_params > 1 ? q->graph->params[node->params[1]].values : NULL;
    size_t n = weights->count / node->channels;
    float in_scale = q->quants[node->inputs[0]].scale;
    if (n > OC__INT8_MAX_DEPTH) return false;
    for (size_t c = 0; c < node->channels; c++) {
        double step = oc__int8_weight_scale(weights->values + c * n, n, bias ? bias[c] : 0, in_scale) * (double)in_scale;
        if (step > (out ? (double)out->scale : 1e30)) return false;
    }
    return true;
}

static bool conv_able(const quantiser *q, const oc__node *node, const oc__quant *out) {
    uint32_t depth = q->shapes[node->inputs[0]].c / node->groups, columns = node->channels / node->groups;
    if (!is_depthwise(q, node) && node->groups > 1 && (depth < 4 || columns < 8)) return false; /* float32 is no slower */
    if (node->n_inputs > 1 && q->quants[node->inputs[1]].scale > LARGEST_RATIO * (out ? out->scale : 1)) return false;
    return filters_fit(q, node, out);
}

/* Whether node i can compute on bytes, giving floats if nobody wants bytes and its operator can. */
static bool node_able(const quantiser *q, size_t i) {
    const oc__node *node = &q->graph->nodes[i];
    const oc__quant *out = &q->quants[i];
    if (node->function.code != OC__FUNCTION_NONE || node->mode != 0) return false;
    for (uint32_t j = 0; j < node->n_inputs; j++)
        if (q->quants[node->inputs[j]].scale <= 0) return false;
    if ((node->op == OC__OP_CONV && !is_depthwise(q, node)) || node->op == OC__OP_GLOBAL_POOL) {
        if (!q->read_as_bytes[i]) out = NULL;
    }
    if (out && out->scale <= 0) return false;
    if (node->op == OC__OP_CONV) return conv_able(q, node, out);
    if (node->op == OC__OP_MAX_POOL) return true; /* its bytes are its input's */
    if (node->op != OC__OP_ADD && node->op != OC__OP_GLOBAL_POOL && node->op != OC__OP_CONCAT) return false;
    for (uint32_t j = 0; j < node->n_inputs && out; j++)
        if (q->quants[node->inputs[j]].scale > LARGEST_RATIO * out->scale) return false;
    return true;
}

/* From the last node to the first, since what a node gives depends on who reads it. */
static void find_able(quantiser *q) {
    const oc__graph *graph = q->graph;
    for (size_t i = graph->n_nodes; i-- > 1;) {
        if (!(q->able[i] = node_able(q, i))) continue;
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) q->read_as_bytes[graph->nodes[i].inputs[j]] = true;
    }
    q->pad_input = q->read_as_bytes[0] && q->shapes[0].c == 3;
    for (size_t i = 1; i < graph->n_nodes; i++)
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs && q->able[i]; j++)
            if (graph->nodes[i].inputs[j] == 0 && (graph->nodes[i].op != OC__OP_CONV || graph->nodes[i].groups > 1 || j > 0))
                q->pad_input = false;
}

static oc_status add_node(uint32_t *out, quantiser *q, const oc__node *node, oc__quant quant, oc_error *err) {
    oc_status status = oc__graph_add_node(out, &q->result, node, err);
    if (!status)
        status = oc__reserve(&q->result_quants, &q->result_capacity, *out, sizeof quant, q->graph->context, err);
    if (!status) q->result_quants[*out] = quant;
    return status;
}

static oc_status convert(uint32_t *out, quantiser *q, uint32_t op, uint32_t input, uint32_t channels, oc__quant quant,
                         oc_error *err) {
    oc__node node = {.op = op, .n_inputs = 1, .inputs = {input}, .low = -INFINITY, .high = INFINITY, .channels = channels};
    return add_node(out, q, &node, quant, err);
}

/* Where old node i's value is in the wanted form, which is made if it is not there. */
static oc_status value_of(uint32_t *out, quantiser *q, uint32_t i, bool bytes, oc_error *err) {
    oc_status status = OC_OK;
    if (bytes && q->as_bytes[i] == NONE)
        status = convert(&q->as_bytes[i], q, OC__OP_INT8_QUANTISE, q->as_floats[i],
                         i == 0 && q->pad_input ? 4 : q->shapes[i].c, q->quants[i], err);
    else if (!bytes && q->as_floats[i] == NONE)
        status = convert(&q->as_floats[i], q, OC__OP_INT8_DEQUANTISE, q->as_bytes[i], q->shapes[i].c, (oc__quant){0, 0}, err);
    *out = bytes ? q->as_bytes[i] : q->as_floats[i];
    return status;
}

/* Weights for a fourth channel that is always 0. */
static oc_status pad_weights(oc__param *param, oc_context *context, oc_error *err) {
    size_t n_pixels = param->count / 3;
    float *values = oc__alloc_zero(context, n_pixels * 4 * sizeof *values);
    if (!values) return oc__fail_nomem(err, context, n_pixels * 4 * sizeof *values, "weights");
    for (size_t p = 0; p < n_pixels; p++) memcpy(values + 4 * p, param->values + 3 * p, 3 * sizeof *values);
    oc__free(context, param->values);
    param->values = values;
    param->count = n_pixels * 4;
    param->dimensions[3] = 4;
    return OC_OK;
}

static uint32_t int8_op(const quantiser *q, const oc__node *node) {
    switch (node->op) {
    case OC__OP_CONV: return is_depthwise(q, node) ? OC__OP_INT8_DEPTHWISE : OC__OP_INT8_CONV;
    case OC__OP_ADD: return OC__OP_INT8_ADD;
    case OC__OP_MAX_POOL: return OC__OP_INT8_MAX_POOL;
    case OC__OP_GLOBAL_POOL: return OC__OP_INT8_GLOBAL_POOL;
    default: return OC__OP_INT8_CONCAT;
    }
}

static oc_status place_node(quantiser *q, uint32_t i, oc_error *err) {
    oc__node node = q->graph->nodes[i];
    oc_status status = OC_OK;
    for (uint32_t j = 0; j < node.n_inputs && !status; j++)
        status = value_of(&node.inputs[j], q, q->graph->nodes[i].inputs[j], q->able[i], err);
    if (status) return status;
    if (!q->able[i]) return add_node(&q->as_floats[i], q, &node, (oc__quant){0, 0}, err);
    node.op = int8_op(q, &q->graph->nodes[i]);
    if (q->pad_input && q->graph->nodes[i].op == OC__OP_CONV && q->graph->nodes[i].inputs[0] == 0)
        status = pad_weights(&q->graph->params[node.params[0]], q->graph->context, err);
    if (status) return status;
    bool floats = !q->read_as_bytes[i] && (node.op == OC__OP_INT8_CONV || node.op == OC__OP_INT8_GLOBAL_POOL);
    return floats ? add_node(&q->as_floats[i], q, &node, (oc__quant){0, 0}, err)
                  : add_node(&q->as_bytes[i], q, &node, q->quants[i], err);
}

oc_status oc__graph_quantise(oc__graph *graph, oc__quant **quants, const uint32_t *sources, const oc__range *ranges,
                             uint32_t height, uint32_t width, oc_error *err) {
    quantiser q;
    uint32_t outputs[OC__MAX_OUTPUTS];
    oc_status status = begin(&q, graph, sources, ranges, height, width, err);
    if (!status) {
        find_able(&q);
        status = add_node(&q.as_floats[0], &q, &graph->nodes[0], (oc__quant){0, 0}, err);
    }
    for (uint32_t i = 1; i < graph->n_nodes && !status; i++) status = place_node(&q, i, err);
    for (uint32_t i = 0; i < graph->n_outputs && !status; i++)
        status = value_of(&outputs[i], &q, graph->outputs[i], false, err);
    if (!status) {
        oc__node *old = graph->nodes;
        graph->nodes = q.result.nodes;
        graph->n_nodes = q.result.n_nodes;
        graph->node_capacity = q.result.node_capacity;
        memcpy(graph->outputs, outputs, graph->n_outputs * sizeof *outputs);
        *quants = q.result_quants;
        q.result = (oc__graph){.context = graph->context, .nodes = old};
        q.result_quants = NULL;
    }
    free_quantiser(&q);
    return status;
}
