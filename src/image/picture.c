/* Opening a picture: from a file, from memory, from raw pixels. SPDX-License-Identifier: MIT */
#include "picture.h"

#include <string.h>

#include "file.h"
#include "memory.h"
#include "picture_kinds.h"

/* Bytes a pixel, 0 if the format is not one of raw pixels. */
static uint32_t raw_channels(uint32_t format) {
    switch (format) {
    case OC_IMAGE_GRAY8:
        return 1;
    case OC_IMAGE_RGB8:
    case OC_IMAGE_BGR8:
        return 3;
    case OC_IMAGE_RGBA8:
    case OC_IMAGE_BGRA8:
        return 4;
    default:
        return 0;
    }
}

const char *oc__image_name(const oc_image *known) {
    if (known->name) return known->name;
    return known->format == OC_IMAGE_PATH && known->data ? known->data : "picture";
}

static oc_status check_raw(const oc_image *known, uint32_t channels, oc_error *err) {
    const char *name = oc__image_name(known);
    if (known->width == 0 || known->height == 0)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: width x height is %u x %u, at least 1 x 1 expected", name,
                        known->width, known->height);
    uint64_t row = (uint64_t)known->width * channels, needed;
    uint64_t stride = known->stride < 0 ? 0 - (uint64_t)known->stride : (uint64_t)known->stride;
    if (stride == 0) stride = row;
    if (stride < row)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: stride is %lld bytes, a row has %llu", name,
                        (long long)known->stride, (unsigned long long)row);
    if (__builtin_mul_overflow(stride, (uint64_t)known->height - 1, &needed) || __builtin_add_overflow(needed, row, &needed) ||
        needed > PTRDIFF_MAX)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: %u rows of %llu bytes are more than memory holds", name,
                        known->height, (unsigned long long)stride);
    if (known->size != 0 && known->stride >= 0 && known->size < needed)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: size is %zu bytes, %u x %u pixels at this stride need %llu", name,
                        known->size, known->width, known->height, (unsigned long long)needed);
    return OC_OK;
}

oc_status oc__image_check(oc_image *known, const oc_image *image, oc_error *err) {
    oc_image copy;
    memset(known, 0, sizeof *known);
    oc_status status = oc__struct_read(&copy, sizeof copy, sizeof copy, image, "oc_image", err);
    if (status) return status;
    const char *name = oc__image_name(&copy);
    uint32_t channels = raw_channels(copy.format);
    if (!channels && copy.format != OC_IMAGE_PATH && copy.format != OC_IMAGE_ENCODED)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: format is %u, expected one of OC_IMAGE_...", name, copy.format);
    if (!copy.data) return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: data is NULL", name);
    if (copy.format == OC_IMAGE_PATH && !*(const char *)copy.data)
        return oc__fail(err, OC_E_ARGUMENT, "%s: oc_image: the path is empty", copy.name ? copy.name : "picture");
    if (channels && (status = check_raw(&copy, channels, err))) return status;
    *known = copy;
    return OC_OK;
}

static void copy_row(uint8_t *to, const uint8_t *from, uint32_t width, uint32_t format) {
    switch (format) {
    case OC_IMAGE_RGB8:
        memcpy(to, from, (size_t)width * 3);
        break;
    case OC_IMAGE_GRAY8:
        for (uint32_t x = 0; x < width; x++, to += 3, from++) to[0] = to[1] = to[2] = from[0];
        break;
    case OC_IMAGE_BGR8:
        for (uint32_t x = 0; x < width; x++, to += 3, from += 3) {
            to[0] = from[2];
            to[1] = from[1];
            to[2] = from[0];
        }
        break;
    default: {
        uint32_t red = format == OC_IMAGE_BGRA8 ? 2 : 0;
        for (uint32_t x = 0; x < width; x++, to += 3, from += 4) {
            to[0] = oc__over_white(from[red], from[3]);
            to[1] = oc__over_white(from[1], from[3]);
            to[2] = oc__over_white(from[2 - red], from[3]);
        }
    }
    }
}

static oc_status open_raw(oc__bitmap *out, oc_context *context, const oc_image *known, oc_error *err) {
    const oc__encoded from = {.context = context, .name = oc__image_name(known)};
    uint32_t channels = raw_channels(known->format);
    ptrdiff_t stride = known->stride ? known->stride : (ptrdiff_t)known->width * channels;
    oc_status status = oc__bitmap_check_size(&from, known->width, known->height, err);
    if (status == OC_OK) status = oc__bitmap_create(out, &from, known->width, known->height, err);
    if (status) return status;
    for (uint32_t y = 0; y < known->height; y++)
        copy_row(out->pixels + (size_t)y * known->width * 3, (const uint8_t *)known->data + (ptrdiff_t)y * stride, known->width,
                 known->format);
    return OC_OK;
}

/* Kinds of file that people mistake for pictures we read, by the bytes at an offset. */
static const struct {
    size_t offset;
    const char *bytes;
    size_t n_bytes;
    const char *what;
} strangers[] = {
    {8, "WEBP", 4, "a WebP picture"},
    {0, "II*\0", 4, "a TIFF picture"},
    {0, "MM\0*", 4, "a TIFF picture"},
    {0, "II+\0", 4, "a TIFF picture"},
    {0, "MM\0+", 4, "a TIFF picture"},
    {4, "ftypavif", 8, "an AVIF picture"},
    {4, "ftypavis", 8, "an AVIF picture"},
    {4, "ftyphei", 7, "a HEIC picture"},
    {4, "ftyphev", 7, "a HEIC picture"},
    {4, "ftypmif1", 8, "a HEIF picture"},
    {4, "ftypmsf1", 8, "a HEIF picture"},
    {4, "jP  \r\n\x87\n", 8, "a JPEG 2000 picture"},
    {0, "\xFF\x4F\xFF\x51", 4, "a JPEG 2000 picture"},
    {0, "\xFF\x0A", 2, "a JPEG XL picture"},
    {4, "JXL \r\n\x87\n", 8, "a JPEG XL picture"},
    {0, "8BPS", 4, "a Photoshop picture"},
    {0, "\0\0\1\0", 4, "an icon"},
    {0, "%PDF-", 5, "a PDF document"},
    {0, "<svg", 4, "an SVG drawing"},
    {0, "gimp xcf", 8, "a GIMP picture"},
    {0, "qoif", 4, "a QOI picture"},
    {0, "P5\n", 3, "a PGM picture"},
    {0, "P6\n", 3, "a PPM picture"},
};

/* An SVG often begins with an XML declaration and comments. */
static bool is_svg(const uint8_t *data, size_t size) {
    size_t n = size < 1024 ? size : 1024;
    if (size < 5 || memcmp(data, "<?xml", 5) != 0) return false;
    for (size_t i = 5; i + 4 <= n; i++)
        if (memcmp(data + i, "<svg", 4) == 0) return true;
    return false;
}

static oc_status fail_stranger(const oc__encoded *from, oc_error *err) {
    const char *what = is_svg(from->data, from->size) ? "an SVG drawing" : NULL;
    if (from->size == 0) return oc__fail(err, OC_E_FORMAT, "%s: is empty", from->name);
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers && !what; i++)
        if (from->size >= strangers[i].offset + strangers[i].n_bytes &&
            memcmp(from->data + strangers[i].offset, strangers[i].bytes, strangers[i].n_bytes) == 0)
            what = strangers[i].what;
    if (what) return oc__fail(err, OC_E_FORMAT, "%s: is %s, which is not read; convert it to JPEG or PNG", from->name, what);
    return oc__fail(err, OC_E_FORMAT, "%s: is not a picture: its first bytes are not those of a JPEG, PNG, BMP or GIF file",
                    from->name);
}

bool oc__is_picture(const uint8_t *head, size_t size) {
    return oc__jpeg_claims(head, size) || oc__png_claims(head, size) || oc__bmp_claims(head, size) ||
           oc__gif_claims(head, size);
}

static oc_status open_encoded(oc__bitmap *out, const oc__encoded *from, uint32_t reduce_to, oc_error *err) {
    uint32_t orientation = 1;
    oc_status status;
    if (from->size > from->context->limits.image_bytes)
        return oc__fail(err, OC_E_LIMIT, "%s: has %zu bytes, max_image_bytes is %llu", from->name, from->size,
                        (unsigned long long)from->context->limits.image_bytes);
    if (oc__jpeg_claims(from->data, from->size))
        status = oc__jpeg_decode(out, &orientation, from, reduce_to, err);
    else if (oc__png_claims(from->data, from->size))
        status = oc__png_decode(out, &orientation, from, err);
    else if (oc__bmp_claims(from->data, from->size))
        status = oc__bmp_decode(out, from, err);
    else if (oc__gif_claims(from->data, from->size))
        status = oc__gif_decode(out, from, err);
    else
        status = fail_stranger(from, err);
    if (status == OC_OK && (status = oc__bitmap_turn(out, orientation, from->name, err))) oc__bitmap_free(out);
    return status;
}

static oc_status open_path(oc__bitmap *out, oc_context *context, const oc_image *known, uint32_t reduce_to, oc_error *err) {
    oc__encoded from = {.context = context, .name = oc__image_name(known)};
    uint8_t *data;
    oc_status status =
        oc__file_read(&data, &from.size, context, known->data, context->limits.image_bytes, "max_image_bytes", err);
    if (status) return known->name && strcmp(known->name, known->data) != 0 ? oc__fail_in(err, status, known->name) : status;
    from.data = data;
    status = open_encoded(out, &from, reduce_to, err);
    oc__free(context, data);
    return status;
}

oc_status oc__bitmap_open(oc__bitmap *out, oc_context *context, const oc_image *image, uint32_t reduce_to, oc_error *err) {
    oc_image known;
    *out = (oc__bitmap){0};
    oc_status status = oc__image_check(&known, image, err);
    if (status) return status;
    switch (known.format) {
    case OC_IMAGE_PATH:
        return open_path(out, context, &known, reduce_to, err);
    case OC_IMAGE_ENCODED:
        return open_encoded(out, &(oc__encoded){context, oc__image_name(&known), known.data, known.size}, reduce_to, err);
    default:
        return open_raw(out, context, &known, err);
    }
}
