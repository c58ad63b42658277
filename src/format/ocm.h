/* Model files (.ocm), format version 1: see docs/model-format.md. SPDX-License-Identifier: MIT */
#ifndef OC_FORMAT_OCM_H
#define OC_FORMAT_OCM_H

#include "memory.h"
#include "model.h"

/* Reads a model from memory, which is not kept, and finishes it. Messages begin with `name`. OC_E_FORMAT (not a model file),
 * OC_E_CORRUPT, OC_E_UNSUPPORTED (a newer major version, an unknown critical section), OC_E_NOMEM. */
oc_status oc__ocm_read(oc_model **out, oc_context *context, const uint8_t *data, size_t size, const char *name, oc_error *err);

/* Appends the model's file to an empty buffer. The same model gives the same bytes. */
oc_status oc__ocm_write(oc__buffer *out, const oc_model *model, oc_error *err);

#endif
