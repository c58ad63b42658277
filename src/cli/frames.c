/* Frames of a stream.
 * SPDX-License-Identifier: MIT */
#include "frames.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "console.h"
#include "platform.h"

#define CHUNK ((size_t)1 << 16)
#define MAX_FRAME ((size_t)64 << 20)

int frames_open(frames *f, char *const *operands, size_t n) {
    f->from_input = n == 1 && strcmp(operands[0], "-") == 0;
    if (f->from_input) return STATUS_DONE;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(operands[i], "-") != 0) continue;
        console_error("-: standard input is a stream of its own, without files beside it");
        return STATUS_FAILED;
    }
    pictures_collect(&f->pictures, operands, n, true);
    return f->pictures.n_failed > 0 ? STATUS_FAILED : STATUS_DONE;
}

void frames_close(frames *f) {
    pictures_free(&f->pictures);
    free(f->bytes);
}

/* How long the JPEG is that begins at `p`, by its markers; 0 if it does not end within the n bytes. */
static size_t jpeg_length(const unsigned char *p, size_t n) {
    for (size_t at = 2; at + 4 <= n;) {
        if (p[at] != 0xFF) return at; /* damaged: up to here */
        unsigned char marker = p[at + 1];
        if (marker == 0xFF) {
            at++;
            continue;
        }
        if (marker == 0xD9) return at + 2;
        if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
            at += 2;
            continue;
        }
        at += 2 + ((size_t)p[at + 2] << 8) + p[at + 3];
        if (marker != 0xDA) continue;
        /* The picture itself, up to a marker that is no part of it. */
        while (at + 2 <= n &&
               !(p[at] == 0xFF && p[at + 1] != 0 && !(p[at + 1] >= 0xD0 && p[at + 1] <= 0xD7) && p[at + 1] != 0xFF))
            at++;
        if (at + 2 <= n && p[at + 1] == 0xD9) return at + 2;
    }
    return 0;
}

/* Reads on; false at the end. */
static bool read_more(frames *f) {
    if (f->ended || f->n > MAX_FRAME) return false;
    if (f->capacity - f->n < CHUNK) f->bytes = text_reallocate(f->bytes, f->capacity = 2 * f->capacity + CHUNK);
    size_t got = platform_read_input(f->bytes + f->n, f->capacity - f->n);
    f->ended = got == 0;
    f->n += got;
    return got > 0;
}

/* Makes what begins like a JPEG the first bytes; false at the end. */
static bool find_start(frames *f) {
    for (;;) {
        size_t at = 0;
        while (at + 2 < f->n && !(f->bytes[at] == 0xFF && f->bytes[at + 1] == 0xD8 && f->bytes[at + 2] == 0xFF)) at++;
        if (at > 0) memmove(f->bytes, f->bytes + at, f->n - at);
        f->n -= at;
        if (f->n >= 3 && f->bytes[0] == 0xFF && f->bytes[1] == 0xD8 && f->bytes[2] == 0xFF) return true;
        if (!read_more(f)) return false;
    }
}

static bool next_of_input(frames *f, oc_image *image) {
    if (f->used > 0) memmove(f->bytes, f->bytes + f->used, f->n - f->used);
    f->n -= f->used;
    f->used = 0;
    if (!find_start(f)) return false;
    while ((f->used = jpeg_length(f->bytes, f->n)) == 0 && read_more(f)) {
    }
    if (f->used == 0) f->used = f->n; /* the last one, cut short: the decoder says so */
    snprintf(f->name, sizeof(f->name), "frame %zu", ++f->next);
    image->format = OC_IMAGE_ENCODED;
    image->data = f->bytes;
    image->size = f->used;
    image->name = f->name;
    return true;
}

bool frames_next(frames *f, oc_image *image) {
    const oc_image blank = OC_IMAGE_INIT;
    *image = blank;
    if (f->from_input) return next_of_input(f, image);
    if (f->next == f->pictures.n) return false;
    *image = pictures_image(&f->pictures, f->next++);
    return true;
}
