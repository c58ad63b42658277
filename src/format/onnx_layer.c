/* Layers with weights of ONNX files. SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx_reader.h"

/* Input `index` as a constant of floats, or NULL if it is left out and may be. */
static oc_status constant_input(const oc__onnx_value **out, const oc__onnx_call *call, size_t index, bool optional,
                                oc_error *err) {
    const oc__onnx_value *value = index < call->n_in ? call->in[index] : NULL;
    *out = value;
    if (!value) return optional ? OC_OK : oc__fail(err, OC_E_CORRUPT, "lacks its input %zu", index);
    if (value->kind != OC__ONNX_CONSTANT || !value->floats)
        return oc__fail(err, OC_E_UNSUPPORTED, "its input %zu is not a constant of floats", index);
    return OC_OK;
}

/* The map of input 0 in the standard layout, in *map, which is a copy. */
static oc_status settled_input(oc__onnx_value *map, const oc__onnx_call *call, uint32_t rank, oc_error *err) {
    const oc__onnx_value *value = call->n_in ? call->in[0] : NULL;
    if (!value || value->kind != OC__ONNX_MAP) return oc__fail(err, OC_E_UNSUPPORTED, "its first input is no picture");
    if (rank && value->rank != rank)
        return oc__fail(err, OC_E_UNSUPPORTED, "its first input has %u dimensions, expected %u", value->rank, rank);
    *map = *value;
    return oc__onnx_settle(call->reader, map, err);
}

static oc_status set_bias(oc__onnx_reader *r, oc__node *node, const oc__onnx_value *bias, oc_error *err) {
    if (!bias) return OC_OK;
    if (bias->count != node->channels)
        return oc__fail(err, OC_E_CORRUPT, "its bias has %zu elements, expected %u", bias->count, node->channels);
    oc_status status = oc__onnx_param(&node->params[1], r, 1, &node->channels, err);
    if (status) return status;
    memcpy(r->graph.params[node->params[1]].values, bias->floats, bias->count * sizeof(float));
    node->n_params = 2;
    return OC_OK;
}

/* A constant padding by zeros before it becomes the window's own. */
static uint32_t absorb_padding(oc__window *w, const oc__onnx_reader *r, uint32_t input) {
    const oc__node *pad = &r->graph.nodes[input];
    if (pad->op != OC__OP_PAD || pad->mode != OC__PAD_CONSTANT || pad->function.alpha != 0 || pad->sizes[4] || pad->sizes[5])
        return input;
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation + 1, reach_x = (w->kernel_width - 1) * w->dilation + 1;
    uint32_t top = w->pad_top + pad->sizes[0], left = w->pad_left + pad->sizes[1];
    uint32_t bottom = w->pad_bottom + pad->sizes[2], right = w->pad_right + pad->sizes[3];
    if (top >= reach_y || bottom >= reach_y || left >= reach_x || right >= reach_x) return input;
    w->pad_top = top, w->pad_left = left, w->pad_bottom = bottom, w->pad_right = right;
    return pad->inputs[0];
}

/* A padding as wide as the kernel is laid before it. */
static oc_status separate_padding(oc__window *w, oc__onnx_reader *r, uint32_t *input, oc_error *err) {
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation + 1, reach_x = (w->kernel_width - 1) * w->dilation + 1;
    if (w->pad_top < reach_y && w->pad_bottom < reach_y && w->pad_left < reach_x && w->pad_right < reach_x) return OC_OK;
    oc__node pad = oc__onnx_node(OC__OP_PAD, *input);
    pad.sizes[0] = w->pad_top, pad.sizes[1] = w->pad_left, pad.sizes[2] = w->pad_bottom, pad.sizes[3] = w->pad_right;
    w->pad_top = w->pad_left = w->pad_bottom = w->pad_right = 0;
    return oc__onnx_emit(input, r, &pad, err);
}

oc_status oc__onnx_conv(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *weights, *bias;
    oc__onnx_value map;
    bool ceil = false;
    oc_status status = settled_input(&map, call, 4, err);
    if (!status) status = constant_input(&weights, call, 1, false, err);
    if (!status) status = constant_input(&bias, call, 2, true, err);
    if (status) return status;
    if (weights->rank != 4 || weights->count == 0)
        return oc__fail(err, OC_E_UNSUPPORTED, "its weights have %u dimensions, expected 4", weights->rank);
    oc__node node = oc__onnx_node(OC__OP_CONV, map.node);
    uint32_t channels = weights->dims[0], depth = weights->dims[1], kh = weights->dims[2], kw = weights->dims[3];
    int64_t groups = oc__onnx_int(call->node, "group", 1);
    if (groups < 1 || groups > channels || (uint64_t)groups * depth != r->made[map.node].shape.c)
        return oc__fail(err, OC_E_CORRUPT, "its weights are for %lld groups of %u channels, its input has %u channels",
                        (long long)groups, depth, r->made[map.node].shape.c);
    node.channels = channels;
    node.groups = (uint32_t)groups;
    node.window.kernel_height = kh;
    node.window.kernel_width = kw;
    node.n_params = 1;
    status = oc__onnx_window(&node.window, &ceil, call, &r->made[map.node].shape, err);
    if (status) return status;
    node.inputs[0] = absorb_padding(&node.window, r, map.node);
    status = separate_padding(&node.window, r, &node.inputs[0], err);
    if (!status) status = oc__onnx_param(&node.params[0], r, 4, (uint32_t[]){channels, kh, kw, depth}, err);
    if (status) return status;
    float *to = r->graph.params[node.params[0]].values;
    size_t taps = (size_t)kh * kw;
    for (size_t o = 0; o < channels; o++)
        for (size_t t = 0; t < taps; t++)
            for (size_t c = 0; c < depth; c++) *to++ = weights->floats[(o * depth + c) * taps + t];
    status = set_bias(r, &node, bias, err);
    if (!status) status = oc__onnx_emit(&map.node, r, &node, err);
    if (!status) oc__onnx_map(&call->out[0], r, map.node, 4);
    return status;
}

/* Whether nothing but factors lies between the input and the node: what normalises there is preparation, whose figures must
 * not follow the batches of a training. */
static bool is_prepared_input(const oc__onnx_reader *r, uint32_t node) {
    while (r->made[node].affine) node = r->graph.nodes[node].inputs[0];
    return r->graph.nodes[node].op == OC__OP_INPUT;
}

static oc_status fixed_batch_norm(uint32_t *out, oc__onnx_reader *r, uint32_t input, const oc__onnx_value *const p[4],
                                  float epsilon, oc_error *err) {
    uint32_t channels = r->made[input].shape.c;
    float *factors = oc__alloc_array(r->context, channels, 2 * sizeof *factors);
    if (!factors) return oc__fail_nomem(err, r->context, channels * 2 * sizeof *factors, "ONNX weights");
    for (uint32_t c = 0; c < channels; c++) {
        factors[c] = p[0]->floats[c] / sqrtf(p[3]->floats[c] + epsilon);
        factors[channels + c] = p[1]->floats[c] - p[2]->floats[c] * factors[c];
    }
    oc_status status = oc__onnx_affine(out, r, input, factors, factors + channels, channels, err);
    oc__free(r->context, factors);
    return status;
}

oc_status oc__onnx_batch_norm(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *p[4];
    oc__onnx_value map;
    oc_status status = settled_input(&map, call, 0, err);
    uint32_t out = 0, channels = status ? 0 : r->made[map.node].shape.c;
    float epsilon = oc__onnx_float(call->node, "epsilon", 1e-5f);
    if (!status && !oc__onnx_int(call->node, "spatial", 1))
        status = oc__fail(err, OC_E_UNSUPPORTED, "normalises each pixel by figures of its own (spatial = 0)");
    if (!status && oc__onnx_int(call->node, "training_mode", 0))
        status = oc__fail(err, OC_E_UNSUPPORTED, "normalises by the batch's own figures (training_mode = 1)");
    if (!status && r->opset < 7 && !oc__onnx_int(call->node, "is_test", 0))
        status = oc__fail(err, OC_E_UNSUPPORTED, "normalises by the batch's own figures (is_test = 0)");
    for (size_t i = 0; i < 4 && !status; i++) {
        status = constant_input(&p[i], call, i + 1, false, err);
        if (!status && p[i]->count != channels)
            status = oc__fail(err, OC_E_CORRUPT, "its input %zu has %zu elements, expected %u", i + 1, p[i]->count, channels);
    }
    if (status) return status;
    if (is_prepared_input(r, map.node)) {
        status = fixed_batch_norm(&out, r, map.node, p, epsilon, err);
    } else {
        oc__node node = oc__onnx_node(OC__OP_BATCH_NORM, map.node);
        node.epsilon = epsilon;
        node.n_params = 4;
        for (int i = 0; i < 4 && !status; i++) {
            status = oc__onnx_param(&node.params[i], r, 1, &channels, err);
            if (!status) memcpy(r->graph.params[node.params[i]].values, p[i]->floats, channels * sizeof(float));
        }
        if (!status) status = oc__onnx_emit(&out, r, &node, err);
    }
    if (!status) oc__onnx_map(&call->out[0], r, out, map.rank);
    return status;
}

/* Where each element of a map, in the file's order, lies in the node's output. */
static void places_of(uint32_t *places, const oc__onnx_reader *r, const oc__onnx_value *map, size_t n) {
    const oc__shape *s = &r->made[map->node].shape;
    const size_t steps[3] = {(size_t)s->w * s->c, s->c, 1};
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, place = 0;
        for (uint32_t f = map->n_factors; f-- > 0; rest /= map->factors[f].size)
            place += rest % map->factors[f].size * map->factors[f].step * steps[map->factors[f].axis];
        places[i] = (uint32_t)place;
    }
}

/* A product of a vector with a matrix of depth x columns, whose element (d, n) is matrix[d * row + n * column], as a 1x1
 * convolution of a 1x1 picture. Where the vector was a larger map in the file's order, the weights change places instead of
 * the map's elements. */
static oc_status connect(uint32_t *out, oc__onnx_reader *r, const oc__onnx_value *map, const float *matrix, size_t depth,
                         size_t columns, size_t row, size_t column, float alpha, const oc__onnx_value *bias, float beta,
                         oc_error *err) {
    oc__node flat = oc__onnx_node(OC__OP_RESHAPE, map->node), node = oc__onnx_node(OC__OP_CONV, map->node);
    const oc__shape *s = &r->made[map->node].shape;
    uint32_t *places = NULL;
    oc_status status = OC_OK;
    flat.sizes[0] = flat.sizes[1] = 1;
    flat.sizes[2] = (uint32_t)depth;
    if (depth > 0x1000000 || columns > 65536)
        return oc__fail(err, OC_E_UNSUPPORTED, "its matrix is %zu x %zu", depth, columns);
    if (s->h != 1 || s->w != 1) status = oc__onnx_emit(&node.inputs[0], r, &flat, err);
    node.channels = (uint32_t)columns;
    node.n_params = 1;
    if (!status && !(places = oc__alloc_array(r->context, depth, sizeof *places)))
        status = oc__fail_nomem(err, r->context, depth * sizeof *places, "ONNX weights");
    if (!status) status = oc__onnx_param(&node.params[0], r, 4, (uint32_t[]){(uint32_t)columns, 1, 1, (uint32_t)depth}, err);
    if (!status) {
        float *to = r->graph.params[node.params[0]].values;
        places_of(places, r, map, depth);
        for (size_t n = 0; n < columns; n++)
            for (size_t d = 0; d < depth; d++) to[n * depth + places[d]] = alpha * matrix[d * row + n * column];
    }
    if (!status && bias) {
        if (bias->count != 1 && bias->count != columns)
            status = oc__fail(err, OC_E_UNSUPPORTED, "its addend has %zu elements, expected %zu", bias->count, columns);
        if (!status) status = oc__onnx_param(&node.params[1], r, 1, &node.channels, err);
        node.n_params = 2;
        for (size_t n = 0; n < columns && !status; n++)
            r->graph.params[node.params[1]].values[n] = beta * bias->floats[bias->count == 1 ? 0 : n];
    }
    if (!status) status = oc__onnx_emit(out, r, &node, err);
    oc__free(r->context, places);
    return status;
}

/* FC, of drafts of ONNX, has the rows of its matrix for outputs. */
oc_status oc__onnx_gemm(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *matrix, *bias, *input = call->n_in ? call->in[0] : NULL;
    bool draft = strcmp(call->node->op_type, "FC") == 0, transposed = draft || oc__onnx_int(call->node, "transB", 0) != 0;
    uint32_t out;
    if (draft && (oc__onnx_int(call->node, "axis", 1) != 1 || oc__onnx_int(call->node, "axis_w", 1) != 1))
        return oc__fail(err, OC_E_UNSUPPORTED, "its axis or axis_w is not 1");
    if (!input || input->kind != OC__ONNX_MAP || input->rank != 2 || input->dims[0] != 1 ||
        oc__onnx_int(call->node, "transA", 0))
        return oc__fail(err, OC_E_UNSUPPORTED, "its first input is not one row that depends on the picture");
    oc_status status = constant_input(&matrix, call, 1, false, err);
    if (!status) status = constant_input(&bias, call, 2, true, err);
    if (status) return status;
    size_t depth = input->dims[1];
    if (matrix->rank != 2 || matrix->dims[transposed] != depth || matrix->count == 0)
        return oc__fail(err, OC_E_CORRUPT, "its matrix does not fit a row of %zu", depth);
    size_t columns = matrix->dims[!transposed];
    oc__onnx_value map = *input;
    status = oc__onnx_plain(r, &map, err);
    if (!status)
        status = connect(&out, r, &map, matrix->floats, depth, columns, transposed ? 1 : columns, transposed ? depth : 1,
                         oc__onnx_float(call->node, "alpha", 1), bias, oc__onnx_float(call->node, "beta", 1), err);
    if (!status) oc__onnx_map(&call->out[0], r, out, 2);
    return status;
}

/* A matrix at every pixel: the last dimension is the channels, and what comes before are rows and columns. */
static oc_status matmul_channels(const oc__onnx_call *call, const oc__onnx_value *matrix, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    oc__onnx_value map = *call->in[0];
    oc__node node = oc__onnx_node(OC__OP_CONV, 0);
    uint32_t axis = OC__ONNX_HEIGHT, first, depth = matrix->dims[0], columns = matrix->dims[1];
    oc_status status = oc__onnx_plain(r, &map, err);
    if (status) return status;
    if (!oc__onnx_whole_axis(&axis, r, &map, map.rank - 1) || axis != OC__ONNX_CHANNEL)
        return oc__fail(err, OC_E_UNSUPPORTED, "multiplies a matrix with a dimension that is not the channels");
    node.inputs[0] = map.node;
    node.channels = columns;
    node.n_params = 1;
    status = oc__onnx_param(&node.params[0], r, 4, (uint32_t[]){columns, 1, 1, depth}, err);
    if (status) return status;
    for (size_t n = 0; n < columns; n++)
        for (size_t d = 0; d < depth; d++)
            r->graph.params[node.params[0]].values[n * depth + d] = matrix->floats[d * columns + n];
    status = oc__onnx_emit(&map.node, r, &node, err);
    if (status) return status;
    oc__onnx_factors_of(&first, &map, map.rank - 1);
    map.factors[first].size = columns;
    if (columns == 1) map.n_factors--;
    map.dims[map.rank - 1] = columns;
    map.name = call->out[0].name;
    call->out[0] = map;
    return OC_OK;
}

oc_status oc__onnx_matmul(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *matrix, *input = call->n_in ? call->in[0] : NULL;
    uint32_t out;
    if (!input || input->kind != OC__ONNX_MAP || input->rank < 1)
        return oc__fail(err, OC_E_UNSUPPORTED, "its first input does not depend on the picture");
    oc_status status = constant_input(&matrix, call, 1, false, err);
    if (status) return status;
    size_t depth = input->dims[input->rank - 1];
    if (matrix->rank != 2 || matrix->dims[0] != depth || matrix->count == 0)
        return oc__fail(err, OC_E_UNSUPPORTED, "its matrix is not one of %zu rows", depth);
    if (oc__onnx_product(input, 0, input->rank) != depth) return matmul_channels(call, matrix, err);
    oc__onnx_value map = *input;
    uint32_t dims[OC__ONNX_MAX_RANK];
    status = oc__onnx_plain(r, &map, err);
    if (!status) status = connect(&out, r, &map, matrix->floats, depth, matrix->dims[1], matrix->dims[1], 1, 1, NULL, 0, err);
    if (status) return status;
    memcpy(dims, input->dims, sizeof dims);
    dims[input->rank - 1] = matrix->dims[1];
    oc__onnx_map(&call->out[0], r, out, 2);
    return oc__onnx_regroup(&call->out[0], input->rank, dims, err);
}
