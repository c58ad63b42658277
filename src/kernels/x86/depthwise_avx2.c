/* Depthwise convolution, AVX2. SPDX-License-Identifier: MIT */
#include "x86/vec_avx2.h"

#include "depthwise_simd.h"
#include "depthwise_weights_simd.h"
