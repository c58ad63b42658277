/* Resizing by separable, antialiased filters in fixed point. SPDX-License-Identifier: MIT
 *
 * Each output pixel is a weighted mean of the input pixels around its centre. The filter is stretched by the reduction, so
 * that every input pixel is counted. Weights are integers of 22 bits after the point: with 8-bit samples and weights that
 * add up to 1, sums stay within 32 bits, and integers give the same result on every machine. */
#include "resample.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "prepare.h"
#include "resample_rows.h"

static double triangle(double x) {
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double cubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static void axis_free(oc__axis *a, oc_context *context) {
    oc__free(context, a->first);
    oc__free(context, a->count);
    oc__free(context, a->weights);
    oc__free(context, a->pairs);
}

/* Fills in the weights of output `i`; `scratch` has room for `most` of them. */
static void weigh(oc__axis *a, uint32_t i, double centre, double reach, double stretch, uint32_t n_in, double (*filter)(double),
                  double *scratch) {
    double low = centre - reach + 0.5, high = centre + reach + 0.5, sum = 0;
    uint32_t first = low > 0 ? (uint32_t)low : 0, end = high < n_in ? (uint32_t)high : n_in;
    uint32_t n = end - first;
    int32_t *weights = a->weights + (size_t)i * a->most;
    for (uint32_t k = 0; k < n; k++) sum += scratch[k] = filter((first + k - centre + 0.5) * (1.0 / stretch));
    for (uint32_t k = 0; k < n; k++) {
        double weight = (sum != 0 ? scratch[k] / sum : scratch[k]) * (1 << OC__WEIGHT_POINT);
        weights[k] = (int32_t)(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    a->first[i] = first;
    a->count[i] = n;
    oc__weight_pair *pairs = a->pairs + (size_t)i * ((a->most + 1) / 2);
    for (uint32_t k = 0; k < n; k += 2) pairs[k / 2] = oc__pair_weights(weights[k], k + 1 < n ? weights[k + 1] : 0);
}

static oc_status axis_make(oc__axis *a, oc_context *context, uint32_t n_in, float from, float to, uint32_t n_out,
                           uint32_t filter, oc_error *err) {
    double step = (double)(to - from) / n_out, stretch = step < 1 ? 1 : step;
    double reach = (filter == OC__FILTER_CUBIC ? 2.0 : 1.0) * stretch;
    *a = (oc__axis){.n = n_out, .most = (uint32_t)ceil(reach) * 2 + 1};
    a->unchanged = n_in == n_out && from == 0 && to == (float)n_in;
    double *scratch = oc__alloc_array(context, a->most, sizeof *scratch);
    a->first = oc__alloc_array(context, n_out, sizeof *a->first);
    a->count = oc__alloc_array(context, n_out, sizeof *a->count);
    a->weights = oc__alloc_array(context, (size_t)n_out * a->most, sizeof *a->weights);
    a->pairs = oc__alloc_array(context, (size_t)n_out * ((a->most + 1) / 2), sizeof *a->pairs);
    if (!scratch || !a->first || !a->count || !a->weights || !a->pairs) {
        oc__free(context, scratch);
        return oc__fail_nomem(err, context, (size_t)n_out * a->most * sizeof *a->weights, "resizing a picture");
    }
    for (uint32_t i = 0; i < n_out; i++)
        weigh(a, i, (double)from + (i + 0.5) * step, reach, stretch, n_in, filter == OC__FILTER_CUBIC ? cubic : triangle,
              scratch);
    a->begin = a->first[0];
    a->end = a->first[n_out - 1] + a->count[n_out - 1];
    oc__free(context, scratch);
    return OC_OK;
}

oc_status oc__resample(uint8_t *out, uint32_t width, uint32_t height, const oc__bitmap *bitmap, oc__part part, uint32_t filter,
                       oc_error *err) {
    oc_context *context = bitmap->context;
    oc__axis x = {0}, y = {0};
    void *scratch = NULL;
    uint8_t *between = NULL; /* the rows that the vertical pass needs, resized along x */
    size_t stride = (size_t)width * 3, stride_in = (size_t)bitmap->width * 3;
    const uint8_t *rows;
    oc_status status = axis_make(&x, context, bitmap->width, part.left, part.right, width, filter, err);
    if (status == OC_OK) status = axis_make(&y, context, bitmap->height, part.top, part.bottom, height, filter, err);
    if (status) goto done;
    if (y.unchanged) {
        y.begin = 0;
        y.end = height;
    }
    rows = bitmap->pixels + y.begin * stride_in;
    if (!x.unchanged) {
        size_t n_rows = y.end - y.begin, room = oc__across_scratch(&x);
        uint8_t *to = out;
        if (!y.unchanged) to = between = oc__alloc_array(context, n_rows, stride);
        scratch = oc__alloc(context, room);
        if (!to || !scratch) {
            status = oc__fail_nomem(err, context, n_rows * stride + room, "resizing a picture");
            goto done;
        }
        for (size_t i = 0; i < n_rows; i += 2) {
            size_t j = i + 1 < n_rows ? i + 1 : i;
            oc__across(to + i * stride, to + j * stride, rows + i * stride_in, rows + j * stride_in, scratch, &x);
        }
        rows = to;
    }
    if (!y.unchanged) {
        for (uint32_t i = 0; i < height; i++) oc__down(out + i * stride, rows + (y.first[i] - y.begin) * stride, stride, &y, i);
    } else if (x.unchanged) {
        memcpy(out, rows, height * stride);
    }
done:
    oc__free(context, between);
    oc__free(context, scratch);
    axis_free(&y, context);
    axis_free(&x, context);
    return status;
}
