/* Whole matrix products, tile by tile. SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels.h"

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

void oc__gemm_rows(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                   const float *packed, float *c, size_t c_stride) {
    const size_t width = kernels->gemm_columns;
    for (size_t row = 0; row < rows; row += kernels->gemm_rows) {
        const float *pointers[OC__GEMM_MAX_ROWS];
        size_t n = smaller(rows - row, kernels->gemm_rows);
        for (size_t r = 0; r < kernels->gemm_rows; r++) pointers[r] = a + (row + smaller(r, n - 1)) * a_stride;
        for (size_t column = 0; column < columns; column += width) {
            oc__gemm_tile tile = {
                .rows = n,
                .columns = smaller(columns - column, width),
                .n_taps = 1,
                .depth = depth,
                .a = pointers,
                .b = packed + column * depth,
                .low = -INFINITY,
                .high = INFINITY,
                .c = c + row * c_stride + column,
                .c_stride = c_stride,
            };
            kernels->gemm(&tile);
        }
    }
}

void oc__gemm_tn_add(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                     const float *b, size_t b_stride, float *c, size_t c_stride) {
    for (size_t row = 0; row < rows; row += kernels->gemm_tn_rows)
        for (size_t column = 0; column < columns; column += kernels->gemm_tn_columns) {
            oc__gemm_tn_tile tile = {
                .rows = smaller(rows - row, kernels->gemm_tn_rows),
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
