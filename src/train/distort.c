/* What cameras and obstacles do to a picture. SPDX-License-Identifier: MIT */
#include "distort.h"

#include <math.h>
#include <string.h>

#include "memory.h"

#define SHARE 0.25     /* of the views, for each change */
#define MAX_BLUR 0.01  /* the deviation of the blur, of the width */
#define MAX_NOISE 0.25 /* its deviation, where colours' deviation is about 1 */
#define LEAST_AREA 0.02
#define MOST_AREA 0.2 /* of what is covered */

/* A box filter over `radius` pixels to both sides of a line of n pixels, `step` floats apart; edges go on as they are. */
static void box_filter(float *line, float *copy, size_t n, size_t step, size_t radius) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) copy[i] = line[i * step];
    for (size_t i = 0; i < 2 * radius + 1; i++) sum += (double)copy[i < radius ? 0 : i - radius < n ? i - radius : n - 1];
    for (size_t i = 0; i < n; i++) {
        line[i * step] = (float)(sum / (double)(2 * radius + 1));
        sum += (double)copy[i + radius + 1 < n ? i + radius + 1 : n - 1] - (double)copy[i < radius ? 0 : i - radius];
    }
}

/* Two box filters on end, which are nearly a Gaussian. */
oc_status oc__distort_blur(float *input, oc_context *context, const oc__prepare_rule *rule, oc__random *random, oc_error *err) {
    size_t width = rule->width, height = rule->height, longer = width > height ? width : height;
    if (oc__random_unit(random) >= SHARE) return OC_OK;
    double deviation = oc__random_between(random, 0, MAX_BLUR) * (double)width;
    size_t radius = (size_t)floor(0.5 * (sqrt(6 * deviation * deviation + 1) - 1) + 0.5); /* of two: 2 ((2 r + 1)^2 - 1) / 12 */
    if (radius == 0) return OC_OK;
    float *copy = oc__alloc_array(context, longer, sizeof *copy);
    if (!copy) return oc__fail_nomem(err, context, longer * sizeof *copy, "training");
    for (int pass = 0; pass < 2; pass++)
        for (size_t c = 0; c < 3; c++) {
            for (size_t y = 0; y < height; y++) box_filter(input + y * width * 3 + c, copy, width, 3, radius);
            for (size_t x = 0; x < width; x++) box_filter(input + x * 3 + c, copy, height, 3 * width, radius);
        }
    oc__free(context, copy);
    return OC_OK;
}

void oc__distort_noise(float *input, const oc__prepare_rule *rule, oc__random *random) {
    if (oc__random_unit(random) >= SHARE) return;
    double deviation = oc__random_between(random, 0, MAX_NOISE);
    for (size_t i = 0; i < (size_t)rule->width * rule->height * 3; i++)
        input[i] += (float)(deviation * oc__random_normal(random));
}

void oc__distort_erase(float *input, const oc__prepare_rule *rule, oc__random *random) {
    if (oc__random_unit(random) >= SHARE) return;
    double area = oc__random_between(random, LEAST_AREA, MOST_AREA), aspect = exp(oc__random_between(random, -1, 1) * log(3));
    size_t width = (size_t)(sqrt(area * aspect) * rule->width), height = (size_t)(sqrt(area / aspect) * rule->height);
    size_t left = (size_t)oc__random_below(random, rule->width - width + 1);
    size_t top = (size_t)oc__random_below(random, rule->height - height + 1);
    for (size_t y = top; y < top + height; y++) memset(input + (y * rule->width + left) * 3, 0, width * 3 * sizeof *input);
}
