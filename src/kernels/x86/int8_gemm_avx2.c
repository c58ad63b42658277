/* 8-bit matrix products, AVX2. SPDX-License-Identifier: MIT */
#include "x86/int8_avx2.h"

#include "int8_gemm_simd.h"
