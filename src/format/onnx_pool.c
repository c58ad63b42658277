/* Windows, whole pictures and sizes of ONNX files. SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "onnx_reader.h"

static oc_status picture_input(oc__onnx_value *map, const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *value = call->n_in ? call->in[0] : NULL;
    if (!value || value->kind != OC__ONNX_MAP || value->rank != 4)
        return oc__fail(err, OC_E_UNSUPPORTED, "its first input is no picture");
    *map = *value;
    return oc__onnx_settle(call->reader, map, err);
}

/* Padding along one side so that the output is as large as the input over the stride, rounded up. */
static void same_padding(uint32_t *before, uint32_t *after, uint32_t size, uint32_t kernel, uint32_t stride, uint32_t dilation,
                         bool upper) {
    uint64_t reach = ((uint64_t)kernel - 1) * dilation + 1, out = ((uint64_t)size + stride - 1) / stride;
    uint64_t needed = (out - 1) * stride + reach, total = needed > size ? needed - size : 0;
    *before = (uint32_t)(upper ? total / 2 : total - total / 2);
    *after = (uint32_t)(total - *before);
}

static oc_status within(const int64_t *numbers, size_t n, int64_t least, int64_t most, const char *what, oc_error *err) {
    for (size_t i = 0; i < n; i++)
        if (numbers[i] < least || numbers[i] > most)
            return oc__fail(err, OC_E_UNSUPPORTED, "its %s is %lld, expected %lld to %lld", what, (long long)numbers[i],
                            (long long)least, (long long)most);
    return OC_OK;
}

/* Reads two numbers along height and width, `standard` if they are not there. */
static oc_status pair(int64_t out[2], const oc__onnx_call *call, const char *name, int64_t standard, oc_error *err) {
    size_t n;
    out[0] = out[1] = standard;
    oc_status status = oc__onnx_ints(out, &n, 2, call, name, 0, 0, err);
    if (!status && n == 1) status = oc__fail(err, OC_E_UNSUPPORTED, "its %s has one number, expected 2", name);
    return status ? status : within(out, 2, 1, 65535, name, err);
}

/* The kernel is set already. */
oc_status oc__onnx_window(oc__window *w, bool *ceil, const oc__onnx_call *call, const oc__shape *in, oc_error *err) {
    int64_t strides[2], dilations[2], pads[4] = {0};
    size_t n;
    oc_status status = pair(strides, call, "strides", 1, err);
    if (!status) status = pair(dilations, call, "dilations", 1, err);
    if (!status) status = oc__onnx_ints(pads, &n, 4, call, "pads", 0, 0, err);
    if (!status && n != 0 && n != 4) status = oc__fail(err, OC_E_CORRUPT, "its pads are %zu numbers, expected 4", n);
    if (!status) status = within(pads, 4, 0, 65535, "pads", err);
    if (status) return status;
    if (strides[0] != strides[1] || (dilations[0] != dilations[1] && w->kernel_height > 1 && w->kernel_width > 1))
        return oc__fail(err, OC_E_UNSUPPORTED, "its strides (%lld, %lld) or dilations (%lld, %lld) differ along the sides",
                        (long long)strides[0], (long long)strides[1], (long long)dilations[0], (long long)dilations[1]);
    w->stride = (uint32_t)strides[0];
    w->dilation = (uint32_t)dilations[w->kernel_height > 1 ? 0 : 1];
    if (oc__onnx_text_is(call->node, "auto_pad", "SAME_UPPER", false) ||
        oc__onnx_text_is(call->node, "auto_pad", "SAME_LOWER", false)) {
        bool upper = oc__onnx_text_is(call->node, "auto_pad", "SAME_UPPER", false);
        same_padding(&w->pad_top, &w->pad_bottom, in->h, w->kernel_height, w->stride, w->dilation, upper);
        same_padding(&w->pad_left, &w->pad_right, in->w, w->kernel_width, w->stride, w->dilation, upper);
    } else if (!oc__onnx_text_is(call->node, "auto_pad", "VALID", false)) {
        w->pad_top = (uint32_t)pads[0], w->pad_left = (uint32_t)pads[1];
        w->pad_bottom = (uint32_t)pads[2], w->pad_right = (uint32_t)pads[3];
    }
    *ceil = oc__onnx_int(call->node, "ceil_mode", 0) != 0;
    return OC_OK;
}

/* Maxima do not see a padding of the least number there is. */
static uint32_t absorb_padding(oc__window *w, const oc__onnx_reader *r, uint32_t input) {
    const oc__node *pad = &r->graph.nodes[input];
    if (pad->op != OC__OP_PAD || pad->mode != OC__PAD_CONSTANT || pad->function.alpha > -1e30f || pad->sizes[4] ||
        pad->sizes[5])
        return input;
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation + 1, reach_x = (w->kernel_width - 1) * w->dilation + 1;
    if (w->pad_top + pad->sizes[0] >= reach_y || w->pad_bottom + pad->sizes[2] >= reach_y ||
        w->pad_left + pad->sizes[1] >= reach_x || w->pad_right + pad->sizes[3] >= reach_x)
        return input;
    w->pad_top += pad->sizes[0], w->pad_left += pad->sizes[1];
    w->pad_bottom += pad->sizes[2], w->pad_right += pad->sizes[3];
    return pad->inputs[0];
}

static bool covers(const oc__window *w, const oc__shape *in) {
    return w->kernel_height == in->h && w->kernel_width == in->w &&
           w->pad_top + w->pad_left + w->pad_bottom + w->pad_right == 0;
}

oc_status oc__onnx_pool(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    bool maximum = strcmp(call->node->op_type, "MaxPool") == 0, ceil = false;
    oc__onnx_value map;
    int64_t kernel[2] = {0};
    size_t n;
    oc_status status = picture_input(&map, call, err);
    if (!status) status = oc__onnx_ints(kernel, &n, 2, call, "kernel_shape", 0, 0, err);
    if (!status && n != 2) status = oc__fail(err, OC_E_CORRUPT, "its kernel_shape is %zu numbers, expected 2", n);
    if (!status) status = within(kernel, 2, 1, 65535, "kernel_shape", err);
    if (status) return status;
    oc__node node = oc__onnx_node(maximum ? OC__OP_MAX_POOL : OC__OP_MEAN_POOL, map.node);
    node.window.kernel_height = (uint32_t)kernel[0];
    node.window.kernel_width = (uint32_t)kernel[1];
    status = oc__onnx_window(&node.window, &ceil, call, &r->made[map.node].shape, err);
    if (status) return status;
    if (covers(&node.window, &r->made[map.node].shape)) {
        node = oc__onnx_node(maximum ? OC__OP_GLOBAL_MAX_POOL : OC__OP_GLOBAL_POOL, map.node);
    } else {
        if (ceil) node.mode |= OC__POOL_CEIL;
        if (!maximum && oc__onnx_int(call->node, "count_include_pad", 0)) node.mode |= OC__POOL_COUNT_PADDING;
        if (maximum) node.inputs[0] = absorb_padding(&node.window, r, map.node);
    }
    status = oc__onnx_emit(&map.node, r, &node, err);
    if (!status) oc__onnx_map(&call->out[0], r, map.node, 4);
    return status;
}

/* The dimensions over which is reduced; all but the first two for a global pool. */
static oc_status reduced_dims(bool reduced[OC__ONNX_MAX_RANK], const oc__onnx_call *call, uint32_t rank, oc_error *err) {
    int64_t axes[OC__ONNX_MAX_RANK];
    size_t n;
    bool global = strncmp(call->node->op_type, "Global", 6) == 0;
    memset(reduced, 0, OC__ONNX_MAX_RANK * sizeof *reduced);
    oc_status status = oc__onnx_ints(axes, &n, OC__ONNX_MAX_RANK, call, "axes", 1, 18, err);
    if (status) return status;
    for (uint32_t d = 0; d < rank && (global || n == 0); d++) reduced[d] = !global || d > 1;
    for (size_t i = 0; i < n && !status; i++) {
        uint32_t d = 0;
        status = oc__onnx_axis(&d, axes[i], rank, err);
        reduced[d] = true;
    }
    return status;
}

/* Mean or maximum over rows and columns, wherever the file has them. */
oc_status oc__onnx_reduce(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *input = call->n_in ? call->in[0] : NULL;
    const char *op = call->node->op_type;
    bool reduced[OC__ONNX_MAX_RANK], keep = oc__onnx_int(call->node, "keepdims", 1) != 0;
    bool maximum = strstr(op, "Max") != NULL;
    if (!input || input->kind != OC__ONNX_MAP) return oc__fail(err, OC_E_UNSUPPORTED, "its input is no picture");
    oc__onnx_value map = *input, out = {.name = call->out[0].name};
    oc_status status = reduced_dims(reduced, call, map.rank, err);
    if (!status) status = oc__onnx_plain(r, &map, err);
    if (status) return status;
    const oc__shape *s = &r->made[map.node].shape;
    size_t n_reduced = 1;
    uint32_t at = 0;
    for (uint32_t d = 0; d < map.rank; d++) {
        uint32_t first, n = oc__onnx_factors_of(&first, &map, d);
        for (uint32_t i = 0; i < n; i++) {
            const oc__onnx_factor *f = &map.factors[first + i];
            if (reduced[d] != (f->axis != OC__ONNX_CHANNEL))
                return oc__fail(err, OC_E_UNSUPPORTED, "reduces over something else than all rows and columns");
            if (reduced[d]) n_reduced *= f->size;
            else out.factors[out.n_factors++] = *f;
        }
        if (!reduced[d]) out.dims[at++] = map.dims[d];
        else if (keep) out.dims[at++] = 1;
    }
    if (n_reduced != (size_t)s->h * s->w) return oc__fail(err, OC_E_UNSUPPORTED, "reduces over a part of the picture");
    oc__node node = oc__onnx_node(maximum ? OC__OP_GLOBAL_MAX_POOL : OC__OP_GLOBAL_POOL, map.node);
    status = oc__onnx_emit(&out.node, r, &node, err);
    out.kind = OC__ONNX_MAP;
    out.rank = at;
    out.scale = 1;
    if (!status) call->out[0] = out;
    return status;
}

/* Whole numbers of rows and columns, or factors, of what a Resize or Upsample asks for. */
static oc_status resize_sizes(uint32_t sizes[4], const oc__onnx_call *call, const oc__onnx_value *map, oc_error *err) {
    bool upsample = strcmp(call->node->op_type, "Upsample") == 0;
    size_t at = upsample || call->reader->opset < 11 ? 1 : 2;
    const oc__onnx_value *scales = at < call->n_in ? call->in[at] : NULL, *wanted = call->n_in > 3 ? call->in[3] : NULL;
    const OcOnnx__Attribute *a = oc__onnx_attribute(call->node, "scales");
    if ((scales && scales->kind != OC__ONNX_CONSTANT) || (wanted && wanted->kind != OC__ONNX_CONSTANT))
        return oc__fail(err, OC_E_UNSUPPORTED, "its sizes are not constants");
    if (oc__onnx_attribute(call->node, "axes")) return oc__fail(err, OC_E_UNSUPPORTED, "names the axes that it resizes");
    bool by_size = wanted && wanted->count == 4;
    if (!by_size && !(scales && scales->count == 4) && !(a && a->n_floats == 4))
        return oc__fail(err, OC_E_UNSUPPORTED, "does not say 4 sizes or factors");
    for (uint32_t d = 0; d < 4; d++) {
        double factor = by_size ? 0 : scales && scales->count == 4 ? oc__onnx_element(scales, d) : (double)a->floats[d];
        double size = by_size ? oc__onnx_element(wanted, d) : floor(factor * map->dims[d] + 1e-4);
        if (!(size >= 1 && size <= 65535)) return oc__fail(err, OC_E_UNSUPPORTED, "a size is not between 1 and 65535");
        if (!by_size && fabs(factor * map->dims[d] - size) > 1e-3)
            return oc__fail(err, OC_E_UNSUPPORTED, "a factor does not give a whole number of rows and columns");
        if (d < 2 && (d == 0 ? size != 1 : size != map->dims[d]))
            return oc__fail(err, OC_E_UNSUPPORTED, "resizes something else than rows and columns");
        if (d < 2) continue;
        uint32_t *to = sizes + 2 * (d - 2);
        bool multiple = (uint32_t)size % map->dims[d] == 0;
        to[0] = multiple ? (uint32_t)size / map->dims[d] : (uint32_t)size;
        to[1] = multiple ? 1 : 0;
    }
    return OC_OK;
}

oc_status oc__onnx_resize(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const OcOnnx__Node *n = call->node;
    bool old = strcmp(n->op_type, "Upsample") == 0 || r->opset < 11;
    oc__onnx_value map;
    oc_status status = picture_input(&map, call, err);
    if (status) return status;
    oc__node node = oc__onnx_node(OC__OP_RESIZE, map.node);
    if (oc__onnx_text_is(n, "mode", "linear", false)) node.mode = OC__RESIZE_BILINEAR;
    else if (!oc__onnx_text_is(n, "mode", "nearest", true))
        return oc__fail(err, OC_E_UNSUPPORTED, "resizes in a way other than nearest and linear");
    const char *where = "coordinate_transformation_mode";
    if (old || oc__onnx_text_is(n, where, "asymmetric", false)) node.mode |= OC__RESIZE_ASYMMETRIC;
    else if (oc__onnx_text_is(n, where, "align_corners", false)) node.mode |= OC__RESIZE_ALIGN_CORNERS;
    else if (oc__onnx_text_is(n, where, "pytorch_half_pixel", false)) node.mode |= OC__RESIZE_HALF_PIXEL_1;
    else if (!oc__onnx_text_is(n, where, "half_pixel", true))
        return oc__fail(err, OC_E_UNSUPPORTED, "places its pixels in an unknown way");
    if (!(node.mode & OC__RESIZE_BILINEAR)) {
        if (old || oc__onnx_text_is(n, "nearest_mode", "floor", false)) node.mode |= OC__RESIZE_FLOOR;
        else if (oc__onnx_text_is(n, "nearest_mode", "ceil", false)) node.mode |= OC__RESIZE_CEIL;
        else if (oc__onnx_text_is(n, "nearest_mode", "round_prefer_ceil", false)) node.mode |= OC__RESIZE_ROUND_UP;
    }
    if (oc__onnx_int(n, "antialias", 0)) return oc__fail(err, OC_E_UNSUPPORTED, "resizes with antialiasing");
    status = resize_sizes(node.sizes, call, &map, err);
    if (!status) status = oc__onnx_emit(&map.node, r, &node, err);
    if (!status) oc__onnx_map(&call->out[0], r, map.node, 4);
    return status;
}

static oc_status pad_value(float *out, const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *value = call->reader->opset >= 11 && call->n_in > 2 ? call->in[2] : NULL;
    if (value && (value->kind != OC__ONNX_CONSTANT || value->count != 1))
        return oc__fail(err, OC_E_UNSUPPORTED, "what it pads with is not one constant");
    double number = value ? oc__onnx_element(value, 0) : oc__onnx_float(call->node, "value", 0);
    *out = number < -(double)FLT_MAX ? -FLT_MAX : number > (double)FLT_MAX ? FLT_MAX : (float)number;
    return OC_OK;
}

/* Adds the node, unless it pads nothing. */
static oc_status emit_pad(const oc__onnx_call *call, oc__onnx_value *map, const oc__node *node, oc_error *err) {
    bool nothing = true;
    for (int i = 0; i < 6; i++) nothing = nothing && node->sizes[i] == 0;
    oc_status status = nothing ? OC_OK : oc__onnx_emit(&map->node, call->reader, node, err);
    if (!status) oc__onnx_map(&call->out[0], call->reader, map->node, 4);
    return status;
}

oc_status oc__onnx_pad(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_value map;
    int64_t pads[8] = {0};
    size_t n;
    oc_status status = picture_input(&map, call, err);
    if (!status) status = oc__onnx_ints(pads, &n, 8, call, "pads", 1, 11, err);
    if (!status && n != 8) status = oc__fail(err, OC_E_UNSUPPORTED, "its pads are %zu numbers, expected 8", n);
    if (!status) status = within(pads, 8, 0, 4096, "pads", err);
    if (!status && (pads[0] || pads[4])) status = oc__fail(err, OC_E_UNSUPPORTED, "pads the batch");
    if (!status && call->n_in > 3 && call->in[3]) status = oc__fail(err, OC_E_UNSUPPORTED, "names the axes that it pads");
    if (status) return status;
    oc__node node = oc__onnx_node(OC__OP_PAD, map.node);
    const uint32_t sizes[6] = {(uint32_t)pads[2], (uint32_t)pads[3], (uint32_t)pads[6],
                               (uint32_t)pads[7], (uint32_t)pads[1], (uint32_t)pads[5]};
    memcpy(node.sizes, sizes, sizeof sizes);
    if (oc__onnx_text_is(call->node, "mode", "reflect", false)) node.mode = OC__PAD_REFLECT;
    else if (oc__onnx_text_is(call->node, "mode", "edge", false)) node.mode = OC__PAD_EDGE;
    else if (!oc__onnx_text_is(call->node, "mode", "constant", true))
        return oc__fail(err, OC_E_UNSUPPORTED, "pads in a way other than constant, reflect and edge");
    if (node.mode == OC__PAD_CONSTANT) status = pad_value(&node.function.alpha, call, err);
    return status ? status : emit_pad(call, &map, &node, err);
}

/* Before a window that must reach the last pixel: as much on both sides as `pads` says, and at the end what the window's steps
 * still lack. */
oc_status oc__onnx_legacy_pad(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_value map;
    int64_t kernel[2], strides[2], pads[2] = {0};
    size_t n;
    oc_status status = picture_input(&map, call, err);
    if (!status) status = pair(kernel, call, "kernel_shape", 0, err);
    if (!status) status = pair(strides, call, "strides", 1, err);
    if (!status) status = oc__onnx_ints(pads, &n, 2, call, "pads", 0, 0, err);
    if (!status) status = within(pads, 2, 0, 4096, "pads", err);
    if (status) return status;
    oc__node node = oc__onnx_node(OC__OP_PAD, map.node);
    const oc__shape *s = &call->reader->made[map.node].shape;
    for (int side = 0; side < 2; side++) {
        int64_t steps = (side == 0 ? s->h : s->w) + 2 * pads[side] - kernel[side];
        if (steps < 0) return oc__fail(err, OC_E_UNSUPPORTED, "its window is larger than the picture");
        node.sizes[side] = (uint32_t)pads[side];
        node.sizes[2 + side] = (uint32_t)(pads[side] + (strides[side] - steps % strides[side]) % strides[side]);
    }
    status = pad_value(&node.function.alpha, call, err);
    return status ? status : emit_pad(call, &map, &node, err);
}
