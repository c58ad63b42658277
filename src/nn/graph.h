/* The graph: what a network is made of, independent of how it is run. SPDX-License-Identifier: MIT */
#ifndef OC_NN_GRAPH_H
#define OC_NN_GRAPH_H

#include "context.h"
#include "kernels.h"
#include "shape.h"

/* Operators. The numbers stand in model files: they never change. */
#define OC__OP_INPUT 1      /* the pictures */
#define OC__OP_CONV 2       /* convolution: dense, grouped or depthwise */
#define OC__OP_BATCH_NORM 3 /* per channel: (x - mean) / sqrt(variance + epsilon) * scale + shift */
#define OC__OP_ADD 4
#define OC__OP_GLOBAL_POOL 5 /* mean over all pixels */
#define OC__OP_CONCAT 6      /* channels of the inputs, one after the other */
#define OC__OP_MAX_POOL 7
#define OC__OP_MEAN_POOL 8   /* mean over the window's pixels inside the picture */
#define OC__OP_ACTIVATION 9  /* the node's function */
#define OC__OP_MULTIPLY 10   /* input 1 may be 1 in height and width, in channels, or in all three */
#define OC__OP_CONV_TRANSPOSED 11  /* the gradient of a convolution by its input, as an operator */
#define OC__OP_RESIZE 12
#define OC__OP_PAD 13
#define OC__OP_RESHAPE 14          /* within a picture */
#define OC__OP_TRANSPOSE 15        /* height, width and channels change places */
#define OC__OP_SLICE 16
#define OC__OP_SOFTMAX 17          /* over channels */
#define OC__OP_GLOBAL_MAX_POOL 18
#define OC__OP_CHANNEL_SHUFFLE 19  /* channel i of group g becomes channel i * groups + g (ShuffleNet) */
#define OC__N_OPS 20               /* one past the last */

/* Modes. */
#define OC__ADD_BROADCAST 1        /* add: input 1 may be smaller, as in multiply */
#define OC__POOL_CEIL 1            /* pool: a last window that begins within the padded picture and ends beyond it counts */
#define OC__POOL_COUNT_PADDING 2   /* mean pool: pixels of the padding count, as 0 */
#define OC__RESIZE_NEAREST 0       /* resize: one of these two, */
#define OC__RESIZE_BILINEAR 1
#define OC__RESIZE_HALF_PIXEL 0    /* one of these four, */
#define OC__RESIZE_ALIGN_CORNERS 2
#define OC__RESIZE_ASYMMETRIC 4
#define OC__RESIZE_HALF_PIXEL_1 6  /* as half pixel, but a single row or column is taken from the first */
#define OC__RESIZE_ROUND_DOWN 0    /* and, for nearest, one of these four: to the nearest, ties down; ... */
#define OC__RESIZE_ROUND_UP 8
#define OC__RESIZE_FLOOR 16
#define OC__RESIZE_CEIL 24
#define OC__PAD_CONSTANT 0         /* pad: with the function's alpha */
#define OC__PAD_REFLECT 1          /* without repeating the edge */
#define OC__PAD_EDGE 2

#define OC__REST 0xFFFFFFFFu       /* reshape: this side holds what the others leave; slice: up to the end */

#define OC__MAX_INPUTS 8
#define OC__MAX_PARAMS 4
#define OC__MAX_OUTPUTS 8
#define OC__MAX_NODES 4096

/* A window that moves over a picture; convolution and pooling. Output rows: (height + pad_top + pad_bottom - reach) / stride +
 * 1 where reach = (kernel_height - 1) * dilation + 1, and columns alike. */
typedef struct oc__window {
    uint32_t kernel_height, kernel_width; /* 1 .. 15 */
    uint32_t stride;                      /* 1 .. 4 */
    uint32_t dilation;                    /* 1 .. 15 */
    uint32_t pad_top, pad_left, pad_bottom, pad_right; /* 0 .. 15, below the reach */
} oc__window;

#define OC__MAX_SIZES 9

/* One operator. Its inputs are nodes before it. Its output is clamped to [low, high], after its function if it has one: ReLU is
 * [0, inf], ReLU6 [0, 6]. In a graph that is built, trained and stored only OC__OP_ACTIVATION has a function;
 * oc__graph_simplify gives it to the operator before. */
typedef struct oc__node {
    uint32_t op;
    uint32_t n_inputs;
    uint32_t inputs[OC__MAX_INPUTS];
    uint32_t n_params;
    uint32_t params[OC__MAX_PARAMS]; /* conv: weights, bias; batch norm: scale, shift, mean, variance */
    float low, high;
    oc__window window; /* conv, pool */
    uint32_t channels; /* input, conv: of the output */
    uint32_t groups;   /* conv: 1 .. channels, divides both sides' channels */
    float epsilon;     /* batch norm */
    bool frozen;       /* batch norm: training uses the running figures and leaves them as they are */
    oc__function function; /* pad: alpha is the constant */
    uint32_t mode;         /* OC__ADD_..., OC__POOL_..., OC__RESIZE_... | ..., OC__PAD_...; else 0 */
    /* What the operator needs besides; else 0:
     *   transposed convolution: rows and columns to add below and right, below the stride;
     *   resize: height's numerator and denominator, width's; denominator 0: the numerator is the side itself;
     *   pad: above, left, below, right, then channels before and after;
     *   reshape: height, width, channels; 0: as it is, OC__REST: the rest;
     *   transpose: which of height (0), width (1) and channels (2) becomes height, width, channels;
     *   slice: begin, end and step of height, width, channels. */
    uint32_t sizes[OC__MAX_SIZES];
} oc__node;

/* Weights. A convolution's are [channels][kernel_height][kernel_width][input channels / groups], a transposed one's
 * [input channels][kernel_height][kernel_width][channels / groups]; vectors have rank 1. */
#define OC__STORE_F32 1
#define OC__STORE_F16 2 /* IEEE half precision; the values are exactly representable in it */

typedef struct oc__param {
    uint32_t storage; /* OC__STORE_...: how a model file holds it */
    uint32_t rank;
    uint32_t dimensions[4];
    size_t count;
    float *values;
    bool frozen; /* training leaves it as it is */
} oc__param;

typedef struct oc__graph {
    oc_context *context;
    oc__node *nodes;
    size_t n_nodes, node_capacity;
    oc__param *params;
    size_t n_params, param_capacity;
    uint32_t n_outputs;
    uint32_t outputs[OC__MAX_OUTPUTS];
} oc__graph;

/* Building. A graph starts zeroed but for `context`, which it does not own. */
void oc__graph_free(oc__graph *graph);
oc_status oc__graph_add_node(uint32_t *out, oc__graph *graph, const oc__node *node, oc_error *err);
/* Adds a parameter of zeros, stored as float32. */
oc_status oc__graph_add_param(uint32_t *out, oc__graph *graph, uint32_t rank, const uint32_t *dimensions, oc_error *err);
oc_status oc__graph_copy(oc__graph *out, const oc__graph *graph, oc_error *err);

/* Gives node i the values of the parameters of node i of another graph. False, with nothing changed, if the two differ in operator
 * or in the sizes of their parameters. */
bool oc__node_take_values(oc__graph *graph, const oc__graph *from, size_t i);

/* Short cuts that add a node and its parameters (build.c). Each returns the node's number through *out. Those that make
 * parameters need to know how many channels their input has: OC_E_ARGUMENT if that depends on the picture's size. */
oc_status oc__graph_input(uint32_t *out, oc__graph *graph, uint32_t channels, oc_error *err);
oc_status oc__graph_conv(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, uint32_t kernel, uint32_t stride,
                         uint32_t groups, bool bias, oc_error *err); /* padded by (kernel - 1) / 2, no clamp */
/* Padded so that the output is `stride` times as large. */
oc_status oc__graph_conv_transposed(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, uint32_t kernel,
                                    uint32_t stride, uint32_t groups, bool bias, oc_error *err);
/* Fully connected: a 1x1 convolution, to be given 1x1 pictures. */
oc_status oc__graph_linear(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t channels, oc_error *err);
oc_status oc__graph_batch_norm(uint32_t *out, oc__graph *graph, uint32_t input, float low, float high, oc_error *err);
/* alpha: of leaky ReLU the slope below 0; alpha and beta: of hard sigmoid 1/6 and 1/2 as a rule; else 0. */
oc_status oc__graph_activation(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t function, float alpha, float beta,
                               oc_error *err);
/* ReLU, ReLU6: an activation without a function. */
oc_status oc__graph_clamp(uint32_t *out, oc__graph *graph, uint32_t input, float low, float high, oc_error *err);
oc_status oc__graph_add(uint32_t *out, oc__graph *graph, uint32_t a, uint32_t b, oc_error *err);
oc_status oc__graph_multiply(uint32_t *out, oc__graph *graph, uint32_t a, uint32_t b, oc_error *err); /* b may broadcast */
oc_status oc__graph_concat(uint32_t *out, oc__graph *graph, const uint32_t *inputs, uint32_t n, oc_error *err);
/* op: OC__OP_MAX_POOL or OC__OP_MEAN_POOL; mode: OC__POOL_... */
oc_status oc__graph_pool(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t op, uint32_t kernel, uint32_t stride,
                         uint32_t pad, uint32_t mode, oc_error *err);
oc_status oc__graph_global_pool(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err);
oc_status oc__graph_global_max_pool(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err);
/* To numerator / denominator of the size, rounded down; denominator 0: to `numerator` rows and columns. */
oc_status oc__graph_resize(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t numerator, uint32_t denominator,
                           uint32_t mode, oc_error *err);
/* sizes: above, left, below, right, channels before and after. */
oc_status oc__graph_pad(uint32_t *out, oc__graph *graph, uint32_t input, const uint32_t sizes[6], uint32_t mode, float constant,
                        oc_error *err);
oc_status oc__graph_reshape(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t height, uint32_t width, uint32_t channels,
                            oc_error *err);
/* All elements of a picture become channels of one pixel, in the order of memory: row by row, pixel by pixel. Networks that
 * keep channels first flatten in another order: theirs takes a transpose to (2, 0, 1) before it. */
oc_status oc__graph_flatten(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err);
oc_status oc__graph_transpose(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t height_from, uint32_t width_from,
                              uint32_t channels_from, oc_error *err);
/* Of axis 0 (height), 1 (width) or 2 (channels) what is at begin, begin + step, ... below end (OC__REST: all). */
oc_status oc__graph_slice(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t axis, uint32_t begin, uint32_t end,
                          uint32_t step, oc_error *err);
oc_status oc__graph_softmax(uint32_t *out, oc__graph *graph, uint32_t input, oc_error *err);
oc_status oc__graph_channel_shuffle(uint32_t *out, oc__graph *graph, uint32_t input, uint32_t groups, oc_error *err);

/* Weights drawn from N(0, 2 / fan-in) (He et al. 2015), scales and variances 1, the rest 0. */
void oc__graph_initialise(oc__graph *graph, uint64_t seed);

/* Checks every node: known operator, inputs before it, parameters each of which one node
 * uses, finite values. Attributes
 * and the shapes of parameters are checked by oc__graph_shapes; what passes both may be run. OC_E_CORRUPT or
 * OC_E_UNSUPPORTED, naming the node. */
oc_status oc__graph_check(const oc__graph *graph, oc_error *err);

/* The shapes of all nodes' outputs for n pictures of height x width. `shapes` has n_nodes entries. The graph has been checked.
 * OC_E_ARGUMENT if the picture is too small for a window, OC_E_LIMIT if an output is too large. */
oc_status oc__graph_shapes(oc__shape *shapes, const oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                           oc_error *err);

/* Parameters in all, and multiply-accumulates of one picture of that size (0 if the shapes cannot be inferred). */
size_t oc__graph_n_weights(const oc__graph *graph);
uint64_t oc__graph_n_macs(const oc__graph *graph, uint32_t height, uint32_t width);

#endif
