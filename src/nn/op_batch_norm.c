/* Batch normalisation (Ioffe and Szegedy 2015). SPDX-License-Identifier: MIT
 *
 * Training normalises by the batch's own mean and (biased) variance and moves the running ones a tenth of the way; otherwise,
 * and in training when the node is frozen, the running ones are used. Parameters: scale, shift, mean, variance. */
#include <math.h>
#include <string.h>

#include "norm.h"
#include "thread.h"

#define MOMENTUM 0.1f
#define BLOCK 256 /* pixels summed in single precision before the sum goes on in double */

static oc_status shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in, oc_error *err) {
    for (int i = 0; i < 4; i++) {
        const oc__param *param = &graph->params[node->params[i]];
        if (param->rank != 1 || param->dimensions[0] != in[0].c)
            return oc__fail(err, OC_E_CORRUPT, "parameter %d does not have %u elements", i, in[0].c);
    }
    if (!(node->epsilon >= 0 && node->epsilon <= 1)) return oc__fail(err, OC_E_CORRUPT, "epsilon is not between 0 and 1");
    for (uint32_t c = 0; c < in[0].c; c++)
        if (!(graph->params[node->params[OC__NORM_VARIANCE]].values[c] + node->epsilon > 0))
            return oc__fail(err, OC_E_CORRUPT, "the variance of channel %u is not positive", c);
    *out = in[0];
    return OC_OK;
}

static size_t n_pixels(const oc__call *call) { return (size_t)call->out_shape.n * call->out_shape.h * call->out_shape.w; }

/* Saved: the mean that was used, then 1 / sqrt(variance + epsilon). */
static size_t n_saved(const oc__call *call) { return 2 * (size_t)call->out_shape.c; }

/* Scratch: for each piece two rows of doubles and two of floats; then four rows of floats. */
static size_t piece_size(size_t channels) {
    return (2 * channels * sizeof(double) + 2 * channels * sizeof(float)) / sizeof(float) + 16;
}
static size_t n_scratch(const oc__call *call) {
    return OC__N_PIECES * piece_size(call->out_shape.c) + 4 * (size_t)call->out_shape.c + 16;
}

static float *coefficients(const oc__call *call) { return call->scratch + OC__N_PIECES * piece_size(call->out_shape.c); }

/* Two sums over the pixels of a piece: of x and of its square about the running mean; or of the gradient and its product with
 * x about the mean that was used. */
static void sums_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t channels = call->out_shape.c, n = n_pixels(call);
    double *sums = (double *)(void *)(call->scratch + piece * piece_size(channels));
    float *block = (float *)(sums + 2 * channels);
    (void)worker;
    memset(sums, 0, 2 * channels * sizeof *sums);
    size_t end = oc__piece_begin(n, piece + 1);
    for (size_t p = oc__piece_begin(n, piece); p < end; p += BLOCK) {
        size_t count = end - p < BLOCK ? end - p : BLOCK;
        const float *x = call->in[0] + p * channels;
        memset(block, 0, 2 * channels * sizeof *block);
        if (call->out_gradient)
            call->kernels->channel_gradient_sums(count, channels, call->out_gradient + p * channels, x, NULL, call->saved,
                                                 block, block + channels);
        else
            call->kernels->channel_sums(count, channels, x, call->params[OC__NORM_MEAN]->values, block, block + channels);
        for (size_t i = 0; i < 2 * channels; i++) sums[i] += block[i];
    }
}

/* The sums of all pieces, in the first piece's place. */
static const double *add_up(const oc__call *call) {
    size_t channels = call->out_shape.c;
    oc__parallel(call->context, OC__N_PIECES, sums_task, (void *)(uintptr_t)call);
    double *total = (double *)(void *)call->scratch;
    for (size_t piece = 1; piece < OC__N_PIECES; piece++) {
        const double *part = (const double *)(const void *)(call->scratch + piece * piece_size(channels));
        for (size_t i = 0; i < 2 * channels; i++) total[i] += part[i];
    }
    return total;
}

static void apply_task(void *argument, size_t piece, uint32_t worker) {
    const oc__call *call = argument;
    size_t channels = call->out_shape.c, n = n_pixels(call);
    size_t begin = oc__piece_begin(n, piece), count = oc__piece_begin(n, piece + 1) - begin;
    const float *c = coefficients(call);
    (void)worker;
    if (call->out_gradient)
        call->kernels->channel_gradient(count, channels, call->out_gradient + begin * channels, call->in[0] + begin * channels,
                                        NULL, c, c + channels, c + 2 * channels, call->in_gradient[0] + begin * channels);
    else
        call->kernels->scale_shift(count, channels, call->in[0] + begin * channels, c, c + channels, NULL, call->node->low,
                                   call->node->high, call->out + begin * channels);
}

void oc__norm_batch_figures(float *mean, float *inverse, const oc__node *node, oc__param *const *params, const double *sums,
                            size_t n) {
    size_t channels = params[OC__NORM_MEAN]->count;
    for (size_t c = 0; c < channels; c++) {
        float *running_mean = &params[OC__NORM_MEAN]->values[c], *running_variance = &params[OC__NORM_VARIANCE]->values[c];
        double m = sums[c] / (double)n, off = m - *running_mean, variance = sums[channels + c] / (double)n - off * off;
        if (variance < 0) variance = 0;
        mean[c] = (float)m;
        inverse[c] = (float)(1 / sqrt(variance + node->epsilon));
        *running_mean += MOMENTUM * (float)off;
        *running_variance +=
            MOMENTUM * ((float)(n > 1 ? variance * (double)n / (double)(n - 1) : variance) - *running_variance);
    }
}

void oc__norm_running_figures(float *mean, float *inverse, const oc__node *node, oc__param *const *params) {
    for (size_t c = 0; c < params[OC__NORM_MEAN]->count; c++) {
        mean[c] = params[OC__NORM_MEAN]->values[c];
        inverse[c] = 1.0f / sqrtf(params[OC__NORM_VARIANCE]->values[c] + node->epsilon);
    }
}

void oc__norm_map(float *scale, float *shift, oc__param *const *params, const float *mean, const float *inverse) {
    for (size_t c = 0; c < params[OC__NORM_SCALE]->count; c++) {
        scale[c] = params[OC__NORM_SCALE]->values[c] * inverse[c];
        shift[c] = params[OC__NORM_SHIFT]->values[c] - mean[c] * scale[c];
    }
}

void oc__norm_gradient(float *slope, float *tilt, float *offset, float *by_scale, float *by_shift, const oc__node *node,
                       oc__param *const *params, const float *mean, const float *inverse, const double *sums, size_t n) {
    size_t channels = params[OC__NORM_SCALE]->count;
    for (size_t c = 0; c < channels; c++) {
        double i = inverse[c], scale = params[OC__NORM_SCALE]->values[c] * i;
        double fall = node->frozen ? 0 : scale * i * i * sums[channels + c] / (double)n;
        if (by_scale) by_scale[c] = (float)(sums[channels + c] * i);
        if (by_shift) by_shift[c] = (float)sums[c];
        slope[c] = (float)scale;
        tilt[c] = (float)-fall;
        offset[c] = node->frozen ? 0 : (float)(fall * mean[c] - scale * sums[c] / (double)n);
    }
}

static void forward(const oc__call *call) {
    size_t channels = call->out_shape.c;
    float *scale = coefficients(call), *shift = scale + channels;
    float *mean = call->training ? call->saved : shift + channels, *inverse = mean + channels;
    if (call->training && !call->node->frozen)
        oc__norm_batch_figures(mean, inverse, call->node, call->params, add_up(call), n_pixels(call));
    else
        oc__norm_running_figures(mean, inverse, call->node, call->params);
    oc__norm_map(scale, shift, call->params, mean, inverse);
    oc__parallel(call->context, OC__N_PIECES, apply_task, (void *)(uintptr_t)call);
}

static void backward(const oc__call *call) {
    size_t channels = call->out_shape.c;
    float *slope = coefficients(call), *by_scale = call->param_gradient[OC__NORM_SCALE];
    float *by_shift = call->param_gradient[OC__NORM_SHIFT];
    const double *sums = !call->node->frozen || by_scale || by_shift ? add_up(call) : NULL;
    oc__norm_gradient(slope, slope + channels, slope + 2 * channels, by_scale, by_shift, call->node, call->params, call->saved,
                      call->saved + channels, sums, n_pixels(call));
    if (call->in_gradient[0]) oc__parallel(call->context, OC__N_PIECES, apply_task, (void *)(uintptr_t)call);
}

const oc__op oc__op_batch_norm = {
    .name = "batch norm",
    .min_inputs = 1,
    .max_inputs = 1,
    .min_params = 4,
    .max_params = 4,
    .shape = shape,
    .n_saved = n_saved,
    .n_scratch = n_scratch,
    .forward = forward,
    .backward = backward,
};
