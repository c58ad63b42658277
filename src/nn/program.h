/* A graph made ready for inference, and a runner that runs it. SPDX-License-Identifier: MIT */
#ifndef OC_NN_PROGRAM_H
#define OC_NN_PROGRAM_H

#include "graph.h"

/* Immutable once made: any number of runners, each in its own thread, share it. Holds its own copy of the weights, batch
 * norms folded into the convolutions before them and additions joined to the convolutions that feed them. */
typedef struct oc__program oc__program;

/* Between which values a node's output lies, as calibration found; both 0 where that is not known. */
typedef struct oc__range {
    float low, high;
} oc__range;

typedef struct oc__program_options {
    uint32_t precision;      /* OC_PRECISION_... */
    const oc__range *ranges; /* int8 alone: of the graph's nodes; see int8.h. Not kept */
    bool apart;              /* every node is computed by itself, so that oc__runner_observe sees each one's output */
} oc__program_options;

/* The graph has been checked. `height` and `width`: pictures that it takes; it may be run on others later. `options` may be
 * NULL: float32. */
oc_status oc__program_create(oc__program **out, const oc__graph *graph, uint32_t height, uint32_t width,
                             const oc__program_options *options, oc_error *err);
void oc__program_free(oc__program *program);

/* One thread's scratch memory for a program, which must outlive it. */
typedef struct oc__runner oc__runner;

oc_status oc__runner_create(oc__runner **out, const oc__program *program, oc_error *err);
void oc__runner_free(oc__runner *runner);

/* Makes the runner ready for n pictures of height x width and gives the place where they go: n x height x width x channels
 * floats. Keeps what it has if the shape is as before. */
oc_status oc__runner_prepare(float **input, oc__runner *runner, uint32_t n, uint32_t height, uint32_t width, oc_error *err);

/* Runs the program on what lies in the input. */
void oc__runner_run(oc__runner *runner);

/* Has `function` called after each node of a run with the node of the original graph whose output it is, and the output.
 * Nodes that were folded into others are not seen. Float32 programs made with `apart`. */
typedef void (*oc__observer)(void *user, uint32_t node, const oc__shape *shape, const float *values);
void oc__runner_observe(oc__runner *runner, oc__observer function, void *user);

/* Output `index` after a run, and its shape; valid until the next one. */
const float *oc__runner_output(const oc__runner *runner, uint32_t index, oc__shape *shape);

#endif
