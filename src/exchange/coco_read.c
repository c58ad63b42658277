/* COCO's annotations, with boxes in pixels or, as the service's own migration script writes them, in fractions.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "json_read.h"

typedef struct reader {
    oc_annotations *set;
    const oc__source *source;
    oc__slice text;
    oc__names images, categories; /* by identifier */
    double reach;                 /* how far right or down any box goes */
    size_t n_boxes;
} reader;

typedef oc_status (*element_fn)(reader *r, const json_t *element, const oc__json_walk *walk, oc_error *err);

/* Decodes the elements of one of the outermost arrays, one at a time. */
static oc_status each(reader *r, oc__slice array, const char *what, element_fn take, oc_error *err) {
    oc__json_walk walk;
    bool more;
    oc_status status = oc__json_walk_begin(&walk, array, '[', r->source->path, r->text.data, what, err);
    while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
        json_t *element;
        if ((status = oc__json_decode(&element, &walk, what, err))) break;
        if (json_is_object(element)) status = take(r, element, &walk, err);
        else status = oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s %zu is not an object", walk.file, oc__json_line(walk.start, walk.value.data),
                               what, walk.index);
        json_decref(element);
    }
    return status;
}

/* Remembers an identifier. *again: it was known already. */
static oc_status remember(bool *again, reader *r, oc__names *names, const char *id, uint32_t number, oc_error *err) {
    uint32_t known;
    if ((*again = oc__names_find(&known, names, id))) return OC_OK;
    const char *copy = oc__annotations_text(r->set, id, strlen(id), err);
    return copy ? oc__names_add(names, copy, number, r->set->context, err) : OC_E_NOMEM;
}

static oc_status keep_text(const char **out, reader *r, const json_t *object, const char *key, oc_error *err) {
    const char *value = oc__json_text(object, key);
    if (!value) return OC_OK;
    *out = oc__annotations_text(r->set, value, strlen(value), err);
    return *out ? OC_OK : OC_E_NOMEM;
}

static oc_status take_category(reader *r, const json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const known[] = {"id", "name", "kind", "description", "colour", NULL};
    static const char *const kinds[] = {"regular", "negative", "product"};
    const char *name = oc__json_text(element, "name");
    char id[80];
    int64_t number;
    uint32_t tag;
    bool again;
    if (!name || !oc__json_id(id, &number, json_object_get(element, "id")))
        return oc__annotations_skip(r->set, err, "%s: category %zu has no %s; left out", walk->file, walk->index, name ? "id" : "name");
    oc_status status = oc__annotations_tag(&tag, r->set, name, walk->file, err);
    if (!status) status = remember(&again, r, &r->categories, id, tag, err);
    if (status) return status;
    if (again) return oc__annotations_note(r->set, err, "%s: category %zu: its id is another's too; the first one has it", walk->file, walk->index);
    oc__known_tag *to = &r->set->tags[tag];
    const char *kind = oc__json_text(element, "kind");
    for (uint32_t i = 0; kind && i < 3; i++)
        if (strcmp(kind, kinds[i]) == 0) to->kind = i;
    if (to->id < 0) to->id = number;
    status = keep_text(&to->description, r, element, "description", err);
    if (!status) status = keep_text(&to->colour, r, element, "colour", err);
    return status ? status : oc__json_keep_others(&to->extra, r->set, walk, "coco", known, err);
}

static oc_status take_image(reader *r, const json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const known[] = {"id", "file_name", "width", "height", "split", "metadata", NULL};
    const char *name = oc__json_text(element, "file_name");
    char id[80];
    int64_t number;
    uint32_t picture;
    bool again, is_new;
    if (!name || !oc__json_id(id, &number, json_object_get(element, "id")))
        return oc__annotations_skip(r->set, err, "%s: image %zu has no %s; left out", walk->file, walk->index, name ? "id" : "file_name");
    if (oc__names_find(&picture, &r->images, id))
        return oc__annotations_skip(r->set, err, "%s: image %zu: its id is another's too; left out", walk->file, walk->index);
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, name, err);
    if (!status) status = remember(&again, r, &r->images, id, picture, err);
    if (status || picture == UINT32_MAX) return status;
    if (!is_new) return oc__annotations_note(r->set, err, "%s: image %zu: an image before it has its file_name; they are taken as one", walk->file, walk->index);
    oc__known_picture *to = &r->set->pictures[picture];
    to->id = number;
    to->width = oc__json_side(element, "width");
    to->height = oc__json_side(element, "height");
    if (!to->split[0]) status = keep_text(&to->split, r, element, "split", err);
    if (!status) status = oc__json_metadata(r->set, json_object_get(element, "metadata"), err);
    return status ? status : oc__json_keep_others(&to->extra, r->set, walk, "coco", known, err);
}

/* Four numbers. */
static bool take_box(double box[4], const json_t *value) {
    if (json_array_size(value) != 4) return false;
    for (size_t i = 0; i < 4; i++) {
        const json_t *number = json_array_get(value, i);
        box[i] = json_number_value(number);
        if (!json_is_number(number) || !isfinite(box[i])) return false;
    }
    return true;
}

/* Whether a member says no more than its absence would: what this library writes for programs that want it. */
static bool says_nothing(const oc__mark *mark, const json_t *element, const char *key) {
    const json_t *value = json_object_get(element, key);
    if (strcmp(key, "iscrowd") == 0) return json_is_integer(value) && json_integer_value(value) == 0;
    if (strcmp(key, "segmentation") == 0) return json_is_array(value) && json_array_size(value) == 0;
    double area = mark->box[2] * mark->box[3];
    return mark->kind == OC__MARK_BOX && json_is_number(value) && fabs(json_number_value(value) - area) <= 1e-12 * area;
}

static oc_status take_annotation(reader *r, const json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const optional[] = {"area", "iscrowd", "segmentation"};
    const char *known[8] = {"id", "image_id", "category_id", "bbox"};
    size_t n_known = 4;
    char id[80];
    int64_t number;
    oc__mark mark = {.tag = OC__NO_TAG, .id = -1, .place = (uint32_t)walk->index, .in_pixels = true};
    const json_t *box = json_object_get(element, "bbox");
    if (!oc__json_id(id, &number, json_object_get(element, "image_id")) || !oc__names_find(&mark.picture, &r->images, id))
        return oc__annotations_skip(r->set, err, "%s: annotation %zu: its image_id is no image's; left out", walk->file, walk->index);
    if (mark.picture == UINT32_MAX) {
        r->set->n_skipped++; /* the picture was noted */
        return OC_OK;
    }
    if (!oc__json_id(id, &number, json_object_get(element, "category_id")) || !oc__names_find(&mark.tag, &r->categories, id))
        return oc__annotations_skip(r->set, err, "%s: annotation %zu: its category_id is no category's; left out", walk->file, walk->index);
    if (json_array_size(box) > 0) {
        if (!take_box(mark.box, box))
            return oc__annotations_skip(r->set, err, "%s: annotation %zu: its bbox is not four numbers; left out", walk->file, walk->index);
        mark.kind = OC__MARK_BOX;
        r->n_boxes++;
        r->reach = fmax(r->reach, fmax(mark.box[0] + mark.box[2], mark.box[1] + mark.box[3]));
    } else if (box && !json_is_null(box) && !json_is_array(box)) {
        return oc__annotations_skip(r->set, err, "%s: annotation %zu: its bbox is not four numbers; left out", walk->file, walk->index);
    } else {
        mark.kind = json_object_get(element, "segmentation") || json_object_get(element, "keypoints") ? OC__MARK_OTHER : OC__MARK_TAG;
    }
    for (size_t i = 0; i < 3; i++)
        if (says_nothing(&mark, element, optional[i])) known[n_known++] = optional[i];
    if (json_is_integer(json_object_get(element, "id"))) mark.id = json_integer_value(json_object_get(element, "id"));
    oc_status status = oc__json_keep_others(&mark.extra, r->set, walk, "coco", known, err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

#define N_PARTS 3
static const char *const parts[N_PARTS] = {"categories", "images", "annotations"}; /* in the order in which they are taken */

static size_t part_of(const oc__json_walk *member) {
    size_t i = 0;
    while (i < N_PARTS && !oc__json_key_is(member, parts[i])) i++;
    return i;
}

static oc_status take_all(reader *r, oc_error *err) {
    static const element_fn takers[N_PARTS] = {take_category, take_image, take_annotation};
    oc__slice arrays[N_PARTS] = {{NULL, 0}};
    oc__json_walk walk;
    bool more;
    oc_status status = oc__json_walk_begin(&walk, r->text, '{', r->source->path, r->text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
        size_t i = part_of(&walk);
        if (i == N_PARTS) continue;
        if (arrays[i].data)
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has '%s' twice", walk.file, oc__json_line(walk.start, walk.value.data), parts[i]);
        arrays[i] = walk.value;
    }
    if (!status && !arrays[1].data) status = oc__fail(err, OC_E_FORMAT, "%s: is no COCO file: it has no 'images'", r->source->path);
    for (size_t i = 0; i < N_PARTS && !status; i++)
        if (arrays[i].data) status = each(r, arrays[i], parts[i], takers[i], err);
    return status;
}

/* Keeps "info", "licenses" and what else stands beside the three arrays, if it is of moderate size. */
static oc_status keep_rest(reader *r, oc_error *err) {
    oc__buffer buffer = {.context = r->set->context};
    oc__json_walk member;
    bool more;
    oc_status status = oc__json_walk_begin(&member, r->text, '{', r->source->path, r->text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &member, err)) && more) {
        json_t *value;
        if (part_of(&member) < N_PARTS || memchr(member.key.data, '\\', member.key.size)) continue;
        if (member.value.size > OC__MAX_OBJECT_BYTES) {
            status = oc__annotations_note(r->set, err, "%s: '%.*s' has %zu bytes, at most %u are kept; left out", member.file,
                                          (int)(member.key.size < 64 ? member.key.size : 64), member.key.data, member.value.size,
                                          OC__MAX_OBJECT_BYTES);
        } else if (!(status = oc__json_decode(&value, &member, "member", err))) { /* what is kept must be valid */
            json_decref(value);
            oc__json_keep_member(&buffer, &member, "coco");
        }
    }
    if (!status) status = oc__json_keep(&r->set->extra, r->set, &buffer, r->source->path, err);
    oc__buffer_free(&buffer);
    return status;
}

static oc_status read(oc_annotations *set, const oc__source *source, bool normalised, oc_error *err) {
    oc__mapping file;
    reader r = {.set = set, .source = source};
    size_t first = set->n_marks;
    oc_status status = oc__json_map(&file, &r.text, set->context, source->path, err);
    if (status) return status;
    set->place = "annotation";
    status = take_all(&r, err);
    /* Boxes that all end within one pixel are fractions. */
    if (!status && (normalised || (r.n_boxes && r.reach <= 1 + 1e-6)))
        for (size_t i = first; i < set->n_marks; i++) set->marks[i].in_pixels = false;
    if (!status && !set->extra) status = keep_rest(&r, err);
    oc__names_free(&r.images, set->context);
    oc__names_free(&r.categories, set->context);
    oc__file_unmap(&file);
    return status;
}

oc_status oc__coco_read(oc_annotations *set, const oc__source *source, oc_error *err) { return read(set, source, false, err); }

oc_status oc__coco_read_normalised(oc_annotations *set, const oc__source *source, oc_error *err) {
    return read(set, source, true, err);
}
