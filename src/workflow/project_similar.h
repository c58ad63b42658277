/* Searching a project by example. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_SIMILAR_H
#define OC_WORKFLOW_PROJECT_SIMILAR_H

#include "progress.h"
#include "store.h"

struct oc_match_list {
    oc__strings strings;
    oc_match *items;
    size_t n, capacity;
};

/* See oc_project_similar. */
oc_status oc__project_similar(oc_match_list **out, oc_project *project, const oc_search *search, oc_progress_fn progress,
                              void *user, oc_error *err);
void oc__match_list_free(oc_match_list *list);

#endif
