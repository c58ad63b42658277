/* 8-bit matrix products, AVX-512 with VNNI. SPDX-License-Identifier: MIT */
#define OC_KERNELS_VNNI
#include "x86/int8_avx512.h"

#include "int8_gemm_simd.h"
