/* A running mean and deviation. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_SPREAD_H
#define OC_CORE_SPREAD_H

#include <math.h>

typedef struct oc__spread {
    double n, sum, squares;
} oc__spread;

static inline void oc__spread_add(oc__spread *s, double x) {
    s->n++;
    s->sum += x;
    s->squares += x * x;
}

/* 0 of nothing. */
static inline double oc__spread_mean(const oc__spread *s) { return s->n > 0 ? s->sum / s->n : 0; }

/* Of all there are (by n, not by n - 1). */
static inline double oc__spread_deviation(const oc__spread *s) {
    double variance = s->n > 1 ? s->squares / s->n - oc__spread_mean(s) * oc__spread_mean(s) : 0;
    return variance > 0 ? sqrt(variance) : 0;
}

#endif
