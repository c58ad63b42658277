/* Whole matrix products, tile by tile. SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

#define ROWS_AT_ONCE 256 /* rows that stay in cache while the panels pass */

/* The next n floats to fetch, or NULL. */
static const float *fetch(oc__ahead *ahead, size_t n) {
    for (size_t i = 0; ahead && i < OC__MAX_AHEAD; i++) {
        const float *at = ahead->at[i];
        if (ahead->left[i] == 0) continue;
        n = smaller(n, ahead->left[i]);
        ahead->at[i] += n;
        ahead->left[i] -= n;
        return at;
    }
    return NULL;
}

/* A panel stays in cache while the rows pass. */
static void rows_at_once(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *const *pointers,
                         const float *packed, const float *bias, bool accumulate, float *c, size_t c_stride,
                         oc__ahead *ahead) {
    const size_t width = kernels->gemm_columns;
    for (size_t column = 0; column < columns; column += width)
        for (size_t row = 0; row < rows; row += kernels->gemm_rows) {
            float *to = c + row * c_stride + column;
            oc__gemm_tile tile = {
                .rows = smaller(rows - row, kernels->gemm_rows),
                .columns = smaller(columns - column, width),
                .n_taps = 1,
                .depth = depth,
                .a = pointers + row,
                .b = packed + column * depth,
                .bias = bias ? bias + column : NULL,
                .add = accumulate ? to : NULL,
                .add_stride = c_stride,
                .low = -INFINITY,
                .high = INFINITY,
                .c = to,
                .c_stride = c_stride,
                .ahead = fetch(ahead, depth * width),
            };
            kernels->gemm(&tile);
        }
}

void oc__gemm_rows(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                   const float *packed, const float *bias, bool accumulate, float *c, size_t c_stride, oc__ahead *ahead) {
    const size_t at_once = ROWS_AT_ONCE / kernels->gemm_rows * kernels->gemm_rows;
    for (size_t row = 0; row < rows; row += at_once) {
        const float *pointers[ROWS_AT_ONCE];
        const size_t n = smaller(rows - row, at_once);
        for (size_t r = 0; r < at_once && r < n + kernels->gemm_rows; r++)
            pointers[r] = a + (row + smaller(r, n - 1)) * a_stride;
        rows_at_once(kernels, n, columns, depth, pointers, packed, bias, accumulate, c + row * c_stride, c_stride,
                     ahead);
    }
}

/* `n` in parts as even as can be, none above `most`: 16 rows make 8 + 8 rather than 14 + 2. */
static size_t even_part(size_t n, size_t most) {
    const size_t parts = (n + most - 1) / most;
    return (n + parts - 1) / parts;
}

void oc__gemm_tn_add(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                     const float *b, size_t b_stride, float *c, size_t c_stride) {
    const size_t height = even_part(rows, kernels->gemm_tn_rows);
    for (size_t row = 0; row < rows; row += height)
        for (size_t column = 0; column < columns; column += kernels->gemm_tn_columns) {
            oc__gemm_tn_tile tile = {
                .rows = smaller(rows - row, height),
                .columns = smaller(columns - column, kernels->gemm_tn_columns),
                .depth = depth,
                .a = a + row,
                .a_stride = a_stride,
                .b = b + column,
                .b_stride = b_stride,
                .c = c + row * c_stride + column,
                .c_stride = c_stride,
            };
            kernels->gemm_tn(&tile);
        }
}
