/* The parts of training a detector. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_DETECTOR_H
#define OC_TRAIN_DETECTOR_H

#include "learner.h"
#include "views.h"

/* --- the network (detector_graph.c) --- */

/* A detector whose weights another begins with. */
typedef struct oc__detector_start {
    const oc__graph *graph;
    const char *const *tags;
    size_t n_tags;
} oc__detector_start;

/* The graph of a detector on a base's three feature maps: the base's nodes first, up to but not including *n_base, the frozen
 * beginning (as far as the first map) up to *n_stem. With `start` (or NULL) its weights, or else the base's and random ones.
 * OC_E_UNSUPPORTED if the base gives no maps at strides 8, 16 and 32, OC_E_DATA if `start` is another network. */
oc_status oc__detector_graph(oc__graph *out, uint32_t *n_stem, uint32_t *n_base, const oc_model *base,
                             const oc__detector_start *start, const char *const *tags, size_t n_tags, uint64_t seed, oc_error *err);

/* --- the loss (detector_loss.c) --- */

typedef struct oc__detector_loss oc__detector_loss;

oc_status oc__detector_loss_create(oc__detector_loss **out, oc__learner *learner, oc_context *context, uint32_t n_levels,
                                   size_t n_tags, oc_error *err);
void oc__detector_loss_free(oc__detector_loss *loss);

/* After forward: assigns objects to the levels' pixels and sets the outputs' gradients. Returns the loss. `objects`: of each of
 * the batch's pictures. OC_E_NOMEM. */
oc_status oc__detector_loss_of(double *out, oc__detector_loss *loss, const oc__view_objects *objects, oc_error *err);

#endif
