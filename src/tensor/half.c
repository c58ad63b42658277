/* IEEE 754 half precision. SPDX-License-Identifier: MIT */
#include "half.h"

#include <string.h>

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float oc__half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, fraction = half & 0x3FF;
    if (exponent == 0) return from_bits(sign | 0x3F800000) * ((float)fraction * 0x1p-24f);
    if (exponent == 31) return from_bits(sign | 0x7F800000 | fraction << 13);
    return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

uint16_t oc__half_from_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000) return sign | 0x7E00;
    if (bits >= 0x47800000) return sign | 0x7C00; /* 65536 and above */
    if (bits < 0x38800000) { /* below 2^-14: subnormal; adding 0.5 leaves the rounded fraction in the low bits */
        float shifted = from_bits(bits) + 0.5f;
        memcpy(&bits, &shifted, sizeof bits);
        return sign | (uint16_t)(bits - 0x3F000000);
    }
    bits += 0xFFF + (bits >> 13 & 1);
    return sign | (uint16_t)((bits >> 13) - (112 << 10));
}
