/* Functions of one number, NEON. SPDX-License-Identifier: MIT */
#include "arm/vec_neon.h"

#include "function_simd.h"
