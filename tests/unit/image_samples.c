/* Small pictures of every kind, made in memory, for the image tests. SPDX-License-Identifier: MIT */
#include "image_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

void sample_pixel(uint8_t rgb[3], uint32_t x, uint32_t y) {
    rgb[0] = (uint8_t)(20 + x * 5);
    rgb[1] = (uint8_t)(230 - y * 8);
    rgb[2] = (uint8_t)(40 + x * 2 + y * 4);
}

static uint8_t sample_grey(uint32_t x, uint32_t y) {
    uint8_t rgb[3];
    sample_pixel(rgb, x, y);
    return rgb[0];
}

static void put32(uint8_t *to, uint32_t value, bool big_endian) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> 8 * (big_endian ? 3 - i : i));
}

static void append16(oc__buffer *to, uint32_t value) {
    uint8_t bytes[4];
    put32(bytes, value, false);
    oc__buffer_append(to, bytes, 2);
}

static void append32(oc__buffer *to, uint32_t value) {
    uint8_t bytes[4];
    put32(bytes, value, false);
    oc__buffer_append(to, bytes, 4);
}

static void append8(oc__buffer *to, int value) {
    uint8_t byte = (uint8_t)value;
    oc__buffer_append(to, &byte, 1);
}

size_t make_exif(uint8_t to[64], bool big_endian, uint32_t orientation) {
    static const uint8_t little[] = {'I', 'I', 42, 0,    8, 0, 0, 0, 2, 0, 0x0F, 1, 2, 0, 1, 0, 0, 0, 'x',
                                     0,   0,   0,  0x12, 1, 3, 0, 1, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t big[] = {'M', 'M', 0, 42, 0,    0, 0, 8, 0, 2, 1, 0x0F, 0, 2, 0, 0, 0, 1, 'x',
                                  0,   0,   0, 1,  0x12, 0, 3, 0, 0, 0, 1, 0,    0, 0, 0, 0, 0, 0, 0};
    memcpy(to, big_endian ? big : little, sizeof big);
    to[30] = (uint8_t)(big_endian ? orientation >> 8 : orientation);
    to[31] = (uint8_t)(big_endian ? orientation : orientation >> 8);
    return sizeof big;
}

void make_jpeg(oc__buffer *to, int kind, const void *exif, size_t exif_size) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *data = NULL;
    unsigned long size = 0;
    bool grey = kind == JPEG_GREY, inks = kind == JPEG_CMYK || kind == JPEG_YCCK;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = SAMPLE_WIDTH;
    jpeg.image_height = SAMPLE_HEIGHT;
    jpeg.input_components = grey ? 1 : inks ? 4 : 3;
    jpeg.in_color_space = grey ? JCS_GRAYSCALE : inks ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    if (kind == JPEG_YCCK) jpeg_set_colorspace(&jpeg, JCS_YCCK);
    jpeg_set_quality(&jpeg, 95, TRUE);
    if (kind == JPEG_PROGRESSIVE) jpeg_simple_progression(&jpeg);
    if (kind == JPEG_ARITHMETIC) jpeg.arith_code = TRUE;
    if (kind == JPEG_RESTARTS) jpeg.restart_interval = 1;
    jpeg_start_compress(&jpeg, TRUE);
    if (exif) {
        uint8_t marker[128] = "Exif\0";
        memcpy(marker + 6, exif, exif_size);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, marker, (unsigned)(exif_size + 6));
    }
    for (uint32_t y = 0; y < SAMPLE_HEIGHT; y++) {
        uint8_t row[SAMPLE_WIDTH * 4], rgb[3];
        JSAMPROW rows[1] = {row};
        for (uint32_t x = 0; x < SAMPLE_WIDTH; x++) {
            sample_pixel(rgb, x, y);
            if (grey)
                row[x] = sample_grey(x, y);
            else
                memcpy(row + x * (inks ? 4u : 3u), rgb, 3);
            if (inks) row[x * 4 + 3] = 255; /* inverted: no black */
        }
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    oc__buffer_append(to, data, size);
    free(data);
}

static void png_bytes(png_structp png, png_bytep data, size_t size) { oc__buffer_append(png_get_io_ptr(png), data, size); }
static void png_flushed(png_structp png) { (void)png; }

void make_png(oc__buffer *to, int type, int bits, bool interlaced, const void *exif, size_t exif_size) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    int channels = type == PNG_COLOR_TYPE_RGB ? 3 : type == PNG_COLOR_TYPE_RGBA ? 4 : type == PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1;
    png_set_write_fn(png, to, png_bytes, png_flushed);
    png_set_IHDR(png, info, SAMPLE_WIDTH, SAMPLE_HEIGHT, bits, type, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE) {
        png_color colours[256];
        for (int i = 0; i < 256; i++) {
            png_byte grey = (png_byte)(i * 255 / ((1 << bits) - 1));
            colours[i] = (png_color){grey, grey, grey};
        }
        png_set_PLTE(png, info, colours, 1 << bits);
    }
    if (exif) png_set_eXIf_1(png, info, (png_uint_32)exif_size, (png_bytep)(uintptr_t)exif);
    png_write_info(png, info);
    if (bits < 8) png_set_packing(png);
    static uint8_t pixels[SAMPLE_HEIGHT][SAMPLE_WIDTH * 8];
    uint8_t *rows[SAMPLE_HEIGHT];
    for (uint32_t y = 0; y < SAMPLE_HEIGHT; y++) {
        rows[y] = pixels[y];
        for (uint32_t x = 0; x < SAMPLE_WIDTH; x++) {
            uint8_t values[4] = {0, 0, 0, 255}, rgb[3];
            sample_pixel(rgb, x, y);
            if (channels >= 3)
                memcpy(values, rgb, 3);
            else
                values[0] = bits < 8 ? (uint8_t)(rgb[0] >> (8 - bits)) : rgb[0];
            if (channels == 2) values[1] = 255;
            for (int i = 0; i < channels; i++)
                for (int j = 0; j < (bits + 7) / 8; j++) pixels[y][(x * channels + i) * ((bits + 7) / 8) + j] = values[i];
        }
    }
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
}

void put_png_chunk(oc__buffer *to, const char *type, const void *data, size_t size) {
    uint8_t number[4];
    put32(number, (uint32_t)size, true);
    oc__buffer_append(to, number, 4);
    oc__buffer_append(to, type, 4);
    oc__buffer_append(to, data, size);
    uLong crc = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
    if (size) crc = crc32(crc, data, (uInt)size);
    put32(number, (uint32_t)crc, true);
    oc__buffer_append(to, number, 4);
}

/* Runs of one value each, and literals for the first four pixels of a row. */
static void append_runs(oc__buffer *to, uint32_t y, bool nibbles) {
    uint32_t x = 4, shift = nibbles ? 4 : 0;
    append8(to, 0);
    append8(to, 4);
    for (uint32_t i = 0; i < 4; i += nibbles ? 2 : 1)
        append8(to, nibbles ? (sample_grey(i, y) >> 4) << 4 | sample_grey(i + 1, y) >> 4 : sample_grey(i, y));
    while (x < SAMPLE_WIDTH) {
        uint32_t value = sample_grey(x, y) >> shift, n = 1;
        while (x + n < SAMPLE_WIDTH && (uint32_t)(sample_grey(x + n, y) >> shift) == value) n++;
        append8(to, (int)n);
        append8(to, (int)(nibbles ? value << 4 | value : value));
        x += n;
    }
    append16(to, 0);
}

static void append_bmp_pixel(oc__buffer *to, uint32_t bits, uint32_t x, uint32_t y) {
    uint8_t rgb[3];
    sample_pixel(rgb, x, y);
    if (bits == 16)
        append16(to, (uint32_t)(rgb[0] >> 3) << 11 | (uint32_t)(rgb[1] >> 2) << 5 | rgb[2] >> 3);
    else if (bits == 8)
        append8(to, rgb[0]);
    else {
        const uint8_t bgr[4] = {rgb[2], rgb[1], rgb[0], 255};
        oc__buffer_append(to, bgr, bits / 8);
    }
}

void make_bmp(oc__buffer *to, uint32_t header, uint32_t bits, uint32_t compression, bool top_down) {
    uint32_t n_colours = bits <= 8 ? 1u << bits : 0, colour = header == 12 ? 3 : 4;
    uint32_t masks = header == 40 && compression == 3 ? 12 : 0;
    oc__buffer_append(to, "BM", 2);
    append32(to, 0);
    append32(to, 0);
    append32(to, 14 + header + masks + n_colours * colour);
    append32(to, header);
    if (header == 12) {
        append16(to, SAMPLE_WIDTH);
        append16(to, SAMPLE_HEIGHT);
        append16(to, 1);
        append16(to, bits);
    } else {
        append32(to, SAMPLE_WIDTH);
        append32(to, top_down ? 0u - SAMPLE_HEIGHT : SAMPLE_HEIGHT);
        append16(to, 1);
        append16(to, bits);
        append32(to, compression);
        for (int i = 0; i < 5; i++) append32(to, 0);
        static const uint32_t of16[4] = {0xF800, 0x07E0, 0x001F, 0}, of32[4] = {0xFF0000, 0xFF00, 0xFF, 0xFF000000};
        size_t start = to->size;
        for (uint32_t i = 0; i < (header > 40 ? 4u : masks / 4); i++) append32(to, bits == 16 ? of16[i] : of32[i]);
        if (header > 40) oc__buffer_zeros(to, header - 40 - (to->size - start));
    }
    for (uint32_t i = 0; i < n_colours; i++) {
        uint8_t grey[4] = {0};
        memset(grey, (int)(i * 255 / (n_colours - 1)), 3);
        oc__buffer_append(to, grey, colour);
    }
    for (uint32_t row = 0; row < SAMPLE_HEIGHT; row++) {
        uint32_t y = top_down ? row : SAMPLE_HEIGHT - 1 - row, held = 0;
        size_t start = to->size;
        if (compression == 1 || compression == 2) {
            append_runs(to, y, compression == 2);
            continue;
        }
        for (uint32_t x = 0; x < SAMPLE_WIDTH; x++) {
            if (bits >= 8) {
                append_bmp_pixel(to, bits, x, y);
                continue;
            }
            held = held << bits | sample_grey(x, y) >> (8 - bits);
            if ((x + 1) * bits % 8 == 0) append8(to, (int)(held & 255));
        }
        oc__buffer_zeros(to, (4 - (to->size - start) % 4) % 4);
    }
    if (compression == 1 || compression == 2) append16(to, 0x0100);
}

/* The plainest LZW: looks every string up by walking the whole table. */
static void append_lzw(oc__buffer *to, const uint8_t *values, size_t n) {
    static struct { int before, last; } codes[4096];
    oc__buffer packed = {.context = to->context};
    uint32_t held = 0;
    int next = 258, width = 9, n_held = 0, current = -1;
#define EMIT(code)                                                                                                             \
    do {                                                                                                                       \
        held |= (uint32_t)(code) << n_held;                                                                                    \
        for (n_held += width; n_held >= 8; n_held -= 8, held >>= 8) append8(&packed, (int)(held & 255));                       \
    } while (0)
    EMIT(256);
    for (size_t i = 0; i < n; i++) {
        int found = -1;
        for (int c = 258; c < next && current >= 0 && found < 0; c++)
            if (codes[c].before == current && codes[c].last == values[i]) found = c;
        if (current < 0) found = values[i];
        if (found >= 0) {
            current = found;
            continue;
        }
        EMIT(current);
        if (next < 4096) {
            codes[next].before = current;
            codes[next].last = values[i];
            if (next++ == 1 << width) width++;
        }
        current = values[i];
    }
    EMIT(current);
    EMIT(257);
    if (n_held) append8(&packed, (int)held);
#undef EMIT
    append8(to, 8);
    for (size_t at = 0; at < packed.size; at += 255) {
        size_t size = packed.size - at < 255 ? packed.size - at : 255;
        append8(to, (int)size);
        oc__buffer_append(to, packed.data + at, size);
    }
    append8(to, 0);
    oc__buffer_free(&packed);
}

void make_gif(oc__buffer *to, bool interlaced, int transparent) {
    static const int first[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    uint8_t values[SAMPLE_WIDTH * SAMPLE_HEIGHT];
    size_t n = 0;
    oc__buffer_append(to, "GIF89a", 6);
    append16(to, SAMPLE_WIDTH);
    append16(to, SAMPLE_HEIGHT);
    append8(to, 0xF7);
    append16(to, 0);
    for (int i = 0; i < 768; i++) append8(to, i / 3);
    if (transparent >= 0) {
        const uint8_t control[8] = {0x21, 0xF9, 4, 1, 0, 0, (uint8_t)transparent, 0};
        oc__buffer_append(to, control, 8);
    }
    append8(to, 0x2C);
    append32(to, 0);
    append16(to, SAMPLE_WIDTH);
    append16(to, SAMPLE_HEIGHT);
    append8(to, interlaced ? 0x40 : 0);
    for (int pass = 0; pass < 4; pass++)
        for (uint32_t y = interlaced ? (uint32_t)first[pass] : 0; y < SAMPLE_HEIGHT && (interlaced || pass == 0);
             y += interlaced ? (uint32_t)step[pass] : 1)
            for (uint32_t x = 0; x < SAMPLE_WIDTH; x++) values[n++] = sample_grey(x, y);
    append_lzw(to, values, n);
    append8(to, 0x3B);
}

static sample *add(sample *list, size_t *n, oc_context *context, const char *name, uint32_t grey_bits, int tolerance,
                   bool whole) {
    sample *s = &list[(*n)++];
    *s = (sample){name, {.context = context}, grey_bits, tolerance, whole};
    return s;
}

size_t make_samples(sample **out, oc_context *context) {
    static const char *jpegs[] = {"rgb.jpg",         "grey.jpg",       "cmyk.jpg",    "ycck.jpg",
                                  "progressive.jpg", "arithmetic.jpg", "restarts.jpg"};
    static const struct {
        const char *name;
        int type, bits;
        uint32_t grey_bits;
    } pngs[] = {{"rgb.png", 2, 8, 0},     {"rgb16.png", 2, 16, 0}, {"rgba.png", 6, 8, 0},    {"rgba16.png", 6, 16, 0},
                {"grey.png", 0, 8, 8},    {"grey1.png", 0, 1, 1},  {"grey2.png", 0, 2, 2},   {"grey4.png", 0, 4, 4},
                {"grey16.png", 0, 16, 8}, {"greya.png", 4, 8, 8},  {"palette.png", 3, 8, 8}, {"palette4.png", 3, 4, 4}};
    static const struct {
        const char *name;
        uint32_t header, bits, compression;
        int tolerance;
    } bmps[] = {{"24.bmp", 40, 24, 0, 0},  {"core.bmp", 12, 24, 0, 0}, {"32.bmp", 40, 32, 0, 0},   {"v5.bmp", 124, 32, 3, 0},
                {"565.bmp", 40, 16, 3, 8}, {"8.bmp", 40, 8, 0, 0},     {"core8.bmp", 12, 8, 0, 0}, {"4.bmp", 40, 4, 0, 0},
                {"1.bmp", 40, 1, 0, 0},    {"rle8.bmp", 40, 8, 1, 0},  {"rle4.bmp", 40, 4, 2, 0}};
    size_t n = 0;
    sample *list = calloc(64, sizeof *list);
    for (int i = 0; i < 7; i++)
        make_jpeg(&add(list, &n, context, jpegs[i], i == JPEG_GREY ? 8 : 0, 12, true)->file, i, NULL, 0);
    for (size_t i = 0; i < sizeof pngs / sizeof *pngs * 2; i++)
        make_png(&add(list, &n, context, pngs[i / 2].name, pngs[i / 2].grey_bits, 0, true)->file, pngs[i / 2].type,
                 pngs[i / 2].bits, i & 1, NULL, 0);
    for (size_t i = 0; i < sizeof bmps / sizeof *bmps; i++) {
        bool rle = bmps[i].compression == 1 || bmps[i].compression == 2;
        make_bmp(&add(list, &n, context, bmps[i].name, bmps[i].bits <= 8 ? bmps[i].bits : 0, bmps[i].tolerance,
                      !rle && bmps[i].bits > 1)
                      ->file,
                 bmps[i].header, bmps[i].bits, bmps[i].compression, false);
    }
    make_bmp(&add(list, &n, context, "top_down.bmp", 0, 0, true)->file, 40, 24, 0, true);
    make_gif(&add(list, &n, context, "plain.gif", 8, 0, false)->file, false, -1);
    make_gif(&add(list, &n, context, "interlaced.gif", 8, 0, false)->file, true, -1);
    *out = list;
    return n;
}

void free_samples(sample *samples, size_t n) {
    for (size_t i = 0; i < n; i++) oc__buffer_free(&samples[i].file);
    free(samples);
}

oc_context *new_context(const oc_context_options *options) {
    oc_context *context = NULL;
    oc_context_options o = OC_CONTEXT_OPTIONS_INIT;
    if (options) o = *options;
    o.n_threads = 1;
    if (oc__context_create(&context, &o, NULL)) abort();
    return context;
}

static void *counted_allocate(void *user, size_t size) {
    counter *count = user;
    if (++count->n == count->fail_at) return NULL;
    void *memory = malloc(size);
    count->n_held += memory != NULL;
    return memory;
}

static void counted_release(void *user, void *memory) {
    counter *count = user;
    count->n_held -= memory != NULL;
    free(memory);
}

oc_context *new_counting_context(counter *count) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.allocate = counted_allocate;
    options.release = counted_release;
    options.allocator_user = count;
    return new_context(&options);
}

oc_status open_bytes(oc__bitmap *out, oc_context *context, const void *data, size_t size, oc_error *err) {
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_ENCODED;
    image.data = data;
    image.size = size;
    image.name = "sample";
    return oc__bitmap_open(out, context, &image, 0, err);
}
