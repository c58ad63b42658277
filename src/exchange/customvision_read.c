/* The service's "tagged-images.json", as its course and samples use it: reading. SPDX-License-Identifier: MIT
 *
 * {"files": [{"filename": "a.jpg", "tags": [{"tag": "apple", "left": .., "top": .., "width": .., "height": ..}, {"tag":
 * ".."}]}]} */
#include <string.h>

#include "json_read.h"

/* A place in the file. */
static oc_status leave_out(oc__annotations *set, const oc__json_walk *walk, const char *reason, oc_error *err) {
    return oc__note(set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: file %zu", walk->file, walk->index);
}

static oc_status take_tag(oc__annotations *set, uint32_t picture, const json_t *element, const oc__json_walk *walk,
                          oc_error *err) {
    static const char *const sides[] = {"left", "top", "width", "height"};
    const char *name = oc__json_text(element, "tag");
    oc__mark mark = {.picture = picture, .place = (uint32_t)walk->index, .kind = OC__MARK_TAG};
    if (!name) return leave_out(set, walk, "one of the tags has no 'tag'", err);
    oc_status status = oc__annotations_tag(&mark.tag, set, name, walk->file, err);
    if (status) return status;
    for (int i = 0; i < 4; i++)
        if (json_object_get(element, sides[i])) mark.kind = OC__MARK_BOX;
    if (mark.kind == OC__MARK_BOX && !oc__json_numbers(mark.box, element, sides, 4))
        return leave_out(set, walk, "the box is not four numbers", err);
    return oc__annotations_add(set, &mark, err);
}

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
} reader;

static oc_status take_file(void *user, json_t *element, const oc__json_walk *walk, oc_error *err) {
    const reader *r = user;
    const char *name = oc__json_text(element, "filename");
    const json_t *tags = json_object_get(element, "tags");
    uint32_t picture;
    bool is_new;
    if (!name) return leave_out(r->set, walk, "the file has no 'filename'", err);
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, name, err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) status = oc__json_metadata(r->set, json_object_get(element, "metadata"), err);
    for (size_t i = 0; i < json_array_size(tags) && !status; i++)
        status = take_tag(r->set, picture, json_array_get(tags, i), walk, err);
    return status;
}

oc_status oc__customvision_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source,
                                oc_error *err) {
    reader r = {set, source};
    oc__mapping file;
    oc__slice text;
    oc__json_walk walk;
    bool more, found = false;
    (void)format;
    oc_status status = oc__json_map(&file, &text, set->context, source->path, err);
    if (status) return status;
    set->place = "file";
    status = oc__json_walk_begin(&walk, text, '{', source->path, text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
        if (found || !oc__json_key_is(&walk, "files")) continue;
        found = true;
        status = oc__json_each(walk.value, source->path, text.data, "file", take_file, &r, err);
    }
    if (!status && !found)
        status = oc__fail(err, OC_E_FORMAT, "%s: is no file of tagged images: it has no 'files'", source->path);
    oc__file_unmap(&file);
    return status;
}
