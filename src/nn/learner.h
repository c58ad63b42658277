/* A graph made ready for training: forward with everything kept, backward for all gradients. SPDX-License-Identifier: MIT */
#ifndef OC_NN_LEARNER_H
#define OC_NN_LEARNER_H

#include "graph.h"

/* Serves one thread at a time; works on the context's threads inside. */
typedef struct oc__learner oc__learner;

/* For batches of n pictures of height x width. The graph is the caller's, whose weights may change between steps and whose
 * nodes may not. What is frozen when the learner is made stays so: its gradient is not computed, and the backward pass stops
 * where nothing further down is trained. */
oc_status oc__learner_create(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, oc_error *err);
/* The same with the products of convolutions in bfloat16, where the CPU multiplies it, and sums, weights and all else in
 * float32. */
oc_status oc__learner_create_bf16(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                                  oc_error *err);
/* The same, running every operator by itself: what tests compare with. */
oc_status oc__learner_create_plain(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                                   oc_error *err);
void oc__learner_free(oc__learner *learner);

/* Where the pictures go before a step; n x height x width x channels floats. */
float *oc__learner_input(oc__learner *learner);

void oc__learner_forward(oc__learner *learner);

/* Output `index` after forward, its shape (unless NULL), and where its gradient is to be put before backward. */
const float *oc__learner_output(const oc__learner *learner, uint32_t index, oc__shape *shape);
float *oc__learner_output_gradient(oc__learner *learner, uint32_t index);

void oc__learner_backward(oc__learner *learner);

/* The gradient of a parameter after backward; NULL for one that is not trained (frozen, or a running mean or variance). */
float *oc__learner_gradient(const oc__learner *learner, size_t param);

size_t oc__learner_memory(const oc__learner *learner); /* bytes */

#endif
