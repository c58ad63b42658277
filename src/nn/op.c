/* What operators share: cutting work into pieces, and the last step of each. SPDX-License-Identifier: MIT */
#include "op.h"

#include <math.h>

#include "thread.h"

typedef struct pieces {
    const oc__call *call;
    size_t n;
    oc__piece_fn work;
} pieces;

static void piece_task(void *argument, size_t piece, uint32_t worker) {
    const pieces *p = argument;
    size_t begin = oc__piece_begin(p->n, piece), end = oc__piece_begin(p->n, piece + 1);
    (void)worker;
    if (begin < end) p->work(p->call, begin, end);
}

const oc__bf16_kernels *oc__bf16_of(oc_context *context) {
    const oc__kernels *kernels = context->kernels;
    if (!kernels->bf16) oc__log(context, OC_LOG_INFO, "this CPU does not multiply bfloat16: single precision instead");
    return kernels->bf16;
}

size_t oc__n_pixels(const oc__shape *shape) { return (size_t)shape->n * shape->h * shape->w; }

size_t oc__picture_size(const oc__shape *shape) { return (size_t)shape->h * shape->w * shape->c; }

size_t oc__n_elements(const oc__shape *shape) { return oc__n_pixels(shape) * shape->c; }

/* Fewer elements than this are done before another thread wakes. */
#define WORTH_SHARING 32768

void oc__op_in_pieces(const oc__call *call, size_t n, oc__piece_fn work) {
    pieces p = {call, n, work};
    if (n > 1 && oc__n_elements(&call->in_shape[0]) + oc__n_elements(&call->out_shape) >= WORTH_SHARING) {
        oc__parallel(call->context, OC__N_PIECES, piece_task, &p);
        return;
    }
    for (size_t piece = 0; piece < OC__N_PIECES; piece++) piece_task(&p, piece, 0);
}

static bool finished(const oc__node *node) {
    return node->function.code == OC__FUNCTION_NONE && node->low == -INFINITY && node->high == INFINITY;
}

void oc__op_finish_some(const oc__call *call, float *y, size_t n) {
    const oc__node *node = call->node;
    if (!finished(node)) call->kernels->activate(&node->function, n, y, node->low, node->high, y);
}

static void finish_elements(const oc__call *call, size_t begin, size_t end) {
    oc__op_finish_some(call, call->out + begin, end - begin);
}

void oc__op_finish(const oc__call *call) {
    if (!finished(call->node)) oc__op_in_pieces(call, oc__n_elements(&call->out_shape), finish_elements);
}
