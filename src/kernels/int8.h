/* Kernels of 8-bit integer inference. SPDX-License-Identifier: MIT
 *
 * A value is scale * (q - zero), q an unsigned byte; weights are signed bytes in -127 .. 127, without a zero point. Products
 * are summed exactly in 32 bits: the caller keeps every sum below 2^31. A sum becomes a byte by
 *   v = (float)(sum + bias[c]) * multiplier[c]          converted, then multiplied: rounded to nearest even twice
 *   q = clamp(round(v) + zero, low, high)               to the nearest whole number, even if two are as near
 * with |v| < 2^31 and 0 <= low <= high <= 255. So all instruction sets give the same bits.
 *
 * The contracts of kernels.h hold: nothing outside the named elements is touched. */
#ifndef OC_KERNELS_INT8_H
#define OC_KERNELS_INT8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC__INT8_MAX_ROWS 16
#define OC__INT8_MAX_COLUMNS 32

/* One tile of a matrix product or a convolution:
 *   sum[r][j] = sum over t < n_taps, k < depth of a[t * tile_rows + r][k] * b[t][k][j]      for r < rows, j < columns
 * with tile_rows and tile_columns the table's rows and columns. b, bias and multiplier are packed: oc__int8_pack,
 * oc__int8_position. */
typedef struct oc__int8_tile {
    size_t rows, columns, n_taps, depth;
    const uint8_t *const *a;  /* n_taps x tile_rows pointers to `depth` bytes, and up to a multiple of 4 more that may be read
                                 and count for nothing; those of r >= rows too (repeat one) */
    const int8_t *b;          /* one panel */
    const int32_t *bias;      /* tile_columns */
    const float *multiplier;  /* tile_columns */
    const uint8_t *add;       /* or NULL: v += (float)(add[r][j] - add_zero) * add_multiplier, each step rounded */
    size_t add_stride;
    int32_t add_zero;
    float add_multiplier;
    int32_t zero, low, high;
    uint8_t *c; /* NULL: `real` is written instead */
    float *real, real_low, real_high; /* real[r][j] = clamp(v, real_low, real_high) */
    size_t c_stride;                  /* of c or real, in elements */
} oc__int8_tile;

/* A depthwise convolution's weights and the way of its sums, packed: oc__int8_depthwise_pack. */
typedef struct oc__int8_channels {
    const int8_t *weights;
    const int32_t *bias;
    const float *multiplier;
    int32_t in_zero; /* what counts as 0 outside the picture */
    int32_t zero, low, high;
} oc__int8_channels;

/* Two tensors' sum: v = (float)(a - a_zero) * a_multiplier + (float)(b - b_zero) * b_multiplier, each step rounded. */
typedef struct oc__int8_sum {
    int32_t a_zero, b_zero;
    float a_multiplier, b_multiplier;
    int32_t zero, low, high;
} oc__int8_sum;

struct oc__depthwise;

typedef struct oc__int8_kernels {
    size_t rows, columns; /* of a tile */
    void (*gemm)(const oc__int8_tile *tile);

    /* Output rows [begin, end) of one picture, kernels up to OC__INT8_MAX_KERNEL high and wide, stride 1 or 2. */
    size_t depthwise_block; /* channels that are packed together */
    void (*depthwise)(const struct oc__depthwise *shape, size_t begin, size_t end, const uint8_t *in,
                      const oc__int8_channels *channels, uint8_t *out);

    void (*add)(size_t n, const uint8_t *a, const uint8_t *b, const oc__int8_sum *sum, uint8_t *out);
    /* q = clamp(round(x * inverse) + zero, 0, 255), the clamp before the rounding; NaN counts as the lowest. */
    void (*quantise)(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out);
    /* The same for n pixels of 3 channels, which become 4: the last one is `zero`. */
    void (*quantise_threes)(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out);
    /* x = (float)(q - zero) * scale */
    void (*dequantise)(size_t n, const uint8_t *q, float scale, int32_t zero, float *out);
    /* sums[c] += sum over n pixels of in[p][c] */
    void (*channel_sums)(size_t n, size_t channels, const uint8_t *in, int32_t *sums);
    /* out[c] = the largest of taps[t][c], t < n_taps, n_taps >= 1 */
    void (*largest)(size_t n_taps, size_t channels, const uint8_t *const *taps, uint8_t *out);
} oc__int8_kernels;

#define OC__INT8_MAX_KERNEL 7

/* Columns of a panel and channels of a depthwise block do not lie in their own order, but in that in which a set's vectors end
 * up: column or channel j of all is at oc__int8_position(j, size), for panels or blocks of `size`, each of its 4-byte groups
 * moved as a whole: group g of panel columns to g / 2 + g % 2 * size / 8, group g of block channels to g / 4 +
 * g % 4 * size / 16. */
size_t oc__int8_column_at(const oc__int8_kernels *kernels, size_t column);
size_t oc__int8_channel_at(const oc__int8_kernels *kernels, size_t channel);

/* Bytes of a packed b: panels of `columns` columns, each n_taps x ceil(depth / 4) x columns x 4 bytes. False on overflow. */
bool oc__int8_packed_size(size_t *out, const oc__int8_kernels *kernels, size_t n_taps, size_t depth, size_t columns);

/* Puts column `column`, [n_taps][depth], into its place. What no column fills must be 0. */
void oc__int8_pack(int8_t *packed, const oc__int8_kernels *kernels, size_t n_taps, size_t depth, size_t column,
                   const int8_t *filter);

/* Bytes of packed depthwise weights; and one channel's, [kernel_height][kernel_width], put in place as above. */
size_t oc__int8_depthwise_packed_size(const oc__int8_kernels *kernels, const struct oc__depthwise *shape);
void oc__int8_depthwise_pack(int8_t *packed, const oc__int8_kernels *kernels, const struct oc__depthwise *shape, size_t channel,
                             const int8_t *filter);

/* How depthwise weights are packed: per block of channels [row < n_rows][tap column][quad][place of the channel][4]. Byte b of
 * quad q of row n is the tap in kernel row 4 q + b - n * stride, or 0: a quad of input rows serves n_rows output rows. */
typedef struct oc__int8_quads {
    size_t n_rows;  /* output rows computed together */
    size_t n_quads; /* fours of input rows that they meet */
} oc__int8_quads;

oc__int8_quads oc__int8_quads_of(const struct oc__depthwise *shape);

#endif
