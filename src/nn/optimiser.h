/* Optimisers: how weights follow their gradients, and the average of where they have been. SPDX-License-Identifier: MIT */
#ifndef OC_NN_OPTIMISER_H
#define OC_NN_OPTIMISER_H

#include "learner.h"

enum {
    OC__SGD = 1, /* stochastic gradient descent with momentum; Nesterov's in the form of Sutskever et al. 2013 */
    OC__ADAMW    /* Loshchilov and Hutter 2019 */
};

typedef struct oc__optimiser_options {
    uint32_t kind;
    double momentum; /* SGD: 0 .. below 1 */
    bool nesterov;   /* SGD */
    double beta1, beta2, epsilon; /* AdamW */
    double decay;   /* weight decay: added to the gradient (SGD) or to the step (AdamW) */
    double clip;    /* if above 0, gradients whose norm over all parameters exceeds it are scaled down to it, and a step whose
                     * norm is no finite number is left out */
    double average; /* above 0: an average of the weights is kept, in which a step's weights count 1 - average, and more at the
                     * beginning: as much as each step before. 1: the mean of all steps */
    double average_part; /* above 0: an average of about this part of the steps so far instead (a power of the step, Karras et al. 2024):
                          * step n counts 1 / (average_part n), and at most 1 */
    uint64_t average_begin; /* steps before the first that is averaged */
} oc__optimiser_options;

#define OC__SGD_INIT {.kind = OC__SGD, .momentum = 0.9}
#define OC__ADAMW_INIT {.kind = OC__ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}

/* Where a parameter's weights begin in the optimiser's arrays, and its share of the rate and the decay. */
typedef struct oc__optimiser_param {
    size_t begin;
    float rate, decay;
} oc__optimiser_param;

/* Belongs to the graph it was made for, whose parameters' number and shapes stay. Each array has n_weights elements a block,
 * the parameters one after the other. */
typedef struct oc__optimiser {
    oc_context *context;
    oc__optimiser_options options;
    oc__optimiser_param *params; /* n_params, and one that ends the last */
    size_t n_params, n_weights;
    uint32_t n_moments;
    float *moments; /* SGD: velocity; AdamW: first moments, then second */
    float *average; /* NULL: none is kept */
    uint64_t n_steps, n_averaged;
} oc__optimiser;

/* Rates count 1; decay counts 1 for parameters of rank above 1 and 0 for the others (biases, batch norms). */
oc_status oc__optimiser_create(oc__optimiser *out, const oc__graph *graph, const oc__optimiser_options *options, oc_error *err);
void oc__optimiser_free(oc__optimiser *optimiser);

/* A stretch of the network that is trained in a manner of its own. */
typedef struct oc__group {
    uint32_t first, end;  /* nodes [first, end) */
    double rate, decay;   /* factors; a rate of 0 freezes the parameters */
    bool frozen_norms;    /* batch norms use their running figures and leave them as they are */
} oc__group;

/* Sets the group's factors and, in the graph, what is frozen: before the learner is made, which keeps to that. */
void oc__optimiser_set_group(oc__optimiser *optimiser, oc__graph *graph, const oc__group *group);

/* Multiplies each parameter's rate by factor^k where k is the largest number of layers (nodes with weights of rank above 1)
 * between it and an output: layers near the pictures learn more slowly (Clark et al. 2020). */
oc_status oc__optimiser_slow_layers(oc__optimiser *optimiser, const oc__graph *graph, double factor, oc_error *err);

/* One step by the learner's gradients. Returns their norm over all parameters before it is clipped; 0 without clipping. */
double oc__optimiser_step(oc__optimiser *optimiser, oc__graph *graph, const oc__learner *learner, double rate);

/* Exchanges the graph's values (running figures too) with the average; a second time puts them back. Nothing before the first
 * step that is averaged. */
void oc__optimiser_swap_average(oc__optimiser *optimiser, oc__graph *graph);

#endif
