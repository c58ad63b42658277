/* Units of all other convolutions: the operator itself, with the sums and the raw output's gradient beside it.
 * SPDX-License-Identifier: MIT
 *
 * Scratch: what the operator packs, its scratch, the raw output's gradient, and the input's where it is to be added. */
#include <string.h>

#include "thread.h"
#include "train_unit.h"

typedef struct layout {
    size_t n_pixels, n_in; /* pixels of the output, floats of the input */
    size_t scratch, raw, addend, total;
    oc__call call;
    const oc__unit *unit;
    double *figures;
} layout;

static layout layout_of(const oc__unit *u) {
    layout l = {.unit = u, .call = u->conv};
    l.n_pixels = (size_t)u->conv.out_shape.n * u->conv.out_shape.h * u->conv.out_shape.w;
    l.n_in = u->conv.in_shape[0].n * oc__conv_in_image(&u->conv);
    l.scratch = oc__op_conv.n_packed(&u->conv);
    l.raw = l.scratch + oc__op_conv.n_scratch(&u->conv);
    l.addend = l.raw + (u->backward ? l.n_pixels * u->conv.out_shape.c : 0);
    l.total = l.addend + (u->backward && u->accumulate ? l.n_in : 0);
    return l;
}

static size_t n_scratch(const oc__unit *u) { return layout_of(u).total + u->conv.context->n_threads * oc__unit_n_block(u); }

/* The unit's scratch laid out and the weights packed. */
static void begin(layout *l, const oc__unit *u) {
    *l = layout_of(u);
    l->call.packed = u->scratch;
    l->call.scratch = u->scratch + l->scratch;
    oc__op_conv.pack(u->scratch, &l->call);
}

static void sum_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    size_t channels = l->call.out_shape.c, first = oc__piece_begin(l->n_pixels, piece);
    double *sums = l->figures + piece * 2 * channels;
    memset(sums, 0, 2 * channels * sizeof *sums);
    oc__unit_sum_raw(l->unit, sums, first, oc__piece_begin(l->n_pixels, piece + 1) - first,
                     l->unit->scratch + l->total + worker * oc__unit_n_block(l->unit));
}

static void forward(const oc__unit *u, double *sums) {
    layout l;
    begin(&l, u);
    l.call.in[0] = u->in.data;
    l.figures = sums;
    oc__op_conv.forward(&l.call);
    oc__parallel(u->conv.context, OC__N_PIECES, sum_task, &l);
}

static void raw_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    size_t first = oc__piece_begin(l->n_pixels, piece);
    (void)worker;
    oc__unit_raw_gradient(l->unit, first, oc__piece_begin(l->n_pixels, piece + 1) - first,
                          l->unit->scratch + l->raw + first * l->call.out_shape.c);
}

static void backward(const oc__unit *u) {
    layout l;
    float *to = u->conv.in_gradient[0];
    begin(&l, u);
    oc__parallel(u->conv.context, OC__N_PIECES, raw_gradient_task, &l);
    l.call.in[0] = u->in.data;
    l.call.out_gradient = u->scratch + l.raw;
    if (to && u->accumulate) l.call.in_gradient[0] = u->scratch + l.addend;
    l.call.param_gradient[1] = NULL;
    oc__op_conv.backward(&l.call);
    if (to && u->accumulate) u->conv.kernels->add_scaled(l.n_in, 1, l.call.in_gradient[0], to);
}

const oc__unit_kind oc__unit_other = {n_scratch, forward, backward, false};
