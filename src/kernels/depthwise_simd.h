/* Depthwise convolution and its gradients over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * Vectors run along the channels. The common kernels (3 and 5 wide, strides 1 and 2) work on a run of up to 8 neighbouring
 * pixels of a row, whose sums stay in registers: each input is loaded once and multiplied by every tap that meets it. All
 * other shapes go pixel by pixel. A shape always takes the same way, so its bits do not depend on how rows are split.
 */
#include <math.h>

#include "taps.h"

#define MAX_RUN 8

static inline size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* A run's length such that the runs of a row of n are as even as can be: 28 pixels make 7 + 7 + 7 + 7. */
static inline size_t even_run(size_t n) {
    const size_t runs = (n + MAX_RUN - 1) / MAX_RUN;
    return runs ? (n + runs - 1) / runs : 1;
}

/* A row of correlations along x: output x = sum of source x * stride + j - pad, where that is in [0, width), times tap j. It
 * is the forward pass, and the backward pass too: of stride 1 with the taps reversed, of stride 2 with the input's even and
 * odd columns apart. Strides of pointers are in floats. */
typedef struct row_of_runs {
    const float *source; /* the first row to meet a tap */
    ptrdiff_t source_row, source_pixel;
    ptrdiff_t width; /* pixels in a row of the source */
    ptrdiff_t pad;   /* may be negative */
    const float *weights;
    ptrdiff_t weight_row, weight_tap;
    size_t n_rows; /* rows of taps that meet the source */
    const float *bias;
    float low, high;
    float *out;
    ptrdiff_t out_pixel;
    size_t n; /* outputs */
    size_t channels;
} row_of_runs;

/* `run` outputs from x on, of LANES channels from c on. Unless `inside`, source columns may be past the ends. */
INLINE void run_of_outputs(const row_of_runs *row, size_t x, size_t c, const size_t run, const size_t taps, const size_t stride,
                           const bool inside) {
    const ptrdiff_t first = (ptrdiff_t)(x * stride) - row->pad, source_pixel = row->source_pixel;
    vec sum[MAX_RUN];

    UNROLL for (size_t o = 0; o < run; o++) sum[o] = vec_zero();
    for (size_t i = 0; i < row->n_rows; i++) {
        const float *source = row->source + (ptrdiff_t)i * row->source_row + c;
        const float *weights = row->weights + (ptrdiff_t)i * row->weight_row + c;
        vec tap[5];
        UNROLL for (size_t j = 0; j < taps; j++) tap[j] = vec_load(weights + (ptrdiff_t)j * row->weight_tap);
        UNROLL for (size_t q = 0; q < (run - 1) * stride + taps; q++) {
            const ptrdiff_t column = first + (ptrdiff_t)q;
            if (!inside && (column < 0 || column >= row->width)) continue;
            const vec value = vec_load(source + column * source_pixel);
            UNROLL for (size_t j = 0; j < taps; j++) {
                if (q >= j && (q - j) % stride == 0 && (q - j) / stride < run) {
                    sum[(q - j) / stride] = vec_fma(value, tap[j], sum[(q - j) / stride]);
                }
            }
        }
    }
    const vec bias = row->bias ? vec_load(row->bias + c) : vec_zero(), low = vec_set(row->low), high = vec_set(row->high);
    float *out = row->out + (ptrdiff_t)x * row->out_pixel + (ptrdiff_t)c;
    UNROLL for (size_t o = 0; o < run; o++) {
        vec_store(out + (ptrdiff_t)o * row->out_pixel, vec_clamp(vec_add(sum[o], bias), low, high));
    }
}

/* The last vector overlaps the one before where channels are no multiple of LANES: it computes some of the same bits again. */
INLINE void run_of_channels(const row_of_runs *row, size_t x, const size_t run, const size_t taps, const size_t stride,
                            const bool inside) {
    for (size_t c = 0; c < row->channels; c += LANES) {
        run_of_outputs(row, x, smaller(c, row->channels - LANES), run, taps, stride, inside);
    }
}

#define FOR_RUN(n, CALL)                                                                                                       \
    switch (n) {                                                                                                               \
    case 1: CALL(1); break;                                                                                                    \
    case 2: CALL(2); break;                                                                                                    \
    case 3: CALL(3); break;                                                                                                    \
    case 4: CALL(4); break;                                                                                                    \
    case 5: CALL(5); break;                                                                                                    \
    case 6: CALL(6); break;                                                                                                    \
    case 7: CALL(7); break;                                                                                                    \
    case 8: CALL(8); break;                                                                                                    \
    }

INLINE void row_of_outputs(const row_of_runs *row, const size_t taps, const size_t stride) {
    const size_t longest = even_run(row->n);

    for (size_t x = 0; x < row->n;) {
        const size_t run = smaller(longest, row->n - x);
        const ptrdiff_t first = (ptrdiff_t)(x * stride) - row->pad;
        const bool inside = first >= 0 && first + (ptrdiff_t)((run - 1) * stride + taps) <= row->width;

        if (inside) {
#define INSIDE(n) run_of_channels(row, x, n, taps, stride, true)
            FOR_RUN(run, INSIDE)
        } else {
#define AT_THE_EDGE(n) run_of_channels(row, x, n, taps, stride, false)
            FOR_RUN(run, AT_THE_EDGE)
        }
        x += run;
    }
}

/* One function each, to share them between the forward and the backward pass. */
static __attribute__((noinline)) void row_1_1(const row_of_runs *row) {
    row_of_outputs(row, 1, 1);
}

static __attribute__((noinline)) void row_2_1(const row_of_runs *row) {
    row_of_outputs(row, 2, 1);
}

static __attribute__((noinline)) void row_3_1(const row_of_runs *row) {
    row_of_outputs(row, 3, 1);
}

static __attribute__((noinline)) void row_5_1(const row_of_runs *row) {
    row_of_outputs(row, 5, 1);
}

static __attribute__((noinline)) void row_3_2(const row_of_runs *row) {
    row_of_outputs(row, 3, 2);
}

static __attribute__((noinline)) void row_5_2(const row_of_runs *row) {
    row_of_outputs(row, 5, 2);
}

static bool goes_by_runs(const oc__depthwise *shape) {
    return (shape->kernel_width == 3 || shape->kernel_width == 5) && shape->stride <= 2 && shape->channels >= LANES;
}

static void forward_by_runs(const oc__depthwise *shape, size_t y, const float *in, const float *weights, const float *bias,
                            float low, float high, float *out) {
    const size_t channels = shape->channels;
    const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
    const row_of_runs row = {
        .source = in + rows.source * shape->width * channels,
        .source_row = (ptrdiff_t)(shape->width * channels),
        .source_pixel = (ptrdiff_t)channels,
        .width = (ptrdiff_t)shape->width,
        .pad = (ptrdiff_t)shape->pad_left,
        .weights = weights + rows.first * shape->kernel_width * channels,
        .weight_row = (ptrdiff_t)(shape->kernel_width * channels),
        .weight_tap = (ptrdiff_t)channels,
        .n_rows = rows.n,
        .bias = bias,
        .low = low,
        .high = high,
        .out = out + y * shape->out_width * channels,
        .out_pixel = (ptrdiff_t)channels,
        .n = shape->out_width,
        .channels = channels,
    };

    if (shape->kernel_width == 3) {
        if (shape->stride == 1) row_3_1(&row);
        else row_3_2(&row);
    } else {
        if (shape->stride == 1) row_5_1(&row);
        else row_5_2(&row);
    }
}

/* Inputs of one row whose columns leave the remainder `phase` by the stride: they meet the taps `tap`, tap + stride, ... */
static void backward_by_runs(const oc__depthwise *shape, size_t y, size_t phase, const float *out_gradient,
                             const float *weights, float *in_gradient) {
    const size_t channels = shape->channels, stride = shape->stride;
    const oc__back_taps rows = oc__back_taps_of(y, shape->kernel_height, stride, shape->pad_top, shape->out_height);
    const size_t tap = (phase + shape->pad_left) % stride;
    const size_t taps = (shape->kernel_width - tap + stride - 1) / stride;
    const row_of_runs row = {
        .source = out_gradient + rows.source * shape->out_width * channels,
        .source_row = -(ptrdiff_t)(shape->out_width * channels),
        .source_pixel = (ptrdiff_t)channels,
        .width = (ptrdiff_t)shape->out_width,
        .pad = (ptrdiff_t)(taps - 1) - (ptrdiff_t)((phase + shape->pad_left) / stride),
        .weights = weights + (rows.first * shape->kernel_width + tap + (taps - 1) * stride) * channels,
        .weight_row = (ptrdiff_t)(stride * shape->kernel_width * channels),
        .weight_tap = -(ptrdiff_t)(stride * channels),
        .n_rows = rows.n,
        .low = -INFINITY,
        .high = INFINITY,
        .out = in_gradient + (y * shape->width + phase) * channels,
        .out_pixel = (ptrdiff_t)(stride * channels),
        .n = phase < shape->width ? (shape->width - phase + stride - 1) / stride : 0,
        .channels = channels,
    };

    switch (taps) {
    case 1: row_1_1(&row); break;
    case 2: row_2_1(&row); break;
    case 3: row_3_1(&row); break;
    case 5: row_5_1(&row); break;
    }
}

/* The taps of one pixel, for every shape: rows x columns of them, steps between them in floats. */
typedef struct pixel_taps {
    size_t n_rows, n_columns;
    const float *source, *weights;
    ptrdiff_t source_row, source_column, weight_row, weight_column;
} pixel_taps;

INLINE vec pixel_sum(const pixel_taps *taps, size_t c, const vec_mask *mask) {
    vec sum = vec_zero();

    for (size_t i = 0; i < taps->n_rows; i++) {
        for (size_t j = 0; j < taps->n_columns; j++) {
            const float *from = taps->source + (ptrdiff_t)i * taps->source_row + (ptrdiff_t)j * taps->source_column + c;
            const float *w = taps->weights + (ptrdiff_t)i * taps->weight_row + (ptrdiff_t)j * taps->weight_column + c;
            sum = mask ? vec_fma(vec_load_masked(from, *mask), vec_load_masked(w, *mask), sum)
                       : vec_fma(vec_load(from), vec_load(w), sum);
        }
    }
    return sum;
}

static void pixel_output(const pixel_taps *taps, size_t channels, const float *bias, float low, float high, float *out) {
    const vec lowest = vec_set(low), highest = vec_set(high);
    size_t c = 0;

    for (; c + LANES <= channels; c += LANES) {
        const vec shift = bias ? vec_load(bias + c) : vec_zero();
        vec_store(out + c, vec_clamp(vec_add(pixel_sum(taps, c, NULL), shift), lowest, highest));
    }
    if (c < channels) {
        const vec_mask mask = vec_first(channels - c);
        const vec shift = bias ? vec_load_masked(bias + c, mask) : vec_zero();
        vec_store_masked(out + c, vec_clamp(vec_add(pixel_sum(taps, c, &mask), shift), lowest, highest), mask);
    }
}

static pixel_taps forward_taps(const oc__depthwise *shape, const oc__taps *rows, size_t x, const float *in,
                               const float *weights) {
    const size_t channels = shape->channels;
    const oc__taps columns = oc__taps_of(x, shape->kernel_width, shape->stride, shape->pad_left, shape->width);
    return (pixel_taps){
        .n_rows = rows->n,
        .n_columns = columns.n,
        .source = in + (rows->source * shape->width + columns.source) * channels,
        .weights = weights + (rows->first * shape->kernel_width + columns.first) * channels,
        .source_row = (ptrdiff_t)(shape->width * channels),
        .source_column = (ptrdiff_t)channels,
        .weight_row = (ptrdiff_t)(shape->kernel_width * channels),
        .weight_column = (ptrdiff_t)channels,
    };
}

static pixel_taps backward_taps(const oc__depthwise *shape, const oc__back_taps *rows, size_t x, const float *out_gradient,
                                const float *weights) {
    const size_t channels = shape->channels, stride = shape->stride;
    const oc__back_taps columns = oc__back_taps_of(x, shape->kernel_width, stride, shape->pad_left, shape->out_width);
    return (pixel_taps){
        .n_rows = rows->n,
        .n_columns = columns.n,
        .source = out_gradient + (rows->source * shape->out_width + columns.source) * channels,
        .weights = weights + (rows->first * shape->kernel_width + columns.first) * channels,
        .source_row = -(ptrdiff_t)(shape->out_width * channels),
        .source_column = -(ptrdiff_t)channels,
        .weight_row = (ptrdiff_t)(stride * shape->kernel_width * channels),
        .weight_column = (ptrdiff_t)(stride * channels),
    };
}

void SET(depthwise)(const oc__depthwise *shape, size_t begin, size_t end, const float *in, const float *weights,
                    const float *bias, float low, float high, float *out) {
    const size_t channels = shape->channels;

    for (size_t y = begin; y < end; y++) {
        if (goes_by_runs(shape)) {
            forward_by_runs(shape, y, in, weights, bias, low, high, out);
            continue;
        }
        const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
        for (size_t x = 0; x < shape->out_width; x++) {
            const pixel_taps taps = forward_taps(shape, &rows, x, in, weights);
            pixel_output(&taps, channels, bias, low, high, out + (y * shape->out_width + x) * channels);
        }
    }
}

void SET(depthwise_input_gradient)(const oc__depthwise *shape, size_t begin, size_t end, const float *out_gradient,
                                   const float *weights, float *in_gradient) {
    const size_t channels = shape->channels, stride = shape->stride;

    for (size_t y = begin; y < end; y++) {
        if (goes_by_runs(shape)) {
            for (size_t phase = 0; phase < stride; phase++) {
                backward_by_runs(shape, y, phase, out_gradient, weights, in_gradient);
            }
            continue;
        }
        const oc__back_taps rows = oc__back_taps_of(y, shape->kernel_height, stride, shape->pad_top, shape->out_height);
        for (size_t x = 0; x < shape->width; x++) {
            const pixel_taps taps = backward_taps(shape, &rows, x, out_gradient, weights);
            pixel_output(&taps, channels, NULL, -INFINITY, INFINITY, in_gradient + (y * shape->width + x) * channels);
        }
    }
}
