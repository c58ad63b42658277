/* Matrix products over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * A tile of rows x (vectors x LANES) sums stays in registers while k runs; each step loads one row of b and multiplies it
 * by one broadcast element of each row of a. Rows and vectors are constants in the inlined bodies.
 */

INLINE void gemm_store(const oc__gemm_tile *tile, vec (*sum)[GEMM_COLUMNS / LANES], const size_t rows, const size_t vectors,
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

INLINE void gemm(const oc__gemm_tile *tile, const size_t rows, const size_t vectors) {
    vec sum[GEMM_ROWS][GEMM_COLUMNS / LANES];
    const float *b = tile->b;
    const size_t depth = tile->depth;

    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_zero();
    }
    for (size_t t = 0; t < tile->n_taps; t++) {
        const float *a[GEMM_ROWS];
        UNROLL for (size_t r = 0; r < rows; r++) a[r] = tile->a[t * GEMM_ROWS + r];
        for (size_t k = 0; k < depth; k++, b += GEMM_COLUMNS) {
            vec row[GEMM_COLUMNS / LANES];
            UNROLL for (size_t v = 0; v < vectors; v++) row[v] = vec_load(b + v * LANES);
            UNROLL for (size_t r = 0; r < rows; r++) {
                const vec element = vec_set(a[r][k]);
                UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_fma(element, row[v], sum[r][v]);
            }
        }
    }
    if (tile->columns == vectors * LANES) {
        gemm_store(tile, sum, rows, vectors, false);
    } else {
        gemm_store(tile, sum, rows, vectors, true);
    }
}

INLINE void gemm_tn(const oc__gemm_tn_tile *tile, const size_t rows, const size_t vectors, const bool masked) {
    const size_t depth = tile->depth, a_stride = tile->a_stride, b_stride = tile->b_stride;
    const vec_mask mask = vec_first(masked ? tile->columns - (vectors - 1) * LANES : LANES);
    const float *a = tile->a, *b = tile->b;
    vec sum[GEMM_TN_ROWS][GEMM_TN_COLUMNS / LANES];

    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_zero();
    }
    for (size_t m = 0; m < depth; m++, a += a_stride, b += b_stride) {
        vec row[GEMM_TN_COLUMNS / LANES];
        UNROLL for (size_t v = 0; v < vectors; v++) {
            row[v] = masked && v == vectors - 1 ? vec_load_masked(b + v * LANES, mask) : vec_load(b + v * LANES);
        }
        UNROLL for (size_t r = 0; r < rows; r++) {
            const vec element = vec_set(a[r]);
            UNROLL for (size_t v = 0; v < vectors; v++) sum[r][v] = vec_fma(element, row[v], sum[r][v]);
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
_Static_assert(GEMM_COLUMNS == 2 * LANES && GEMM_TN_COLUMNS == 2 * LANES, "the bodies are for one vector and for two");

#define GEMM_1(n) gemm(tile, n, 1)
#define GEMM_2(n) gemm(tile, n, 2)

void SET(gemm)(const oc__gemm_tile *tile) {
    if (tile->columns <= LANES) {
        FOR_ROWS(tile->rows, GEMM_ROWS, GEMM_1)
    } else {
        FOR_ROWS(tile->rows, GEMM_ROWS, GEMM_2)
    }
}

#define GEMM_TN_1(n) gemm_tn(tile, n, 1, false)
#define GEMM_TN_1_MASKED(n) gemm_tn(tile, n, 1, true)
#define GEMM_TN_2(n) gemm_tn(tile, n, 2, false)
#define GEMM_TN_2_MASKED(n) gemm_tn(tile, n, 2, true)

void SET(gemm_tn)(const oc__gemm_tn_tile *tile) {
    if (tile->columns < LANES) {
        FOR_ROWS(tile->rows, GEMM_TN_ROWS, GEMM_TN_1_MASKED)
    } else if (tile->columns == LANES) {
        FOR_ROWS(tile->rows, GEMM_TN_ROWS, GEMM_TN_1)
    } else if (tile->columns < 2 * LANES) {
        FOR_ROWS(tile->rows, GEMM_TN_ROWS, GEMM_TN_2_MASKED)
    } else {
        FOR_ROWS(tile->rows, GEMM_TN_ROWS, GEMM_TN_2)
    }
}
