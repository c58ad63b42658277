/* Optimisers and the schedule of the learning rate. SPDX-License-Identifier: MIT */
#ifndef OC_NN_OPTIMISER_H
#define OC_NN_OPTIMISER_H

#include "learner.h"

/* AdamW (Loshchilov and Hutter 2019). Weight decay acts on parameters of rank above 1 only. */
typedef struct oc__adamw {
    const oc__graph *graph;
    float *moments; /* for each weight of the graph the first moment, then for each the second */
    uint64_t n_steps;
    double beta1, beta2, epsilon, decay;
} oc__adamw;

oc_status oc__adamw_create(oc__adamw *out, const oc__graph *graph, double decay, oc_error *err);
void oc__adamw_free(oc__adamw *optimiser);

/* One step by the learner's gradients. If their norm over all parameters exceeds clip > 0, they are scaled down to it.
 * Returns that norm. */
double oc__adamw_step(oc__adamw *optimiser, oc__graph *graph, const oc__learner *learner, double rate, double clip);

/* A share of the top learning rate: rises in a line over the first `warm_up` steps, then falls as half a cosine to 0. */
double oc__cosine_schedule(uint64_t step, uint64_t n_steps, uint64_t warm_up);

#endif
