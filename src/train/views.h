/* Views of pictures, changed by chance: what networks learn from. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_VIEWS_H
#define OC_TRAIN_VIEWS_H

#include "boxes.h"
#include "random.h"
#include "train.h"

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
    bool mirror, crop, light, blur, noise, erase; /* what is changed by chance */
} oc__view_source;

/* Decodes every picture once. What cannot be read is logged and left out, or, unless skip_broken, an error. One step a sample.
 */
oc_status oc__view_source_open(oc__view_source *out, oc_context *context, const oc__training_set *set,
                               const oc__prepare_rule *rule, const oc__train_options *options, oc__progress *progress,
                               oc_error *err);
void oc__view_source_close(oc__view_source *source);

/* Makes a view of sample `usable[pick]`, changed by chance: a part of it or, if `mosaic`, beside three others; mirrored; in other
 * light; blurred, with noise, partly covered. */
oc_status oc__view_draw(float *input, oc__view_objects *objects, const oc__view_source *source, size_t pick, bool mosaic,
                        oc__random *random, oc_error *err);

#endif
