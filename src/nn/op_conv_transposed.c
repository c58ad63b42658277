/* Transposed convolution. SPDX-License-Identifier: MIT
 *
 * It is the gradient of a convolution by its input. That convolution, here called the mirror, takes pictures as large as this
 * operator's output to pictures as large as its input, with the same weights: its passes are this operator's gradients, and
 * of a depthwise one its gradient is this operator.
 *
 * Otherwise forward computes each output pixel from the taps that meet it, which are the same for all pixels that lie alike
 * to the stride: its phase (Shi et al. 2016, "Is the deconvolution layer the same as a convolutional layer?"). Every tap
 * belongs to one phase, so the phases' weights together are as large as the kernel. */
#include <math.h>
#include <string.h>

#include "conv.h"

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__param *weights = &graph->params[node->params[0]];
    const oc__window *w = &node->window;
    oc__shape probe, large = {1, 1, 1024, 1024}; /* for what does not depend on the picture */
    oc_status status = oc__window_shape(&probe, w, &large, err);
    if (status) return status;
    if (node->channels < 1 || node->channels > 65536 || node->groups < 1 || node->channels % node->groups ||
        in[0].c % node->groups)
        return oc__fail(err, OC_E_CORRUPT, "%u groups do not divide %u and %u channels", node->groups, in[0].c, node->channels);
    if (node->sizes[0] >= w->stride || node->sizes[1] >= w->stride)
        return oc__fail(err, OC_E_CORRUPT, "adds %u rows and %u columns, which its stride %u does not leave open",
                        node->sizes[0], node->sizes[1], w->stride);
    if (weights->rank != 4 || weights->dimensions[0] != in[0].c || weights->dimensions[1] != w->kernel_height ||
        weights->dimensions[2] != w->kernel_width || weights->dimensions[3] != node->channels / node->groups)
        return oc__fail(err, OC_E_CORRUPT, "its weights do not have the shape %u x %u x %u x %u", in[0].c, w->kernel_height,
                        w->kernel_width, node->channels / node->groups);
    if (node->n_params > 1) {
        const oc__param *bias = &graph->params[node->params[1]];
        if (bias->rank != 1 || bias->dimensions[0] != node->channels)
            return oc__fail(err, OC_E_CORRUPT, "its bias does not have %u elements", node->channels);
    }
    uint64_t height = ((uint64_t)in[0].h - 1) * w->stride + (w->kernel_height - 1) * w->dilation + 1 + node->sizes[0];
    uint64_t width = ((uint64_t)in[0].w - 1) * w->stride + (w->kernel_width - 1) * w->dilation + 1 + node->sizes[1];
    if (height <= w->pad_top + w->pad_bottom || width <= w->pad_left + w->pad_right)
        return oc__fail(err, OC_E_ARGUMENT, "a picture of %u x %u pixels is too small for it", in[0].w, in[0].h);
    height -= w->pad_top + w->pad_bottom;
    width -= w->pad_left + w->pad_right;
    if (height > OC__MAX_DIMENSION || width > OC__MAX_DIMENSION)
        return oc__fail(err, OC_E_LIMIT, "its output would have %llu x %llu pixels", (unsigned long long)width,
                        (unsigned long long)height);
    *out = (oc__shape){in[0].n, node->channels, (uint32_t)height, (uint32_t)width};
    return OC_OK;
}

/* The mirror's call, without data; its node has to outlive it. */
static oc__call mirror_of(const oc__call *call, oc__node *node) {
    oc__call mirror = *call;
    *node = *call->node;
    node->op = OC__OP_CONV;
    node->n_params = 1;
    node->channels = call->in_shape[0].c;
    node->low = -INFINITY;
    node->high = INFINITY;
    node->function = (oc__function){0};
    mirror.node = node;
    mirror.training = false;
    mirror.in_shape[0] = call->out_shape;
    mirror.out_shape = call->in_shape[0];
    memset(mirror.param_gradient, 0, sizeof mirror.param_gradient);
    mirror.in_gradient[0] = NULL;
    return mirror;
}

/* The taps of a phase, which rows (y + pad_top) % stride and columns alike name. */
typedef struct phase {
    size_t n_taps, taps_before; /* those of the phases before it */
    uint8_t rows[OC__MAX_TAPS], columns[OC__MAX_TAPS];
} phase;

static phase phase_of(const oc__window *w, uint32_t row, uint32_t column) {
    phase f = {0};
    for (uint32_t i = 0; i < w->kernel_height; i++)
        for (uint32_t j = 0; j < w->kernel_width; j++) {
            uint32_t y = i * w->dilation % w->stride, x = j * w->dilation % w->stride;
            if (y == row && x == column) {
                f.rows[f.n_taps] = (uint8_t)i;
                f.columns[f.n_taps++] = (uint8_t)j;
            } else {
                f.taps_before += y < row || (y == row && x < column);
            }
        }
    return f;
}

/* Packed for forward: of each group, of each phase, of each panel the weights [tap][depth][gemm_columns]; each group's bias,
 * padded to whole panels; `depth` zeros. When training, then the mirror's. Depthwise: the mirror's, then the bias. */
static size_t n_packed(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    oc__conv_sizes s = oc__conv_sizes_of(call);
    size_t of_mirror = oc__op_conv.n_packed(&mirror);
    if (oc__conv_is_depthwise(&mirror)) return of_mirror + call->node->channels;
    size_t group = s.packed + s.panels * call->kernels->gemm_columns;
    return call->node->groups * group + s.depth + (call->training ? of_mirror : 0);
}

static float *pack_phase(float *to, const oc__call *call, const oc__conv_sizes *s, const phase *f, size_t g) {
    const oc__window *w = &call->node->window;
    size_t n_columns = call->kernels->gemm_columns;
    for (size_t first = 0; first < s->columns; first += n_columns)
        for (size_t t = 0; t < f->n_taps; t++)
            for (size_t k = 0; k < s->depth; k++, to += n_columns) {
                const float *from = call->params[0]->values +
                                    (((g * s->depth + k) * w->kernel_height + f->rows[t]) * w->kernel_width + f->columns[t]) *
                                        s->columns +
                                    first;
                for (size_t j = 0; j < n_columns; j++) to[j] = first + j < s->columns ? from[j] : 0;
            }
    return to;
}

static void pack(float *packed, const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    oc__conv_sizes s = oc__conv_sizes_of(call);
    const float *bias = call->node->n_params > 1 ? call->params[1]->values : NULL;
    size_t padded = s.panels * call->kernels->gemm_columns;
    if (oc__conv_is_depthwise(&mirror)) {
        oc__op_conv.pack(packed, &mirror);
        packed += oc__op_conv.n_packed(&mirror);
        for (size_t c = 0; c < call->node->channels; c++) packed[c] = bias ? bias[c] : 0;
        return;
    }
    for (size_t g = 0; g < call->node->groups; g++)
        for (uint32_t p = 0; p < call->node->window.stride * call->node->window.stride; p++) {
            phase f = phase_of(&call->node->window, p / call->node->window.stride, p % call->node->window.stride);
            packed = pack_phase(packed, call, &s, &f, g);
        }
    for (size_t g = 0; g < call->node->groups; g++, packed += padded)
        for (size_t j = 0; j < padded; j++) packed[j] = bias && j < s.columns ? bias[g * s.columns + j] : 0;
    memset(packed, 0, s.depth * sizeof *packed);
    if (call->training) oc__op_conv.pack(packed + s.depth, &mirror);
}

static size_t n_scratch(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    mirror.training = call->training;
    return oc__op_conv.n_scratch(&mirror);
}

static void add_bias(const oc__call *call, size_t begin, size_t end) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    size_t channels = call->node->channels;
    const float *bias = call->packed + oc__op_conv.n_packed(&mirror);
    for (size_t p = begin; p < end; p++) call->kernels->add_scaled(channels, 1, bias, call->out + p * channels);
    oc__op_finish_some(call, call->out + begin * channels, (end - begin) * channels);
}

static void depthwise_forward(const oc__call *call, oc__call *mirror) {
    mirror->out_gradient = (float *)(uintptr_t)call->in[0];
    mirror->in_gradient[0] = call->out;
    oc__conv_backward(mirror);
    oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), add_bias);
}

/* Pixels x, x + stride, ... of row y of a picture, all of one phase: where their taps are. */
static void row_pointers(const float **a, const oc__call *call, const phase *f, const float *picture, const float *zeros,
                         size_t y, size_t x, size_t n) {
    const oc__window *w = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    size_t tile_rows = call->kernels->gemm_rows;
    for (size_t t = 0; t < f->n_taps; t++) {
        ptrdiff_t from_y = (ptrdiff_t)(y + w->pad_top) - (ptrdiff_t)(f->rows[t] * w->dilation);
        ptrdiff_t from_x = (ptrdiff_t)(x + w->pad_left) - (ptrdiff_t)(f->columns[t] * w->dilation);
        ptrdiff_t iy = from_y / (ptrdiff_t)w->stride, ix = from_x / (ptrdiff_t)w->stride; /* exact, by the choice of taps */
        for (size_t r = 0; r < tile_rows; r++) {
            ptrdiff_t at = ix + (ptrdiff_t)(r < n ? r : n - 1);
            bool inside = iy >= 0 && at >= 0 && iy < (ptrdiff_t)in->h && at < (ptrdiff_t)in->w;
            a[t * tile_rows + r] = inside ? picture + ((size_t)iy * in->w + (size_t)at) * in->c : zeros;
        }
    }
}

/* A tile of pixels of one phase, all channels of group g. */
static void phase_tile(const oc__call *call, const oc__conv_sizes *s, const phase *f, size_t g, const float *const *a, size_t n,
                       float *out) {
    const oc__kernels *kernels = call->kernels;
    const oc__node *node = call->node;
    size_t block = f->n_taps * s->depth * kernels->gemm_columns;
    const float *weights = call->packed + g * s->packed + f->taps_before * s->depth * s->panels * kernels->gemm_columns;
    const float *bias = call->packed + node->groups * s->packed + g * s->panels * kernels->gemm_columns;
    bool clamps = node->function.code == OC__FUNCTION_NONE;
    for (size_t p = 0; p < s->panels; p++) {
        size_t column = p * kernels->gemm_columns, left = s->columns - column;
        oc__gemm_tile tile = {.rows = n,
                              .columns = left < kernels->gemm_columns ? left : kernels->gemm_columns,
                              .n_taps = f->n_taps,
                              .depth = s->depth,
                              .a = a,
                              .b = weights + p * block,
                              .bias = bias + column,
                              .low = clamps ? node->low : -INFINITY,
                              .high = clamps ? node->high : INFINITY,
                              .c = out + g * s->columns + column,
                              .c_stride = (size_t)node->window.stride * node->channels};
        kernels->gemm(&tile);
    }
}

static void forward_rows(const oc__call *call, size_t begin, size_t end) {
    const oc__window *w = &call->node->window;
    oc__conv_sizes s = oc__conv_sizes_of(call);
    const float *a[OC__MAX_TAPS * OC__GEMM_MAX_ROWS];
    const float *zeros = call->packed + call->node->groups * (s.packed + s.panels * call->kernels->gemm_columns);
    size_t height = call->out_shape.h, width = call->out_shape.w, channels = call->out_shape.c;
    for (size_t row = begin; row < end; row++) {
        const float *picture = call->in[0] + row / height * oc__picture_size(&call->in_shape[0]);
        float *out = call->out + row * width * channels;
        size_t y = row % height;
        for (uint32_t first = 0; first < w->stride && first < width; first++) {
            phase f = phase_of(w, (uint32_t)((y + w->pad_top) % w->stride), (first + w->pad_left) % w->stride);
            for (size_t x = first; x < width; x += call->kernels->gemm_rows * w->stride) {
                size_t left = (width - x + w->stride - 1) / w->stride;
                size_t n = left < call->kernels->gemm_rows ? left : call->kernels->gemm_rows;
                for (size_t g = 0; g < call->node->groups; g++) {
                    row_pointers(a, call, &f, picture + g * s.depth, zeros, y, x, n);
                    phase_tile(call, &s, &f, g, a, n, out + x * channels);
                }
            }
        }
        if (call->node->function.code) oc__op_finish_some(call, out, width * channels);
    }
}

static void forward(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    if (oc__conv_is_depthwise(&mirror)) depthwise_forward(call, &mirror);
    else oc__op_in_pieces(call, (size_t)call->out_shape.n * call->out_shape.h, forward_rows);
}

static void bias_gradient(const oc__call *call) {
    size_t channels = call->node->channels, n = oc__n_pixels(&call->out_shape);
    memset(call->param_gradient[1], 0, channels * sizeof(float));
    for (size_t p = 0; p < n; p++)
        call->kernels->add_scaled(channels, 1, call->out_gradient + p * channels, call->param_gradient[1]);
}

static void backward(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    if (!oc__conv_is_depthwise(&mirror)) mirror.packed += n_packed(call) - oc__op_conv.n_packed(&mirror);
    mirror.in[0] = call->out_gradient;
    if (call->param_gradient[1]) bias_gradient(call);
    if (call->param_gradient[0]) {
        mirror.out_gradient = (float *)(uintptr_t)call->in[0];
        mirror.param_gradient[0] = call->param_gradient[0];
        oc__conv_backward(&mirror);
    }
    if (call->in_gradient[0]) {
        mirror.out = call->in_gradient[0];
        oc__conv_forward(&mirror);
    }
}

static uint64_t n_macs(const oc__node *node, const oc__shape *in, const oc__shape *out) {
    (void)out;
    return (uint64_t)in->h * in->w * in->c * node->window.kernel_height * node->window.kernel_width *
           (node->channels / node->groups);
}

const oc__op oc__op_conv_transposed = {.name = "transposed conv",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .min_params = 1,
                                       .max_params = 2,
                                       .n_sizes = 2,
                                       .finishes = true,
                                       .shape = shape,
                                       .n_packed = n_packed,
                                       .n_scratch = n_scratch,
                                       .pack = pack,
                                       .forward = forward,
                                       .backward = backward,
                                       .n_macs = n_macs};
