/* Vectors of AVX2 with FMA. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_X86_VEC_AVX2_H
#define OC_KERNELS_X86_VEC_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#include "simd.h"

#define SET(name) oc__##name##_avx2
#define GEMM_ROWS OC__GEMM_ROWS_avx2
#define GEMM_COLUMNS OC__GEMM_COLUMNS_avx2
#define GEMM_TN_ROWS OC__GEMM_TN_ROWS_avx2
#define GEMM_TN_COLUMNS OC__GEMM_TN_COLUMNS_avx2
#define LANES 8

typedef __m256 vec;
typedef __m256i vec_mask;

INLINE vec vec_zero(void) {
    return _mm256_setzero_ps();
}

INLINE vec vec_set(float value) {
    return _mm256_set1_ps(value);
}

INLINE vec vec_load(const float *from) {
    return _mm256_loadu_ps(from);
}

INLINE void vec_store(float *to, vec value) {
    _mm256_storeu_ps(to, value);
}

/* The first n lanes, n <= LANES. The other lanes load as 0 and are not stored; their memory is not touched. */
INLINE vec_mask vec_first(size_t n) {
    static const int32_t ones_then_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256((const void *)(ones_then_zeros + 8 - n));
}

INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    return _mm256_maskload_ps(from, mask);
}

INLINE void vec_store_masked(float *to, vec value, vec_mask mask) {
    _mm256_maskstore_ps(to, mask, value);
}

INLINE vec vec_add(vec a, vec b) {
    return _mm256_add_ps(a, b);
}

INLINE vec vec_sub(vec a, vec b) {
    return _mm256_sub_ps(a, b);
}

INLINE vec vec_mul(vec a, vec b) {
    return _mm256_mul_ps(a, b);
}

INLINE vec vec_sqrt(vec x) {
    return _mm256_sqrt_ps(x);
}

INLINE vec vec_div(vec a, vec b) {
    return _mm256_div_ps(a, b);
}

/* To the nearest whole number. */
INLINE vec vec_round(vec a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for whole n from -252 to 252. In two steps, since one power alone may be out of range. */
INLINE vec vec_scale(vec a, vec n) {
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1), bias = _mm256_set1_epi32(127);
    const __m256i rest = _mm256_sub_epi32(whole, half);
    const vec first = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
    const vec second = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
    return _mm256_mul_ps(_mm256_mul_ps(a, first), second);
}

/* a * b + c, rounded once. */
INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm256_fmadd_ps(a, b, c);
}

/* NaN passes: these instructions return their second operand when either is NaN. */
INLINE vec vec_clamp(vec value, vec low, vec high) {
    return _mm256_min_ps(high, _mm256_max_ps(low, value));
}

/* value where low < x < high, else 0. */
INLINE vec vec_where_inside(vec value, vec x, vec low, vec high) {
    const vec above = _mm256_cmp_ps(low, x, _CMP_LT_OQ), below = _mm256_cmp_ps(x, high, _CMP_LT_OQ);
    return _mm256_and_ps(value, _mm256_and_ps(above, below));
}

/* sum[0..1] += x * y in double precision: the lower half of the lanes to sum[0], the upper to sum[1]. */
typedef __m256d vec_double;
#define DOUBLE_LANES 4

INLINE void vec_dot(vec_double sum[2], vec x, vec y) {
    const __m256d x0 = _mm256_cvtps_pd(_mm256_castps256_ps128(x)), y0 = _mm256_cvtps_pd(_mm256_castps256_ps128(y));
    const __m256d x1 = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)), y1 = _mm256_cvtps_pd(_mm256_extractf128_ps(y, 1));
    sum[0] = _mm256_fmadd_pd(x0, y0, sum[0]);
    sum[1] = _mm256_fmadd_pd(x1, y1, sum[1]);
}

INLINE vec_double vec_double_zero(void) {
    return _mm256_setzero_pd();
}

INLINE void vec_double_store(double *to, vec_double value) {
    _mm256_storeu_pd(to, value);
}

#endif
