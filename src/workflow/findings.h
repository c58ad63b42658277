/* What checking a project finds. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_FINDINGS_H
#define OC_WORKFLOW_FINDINGS_H

#include "survey.h"

/* A finding, and where its places begin. */
typedef struct oc__finding {
    oc_finding info;
    size_t first_place;
} oc__finding;

struct oc_finding_list {
    oc__strings strings;
    oc__finding *items;
    size_t n, capacity;
    oc_finding_place *places;
    size_t n_places, place_capacity;
};

oc_status oc__finding_list_create(oc_finding_list **out, oc_context *context, oc_error *err);
void oc__finding_list_free(oc_finding_list *list);

/* Adds a place of the finding that oc__finding_add will add next. Of `place` the strings besides `picture` and `name`, which
 * are those of `picture`, are copied; NULL: the whole picture, and nothing else to say. */
oc_status oc__finding_place(oc_finding_list *list, const oc__surveyed *picture, const oc_finding_place *place, oc_error *err);

/* How many places wait for their finding. */
size_t oc__finding_pending(const oc_finding_list *list);

/* Adds a finding with the places that wait for it. `tag` and `other` may be NULL. */
oc_status oc__finding_add(oc_finding_list *list, uint32_t kind, uint32_t severity, const char *tag, const char *other,
                          const char *advice, oc_error *err, const char *format, ...) OC__PRINTF(8, 9);

/* Brings findings, and their places, into their order. */
oc_status oc__findings_sort(oc_finding_list *list, oc_error *err);

#endif
