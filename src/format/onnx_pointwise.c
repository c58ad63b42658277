/* Functions and arithmetic of ONNX files. SPDX-License-Identifier: MIT
 *
 * A factor or addend for all elements is kept beside the map (its scale and shift) until something needs the very values, so
 * that x * clip(x + 3, 0, 6) / 6 is seen to be a hard swish. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx_reader.h"

static const oc__onnx_value *map_input(const oc__onnx_call *call, size_t index) {
    const oc__onnx_value *value = index < call->n_in ? call->in[index] : NULL;
    return value && value->kind == OC__ONNX_MAP ? value : NULL;
}

/* out[0] becomes `map` with its node replaced by one that works on each element. */
static oc_status apply(const oc__onnx_call *call, const oc__onnx_value *map, uint32_t function, float alpha, float beta,
                       float low, float high, oc_error *err) {
    oc__onnx_value out = *map;
    oc__node node;
    oc_status status = oc__onnx_plain(call->reader, &out, err);
    if (status) return status;
    node = oc__onnx_node(OC__OP_ACTIVATION, out.node);
    node.function = (oc__function){function, alpha, beta};
    node.low = low;
    node.high = high;
    if (!isfinite(alpha) || !isfinite(beta) || !(low <= high))
        return oc__fail(err, OC_E_UNSUPPORTED, "its arguments are not numbers in their order");
    status = oc__onnx_emit(&out.node, call->reader, &node, err);
    out.name = call->out[0].name;
    if (!status) call->out[0] = out;
    return status;
}

static oc_status clip_bound(float *bound, const oc__onnx_call *call, size_t input, const char *name, oc_error *err) {
    const oc__onnx_value *value = call->reader->opset >= 11 && input < call->n_in ? call->in[input] : NULL;
    if (call->reader->opset < 11) *bound = oc__onnx_float(call->node, name, *bound);
    if (!value) return OC_OK;
    if (value->kind != OC__ONNX_CONSTANT || value->count != 1)
        return oc__fail(err, OC_E_UNSUPPORTED, "its %simum is not one constant", name);
    *bound = (float)oc__onnx_element(value, 0);
    return OC_OK;
}

/* Undoes a Relu of what was multiplied and added to, which a clip from 0 does again. */
static void look_through_relu(oc__onnx_value *map, const oc__onnx_reader *r) {
    const oc__node *relu = &r->graph.nodes[map->node];
    if (map->scale != 1 || map->shift != 0 || relu->op != OC__OP_ACTIVATION || relu->function.code != OC__FUNCTION_NONE ||
        relu->low != 0 || relu->high != INFINITY || !r->made[relu->inputs[0]].affine)
        return;
    const oc__node *affine = &r->graph.nodes[relu->inputs[0]];
    const float *weights = r->graph.params[affine->params[0]].values, *bias = r->graph.params[affine->params[1]].values;
    for (uint32_t c = 1; c < affine->channels; c++)
        if (weights[c] != weights[0] || bias[c] != bias[0]) return;
    map->node = affine->inputs[0];
    map->scale = weights[0];
    map->shift = bias[0];
}

static oc_status clip(const oc__onnx_call *call, const oc__onnx_value *input, oc_error *err) {
    float low = -INFINITY, high = INFINITY;
    oc__onnx_value map = *input;
    oc_status status = clip_bound(&low, call, 1, "min", err);
    if (!status) status = clip_bound(&high, call, 2, "max", err);
    if (status) return status;
    if (low <= -FLT_MAX) low = -INFINITY;
    if (high >= FLT_MAX) high = INFINITY;
    if (low == 0) look_through_relu(&map, call->reader);
    bool factored = map.shift != 0 && map.scale > 0;
    if (!factored || low != 0 || !(high > 0) || !isfinite(high))
        return apply(call, &map, OC__FUNCTION_NONE, 0, 0, low, high, err);
    /* clip(scale x + shift, 0, high) is high times a hard sigmoid. */
    float alpha = map.scale / high, beta = map.shift / high;
    map.scale = 1;
    map.shift = 0;
    status = apply(call, &map, OC__FUNCTION_HARD_SIGMOID, alpha, beta, -INFINITY, INFINITY, err);
    if (!status) call->out[0].scale = high;
    return status;
}

/* A slope of its own for each channel: max(x, 0) + slope * min(x, 0). */
static oc_status channel_slopes(const oc__onnx_call *call, const oc__onnx_value *map, const oc__onnx_value *slope,
                                oc_error *err) {
    oc__onnx_reader *r = call->reader;
    oc__onnx_value x = *map;
    uint32_t below = 0, above = 0;
    oc_status status = oc__onnx_settle(r, &x, err);
    if (status) return status;
    if (slope->count != r->made[x.node].shape.c)
        return oc__fail(err, OC_E_UNSUPPORTED, "has %zu slopes for %u channels", slope->count, r->made[x.node].shape.c);
    oc__node clamp = oc__onnx_node(OC__OP_ACTIVATION, x.node), sum = oc__onnx_node(OC__OP_ADD, 0);
    clamp.high = 0;
    status = oc__onnx_emit(&below, r, &clamp, err);
    if (!status) status = oc__onnx_affine(&below, r, below, slope->floats, NULL, slope->count, err);
    clamp.low = 0;
    clamp.high = INFINITY;
    if (!status) status = oc__onnx_emit(&above, r, &clamp, err);
    sum.n_inputs = 2;
    sum.inputs[0] = above;
    sum.inputs[1] = below;
    if (!status) status = oc__onnx_emit(&x.node, r, &sum, err);
    if (!status) oc__onnx_map(&call->out[0], r, x.node, x.rank);
    return status;
}

oc_status oc__onnx_activation(const oc__onnx_call *call, oc_error *err) {
    static const struct {
        const char *op;
        uint32_t function;
        float alpha, beta; /* standard values; 0: has none */
        float low;
    } table[] = {{"Relu", OC__FUNCTION_NONE, 0, 0, 0},
                 {"LeakyRelu", OC__FUNCTION_LEAKY_RELU, 0.01f, 0, -INFINITY},
                 {"HardSigmoid", OC__FUNCTION_HARD_SIGMOID, 0.2f, 0.5f, -INFINITY},
                 {"HardSwish", OC__FUNCTION_HARD_SWISH, 0, 0, -INFINITY},
                 {"Sigmoid", OC__FUNCTION_SIGMOID, 0, 0, -INFINITY},
                 {"Tanh", OC__FUNCTION_TANH, 0, 0, -INFINITY},
                 {"Exp", OC__FUNCTION_EXP, 0, 0, -INFINITY},
                 {"Sqrt", OC__FUNCTION_SQRT, 0, 0, -INFINITY}};
    const oc__onnx_value *map = map_input(call, 0), *slope;
    const char *op = call->node->op_type;
    if (!map) return oc__fail(err, OC_E_UNSUPPORTED, "its input does not depend on the picture");
    if (strcmp(op, "Clip") == 0) return clip(call, map, err);
    if (strcmp(op, "PRelu") == 0) {
        slope = call->n_in > 1 ? call->in[1] : NULL;
        if (!slope || slope->kind != OC__ONNX_CONSTANT || !slope->floats)
            return oc__fail(err, OC_E_UNSUPPORTED, "its slopes are not constants");
        if (slope->count == 1) return apply(call, map, OC__FUNCTION_LEAKY_RELU, slope->floats[0], 0, -INFINITY, INFINITY, err);
        return channel_slopes(call, map, slope, err);
    }
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(op, table[i].op) == 0)
            return apply(
                call, map, table[i].function, table[i].alpha != 0 ? oc__onnx_float(call->node, "alpha", table[i].alpha) : 0,
                table[i].beta != 0 ? oc__onnx_float(call->node, "beta", table[i].beta) : 0, table[i].low, INFINITY, err);
    return oc__fail(err, OC_E_INTERNAL, "is no activation");
}

enum { ADD, SUB, MUL, DIV };

static int kind_of(const char *op) {
    return strcmp(op, "Add") == 0 ? ADD : strcmp(op, "Sub") == 0 ? SUB : strcmp(op, "Mul") == 0 ? MUL : DIV;
}

/* The dimensions of a result of broadcasting. */
static oc_status broadcast(oc__onnx_value *out, const oc__onnx_value *a, const oc__onnx_value *b, oc_error *err) {
    out->rank = a->rank > b->rank ? a->rank : b->rank;
    for (uint32_t d = 0; d < out->rank; d++) {
        uint32_t x = d + a->rank < out->rank ? 1 : a->dims[d + a->rank - out->rank];
        uint32_t y = d + b->rank < out->rank ? 1 : b->dims[d + b->rank - out->rank];
        if (x != y && x != 1 && y != 1) return oc__fail(err, OC_E_CORRUPT, "its inputs have %u and %u along a dimension", x, y);
        out->dims[d] = x > y ? x : y;
    }
    return OC_OK;
}

/* x op c, or c op x if `swapped`, as scale and shift. False: not of that form. */
static bool as_factors(float *scale, float *shift, int kind, bool swapped, double c) {
    *scale = kind == MUL ? (float)c : kind == DIV ? (float)(1 / c) : kind == SUB && swapped ? -1 : 1;
    *shift = kind == ADD || (kind == SUB && swapped) ? (float)c : kind == SUB ? (float)-c : 0;
    return !(kind == DIV && swapped);
}

/* The one dimension of `out` along which the constant varies. */
static oc_status varying_dim(uint32_t *out, const oc__onnx_value *map, const oc__onnx_value *constant, oc_error *err) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < constant->rank; i++) {
        if (constant->dims[i] == 1) continue;
        n++;
        *out = i + map->rank - constant->rank;
    }
    return n == 1 && constant->rank <= map->rank
               ? OC_OK
               : oc__fail(err, OC_E_UNSUPPORTED, "its constant varies along more than the channels");
}

static oc_status with_channels(const oc__onnx_call *call, const oc__onnx_value *input, const oc__onnx_value *constant, int kind,
                               bool swapped, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    oc__onnx_value map = *input;
    uint32_t dim = 0, axis = 0, node;
    size_t n = constant->count;
    oc_status status = varying_dim(&dim, &map, constant, err);
    if (!status) status = oc__onnx_plain(r, &map, err);
    if (status) return status;
    if (map.dims[dim] != n) return oc__fail(err, OC_E_UNSUPPORTED, "its constant makes the picture larger");
    if (!oc__onnx_whole_axis(&axis, r, &map, dim) || axis != OC__ONNX_CHANNEL) {
        status = oc__onnx_settle(r, &map, err);
        if (!status && (!oc__onnx_whole_axis(&axis, r, &map, dim) || axis != OC__ONNX_CHANNEL))
            status = oc__fail(err, OC_E_UNSUPPORTED, "its constant varies along something else than the channels");
        if (status) return status;
    }
    float *factors = oc__alloc_array(r->context, n, 2 * sizeof *factors);
    if (!factors) return oc__fail_nomem(err, r->context, n * 2 * sizeof *factors, "ONNX weights");
    for (size_t i = 0; i < n && !status; i++)
        if (!as_factors(&factors[i], &factors[n + i], kind, swapped, oc__onnx_element(constant, i)))
            status = oc__fail(err, OC_E_UNSUPPORTED, "divides by the picture");
    if (!status) status = oc__onnx_affine(&node, r, map.node, factors, factors + n, n, err);
    oc__free(r->context, factors);
    if (status) return status;
    map.node = node;
    map.name = call->out[0].name;
    call->out[0] = map;
    return OC_OK;
}

static oc_status with_constant(const oc__onnx_call *call, const oc__onnx_value *map, const oc__onnx_value *constant, int kind,
                               bool swapped, oc_error *err) {
    oc__onnx_value out = *map, shape = {0};
    float scale, shift;
    oc_status status = broadcast(&shape, map, constant, err);
    if (status) return status;
    if (oc__onnx_product(&shape, 0, shape.rank) != oc__onnx_product(map, 0, map->rank))
        return oc__fail(err, OC_E_UNSUPPORTED, "its constant makes the picture larger");
    if (constant->count != 1) return with_channels(call, map, constant, kind, swapped, err);
    if (!as_factors(&scale, &shift, kind, swapped, oc__onnx_element(constant, 0)))
        return oc__fail(err, OC_E_UNSUPPORTED, "divides by the picture");
    out.scale *= scale;
    out.shift = out.shift * scale + shift;
    if (!isfinite(out.scale) || !isfinite(out.shift))
        return oc__fail(err, OC_E_UNSUPPORTED, "its constant is not a finite number other than 0");
    status = oc__onnx_regroup(&out, shape.rank, shape.dims, err);
    out.name = call->out[0].name;
    if (!status) call->out[0] = out;
    return status;
}

/* x * sigmoid(x) and x * hardsigmoid(x) are functions of their own. */
static uint32_t gated_function(const oc__onnx_reader *r, const oc__onnx_value *x, const oc__onnx_value *gate) {
    const oc__node *node = &r->graph.nodes[gate->node];
    if (node->op != OC__OP_ACTIVATION || node->inputs[0] != x->node || x->scale != 1 || x->shift != 0 || gate->shift != 0 ||
        node->low != -INFINITY || node->high != INFINITY)
        return OC__FUNCTION_NONE;
    if (node->function.code == OC__FUNCTION_SIGMOID) return OC__FUNCTION_SILU;
    bool sixth = fabsf(node->function.alpha - 1.0f / 6) < 1e-6f && node->function.beta == 0.5f;
    return node->function.code == OC__FUNCTION_HARD_SIGMOID && sixth ? OC__FUNCTION_HARD_SWISH : OC__FUNCTION_NONE;
}

static bool same_factors(const oc__onnx_value *a, const oc__onnx_value *b) {
    return a->n_factors == b->n_factors && memcmp(a->factors, b->factors, a->n_factors * sizeof *a->factors) == 0;
}

/* Whether `small`, which may be 1 along whole axes, lies like `large` along the others. Both have one rank. */
static bool aligned(const oc__onnx_reader *r, const oc__onnx_value *large, const oc__onnx_value *small) {
    bool seen[3] = {false, false, false};
    for (uint32_t d = 0; d < large->rank; d++) {
        uint32_t first, at, n = oc__onnx_factors_of(&first, large, d), m = oc__onnx_factors_of(&at, small, d);
        if (m == 0) continue;
        if (n != m || memcmp(large->factors + first, small->factors + at, n * sizeof *large->factors) != 0) return false;
        for (uint32_t i = 0; i < n; i++) seen[small->factors[at + i].axis] = true;
    }
    for (uint32_t axis = 0; axis < 3; axis++) {
        uint32_t size = oc__onnx_axis_size(r, small->node, axis);
        if (size != (seen[axis] ? oc__onnx_axis_size(r, large->node, axis) : 1)) return false;
    }
    return true;
}

/* Brings both to the same rank and layout. */
static oc_status align(oc__onnx_reader *r, oc__onnx_value *a, oc__onnx_value *b, uint32_t rank, oc_error *err) {
    for (int i = 0; i < 2; i++) {
        oc__onnx_value *v = i ? b : a;
        uint32_t dims[OC__ONNX_MAX_RANK];
        for (uint32_t d = 0; d < rank; d++) dims[d] = d + v->rank < rank ? 1 : v->dims[d + v->rank - rank];
        oc_status status = oc__onnx_regroup(v, rank, dims, err);
        if (status) return status;
    }
    if (aligned(r, a, b)) return OC_OK;
    oc_status status = oc__onnx_settle(r, a, err);
    if (!status) status = oc__onnx_settle(r, b, err);
    if (!status && !aligned(r, a, b)) status = oc__fail(err, OC_E_UNSUPPORTED, "its inputs lie differently in memory");
    return status;
}

static oc_status between(const oc__onnx_call *call, const oc__onnx_value *first, const oc__onnx_value *second, int kind,
                         oc_error *err) {
    oc__onnx_reader *r = call->reader;
    bool swap = oc__onnx_product(first, 0, first->rank) < oc__onnx_product(second, 0, second->rank);
    oc__onnx_value a = *(swap ? second : first), b = *(swap ? first : second), shape = {0};
    uint32_t function = OC__FUNCTION_NONE;
    oc_status status = broadcast(&shape, &a, &b, err);
    if (status) return status;
    if (kind == DIV) return oc__fail(err, OC_E_UNSUPPORTED, "divides by the picture");
    if (oc__onnx_product(&shape, 0, shape.rank) != oc__onnx_product(&a, 0, a.rank))
        return oc__fail(err, OC_E_UNSUPPORTED, "makes both of its inputs larger");
    if (kind == MUL && same_factors(&a, &b)) {
        if (!(function = gated_function(r, &a, &b)) && (function = gated_function(r, &b, &a))) {
            oc__onnx_value gate = a;
            a = b;
            b = gate;
        }
        if (function) {
            float scale = b.scale;
            status = apply(call, &a, function, 0, 0, -INFINITY, INFINITY, err);
            if (!status) call->out[0].scale = scale;
            return status;
        }
    }
    float scale = 1;
    if (kind == MUL && a.shift == 0 && b.shift == 0) {
        scale = a.scale * b.scale;
        a.scale = b.scale = 1;
    }
    if (kind == SUB) {
        oc__onnx_value *subtracted = swap ? &a : &b;
        subtracted->scale = -subtracted->scale;
        subtracted->shift = -subtracted->shift;
    }
    status = oc__onnx_plain(r, &a, err);
    if (!status) status = oc__onnx_plain(r, &b, err);
    if (!status) status = align(r, &a, &b, shape.rank, err);
    if (status) return status;
    const oc__shape *x = &r->made[a.node].shape, *y = &r->made[b.node].shape;
    oc__node node = oc__onnx_node(kind == MUL ? OC__OP_MULTIPLY : OC__OP_ADD, a.node);
    node.n_inputs = 2;
    node.inputs[1] = b.node;
    if (kind != MUL && memcmp(x, y, sizeof *x) != 0) node.mode = OC__ADD_BROADCAST;
    status = oc__onnx_emit(&a.node, r, &node, err);
    a.scale = scale;
    a.name = call->out[0].name;
    if (!status) call->out[0] = a;
    return status;
}

oc_status oc__onnx_binary(const oc__onnx_call *call, oc_error *err) {
    int kind = kind_of(call->node->op_type);
    const oc__onnx_value *a = map_input(call, 0), *b = map_input(call, 1);
    if (call->n_in != 2 || (!a && !b) || !call->in[0] || !call->in[1])
        return oc__fail(err, OC_E_CORRUPT, "does not have two inputs");
    if (a && b) return between(call, a, b, kind, err);
    return a ? with_constant(call, a, call->in[1], kind, false, err) : with_constant(call, b, call->in[0], kind, true, err);
}

oc_status oc__onnx_softmax(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *input = map_input(call, 0);
    uint32_t dim = 0, axis = 0;
    if (!input) return oc__fail(err, OC_E_UNSUPPORTED, "its input does not depend on the picture");
    oc__onnx_value map = *input;
    oc_status status = oc__onnx_axis(&dim, oc__onnx_int(call->node, "axis", r->opset < 13 ? 1 : -1), map.rank, err);
    if (!status) status = oc__onnx_plain(r, &map, err);
    if (status) return status;
    /* Before opset 13 it goes over all dimensions from the axis on. */
    if (r->opset < 13 && oc__onnx_product(&map, dim, map.rank) != map.dims[dim])
        return oc__fail(err, OC_E_UNSUPPORTED, "goes over several dimensions at once");
    if (map.dims[dim] == 1) return oc__fail(err, OC_E_UNSUPPORTED, "goes over a dimension of 1");
    if (!oc__onnx_whole_axis(&axis, r, &map, dim) || axis != OC__ONNX_CHANNEL) status = oc__onnx_settle(r, &map, err);
    if (!status && (!oc__onnx_whole_axis(&axis, r, &map, dim) || axis != OC__ONNX_CHANNEL))
        status = oc__fail(err, OC_E_UNSUPPORTED, "goes over something else than the channels");
    oc__node node = oc__onnx_node(OC__OP_SOFTMAX, map.node);
    if (!status) status = oc__onnx_emit(&map.node, r, &node, err);
    map.name = call->out[0].name;
    if (!status) call->out[0] = map;
    return status;
}

/* ImageScaler, of early converters: scale * x + bias[c]. */
oc_status oc__onnx_scaler(const oc__onnx_call *call, oc_error *err) {
    const OcOnnx__Attribute *bias = oc__onnx_attribute(call->node, "bias");
    const oc__onnx_value *input = map_input(call, 0);
    float scale = oc__onnx_float(call->node, "scale", 1);
    uint32_t node;
    if (!input) return oc__fail(err, OC_E_UNSUPPORTED, "its input does not depend on the picture");
    oc__onnx_value map = *input;
    oc_status status = oc__onnx_settle(call->reader, &map, err);
    if (status) return status;
    uint32_t channels = call->reader->made[map.node].shape.c;
    if (bias && bias->n_floats != channels)
        return oc__fail(err, OC_E_CORRUPT, "has %zu biases for %u channels", bias->n_floats, channels);
    float *scales = oc__alloc_array(call->reader->context, channels, sizeof *scales);
    if (!scales) return oc__fail_nomem(err, call->reader->context, channels * sizeof *scales, "ONNX weights");
    for (uint32_t c = 0; c < channels; c++) scales[c] = scale;
    status = oc__onnx_affine(&node, call->reader, map.node, scales, bias ? bias->floats : NULL, channels, err);
    oc__free(call->reader->context, scales);
    if (!status) oc__onnx_map(&call->out[0], call->reader, node, map.rank);
    return status;
}
