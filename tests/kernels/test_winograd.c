/* Winograd's transforms against double precision, and whole convolutions by them. SPDX-License-Identifier: MIT */
#include "support.h"
#include "winograd.h"

enum { IN, OUT, BIAS, ADD, WEIGHTS, PACKED, GRADIENT };

/* One element of matrix x in x its transpose, whose element (i, y) is at i * row + y * column; magnitude: the sum of the terms'
 * sizes. */
static double transformed_by(double *magnitude, const float *matrix, size_t row, size_t column, size_t n_in, const double *in,
                             size_t i, size_t j) {
    double sum = 0;
    *magnitude = 0;
    for (size_t y = 0; y < n_in; y++) {
        for (size_t x = 0; x < n_in; x++) {
            const double term = (double)matrix[i * row + y * column] * in[y * n_in + x] * matrix[j * row + x * column];
            sum += term;
            *magnitude += fabs(term);
        }
    }
    return sum;
}

static double transformed(double *magnitude, const float *matrix, size_t n_in, const double *in, size_t i, size_t j) {
    return transformed_by(magnitude, matrix, n_in, 1, n_in, in, i, j);
}

START_TEST(input) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t m = 2; m <= 4; m += 2) {
        for (size_t channels = 1; channels <= 50; channels++) {
            const size_t edge = m + 2, n = edge * edge, stride = channels + 3;
            const enum side where = channels % N_SIDES;
            float *in = guarded(IN, where, n * channels), *out = guarded(OUT, where, (n - 1) * stride + channels);
            const float *pixels[OC__WINOGRAD_MAX_POINTS];
            fill(in, 1, n * channels, 0);
            for (size_t i = 0; i < n; i++) pixels[i] = in + (random_size(0, 4) ? i : 0) * channels; /* zeros are shared */
            kernels->winograd_input(m, channels, pixels, out, stride);
            for (size_t c = 0; c < channels; c++) {
                double tile[OC__WINOGRAD_MAX_POINTS], magnitude;
                for (size_t i = 0; i < n; i++) tile[i] = pixels[i][c];
                for (size_t i = 0; i < n; i++) {
                    const float *matrix = m == 2 ? oc__winograd_input_2 : oc__winograd_input_4;
                    const double expected = transformed(&magnitude, matrix, edge, tile, i / edge, i % edge);
                    check_near(out[i * stride + c], expected, 2 * edge, magnitude, "%s: point %zu of m %zu, channel %zu of %zu",
                               kernels->name, i, m, c, channels);
                }
            }
            check_gaps(out, n, channels, stride);
            check_guarded();
        }
    }
}
END_TEST

static void check_output(const oc__kernels *kernels, oc__winograd_tile tile, side where) {
    const size_t edge = tile.m + 2, n = edge * edge, size = (tile.height - 1) * tile.row_stride +
                                                           (tile.width - 1) * tile.pixel_stride + tile.channels;
    float *in = guarded(IN, where, (n - 1) * tile.in_stride + tile.channels), *bias = guarded(BIAS, where, tile.channels);
    float *add = guarded(ADD, where, size), *out = guarded(OUT, where, size);

    fill(in, n, tile.channels, tile.in_stride);
    fill(bias, 1, tile.channels, 0);
    fill(add, 1, size, 0);
    tile.in = in;
    tile.out = out;
    tile.bias = random_size(0, 3) ? bias : NULL;
    tile.add = random_size(0, 1) ? add : NULL;
    kernels->winograd_output(&tile);
    for (size_t c = 0; c < tile.channels; c++) {
        double points[OC__WINOGRAD_MAX_POINTS], magnitude;
        for (size_t i = 0; i < n; i++) points[i] = in[i * tile.in_stride + c];
        for (size_t y = 0; y < tile.height; y++) {
            for (size_t x = 0; x < tile.width; x++) {
                const size_t at = y * tile.row_stride + x * tile.pixel_stride + c;
                const float *matrix = tile.m == 2 ? oc__winograd_output_2 : oc__winograd_output_4;
                double expected = transformed(&magnitude, matrix, edge, points, y, x);
                if (tile.bias) expected += bias[c], magnitude += fabsf(bias[c]);
                if (tile.add) expected += add[at], magnitude += fabsf(add[at]);
                check_near(out[at], clamped(expected, tile.low, tile.high), 2 * edge, magnitude,
                           "%s: output (%zu, %zu) of m %zu, channel %zu of %zu", kernels->name, y, x, tile.m, c, tile.channels);
            }
        }
    }
    for (size_t i = 0; i < size; i++) {
        const size_t y = i / tile.row_stride, x = i % tile.row_stride / tile.pixel_stride,
                     c = i % tile.row_stride % tile.pixel_stride;
        const bool wanted = y < tile.height && x < tile.width && c < tile.channels;
        check_that(is_poison(out[i]) == !wanted, "%s: output %zu is %swritten", kernels->name, i, wanted ? "not " : "");
    }
    check_guarded();
}

START_TEST(output) {
    for (size_t m = 2; m <= 4; m += 2) {
        for (size_t channels = 1; channels <= 35; channels++) {
            for (size_t shape = 0; shape < m * m; shape++) {
                const size_t pixel_stride = channels + random_size(0, 5);
                const bool clamps = random_size(0, 1);
                check_output(table_at(_i),
                             (oc__winograd_tile){.m = m, .height = 1 + shape / m, .width = 1 + shape % m, .channels = channels,
                                                 .in_stride = channels + random_size(0, 5), .low = clamps ? -0.5f : -INFINITY,
                                                 .high = clamps ? 0.75f : INFINITY, .pixel_stride = pixel_stride,
                                                 .row_stride = m * pixel_stride + random_size(0, 5)},
                             shape % N_SIDES);
            }
        }
    }
}
END_TEST

START_TEST(output_passes_nan) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t channels = 1; channels <= 35; channels++) {
        float *in = guarded(IN, SIDE_END, 36 * channels), *out = guarded(OUT, SIDE_END, 16 * channels);
        const size_t marked = random_size(0, channels - 1);
        fill(in, 1, 36 * channels, 0);
        in[7 * channels + marked] = NAN; /* the sum of all outputs */
        kernels->winograd_output(&(oc__winograd_tile){.m = 4, .height = 4, .width = 4, .channels = channels, .in = in,
                                                      .in_stride = channels, .low = 0, .high = 6, .out = out,
                                                      .row_stride = 4 * channels, .pixel_stride = channels});
        for (size_t i = 0; i < 16 * channels; i++) {
            const bool met = i % channels == marked;
            check_that(met ? isnan(out[i]) : out[i] >= 0 && out[i] <= 6, "%s: output %zu is %g", kernels->name, i,
                       (double)out[i]);
        }
    }
}
END_TEST

/* A tile of a convolution through all steps: packed points x points of the input, summed over channels, and back. */
START_TEST(convolution) {
    const oc__kernels *kernels = table_at(_i);
    enum { DEPTH = 37 };
    const size_t columns = kernels->gemm_columns + 3, width = kernels->gemm_columns;

    for (size_t m = 2; m <= 4; m += 2) {
        const size_t edge = m + 2, n = edge * edge, packed_size = DEPTH * 2 * width;
        float *in = guarded(IN, SIDE_END, n * DEPTH), *weights = guarded(WEIGHTS, SIDE_END, columns * 9 * DEPTH);
        float *packed = guarded(PACKED, SIDE_END, n * packed_size), *out = guarded(OUT, SIDE_END, m * m * columns);
        float points[OC__WINOGRAD_MAX_POINTS * DEPTH], products[OC__WINOGRAD_MAX_POINTS * 2 * OC__GEMM_MAX_COLUMNS];
        const float *pixels[OC__WINOGRAD_MAX_POINTS];

        fill(in, 1, n * DEPTH, 0);
        fill(weights, 1, columns * 9 * DEPTH, 0);
        for (size_t i = 0; i < n; i++) pixels[i] = in + i * DEPTH;
        for (size_t panel = 0; panel * kernels->gemm_columns < columns; panel++)
            oc__winograd_pack(packed, kernels, m, DEPTH, columns, weights, DEPTH, 1, 9 * DEPTH, panel);
        kernels->winograd_input(m, DEPTH, pixels, points, DEPTH);
        for (size_t i = 0; i < n; i++) {
            oc__gemm_rows(kernels, 1, columns, DEPTH, points + i * DEPTH, DEPTH, packed + i * packed_size, NULL, false,
                          products + i * columns, columns, NULL);
        }
        kernels->winograd_output(&(oc__winograd_tile){.m = m, .height = m, .width = m, .channels = columns, .in = products,
                                                      .in_stride = columns, .low = -INFINITY, .high = INFINITY, .out = out,
                                                      .row_stride = m * columns, .pixel_stride = columns});
        for (size_t i = 0; i < m * m * columns; i++) {
            const size_t y = i / columns / m, x = i / columns % m;
            double sum = 0, squares = 0;
            for (size_t t = 0; t < 9 * DEPTH; t++) {
                const size_t pixel = (y + t / DEPTH / 3) * edge + x + t / DEPTH % 3;
                const double product = (double)in[pixel * DEPTH + t % DEPTH] * weights[i % columns * 9 * DEPTH + t];
                sum += product;
                squares += product * product;
            }
            /* Roundings add up like a random walk; m = 4 enlarges them fivefold. */
            const double bound = (m == 2 ? 8 : 40) * FLT_EPSILON * sqrt(squares);
            check_that(fabs(out[i] - sum) <= bound, "%s, m %zu: output %zu is %g, not %g (%g of the bound)", kernels->name, m,
                       i, (double)out[i], sum, fabs(out[i] - sum) / bound);
        }
        check_guarded();
    }
}
END_TEST

/* n transforms side by side from n_in x n_in numbers each to n_out x n_out. */
static void check_transforms(const oc__kernels *kernels, const float *matrix, size_t row, size_t column, size_t n_in,
                             size_t n_out, const float *const *in, const float *out, size_t out_stride, size_t n,
                             const char *what) {
    for (size_t c = 0; c < n; c++) {
        double values[OC__WINOGRAD_MAX_POINTS], magnitude;
        for (size_t i = 0; i < n_in * n_in; i++) values[i] = in[i][c];
        for (size_t i = 0; i < n_out * n_out; i++) {
            const double expected = transformed_by(&magnitude, matrix, row, column, n_in, values, i / n_out, i % n_out);
            check_near(out[i * out_stride + c], expected, 2 * (n_in + 2), magnitude, "%s: %s to %zu, element %zu, %zu of %zu",
                       kernels->name, what, n_out, i, c, n);
        }
    }
    check_gaps(out, n_out * n_out, n, out_stride);
    check_guarded();
}

START_TEST(filter) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t m = 2; m <= 4; m += 2) {
        for (size_t n = 1; n <= 50; n++) {
            const size_t edge = m + 2, stride = n + 3, tap_stride = n + random_size(0, 3);
            const bool turned = random_size(0, 1);
            float *in = guarded(IN, n % N_SIDES, 8 * tap_stride + n);
            float *out = guarded(OUT, n % N_SIDES, (edge * edge - 1) * stride + n);
            const float *taps[9], *first = turned ? in + 8 * tap_stride : in;
            const ptrdiff_t step = turned ? -(ptrdiff_t)tap_stride : (ptrdiff_t)tap_stride;
            fill(in, 9, n, tap_stride);
            for (ptrdiff_t t = 0; t < 9; t++) taps[t] = first + t * step;
            kernels->winograd_filter(m, n, first, step, out, stride);
            check_transforms(kernels, m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4, 3, 1, 3, edge, taps, out, stride,
                             n, "filters");
        }
    }
}
END_TEST

START_TEST(output_gradient) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t m = 2; m <= 4; m += 2) {
        for (size_t n = 1; n <= 50; n++) {
            const size_t edge = m + 2, stride = n + 3;
            float *in = guarded(IN, n % N_SIDES, m * m * n), *out = guarded(OUT, n % N_SIDES, (edge * edge - 1) * stride + n);
            const float *pixels[16];
            fill(in, 1, m * m * n, 0);
            for (size_t i = 0; i < m * m; i++) pixels[i] = in + (random_size(0, 4) ? i : 0) * n; /* zeros are shared */
            kernels->winograd_output_gradient(m, n, pixels, out, stride);
            check_transforms(kernels, m == 2 ? oc__winograd_output_2 : oc__winograd_output_4, 1, edge, m, edge, pixels, out,
                             stride, n, "gradients of outputs");
        }
    }
}
END_TEST

START_TEST(filter_gradient) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t m = 2; m <= 4; m += 2) {
        for (size_t n = 1; n <= 50; n++) {
            const size_t edge = m + 2, stride = n + random_size(0, 3), tap_stride = n + 3;
            float *in = guarded(IN, n % N_SIDES, (edge * edge - 1) * stride + n);
            float *out = guarded(OUT, n % N_SIDES, 8 * tap_stride + n);
            const float *points[OC__WINOGRAD_MAX_POINTS];
            fill(in, edge * edge, n, stride);
            for (size_t i = 0; i < edge * edge; i++) points[i] = in + i * stride;
            kernels->winograd_filter_gradient(m, n, in, stride, out, tap_stride);
            check_transforms(kernels, m == 2 ? oc__winograd_filter_2 : oc__winograd_filter_4, 1, 3, edge, 3, points, out,
                             tap_stride, n, "gradients of filters");
        }
    }
}
END_TEST

/* Packed from where columns lie side by side and taps run backwards: as filters copied into the usual order are. */
START_TEST(pack_turned) {
    const oc__kernels *kernels = table_at(_i);
    enum { DEPTH = 19 };
    const size_t columns = kernels->gemm_columns + 5, size = DEPTH * 2 * kernels->gemm_columns;

    for (size_t m = 2; m <= 4; m += 2) {
        const size_t n = (m + 2) * (m + 2) * size;
        float *turned = guarded(IN, SIDE_END, DEPTH * 9 * columns), *usual = guarded(WEIGHTS, SIDE_START, DEPTH * 9 * columns);
        float *got = guarded(OUT, SIDE_END, n), *expected = guarded(PACKED, SIDE_START, n);
        fill(turned, 1, DEPTH * 9 * columns, 0);
        for (size_t k = 0; k < DEPTH; k++) {
            for (size_t t = 0; t < 9; t++) {
                for (size_t j = 0; j < columns; j++) usual[(j * 9 + t) * DEPTH + k] = turned[(k * 9 + 8 - t) * columns + j];
            }
        }
        for (size_t panel = 0; panel < 2; panel++) {
            oc__winograd_pack(got, kernels, m, DEPTH, columns, turned + 8 * columns, -(ptrdiff_t)columns,
                              9 * (ptrdiff_t)columns, 1, panel);
            oc__winograd_pack(expected, kernels, m, DEPTH, columns, usual, DEPTH, 1, 9 * DEPTH, panel);
        }
        check_same_bits(got, expected, n, "%s: m %zu", kernels->name, m);
        check_guarded();
    }
}
END_TEST

/* The gradient of one tile's filters through all steps. */
START_TEST(gradient) {
    const oc__kernels *kernels = table_at(_i);
    enum { IN_CHANNELS = 21, OUT_CHANNELS = 9 };

    for (size_t m = 2; m <= 4; m += 2) {
        const size_t edge = m + 2, n = edge * edge;
        float *in = guarded(IN, SIDE_END, n * IN_CHANNELS), *y = guarded(GRADIENT, SIDE_END, m * m * OUT_CHANNELS);
        float *out = guarded(OUT, SIDE_END, OUT_CHANNELS * 9 * IN_CHANNELS);
        float in_points[OC__WINOGRAD_MAX_POINTS * IN_CHANNELS], y_points[OC__WINOGRAD_MAX_POINTS * OUT_CHANNELS];
        float sums[OC__WINOGRAD_MAX_POINTS * IN_CHANNELS * OUT_CHANNELS] = {0};
        const float *pixels[OC__WINOGRAD_MAX_POINTS], *gradients[16];

        fill(in, 1, n * IN_CHANNELS, 0);
        fill(y, 1, m * m * OUT_CHANNELS, 0);
        for (size_t i = 0; i < n; i++) pixels[i] = in + i * IN_CHANNELS;
        for (size_t i = 0; i < m * m; i++) gradients[i] = y + i * OUT_CHANNELS;
        kernels->winograd_input(m, IN_CHANNELS, pixels, in_points, IN_CHANNELS);
        kernels->winograd_output_gradient(m, OUT_CHANNELS, gradients, y_points, OUT_CHANNELS);
        for (size_t i = 0; i < n; i++)
            oc__gemm_tn_add(kernels, OUT_CHANNELS, IN_CHANNELS, 1, y_points + i * OUT_CHANNELS, OUT_CHANNELS,
                            in_points + i * IN_CHANNELS, IN_CHANNELS, sums + i * OUT_CHANNELS * IN_CHANNELS, IN_CHANNELS);
        for (size_t o = 0; o < OUT_CHANNELS; o++)
            kernels->winograd_filter_gradient(m, IN_CHANNELS, sums + o * IN_CHANNELS, OUT_CHANNELS * IN_CHANNELS,
                                              out + o * 9 * IN_CHANNELS, IN_CHANNELS);
        for (size_t i = 0; i < OUT_CHANNELS * 9 * IN_CHANNELS; i++) {
            const size_t o = i / 9 / IN_CHANNELS, t = i / IN_CHANNELS % 9;
            double sum = 0, squares = 0;
            for (size_t p = 0; p < m * m; p++) {
                const double product = (double)y[p * OUT_CHANNELS + o] *
                                       in[((p / m + t / 3) * edge + p % m + t % 3) * IN_CHANNELS + i % IN_CHANNELS];
                sum += product;
                squares += product * product;
            }
            const double bound = (m == 2 ? 8 : 40) * FLT_EPSILON * sqrt(squares + 0.1); /* as above; one term may be near 0 */
            check_that(fabs(out[i] - sum) <= bound, "%s, m %zu: element %zu is %g, not %g (%g of the bound)", kernels->name, m,
                       i, (double)out[i], sum, fabs(out[i] - sum) / bound);
        }
        check_guarded();
    }
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{input}, {output}, {output_passes_nan}, {convolution},
                                 {filter}, {output_gradient}, {filter_gradient}, {pack_turned}, {gradient}};
    return run_tests("winograd", tests, sizeof tests / sizeof *tests);
}
