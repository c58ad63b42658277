/* Additions that read views. SPDX-License-Identifier: MIT */
#ifndef OC_NN_TRAIN_ADD_H
#define OC_NN_TRAIN_ADD_H

#include "train_unit.h"

typedef struct oc__addition {
    oc_context *context;
    const oc__kernels *kernels;
    oc__shape shape;
    oc__view in[2];
    float low, high;
    float *out;
    float *scratch; /* oc__addition_n_scratch floats */
} oc__addition;

size_t oc__addition_n_scratch(const oc__addition *addition);
void oc__addition_forward(const oc__addition *addition);

#endif
