/* The memory planner: buffers that do not live at the same time share memory. SPDX-License-Identifier: MIT */
#ifndef OC_TENSOR_PLAN_H
#define OC_TENSOR_PLAN_H

#include "context.h"

typedef struct oc__buffer_plan {
    size_t size;        /* bytes; 0: no memory needed */
    uint32_t first, last; /* the steps between which it lives, both included */
    size_t offset;      /* out: where it lies, a multiple of OC__ALIGNMENT */
} oc__buffer_plan;

/* Places every buffer, the largest first, each at the lowest offset where it overlaps no buffer alive at the same time
 * (greedy by size: Pisarchyk and Lee 2020). *total receives the bytes of all. OC_E_NOMEM, OC_E_LIMIT on overflow. */
oc_status oc__plan_memory(size_t *total, oc__buffer_plan *buffers, size_t n, oc_context *context, oc_error *err);

#endif
