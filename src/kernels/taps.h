/* Which taps of a kernel meet the picture, along one axis. SPDX-License-Identifier: MIT */
#ifndef OC_KERNELS_TAPS_H
#define OC_KERNELS_TAPS_H

#include <stddef.h>

/* Taps first .. first + n - 1 meet inputs source .. source + n - 1. */
typedef struct oc__taps {
    size_t first, n, source;
} oc__taps;

/* The taps of output `at`: tap i meets input at * stride + i - pad, where that is in [0, size). */
static inline oc__taps oc__taps_of(size_t at, size_t kernel, size_t stride, size_t pad, size_t size) {
    const size_t origin = at * stride;
    const size_t first = origin < pad ? pad - origin : 0;
    const size_t room = size + pad > origin ? size + pad - origin : 0;
    const size_t last = kernel < room ? kernel : room;

    if (first >= last) return (oc__taps){0, 0, 0};
    return (oc__taps){first, last - first, origin + first - pad};
}

/* Taps first, first + stride, ... (n of them) were met by this input in outputs source, source - 1, ... */
typedef struct oc__back_taps {
    size_t first, n, source;
} oc__back_taps;

/* The taps that meet input `at`: tap i in output (at + pad - i) / stride, where that is whole and in [0, size). */
static inline oc__back_taps oc__back_taps_of(size_t at, size_t kernel, size_t stride, size_t pad, size_t size) {
    const size_t origin = at + pad;
    size_t first = origin % stride, source = origin / stride;

    if (size == 0) return (oc__back_taps){0, 0, 0};
    if (source >= size) {
        first += (source - size + 1) * stride;
        source = size - 1;
    }
    if (first >= kernel) return (oc__back_taps){0, 0, 0};
    const size_t n = (kernel - first + stride - 1) / stride;
    return (oc__back_taps){first, n <= source + 1 ? n : source + 1, source};
}

#endif
