/* Operators in 8-bit integers besides convolution, and the conversions. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "quantise.h"
#include "thread.h"

static size_t n_pixels(const oc__call *call) { return (size_t)call->out_shape.n * call->out_shape.h * call->out_shape.w; }

/* Piece `piece` of the output's pixels. */
static void pixels_of(size_t *begin, size_t *n, const oc__call *call, size_t piece) {
    *begin = oc__piece_begin(n_pixels(call), piece);
    *n = oc__piece_begin(n_pixels(call), piece + 1) - *begin;
}

static void in_pieces(const oc__call *call, oc__task_fn task) {
    oc__parallel(call->context, OC__N_PIECES, task, (void *)(uintptr_t)call);
}

static oc_status same_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    (void)graph;
    (void)node;
    (void)err;
    *out = in[0];
    return OC_OK;
}

static oc_status quantise_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                                oc_error *err) {
    (void)graph;
    (void)err;
    *out = in[0];
    if (node->channels == 4) out->c = 4;
    return OC_OK;
}

static void quantise_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    const oc__int8_kernels *k8 = &call->kernels->int8;
    float inverse = 1 / call->out_quant.scale;
    size_t begin, n, from = call->in_shape[0].c, to = call->out_shape.c;
    (void)worker;
    pixels_of(&begin, &n, call, piece);
    const float *in = call->in[0] + begin * from;
    uint8_t *out = oc__bytes_out(call) + begin * to;
    if (from == to) k8->quantise(n * from, in, inverse, call->out_quant.zero, out);
    else k8->quantise_threes(n, in, inverse, call->out_quant.zero, out);
}

static void quantise(const oc__call *call) { in_pieces(call, quantise_task); }

static const oc__op op_quantise = {.name = "quantise", .min_inputs = 1, .max_inputs = 1, .shape = quantise_shape,
                                   .forward = quantise};

static void dequantise_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t begin, n, channels = call->out_shape.c;
    (void)worker;
    pixels_of(&begin, &n, call, piece);
    call->kernels->int8.dequantise(n * channels, oc__bytes_in(call, 0) + begin * channels, call->in_quant[0].scale,
                                   call->in_quant[0].zero, call->out + begin * channels);
}

static void dequantise(const oc__call *call) { in_pieces(call, dequantise_task); }

static const oc__op op_dequantise = {.name = "dequantise", .min_inputs = 1, .max_inputs = 1, .shape = same_shape,
                                     .forward = dequantise};

static oc_status add_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    return oc__op_add.shape(out, graph, node, in, err);
}

static void add_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    const oc__quant *a = &call->in_quant[0], *b = &call->in_quant[1], *out = &call->out_quant;
    size_t begin, n, channels = call->out_shape.c;
    oc__int8_sum sum = {.a_zero = a->zero, .b_zero = b->zero, .a_multiplier = a->scale / out->scale,
                        .b_multiplier = b->scale / out->scale, .zero = out->zero,
                        .low = oc__quant_byte(out, call->node->low), .high = oc__quant_byte(out, call->node->high)};
    (void)worker;
    pixels_of(&begin, &n, call, piece);
    begin *= channels;
    call->kernels->int8.add(n * channels, oc__bytes_in(call, 0) + begin, oc__bytes_in(call, 1) + begin, &sum,
                            oc__bytes_out(call) + begin);
}

static void add(const oc__call *call) { in_pieces(call, add_task); }

static const oc__op op_add = {.name = "int8 add", .min_inputs = 2, .max_inputs = 2, .shape = add_shape, .forward = add};

/* Each byte of an input of another scale, in the output's. */
static void fill_table(uint8_t *table, const oc__call *call, uint32_t input) {
    const oc__quant *in = &call->in_quant[input], *out = &call->out_quant;
    int32_t low = oc__quant_byte(out, call->node->low), high = oc__quant_byte(out, call->node->high);
    float factor = in->scale / out->scale;
    for (int32_t q = 0; q < 256; q++) {
        long value = lrintf((float)(q - in->zero) * factor) + out->zero;
        table[q] = (uint8_t)(value < low ? low : value > high ? high : value);
    }
}

static oc_status concat_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    return oc__op_concat.shape(out, graph, node, in, err);
}

static void concat_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t begin, n, channels = call->out_shape.c, at = 0;
    (void)worker;
    pixels_of(&begin, &n, call, piece);
    for (uint32_t i = 0; i < call->node->n_inputs; i++) {
        uint8_t table[256];
        size_t c = call->in_shape[i].c;
        const uint8_t *from = oc__bytes_in(call, i) + begin * c;
        uint8_t *to = oc__bytes_out(call) + begin * channels + at;
        fill_table(table, call, i);
        for (size_t p = 0; p < n; p++, from += c, to += channels)
            for (size_t k = 0; k < c; k++) to[k] = table[from[k]];
        at += c;
    }
}

static void concat(const oc__call *call) { in_pieces(call, concat_task); }

static const oc__op op_concat = {.name = "int8 concat", .min_inputs = 1, .max_inputs = OC__MAX_INPUTS, .shape = concat_shape,
                                 .forward = concat};

static oc_status window_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    (void)graph;
    return oc__window_shape(out, &node->window, &in[0], err);
}

static void max_pool_task(void *argument, size_t row, uint32_t worker) {
    const oc__call *call = argument;
    const oc__window *w = &call->node->window;
    const oc__shape *in = &call->in_shape[0], *out = &call->out_shape;
    size_t image = row / out->h, y = row % out->h, channels = in->c;
    const uint8_t *from = oc__bytes_in(call, 0) + image * in->h * in->w * channels, *taps[15 * 15];
    int32_t low = oc__quant_byte(&call->out_quant, call->node->low), high = oc__quant_byte(&call->out_quant, call->node->high);
    (void)worker;
    for (size_t x = 0; x < out->w; x++) {
        size_t n = 0;
        for (size_t i = 0; i < w->kernel_height; i++)
            for (size_t j = 0; j < w->kernel_width; j++) {
                size_t at_y = y * w->stride + i * w->dilation - w->pad_top,
                       at_x = x * w->stride + j * w->dilation - w->pad_left;
                if (at_y < in->h && at_x < in->w) taps[n++] = from + (at_y * in->w + at_x) * channels;
            }
        uint8_t *to = oc__bytes_out(call) + ((image * out->h + y) * out->w + x) * channels;
        if (n) call->kernels->int8.largest(n, channels, taps, to);
        else memset(to, call->out_quant.zero, channels); /* as in float32, where a window that meets no pixel gives 0 */
        for (size_t c = 0; c < channels && (low > 0 || high < 255); c++)
            to[c] = (uint8_t)(to[c] < low ? low : to[c] > high ? high : to[c]);
    }
}

static void max_pool(const oc__call *call) {
    oc__parallel(call->context, (size_t)call->out_shape.n * call->out_shape.h, max_pool_task, (void *)(uintptr_t)call);
}

static const oc__op op_max_pool = {.name = "int8 max pool", .min_inputs = 1, .max_inputs = 1, .shape = window_shape,
                                   .forward = max_pool};

static oc_status global_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    return oc__op_global_pool.shape(out, graph, node, in, err);
}

/* Sums of so many pixels' bytes fit 31 bits. */
#define PIXELS_PER_SUM ((size_t)1 << 23)

static void global_pool_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    const oc__quant *in = &call->in_quant[0], *out = &call->out_quant;
    size_t channels = call->out_shape.c, n = (size_t)call->in_shape[0].h * call->in_shape[0].w;
    int64_t *totals = (int64_t *)(void *)call->scratch + image * channels;
    int32_t *sums = (int32_t *)(void *)((int64_t *)(void *)call->scratch + call->out_shape.n * channels) + image * channels;
    const uint8_t *pixels = oc__bytes_in(call, 0) + image * n * channels;
    (void)worker;
    memset(totals, 0, channels * sizeof *totals);
    for (size_t p = 0; p < n; p += PIXELS_PER_SUM) {
        memset(sums, 0, channels * sizeof *sums);
        call->kernels->int8.channel_sums(n - p < PIXELS_PER_SUM ? n - p : PIXELS_PER_SUM, channels, pixels + p * channels,
                                         sums);
        for (size_t c = 0; c < channels; c++) totals[c] += sums[c];
    }
    double step = (double)in->scale / (double)n;
    float factor = (float)(out->scale > 0 ? step / (double)out->scale : step), low = call->node->low, high = call->node->high;
    int32_t low_byte = out->scale > 0 ? oc__quant_byte(out, low) : 0,
            high_byte = out->scale > 0 ? oc__quant_byte(out, high) : 0;
    for (size_t c = 0; c < channels; c++) {
        float v = (float)(totals[c] - (int64_t)n * in->zero) * factor;
        if (out->scale > 0) {
            long q = lrintf(v) + out->zero;
            oc__bytes_out(call)[image * channels + c] = (uint8_t)(q < low_byte ? low_byte : q > high_byte ? high_byte : q);
        } else {
            call->out[image * channels + c] = v < low ? low : v > high ? high : v;
        }
    }
}

static size_t global_pool_scratch(const oc__call *call) { return 3 * (size_t)call->out_shape.n * call->out_shape.c; }

static void global_pool(const oc__call *call) {
    oc__parallel(call->context, call->out_shape.n, global_pool_task, (void *)(uintptr_t)call);
}

static const oc__op op_global_pool = {.name = "int8 global pool", .min_inputs = 1, .max_inputs = 1, .shape = global_shape,
                                      .n_scratch = global_pool_scratch, .forward = global_pool};

const oc__op *oc__int8_op_find(uint32_t number) {
    static const oc__op *const ops[OC__N_OPS_INT8 - OC__OP_INT8] = {
        [OC__OP_INT8_QUANTISE - OC__OP_INT8] = &op_quantise,
        [OC__OP_INT8_DEQUANTISE - OC__OP_INT8] = &op_dequantise,
        [OC__OP_INT8_CONV - OC__OP_INT8] = &oc__op_int8_conv,
        [OC__OP_INT8_DEPTHWISE - OC__OP_INT8] = &oc__op_int8_depthwise,
        [OC__OP_INT8_ADD - OC__OP_INT8] = &op_add,
        [OC__OP_INT8_MAX_POOL - OC__OP_INT8] = &op_max_pool,
        [OC__OP_INT8_GLOBAL_POOL - OC__OP_INT8] = &op_global_pool,
        [OC__OP_INT8_CONCAT - OC__OP_INT8] = &op_concat,
    };
    return number >= OC__OP_INT8 && number < OC__N_OPS_INT8 ? ops[number - OC__OP_INT8] : NULL;
}
