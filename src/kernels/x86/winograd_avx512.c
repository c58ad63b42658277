/* Winograd's transforms, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/vec_avx512.h"

#include "winograd_simd.h"
