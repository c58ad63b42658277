/* Passes over channels, AVX2. SPDX-License-Identifier: MIT */
#include "x86/vec_avx2.h"

#include "channel_simd.h"
