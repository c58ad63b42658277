/* The instruction sets: what each must define, and its tile sizes. SPDX-License-Identifier: MIT
 *
 * A set named `avx2` defines the functions oc__gemm_avx2, oc__depthwise_avx2, ... whose contracts are those of the
 * entries in kernels.h. kernels.c makes its table of them.
 */
#ifndef OC_KERNELS_SET_H
#define OC_KERNELS_SET_H

#include "kernels.h"

/* Tile sizes, chosen by measurement: rows x columns accumulators, a row of b and a broadcast fit the registers. */
#define OC__GEMM_ROWS_c 4
#define OC__GEMM_COLUMNS_c 8
#define OC__GEMM_TN_ROWS_c 4
#define OC__GEMM_TN_COLUMNS_c 8

#define OC__GEMM_ROWS_avx2 6
#define OC__GEMM_COLUMNS_avx2 16
#define OC__GEMM_TN_ROWS_avx2 6
#define OC__GEMM_TN_COLUMNS_avx2 16

#define OC__GEMM_ROWS_avx512 14
#define OC__GEMM_COLUMNS_avx512 32
#define OC__GEMM_TN_ROWS_avx512 14
#define OC__GEMM_TN_COLUMNS_avx512 32

#define OC__GEMM_ROWS_neon 6
#define OC__GEMM_COLUMNS_neon 16
#define OC__GEMM_TN_ROWS_neon 6
#define OC__GEMM_TN_COLUMNS_neon 16

#define OC__DECLARE_SET(set)                                                                                                   \
    void oc__gemm_##set(const oc__gemm_tile *tile);                                                                            \
    void oc__gemm_tn_##set(const oc__gemm_tn_tile *tile);                                                                      \
    void oc__winograd_input_##set(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride);       \
    void oc__winograd_output_##set(const oc__winograd_tile *tile);                                                             \
    void oc__winograd_filter_##set(size_t m, size_t n, const float *filters, ptrdiff_t tap_stride, float *out,                 \
                                   size_t out_stride);                                                                         \
    void oc__winograd_output_gradient_##set(size_t m, size_t channels, const float *const *pixels, float *out,                 \
                                            size_t out_stride);                                                                \
    void oc__winograd_filter_gradient_##set(size_t m, size_t n, const float *points, size_t point_stride, float *out,          \
                                            size_t tap_stride);                                                                \
    void oc__depthwise_##set(const oc__depthwise *shape, size_t begin, size_t end, const float *in, const float *weights,      \
                             const float *bias, float low, float high, float *out);                                            \
    void oc__depthwise_input_gradient_##set(const oc__depthwise *shape, size_t begin, size_t end, const float *out_gradient,   \
                                            const float *weights, float *in_gradient);                                         \
    void oc__depthwise_weight_gradient_##set(const oc__depthwise *shape, size_t begin, size_t end, const float *in,            \
                                             const float *out_gradient, float *weight_gradient);                               \
    void oc__scale_shift_##set(size_t n, size_t channels, const float *x, const float *scale, const float *shift,              \
                               const float *add, float low, float high, float *y);                                             \
    void oc__channel_sums_##set(size_t n, size_t channels, const float *x, const float *center, float *sum,                    \
                                float *sum_squares);                                                                           \
    void oc__clamp_gradient_##set(size_t n, const float *y, float low, float high, float *dy);                                 \
    void oc__channel_gradient_sums_##set(size_t n, size_t channels, const float *dy, const float *x,                           \
                                         const oc__channel_map *map, const float *center, float *sum,                          \
                                         float *sum_products);                                                                 \
    void oc__channel_gradient_##set(size_t n, size_t channels, const float *dy, const float *x,                                \
                                    const oc__channel_map *map, const float *a, const float *b, const float *d,                \
                                    float *dx);                                                                                \
    void oc__activate_##set(const oc__function *function, size_t n, const float *x, float low, float high, float *y);          \
    void oc__activate_gradient_##set(const oc__function *function, size_t n, const float *x, const float *dy, float *dx);      \
    void oc__add_scaled_##set(size_t n, float scale, const float *x, float *y);                                                \
    double oc__dot_##set(size_t n, const float *x, const float *y)

OC__DECLARE_SET(c);
OC__DECLARE_SET(avx2);
OC__DECLARE_SET(avx512);
OC__DECLARE_SET(neon);

extern const oc__bf16_kernels oc__bf16_c, oc__bf16_avx512bf16;
void oc__bf16_gemm_avx512bf16(const oc__bf16_tile *tile);
void oc__bf16_gemm_tn_avx512bf16(const oc__bf16_tn_tile *tile);
/* 8-bit kernels. A block of depthwise channels is what two packings of four vectors of integers make one vector of. */
#define OC__INT8_ROWS_c 4
#define OC__INT8_COLUMNS_c 8
#define OC__INT8_BLOCK_c 16

#define OC__INT8_ROWS_avx2 4
#define OC__INT8_COLUMNS_avx2 16
#define OC__INT8_BLOCK_avx2 32

#define OC__INT8_ROWS_avx512 12
#define OC__INT8_COLUMNS_avx512 32
#define OC__INT8_BLOCK_avx512 64

#define OC__INT8_ROWS_avx512vnni 14
#define OC__INT8_COLUMNS_avx512vnni 32
#define OC__INT8_BLOCK_avx512vnni 64

#define OC__DECLARE_INT8_SET(set)                                                                                              \
    void oc__int8_gemm_##set(const oc__int8_tile *tile);                                                                       \
    void oc__int8_depthwise_##set(const oc__depthwise *shape, size_t begin, size_t end, const uint8_t *in,                     \
                                  const oc__int8_channels *channels, uint8_t *out);                                            \
    void oc__int8_add_##set(size_t n, const uint8_t *a, const uint8_t *b, const oc__int8_sum *sum, uint8_t *out);              \
    void oc__int8_quantise_##set(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out);                         \
    void oc__int8_quantise_threes_##set(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out);                  \
    void oc__int8_dequantise_##set(size_t n, const uint8_t *q, float scale, int32_t zero, float *out);                         \
    void oc__int8_channel_sums_##set(size_t n, size_t channels, const uint8_t *in, int32_t *sums);                             \
    void oc__int8_largest_##set(size_t n_taps, size_t channels, const uint8_t *const *taps, uint8_t *out)

OC__DECLARE_INT8_SET(c);
OC__DECLARE_INT8_SET(avx2);
OC__DECLARE_INT8_SET(avx512);
OC__DECLARE_INT8_SET(avx512vnni);

#endif
