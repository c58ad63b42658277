/* Vectors of AVX-512 whose matrix products multiply pairs of bfloat16. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_X86_VEC_AVX512BF16_H
#define OC_KERNELS_X86_VEC_AVX512BF16_H

#include "x86/vec_avx512.h"

#undef SET
#define SET(name) oc__bf16_##name##_avx512bf16

#define ELEMENTS
typedef oc__bf16_tile gemm_tile;
typedef oc__bf16_tn_tile gemm_tn_tile;
typedef oc__bf16_pair element;
typedef __m512i elements;

INLINE elements elements_set(element pair) {
    return _mm512_set1_epi32((int)pair);
}

INLINE elements elements_load(const element *from) {
    return _mm512_loadu_si512(from);
}

INLINE elements elements_load_masked(const element *from, vec_mask mask) {
    return _mm512_maskz_loadu_epi32(mask, from);
}

/* sum + a.first * b.first + a.second * b.second */
INLINE vec elements_multiply(vec sum, elements a, elements b) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}

INLINE void elements_store_masked(element *to, elements value, vec_mask mask) {
    _mm512_mask_storeu_epi32(to, mask, value);
}

/* Pairs of 32 floats. */
INLINE elements pairs_of_neighbours(vec first, vec second) {
    return (__m512i)_mm512_cvtne2ps_pbh(second, first);
}

INLINE elements pairs_of_rows(vec upper, vec lower) {
    const __m512i lanes = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
                                           20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(lanes, pairs_of_neighbours(upper, lower));
}

#endif
