/* Packing the right-hand side of matrix products. SPDX-License-Identifier: MIT */
#include "checked.h"
#include "kernels.h"

bool oc__gemm_packed_size(size_t *out, const oc__kernels *kernels, size_t n_taps, size_t depth, size_t columns) {
    const size_t width = kernels->gemm_columns;
    const size_t panels = columns / width + (columns % width != 0);
    size_t size;

    if (!oc__mul(&size, n_taps, depth) || !oc__mul(&size, size, width) || !oc__mul(&size, size, panels)) return false;
    *out = size;
    return true;
}

void oc__gemm_pack(float *packed, const oc__kernels *kernels, size_t n_taps, size_t depth, size_t columns, const float *source,
                   ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride) {
    const size_t width = kernels->gemm_columns;

    for (size_t first = 0; first < columns; first += width) {
        const size_t n = columns - first < width ? columns - first : width;
        for (size_t t = 0; t < n_taps; t++) {
            for (size_t k = 0; k < depth; k++, packed += width) {
                const float *from =
                    source + (ptrdiff_t)t * tap_stride + (ptrdiff_t)k * k_stride + (ptrdiff_t)first * column_stride;
                for (size_t j = 0; j < n; j++) packed[j] = from[(ptrdiff_t)j * column_stride];
                for (size_t j = n; j < width; j++) packed[j] = 0;
            }
        }
    }
}
