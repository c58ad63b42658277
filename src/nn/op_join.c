/* The input, and operators that join several: add, multiply and concat. SPDX-License-Identifier: MIT */
#include <string.h>

#include "op.h"

static oc_status input_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    (void)graph;
    if (node->channels < 1 || node->channels > 65536)
        return oc__fail(err, OC_E_CORRUPT, "has %u channels, expected 1 to 65536", node->channels);
    *out = (oc__shape){in[0].n, node->channels, in[0].h, in[0].w};
    return OC_OK;
}

const oc__op oc__op_input = {.name = "input", .shape = input_shape};

/* The second input fits the first where each of its sides is the first's or 1, height and width both 1 if one is. */
static bool broadcasts(const oc__shape *in) {
    bool plane = in[1].h == in[0].h && in[1].w == in[0].w, pixel = in[1].h == 1 && in[1].w == 1;
    return (plane || pixel) && (in[1].c == in[0].c || in[1].c == 1);
}

static bool same_shape(const oc__shape *in) { return memcmp(&in[0], &in[1], sizeof in[0]) == 0; }

static oc_status join_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    bool strict = node->op == OC__OP_ADD && node->mode != OC__ADD_BROADCAST;
    (void)graph;
    if (strict ? !same_shape(in) : !broadcasts(in))
        return oc__fail(err, OC_E_CORRUPT, "its inputs are %u x %u x %u and %u x %u x %u", in[0].h, in[0].w, in[0].c, in[1].h,
                        in[1].w, in[1].c);
    *out = in[0];
    return OC_OK;
}

/* A run of elements of the first input with what meets them of the second: as many, or one for all. */
static void join_run(const oc__call *call, size_t at, const float *b, bool one, size_t n) {
    const float *a = call->in[0] + at;
    float *out = call->out + at;
    if (call->node->op == OC__OP_ADD && one)
        for (size_t i = 0; i < n; i++) out[i] = a[i] + *b;
    else if (call->node->op == OC__OP_ADD)
        for (size_t i = 0; i < n; i++) out[i] = a[i] + b[i];
    else if (one)
        for (size_t i = 0; i < n; i++) out[i] = a[i] * *b;
    else
        for (size_t i = 0; i < n; i++) out[i] = a[i] * b[i];
}

/* What the second input has for a pixel of the first, counted through all pictures. */
static size_t second_at(const oc__call *call, size_t pixel) {
    const oc__shape *b = &call->in_shape[1];
    size_t plane = (size_t)call->out_shape.h * call->out_shape.w;
    return (b->h == call->out_shape.h && b->w == call->out_shape.w ? pixel : pixel / plane) * b->c;
}

static void join_pixels(const oc__call *call, size_t begin, size_t end) {
    size_t c = call->out_shape.c;
    if (same_shape(call->in_shape)) join_run(call, begin * c, call->in[1] + begin * c, false, (end - begin) * c);
    else
        for (size_t p = begin; p < end; p++)
            join_run(call, p * c, call->in[1] + second_at(call, p), call->in_shape[1].c < c, c);
    oc__op_finish_some(call, call->out + begin * c, (end - begin) * c);
}

static void join_forward(const oc__call *call) { oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), join_pixels); }

/* What the gradient by one input is multiplied with: the other input, or nothing in an addition. */
static const float *factor_of(const oc__call *call, int input) {
    return call->node->op == OC__OP_MULTIPLY ? call->in[1 - input] : NULL;
}

static void first_gradient(const oc__call *call, size_t begin, size_t end) {
    size_t c = call->out_shape.c;
    bool one = call->in_shape[1].c < c;
    for (size_t p = begin; p < end; p++) {
        const float *b = factor_of(call, 0) + second_at(call, p), *dy = call->out_gradient + p * c;
        float *dx = call->in_gradient[0] + p * c;
        for (size_t k = 0; k < c; k++) dx[k] = dy[k] * b[one ? 0 : k];
    }
}

/* to[k] = sum over n_pixels of dy, multiplied by a unless it is NULL, and over all channels too if n_sums is 1. */
#define SUMS 64
static void add_up(float *to, size_t n_sums, const float *dy, const float *a, size_t n_pixels, size_t c) {
    double total = 0;
    for (size_t begin = 0; begin < c; begin += SUMS) {
        double sum[SUMS] = {0};
        size_t n = c - begin < SUMS ? c - begin : SUMS;
        for (size_t p = 0; p < n_pixels; p++)
            for (size_t k = 0; k < n; k++) {
                size_t at = p * c + begin + k;
                sum[k] += a ? (double)dy[at] * (double)a[at] : (double)dy[at];
            }
        for (size_t k = 0; k < n; k++) total += sum[k];
        for (size_t k = 0; k < n && n_sums == c; k++) to[begin + k] = (float)sum[k];
    }
    if (n_sums < c) *to = (float)total;
}

/* Groups of the first input's pixels that meet the same pixel of the second: single ones, or whole pictures. */
static void second_gradient(const oc__call *call, size_t begin, size_t end) {
    const float *a = factor_of(call, 1);
    size_t c = call->out_shape.c, n_sums = call->in_shape[1].c;
    size_t n_pixels = oc__n_pixels(&call->out_shape) / oc__n_pixels(&call->in_shape[1]);
    for (size_t group = begin; group < end; group++) {
        size_t at = group * n_pixels * c;
        add_up(call->in_gradient[1] + group * n_sums, n_sums, call->out_gradient + at, a ? a + at : NULL, n_pixels, c);
    }
}

static void join_backward(const oc__call *call) {
    size_t n = oc__n_pixels(&call->out_shape);
    bool multiplies = call->node->op == OC__OP_MULTIPLY;
    if (call->in_gradient[0] && multiplies) oc__op_in_pieces(call, n, first_gradient);
    else if (call->in_gradient[0])
        memcpy(call->in_gradient[0], call->out_gradient, n * call->out_shape.c * sizeof(float));
    if (call->in_gradient[1]) oc__op_in_pieces(call, oc__n_pixels(&call->in_shape[1]), second_gradient);
}

const oc__op oc__op_add = {.name = "add",
                           .min_inputs = 2,
                           .max_inputs = 2,
                           .last_mode = OC__ADD_BROADCAST,
                           .finishes = true,
                           .shape = join_shape,
                           .forward = join_forward,
                           .backward = join_backward};

const oc__op oc__op_multiply = {.name = "multiply",
                                .min_inputs = 2,
                                .max_inputs = 2,
                                .finishes = true,
                                .shape = join_shape,
                                .forward = join_forward,
                                .backward = join_backward};

static oc_status concat_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    uint64_t channels = 0;
    (void)graph;
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return oc__fail(err, OC_E_CORRUPT, "input %u is %u x %u, input 0 is %u x %u", i, in[i].h, in[i].w, in[0].h,
                            in[0].w);
        channels += in[i].c;
    }
    if (channels > 65536) return oc__fail(err, OC_E_CORRUPT, "has %llu channels, at most 65536", (unsigned long long)channels);
    *out = in[0];
    out->c = (uint32_t)channels;
    return OC_OK;
}

static void concat_pixels(const oc__call *call, size_t begin, size_t end) {
    size_t at = 0, channels = call->out_shape.c;
    for (uint32_t i = 0; i < call->node->n_inputs; i++) {
        size_t c = call->in_shape[i].c;
        for (size_t p = begin; p < end; p++)
            memcpy(call->out + p * channels + at, call->in[i] + p * c, c * sizeof(float));
        at += c;
    }
    oc__op_finish_some(call, call->out + begin * channels, (end - begin) * channels);
}

static void concat_forward(const oc__call *call) { oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), concat_pixels); }

static void concat_backward(const oc__call *call) {
    size_t at = 0, n = oc__n_pixels(&call->out_shape), channels = call->out_shape.c;
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
                              .finishes = true,
                              .shape = concat_shape,
                              .forward = concat_forward,
                              .backward = concat_backward};
