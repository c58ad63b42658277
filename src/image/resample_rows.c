/* The two inner loops of resizing. SPDX-License-Identifier: MIT
 *
 * Both variants compute the same sums in whole numbers, so they give the same bits. SSE2 is part of every x86-64. */
#include "resample_rows.h"

#include <string.h>

#define HALF (1 << (OC__WEIGHT_POINT - 1))

static uint8_t to_byte(int32_t sum) {
    sum >>= OC__WEIGHT_POINT;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* Columns from `at` on of one output row. */
static void down_plain(uint8_t *out, const uint8_t *rows, size_t stride, const int32_t *weights, uint32_t n, size_t at) {
    enum { BLOCK = 64 }; /* sums that stay in the nearest cache */
    for (; at < stride; at += BLOCK) {
        int32_t sums[BLOCK];
        int size = stride - at < BLOCK ? (int)(stride - at) : BLOCK;
        for (int i = 0; i < size; i++) sums[i] = HALF;
        for (uint32_t k = 0; k < n; k++)
            for (int i = 0; i < size; i++) sums[i] += rows[k * stride + at + i] * weights[k];
        for (int i = 0; i < size; i++) out[at + i] = to_byte(sums[i]);
    }
}

#if defined(__SSE2__) && !defined(OC_PLAIN)

#include <emmintrin.h>

#define PAD 16 /* bytes that may be read past the last pixel */

size_t oc__across_scratch(const oc__axis *a) { return ((size_t)(a->end - a->begin) * 3 + PAD) * 2; }

static __m128i spread(const int16_t two[2]) {
    int32_t both;
    memcpy(&both, two, sizeof both);
    return _mm_set1_epi32(both);
}

/* Four sums from their high and low parts, as numbers of 0 to 255 but for overshoot. */
static __m128i join(__m128i high, __m128i low) {
    __m128i sum = _mm_add_epi32(_mm_slli_epi32(high, OC__WEIGHT_LOW), low);
    return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(HALF)), OC__WEIGHT_POINT);
}

/* R R' G G' B B' of the two pixels at `from`, 16 bits each. */
static __m128i two_pixels(const uint8_t *from) {
    __m128i pixels = _mm_loadl_epi64((const __m128i *)(const void *)from);
    pixels = _mm_unpacklo_epi8(pixels, _mm_srli_si128(pixels, 3));
    return _mm_unpacklo_epi8(pixels, _mm_setzero_si128());
}

static void put_pixel(uint8_t *out, __m128i sums) {
    int32_t bytes = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(sums, sums), sums));
    memcpy(out, &bytes, 3);
}

void oc__across(uint8_t *upper_out, uint8_t *lower_out, const uint8_t *upper, const uint8_t *lower, void *scratch,
                const oc__axis *a) {
    const __m128i zero = _mm_setzero_si128();
    size_t size = (size_t)(a->end - a->begin) * 3, most_pairs = (a->most + 1) / 2;
    uint8_t *rows[2] = {scratch, (uint8_t *)scratch + size + PAD};
    memcpy(rows[0], upper + (size_t)a->begin * 3, size);
    memcpy(rows[1], lower + (size_t)a->begin * 3, size);
    memset(rows[0] + size, 0, PAD);
    memset(rows[1] + size, 0, PAD);
    for (uint32_t x = 0; x < a->n; x++, upper_out += 3, lower_out += 3) {
        const oc__weight_pair *pair = a->pairs + x * most_pairs, *end = pair + (a->count[x] + 1) / 2;
        size_t at = (size_t)(a->first[x] - a->begin) * 3;
        __m128i high[2] = {zero, zero}, low[2] = {zero, zero};
        for (; pair < end; pair++, at += 6) {
            __m128i by_high = spread(pair->high), by_low = spread(pair->low);
            for (int i = 0; i < 2; i++) {
                __m128i pixels = two_pixels(rows[i] + at);
                high[i] = _mm_add_epi32(high[i], _mm_madd_epi16(pixels, by_high));
                low[i] = _mm_add_epi32(low[i], _mm_madd_epi16(pixels, by_low));
            }
        }
        put_pixel(upper_out, join(high[0], low[0]));
        put_pixel(lower_out, join(high[1], low[1]));
    }
}

void oc__down(uint8_t *out, const uint8_t *rows, size_t stride, const oc__axis *a, uint32_t i) {
    const __m128i zero = _mm_setzero_si128();
    const oc__weight_pair *pairs = a->pairs + (size_t)i * ((a->most + 1) / 2);
    uint32_t n = a->count[i];
    size_t at = 0;
    for (; at + 16 <= stride; at += 16) {
        __m128i high[4] = {zero, zero, zero, zero}, low[4] = {zero, zero, zero, zero}, sums[4];
        for (uint32_t k = 0; k < n; k += 2) {
            const uint8_t *from = rows + k * stride + at;
            __m128i upper = _mm_loadu_si128((const __m128i *)(const void *)from);
            __m128i lower = k + 1 < n ? _mm_loadu_si128((const __m128i *)(const void *)(from + stride)) : zero;
            __m128i left = _mm_unpacklo_epi8(upper, lower), right = _mm_unpackhi_epi8(upper, lower);
            __m128i samples[4] = {_mm_unpacklo_epi8(left, zero), _mm_unpackhi_epi8(left, zero), _mm_unpacklo_epi8(right, zero),
                                  _mm_unpackhi_epi8(right, zero)};
            __m128i by_high = spread(pairs[k / 2].high), by_low = spread(pairs[k / 2].low);
            for (int j = 0; j < 4; j++) {
                high[j] = _mm_add_epi32(high[j], _mm_madd_epi16(samples[j], by_high));
                low[j] = _mm_add_epi32(low[j], _mm_madd_epi16(samples[j], by_low));
            }
        }
        for (int j = 0; j < 4; j++) sums[j] = join(high[j], low[j]);
        __m128i bytes = _mm_packus_epi16(_mm_packs_epi32(sums[0], sums[1]), _mm_packs_epi32(sums[2], sums[3]));
        _mm_storeu_si128((__m128i *)(void *)(out + at), bytes);
    }
    down_plain(out, rows, stride, a->weights + (size_t)i * a->most, n, at);
}

#else

size_t oc__across_scratch(const oc__axis *a) { return (size_t)(a->end - a->begin) * 3 * sizeof(uint64_t); }

/* Splits the two sums of oc__across. */
static void put_pair(uint8_t *low, uint8_t *high, uint64_t sums) {
    int32_t sum = (int32_t)(uint32_t)sums;
    *low = to_byte(sum);
    *high = to_byte((int32_t)(uint32_t)((sums - (uint64_t)(int64_t)sum) >> 32));
}

/* One 64-bit product does for both rows: the lower row's sample lies 32 bits above the upper one's, and a borrow of the upper
 * row's sum from the lower one's is given back at the end. */
void oc__across(uint8_t *upper_out, uint8_t *lower_out, const uint8_t *upper, const uint8_t *lower, void *scratch,
                const oc__axis *a) {
    uint64_t *words = scratch;
    size_t n = (size_t)(a->end - a->begin) * 3;
    upper += (size_t)a->begin * 3;
    lower += (size_t)a->begin * 3;
    for (size_t i = 0; i < n; i++) words[i] = (uint64_t)lower[i] << 32 | upper[i];
    for (uint32_t x = 0; x < a->n; x++) {
        const int32_t *weights = a->weights + (size_t)x * a->most;
        const uint64_t *word = words + (size_t)(a->first[x] - a->begin) * 3;
        uint64_t red = (uint64_t)HALF << 32 | HALF, green = red, blue = red;
        for (uint32_t k = 0; k < a->count[x]; k++, word += 3) {
            uint64_t weight = (uint64_t)(int64_t)weights[k];
            red += word[0] * weight;
            green += word[1] * weight;
            blue += word[2] * weight;
        }
        put_pair(upper_out + x * 3, lower_out + x * 3, red);
        put_pair(upper_out + x * 3 + 1, lower_out + x * 3 + 1, green);
        put_pair(upper_out + x * 3 + 2, lower_out + x * 3 + 2, blue);
    }
}

void oc__down(uint8_t *out, const uint8_t *rows, size_t stride, const oc__axis *a, uint32_t i) {
    down_plain(out, rows, stride, a->weights + (size_t)i * a->most, a->count[i], 0);
}

#endif
