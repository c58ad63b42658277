/* The gradient of a 3x3 convolution's weights by Winograd's method (Lavin and Gray 2016). SPDX-License-Identifier: MIT
 *
 * The forward pass multiplies points of filters by points of the input, and its outputs are sums of these products; so the
 * gradient of a filter's points is the sum, over tiles, of the outputs' gradient taken to points by the transposed matrix times
 * the points of the input. The filter's own gradient comes of it by the transposed matrix of the filter.
 *
 * Tiles come in chunks, whose points stay in the last cache. For each chunk, tasks of tiles make the points of both sides; then
 * tasks of blocks of weights, rows of output channels by columns of input channels, each multiply all points. Every sum runs in
 * the order of tiles: the same bits for any number of threads.
 *
 * Scratch: zeros for pixels outside the picture; a chunk's points of the outputs' gradient and of the input; the sums of each
 * block, or, where there is but one chunk, of the block that each worker has in hand. */
#include <string.h>

#include "conv.h"
#include "thread.h"

#define CHUNK_LEAST 1500000 /* floats of a chunk's points. More are allowed where the sums, which all chunks pass over, are */
#define CHUNK_MOST 4000000  /* larger */
#define MAX_POINTS 36
#define LINE 16 /* floats of a cache line; rows of points lie an odd number of lines apart, lest they share the cache's sets */

typedef struct layout {
    const oc__call *call;
    size_t m, n_points;
    size_t tiles_y, tiles_x, n_tiles, n_chunks, chunk; /* chunk: tiles */
    size_t in, out, in_row, out_row;                   /* channels, and floats from tile to tile */
    size_t rows, columns, n_columns, n_tasks, block;   /* of a block of weights; blocks side by side; floats of its sums */
    size_t first;                                      /* this chunk's first tile */
    float *zeros, *gradient_points, *in_points, *sums;
} layout;

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t row_size(size_t channels) { return (channels + LINE - 1) / (2 * LINE) * (2 * LINE) + LINE; }

static layout layout_of(const oc__call *call, uint32_t m) {
    const oc__kernels *kernels = call->kernels;
    layout l = {.call = call, .m = m, .n_points = (size_t)(m + 2) * (m + 2)};
    l.in = call->in_shape[0].c;
    l.out = call->out_shape.c;
    l.tiles_y = divide_up(call->out_shape.h, m);
    l.tiles_x = divide_up(call->out_shape.w, m);
    l.n_tiles = call->out_shape.n * l.tiles_y * l.tiles_x;
    l.in_row = row_size(l.in);
    l.out_row = row_size(l.out);
    size_t most = larger(smaller(l.n_points * l.in * l.out, CHUNK_MOST), CHUNK_LEAST);
    l.n_chunks = divide_up(l.n_points * l.n_tiles * (l.in_row + l.out_row), most);
    l.chunk = divide_up(l.n_tiles, l.n_chunks);
    l.rows = divide_up(l.out, divide_up(l.out, kernels->gemm_tn_rows)); /* even */
    l.columns = kernels->gemm_tn_columns * (l.in < 4 * kernels->gemm_tn_columns ? 1 : 2);
    l.n_columns = divide_up(l.in, l.columns);
    l.n_tasks = divide_up(l.out, l.rows) * l.n_columns;
    l.block = l.n_points * l.rows * l.columns;
    return l;
}

static size_t n_sums(const layout *l) { return (l->n_chunks > 1 ? l->n_tasks : l->call->context->n_threads) * l->block; }
static size_t n_zeros(const layout *l) { return larger(l->in_row, l->out_row); }

size_t oc__conv_winograd_gradient_n_scratch(const oc__call *call, uint32_t m) {
    if (m == 0) return 0;
    layout l = layout_of(call, m);
    return LINE + n_zeros(&l) + l.n_points * l.chunk * (l.in_row + l.out_row) + n_sums(&l);
}

static void place(layout *l) {
    uintptr_t line = LINE * sizeof(float);
    l->zeros = (float *)(((uintptr_t)l->call->scratch + line - 1) / line * line);
    l->gradient_points = l->zeros + n_zeros(l);
    l->in_points = l->gradient_points + l->n_points * l->chunk * l->out_row;
    l->sums = l->in_points + l->n_points * l->chunk * l->in_row;
    memset(l->zeros, 0, n_zeros(l) * sizeof *l->zeros);
}

/* A tile's points of both sides; [point][tile][channel]. */
static void transform_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    const oc__call *call = l->call;
    const float *pixels[MAX_POINTS];
    size_t tile = l->first + task, image = tile / (l->tiles_y * l->tiles_x), in_image = tile % (l->tiles_y * l->tiles_x);
    size_t y = in_image / l->tiles_x * l->m, x = in_image % l->tiles_x * l->m;
    (void)worker;
    oc__conv_winograd_pixels(pixels, l->m, call->out_gradient + image * oc__conv_out_image(call), &call->out_shape, y, x,
                             l->zeros);
    call->kernels->winograd_output_gradient(l->m, l->out, pixels, l->gradient_points + task * l->out_row,
                                            l->chunk * l->out_row);
    oc__conv_winograd_pixels(pixels, l->m + 2, call->in[0] + image * oc__conv_in_image(call), &call->in_shape[0],
                             y - call->node->window.pad_top, x - call->node->window.pad_left, l->zeros);
    call->kernels->winograd_input(l->m, l->in, pixels, l->in_points + task * l->in_row, l->chunk * l->in_row);
}

/* A block of weights: adds this chunk's products, and behind the last chunk writes the gradient. */
static void multiply_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    const oc__kernels *kernels = l->call->kernels;
    size_t row = task / l->n_columns * l->rows, rows = smaller(l->rows, l->out - row);
    size_t column = task % l->n_columns * l->columns, columns = smaller(l->columns, l->in - column);
    size_t n = smaller(l->chunk, l->n_tiles - l->first), stride = l->rows * l->columns;
    float *sums = l->sums + (l->n_chunks > 1 ? task : worker) * l->block;
    if (l->first == 0) memset(sums, 0, l->block * sizeof *sums);
    for (size_t point = 0; point < l->n_points; point++)
        oc__gemm_tn_add(kernels, rows, columns, n, l->gradient_points + point * l->chunk * l->out_row + row, l->out_row,
                        l->in_points + point * l->chunk * l->in_row + column, l->in_row, sums + point * stride, l->columns);
    if (l->first + n < l->n_tiles) return;
    for (size_t r = 0; r < rows; r++)
        kernels->winograd_filter_gradient(l->m, columns, sums + r * l->columns, stride,
                                          l->call->param_gradient[0] + (row + r) * 9 * l->in + column, l->in);
}

void oc__conv_winograd_gradient(const oc__call *call, uint32_t m) {
    layout l = layout_of(call, m);
    place(&l);
    for (; l.first < l.n_tiles; l.first += l.chunk) {
        oc__parallel(call->context, smaller(l.chunk, l.n_tiles - l.first), transform_task, &l);
        oc__parallel(call->context, l.n_tasks, multiply_task, &l);
    }
}
