/* The parts of training a detector. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_DETECTOR_H
#define OC_TRAIN_DETECTOR_H

#include "boxes.h"
#include "learner.h"
#include "random.h"
#include "train.h"

/* --- the network (detector_graph.c) --- */

/* The graph of a detector on a base's three feature maps: the base's nodes first, up to but not including *n_base, the frozen beginning
 * (as far as the first map) up to *n_stem. OC_E_UNSUPPORTED if the base gives no maps at strides 8, 16 and 32. */
oc_status oc__detector_graph(oc__graph *out, uint32_t *n_stem, uint32_t *n_base, const oc_model *base, size_t n_tags, uint64_t seed,
                             oc_error *err);

/* --- what is learned from (detector_views.c) --- */

/* One picture of a batch: the objects in it, as fractions of the network's input. */
typedef struct oc__view_objects {
    oc__object *items;
    size_t n, capacity;
} oc__view_objects;

/* Pictures to draw from, those that fit decoded. */
typedef struct oc__view_source {
    oc_context *context;
    const oc__training_set *set;
    const oc__prepare_rule *rule; /* of the network */
    oc__bitmap *bitmaps;          /* of the set's samples; without pixels: decoded each time */
    uint32_t *usable;             /* samples that can be read */
    size_t n_usable;
    bool mirror, crop, light; /* what is changed by chance */
} oc__view_source;

/* Decodes every picture once. What cannot be read is logged and left out, or, unless skip_broken, an error. One step a sample. */
oc_status oc__view_source_open(oc__view_source *out, oc_context *context, const oc__training_set *set, const oc__prepare_rule *rule,
                               const oc__train_options *options, oc__progress *progress, oc_error *err);
void oc__view_source_close(oc__view_source *source);

/* Makes a view of sample `usable[pick]`, changed by chance: a part of it or, if `mosaic`, beside three others; mirrored; other
 * light. */
oc_status oc__view_draw(float *input, oc__view_objects *objects, const oc__view_source *source, size_t pick, bool mosaic,
                        oc__random *random, oc_error *err);

/* --- the loss (detector_loss.c) --- */

typedef struct oc__detector_loss oc__detector_loss;

oc_status oc__detector_loss_create(oc__detector_loss **out, oc__learner *learner, oc_context *context, uint32_t n_levels, size_t n_tags,
                                   oc_error *err);
void oc__detector_loss_free(oc__detector_loss *loss);

/* After forward: assigns objects to the levels' pixels and sets the outputs' gradients. Returns the loss. `objects`: of each of the
 * batch's pictures. OC_E_NOMEM. */
oc_status oc__detector_loss_of(double *out, oc__detector_loss *loss, const oc__view_objects *objects, oc_error *err);

#endif
