/* 8-bit matrix products, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/int8_avx512.h"

#include "int8_gemm_simd.h"
