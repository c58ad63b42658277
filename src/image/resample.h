/* Resizing by separable, antialiased filters in fixed point. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_RESAMPLE_H
#define OC_IMAGE_RESAMPLE_H

#include "picture.h"

/* Resizes the part of `bitmap` from (left, top) to (right, bottom), in pixels and fractions of them, to width x height and
 * writes it to `out`, rows of 3 * width bytes. `filter` is one of OC__FILTER_... The same bits as Pillow's Image.resize with
 * `box`. The part must lie inside the picture and be wider and higher than 0. */
typedef struct oc__part {
    float left, top, right, bottom;
} oc__part;

oc_status oc__resample(uint8_t *out, uint32_t width, uint32_t height, const oc__bitmap *bitmap, oc__part part, uint32_t filter,
                       oc_error *err);

#endif
