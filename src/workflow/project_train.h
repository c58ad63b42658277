/* Training a project and keeping what comes of it. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_TRAIN_H
#define OC_WORKFLOW_PROJECT_TRAIN_H

#include "model.h"
#include "store.h"

/* See oc_project_train and oc_project_model. */
oc_status oc__project_train(oc_iteration_list **out, oc_project *project, const oc_training *training, oc_progress_fn progress,
                            void *user, oc_error *err);
oc_status oc__project_model(oc_model **out, oc_project *project, const char *iteration, oc_error *err);

#endif
