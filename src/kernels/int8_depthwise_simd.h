/* 8-bit depthwise convolution over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * A block of channels at a time. First the rows that some output rows meet are interleaved by fours, so that a lane holds four
 * rows of one channel: [column][quad][4 vectors]. One such column serves every output that meets it, in as many output rows
 * as the quad covers, their weights shifted down (oc__int8_quads). The interleaving leaves the channels in the order in which
 * the packing of the results takes them up again. Rows and columns outside the picture are written as in_zero, so the sums
 * need not know of edges. */
#define LANES (4 * PARTS)
#define BLOCK (4 * LANES)
#define MAX_OUTPUTS 16 /* of a row at a time */
#define MAX_QUADS 2
#define MAX_COLUMNS ((MAX_OUTPUTS - 1) * 2 + OC__INT8_MAX_KERNEL)

typedef struct block {
    const oc__depthwise *shape;
    const oc__int8_channels *channels;
    size_t first, n; /* channels */
    const int8_t *weights;
    size_t rows, n_quads; /* output rows; quads of input rows */
} block;

/* Four rows' bytes of one column: from[i] NULL for a row outside. */
INLINE void interleave(uint8_t *to, const uint8_t *const *from, size_t n, ivec outside) {
    ivec row[4];

    UNROLL for (size_t i = 0; i < 4; i++) {
        row[i] = !from[i] ? outside : n == BLOCK ? ivec_load(from[i]) : ivec_load_first(from[i], n);
    }
    const ivec low = low_bytes(row[0], row[1]), high = high_bytes(row[0], row[1]);
    const ivec other_low = low_bytes(row[2], row[3]), other_high = high_bytes(row[2], row[3]);
    ivec_store(to, low_words(low, other_low));
    ivec_store(to + 4 * LANES, high_words(low, other_low));
    ivec_store(to + 8 * LANES, low_words(high, other_high));
    ivec_store(to + 12 * LANES, high_words(high, other_high));
}

/* Columns [left, left + n_columns) of the rows from `top` on. */
static void interleave_columns(uint8_t *to, const block *b, ptrdiff_t top, ptrdiff_t left, size_t n_columns,
                               const uint8_t *in) {
    const oc__depthwise *shape = b->shape;
    const size_t pixel = shape->channels, n_rows = shape->kernel_height + (b->rows - 1) * shape->stride;
    const ivec outside = ivec_set_bytes(b->channels->in_zero);

    for (size_t q = 0; q < b->n_quads; q++) {
        const uint8_t *rows[4], *none[4] = {NULL, NULL, NULL, NULL};
        for (size_t i = 0; i < 4; i++) {
            const ptrdiff_t y = top + (ptrdiff_t)(4 * q + i);
            const bool inside = 4 * q + i < n_rows && y >= 0 && y < (ptrdiff_t)shape->height;
            rows[i] = inside ? in + (size_t)y * shape->width * pixel + b->first : NULL;
        }
        for (size_t c = 0; c < n_columns; c++) {
            uint8_t *place = to + (c * b->n_quads + q) * 4 * BLOCK;
            const ptrdiff_t x = left + (ptrdiff_t)c;
            if (x < 0 || x >= (ptrdiff_t)shape->width) {
                interleave(place, none, BLOCK, outside);
                continue;
            }
            const uint8_t *from[4];
            UNROLL for (size_t i = 0; i < 4; i++) from[i] = rows[i] ? rows[i] + (size_t)x * pixel : NULL;
            interleave(place, from, b->n, outside);
        }
    }
}

INLINE ivec channel_bytes(const block *b, const ivec *sum) {
    const oc__int8_channels *channels = b->channels;
    const ivec zero = ivec_set_words(channels->zero);
    ivec q[4];

    UNROLL for (size_t v = 0; v < 4; v++) {
        q[v] = rounded(fvec_mul(fvec_of(sum[v]), fvec_load(channels->multiplier + b->first + v * LANES)));
    }
    const ivec low = add_words_saturated(words_of(q[0], q[1]), zero), high = add_words_saturated(words_of(q[2], q[3]), zero);
    return clamp_bytes(bytes_of(low, high), ivec_set_bytes(channels->low), ivec_set_bytes(channels->high));
}

/* `run` outputs of `rows` rows, whose first column is at `from`. `out` is at the first of the block's channels. */
INLINE void run_of_outputs(const block *b, const uint8_t *from, uint8_t *out, const size_t run, const size_t rows,
                           const size_t width, const size_t stride, const size_t n_quads) {
    ivec sum[RUN][2][4];

    UNROLL for (size_t v = 0; v < 4; v++) {
        const ivec bias = ivec_load(b->channels->bias + b->first + v * LANES);
        UNROLL for (size_t o = 0; o < run; o++) {
            UNROLL for (size_t n = 0; n < rows; n++) sum[o][n][v] = bias;
        }
        for (size_t q = 0; q < n_quads; q++) {
            UNROLL for (size_t c = 0; c < (run - 1) * stride + width; c++) {
                const ubytes value = ubytes_of(ivec_load(from + ((c * n_quads + q) * 4 + v) * 4 * LANES));
                UNROLL for (size_t o = 0; o < run; o++) {
                    const size_t tap = c - o * stride;
                    if (c < o * stride || tap >= width) continue;
                    UNROLL for (size_t n = 0; n < rows; n++) {
                        const int8_t *w = b->weights + (((n * width + tap) * n_quads + q) * 4 + v) * 4 * LANES;
                        sum[o][n][v] = dot(sum[o][n][v], value, sbytes_of(ivec_load(w)));
                    }
                }
            }
        }
    }
    UNROLL for (size_t n = 0; n < rows; n++) {
        UNROLL for (size_t o = 0; o < run; o++) {
            uint8_t *to = out + (n * b->shape->out_width + o) * b->shape->channels;
            const ivec bytes = channel_bytes(b, sum[o][n]);
            if (b->n == BLOCK) ivec_store(to, bytes);
            else ivec_store_first(to, bytes, b->n);
        }
    }
}

/* n outputs of a row, or of two, from columns that are interleaved. */
INLINE void outputs(const block *b, const uint8_t *from, uint8_t *out, size_t n, const size_t rows, const size_t width,
                    const size_t stride, const size_t n_quads) {
    const size_t column = n_quads * 4 * BLOCK, pixel = b->shape->channels;
    size_t x = 0;

    for (; x + RUN <= n; x += RUN) {
        run_of_outputs(b, from + x * stride * column, out + x * pixel, RUN, rows, width, stride, n_quads);
    }
    for (; x < n; x++) run_of_outputs(b, from + x * stride * column, out + x * pixel, 1, rows, width, stride, n_quads);
}

/* Every shape: one output at a time, loops that are not unrolled. */
static void any_outputs(const block *b, const uint8_t *from, uint8_t *out, size_t n) {
    const size_t width = b->shape->kernel_width, n_quads = b->n_quads, stride = b->shape->stride;

    for (size_t r = 0; r < b->rows; r++) {
        for (size_t x = 0; x < n; x++) {
            ivec sum[4];
            for (size_t v = 0; v < 4; v++) {
                sum[v] = ivec_load(b->channels->bias + b->first + v * LANES);
                for (size_t i = 0; i < width * n_quads; i++) { /* taps and quads follow one another in both */
                    const uint8_t *value = from + ((x * stride * n_quads + i) * 4 + v) * 4 * LANES;
                    const int8_t *w = b->weights + ((r * width * n_quads + i) * 4 + v) * 4 * LANES;
                    sum[v] = dot(sum[v], ubytes_of(ivec_load(value)), sbytes_of(ivec_load(w)));
                }
            }
            ivec_store_first(out + (r * b->shape->out_width + x) * b->shape->channels, channel_bytes(b, sum), b->n);
        }
    }
}

static void some_outputs(const block *b, const uint8_t *from, uint8_t *out, size_t n) {
    const oc__depthwise *shape = b->shape;
    const size_t kind = shape->kernel_height == shape->kernel_width ? shape->kernel_width * 10 + shape->stride : 0;

    if (kind == 31 && b->rows == 2) outputs(b, from, out, n, 2, 3, 1, 1);
    else if (kind == 31) outputs(b, from, out, n, 1, 3, 1, 1);
    else if (kind == 32) outputs(b, from, out, n, 1, 3, 2, 1);
    else if (kind == 51 && b->rows == 2) outputs(b, from, out, n, 2, 5, 1, 2);
    else if (kind == 51) outputs(b, from, out, n, 1, 5, 1, 2);
    else if (kind == 52) outputs(b, from, out, n, 1, 5, 2, 2);
    else any_outputs(b, from, out, n);
}

void SET(depthwise)(const oc__depthwise *shape, size_t begin, size_t end, const uint8_t *in, const oc__int8_channels *channels,
                    uint8_t *out) {
    const oc__int8_quads quads = oc__int8_quads_of(shape);
    const size_t block_size = quads.n_rows * shape->kernel_width * quads.n_quads * 4 * BLOCK;
    const size_t pieces = (shape->out_width + MAX_OUTPUTS - 1) / MAX_OUTPUTS, piece = (shape->out_width + pieces - 1) / pieces;
    uint8_t columns[MAX_COLUMNS * MAX_QUADS * 4 * BLOCK];

    for (size_t y = begin; y < end;) {
        block b = {.shape = shape, .channels = channels, .n_quads = quads.n_quads};
        b.rows = end - y < quads.n_rows ? end - y : quads.n_rows;
        for (size_t x = 0; x < shape->out_width; x += piece) {
            const size_t n = shape->out_width - x < piece ? shape->out_width - x : piece;
            const ptrdiff_t top = (ptrdiff_t)(y * shape->stride) - (ptrdiff_t)shape->pad_top;
            const ptrdiff_t left = (ptrdiff_t)(x * shape->stride) - (ptrdiff_t)shape->pad_left;
            for (b.first = 0; b.first < shape->channels; b.first += BLOCK) {
                b.n = shape->channels - b.first < BLOCK ? shape->channels - b.first : BLOCK;
                b.weights = channels->weights + b.first / BLOCK * block_size;
                interleave_columns(columns, &b, top, left, (n - 1) * shape->stride + shape->kernel_width, in);
                some_outputs(&b, columns, out + (y * shape->out_width + x) * shape->channels + b.first, n);
            }
        }
        y += b.rows;
    }
}
