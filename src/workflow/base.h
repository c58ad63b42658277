/* The base networks that training starts from. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_BASE_H
#define OC_WORKFLOW_BASE_H

#include "model.h"

/* The base built into the library, a model of OC__KIND_BASE with the properties "name" and "sha256" (of its file). */
oc_status oc__base_builtin(oc_model **out, oc_context *context, oc_error *err);

#endif
