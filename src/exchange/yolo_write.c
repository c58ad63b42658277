/* YOLO's annotations: writing. SPDX-License-Identifier: MIT
 *
 * images/SPLIT/..., labels/SPLIT/..., data.yaml, and classes.txt for programs that take that. */
#include <stdio.h>
#include <string.h>

#include "formats.h"

static void append_place(oc__buffer *path, const char *top, const oc__known_picture *picture) {
    const char *split = oc__split_of(picture->split, strlen(picture->split));
    oc__append(path, top);
    oc__append(path, "/");
    if (split) {
        oc__append(path, split);
        oc__append(path, "/");
    }
    oc__append(path, picture->path);
}

void oc__yolo_place(oc__buffer *path, const oc__annotations *set, const oc__known_picture *picture) {
    (void)set;
    append_place(path, "images", picture);
}

static oc_status write_mark(oc__buffer *buffer, const oc__annotations *set, const oc__mark *mark, oc_error *err) {
    double box[4];
    char *own;
    oc_status status = oc__extra_text(&own, buffer->context, mark->extra, "yolo", err);
    if (status) return status;
    oc__json_append_integer(buffer, mark->tag);
    oc__append(buffer, " ");
    bool polygon = own && own[0] != '+';
    if (polygon) {
        oc__append(buffer, own);
    } else {
        oc__mark_fractions(box, set, mark);
        const double numbers[4] = {box[0] + box[2] / 2, box[1] + box[3] / 2, box[2], box[3]};
        for (int i = 0; i < 4; i++) {
            if (i) oc__append(buffer, " ");
            oc__json_append_number(buffer, numbers[i]);
        }
        if (own) oc__append(buffer, " ");
        if (own) oc__append(buffer, own + 1);
    }
    oc__append(buffer, "\n");
    oc__free(buffer->context, own);
    return OC_OK;
}

static oc_status write_picture(oc__buffer *buffer, oc__buffer *place, const oc__annotations *set,
                               const oc__known_picture *picture, const oc__exchange_format *format, const char *folder,
                               oc_error *err) {
    oc_status status = OC_OK;
    for (size_t k = 0; k < picture->n_marks && !status; k++) {
        const oc__mark *mark = &set->marks[picture->first_mark + k];
        if (oc__can_write(set, mark, format) && mark->tag != OC__NO_TAG) status = write_mark(buffer, set, mark, err);
    }
    place->size = 0;
    append_place(place, "labels", picture);
    size_t ending = strlen(strrchr(picture->path, '.') ? strrchr(picture->path, '.') : "");
    if (place->size > ending) place->size -= ending;
    oc__append(place, ".txt");
    oc__buffer_append(place, "", 1);
    if (place->failed) return oc__fail_nomem(err, set->context, place->size, picture->path);
    return status ? status : oc__output_file(buffer, folder, (const char *)place->data, err);
}

static void append_quoted(oc__buffer *buffer, const char *text) {
    oc__append(buffer, "'");
    for (; *text; text++) oc__buffer_append(buffer, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    oc__append(buffer, "'");
}

/* Where the splits are; programs want a "train" and a "val". */
static void append_splits(oc__buffer *buffer, const oc__annotations *set) {
    static const char *const wanted[][4] = {{"train", "training"}, {"val", "valid", "validation", "dev"}, {"test", "testing"}};
    const char *first = NULL;
    for (int w = 0; w < 3; w++) {
        const char *split = NULL;
        for (size_t i = 0; i < set->n_pictures && !split; i++)
            for (int k = 0; k < 4 && wanted[w][k] && !split; k++)
                if (strcmp(set->pictures[i].split, wanted[w][k]) == 0) split = wanted[w][k];
        if (!split && w == 2) continue;
        oc__append(buffer, wanted[w][0]);
        oc__append(buffer, ": images");
        if (!split) split = w == 1 ? first : NULL; /* validating on what was trained on is better than not to start */
        if (split) oc__append(buffer, "/");
        if (split) oc__append(buffer, split);
        oc__append(buffer, "\n");
        if (w == 0) first = split;
    }
}

/* If key points stand behind boxes, of what shape they are, so that nobody takes them for polygons. */
static oc_status append_shape(oc__buffer *buffer, const oc__annotations *set, oc_error *err) {
    for (size_t i = 0; i < set->n_marks; i++) {
        char *own;
        size_t n = 0;
        oc_status status = oc__extra_text(&own, buffer->context, set->marks[i].extra, "yolo", err);
        if (status) return status;
        for (const char *at = own && own[0] == '+' ? own + 1 : ""; *at; n++) at += strcspn(at, " "), at += strspn(at, " ");
        oc__free(buffer->context, own);
        if (n < 2) continue;
        int64_t size = n % 3 == 0 ? 3 : 2;
        oc__append(buffer, "kpt_shape: [");
        oc__json_append_integer(buffer, (int64_t)n / size);
        oc__append(buffer, size == 3 ? ", 3]\n" : ", 2]\n");
        break;
    }
    return OC_OK;
}

static oc_status write_classes(oc__buffer *buffer, const oc__annotations *set, const char *folder, oc_error *err) {
    append_splits(buffer, set);
    oc_status status = append_shape(buffer, set, err);
    if (status) return status;
    oc__append(buffer, "nc: ");
    oc__json_append_integer(buffer, (int64_t)set->n_tags);
    oc__append(buffer, "\nnames:\n");
    for (size_t i = 0; i < set->n_tags; i++) {
        oc__append(buffer, "  ");
        oc__json_append_integer(buffer, (int64_t)i);
        oc__append(buffer, ": ");
        append_quoted(buffer, set->tags[i].name);
        oc__append(buffer, "\n");
    }
    status = oc__output_file(buffer, folder, "data.yaml", err);
    for (size_t i = 0; i < set->n_tags; i++) {
        oc__append(buffer, set->tags[i].name);
        oc__append(buffer, "\n");
    }
    return status ? status : oc__output_file(buffer, folder, "classes.txt", err);
}

oc_status oc__yolo_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__buffer buffer = {.context = set->context}, place = {.context = set->context};
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_pictures && !status; i++)
        status = write_picture(&buffer, &place, set, &set->pictures[i], format, path, err);
    if (!status) status = write_classes(&buffer, set, path, err);
    oc__buffer_free(&buffer);
    oc__buffer_free(&place);
    return status;
}
