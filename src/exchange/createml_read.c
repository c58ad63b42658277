/* Create ML's annotations: reading. SPDX-License-Identifier: MIT
 *
 * [{"image": "a.jpg", "annotations": [{"label": "apple", "coordinates": {"x": .., "y": .., "width": .., "height": ..}}]}],
 * where x and y are the centre's, in pixels. Some call "image" "imagefilename", "annotations" "annotation", or "label" at the
 * picture itself. */
#include <string.h>

#include "json_read.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
} reader;

static oc_status leave_out(const reader *r, const oc__json_walk *walk, const char *reason, oc_error *err) {
    return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: picture %zu", walk->file, walk->index);
}

static oc_status add_tag(const reader *r, uint32_t picture, const char *label, const oc__json_walk *walk, oc_error *err) {
    oc__mark mark = {.picture = picture, .place = (uint32_t)walk->index, .kind = OC__MARK_TAG};
    oc_status status = oc__annotations_tag(&mark.tag, r->set, label, walk->file, err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

/* `raw` is the annotation's text. */
static oc_status take_annotation(const reader *r, uint32_t picture, const json_t *element, oc__slice raw,
                                 const oc__json_walk *walk, oc_error *err) {
    static const char *const sides[] = {"x", "y", "width", "height"}, *const known[] = {"label", "coordinates", NULL};
    const char *label = oc__json_text(element, "label");
    const json_t *box = json_object_get(element, "coordinates");
    double numbers[4];
    oc__mark mark = {.picture = picture, .place = (uint32_t)walk->index, .kind = OC__MARK_BOX, .in_pixels = true};
    if (!label) return leave_out(r, walk, "the annotation has no label", err);
    if (!box) return add_tag(r, picture, label, walk, err);
    if (!oc__json_numbers(numbers, box, sides, 4)) return leave_out(r, walk, "the coordinates are not four numbers", err);
    mark.box[0] = numbers[0] - numbers[2] / 2;
    mark.box[1] = numbers[1] - numbers[3] / 2;
    mark.box[2] = numbers[2];
    mark.box[3] = numbers[3];
    oc_status status = oc__annotations_tag(&mark.tag, r->set, label, walk->file, err);
    if (!status) status = oc__json_keep_others(&mark.extra, r->set, raw, "createml", known, err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

static oc_status take_picture(void *user, json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const known[] = {"image", "imagefilename", "annotations", "annotation", "label", NULL};
    const reader *r = user;
    const char *name = oc__json_text(element, "image"), *label = oc__json_text(element, "label");
    oc__slice list = {NULL, 0};
    oc__json_walk each;
    uint32_t picture;
    bool is_new, more;
    if (!name) name = oc__json_text(element, "imagefilename");
    if (!name) return leave_out(r, walk, "the picture has no 'image'", err);
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, name, err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) status = oc__json_keep_others(&r->set->pictures[picture].extra, r->set, walk->value, "createml", known, err);
    if (!status && label) status = add_tag(r, picture, label, walk, err);
    const char *const key = json_object_get(element, "annotations") ? "annotations" : "annotation";
    const json_t *annotations = json_object_get(element, key);
    if (!status && json_is_string(annotations)) status = add_tag(r, picture, json_string_value(annotations), walk, err);
    if (status || !json_is_array(annotations) || !oc__json_member(&list, walk->value, key)) return status;
    status = oc__json_walk_begin(&each, list, '[', walk->file, walk->start, key, err);
    while (!status && !(status = oc__json_walk_next(&more, &each, err)) && more)
        status = take_annotation(r, picture, json_array_get(annotations, each.index), each.value, walk, err);
    return status;
}

oc_status oc__createml_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    reader r = {set, source};
    oc__mapping file;
    oc__slice text;
    (void)format;
    set->place = "picture";
    oc_status status = oc__json_map(&file, &text, set->context, source->path, err);
    if (status) return status;
    status = oc__json_each(text, source->path, text.data, "the file", take_picture, &r, err);
    oc__file_unmap(&file);
    return status;
}
