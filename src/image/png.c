/* PNG, by libpng. SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <string.h>

#include <png.h>

#include "memory.h"
#include "picture_kinds.h"

#define MAX_CHUNK_BYTES (8u << 20) /* that libpng may allocate for one chunk */

/* All that must survive a longjmp; see jpeg.c. */
typedef struct decoder {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    const oc__encoded *from;
    size_t at;
    oc_error *err;
    oc_status status;
    bool no_memory;
    oc__bitmap bitmap;
} decoder;

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

bool oc__png_claims(const uint8_t *head, size_t size) { return size >= 8 && memcmp(head, signature, 8) == 0; }

static _Noreturn void stop(decoder *d, oc_status status) {
    d->status = status;
    longjmp(d->escape, 1);
}

static void on_error(png_structp png, png_const_charp text) {
    decoder *d = png_get_error_ptr(png);
    if (d->no_memory) stop(d, oc__fail(d->err, OC_E_NOMEM, "%s: out of memory while decoding", d->from->name));
    stop(d, oc__fail(d->err, OC_E_CORRUPT, "%s: is a damaged PNG: %s", d->from->name, text));
}

/* libpng warns where it can leave an ancillary chunk out; no pixel is in doubt. */
static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
    decoder *d = png_get_mem_ptr(png);
    void *memory = oc__alloc(d->from->context, size);
    if (!memory) d->no_memory = true;
    return memory;
}

static void give_memory(png_structp png, png_voidp memory) {
    decoder *d = png_get_mem_ptr(png);
    oc__free(d->from->context, memory);
}

static void read_bytes(png_structp png, png_bytep to, size_t size) {
    decoder *d = png_get_io_ptr(png);
    if (size > d->from->size - d->at)
        stop(d, oc__fail(d->err, OC_E_CORRUPT, "%s: is a damaged PNG: it ends after %zu bytes, in the middle", d->from->name,
                         d->from->size));
    memcpy(to, d->from->data + d->at, size);
    d->at += size;
}

/* Walks the file from chunk to chunk: counts the ancillary ones and finds the orientation. What is malformed here is left for
 * libpng to complain of. Frames of an animation are not counted: they are passed over without cost. */
static oc_status walk(uint32_t *orientation, const oc__encoded *from, oc_error *err) {
    uint32_t n = 0, limit = from->context->limits.image_chunks;
    bool exif_seen = false;
    for (size_t at = 8; from->size - at >= 12;) {
        const uint8_t *chunk = from->data + at;
        size_t length = oc__be32(chunk), left = from->size - at - 12;
        if (length > left || memcmp(chunk + 4, "IEND", 4) == 0) break;
        bool frame = memcmp(chunk + 4, "fdAT", 4) == 0 || memcmp(chunk + 4, "fcTL", 4) == 0;
        if ((chunk[4] & 0x20) && !frame && ++n > limit)
            return oc__fail(err, OC_E_LIMIT, "%s: has more than %u ancillary chunks, max_image_chunks is %u", from->name, limit,
                            limit);
        if (!exif_seen && memcmp(chunk + 4, "eXIf", 4) == 0) {
            *orientation = oc__exif_orientation(chunk + 8, length);
            exif_seen = true;
        }
        at += 12 + length;
    }
    return OC_OK;
}

/* Deflate makes at most 1032 bytes of one, so a short file cannot justify much memory. */
static void check_enough_bytes(decoder *d, uint32_t width, uint32_t height, int bits, int channels) {
    uint64_t bytes = ((uint64_t)width * (uint32_t)bits * (uint32_t)channels + 7) / 8 * height;
    if (bytes / 1032 > d->from->size)
        stop(d, oc__fail(d->err, OC_E_CORRUPT, "%s: is a damaged PNG: %zu bytes cannot hold %u x %u pixels", d->from->name,
                         d->from->size, width, height));
}

/* To RGB of 8 bits over white. Gamma and colour profiles are never read, so no conversion of them takes place. */
static void set_transforms(png_structp png, int bits) {
    const png_uint_16 most = bits == 16 ? 65535 : 255;
    const png_color_16 white = {0, most, most, most, most};
    png_set_expand(png);
    png_set_gray_to_rgb(png);
    png_set_background(png, &white, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
    png_set_scale_16(png);
}

static void ignore_chunks(png_structp png) {
    static const png_byte names[] = "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
                                    "tEXt\0tIME\0zTXt";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names, (int)(sizeof names / 5));
}

static void decode(decoder *d) {
    const oc__limits *limits = &d->from->context->limits;
    d->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, d, on_error, on_warning, d, take_memory, give_memory);
    if (d->png) d->info = png_create_info_struct(d->png);
    if (!d->info) stop(d, oc__fail_nomem(d->err, d->from->context, sizeof(decoder), d->from->name));
    png_set_read_fn(d->png, d, read_bytes);
    png_set_user_limits(d->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours, below, say more */
    png_set_chunk_cache_max(d->png, limits->image_chunks < 1000 ? limits->image_chunks + 1 : 1000);
    png_set_chunk_malloc_max(d->png, MAX_CHUNK_BYTES);
    png_set_crc_action(d->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    ignore_chunks(d->png);
    png_read_info(d->png, d->info);

    uint32_t width = png_get_image_width(d->png, d->info), height = png_get_image_height(d->png, d->info);
    int bits = png_get_bit_depth(d->png, d->info);
    oc_status status = oc__bitmap_check_size(d->from, width, height, d->err);
    if (status) stop(d, status);
    check_enough_bytes(d, width, height, bits, png_get_channels(d->png, d->info));
    set_transforms(d->png, bits);
    int n_passes = png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    size_t row = (size_t)width * 3;
    if (png_get_rowbytes(d->png, d->info) != row)
        stop(d, oc__fail(d->err, OC_E_INTERNAL, "%s: libpng gives rows of %zu bytes, %zu expected", d->from->name,
                         (size_t)png_get_rowbytes(d->png, d->info), row));
    if ((status = oc__bitmap_create(&d->bitmap, d->from, width, height, d->err))) stop(d, status);
    for (int pass = 0; pass < n_passes; pass++)
        for (uint32_t y = 0; y < height; y++) png_read_row(d->png, d->bitmap.pixels + y * row, NULL);
    png_read_end(d->png, NULL);
}

oc_status oc__png_decode(oc__bitmap *out, uint32_t *orientation, const oc__encoded *from, oc_error *err) {
    decoder d;
    *out = (oc__bitmap){0};
    *orientation = 1;
    oc_status status = walk(orientation, from, err);
    if (status) return status;
    memset(&d, 0, sizeof d);
    d.from = from;
    d.err = err;
    if (setjmp(d.escape) == 0) decode(&d);
    png_destroy_read_struct(&d.png, &d.info, NULL);
    if (d.status) {
        oc__bitmap_free(&d.bitmap);
        return d.status;
    }
    *out = d.bitmap;
    return OC_OK;
}
