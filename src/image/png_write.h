/* Writing PNGs. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_PNG_WRITE_H
#define OC_IMAGE_PNG_WRITE_H

#include "memory.h"

/* Appends a PNG of RGB rows without padding. */
oc_status oc__png_write(oc__buffer *out, const uint8_t *pixels, uint32_t width, uint32_t height, oc_error *err);

#endif
