/* Functions of one number, AVX2. SPDX-License-Identifier: MIT */
#include "x86/vec_avx2.h"

#include "function_simd.h"
