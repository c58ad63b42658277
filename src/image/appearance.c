/* How a picture looks. SPDX-License-Identifier: MIT */
#include "appearance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "prepare.h"
#include "resample.h"

#define REACH 4 /* pixels to either side that further blurring takes the mean of */

/* A picture of brightness alone, 0 to 255. */
typedef struct grey {
    float *values;
    size_t width, height;
} grey;

static void take_luma(float *out, const uint8_t *pixels, size_t n) {
    for (size_t i = 0; i < n; i++, pixels += 3)
        out[i] = 0.299f * (float)pixels[0] + 0.587f * (float)pixels[1] + 0.114f * (float)pixels[2];
}

/* The brightness of the bitmap at width x height, which may be its own. */
static oc_status shrink(grey *out, const oc__bitmap *bitmap, size_t width, size_t height, oc_error *err) {
    oc_context *context = bitmap->context;
    bool own = width == bitmap->width && height == bitmap->height;
    uint8_t *pixels = own ? bitmap->pixels : oc__alloc_array(context, width * height, 3);
    *out = (grey){oc__alloc_array(context, width * height, sizeof(float)), width, height};
    oc_status status = OC_OK;
    if (!pixels || !out->values) status = oc__fail_nomem(err, context, width * height * 7, "the looks of a picture");
    if (!status && !own)
        status = oc__resample(pixels, (uint32_t)width, (uint32_t)height, bitmap,
                              (oc__part){0, 0, (float)bitmap->width, (float)bitmap->height}, OC__FILTER_TRIANGLE, err);
    if (!status) take_luma(out->values, pixels, width * height);
    if (!own) oc__free(context, pixels);
    if (status) {
        oc__free(context, out->values);
        out->values = NULL;
    }
    return status;
}

/* Which of n pixels lies at `at`, counted from REACH before the first; beyond the ends they repeat. */
static size_t place(size_t at, size_t n) { return at < REACH ? 0 : at - REACH < n ? at - REACH : n - 1; }

/* How blurred along lines: `n_lines` of them, `line` apart, of `n` pixels `step` apart. */
static double blur_along(const float *values, size_t n_lines, size_t line, size_t n, size_t step) {
    double all = 0, kept = 0;
    for (size_t l = 0; l < n_lines; l++) {
        const float *p = values + l * line;
        double sum = 0, before = 0;
        for (size_t k = 0; k <= 2 * REACH; k++) sum += (double)p[place(k, n) * step];
        for (size_t i = 0; i < n; i++) {
            double mean = sum / (2 * REACH + 1);
            if (i > 0) {
                double change = fabs((double)p[i * step] - (double)p[(i - 1) * step]), left = change - fabs(mean - before);
                all += change;
                kept += left > 0 ? left : 0;
            }
            before = mean;
            sum += (double)p[place(i + 2 * REACH + 1, n) * step] - (double)p[place(i, n) * step];
        }
    }
    return all > 0 ? (all - kept) / all : 0;
}

static void count_brightness(oc__appearance *out, const grey *g) {
    size_t counts[256] = {0}, n = g->width * g->height, below = 0;
    for (size_t i = 0; i < n; i++) counts[(int)g->values[i]]++;
    int low = 0, high = 255;
    while (below + counts[low] <= n / 50) below += counts[low++];
    below = 0;
    while (below + counts[high] <= n / 50) below += counts[high--];
    out->darkest = (float)low / 255;
    out->brightest = (float)high / 255;
}

/* To mean 0 and length 1; to all 0 where nothing but rounding is left. */
static void standardise(float *thumb, size_t n) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += (double)thumb[i];
    for (size_t i = 0; i < n; i++) {
        thumb[i] -= (float)(sum / (double)n);
        squares += (double)thumb[i] * (double)thumb[i];
    }
    float factor = squares > 1e-6 ? (float)(1 / sqrt(squares)) : 0;
    for (size_t i = 0; i < n; i++) thumb[i] *= factor;
}

oc_status oc__appearance_of(oc__appearance *out, const oc__bitmap *bitmap, oc_error *err) {
    oc_context *context = bitmap->context;
    size_t width = bitmap->width, height = bitmap->height, longer = width > height ? width : height;
    grey large = {0}, small = {0};
    if (longer > OC__APPEARANCE_SIDE) {
        width = (width * OC__APPEARANCE_SIDE + longer / 2) / longer;
        height = (height * OC__APPEARANCE_SIDE + longer / 2) / longer;
        width += width == 0;
        height += height == 0;
    }
    *out = (oc__appearance){0};
    oc_status status = shrink(&large, bitmap, width, height, err);
    if (!status) status = shrink(&small, bitmap, OC__THUMB, OC__THUMB, err);
    if (!status) {
        double across = blur_along(large.values, height, width, width, 1);
        double down = blur_along(large.values, width, 1, height, width);
        out->blur = (float)(across > down ? across : down);
        count_brightness(out, &large);
        memcpy(out->thumb, small.values, sizeof out->thumb);
        standardise(out->thumb, OC__THUMB * OC__THUMB);
    }
    oc__free(context, large.values);
    oc__free(context, small.values);
    return status;
}

void oc__thumb_halve(float out[OC__THUMB * OC__THUMB / 4], const float thumb[OC__THUMB * OC__THUMB]) {
    for (size_t y = 0; y < OC__THUMB / 2; y++)
        for (size_t x = 0; x < OC__THUMB / 2; x++) {
            const float *p = thumb + 2 * y * OC__THUMB + 2 * x;
            out[y * OC__THUMB / 2 + x] = p[0] + p[1] + p[OC__THUMB] + p[OC__THUMB + 1];
        }
    standardise(out, OC__THUMB * OC__THUMB / 4);
}
