/* Finding the ranges of a network's values, for inference in 8-bit integers. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_CALIBRATE_H
#define OC_TRAIN_CALIBRATE_H

#include "model.h"
#include "progress.h"
#include "sample.h"

/* Runs a finished model on some of the samples and gives it ranges. Samples that cannot be read are passed over; if there is
 * none at all, the model stays without ranges. The result depends on model, samples and instruction set alone. */
oc_status oc__calibrate(oc_model *model, const oc__labelled *samples, size_t n, oc__progress *progress, oc_error *err);

#endif
