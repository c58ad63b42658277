/* SPDX-License-Identifier: MIT */
#include "encode.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

void die(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("generate-pictures: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(1);
}

void *need(void *memory) {
    if (!memory) {
        die("out of memory");
    }
    return memory;
}

void bytes_put(bytes *b, const void *data, size_t size) {
    if (size > b->capacity - b->size) {
        b->capacity = 2 * (b->size + size) + 1024;
        b->data = need(realloc(b->data, b->capacity));
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_put8(bytes *b, unsigned value) {
    unsigned char c = (unsigned char)value;
    bytes_put(b, &c, 1);
}

void bytes_put16(bytes *b, unsigned value) {
    bytes_put8(b, value & 255);
    bytes_put8(b, value >> 8 & 255);
}

void bytes_put32(bytes *b, uint32_t value) {
    bytes_put16(b, value & 0xffff);
    bytes_put16(b, value >> 16);
}

void bytes_free(bytes *b) {
    free(b->data);
    *b = (bytes){0};
}

void bytes_write(const bytes *b, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file) {
        die("%s: cannot write: %s", path, strerror(errno));
    }
    size_t written = fwrite(b->data, 1, b->size, file);
    if (written != b->size || fclose(file) != 0) {
        int code = errno;
        remove(path);
        die("%s: cannot write all %zu bytes: %s", path, b->size, strerror(code));
    }
}

static void jpeg_failed(j_common_ptr jpeg) {
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    die("the JPEG encoder failed: %s", text);
}

static void put_orientation(j_compress_ptr jpeg, int orientation, int big_endian) {
    static const unsigned char little[] = "Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0";
    static const unsigned char big[] = "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    unsigned char block[32];
    memcpy(block, big_endian ? big : little, sizeof block);
    block[big_endian ? 25 : 24] = (unsigned char)orientation;
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, block, sizeof block);
}

/* Ink for a colour, inverted as Adobe stores it: half of the grey that the colour holds goes to black. (What a file without
 * Adobe's marker means, readers do not agree on, so there is none here.) */
static void to_ink(const unsigned char *rgb, unsigned char *ink) {
    int most = rgb[0] > rgb[1] ? rgb[0] : rgb[1];
    most = most > rgb[2] ? most : rgb[2];
    int light = (most + 255) / 2; /* what the black ink lets through */
    for (int c = 0; c < 3; c++) {
        ink[c] = (unsigned char)((rgb[c] * 255 + light / 2) / light);
    }
    ink[3] = (unsigned char)light;
}

static void jpeg_row(const unsigned char *rgb, unsigned char *row, int width, const jpeg_options *options) {
    for (int x = 0; x < width; x++, rgb += 3) {
        switch (options->colour) {
        case JPEG_GREY:
            row[x] = (unsigned char)((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
            break;
        case JPEG_CMYK:
        case JPEG_YCCK:
            to_ink(rgb, row + 4 * x);
            break;
        default:
            memcpy(row + 3 * x, rgb, 3);
            break;
        }
    }
}

void encode_jpeg(bytes *out, const unsigned char *rgb, int width, int height, const jpeg_options *options) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL, *row = need(malloc((size_t)width * 4));
    unsigned long size = 0;
    int ink = options->colour == JPEG_CMYK || options->colour == JPEG_YCCK;
    jpeg.err = jpeg_std_error(&errors);
    errors.error_exit = jpeg_failed;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = ink ? 4 : options->colour == JPEG_GREY ? 1 : 3;
    jpeg.in_color_space = ink ? JCS_CMYK : options->colour == JPEG_GREY ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, options->quality, TRUE);
    jpeg.dct_method = JDCT_ISLOW;
    if (options->colour == JPEG_YCCK) {
        jpeg_set_colorspace(&jpeg, JCS_YCCK);
    } else if (options->colour == JPEG_RGB) {
        jpeg_set_colorspace(&jpeg, JCS_RGB);
    }
    for (int i = 0; i < jpeg.num_components; i++) {
        jpeg.comp_info[i].h_samp_factor = i == 0 || i == 3 ? (options->across ? options->across : 1) : 1;
        jpeg.comp_info[i].v_samp_factor = i == 0 || i == 3 ? (options->down ? options->down : 1) : 1;
    }
    jpeg.restart_interval = (unsigned)options->restart;
    if (options->progressive) {
        jpeg_simple_progression(&jpeg);
    } else {
        jpeg.optimize_coding = TRUE;
    }
    jpeg_start_compress(&jpeg, TRUE);
    if (options->orientation >= 0) {
        put_orientation(&jpeg, options->orientation, options->big_endian);
    }
    for (int y = 0; y < height; y++) {
        JSAMPROW rows[1] = {row};
        jpeg_row(rgb + 3 * (size_t)y * (size_t)width, row, width, options);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    bytes_put(out, data, size);
    free(data);
    free(row);
}

static void png_failed(png_structp png, png_const_charp text) {
    (void)png;
    die("the PNG encoder failed: %s", text);
}

static void png_warned(png_structp png, png_const_charp text) {
    (void)png;
    fprintf(stderr, "generate-pictures: PNG encoder: %s\n", text);
}

static void png_put(png_structp png, png_bytep data, size_t size) { bytes_put(png_get_io_ptr(png), data, size); }

static void png_flush_nothing(png_structp png) { (void)png; }

void encode_png(bytes *out, const unsigned char *rows, int width, int height, const png_options *options) {
    png_structp png = need(png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed, png_warned));
    png_infop info = need(png_create_info_struct(png));
    png_set_write_fn(png, out, png_put, png_flush_nothing);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, options->depth, options->type,
                 options->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE,
                 PNG_FILTER_TYPE_BASE);
    if (options->palette) {
        png_color colours[256];
        for (int i = 0; i < options->n_colours; i++) {
            const unsigned char *p = options->palette + 3 * i;
            colours[i] = (png_color){p[0], p[1], p[2]};
        }
        png_set_PLTE(png, info, colours, options->n_colours);
    }
    if (options->alpha) {
        png_set_tRNS(png, info, options->alpha, options->n_alpha, NULL);
    } else if (options->key) {
        png_color_16 key = {.red = options->key[0], .green = options->key[1], .blue = options->key[2]};
        png_set_tRNS(png, info, NULL, 0, &key);
    }
    png_bytep *list = need(malloc((size_t)height * sizeof *list));
    png_write_info(png, info);
    size_t row_size = png_get_rowbytes(png, info);
    for (int y = 0; y < height; y++) {
        list[y] = (png_bytep)(uintptr_t)(rows + row_size * (size_t)y);
    }
    png_write_image(png, list);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    free(list);
}
