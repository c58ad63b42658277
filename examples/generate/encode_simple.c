/* SPDX-License-Identifier: MIT
 *
 * BMP and GIF, written by hand. */
#include "encode.h"

#include <stdlib.h>
#include <string.h>

void encode_bmp(bytes *out, const unsigned char *pixels, int width, int height, bmp_layout layout, const unsigned char *palette,
                int n_colours) {
    static const int bits_of[] = {24, 24, 32, 16, 16, 8, 4, 1};
    int bits = bits_of[layout], fields = layout == BMP_565;
    size_t row_size = ((size_t)width * (size_t)bits + 31) / 32 * 4;
    uint32_t start = 14 + 40 + (fields ? 12u : 0u) + 4u * (uint32_t)n_colours;
    uint32_t data_size = (uint32_t)(row_size * (size_t)height);
    int top_down = layout == BMP_24_TOP_DOWN;
    bytes_put(out, "BM", 2);
    bytes_put32(out, start + data_size);
    bytes_put32(out, 0);
    bytes_put32(out, start);
    bytes_put32(out, 40);
    bytes_put32(out, (uint32_t)width);
    bytes_put32(out, top_down ? 0u - (uint32_t)height : (uint32_t)height);
    bytes_put16(out, 1);
    bytes_put16(out, (unsigned)bits);
    bytes_put32(out, fields ? 3 : 0);
    bytes_put32(out, data_size);
    bytes_put32(out, 2835);
    bytes_put32(out, 2835);
    bytes_put32(out, (uint32_t)n_colours);
    bytes_put32(out, 0);
    if (fields) {
        bytes_put32(out, 0xf800);
        bytes_put32(out, 0x07e0);
        bytes_put32(out, 0x001f);
    }
    for (int i = 0; i < n_colours; i++) {
        const unsigned char quad[4] = {palette[3 * i + 2], palette[3 * i + 1], palette[3 * i], 0};
        bytes_put(out, quad, 4);
    }
    unsigned char *row = need(malloc(row_size));
    for (int line = 0; line < height; line++) {
        size_t y = (size_t)(top_down ? line : height - 1 - line), w = (size_t)width;
        memset(row, 0, row_size);
        for (size_t x = 0; x < w; x++) {
            const unsigned char *p = pixels + (bits > 8 ? 3 : 1) * (y * w + x);
            if (bits >= 24) {
                unsigned char *q = row + x * (size_t)bits / 8;
                q[0] = p[2];
                q[1] = p[1];
                q[2] = p[0];
            } else if (bits == 16) {
                int v = (p[0] >> 3) << (fields ? 11 : 10) | (fields ? p[1] >> 2 : p[1] >> 3) << 5 | p[2] >> 3;
                row[2 * x] = (unsigned char)v;
                row[2 * x + 1] = (unsigned char)(v >> 8);
            } else {
                size_t bit = x * (size_t)bits;
                row[bit / 8] = (unsigned char)(row[bit / 8] | p[0] << (8 - bits - (int)(bit % 8)));
            }
        }
        bytes_put(out, row, row_size);
    }
    free(row);
}

/* Codes of growing width, low bits first, in blocks of at most 255 bytes. */
typedef struct gif_bits {
    bytes *out;
    unsigned held;
    int n_held;
    unsigned char block[255];
    int n_block;
} gif_bits;

static void flush_block(gif_bits *b) {
    if (b->n_block > 0) {
        bytes_put8(b->out, (unsigned)b->n_block);
        bytes_put(b->out, b->block, (size_t)b->n_block);
        b->n_block = 0;
    }
}

static void put_code(gif_bits *b, unsigned code, int width) {
    b->held |= code << b->n_held;
    b->n_held += width;
    while (b->n_held >= 8) {
        b->block[b->n_block++] = (unsigned char)b->held;
        if (b->n_block == 255) {
            flush_block(b);
        }
        b->held >>= 8;
        b->n_held -= 8;
    }
}

static void put_lzw(bytes *out, const unsigned char *indices, size_t n) {
    enum { CLEAR = 256, END = 257, FIRST = 258, LIMIT = 4096 };
    uint16_t(*child)[256] = need(calloc(LIMIT, sizeof *child));
    gif_bits b = {.out = out};
    unsigned next = FIRST, prefix = indices[0];
    int width = 9;
    bytes_put8(out, 8);
    put_code(&b, CLEAR, width);
    for (size_t i = 1; i < n; i++) {
        unsigned c = indices[i];
        if (child[prefix][c]) {
            prefix = child[prefix][c];
            continue;
        }
        put_code(&b, prefix, width);
        if (next < LIMIT) {
            child[prefix][c] = (uint16_t)next;
            width += next == 1u << width;
            next++;
        } else {
            put_code(&b, CLEAR, width);
            memset(child, 0, LIMIT * sizeof *child);
            next = FIRST;
            width = 9;
        }
        prefix = c;
    }
    put_code(&b, prefix, width);
    width += next == 1u << width && width < 12;
    put_code(&b, END, width);
    put_code(&b, 0, 7); /* pushes the last bits out */
    flush_block(&b);
    bytes_put8(out, 0);
    free(child);
}

static void put_frame(bytes *out, const unsigned char *indices, int width, int height, const gif_options *options) {
    if (options->transparent >= 0 || options->second) {
        bytes_put8(out, 0x21);
        bytes_put8(out, 0xf9);
        bytes_put8(out, 4);
        bytes_put8(out, options->transparent >= 0 ? 1 : 0);
        bytes_put16(out, 20);
        bytes_put8(out, options->transparent >= 0 ? (unsigned)options->transparent : 0);
        bytes_put8(out, 0);
    }
    bytes_put8(out, 0x2c);
    bytes_put16(out, 0);
    bytes_put16(out, 0);
    bytes_put16(out, (unsigned)width);
    bytes_put16(out, (unsigned)height);
    bytes_put8(out, (options->local_palette ? 0x87u : 0) | (options->interlaced ? 0x40u : 0));
    if (options->local_palette) {
        bytes_put(out, options->palette, 768);
    }
    size_t w = (size_t)width, n = w * (size_t)height;
    unsigned char *ordered = need(malloc(n));
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    size_t at = 0;
    for (int pass = 0; pass < (options->interlaced ? 4 : 1); pass++) {
        for (int y = options->interlaced ? first[pass] : 0; y < height; y += options->interlaced ? step[pass] : 1) {
            memcpy(ordered + at, indices + w * (size_t)y, w);
            at += w;
        }
    }
    put_lzw(out, ordered, n);
    free(ordered);
}

void encode_gif(bytes *out, const unsigned char *indices, int width, int height, const gif_options *options) {
    bytes_put(out, "GIF89a", 6);
    bytes_put16(out, (unsigned)width);
    bytes_put16(out, (unsigned)height);
    bytes_put8(out, options->local_palette ? 0x70 : 0xf7);
    bytes_put8(out, 0);
    bytes_put8(out, 0);
    if (!options->local_palette) {
        bytes_put(out, options->palette, 768);
    }
    if (options->second) {
        bytes_put(out, "\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0", 19);
    }
    put_frame(out, indices, width, height, options);
    if (options->second) {
        put_frame(out, options->second, width, height, options);
    }
    bytes_put8(out, 0x3b);
}
