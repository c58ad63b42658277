/* Fine-tuning: training a base's later layers along with a classifier's head. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_TUNE_H
#define OC_TRAIN_TUNE_H

#include "course.h"
#include "views.h"

/* What is learned from: pictures of a source, and the tag of each of its samples. */
typedef struct oc__tuning {
    const oc__view_source *source;
    const uint32_t *picks; /* `n` places in source->usable */
    size_t n;
    const uint32_t *tags; /* of the source's samples */
    const float *weights; /* what each tag counts, or NULL: 1 */
    uint32_t n_frozen,
        n_base; /* nodes of the graph: those before n_frozen stay as they are, those from n_base on are the head's */
    uint64_t seed, n_steps;
    double seconds;     /* above 0: after so many it is done, in fewer steps if need be */
    oc__states *states; /* where its state is kept, or NULL */
    bool mix;           /* lay views over each other */
    double *spent;      /* the seconds it took are added, those before an interruption too; or NULL */
} oc__tuning;

/* Trains a classifier's graph, from its weights on, on views of the pictures. One step of the progress a step. The result
 * depends on the graph, the pictures, the seed and the instruction set, and, if `seconds` end it early, on the machine. */
oc_status oc__tune(oc__graph *graph, const oc__tuning *what, oc__progress *progress, oc_error *err);

#endif
