/* Checking the data of a project. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_CHECK_H
#define OC_WORKFLOW_PROJECT_CHECK_H

#include "findings.h"
#include "project_looks.h"

/* See oc_project_check. */
oc_status oc__project_check(oc_finding_list **out, oc_project *project, const oc_check *check, oc_progress_fn callback,
                            void *user, oc_error *err);

/* What the checks share. */
typedef struct oc__checker {
    oc_context *context;
    oc_project *project;
    const oc__survey *survey;
    const oc_model *base;
    const char *iteration; /* NULL: the newest */
    oc__looks looks;
    oc__alikes alikes;
    oc_finding_list *list;
    oc__progress *progress;
} oc__checker;

/* Tags that are likely wrong or missing, and tags that are taken for each other. The progress' part has been entered. */
oc_status oc__check_labels(oc__checker *checker, oc_error *err);

/* Boxes: what can be told by themselves, */
oc_status oc__check_boxes(oc__checker *checker, oc_error *err);

/* and by what a trained detector finds. The progress' part has been entered. */
oc_status oc__check_boxes_by_detector(oc__checker *checker, oc_error *err);

#endif
