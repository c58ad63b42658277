/* A picture with its tag, as data sets give and training takes it. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_SAMPLE_H
#define OC_MODEL_SAMPLE_H

#include "boxes.h"
#include "picture.h"

/* A picture that data sets and trainers share; immutable. */
typedef struct oc__sample {
    oc_context *context; /* not retained: who holds samples holds the context */
    atomic_size_t n_references;
    oc_image image; /* its data and its name (never NULL) are the sample's own */
    char *split;    /* "" if none */
} oc__sample;

/* Its tags are n_tags numbers, from `first` on among the labels of the data set; its objects likewise, in a data set of boxes,
 * where its tags are those of its objects. */
typedef struct oc__labelled {
    oc__sample *sample;
    uint32_t first, n_tags;
    uint32_t first_object, n_objects;
} oc__labelled;

/* Copies the description, the data and `name`. One reference. */
oc_status oc__sample_create(oc__sample **out, oc_context *context, const oc_image *image, const char *name, const char *split,
                            oc_error *err);
oc__sample *oc__sample_retain(oc__sample *sample);
void oc__sample_release(oc__sample *sample);

#endif
