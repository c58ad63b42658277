/* Units of pointwise convolutions. SPDX-License-Identifier: MIT
 *
 * A block of pixels is mapped into scratch, multiplied, and summed while it is in cache. The gradient by the weights is summed
 * for each piece of the pixels in a matrix of its own; where these matrices would be larger than the tensors themselves (deep
 * layers: few pixels, many channels), the mapped input and the raw output's gradient are written out instead, and tasks of
 * rows of weights pass over all pixels.
 *
 * Scratch: packed weights, bias, the pieces' matrices or the two tensors, then for each worker a block of either side. */
#include <string.h>

#include "thread.h"
#include "train_unit.h"

#define BLOCK_SIZE 65536 /* floats of a block, both sides: a quarter of a typical L2 cache */
#define ROW_PIXELS 128   /* pixels whose part of a tile of weights stays in the L1 cache */

typedef struct layout {
    size_t in, out, n_pixels, block;     /* channels, pixels */
    bool by_rows;                        /* tensors written out, tasks of rows of weights */
    bool transposed;                     /* the pieces' matrices are [in][out], which fills the kernel's tiles better */
    size_t bias, sums, worker, n_worker; /* where they begin */
    const oc__unit *unit;
    double *figures; /* forward: the pieces' sums */
} layout;

/* What gemm_tn takes for rows x columns, whose vectors run along the columns. */
static size_t cost(const oc__kernels *kernels, size_t rows, size_t columns) {
    size_t vector = kernels->gemm_tn_columns / 2;
    return rows * ((columns + vector - 1) / vector * vector);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static layout layout_of(const oc__unit *u) {
    const oc__kernels *kernels = u->conv.kernels;
    layout l = {.in = u->conv.in_shape[0].c, .out = u->conv.out_shape.c, .unit = u};
    size_t tile = kernels->gemm_rows, packed, packed_transposed;
    l.n_pixels = (size_t)u->conv.out_shape.n * u->conv.out_shape.h * u->conv.out_shape.w;
    l.block = BLOCK_SIZE / (l.in + l.out);
    if (l.block > OC__UNIT_BLOCK) l.block = OC__UNIT_BLOCK;
    l.block = larger(l.block / tile, 1) * tile;
    l.by_rows = OC__N_PIECES * l.in * l.out > l.n_pixels * (l.in + l.out);
    l.transposed = !l.by_rows && cost(kernels, l.in, l.out) < cost(kernels, l.out, l.in);
    oc__gemm_packed_size(&packed, kernels, 1, l.in, l.out);
    oc__gemm_packed_size(&packed_transposed, kernels, 1, l.out, l.in);
    l.bias = larger(packed, packed_transposed);
    l.sums = l.bias + l.out + kernels->gemm_columns;
    l.worker = l.sums;
    if (u->backward) l.worker += l.by_rows ? l.n_pixels * (l.in + l.out) : OC__N_PIECES * l.in * l.out;
    l.n_worker = oc__unit_n_block(u) + (l.by_rows ? 0 : l.block * (l.in + l.out)) + l.block * l.in;
    return l;
}

static size_t n_scratch(const oc__unit *u) {
    layout l = layout_of(u);
    return l.worker + u->conv.context->n_threads * l.n_worker;
}

static void pack(const layout *l, bool transposed) {
    const oc__unit *u = l->unit;
    const float *weights = u->conv.params[0]->values;
    float *bias = u->scratch + l->bias;
    if (transposed) {
        oc__gemm_pack(u->scratch, u->conv.kernels, 1, l->out, l->in, weights, 0, l->in, 1);
        return;
    }
    oc__gemm_pack(u->scratch, u->conv.kernels, 1, l->in, l->out, weights, 0, 1, l->in);
    memset(bias, 0, (l->out + u->conv.kernels->gemm_columns) * sizeof *bias);
    if (u->conv.node->n_params > 1) memcpy(bias, u->conv.params[1]->values, l->out * sizeof *bias);
}

/* What the block behind pixel p meets in memory: input, raw output, and backward the gradients of both. */
static oc__ahead next_block(const layout *l, size_t p, size_t end, bool backward) {
    const oc__unit *u = l->unit;
    size_t n = end - p < l->block ? end - p : l->block, in = n * l->in, out = n * l->out;
    oc__ahead ahead = {{u->in.data + p * l->in, u->conv.out + p * l->out}, {in, out}};
    if (!backward) return ahead;
    ahead.at[2] = u->gradient + p * l->out, ahead.left[2] = out;
    ahead.at[3] = u->conv.in_gradient[0] + p * l->in, ahead.left[3] = in;
    return ahead;
}

static void forward_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    const oc__unit *u = l->unit;
    double *sums = l->figures + piece * 2 * l->out;
    float *block = u->scratch + l->worker + worker * l->n_worker, *mapped = block + oc__unit_n_block(u);
    size_t end = oc__piece_begin(l->n_pixels, piece + 1);
    memset(sums, 0, 2 * l->out * sizeof *sums);
    for (size_t p = oc__piece_begin(l->n_pixels, piece); p < end; p += l->block) {
        size_t n = end - p < l->block ? end - p : l->block;
        const float *x = oc__view_block(&u->in, u->conv.kernels, l->in, p, n, mapped);
        oc__ahead next = next_block(l, p + n, end, false);
        oc__gemm_rows(u->conv.kernels, n, l->out, l->in, x, l->in, u->scratch, u->scratch + l->bias, false,
                      u->conv.out + p * l->out, l->out, &next);
        oc__unit_sum_raw(u, sums, p, n, block);
    }
}

static void forward(const oc__unit *u, double *sums) {
    layout l = layout_of(u);
    l.figures = sums;
    pack(&l, false);
    oc__parallel(u->conv.context, OC__N_PIECES, forward_task, &l);
}

/* The raw output's gradient and the mapped input, block by block, in the worker's scratch or where the tensors are written. */
static void backward_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    const oc__unit *u = l->unit;
    const oc__kernels *kernels = u->conv.kernels;
    float *block = u->scratch + l->worker + worker * l->n_worker, *sum = u->scratch + l->sums + piece * l->in * l->out;
    size_t end = oc__piece_begin(l->n_pixels, piece + 1);
    if (!l->by_rows) memset(sum, 0, l->in * l->out * sizeof *sum);
    oc__unit_clear_below(u, piece);
    for (size_t p = oc__piece_begin(l->n_pixels, piece); p < end; p += l->block) {
        size_t n = end - p < l->block ? end - p : l->block;
        float *dz = l->by_rows ? u->scratch + l->sums + p * l->out : block + oc__unit_n_block(u);
        float *mapped = l->by_rows ? u->scratch + l->sums + l->n_pixels * l->out + p * l->in : dz + l->block * l->out;
        oc__unit_raw_gradient(u, p, n, dz);
        if (u->conv.param_gradient[0]) {
            const float *x = oc__view_block(&u->in, kernels, l->in, p, n, mapped);
            if (l->transposed) oc__gemm_tn_add(kernels, l->in, l->out, n, x, l->in, dz, l->out, sum, l->out);
            else if (!l->by_rows) oc__gemm_tn_add(kernels, l->out, l->in, n, dz, l->out, x, l->in, sum, l->in);
        }
        if (!u->conv.in_gradient[0]) continue;
        oc__ahead next = next_block(l, p + n, end, true);
        oc__gemm_rows(kernels, n, l->in, l->out, dz, l->out, u->scratch, NULL, u->accumulate,
                      u->conv.in_gradient[0] + p * l->in, l->in, &next);
        oc__unit_sum_below(u, piece, p, n, block);
    }
}

/* A tile's rows of weights, over all pixels. */
static void rows_task(void *argument, size_t task, uint32_t worker) {
    const layout *l = argument;
    const oc__unit *u = l->unit;
    size_t height = u->conv.kernels->gemm_tn_rows, row = task * height, rows = l->out - row < height ? l->out - row : height;
    const float *dz = u->scratch + l->sums + row, *x = u->in.mapped ? dz - row + l->n_pixels * l->out : u->in.data;
    float *to = u->conv.param_gradient[0] + row * l->in;
    (void)worker;
    memset(to, 0, rows * l->in * sizeof *to);
    for (size_t p = 0; p < l->n_pixels; p += ROW_PIXELS) {
        size_t n = l->n_pixels - p < ROW_PIXELS ? l->n_pixels - p : ROW_PIXELS;
        oc__gemm_tn_add(u->conv.kernels, rows, l->in, n, dz + p * l->out, l->out, x + p * l->in, l->in, to, l->in);
    }
}

/* Adds up the pieces' matrices. */
static void add_pieces(const layout *l) {
    const oc__unit *u = l->unit;
    size_t n = l->in * l->out;
    float *sum = u->scratch + l->sums, *to = u->conv.param_gradient[0];
    for (size_t piece = 1; piece < OC__N_PIECES; piece++) u->conv.kernels->add_scaled(n, 1, sum + piece * n, sum);
    if (!l->transposed) memcpy(to, sum, n * sizeof *to);
    for (size_t i = 0; i < l->in && l->transposed; i++)
        for (size_t o = 0; o < l->out; o++) to[o * l->in + i] = sum[i * l->out + o];
}

static void backward(const oc__unit *u) {
    layout l = layout_of(u);
    size_t height = u->conv.kernels->gemm_tn_rows;
    pack(&l, true);
    oc__parallel(u->conv.context, OC__N_PIECES, backward_task, &l);
    if (!u->conv.param_gradient[0]) return;
    if (l.by_rows) oc__parallel(u->conv.context, (l.out + height - 1) / height, rows_task, &l);
    else add_pieces(&l);
}

const oc__unit_kind oc__unit_pointwise = {n_scratch, forward, backward, true};
