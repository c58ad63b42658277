/* Units of all other convolutions: the operator itself, with the sums and the raw output's gradient beside it.
 * SPDX-License-Identifier: MIT
 *
 * With stride 1 the gradient by the input is a convolution too, of the output's gradient with the filters turned round and
 * their channels exchanged: it runs as a forward pass, as in inference, and by Winograd's method where that is better.
 *
 * Scratch: the raw output's gradient, and the input's where it is to be added and cannot be at once; then, one after the
 * other in the same place, for each of the convolutions what it packs and its scratch. */
#include <math.h>
#include <string.h>

#include "thread.h"
#include "train_unit.h"

/* The convolution that makes the input's gradient. */
typedef struct mirror {
    oc__call call;
    oc__node node;
} mirror;

typedef struct layout {
    size_t n_pixels, n_in; /* pixels of the output, floats of the input */
    size_t addend, working, total;
    const oc__unit *unit;
    double *figures;
} layout;

static bool has_mirror(const oc__call *conv) {
    const oc__window *w = &conv->node->window;
    return w->stride == 1 && w->dilation == 1 && conv->node->groups == 1;
}

/* The convolution as in inference, where it needs nothing for a backward pass of its own. */
static oc__call forward_call(const oc__call *conv) {
    oc__call call = *conv;
    call.training = false;
    call.method = oc__conv_training_method(&call);
    return call;
}

static void mirror_of(mirror *m, const oc__unit *u) {
    const oc__window *w = &u->conv.node->window;
    *m = (mirror){.call = u->conv, .node = *u->conv.node};
    m->node.channels = u->conv.in_shape[0].c;
    m->node.window.pad_top = w->kernel_height - 1 - w->pad_top;
    m->node.window.pad_left = w->kernel_width - 1 - w->pad_left;
    m->node.n_params = 1;
    m->node.n_inputs = u->accumulate ? 2 : 1;
    m->node.function.code = OC__FUNCTION_NONE;
    m->node.low = -INFINITY;
    m->node.high = INFINITY;
    m->call.node = &m->node;
    m->call.turned = true;
    m->call.in_shape[0] = u->conv.out_shape;
    m->call.out_shape = u->conv.in_shape[0];
    m->call = forward_call(&m->call);
}

static size_t n_working(const oc__call *call) { return oc__op_conv.n_packed(call) + oc__op_conv.n_scratch(call); }
static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static layout layout_of(const oc__unit *u) {
    layout l = {.unit = u};
    oc__call forward = forward_call(&u->conv);
    bool mirrored = has_mirror(&u->conv);
    mirror m;
    size_t n = n_working(&forward);
    l.n_pixels = (size_t)u->conv.out_shape.n * u->conv.out_shape.h * u->conv.out_shape.w;
    l.n_in = u->conv.in_shape[0].n * oc__conv_in_image(&u->conv);
    l.addend = u->backward ? l.n_pixels * u->conv.out_shape.c : 0;
    l.working = l.addend + (u->backward && u->accumulate && !mirrored ? l.n_in : 0);
    if (u->backward) n = larger(n, n_working(&u->conv));
    if (u->backward && mirrored) {
        mirror_of(&m, u);
        n = larger(n, n_working(&m.call));
    }
    l.total = l.working + n;
    return l;
}

static size_t n_scratch(const oc__unit *u) { return layout_of(u).total + u->conv.context->n_threads * oc__unit_n_block(u); }

/* Gives a call its place in the scratch. */
static void place(oc__call *call, const layout *l) {
    float *packed = l->unit->scratch + l->working;
    call->packed = packed;
    call->scratch = packed + oc__op_conv.n_packed(call);
}

static void pack(const oc__call *call, const layout *l) { oc__op_conv.pack(l->unit->scratch + l->working, call); }

static void sum_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    size_t channels = l->unit->conv.out_shape.c, first = oc__piece_begin(l->n_pixels, piece);
    double *sums = l->figures + piece * 2 * channels;
    memset(sums, 0, 2 * channels * sizeof *sums);
    oc__unit_sum_raw(l->unit, sums, first, oc__piece_begin(l->n_pixels, piece + 1) - first,
                     l->unit->scratch + l->total + worker * oc__unit_n_block(l->unit));
}

static void forward(const oc__unit *u, double *sums) {
    layout l = layout_of(u);
    oc__call call = forward_call(&u->conv);
    call.in[0] = u->in.data;
    l.figures = sums;
    place(&call, &l);
    pack(&call, &l);
    oc__op_conv.forward(&call);
    oc__parallel(u->conv.context, OC__N_PIECES, sum_task, &l);
}

static void raw_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    size_t first = oc__piece_begin(l->n_pixels, piece);
    (void)worker;
    oc__unit_raw_gradient(l->unit, first, oc__piece_begin(l->n_pixels, piece + 1) - first,
                          l->unit->scratch + first * l->unit->conv.out_shape.c);
}

static void mirrored_input_gradient(const layout *l) {
    const oc__unit *u = l->unit;
    mirror m;
    mirror_of(&m, u);
    m.call.in[0] = u->scratch;
    m.call.in[1] = m.call.out = u->conv.in_gradient[0];
    place(&m.call, l);
    pack(&m.call, l);
    oc__op_conv.forward(&m.call);
}

static void backward(const oc__unit *u) {
    layout l = layout_of(u);
    oc__call call = u->conv;
    float *to = u->conv.in_gradient[0];
    bool mirrored = has_mirror(&u->conv);
    oc__parallel(u->conv.context, OC__N_PIECES, raw_gradient_task, &l);
    call.in[0] = u->in.data;
    call.out_gradient = u->scratch;
    call.param_gradient[1] = NULL;
    call.in_gradient[0] = mirrored ? NULL : to && u->accumulate ? u->scratch + l.addend : to;
    place(&call, &l);
    if (call.in_gradient[0]) pack(&call, &l);
    oc__op_conv.backward(&call);
    if (to && mirrored) mirrored_input_gradient(&l);
    else if (to && u->accumulate) u->conv.kernels->add_scaled(l.n_in, 1, call.in_gradient[0], to);
}

const oc__unit_kind oc__unit_other = {n_scratch, forward, backward, false};
