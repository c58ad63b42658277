/* 8-bit depthwise convolution, AVX2. SPDX-License-Identifier: MIT */
#include "x86/int8_avx2.h"

#include "int8_depthwise_simd.h"
