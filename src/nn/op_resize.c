/* Resizing. SPDX-License-Identifier: MIT
 *
 * Places are computed in whole numbers, so they are the same everywhere, ties included. The rules are those of ONNX. */
#include <string.h>

#include "op.h"
#include "thread.h"

#define MAX_RATIO 65536

/* Where an output row or column comes from: first * (1 - part) + second * part. */
typedef struct source {
    uint32_t first, second;
    float part;
} source;

/* The side's place along one axis, as the fraction *above / *below of an input pixel; both 0 or more. */
static void place_of(int64_t *above, int64_t *below, uint32_t mode, int64_t at, int64_t out, int64_t in, int64_t numerator,
                     int64_t denominator) {
    if (denominator == 0) {
        numerator = out;
        denominator = in;
    }
    switch (mode & 6) {
    case OC__RESIZE_ALIGN_CORNERS:
        *above = out > 1 ? at * (in - 1) : 0;
        *below = out > 1 ? out - 1 : 1;
        break;
    case OC__RESIZE_ASYMMETRIC:
        *above = at * denominator;
        *below = numerator;
        break;
    default: /* half pixel: (at + 1/2) / scale - 1/2 */
        *above = (2 * at + 1) * denominator - numerator;
        *below = 2 * numerator;
        if ((mode & 6) == OC__RESIZE_HALF_PIXEL_1 && out == 1) *above = 0;
    }
}

static source source_of(uint32_t mode, uint32_t at, uint32_t out, uint32_t in, uint32_t numerator, uint32_t denominator) {
    int64_t above, below;
    place_of(&above, &below, mode, at, out, in, numerator, denominator);
    if (above < 0) above = 0;
    int64_t whole = above / below, rest = above % below;
    if (!(mode & OC__RESIZE_BILINEAR)) {
        uint32_t rounding = mode & 24;
        bool up = rounding == OC__RESIZE_ROUND_DOWN ? rest > below - rest
                : rounding == OC__RESIZE_ROUND_UP   ? rest >= below - rest
                                                    : rounding == OC__RESIZE_CEIL && rest > 0;
        whole += up;
        rest = 0;
    }
    if (whole >= (int64_t)in - 1) return (source){in - 1, in - 1, 0};
    return (source){(uint32_t)whole, (uint32_t)whole + (rest > 0), (float)((double)rest / (double)below)};
}

static source source_row(const oc__call *call, size_t y) {
    const uint32_t *s = call->node->sizes;
    return source_of(call->node->mode, (uint32_t)y, call->out_shape.h, call->in_shape[0].h, s[0], s[1]);
}

/* Scratch: the sources of all columns. */
_Static_assert(sizeof(source) == 3 * sizeof(float), "a source takes three floats");
static size_t n_scratch(const oc__call *call) { return 3 * (size_t)call->out_shape.w; }

static const source *columns(const oc__call *call) { return (const source *)(const void *)call->scratch; }

static void fill_columns(const oc__call *call) {
    source *to = (source *)(void *)call->scratch;
    const uint32_t *s = call->node->sizes;
    for (uint32_t x = 0; x < call->out_shape.w; x++)
        to[x] = source_of(call->node->mode, x, call->out_shape.w, call->in_shape[0].w, s[2], s[3]);
}

static void resize_rows(const oc__call *call, size_t begin, size_t end) {
    size_t channels = call->out_shape.c, height = call->out_shape.h, width = call->out_shape.w;
    size_t stride = call->in_shape[0].w * channels;
    for (size_t row = begin; row < end; row++) {
        source sy = source_row(call, row % height);
        const float *picture = call->in[0] + row / height * oc__picture_size(&call->in_shape[0]);
        const float *upper = picture + sy.first * stride, *lower = picture + sy.second * stride;
        float *out = call->out + row * width * channels;
        for (size_t x = 0; x < width; x++, out += channels) {
            source sx = columns(call)[x];
            const float *a = upper + sx.first * channels, *b = upper + sx.second * channels;
            const float *c = lower + sx.first * channels, *d = lower + sx.second * channels;
            if (sx.part == 0 && sy.part == 0) {
                memcpy(out, a, channels * sizeof *out);
                continue;
            }
            for (size_t k = 0; k < channels; k++) {
                float top = a[k] + (b[k] - a[k]) * sx.part, bottom = c[k] + (d[k] - c[k]) * sx.part;
                out[k] = top + (bottom - top) * sy.part;
            }
        }
        oc__op_finish_some(call, call->out + row * width * channels, width * channels);
    }
}

static void add_to(float *to, const float *from, float factor, size_t n) {
    for (size_t k = 0; k < n && factor != 0; k++) to[k] += from[k] * factor;
}

/* One picture, since neighbours share input pixels. */
static void resize_backward_task(void *argument, size_t image, uint32_t worker) {
    const oc__call *call = argument;
    size_t channels = call->out_shape.c, stride = call->in_shape[0].w * channels;
    float *picture = call->in_gradient[0] + image * oc__picture_size(&call->in_shape[0]);
    const float *from = call->out_gradient + image * oc__picture_size(&call->out_shape);
    (void)worker;
    memset(picture, 0, oc__picture_size(&call->in_shape[0]) * sizeof *picture);
    for (size_t y = 0; y < call->out_shape.h; y++) {
        source sy = source_row(call, y);
        float *upper = picture + sy.first * stride, *lower = picture + sy.second * stride;
        for (size_t x = 0; x < call->out_shape.w; x++, from += channels) {
            source sx = columns(call)[x];
            add_to(upper + sx.first * channels, from, (1 - sx.part) * (1 - sy.part), channels);
            add_to(upper + sx.second * channels, from, sx.part * (1 - sy.part), channels);
            add_to(lower + sx.first * channels, from, (1 - sx.part) * sy.part, channels);
            add_to(lower + sx.second * channels, from, sx.part * sy.part, channels);
        }
    }
}

static void resize_forward(const oc__call *call) {
    fill_columns(call);
    oc__op_in_pieces(call, (size_t)call->out_shape.n * call->out_shape.h, resize_rows);
}

static void resize_backward(const oc__call *call) {
    if (!call->in_gradient[0]) return;
    fill_columns(call);
    oc__parallel(call->context, call->out_shape.n, resize_backward_task, (void *)(uintptr_t)call);
}

static oc_status resized_side(uint32_t *out, uint32_t in, uint32_t numerator, uint32_t denominator, oc_error *err) {
    if (numerator < 1 || numerator > MAX_RATIO || denominator > MAX_RATIO)
        return oc__fail(err, OC_E_CORRUPT, "its scale is %u / %u, expected 1 to %d and 0 to %d", numerator, denominator,
                        MAX_RATIO, MAX_RATIO);
    uint64_t side = denominator ? (uint64_t)in * numerator / denominator : numerator;
    if (side < 1 || side > OC__MAX_DIMENSION)
        return oc__fail(err, OC_E_ARGUMENT, "%u scaled by %u / %u is out of range", in, numerator, denominator);
    *out = (uint32_t)side;
    return OC_OK;
}

static oc_status resize_shape(oc__shape *out, const oc__graph *graph, const oc__node *node, const oc__shape *in,
                              oc_error *err) {
    const uint32_t *s = node->sizes;
    (void)graph;
    *out = in[0];
    oc_status status = resized_side(&out->h, in[0].h, s[0], s[1], err);
    return status ? status : resized_side(&out->w, in[0].w, s[2], s[3], err);
}

const oc__op oc__op_resize = {.name = "resize",
                              .min_inputs = 1,
                              .max_inputs = 1,
                              .last_mode = 31,
                              .n_sizes = 4,
                              .finishes = true,
                              .shape = resize_shape,
                              .n_scratch = n_scratch,
                              .forward = resize_forward,
                              .backward = resize_backward};
