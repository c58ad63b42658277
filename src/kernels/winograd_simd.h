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
