/* Transposed convolution. SPDX-License-Identifier: MIT
 *
 * It is the gradient of a convolution by its input: here called the mirror, which takes pictures as large as this operator's
 * output to pictures as large as its input, with the same weights. So forward is the mirror's backward pass, and the
 * gradients are the mirror's forward pass and its gradient by the weights. */
#include <math.h>
#include <string.h>

#include "conv.h"

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    const oc__param *weights = &graph->params[node->params[0]];
    const oc__window *w = &node->window;
    oc__shape probe, large = {1, 1, 1024, 1024}; /* for what does not depend on the picture */
    oc_status status = oc__window_shape(&probe, w, &large, err);
    if (status) return status;
    if (node->channels < 1 || node->channels > 65536 || node->groups < 1 || node->channels % node->groups ||
        in[0].c % node->groups)
        return oc__fail(err, OC_E_CORRUPT, "%u groups do not divide %u and %u channels", node->groups, in[0].c, node->channels);
    if (node->sizes[0] >= w->stride || node->sizes[1] >= w->stride)
        return oc__fail(err, OC_E_CORRUPT, "adds %u rows and %u columns, which its stride %u does not leave open",
                        node->sizes[0], node->sizes[1], w->stride);
    if (weights->rank != 4 || weights->dimensions[0] != in[0].c || weights->dimensions[1] != w->kernel_height ||
        weights->dimensions[2] != w->kernel_width || weights->dimensions[3] != node->channels / node->groups)
        return oc__fail(err, OC_E_CORRUPT, "its weights do not have the shape %u x %u x %u x %u", in[0].c, w->kernel_height,
                        w->kernel_width, node->channels / node->groups);
    if (node->n_params > 1) {
        const oc__param *bias = &graph->params[node->params[1]];
        if (bias->rank != 1 || bias->dimensions[0] != node->channels)
            return oc__fail(err, OC_E_CORRUPT, "its bias does not have %u elements", node->channels);
    }
    uint64_t height = ((uint64_t)in[0].h - 1) * w->stride + (w->kernel_height - 1) * w->dilation + 1 + node->sizes[0];
    uint64_t width = ((uint64_t)in[0].w - 1) * w->stride + (w->kernel_width - 1) * w->dilation + 1 + node->sizes[1];
    if (height <= w->pad_top + w->pad_bottom || width <= w->pad_left + w->pad_right)
        return oc__fail(err, OC_E_ARGUMENT, "a picture of %u x %u pixels is too small for it", in[0].w, in[0].h);
    height -= w->pad_top + w->pad_bottom;
    width -= w->pad_left + w->pad_right;
    if (height > OC__MAX_DIMENSION || width > OC__MAX_DIMENSION)
        return oc__fail(err, OC_E_LIMIT, "its output would have %llu x %llu pixels", (unsigned long long)width,
                        (unsigned long long)height);
    *out = (oc__shape){in[0].n, node->channels, (uint32_t)height, (uint32_t)width};
    return OC_OK;
}

/* The mirror's call, without data; its node has to outlive it. */
static oc__call mirror_of(const oc__call *call, oc__node *node) {
    oc__call mirror = *call;
    *node = *call->node;
    node->op = OC__OP_CONV;
    node->n_params = 1;
    node->channels = call->in_shape[0].c;
    node->low = -INFINITY;
    node->high = INFINITY;
    node->function = (oc__function){0};
    mirror.node = node;
    mirror.training = true; /* its backward pass is wanted in any case */
    mirror.in_shape[0] = call->out_shape;
    mirror.out_shape = call->in_shape[0];
    memset(mirror.param_gradient, 0, sizeof mirror.param_gradient);
    mirror.in_gradient[0] = NULL;
    return mirror;
}

/* Packed: as the mirror's, then the bias. */
static size_t n_packed(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    return oc__op_conv.n_packed(&mirror) + call->node->channels;
}

static void pack(float *packed, const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    float *bias = packed + oc__op_conv.n_packed(&mirror);
    oc__op_conv.pack(packed, &mirror);
    if (call->node->n_params > 1) memcpy(bias, call->params[1]->values, call->node->channels * sizeof *bias);
    else memset(bias, 0, call->node->channels * sizeof *bias);
}

static size_t n_scratch(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    return oc__op_conv.n_scratch(&mirror);
}

static void add_bias(const oc__call *call, size_t begin, size_t end) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    size_t channels = call->node->channels;
    const float *bias = call->packed + oc__op_conv.n_packed(&mirror);
    for (size_t p = begin; p < end; p++) call->kernels->add_scaled(channels, 1, bias, call->out + p * channels);
    oc__op_finish_some(call, call->out + begin * channels, (end - begin) * channels);
}

static void forward(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    mirror.in[0] = NULL; /* read by the gradient of the weights alone */
    mirror.out_gradient = (float *)(uintptr_t)call->in[0];
    mirror.in_gradient[0] = call->out;
    oc__conv_backward(&mirror);
    oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), add_bias);
}

static void bias_gradient(const oc__call *call) {
    size_t channels = call->node->channels, n = oc__n_pixels(&call->out_shape);
    memset(call->param_gradient[1], 0, channels * sizeof(float));
    for (size_t p = 0; p < n; p++)
        call->kernels->add_scaled(channels, 1, call->out_gradient + p * channels, call->param_gradient[1]);
}

static void backward(const oc__call *call) {
    oc__node node;
    oc__call mirror = mirror_of(call, &node);
    mirror.in[0] = call->out_gradient;
    if (call->param_gradient[1]) bias_gradient(call);
    if (call->param_gradient[0]) {
        mirror.out_gradient = (float *)(uintptr_t)call->in[0];
        mirror.param_gradient[0] = call->param_gradient[0];
        oc__conv_backward(&mirror);
    }
    if (call->in_gradient[0]) {
        mirror.out = call->in_gradient[0];
        oc__conv_forward(&mirror);
    }
}

static uint64_t n_macs(const oc__node *node, const oc__shape *in, const oc__shape *out) {
    (void)out;
    return (uint64_t)in->h * in->w * in->c * node->window.kernel_height * node->window.kernel_width *
           (node->channels / node->groups);
}

const oc__op oc__op_conv_transposed = {.name = "transposed conv",
                                       .min_inputs = 1,
                                       .max_inputs = 1,
                                       .min_params = 1,
                                       .max_params = 2,
                                       .n_sizes = 2,
                                       .finishes = true,
                                       .shape = shape,
                                       .n_packed = n_packed,
                                       .n_scratch = n_scratch,
                                       .pack = pack,
                                       .forward = forward,
                                       .backward = backward,
                                       .n_macs = n_macs};
