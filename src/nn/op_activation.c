/* Functions of one number as an operator. SPDX-License-Identifier: MIT */
#include "op.h"

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__function *f = &node->function;
    (void)graph;
    if (f->code >= OC__N_FUNCTIONS) return oc__fail(err, OC_E_UNSUPPORTED, "function %u is not known", f->code);
    if ((f->beta != 0 && f->code != OC__FUNCTION_HARD_SIGMOID) ||
        (f->alpha != 0 && f->code != OC__FUNCTION_HARD_SIGMOID && f->code != OC__FUNCTION_LEAKY_RELU &&
         f->code != OC__FUNCTION_SQRT))
        return oc__fail(err, OC_E_CORRUPT, "function %u takes no arguments %g and %g", f->code, (double)f->alpha,
                        (double)f->beta);
    if (f->alpha < 0 && f->code == OC__FUNCTION_SQRT)
        return oc__fail(err, OC_E_CORRUPT, "a square root adds %g, which is below 0", (double)f->alpha);
    *out = in[0];
    return OC_OK;
}

static void forward_elements(const oc__call *call, size_t begin, size_t end) {
    const oc__node *node = call->node;
    call->kernels->activate(&node->function, end - begin, call->in[0] + begin, node->low, node->high, call->out + begin);
}

static void backward_elements(const oc__call *call, size_t begin, size_t end) {
    call->kernels->activate_gradient(&call->node->function, end - begin, call->in[0] + begin, call->out_gradient + begin,
                                     call->in_gradient[0] + begin);
}

static void forward(const oc__call *call) {
    oc__op_in_pieces(call, oc__n_elements(&call->out_shape), forward_elements);
}

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__op_in_pieces(call, oc__n_elements(&call->out_shape), backward_elements);
}

const oc__op oc__op_activation = {.name = "activation",
                                  .min_inputs = 1,
                                  .max_inputs = 1,
                                  .n_arguments = 2,
                                  .shape = shape,
                                  .forward = forward,
                                  .backward = backward};
