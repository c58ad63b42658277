/* Annotation files: which format, loading and saving. SPDX-License-Identifier: MIT */
#include <string.h>

#include "detect.h"
#include "formats.h"

static const oc__exchange_format formats[] = {
    {"coco", "COCO: one JSON file, boxes in pixels", "coco",
     OC__HOLDS_TAGS | OC__HOLDS_SPLIT | OC__HOLDS_SIZE | OC__HOLDS_METADATA | OC__HOLDS_DETAILS | OC__HOLDS_UNUSED | OC__HOLDS_BARE |
         OC__HOLDS_OTHERS | OC__HOLDS_PIXELS,
     false, oc__coco_read, oc__coco_write},
    {"coco-normalised", "COCO with boxes in fractions, as the service's migration script writes it", "coco",
     OC__HOLDS_TAGS | OC__HOLDS_SPLIT | OC__HOLDS_SIZE | OC__HOLDS_METADATA | OC__HOLDS_DETAILS | OC__HOLDS_UNUSED | OC__HOLDS_BARE |
         OC__HOLDS_OTHERS,
     false, oc__coco_read_normalised, oc__coco_write_normalised},
    {"customvision", "the service's tagged-images.json", "customvision", OC__HOLDS_TAGS | OC__HOLDS_METADATA | OC__HOLDS_BARE, false,
     oc__customvision_read, oc__customvision_write},
};

const oc__exchange_format *oc__exchange_format_at(size_t index) {
    return index < sizeof formats / sizeof *formats ? &formats[index] : NULL;
}

static oc_status find_format(const oc__exchange_format **out, const char *name, oc_error *err) {
    char known[200] = "";
    for (size_t i = 0; (*out = oc__exchange_format_at(i)); i++) {
        if (strcmp((*out)->name, name) == 0) return OC_OK;
        if (strlen(known) + strlen((*out)->name) + 3 < sizeof known) strcat(strcat(known, i ? ", " : ""), (*out)->name);
    }
    return oc__fail(err, OC_E_NOT_FOUND, "'%.40s' is no format of annotations; there are: %s", name, known);
}

oc_status oc__annotations_load(oc_annotations **out, oc_context *context, const char *path, const char *format,
                               const char *pictures, oc_error *err) {
    oc_annotations *set = NULL;
    oc__detected found = {0};
    const oc__exchange_format *known = NULL;
    oc_status status = format ? find_format(&known, format, err) : OC_OK;
    if (!status) status = oc__detect(&found, context, path, known ? known->name : NULL, err);
    if (!status) status = find_format(&known, found.format, err);
    if (!status) status = oc__annotations_create(&set, context, pictures ? pictures : found.folder, err);
    if (!status) set->format = known->name;
    for (size_t i = 0; i < found.n_sources && !status; i++) status = known->read(set, &found.sources[i], err);
    if (!status) status = oc__annotations_finish(set, err);
    if (!status) status = oc__annotations_look_for_pictures(set, err);
    oc__detected_free(&found);
    if (status) oc__annotations_free(set);
    else *out = set;
    return status;
}

/* What a set has that a format may not hold. */
typedef struct losses {
    size_t tags, splits, metadata, details, bare, others, extras, sizeless;
} losses;

static void count_losses(losses *lost, const oc_annotations *set, const oc__exchange_format *format) {
    oc__slice extra;
    for (size_t i = 0; i < set->n_pictures; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        size_t n_tags = 0, n_held = 0, n_sizeless = 0;
        for (size_t k = 0; k < picture->n_marks; k++) {
            const oc__mark *mark = &set->marks[picture->first_mark + k];
            bool own = mark->extra && format->holds & OC__HOLDS_OTHERS && oc__extra_of(&extra, mark->extra, format->family);
            n_tags += mark->kind == OC__MARK_TAG;
            if (mark->kind == OC__MARK_OTHER) lost->others += !own;
            else lost->extras += mark->extra && !own;
            bool sizeless = mark->kind == OC__MARK_BOX && !(picture->width && picture->height) &&
                            mark->in_pixels != (format->holds & OC__HOLDS_PIXELS ? true : false);
            n_sizeless += sizeless;
            n_held += mark->kind == OC__MARK_OTHER ? own : mark->kind == OC__MARK_TAG ? format->holds & OC__HOLDS_TAGS : !sizeless;
        }
        lost->sizeless += n_sizeless;
        if (!(format->holds & OC__HOLDS_TAGS)) lost->tags += n_tags;
        if (!(format->holds & OC__HOLDS_SPLIT)) lost->splits += picture->split[0] != 0;
        if (!(format->holds & OC__HOLDS_METADATA)) lost->metadata += picture->n_pairs;
        if (!(format->holds & OC__HOLDS_BARE)) lost->bare += n_held == 0;
        if (picture->extra && !(format->holds & OC__HOLDS_OTHERS && oc__extra_of(&extra, picture->extra, format->family)))
            lost->extras++;
    }
}

static oc_status note_losses(oc_annotations *set, const oc__exchange_format *format, oc_error *err) {
    losses lost = {0};
    oc_status status = OC_OK;
    count_losses(&lost, set, format);
    for (size_t i = 0; i < set->n_tags; i++) {
        const oc__known_tag *tag = &set->tags[i];
        lost.details += tag->kind != OC__TAG_REGULAR || tag->description[0] || tag->colour[0];
    }
    if (format->holds & OC__HOLDS_DETAILS) lost.details = 0;
    const struct {
        size_t n;
        const char *what;
    } items[] = {
        {lost.tags, "tags of whole pictures"},
        {lost.splits, "pictures' splits"},
        {lost.metadata, "metadata pairs"},
        {lost.details, "tags' kinds, descriptions and colours"},
        {lost.bare, "pictures without a box"},
        {lost.others, "polygons, masks and other shapes of another format"},
        {lost.extras, "parts that only another format knows"},
        {lost.sizeless, "boxes of pictures whose size is not known"},
    };
    for (size_t i = 0; i < sizeof items / sizeof *items && !status; i++)
        if (items[i].n) status = oc__annotations_note(set, err, "%s does not hold %s: %zu left out", format->name, items[i].what, items[i].n);
    return status;
}

oc_status oc__annotations_save(oc_annotations *set, const char *path, const char *name, oc_error *err) {
    const oc__exchange_format *format;
    oc_status status = find_format(&format, name, err);
    if (!status && format->holds & (OC__HOLDS_PIXELS | OC__HOLDS_SIZE))
        for (size_t i = 0; i < set->n_pictures && !status; i++) status = oc__annotations_find_size(set, &set->pictures[i], err);
    if (!status) status = note_losses(set, format, err);
    return status ? status : format->write(set, path, err);
}

