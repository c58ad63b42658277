/* 8-bit inference element by element, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/int8_avx512.h"

#include "int8_elementwise_simd.h"
