/* Arithmetic on sizes that says when it overflows. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_CHECKED_H
#define OC_CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns false, and leaves *out as it was, when the result does not fit. */
static inline bool oc__add(size_t *out, size_t a, size_t b) {
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *out = sum;
    return true;
}

static inline bool oc__mul(size_t *out, size_t a, size_t b) {
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *out = product;
    return true;
}

/* Rounds up to a multiple of `step`, a power of two. */
static inline bool oc__round_up(size_t *out, size_t value, size_t step) {
    size_t sum;
    if (__builtin_add_overflow(value, step - 1, &sum)) return false;
    *out = sum & ~(step - 1);
    return true;
}

#endif
