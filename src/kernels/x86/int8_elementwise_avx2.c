/* 8-bit inference element by element, AVX2. SPDX-License-Identifier: MIT */
#include "x86/int8_avx2.h"

#include "int8_elementwise_simd.h"
