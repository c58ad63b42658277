/* Small random networks around one operator each. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_UNIT_NN_CASES_H
#define OC_TESTS_UNIT_NN_CASES_H

#include "nn_reference.h"
#include "random.h"

enum {
    CASE_POINTWISE, CASE_DENSE, CASE_GROUPED, CASE_MULTIPLIER, CASE_DEPTHWISE, CASE_DEPTHWISE_DILATED, CASE_CONV_ADD,
        CASE_MAX_POOL,
    CASE_MEAN_POOL, CASE_GLOBAL_POOL, CASE_BATCH_NORM, CASE_ADD, CASE_ADD_TWICE, CASE_CONCAT, CASE_READERS, CASE_INNER_OUTPUT,
    CASE_RESIDUALS, CASE_FROZEN_BATCH_NORM, CASE_ACTIVATION, CASE_FOLDED_ACTIVATION,
    CASE_MULTIPLY, CASE_ADD_BROADCAST, CASE_TRANSPOSED_CONV, CASE_TRANSPOSED_DEPTHWISE, CASE_RESIZE, CASE_PAD, CASE_RESHAPE,
    CASE_TRANSPOSE, CASE_SLICE, CASE_SOFTMAX, CASE_GLOBAL_MAX_POOL, CASE_CHANNEL_SHUFFLE, CASE_POOL_MODES, CASE_SQUEEZE_EXCITE,
    CASE_UNITS, CASE_WIDE, N_CASES
};

/* A network and the pictures it is run on. Free with end_case. */
typedef struct nn_case {
    oc__graph graph;
    uint32_t n, height, width;
    float *input; /* n x height x width x channels */
    size_t n_input;
} nn_case;

/* The same for the same kind and seed. No value comes so near a kink that single precision might fall on its other side. */
void make_case(nn_case *out, oc_context *context, int kind, uint64_t seed, bool training);
void end_case(nn_case *c);

/* The reference after a run on the case's pictures. */
reference *reference_of(const nn_case *c, bool training);

#endif
