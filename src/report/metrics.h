/* Figures from a measurement. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_METRICS_H
#define OC_REPORT_METRICS_H

#include "measurement.h"

double oc__metrics_accuracy(const oc__measurement *measurement);
double oc__metrics_hamming_loss(const oc__measurement *measurement);

/* See oc_report_metrics. `tag` is a tag, OC_TAGS_TOGETHER or OC_TAGS_MEAN; out of range is OC_E_ARGUMENT. */
oc_status oc__metrics_of(oc_metrics *out, const oc__measurement *measurement, int32_t tag, double threshold, oc_error *err);

#define OC__N_RELIABILITY_BINS 10

/* See oc_report_reliability; bin < OC__N_RELIABILITY_BINS. And oc_report_calibration_error. */
oc_reliability oc__metrics_reliability(const oc__measurement *measurement, size_t bin);
double oc__metrics_calibration_error(const oc__measurement *measurement);

uint64_t oc__metrics_confusion(const oc__measurement *measurement, size_t truth, size_t predicted);

#endif
