/* Objects that a detector does not know: what its base network's own detector proposes and it did not find.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_UNKNOWN_H
#define CLI_UNKNOWN_H

#include <ocellus/ocellus.h>

#include "json.h"

typedef struct unknown_objects {
    oc_model *model; /* NULL: they are not wanted */
    oc_predictor *predictor;
    double probability;
} unknown_objects;

/* Opens the detector of the model's base if `probability` is at least 0. Says what is wrong and gives an exit code. */
int unknown_begin(unknown_objects *u, oc_context *context, const oc_model *model, double probability);
void unknown_end(unknown_objects *u);

/* A line for each, of objects that lie in no box of `result` of at least `known`; the member "unknown", an array. */
void unknown_print(unknown_objects *u, const oc_image *image, const oc_result *result, double known, int indent);
void unknown_json(unknown_objects *u, json *j, const oc_image *image, const oc_result *result, double known);

#endif
