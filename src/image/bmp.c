/* BMP, of Windows and OS/2. SPDX-License-Identifier: MIT
 *
 * A file that lacks only the padding after its last row is read. Pixels that run-length coding skips have colour 0, and a
 * colour that the palette lacks is black. */
#include <string.h>

#include "memory.h"
#include "picture_kinds.h"

#define FILE_HEADER 14

enum { RGB = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3, ALPHA_BITFIELDS = 6 };

/* One channel of a pixel: value = (pixel & mask) >> shift, of 0 .. most. */
typedef struct channel {
    uint32_t mask, shift, most;
} channel;

typedef struct bmp {
    const oc__encoded *from;
    oc_error *err;
    uint32_t header_size, width, height, bits, compression;
    bool top_down;
    channel red, green, blue, alpha;
    const uint8_t *colours; /* blue, green, red and, but for the OS/2 core header, one byte more */
    uint32_t n_colours, colour_size;
    const uint8_t *pixels, *end;
} bmp;

static bool header_size_known(uint32_t size) {
    return size == 12 || size == 16 || size == 40 || size == 52 || size == 56 || size == 64 || size == 108 || size == 124;
}

bool oc__bmp_claims(const uint8_t *head, size_t size) {
    return size >= 16 && head[0] == 'B' && head[1] == 'M' && header_size_known(oc__le16(head + FILE_HEADER));
}

static oc_status fail(const bmp *b, const char *fault) {
    return oc__fail(b->err, OC_E_CORRUPT, "%s: is a damaged BMP: %s", b->from->name, fault);
}

/* Channels of more than 16 bits lose their lowest ones, so that a multiplication by 255 fits. */
static bool set_channel(channel *c, uint32_t mask) {
    *c = (channel){mask, 0, 0};
    if (mask == 0) return true;
    c->shift = (uint32_t)__builtin_ctz(mask);
    if ((mask >> c->shift) & ((mask >> c->shift) + 1)) return false; /* not one run of bits */
    while (mask >> c->shift > 0xFFFF) c->shift++;
    c->most = mask >> c->shift;
    return true;
}

static uint8_t channel_of(uint32_t pixel, const channel *c) {
    return c->most ? (uint8_t)((((pixel & c->mask) >> c->shift) * 255 + c->most / 2) / c->most) : 0;
}

static oc_status read_masks(bmp *b, const uint8_t *info, size_t *header_end) {
    uint32_t masks[4] = {0x7C00, 0x03E0, 0x001F, 0};
    if (b->bits == 32) {
        masks[0] = 0xFF0000;
        masks[1] = 0xFF00;
        masks[2] = 0xFF;
    }
    if (b->compression == BITFIELDS || b->compression == ALPHA_BITFIELDS) {
        /* Newer headers hold the masks; after the older one of 40 bytes they follow it. */
        uint32_t n = b->header_size >= 56 || b->compression == ALPHA_BITFIELDS ? 4 : 3;
        if (b->header_size == 40) *header_end += n * 4;
        if (*header_end > b->from->size || b->header_size == 64) return fail(b, "its colour masks are missing");
        for (uint32_t i = 0; i < n; i++) masks[i] = oc__le32(info + 40 + i * 4);
    }
    if (!set_channel(&b->red, masks[0]) || !set_channel(&b->green, masks[1]) || !set_channel(&b->blue, masks[2]) ||
        !set_channel(&b->alpha, masks[3]))
        return fail(b, "a colour mask has gaps");
    return OC_OK;
}

static oc_status check_kind(const bmp *b) {
    bool plain =
        b->bits == 1 || b->bits == 2 || b->bits == 4 || b->bits == 8 || b->bits == 16 || b->bits == 24 || b->bits == 32;
    bool ok = false;
    switch (b->compression) {
    case RGB:
        ok = plain;
        break;
    case RLE8:
        ok = b->bits == 8;
        break;
    case RLE4:
        ok = b->bits == 4;
        break;
    case BITFIELDS:
    case ALPHA_BITFIELDS:
        ok = (b->bits == 16 || b->bits == 32) && b->header_size != 64;
        break;
    default:
        break;
    }
    if (!ok)
        return oc__fail(b->err, OC_E_UNSUPPORTED, "%s: is a kind of BMP that is not read: %u bits with compression %u",
                        b->from->name, b->bits, b->compression);
    if (b->top_down && (b->compression == RLE8 || b->compression == RLE4))
        return fail(b, "run-length coding and rows from the top do not go together");
    return OC_OK;
}

static oc_status read_header(bmp *b) {
    const uint8_t *file = b->from->data, *info = file + FILE_HEADER;
    size_t size = b->from->size, header_end;
    if (size < FILE_HEADER + 12) return fail(b, "it ends in its header");
    b->header_size = oc__le32(info);
    if (!header_size_known(b->header_size))
        return oc__fail(b->err, OC_E_UNSUPPORTED, "%s: is a BMP with a header of %u bytes, which is not known", b->from->name,
                        b->header_size);
    header_end = (size_t)FILE_HEADER + b->header_size;
    if (size < header_end) return fail(b, "it ends in its header");
    uint32_t n_used = 0;
    if (b->header_size == 12) {
        b->width = oc__le16(info + 4);
        b->height = oc__le16(info + 6);
        b->bits = oc__le16(info + 10);
    } else {
        uint32_t height = oc__le32(info + 8);
        b->top_down = height > INT32_MAX;
        b->width = oc__le32(info + 4);
        b->height = b->top_down ? 0 - height : height;
        b->bits = oc__le16(info + 14);
        if (b->header_size >= 40) {
            b->compression = oc__le32(info + 16);
            n_used = oc__le32(info + 32);
        }
    }
    if (b->width > INT32_MAX) return fail(b, "its width is negative");
    oc_status status = oc__bitmap_check_size(b->from, b->width, b->height, b->err);
    if (status || (status = check_kind(b)) || (status = read_masks(b, info, &header_end))) return status;

    size_t pixels_at = oc__le32(file + 10);
    if (pixels_at < header_end || pixels_at > size) return fail(b, "its pixels begin outside the file or in its header");
    if (b->bits <= 8) {
        b->colour_size = b->header_size == 12 ? 3 : 4;
        b->n_colours = n_used && n_used < 1u << b->bits ? n_used : 1u << b->bits;
        size_t room = (pixels_at - header_end) / b->colour_size;
        if (b->n_colours > room) b->n_colours = (uint32_t)room;
        b->colours = file + header_end;
    }
    b->pixels = file + pixels_at;
    b->end = file + size;
    return OC_OK;
}

static void put_colour(uint8_t *to, const bmp *b, uint32_t index) {
    const uint8_t *colour = b->colours + (size_t)index * b->colour_size;
    bool known = index < b->n_colours;
    to[0] = known ? colour[2] : 0;
    to[1] = known ? colour[1] : 0;
    to[2] = known ? colour[0] : 0;
}

static void read_row(uint8_t *to, const bmp *b, const uint8_t *row) {
    for (uint32_t x = 0; x < b->width; x++, to += 3) {
        if (b->bits <= 8) {
            uint32_t per_byte = 8 / b->bits, shift = 8 - b->bits * (x % per_byte + 1);
            put_colour(to, b, row[x / per_byte] >> shift & ((1u << b->bits) - 1));
        } else if (b->bits == 24) {
            to[0] = row[x * 3 + 2];
            to[1] = row[x * 3 + 1];
            to[2] = row[x * 3];
        } else {
            uint32_t pixel = b->bits == 16 ? oc__le16(row + (size_t)x * 2) : oc__le32(row + (size_t)x * 4);
            uint32_t alpha = b->alpha.most ? channel_of(pixel, &b->alpha) : 255;
            to[0] = oc__over_white(channel_of(pixel, &b->red), alpha);
            to[1] = oc__over_white(channel_of(pixel, &b->green), alpha);
            to[2] = oc__over_white(channel_of(pixel, &b->blue), alpha);
        }
    }
}

static oc_status read_rows(oc__bitmap *out, const bmp *b) {
    uint64_t used = ((uint64_t)b->width * b->bits + 7) / 8, stride = (used + 3) / 4 * 4;
    uint64_t needed = stride * (b->height - 1) + used, have = (uint64_t)(b->end - b->pixels);
    if (needed > have)
        return oc__fail(b->err, OC_E_CORRUPT, "%s: is a damaged BMP: %u x %u pixels need %llu bytes, %llu are there",
                        b->from->name, b->width, b->height, (unsigned long long)needed, (unsigned long long)have);
    oc_status status = oc__bitmap_create(out, b->from, b->width, b->height, b->err);
    if (status) return status;
    for (uint32_t y = 0; y < b->height; y++)
        read_row(out->pixels + (size_t)(b->top_down ? y : b->height - 1 - y) * b->width * 3, b, b->pixels + y * stride);
    return OC_OK;
}

/* Run-length coding: pairs of a count and a value; a count of 0 begins an end of line (0), an end (1), a jump (2), or a run
 * of so many literal values. Returns a fault or NULL. */
static const char *read_runs(uint8_t *indices, const bmp *b) {
    static const char cut_off[] = "it ends in the middle";
    const uint8_t *p = b->pixels;
    bool nibbles = b->compression == RLE4;
    uint32_t x = 0, y = 0;
    while (y < b->height) {
        /* The last row may lack its end of line and the end mark. */
        if (b->end - p < 2) return y == b->height - 1 && x == b->width ? NULL : cut_off;
        uint32_t count = p[0], value = p[1];
        const uint8_t *values = p + 1;
        p += 2;
        if (count == 0 && value == 0) {
            x = 0;
            y++;
            continue;
        }
        if (count == 0 && value == 1) return NULL;
        if (count == 0 && value == 2) {
            if (b->end - p < 2) return cut_off;
            x += p[0];
            y += p[1];
            p += 2;
            if (x > b->width || y >= b->height) return "a jump leads out of the picture";
            continue;
        }
        bool literal = count == 0;
        if (literal) {
            count = value;
            size_t bytes = nibbles ? (count + 1) / 2 : count;
            values = p;
            if ((size_t)(b->end - p) < bytes) return cut_off;
            bytes += bytes & 1;
            p += (size_t)(b->end - p) < bytes ? (size_t)(b->end - p) : bytes;
        }
        if (count > b->width - x) return "a run is longer than its row";
        uint8_t *to = indices + (size_t)y * b->width + x;
        for (uint32_t i = 0; i < count; i++) {
            uint8_t pair = nibbles ? values[literal ? i / 2 : 0] : values[literal ? i : 0];
            to[i] = !nibbles ? pair : i & 1 ? pair & 15 : pair >> 4;
        }
        x += count;
    }
    return NULL;
}

static oc_status read_coded(oc__bitmap *out, const bmp *b) {
    size_t n = (size_t)b->width * b->height;
    uint8_t *indices = oc__alloc_zero(b->from->context, n);
    if (!indices) return oc__fail_nomem(b->err, b->from->context, n, b->from->name);
    const char *fault = read_runs(indices, b);
    oc_status status = fault ? fail(b, fault) : oc__bitmap_create(out, b->from, b->width, b->height, b->err);
    if (status == OC_OK)
        for (uint32_t y = 0; y < b->height; y++) {
            const uint8_t *row = indices + (size_t)(b->height - 1 - y) * b->width;
            for (uint32_t x = 0; x < b->width; x++) put_colour(out->pixels + ((size_t)y * b->width + x) * 3, b, row[x]);
        }
    oc__free(b->from->context, indices);
    return status;
}

oc_status oc__bmp_decode(oc__bitmap *out, const oc__encoded *from, oc_error *err) {
    bmp b = {.from = from, .err = err};
    *out = (oc__bitmap){0};
    oc_status status = read_header(&b);
    if (status) return status;
    return b.compression == RLE8 || b.compression == RLE4 ? read_coded(out, &b) : read_rows(out, &b);
}
