/* COCO's annotations: writing. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "text.h"

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

static void write_picture(oc__buffer *line, const oc__annotations *set, const oc__known_picture *picture, int64_t id) {
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    text_member(line, "file_name", picture->path);
    if (picture->width) {
        integer_member(line, "width", picture->width);
        integer_member(line, "height", picture->height);
    }
    text_member(line, "split", picture->split);
    oc__append_metadata(line, set, picture, "metadata");
    oc__append_extra_members(line, picture->extra, "coco", "id");
    oc__append(line, "}");
}

static void write_tag(oc__buffer *line, const oc__known_tag *tag, int64_t id) {
    static const char *const kinds[] = {"", "", "negative", "product"};
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    text_member(line, "name", tag->name);
    text_member(line, "kind", kinds[tag->type]);
    text_member(line, "description", tag->description);
    text_member(line, "colour", tag->colour);
    oc__append_extra_members(line, tag->extra, "coco", "id");
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

static void write_mark(oc__buffer *line, const oc__annotations *set, const oc__mark *mark, int64_t id, const numbers *n) {
    oc__append(line, "{\"id\":");
    oc__json_append_integer(line, id);
    integer_member(line, "image_id", n->pictures[mark->picture]);
    if (mark->tag != OC__NO_TAG) integer_member(line, "category_id", n->tags[mark->tag]);
    if (mark->kind == OC__MARK_BOX) {
        double box[4];
        if (n->normalised)
            oc__mark_fractions(box, set, mark);
        else
            oc__mark_pixels(box, set, mark);
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
    oc__append_extra_members(line, mark->extra, "coco", n->normalised ? "bbox" : NULL); /* another shape's is in pixels */
    oc__append(line, "}");
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int64_t own_id(const char *extra) {
    oc__slice own, value;
    char text[20] = "";
    uint64_t id = 0;
    if (!oc__extra_of(&own, extra, "coco") || !oc__json_member(&value, own, "id") || value.size >= sizeof text) return 0;
    memcpy(text, value.data, value.size);
    return oc__parse_u64(text, &id) && id < (uint64_t)1 << 53 ? (int64_t)id : 0;
}

/* Those that came from a COCO file with a number from 1 on keep it, if no two have the same; the others are counted on. */
static oc_status settle(int64_t *ids, size_t n, oc_context *context, oc_error *err) {
    int64_t *sorted = oc__alloc_array(context, n, sizeof *sorted), next = 1;
    if (!sorted) return oc__fail_nomem(err, context, n * sizeof *sorted, "numbers");
    memcpy(sorted, ids, n * sizeof *ids);
    if (n) qsort(sorted, n, sizeof *sorted, by_value);
    bool fit = true;
    for (size_t i = 1; i < n && fit; i++) fit = sorted[i] == 0 || sorted[i - 1] != sorted[i];
    if (n && fit) next = sorted[n - 1] + 1;
    for (size_t i = 0; i < n; i++)
        if (!fit || !ids[i]) ids[i] = next++;
    oc__free(context, sorted);
    return OC_OK;
}

static oc_status number(numbers *out, const oc__annotations *set, oc_error *err) {
    out->tags = oc__alloc_array(set->context, set->n_tags, sizeof *out->tags);
    out->pictures = oc__alloc_array(set->context, set->n_pictures, sizeof *out->pictures);
    if (!out->tags || !out->pictures)
        return oc__fail_nomem(err, set->context, set->n_pictures * sizeof *out->pictures, "numbers");
    for (size_t i = 0; i < set->n_tags; i++) out->tags[i] = own_id(set->tags[i].extra);
    for (size_t i = 0; i < set->n_pictures; i++) out->pictures[i] = own_id(set->pictures[i].extra);
    oc_status status = settle(out->tags, set->n_tags, set->context, err);
    return status ? status : settle(out->pictures, set->n_pictures, set->context, err);
}

oc_status oc__coco_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__output output;
    int64_t id = 0;
    numbers n = {.normalised = !(format->holds & OC__HOLDS_PIXELS)};
    oc_status status = number(&n, set, err);
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
    for (size_t i = 0; i < set->n_marks; i++) {
        if (!oc__can_write(set, &set->marks[i], format)) continue;
        if (id) oc__append(line, ",\n");
        write_mark(line, set, &set->marks[i], ++id, &n);
        oc__output_flush(&output);
    }
    oc__append(line, "\n]");
    oc__append_extra_members(line, set->extra, "coco", NULL);
    oc__append(line, "}\n");
    status = oc__output_end(&output, OC_OK, err);
done:
    oc__free(set->context, n.tags);
    oc__free(set->context, n.pictures);
    return status;
}
