/* Winograd's matrices, and packing filters for them. SPDX-License-Identifier: MIT */
#include "winograd.h"

#include "kernels.h"

const float oc__winograd_input_2[16] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, -1};
const float oc__winograd_output_2[8] = {1, 1, 1, 0, 0, 1, -1, -1};
const float oc__winograd_filter_2[12] = {1, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1};

#define A OC__WINOGRAD_A
#define B OC__WINOGRAD_B
#define A2 OC__WINOGRAD_A2
#define B2 OC__WINOGRAD_B2
#define AT_A OC__WINOGRAD_AT_A
#define AT_B OC__WINOGRAD_AT_B

const float oc__winograd_input_4[36] = {
    A2 * B2, 0, -(A2 + B2), 0, 1, 0, 0, -A * B2, -B2, A,       1, 0,          0, A *B2, -B2, -A, 1, 0,
    0, -A2 * B, -A2,        B, 1, 0, 0, A2 *B,   -A2, -B,      1, 0,          0, A2 *B2, 0, -(A2 + B2), 0, 1,
};
const float oc__winograd_output_4[24] = {
    1, 1, 1, 1, 1, 0, 0, A, -A, B, -B, 0, 0, A2, A2, B2, B2, 0, 0, A *A2, -A * A2, B *B2, -B * B2, 1,
};
const float oc__winograd_filter_4[18] = {
    1 / (A2 * B2), 0,          0,         1 / AT_A, A / AT_A, A2 / AT_A, 1 / AT_A, -A / AT_A, A2 / AT_A,
    1 / AT_B,      B / AT_B,   B2 / AT_B, 1 / AT_B, -B / AT_B, B2 / AT_B, 0,         0,         1,
};

#define ROWS_AT_ONCE 16 /* whose filters are turned upright at a time: a cache line's worth */

/* A panel's columns of rows [first, first + n): [rows][taps][width], from where columns lie far apart. */
static void gather(float *to, size_t width, size_t n, size_t columns, const float *source, ptrdiff_t tap_stride,
                   ptrdiff_t k_stride, ptrdiff_t column_stride) {
    for (size_t j = 0; j < columns; j++)
        for (size_t t = 0; t < 9; t++) {
            const float *from = source + (ptrdiff_t)j * column_stride + (ptrdiff_t)t * tap_stride;
            for (size_t k = 0; k < n; k++) to[(k * 9 + t) * width + j] = from[(ptrdiff_t)k * k_stride];
        }
}

void oc__winograd_pack(float *packed, const oc__kernels *kernels, size_t m, size_t depth, size_t columns, const float *source,
                       ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride, size_t panel) {
    const size_t width = kernels->gemm_columns, n_points = (m + 2) * (m + 2), panels = (columns + width - 1) / width;
    const size_t left = columns - panel * width, n_columns = left < width ? left : width;
    const size_t point_size = panels * depth * width;
    float upright[ROWS_AT_ONCE * 9 * OC__GEMM_MAX_COLUMNS];

    source += (ptrdiff_t)(panel * width) * column_stride;
    packed += panel * depth * width;
    for (size_t first = 0; first < depth; first += ROWS_AT_ONCE) {
        const size_t n = depth - first < ROWS_AT_ONCE ? depth - first : ROWS_AT_ONCE;
        if (column_stride != 1)
            gather(upright, width, n, n_columns, source + (ptrdiff_t)first * k_stride, tap_stride, k_stride, column_stride);
        for (size_t k = first; k < first + n; k++) {
            float *to = packed + k * width;
            if (column_stride != 1)
                kernels->winograd_filter(m, n_columns, upright + (k - first) * 9 * width, (ptrdiff_t)width, to, point_size);
            else kernels->winograd_filter(m, n_columns, source + (ptrdiff_t)k * k_stride, tap_stride, to, point_size);
            for (size_t i = 0; i < n_points && n_columns < width; i++)
                for (size_t j = n_columns; j < width; j++) to[i * point_size + j] = 0;
        }
    }
}
