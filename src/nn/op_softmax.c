/* Softmax over the channels of each pixel. SPDX-License-Identifier: MIT */
#include "op.h"

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    (void)graph;
    (void)node;
    (void)err;
    *out = in[0];
    return OC_OK;
}

static void softmax(const oc__call *call, const float *x, size_t channels, float *y) {
    const oc__function exponential = {.code = OC__FUNCTION_EXP};
    float most = x[0];
    double sum = 0;
    for (size_t c = 1; c < channels; c++) most = x[c] > most ? x[c] : most;
    for (size_t c = 0; c < channels; c++) y[c] = x[c] - most;
    call->kernels->activate(&exponential, channels, y, 0, 1, y);
    for (size_t c = 0; c < channels; c++) sum += (double)y[c];
    float factor = (float)(1 / sum);
    for (size_t c = 0; c < channels; c++) y[c] *= factor;
}

static void forward_pixels(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c;
    for (size_t p = begin; p < end; p++) softmax(call, call->in[0] + p * channels, channels, call->out + p * channels);
    oc__op_finish_some(call, call->out + begin * channels, (end - begin) * channels);
}

/* dx = y (dy - sum of dy y), with y computed again where dx is to be, since the output may have been clamped. */
static void backward_pixels(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c;
    for (size_t p = begin; p < end; p++) {
        const float *dy = call->out_gradient + p * channels;
        float *dx = call->in_gradient[0] + p * channels;
        softmax(call, call->in[0] + p * channels, channels, dx);
        float sum = (float)call->kernels->dot(channels, dy, dx);
        for (size_t c = 0; c < channels; c++) dx[c] *= dy[c] - sum;
    }
}

static void forward(const oc__call *call) { oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), forward_pixels); }

static void backward(const oc__call *call) {
    if (call->in_gradient[0]) oc__op_in_pieces(call, oc__n_pixels(&call->out_shape), backward_pixels);
}

const oc__op oc__op_softmax = {.name = "softmax",
                               .min_inputs = 1,
                               .max_inputs = 1,
                               .finishes = true,
                               .shape = shape,
                               .forward = forward,
                               .backward = backward};
