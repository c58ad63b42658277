/* Pictures in memory: reading, turning upright. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_PICTURE_H
#define OC_IMAGE_PICTURE_H

#include <stdbool.h>

#include "context.h"

/* Upright RGB, 8 bits a channel, rows of 3 * width bytes without padding. Free with oc__bitmap_free. */
typedef struct oc__bitmap {
    oc_context *context;
    uint8_t *pixels;
    uint32_t width, height;
} oc__bitmap;

void oc__bitmap_free(oc__bitmap *bitmap);

/* A bitmap of its own with the same pixels. */
oc_status oc__bitmap_copy(oc__bitmap *out, const oc__bitmap *bitmap, oc_error *err);

/* Checks the caller's description (not the picture itself) and copies it into *known. */
oc_status oc__image_check(oc_image *known, const oc_image *image, oc_error *err);

/* What messages call the picture: its name, its path, or "picture". Lives as long as the image's strings. */
const char *oc__image_name(const oc_image *known);

/* Reads, decodes and turns upright a picture of any kind that oc_image describes. With `reduce_to` > 0 a JPEG may be decoded at
 * 1/2, 1/4 or 1/8 of its size, the smallest at which its shorter side still has at least `reduce_to` pixels; 0: full size.
 * Messages begin with the picture's name. Errors as of oc_picture_open. */
oc_status oc__bitmap_open(oc__bitmap *out, oc_context *context, const oc_image *image, uint32_t reduce_to, oc_error *err);

/* True if a file that begins with these bytes (the first 16 or more) claims to be a picture we read. */
bool oc__is_picture(const uint8_t *head, size_t size);

#endif
