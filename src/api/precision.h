/* How to predict. SPDX-License-Identifier: MIT */
#ifndef OC_API_PRECISION_H
#define OC_API_PRECISION_H

#include "error.h"

/* The precision that a caller's options, or NULL, ask for. */
static inline oc_status oc__precision_of(uint32_t *precision, const oc_predictor_options *options, oc_error *err) {
    oc_predictor_options o = OC_PREDICTOR_OPTIONS_INIT;
    oc_status status = options ? oc__struct_read(&o, sizeof o, sizeof o, options, "oc_predictor_options", err) : OC_OK;
    *precision = o.precision;
    return status;
}

#endif
