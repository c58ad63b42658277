/* 8-bit kernels, bit for bit against the definition in int8.h. SPDX-License-Identifier: MIT */
#include "support.h"

enum { A, B, SOURCE, BIAS, MULTIPLIER, ADD, C, REAL };

#define MARK 0xA5

/* n bytes in guarded memory, the last right before the unmapped page or the first right behind it, all MARK. */
static uint8_t *guarded_bytes(int number, side where, size_t n) {
    const size_t n_floats = (n + 3) / 4;
    uint8_t *data = (uint8_t *)guarded(number, where, n_floats) + (where == SIDE_END ? 4 * n_floats - n : 0);
    memset(data, MARK, n);
    return data;
}

static void fill_bytes(void *to, size_t n) {
    for (size_t i = 0; i < n; i++) ((uint8_t *)to)[i] = (uint8_t)random_size(0, 255);
}

/* Weights: -127 .. 127. */
static void fill_weights(int8_t *to, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = (int8_t)((int)random_size(0, 254) - 127);
}

static uint8_t expected_byte(float v, int32_t zero, int32_t low, int32_t high) {
    const double q = nearbyint((double)v) + zero;
    return (uint8_t)(q < low ? low : q > high ? high : q);
}

/* Bounds in any of the ways that networks have: none, ReLU, both. */
static void make_bounds(int32_t *zero, int32_t *low, int32_t *high) {
    *zero = (int32_t)random_size(0, 255);
    *low = random_size(0, 1) ? (int32_t)random_size(0, 255) : 0;
    *high = random_size(0, 1) ? (int32_t)random_size((size_t)*low, 255) : 255;
}

/* Bias and multipliers in the packed order; those past the last column hold anything. Every fourth result is a tie, half a
 * step from two bytes. */
static void make_ways(int32_t *bias, float *multipliers, const size_t *places, size_t n, size_t padded, double spread) {
    for (size_t j = 0; j < padded; j++) {
        bias[j] = 12345;
        multipliers[j] = 1;
    }
    for (size_t j = 0; j < n; j++) {
        bias[places[j]] = (int32_t)((double)random_unit() * 3e4);
        multipliers[places[j]] = j % 4 == 0 ? 0x1p-7f : (float)((1.1 + (double)random_unit()) / spread);
    }
}

START_TEST(every_tile) {
    static const size_t depths[] = {1, 2, 3, 4, 7, 16, 34, 65}, taps[] = {1, 1, 2, 9};
    const oc__int8_kernels *k8 = &table_at(_i)->int8;
    size_t count = 0;

    for (size_t rows = 1; rows <= k8->rows; rows++) {
        for (size_t columns = 1; columns <= k8->columns; columns++) {
            for (side where = 0; where < N_SIDES; where++, count++) {
                const size_t n_taps = taps[random_size(0, 3)], depth = depths[random_size(0, 7)], n_b = n_taps * depth;
                const size_t a_stride = depth + 3, fours = (depth + 3) / 4 * 4, stride = columns + 5,
                             total = columns + 2 * k8->columns;
                const uint8_t *pointers[9 * OC__INT8_MAX_ROWS];
                size_t packed_size, places[3 * OC__INT8_MAX_COLUMNS];
                uint8_t *a = guarded_bytes(A, where, (n_taps * rows - 1) * a_stride + fours);
                fill_bytes(a, (n_taps * rows - 1) * a_stride + fours);
                for (size_t t = 0; t < n_taps; t++) {
                    for (size_t r = 0; r < k8->rows; r++) {
                        pointers[t * k8->rows + r] = a + (t * rows + (r < rows ? r : 0)) * a_stride;
                    }
                }
                /* The last of three panels, from a source with the columns apart. */
                int8_t *source = (int8_t *)guarded_bytes(SOURCE, where, total * n_b);
                fill_weights(source, total * n_b);
                ck_assert(oc__int8_packed_size(&packed_size, k8, n_taps, depth, total));
                int8_t *packed = (int8_t *)guarded_bytes(B, where, packed_size);
                memset(packed, 0, packed_size);
                for (size_t j = 0; j < total; j++) oc__int8_pack(packed, k8, n_taps, depth, j, source + j * n_b);
                const int8_t *panel = packed + packed_size / 3 * 2;
                source += 2 * k8->columns * n_b;
                for (size_t j = 0; j < columns; j++) places[j] = oc__int8_column_at(k8, j);
                int32_t *bias = (int32_t *)(void *)guarded(BIAS, where, k8->columns);
                float *multiplier = guarded(MULTIPLIER, where, k8->columns);
                make_ways(bias, multiplier, places, columns, k8->columns, 40 + 60 * sqrt((double)n_b));
                uint8_t *add = guarded_bytes(ADD, where, (rows - 1) * stride + columns);
                fill_bytes(add, (rows - 1) * stride + columns);
                oc__int8_tile tile = {.rows = rows, .columns = columns, .n_taps = n_taps, .depth = depth, .a = pointers,
                                      .b = panel, .bias = bias, .multiplier = multiplier, .c_stride = stride,
                                      .real_low = -3, .real_high = INFINITY};
                make_bounds(&tile.zero, &tile.low, &tile.high);
                if (count % 3) {
                    tile.add = add;
                    tile.add_stride = stride;
                    tile.add_zero = (int32_t)random_size(0, 255);
                    tile.add_multiplier = 0.3f + 0.25f * random_unit();
                }
                uint8_t *c = guarded_bytes(C, where, (rows - 1) * stride + columns);
                float *real = guarded(REAL, where, (rows - 1) * stride + columns);
                tile.c = c;
                k8->gemm(&tile);
                tile.c = NULL;
                tile.real = real;
                k8->gemm(&tile);
                for (size_t r = 0; r < rows; r++) {
                    for (size_t j = 0; j < columns; j++) {
                        int32_t sum = bias[places[j]];
                        for (size_t t = 0; t < n_taps; t++) {
                            for (size_t k = 0; k < depth; k++) {
                                sum += pointers[t * k8->rows + r][k] * source[j * n_b + t * depth + k];
                            }
                        }
                        float v = (float)sum * multiplier[places[j]];
                        if (tile.add) v += (float)(add[r * stride + j] - tile.add_zero) * tile.add_multiplier;
                        const uint8_t q = expected_byte(v, tile.zero, tile.low, tile.high);
                        check_that(c[r * stride + j] == q, "%s: c[%zu][%zu] of %zu x %zu, %zu taps of %zu, is %u, not %u",
                                   table_at(_i)->name, r, j, rows, columns, n_taps, depth, c[r * stride + j], q);
                        check_that(real[r * stride + j] == (v < -3 ? -3 : v), "%s: the real c[%zu][%zu] is %g, not %g",
                                   table_at(_i)->name, r, j, (double)real[r * stride + j], (double)v);
                    }
                    for (size_t j = columns; j < stride && r + 1 < rows; j++) {
                        check_that(c[r * stride + j] == MARK, "row %zu was written past its %zu columns", r, columns);
                    }
                }
                check_gaps(real, rows, columns, stride);
                check_guarded();
            }
        }
    }
}
END_TEST

/* The largest sums there can be, which an instruction that saturates would get wrong. */
START_TEST(extreme_sums) {
    enum { DEPTH = 16384 };
    const oc__int8_kernels *k8 = &table_at(_i)->int8;
    static uint8_t a[DEPTH];
    static int8_t source[DEPTH], packed[DEPTH * OC__INT8_MAX_COLUMNS];
    const uint8_t *pointers[OC__INT8_MAX_ROWS];
    int32_t bias[OC__INT8_MAX_COLUMNS] = {0};
    float multiplier[OC__INT8_MAX_COLUMNS], real = 0;

    for (int sign = -1; sign <= 1; sign += 2) {
        memset(a, 255, sizeof a);
        memset(source, sign * 127, sizeof source);
        oc__int8_pack(packed, k8, 1, DEPTH, 0, source);
        for (size_t r = 0; r < OC__INT8_MAX_ROWS; r++) pointers[r] = a;
        for (size_t j = 0; j < OC__INT8_MAX_COLUMNS; j++) multiplier[j] = 1;
        const oc__int8_tile tile = {.rows = 1, .columns = 1, .n_taps = 1, .depth = DEPTH, .a = pointers, .b = packed,
                                    .bias = bias, .multiplier = multiplier, .real = &real, .real_low = -INFINITY,
                                    .real_high = INFINITY};
        k8->gemm(&tile);
        ck_assert(real == (float)(sign * 255 * 127 * DEPTH));
    }
}
END_TEST

static void check_depthwise(const oc__kernels *kernels, const oc__depthwise *shape, side where, size_t begin, size_t end) {
    const oc__int8_kernels *k8 = &kernels->int8;
    const size_t channels = shape->channels, n_taps = shape->kernel_height * shape->kernel_width;
    const size_t n_in = shape->height * shape->width * channels, n_out = shape->out_height * shape->out_width * channels;
    const size_t block = k8->depthwise_block, padded = (channels + block - 1) / block * block;
    const size_t packed_size = oc__int8_depthwise_packed_size(k8, shape);
    static size_t places[256];

    uint8_t *in = guarded_bytes(A, where, n_in), *out = guarded_bytes(C, where, n_out);
    int8_t *source = (int8_t *)guarded_bytes(SOURCE, where, channels * n_taps);
    int8_t *packed = (int8_t *)guarded_bytes(B, where, packed_size);
    int32_t *bias = (int32_t *)(void *)guarded(BIAS, where, padded);
    float *multiplier = guarded(MULTIPLIER, where, padded);
    fill_bytes(in, n_in);
    fill_weights(source, channels * n_taps);
    memset(packed, 0, packed_size);
    for (size_t c = 0; c < channels; c++) oc__int8_depthwise_pack(packed, k8, shape, c, source + c * n_taps);
    for (size_t c = 0; c < channels; c++) places[c] = oc__int8_channel_at(k8, c);
    make_ways(bias, multiplier, places, channels, padded, 40 + 60 * sqrt((double)n_taps));
    oc__int8_channels way = {
        .weights = packed, .bias = bias, .multiplier = multiplier, .in_zero = (int32_t)random_size(0, 255)};
    make_bounds(&way.zero, &way.low, &way.high);
    k8->depthwise(shape, begin, end, in, &way, out);
    for (size_t y = 0; y < shape->out_height; y++) {
        for (size_t x = 0; x < shape->out_width; x++) {
            for (size_t c = 0; c < channels; c++) {
                const uint8_t got = out[(y * shape->out_width + x) * channels + c];
                int32_t sum = bias[places[c]];
                for (size_t i = 0; i < shape->kernel_height; i++) {
                    for (size_t j = 0; j < shape->kernel_width; j++) {
                        const size_t row = y * shape->stride + i - shape->pad_top,
                                     column = x * shape->stride + j - shape->pad_left;
                        const bool inside = row < shape->height && column < shape->width;
                        sum += (inside ? in[(row * shape->width + column) * channels + c] : way.in_zero) *
                               source[c * n_taps + i * shape->kernel_width + j];
                    }
                }
                const uint8_t q = expected_byte((float)sum * multiplier[places[c]], way.zero, way.low, way.high);
                check_that(got == (y >= begin && y < end ? q : MARK),
                           "%s: row %zu column %zu channel %zu of %zu x %zu x %zu by %zu x %zu / %zu is %u, not %u",
                           kernels->name, y, x, c, shape->height, shape->width, channels, shape->kernel_height,
                           shape->kernel_width, shape->stride, got, q);
            }
        }
    }
    check_guarded();
}

START_TEST(every_depthwise) {
    static const size_t kernels[][2] = {{3, 3}, {5, 5}, {3, 3}, {7, 7}, {1, 1}, {2, 3}, {4, 4}, {6, 2}, {3, 7}};
    static const size_t channels[] = {1, 3, 16, 17, 31, 32, 48, 63, 64, 65, 96, 130, 200};

    for (size_t kernel = 0; kernel < sizeof kernels / sizeof *kernels; kernel++) {
        for (size_t stride = 1; stride <= 2; stride++) {
            for (size_t n = 0; n < sizeof channels / sizeof *channels; n++) {
                for (side where = 0; where < N_SIDES; where++) {
                    oc__depthwise shape = {.channels = channels[n], .stride = stride, .kernel_height = kernels[kernel][0],
                                           .kernel_width = kernels[kernel][1]};
                    shape.pad_top = random_size(0, shape.kernel_height - 1);
                    shape.pad_left = random_size(0, shape.kernel_width - 1);
                    shape.out_height = random_size(1, 5);
                    shape.out_width = random_size(1, kernel == 0 ? 37 : 9);
                    const size_t past = random_size(0, 1); /* the last taps lie outside */
                    const size_t height = (shape.out_height - 1) * stride + shape.kernel_height,
                                 width = (shape.out_width - 1) * stride + shape.kernel_width;
                    shape.height = height > shape.pad_top + past ? height - shape.pad_top - past : 1;
                    shape.width = width > shape.pad_left + past ? width - shape.pad_left - past : 1;
                    const size_t begin = random_size(0, shape.out_height - 1);
                    check_depthwise(table_at(_i), &shape, where, begin, random_size(begin, shape.out_height));
                }
            }
        }
    }
}
END_TEST

START_TEST(element_by_element) {
    static const float special[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0, -0.0f, 0.5f, -0.5f, 1.5f, 2.5f, 1e-40f};
    const oc__int8_kernels *k8 = &table_at(_i)->int8;

    for (size_t n = 1; n < 150; n++) {
        const side where = n % 2 ? SIDE_END : SIDE_START;
        uint8_t *a = guarded_bytes(A, where, n), *b = guarded_bytes(B, where, n), *c = guarded_bytes(C, where, n);
        float *real = guarded(REAL, where, n);
        oc__int8_sum sum = {.a_zero = (int32_t)random_size(0, 255), .b_zero = (int32_t)random_size(0, 255),
                            .a_multiplier = n % 3 ? 0.5f : 1 + random_unit(), .b_multiplier = 0.7f + 0.6f * random_unit()};
        make_bounds(&sum.zero, &sum.low, &sum.high);
        fill_bytes(a, n);
        fill_bytes(b, n);
        k8->add(n, a, b, &sum, c);
        for (size_t i = 0; i < n; i++) {
            const float x = (float)(a[i] - sum.a_zero) * sum.a_multiplier, y = (float)(b[i] - sum.b_zero) * sum.b_multiplier;
            check_that(c[i] == expected_byte(x + y, sum.zero, sum.low, sum.high), "%s: sum %zu of %zu", table_at(_i)->name, i,
                       n);
        }
        k8->dequantise(n, a, 0.1f, sum.a_zero, real);
        for (size_t i = 0; i < n; i++) ck_assert(real[i] == (float)(a[i] - sum.a_zero) * 0.1f);
        for (size_t i = 0; i < n; i++) real[i] = random_size(0, 2) ? 150 * random_unit() : special[random_size(0, 11)];
        k8->quantise(n, real, n % 3 ? 1 : 1.7f, sum.zero, c);
        for (size_t i = 0; i < n; i++) {
            const float v = real[i] * (n % 3 ? 1 : 1.7f);
            const double q = !(v > (float)-sum.zero)       ? -sum.zero
                             : v > (float)(255 - sum.zero) ? 255 - sum.zero
                                                           : nearbyint((double)v);
            check_that(c[i] == q + sum.zero, "%s: %g became %u, not %g", table_at(_i)->name, (double)real[i], c[i],
                       q + sum.zero);
        }
        check_guarded();
        uint8_t *fours = guarded_bytes(ADD, where, 4 * n);
        real = guarded(MULTIPLIER, where, 3 * n);
        for (size_t i = 0; i < 3 * n; i++) real[i] = 150 * random_unit();
        k8->quantise_threes(n, real, 1.7f, sum.zero, fours);
        for (size_t i = 0; i < 4 * n; i++) {
            uint8_t q = (uint8_t)sum.zero;
            if (i % 4 < 3) table_at(0)->int8.quantise(1, &real[i / 4 * 3 + i % 4], 1.7f, sum.zero, &q);
            check_that(fours[i] == q, "%s: byte %zu of %zu pixels is %u, not %u", table_at(_i)->name, i, n, fours[i], q);
        }
        check_guarded();
    }
}
END_TEST

START_TEST(over_pixels_and_taps) {
    const oc__int8_kernels *k8 = &table_at(_i)->int8;

    for (size_t channels = 1; channels < 140; channels += random_size(1, 5)) {
        const side where = channels % 2 ? SIDE_END : SIDE_START;
        const size_t n = random_size(1, 12);
        uint8_t *in = guarded_bytes(A, where, n * channels), *out = guarded_bytes(C, where, channels);
        int32_t *sums = (int32_t *)(void *)guarded(BIAS, where, channels);
        const uint8_t *taps[12];
        fill_bytes(in, n * channels);
        for (size_t c = 0; c < channels; c++) sums[c] = (int32_t)c - 7;
        for (size_t t = 0; t < n; t++) taps[t] = in + t * channels;
        k8->channel_sums(n, channels, in, sums);
        k8->largest(n, channels, taps, out);
        for (size_t c = 0; c < channels; c++) {
            int32_t sum = (int32_t)c - 7;
            uint8_t largest = 0;
            for (size_t p = 0; p < n; p++) {
                sum += in[p * channels + c];
                largest = in[p * channels + c] > largest ? in[p * channels + c] : largest;
            }
            check_that(sums[c] == sum && out[c] == largest, "%s: channel %zu of %zu", table_at(_i)->name, c, channels);
        }
        check_guarded();
    }
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{every_tile}, {extreme_sums}, {every_depthwise}, {element_by_element}, {over_pixels_and_taps}};
    return run_tests("int8", tests, sizeof tests / sizeof *tests);
}
