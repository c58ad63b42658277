/* A report as one page to look at. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_PAGE_H
#define OC_REPORT_PAGE_H

#include "measurement.h"
#include "memory.h"

/* Writes a measurement as HTML that needs nothing else: plots are SVG, pictures small JPEGs within it, there is no script. The
 * pictures are read from the paths that their entries have as names; one that cannot be is shown by its name alone. */
oc_status oc__page_write(oc__buffer *out, const oc__measurement *measurement, const char *const *tags, oc_error *err);

#endif
