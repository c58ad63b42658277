/* How well objects were found. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_AVERAGE_PRECISION_H
#define OC_REPORT_AVERAGE_PRECISION_H

#include "measurement.h"

/* See oc_report_box_metrics; `measurement` is one of boxes. */
oc_status oc__box_metrics_of(oc_box_metrics *out, const oc__measurement *measurement, int32_t tag, double probability, double overlap,
                             oc_error *err);

/* Average precision, as in oc_box_metrics.ap, of objects that are small, medium and large in a picture of so many pixels: up to
 * 32 x 32, up to 96 x 96, larger; -1 where there are none. Tags below 0: the mean of those that have any. */
oc_status oc__box_ap_by_size(double out[3], const oc__measurement *measurement, int32_t tag, double n_pixels, oc_error *err);

/* Precision over recall of one tag at an overlap: *n points of recalls and precisions, for which there is room for all of
 * n_found. */
oc_status oc__box_curve(double *recalls, double *precisions, size_t *n, const oc__measurement *measurement, uint32_t tag,
                        double overlap, oc_error *err);

/* Sets the measurement's average precisions, at an overlap of 0.5. */
oc_status oc__box_metrics_fill(oc__measurement *measurement, oc_error *err);

#endif
