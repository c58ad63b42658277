/* Vectors of bytes and integers of AVX2. SPDX-License-Identifier: MIT
 *
 * What each function does stands in int8_avx512.h. */
#ifndef OC_KERNELS_X86_INT8_AVX2_H
#define OC_KERNELS_X86_INT8_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "simd.h"

#define PARTS 2
#define SET(name) oc__int8_##name##_avx2
#define ROWS OC__INT8_ROWS_avx2
#define RUN 1

typedef __m256i ivec;
typedef __m256 fvec;

typedef struct widened {
    __m256i even, odd;
} widened;
typedef widened ubytes;
typedef widened sbytes;

INLINE ubytes ubytes_of(ivec x) {
    return (widened){_mm256_and_si256(x, _mm256_set1_epi16(255)), _mm256_srli_epi16(x, 8)};
}
INLINE sbytes sbytes_of(ivec x) {
    return (widened){_mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8), _mm256_srai_epi16(x, 8)};
}
INLINE ivec dot(ivec sum, ubytes a, sbytes b) {
    return _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_madd_epi16(a.even, b.even), _mm256_madd_epi16(a.odd, b.odd)));
}

INLINE ivec ivec_set(int32_t x) { return _mm256_set1_epi32(x); }
INLINE ivec ivec_set_words(int32_t x) { return _mm256_set1_epi16((short)x); }
INLINE ivec ivec_set_bytes(int32_t x) { return _mm256_set1_epi8((char)x); }
INLINE ivec ivec_load(const void *from) { return _mm256_loadu_si256(from); }
INLINE void ivec_store(void *to, ivec x) { _mm256_storeu_si256(to, x); }
INLINE ivec ivec_add(ivec a, ivec b) { return _mm256_add_epi32(a, b); }
INLINE ivec ivec_sub_words(ivec a, ivec b) { return _mm256_sub_epi16(a, b); }
INLINE ivec ivec_largest_bytes(ivec a, ivec b) { return _mm256_max_epu8(a, b); }

INLINE ivec ivec_load_first(const void *from, size_t n) {
    uint8_t bytes[32] = {0};
    if (n == 32) return ivec_load(from);
    memcpy(bytes, from, n);
    return ivec_load(bytes);
}
INLINE void ivec_store_first(void *to, ivec x, size_t n) {
    uint8_t bytes[32];
    if (n == 32) {
        ivec_store(to, x);
        return;
    }
    ivec_store(bytes, x);
    memcpy(to, bytes, n);
}

INLINE ivec low_bytes(ivec a, ivec b) { return _mm256_unpacklo_epi8(a, b); }
INLINE ivec high_bytes(ivec a, ivec b) { return _mm256_unpackhi_epi8(a, b); }
INLINE ivec low_words(ivec a, ivec b) { return _mm256_unpacklo_epi16(a, b); }
INLINE ivec high_words(ivec a, ivec b) { return _mm256_unpackhi_epi16(a, b); }
INLINE ivec sign_of_words(ivec x) { return _mm256_srai_epi16(x, 15); }

INLINE fvec fvec_set(float x) { return _mm256_set1_ps(x); }
INLINE fvec fvec_load(const float *from) { return _mm256_loadu_ps(from); }
INLINE fvec fvec_load_threes(const float *from) {
    const __m256i first_six = _mm256_setr_epi32(-1, -1, -1, -1, -1, -1, 0, 0),
                  places = _mm256_setr_epi32(0, 1, 2, 7, 3, 4, 5, 7);
    return _mm256_permutevar8x32_ps(_mm256_maskload_ps(from, first_six), places);
}
INLINE void fvec_store(float *to, fvec x) { _mm256_storeu_ps(to, x); }
INLINE fvec fvec_of(ivec x) { return _mm256_cvtepi32_ps(x); }
INLINE fvec fvec_add(fvec a, fvec b) { return _mm256_add_ps(a, b); }
INLINE fvec fvec_mul(fvec a, fvec b) { return _mm256_mul_ps(a, b); }
INLINE fvec fvec_clamp(fvec x, fvec low, fvec high) { return _mm256_min_ps(_mm256_max_ps(x, low), high); }
INLINE ivec rounded(fvec x) { return _mm256_cvtps_epi32(x); }

INLINE ivec words_of(ivec a, ivec b) { return _mm256_packs_epi32(a, b); }
INLINE ivec bytes_of(ivec a, ivec b) { return _mm256_packus_epi16(a, b); }
INLINE ivec add_words_saturated(ivec a, ivec b) { return _mm256_adds_epi16(a, b); }
INLINE ivec clamp_words(ivec x, ivec low, ivec high) { return _mm256_min_epi16(_mm256_max_epi16(x, low), high); }
INLINE ivec clamp_integers(ivec x, ivec low, ivec high) { return _mm256_min_epi32(_mm256_max_epi32(x, low), high); }
INLINE ivec clamp_bytes(ivec x, ivec low, ivec high) { return _mm256_min_epu8(_mm256_max_epu8(x, low), high); }

INLINE ivec load_words(const uint8_t *from, size_t n) {
    uint8_t bytes[16] = {0};
    if (n < 16) from = memcpy(bytes, from, n);
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}
INLINE void store_words(uint8_t *to, ivec x, size_t n) {
    uint8_t bytes[16];
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(x, x), 0x08);
    _mm_storeu_si128((__m128i *)(void *)(n < 16 ? bytes : to), _mm256_castsi256_si128(packed));
    if (n < 16) memcpy(to, bytes, n);
}
INLINE ivec load_integers(const uint8_t *from) {
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}
INLINE void store_integers(uint8_t *to, ivec x) {
    const __m256i words = _mm256_packs_epi32(x, x), bytes = _mm256_packus_epi16(words, words);
    const int32_t low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
    memcpy(to, &low, 4);
    memcpy(to + 4, &high, 4);
}

#endif
