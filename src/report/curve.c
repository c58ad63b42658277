/* What a threshold brings. SPDX-License-Identifier: MIT */
#include "curve.h"

#include <stdlib.h>

#include "memory.h"

/* An answer, and whether it is right. */
typedef struct given {
    float probability;
    bool right;
} given;

static int most_probable_first(const void *a, const void *b) {
    const given *x = a, *y = b;
    return x->probability < y->probability ? 1 : x->probability > y->probability ? -1 : 0;
}

static bool is_wanted(int32_t tag, uint32_t other) { return tag < 0 || (uint32_t)tag == other; }

/* The answers that name the tag, and how many pictures bear it. */
static size_t gather(given *list, size_t *n_positives, const oc__measurement *m, int32_t tag) {
    size_t n = 0;
    *n_positives = 0;
    for (size_t i = 0; i < m->n_answers; i++) {
        const oc__answer *answer = &m->answers[i];
        if (!is_wanted(tag, answer->tag)) continue;
        *n_positives += answer->bears;
        list[n++] = (given){answer->probability, answer->bears != 0};
    }
    for (size_t i = 0; i < m->n && !m->several; i++) {
        const oc__measured *entry = &m->entries[i];
        *n_positives += is_wanted(tag, entry->truth);
        if (is_wanted(tag, entry->predicted)) list[n++] = (given){entry->probability, entry->truth == entry->predicted};
    }
    return n;
}

static double share(size_t part, size_t whole) { return whole ? (double)part / (double)whole : 0; }

static void add_point(oc_curve *curve, const oc__measurement *m, const given *last, size_t n, size_t n_right,
                      size_t n_positives) {
    oc_operating_point *p = &curve->points[curve->n++];
    *p = (oc_operating_point)OC_OPERATING_POINT_INIT;
    p->threshold = (double)last->probability;
    p->n_predicted = n;
    p->n_correct = n_right;
    p->precision = share(n_right, n);
    p->recall = share(n_right, n_positives);
    p->f1 = share(2 * n_right, n + n_positives);
    p->share = share(n, m->several ? m->n_answers : m->n);
}

oc_status oc__curve_create(oc_curve **out, oc_context *context, const oc__measurement *m, int32_t tag, oc_error *err) {
    if (tag != OC_TAGS_TOGETHER && (tag < 0 || (uint32_t)tag >= m->n_tags))
        return oc__fail(err, OC_E_ARGUMENT, "tag is %d, expected 0 to %u or OC_TAGS_TOGETHER", tag, m->n_tags - 1);
    size_t room = m->several ? m->n_answers : m->n, n_positives, n_right = 0;
    oc_curve *curve = oc__alloc_zero(context, sizeof *curve);
    given *list = oc__alloc_array(context, room, sizeof *list);
    if (curve) {
        curve->context = oc__context_retain(context);
        curve->points = oc__alloc_array(context, room, sizeof *curve->points);
    }
    if (!curve || !list || !curve->points) {
        oc__free(context, list);
        oc__curve_free(curve);
        return oc__fail_nomem(err, context, room * sizeof(oc_operating_point), "a curve");
    }
    size_t n = gather(list, &n_positives, m, tag);
    if (n) qsort(list, n, sizeof *list, most_probable_first);
    for (size_t i = 0; i < n; i++) {
        n_right += list[i].right;
        if (i + 1 == n || list[i + 1].probability < list[i].probability)
            add_point(curve, m, &list[i], i + 1, n_right, n_positives);
    }
    oc__free(context, list);
    *out = curve;
    return OC_OK;
}

void oc__curve_free(oc_curve *curve) {
    if (!curve) return;
    oc_context *context = curve->context;
    oc__free(context, curve->points);
    oc__free(context, curve);
    oc__context_release(context);
}

oc_status oc__curve_find(oc_operating_point *out, const oc_curve *curve, uint32_t goal, double value, oc_error *err) {
    const oc_operating_point *best = NULL;
    for (size_t i = 0; i < curve->n; i++) { /* from the highest threshold down */
        const oc_operating_point *p = &curve->points[i];
        if (goal == OC_GOAL_PRECISION && p->precision >= value) best = p;    /* the lowest */
        if (goal == OC_GOAL_RECALL && p->recall >= value && !best) best = p; /* the highest */
        if (goal == OC_GOAL_F1 && p->f1 > (best ? best->f1 : 0)) best = p;
    }
    if (!best && goal == OC_GOAL_F1) return oc__fail(err, OC_E_NOT_FOUND, "no answer is right at any threshold");
    if (!best)
        return oc__fail(err, OC_E_NOT_FOUND, "a %s of %g is not reached at any threshold",
                        goal == OC_GOAL_RECALL ? "recall" : "precision", value);
    *out = *best;
    return OC_OK;
}
