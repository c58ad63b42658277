/* From logits to probabilities, by two numbers a tag. SPDX-License-Identifier: MIT */
#include "platt.h"

#include <math.h>

#define MAX_STEPS 30
#define MAX_HALVINGS 12
#define ENOUGH 1e-7 /* a step that is shorter changes nothing that is seen */

/* Minus the logarithm of the posterior, its gradient and its second derivatives. */
typedef struct state {
    double value, by_slope, by_offset, slope_slope, slope_offset, offset_offset;
} state;

static void add_table(state *s, const oc__platt_data *table, oc__platt at) {
    for (size_t i = 0; i < table->n; i++) {
        if (table->folds[i] == table->without) continue;
        double z = table->logits[i], x = at.slope * z + at.offset, e = exp(-fabs(x));
        double p = x > 0 ? 1 / (1 + e) : e / (1 + e), off = p - table->bears[i], curve = p * (1 - p);
        s->value += (x > 0 ? x : 0) + log1p(e) - table->bears[i] * x;
        s->by_slope += off * z;
        s->by_offset += off;
        s->slope_slope += curve * z * z;
        s->slope_offset += curve * z;
        s->offset_offset += curve;
    }
}

static state evaluate(const oc__platt_data *tables, size_t n, const oc__platt_prior *prior, oc__platt at) {
    double slope = at.slope - prior->mean.slope, offset = at.offset - prior->mean.offset;
    state s = {.value = 0.5 * (prior->slope_precision * slope * slope + prior->offset_precision * offset * offset),
               .by_slope = prior->slope_precision * slope,
               .by_offset = prior->offset_precision * offset,
               .slope_slope = prior->slope_precision,
               .offset_offset = prior->offset_precision};
    for (size_t i = 0; i < n; i++) add_table(&s, &tables[i], at);
    return s;
}

oc__platt oc__platt_fit(const oc__platt_data *tables, size_t n, const oc__platt_prior *prior) {
    oc__platt at = prior->mean;
    state s = evaluate(tables, n, prior, at);
    for (int step = 0; step < MAX_STEPS; step++) {
        /* The precisions keep the determinant above 0. */
        double determinant = s.slope_slope * s.offset_offset - s.slope_offset * s.slope_offset;
        double slope = (s.offset_offset * s.by_slope - s.slope_offset * s.by_offset) / determinant;
        double offset = (s.slope_slope * s.by_offset - s.slope_offset * s.by_slope) / determinant;
        bool better = false;
        for (int half = 0; half < MAX_HALVINGS && !better; half++, slope *= 0.5, offset *= 0.5) {
            oc__platt to = {at.slope - slope, at.offset - offset};
            state next = evaluate(tables, n, prior, to);
            if (!(better = next.value < s.value)) continue;
            at = to;
            s = next;
        }
        if (!better || fabs(slope) + fabs(offset) < ENOUGH) break;
    }
    if (at.slope < 0) at = prior->mean; /* what ranks backwards is chance, and is not turned round */
    return at;
}

float oc__platt_apply(oc__platt platt, float logit) {
    double x = platt.slope * (double)logit + platt.offset, e = exp(-fabs(x));
    return (float)(x > 0 ? 1 / (1 + e) : e / (1 + e));
}
