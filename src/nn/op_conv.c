/* Convolution: dense, grouped and depthwise; a fully connected layer is a 1x1 convolution of 1x1 pictures.
 * SPDX-License-Identifier: MIT
 *
 * Dense and grouped: a matrix product whose rows are output pixels. Row pointers lead to the input pixels under each tap of
 * the kernel (indirect convolution: Dukhan 2019), so nothing is copied; a tap outside the picture points to zeros.
 * The second input, if any, is added to the result before the clamp. */
#include <string.h>

#include "conv.h"

bool oc__conv_is_depthwise(const oc__call *call) {
    const oc__node *node = call->node;
    return node->groups == call->in_shape[0].c && node->groups == node->channels && node->groups > 1 && node->n_inputs == 1 &&
           node->window.dilation == 1;
}

oc__conv_sizes oc__conv_sizes_of(const oc__call *call) {
    const oc__node *node = call->node;
    const oc__window *window = &node->window;
    oc__conv_sizes s = {.n_rows = (size_t)call->out_shape.n * call->out_shape.h * call->out_shape.w,
                        .n_taps = (size_t)window->kernel_height * window->kernel_width,
                        .depth = call->in_shape[0].c / node->groups,
                        .columns = node->channels / node->groups};
    s.panels = (s.columns + call->kernels->gemm_columns - 1) / call->kernels->gemm_columns;
    oc__gemm_packed_size(&s.packed, call->kernels, s.n_taps, s.depth, s.columns);
    oc__gemm_packed_size(&s.packed_transposed, call->kernels, 1, s.columns, s.n_taps * s.depth);
    s.pointwise = s.n_taps == 1 && window->stride == 1 &&
                  window->pad_top + window->pad_left + window->pad_bottom + window->pad_right == 0;
    return s;
}

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__param *weights = &graph->params[node->params[0]];
    oc_status status = oc__window_shape(out, &node->window, &in[0], err);
    if (status) return status;
    if (node->channels < 1 || node->channels > 65536 || node->groups < 1 || node->channels % node->groups ||
        in[0].c % node->groups)
        return oc__fail(err, OC_E_CORRUPT, "%u groups do not divide %u and %u channels", node->groups, in[0].c, node->channels);
    if (weights->rank != 4 || weights->dimensions[0] != node->channels ||
        weights->dimensions[1] != node->window.kernel_height || weights->dimensions[2] != node->window.kernel_width ||
        weights->dimensions[3] != in[0].c / node->groups)
        return oc__fail(err, OC_E_CORRUPT, "its weights do not have the shape %u x %u x %u x %u", node->channels,
                        node->window.kernel_height, node->window.kernel_width, in[0].c / node->groups);
    if (node->n_params > 1) {
        const oc__param *bias = &graph->params[node->params[1]];
        if (bias->rank != 1 || bias->dimensions[0] != node->channels)
            return oc__fail(err, OC_E_CORRUPT, "its bias does not have %u elements", node->channels);
    }
    out->c = node->channels;
    if (node->n_inputs > 1 && memcmp(out, &in[1], sizeof *out) != 0)
        return oc__fail(err, OC_E_CORRUPT, "what is added does not have the shape of the output");
    return OC_OK;
}

/* Packed: each group's weights, each group's bias padded to whole panels, `depth` zeros; when training, each group's
 * transposed weights. Depthwise: weights [taps][channels], bias. */
static size_t n_packed(const oc__call *call) {
    if (call->method) return oc__conv_winograd_n_packed(call);
    oc__conv_sizes s = oc__conv_sizes_of(call);
    if (oc__conv_is_depthwise(call)) return (s.n_taps + 1) * call->node->channels;
    if (call->bf16) return oc__conv_bf16_n_packed(call);
    size_t group = s.packed + s.panels * call->kernels->gemm_columns + (call->training ? s.packed_transposed : 0);
    return call->node->groups * group + s.depth;
}

static void pack(float *packed, const oc__call *call) {
    if (call->method) {
        oc__conv_winograd_pack(packed, call);
        return;
    }
    oc__conv_sizes s = oc__conv_sizes_of(call);
    const oc__node *node = call->node;
    const float *weights = call->params[0]->values;
    const float *bias = node->n_params > 1 ? call->params[1]->values : NULL;
    if (oc__conv_is_depthwise(call)) {
        for (size_t c = 0; c < node->channels; c++)
            for (size_t t = 0; t < s.n_taps; t++) packed[t * node->channels + c] = weights[c * s.n_taps + t];
        for (size_t c = 0; c < node->channels; c++) packed[s.n_taps * node->channels + c] = bias ? bias[c] : 0;
        return;
    }
    if (call->bf16) {
        oc__conv_bf16_pack(packed, call);
        return;
    }
    size_t filter = s.n_taps * s.depth, padded = s.panels * call->kernels->gemm_columns;
    for (size_t g = 0; g < node->groups; g++, packed += s.packed) {
        oc__conv_weights w = oc__conv_weights_of(call, g);
        oc__gemm_pack(packed, call->kernels, s.n_taps, s.depth, s.columns, w.first, w.tap_stride, w.k_stride, w.column_stride);
    }
    for (size_t g = 0; g < node->groups; g++, packed += padded)
        for (size_t j = 0; j < padded; j++) packed[j] = bias && j < s.columns ? bias[g * s.columns + j] : 0;
    memset(packed, 0, s.depth * sizeof *packed);
    packed += s.depth;
    if (!call->training) return;
    for (size_t g = 0; g < node->groups; g++, packed += s.packed_transposed)
        oc__gemm_pack(packed, call->kernels, 1, s.columns, filter, weights + g * s.columns * filter, 0,
                      (ptrdiff_t)filter, 1);
}

oc__conv_weights oc__conv_weights_of(const oc__call *call, size_t group) {
    oc__conv_sizes s = oc__conv_sizes_of(call);
    const float *weights = call->params[0]->values;
    ptrdiff_t depth = (ptrdiff_t)s.depth, columns = (ptrdiff_t)s.columns, n_taps = (ptrdiff_t)s.n_taps;
    if (call->turned) return (oc__conv_weights){weights + (n_taps - 1) * columns, -columns, n_taps * columns, 1};
    return (oc__conv_weights){weights + (ptrdiff_t)group * columns * n_taps * depth, depth, 1, n_taps * depth};
}

const float *oc__conv_bias(const oc__call *call, const oc__conv_sizes *s) {
    return call->packed + call->node->groups * s->packed;
}
const float *oc__conv_zeros(const oc__call *call, const oc__conv_sizes *s) {
    return oc__conv_bias(call, s) + call->node->groups * s->panels * call->kernels->gemm_columns;
}
const float *oc__conv_transposed(const oc__call *call, const oc__conv_sizes *s) { return oc__conv_zeros(call, s) + s->depth; }

oc__conv_corner_at oc__conv_corner(const oc__call *call, size_t row) {
    const oc__window *window = &call->node->window;
    size_t plane = (size_t)call->out_shape.h * call->out_shape.w, in_plane = row % plane;
    return (oc__conv_corner_at){row / plane,
                                (ptrdiff_t)(in_plane / call->out_shape.w * window->stride) - (ptrdiff_t)window->pad_top,
                                (ptrdiff_t)(in_plane % call->out_shape.w * window->stride) - (ptrdiff_t)window->pad_left};
}

ptrdiff_t oc__conv_pixel(const oc__call *call, const oc__conv_corner_at *at, size_t tap) {
    const oc__window *window = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    ptrdiff_t y = at->y + (ptrdiff_t)(tap / window->kernel_width * window->dilation);
    ptrdiff_t x = at->x + (ptrdiff_t)(tap % window->kernel_width * window->dilation);
    if (y < 0 || x < 0 || y >= (ptrdiff_t)in->h || x >= (ptrdiff_t)in->w) return -1;
    return ((ptrdiff_t)at->image * in->h + y) * in->w + x;
}

size_t oc__conv_rows_per_task(const oc__call *call, size_t tile, size_t n_rows) {
    size_t tiles = (n_rows + tile - 1) / tile;
    size_t per_task = tiles / (8 * (size_t)call->context->n_threads);
    return tile * (per_task < 1 ? 1 : per_task > 16 ? 16 : per_task);
}

oc__depthwise oc__conv_depthwise(const oc__call *call) {
    const oc__window *window = &call->node->window;
    return (oc__depthwise){call->in_shape[0].h, call->in_shape[0].w,   call->node->channels, call->out_shape.h,
                           call->out_shape.w,   window->kernel_height, window->kernel_width, window->stride,
                           window->pad_top,     window->pad_left};
}

static uint64_t n_macs(const oc__node *node, const oc__shape *in, const oc__shape *out) {
    return (uint64_t)out->h * out->w * out->c * node->window.kernel_height * node->window.kernel_width * (in->c / node->groups);
}

const oc__op oc__op_conv = {
    .name = "conv",
    .min_inputs = 1,
    .max_inputs = 2,
    .min_params = 1,
    .max_params = 2,
    .finishes = true,
    .shape = shape,
    .method = oc__conv_method,
    .n_packed = n_packed,
    .n_scratch = oc__conv_n_scratch,
    .pack = pack,
    .forward = oc__conv_forward,
    .backward = oc__conv_backward,
    .n_macs = n_macs,
};
