/* 3x3 convolution of stride 1 by Winograd's method (Lavin and Gray 2016). SPDX-License-Identifier: MIT
 *
 * Tiles of m x m output pixels. For each of the (m + 2)^2 points one matrix product, whose rows are tiles, does the work of
 * all channels: with m = 4 a quarter of the multiplications.
 * Packed: the filters' points, the bias padded to whole panels, zeros for pixels outside the picture.
 * Scratch: the points of the input, then for each worker the points of one panel of output channels; where each worker has
 * its own block of tiles, both for each worker. */
#include <math.h>
#include <string.h>

#include "conv.h"
#include "thread.h"

#define BLOCK_TILES 2 /* a block of tiles is so many tiles of the matrix product: its points fit the L2 cache */

#define MAX_POINTS 36

/* How the work is laid out. */
typedef struct layout {
    const oc__call *call;
    size_t m, n_points;
    size_t tiles_y, tiles_x, n_tiles;
    size_t depth, columns, panels, packed; /* packed: floats of one point's filters */
    size_t n_blocks, block;                /* tiles in a block */
    size_t in_size, out_size;              /* floats of the points of a block: all input channels, one panel of output */
} layout;

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t n_workers_of(const oc__call *call) { return call->alone ? 1 : call->context->n_threads; }

static layout layout_of(const oc__call *call) {
    layout l = {.call = call, .m = call->method, .n_points = (call->method + 2) * (call->method + 2)};
    size_t rows = call->kernels->gemm_rows, n_workers = n_workers_of(call);
    l.tiles_y = divide_up(call->out_shape.h, l.m);
    l.tiles_x = divide_up(call->out_shape.w, l.m);
    l.n_tiles = call->out_shape.n * l.tiles_y * l.tiles_x;
    l.depth = call->in_shape[0].c;
    l.columns = call->out_shape.c;
    l.panels = divide_up(l.columns, call->kernels->gemm_columns);
    oc__gemm_packed_size(&l.packed, call->kernels, 1, l.depth, l.columns);
    l.n_blocks = divide_up(l.n_tiles, BLOCK_TILES * rows);
    if (l.n_blocks > 1) l.n_blocks = divide_up(l.n_blocks, n_workers) * n_workers;
    l.block = divide_up(l.n_tiles, l.n_blocks);
    l.in_size = l.n_points * l.block * l.depth;
    l.out_size = l.n_points * l.block * call->kernels->gemm_columns;
    return l;
}

/* Multiplications for each pair of channels with tiles of m (0: by the plain way), and what it costs to fetch the weights, or
 * to make their points and fetch them, counted in multiplications: small pictures leave few tiles for many weights. */
#define FETCH 8
#define MAKE 64

static uint64_t cost(const oc__call *call, uint32_t m, uint64_t n_pictures, uint64_t weight) {
    uint64_t height = call->out_shape.h, width = call->out_shape.w;
    if (m == 0) return 9 * (n_pictures * height * width + weight);
    return (uint64_t)(m + 2) * (m + 2) * (n_pictures * divide_up(height, m) * divide_up(width, m) + weight);
}

/* Winograd's tile for a convolution, 0 where the plain way is better; few channels do not pay for the transforms. */
static uint32_t best_tile(const oc__call *call, uint64_t n_pictures, uint64_t weight) {
    const oc__node *node = call->node;
    const oc__window *w = &node->window;
    if (call->bf16) return 0;
    if (w->kernel_height != 3 || w->kernel_width != 3 || w->stride != 1 || w->dilation != 1 || node->groups != 1) return 0;
    if (call->in_shape[0].c < 32 || node->channels < 32) return 0;
    uint32_t best = cost(call, 2, n_pictures, weight) < cost(call, 0, n_pictures, weight) ? 2 : 0;
    return cost(call, 4, n_pictures, weight) < cost(call, best, n_pictures, weight) ? 4 : best;
}

/* In inference it does not look at the batch: a picture's bits would depend on it. */
uint32_t oc__conv_method(const oc__call *call) { return best_tile(call, 1, FETCH); }
uint32_t oc__conv_training_method(const oc__call *call) { return best_tile(call, call->out_shape.n, MAKE); }

size_t oc__conv_winograd_n_packed(const oc__call *call) {
    layout l = layout_of(call);
    return l.n_points * l.packed + l.panels * call->kernels->gemm_columns + l.depth;
}

static const float *bias_of(const layout *l) { return l->call->packed + l->n_points * l->packed; }

/* Where the caller alone has the work, there is scratch for one worker alone. */
static void share_out(const oc__call *call, size_t n_tasks, oc__task_fn function, void *argument) {
    if (!call->alone) oc__parallel(call->context, n_tasks, function, argument);
    else
        for (size_t i = 0; i < n_tasks; i++) function(argument, i, 0);
}

typedef struct pack_job {
    const layout *layout;
    float *packed;
} pack_job;

static void pack_task(void *argument, size_t panel, uint32_t worker) {
    const pack_job *job = argument;
    const layout *l = job->layout;
    (void)worker;
    oc__conv_weights w = oc__conv_weights_of(l->call, 0);
    oc__winograd_pack(job->packed, l->call->kernels, l->m, l->depth, l->columns, w.first, w.tap_stride, w.k_stride,
                      w.column_stride, panel);
}

void oc__conv_winograd_pack(float *packed, const oc__call *call) {
    layout l = layout_of(call);
    const float *bias = call->node->n_params > 1 ? call->params[1]->values : NULL;
    size_t padded = l.panels * call->kernels->gemm_columns;
    pack_job job = {&l, packed};
    share_out(call, l.panels, pack_task, &job);
    packed += l.n_points * l.packed;
    for (size_t j = 0; j < padded; j++) packed[j] = bias && j < l.columns ? bias[j] : 0;
    memset(packed + padded, 0, l.depth * sizeof *packed);
}

size_t oc__conv_winograd_n_scratch(const oc__call *call) {
    layout l = layout_of(call);
    size_t block = smaller(l.n_tiles, BLOCK_TILES * call->kernels->gemm_rows); /* enough for fewer pictures too */
    return n_workers_of(call) * l.n_points * block * (l.depth + call->kernels->gemm_columns);
}

/* The first output pixel of a tile. */
typedef struct corner {
    size_t image, y, x;
} corner;

static corner corner_of(const layout *l, size_t tile) {
    size_t in_image = tile % (l->tiles_y * l->tiles_x);
    return (corner){tile / (l->tiles_y * l->tiles_x), in_image / l->tiles_x * l->m, in_image % l->tiles_x * l->m};
}

void oc__conv_winograd_pixels(const float **pixels, size_t side, const float *picture, const oc__shape *shape, size_t y,
                              size_t x, const float *zeros) {
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++) {
            bool inside = y + i < shape->h && x + j < shape->w;
            *pixels++ = inside ? picture + ((y + i) * shape->w + x + j) * shape->c : zeros;
        }
}

/* To the points of `tile`, the first of which goes to `to`, from where each next is a block further. */
static void transform_tile(const layout *l, size_t tile, float *to) {
    const oc__call *call = l->call;
    const oc__shape *in = &call->in_shape[0];
    const float *pixels[MAX_POINTS], *zeros = bias_of(l) + l->panels * call->kernels->gemm_columns;
    corner at = corner_of(l, tile);
    oc__conv_winograd_pixels(pixels, l->m + 2, call->in[0] + at.image * oc__conv_in_image(call), in,
                             at.y - call->node->window.pad_top, at.x - call->node->window.pad_left, zeros);
    call->kernels->winograd_input(l->m, l->depth, pixels, to, l->block * l->depth);
}

/* out[point][tile][column] of one panel = in[point][tile] x the filters' points, for n tiles. */
static void multiply_points(const layout *l, size_t panel, size_t n, const float *in, float *out) {
    const oc__kernels *kernels = l->call->kernels;
    size_t width = kernels->gemm_columns, rows = divide_up(n, divide_up(n, kernels->gemm_rows)); /* even */
    for (size_t point = 0; point < l->n_points; point++)
        for (size_t first = 0; first < n; first += rows) {
            const float *a[OC__GEMM_MAX_ROWS];
            size_t at = point * l->block + first, n_rows = smaller(rows, n - first);
            for (size_t r = 0; r < kernels->gemm_rows; r++) a[r] = in + (at + smaller(r, n_rows - 1)) * l->depth;
            oc__gemm_tile tile = {
                .rows = n_rows,
                .columns = width,
                .n_taps = 1,
                .depth = l->depth,
                .a = a,
                .b = l->call->packed + point * l->packed + panel * width * l->depth,
                .low = -INFINITY,
                .high = INFINITY,
                .c = out + at * width,
                .c_stride = width,
            };
            kernels->gemm(&tile);
        }
}

static void transform_back(const layout *l, size_t panel, size_t tile, const float *points) {
    const oc__call *call = l->call;
    const oc__shape *shape = &call->out_shape;
    size_t width = call->kernels->gemm_columns, column = panel * width;
    corner at = corner_of(l, tile);
    size_t to = ((at.image * shape->h + at.y) * shape->w + at.x) * l->columns + column;
    bool clamps = call->node->function.code == OC__FUNCTION_NONE; /* else the function does */
    oc__winograd_tile t = {
        .m = l->m,
        .height = smaller(l->m, shape->h - at.y),
        .width = smaller(l->m, shape->w - at.x),
        .channels = smaller(width, l->columns - column),
        .in = points,
        .in_stride = l->block * width,
        .bias = bias_of(l) + column,
        .add = call->node->n_inputs > 1 ? call->in[1] + to : NULL,
        .low = clamps ? call->node->low : -INFINITY,
        .high = clamps ? call->node->high : INFINITY,
        .out = call->out + to,
        .row_stride = shape->w * l->columns,
        .pixel_stride = l->columns,
    };
    call->kernels->winograd_output(&t);
    for (size_t y = 0; y < t.height && !clamps; y++)
        for (size_t x = 0; x < t.width; x++)
            oc__op_finish_some(call, t.out + y * t.row_stride + x * t.pixel_stride, t.channels);
}

/* One panel of output channels of n tiles from `first` on. */
static void do_panel(const layout *l, size_t panel, size_t first, size_t n, const float *in, float *out) {
    multiply_points(l, panel, n, in, out);
    for (size_t t = 0; t < n; t++) transform_back(l, panel, first + t, out + t * l->call->kernels->gemm_columns);
}

/* A block of tiles, all channels. */
static void block_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    float *in = l->call->scratch + worker * (l->in_size + l->out_size), *out = in + l->in_size;
    size_t first = task * l->block, n = first < l->n_tiles ? smaller(l->block, l->n_tiles - first) : 0;
    for (size_t t = 0; t < n; t++) transform_tile(l, first + t, in + t * l->depth);
    for (size_t panel = 0; panel < l->panels && n > 0; panel++) do_panel(l, panel, first, n, in, out);
}

static void transform_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    (void)worker;
    transform_tile(l, task, l->call->scratch + task * l->depth);
}

static void panel_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    do_panel(l, task, 0, l->n_tiles, l->call->scratch, l->call->scratch + l->in_size + worker * l->out_size);
}

void oc__conv_winograd_forward(const oc__call *call) {
    layout l = layout_of(call);
    if (l.n_blocks > 1) {
        share_out(call, l.n_blocks, block_task, &l);
        return;
    }
    share_out(call, l.n_tiles, transform_task, &l);
    share_out(call, l.panels, panel_task, &l);
}
