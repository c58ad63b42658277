/* Writing PNGs, by libpng. SPDX-License-Identifier: MIT */
#include "png_write.h"

#include <setjmp.h>

#include <png.h>

/* What must survive a longjmp: see jpeg.c. */
typedef struct encoder {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    oc__buffer *out;
} encoder;

static void on_error(png_structp png, png_const_charp text) {
    encoder *e = png_get_error_ptr(png);
    (void)text;
    longjmp(e->escape, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
    encoder *e = png_get_mem_ptr(png);
    return oc__alloc(e->out->context, size);
}

static void give_memory(png_structp png, png_voidp memory) {
    encoder *e = png_get_mem_ptr(png);
    oc__free(e->out->context, memory);
}

static void write_bytes(png_structp png, png_bytep data, size_t size) {
    encoder *e = png_get_io_ptr(png);
    oc__buffer_append(e->out, data, size);
}

static void flush(png_structp png) { (void)png; }

static void compress(encoder *e, const uint8_t *pixels, uint32_t width, uint32_t height) {
    png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_write_fn(e->png, e, write_bytes, flush);
    png_set_IHDR(e->png, e->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(e->png, e->info);
    for (uint32_t y = 0; y < height; y++) png_write_row(e->png, pixels + (size_t)y * width * 3);
    png_write_end(e->png, NULL);
}

oc_status oc__png_write(oc__buffer *out, const uint8_t *pixels, uint32_t width, uint32_t height, oc_error *err) {
    oc_context *context = out->context;
    encoder *e = oc__alloc_zero(context, sizeof *e);
    oc_status status = OC_OK;
    if (!e) return oc__fail_nomem(err, context, sizeof *e, "picture");
    e->out = out;
    if (setjmp(e->escape)) {
        status = oc__fail_nomem(err, context, (size_t)width * 3, "picture"); /* nothing else can go wrong */
    } else {
        e->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, e, on_error, on_warning, e, take_memory, give_memory);
        if (e->png) e->info = png_create_info_struct(e->png);
        if (!e->info) status = oc__fail_nomem(err, context, sizeof *e, "picture");
        else compress(e, pixels, width, height);
    }
    png_destroy_write_struct(&e->png, &e->info);
    oc__free(context, e);
    return status;
}
