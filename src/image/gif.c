/* GIF, its first frame. SPDX-License-Identifier: MIT
 *
 * A file that is cut off after the first frame's last pixel gives that frame. */
#include <string.h>

#include "memory.h"
#include "picture_kinds.h"

#define MAX_CODES 4096

bool oc__gif_claims(const uint8_t *head, size_t size) {
    return size >= 6 && (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0);
}

/* Where reading stands. */
typedef struct reader {
    const oc__encoded *from;
    const uint8_t *at, *end;
    oc_error *err;
} reader;

typedef struct palette {
    const uint8_t *colours; /* 3 bytes each */
    uint32_t n;
} palette;

typedef struct frame {
    uint32_t left, top, width, height;
    palette colours;
    bool interlaced;
    int transparent; /* the index that is transparent, or -1 */
} frame;

static oc_status fail(reader *r, const char *fault) {
    return oc__fail(r->err, OC_E_CORRUPT, "%s: is a damaged GIF: %s", r->from->name, fault);
}

/* The next n bytes, or NULL if the file ends before. */
static const uint8_t *take(reader *r, size_t n) {
    if (n > (size_t)(r->end - r->at)) return NULL;
    const uint8_t *bytes = r->at;
    r->at += n;
    return bytes;
}

static const char cut_off[] = "it ends in the middle";

static oc_status read_palette(palette *out, reader *r, uint8_t flags) {
    if (!(flags & 0x80)) return OC_OK;
    uint32_t n = 2u << (flags & 7);
    const uint8_t *colours = take(r, (size_t)n * 3);
    if (!colours) return fail(r, "it ends in a colour table");
    *out = (palette){colours, n};
    return OC_OK;
}

/* An extension: a label, then blocks of up to 255 bytes, then an empty one. */
static oc_status read_extension(frame *f, reader *r) {
    const uint8_t *label = take(r, 1);
    if (!label) return fail(r, cut_off);
    for (;;) {
        const uint8_t *length = take(r, 1);
        const uint8_t *block = length ? take(r, *length) : NULL;
        if (!block) return fail(r, "it ends in an extension");
        if (*length == 0) return OC_OK;
        if (*label == 0xF9 && *length >= 4) f->transparent = block[0] & 1 ? block[3] : -1;
    }
}

static oc_status read_frame_header(frame *f, reader *r) {
    const uint8_t *header = take(r, 9);
    if (!header) return fail(r, "it ends in the frame's header");
    f->left = oc__le16(header);
    f->top = oc__le16(header + 2);
    f->width = oc__le16(header + 4);
    f->height = oc__le16(header + 6);
    f->interlaced = header[8] & 0x40;
    oc_status status = read_palette(&f->colours, r, header[8]);
    if (status) return status;
    if (!f->colours.n) return fail(r, "it has no colour table");
    if (!f->width || !f->height) return fail(r, "its frame has no pixels");
    return OC_OK;
}

/* Goes through the blocks up to the first frame and reads its header. */
static oc_status find_frame(frame *f, reader *r) {
    uint32_t limit = r->from->context->limits.image_chunks;
    for (uint32_t n = 0;;) {
        const uint8_t *kind = take(r, 1);
        if (!kind || *kind == 0x3B) return fail(r, kind ? "it has no frame" : "it ends before its first frame");
        if (*kind == 0x2C) return read_frame_header(f, r);
        if (*kind != 0x21) return fail(r, "a block of unknown kind comes before its first frame");
        if (++n > limit)
            return oc__fail(r->err, OC_E_LIMIT, "%s: has more than %u extensions, max_image_chunks is %u", r->from->name, limit,
                            limit);
        oc_status status = read_extension(f, r);
        if (status) return status;
    }
}

/* The stream of codes that the blocks hold. */
typedef struct bits {
    reader *r;
    uint32_t held, n_held; /* bits read and not yet used */
    uint32_t left;         /* bytes left in this block */
} bits;

/* The next code of `width` bits, or -1 at the end. */
static int next_code(bits *b, uint32_t width) {
    while (b->n_held < width) {
        if (b->left == 0) {
            const uint8_t *length = take(b->r, 1);
            if (!length || *length == 0) return -1;
            b->left = *length;
        }
        const uint8_t *byte = take(b->r, 1);
        if (!byte) return -1;
        b->left--;
        b->held |= (uint32_t)*byte << b->n_held;
        b->n_held += 8;
    }
    int code = (int)(b->held & ((1u << width) - 1));
    b->held >>= width;
    b->n_held -= width;
    return code;
}

/* Every code above the two special ones stands for the string of an earlier code and one more byte. */
typedef struct table {
    uint16_t before[MAX_CODES];
    uint16_t length[MAX_CODES];
    uint8_t last[MAX_CODES];
    uint8_t first[MAX_CODES];
} table;

static oc_status fail_short(reader *r, size_t have, size_t want) {
    return oc__fail(r->err, OC_E_CORRUPT, "%s: is a damaged GIF: its frame ends after %zu of %zu pixels", r->from->name, have,
                    want);
}

/* Undoes the LZW compression into `n` bytes. */
static oc_status unpack(uint8_t *to, size_t n, table *t, reader *r) {
    const uint8_t *start = take(r, 1);
    if (!start) return fail(r, cut_off);
    if (*start < 1 || *start > 8) return fail(r, "its code size is not 1 to 8 bits");
    const int clear = 1 << *start, stop = clear + 1;
    int next = stop + 1, previous = -1;
    uint32_t width = *start + 1u;
    bits b = {.r = r};
    for (int i = 0; i < clear; i++) {
        t->length[i] = 1;
        t->first[i] = t->last[i] = (uint8_t)i;
    }
    for (size_t done = 0; done < n;) {
        int code = next_code(&b, width);
        if (code < 0 || code == stop) return fail_short(r, done, n);
        if (code == clear) {
            next = stop + 1;
            width = *start + 1u;
            previous = -1;
            continue;
        }
        if (previous < 0 ? code >= clear : code > next || (code == next && next == MAX_CODES))
            return fail(r, "it uses a code before defining it");
        if (previous >= 0 && next < MAX_CODES) {
            t->before[next] = (uint16_t)previous;
            t->length[next] = (uint16_t)(t->length[previous] + 1);
            t->first[next] = t->first[previous];
            t->last[next] = t->first[code == next ? previous : code];
            next++;
            if (next == 1 << width && width < 12) width++;
        }
        size_t length = t->length[code];
        int part = code;
        for (size_t i = length; i-- > 0; part = t->before[part])
            if (i < n - done) to[done + i] = t->last[part];
        done += length < n - done ? length : n - done;
        previous = code;
    }
    return OC_OK;
}

/* The row that comes `index`-th in an interlaced file: every 8th, then the 8ths between, the 4ths, the 2nds. */
static uint32_t interlaced_row(uint32_t index, uint32_t height) {
    static const uint32_t first[4] = {0, 4, 2, 1}, step[4] = {8, 8, 4, 2};
    for (int pass = 0; pass < 3; pass++) {
        uint32_t n = height > first[pass] ? (height - first[pass] + step[pass] - 1) / step[pass] : 0;
        if (index < n) return first[pass] + index * step[pass];
        index -= n;
    }
    return first[3] + index * step[3];
}

static void paint(oc__bitmap *on, const frame *f, const uint8_t *indices) {
    memset(on->pixels, 255, (size_t)on->width * on->height * 3);
    for (uint32_t i = 0; i < f->height; i++) {
        uint32_t y = f->top + (f->interlaced ? interlaced_row(i, f->height) : i);
        uint8_t *to = on->pixels + ((size_t)y * on->width + f->left) * 3;
        const uint8_t *row = indices + (size_t)i * f->width;
        for (uint32_t x = 0; x < f->width; x++, to += 3) {
            if (row[x] == f->transparent) continue;
            if (row[x] < f->colours.n)
                memcpy(to, f->colours.colours + row[x] * 3, 3);
            else
                memset(to, 0, 3);
        }
    }
}

oc_status oc__gif_decode(oc__bitmap *out, const oc__encoded *from, oc_error *err) {
    reader r = {from, from->data + 6, from->data + from->size, err};
    frame f = {.transparent = -1};
    uint8_t *indices = NULL;
    table *codes = NULL;
    oc__bitmap bitmap = {0};
    *out = bitmap;
    const uint8_t *screen = take(&r, 7);
    if (!screen) return fail(&r, "it ends in its header");
    oc_status status = read_palette(&f.colours, &r, screen[4]);
    if (status == OC_OK) status = find_frame(&f, &r);
    if (status) return status;

    /* A frame that reaches beyond the screen widens it, as in browsers. */
    uint32_t width = oc__le16(screen), height = oc__le16(screen + 2);
    if (width < f.left + f.width) width = f.left + f.width;
    if (height < f.top + f.height) height = f.top + f.height;
    if ((status = oc__bitmap_check_size(from, width, height, err))) return status;
    size_t n = (size_t)f.width * f.height;
    if (n / MAX_CODES > from->size) return fail_short(&r, 0, n);
    if (!(indices = oc__alloc(from->context, n)) || !(codes = oc__alloc(from->context, sizeof *codes))) {
        status = oc__fail_nomem(err, from->context, n, from->name);
        goto done;
    }
    if ((status = unpack(indices, n, codes, &r))) goto done;
    if ((status = oc__bitmap_create(&bitmap, from, width, height, err))) goto done;
    paint(&bitmap, &f, indices);
    *out = bitmap;
done:
    oc__free(from->context, codes);
    oc__free(from->context, indices);
    return status;
}
