/* Padding pictures and their channels, with a constant or with what lies at the edge. SPDX-License-Identifier: MIT */
#include <string.h>

#include "op.h"
#include "thread.h"

#define MAX_PAD 65536

enum { TOP, LEFT, BOTTOM, RIGHT, FRONT, BACK, N_SIDES };

/* The input's index under index `at` of the output, or -1 for the constant. */
static ptrdiff_t source_of(const oc__node *node, size_t at, int before, uint32_t side) {
    ptrdiff_t from = (ptrdiff_t)at - (ptrdiff_t)node->sizes[before], last = (ptrdiff_t)side - 1;
    if (from >= 0 && from <= last) return from;
    if (node->mode == OC__PAD_CONSTANT) return -1;
    if (node->mode == OC__PAD_EDGE) return from < 0 ? 0 : last;
    return from < 0 ? -from : 2 * last - from;
}

/* Index of the input pixel, within its picture, under a pixel of the output; -1 for the constant. */
static ptrdiff_t pixel_under(const oc__call *call, size_t y, size_t x) {
    const oc__shape *in = &call->in_shape[0];
    ptrdiff_t row = source_of(call->node, y, TOP, in->h), column = source_of(call->node, x, LEFT, in->w);
    return row < 0 || column < 0 ? -1 : row * (ptrdiff_t)in->w + column;
}

static void forward_rows(const oc__call *call, size_t begin, size_t end) {
    const oc__node *node = call->node;
    const oc__shape *in = &call->in_shape[0], *out = &call->out_shape;
    float *to = call->out + begin * out->w * out->c;
    for (size_t row = begin; row < end; row++)
        for (size_t x = 0; x < out->w; x++, to += out->c) {
            ptrdiff_t pixel = pixel_under(call, row % out->h, x);
            const float *from = call->in[0] + row / out->h * oc__picture_size(in) + (size_t)(pixel < 0 ? 0 : pixel) * in->c;
            for (size_t k = 0; k < out->c; k++) {
                ptrdiff_t channel = pixel < 0 ? -1 : source_of(node, k, FRONT, in->c);
                if (channel == 0 && k == node->sizes[FRONT]) { /* all that are not padding */
                    memcpy(to + k, from, in->c * sizeof *to);
                    k += in->c - 1;
                } else {
                    to[k] = channel < 0 ? node->function.alpha : from[channel];
                }
            }
        }
    oc__op_finish_some(call, call->out + begin * out->w * out->c, (end - begin) * out->w * out->c);
}

/* One picture, since an input pixel may be under several of the output. */
static void backward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    const oc__shape *in = &call->in_shape[0], *out = &call->out_shape;
    float *picture = call->in_gradient[0] + image * oc__picture_size(in);
    const float *from = call->out_gradient + image * oc__picture_size(out);
    (void)worker;
    memset(picture, 0, oc__picture_size(in) * sizeof *picture);
    for (size_t y = 0; y < out->h; y++)
        for (size_t x = 0; x < out->w; x++, from += out->c) {
            ptrdiff_t pixel = pixel_under(call, y, x);
            for (size_t k = 0; k < out->c && pixel >= 0; k++) {
                ptrdiff_t channel = source_of(call->node, k, FRONT, in->c);
                if (channel >= 0) picture[(size_t)pixel * in->c + (size_t)channel] += from[k];
            }
        }
}

static void forward(const oc__call *call) {
    oc__op_in_pieces(call, (size_t)call->out_shape.n * call->out_shape.h, forward_rows);
}

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__parallel(call->context, call->out_shape.n, backward_task, (void *)(uintptr_t)call);
}

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    static const int after[3] = {BOTTOM, RIGHT, BACK}, before[3] = {TOP, LEFT, FRONT};
    const uint32_t sides[3] = {in[0].h, in[0].w, in[0].c};
    uint32_t padded[3];
    (void)graph;
    for (int i = 0; i < N_SIDES; i++)
        if (node->sizes[i] > MAX_PAD)
            return oc__fail(err, OC_E_CORRUPT, "its padding is %u, at most %d", node->sizes[i], MAX_PAD);
    for (int i = 0; i < 3; i++) {
        uint32_t front = node->sizes[before[i]], back = node->sizes[after[i]];
        uint64_t side = (uint64_t)sides[i] + front + back;
        if (node->mode == OC__PAD_REFLECT && (front >= sides[i] || back >= sides[i]))
            return oc__fail(err, OC_E_ARGUMENT, "%u and %u rows or columns cannot be reflected from %u", front, back, sides[i]);
        if (side > OC__MAX_DIMENSION) return oc__fail(err, OC_E_LIMIT, "%u rows or columns are too many to pad", sides[i]);
        padded[i] = (uint32_t)side;
    }
    *out = (oc__shape){in[0].n, padded[2], padded[0], padded[1]};
    return OC_OK;
}

const oc__op oc__op_pad = {.name = "pad",
                           .min_inputs = 1,
                           .max_inputs = 1,
                           .n_arguments = 1,
                           .last_mode = OC__PAD_EDGE,
                           .n_sizes = N_SIDES,
                           .shape = shape,
                           .forward = forward,
                           .backward = backward};
