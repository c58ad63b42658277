/* 8-bit depthwise convolution, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/int8_avx512.h"

#include "int8_depthwise_simd.h"
