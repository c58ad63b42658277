/* Operators that move elements within a picture: reshape, transpose, slice, channel shuffle. SPDX-License-Identifier: MIT
 *
 * Each output element is one input element, so the gradient takes the same way back. */
#include <string.h>

#include "op.h"

/* Where an output element comes from: element (i, j, k) of a grid of `sizes` is input element first + i step[0] + j step[1] +
 * k step[2] of its picture. The grid's elements lie in the output one after the other. */
typedef struct way {
    size_t sizes[3], first, step[3];
} way;

static way way_of(const oc__call *call) {
    const oc__node *node = call->node;
    const oc__shape *in = &call->in_shape[0], *out = &call->out_shape;
    size_t stride[3] = {(size_t)in->w * in->c, in->c, 1};
    way w = {{out->h, out->w, out->c}, 0, {stride[0], stride[1], stride[2]}};
    if (node->op == OC__OP_TRANSPOSE)
        for (int i = 0; i < 3; i++) w.step[i] = stride[node->sizes[i]];
    else if (node->op == OC__OP_SLICE)
        for (int i = 0; i < 3; i++) {
            w.first += node->sizes[3 * i] * stride[i];
            w.step[i] = node->sizes[3 * i + 2] * stride[i];
        }
    else if (node->op == OC__OP_CHANNEL_SHUFFLE)
        w = (way){{(size_t)in->h * in->w, in->c / node->groups, node->groups}, 0, {in->c, 1, in->c / node->groups}};
    return w;
}

/* Rows of the grid, counted through all pictures. */
static void forward_rows(const oc__call *call, size_t begin, size_t end) {
    way w = way_of(call);
    size_t row_size = w.sizes[1] * w.sizes[2], in_size = oc__picture_size(&call->in_shape[0]);
    float *to = call->out + begin * row_size;
    for (size_t row = begin; row < end; row++) {
        const float *from = call->in[0] + row / w.sizes[0] * in_size + w.first + row % w.sizes[0] * w.step[0];
        for (size_t j = 0; j < w.sizes[1]; j++, to += w.sizes[2], from += w.step[1]) {
            if (w.step[2] == 1) memcpy(to, from, w.sizes[2] * sizeof *to);
            else
                for (size_t k = 0; k < w.sizes[2]; k++) to[k] = from[k * w.step[2]];
        }
    }
    oc__op_finish_some(call, call->out + begin * row_size, (end - begin) * row_size);
}

static void backward_rows(const oc__call *call, size_t begin, size_t end) {
    way w = way_of(call);
    const float *from = call->out_gradient + begin * w.sizes[1] * w.sizes[2];
    for (size_t row = begin; row < end; row++) {
        float *to = call->in_gradient[0] + row / w.sizes[0] * oc__picture_size(&call->in_shape[0]) + w.first +
                    row % w.sizes[0] * w.step[0];
        for (size_t j = 0; j < w.sizes[1]; j++, from += w.sizes[2], to += w.step[1])
            for (size_t k = 0; k < w.sizes[2]; k++) to[k * w.step[2]] = from[k];
    }
}

static size_t n_rows(const oc__call *call) { return call->out_shape.n * way_of(call).sizes[0]; }

static void forward(const oc__call *call) { oc__op_in_pieces(call, n_rows(call), forward_rows); }

static void backward(const oc__call *call) {
    if (!call->in_gradient[0]) return;
    if (call->node->op == OC__OP_SLICE)
        memset(call->in_gradient[0], 0, oc__n_elements(&call->in_shape[0]) * sizeof(float));
    oc__op_in_pieces(call, n_rows(call), backward_rows);
}

static void copy_elements(const oc__call *call, size_t begin, size_t end) {
    memcpy(call->out + begin, call->in[0] + begin, (end - begin) * sizeof(float));
    oc__op_finish_some(call, call->out + begin, end - begin);
}

static void reshape_forward(const oc__call *call) {
    oc__op_in_pieces(call, oc__n_elements(&call->out_shape), copy_elements);
}

static void reshape_backward(const oc__call *call) {
    if (call->in_gradient[0])
        memcpy(call->in_gradient[0], call->out_gradient, oc__n_elements(&call->out_shape) * sizeof(float));
}

static oc_status reshape_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                               oc_error *err) {
    const uint32_t before[3] = {in[0].h, in[0].w, in[0].c};
    uint32_t sides[3];
    size_t total, known = 1;
    int rest = -1;
    (void)graph;
    for (int i = 0; i < 3; i++) {
        sides[i] = node->sizes[i] ? node->sizes[i] : before[i];
        if (sides[i] != OC__REST) continue;
        if (rest >= 0) return oc__fail(err, OC_E_CORRUPT, "sides %d and %d are both to take the rest", rest, i);
        rest = i;
        sides[i] = 1;
    }
    if (!oc__shape_multiply(&total, before, 3, sizeof(float)) || !oc__shape_multiply(&known, sides, 3, sizeof(float)))
        return oc__fail(err, OC_E_CORRUPT, "from %u x %u x %u to %u x %u x %u, which is impossible", before[0], before[1],
                        before[2], sides[0], sides[1], sides[2]);
    if (rest >= 0 && total % known == 0 && total / known <= OC__MAX_DIMENSION) {
        sides[rest] = (uint32_t)(total / known);
        known = total;
    }
    if (known != total)
        return oc__fail(err, OC_E_ARGUMENT, "%u x %u x %u elements do not fill %u x %u x %u", before[0], before[1], before[2],
                        sides[0], sides[1], sides[2]);
    *out = (oc__shape){in[0].n, sides[2], sides[0], sides[1]};
    return OC_OK;
}

static oc_status transpose_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                                 oc_error *err) {
    const uint32_t before[3] = {in[0].h, in[0].w, in[0].c}, *s = node->sizes;
    (void)graph;
    if (s[0] > 2 || s[1] > 2 || s[2] > 2 || s[0] == s[1] || s[1] == s[2] || s[0] == s[2])
        return oc__fail(err, OC_E_CORRUPT, "its order %u, %u, %u is none of 0, 1 and 2", s[0], s[1], s[2]);
    *out = (oc__shape){in[0].n, before[s[2]], before[s[0]], before[s[1]]};
    return OC_OK;
}

static oc_status slice_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const uint32_t before[3] = {in[0].h, in[0].w, in[0].c};
    uint32_t sides[3];
    (void)graph;
    for (int i = 0; i < 3; i++) {
        uint32_t begin = node->sizes[3 * i], end = node->sizes[3 * i + 1], step = node->sizes[3 * i + 2];
        if (step < 1 || begin >= end)
            return oc__fail(err, OC_E_CORRUPT, "from %u to %u in steps of %u is nothing", begin, end, step);
        if (end > before[i]) end = before[i];
        if (begin >= end)
            return oc__fail(err, OC_E_ARGUMENT, "begins at %u, input side %d has %u", begin, i, before[i]);
        sides[i] = (end - begin - 1) / step + 1;
    }
    *out = (oc__shape){in[0].n, sides[2], sides[0], sides[1]};
    return OC_OK;
}

static oc_status shuffle_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                               oc_error *err) {
    (void)graph;
    if (node->groups < 1 || in[0].c % node->groups)
        return oc__fail(err, OC_E_CORRUPT, "%u groups do not divide %u channels", node->groups, in[0].c);
    *out = in[0];
    return OC_OK;
}

const oc__op oc__op_reshape = {.name = "reshape", .min_inputs = 1, .max_inputs = 1, .n_sizes = 3, .finishes = true,
                               .shape = reshape_shape, .forward = reshape_forward, .backward = reshape_backward};
const oc__op oc__op_transpose = {.name = "transpose", .min_inputs = 1, .max_inputs = 1, .n_sizes = 3, .finishes = true,
                                 .shape = transpose_shape, .forward = forward, .backward = backward};
const oc__op oc__op_slice = {.name = "slice", .min_inputs = 1, .max_inputs = 1, .n_sizes = 9, .finishes = true,
                             .shape = slice_shape, .forward = forward, .backward = backward};
const oc__op oc__op_channel_shuffle = {.name = "channel shuffle", .min_inputs = 1, .max_inputs = 1, .finishes = true,
                                       .shape = shuffle_shape, .forward = forward, .backward = backward};
