/* Measuring a model on a data set. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_EVALUATE_H
#define OC_WORKFLOW_EVALUATE_H

#include "apply.h"
#include "dataset.h"
#include "model.h"
#include "progress.h"

/* Predicts every sample and measures; see oc_model_evaluate. The progress' stage has been entered, one step a sample. */
oc_status oc__evaluate(oc__measurement **out, const oc_model *model, const oc_dataset *dataset, const oc__how *how,
                       oc__progress *progress, oc_error *err);

#endif
