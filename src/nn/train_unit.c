/* Training in units: what all kinds share. SPDX-License-Identifier: MIT */
#include "train_unit.h"

#include <math.h>
#include <string.h>

#include "norm.h"
#include "thread.h"

static size_t n_pixels(const oc__unit *u) {
    return (size_t)u->conv.out_shape.n * u->conv.out_shape.h * u->conv.out_shape.w;
}

static float *figure(const oc__unit *u, int which) { return u->figures + (size_t)which * u->conv.out_shape.c; }

static bool clamps(const oc__node *node) { return node->low > -INFINITY || node->high < INFINITY; }

static oc__channel_map map_of(const oc__unit *u) {
    return (oc__channel_map){figure(u, OC__UNIT_SCALE), figure(u, OC__UNIT_SHIFT), u->norm->low, u->norm->high};
}

const oc__unit_kind *oc__unit_kind_of(const oc__call *conv) {
    if (oc__conv_is_depthwise(conv)) return &oc__unit_depthwise;
    return oc__conv_sizes_of(conv).pointwise && conv->node->groups == 1 ? &oc__unit_pointwise : &oc__unit_other;
}

size_t oc__unit_n_block(const oc__unit *u) {
    return 2 * (size_t)(u->conv.in_shape[0].c > u->conv.out_shape.c ? u->conv.in_shape[0].c : u->conv.out_shape.c);
}

/* Scratch: each worker's block of sums, the forward sums, then the kind's. */
static size_t n_sums(const oc__unit *u) { return OC__N_PIECES * 2 * (size_t)u->conv.out_shape.c; }

size_t oc__unit_n_scratch(const oc__unit *u) {
    return u->conv.context->n_threads * oc__unit_n_block(u) + n_sums(u) * sizeof(double) / sizeof(float) + 16 +
           oc__unit_kind_of(&u->conv)->n_scratch(u);
}

const float *oc__view_block(const oc__view *view, const oc__kernels *kernels, size_t channels, size_t first, size_t n,
                            float *to) {
    const float *from = view->data + first * channels;
    if (!view->mapped) return from;
    kernels->scale_shift(n, channels, from, view->map.scale, view->map.shift, NULL, view->map.low, view->map.high, to);
    return to;
}

void oc__unit_raw_gradient(const oc__unit *u, size_t first, size_t n, float *to) {
    size_t channels = u->conv.out_shape.c;
    oc__channel_map map = map_of(u);
    u->conv.kernels->channel_gradient(n, channels, u->gradient + first * channels, u->conv.out + first * channels,
                                      clamps(u->norm) ? &map : NULL, figure(u, OC__UNIT_SLOPE), figure(u, OC__UNIT_TILT),
                                      figure(u, OC__UNIT_OFFSET), to);
}

void oc__unit_sum_raw(const oc__unit *u, double *sums, size_t first, size_t n, float *block) {
    size_t channels = u->conv.out_shape.c;
    for (size_t end = first + n; first < end; first += OC__UNIT_BLOCK) {
        size_t count = end - first < OC__UNIT_BLOCK ? end - first : OC__UNIT_BLOCK;
        memset(block, 0, 2 * channels * sizeof *block);
        u->conv.kernels->channel_sums(count, channels, u->conv.out + first * channels, u->norm_params[OC__NORM_MEAN]->values,
                                      block, block + channels);
        for (size_t i = 0; i < 2 * channels; i++) sums[i] += (double)block[i];
    }
}

/* Takes the sums of a gradient and of its product with raw - mean. */
static void sum_gradient(double *sums, const oc__kernels *kernels, size_t channels, const float *gradient, const float *raw,
                         const oc__channel_map *map, const float *mean, size_t n, float *block) {
    if (map && !(map->low > -INFINITY || map->high < INFINITY)) map = NULL;
    for (size_t first = 0; first < n; first += OC__UNIT_BLOCK) {
        size_t count = n - first < OC__UNIT_BLOCK ? n - first : OC__UNIT_BLOCK;
        memset(block, 0, 2 * channels * sizeof *block);
        kernels->channel_gradient_sums(count, channels, gradient + first * channels, raw + first * channels, map, mean, block,
                                       block + channels);
        for (size_t i = 0; i < 2 * channels; i++) sums[i] += (double)block[i];
    }
}

void oc__unit_clear_below(const oc__unit *u, size_t piece) {
    size_t n = 2 * (size_t)u->conv.in_shape[0].c;
    if (u->below_sums) memset(u->below_sums + piece * n, 0, n * sizeof(double));
}

void oc__unit_sum_below(const oc__unit *u, size_t piece, size_t first, size_t n, float *block) {
    size_t channels = u->conv.in_shape[0].c;
    if (u->below_sums)
        sum_gradient(u->below_sums + piece * 2 * channels, u->conv.kernels, channels,
                     u->conv.in_gradient[0] + first * channels, u->in.data + first * channels, &u->in.map, u->below_mean, n,
                     block);
}

static void sum_gradient_task(void *argument, size_t piece, uint32_t worker) {
    const oc__unit *u = argument;
    size_t channels = u->conv.out_shape.c;
    size_t begin = oc__piece_begin(n_pixels(u), piece), end = oc__piece_begin(n_pixels(u), piece + 1);
    double *sums = u->sums + piece * 2 * channels;
    oc__channel_map map = map_of(u);
    memset(sums, 0, 2 * channels * sizeof *sums);
    sum_gradient(sums, u->conv.kernels, channels, u->gradient + begin * channels, u->conv.out + begin * channels, &map,
                 figure(u, OC__UNIT_MEAN), end - begin, u->scratch + worker * oc__unit_n_block(u));
}

/* The sums of all pieces, in the first piece's place. */
static const double *add_up(double *sums, size_t channels) {
    for (size_t piece = 1; piece < OC__N_PIECES; piece++)
        for (size_t i = 0; i < 2 * channels; i++) sums[i] += sums[piece * 2 * channels + i];
    return sums;
}

static void value_task(void *argument, size_t piece, uint32_t worker) {
    const oc__unit *u = argument;
    size_t channels = u->conv.out_shape.c;
    size_t begin = oc__piece_begin(n_pixels(u), piece), count = oc__piece_begin(n_pixels(u), piece + 1) - begin;
    (void)worker;
    u->conv.kernels->scale_shift(count, channels, u->conv.out + begin * channels, figure(u, OC__UNIT_SCALE),
                                 figure(u, OC__UNIT_SHIFT), NULL, u->norm->low, u->norm->high, u->value + begin * channels);
}

/* The unit as the kinds see it: with the rest of the scratch. */
static oc__unit inner(const oc__unit *u, double **sums) {
    oc__unit rest = *u;
    uintptr_t at = (uintptr_t)(u->scratch + u->conv.context->n_threads * oc__unit_n_block(u));
    *sums = (double *)((at + 63) / 64 * 64);
    rest.scratch = (float *)(*sums + n_sums(u));
    return rest;
}

void oc__unit_forward(const oc__unit *u) {
    double *sums;
    oc__unit rest = inner(u, &sums);
    float *mean = figure(u, OC__UNIT_MEAN), *inverse = figure(u, OC__UNIT_INVERSE);
    oc__unit_kind_of(&u->conv)->forward(&rest, sums);
    if (u->norm->frozen) oc__norm_running_figures(mean, inverse, u->norm, u->norm_params);
    else oc__norm_batch_figures(mean, inverse, u->norm, u->norm_params, add_up(sums, u->conv.out_shape.c), n_pixels(u));
    oc__norm_map(figure(u, OC__UNIT_SCALE), figure(u, OC__UNIT_SHIFT), u->norm_params, mean, inverse);
    if (u->value) oc__parallel(u->conv.context, OC__N_PIECES, value_task, (void *)(uintptr_t)u);
}

void oc__unit_backward(const oc__unit *u) {
    size_t channels = u->conv.out_shape.c;
    double *forward_sums;
    oc__unit rest = inner(u, &forward_sums);
    if (!u->summed) oc__parallel(u->conv.context, OC__N_PIECES, sum_gradient_task, (void *)(uintptr_t)u);
    oc__norm_gradient(figure(u, OC__UNIT_SLOPE), figure(u, OC__UNIT_TILT), figure(u, OC__UNIT_OFFSET), u->norm_gradient[0],
                      u->norm_gradient[1], u->norm, u->norm_params, figure(u, OC__UNIT_MEAN), figure(u, OC__UNIT_INVERSE),
                      add_up(u->sums, channels), n_pixels(u));
    for (size_t c = 0; c < channels && u->conv.param_gradient[1]; c++) /* the batch's own mean takes a constant away again */
        u->conv.param_gradient[1][c] = u->norm->frozen ? (float)(figure(u, OC__UNIT_SLOPE)[c] * u->sums[c]) : 0;
    oc__unit_kind_of(&u->conv)->backward(&rest);
}
