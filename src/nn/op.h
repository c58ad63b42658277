/* An operator: one file each, with its rule for shapes, its check, its forward and its backward pass.
 * SPDX-License-Identifier: MIT */
#ifndef OC_NN_OP_H
#define OC_NN_OP_H

#include "graph.h"
#include "kernels.h"

/* How bytes stand for numbers: scale * (byte - zero). A scale of 0 means float32. */
typedef struct oc__quant {
    float scale;
    int32_t zero;
} oc__quant;

/* One operator at work on one batch. */
typedef struct oc__call {
    oc_context *context;
    const oc__kernels *kernels;
    const oc__node *node;
    oc__param *params[OC__MAX_PARAMS]; /* batch norm in training updates its running figures */
    oc__shape in_shape[OC__MAX_INPUTS], out_shape;
    const float *in[OC__MAX_INPUTS];
    float *out;
    const float *packed; /* what op->pack made of the parameters */
    uint32_t method;     /* what op->method chose; 0: the plain one */
    bool turned;         /* a convolution with another's weights, input and output channels exchanged, taps from the last on */
    bool alone;          /* the other threads have work of their own: there is scratch for worker 0 alone */
    const oc__bf16_kernels *bf16; /* what multiplies in convolutions; NULL: the kernels of single precision */
    bool training;       /* batch norm uses the batch's own figures and updates the running ones */
    float *saved;        /* training: op->n_saved floats kept from forward to backward */
    float *scratch;      /* op->n_scratch floats */
    oc__quant in_quant[OC__MAX_INPUTS], out_quant; /* int8 operators: `in` and `out` lead to bytes where there is a scale */

    /* Backward only. in_gradient[i] is NULL where nobody wants it; it is overwritten. out_gradient may be overwritten. */
    float *out_gradient;
    float *in_gradient[OC__MAX_INPUTS];
    float *param_gradient[OC__MAX_PARAMS]; /* overwritten; NULL: not trained */
} oc__call;

typedef struct oc__op {
    const char *name;
    uint32_t min_inputs, max_inputs, min_params, max_params;
    uint32_t n_arguments, last_mode, n_sizes; /* of function.alpha and .beta, mode and sizes: how much of them it has */
    bool finishes;                            /* forward ends with oc__op_finish: a function may be folded into it */
    /* The output's shape from the inputs', with all checks of attributes and parameter shapes. Sizes are not yet multiplied. */
    oc_status (*shape)(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err);
    /* Which of the operator's methods of inference is best for the shapes; NULL: it has but one. Packing depends on it, and
     * any method works for pictures of any size. */
    uint32_t (*method)(const oc__call *call);
    /* Floats needed, from the shapes; a NULL function: 0. With call->training, what backward needs too. */
    size_t (*n_packed)(const oc__call *call);
    size_t (*n_saved)(const oc__call *call);
    size_t (*n_scratch)(const oc__call *call);
    void (*pack)(float *packed, const oc__call *call);
    void (*forward)(const oc__call *call);
    void (*backward)(const oc__call *call);
    uint64_t (*n_macs)(const oc__node *node, const oc__shape *in, const oc__shape *out);
} oc__op;

/* NULL for a number that names no operator; finds those that only programs have too (int8.h). */
const oc__op *oc__op_find(uint32_t number);

extern const oc__op oc__op_input, oc__op_conv, oc__op_batch_norm, oc__op_add, oc__op_global_pool, oc__op_concat,
    oc__op_max_pool, oc__op_mean_pool, oc__op_activation, oc__op_multiply, oc__op_conv_transposed, oc__op_resize, oc__op_pad,
    oc__op_reshape, oc__op_transpose, oc__op_slice, oc__op_softmax, oc__op_global_max_pool, oc__op_channel_shuffle;

/* Pixels of all pictures, elements of one, elements of all. */
size_t oc__n_pixels(const oc__shape *shape);
size_t oc__picture_size(const oc__shape *shape);
size_t oc__n_elements(const oc__shape *shape);

/* The context's kernels of bfloat16, for those who asked for it; NULL, and a word in the log, where the CPU has none. */
const oc__bf16_kernels *oc__bf16_of(oc_context *context);

/* y = clamp(function(y)) for n floats of the output, in place: what a node does last. oc__op_finish: for all of them. */
void oc__op_finish_some(const oc__call *call, float *y, size_t n);
void oc__op_finish(const oc__call *call);

/* Output rows and columns of a window; OC_E_ARGUMENT if the picture is smaller than it, OC_E_CORRUPT if out of range. */
oc_status oc__window_shape(oc__shape *out, const oc__window *window, const oc__shape *in, oc_error *err);

/* Work is cut into this many pieces, whatever the number of threads, so that sums always run in the same order. */
#define OC__N_PIECES 16

/* The begin of piece `piece` of `n` things. */
static inline size_t oc__piece_begin(size_t n, size_t piece) {
    return n / OC__N_PIECES * piece + (n % OC__N_PIECES) * piece / OC__N_PIECES;
}

/* Does `work` for pieces of 0 .. n-1 on the context's threads: for each piece that is not empty, its begin and end. */
typedef void (*oc__piece_fn)(const oc__call *call, size_t begin, size_t end);
void oc__op_in_pieces(const oc__call *call, size_t n, oc__piece_fn work);

#endif
