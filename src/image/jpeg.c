/* JPEG, by libjpeg-turbo. SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#define JMAKE_ENUM_LIST
#include <jerror.h>

#include "memory.h"
#include "picture_kinds.h"

/* All that must survive a longjmp. The functions that call libjpeg get it by address, so none of it is a local variable that
 * the jump could spoil. */
typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const oc__encoded *from;
    oc_error *err;
    oc_status status;
    oc__bitmap bitmap;
    uint8_t *inks;   /* one row of CMYK */
    size_t borrowed; /* bytes that libjpeg may take, counted as the context's */
} decoder;

bool oc__jpeg_claims(const uint8_t *head, size_t size) { return size >= 3 && memcmp(head, "\xFF\xD8\xFF", 3) == 0; }

static _Noreturn void stop(decoder *d, oc_status status) {
    d->status = status;
    longjmp(d->escape, 1);
}

static oc_status status_of(int code) {
    switch (code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        return OC_E_NOMEM;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_EMPTY_IMAGE: /* the height may follow the first scan; libjpeg does not read that */
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return OC_E_UNSUPPORTED;
    default:
        return OC_E_CORRUPT;
    }
}

static _Noreturn void fail_as_libjpeg_says(j_common_ptr jpeg, oc_status status) {
    decoder *d = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    d->errors.format_message(jpeg, text);
    stop(d, oc__fail(d->err, status, "%s: %s: %s", d->from->name,
                     status == OC_E_CORRUPT       ? "is a damaged JPEG"
                     : status == OC_E_UNSUPPORTED ? "is a kind of JPEG that is not read"
                                                  : "cannot be decoded",
                     text));
}

static void on_error(j_common_ptr jpeg) { fail_as_libjpeg_says(jpeg, status_of(jpeg->err->msg_code)); }

/* libjpeg goes on after a warning and paints what is missing grey; we do not, except where no pixel is in doubt. */
static void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    switch (jpeg->err->msg_code) {
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA: /* padding before a marker, as some cameras write */
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL: /* wrong scan parameters that baseline does not use */
        return;
    default:
        fail_as_libjpeg_says(jpeg, OC_E_CORRUPT);
    }
}

static void on_output(j_common_ptr jpeg) { (void)jpeg; }

static boolean fill_input(j_decompress_ptr jpeg) {
    decoder *d = jpeg->client_data;
    stop(d, oc__fail(d->err, OC_E_CORRUPT, "%s: is a damaged JPEG: it ends after %zu bytes, in the middle", d->from->name,
                     d->from->size));
    return FALSE;
}

static void skip_input(j_decompress_ptr jpeg, long n) {
    if (n <= 0) return;
    if ((size_t)n > jpeg->src->bytes_in_buffer) fill_input(jpeg);
    jpeg->src->next_input_byte += n;
    jpeg->src->bytes_in_buffer -= (size_t)n;
}

static void nothing(j_decompress_ptr jpeg) { (void)jpeg; }

/* Decoding a scan that holds next to nothing takes as long as a full one, so a small file could keep us busy for ever. */
static void on_progress(j_common_ptr common) {
    decoder *d = common->client_data;
    uint32_t limit = d->from->context->limits.image_scans;
    if (d->jpeg.input_scan_number >= 0 && (uint32_t)d->jpeg.input_scan_number > limit)
        stop(d, oc__fail(d->err, OC_E_LIMIT, "%s: has more than %u scans, max_image_scans is %u", d->from->name, limit, limit));
}

/* Walks the file from marker to marker: counts the segments and finds the orientation. What is malformed here is left for
 * libjpeg to complain of. */
static oc_status walk(uint32_t *orientation, const oc__encoded *from, oc_error *err) {
    const uint8_t *p = from->data + 2, *end = from->data + from->size;
    bool exif_seen = false;
    uint32_t n = 0;
    while (end - p >= 4) {
        p = memchr(p, 0xFF, (size_t)(end - p - 3));
        if (!p) break;
        uint8_t marker = p[1];
        if (marker == 0xFF) {
            p++;
            continue;
        }
        if (marker == 0xD9) break;
        if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
            p += 2;
            continue;
        }
        if (++n > from->context->limits.image_chunks)
            return oc__fail(err, OC_E_LIMIT, "%s: has more than %u marker segments, max_image_chunks is %u", from->name,
                            from->context->limits.image_chunks, from->context->limits.image_chunks);
        size_t length = oc__be16(p + 2), left = (size_t)(end - p) - 2;
        if (length < 2 || length > left) break;
        if (marker == 0xE1 && !exif_seen && length >= 8 && memcmp(p + 4, "Exif\0\0", 6) == 0) {
            *orientation = oc__exif_orientation(p + 10, length - 8);
            exif_seen = true;
        }
        p += 2 + length;
    }
    return OC_OK;
}

/* Bytes that libjpeg needs for this picture, with room to spare: rows on their way through, and for several scans all
 * coefficients (2 bytes each, sides rounded up to whole blocks). */
static size_t memory_needed(const struct jpeg_decompress_struct *jpeg, bool all_coefficients) {
    size_t width = (size_t)jpeg->image_width + 64, height = (size_t)jpeg->image_height + 64;
    size_t needed = (1u << 20) + width * 512 * (size_t)jpeg->num_components;
    if (!all_coefficients) return needed;
    for (int i = 0; i < jpeg->num_components; i++) {
        const jpeg_component_info *part = &jpeg->comp_info[i];
        size_t across = width * (size_t)part->h_samp_factor / (size_t)jpeg->max_h_samp_factor + 64;
        size_t down = height * (size_t)part->v_samp_factor / (size_t)jpeg->max_v_samp_factor + 64;
        needed += across * down * 2;
    }
    return needed;
}

/* Tells libjpeg how much memory it may take, and counts that as the context's, whose limit thus holds. */
static void borrow_memory(decoder *d) {
    oc_context *context = d->from->context;
    size_t needed = memory_needed(&d->jpeg, jpeg_has_multiple_scans(&d->jpeg));
    size_t used = atomic_fetch_add(&context->memory_used, needed);
    if (context->memory_limit && (used > context->memory_limit || needed > context->memory_limit - used)) {
        atomic_fetch_sub(&context->memory_used, needed);
        atomic_store(&context->memory_refused, true);
        stop(d, oc__fail_nomem(d->err, context, needed, d->from->name));
    }
    d->borrowed = needed;
    d->jpeg.mem->max_memory_to_use = (long)needed;
}

static void choose_output(decoder *d, uint32_t reduce_to) {
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        break;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        break;
    default:
        stop(d, oc__fail(d->err, OC_E_UNSUPPORTED, "%s: is a JPEG with %d components of unknown meaning", d->from->name,
                         jpeg->num_components));
    }
    uint32_t shorter = jpeg->image_width < jpeg->image_height ? jpeg->image_width : jpeg->image_height, denominator = 1;
    while (reduce_to > 0 && denominator < 8 && (shorter + 2 * denominator - 1) / (2 * denominator) >= reduce_to)
        denominator *= 2;
    jpeg->scale_num = 1;
    jpeg->scale_denom = denominator;
}

/* Every block of a Huffman-coded picture takes a bit at least, so a short file cannot justify much memory. */
static void check_enough_bytes(decoder *d) {
    const struct jpeg_decompress_struct *jpeg = &d->jpeg;
    uint64_t across = (uint64_t)jpeg->max_h_samp_factor * 8, down = (uint64_t)jpeg->max_v_samp_factor * 8;
    uint64_t groups = ((jpeg->image_width + across - 1) / across) * ((jpeg->image_height + down - 1) / down);
    if (!jpeg->arith_code && groups / 8 > d->from->size)
        stop(d, oc__fail(d->err, OC_E_CORRUPT, "%s: is a damaged JPEG: %zu bytes cannot hold %u x %u pixels", d->from->name,
                         d->from->size, jpeg->image_width, jpeg->image_height));
}

/* Inks to light. Practically all CMYK JPEGs are written as Adobe writes them, inverted (255: no ink), whether or not they
 * bear Adobe's marker. */
static void inks_to_rgb(uint8_t *rgb, const uint8_t *inks, uint32_t width) {
    for (uint32_t x = 0; x < width; x++, rgb += 3, inks += 4)
        for (int i = 0; i < 3; i++) rgb[i] = (uint8_t)oc__scale255(inks[i], inks[3]);
}

static void read_rows(decoder *d) {
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    size_t row = (size_t)d->bitmap.width * 3;
    while (jpeg->output_scanline < jpeg->output_height) {
        uint8_t *to = d->bitmap.pixels + (size_t)jpeg->output_scanline * row;
        JSAMPROW rows[4];
        JDIMENSION n = jpeg->output_height - jpeg->output_scanline;
        if (d->inks) {
            rows[0] = d->inks;
            if (jpeg_read_scanlines(jpeg, rows, 1) == 1) inks_to_rgb(to, d->inks, d->bitmap.width);
            continue;
        }
        if (n > 4) n = 4;
        for (JDIMENSION i = 0; i < n; i++) rows[i] = to + i * row;
        jpeg_read_scanlines(jpeg, rows, n);
    }
}

static void decode(decoder *d, uint32_t reduce_to) {
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->client_data = d;
    jpeg->src = &d->source;
    jpeg->progress = &d->progress;
    jpeg_read_header(jpeg, TRUE);
    oc_status status = oc__bitmap_check_size(d->from, jpeg->image_width, jpeg->image_height, d->err);
    if (status) stop(d, status);
    choose_output(d, reduce_to);
    check_enough_bytes(d);
    borrow_memory(d);
    jpeg_calc_output_dimensions(jpeg);
    if ((status = oc__bitmap_create(&d->bitmap, d->from, jpeg->output_width, jpeg->output_height, d->err))) stop(d, status);
    if (jpeg->out_color_space == JCS_CMYK && !(d->inks = oc__alloc_array(d->from->context, jpeg->output_width, 4)))
        stop(d, oc__fail_nomem(d->err, d->from->context, (size_t)jpeg->output_width * 4, d->from->name));
    jpeg_start_decompress(jpeg);
    read_rows(d);
    jpeg_finish_decompress(jpeg); /* reads to the end marker: a file without one has been cut */
}

oc_status oc__jpeg_decode(oc__bitmap *out, uint32_t *orientation, const oc__encoded *from, uint32_t reduce_to, oc_error *err) {
    decoder d;
    *out = (oc__bitmap){0};
    *orientation = 1;
    oc_status status = walk(orientation, from, err);
    if (status) return status;
    memset(&d, 0, sizeof d);
    d.from = from;
    d.err = err;
    d.source = (struct jpeg_source_mgr){.next_input_byte = from->data,
                                        .bytes_in_buffer = from->size,
                                        .init_source = nothing,
                                        .fill_input_buffer = fill_input,
                                        .skip_input_data = skip_input,
                                        .resync_to_restart = jpeg_resync_to_restart,
                                        .term_source = nothing};
    d.progress.progress_monitor = on_progress;
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.errors.output_message = on_output;
    d.jpeg.client_data = &d;
    if (setjmp(d.escape) == 0) decode(&d, reduce_to);
    jpeg_destroy_decompress(&d.jpeg);
    oc__free(from->context, d.inks);
    atomic_fetch_sub(&from->context->memory_used, d.borrowed);
    if (d.status) {
        oc__bitmap_free(&d.bitmap);
        return d.status;
    }
    *out = d.bitmap;
    return OC_OK;
}
