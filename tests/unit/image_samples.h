/* Small pictures of every kind, made in memory, for the image tests. SPDX-License-Identifier: MIT */
#ifndef OC_TEST_IMAGE_SAMPLES_H
#define OC_TEST_IMAGE_SAMPLES_H

#include "memory.h"
#include "picture.h"

/* What is painted: smooth, without symmetry, so that JPEG keeps it and every orientation looks different. */
#define SAMPLE_WIDTH 40
#define SAMPLE_HEIGHT 24
void sample_pixel(uint8_t rgb[3], uint32_t x, uint32_t y);

/* A sample and how it decodes. */
typedef struct sample {
    const char *name;
    oc__buffer file;
    uint32_t grey_bits; /* 0: sample_pixel; else its red, in so many bits, as grey */
    int tolerance;      /* of a channel */
    bool whole;         /* every proper prefix is an error; otherwise one that lacks only the end may be read */
} sample;

enum { JPEG_RGB, JPEG_GREY, JPEG_CMYK, JPEG_YCCK, JPEG_PROGRESSIVE, JPEG_ARITHMETIC, JPEG_RESTARTS };
void make_jpeg(oc__buffer *to, int kind, const void *exif, size_t exif_size);

/* `type` and `bits` as PNG has them; sample_pixel in RGB of 8 bits if it holds it. */
void make_png(oc__buffer *to, int type, int bits, bool interlaced, const void *exif, size_t exif_size);

/* Header of 12, 40 or 124 bytes; 8 bits have a palette of greys; compression as in the file. */
void make_bmp(oc__buffer *to, uint32_t header, uint32_t bits, uint32_t compression, bool top_down);

void make_gif(oc__buffer *to, bool interlaced, int transparent);

/* A TIFF structure with one entry. */
size_t make_exif(uint8_t to[64], bool big_endian, uint32_t orientation);

/* The samples of every kind. Free with free_samples. */
size_t make_samples(sample **out, oc_context *context);
void free_samples(sample *samples, size_t n);

/* PNG by hand: for what libpng would not write. */
void put_png_chunk(oc__buffer *to, const char *type, const void *data, size_t size);

oc_context *new_context(const oc_context_options *options);
oc_status open_bytes(oc__bitmap *out, oc_context *context, const void *data, size_t size, oc_error *err);

/* A context whose allocations are counted, and whose n-th one from now fails (0: none). */
typedef struct counter {
    size_t n, fail_at, n_held;
} counter;
oc_context *new_counting_context(counter *count);

#endif
