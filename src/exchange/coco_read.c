/* COCO's annotations, with boxes in pixels or, as the service's own migration script writes them, in fractions.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "json_read.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
    oc__slice text;
    oc__names images, categories; /* by identifier */
    double reach;                 /* how far right or down any box goes */
    size_t n_boxes;
} reader;

/* Remembers an identifier. *again: it was known already. */
static oc_status remember(bool *again, reader *r, oc__names *names, const char *id, uint32_t number, oc_error *err) {
    uint32_t known;
    if ((*again = oc__names_find(&known, names, id))) return OC_OK;
    const char *copy = oc__annotations_text(r->set, id, strlen(id), err);
    return copy ? oc__names_add(names, copy, number, r->set->context, err) : OC_E_NOMEM;
}

static oc_status keep_text(const char **out, reader *r, const json_t *object, const char *key, oc_error *err) {
    return oc__annotations_keep(out, r->set, oc__json_text(object, key), err);
}

/* A picture's or a mark's, with its place. */
static oc_status leave_out(reader *r, const oc__json_walk *walk, const char *what, const char *reason, oc_error *err) {
    return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: %s %zu", walk->file, what, walk->index);
}

/* "id" is kept among what only COCO knows, and given again if it can be. */
static oc_status take_category(void *user, json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const known[] = {"name", "kind", "description", "colour", NULL};
    static const char *const kinds[] = {"negative", "product"};
    reader *r = user;
    const char *name = oc__json_text(element, "name"), *kind = oc__json_text(element, "kind");
    char id[80];
    uint32_t tag;
    bool again;
    if (!name || !oc__json_id(id, json_object_get(element, "id")))
        return leave_out(r, walk, "category", name ? "the category has no id" : "the category has no name", err);
    oc_status status = oc__annotations_tag(&tag, r->set, name, walk->file, err);
    if (!status) status = remember(&again, r, &r->categories, id, tag, err);
    if (status || tag == OC__NO_TAG) return status;
    if (again) return leave_out(r, walk, "category", "an earlier category has the same id", err);
    oc__known_tag *to = &r->set->tags[tag];
    for (uint32_t i = 0; kind && i < 2; i++)
        if (strcmp(kind, kinds[i]) == 0) to->type = OC_TAG_NEGATIVE + i;
    status = keep_text(&to->description, r, element, "description", err);
    if (!status) status = keep_text(&to->colour, r, element, "colour", err);
    return status || to->extra ? status : oc__json_keep_others(&to->extra, r->set, walk->value, "coco", known, err);
}

static oc_status take_image(void *user, json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const known[] = {"file_name", "width", "height", "split", "metadata", NULL};
    reader *r = user;
    const char *name = oc__json_text(element, "file_name");
    char id[80];
    uint32_t picture;
    bool again, is_new;
    if (!name || !oc__json_id(id, json_object_get(element, "id")))
        return leave_out(r, walk, "image", name ? "the image has no id" : "the image has no file_name", err);
    if (oc__names_find(&picture, &r->images, id)) return leave_out(r, walk, "image", "an earlier image has the same id", err);
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, name, err);
    if (!status) status = remember(&again, r, &r->images, id, picture, err);
    if (status || picture == UINT32_MAX) return status;
    if (!is_new)
        return oc__note(r->set->report, OC_NOTE_CHANGED, "an earlier image has the same file_name; they are taken as one", err,
                        "%s: image %zu", walk->file, walk->index);
    oc__known_picture *to = &r->set->pictures[picture];
    to->width = oc__json_side(element, "width");
    to->height = oc__json_side(element, "height");
    if (!to->split[0]) status = keep_text(&to->split, r, element, "split", err);
    if (!status) status = oc__json_metadata(r->set, json_object_get(element, "metadata"), err);
    return status ? status : oc__json_keep_others(&to->extra, r->set, walk->value, "coco", known, err);
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

static oc_status take_annotation(void *user, json_t *element, const oc__json_walk *walk, oc_error *err) {
    static const char *const optional[] = {"area", "iscrowd", "segmentation"};
    const char *known[8] = {"id", "image_id", "category_id"};
    size_t n_known = 3;
    reader *r = user;
    char id[80];
    oc__mark mark = {.tag = OC__NO_TAG, .place = (uint32_t)walk->index, .in_pixels = true};
    const json_t *box = json_object_get(element, "bbox");
    if (!oc__json_id(id, json_object_get(element, "image_id")) || !oc__names_find(&mark.picture, &r->images, id))
        return leave_out(r, walk, "annotation", "the annotation's image_id is no image's", err);
    if (mark.picture == UINT32_MAX) return leave_out(r, walk, "annotation", "the annotation's picture was left out", err);
    if (!oc__json_id(id, json_object_get(element, "category_id")) || !oc__names_find(&mark.tag, &r->categories, id))
        return leave_out(r, walk, "annotation", "the annotation's category_id is no category's", err);
    if (json_array_size(box) > 0 ? !take_box(mark.box, box) : box && !json_is_null(box) && !json_is_array(box))
        return leave_out(r, walk, "annotation", "the annotation's bbox is not four numbers", err);
    if (json_integer_value(json_object_get(element, "iscrowd")) != 0) {
        mark.kind = OC__MARK_OTHER; /* many things in one box, which nobody is to learn */
    } else if (json_array_size(box) > 0) {
        mark.kind = OC__MARK_BOX;
        r->n_boxes++;
        r->reach = fmax(r->reach, fmax(mark.box[0] + mark.box[2], mark.box[1] + mark.box[3]));
    } else {
        const json_t *shape = json_object_get(element, "segmentation");
        mark.kind = json_array_size(shape) || json_object_size(shape) || json_object_get(element, "keypoints") ? OC__MARK_OTHER
                                                                                                               : OC__MARK_TAG;
    }
    if (mark.kind != OC__MARK_OTHER) known[n_known++] = "bbox";
    for (size_t i = 0; i < 3; i++)
        if (says_nothing(&mark, element, optional[i])) known[n_known++] = optional[i];
    oc_status status = oc__json_keep_others(&mark.extra, r->set, walk->value, "coco", known, err);
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
    static const oc__json_take_fn takers[N_PARTS] = {take_category, take_image, take_annotation};
    oc__slice arrays[N_PARTS] = {{NULL, 0}};
    oc__json_walk walk;
    bool more;
    oc_status status = oc__json_walk_begin(&walk, r->text, '{', r->source->path, r->text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
        size_t i = part_of(&walk);
        if (i == N_PARTS) continue;
        if (arrays[i].data)
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has '%s' twice", walk.file, oc__json_line(walk.start, walk.value.data),
                            parts[i]);
        arrays[i] = walk.value;
    }
    if (!status && !arrays[1].data)
        status = oc__fail(err, OC_E_FORMAT, "%s: is no COCO file: it has no 'images'", r->source->path);
    for (size_t i = 0; i < N_PARTS && !status; i++)
        if (arrays[i].data) status = oc__json_each(arrays[i], r->source->path, r->text.data, parts[i], takers[i], r, err);
    return status;
}

/* Keeps "info", "licenses" and what else stands beside the three arrays. */
static oc_status keep_rest(reader *r, oc_error *err) {
    static const char *const known[] = {"categories", "images", "annotations", NULL};
    oc__json_walk member;
    bool more, fit = true;
    oc_status status = oc__json_walk_begin(&member, r->text, '{', r->source->path, r->text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &member, err)) && more) {
        json_t *value;
        if (part_of(&member) < N_PARTS) continue;
        fit = fit && member.value.size <= OC__MAX_OBJECT_BYTES;
        if (fit && !(status = oc__json_decode(&value, &member, "member", err)))
            json_decref(value); /* what is kept must be valid */
    }
    if (!status && fit) return oc__json_keep_others(&r->set->extra, r->set, r->text, "coco", known, err);
    return status ? status
                  : oc__note(r->set->report, OC_NOTE_LEFT_OUT,
                             "what stands beside images, categories and annotations is too large", err, "%s", r->source->path);
}

oc_status oc__coco_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    oc__mapping file;
    reader r = {.set = set, .source = source};
    size_t first = set->n_marks;
    oc_status status = oc__json_map(&file, &r.text, set->context, source->path, err);
    if (status) return status;
    set->place = "annotation";
    status = take_all(&r, err);
    /* Boxes that all end within two pixels are fractions. */
    if (!status && (!(format->holds & OC__HOLDS_PIXELS) || (r.n_boxes && r.reach <= 2)))
        for (size_t i = first; i < set->n_marks; i++) set->marks[i].in_pixels = false;
    if (!status && !set->extra) status = keep_rest(&r, err);
    oc__names_free(&r.images, set->context);
    oc__names_free(&r.categories, set->context);
    oc__file_unmap(&file);
    return status;
}
