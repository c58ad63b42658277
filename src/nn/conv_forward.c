/* Convolution, forward. SPDX-License-Identifier: MIT */
#include <math.h>

#include "conv.h"
#include "thread.h"

static void row_pointers(const float **a, const oc__call *call, const oc__conv_sizes *s, size_t row, size_t rows,
                         size_t channel) {
    size_t tile_rows = call->kernels->gemm_rows, stride = call->in_shape[0].c;
    const float *zeros = oc__conv_zeros(call, s);
    for (size_t r = 0; r < tile_rows; r++) {
        size_t this_row = row + (r < rows ? r : rows - 1);
        if (s->pointwise) {
            a[r] = call->in[0] + this_row * stride + channel;
            continue;
        }
        oc__conv_corner_at at = oc__conv_corner(call, this_row);
        for (size_t t = 0; t < s->n_taps; t++) {
            ptrdiff_t pixel = oc__conv_pixel(call, &at, t);
            a[t * tile_rows + r] = pixel < 0 ? zeros : call->in[0] + (size_t)pixel * stride + channel;
        }
    }
}

/* The node's function and clamp on n floats, which the kernel has left as they are if there is a function. */
static void apply_function(const oc__call *call, float *y, size_t n) {
    if (call->node->function.code) oc__op_finish_some(call, y, n);
}

/* Panel `p` of group `g`, for `rows` output pixels from `row` on, whose pointers are in `a`. */
static void dense_tile(const oc__call *call, const oc__conv_sizes *s, const float *const *a, size_t row, size_t rows, size_t g,
                       size_t p) {
    const oc__kernels *kernels = call->kernels;
    const oc__node *node = call->node;
    size_t column = p * kernels->gemm_columns, left = s->columns - column;
    size_t at = row * node->channels + g * s->columns + column;
    bool clamps = node->function.code == OC__FUNCTION_NONE; /* else the function does, once the row is there */
    oc__gemm_tile tile = {
        .rows = rows,
        .columns = left < kernels->gemm_columns ? left : kernels->gemm_columns,
        .n_taps = s->n_taps,
        .depth = s->depth,
        .a = a,
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
    const float *a[OC__MAX_TAPS * OC__GEMM_MAX_ROWS];
    size_t end = (task + 1) * j->rows_per_task < s->n_rows ? (task + 1) * j->rows_per_task : s->n_rows;
    (void)worker;
    for (size_t row = task * j->rows_per_task; row < end; row += call->kernels->gemm_rows) {
        size_t rows = end - row < call->kernels->gemm_rows ? end - row : call->kernels->gemm_rows;
        for (size_t g = 0; g < call->node->groups; g++) {
            row_pointers(a, call, s, row, rows, g * s->depth);
            for (size_t p = 0; p < s->panels; p++) dense_tile(call, s, a, row, rows, g, p);
        }
        apply_function(call, call->out + row * call->node->channels, rows * call->node->channels);
    }
}

/* A panel of channels, all output pixels: weights stay in cache while the pixels pass. */
static void dense_panel_task(void *argument, size_t task, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    const oc__conv_sizes *s = &j->s;
    const float *a[OC__MAX_TAPS * OC__GEMM_MAX_ROWS];
    size_t g = task / s->panels, p = task % s->panels;
    (void)worker;
    for (size_t row = 0; row < s->n_rows; row += call->kernels->gemm_rows) {
        size_t rows = s->n_rows - row < call->kernels->gemm_rows ? s->n_rows - row : call->kernels->gemm_rows;
        row_pointers(a, call, s, row, rows, g * s->depth);
        dense_tile(call, s, a, row, rows, g, p);
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
    if (oc__conv_is_depthwise(call)) {
        oc__parallel(call->context, (size_t)call->out_shape.n * OC__DEPTHWISE_BANDS, depthwise_task, (void *)(uintptr_t)call);
        return;
    }
    oc__conv_job j = {call, oc__conv_sizes_of(call), 0};
    if (j.s.n_rows < j.s.columns * j.s.n_taps) { /* fewer pixels than weights for each input channel */
        oc__parallel(call->context, call->node->groups * j.s.panels, dense_panel_task, &j);
        return;
    }
    j.rows_per_task = oc__conv_rows_per_task(call, j.s.n_rows);
    oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, dense_rows_task, &j);
}
