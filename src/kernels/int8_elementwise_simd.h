/* What 8-bit inference does element by element, over vectors, for every instruction set. SPDX-License-Identifier: MIT
 *
 * The last elements, fewer than a vector, go through the reference: the bits are the same. */
#define LANES (4 * PARTS)

INLINE fvec one_of_sum(const uint8_t *q, int32_t zero, float multiplier) {
    return fvec_mul(fvec_of(ivec_add(load_integers(q), ivec_set(-zero))), fvec_set(multiplier));
}

/* Integers of any size, the zero point not yet added, to bytes. */
INLINE void store_clamped(uint8_t *out, ivec x, int32_t zero, int32_t low, int32_t high) {
    store_integers(out, clamp_integers(ivec_add(x, ivec_set(zero)), ivec_set(low), ivec_set(high)));
}

void SET(add)(size_t n, const uint8_t *a, const uint8_t *b, const oc__int8_sum *sum, uint8_t *out) {
    const float limit = 1e9f; /* so that adding the zero point does not wrap */
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) {
        const fvec v = fvec_add(one_of_sum(a + i, sum->a_zero, sum->a_multiplier),
                                one_of_sum(b + i, sum->b_zero, sum->b_multiplier));
        store_clamped(out + i, rounded(fvec_clamp(v, fvec_set(-limit), fvec_set(limit))), sum->zero, sum->low, sum->high);
    }
    oc__int8_add_c(n - i, a + i, b + i, sum, out + i);
}

INLINE void store_quantised(uint8_t *out, fvec x, float inverse, int32_t zero) {
    const fvec low = fvec_set((float)-zero), high = fvec_set((float)(255 - zero));
    store_integers(out, ivec_add(rounded(fvec_clamp(fvec_mul(x, fvec_set(inverse)), low, high)), ivec_set(zero)));
}

void SET(quantise)(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out) {
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) store_quantised(out + i, fvec_load(x + i), inverse, zero);
    oc__int8_quantise_c(n - i, x + i, inverse, zero, out + i);
}

void SET(quantise_threes)(size_t n, const float *x, float inverse, int32_t zero, uint8_t *out) {
    size_t i = 0;

    for (; i + PARTS <= n; i += PARTS) store_quantised(out + 4 * i, fvec_load_threes(x + 3 * i), inverse, zero);
    oc__int8_quantise_threes_c(n - i, x + 3 * i, inverse, zero, out + 4 * i);
}

void SET(dequantise)(size_t n, const uint8_t *q, float scale, int32_t zero, float *out) {
    size_t i = 0;

    for (; i + LANES <= n; i += LANES) fvec_store(out + i, one_of_sum(q + i, zero, scale));
    oc__int8_dequantise_c(n - i, q + i, scale, zero, out + i);
}

void SET(channel_sums)(size_t n, size_t channels, const uint8_t *in, int32_t *sums) {
    size_t c = 0;

    for (; c + LANES <= channels; c += LANES) {
        ivec sum = ivec_load(sums + c);
        for (size_t p = 0; p < n; p++) sum = ivec_add(sum, load_integers(in + p * channels + c));
        ivec_store(sums + c, sum);
    }
    for (; c < channels; c++) {
        for (size_t p = 0; p < n; p++) sums[c] += in[p * channels + c];
    }
}

void SET(largest)(size_t n_taps, size_t channels, const uint8_t *const *taps, uint8_t *out) {
    for (size_t c = 0; c < channels; c += 4 * LANES) {
        const size_t n = channels - c < 4 * LANES ? channels - c : 4 * LANES;
        ivec largest = ivec_load_first(taps[0] + c, n);
        for (size_t t = 1; t < n_taps; t++) largest = ivec_largest_bytes(largest, ivec_load_first(taps[t] + c, n));
        ivec_store_first(out + c, largest, n);
    }
}
