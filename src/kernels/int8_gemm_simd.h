/* 8-bit matrix products over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * A tile of rows x 2 vectors of sums stays in registers while k runs by fours; each step loads two vectors of b and multiplies
 * them by four broadcast bytes of each row of a. Where the sums lie in their vectors (oc__int8_column_at) is where the packing
 * of the result takes them from. */
#include <string.h>

#include "clamp.h"

#define LANES (4 * PARTS)
#define COLUMNS (2 * LANES)

INLINE ivec four_bytes(const uint8_t *from) {
    int32_t four;
    memcpy(&four, from, sizeof four);
    return ivec_set(four);
}

/* The floats instead of bytes: for the logits of a whole network, so speed is of no matter. `sums` are the tile's. */
static __attribute__((noinline)) void store_real(const oc__int8_tile *tile, const int32_t *sums) {
    for (size_t r = 0; r < tile->rows; r++) {
        for (size_t j = 0; j < tile->columns; j++) {
            const size_t group = j / 4, at = (group / 2 + group % 2 * PARTS) * 4 + j % 4;
            float v = (float)sums[r * COLUMNS + at] * tile->multiplier[at];
            if (tile->add) v += (float)(tile->add[r * tile->add_stride + j] - tile->add_zero) * tile->add_multiplier;
            tile->real[r * tile->c_stride + j] = oc__clamp(v, tile->real_low, tile->real_high);
        }
    }
}

INLINE void store_tile(const oc__int8_tile *tile, ivec (*sum)[2], const size_t rows, const bool add) {
    const fvec m0 = fvec_load(tile->multiplier), m1 = fvec_load(tile->multiplier + LANES);
    const ivec zero = ivec_set_words(tile->zero), low = ivec_set_words(tile->low), high = ivec_set_words(tile->high);

    UNROLL for (size_t r = 0; r < rows; r++) {
        fvec v0 = fvec_mul(fvec_of(sum[r][0]), m0), v1 = fvec_mul(fvec_of(sum[r][1]), m1);
        if (add) {
            const fvec factor = fvec_set(tile->add_multiplier);
            const ivec other =
                ivec_sub_words(load_words(tile->add + r * tile->add_stride, tile->columns), ivec_set_words(tile->add_zero));
            const ivec sign = sign_of_words(other);
            v0 = fvec_add(v0, fvec_mul(fvec_of(low_words(other, sign)), factor));
            v1 = fvec_add(v1, fvec_mul(fvec_of(high_words(other, sign)), factor));
        }
        const ivec words = add_words_saturated(words_of(rounded(v0), rounded(v1)), zero);
        store_words(tile->c + r * tile->c_stride, clamp_words(words, low, high), tile->columns);
    }
}

INLINE void gemm(const oc__int8_tile *tile, const size_t rows) {
    ivec sum[ROWS][2];
    const int8_t *b = tile->b;
    const size_t depth = tile->depth;

    UNROLL for (size_t r = 0; r < rows; r++) {
        sum[r][0] = ivec_load(tile->bias);
        sum[r][1] = ivec_load(tile->bias + LANES);
    }
    for (size_t t = 0; t < tile->n_taps; t++) {
        const uint8_t *a[ROWS];
        UNROLL for (size_t r = 0; r < rows; r++) a[r] = tile->a[t * ROWS + r];
        for (size_t k = 0; k < depth; k += 4, b += 4 * COLUMNS) {
            const sbytes b0 = sbytes_of(ivec_load(b)), b1 = sbytes_of(ivec_load(b + 4 * LANES));
            UNROLL for (size_t r = 0; r < rows; r++) {
                const ubytes four = ubytes_of(four_bytes(a[r] + k));
                sum[r][0] = dot(sum[r][0], four, b0);
                sum[r][1] = dot(sum[r][1], four, b1);
            }
        }
    }
    if (!tile->c) {
        int32_t sums[ROWS * COLUMNS];
        UNROLL for (size_t r = 0; r < rows; r++) {
            ivec_store(sums + r * COLUMNS, sum[r][0]);
            ivec_store(sums + r * COLUMNS + LANES, sum[r][1]);
        }
        store_real(tile, sums);
    } else if (tile->add) {
        store_tile(tile, sum, rows, true);
    } else {
        store_tile(tile, sum, rows, false);
    }
}

#define CASE(n)                                                                                                                \
    case n:                                                                                                                    \
        if (n <= ROWS) gemm(tile, n <= ROWS ? n : 1);                                                                          \
        break;

_Static_assert(ROWS <= 14, "the cases must list every number of rows");

void SET(gemm)(const oc__int8_tile *tile) {
    switch (tile->rows) {
        CASE(1)
        CASE(2)
        CASE(3)
        CASE(4)
        CASE(5)
        CASE(6)
        CASE(7)
        CASE(8)
        CASE(9)
        CASE(10)
        CASE(11)
        CASE(12)
        CASE(13)
        CASE(14)
    }
}
