/* What the vector files of every instruction set share. SPDX-License-Identifier: MIT
 *
 * A vector file includes one set's vocabulary (x86/vec_avx2.h, ...) and then a family's template (gemm_simd.h, ...).
 * The vocabulary defines SET(name), LANES, vec, vec_mask and the vec_... functions; x86/vec_avx512.h is the shortest to read.
 */
#ifndef OC_KERNELS_SIMD_H
#define OC_KERNELS_SIMD_H

#include <stdbool.h>
#include <stddef.h>

#include "set.h"

/* A template's body, compiled once for each set of constants it is called with: its arrays of vectors become registers. */
#define INLINE static inline __attribute__((always_inline))

/* Unrolls the following loop, whose count is a constant once inlined. */
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 64")
#endif

/* A pass handles n elements in vectors and the last few in a masked one: runs STEP(LOAD, STORE) for each vector, with i its
 * first element. */
#define FOR_VECTORS(n, STEP)                                                                                                   \
    do {                                                                                                                       \
        size_t i = 0;                                                                                                          \
        for (; i + LANES <= (n); i += LANES) STEP(LOAD_ALL, STORE_ALL);                                                        \
        if (i < (n)) {                                                                                                         \
            const vec_mask mask = vec_first((n)-i);                                                                            \
            STEP(LOAD_SOME, STORE_SOME);                                                                                       \
        }                                                                                                                      \
    } while (0)
#define LOAD_ALL(from) vec_load(from)
#define STORE_ALL(to, value) vec_store(to, value)
#define LOAD_SOME(from) vec_load_masked(from, mask)
#define STORE_SOME(to, value) vec_store_masked(to, value, mask)

#endif
