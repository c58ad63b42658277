/* Training a model on a data set. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_TRAIN_MODEL_H
#define OC_WORKFLOW_TRAIN_MODEL_H

#include "dataset.h"
#include "store.h"
#include "train.h"

/* OC_E_DATA if the data set cannot be trained on: fewer than 4 samples or 2 tags with samples; 1 tag is enough where a sample
 * may bear any number. */
oc_status oc__trainable(const oc_dataset *dataset, bool anomaly, oc_error *err);

/* OC_E_DATA if `test` bears a tag that `dataset` lacks, or has no samples. */
oc_status oc__testable(const oc_dataset *dataset, const oc_dataset *test, oc_error *err);

/* Trains on the base that the options name and measures: on `test`, or by cross-validation if it is NULL. The features of
 * pictures that are files of `project` (or NULL) are kept in its cache. `cancel` may be set from elsewhere. See
 * oc_trainer_run. */
oc_status oc__train_model(oc_model **out, const oc_dataset *dataset, const oc_dataset *test, const oc__train_options *options,
                          oc_project *project, oc_progress_fn progress, void *user, atomic_int *cancel, oc_error *err);

#endif
