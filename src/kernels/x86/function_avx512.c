/* Functions of one number, AVX-512. SPDX-License-Identifier: MIT */
#include "x86/vec_avx512.h"

#include "function_simd.h"
