/* Drawing boxes with names into a picture. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_DRAW_H
#define OC_IMAGE_DRAW_H

#include "picture.h"

/* A frame along the box's inside, in the tag's colour. What of a box lies outside of the picture is not drawn. */
void oc__draw_frame(oc__bitmap *bitmap, const oc_box *box);

/* The name (UTF-8) on a plate of that colour above the box, or inside it where there is no room. */
void oc__draw_name(oc__bitmap *bitmap, const oc_box *box, const char *name);

#endif
