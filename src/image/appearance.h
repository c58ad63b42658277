/* How a picture looks, in a few figures: what tells that it is dark, blurred or nearly the same as another.
 * SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_APPEARANCE_H
#define OC_IMAGE_APPEARANCE_H

#include "picture.h"

#define OC__THUMB 16 /* pixels a side */

/* All floats, so that it can be kept as a row of them. Brightness is luma (ITU-R BT.601), 0 to 1. */
typedef struct oc__appearance {
    float darkest, brightest; /* 2 % of the pixels are darker, and 2 % are brighter */
    float blur;               /* 0 sharp to 1 blurred: how little of the change from pixel to pixel further blurring takes away
                                 (Crete et al. 2007, The blur effect), of the picture with its longer side at 512 at most */
    float thumb[OC__THUMB * OC__THUMB]; /* brightness of a thumbnail: mean 0, length 1; all 0 if the picture is of one colour */
} oc__appearance;

#define OC__APPEARANCE_VALUES (sizeof(oc__appearance) / sizeof(float))

/* A JPEG may have been decoded at a reduced scale, with a shorter side of OC__APPEARANCE_SIDE or more. */
#define OC__APPEARANCE_SIDE 512

oc_status oc__appearance_of(oc__appearance *out, const oc__bitmap *bitmap, oc_error *err);

/* Halves a thumbnail to OC__THUMB / 2 a side; again mean 0 and length 1. */
void oc__thumb_halve(float out[OC__THUMB * OC__THUMB / 4], const float thumb[OC__THUMB * OC__THUMB]);

#endif
