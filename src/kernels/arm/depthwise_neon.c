/* Depthwise convolution, NEON. SPDX-License-Identifier: MIT */
#include "arm/vec_neon.h"

#include "depthwise_simd.h"
#include "depthwise_weights_simd.h"
