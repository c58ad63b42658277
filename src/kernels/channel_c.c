/* Passes over channels and plain vectors, reference. SPDX-License-Identifier: MIT */
#include "clamp.h"
#include "set.h"

void oc__scale_shift_c(size_t n, size_t channels, const float *x, const float *scale, const float *shift, const float *add,
                       float low, float high, float *y) {
    for (size_t p = 0; p < n; p++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = p * channels + c;
            float value = x[i] * scale[c] + shift[c];
            if (add) value += add[i];
            y[i] = oc__clamp(value, low, high);
        }
    }
}

void oc__channel_sums_c(size_t n, size_t channels, const float *x, const float *center, float *sum, float *sum_squares) {
    for (size_t c = 0; c < channels; c++) {
        float s = 0, q = 0;
        for (size_t p = 0; p < n; p++) {
            const float value = x[p * channels + c], d = value - center[c];
            s += value;
            q += d * d;
        }
        sum[c] += s;
        sum_squares[c] += q;
    }
}

void oc__clamp_gradient_c(size_t n, const float *y, float low, float high, float *dy) {
    for (size_t i = 0; i < n; i++) {
        if (!(low < y[i] && y[i] < high)) dy[i] = 0;
    }
}

/* The gradient dy of channel c's map at x, taken through its clamp. */
static float through(float dy, float x, const oc__channel_map *map, size_t c) {
    if (!map) return dy;
    const float y = x * map->scale[c] + map->shift[c];
    return map->low < y && y < map->high ? dy : 0;
}

void oc__channel_gradient_sums_c(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                                 const float *center, float *sum, float *sum_products) {
    for (size_t c = 0; c < channels; c++) {
        float s = 0, q = 0;
        for (size_t p = 0; p < n; p++) {
            const size_t i = p * channels + c;
            const float gradient = through(dy[i], x[i], map, c);
            s += gradient;
            q += gradient * (x[i] - center[c]);
        }
        sum[c] += s;
        sum_products[c] += q;
    }
}

void oc__channel_gradient_c(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                            const float *a, const float *b, const float *d, float *dx) {
    for (size_t p = 0; p < n; p++) {
        for (size_t c = 0; c < channels; c++) {
            const size_t i = p * channels + c;
            dx[i] = through(dy[i], x[i], map, c) * a[c] + x[i] * b[c] + d[c];
        }
    }
}

void oc__add_scaled_c(size_t n, float scale, const float *x, float *y) {
    for (size_t i = 0; i < n; i++) y[i] += scale * x[i];
}

double oc__dot_c(size_t n, const float *x, const float *y) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * y[i];
    return sum;
}
