/* Training a detector on a data set, and measuring it without a test set. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_TRAIN_BOXES_H
#define OC_WORKFLOW_TRAIN_BOXES_H

#include "dataset.h"
#include "train.h"

/* What is the same for all detectors of a training. */
typedef struct oc__boxes_training {
    const oc_model *base, *start; /* start: or NULL */
    const oc__train_options *options;
    oc__states *states; /* or NULL */
    double minutes;     /* for each training; 0: no bound */
} oc__boxes_training;

/* The data set as training takes it. */
void oc__boxes_set(oc__training_set *out, const oc_dataset *dataset);

/* Warns of tags with few objects. */
void oc__warn_of_few_objects(const oc_dataset *dataset);

/* Trains on all of the data set; `quiet` as in oc__training_set. Progress runs to 0.9 of the share. */
oc_status oc__train_boxes(oc_model **out, const oc_dataset *dataset, const oc__boxes_training *how, bool quiet, oc__progress *progress,
                          oc_error *err);

/* Trains a detector for each fold of a cross-validation, on the other folds, and gives what they find in pictures that they have not
 * seen. Where a fold's others hold no object it is left out; OC_E_DATA if all are. Leaves the share of the progress and of `how->minutes`
 * that remain for the training on all pictures. */
oc_status oc__cross_validate_boxes(oc__measurement **out, const oc_dataset *dataset, oc__boxes_training *how, oc__progress *progress,
                                   oc_error *err);

#endif
