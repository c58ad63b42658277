/* Label Studio's JSON export: reading. SPDX-License-Identifier: MIT
 *
 * An array of tasks: {"data": {"image": "..."}, "annotations": [{"result": [...]}], "meta": {...}}. Rectangles (in percent)
 * that are not turned become boxes, choices tags of the picture, and all other results are kept as they are. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json_read.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
} reader;

static oc_status leave_out(const reader *r, const oc__json_walk *walk, const char *reason, oc_error *err) {
    return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: task %zu", walk->file, walk->index);
}

/* What `data` calls the picture: "image", or whatever else is a picture's name. *key is the member. */
static const char *image_of(const json_t *data, const char **key) {
    const char *name;
    json_t *value;
    *key = "image";
    if ((name = oc__json_text(data, "image"))) return name;
    json_object_foreach((json_t *)(uintptr_t)data, *key, value) {
        name = json_string_value(value);
        if (name && (oc__is_picture_name(name) || strstr(name, "://"))) return name;
    }
    return NULL;
}

/* "dir/a.jpg" of "/data/local-files/?d=dir/a.jpg"; else the name as it is. */
static const char *local_name(char out[OC__MAX_PATH_BYTES + 1], const char *name) {
    static const char local[] = "local-files/?d=";
    const char *path = strstr(name, local);
    if (!path || strlen(path) > OC__MAX_PATH_BYTES) return name;
    snprintf(out, OC__MAX_PATH_BYTES + 1, "%s", path + sizeof local - 1);
    oc__percent_decode(out);
    return out;
}

/* All of the labels that a result's value has: the array under the result's own type ("rectanglelabels", "choices", ...). */
static const json_t *labels_of(const json_t *result) {
    const char *type = oc__json_text(result, "type");
    const json_t *labels = type ? json_object_get(json_object_get(result, "value"), type) : NULL;
    return json_is_array(labels) ? labels : NULL;
}

static oc_status add_marks(const reader *r, oc__mark mark, const json_t *labels, const oc__json_walk *walk, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < json_array_size(labels) && !status; i++) {
        const char *label = json_string_value(json_array_get(labels, i));
        if (!label) continue;
        status = oc__annotations_tag(&mark.tag, r->set, label, walk->file, err);
        if (!status) status = oc__annotations_add(r->set, &mark, err);
        if (mark.kind == OC__MARK_OTHER) break;
    }
    return status;
}

static bool is_text(const json_t *object, const char *key, const char *text) {
    const char *value = oc__json_text(object, key);
    return value && strcmp(value, text) == 0;
}

/* Keeps what a rectangle says besides its place, its labels and what is usual. */
static oc_status keep_rectangle(const char **extra, const reader *r, const json_t *result, oc__slice raw, oc_error *err) {
    static const char *const of_value[] = {"x", "y", "width", "height", "rotation", "rectanglelabels", NULL};
    static const char *const usual[][2] = {{"from_name", "label"}, {"to_name", "image"}, {"origin", "manual"}};
    const char *known[10] = {"type", "original_width", "original_height", "value"};
    const json_t *turned = json_object_get(result, "image_rotation");
    oc__buffer members = {.context = r->set->context};
    oc__slice value;
    size_t n = 4;
    for (int i = 0; i < 3; i++)
        if (is_text(result, usual[i][0], usual[i][1])) known[n++] = usual[i][0];
    if (json_is_number(turned) && json_number_value(turned) == 0) known[n++] = "image_rotation";
    oc__json_append_others(&members, raw, known);
    if (oc__json_member(&value, raw, "value")) {
        size_t start = members.size;
        static const char begin[] = ",\"value\":";
        oc__append(&members, begin);
        size_t first = members.size;
        oc__json_append_others(&members, value, of_value);
        if (members.size == first)
            members.size = start;
        else if (!members.failed)
            members.data[first] = '{', oc__append(&members, "}");
    }
    return oc__json_keep_members(extra, r->set, &members, "labelstudio", err);
}

static oc_status take_result(const reader *r, uint32_t picture, const json_t *result, oc__slice raw, const oc__json_walk *walk,
                             oc_error *err) {
    static const char *const sides[] = {"x", "y", "width", "height"};
    const json_t *value = json_object_get(result, "value"), *labels = labels_of(result),
                 *rotation = json_object_get(value, "rotation");
    oc__mark mark = {.picture = picture, .tag = OC__NO_TAG, .place = (uint32_t)walk->index, .kind = OC__MARK_OTHER};
    oc__known_picture *known = &r->set->pictures[picture];
    if (!known->width) {
        known->width = oc__json_side(result, "original_width");
        known->height = oc__json_side(result, "original_height");
    }
    if (is_text(result, "type", "choices")) mark.kind = OC__MARK_TAG;
    if (is_text(result, "type", "rectanglelabels") && !(json_number_value(rotation) != 0)) mark.kind = OC__MARK_BOX;
    oc_status status = OC_OK;
    if (mark.kind == OC__MARK_BOX) {
        if (!oc__json_numbers(mark.box, value, sides, 4)) return leave_out(r, walk, "the rectangle is not four numbers", err);
        if (!json_array_size(labels)) return leave_out(r, walk, "the rectangle has no label", err);
        for (int i = 0; i < 4; i++) mark.box[i] /= 100;
        status = keep_rectangle(&mark.extra, r, result, raw, err);
    } else if (mark.kind == OC__MARK_OTHER) {
        status = oc__json_keep(&mark.extra, r->set, raw, "labelstudio", err);
        if (!status && !json_array_size(labels)) return oc__annotations_add(r->set, &mark, err);
    }
    return status ? status : add_marks(r, mark, labels, walk, err);
}

/* The results of the first annotation that was not cancelled. */
static oc_status take_annotations(const reader *r, uint32_t picture, const json_t *task, const oc__json_walk *walk,
                                  oc_error *err) {
    const json_t *annotations = json_object_get(task, "annotations"), *results = NULL;
    oc__slice raw;
    oc__json_walk each, inner;
    bool more, taken = false;
    if (!json_array_size(annotations) || !oc__json_member(&raw, walk->value, "annotations"))
        return json_array_size(json_object_get(task, "predictions"))
                   ? leave_out(r, walk, "there is a prediction and no annotation", err)
                   : OC_OK;
    oc_status status = oc__json_walk_begin(&each, raw, '[', walk->file, walk->start, "annotations", err);
    while (!status && !(status = oc__json_walk_next(&more, &each, err)) && more) {
        const json_t *annotation = json_array_get(annotations, each.index);
        results = json_object_get(annotation, "result");
        if (json_is_true(json_object_get(annotation, "was_cancelled")) || !json_is_array(results)) continue;
        if (taken) return leave_out(r, walk, "there is another annotation of the same picture", err);
        taken = true;
        if (!oc__json_member(&raw, each.value, "result")) continue;
        status = oc__json_walk_begin(&inner, raw, '[', walk->file, walk->start, "results", err);
        while (!status && !(status = oc__json_walk_next(&more, &inner, err)) && more)
            status = take_result(r, picture, json_array_get(results, inner.index), inner.value, walk, err);
        more = true;
    }
    return status;
}

/* Whether all that is in "meta" is text, so that it can be metadata. */
static bool is_metadata(const json_t *meta) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)meta, key, value) if (!json_is_string(value)) return false;
    return json_is_object(meta);
}

static oc_status take_task(void *user, json_t *task, const oc__json_walk *walk, oc_error *err) {
    const reader *r = user;
    const json_t *data = json_object_get(task, "data"), *meta = json_object_get(task, "meta");
    const char *known[5] = {"annotations", "predictions"}, *key, *name = image_of(data, &key);
    char local[OC__MAX_PATH_BYTES + 1];
    size_t n = 2;
    uint32_t picture;
    bool is_new;
    if (!name) return leave_out(r, walk, "the task has no picture", err);
    bool plain = strcmp(key, "image") == 0 && json_object_size(data) == 1;
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, local_name(local, name), err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) {
        if (is_metadata(meta)) {
            known[n++] = "meta";
            status = oc__json_metadata(r->set, meta, err);
        }
        if (plain) known[n++] = "data";
        if (!status)
            status = oc__json_keep_others(&r->set->pictures[picture].extra, r->set, walk->value, "labelstudio", known, err);
    }
    return status ? status : take_annotations(r, picture, task, walk, err);
}

oc_status oc__labelstudio_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source,
                               oc_error *err) {
    reader r = {set, source};
    oc__mapping file;
    oc__slice text;
    (void)format;
    set->place = "task";
    oc_status status = oc__json_map(&file, &text, set->context, source->path, err);
    if (status) return status;
    status = oc__json_each(text, source->path, text.data, "the file", take_task, &r, err);
    oc__file_unmap(&file);
    return status;
}
