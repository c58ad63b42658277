/* oc_dataset. SPDX-License-Identifier: MIT */
#include "dataset.h"

#include "arguments.h"

oc_status oc_dataset_create(oc_dataset **out, oc_context *context, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", context, "context", err);
    return status ? status : oc__dataset_create(out, context, err);
}

oc_status oc_dataset_load_folder(oc_dataset **out, oc_context *context, const char *path, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    return status ? status : oc__dataset_load_folder(out, context, path, err);
}

oc_status oc_dataset_load_csv(oc_dataset **out, oc_context *context, const char *path, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", path, "path", err);
    return status ? status : oc__dataset_load_csv(out, context, path, err);
}

oc_status oc_dataset_select_split(oc_dataset **out, const oc_dataset *dataset, const char *split, oc_error *err) {
    oc_status status = oc__check_call(out, dataset, "dataset", split, "split", err);
    return status ? status : oc__dataset_select_split(out, dataset, split, err);
}

void oc_dataset_free(oc_dataset *dataset) { oc__dataset_free(dataset); }

oc_status oc_dataset_add(oc_dataset *dataset, const oc_image *image, const char *tag, const char *split, oc_error *err) {
    oc_status status = oc__check_pointer(dataset, "dataset", err);
    return status ? status : oc__dataset_add(dataset, image, tag, split, err);
}

oc_status oc_dataset_add_tags(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n, const char *split,
                              oc_error *err) {
    oc_status status = oc__check_pointer(dataset, "dataset", err);
    if (!status && n) status = oc__check_pointer(tags, "tags", err);
    return status ? status : oc__dataset_add_tags(dataset, image, tags, n, split, err);
}

size_t oc_dataset_count(const oc_dataset *dataset) { return dataset ? dataset->n_samples : 0; }

size_t oc_dataset_n_tags(const oc_dataset *dataset) { return dataset ? dataset->n_tags : 0; }

const char *oc_dataset_tag(const oc_dataset *dataset, size_t tag) {
    return tag < oc_dataset_n_tags(dataset) ? dataset->tags[tag] : NULL;
}

const char *oc_dataset_sample_name(const oc_dataset *dataset, size_t index) {
    return index < oc_dataset_count(dataset) ? dataset->samples[index].sample->image.name : NULL;
}

int32_t oc_dataset_sample_tag(const oc_dataset *dataset, size_t index) { return oc_dataset_sample_tag_at(dataset, index, 0); }

size_t oc_dataset_sample_n_tags(const oc_dataset *dataset, size_t index) {
    return index < oc_dataset_count(dataset) ? dataset->samples[index].n_tags : 0;
}

int32_t oc_dataset_sample_tag_at(const oc_dataset *dataset, size_t index, size_t k) {
    if (k >= oc_dataset_sample_n_tags(dataset, index)) return -1;
    return (int32_t)dataset->labels[dataset->samples[index].first + k];
}

const char *oc_dataset_sample_split(const oc_dataset *dataset, size_t index) {
    return index < oc_dataset_count(dataset) ? dataset->samples[index].sample->split : NULL;
}

size_t oc_dataset_n_notes(const oc_dataset *dataset) { return dataset ? dataset->n_notes : 0; }

const char *oc_dataset_note(const oc_dataset *dataset, size_t index) {
    return index < oc_dataset_n_notes(dataset) ? dataset->notes[index] : NULL;
}
