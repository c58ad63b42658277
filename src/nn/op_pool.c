/* Pooling, maximum or mean: over a window and over the whole picture. SPDX-License-Identifier: MIT */
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

/* The side with one more window, of which the last pixels lie beyond the padded picture, if it begins before the padding that
 * follows the picture. */
static uint32_t ceil_side(uint32_t out, const oc__window *w, uint64_t padded, uint32_t reach, uint64_t begin_below) {
    bool left = (padded - reach) % w->stride != 0;
    return out + (left && (uint64_t)out * w->stride < begin_below);
}

static oc_status window_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    const oc__window *w = &node->window;
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation + 1, reach_x = (w->kernel_width - 1) * w->dilation + 1;
    (void)graph;
    oc_status status = oc__window_shape(out, w, &in[0], err);
    if (status || !(node->mode & OC__POOL_CEIL)) return status;
    uint64_t below = (uint64_t)in[0].h + w->pad_top, beside = (uint64_t)in[0].w + w->pad_left;
    out->h = ceil_side(out->h, w, below + w->pad_bottom, reach_y, below);
    out->w = ceil_side(out->w, w, beside + w->pad_right, reach_x, beside);
    return OC_OK;
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

/* Taps of a kernel that lie before `end`, counted from where it begins. */
static size_t taps_before(size_t end, size_t begin, uint32_t kernel, uint32_t dilation) {
    size_t n = (end - begin + dilation - 1) / dilation;
    return n < kernel ? n : kernel;
}

static size_t n_inside(size_t begin, size_t end, size_t step) { return begin < end ? (end - begin + step - 1) / step : 0; }

/* How many pixels a mean is over; 0 for a window that lies wholly in the padding and does not count it. */
static size_t n_counted(const oc__call *call, const area *a, size_t y, size_t x) {
    const oc__window *w = &call->node->window;
    if (!(call->node->mode & OC__POOL_COUNT_PADDING)) return n_inside(a->y0, a->y1, a->step) * n_inside(a->x0, a->x1, a->step);
    return taps_before(call->in_shape[0].h + w->pad_top + w->pad_bottom, y * w->stride, w->kernel_height, w->dilation) *
           taps_before(call->in_shape[0].w + w->pad_left + w->pad_right, x * w->stride, w->kernel_width, w->dilation);
}

static void add_pixel(float *restrict sum, const float *restrict pixel, size_t n) {
    for (size_t c = 0; c < n; c++) sum[c] += pixel[c];
}

static void take_larger(float *restrict largest, const float *restrict pixel, size_t n) {
    for (size_t c = 0; c < n; c++) largest[c] = pixel[c] > largest[c] ? pixel[c] : largest[c];
}

/* A window wholly in the padding gives 0. */
static void pool_pixel(const oc__call *call, const float *picture, size_t y, size_t x, float *out) {
    bool mean = call->node->op == OC__OP_MEAN_POOL, first = true;
    size_t channels = call->out_shape.c;
    area a = area_under(call, y, x);
    for (size_t iy = a.y0; iy < a.y1; iy += a.step)
        for (size_t ix = a.x0; ix < a.x1; ix += a.step, first = false) {
            const float *pixel = picture + (iy * call->in_shape[0].w + ix) * channels;
            if (first) memcpy(out, pixel, channels * sizeof *out);
            else if (mean) add_pixel(out, pixel, channels);
            else take_larger(out, pixel, channels);
        }
    if (first) memset(out, 0, channels * sizeof *out);
    if (first || !mean) return;
    float factor = 1.0f / (float)n_counted(call, &a, y, x);
    for (size_t c = 0; c < channels; c++) out[c] *= factor;
}

static void forward_rows(const oc__call *call, size_t begin, size_t end) {
    size_t height = call->out_shape.h, row_size = call->out_shape.w * (size_t)call->out_shape.c;
    for (size_t row = begin; row < end; row++) {
        const float *picture = call->in[0] + row / height * oc__picture_size(&call->in_shape[0]);
        for (size_t x = 0; x < call->out_shape.w; x++)
            pool_pixel(call, picture, row % height, x, call->out + row * row_size + x * call->out_shape.c);
    }
    oc__op_finish_some(call, call->out + begin * row_size, (end - begin) * row_size);
}

#define AT_ONCE 64 /* channels whose largest pixels are found together */

/* A maximum's gradient goes to the first pixel that attains it. n channels of one window, at most AT_ONCE, of pixels of
 * `channels` in rows of `width`. Written with masks, so that compilers make vectors of it. */
static void max_gradient(float *restrict to, const float *restrict in, const float *restrict from, const area *a, size_t width,
                         size_t channels, size_t n) {
    float largest[AT_ONCE];
    uint32_t which[AT_ONCE] = {0}, given[AT_ONCE], i = 0;
    memcpy(largest, in + (a->y0 * width + a->x0) * channels, n * sizeof *largest);
    memcpy(given, from, n * sizeof *given);
    for (size_t y = a->y0; y < a->y1; y += a->step)
        for (size_t x = a->x0; x < a->x1; x += a->step, i++) {
            const float *pixel = in + (y * width + x) * channels;
            for (size_t c = 0; c < n; c++) {
                uint32_t larger = 0u - (uint32_t)(pixel[c] > largest[c]);
                which[c] = (i & larger) | (which[c] & ~larger);
                largest[c] = pixel[c] > largest[c] ? pixel[c] : largest[c];
            }
        }
    i = 0;
    for (size_t y = a->y0; y < a->y1; y += a->step)
        for (size_t x = a->x0; x < a->x1; x += a->step, i++) {
            float *pixel = to + (y * width + x) * channels, part[AT_ONCE];
            uint32_t bits[AT_ONCE];
            for (size_t c = 0; c < n; c++) bits[c] = given[c] & (0u - (uint32_t)(which[c] == i));
            memcpy(part, bits, n * sizeof *part);
            for (size_t c = 0; c < n; c++) pixel[c] += part[c];
        }
}

static void mean_gradient(float *restrict to, const float *restrict from, const area *a, size_t width, size_t channels,
                          float count) {
    for (size_t y = a->y0; y < a->y1; y += a->step)
        for (size_t x = a->x0; x < a->x1; x += a->step)
            for (size_t c = 0; c < channels; c++) to[(y * width + x) * channels + c] += from[c] / count;
}

static void backward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    bool mean = call->node->op == OC__OP_MEAN_POOL;
    size_t channels = call->out_shape.c, width = call->in_shape[0].w, in_size = oc__picture_size(&call->in_shape[0]);
    const float *in = call->in[0] + image * in_size;
    float *to = call->in_gradient[0] + image * in_size;
    const float *from = call->out_gradient + image * oc__picture_size(&call->out_shape);
    (void)worker;
    memset(to, 0, in_size * sizeof *to);
    for (size_t y = 0; y < call->out_shape.h; y++)
        for (size_t x = 0; x < call->out_shape.w; x++, from += channels) {
            area a = area_under(call, y, x);
            if (a.y0 >= a.y1 || a.x0 >= a.x1) continue;
            if (mean) mean_gradient(to, from, &a, width, channels, (float)n_counted(call, &a, y, x));
            for (size_t c = 0; c < channels && !mean; c += AT_ONCE)
                max_gradient(to + c, in + c, from + c, &a, width, channels, channels - c < AT_ONCE ? channels - c : AT_ONCE);
        }
}

static void forward(const oc__call *call) {
    oc__op_in_pieces(call, (size_t)call->out_shape.n * call->out_shape.h, forward_rows);
}

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__parallel(call->context, call->out_shape.n, backward_task, (void *)(uintptr_t)call);
}

const oc__op oc__op_max_pool = {.name = "max pool",
                                .min_inputs = 1,
                                .max_inputs = 1,
                                .last_mode = OC__POOL_CEIL,
                                .finishes = true,
                                .shape = window_shape,
                                .forward = forward,
                                .backward = backward};

const oc__op oc__op_mean_pool = {.name = "mean pool",
                                 .min_inputs = 1,
                                 .max_inputs = 1,
                                 .last_mode = OC__POOL_CEIL | OC__POOL_COUNT_PADDING,
                                 .finishes = true,
                                 .shape = window_shape,
                                 .forward = forward,
                                 .backward = backward};

static oc_status global_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    (void)graph;
    (void)node;
    (void)err;
    *out = (oc__shape){in[0].n, in[0].c, 1, 1};
    return OC_OK;
}

static size_t n_pooled(const oc__call *call) { return (size_t)call->in_shape[0].h * call->in_shape[0].w; }

static void global_mean(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c, n = n_pooled(call);
    float factor = 1.0f / (float)n;
    for (size_t image = begin; image < end; image++) {
        const float *in = call->in[0] + image * n * channels;
        float *out = call->out + image * channels;
        memset(out, 0, channels * sizeof *out);
        for (size_t p = 0; p < n; p++) call->kernels->add_scaled(channels, 1, in + p * channels, out);
        for (size_t c = 0; c < channels; c++) out[c] *= factor;
        oc__op_finish_some(call, out, channels);
    }
}

static void global_mean_gradient(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c, n = n_pooled(call);
    float factor = 1.0f / (float)n;
    for (size_t image = begin; image < end; image++) {
        const float *from = call->out_gradient + image * channels;
        float *to = call->in_gradient[0] + image * n * channels;
        for (size_t c = 0; c < channels; c++) to[c] = from[c] * factor;
        for (size_t p = 1; p < n; p++) memcpy(to + p * channels, to, channels * sizeof *to);
    }
}

static void global_max(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c, n = n_pooled(call);
    for (size_t image = begin; image < end; image++) {
        const float *in = call->in[0] + image * n * channels;
        float *out = call->out + image * channels;
        memcpy(out, in, channels * sizeof *out);
        for (size_t p = 1; p < n; p++) take_larger(out, in + p * channels, channels);
        oc__op_finish_some(call, out, channels);
    }
}

/* To the first pixel that attains the maximum. */
static void global_max_gradient(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c, n = n_pooled(call);
    for (size_t image = begin; image < end; image++) {
        const float *in = call->in[0] + image * n * channels;
        float *to = call->in_gradient[0] + image * n * channels;
        memset(to, 0, n * channels * sizeof *to);
        for (size_t c = 0; c < channels; c++) {
            size_t best = c;
            for (size_t at = c; at < n * channels; at += channels)
                if (in[at] > in[best]) best = at;
            to[best] = call->out_gradient[image * channels + c];
        }
    }
}

static void global_forward(const oc__call *call) {
    oc__op_in_pieces(call, call->out_shape.n, call->node->op == OC__OP_GLOBAL_POOL ? global_mean : global_max);
}

static void global_backward(const oc__call *call) {
    oc__piece_fn work = call->node->op == OC__OP_GLOBAL_POOL ? global_mean_gradient : global_max_gradient;
    if (call->in_gradient[0]) oc__op_in_pieces(call, call->out_shape.n, work);
}

const oc__op oc__op_global_pool = {.name = "global pool",
                                   .min_inputs = 1,
                                   .max_inputs = 1,
                                   .finishes = true,
                                   .shape = global_shape,
                                   .forward = global_forward,
                                   .backward = global_backward};

const oc__op oc__op_global_max_pool = {.name = "global max pool",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .finishes = true,
                                       .shape = global_shape,
                                       .forward = global_forward,
                                       .backward = global_backward};
