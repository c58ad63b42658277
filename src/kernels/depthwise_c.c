/* Depthwise convolution and its gradients, reference. SPDX-License-Identifier: MIT */
#include <string.h>

#include "clamp.h"
#include "set.h"
#include "taps.h"

void oc__depthwise_c(const oc__depthwise *shape, size_t begin, size_t end, const float *in, const float *weights,
                     const float *bias, float low, float high, float *out) {
    const size_t channels = shape->channels;

    for (size_t y = begin; y < end; y++) {
        const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
        for (size_t x = 0; x < shape->out_width; x++) {
            const oc__taps columns = oc__taps_of(x, shape->kernel_width, shape->stride, shape->pad_left, shape->width);
            float *to = out + (y * shape->out_width + x) * channels;

            memset(to, 0, channels * sizeof *to);
            for (size_t i = 0; i < rows.n; i++) {
                for (size_t j = 0; j < columns.n; j++) {
                    const float *from = in + ((rows.source + i) * shape->width + columns.source + j) * channels;
                    const float *w = weights + ((rows.first + i) * shape->kernel_width + columns.first + j) * channels;
                    for (size_t c = 0; c < channels; c++) to[c] += from[c] * w[c];
                }
            }
            for (size_t c = 0; c < channels; c++) to[c] = oc__clamp(bias ? to[c] + bias[c] : to[c], low, high);
        }
    }
}

void oc__depthwise_input_gradient_c(const oc__depthwise *shape, size_t begin, size_t end, const float *out_gradient,
                                    const float *weights, float *in_gradient) {
    const size_t channels = shape->channels, stride = shape->stride;

    for (size_t y = begin; y < end; y++) {
        const oc__back_taps rows = oc__back_taps_of(y, shape->kernel_height, stride, shape->pad_top, shape->out_height);
        for (size_t x = 0; x < shape->width; x++) {
            const oc__back_taps columns = oc__back_taps_of(x, shape->kernel_width, stride, shape->pad_left, shape->out_width);
            float *to = in_gradient + (y * shape->width + x) * channels;

            memset(to, 0, channels * sizeof *to);
            for (size_t i = 0; i < rows.n; i++) {
                for (size_t j = 0; j < columns.n; j++) {
                    const float *from =
                        out_gradient + ((rows.source - i) * shape->out_width + columns.source - j) * channels;
                    const float *w = weights + ((rows.first + i * stride) * shape->kernel_width + columns.first + j * stride) *
                                                   channels;
                    for (size_t c = 0; c < channels; c++) to[c] += from[c] * w[c];
                }
            }
        }
    }
}

void oc__depthwise_weight_gradient_c(const oc__depthwise *shape, size_t begin, size_t end, const float *in,
                                     const float *out_gradient, float *weight_gradient) {
    const size_t channels = shape->channels;

    for (size_t y = begin; y < end; y++) {
        const oc__taps rows = oc__taps_of(y, shape->kernel_height, shape->stride, shape->pad_top, shape->height);
        for (size_t x = 0; x < shape->out_width; x++) {
            const oc__taps columns = oc__taps_of(x, shape->kernel_width, shape->stride, shape->pad_left, shape->width);
            const float *gradient = out_gradient + (y * shape->out_width + x) * channels;

            for (size_t i = 0; i < rows.n; i++) {
                for (size_t j = 0; j < columns.n; j++) {
                    const float *from = in + ((rows.source + i) * shape->width + columns.source + j) * channels;
                    float *to = weight_gradient + ((rows.first + i) * shape->kernel_width + columns.first + j) * channels;
                    for (size_t c = 0; c < channels; c++) to[c] += from[c] * gradient[c];
                }
            }
        }
    }
}
