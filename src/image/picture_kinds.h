/* The kinds of picture file and their decoders, for this room only. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_PICTURE_KINDS_H
#define OC_IMAGE_PICTURE_KINDS_H

#include "picture.h"

/* An encoded picture in memory and what messages call it. */
typedef struct oc__encoded {
    oc_context *context;
    const char *name;
    const uint8_t *data;
    size_t size;
} oc__encoded;

/* Each decodes into a new bitmap, not yet turned, and gives the EXIF orientation (1 to 8) where the kind has one. On failure
 * *out is empty. */
oc_status oc__jpeg_decode(oc__bitmap *out, uint32_t *orientation, const oc__encoded *from, uint32_t reduce_to, oc_error *err);
oc_status oc__png_decode(oc__bitmap *out, uint32_t *orientation, const oc__encoded *from, oc_error *err);
oc_status oc__bmp_decode(oc__bitmap *out, const oc__encoded *from, oc_error *err);
oc_status oc__gif_decode(oc__bitmap *out, const oc__encoded *from, oc_error *err);

/* True if the first bytes are those of this kind of file. */
bool oc__jpeg_claims(const uint8_t *head, size_t size);
bool oc__png_claims(const uint8_t *head, size_t size);
bool oc__bmp_claims(const uint8_t *head, size_t size);
bool oc__gif_claims(const uint8_t *head, size_t size);

/* OC_E_CORRUPT for a side of 0, OC_E_LIMIT for what the context's limits on pixels, sides and ratio refuse. */
oc_status oc__bitmap_check_size(const oc__encoded *from, uint64_t width, uint64_t height, oc_error *err);

/* A bitmap whose pixels are not set yet. The size must have been checked. */
oc_status oc__bitmap_create(oc__bitmap *out, const oc__encoded *from, uint32_t width, uint32_t height, oc_error *err);

/* Turns a picture upright that was stored in EXIF orientation 1 to 8; any other value does nothing. OC_E_NOMEM leaves it. */
oc_status oc__bitmap_turn(oc__bitmap *bitmap, uint32_t orientation, const char *name, oc_error *err);

/* The orientation in a TIFF structure as EXIF has it: 1 to 8, and 1 (upright) if there is none, or it is invalid, or the
 * structure is malformed. */
uint32_t oc__exif_orientation(const uint8_t *tiff, size_t size);

/* a * b / 255, rounded, for bytes. */
static inline uint32_t oc__scale255(uint32_t a, uint32_t b) {
    uint32_t product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

/* A sample of transparency `alpha` laid over white. */
static inline uint8_t oc__over_white(uint32_t sample, uint32_t alpha) {
    return (uint8_t)(255 - oc__scale255(255 - sample, alpha));
}

static inline uint32_t oc__le16(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t oc__le32(const uint8_t *p) { return oc__le16(p) | oc__le16(p + 2) << 16; }
static inline uint32_t oc__be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t oc__be32(const uint8_t *p) { return oc__be16(p) << 16 | oc__be16(p + 2); }

#endif
