/* Suggesting tags for a project's pictures. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_SUGGEST_H
#define OC_WORKFLOW_PROJECT_SUGGEST_H

#include "store.h"

/* A suggestion, and where its boxes begin. */
typedef struct oc__suggestion {
    oc_suggestion info;
    size_t first_box;
} oc__suggestion;

struct oc_suggestion_list {
    oc__strings strings;
    uint32_t kind; /* of the project */
    oc__suggestion *items;
    size_t n, capacity;
    oc_box *boxes;
    size_t n_boxes, box_capacity;
    const char **tags; /* the iteration's */
    size_t n_tags;
};

/* See oc_project_suggest and oc_project_accept. */
oc_status oc__project_suggest(oc_suggestion_list **out, oc_project *project, const oc_suggest *suggest, oc_progress_fn callback,
                              void *user, oc_error *err);
void oc__suggestion_list_free(oc_suggestion_list *list);
oc_status oc__project_accept(uint64_t *n_accepted, oc_project *project, const oc_suggestion_list *list, const size_t *indices,
                             size_t n, double min_probability, oc_error *err);

#endif
