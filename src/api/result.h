/* Making the handles that hold answers. SPDX-License-Identifier: MIT */
#ifndef OC_API_RESULT_H
#define OC_API_RESULT_H

#include "model.h"

/* A report on the model. Takes the measurement over, also on failure. */
oc_status oc__report_create(oc_report **out, const oc_model *model, oc__measurement *measurement, oc_error *err);

/* A classifier's answers from the probabilities of all tags and oc__apply_novelty. */
oc_status oc__result_create(oc_result **out, const oc_model *model, const float *probabilities, float novelty, oc_error *err);

/* A detector's. */
oc_status oc__result_create_boxes(oc_result **out, const oc_model *model, const oc__detections *detections, oc_error *err);

#endif
