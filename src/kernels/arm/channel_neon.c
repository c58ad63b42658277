/* Passes over channels, NEON. SPDX-License-Identifier: MIT */
#include "arm/vec_neon.h"

#include "channel_simd.h"
