/* Winograd's transforms over vectors of channels, for every instruction set. SPDX-License-Identifier: MIT
 *
 * The products with the matrices of winograd.h, written out: columns first, then rows. The size of a tile is a constant in the
 * inlined bodies.
 */
#include "winograd.h"

/* B x d, for the elements of d at steps of `step`; in place. */
INLINE void winograd_input_line(vec *d, const size_t m, const size_t step) {
    if (m == 2) {
        const vec d1 = d[step], d2 = d[2 * step];
        d[0] = vec_sub(d[0], d2);
        d[step] = vec_add(d1, d2);
        d[2 * step] = vec_sub(d2, d1);
        d[3 * step] = vec_sub(d1, d[3 * step]);
    } else {
        const vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
        const float a = OC__WINOGRAD_A, b = OC__WINOGRAD_B, a2 = OC__WINOGRAD_A2, b2 = OC__WINOGRAD_B2;
        const vec even_a = vec_fma(vec_set(-b2), d2, d4), odd_a = vec_fma(vec_set(-b2), d1, d3);
        const vec even_b = vec_fma(vec_set(-a2), d2, d4), odd_b = vec_fma(vec_set(-a2), d1, d3);
        d[0] = vec_fma(vec_set(a2 * b2), d0, vec_fma(vec_set(-(a2 + b2)), d2, d4));
        d[step] = vec_fma(vec_set(a), odd_a, even_a);
        d[2 * step] = vec_fma(vec_set(-a), odd_a, even_a);
        d[3 * step] = vec_fma(vec_set(b), odd_b, even_b);
        d[4 * step] = vec_fma(vec_set(-b), odd_b, even_b);
        d[5 * step] = vec_fma(vec_set(a2 * b2), d1, vec_fma(vec_set(-(a2 + b2)), d3, d5));
    }
}

/* A x p, m elements from m + 2; in place. */
INLINE void winograd_output_line(vec *p, const size_t m, const size_t step) {
    const vec sum = vec_add(p[step], p[2 * step]), difference = vec_sub(p[step], p[2 * step]);
    if (m == 2) {
        p[0] = vec_add(p[0], sum);
        p[step] = vec_sub(difference, p[3 * step]);
    } else {
        const float a = OC__WINOGRAD_A, b = OC__WINOGRAD_B, a2 = OC__WINOGRAD_A2, b2 = OC__WINOGRAD_B2;
        const vec sum2 = vec_add(p[3 * step], p[4 * step]), difference2 = vec_sub(p[3 * step], p[4 * step]);
        p[0] = vec_add(vec_add(p[0], sum), sum2);
        p[step] = vec_fma(vec_set(b), difference2, vec_mul(vec_set(a), difference));
        p[2 * step] = vec_fma(vec_set(b2), sum2, vec_mul(vec_set(a2), sum));
        p[3 * step] = vec_fma(vec_set(b * b2), difference2, vec_fma(vec_set(a * a2), difference, p[5 * step]));
    }
}

/* G x g, m + 2 elements from 3. */
INLINE void winograd_filter_line(const vec *g, const size_t g_step, vec *p, const size_t p_step, const size_t m) {
    const vec g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];
    if (m == 2) {
        const vec half = vec_set(0.5f), even = vec_mul(half, vec_add(g0, g2));
        p[p_step] = vec_fma(half, g1, even);
        p[2 * p_step] = vec_fma(vec_set(-0.5f), g1, even);
    } else {
        const float a = OC__WINOGRAD_A, b = OC__WINOGRAD_B, a2 = OC__WINOGRAD_A2, b2 = OC__WINOGRAD_B2;
        const float at_a = OC__WINOGRAD_AT_A, at_b = OC__WINOGRAD_AT_B;
        const vec even_a = vec_fma(vec_set(a2 / at_a), g2, vec_mul(vec_set(1 / at_a), g0));
        const vec even_b = vec_fma(vec_set(b2 / at_b), g2, vec_mul(vec_set(1 / at_b), g0));
        p[p_step] = vec_fma(vec_set(a / at_a), g1, even_a);
        p[2 * p_step] = vec_fma(vec_set(-a / at_a), g1, even_a);
        p[3 * p_step] = vec_fma(vec_set(b / at_b), g1, even_b);
        p[4 * p_step] = vec_fma(vec_set(-b / at_b), g1, even_b);
    }
    p[0] = m == 2 ? g0 : vec_mul(vec_set(1 / (OC__WINOGRAD_A2 * OC__WINOGRAD_B2)), g0);
    p[(m + 1) * p_step] = g2;
}

/* A' x y, m + 2 elements from m. */
INLINE void winograd_output_gradient_line(const vec *y, const size_t y_step, vec *p, const size_t p_step, const size_t m) {
    const vec y0 = y[0], y1 = y[y_step];
    p[0] = y0;
    if (m == 2) {
        p[p_step] = vec_add(y0, y1);
        p[2 * p_step] = vec_sub(y0, y1);
        p[3 * p_step] = vec_sub(vec_zero(), y1);
    } else {
        const vec y2 = y[2 * y_step], y3 = y[3 * y_step];
        const float a = OC__WINOGRAD_A, b = OC__WINOGRAD_B, a2 = OC__WINOGRAD_A2, b2 = OC__WINOGRAD_B2;
        const vec even_a = vec_fma(vec_set(a2), y2, y0), odd_a = vec_fma(vec_set(a2), y3, y1);
        const vec even_b = vec_fma(vec_set(b2), y2, y0), odd_b = vec_fma(vec_set(b2), y3, y1);
        p[p_step] = vec_fma(vec_set(a), odd_a, even_a);
        p[2 * p_step] = vec_fma(vec_set(-a), odd_a, even_a);
        p[3 * p_step] = vec_fma(vec_set(b), odd_b, even_b);
        p[4 * p_step] = vec_fma(vec_set(-b), odd_b, even_b);
        p[5 * p_step] = y3;
    }
}

/* G' x p, 3 elements from m + 2; in place. */
INLINE void winograd_filter_gradient_line(vec *p, const size_t m, const size_t step) {
    const vec sum = vec_add(p[step], p[2 * step]), difference = vec_sub(p[step], p[2 * step]);
    if (m == 2) {
        const vec half = vec_set(0.5f);
        p[0] = vec_fma(half, sum, p[0]);
        p[step] = vec_mul(half, difference);
        p[2 * step] = vec_fma(half, sum, p[3 * step]);
    } else {
        const float a = OC__WINOGRAD_A, b = OC__WINOGRAD_B, a2 = OC__WINOGRAD_A2, b2 = OC__WINOGRAD_B2;
        const float at_a = OC__WINOGRAD_AT_A, at_b = OC__WINOGRAD_AT_B;
        const vec sum_b = vec_add(p[3 * step], p[4 * step]), difference_b = vec_sub(p[3 * step], p[4 * step]);
        p[0] = vec_fma(vec_set(1 / at_a), sum, vec_fma(vec_set(1 / at_b), sum_b, vec_mul(vec_set(1 / (a2 * b2)), p[0])));
        p[step] = vec_fma(vec_set(a / at_a), difference, vec_mul(vec_set(b / at_b), difference_b));
        p[2 * step] = vec_fma(vec_set(a2 / at_a), sum, vec_fma(vec_set(b2 / at_b), sum_b, p[5 * step]));
    }
}

INLINE void winograd_input(const float *const *pixels, size_t c, float *out, size_t out_stride, const size_t m,
                           const vec_mask *mask) {
    const size_t side = m + 2;
    vec d[OC__WINOGRAD_MAX_POINTS];

    UNROLL for (size_t x = 0; x < side; x++) {
        UNROLL for (size_t y = 0; y < side; y++) {
            const float *from = pixels[y * side + x] + c;
            d[y * side + x] = mask ? vec_load_masked(from, *mask) : vec_load(from);
        }
        winograd_input_line(d + x, m, side);
    }
    UNROLL for (size_t y = 0; y < side; y++) {
        winograd_input_line(d + y * side, m, 1);
        UNROLL for (size_t x = 0; x < side; x++) {
            float *to = out + (y * side + x) * out_stride + c;
            if (mask) vec_store_masked(to, d[y * side + x], *mask);
            else vec_store(to, d[y * side + x]);
        }
    }
}

INLINE void winograd_output(const oc__winograd_tile *tile, size_t c, const size_t m, const vec_mask *mask) {
    const size_t side = m + 2;
    const vec low = vec_set(tile->low), high = vec_set(tile->high);
    vec p[OC__WINOGRAD_MAX_POINTS], bias = vec_zero();

    if (tile->bias) bias = mask ? vec_load_masked(tile->bias + c, *mask) : vec_load(tile->bias + c);
    UNROLL for (size_t x = 0; x < side; x++) {
        UNROLL for (size_t y = 0; y < side; y++) {
            const float *from = tile->in + (y * side + x) * tile->in_stride + c;
            p[y * side + x] = mask ? vec_load_masked(from, *mask) : vec_load(from);
        }
        winograd_output_line(p + x, m, side);
    }
    UNROLL for (size_t y = 0; y < m; y++) {
        if (y >= tile->height) break;
        winograd_output_line(p + y * side, m, 1);
        UNROLL for (size_t x = 0; x < m; x++) {
            const size_t at = y * tile->row_stride + x * tile->pixel_stride + c;
            if (x >= tile->width) break;
            vec value = vec_add(p[y * side + x], bias);
            if (tile->add) {
                value = vec_add(value, mask ? vec_load_masked(tile->add + at, *mask) : vec_load(tile->add + at));
            }
            value = vec_clamp(value, low, high);
            if (mask) vec_store_masked(tile->out + at, value, *mask);
            else vec_store(tile->out + at, value);
        }
    }
}

INLINE void winograd_filter(const float *filters, ptrdiff_t tap_stride, float *out, size_t out_stride, const size_t m,
                            const vec_mask *mask) {
    const size_t side = m + 2;
    vec g[9], half[OC__WINOGRAD_MAX_SIDE * 3], p[OC__WINOGRAD_MAX_SIDE];

    UNROLL for (size_t t = 0; t < 9; t++) {
        const float *from = filters + (ptrdiff_t)t * tap_stride;
        g[t] = mask ? vec_load_masked(from, *mask) : vec_load(from);
    }
    UNROLL for (size_t x = 0; x < 3; x++) winograd_filter_line(g + x, 3, half + x, 3, m);
    UNROLL for (size_t y = 0; y < side; y++) {
        winograd_filter_line(half + y * 3, 1, p, 1, m);
        UNROLL for (size_t x = 0; x < side; x++) {
            float *to = out + (y * side + x) * out_stride;
            if (mask) vec_store_masked(to, p[x], *mask);
            else vec_store(to, p[x]);
        }
    }
}

INLINE void winograd_output_gradient(const float *const *pixels, size_t c, float *out, size_t out_stride, const size_t m,
                                     const vec_mask *mask) {
    const size_t side = m + 2;
    vec d[16], half[OC__WINOGRAD_MAX_SIDE * 4], p[OC__WINOGRAD_MAX_SIDE];

    UNROLL for (size_t i = 0; i < m * m; i++) d[i] = mask ? vec_load_masked(pixels[i] + c, *mask) : vec_load(pixels[i] + c);
    UNROLL for (size_t x = 0; x < m; x++) winograd_output_gradient_line(d + x, m, half + x, m, m);
    UNROLL for (size_t y = 0; y < side; y++) {
        winograd_output_gradient_line(half + y * m, 1, p, 1, m);
        UNROLL for (size_t x = 0; x < side; x++) {
            float *to = out + (y * side + x) * out_stride + c;
            if (mask) vec_store_masked(to, p[x], *mask);
            else vec_store(to, p[x]);
        }
    }
}

INLINE void winograd_filter_gradient(const float *points, size_t point_stride, float *out, size_t tap_stride, const size_t m,
                                     const vec_mask *mask) {
    const size_t side = m + 2;
    vec p[OC__WINOGRAD_MAX_POINTS];

    UNROLL for (size_t x = 0; x < side; x++) {
        UNROLL for (size_t y = 0; y < side; y++) {
            const float *from = points + (y * side + x) * point_stride;
            p[y * side + x] = mask ? vec_load_masked(from, *mask) : vec_load(from);
        }
        winograd_filter_gradient_line(p + x, m, side);
    }
    UNROLL for (size_t y = 0; y < 3; y++) {
        winograd_filter_gradient_line(p + y * side, m, 1);
        UNROLL for (size_t x = 0; x < 3; x++) {
            float *to = out + (y * 3 + x) * tap_stride;
            if (mask) vec_store_masked(to, p[y * side + x], *mask);
            else vec_store(to, p[y * side + x]);
        }
    }
}

INLINE void winograd_filters(size_t n, const float *filters, ptrdiff_t tap_stride, float *out, size_t out_stride,
                             const size_t m) {
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) winograd_filter(filters + j, tap_stride, out + j, out_stride, m, NULL);
    if (j < n) {
        const vec_mask mask = vec_first(n - j);
        winograd_filter(filters + j, tap_stride, out + j, out_stride, m, &mask);
    }
}

INLINE void winograd_output_gradients(size_t channels, const float *const *pixels, float *out, size_t out_stride,
                                      const size_t m) {
    size_t c = 0;

    for (; c + LANES <= channels; c += LANES) winograd_output_gradient(pixels, c, out, out_stride, m, NULL);
    if (c < channels) {
        const vec_mask mask = vec_first(channels - c);
        winograd_output_gradient(pixels, c, out, out_stride, m, &mask);
    }
}

INLINE void winograd_filter_gradients(size_t n, const float *points, size_t point_stride, float *out, size_t tap_stride,
                                      const size_t m) {
    size_t j = 0;

    for (; j + LANES <= n; j += LANES) winograd_filter_gradient(points + j, point_stride, out + j, tap_stride, m, NULL);
    if (j < n) {
        const vec_mask mask = vec_first(n - j);
        winograd_filter_gradient(points + j, point_stride, out + j, tap_stride, m, &mask);
    }
}

INLINE void winograd_inputs(size_t channels, const float *const *pixels, float *out, size_t out_stride, const size_t m) {
    size_t c = 0;

    for (; c + LANES <= channels; c += LANES) winograd_input(pixels, c, out, out_stride, m, NULL);
    if (c < channels) {
        const vec_mask mask = vec_first(channels - c);
        winograd_input(pixels, c, out, out_stride, m, &mask);
    }
}

INLINE void winograd_outputs(const oc__winograd_tile *tile, const size_t m) {
    size_t c = 0;

    for (; c + LANES <= tile->channels; c += LANES) winograd_output(tile, c, m, NULL);
    if (c < tile->channels) {
        const vec_mask mask = vec_first(tile->channels - c);
        winograd_output(tile, c, m, &mask);
    }
}

void SET(winograd_input)(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride) {
    if (m == 2) winograd_inputs(channels, pixels, out, out_stride, 2);
    else winograd_inputs(channels, pixels, out, out_stride, 4);
}

void SET(winograd_output)(const oc__winograd_tile *tile) {
    if (tile->m == 2) winograd_outputs(tile, 2);
    else winograd_outputs(tile, 4);
}

void SET(winograd_filter)(size_t m, size_t n, const float *filters, ptrdiff_t tap_stride, float *out, size_t out_stride) {
    if (m == 2) winograd_filters(n, filters, tap_stride, out, out_stride, 2);
    else winograd_filters(n, filters, tap_stride, out, out_stride, 4);
}

void SET(winograd_output_gradient)(size_t m, size_t channels, const float *const *pixels, float *out, size_t out_stride) {
    if (m == 2) winograd_output_gradients(channels, pixels, out, out_stride, 2);
    else winograd_output_gradients(channels, pixels, out, out_stride, 4);
}

void SET(winograd_filter_gradient)(size_t m, size_t n, const float *points, size_t point_stride, float *out,
                                   size_t tap_stride) {
    if (m == 2) winograd_filter_gradients(n, points, point_stride, out, tap_stride, 2);
    else winograd_filter_gradients(n, points, point_stride, out, tap_stride, 4);
}
