/* bfloat16, AVX512_BF16. SPDX-License-Identifier: MIT */
#include "x86/vec_avx512bf16.h"

#include "gemm_simd.h"

static void pair_neighbours(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to,
                            size_t to_stride) {
    for (size_t r = 0; r < n_rows; r++, from += from_stride, to += to_stride) {
        size_t i = 0;
        for (; i + 2 * LANES <= n; i += 2 * LANES) {
            _mm512_storeu_si512(to + i / 2, pairs_of_neighbours(vec_load(from + i), vec_load(from + i + LANES)));
        }
        if (i < n) {
            const size_t left = n - i, first = left < LANES ? left : LANES;
            const vec a = vec_load_masked(from + i, vec_first(first));
            const vec b = vec_load_masked(from + i + first, vec_first(left - first));
            elements_store_masked(to + i / 2, pairs_of_neighbours(a, b), vec_first((left + 1) / 2));
        }
    }
}

static void pair_rows(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to, size_t to_stride) {
    for (size_t r = 0; r < n_rows; r += 2, from += 2 * from_stride, to += to_stride) {
        const bool alone = r + 1 == n_rows;
        for (size_t i = 0; i < n; i += LANES) {
            const vec_mask mask = vec_first(n - i < LANES ? n - i : LANES);
            const vec upper = vec_load_masked(from + i, mask);
            const vec lower = alone ? vec_zero() : vec_load_masked(from + from_stride + i, mask);
            elements_store_masked(to + i, pairs_of_rows(upper, lower), mask);
        }
    }
}

const oc__bf16_kernels oc__bf16_avx512bf16 = {
    .rows = GEMM_ROWS,
    .columns = GEMM_COLUMNS,
    .gemm = SET(gemm),
    .tn_rows = GEMM_TN_ROWS,
    .tn_columns = GEMM_TN_COLUMNS,
    .gemm_tn = SET(gemm_tn),
    .pair_neighbours = pair_neighbours,
    .pair_rows = pair_rows,
};
