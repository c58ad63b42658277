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

oc_status oc_dataset_add_boxes(oc_dataset *dataset, const oc_image *image, const char *const *tags, const float *boxes, size_t n,
                               const char *split, oc_error *err) {
    oc_status status = oc__check_pointer(dataset, "dataset", err);
    if (!status && n > 0) status = oc__check_pointer(tags, "tags", err);
    if (!status && n > 0) status = oc__check_pointer(boxes, "boxes", err);
    return status ? status : oc__dataset_add_boxes(dataset, image, tags, boxes, n, split, err);
}

int oc_dataset_has_boxes(const oc_dataset *dataset) { return dataset && dataset->boxed; }

size_t oc_dataset_sample_n_boxes(const oc_dataset *dataset, size_t index) {
    return index < oc_dataset_count(dataset) ? dataset->samples[index].n_objects : 0;
}

oc_status oc_dataset_sample_box(const oc_dataset *dataset, size_t index, size_t k, oc_box *box, oc_error *err) {
    oc_status status = oc__check_pointer(dataset, "dataset", err);
    if (status) return status;
    size_t n = oc_dataset_sample_n_boxes(dataset, index);
    if (k >= n) return oc__fail(err, OC_E_NOT_FOUND, "box %zu of sample %zu is out of range, there are %zu", k, index, n);
    const oc__object *object = &dataset->objects[dataset->samples[index].first_object + k];
    const oc__rect *r = &object->box;
    oc_box known = {sizeof known, (int32_t)object->tag, 1, r->left, r->top, r->right - r->left, r->bottom - r->top};
    return oc__struct_write(box, &known, sizeof known, offsetof(oc_box, left), "oc_box", err);
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
