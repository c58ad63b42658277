/* bfloat16: rounding bit for bit, products against double precision. SPDX-License-Identifier: MIT */
#include "support.h"

enum { A, B, SOURCE, BIAS, ADD, C, C2, PAIRS };

static oc__bf16_pair *guarded_pairs(int number, side where, size_t n) {
    return (void *)guarded(number, where, n);
}

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The nearest of the two neighbours among bfloat16 numbers, found by measuring the distances. */
static uint32_t rounded(float value) {
    const uint32_t down = bits_of(value) >> 16;
    if (isnan(value)) return down | 0x40;
    if (isinf(value)) return down;
    if (fabsf(value) < FLT_MIN) return down & 0x8000;
    const double below = float_of(down << 16), size = below - value;
    const double above = (down & 0x7fff) == 0x7f7f ? copysign(0x1p128, value) : (double)float_of((down + 1) << 16);
    const double distance = fabs(size) - fabs(above - value);
    return distance < 0 || (distance == 0 && down % 2 == 0) ? down : down + 1;
}

static double half_of(oc__bf16_pair pair, size_t half) {
    return float_of(half ? pair & 0xffff0000 : pair << 16);
}

/* Ordinary numbers among all that could go wrong. */
static float any_number(void) {
    static const float special[] = {0, -0.0f, 1, INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-40f, -1e-45f};
    static const uint32_t ties[] = {0x3f808000, 0x3f818000, 0xbf808000, 0x3f807fff, 0x3f808001, 0x7f7f7fff, 0x7f7f8000,
                                    0x7f800001, 0xffc12345, 0x00800000, 0x007fffff};
    switch (random_size(0, 3)) {
    case 0: return special[random_size(0, sizeof special / sizeof *special - 1)];
    case 1: return float_of(ties[random_size(0, sizeof ties / sizeof *ties - 1)]);
    default: return random_unit();
    }
}

START_TEST(rounding) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t n = 1; n <= 100 && kernels->bf16; n++) {
        for (size_t n_rows = 1; n_rows <= 5; n_rows++) {
            for (side where = 0; where < N_SIDES; where++) {
                const size_t stride = n + 3, half = (n + 1) / 2, to_stride = n + 2;
                float *from = guarded(SOURCE, where, (n_rows - 1) * stride + n);
                for (size_t r = 0; r < n_rows; r++) {
                    for (size_t i = 0; i < n; i++) from[r * stride + i] = any_number();
                }
                oc__bf16_pair *to = guarded_pairs(PAIRS, where, (n_rows - 1) * to_stride + half);
                kernels->bf16->pair_neighbours(n_rows, n, from, stride, to, to_stride);
                for (size_t r = 0; r < n_rows; r++) {
                    for (size_t i = 0; i < 2 * half; i++) {
                        const uint32_t got = to[r * to_stride + i / 2] >> (i % 2 ? 16 : 0) & 0xffff;
                        const uint32_t expected = i < n ? rounded(from[r * stride + i]) : 0;
                        check_that(got == expected, "%s: neighbours: element %zu of %zu, %a, became %04x, not %04x",
                                   kernels->name, i, n, (double)from[r * stride + i], got, expected);
                    }
                }
                check_gaps((const float *)(const void *)to, n_rows, half, to_stride);

                const size_t pair_rows = (n_rows + 1) / 2;
                to = guarded_pairs(PAIRS, where, (pair_rows - 1) * to_stride + n);
                kernels->bf16->pair_rows(n_rows, n, from, stride, to, to_stride);
                for (size_t r = 0; r < 2 * pair_rows; r++) {
                    for (size_t i = 0; i < n; i++) {
                        const uint32_t got = to[r / 2 * to_stride + i] >> (r % 2 ? 16 : 0) & 0xffff;
                        const uint32_t expected = r < n_rows ? rounded(from[r * stride + i]) : 0;
                        check_that(got == expected, "%s: rows: row %zu of %zu, element %zu of %zu became %04x, not %04x",
                                   kernels->name, r, n_rows, i, n, got, expected);
                    }
                }
                check_gaps((const float *)(const void *)to, pair_rows, n, to_stride);
                check_guarded();
            }
        }
    }
}
END_TEST

/* A tile in guarded memory. Elements of an odd depth are followed by a zero. */
typedef struct tile_case {
    const char *name;
    oc__bf16_tile tile;
    size_t tile_rows;
    const oc__bf16_pair *rows[64 * OC__BF16_MAX_ROWS];
    const float *source; /* b's elements: (t, k, j) at (t * depth + k) * source_stride + j */
    size_t depth, source_stride;
} tile_case;

static void make_case(tile_case *test, const oc__kernels *kernels, side where, size_t rows, size_t columns, size_t n_taps,
                      size_t depth) {
    const oc__bf16_kernels *bf16 = kernels->bf16;
    const size_t n_pairs = (depth + 1) / 2, source_stride = columns + 5, c_stride = columns + 7;
    size_t packed_size;

    *test = (tile_case){.name = kernels->name, .tile_rows = bf16->rows, .depth = depth, .source_stride = source_stride};
    float *floats = guarded(SOURCE, where, n_taps * rows * depth);
    fill(floats, 1, n_taps * rows * depth, 0);
    oc__bf16_pair *a = guarded_pairs(A, where, n_taps * rows * n_pairs);
    bf16->pair_neighbours(n_taps * rows, depth, floats, depth, a, n_pairs);
    for (size_t t = 0; t < n_taps; t++) {
        for (size_t r = 0; r < bf16->rows; r++) test->rows[t * bf16->rows + r] = a + (t * rows + (r < rows ? r : 0)) * n_pairs;
    }
    float *source = guarded(SOURCE, where, (n_taps * depth - 1) * source_stride + columns);
    fill(source, n_taps * depth, columns, source_stride);
    test->source = source;
    ck_assert(oc__bf16_packed_size(&packed_size, bf16, n_taps, depth, columns));
    ck_assert_uint_eq(packed_size, n_taps * n_pairs * bf16->columns);
    oc__bf16_pair *packed = guarded_pairs(B, where, packed_size);
    oc__bf16_pack(packed, bf16, n_taps, depth, columns, source, depth * source_stride, source_stride, 1);

    float *bias = guarded(BIAS, where, bf16->columns);
    fill(bias, 1, columns, columns);
    float *add = guarded(ADD, where, (rows - 1) * (columns + 3) + columns);
    fill(add, rows, columns, columns + 3);

    test->tile = (oc__bf16_tile){
        .rows = rows,
        .columns = columns,
        .n_taps = n_taps,
        .depth = n_pairs,
        .a = test->rows,
        .b = packed,
        .bias = bias,
        .add = add,
        .add_stride = columns + 3,
        .low = -INFINITY,
        .high = INFINITY,
        .c = guarded(C, where, (rows - 1) * c_stride + columns),
        .c_stride = c_stride,
    };
}

static void check_case(const tile_case *test) {
    const oc__bf16_tile *tile = &test->tile;

    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            double sum = 0, magnitude = 0;
            for (size_t t = 0; t < tile->n_taps; t++) {
                for (size_t k = 0; k < test->depth; k++) {
                    const float b = test->source[(t * test->depth + k) * test->source_stride + j];
                    const double product = half_of(tile->a[t * test->tile_rows + r][k / 2], k % 2) *
                                           float_of(rounded(b) << 16);
                    sum += product;
                    magnitude += fabs(product);
                }
            }
            if (tile->bias) sum += tile->bias[j], magnitude += fabsf(tile->bias[j]);
            if (tile->add) sum += tile->add[r * tile->add_stride + j], magnitude += fabsf(tile->add[r * tile->add_stride + j]);
            const float got = tile->c[r * tile->c_stride + j];
            check_near(got, clamped(sum, tile->low, tile->high), tile->n_taps * test->depth, magnitude,
                       "%s: c[%zu][%zu] of %zu x %zu, %zu taps of %zu, is %g, not %g", test->name, r, j, tile->rows,
                       tile->columns, tile->n_taps, test->depth, (double)got, sum);
        }
    }
    check_gaps(tile->c, tile->rows, tile->columns, tile->c_stride);
    check_guarded();
}

START_TEST(every_tile) {
    static const size_t depths[] = {1, 2, 3, 5, 8, 16, 33, 70}, taps[] = {1, 1, 2, 9};
    const oc__kernels *kernels = table_at(_i);
    static tile_case test;
    size_t count = 0;

    for (size_t rows = 1; kernels->bf16 && rows <= kernels->bf16->rows; rows++) {
        for (size_t columns = 1; columns <= kernels->bf16->columns; columns++) {
            for (side where = 0; where < N_SIDES; where++, count++) {
                make_case(&test, kernels, where, rows, columns, taps[random_size(0, 3)], depths[random_size(0, 7)]);
                if (count % 3 == 0) test.tile.bias = NULL;
                if (count % 5 < 2) test.tile.add = NULL;
                if (count % 7 < 3) test.tile.low = -0.25f, test.tile.high = 0.5f;
                kernels->bf16->gemm(&test.tile);
                check_case(&test);
            }
        }
    }
}
END_TEST

START_TEST(same_bits_in_any_tile) {
    const oc__kernels *kernels = table_at(_i);
    static tile_case test;

    if (!kernels->bf16) return;
    make_case(&test, kernels, SIDE_START, kernels->bf16->rows, kernels->bf16->columns, 3, 29);
    kernels->bf16->gemm(&test.tile);
    oc__bf16_tile part = test.tile;
    for (part.rows = 1; part.rows < kernels->bf16->rows; part.rows++) {
        part.columns = random_size(1, kernels->bf16->columns);
        part.c_stride = part.columns;
        part.c = guarded(C2, SIDE_END, part.rows * part.columns);
        kernels->bf16->gemm(&part);
        for (size_t r = 0; r < part.rows; r++) {
            check_same_bits(part.c + r * part.columns, test.tile.c + r * test.tile.c_stride, part.columns,
                            "%s: row %zu of %zu x %zu differs from the full tile's", kernels->name, r, part.rows, part.columns);
        }
    }
}
END_TEST

/* The two layouts of weights: neighbours along the columns, and along the depth. */
START_TEST(packing) {
    const oc__kernels *kernels = table_at(_i);
    size_t size = 1;

    if (!kernels->bf16) return;
    const size_t width = kernels->bf16->columns;
    for (size_t depth = 1; depth <= 300; depth += depth < 5 ? 1 : 59) {
        for (size_t columns = 1; columns <= 2 * width + 1; columns += 7) {
            for (size_t upright = 0; upright < 2; upright++) {
                const size_t n_taps = 2, n_pairs = (depth + 1) / 2, n = n_taps * depth * columns;
                const size_t tap_stride = upright ? depth : depth * columns;
                const size_t k_stride = upright ? 1 : columns, column_stride = upright ? n_taps * depth : 1;
                float *source = guarded(SOURCE, SIDE_END, n);
                fill(source, 1, n, 0);
                ck_assert(oc__bf16_packed_size(&size, kernels->bf16, n_taps, depth, columns));
                oc__bf16_pair *packed = guarded_pairs(B, SIDE_END, size);
                oc__bf16_pack(packed, kernels->bf16, n_taps, depth, columns, source, tap_stride, k_stride, column_stride);
                for (size_t i = 0; i < 2 * size; i++) {
                    const size_t j = i / 2 % width + i / 2 / (n_taps * n_pairs * width) * width;
                    const size_t t = i / 2 / width / n_pairs % n_taps, k = i / 2 / width % n_pairs * 2 + i % 2;
                    const float from = j < columns && k < depth
                                           ? source[t * tap_stride + k * k_stride + j * column_stride]
                                           : 0;
                    check_that((packed[i / 2] >> (i % 2 ? 16 : 0) & 0xffff) == rounded(from),
                               "%s: tap %zu, k %zu, column %zu of %zu x %zu is packed wrong", kernels->name, t, k, j, depth,
                               columns);
                }
                check_guarded();
            }
        }
    }
    size = 1;
    ck_assert(!oc__bf16_packed_size(&size, kernels->bf16, SIZE_MAX / 2, 6, 1));
    ck_assert(!oc__bf16_packed_size(&size, kernels->bf16, 1, SIZE_MAX / 4, 100));
    ck_assert_uint_eq(size, 1);
}
END_TEST

START_TEST(transposed_product) {
    static const size_t depths[] = {0, 1, 2, 7, 49};
    const oc__kernels *kernels = table_at(_i);

    for (size_t rows = 1; kernels->bf16 && rows <= kernels->bf16->tn_rows; rows++) {
        for (size_t columns = 1; columns <= kernels->bf16->tn_columns; columns++) {
            for (side where = 0; where < N_SIDES; where++) {
                const size_t depth = depths[random_size(0, 4)], n_pairs = (depth + 1) / 2, m_last = n_pairs ? n_pairs - 1 : 0;
                const size_t a_stride = rows + 2, b_stride = columns + 3, c_stride = columns + 5;
                float *source = guarded(SOURCE, where, depth * (rows + columns));
                fill(source, 1, depth * (rows + columns), 0);
                oc__bf16_pair *a = guarded_pairs(A, where, depth ? m_last * a_stride + rows : 0);
                oc__bf16_pair *b = guarded_pairs(B, where, depth ? m_last * b_stride + columns : 0);
                kernels->bf16->pair_rows(depth, rows, source, rows, a, a_stride);
                kernels->bf16->pair_rows(depth, columns, source + depth * rows, columns, b, b_stride);
                float *c = guarded(C, where, (rows - 1) * c_stride + columns);
                float *before = guarded(C2, where, rows * columns);
                fill(c, rows, columns, c_stride);
                for (size_t r = 0; r < rows; r++) memcpy(before + r * columns, c + r * c_stride, columns * sizeof *c);

                kernels->bf16->gemm_tn(&(oc__bf16_tn_tile){rows, columns, n_pairs, a, a_stride, b, b_stride, c, c_stride});
                for (size_t r = 0; r < rows; r++) {
                    for (size_t j = 0; j < columns; j++) {
                        double sum = before[r * columns + j], magnitude = fabs(sum);
                        for (size_t m = 0; m < depth; m++) {
                            const double product = half_of(a[m / 2 * a_stride + r], m % 2) *
                                                   half_of(b[m / 2 * b_stride + j], m % 2);
                            sum += product;
                            magnitude += fabs(product);
                        }
                        check_near(c[r * c_stride + j], sum, depth, magnitude, "%s: c[%zu][%zu] of %zu x %zu, depth %zu",
                                   kernels->name, r, j, rows, columns, depth);
                    }
                }
                check_gaps(c, rows, columns, c_stride);
                check_guarded();
            }
        }
    }
}
END_TEST

START_TEST(the_reference_has_them) {
    ck_assert_ptr_nonnull(table_at(0)->bf16);
    ck_assert(!table_at(_i)->bf16 || table_at(_i)->bf16->rows <= OC__BF16_MAX_ROWS);
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{rounding}, {every_tile}, {same_bits_in_any_tile},
                                 {packing},  {transposed_product}, {the_reference_has_them}};
    return run_tests("bf16", tests, sizeof tests / sizeof *tests);
}
