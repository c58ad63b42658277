/* Shows how good a model is: a report as tables for people or as JSON.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include <ocellus/ocellus.h>

#include "json.h"
#include "options.h"

#define N_MEASURE_OPTIONS 5

typedef struct measure_options {
    double threshold;
    double overlap; /* of a detector */
    double reach;   /* a precision; < 0: not asked for */
    bool curves;
    long long n_mistakes;
    cli_option table[N_MEASURE_OPTIONS];
} measure_options;

/* `m` must outlive the group. */
option_group measure_group(measure_options *m);

/* Both return STATUS_DONE, or STATUS_FAILED after saying why. */
int measure_print(const oc_report *report, const measure_options *options);
int measure_json(json *j, const char *key, const oc_report *report, const measure_options *options);

/* The parts that measure.c and measure_boxes.c share. */
void measure_print_method(const oc_report *report);
void measure_method_json(json *j, const oc_report *report);
int measure_boxes_print(const oc_report *report, const measure_options *options);
int measure_boxes_json(json *j, const char *key, const oc_report *report, const measure_options *options);

#endif
