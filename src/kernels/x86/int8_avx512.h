/* Vectors of bytes and integers of AVX-512, with VNNI where OC_KERNELS_VNNI is defined. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_X86_INT8_AVX512_H
#define OC_KERNELS_X86_INT8_AVX512_H

#include <immintrin.h>

#include "simd.h"

#define PARTS 4 /* of 128 bits, within which the packing instructions work */

typedef __m512i ivec;
typedef __m512 fvec;

#ifdef OC_KERNELS_VNNI
#define SET(name) oc__int8_##name##_avx512vnni
#define ROWS OC__INT8_ROWS_avx512vnni
#define RUN 2

typedef __m512i ubytes; /* fours of unsigned bytes, ready to be multiplied */
typedef __m512i sbytes; /* fours of signed bytes */

INLINE ubytes ubytes_of(ivec x) { return x; }
INLINE sbytes sbytes_of(ivec x) { return x; }

/* sum + the four products of each lane. */
INLINE ivec dot(ivec sum, ubytes a, sbytes b) { return _mm512_dpbusd_epi32(sum, a, b); }
#else
#define SET(name) oc__int8_##name##_avx512
#define ROWS OC__INT8_ROWS_avx512
#define RUN 2

/* vpmaddubsw saturates, so bytes are widened to words: the even and the odd ones apart. */
typedef struct widened {
    __m512i even, odd;
} widened;
typedef widened ubytes;
typedef widened sbytes;

INLINE ubytes ubytes_of(ivec x) {
    return (widened){_mm512_and_si512(x, _mm512_set1_epi16(255)), _mm512_srli_epi16(x, 8)};
}
INLINE sbytes sbytes_of(ivec x) {
    return (widened){_mm512_srai_epi16(_mm512_slli_epi16(x, 8), 8), _mm512_srai_epi16(x, 8)};
}
INLINE ivec dot(ivec sum, ubytes a, sbytes b) {
    return _mm512_add_epi32(sum, _mm512_add_epi32(_mm512_madd_epi16(a.even, b.even), _mm512_madd_epi16(a.odd, b.odd)));
}
#endif

INLINE ivec ivec_set(int32_t x) { return _mm512_set1_epi32(x); }
INLINE ivec ivec_set_words(int32_t x) { return _mm512_set1_epi16((short)x); }
INLINE ivec ivec_set_bytes(int32_t x) { return _mm512_set1_epi8((char)x); }
INLINE ivec ivec_load(const void *from) { return _mm512_loadu_si512(from); }
INLINE void ivec_store(void *to, ivec x) { _mm512_storeu_si512(to, x); }
INLINE ivec ivec_add(ivec a, ivec b) { return _mm512_add_epi32(a, b); }
INLINE ivec ivec_sub_words(ivec a, ivec b) { return _mm512_sub_epi16(a, b); }
INLINE ivec ivec_largest_bytes(ivec a, ivec b) { return _mm512_max_epu8(a, b); }

/* The first n bytes, n at most as many as there are; the others load as 0 and are not stored. */
INLINE ivec ivec_load_first(const void *from, size_t n) {
    return _mm512_maskz_loadu_epi8(~(__mmask64)0 >> (64 - n), from);
}
INLINE void ivec_store_first(void *to, ivec x, size_t n) { _mm512_mask_storeu_epi8(to, ~(__mmask64)0 >> (64 - n), x); }

/* Within each part: bytes (words) of a and b in turn, of its lower and of its upper half. */
INLINE ivec low_bytes(ivec a, ivec b) { return _mm512_unpacklo_epi8(a, b); }
INLINE ivec high_bytes(ivec a, ivec b) { return _mm512_unpackhi_epi8(a, b); }
INLINE ivec low_words(ivec a, ivec b) { return _mm512_unpacklo_epi16(a, b); }
INLINE ivec high_words(ivec a, ivec b) { return _mm512_unpackhi_epi16(a, b); }
INLINE ivec sign_of_words(ivec x) { return _mm512_srai_epi16(x, 15); }

INLINE fvec fvec_set(float x) { return _mm512_set1_ps(x); }
INLINE fvec fvec_load(const float *from) { return _mm512_loadu_ps(from); }
/* PARTS threes of floats, each followed by a 0. */
INLINE fvec fvec_load_threes(const float *from) {
    const __m512i places = _mm512_setr_epi32(0, 1, 2, 15, 3, 4, 5, 15, 6, 7, 8, 15, 9, 10, 11, 15);
    return _mm512_permutexvar_ps(places, _mm512_maskz_loadu_ps(0x0fff, from));
}
INLINE void fvec_store(float *to, fvec x) { _mm512_storeu_ps(to, x); }
INLINE fvec fvec_of(ivec x) { return _mm512_cvtepi32_ps(x); }
INLINE fvec fvec_add(fvec a, fvec b) { return _mm512_add_ps(a, b); }
INLINE fvec fvec_mul(fvec a, fvec b) { return _mm512_mul_ps(a, b); }
/* NaN in x becomes low: these instructions return their second operand when either is NaN. */
INLINE fvec fvec_clamp(fvec x, fvec low, fvec high) { return _mm512_min_ps(_mm512_max_ps(x, low), high); }
INLINE ivec rounded(fvec x) { return _mm512_cvtps_epi32(x); }

/* Within each part: the integers of a, then those of b, as words; the words of a, then those of b, as bytes. Both saturate. */
INLINE ivec words_of(ivec a, ivec b) { return _mm512_packs_epi32(a, b); }
INLINE ivec bytes_of(ivec a, ivec b) { return _mm512_packus_epi16(a, b); }
INLINE ivec add_words_saturated(ivec a, ivec b) { return _mm512_adds_epi16(a, b); }
INLINE ivec clamp_words(ivec x, ivec low, ivec high) { return _mm512_min_epi16(_mm512_max_epi16(x, low), high); }
INLINE ivec clamp_integers(ivec x, ivec low, ivec high) { return _mm512_min_epi32(_mm512_max_epi32(x, low), high); }
INLINE ivec clamp_bytes(ivec x, ivec low, ivec high) { return _mm512_min_epu8(_mm512_max_epu8(x, low), high); }

/* Words from n bytes in memory and back, n at most 2 * 4 * PARTS. */
INLINE ivec load_words(const uint8_t *from, size_t n) {
    return _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(~(__mmask32)0 >> (32 - n), from));
}
INLINE void store_words(uint8_t *to, ivec x, size_t n) {
    const __m256i bytes = _mm512_cvtepi16_epi8(x);
    if (n == 32) { /* a store with a mask takes many times as long */
        _mm256_storeu_si256((__m256i *)(void *)to, bytes);
    } else if (n % 8 == 0 && n >= 16) {
        _mm_storeu_si128((__m128i *)(void *)to, _mm256_castsi256_si128(bytes));
        if (n == 24) _mm_storel_epi64((__m128i *)(void *)(to + 16), _mm256_extracti128_si256(bytes, 1));
    } else {
        _mm256_mask_storeu_epi8(to, ~(__mmask32)0 >> (32 - n), bytes);
    }
}
/* Integers from 4 * PARTS bytes in memory. */
INLINE ivec load_integers(const uint8_t *from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}
/* 4 * PARTS integers of 0 .. 255 to bytes in memory. */
INLINE void store_integers(uint8_t *to, ivec x) {
    _mm_storeu_si128((__m128i *)(void *)to, _mm512_cvtepi32_epi8(x));
}

#endif
