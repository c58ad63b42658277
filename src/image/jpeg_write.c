/* Writing JPEGs, by libjpeg-turbo. SPDX-License-Identifier: MIT */
#include "jpeg_write.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

/* What must survive a longjmp: see jpeg.c. */
typedef struct encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    oc__buffer *out;
    uint8_t block[4096];
} encoder;

static void on_error(j_common_ptr jpeg) {
    encoder *e = jpeg->client_data;
    longjmp(e->escape, 1);
}

static void say_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void begin(j_compress_ptr jpeg) {
    encoder *e = jpeg->client_data;
    e->destination.next_output_byte = e->block;
    e->destination.free_in_buffer = sizeof e->block;
}

static boolean write_block(j_compress_ptr jpeg) {
    encoder *e = jpeg->client_data;
    oc__buffer_append(e->out, e->block, sizeof e->block);
    begin(jpeg);
    return TRUE;
}

static void end(j_compress_ptr jpeg) {
    encoder *e = jpeg->client_data;
    oc__buffer_append(e->out, e->block, sizeof e->block - e->destination.free_in_buffer);
}

static void compress(encoder *e, const uint8_t *pixels, uint32_t width, uint32_t height, int quality) {
    jpeg_create_compress(&e->jpeg);
    e->jpeg.client_data = e;
    e->jpeg.dest = &e->destination;
    e->jpeg.image_width = width;
    e->jpeg.image_height = height;
    e->jpeg.input_components = 3;
    e->jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&e->jpeg);
    jpeg_set_quality(&e->jpeg, quality, TRUE);
    jpeg_start_compress(&e->jpeg, TRUE);
    for (uint32_t y = 0; y < height; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(pixels + (size_t)y * width * 3);
        jpeg_write_scanlines(&e->jpeg, &row, 1);
    }
    jpeg_finish_compress(&e->jpeg);
}

oc_status oc__jpeg_write(oc__buffer *out, const uint8_t *pixels, uint32_t width, uint32_t height, int quality, oc_error *err) {
    encoder *e = oc__alloc_zero(out->context, sizeof *e);
    oc_status status = OC_OK;
    if (!e) return oc__fail_nomem(err, out->context, sizeof *e, "picture");
    e->out = out;
    e->destination = (struct jpeg_destination_mgr){
        .init_destination = begin, .empty_output_buffer = write_block, .term_destination = end};
    e->jpeg.err = jpeg_std_error(&e->errors);
    e->jpeg.client_data = e;
    e->errors.error_exit = on_error;
    e->errors.output_message = say_nothing;
    if (setjmp(e->escape))
        status = oc__fail_nomem(err, out->context, (size_t)width * 3, "picture"); /* nothing else can go wrong */
    else
        compress(e, pixels, width, height, quality);
    jpeg_destroy_compress(&e->jpeg);
    oc__free(out->context, e);
    return status;
}
