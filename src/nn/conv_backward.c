/* Convolution, backward. SPDX-License-Identifier: MIT
 *
 * Scratch: GRADIENT_PIECES partial weight gradients, then for each worker the rows of one tile's or one block's unfolded
 * pixels and, with products in bfloat16, the pairs of a block of either side. The forward pass in bfloat16 has it for itself,
 * and so has the gradient of the weights by Winograd's method, which needs no partial ones. */
#include <string.h>

#include "conv.h"
#include "thread.h"

#define GRADIENT_PIECES 4  /* partial sums of the weights' gradient */
#define GRADIENT_BLOCK 256 /* pixels whose rows stay in cache while all tiles of the weights' gradient pass over them */

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t unfolded_size(const oc__call *call, const oc__conv_sizes *s) {
    return s->pointwise ? 0 : larger(call->kernels->gemm_rows, GRADIENT_BLOCK) * s->n_taps * s->depth;
}

static size_t pairs_size(const oc__call *call, const oc__conv_sizes *s) {
    return call->bf16 ? GRADIENT_BLOCK / 2 * (s->columns + s->n_taps * s->depth + 2) : 0;
}

/* Partial weight gradients, where they are not summed by Winograd's method. */
static size_t pieces_size(const oc__call *call) {
    return oc__conv_training_method(call) ? 0 : GRADIENT_PIECES * call->params[0]->count;
}

static size_t worker_size(const oc__call *call, const oc__conv_sizes *s) {
    return unfolded_size(call, s) + pairs_size(call, s);
}

size_t oc__conv_n_scratch(const oc__call *call) {
    if (call->method) return oc__conv_winograd_n_scratch(call);
    if (!call->training) return call->bf16 && !oc__conv_is_depthwise(call) ? oc__conv_bf16_n_scratch(call) : 0;
    oc__conv_sizes s = oc__conv_sizes_of(call);
    if (oc__conv_is_depthwise(call)) return OC__N_PIECES * call->params[0]->count;
    size_t winograd = oc__conv_winograd_gradient_n_scratch(call, oc__conv_training_method(call));
    size_t backward = pieces_size(call) + call->context->n_threads * worker_size(call, &s);
    size_t forward = call->bf16 ? oc__conv_bf16_n_scratch(call) : 0;
    return larger(larger(winograd, backward), forward);
}

static float *unfolded(const oc__call *call, const oc__conv_sizes *s, uint32_t worker) {
    return call->scratch + pieces_size(call) + worker * worker_size(call, s);
}

static oc__bf16_pair *pairs(const oc__call *call, const oc__conv_sizes *s, uint32_t worker) {
    return (oc__bf16_pair *)(void *)(unfolded(call, s, worker) + unfolded_size(call, s));
}

/* c[rows][columns] = out gradient's rows x transposed weights of group g. */
static void transposed_product(const oc__call *call, const oc__conv_sizes *s, size_t row, size_t rows, size_t g, float *c,
                               size_t stride, uint32_t worker) {
    const float *gradient = call->out_gradient + row * call->node->channels + g * s->columns;
    if (call->bf16) {
        oc__bf16_pair *a = pairs(call, s, worker);
        size_t depth = (s->columns + 1) / 2;
        call->bf16->pair_neighbours(rows, s->columns, gradient, call->node->channels, a, depth);
        oc__bf16_rows(call->bf16, rows, s->n_taps * s->depth, depth, a, depth, oc__conv_bf16_transposed(call, g), NULL, false,
                      c, stride);
        return;
    }
    oc__gemm_rows(call->kernels, rows, s->n_taps * s->depth, s->columns, gradient, call->node->channels,
                  oc__conv_transposed(call, s) + g * s->packed_transposed, NULL, false, c, stride, NULL);
}

static void pointwise_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    size_t end = (task + 1) * j->rows_per_task < j->s.n_rows ? (task + 1) * j->rows_per_task : j->s.n_rows;
    size_t tile = call->kernels->gemm_rows, stride = call->in_shape[0].c;
    for (size_t row = task * j->rows_per_task; row < end; row += tile)
        for (size_t g = 0; g < call->node->groups; g++)
            transposed_product(call, &j->s, row, end - row < tile ? end - row : tile, g,
                               call->in_gradient[0] + row * stride + g * j->s.depth, stride, worker);
}

/* One picture: unfolded gradients of a tile of pixels, added to the pixels they come from. */
static void folded_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    const oc__conv_sizes *s = &j->s;
    size_t per_image = s->n_rows / call->out_shape.n, filter = s->n_taps * s->depth, stride = call->in_shape[0].c;
    size_t tile = call->kernels->gemm_rows, end = (task + 1) * per_image;
    float *rows_gradient = unfolded(call, s, worker);
    memset(call->in_gradient[0] + task * oc__conv_in_image(call), 0, oc__conv_in_image(call) * sizeof(float));
    for (size_t row = task * per_image; row < end; row += tile)
        for (size_t g = 0; g < call->node->groups; g++) {
            size_t rows = end - row < tile ? end - row : tile;
            transposed_product(call, s, row, rows, g, rows_gradient, filter, worker);
            for (size_t r = 0; r < rows; r++) {
                oc__conv_corner_at at = oc__conv_corner(call, row + r);
                for (size_t t = 0; t < s->n_taps; t++) {
                    ptrdiff_t pixel = oc__conv_pixel(call, &at, t);
                    if (pixel < 0) continue;
                    float *to = call->in_gradient[0] + (size_t)pixel * stride + g * s->depth;
                    const float *from = rows_gradient + r * filter + t * s->depth;
                    for (size_t k = 0; k < s->depth; k++) to[k] += from[k];
                }
            }
        }
}

/* Input pixels under all taps of `rows` output pixels, [rows][taps][depth]. */
static void unfold(float *to, const oc__call *call, const oc__conv_sizes *s, size_t row, size_t rows, size_t channel) {
    for (size_t r = 0; r < rows; r++) {
        oc__conv_corner_at at = oc__conv_corner(call, row + r);
        for (size_t t = 0; t < s->n_taps; t++, to += s->depth) {
            ptrdiff_t pixel = oc__conv_pixel(call, &at, t);
            if (pixel < 0)
                memset(to, 0, s->depth * sizeof *to);
            else
                memcpy(to, call->in[0] + (size_t)pixel * call->in_shape[0].c + channel, s->depth * sizeof *to);
        }
    }
}

/* c[columns][filter] += (out gradient's rows, transposed) x (unfolded pixels), for a block of pixels. */
static void add_weight_gradient(const oc__call *call, const oc__conv_sizes *s, size_t rows, const float *gradient,
                                const float *pixels, size_t stride, float *sum, uint32_t worker) {
    size_t filter = s->n_taps * s->depth;
    if (call->bf16) {
        oc__bf16_pair *a = pairs(call, s, worker), *b = a + GRADIENT_BLOCK / 2 * s->columns;
        call->bf16->pair_rows(rows, s->columns, gradient, call->node->channels, a, s->columns);
        call->bf16->pair_rows(rows, filter, pixels, stride, b, filter);
        oc__bf16_tn_add(call->bf16, s->columns, filter, (rows + 1) / 2, a, s->columns, b, filter, sum, filter);
        return;
    }
    oc__gemm_tn_add(call->kernels, s->columns, filter, rows, gradient, call->node->channels, pixels, stride, sum, filter);
}

static void weight_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const oc__conv_job *j = argument;
    const oc__call *call = j->call;
    const oc__conv_sizes *s = &j->s;
    size_t filter = s->n_taps * s->depth, n = call->params[0]->count;
    size_t begin = s->n_rows * piece / GRADIENT_PIECES, end = s->n_rows * (piece + 1) / GRADIENT_PIECES;
    float *sum = call->scratch + piece * n;
    memset(sum, 0, n * sizeof *sum);
    for (size_t row = begin; row < end; row += GRADIENT_BLOCK)
        for (size_t g = 0; g < call->node->groups; g++) {
            size_t rows = end - row < GRADIENT_BLOCK ? end - row : GRADIENT_BLOCK;
            const float *b = call->in[0] + row * call->in_shape[0].c + g * s->depth;
            size_t b_stride = call->in_shape[0].c;
            if (!s->pointwise) {
                float *pixels = unfolded(call, s, worker);
                unfold(pixels, call, s, row, rows, g * s->depth);
                b = pixels;
                b_stride = filter;
            }
            add_weight_gradient(call, s, rows, call->out_gradient + row * call->node->channels + g * s->columns, b, b_stride,
                                sum + g * s->columns * filter, worker);
        }
}

static void bias_gradient(const oc__call *call, size_t n_rows) {
    float *gradient = call->param_gradient[1];
    memset(gradient, 0, call->node->channels * sizeof *gradient);
    for (size_t row = 0; row < n_rows; row++)
        call->kernels->add_scaled(call->node->channels, 1, call->out_gradient + row * call->node->channels, gradient);
}

static void depthwise_input_gradient_task(void *argument, size_t task, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = oc__conv_depthwise(call);
    size_t image = task / OC__DEPTHWISE_BANDS, band = task % OC__DEPTHWISE_BANDS;
    (void)worker;
    call->kernels->depthwise_input_gradient(&d, d.height * band / OC__DEPTHWISE_BANDS,
                                            d.height * (band + 1) / OC__DEPTHWISE_BANDS,
                                            call->out_gradient + image * oc__conv_out_image(call), call->packed,
                                            call->in_gradient[0] + image * oc__conv_in_image(call));
}

static void depthwise_weight_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    oc__depthwise d = oc__conv_depthwise(call);
    size_t n = call->params[0]->count, images = call->out_shape.n;
    float *sum = call->scratch + piece * n;
    (void)worker;
    memset(sum, 0, n * sizeof *sum);
    for (size_t image = images * piece / OC__N_PIECES; image < images * (piece + 1) / OC__N_PIECES; image++)
        call->kernels->depthwise_weight_gradient(&d, 0, d.out_height, call->in[0] + image * oc__conv_in_image(call),
                                                 call->out_gradient + image * oc__conv_out_image(call), sum);
}

static void add_pieces(const oc__call *call, size_t n_pieces) {
    size_t n = call->params[0]->count;
    for (size_t piece = 1; piece < n_pieces; piece++) call->kernels->add_scaled(n, 1, call->scratch + piece * n, call->scratch);
}

static void depthwise_backward(const oc__call *call) {
    void *argument = (void *)(uintptr_t)call;
    size_t n_taps = (size_t)call->node->window.kernel_height * call->node->window.kernel_width, channels = call->node->channels;
    if (call->param_gradient[0]) {
        oc__parallel(call->context, OC__N_PIECES, depthwise_weight_gradient_task, argument);
        add_pieces(call, OC__N_PIECES);
        for (size_t c = 0; c < channels; c++)
            for (size_t t = 0; t < n_taps; t++) call->param_gradient[0][c * n_taps + t] = call->scratch[t * channels + c];
    }
    if (call->in_gradient[0])
        oc__parallel(call->context, (size_t)call->out_shape.n * OC__DEPTHWISE_BANDS, depthwise_input_gradient_task, argument);
}

void oc__conv_backward(const oc__call *call) {
    oc__conv_job j = {call, oc__conv_sizes_of(call), 0};
    if (call->param_gradient[1]) bias_gradient(call, j.s.n_rows);
    if (oc__conv_is_depthwise(call)) {
        depthwise_backward(call);
        return;
    }
    uint32_t winograd = oc__conv_training_method(call);
    if (call->param_gradient[0] && winograd) {
        oc__conv_winograd_gradient(call, winograd);
    } else if (call->param_gradient[0]) {
        oc__parallel(call->context, GRADIENT_PIECES, weight_gradient_task, &j);
        add_pieces(call, GRADIENT_PIECES);
        memcpy(call->param_gradient[0], call->scratch, call->params[0]->count * sizeof(float));
    }
    if (call->in_gradient[0] && j.s.pointwise) {
        j.rows_per_task = oc__conv_rows_per_task(call, call->kernels->gemm_rows, j.s.n_rows);
        oc__parallel(call->context, (j.s.n_rows + j.rows_per_task - 1) / j.rows_per_task, pointwise_input_gradient_task, &j);
    } else if (call->in_gradient[0]) {
        oc__parallel(call->context, call->out_shape.n, folded_input_gradient_task, &j);
    }
    if (call->node->n_inputs > 1 && call->in_gradient[1])
        memcpy(call->in_gradient[1], call->out_gradient, j.s.n_rows * call->node->channels * sizeof(float));
}
