/* Units of depthwise convolutions. SPDX-License-Identifier: MIT
 *
 * Bands of output rows of one picture: the input rows that a band meets are mapped into scratch, and backward the rows of the
 * raw output's gradient that the band's own input rows meet are formed there, so that rows at a band's edge are made twice.
 * The kernels see a band as a picture of its own.
 *
 * Scratch: weights [taps][channels], bias, the pieces' sums of weights, then for each worker the two bands. */
#include <math.h>
#include <string.h>

#include "thread.h"
#include "train_unit.h"

#define BAND_SIZE 98304 /* floats of a band, both sides */

typedef struct layout {
    oc__depthwise d;
    size_t rows, n_weights;            /* output rows of a band */
    size_t in_rows, raw_rows;          /* at most, of a band's input and of its raw gradient */
    size_t sums, worker, n_worker;
    const oc__unit *unit;
    double *figures; /* forward: the pieces' sums */
} layout;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static layout layout_of(const oc__unit *u) {
    layout l = {.d = oc__conv_depthwise(&u->conv), .unit = u};
    const oc__depthwise *d = &l.d;
    size_t in_row = d->width * d->channels, raw_row = d->out_width * d->channels, n_bands;
    size_t most = 1, reach = d->kernel_height, beside = (reach - 1) / d->stride; /* raw rows that meet a band's input rows */
    while (most < d->out_height &&
           ((most + 1) * d->stride + reach) * in_row + (most + 1 + beside) * raw_row <= BAND_SIZE) most++;
    n_bands = (d->out_height + most - 1) / most;
    l.rows = (d->out_height + n_bands - 1) / n_bands;
    l.in_rows = smaller(l.rows * d->stride + reach, d->height);
    l.raw_rows = smaller(l.rows + 2 * reach / d->stride + 2, d->out_height);
    l.n_weights = d->kernel_height * d->kernel_width * d->channels;
    l.sums = l.n_weights + d->channels;
    l.worker = l.sums + OC__N_PIECES * l.n_weights;
    l.n_worker = oc__unit_n_block(u) + l.in_rows * in_row + l.raw_rows * raw_row;
    return l;
}

static size_t n_scratch(const oc__unit *u) {
    layout l = layout_of(u);
    return l.worker + u->conv.context->n_threads * l.n_worker;
}

static void pack(const layout *l) {
    const oc__unit *u = l->unit;
    const float *weights = u->conv.params[0]->values;
    size_t channels = l->d.channels, n_taps = l->n_weights / channels;
    float *bias = u->scratch + l->n_weights;
    for (size_t t = 0; t < n_taps; t++)
        for (size_t c = 0; c < channels; c++) u->scratch[t * channels + c] = weights[c * n_taps + t];
    memset(bias, 0, channels * sizeof *bias);
    if (u->conv.node->n_params > 1) memcpy(bias, u->conv.params[1]->values, channels * sizeof *bias);
}

/* Output rows [begin, end) of a picture. */
typedef struct band {
    size_t image, begin, end;
    float *block, *in, *raw; /* the worker's scratch */
} band;

/* Calls `work` on a piece's rows, band by band. */
static void for_bands(const layout *l, size_t piece, uint32_t worker, void (*work)(const layout *, const band *, size_t)) {
    const oc__unit *u = l->unit;
    size_t height = l->d.out_height, n_rows = u->conv.out_shape.n * height, end = oc__piece_begin(n_rows, piece + 1);
    float *block = u->scratch + l->worker + worker * l->n_worker, *in = block + oc__unit_n_block(u);
    float *raw = in + l->in_rows * l->d.width * l->d.channels;
    for (size_t row = oc__piece_begin(n_rows, piece), stop; row < end; row = stop) {
        size_t image = row / height, first = row - image * height;
        stop = smaller(smaller(row + l->rows, (image + 1) * height), end);
        work(l, &(band){image, first, stop - image * height, block, in, raw}, piece);
    }
}

/* Input rows that the band's taps meet, and the shape of the picture that they make. */
static const float *band_input(oc__depthwise *d, const layout *l, const band *b) {
    const oc__unit *u = l->unit;
    size_t from = b->begin * d->stride, to = (b->end - 1) * d->stride + d->kernel_height;
    size_t first = from > d->pad_top ? from - d->pad_top : 0, stop = to > d->pad_top ? to - d->pad_top : 0;
    stop = stop < first ? first : smaller(stop, d->height);
    d->pad_top += first;
    d->pad_top -= from;
    d->height = stop - first;
    d->out_height = b->end - b->begin;
    return oc__view_block(&u->in, u->conv.kernels, d->channels, (b->image * l->d.height + first) * d->width,
                          d->height * d->width, b->in);
}

static void forward_band(const layout *l, const band *b, size_t piece) {
    const oc__unit *u = l->unit;
    oc__depthwise d = l->d;
    size_t channels = d.channels, first = (b->image * l->d.out_height + b->begin) * d.out_width;
    const float *in = band_input(&d, l, b);
    u->conv.kernels->depthwise(&d, 0, d.out_height, in, u->scratch, u->scratch + l->n_weights, -INFINITY, INFINITY,
                               u->conv.out + first * channels);
    oc__unit_sum_raw(u, l->figures + piece * 2 * channels, first, d.out_height * d.out_width, b->block);
}

static void forward_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    memset(l->figures + piece * 2 * l->d.channels, 0, 2 * l->d.channels * sizeof(double));
    for_bands(l, piece, worker, forward_band);
}

static void forward(const oc__unit *u, double *sums) {
    layout l = layout_of(u);
    l.figures = sums;
    pack(&l);
    oc__parallel(u->conv.context, OC__N_PIECES, forward_task, &l);
}

/* A band owns the input rows from its first output row times the stride to where the next band's begin. */
static void backward_band(const layout *l, const band *b, size_t piece) {
    const oc__unit *u = l->unit;
    const oc__kernels *kernels = u->conv.kernels;
    oc__depthwise d = l->d, of_weights = l->d;
    size_t channels = d.channels, pad = d.pad_top, reach = d.kernel_height - 1;
    size_t begin = smaller(b->begin * d.stride, d.height);
    size_t end = b->end == d.out_height ? d.height : smaller(b->end * d.stride, d.height);
    /* Rows of the raw gradient that these input rows meet, and the band's own. */
    size_t first = begin + pad > reach ? (begin + pad - reach + d.stride - 1) / d.stride : 0;
    size_t stop = smaller((end + pad) / d.stride + 1, d.out_height);
    if (first > b->begin) first = b->begin;
    if (stop < b->end) stop = b->end;
    oc__unit_raw_gradient(u, (b->image * d.out_height + first) * d.out_width, (stop - first) * d.out_width, b->raw);

    if (u->conv.param_gradient[0]) {
        const float *in = band_input(&of_weights, l, b);
        kernels->depthwise_weight_gradient(&of_weights, 0, of_weights.out_height, in,
                                           b->raw + (b->begin - first) * d.out_width * channels,
                                           u->scratch + l->sums + piece * l->n_weights);
    }
    if (!u->conv.in_gradient[0] || begin == end) return;
    size_t pixel = (b->image * d.height + begin) * d.width, n = (end - begin) * d.width;
    float *to = u->conv.in_gradient[0] + pixel * channels, *made = u->accumulate ? b->in : to;
    d.pad_top += begin - first * d.stride;
    d.height = end - begin;
    d.out_height = stop - first;
    kernels->depthwise_input_gradient(&d, 0, d.height, b->raw, u->scratch, made);
    if (u->accumulate) kernels->add_scaled(n * channels, 1, made, to);
    oc__unit_sum_below(u, piece, pixel, n, b->block);
}

static void backward_task(void *argument, size_t piece, uint32_t worker) {
    const layout *l = argument;
    memset(l->unit->scratch + l->sums + piece * l->n_weights, 0, l->n_weights * sizeof(float));
    oc__unit_clear_below(l->unit, piece);
    for_bands(l, piece, worker, backward_band);
}

static void backward(const oc__unit *u) {
    layout l = layout_of(u);
    float *sum = u->scratch + l.sums, *to = u->conv.param_gradient[0];
    size_t channels = l.d.channels, n_taps = l.n_weights / channels;
    pack(&l);
    oc__parallel(u->conv.context, OC__N_PIECES, backward_task, &l);
    if (!to) return;
    for (size_t piece = 1; piece < OC__N_PIECES; piece++)
        u->conv.kernels->add_scaled(l.n_weights, 1, sum + piece * l.n_weights, sum);
    for (size_t c = 0; c < channels; c++)
        for (size_t t = 0; t < n_taps; t++) to[c * n_taps + t] = sum[t * channels + c];
}

const oc__unit_kind oc__unit_depthwise = {n_scratch, forward, backward, true};
