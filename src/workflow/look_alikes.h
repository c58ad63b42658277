/* Groups of pictures that look alike. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_LOOK_ALIKES_H
#define OC_WORKFLOW_LOOK_ALIKES_H

#include "context.h"
#include "progress.h"

/* Rows of length 1 put into groups. Free with oc__groups_free. */
typedef struct oc__groups {
    oc_context *context;
    uint32_t *of;    /* each row's, 0 to n_groups - 1, the largest group first */
    float *nearness; /* the cosine of each with the middle of its group */
    size_t n, n_groups;
} oc__groups;

/* Ward's method (1963, Hierarchical grouping to optimize an objective function), by chains of nearest neighbours (Murtagh
 * 1983), on 3000 rows at most, drawn by chance, always the same; the others go to the group whose middle is nearest. Equal rows
 * share a group. One step of the progress' stage a row. OC_E_CANCELLED, OC_E_NOMEM. */
oc_status oc__groups_make(oc__groups *out, oc_context *context, const float *rows, size_t n, size_t dim, size_t n_groups,
                          oc__progress *progress, oc_error *err);
void oc__groups_free(oc__groups *groups);

#endif
