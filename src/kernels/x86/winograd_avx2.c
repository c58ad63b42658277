/* Winograd's transforms, AVX2. SPDX-License-Identifier: MIT */
#include "x86/vec_avx2.h"

#include "winograd_simd.h"
