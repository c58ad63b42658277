/* IEEE 754 half precision. SPDX-License-Identifier: MIT */
#ifndef OC_TENSOR_HALF_H
#define OC_TENSOR_HALF_H

#include <stdint.h>

float oc__half_to_float(uint16_t half);

/* Rounds to the nearest, ties to even; what is too large becomes infinite, NaN stays NaN. */
uint16_t oc__half_from_float(float value);

#endif
