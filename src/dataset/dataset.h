/* Samples and labels in memory. SPDX-License-Identifier: MIT */
#ifndef OC_DATASET_DATASET_H
#define OC_DATASET_DATASET_H

#include "sample.h"

struct oc_dataset {
    oc_context *context;
    char **tags;
    size_t n_tags, tag_capacity;
    oc__labelled *samples;
    size_t n_samples, sample_capacity;
    uint32_t *labels; /* the samples' tags: see oc__labelled */
    size_t n_labels, label_capacity;
    bool boxed; /* its pictures have objects in boxes: for detection */
    oc__object *objects;
    size_t n_objects, object_capacity;
    char **notes;
    size_t n_notes, note_capacity;
};

oc_status oc__dataset_create(oc_dataset **out, oc_context *context, oc_error *err);
void oc__dataset_free(oc_dataset *dataset);

/* Adds a sample; see oc_dataset_add and oc_dataset_add_tags. */
oc_status oc__dataset_add(oc_dataset *dataset, const oc_image *image, const char *tag, const char *split, oc_error *err);
oc_status oc__dataset_add_tags(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n_tags,
                               const char *split, oc_error *err);

/* Adds a sample of a data set for detection, with n objects: see oc_dataset_add_boxes. */
oc_status oc__dataset_add_boxes(oc_dataset *dataset, const oc_image *image, const char *const *tags, const float *boxes, size_t n,
                                const char *split, oc_error *err);

/* Whether a sample bears none or several. */
bool oc__dataset_several(const oc_dataset *dataset);

/* Makes a tag known without a sample. */
oc_status oc__dataset_add_tag(uint32_t *out, oc_dataset *dataset, const char *tag, oc_error *err);

/* Remembers what was passed over and why: "path: reason". */
oc_status oc__dataset_add_note(oc_dataset *dataset, const char *path, const char *reason, oc_error *err);

/* A copy that shares the samples, without the tags that bear none. */
oc_status oc__dataset_snapshot(oc_dataset **out, const oc_dataset *dataset, oc_error *err);

/* The samples for which which[i] is `what`, with all tags. */
oc_status oc__dataset_select(oc_dataset **out, const oc_dataset *dataset, const uint8_t *which, uint8_t what, oc_error *err);

/* Without the tags that are not among `tags`, names with | between them: where each picture bears one tag or none, pictures of other
 * tags are left out; else those bear fewer, and have fewer objects. OC_E_NOT_FOUND if one is not there, unless `lenient`. */
oc_status oc__dataset_only(oc_dataset **out, const oc_dataset *dataset, const char *tags, bool lenient, oc_error *err);

/* See oc_dataset_load_folder, oc_dataset_load_csv and oc_dataset_select_split. */
oc_status oc__dataset_load_folder(oc_dataset **out, oc_context *context, const char *path, oc_error *err);
oc_status oc__dataset_load_csv(oc_dataset **out, oc_context *context, const char *path, oc_error *err);
oc_status oc__dataset_select_split(oc_dataset **out, const oc_dataset *dataset, const char *split, oc_error *err);

#endif
