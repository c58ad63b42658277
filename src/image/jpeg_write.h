/* Writing JPEGs. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_JPEG_WRITE_H
#define OC_IMAGE_JPEG_WRITE_H

#include "memory.h"

/* Appends a baseline JPEG of RGB rows without padding. `quality` is libjpeg's, 1 to 100. */
oc_status oc__jpeg_write(oc__buffer *out, const uint8_t *pixels, uint32_t width, uint32_t height, int quality, oc_error *err);

#endif
