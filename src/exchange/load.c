/* Annotation files: loading and saving. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

oc_status oc__annotations_load(oc__annotations **out, oc_context *context, oc_exchange *report, const char *path,
                               const char *format, const char *pictures, oc_error *err) {
    oc__annotations *set = NULL;
    oc__detected found = {0};
    const oc__exchange_format *known = NULL;
    oc_status status = format ? oc__exchange_find_format(&known, format, err) : OC_OK;
    if (!status) status = oc__detect(&found, context, path, known, err);
    if (!status) status = oc__exchange_find_format(&known, found.format, err);
    if (!status && !known->read)
        status =
            oc__fail(err, OC_E_UNSUPPORTED, "%s: this library was built without reading %s files (build it with -D%s=enabled)",
                     path, known->name, known->needs);
    if (!status) status = oc__annotations_create(&set, context, report, pictures ? pictures : found.folder, err);
    for (size_t i = 0; i < found.n_sources && !status; i++) status = known->read(set, known, &found.sources[i], err);
    if (!status) status = oc__annotations_finish(set, err);
    if (!status) report->summary.format = known->name;
    oc__detected_free(&found);
    if (status)
        oc__annotations_free(set);
    else
        *out = set;
    return status;
}

/* Whether there is something opaque that the format cannot give back. */
static bool is_foreign(const char *extra, const oc__exchange_format *format) {
    oc__slice own;
    return extra && !(format->holds & OC__HOLDS_OTHERS && oc__extra_of(&own, extra, format->family));
}

/* What a set has that a format does not hold. */
typedef struct losses {
    uint64_t tags, boxes, splits, metadata, details, unused, bare, others, extras, sizeless;
} losses;

/* Counts a mark as written or lost; true if it is written. */
static bool count_mark(losses *lost, const oc__annotations *set, const oc__mark *mark, const oc__exchange_format *format) {
    oc_exchange_summary *summary = &set->report->summary;
    uint64_t *const written[] = {&summary->n_labels, &summary->n_boxes, &summary->n_others};
    uint64_t *const left_out[] = {&lost->tags, format->holds & OC__HOLDS_BOXES ? &lost->sizeless : &lost->boxes, &lost->others};
    bool can = oc__can_write(set, mark, format);
    ++*(can ? written : left_out)[mark->kind]; /* in the order of OC__MARK_... */
    lost->extras += can && is_foreign(mark->extra, format);
    return can;
}

static void count_pictures(losses *lost, bool *used, const oc__annotations *set, const oc__exchange_format *format) {
    for (size_t i = 0; i < set->n_pictures; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        bool known = format->holds & OC__HOLDS_SPLITS && oc__split_of(picture->split, strlen(picture->split)), bare = true;
        for (size_t k = 0; k < picture->n_marks; k++) {
            const oc__mark *mark = &set->marks[picture->first_mark + k];
            if (!count_mark(lost, set, mark, format)) continue;
            bare = false;
            if (mark->tag != OC__NO_TAG) used[mark->tag] = true;
        }
        lost->splits += picture->split[0] && !known && !(format->holds & OC__HOLDS_SPLIT);
        lost->bare += bare && !(format->holds & OC__HOLDS_BARE);
        lost->extras += is_foreign(picture->extra, format);
        if (!(format->holds & OC__HOLDS_METADATA)) lost->metadata += picture->n_pairs;
    }
}

static void count_tags(losses *lost, const bool *used, const oc__annotations *set, const oc__exchange_format *format) {
    for (size_t i = 0; i < set->n_tags; i++) {
        const oc__known_tag *tag = &set->tags[i];
        bool coloured = tag->colour[0] && !(format->holds & OC__HOLDS_COLOUR);
        bool detailed = tag->type != OC_TAG_REGULAR || tag->description[0] || coloured;
        lost->details += detailed && !(format->holds & OC__HOLDS_DETAILS);
        lost->unused += !used[i] && !(format->holds & OC__HOLDS_UNUSED);
        lost->extras += is_foreign(tag->extra, format);
    }
}

/* Counts what will be written, and notes what will not. */
static oc_status note_losses(oc__annotations *set, const oc__exchange_format *format, oc_error *err) {
    losses lost = {.extras = is_foreign(set->extra, format)};
    bool *used = oc__alloc_zero(set->context, set->n_tags + 1);
    if (!used) return oc__fail_nomem(err, set->context, set->n_tags, "tags");
    count_pictures(&lost, used, set, format);
    count_tags(&lost, used, set, format);
    oc__free(set->context, used);
    const struct {
        uint64_t n;
        const char *reason;
    } reasons[] = {
        {lost.tags, "the format has no tags of whole pictures"},
        {lost.boxes, "the format has no boxes"},
        {lost.splits, "the format has no splits, or none of that name"},
        {lost.metadata, "the format has no metadata"},
        {lost.details, "the format has no kinds, descriptions or colours of tags"},
        {lost.unused, "the format has no tags that nothing bears"},
        {lost.bare, "the format has no pictures without a box or tag"},
        {lost.others, "the shape (polygon, mask, ...) is another format's"},
        {lost.extras, "what is known besides is another format's"},
        {lost.sizeless, "the picture's size, which the box needs, is not known"},
    };
    oc_status status = OC_OK;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons && !status; i++)
        status = oc__note_count(set->report, OC_NOTE_LEFT_OUT, reasons[i].reason, reasons[i].n, err);
    set->report->summary.n_pictures = set->n_pictures;
    set->report->summary.n_tags = set->n_tags;
    set->report->summary.format = format->name;
    return status;
}

static oc_status copy_pictures(oc__annotations *set, const char *folder, const oc__exchange_format *format,
                               oc__progress *progress, oc_error *err) {
    oc__buffer place = {.context = set->context};
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_pictures && !status; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        bool missing;
        place.size = 0;
        if (format->place)
            format->place(&place, set, picture);
        else
            oc__append(&place, picture->path);
        oc__buffer_append(&place, "", 1);
        if (place.failed) status = oc__fail_nomem(err, set->context, place.size, picture->path);
        if (!status) status = oc__output_picture(&missing, set, picture, folder, (const char *)place.data, err);
        if (!status && missing) {
            set->report->summary.n_missing++;
            status = oc__note(set->report, OC_NOTE_LEFT_OUT, "the picture's file is not there", err, "%s", picture->path);
        }
        if (!status && !oc__progress_step(progress, 1, 0)) status = oc__progress_status(progress, err);
    }
    oc__buffer_free(&place);
    return status;
}

static oc_status save_folder(oc__annotations *set, const char *path, const oc__exchange_format *format, uint32_t flags,
                             oc__progress *progress, oc_error *err) {
    char *beside = NULL, *file = NULL;
    oc_status status = oc__folder_begin(&beside, set->context, path, err);
    if (status) return status;
    if (!(flags & OC_EXCHANGE_NO_PICTURES) && !format->copies) status = copy_pictures(set, beside, format, progress, err);
    if (!status && format->file && !(file = oc__path_join(set->context, beside, format->file)))
        status = oc__fail_nomem(err, set->context, strlen(path), path);
    if (!status) status = format->write(set, format, file ? file : beside, err);
    oc__free(set->context, file);
    return oc__folder_end(status, beside, set->context, path, err);
}

oc_status oc__annotations_save(oc__annotations *set, const char *path, const oc__exchange_format *format, uint32_t flags,
                               oc__progress *progress, oc_error *err) {
    oc_status status = OC_OK;
    const char *ending = format->file ? strrchr(format->file, '.') : NULL;
    oc__progress_stage(progress, "writing", progress->to, 1, set->n_pictures + 1);
    if (format->holds & (OC__HOLDS_PIXELS | OC__HOLDS_SIZE))
        for (size_t i = 0; i < set->n_pictures && !status; i++) status = oc__annotations_find_size(set, &set->pictures[i], err);
    if (!status) status = note_losses(set, format, err);
    if (status) return status;
    if (ending && oc__ends_in(path, ending)) return format->write(set, format, path, err);
    return save_folder(set, path, format, flags, progress, err);
}
