/* SPDX-License-Identifier: MIT
 *
 * Picture files, encoded into memory. All of these end the program with a message when memory runs out. */
#ifndef GENERATE_ENCODE_H
#define GENERATE_ENCODE_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes {
    unsigned char *data;
    size_t size, capacity;
} bytes;

void bytes_put(bytes *b, const void *data, size_t size);
void bytes_put8(bytes *b, unsigned value);
void bytes_put16(bytes *b, unsigned value); /* little-endian */
void bytes_put32(bytes *b, uint32_t value); /* little-endian */
void bytes_free(bytes *b);
/* Writes the file, or ends the program with a message. */
void bytes_write(const bytes *b, const char *path);

void *need(void *memory);
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format, ...);

typedef enum jpeg_colour { JPEG_COLOUR, JPEG_GREY, JPEG_CMYK, JPEG_YCCK, JPEG_RGB } jpeg_colour;

typedef struct jpeg_options {
    jpeg_colour colour;
    int quality;
    int across, down; /* how many luma samples share one chroma sample; 0 means 1 */
    int progressive;
    int restart;     /* MCUs between restart markers; 0: none */
    int orientation; /* an EXIF tag with this value; -1: no EXIF */
    int big_endian;  /* of the EXIF block */
} jpeg_options;

void encode_jpeg(bytes *out, const unsigned char *rgb, int width, int height, const jpeg_options *options);

typedef struct png_options {
    int depth, type; /* as libpng has them */
    int interlaced;
    const unsigned char *palette; /* n_colours times 3 */
    int n_colours;
    const unsigned char *alpha; /* of the palette's colours; NULL: opaque */
    int n_alpha;
    const unsigned char *key; /* an 8-bit RGB colour that is transparent; NULL: none */
} png_options;

/* Rows are packed as in the file: 16-bit samples big-endian, small samples from the high bits down. */
void encode_png(bytes *out, const unsigned char *rows, int width, int height, const png_options *options);

typedef enum bmp_layout { BMP_24, BMP_24_TOP_DOWN, BMP_32, BMP_565, BMP_555, BMP_8, BMP_4, BMP_1 } bmp_layout;

/* `pixels` is RGB, or one palette index a pixel for BMP_8, BMP_4 and BMP_1. */
void encode_bmp(bytes *out, const unsigned char *pixels, int width, int height, bmp_layout layout, const unsigned char *palette,
                int n_colours);

typedef struct gif_options {
    const unsigned char *palette; /* 256 times 3 */
    int interlaced;
    int transparent;             /* an index; -1: none */
    int local_palette;           /* the palette stands with the frame, not with the file */
    const unsigned char *second; /* indices of a second frame; NULL: none */
} gif_options;

void encode_gif(bytes *out, const unsigned char *indices, int width, int height, const gif_options *options);

#endif
