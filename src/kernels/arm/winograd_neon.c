/* Winograd's transforms, NEON. SPDX-License-Identifier: MIT */
#include "arm/vec_neon.h"

#include "winograd_simd.h"
