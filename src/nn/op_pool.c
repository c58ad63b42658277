/* Pooling: over a window (maximum, mean) and over the whole picture (mean). SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "op.h"
#include "thread.h"

oc_status oc__window_shape(oc__shape *out, const oc__window *w, const oc__shape *in, oc_error *err) {
    if (w->kernel_height < 1 || w->kernel_height > 15 || w->kernel_width < 1 || w->kernel_width > 15)
        return oc__fail(err, OC_E_CORRUPT, "its kernel is %u x %u, expected 1 to 15", w->kernel_height, w->kernel_width);
    if (w->stride < 1 || w->stride > 4) return oc__fail(err, OC_E_CORRUPT, "its stride is %u, expected 1 to 4", w->stride);
    if (w->dilation < 1 || w->dilation > 15)
        return oc__fail(err, OC_E_CORRUPT, "its dilation is %u, expected 1 to 15", w->dilation);
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation + 1, reach_x = (w->kernel_width - 1) * w->dilation + 1;
    if (w->pad_top >= reach_y || w->pad_bottom >= reach_y || w->pad_left >= reach_x || w->pad_right >= reach_x)
        return oc__fail(err, OC_E_CORRUPT, "its padding is as wide as its kernel");
    uint64_t height = (uint64_t)in->h + w->pad_top + w->pad_bottom, width = (uint64_t)in->w + w->pad_left + w->pad_right;
    if (height < reach_y || width < reach_x)
        return oc__fail(err, OC_E_ARGUMENT, "a picture of %u x %u pixels is too small for it", in->w, in->h);
    *out = (oc__shape){in->n, in->c, (uint32_t)((height - reach_y) / w->stride + 1),
                       (uint32_t)((width - reach_x) / w->stride + 1)};
    return OC_OK;
}

static oc_status window_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    (void)graph;
    return oc__window_shape(out, &node->window, &in[0], err);
}

/* The rows and columns of the input under an output pixel. */
typedef struct area {
    size_t y0, y1, x0, x1, step;
} area;

static void range(size_t *first, size_t *end, size_t at, uint32_t stride, uint32_t pad, uint32_t kernel, uint32_t dilation,
                  uint32_t size) {
    ptrdiff_t begin = (ptrdiff_t)(at * stride) - (ptrdiff_t)pad, stop = begin + (ptrdiff_t)((kernel - 1) * dilation) + 1;
    while (begin < 0) begin += dilation;
    *first = (size_t)begin;
    *end = stop < 0 ? 0 : (size_t)stop < size ? (size_t)stop : size;
}

static area area_under(const oc__call *call, size_t y, size_t x) {
    const oc__window *w = &call->node->window;
    area a = {.step = w->dilation};
    range(&a.y0, &a.y1, y, w->stride, w->pad_top, w->kernel_height, w->dilation, call->in_shape[0].h);
    range(&a.x0, &a.x1, x, w->stride, w->pad_left, w->kernel_width, w->dilation, call->in_shape[0].w);
    return a;
}

static size_t in_size(const oc__call *call) { return (size_t)call->in_shape[0].h * call->in_shape[0].w * call->in_shape[0].c; }
static size_t out_size(const oc__call *call) { return (size_t)call->out_shape.h * call->out_shape.w * call->out_shape.c; }

static float clamp(const oc__node *node, float x) { return x < node->low ? node->low : x > node->high ? node->high : x; }

/* One picture. A window wholly in the padding gives 0. */
static void forward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    bool mean = call->node->op == OC__OP_MEAN_POOL;
    size_t channels = call->out_shape.c, width = call->in_shape[0].w;
    const float *in = call->in[0] + image * in_size(call);
    float *out = call->out + image * out_size(call);
    (void)worker;
    for (size_t y = 0; y < call->out_shape.h; y++)
        for (size_t x = 0; x < call->out_shape.w; x++, out += channels) {
            area a = area_under(call, y, x);
            size_t count = 0;
            for (size_t c = 0; c < channels; c++) out[c] = 0;
            for (size_t iy = a.y0; iy < a.y1; iy += a.step)
                for (size_t ix = a.x0; ix < a.x1; ix += a.step, count++) {
                    const float *pixel = in + (iy * width + ix) * channels;
                    for (size_t c = 0; c < channels; c++)
                        out[c] = count == 0 ? pixel[c] : mean ? out[c] + pixel[c] : pixel[c] > out[c] ? pixel[c] : out[c];
                }
            float factor = mean && count ? 1.0f / (float)count : 1.0f;
            for (size_t c = 0; c < channels; c++) out[c] = clamp(call->node, out[c] * factor);
        }
}

/* A maximum's gradient goes to the first pixel that attains it. */
static void backward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    bool mean = call->node->op == OC__OP_MEAN_POOL;
    size_t channels = call->out_shape.c, width = call->in_shape[0].w;
    const float *in = call->in[0] + image * in_size(call);
    float *to = call->in_gradient[0] + image * in_size(call);
    const float *from = call->out_gradient + image * out_size(call);
    (void)worker;
    memset(to, 0, in_size(call) * sizeof *to);
    for (size_t y = 0; y < call->out_shape.h; y++)
        for (size_t x = 0; x < call->out_shape.w; x++, from += channels) {
            area a = area_under(call, y, x);
            if (a.y0 >= a.y1 || a.x0 >= a.x1) continue;
            size_t count = ((a.y1 - a.y0 + a.step - 1) / a.step) * ((a.x1 - a.x0 + a.step - 1) / a.step);
            for (size_t c = 0; c < channels; c++) {
                size_t best = (a.y0 * width + a.x0) * channels + c;
                for (size_t iy = a.y0; iy < a.y1; iy += a.step)
                    for (size_t ix = a.x0; ix < a.x1; ix += a.step) {
                        size_t at = (iy * width + ix) * channels + c;
                        if (mean) to[at] += from[c] / (float)count;
                        else if (in[at] > in[best]) best = at;
                    }
                if (!mean) to[best] += from[c];
            }
        }
}

static void forward(const oc__call *call) {
    oc__parallel(call->context, call->out_shape.n, forward_task, (void *)(uintptr_t)call);
}

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__parallel(call->context, call->out_shape.n, backward_task, (void *)(uintptr_t)call);
}

const oc__op oc__op_max_pool = {
    .name = "max pool", .min_inputs = 1, .max_inputs = 1, .shape = window_shape, .forward = forward, .backward = backward};

const oc__op oc__op_mean_pool = {
    .name = "mean pool", .min_inputs = 1, .max_inputs = 1, .shape = window_shape, .forward = forward, .backward = backward};

static oc_status global_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    (void)graph;
    (void)node;
    (void)err;
    *out = (oc__shape){in[0].n, in[0].c, 1, 1};
    return OC_OK;
}

static void global_forward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    size_t channels = call->out_shape.c, n = (size_t)call->in_shape[0].h * call->in_shape[0].w;
    const float *in = call->in[0] + image * n * channels;
    float *out = call->out + image * channels, factor = 1.0f / (float)n;
    (void)worker;
    memset(out, 0, channels * sizeof *out);
    for (size_t p = 0; p < n; p++) call->kernels->add_scaled(channels, 1, in + p * channels, out);
    for (size_t c = 0; c < channels; c++) out[c] = clamp(call->node, out[c] * factor);
}

static void global_backward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    size_t channels = call->out_shape.c, n = (size_t)call->in_shape[0].h * call->in_shape[0].w;
    const float *from = call->out_gradient + image * channels;
    float *to = call->in_gradient[0] + image * n * channels, factor = 1.0f / (float)n;
    (void)worker;
    for (size_t c = 0; c < channels; c++) to[c] = from[c] * factor;
    for (size_t p = 1; p < n; p++) memcpy(to + p * channels, to, channels * sizeof *to);
}

static void global_forward(const oc__call *call) {
    oc__parallel(call->context, call->out_shape.n, global_forward_task, (void *)(uintptr_t)call);
}

static void global_backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__parallel(call->context, call->out_shape.n, global_backward_task, (void *)(uintptr_t)call);
}

const oc__op oc__op_global_pool = {.name = "global pool",
                                   .min_inputs = 1,
                                   .max_inputs = 1,
                                   .shape = global_shape,
                                   .forward = global_forward,
                                   .backward = global_backward};
