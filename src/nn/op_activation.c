/* Functions of one number: as an operator, and as the last step of others. SPDX-License-Identifier: MIT */
#include <math.h>

#include "op.h"
#include "thread.h"

static bool plain(const oc__node *node) {
    return node->function.code == OC__FUNCTION_NONE && node->low == -INFINITY && node->high == INFINITY;
}

void oc__op_finish_some(const oc__call *call, float *y, size_t n) {
    const oc__node *node = call->node;
    if (!plain(node)) call->kernels->activate(&node->function, n, y, node->low, node->high, y);
}

static size_t out_count(const oc__call *call) {
    const oc__shape *s = &call->out_shape;
    return (size_t)s->n * s->h * s->w * s->c;
}

static void finish_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t n = out_count(call), begin = oc__piece_begin(n, piece);
    (void)worker;
    oc__op_finish_some(call, call->out + begin, oc__piece_begin(n, piece + 1) - begin);
}

void oc__op_finish(const oc__call *call) {
    if (!plain(call->node)) oc__parallel(call->context, OC__N_PIECES, finish_task, (void *)(uintptr_t)call);
}

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__function *f = &node->function;
    (void)graph;
    if (f->code >= OC__N_FUNCTIONS)
        return oc__fail(err, OC_E_UNSUPPORTED, "function %u is not known", f->code);
    if (f->code != OC__FUNCTION_LEAKY_RELU && f->code != OC__FUNCTION_HARD_SIGMOID && (f->alpha != 0 || f->beta != 0))
        return oc__fail(err, OC_E_CORRUPT, "function %u has no arguments, but they are %g and %g", f->code, (double)f->alpha,
                        (double)f->beta);
    *out = in[0];
    return OC_OK;
}

static void forward_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    const oc__node *node = call->node;
    size_t n = out_count(call), begin = oc__piece_begin(n, piece), count = oc__piece_begin(n, piece + 1) - begin;
    (void)worker;
    call->kernels->activate(&node->function, count, call->in[0] + begin, node->low, node->high, call->out + begin);
}

static void backward_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t n = out_count(call), begin = oc__piece_begin(n, piece), count = oc__piece_begin(n, piece + 1) - begin;
    (void)worker;
    call->kernels->activate_gradient(&call->node->function, count, call->in[0] + begin, call->out_gradient + begin,
                                     call->in_gradient[0] + begin);
}

static void forward(const oc__call *call) {
    oc__parallel(call->context, OC__N_PIECES, forward_task, (void *)(uintptr_t)call);
}

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__parallel(call->context, OC__N_PIECES, backward_task, (void *)(uintptr_t)call);
}

const oc__op oc__op_activation = {.name = "activation",
                                  .min_inputs = 1,
                                  .max_inputs = 1,
                                  .n_arguments = 2,
                                  .shape = shape,
                                  .forward = forward,
                                  .backward = backward};
