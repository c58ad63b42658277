/* Matrix products against double precision. SPDX-License-Identifier: MIT */
#include "support.h"

enum { A, B, SOURCE, BIAS, ADD, C, C2 };

/* A tile in guarded memory: every row of a at an odd distance, b packed from an odd layout. */
typedef struct tile_case {
    const oc__kernels *kernels;
    oc__gemm_tile tile;
    const float *rows[64 * OC__GEMM_MAX_ROWS];
    const float *source; /* b's elements: (t, k, j) at (t * depth + k) * source_stride + j */
    size_t source_stride;
} tile_case;

static void make_case(tile_case *test, const oc__kernels *kernels, side where, size_t rows, size_t columns, size_t n_taps,
                      size_t depth) {
    const size_t n_b = n_taps * depth, a_stride = depth + 3, source_stride = columns + 5, c_stride = columns + 7;
    size_t packed_size;

    test->kernels = kernels;
    float *a = guarded(A, where, (n_taps * rows - 1) * a_stride + depth);
    fill(a, n_taps * rows, depth, a_stride);
    for (size_t t = 0; t < n_taps; t++) {
        for (size_t r = 0; r < kernels->gemm_rows; r++) {
            test->rows[t * kernels->gemm_rows + r] = a + (t * rows + (r < rows ? r : 0)) * a_stride;
        }
    }
    float *source = guarded(SOURCE, where, (n_b - 1) * source_stride + columns);
    fill(source, n_b, columns, source_stride);
    test->source = source;
    test->source_stride = source_stride;
    ck_assert(oc__gemm_packed_size(&packed_size, kernels, n_taps, depth, columns));
    float *packed = guarded(B, where, packed_size);
    oc__gemm_pack(packed, kernels, n_taps, depth, columns, source, depth * source_stride, source_stride, 1);

    float *bias = guarded(BIAS, where, kernels->gemm_columns);
    fill(bias, 1, columns, columns);
    float *add = guarded(ADD, where, (rows - 1) * (columns + 3) + columns);
    fill(add, rows, columns, columns + 3);

    test->tile = (oc__gemm_tile){
        .rows = rows,
        .columns = columns,
        .n_taps = n_taps,
        .depth = depth,
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

static void check_case(const tile_case *test, const float *add) {
    const oc__gemm_tile *tile = &test->tile;

    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            double sum = 0, magnitude = 0;
            for (size_t t = 0; t < tile->n_taps; t++) {
                for (size_t k = 0; k < tile->depth; k++) {
                    const double product = (double)tile->a[t * test->kernels->gemm_rows + r][k] *
                                           test->source[(t * tile->depth + k) * test->source_stride + j];
                    sum += product;
                    magnitude += fabs(product);
                }
            }
            if (tile->bias) sum += tile->bias[j], magnitude += fabsf(tile->bias[j]);
            if (add) sum += add[r * tile->add_stride + j], magnitude += fabsf(add[r * tile->add_stride + j]);
            const float got = tile->c[r * tile->c_stride + j];
            check_near(got, clamped(sum, tile->low, tile->high), tile->n_taps * tile->depth, magnitude,
                       "%s: c[%zu][%zu] of %zu x %zu, %zu taps of %zu, is %g, not %g", test->kernels->name, r, j, tile->rows,
                       tile->columns, tile->n_taps, tile->depth, (double)got, sum);
        }
    }
    check_gaps(tile->c, tile->rows, tile->columns, tile->c_stride);
    check_guarded();
}

START_TEST(every_tile) {
    static const size_t depths[] = {1, 2, 3, 5, 8, 16, 17, 33}, taps[] = {1, 1, 2, 9};
    const oc__kernels *kernels = table_at(_i);
    static tile_case test;
    size_t count = 0;

    for (size_t rows = 1; rows <= kernels->gemm_rows; rows++) {
        for (size_t columns = 1; columns <= kernels->gemm_columns; columns++) {
            for (side where = 0; where < N_SIDES; where++, count++) {
                make_case(&test, kernels, where, rows, columns, taps[random_size(0, 3)], depths[random_size(0, 7)]);
                if (count % 3 == 0) test.tile.bias = NULL;
                if (count % 5 < 2) test.tile.add = NULL;
                if (count % 7 < 3) test.tile.low = -0.25f, test.tile.high = 0.5f;
                kernels->gemm(&test.tile);
                check_case(&test, test.tile.add);
            }
        }
    }
}
END_TEST

START_TEST(add_in_place) {
    const oc__kernels *kernels = table_at(_i);
    static tile_case test;

    for (size_t columns = 1; columns <= kernels->gemm_columns; columns++) {
        const size_t rows = random_size(1, kernels->gemm_rows);
        make_case(&test, kernels, SIDE_END, rows, columns, 1, 9);
        float *c = test.tile.c, *before = guarded(C2, SIDE_END, (rows - 1) * test.tile.c_stride + columns);
        fill(c, rows, columns, test.tile.c_stride);
        memcpy(before, c, ((rows - 1) * test.tile.c_stride + columns) * sizeof *c);
        test.tile.add = c;
        test.tile.add_stride = test.tile.c_stride;
        kernels->gemm(&test.tile);
        check_case(&test, before);
    }
}
END_TEST

START_TEST(same_bits_in_any_tile) {
    const oc__kernels *kernels = table_at(_i);
    static tile_case test;

    make_case(&test, kernels, SIDE_START, kernels->gemm_rows, kernels->gemm_columns, 3, 29);
    kernels->gemm(&test.tile);
    oc__gemm_tile part = test.tile;
    for (part.rows = 1; part.rows < kernels->gemm_rows; part.rows++) {
        part.columns = random_size(1, kernels->gemm_columns);
        part.c_stride = part.columns;
        part.c = guarded(C2, SIDE_END, part.rows * part.columns);
        kernels->gemm(&part);
        for (size_t r = 0; r < part.rows; r++) {
            check_same_bits(part.c + r * part.columns, test.tile.c + r * test.tile.c_stride, part.columns,
                            "%s: row %zu of %zu x %zu differs from the full tile's", kernels->name, r, part.rows, part.columns);
        }
    }
}
END_TEST

START_TEST(clamp_passes_nan) {
    const oc__kernels *kernels = table_at(_i);
    const float special[] = {NAN, INFINITY, -INFINITY}, expected[] = {NAN, 6, 0};
    static tile_case test;

    for (size_t columns = 1; columns <= kernels->gemm_columns; columns++) {
        for (size_t s = 0; s < 3; s++) {
            make_case(&test, kernels, SIDE_END, kernels->gemm_rows, columns, 1, 5);
            test.tile.low = 0;
            test.tile.high = 6;
            const size_t row = random_size(0, kernels->gemm_rows - 1);
            float *add = guarded(ADD, SIDE_END, (kernels->gemm_rows - 1) * test.tile.add_stride + columns);
            fill(add, kernels->gemm_rows, columns, test.tile.add_stride);
            for (size_t j = 0; j < columns; j++) add[row * test.tile.add_stride + j] = special[s];
            kernels->gemm(&test.tile);
            for (size_t r = 0; r < kernels->gemm_rows; r++) {
                for (size_t j = 0; j < columns; j++) {
                    const float got = test.tile.c[r * test.tile.c_stride + j];
                    if (r != row) check_that(got >= 0 && got <= 6, "%s: %g is not clamped", kernels->name, (double)got);
                    else if (isnan(expected[s])) check_that(isnan(got), "%s: NaN became %g", kernels->name, (double)got);
                    else check_that(got == expected[s], "%s: %g, not %g", kernels->name, (double)got, (double)expected[s]);
                }
            }
        }
    }
}
END_TEST

/* A convolution by pointers to the pixels that each tap meets, a row of zeros standing for those outside. */
START_TEST(convolution_by_taps) {
    enum { HEIGHT = 5, WIDTH = 7, N_IN = 5, KERNEL = 3, STRIDE = 2, PAD = 1, OUT_HEIGHT = 3, OUT_WIDTH = 4, N_TAPS = 9 };
    const oc__kernels *kernels = table_at(_i);
    const size_t n_out = 2 * kernels->gemm_columns + 1;
    float *in = guarded(A, SIDE_END, HEIGHT * WIDTH * N_IN), *zeros = guarded(ADD, SIDE_END, N_IN);
    float *weights = guarded(SOURCE, SIDE_END, n_out * N_TAPS * N_IN); /* [out][tap][in], as models have them */
    float *out = guarded(C, SIDE_END, OUT_HEIGHT * OUT_WIDTH * n_out);
    size_t packed_size;

    fill(in, 1, HEIGHT * WIDTH * N_IN, 0);
    fill(weights, 1, n_out * N_TAPS * N_IN, 0);
    memset(zeros, 0, N_IN * sizeof *zeros);
    ck_assert(oc__gemm_packed_size(&packed_size, kernels, N_TAPS, N_IN, n_out));
    ck_assert(packed_size == N_TAPS * N_IN * 3 * kernels->gemm_columns);
    float *packed = guarded(B, SIDE_END, packed_size);
    oc__gemm_pack(packed, kernels, N_TAPS, N_IN, n_out, weights, N_IN, 1, N_TAPS * N_IN);

    for (size_t first = 0; first < OUT_HEIGHT * OUT_WIDTH; first += kernels->gemm_rows) {
        const size_t left = OUT_HEIGHT * OUT_WIDTH - first, rows = left < kernels->gemm_rows ? left : kernels->gemm_rows;
        const float *a[N_TAPS * OC__GEMM_MAX_ROWS];
        for (size_t t = 0; t < N_TAPS; t++) {
            for (size_t r = 0; r < kernels->gemm_rows; r++) {
                const size_t pixel = first + (r < rows ? r : 0);
                const size_t y = pixel / OUT_WIDTH * STRIDE + t / KERNEL - PAD;
                const size_t x = pixel % OUT_WIDTH * STRIDE + t % KERNEL - PAD;
                a[t * kernels->gemm_rows + r] = y < HEIGHT && x < WIDTH ? in + (y * WIDTH + x) * N_IN : zeros;
            }
        }
        for (size_t panel = 0; panel < 3; panel++) {
            const size_t column = panel * kernels->gemm_columns;
            kernels->gemm(&(oc__gemm_tile){
                .rows = rows,
                .columns = panel < 2 ? kernels->gemm_columns : 1,
                .n_taps = N_TAPS,
                .depth = N_IN,
                .a = a,
                .b = packed + column * N_TAPS * N_IN,
                .low = -INFINITY,
                .high = INFINITY,
                .c = out + first * n_out + column,
                .c_stride = n_out,
            });
        }
    }
    for (size_t pixel = 0; pixel < OUT_HEIGHT * OUT_WIDTH; pixel++) {
        for (size_t o = 0; o < n_out; o++) {
            double sum = 0, magnitude = 0;
            for (size_t t = 0; t < N_TAPS; t++) {
                const size_t y = pixel / OUT_WIDTH * STRIDE + t / KERNEL - PAD;
                const size_t x = pixel % OUT_WIDTH * STRIDE + t % KERNEL - PAD;
                for (size_t i = 0; i < N_IN && y < HEIGHT && x < WIDTH; i++) {
                    const double product = (double)in[(y * WIDTH + x) * N_IN + i] * weights[(o * N_TAPS + t) * N_IN + i];
                    sum += product;
                    magnitude += fabs(product);
                }
            }
            check_near(out[pixel * n_out + o], sum, N_TAPS * N_IN, magnitude, "%s: pixel %zu, channel %zu is %g, not %g",
                       kernels->name, pixel, o, (double)out[pixel * n_out + o], sum);
        }
    }
    check_guarded();
}
END_TEST

START_TEST(transposed_product) {
    static const size_t depths[] = {0, 1, 2, 7, 49};
    const oc__kernels *kernels = table_at(_i);

    for (size_t rows = 1; rows <= kernels->gemm_tn_rows; rows++) {
        for (size_t columns = 1; columns <= kernels->gemm_tn_columns; columns++) {
            for (side where = 0; where < N_SIDES; where++) {
                const size_t depth = depths[random_size(0, 4)], m_last = depth ? depth - 1 : 0;
                const size_t a_stride = rows + 2, b_stride = columns + 3, c_stride = columns + 5;
                float *a = guarded(A, where, depth ? m_last * a_stride + rows : 0);
                float *b = guarded(B, where, depth ? m_last * b_stride + columns : 0);
                float *c = guarded(C, where, (rows - 1) * c_stride + columns);
                float *before = guarded(C2, where, rows * columns);
                fill(a, depth, rows, a_stride);
                fill(b, depth, columns, b_stride);
                fill(c, rows, columns, c_stride);
                for (size_t r = 0; r < rows; r++) memcpy(before + r * columns, c + r * c_stride, columns * sizeof *c);

                kernels->gemm_tn(&(oc__gemm_tn_tile){rows, columns, depth, a, a_stride, b, b_stride, c, c_stride});
                for (size_t r = 0; r < rows; r++) {
                    for (size_t j = 0; j < columns; j++) {
                        double sum = before[r * columns + j], magnitude = fabs(sum);
                        for (size_t m = 0; m < depth; m++) {
                            const double product = (double)a[m * a_stride + r] * b[m * b_stride + j];
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

START_TEST(packed_size_overflow) {
    const oc__kernels *kernels = table_at(_i);
    size_t size = 1;

    ck_assert(!oc__gemm_packed_size(&size, kernels, SIZE_MAX / 2, 3, 1));
    ck_assert(!oc__gemm_packed_size(&size, kernels, 1, SIZE_MAX / kernels->gemm_columns, kernels->gemm_columns + 1));
    ck_assert(size == 1);
    ck_assert(oc__gemm_packed_size(&size, kernels, 1, 2, 1));
    ck_assert(size == 2 * kernels->gemm_columns);
}
END_TEST

START_TEST(selection) {
    const oc__kernels *best = table_at(n_tables() - 1);

    ck_assert_str_eq(table_at(0)->name, "c");
    ck_assert_ptr_eq(oc__kernels_select(NULL), best);
    ck_assert_ptr_eq(oc__kernels_select(""), best);
    ck_assert_ptr_eq(oc__kernels_select("no such set"), best);
    ck_assert_ptr_eq(oc__kernels_select(table_at(_i)->name), table_at(_i));
}
END_TEST

int main(void) {
    const kernel_test tests[] = {
        {every_tile},         {add_in_place},       {same_bits_in_any_tile}, {clamp_passes_nan},
        {convolution_by_taps}, {transposed_product}, {packed_size_overflow},  {selection},
    };
    return run_tests("gemm", tests, sizeof tests / sizeof *tests);
}
