/* The tables, and which of them this CPU runs. SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <string.h>

#include "set.h"

/* A table has its name, and its float, 8-bit and bfloat16 kernels each of the best set that the CPU then has. */
#define TABLE(table, set, int8_set, bf16_kernels)                                                                              \
    {                                                                                                                          \
        .name = #table, .gemm_rows = OC__GEMM_ROWS_##set, .gemm_columns = OC__GEMM_COLUMNS_##set, .gemm = oc__gemm_##set,      \
        .gemm_tn_rows = OC__GEMM_TN_ROWS_##set, .gemm_tn_columns = OC__GEMM_TN_COLUMNS_##set, .gemm_tn = oc__gemm_tn_##set,    \
        .winograd_input = oc__winograd_input_##set, .winograd_output = oc__winograd_output_##set,                              \
        .winograd_filter = oc__winograd_filter_##set, .winograd_output_gradient = oc__winograd_output_gradient_##set,          \
        .winograd_filter_gradient = oc__winograd_filter_gradient_##set,                                                        \
        .depthwise = oc__depthwise_##set, .depthwise_input_gradient = oc__depthwise_input_gradient_##set,                      \
        .depthwise_weight_gradient = oc__depthwise_weight_gradient_##set, .scale_shift = oc__scale_shift_##set,                \
        .channel_sums = oc__channel_sums_##set, .clamp_gradient = oc__clamp_gradient_##set,                                    \
        .channel_gradient_sums = oc__channel_gradient_sums_##set, .channel_gradient = oc__channel_gradient_##set,              \
        .activate = oc__activate_##set, .activate_gradient = oc__activate_gradient_##set,                                      \
        .add_scaled = oc__add_scaled_##set, .dot = oc__dot_##set, .int8 = INT8(int8_set), .bf16 = bf16_kernels                \
    }

#define INT8(set)                                                                                                              \
    {                                                                                                                          \
        .rows = OC__INT8_ROWS_##set, .columns = OC__INT8_COLUMNS_##set, .gemm = oc__int8_gemm_##set,                           \
        .depthwise_block = OC__INT8_BLOCK_##set, .depthwise = oc__int8_depthwise_##set, .add = oc__int8_add_##set,             \
        .quantise = oc__int8_quantise_##set, .quantise_threes = oc__int8_quantise_threes_##set,                                \
        .dequantise = oc__int8_dequantise_##set,                                                                               \
        .channel_sums = oc__int8_channel_sums_##set, .largest = oc__int8_largest_##set                                         \
    }

#define CHECK_TILE(set)                                                                                                        \
    _Static_assert(OC__GEMM_ROWS_##set <= OC__GEMM_MAX_ROWS && OC__GEMM_TN_ROWS_##set <= OC__GEMM_MAX_ROWS &&                  \
                       OC__GEMM_COLUMNS_##set <= OC__GEMM_MAX_COLUMNS && OC__GEMM_TN_COLUMNS_##set <= OC__GEMM_MAX_COLUMNS,    \
                   "the tile of " #set " is larger than the largest")

/* From the slowest to the fastest; each runs where those before it do. */
static const oc__kernels tables[] = {
    TABLE(c, c, c, &oc__bf16_c),
#ifdef OC_KERNELS_X86
    TABLE(avx2, avx2, avx2, NULL),
    TABLE(avx512, avx512, avx512, NULL),
    TABLE(avx512vnni, avx512, avx512vnni, NULL),
    TABLE(avx512bf16, avx512, avx512vnni, &oc__bf16_avx512bf16),
#endif
#ifdef OC_KERNELS_ARM
    TABLE(neon, neon, c, NULL),
#endif
};
CHECK_TILE(c);
CHECK_TILE(avx2);
CHECK_TILE(avx512);
CHECK_TILE(neon);

#define CHECK_INT8_TILE(set)                                                                                                   \
    _Static_assert(OC__INT8_ROWS_##set <= OC__INT8_MAX_ROWS && OC__INT8_COLUMNS_##set <= OC__INT8_MAX_COLUMNS,                 \
                   "the 8-bit tile of " #set " is larger than the largest")
CHECK_INT8_TILE(c);
CHECK_INT8_TILE(avx2);
CHECK_INT8_TILE(avx512);
CHECK_INT8_TILE(avx512vnni);

#define N_TABLES (sizeof tables / sizeof *tables)

/* These compiler functions ask the CPU, and the operating system whether it keeps the registers. */
static bool runs(size_t table) {
#ifdef OC_KERNELS_X86
    __builtin_cpu_init();
    switch (table) {
    case 1: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 2:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case 3: return __builtin_cpu_supports("avx512vnni");
    case 4: return __builtin_cpu_supports("avx512bf16");
    }
#endif
#ifdef OC_KERNELS_ARM
    if (table == 1) return true; /* every AArch64 has NEON */
#endif
    return table == 0;
}

const oc__kernels *oc__kernels_select(const char *mask) {
    size_t best = 0;

    for (size_t i = 0; i < N_TABLES && runs(i); i++) {
        best = i;
        if (mask && strcmp(mask, tables[i].name) == 0) break;
    }
    return &tables[best];
}

size_t oc__kernels_all(const oc__kernels *out[8]) {
    size_t n = 0;

    while (n < N_TABLES && runs(n)) {
        out[n] = &tables[n];
        n++;
    }
    return n;
}
