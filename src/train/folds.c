/* Dividing samples for cross-validation. SPDX-License-Identifier: MIT */
#include "folds.h"

#include <stdlib.h>

#include "memory.h"
#include "random.h"

typedef struct item {
    uint64_t content;
    uint32_t index;
} item;

static int by_content(const void *a, const void *b) {
    const item *x = a, *y = b;
    if (x->content != y->content) return x->content < y->content ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

oc_status oc__folds_assign(uint32_t *folds, uint32_t *n_folds, oc_context *context, const uint32_t *tags,
                           const uint64_t *content, size_t n, size_t n_tags, uint64_t seed, oc_error *err) {
    oc_status status = OC_OK;
    item *items = oc__alloc_array(context, n, sizeof *items);
    uint32_t *order = oc__alloc_array(context, n, sizeof *order), *first = oc__alloc_array(context, n, sizeof *first);
    if (!items || !order || !first) {
        status = oc__fail_nomem(err, context, n * sizeof *items, "cross-validation");
        goto done;
    }
    for (size_t i = 0; i < n; i++) items[i] = (item){content[i], (uint32_t)i};
    if (n) qsort(items, n, sizeof *items, by_content);
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && items[i].content == items[i - 1].content;
        first[items[i].index] = same ? first[items[i - 1].index] : items[i].index;
    }
    uint32_t next = 0; /* goes on from tag to tag, so that small tags do not all land in fold 0 */
    for (size_t tag = 0; tag < n_tags; tag++) {
        size_t count = 0;
        oc__random random;
        for (size_t i = 0; i < n; i++)
            if (tags[i] == tag && first[i] == i) order[count++] = (uint32_t)i;
        oc__random_seed(&random, seed, tag);
        oc__random_shuffle(&random, order, count);
        for (size_t i = 0; i < count; i++) folds[order[i]] = next++ % *n_folds;
    }
    for (size_t i = 0; i < n; i++) folds[i] = folds[first[i]];
    if (next < *n_folds) *n_folds = next;
done:
    oc__free(context, items);
    oc__free(context, order);
    oc__free(context, first);
    return status;
}
