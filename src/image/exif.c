/* EXIF orientation. SPDX-License-Identifier: MIT */
#include "picture_kinds.h"

#define TAG_ORIENTATION 0x0112
#define TYPE_SHORT 3
#define TYPE_LONG 4

typedef uint32_t (*read_fn)(const uint8_t *);

uint32_t oc__exif_orientation(const uint8_t *tiff, size_t size) {
    if (size < 8 || tiff[0] != tiff[1] || (tiff[0] != 'I' && tiff[0] != 'M')) return 1;
    read_fn read16 = tiff[0] == 'I' ? oc__le16 : oc__be16;
    read_fn read32 = tiff[0] == 'I' ? oc__le32 : oc__be32;
    if (read16(tiff + 2) != 42) return 1;

    /* Only the first directory counts; the second is that of the thumbnail. */
    size_t at = read32(tiff + 4);
    if (at > size - 2) return 1;
    uint32_t n = read16(tiff + at);
    at += 2;
    for (; n > 0 && size - at >= 12; n--, at += 12) {
        const uint8_t *entry = tiff + at;
        if (read16(entry) != TAG_ORIENTATION) continue;
        uint32_t type = read16(entry + 2), value = type == TYPE_SHORT ? read16(entry + 8) : read32(entry + 8);
        if ((type != TYPE_SHORT && type != TYPE_LONG) || read32(entry + 4) != 1) return 1;
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}
