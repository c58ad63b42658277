/* Vectors of AVX-512. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_X86_VEC_AVX512_H
#define OC_KERNELS_X86_VEC_AVX512_H

#include <immintrin.h>

#include "simd.h"

#define SET(name) oc__##name##_avx512
#define GEMM_ROWS OC__GEMM_ROWS_avx512
#define GEMM_COLUMNS OC__GEMM_COLUMNS_avx512
#define GEMM_TN_ROWS OC__GEMM_TN_ROWS_avx512
#define GEMM_TN_COLUMNS OC__GEMM_TN_COLUMNS_avx512
#define LANES 16

typedef __m512 vec;
typedef __mmask16 vec_mask;

INLINE vec vec_zero(void) {
    return _mm512_setzero_ps();
}

INLINE vec vec_set(float value) {
    return _mm512_set1_ps(value);
}

INLINE vec vec_load(const float *from) {
    return _mm512_loadu_ps(from);
}

INLINE void vec_store(float *to, vec value) {
    _mm512_storeu_ps(to, value);
}

/* The first n lanes, n <= LANES. The other lanes load as 0 and are not stored; their memory is not touched. */
INLINE vec_mask vec_first(size_t n) {
    return (vec_mask)((1u << n) - 1);
}

INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    return _mm512_maskz_loadu_ps(mask, from);
}

INLINE void vec_store_masked(float *to, vec value, vec_mask mask) {
    _mm512_mask_storeu_ps(to, mask, value);
}

INLINE vec vec_add(vec a, vec b) {
    return _mm512_add_ps(a, b);
}

INLINE vec vec_sub(vec a, vec b) {
    return _mm512_sub_ps(a, b);
}

INLINE vec vec_mul(vec a, vec b) {
    return _mm512_mul_ps(a, b);
}

INLINE vec vec_sqrt(vec x) {
    return _mm512_sqrt_ps(x);
}

INLINE vec vec_div(vec a, vec b) {
    return _mm512_div_ps(a, b);
}

/* To the nearest whole number. */
INLINE vec vec_round(vec a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* a * 2^n for whole n from -252 to 252. */
INLINE vec vec_scale(vec a, vec n) {
    return _mm512_scalef_ps(a, n);
}

/* a * b + c, rounded once. */
INLINE vec vec_fma(vec a, vec b, vec c) {
    return _mm512_fmadd_ps(a, b, c);
}

/* NaN passes: these instructions return their second operand when either is NaN. */
INLINE vec vec_clamp(vec value, vec low, vec high) {
    return _mm512_min_ps(high, _mm512_max_ps(low, value));
}

/* value where low < x < high, else 0. */
INLINE vec vec_where_inside(vec value, vec x, vec low, vec high) {
    const __mmask16 above = _mm512_cmp_ps_mask(low, x, _CMP_LT_OQ);
    return _mm512_maskz_mov_ps(_mm512_mask_cmp_ps_mask(above, x, high, _CMP_LT_OQ), value);
}

/* sum[0..1] += x * y in double precision: the lower half of the lanes to sum[0], the upper to sum[1]. */
typedef __m512d vec_double;
#define DOUBLE_LANES 8

INLINE void vec_dot(vec_double sum[2], vec x, vec y) {
    const __m512d x0 = _mm512_cvtps_pd(_mm512_castps512_ps256(x)), y0 = _mm512_cvtps_pd(_mm512_castps512_ps256(y));
    const __m512d x1 = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)), y1 = _mm512_cvtps_pd(_mm512_extractf32x8_ps(y, 1));
    sum[0] = _mm512_fmadd_pd(x0, y0, sum[0]);
    sum[1] = _mm512_fmadd_pd(x1, y1, sum[1]);
}

INLINE vec_double vec_double_zero(void) {
    return _mm512_setzero_pd();
}

INLINE void vec_double_store(double *to, vec_double value) {
    _mm512_storeu_pd(to, value);
}

#endif
