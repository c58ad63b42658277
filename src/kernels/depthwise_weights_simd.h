/* The gradient of a depthwise convolution by its weights; follows depthwise_simd.h. SPDX-License-Identifier: MIT
 *
 * By runs as there: the gradients of a run of outputs stay in registers while the inputs that they met pass by, and a row of
 * taps is summed in registers.
 */

/* The inputs that output row y meets, and where its taps add up. */
typedef struct weight_row {
    const oc__depthwise *shape;
    const float *in;       /* the first input row */
    const float *gradient; /* the output row */
    size_t n_rows;         /* rows of taps */
    float *sum;            /* of the first of those rows */
    size_t sum_row, sum_tap; /* floats to the next row of taps, to the next tap */
} weight_row;

/* `run` outputs from x on, of LANES channels from c on; their sums are at row->sum + sum_c. */
INLINE void run_of_weights(const weight_row *row, size_t x, size_t c, size_t sum_c, const size_t run, const size_t taps,
                           const size_t stride, const bool inside) {
    const size_t channels = row->shape->channels, width = row->shape->width;
    const ptrdiff_t first = (ptrdiff_t)(x * stride) - (ptrdiff_t)row->shape->pad_left;
    vec gradient[MAX_RUN];

    UNROLL for (size_t o = 0; o < run; o++) gradient[o] = vec_load(row->gradient + (x + o) * channels + c);
    for (size_t i = 0; i < row->n_rows; i++) {
        const float *in = row->in + i * width * channels + c;
        float *to = row->sum + i * row->sum_row + sum_c;
        vec sum[5];
        UNROLL for (size_t j = 0; j < taps; j++) sum[j] = vec_load(to + j * row->sum_tap);
        UNROLL for (size_t q = 0; q < (run - 1) * stride + taps; q++) {
            const ptrdiff_t column = first + (ptrdiff_t)q;
            if (!inside && (column < 0 || column >= (ptrdiff_t)width)) continue;
            const vec value = vec_load(in + column * (ptrdiff_t)channels);
            UNROLL for (size_t j = 0; j < taps; j++) {
                if (q >= j && (q - j) % stride == 0 && (q - j) / stride < run) {
                    sum[j] = vec_fma(value, gradient[(q - j) / stride], sum[j]);
                }
            }
        }
        UNROLL for (size_t j = 0; j < taps; j++) vec_store(to + j * row->sum_tap, sum[j]);
    }
}

/* Channels [begin, end), a multiple of LANES; `begin` is that of row->sum. */
INLINE void run_of_weight_channels(const weight_row *row, size_t x, size_t begin, size_t end, const size_t run,
                                   const size_t taps, const size_t stride, const bool inside) {
    for (size_t c = begin; c < end; c += LANES) run_of_weights(row, x, c, c - begin, run, taps, stride, inside);
}

INLINE void row_of_weights(const weight_row *row, size_t begin, size_t end, const size_t taps, const size_t stride) {
    const size_t n = row->shape->out_width, longest = even_run(n);

    for (size_t x = 0; x < n;) {
        const size_t run = smaller(longest, n - x);
        const ptrdiff_t first = (ptrdiff_t)(x * stride) - (ptrdiff_t)row->shape->pad_left;

        if (first >= 0 && first + (ptrdiff_t)((run - 1) * stride + taps) <= (ptrdiff_t)row->shape->width) {
#define WEIGHTS_INSIDE(n_outputs) run_of_weight_channels(row, x, begin, end, n_outputs, taps, stride, true)
            FOR_RUN(run, WEIGHTS_INSIDE)
        } else {
#define WEIGHTS_AT_THE_EDGE(n_outputs) run_of_weight_channels(row, x, begin, end, n_outputs, taps, stride, false)
            FOR_RUN(run, WEIGHTS_AT_THE_EDGE)
        }
        x += run;
    }
}

static __attribute__((noinline)) void weights_3_1(const weight_row *row, size_t begin, size_t end) {
    row_of_weights(row, begin, end, 3, 1);
}

static __attribute__((noinline)) void weights_3_2(const weight_row *row, size_t begin, size_t end) {
    row_of_weights(row, begin, end, 3, 2);
}

static __attribute__((noinline)) void weights_5_1(const weight_row *row, size_t begin, size_t end) {
    row_of_weights(row, begin, end, 5, 1);
}

static __attribute__((noinline)) void weights_5_2(const weight_row *row, size_t begin, size_t end) {
    row_of_weights(row, begin, end, 5, 2);
}

/* Output rows [y_begin, y_end), channels [begin, end); sums are [kernel_height][kernel_width][sum_tap]. */
static void weights_by_runs(const oc__depthwise *shape, size_t y_begin, size_t y_end, size_t begin, size_t end,
                            const float *in, const float *out_gradient, float *sum, size_t sum_tap) {
    for (size_t y = y_begin; y < y_end; y++) {
        const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
        const weight_row row = {
            .shape = shape,
            .in = in + rows.source * shape->width * shape->channels,
            .gradient = out_gradient + y * shape->out_width * shape->channels,
            .n_rows = rows.n,
            .sum = sum + rows.first * shape->kernel_width * sum_tap,
            .sum_row = shape->kernel_width * sum_tap,
            .sum_tap = sum_tap,
        };
        if (shape->kernel_width == 3) {
            if (shape->stride == 1) weights_3_1(&row, begin, end);
            else weights_3_2(&row, begin, end);
        } else {
            if (shape->stride == 1) weights_5_1(&row, begin, end);
            else weights_5_2(&row, begin, end);
        }
    }
}

static void weights_of_pixel(const pixel_taps *taps, size_t channels, const float *gradient, float *sum) {
    for (size_t i = 0; i < taps->n_rows; i++) {
        for (size_t j = 0; j < taps->n_columns; j++) {
            const float *from = taps->source + (ptrdiff_t)i * taps->source_row + (ptrdiff_t)j * taps->source_column;
            float *to = sum + (ptrdiff_t)i * taps->weight_row + (ptrdiff_t)j * taps->weight_column;
            size_t c = 0;
            for (; c + LANES <= channels; c += LANES) {
                vec_store(to + c, vec_fma(vec_load(from + c), vec_load(gradient + c), vec_load(to + c)));
            }
            if (c < channels) {
                const vec_mask mask = vec_first(channels - c);
                const vec a = vec_load_masked(from + c, mask), b = vec_load_masked(gradient + c, mask);
                vec_store_masked(to + c, vec_fma(a, b, vec_load_masked(to + c, mask)), mask);
            }
        }
    }
}

void SET(depthwise_weight_gradient)(const oc__depthwise *shape, size_t begin, size_t end, const float *in,
                                    const float *out_gradient, float *weight_gradient) {
    const size_t channels = shape->channels, n_taps = shape->kernel_height * shape->kernel_width;

    if (goes_by_runs(shape)) {
        const size_t rest = channels % LANES, whole = channels - rest;
        weights_by_runs(shape, begin, end, 0, whole, in, out_gradient, weight_gradient, channels);
        if (rest == 0) return;

        /* A last vector that ends with the channels: its sums are made aside, since some of its lanes are counted already. */
        float sum[15 * 5 * LANES] = {0};
        weights_by_runs(shape, begin, end, channels - LANES, channels, in, out_gradient, sum, LANES);
        for (size_t t = 0; t < n_taps; t++) {
            for (size_t c = 0; c < rest; c++) weight_gradient[t * channels + whole + c] += sum[t * LANES + LANES - rest + c];
        }
        return;
    }
    for (size_t y = begin; y < end; y++) {
        const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
        for (size_t x = 0; x < shape->out_width; x++) {
            const oc__taps columns = oc__taps_of(x, shape->kernel_width, shape->stride, shape->pad_left, shape->width);
            const pixel_taps taps = {
                .n_rows = rows.n,
                .n_columns = columns.n,
                .source = in + (rows.source * shape->width + columns.source) * channels,
                .source_row = (ptrdiff_t)(shape->width * channels),
                .source_column = (ptrdiff_t)channels,
                .weight_row = (ptrdiff_t)(shape->kernel_width * channels),
                .weight_column = (ptrdiff_t)channels,
            };
            weights_of_pixel(&taps, channels, out_gradient + (y * shape->out_width + x) * channels,
                             weight_gradient + (rows.first * shape->kernel_width + columns.first) * channels);
        }
    }
}
