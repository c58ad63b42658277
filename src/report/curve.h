/* What a threshold brings. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_CURVE_H
#define OC_REPORT_CURVE_H

#include "measurement.h"

struct oc_curve {
    oc_context *context; /* retained */
    size_t n;
    oc_operating_point *points; /* from the highest threshold down */
};

/* See oc_report_curve; `measurement` is not one of boxes. */
oc_status oc__curve_create(oc_curve **out, oc_context *context, const oc__measurement *measurement, int32_t tag, oc_error *err);
void oc__curve_free(oc_curve *curve);

/* See oc_curve_find. */
oc_status oc__curve_find(oc_operating_point *out, const oc_curve *curve, uint32_t goal, double value, oc_error *err);

#endif
