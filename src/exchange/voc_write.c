/* Pascal VOC's annotations: writing. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "xml.h"

void oc__voc_place(oc__buffer *path, const oc__annotations *set, const oc__known_picture *picture) {
    (void)set;
    oc__append(path, "JPEGImages/");
    oc__append(path, picture->path);
}

static void number_child(oc__buffer *buffer, const char *name, double value) {
    oc__append(buffer, "<");
    oc__append(buffer, name);
    oc__append(buffer, ">");
    oc__json_append_number(buffer, value);
    oc__append(buffer, "</");
    oc__append(buffer, name);
    oc__append(buffer, ">");
}

/* Appends what only VOC knows, and of what programs want what is not among it. */
static oc_status append_extra(oc__buffer *buffer, const char *extra, bool object, oc_error *err) {
    static const char *const wanted[][2] = {{"<pose", "<pose>Unspecified</pose>"},
                                            {"<truncated", "<truncated>0</truncated>"},
                                            {"<difficult", "<difficult>0</difficult>"}};
    char *own;
    oc_status status = oc__extra_text(&own, buffer->context, extra, "voc", err);
    if (status) return status;
    for (int i = 0; i < 3 && object; i++)
        if (!own || !strstr(own, wanted[i][0])) oc__append(buffer, wanted[i][1]);
    if (own) oc__append(buffer, own);
    oc__free(buffer->context, own);
    return OC_OK;
}

static oc_status write_object(oc__buffer *buffer, const oc__annotations *set, const oc__mark *mark, oc_error *err) {
    static const char *const sides[] = {"xmin", "ymin", "xmax", "ymax"};
    double box[4];
    oc__append(buffer, "  <object>");
    oc__xml_append_child(buffer, "name", mark->tag == OC__NO_TAG ? "unknown" : set->tags[mark->tag].name);
    oc_status status = append_extra(buffer, mark->extra, true, err);
    if (mark->kind == OC__MARK_BOX) {
        oc__mark_corners(box, set, mark);
        oc__append(buffer, "<bndbox>");
        for (int i = 0; i < 4; i++) number_child(buffer, sides[i], box[i]);
        oc__append(buffer, "</bndbox>");
    }
    oc__append(buffer, "</object>\n");
    return status;
}

static oc_status write_picture(oc__buffer *buffer, const oc__annotations *set, const oc__known_picture *picture,
                               const oc__exchange_format *format, oc_error *err) {
    oc__append(buffer, "<annotation>\n  ");
    oc__xml_append_child(buffer, "folder", "JPEGImages");
    oc__xml_append_child(buffer, "filename", picture->path);
    if (picture->width) {
        oc__append(buffer, "<size>");
        number_child(buffer, "width", picture->width);
        number_child(buffer, "height", picture->height);
        oc__append(buffer, "<depth>3</depth></size>");
    }
    oc__append(buffer, "\n");
    oc_status status = append_extra(buffer, picture->extra, false, err);
    for (size_t k = 0; k < picture->n_marks && !status; k++) {
        const oc__mark *mark = &set->marks[picture->first_mark + k];
        if (oc__can_write(set, mark, format)) status = write_object(buffer, set, mark, err);
    }
    oc__append(buffer, "</annotation>\n");
    return status;
}

/* Writes the picture's file under a name that is free, and puts the name, without its ending, on its split's list. */
static oc_status put_picture(oc__buffer *buffer, oc__buffer *list, const oc__known_picture *picture, const char *folder,
                             oc__given *given, oc_error *err) {
    static const char top[] = "Annotations/";
    char stem[sizeof top + OC__MAX_PATH_BYTES + 48];
    const char *path;
    int size = snprintf(stem, sizeof stem, "%s%s", top, picture->path);
    const char *dot = strrchr(stem, '.'), *slash = strrchr(stem, '/');
    if (dot > slash + 1) size = (int)(dot - stem);
    oc_status status = oc__given_add(&path, given, stem, (size_t)size, ".xml", err);
    if (status) return status;
    if (list) {
        oc__buffer_append(list, path + sizeof top - 1, strlen(path) - (sizeof top - 1) - 4);
        oc__append(list, "\n");
    }
    return oc__output_file(buffer, folder, path, err);
}

oc_status oc__voc_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    enum { MAX_SPLITS = 16 };
    oc__buffer buffer = {.context = set->context}, lists[MAX_SPLITS] = {{0}};
    oc__given given = {.text = {.context = set->context}};
    const char *split;
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_pictures && !status; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        oc__buffer *list = NULL;
        for (size_t k = 0; (split = oc__split_at(k)) && !list; k++)
            if (strcmp(split, picture->split) == 0) list = &lists[k];
        if (list) list->context = set->context;
        status = write_picture(&buffer, set, picture, format, err);
        if (!status) status = put_picture(&buffer, list, picture, path, &given, err);
    }
    for (size_t k = 0; (split = oc__split_at(k)); k++) {
        char name[64];
        snprintf(name, sizeof name, "ImageSets/Main/%s.txt", split);
        if (lists[k].context && !status) status = oc__output_file(&lists[k], path, name, err);
        if (lists[k].context) oc__buffer_free(&lists[k]);
    }
    oc__buffer_free(&buffer);
    oc__given_free(&given);
    return status;
}
