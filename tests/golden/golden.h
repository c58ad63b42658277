/* Small models that never change, and what they must contain and predict. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_GOLDEN_H
#define OC_TESTS_GOLDEN_H

#include <stdio.h>

#include "model.h"

/* Once a file has been made from a model, the model is never changed: a new one is added. */
#define GOLDEN_MINIMAL 0    /* one tag, one convolution, no properties: the example in docs/model-format.md */
#define GOLDEN_CLASSIFIER 1 /* every operator of 1.0, both kinds of storage, names in several scripts, a cross-validation */
#define GOLDEN_BASE 2       /* features, letterbox, a depthwise network in float16 */
#define GOLDEN_OPERATORS 3  /* version 1.1: every operator, function and kind of attribute that 1.0 has not */
#define GOLDEN_DETECTOR 4   /* version 1.3: two levels, a measurement of boxes */
#define GOLDEN_N 5

/* "minimal", ... */
const char *golden_name(int which);

/* Builds and finishes a model. */
oc_status golden_model(oc_model **out, oc_context *context, int which, oc_error *err);

/* Writes all that a model contains and what it predicts for a fixed input, one fact a line: "key: value". Lines that begin with
 * "output" hold numbers that kernels may round differently. */
oc_status golden_describe(FILE *out, const oc_model *model, oc_error *err);

/* Makes the checksums of a damaged file right again, as far as its table can be made sense of. */
void golden_repair(uint8_t *data, size_t size);

#endif
