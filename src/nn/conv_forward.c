/* Convolution, forward. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "conv.h"
#include "thread.h"

/* With few channels, as in pictures, a row of taps is one run of memory and counts as one tap: fewer pointers, longer sums.
 * Where the run crosses the picture's left or right edge, it is copied to a patch of its own, zeros outside. */
#define MAX_PATCH 256

static bool has_wide_taps(const oc__call *call, const oc__conv_sizes *s) {
    return call->node->groups == 1 && call->node->window.dilation == 1 && !s->pointwise && s->n_taps * s->depth <= MAX_PATCH;
}

/* What a task needs to find its input. */
typedef struct pixels {
    const float *rows[OC__MAX_TAPS * OC__GEMM_MAX_ROWS];
    float patches[OC__GEMM_MAX_ROWS * MAX_PATCH];
} pixels;

/* An output pixel. */
typedef struct position {
    size_t image, y, x;
} position;

static position position_of(const oc__call *call, size_t row) {
    size_t width = call->out_shape.w, height = call->out_shape.h;
    return (position){row / width / height, row / width % height, row % width};
}

static void move_on(position *at, const oc__call *call) {
    if (++at->x < call->out_shape.w) return;
    at->x = 0;
    if (++at->y < call->out_shape.h) return;
    at->y = 0;
    at->image++;
}

static void wide_taps(pixels *p, const oc__call *call, const position *at, size_t r) {
    static const float zeros[MAX_PATCH];
    const oc__window *w = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    size_t depth = in->c, run = w->kernel_width * depth;
    ptrdiff_t x = (ptrdiff_t)(at->x * w->stride) - (ptrdiff_t)w->pad_left, end = x + (ptrdiff_t)w->kernel_width;
    size_t before = x < 0 ? (size_t)-x : 0, after = end > (ptrdiff_t)in->w ? (size_t)(end - (ptrdiff_t)in->w) : 0;
    float *patch = p->patches + r * MAX_PATCH;
    for (size_t i = 0; i < w->kernel_height; i++, patch += run) {
        ptrdiff_t y = (ptrdiff_t)(at->y * w->stride + i) - (ptrdiff_t)w->pad_top;
        const float **row = &p->rows[i * call->kernels->gemm_rows + r];
        if (y < 0 || y >= (ptrdiff_t)in->h) {
            *row = zeros;
            continue;
        }
        const float *source = call->in[0] + ((at->image * in->h + (size_t)y) * in->w) * depth;
        if (before + after == 0) {
            *row = source + (size_t)x * depth;
            continue;
        }
        memset(patch, 0, run * sizeof *patch);
        if (before + after < w->kernel_width)
            memcpy(patch + before * depth, source + (size_t)(x + (ptrdiff_t)before) * depth,
                   (w->kernel_width - before - after) * depth * sizeof *patch);
        *row = patch;
    }
}

static void single_taps(pixels *p, const oc__call *call, const float *zeros, const position *at, size_t r, size_t channel) {
    const oc__window *w = &call->node->window;
    const oc__shape *in = &call->in_shape[0];
    const float **row = p->rows + r;
    for (size_t i = 0; i < w->kernel_height; i++) {
        ptrdiff_t y = (ptrdiff_t)(at->y * w->stride + i * w->dilation) - (ptrdiff_t)w->pad_top;
        for (size_t j = 0; j < w->kernel_width; j++, row += call->kernels->gemm_rows) {
            ptrdiff_t x = (ptrdiff_t)(at->x * w->stride + j * w->dilation) - (ptrdiff_t)w->pad_left;
            bool outside = y < 0 || x < 0 || y >= (ptrdiff_t)in->h || x >= (ptrdiff_t)in->w;
            *row = outside ? zeros : call->in[0] + ((at->image * in->h + (size_t)y) * in->w + (size_t)x) * in->c + channel;
        }
    }
}

/* The node's function and clamp on n floats, which the kernel has left as they are if there is a function. */
static void apply_function(const oc__call *call, float *y, size_t n) {
    if (call->node->function.code) oc__op_finish_some(call, y, n);
}

static void find_pixels(pixels *p, const oc__call *call, const oc__conv_sizes *s, size_t row, size_t rows, size_t channel) {
    size_t tile_rows = call->kernels->gemm_rows;
    if (s->pointwise) {
        for (size_t r = 0; r < tile_rows; r++)
            p->rows[r] = call->in[0] + (row + (r < rows ? r : rows - 1)) * call->in_shape[0].c + channel;
        return;
    }
    position at = position_of(call, row);
    bool wide = has_wide_taps(call, s);
    size_t n_taps = wide ? call->node->window.kernel_height : s->n_taps;
    for (size_t r = 0; r < rows; r++, move_on(&at, call))
        if (wide) wide_taps(p, call, &at, r);
        else single_taps(p, call, oc__conv_zeros(call, s), &at, r, channel);
    for (size_t r = rows; r < tile_rows; r++)
        for (size_t t = 0; t < n_taps; t++) p->rows[t * tile_rows + r] = p->rows[t * tile_rows + rows - 1];
}

/* Panel `p` of group `g`, for `rows` output pixels from `row` on. */
static void dense_tile(const oc__call *call, const oc__conv_sizes *s, const pixels *from, size_t row, size_t rows, size_t g,
                       size_t p) {
    const oc__kernels *kernels = call->kernels;
    const oc__node *node = call->node;
    size_t column = p * kernels->gemm_columns, left = s->columns - column;
    size_t at = row * node->channels + g * s->columns + column;
    bool clamps = node->function.code == OC__FUNCTION_NONE; /* else the function does, once the row is there */
    bool wide = has_wide_taps(call, s);
    oc__gemm_tile tile = {
        .rows = rows,
        .columns = left < kernels->gemm_columns ? left : kernels->gemm_columns,
        .n_taps = wide ? node->window.kernel_height : s->n_taps,
        .depth = wide ? node->window.kernel_width * s->depth : s->depth,
        .a = from->rows,
        .b = call->packed + g * s->packed + p * (s->packed / s->panels),
        .bias = oc__conv_bias(call, s) + (g * s->panels + p) * kernels->gemm_columns,
        .add = node->n_inputs > 1 ? call->in[1] + at : NULL,
        .add_stride = node->channels,
        .low = clamps ? node->low : -INFINITY,
        .high = clamps ? node->high : INFINITY,
        .c = call->out + at,
        .c_stride = node->channels,
    };
    kernels->gemm(&tile);
}

/* A band of output pixels, all channels: pixels stay in cache while the weights pass. */
static void dense_rows_task(void *argument, size_t task, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    const oc__conv_sizes *s = &j->s;
    pixels from;
    size_t end = (task + 1) * j->rows_per_task < s->n_rows ? (task + 1) * j->rows_per_task : s->n_rows;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += call->kernels->gemm_rows) {
        size_t rows = end - row < call->kernels->gemm_rows ? end - row : call->kernels->gemm_rows;
        for (size_t g = 0; g < call->node->groups; g++) {
            find_pixels(&from, call, s, row, rows, g * s->depth);
            for (size_t p = 0; p < s->panels; p++) dense_tile(call, s, &from, row, rows, g, p);
        }
        apply_function(call, call->out + row * call->node->channels, rows * call->node->channels);
    }
}

/* A panel of channels, all output pixels: weights stay in cache while the pixels pass. */
static void dense_panel_task(void *argument, size_t task, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    const oc__conv_sizes *s = &j->s;
    pixels from;
    size_t g = task / s->panels, p = task % s->panels;
    (void)worker;
    for (size_t row = 0; row < s->n_rows; row += call->kernels->gemm_rows) {
        size_t rows = s->n_rows - row < call->kernels->gemm_rows ? s->n_rows - row : call->kernels->gemm_rows;
        find_pixels(&from, call, s, row, rows, g * s->depth);
        dense_tile(call, s, &from, row, rows, g, p);
        size_t at = row * call->node->channels + g * s->columns + p * call->kernels->gemm_columns;
        size_t left = s->columns - p * call->kernels->gemm_columns;
        for (size_t r = 0; r < rows; r++, at += call->node->channels)
            apply_function(call, call->out + at, left < call->kernels->gemm_columns ? left : call->kernels->gemm_columns);
    }
}

static void depthwise_task(void *argument, size_t task, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = oc__conv_depthwise(call);
    size_t image = task / OC__DEPTHWISE_BANDS, band = task % OC__DEPTHWISE_BANDS;
    size_t begin = d.out_height * band / OC__DEPTHWISE_BANDS, end = d.out_height * (band + 1) / OC__DEPTHWISE_BANDS;
    bool clamps = call->node->function.code == OC__FUNCTION_NONE;
    float *out = call->out + image * oc__conv_out_image(call);
    (void)worker;
    call->kernels->depthwise(&d, begin, end, call->in[0] + image * oc__conv_in_image(call), call->packed,
                             call->packed + d.kernel_height * d.kernel_width * d.channels,
                             clamps ? call->node->low : -INFINITY, clamps ? call->node->high : INFINITY, out);
    apply_function(call, out + begin * d.out_width * d.channels, (end - begin) * d.out_width * d.channels);
}

void oc__conv_forward(const oc__call *call) {
    if (call->method) {
        oc__conv_winograd_forward(call);
        return;
    }
    if (oc__conv_is_depthwise(call)) {
        oc__parallel(call->context, (size_t)call->out_shape.n * OC__DEPTHWISE_BANDS, depthwise_task, (void *)(uintptr_t)call);
        return;
    }
    if (call->bf16) {
        oc__conv_bf16_forward(call);
        return;
    }
    oc__conv_job j = {call, oc__conv_sizes_of(call), 0};
    if (j.s.n_rows < j.s.columns * j.s.n_taps) { /* fewer pixels than weights for each input channel */
        oc__parallel(call->context, call->node->groups * j.s.panels, dense_panel_task, &j);
        return;
    }
    j.rows_per_task = oc__conv_rows_per_task(call, call->kernels->gemm_rows, j.s.n_rows);
    oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, dense_rows_task, &j);
}
