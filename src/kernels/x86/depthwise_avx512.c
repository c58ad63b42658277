/* Depthwise convolution, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/vec_avx512.h"

#include "depthwise_simd.h"
#include "depthwise_weights_simd.h"
