/* bfloat16: packing, and whole products tile by tile. SPDX-License-Identifier: MIT */
#include <math.h>

#include "bf16.h"
#include "checked.h"

#define CHUNK 64 /* pairs of a column that are turned upright at a time */

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

bool oc__bf16_packed_size(size_t *out, const oc__bf16_kernels *kernels, size_t n_taps, size_t depth, size_t columns) {
    const size_t panels = columns / kernels->columns + (columns % kernels->columns != 0);
    size_t size;

    if (!oc__mul(&size, n_taps, depth / 2 + depth % 2) || !oc__mul(&size, size, kernels->columns) ||
        !oc__mul(&size, size, panels))
        return false;
    *out = size;
    return true;
}

/* Columns of neighbours in memory become columns of a panel. */
static void pack_columns(oc__bf16_pair *packed, const oc__bf16_kernels *kernels, size_t depth, size_t columns,
                         const float *source, ptrdiff_t column_stride) {
    oc__bf16_pair pairs[CHUNK];
    for (size_t k = 0; k < depth; k += 2 * CHUNK) {
        const size_t n = smaller(depth - k, 2 * CHUNK);
        for (size_t j = 0; j < columns; j++) {
            kernels->pair_neighbours(1, n, source + (ptrdiff_t)j * column_stride + k, 0, pairs, 0);
            for (size_t i = 0; i < (n + 1) / 2; i++) packed[(k / 2 + i) * kernels->columns + j] = pairs[i];
        }
    }
}

void oc__bf16_pack(oc__bf16_pair *packed, const oc__bf16_kernels *kernels, size_t n_taps, size_t depth, size_t columns,
                   const float *source, ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride) {
    const size_t width = kernels->columns, n_pairs = (depth + 1) / 2;

    for (size_t first = 0; first < columns; first += width) {
        const size_t n = smaller(columns - first, width);
        for (size_t t = 0; t < n_taps; t++, packed += n_pairs * width) {
            const float *from = source + (ptrdiff_t)t * tap_stride + (ptrdiff_t)first * column_stride;
            if (k_stride == 1)
                pack_columns(packed, kernels, depth, n, from, column_stride);
            else
                kernels->pair_rows(depth, n, from, (size_t)k_stride, packed, width);
            for (size_t k = 0; k < n_pairs; k++)
                for (size_t j = n; j < width; j++) packed[k * width + j] = 0;
        }
    }
}

#define ROWS_AT_ONCE 256 /* rows that stay in cache while the panels pass */

static void rows_at_once(const oc__bf16_kernels *kernels, size_t rows, size_t columns, size_t depth,
                         const oc__bf16_pair *const *pointers, const oc__bf16_pair *packed, const float *bias, bool accumulate,
                         float *c, size_t c_stride) {
    for (size_t column = 0; column < columns; column += kernels->columns)
        for (size_t row = 0; row < rows; row += kernels->rows) {
            float *to = c + row * c_stride + column;
            const oc__bf16_tile tile = {
                .rows = smaller(rows - row, kernels->rows),
                .columns = smaller(columns - column, kernels->columns),
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
            };
            kernels->gemm(&tile);
        }
}

void oc__bf16_rows(const oc__bf16_kernels *kernels, size_t rows, size_t columns, size_t depth, const oc__bf16_pair *a,
                   size_t a_stride, const oc__bf16_pair *packed, const float *bias, bool accumulate, float *c,
                   size_t c_stride) {
    const size_t at_once = ROWS_AT_ONCE / kernels->rows * kernels->rows;
    for (size_t row = 0; row < rows; row += at_once) {
        const oc__bf16_pair *pointers[ROWS_AT_ONCE];
        const size_t n = smaller(rows - row, at_once);
        for (size_t r = 0; r < at_once && r < n + kernels->rows; r++) pointers[r] = a + (row + smaller(r, n - 1)) * a_stride;
        rows_at_once(kernels, n, columns, depth, pointers, packed, bias, accumulate, c + row * c_stride, c_stride);
    }
}

void oc__bf16_tn_add(const oc__bf16_kernels *kernels, size_t rows, size_t columns, size_t depth, const oc__bf16_pair *a,
                     size_t a_stride, const oc__bf16_pair *b, size_t b_stride, float *c, size_t c_stride) {
    for (size_t row = 0; row < rows; row += kernels->tn_rows)
        for (size_t column = 0; column < columns; column += kernels->tn_columns) {
            const oc__bf16_tn_tile tile = {
                .rows = smaller(rows - row, kernels->tn_rows),
                .columns = smaller(columns - column, kernels->tn_columns),
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
