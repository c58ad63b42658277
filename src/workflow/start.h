/* What training starts from: a base network, and perhaps a model that was trained on it. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_START_H
#define OC_WORKFLOW_START_H

#include "train.h"

/* Opens the base that the options name, and the model to start from (NULL if they name none, but for a detector that one which
 * the base brings, if it brings one); with base=auto the base is that model's own. A base for a classifier then has that
 * model's weights, and either has the property "start_sha256". OC_E_DATA if the model was trained on another base,
 * OC_E_ARGUMENT if it is no detector where one is to be trained, or no classifier; those of oc__base_open and oc_model_load. */
oc_status oc__start_open(oc_model **base, oc_model **start, oc_context *context, const oc__train_options *options,
                         bool detection, oc_error *err);

#endif
