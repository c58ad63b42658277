/* The input, and operators that join several: add and concat. SPDX-License-Identifier: MIT */
#include <string.h>

#include "op.h"
#include "thread.h"

static oc_status input_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    (void)graph;
    if (node->channels < 1 || node->channels > 65536)
        return oc__fail(err, OC_E_CORRUPT, "has %u channels, expected 1 to 65536", node->channels);
    *out = (oc__shape){in[0].n, node->channels, in[0].h, in[0].w};
    return OC_OK;
}

const oc__op oc__op_input = {.name = "input", .shape = input_shape};

static size_t n_pixels(const oc__shape *shape) { return (size_t)shape->n * shape->h * shape->w; }

static oc_status add_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    (void)graph;
    (void)node;
    if (memcmp(&in[0], &in[1], sizeof in[0]) != 0)
        return oc__fail(err, OC_E_CORRUPT, "its inputs are %u x %u x %u and %u x %u x %u", in[0].h, in[0].w, in[0].c, in[1].h,
                        in[1].w, in[1].c);
    *out = in[0];
    return OC_OK;
}

static void add_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t n = n_pixels(&call->out_shape) * call->out_shape.c;
    size_t begin = oc__piece_begin(n, piece), end = oc__piece_begin(n, piece + 1);
    const float *a = call->in[0], *b = call->in[1];
    float low = call->node->low, high = call->node->high;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        float sum = a[i] + b[i];
        sum = sum < low ? low : sum;
        call->out[i] = sum > high ? high : sum;
    }
}

static void add_forward(const oc__call *call) {
    oc__parallel(call->context, OC__N_PIECES, add_task, (void *)(uintptr_t)call);
}

static void add_backward(const oc__call *call) {
    size_t size = n_pixels(&call->out_shape) * call->out_shape.c * sizeof(float);
    for (int i = 0; i < 2; i++)
        if (call->in_gradient[i]) memcpy(call->in_gradient[i], call->out_gradient, size);
}

const oc__op oc__op_add = {
    .name = "add", .min_inputs = 2, .max_inputs = 2, .shape = add_shape, .forward = add_forward, .backward = add_backward};

static oc_status concat_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    uint32_t channels = 0;
    (void)graph;
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return oc__fail(err, OC_E_CORRUPT, "input %u is %u x %u, input 0 is %u x %u", i, in[i].h, in[i].w, in[0].h,
                            in[0].w);
        channels += in[i].c;
    }
    if (channels > 65536) return oc__fail(err, OC_E_CORRUPT, "has %u channels, at most 65536", channels);
    *out = in[0];
    out->c = channels;
    return OC_OK;
}

static void concat_forward(const oc__call *call) {
    size_t at = 0, n = n_pixels(&call->out_shape), channels = call->out_shape.c;
    for (uint32_t i = 0; i < call->node->n_inputs; i++) {
        size_t c = call->in_shape[i].c;
        for (size_t p = 0; p < n; p++)
            for (size_t k = 0; k < c; k++) {
                float x = call->in[i][p * c + k];
                x = x < call->node->low ? call->node->low : x;
                call->out[p * channels + at + k] = x > call->node->high ? call->node->high : x;
            }
        at += c;
    }
}

static void concat_backward(const oc__call *call) {
    size_t at = 0, n = n_pixels(&call->out_shape), channels = call->out_shape.c;
    for (uint32_t i = 0; i < call->node->n_inputs; i++) {
        size_t c = call->in_shape[i].c;
        for (size_t p = 0; p < n && call->in_gradient[i]; p++)
            memcpy(call->in_gradient[i] + p * c, call->out_gradient + p * channels + at, c * sizeof(float));
        at += c;
    }
}

const oc__op oc__op_concat = {.name = "concat",
                              .min_inputs = 1,
                              .max_inputs = OC__MAX_INPUTS,
                              .shape = concat_shape,
                              .forward = concat_forward,
                              .backward = concat_backward};
