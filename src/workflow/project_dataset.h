/* A project's pictures as something to train on. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_DATASET_H
#define OC_WORKFLOW_PROJECT_DATASET_H

#include "dataset.h"
#include "store.h"

/* See oc_project_dataset. */
oc_status oc__project_dataset(oc_dataset **out, oc_project *project, oc_error *err);

/* Adds listed pictures to `rest`, but those that `chooses` (which may be NULL) says yes to, to `chosen`. */
typedef bool (*oc__choose_fn)(const oc_picture_info *picture, const void *user);
oc_status oc__add_pictures(oc_dataset *rest, oc_dataset *chosen, const oc_picture_list *list, oc__choose_fn chooses,
                           const void *user, oc_error *err);

/* The project's kind. OC_E_UNSUPPORTED if such projects cannot be trained. */
oc_status oc__project_trainable(uint32_t *kind, oc_project *project, oc_error *err);

/* See oc_project_version_dataset and oc_project_iteration_dataset. */
oc_status oc__project_version_dataset(oc_dataset **out, oc_project *project, const char *version, oc_error *err);
oc_status oc__project_iteration_dataset(oc_dataset **out, oc_project *project, const char *iteration, oc_error *err);

#endif
