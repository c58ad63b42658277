/* COCO's annotations: writing. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

/* Appends ,"key":"value", unless the value is empty. */
static void text_member(oc__buffer *line, const char *key, const char *value) {
    if (!value[0]) return;
    oc__append(line, ",\"");
    oc__append(line, key);
    oc__append(line, "\":");
    oc__json_append_string(line, value);
}

static void integer_member(oc__buffer *line, const char *key, int64_t value) {
    oc__append(line, ",\"");
    oc__append(line, key);
    oc__append(line, "\":");
    oc__json_append_integer(line, value);
}

static void write_picture(oc__buffer *line, const oc_annotations *set, const oc__known_picture *picture, int64_t id) {
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    text_member(line, "file_name", picture->path);
    if (picture->width) {
        integer_member(line, "width", picture->width);
        integer_member(line, "height", picture->height);
    }
    text_member(line, "split", picture->split);
    oc__append_metadata(line, set, picture);
    oc__append_extra_members(line, picture->extra, "coco");
    oc__append(line, "}");
}

static void write_tag(oc__buffer *line, const oc__known_tag *tag, int64_t id) {
    static const char *const kinds[] = {"", "negative", "product"};
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    text_member(line, "name", tag->name);
    text_member(line, "kind", kinds[tag->kind]);
    text_member(line, "description", tag->description);
    text_member(line, "colour", tag->colour);
    oc__append_extra_members(line, tag->extra, "coco");
    oc__append(line, "}");
}

typedef struct numbers {
    int64_t *tags, *pictures;
    bool normalised;
} numbers;

static bool has(const oc__mark *mark, const char *key) {
    oc__slice extra, value;
    return oc__extra_of(&extra, mark->extra, "coco") && oc__json_member(&value, extra, key);
}

static void write_mark(oc__buffer *line, const oc_annotations *set, const oc__mark *mark, int64_t id, const numbers *n) {
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    integer_member(line, "image_id", n->pictures[mark->picture]);
    if (mark->tag != OC__NO_TAG) integer_member(line, "category_id", n->tags[mark->tag]);
    if (mark->kind == OC__MARK_BOX) {
        double box[4];
        if (n->normalised) oc__mark_fractions(box, set, mark);
        else oc__mark_pixels(box, set, mark);
        for (int i = 0; i < 4; i++) {
            oc__append(line, i ? "," : ",\"bbox\":[");
            oc__json_append_number(line, box[i]);
        }
        oc__append(line, "]");
        if (!n->normalised) { /* programs want these, whether they say anything or not */
            if (!has(mark, "area")) {
                oc__append(line, ",\"area\":");
                oc__json_append_number(line, box[2] * box[3]);
            }
            if (!has(mark, "iscrowd")) oc__append(line, ",\"iscrowd\":0");
        }
    }
    oc__append_extra_members(line, mark->extra, "coco");
    oc__append(line, "}");
}

/* Whether COCO can hold it. */
static bool can_hold(const oc_annotations *set, const oc__mark *mark, bool normalised) {
    oc__slice extra;
    const oc__known_picture *picture = &set->pictures[mark->picture];
    if (mark->kind == OC__MARK_OTHER) return oc__extra_of(&extra, mark->extra, "coco");
    return mark->kind == OC__MARK_TAG || mark->in_pixels == !normalised || (picture->width && picture->height);
}

static oc_status write(const oc_annotations *set, const char *path, bool normalised, oc_error *err) {
    oc__output output;
    numbers n = {.normalised = normalised};
    bool first = true, own = true;
    oc_status status = oc__number_tags(&n.tags, set, err);
    if (!status) status = oc__number_pictures(&n.pictures, set, err);
    if (!status) status = oc__output_begin(&output, set->context, path, err);
    if (status) goto done;
    oc__buffer *line = &output.line;
    oc__append(line, "{\"images\":[\n");
    for (size_t i = 0; i < set->n_pictures; i++) {
        if (i) oc__append(line, ",\n");
        write_picture(line, set, &set->pictures[i], n.pictures[i]);
        oc__output_flush(&output);
    }
    oc__append(line, "\n],\"categories\":[\n");
    for (size_t i = 0; i < set->n_tags; i++) {
        if (i) oc__append(line, ",\n");
        write_tag(line, &set->tags[i], n.tags[i]);
    }
    oc__append(line, "\n],\"annotations\":[\n");
    for (size_t i = 0; i < set->n_marks; i++) own = own && set->marks[i].id >= 0;
    for (size_t i = 0; i < set->n_marks; i++) {
        const oc__mark *mark = &set->marks[i];
        if (!can_hold(set, mark, normalised)) continue;
        if (!first) oc__append(line, ",\n");
        write_mark(line, set, mark, own ? mark->id : (int64_t)i + 1, &n);
        oc__output_flush(&output);
        first = false;
    }
    oc__append(line, "\n]");
    oc__append_extra_members(line, set->extra, "coco");
    oc__append(line, "}\n");
    status = oc__output_end(&output, OC_OK, err);
done:
    oc__free(set->context, n.tags);
    oc__free(set->context, n.pictures);
    return status;
}

oc_status oc__coco_write(const oc_annotations *set, const char *path, oc_error *err) { return write(set, path, false, err); }

oc_status oc__coco_write_normalised(const oc_annotations *set, const char *path, oc_error *err) {
    return write(set, path, true, err);
}
