/* Kernels of bfloat16: products of 16-bit numbers, sums in single precision. SPDX-License-Identifier: MIT
 *
 * A bfloat16 is the upper half of a float. Two of them that are multiplied with the same two others lie in one pair: the
 * first in the lower half.
 *
 * Rounding to bfloat16 is to nearest, ties to even, the same bits in every set; a number too small for a normal float
 * becomes a zero of its sign, a NaN a quiet NaN, one too large infinity. A product of two bfloat16 is exact in single
 * precision. Sums run in the order of pairs, in one accumulator per element; how the two products of a pair are rounded on
 * their way into it, and whether sums too small for a normal float become 0, is the set's own affair: sets agree within
 * rounding. Otherwise the contracts are those of kernels.h.
 */
#ifndef OC_KERNELS_BF16_H
#define OC_KERNELS_BF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t oc__bf16_pair;

/* As oc__gemm_tile with pairs along k: `depth` counts pairs, the last element of an odd number being 0 on both sides. */
typedef struct oc__bf16_tile {
    size_t rows, columns;          /* 1 .. the table's rows, columns */
    size_t n_taps, depth;          /* pairs that one tap multiplies */
    const oc__bf16_pair *const *a; /* n_taps x the table's rows pointers to `depth` pairs each; those of r >= rows too */
    const oc__bf16_pair *b;        /* one packed panel: n_taps x depth x the table's columns */
    const float *bias, *add;       /* these as in oc__gemm_tile */
    size_t add_stride;
    float low, high;
    float *c;
    size_t c_stride;
    const oc__bf16_pair *ahead;
} oc__bf16_tile;

/* c[r][j] += sum over m of a[m][r] * b[m][j], as oc__gemm_tn_tile with pairs along m. `depth` counts pairs. */
typedef struct oc__bf16_tn_tile {
    size_t rows, columns; /* at most the table's tn_rows, tn_columns */
    size_t depth;
    const oc__bf16_pair *a; /* pair m of row r at a[m * a_stride + r] */
    size_t a_stride;
    const oc__bf16_pair *b;
    size_t b_stride;
    float *c;
    size_t c_stride;
} oc__bf16_tn_tile;

/* Room for the largest tile of any set. */
#define OC__BF16_MAX_ROWS 16

typedef struct oc__bf16_kernels {
    size_t rows, columns;
    void (*gemm)(const oc__bf16_tile *tile);

    size_t tn_rows, tn_columns;
    void (*gemm_tn)(const oc__bf16_tn_tile *tile);

    /* n_rows rows of n floats become rows of pairs of neighbours, (n + 1) / 2 of them; an odd last one gets a 0 beside it. */
    void (*pair_neighbours)(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to,
                            size_t to_stride);
    /* n_rows rows of n floats become (n_rows + 1) / 2 rows of n pairs, each of an element and the one below it; an odd last
     * row gets zeros below it. */
    void (*pair_rows)(size_t n_rows, size_t n, const float *from, size_t from_stride, oc__bf16_pair *to, size_t to_stride);
} oc__bf16_kernels;

/* Pairs of a packed b for `columns` columns of n_taps x depth floats. False on overflow. */
bool oc__bf16_packed_size(size_t *out, const oc__bf16_kernels *kernels, size_t n_taps, size_t depth, size_t columns);

/* Packs b panel by panel, as oc__gemm_pack does: element (tap, k, column), a float, is at
 * source[tap * tap_stride + k * k_stride + column * column_stride]. k_stride or column_stride is 1. */
void oc__bf16_pack(oc__bf16_pair *packed, const oc__bf16_kernels *kernels, size_t n_taps, size_t depth, size_t columns,
                   const float *source, ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride);

/* c[r][j] = sum over k of a[r][k] * b[k][j] + bias[j] (which may be NULL), `accumulate`: + c[r][j]; b packed by oc__bf16_pack
 * (one tap). Depth and a_stride count pairs. */
void oc__bf16_rows(const oc__bf16_kernels *kernels, size_t rows, size_t columns, size_t depth, const oc__bf16_pair *a,
                   size_t a_stride, const oc__bf16_pair *packed, const float *bias, bool accumulate, float *c, size_t c_stride);

/* c[r][j] += sum over m of a[m][r] * b[m][j], tile by tile. */
void oc__bf16_tn_add(const oc__bf16_kernels *kernels, size_t rows, size_t columns, size_t depth, const oc__bf16_pair *a,
                     size_t a_stride, const oc__bf16_pair *b, size_t b_stride, float *c, size_t c_stride);

#endif
