/* Annotations of pictures in memory: sizes, boxes, order. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "annotations.h"
#include "file.h"
#include "memory.h"
#include "picture.h"

/* Boxes may stand over the edge by this part of the picture without a word: files round. */
#define ROUNDING 1e-4

void oc__mark_fractions(double out[4], const oc__annotations *set, const oc__mark *mark) {
    const oc__known_picture *picture = &set->pictures[mark->picture];
    memcpy(out, mark->box, sizeof mark->box);
    if (!mark->in_pixels) return;
    for (int i = 0; i < 4; i++) out[i] /= i % 2 ? picture->height : picture->width;
}

double oc__snap(double exact, double side) {
    double round = floor(exact * 1e4 + 0.5) / 1e4;
    return fabs(round - exact) <= 1e-12 * side ? round : exact;
}

void oc__mark_corners(double out[4], const oc__annotations *set, const oc__mark *mark) {
    const oc__known_picture *picture = &set->pictures[mark->picture];
    oc__mark_pixels(out, set, mark);
    out[2] = oc__snap(out[0] + out[2], picture->width);
    out[3] = oc__snap(out[1] + out[3], picture->height);
}

void oc__mark_pixels(double out[4], const oc__annotations *set, const oc__mark *mark) {
    const oc__known_picture *picture = &set->pictures[mark->picture];
    memcpy(out, mark->box, sizeof mark->box);
    if (mark->in_pixels) return;
    for (int i = 0; i < 4; i++) {
        double side = i % 2 ? picture->height : picture->width;
        out[i] = oc__snap(out[i] * side, side);
    }
}

oc_status oc__annotations_find_size(oc__annotations *set, oc__known_picture *picture, oc_error *err) {
    if ((picture->width && picture->height) || !picture->file) return OC_OK;
    oc__bitmap bitmap;
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = picture->file;
    oc_status status = oc__bitmap_open(&bitmap, set->context, &image, 0, err);
    if (status == OC_E_NOMEM) return status;
    if (!status) {
        picture->width = bitmap.width;
        picture->height = bitmap.height;
        oc__bitmap_free(&bitmap);
    }
    return OC_OK;
}

/* Whether "folder/below/path" is a file; *found is it then. */
static oc_status try_file(const char **found, oc__annotations *set, const char *below, const char *path, oc_error *err) {
    uint64_t size;
    char *folder = oc__path_join(set->context, set->folder, below);
    char *file = folder ? oc__path_join(set->context, folder, path) : NULL;
    oc_status status = file ? OC_OK : oc__fail_nomem(err, set->context, strlen(path), path);
    if (file && !oc__file_size(&size, set->context, file, NULL)) status = oc__annotations_keep(found, set, file, err);
    oc__free(set->context, folder);
    oc__free(set->context, file);
    return status;
}

/* Looks for the files of pictures, as they are called or with %20 and the like decoded. */
static oc_status find_files(oc__annotations *set, oc_error *err) {
    static const char *const below[] = {"", "images", "JPEGImages"};
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_pictures && !status; i++) {
        oc__known_picture *picture = &set->pictures[i];
        char decoded[OC__MAX_PATH_BYTES + 48];
        snprintf(decoded, sizeof decoded, "%s", picture->path);
        oc__percent_decode(decoded);
        bool other = strcmp(decoded, picture->path) != 0 && !strstr(decoded, "..") && decoded[0] != '/';
        for (size_t k = 0; k < 3 && !picture->file && !picture->uri && !status; k++) {
            status = try_file(&picture->file, set, below[k], picture->path, err);
            if (!status && !picture->file && other) status = try_file(&picture->file, set, below[k], decoded, err);
        }
    }
    return status;
}

/* Clips one side; false if nothing is left. *over: by how much it stood over. */
static bool clip(double *start, double *length, double limit, double *over) {
    double end = *start + *length, from = *start < 0 ? 0 : *start, to = end > limit ? limit : end;
    double cut = fmax(from - *start, end - to) / limit;
    if (cut > *over) *over = cut;
    if (!(to > from)) return false;
    if (cut > 0) {
        *start = from;
        *length = to - from;
    }
    return true;
}

/* Why a mark's box is none; NULL if it is one, clipped. */
static const char *check_box(oc__annotations *set, oc__mark *mark, double *over) {
    const oc__known_picture *picture = &set->pictures[mark->picture];
    for (int i = 0; i < 4; i++)
        if (!isfinite(mark->box[i])) return "the box is not of finite numbers";
    if (mark->in_pixels && !(picture->width && picture->height))
        return "the box is in pixels, and the picture's size is neither in the file nor can the picture be read";
    if (mark->box[2] <= 0 || mark->box[3] <= 0) return "the box has no area";
    for (int i = 0; i < 2; i++) {
        double limit = !mark->in_pixels ? 1 : i ? picture->height : picture->width;
        if (!clip(&mark->box[i], &mark->box[2 + i], limit, over)) return "the box lies outside the picture";
    }
    return NULL;
}

/* Checks marks [0, n) and closes the gaps. */
static oc_status check_marks(oc__annotations *set, oc_error *err) {
    size_t n = 0;
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_marks && !status; i++) {
        oc__mark *mark = &set->marks[i];
        oc__known_picture *picture = &set->pictures[mark->picture];
        const char *fault = NULL;
        double over = 0;
        if (mark->kind == OC__MARK_BOX) {
            if (mark->in_pixels) status = oc__annotations_find_size(set, picture, err);
            if (!status) fault = check_box(set, mark, &over);
        }
        if (over > ROUNDING && !fault && !status)
            status = oc__note(set->report, OC_NOTE_CHANGED, "the box stood over the picture's edge and was cut", err,
                              "%s: %s %u", picture->source, set->place, mark->place);
        if (fault && !status)
            status = oc__note(set->report, OC_NOTE_LEFT_OUT, fault, err, "%s: %s %u", picture->source, set->place, mark->place);
        else
            set->marks[n++] = *mark;
    }
    set->n_marks = n;
    return status;
}

/* Groups the marks by picture, in their order (counting sort). */
static oc_status group_marks(oc__annotations *set, oc_error *err) {
    bool ordered = true;
    for (size_t i = 0; i < set->n_pictures; i++) set->pictures[i].n_marks = 0;
    for (size_t i = 0; i < set->n_marks; i++) {
        set->pictures[set->marks[i].picture].n_marks++;
        ordered = ordered && (i == 0 || set->marks[i - 1].picture <= set->marks[i].picture);
    }
    for (size_t i = 0, first = 0; i < set->n_pictures; first += set->pictures[i++].n_marks) set->pictures[i].first_mark = first;
    if (ordered) return OC_OK;
    oc__mark *grouped = oc__alloc_array(set->context, set->n_marks, sizeof *grouped);
    if (!grouped) return oc__fail_nomem(err, set->context, set->n_marks * sizeof *grouped, "grouping boxes by picture");
    for (size_t i = 0; i < set->n_marks; i++) grouped[set->pictures[set->marks[i].picture].first_mark++] = set->marks[i];
    for (size_t i = 0; i < set->n_pictures; i++) set->pictures[i].first_mark -= set->pictures[i].n_marks;
    oc__free(set->context, set->marks);
    set->marks = grouped;
    set->mark_capacity = set->n_marks;
    return OC_OK;
}

/* A tag that a picture bears twice as a whole is borne once. */
static oc_status drop_repeated_tags(oc__annotations *set, oc_error *err) {
    size_t to = 0;
    /* seen[tag]: one more than the last picture that bears it */
    uint32_t *seen = oc__alloc_array(set->context, set->n_tags, sizeof *seen);
    if (!seen) return oc__fail_nomem(err, set->context, set->n_tags * sizeof *seen, "tags");
    memset(seen, 0, set->n_tags * sizeof *seen);
    for (size_t p = 0; p < set->n_pictures; p++) {
        oc__known_picture *picture = &set->pictures[p];
        size_t first = picture->first_mark, n = picture->n_marks;
        picture->first_mark = to;
        for (size_t i = 0; i < n; i++) {
            const oc__mark mark = set->marks[first + i];
            if (mark.kind == OC__MARK_TAG && seen[mark.tag] == p + 1) continue;
            if (mark.kind == OC__MARK_TAG) seen[mark.tag] = (uint32_t)p + 1;
            set->marks[to++] = mark;
        }
        picture->n_marks = to - picture->first_mark;
    }
    set->n_marks = to;
    oc__free(set->context, seen);
    return OC_OK;
}

oc_status oc__annotations_finish(oc__annotations *set, oc_error *err) {
    oc_status status = find_files(set, err);
    if (!status) status = check_marks(set, err);
    if (!status) status = group_marks(set, err);
    return status ? status : drop_repeated_tags(set, err);
}
