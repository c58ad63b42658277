/* Vectors of NEON (AArch64). SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_ARM_VEC_NEON_H
#define OC_KERNELS_ARM_VEC_NEON_H

#include <arm_neon.h>

#include "simd.h"

#define SET(name) oc__##name##_neon
#define GEMM_ROWS OC__GEMM_ROWS_neon
#define GEMM_COLUMNS OC__GEMM_COLUMNS_neon
#define GEMM_TN_ROWS OC__GEMM_TN_ROWS_neon
#define GEMM_TN_COLUMNS OC__GEMM_TN_COLUMNS_neon
#define LANES 4

typedef float32x4_t vec;
typedef size_t vec_mask; /* how many of the first lanes; NEON has no masks for memory */

INLINE vec vec_zero(void) {
    return vdupq_n_f32(0);
}

INLINE vec vec_set(float value) {
    return vdupq_n_f32(value);
}

INLINE vec vec_load(const float *from) {
    return vld1q_f32(from);
}

INLINE void vec_store(float *to, vec value) {
    vst1q_f32(to, value);
}

/* The first n lanes, n <= LANES. The other lanes load as 0 and are not stored; their memory is not touched. */
INLINE vec_mask vec_first(size_t n) {
    return n;
}

INLINE vec vec_load_masked(const float *from, vec_mask mask) {
    switch (mask) {
    case 0: return vec_zero();
    case 1: return vld1q_lane_f32(from, vec_zero(), 0);
    case 2: return vcombine_f32(vld1_f32(from), vdup_n_f32(0));
    case 3: return vcombine_f32(vld1_f32(from), vld1_lane_f32(from + 2, vdup_n_f32(0), 0));
    default: return vec_load(from);
    }
}

INLINE void vec_store_masked(float *to, vec value, vec_mask mask) {
    switch (mask) {
    case 0: break;
    case 1: vst1q_lane_f32(to, value, 0); break;
    case 2: vst1_f32(to, vget_low_f32(value)); break;
    case 3:
        vst1_f32(to, vget_low_f32(value));
        vst1q_lane_f32(to + 2, value, 2);
        break;
    default: vec_store(to, value);
    }
}

INLINE vec vec_add(vec a, vec b) {
    return vaddq_f32(a, b);
}

INLINE vec vec_sub(vec a, vec b) {
    return vsubq_f32(a, b);
}

INLINE vec vec_mul(vec a, vec b) {
    return vmulq_f32(a, b);
}

INLINE vec vec_sqrt(vec x) {
    return vsqrtq_f32(x);
}

INLINE vec vec_div(vec a, vec b) {
    return vdivq_f32(a, b);
}

/* To the nearest whole number. */
INLINE vec vec_round(vec a) {
    return vrndnq_f32(a);
}

/* a * 2^n for whole n from -252 to 252. In two steps, since one power alone may be out of range. */
INLINE vec vec_scale(vec a, vec n) {
    const int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1), bias = vdupq_n_s32(127);
    const vec first = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
    const vec second = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(vsubq_s32(whole, half), bias), 23));
    return vmulq_f32(vmulq_f32(a, first), second);
}

/* a * b + c, rounded once. */
INLINE vec vec_fma(vec a, vec b, vec c) {
    return vfmaq_f32(c, a, b);
}

/* NaN passes: these instructions return it when either operand is NaN. */
INLINE vec vec_clamp(vec value, vec low, vec high) {
    return vminq_f32(vmaxq_f32(value, low), high);
}

/* value where low < x < high, else 0. */
INLINE vec vec_where_inside(vec value, vec x, vec low, vec high) {
    const uint32x4_t inside = vandq_u32(vcltq_f32(low, x), vcltq_f32(x, high));
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(value), inside));
}

/* sum[0..1] += x * y in double precision: the lower half of the lanes to sum[0], the upper to sum[1]. */
typedef float64x2_t vec_double;
#define DOUBLE_LANES 2

INLINE void vec_dot(vec_double sum[2], vec x, vec y) {
    sum[0] = vfmaq_f64(sum[0], vcvt_f64_f32(vget_low_f32(x)), vcvt_f64_f32(vget_low_f32(y)));
    sum[1] = vfmaq_f64(sum[1], vcvt_high_f64_f32(x), vcvt_high_f64_f32(y));
}

INLINE vec_double vec_double_zero(void) {
    return vdupq_n_f64(0);
}

INLINE void vec_double_store(double *to, vec_double value) {
    vst1q_f64(to, value);
}

#endif
