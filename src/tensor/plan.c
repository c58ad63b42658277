/* The memory planner. SPDX-License-Identifier: MIT */
#include "plan.h"

#include <stdlib.h>

#include "checked.h"
#include "memory.h"

static int larger_first(const void *a, const void *b) {
    const oc__buffer_plan *x = *(oc__buffer_plan *const *)a, *y = *(oc__buffer_plan *const *)b;
    if (x->size != y->size) return x->size < y->size ? 1 : -1;
    return x < y ? -1 : x > y;
}

static int lower_first(const void *a, const void *b) {
    const oc__buffer_plan *x = *(oc__buffer_plan *const *)a, *y = *(oc__buffer_plan *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static bool alive_together(const oc__buffer_plan *a, const oc__buffer_plan *b) {
    return a->first <= b->last && b->first <= a->last;
}

oc_status oc__plan_memory(size_t *total, oc__buffer_plan *buffers, size_t n, oc_context *context, oc_error *err) {
    oc_status status = OC_OK;
    size_t end = 0;
    oc__buffer_plan **order = oc__alloc_array(context, n, sizeof *order),
                    **placed = oc__alloc_array(context, n, sizeof *placed);
    if (!order || !placed) {
        status = oc__fail_nomem(err, context, n * sizeof *order, "memory plan");
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        order[i] = &buffers[i];
        if (!oc__round_up(&buffers[i].size, buffers[i].size, OC__ALIGNMENT)) {
            status = oc__fail(err, OC_E_LIMIT, "memory plan: buffer %zu is too large", i);
            goto done;
        }
    }
    if (n) qsort(order, n, sizeof *order, larger_first);
    for (size_t i = 0; i < n; i++) {
        size_t n_placed = 0, at = 0, after;
        for (size_t j = 0; j < i; j++)
            if (order[j]->size && alive_together(order[i], order[j])) placed[n_placed++] = order[j];
        if (n_placed) qsort(placed, n_placed, sizeof *placed, lower_first);
        for (size_t j = 0; j < n_placed; j++) {
            if (placed[j]->offset >= at && placed[j]->offset - at >= order[i]->size) break;
            if (placed[j]->offset + placed[j]->size > at) at = placed[j]->offset + placed[j]->size;
        }
        if (!oc__add(&after, at, order[i]->size)) {
            status = oc__fail(err, OC_E_LIMIT, "memory plan: the buffers together are too large");
            goto done;
        }
        order[i]->offset = at;
        if (after > end) end = after;
    }
    *total = end;
done:
    oc__free(context, order);
    oc__free(context, placed);
    return status;
}
