/* 8-bit depthwise convolution, AVX-512 with VNNI. SPDX-License-Identifier: MIT */
#define OC_KERNELS_VNNI
#include "x86/int8_avx512.h"

#include "int8_depthwise_simd.h"
