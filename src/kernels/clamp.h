/* Clamping that lets NaN pass. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_CLAMP_H
#define OC_KERNELS_CLAMP_H

static inline float oc__clamp(float value, float low, float high) {
    if (value < low) return low;
    if (value > high) return high;
    return value;
}

#endif
