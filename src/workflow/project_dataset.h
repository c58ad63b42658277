/* A project's pictures as something to train on. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_DATASET_H
#define OC_WORKFLOW_PROJECT_DATASET_H

#include "dataset.h"
#include "store.h"

/* See oc_project_dataset. */
oc_status oc__project_dataset(oc_dataset **out, oc_project *project, oc_error *err);

#endif
