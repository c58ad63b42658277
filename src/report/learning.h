/* What more pictures would bring. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_LEARNING_H
#define OC_REPORT_LEARNING_H

#include "model.h"

#define OC__MAX_LEARNING 9

/* The points of oc_model_learning, and how many there are; 0 if the model does not say. */
uint32_t oc__learning_of(oc_learning_point out[OC__MAX_LEARNING], const oc_model *model);

#endif
