/* The service's "tagged-images.json", as its course and samples use it: reading. SPDX-License-Identifier: MIT
 *
 * {"files": [{"filename": "a.jpg", "tags": [{"tag": "apple", "left": .., "top": .., "width": .., "height": ..}, {"tag": ".."}]}]} */
#include <string.h>

#include "json_read.h"

static oc_status take_tag(oc_annotations *set, uint32_t picture, const json_t *element, const oc__json_walk *walk, size_t index,
                          oc_error *err) {
    static const char *const sides[] = {"left", "top", "width", "height"};
    const char *name = oc__json_text(element, "tag");
    oc__mark mark = {.picture = picture, .id = -1, .place = (uint32_t)walk->index, .kind = OC__MARK_TAG};
    if (!name)
        return oc__annotations_skip(set, err, "%s: file %zu: tags[%zu] has no 'tag'; left out", walk->file, walk->index, index);
    oc_status status = oc__annotations_tag(&mark.tag, set, name, walk->file, err);
    if (status) return status;
    for (int i = 0; i < 4; i++)
        if (json_object_get(element, sides[i])) mark.kind = OC__MARK_BOX;
    if (mark.kind == OC__MARK_BOX && !oc__json_numbers(mark.box, element, sides, 4))
        return oc__annotations_skip(set, err, "%s: file %zu: the box of tags[%zu] is not four numbers; left out", walk->file,
                                    walk->index, index);
    return oc__annotations_add(set, &mark, err);
}

static oc_status take_file(oc_annotations *set, const oc__source *source, const json_t *element, const oc__json_walk *walk,
                           oc_error *err) {
    const char *name = oc__json_text(element, "filename");
    const json_t *tags = json_object_get(element, "tags");
    uint32_t picture;
    bool is_new;
    if (!name) return oc__annotations_skip(set, err, "%s: file %zu has no 'filename'; left out", walk->file, walk->index);
    oc_status status = oc__source_picture(&picture, &is_new, set, source, name, err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) status = oc__json_metadata(set, json_object_get(element, "metadata"), err);
    for (size_t i = 0; i < json_array_size(tags) && !status; i++)
        status = take_tag(set, picture, json_array_get(tags, i), walk, i, err);
    return status;
}

oc_status oc__customvision_read(oc_annotations *set, const oc__source *source, oc_error *err) {
    oc__mapping file;
    oc__slice text;
    oc__json_walk outer, walk;
    bool more, found = false;
    oc_status status = oc__json_map(&file, &text, set->context, source->path, err);
    if (status) return status;
    set->place = "file";
    status = oc__json_walk_begin(&outer, text, '{', source->path, text.data, "the file", err);
    while (!status && !(status = oc__json_walk_next(&more, &outer, err)) && more) {
        if (found || !oc__json_key_is(&outer, "files")) continue;
        found = true;
        status = oc__json_walk_begin(&walk, outer.value, '[', source->path, text.data, "'files'", err);
        while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
            json_t *element;
            if ((status = oc__json_decode(&element, &walk, "file", err))) break;
            status = take_file(set, source, element, &walk, err);
            json_decref(element);
        }
    }
    if (!status && !found) status = oc__fail(err, OC_E_FORMAT, "%s: is no file of tagged images: it has no 'files'", source->path);
    oc__file_unmap(&file);
    return status;
}
