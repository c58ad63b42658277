/* The two inner loops of resizing, for resample.c only. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_RESAMPLE_ROWS_H
#define OC_IMAGE_RESAMPLE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC__WEIGHT_POINT 22 /* bits of a weight after the point */
#define OC__WEIGHT_LOW 11   /* of those, the bits in the lower half of a pair */

/* Two neighbouring weights, each cut into a high and a low part that fit 16 bits: weight = high * 2^11 + low. */
typedef struct oc__weight_pair {
    int16_t high[2], low[2];
} oc__weight_pair;

/* The weights along one axis. */
typedef struct oc__axis {
    uint32_t n, most; /* outputs, and the most inputs that any of them has */
    uint32_t *first, *count;
    int32_t *weights;       /* `most` for each output */
    oc__weight_pair *pairs; /* the same, (most + 1) / 2 for each output; what is missing in the last is 0 */
    uint32_t begin, end;    /* of the inputs used at all */
    bool unchanged;         /* output equals input */
} oc__axis;

static inline oc__weight_pair oc__pair_weights(int32_t a, int32_t b) {
    const int32_t step = 1 << OC__WEIGHT_LOW, low_a = a & (step - 1), low_b = b & (step - 1);
    return (oc__weight_pair){{(int16_t)((a - low_a) / step), (int16_t)((b - low_b) / step)}, {(int16_t)low_a, (int16_t)low_b}};
}

/* Bytes of scratch memory that oc__across needs. */
size_t oc__across_scratch(const oc__axis *a);

/* Resizes two RGB rows along x; they may be the same. */
void oc__across(uint8_t *upper_out, uint8_t *lower_out, const uint8_t *upper, const uint8_t *lower, void *scratch,
                const oc__axis *a);

/* Output row `i` along y, `stride` bytes, from rows of `stride` bytes of which the first is a->first[i]. */
void oc__down(uint8_t *out, const uint8_t *rows, size_t stride, const oc__axis *a, uint32_t i);

#endif
