/* The kernel table: the hot loops, one entry per loop, chosen for the CPU. SPDX-License-Identifier: MIT
 *
 * Everything is float32 in channels-last order: a picture is [height][width][channels], a batch [n][height][width][channels],
 * a pixel's channels are contiguous and pixels follow one another without padding.
 *
 * Contracts shared by all entries: pointers are aligned to 4 bytes, no more; outputs do not overlap inputs unless an entry
 * says they may; nothing is read or written outside the elements an entry names, not even within a vector; nothing is
 * allocated; the caller splits work among threads by giving ranges, and the result does not depend on how it was split
 * unless an entry says so. Rounding: products and sums may be fused; a matrix product's sums run in the order of k (taps, then
 * depth) and a depthwise convolution's in the order of taps, in one accumulator per output element, so that one instruction
 * set always gives the same bits, whatever the tile or the range. Gradients sum in an order of their own that depends on the
 * shape alone. Sets agree with each other within rounding.
 */
#ifndef OC_KERNELS_KERNELS_H
#define OC_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bf16.h"
#include "int8.h"

/* Room for the largest tile of any instruction set. */
#define OC__GEMM_MAX_ROWS 16
#define OC__GEMM_MAX_COLUMNS 64

/* One tile of a matrix product or a convolution:
 *   c[r][j] = clamp(sum over t < n_taps, k < depth of a[t * tile_rows + r][k] * b[(t * depth + k) * tile_columns + j]
 *                   + bias[j] + add[r][j], low, high)           for r < rows, j < columns
 * where tile_rows and tile_columns are the table's gemm_rows and gemm_columns. */
typedef struct oc__gemm_tile {
    size_t rows;           /* 1 .. gemm_rows */
    size_t columns;        /* 1 .. gemm_columns */
    size_t n_taps;         /* 1 for a matrix product, kernel height x width for a convolution; 0: bias and add alone */
    size_t depth;          /* elements of a row that one tap multiplies */
    const float *const *a; /* n_taps x gemm_rows pointers to `depth` floats each; those of r >= rows too (repeat one) */
    const float *b;        /* one packed panel: n_taps x depth x gemm_columns floats, columns past the matrix are 0 */
    const float *bias;     /* gemm_columns floats (those past `columns` may hold anything), or NULL for 0 */
    const float *add;      /* rows of `columns` floats, or NULL; may be c itself (accumulation) */
    size_t add_stride;     /* floats from a row of `add` to the next */
    float low, high;       /* -INFINITY and INFINITY for no clamp. NaN passes through */
    float *c;
    size_t c_stride;   /* floats */
    const float *ahead; /* what to fetch into the cache meanwhile, as much as there is of b; NULL: what follows in b */
} oc__gemm_tile;

/* c[r][j] += sum over m < depth of a[m * a_stride + r] * b[m * b_stride + j], for r < rows, j < columns: the gradient of
 * weights, where m runs over pixels. */
typedef struct oc__gemm_tn_tile {
    size_t rows, columns; /* at most gemm_tn_rows, gemm_tn_columns */
    size_t depth;
    const float *a;
    size_t a_stride;
    const float *b;
    size_t b_stride;
    float *c;
    size_t c_stride;
} oc__gemm_tn_tile;

/* A depthwise convolution (each channel by its own kernel) or the shape of one. Rows and columns outside the input count
 * as 0. */
typedef struct oc__depthwise {
    size_t height, width, channels; /* of the input */
    size_t out_height, out_width;
    size_t kernel_height, kernel_width; /* 1 .. 15 */
    size_t stride;                      /* 1 .. 4, both ways */
    size_t pad_top, pad_left;           /* input row of output row y, kernel row i: y * stride + i - pad_top */
} oc__depthwise;

/* A batch norm with its clamp, as a map of each channel: clamp(x * scale + shift, low, high). */
typedef struct oc__channel_map {
    const float *scale, *shift;
    float low, high;
} oc__channel_map;

/* Functions of one number. The codes stand in model files: they never change. */
#define OC__FUNCTION_NONE 0         /* x */
#define OC__FUNCTION_LEAKY_RELU 1   /* x, alpha x below 0 */
#define OC__FUNCTION_HARD_SIGMOID 2 /* alpha x + beta, clamped to [0, 1] */
#define OC__FUNCTION_HARD_SWISH 3   /* x (x / 6 + 1 / 2, clamped to [0, 1]) */
#define OC__FUNCTION_SIGMOID 4      /* 1 / (1 + exp(-x)) */
#define OC__FUNCTION_SILU 5         /* x / (1 + exp(-x)) */
#define OC__FUNCTION_TANH 6
#define OC__FUNCTION_EXP 7
#define OC__FUNCTION_SQRT 8 /* sqrt(max(x, 0) + alpha) */
#define OC__N_FUNCTIONS 9   /* one past the last */

typedef struct oc__function {
    uint32_t code;
    float alpha, beta;
} oc__function;

/* One tile of a 3x3 convolution of stride 1 by Winograd's method, back from its points: outputs y < height, x < width of
 *   out[y * row_stride + x * pixel_stride + c] = clamp(A points A' + bias[c] + add[the same], low, high),   c < channels
 * where point i of channel c is at in[i * in_stride + c]. */
typedef struct oc__winograd_tile {
    size_t m; /* 2 or 4: a tile has m x m outputs from (m + 2) x (m + 2) points */
    size_t height, width; /* 1 .. m: outputs to write; the others lie past the picture's edge */
    size_t channels;
    const float *in;
    size_t in_stride;
    const float *bias, *add; /* or NULL */
    float low, high;
    float *out;
    size_t row_stride, pixel_stride;
} oc__winograd_tile;

typedef struct oc__kernels {
    const char *name; /* "c", "avx2", "avx512", "avx512vnni", "avx512bf16", "neon" */

    size_t gemm_rows, gemm_columns;
    void (*gemm)(const oc__gemm_tile *tile);

    size_t gemm_tn_rows, gemm_tn_columns;
    void (*gemm_tn)(const oc__gemm_tn_tile *tile);

    /* The (m + 2)^2 points of a tile for Winograd's method: out[i * out_stride + c] = point i of B d B' for c < channels, d
     * the pixels that (m + 2)^2 pointers lead to. m is 2 or 4. */
    void (*winograd_input)(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride);
    void (*winograd_output)(const oc__winograd_tile *tile);
    /* The points of n filters: out[i * out_stride + j] = point i of G g G' for j < n, whose tap t is at
     * filters[t * tap_stride + j]. */
    void (*winograd_filter)(size_t m, size_t n, const float *filters, ptrdiff_t tap_stride, float *out, size_t out_stride);
    /* Backward, to the gradient of the filters: out[i * out_stride + c] = point i of A' y A, y the gradient of the outputs that
     * m^2 pointers lead to; and out[t * tap_stride + j] = tap t of G' p G for j < n, p the points at
     * points[i * point_stride + j]. */
    void (*winograd_output_gradient)(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride);
    void (*winograd_filter_gradient)(size_t m, size_t n, const float *points, size_t point_stride, float *out,
                                     size_t tap_stride);

    /* Output rows [begin, end) of one picture: out = clamp(conv(in, weights) + bias, low, high). weights are
     * [kernel_height][kernel_width][channels]; bias has `channels` floats or is NULL. in and out point to whole pictures. */
    void (*depthwise)(const oc__depthwise *shape, size_t begin, size_t end, const float *in, const float *weights,
                      const float *bias, float low, float high, float *out);
    /* Gradient by the input, input rows [begin, end) of one picture: in_gradient = ... (overwritten). */
    void (*depthwise_input_gradient)(const oc__depthwise *shape, size_t begin, size_t end, const float *out_gradient,
                                     const float *weights, float *in_gradient);
    /* Gradient by the weights over output rows [begin, end) of one picture: weight_gradient += ... The sum's order depends
     * on the split into ranges, not on who computes them. */
    void (*depthwise_weight_gradient)(const oc__depthwise *shape, size_t begin, size_t end, const float *in,
                                      const float *out_gradient, float *weight_gradient);

    /* y[p][c] = clamp(x[p][c] * scale[c] + shift[c] + add[p][c], low, high) for n pixels; add may be NULL; y may be x or
     * add. */
    void (*scale_shift)(size_t n, size_t channels, const float *x, const float *scale, const float *shift, const float *add,
                        float low, float high, float *y);
    /* sum[c] += sum of x[p][c]; sum_squares[c] += sum of (x[p][c] - center[c])^2, each over n pixels, in single precision:
     * the caller keeps n small (some hundreds) and adds up in double. */
    void (*channel_sums)(size_t n, size_t channels, const float *x, const float *center, float *sum, float *sum_squares);
    /* Gradient through the clamp, in place: dy[p][c] = 0 where !(low < y[p][c] < high). n elements. */
    void (*clamp_gradient)(size_t n, const float *y, float low, float high, float *dy);
    /* sum[c] += sum of dy[p][c]; sum_products[c] += sum of dy[p][c] * (x[p][c] - center[c]) over n pixels; n small as above.
     * With a map, dy counts where the map of x lies between its bounds, and as 0 elsewhere; `map` may be NULL. */
    void (*channel_gradient_sums)(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                                  const float *center, float *sum, float *sum_products);
    /* dx[p][c] = dy[p][c] * a[c] + x[p][c] * b[c] + d[c], with dy and map as above; dx may be dy or x. (Batch norm's gradient
     * by its input.) */
    void (*channel_gradient)(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                             const float *a, const float *b, const float *d, float *dx);
    /* y[i] = clamp(function(x[i]), low, high) for n elements; y may be x. Exponentials are good to 2 units in the last place,
     * what is made of them to 4. NaN passes through. */
    void (*activate)(const oc__function *function, size_t n, const float *x, float low, float high, float *y);
    /* dx[i] = dy[i] * function'(x[i]) for n elements; dx may be dy or x. At the bounds of a hard function: 0. */
    void (*activate_gradient)(const oc__function *function, size_t n, const float *x, const float *dy, float *dx);
    /* y[i] += scale * x[i]; n elements. */
    void (*add_scaled)(size_t n, float scale, const float *x, float *y);
    /* sum of x[i] * y[i] in double precision, in the order that the instruction set always takes. */
    double (*dot)(size_t n, const float *x, const float *y);

    const oc__bf16_kernels *bf16; /* NULL where the CPU does not multiply bfloat16 */
    oc__int8_kernels int8;
} oc__kernels;

/* The best table the CPU runs, held down by `mask` ("c", "avx2", ...; NULL or "" for none; an unknown one is passed over).
 * The tables are constant: two contexts may use different ones. */
const oc__kernels *oc__kernels_select(const char *mask);

/* The tables this CPU runs, the reference first, for tests. Returns how many. */
size_t oc__kernels_all(const oc__kernels *tables[8]);

/* Floats of a packed b for `columns` columns of n_taps x depth: ceil(columns / gemm_columns) panels. False on overflow. */
bool oc__gemm_packed_size(size_t *out, const oc__kernels *kernels, size_t n_taps, size_t depth, size_t columns);

/* Packs b panel by panel: columns [i * gemm_columns, ...) begin at packed + i * gemm_columns * n_taps * depth. Element
 * (tap, k, column) is at source[tap * tap_stride + k * k_stride + column * column_stride]. */
void oc__gemm_pack(float *packed, const oc__kernels *kernels, size_t n_taps, size_t depth, size_t columns, const float *source,
                   ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride);

/* Packs one panel of columns of the (m + 2)^2 points of 3x3 filters, whose elements are found in the same way: for each point
 * there are the floats of oc__gemm_packed_size with one tap. */
void oc__winograd_pack(float *packed, const oc__kernels *kernels, size_t m, size_t depth, size_t columns, const float *source,
                       ptrdiff_t tap_stride, ptrdiff_t k_stride, ptrdiff_t column_stride, size_t panel);

/* Stretches of memory that will be wanted next, to be fetched into the cache while a product runs. */
#define OC__MAX_AHEAD 4
typedef struct oc__ahead {
    const float *at[OC__MAX_AHEAD];
    size_t left[OC__MAX_AHEAD]; /* floats; 0 for none */
} oc__ahead;

/* c[r][j] = sum over k < depth of a[r * a_stride + k] * b[k][j] + bias[j], with b packed by oc__gemm_pack (one tap); or, to
 * accumulate, that is added to c. bias may be NULL; else it has floats for whole panels. `ahead` may be NULL; what the product
 * is long enough to fetch is taken off it. */
void oc__gemm_rows(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                   const float *packed, const float *bias, bool accumulate, float *c, size_t c_stride, oc__ahead *ahead);

/* c[r][j] += sum over m < depth of a[m * a_stride + r] * b[m * b_stride + j]. */
void oc__gemm_tn_add(const oc__kernels *kernels, size_t rows, size_t columns, size_t depth, const float *a, size_t a_stride,
                     const float *b, size_t b_stride, float *c, size_t c_stride);

#endif
