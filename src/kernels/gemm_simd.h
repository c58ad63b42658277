/* Matrix products over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * A tile of rows x (vectors x LANES) sums stays in registers while k runs; each step loads one row of b and multiplies it
 * by one broadcast element of each row of a. Rows and vectors are constants in the inlined bodies.
 *
 * Elements are floats, unless the vocabulary defines ELEMENTS and the types and functions below for others.
 */

#ifndef ELEMENTS
typedef oc__gemm_tile gemm_tile;
typedef oc__gemm_tn_tile gemm_tn_tile;
typedef float element;
typedef vec elements;

INLINE elements elements_set(element value) {
    return vec_set(value);
}

INLINE elements elements_load(const element *from) {
    return vec_load(from);
}

INLINE elements elements_load_masked(const element *from, vec_mask mask) {
    return vec_load_masked(from, mask);
}

/* sum + a * b */
INLINE vec elements_multiply(vec sum, elements a, elements b) {
    return vec_fma(a, b, sum);
}
#endif

INLINE void gemm_store(const gemm_tile *tile, vec (*sum)[GEMM_COLUMNS / LANES], const size_t rows, const size_t vectors,
                       const bool masked) {
    const vec low = vec_set(tile->low), high = vec_set(tile->high);
    const vec_mask mask = vec_first(masked ? tile->columns - (vectors - 1) * LANES : LANES);
    vec bias[GEMM_COLUMNS / LANES];

    UNROLL for (size_t v = 0; v < vectors; v++) bias[v] = tile->bias ? vec_load(tile->bias + v * LANES) : vec_zero();
    UNROLL for (size_t r = 0; r < rows; r++) {
        float *c = tile->c + r * tile->c_stride;
        UNROLL for (size_t v = 0; v < vectors; v++) {
            const bool last = masked && v == vectors - 1;
            vec value = vec_add(sum[r][v], bias[v]);
            if (tile->add) {
                const float *add = tile->add + r * tile->add_stride + v * LANES;
                value = vec_add(value, last ? vec_load_masked(add, mask) : vec_load(add));
            }
            value = vec_clamp(value, low, high);
            if (last) {
                vec_store_masked(c + v * LANES, value, mask);
            } else {
                vec_store(c + v * LANES, value);
            }
        }
    }
}

INLINE void gemm(const gemm_tile *tile, const size_t rows, const size_t vectors) {
    vec sum[GEMM_ROWS][GEMM_COLUMNS / LANES];
    const element *b = tile->b;
    const element *ahead = tile->ahead ? tile->ahead : b + (rows < 8 ? 64 : 12) * GEMM_COLUMNS; /* weights from far away */
    const size_t depth = tile->depth;

    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_zero();
    }
    for (size_t t = 0; t < tile->n_taps; t++) {
        const element *a[GEMM_ROWS];
        UNROLL for (size_t r = 0; r < rows; r++) a[r] = tile->a[t * GEMM_ROWS + r];
        for (size_t k = 0; k < depth; k++, b += GEMM_COLUMNS, ahead += GEMM_COLUMNS) {
            elements row[GEMM_COLUMNS / LANES];
            UNROLL for (size_t v = 0; v < vectors; v++) row[v] = elements_load(b + v * LANES);
            UNROLL for (size_t v = 0; v < GEMM_COLUMNS / LANES; v++) __builtin_prefetch(ahead + v * LANES);
            UNROLL for (size_t r = 0; r < rows; r++) {
                const elements factor = elements_set(a[r][k]);
                UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = elements_multiply(sum[r][v], factor, row[v]);
            }
        }
    }
    if (tile->columns == vectors * LANES) {
        gemm_store(tile, sum, rows, vectors, false);
    } else {
        gemm_store(tile, sum, rows, vectors, true);
    }
}

INLINE void gemm_tn(const gemm_tn_tile *tile, const size_t rows, const size_t vectors, const bool masked) {
    const size_t depth = tile->depth, a_stride = tile->a_stride, b_stride = tile->b_stride;
    const vec_mask mask = vec_first(masked ? tile->columns - (vectors - 1) * LANES : LANES);
    const element *a = tile->a, *b = tile->b;
    vec sum[GEMM_TN_ROWS][GEMM_TN_COLUMNS / LANES];

    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_zero();
    }
    for (size_t m = 0; m < depth; m++, a += a_stride, b += b_stride) {
        elements row[GEMM_TN_COLUMNS / LANES];
        UNROLL for (size_t v = 0; v < vectors; v++) {
            row[v] = masked && v == vectors - 1 ? elements_load_masked(b + v * LANES, mask) : elements_load(b + v * LANES);
        }
        UNROLL for (size_t r = 0; r < rows; r++) {
            const elements factor = elements_set(a[r]);
            UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = elements_multiply(sum[r][v], factor, row[v]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++) {
        float *c = tile->c + r * tile->c_stride;
        UNROLL for (size_t v = 0; v < vectors; v++) {
            if (masked && v == vectors - 1) {
                vec_store_masked(c + v * LANES, vec_add(vec_load_masked(c + v * LANES, mask), sum[r][v]), mask);
            } else {
                vec_store(c + v * LANES, vec_add(vec_load(c + v * LANES), sum[r][v]));
            }
        }
    }
}

/* One body per number of rows, so that the last rows of a matrix cost what they must. */
#define FOR_ROWS(rows, largest, BODY)                                                                                          \
    switch (rows) {                                                                                                            \
        FOR_ROW(1, largest, BODY)                                                                                              \
        FOR_ROW(2, largest, BODY)                                                                                              \
        FOR_ROW(3, largest, BODY)                                                                                              \
        FOR_ROW(4, largest, BODY)                                                                                              \
        FOR_ROW(5, largest, BODY)                                                                                              \
        FOR_ROW(6, largest, BODY)                                                                                              \
        FOR_ROW(7, largest, BODY)                                                                                              \
        FOR_ROW(8, largest, BODY)                                                                                              \
        FOR_ROW(9, largest, BODY)                                                                                              \
        FOR_ROW(10, largest, BODY)                                                                                             \
        FOR_ROW(11, largest, BODY)                                                                                             \
        FOR_ROW(12, largest, BODY)                                                                                             \
        FOR_ROW(13, largest, BODY)                                                                                             \
        FOR_ROW(14, largest, BODY)                                                                                             \
    }
#define FOR_ROW(n, largest, BODY)                                                                                              \
    case n:                                                                                                                    \
        if (n <= (largest)) BODY(n <= (largest) ? n : 1);                                                                      \
        break;

_Static_assert(GEMM_ROWS <= 14 && GEMM_TN_ROWS <= 14, "FOR_ROWS must list every number of rows");
_Static_assert(GEMM_COLUMNS % LANES == 0 && GEMM_COLUMNS / LANES <= 4, "FOR_TILE must list every number of vectors");
_Static_assert(GEMM_TN_COLUMNS % LANES == 0 && GEMM_TN_COLUMNS / LANES <= 4, "FOR_TILE must list every number of vectors");

/* And one per number of vectors of columns. BODY_1 ... BODY_4 take a number of rows. */
#define FOR_TILE(columns, most_columns, rows, most_rows, BODY)                                                                 \
    switch (((columns) + LANES - 1) / LANES) {                                                                                 \
        FOR_VECTOR(1, most_columns, rows, most_rows, BODY##_1)                                                                 \
        FOR_VECTOR(2, most_columns, rows, most_rows, BODY##_2)                                                                 \
        FOR_VECTOR(3, most_columns, rows, most_rows, BODY##_3)                                                                 \
        FOR_VECTOR(4, most_columns, rows, most_rows, BODY##_4)                                                                 \
    }
#define FOR_VECTOR(n, most_columns, rows, most_rows, BODY)                                                                     \
    case n:                                                                                                                    \
        if ((n)*LANES <= (most_columns)) FOR_ROWS(rows, most_rows, BODY)                                                       \
        break;
#define AS_FIT(n, most_columns) ((n)*LANES <= (most_columns) ? (n) : 1) /* a body that is never called is compiled as 1 */

#define GEMM_1(n) gemm(tile, n, 1)
#define GEMM_2(n) gemm(tile, n, AS_FIT(2, GEMM_COLUMNS))
#define GEMM_3(n) gemm(tile, n, AS_FIT(3, GEMM_COLUMNS))
#define GEMM_4(n) gemm(tile, n, AS_FIT(4, GEMM_COLUMNS))

void SET(gemm)(const gemm_tile *tile) {
    FOR_TILE(tile->columns, GEMM_COLUMNS, tile->rows, GEMM_ROWS, GEMM)
}

#define GEMM_TN(n, vectors) gemm_tn(tile, n, AS_FIT(vectors, GEMM_TN_COLUMNS), false)
#define GEMM_TN_1(n) GEMM_TN(n, 1)
#define GEMM_TN_2(n) GEMM_TN(n, 2)
#define GEMM_TN_3(n) GEMM_TN(n, 3)
#define GEMM_TN_4(n) GEMM_TN(n, 4)

#define GEMM_TN_MASKED(n, vectors) gemm_tn(tile, n, AS_FIT(vectors, GEMM_TN_COLUMNS), true)
#define GEMM_TN_MASKED_1(n) GEMM_TN_MASKED(n, 1)
#define GEMM_TN_MASKED_2(n) GEMM_TN_MASKED(n, 2)
#define GEMM_TN_MASKED_3(n) GEMM_TN_MASKED(n, 3)
#define GEMM_TN_MASKED_4(n) GEMM_TN_MASKED(n, 4)

void SET(gemm_tn)(const gemm_tn_tile *tile) {
    if (tile->columns % LANES == 0) {
        FOR_TILE(tile->columns, GEMM_TN_COLUMNS, tile->rows, GEMM_TN_ROWS, GEMM_TN)
    } else {
        FOR_TILE(tile->columns, GEMM_TN_COLUMNS, tile->rows, GEMM_TN_ROWS, GEMM_TN_MASKED)
    }
}
