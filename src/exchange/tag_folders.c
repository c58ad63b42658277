/* A folder for each tag, perhaps within one for each split. SPDX-License-Identifier: MIT
 *
 * Of a tag's name, what cannot be in a folder's is written as %2F and the like. A picture with several tags lies in the folder
 * of each; as it has the same bytes, a project takes it as one again. */
#include <stdio.h>
#include <string.h>

#include "formats.h"

/* Whether the folder that `path` begins with, `size` bytes long, has folders in it. */
static bool has_folders(const oc__tree *tree, const char *path, size_t size) {
    for (size_t i = 0; i < tree->n; i++) {
        const char *other = tree->paths[i];
        if (strncmp(other, path, size) == 0 && other[size] == '/' && strchr(other + size + 1, '/')) return true;
    }
    return false;
}

static oc_status take_picture(oc__annotations *set, const oc__source *source, const char *path, size_t split, oc_error *err) {
    const char *rest = split ? path + split + 1 : path, *slash = strchr(rest, '/');
    char tag[OC__MAX_PATH_BYTES + 1] = "";
    uint32_t picture;
    bool is_new;
    if (slash && strchr(slash + 1, '/'))
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "the file lies deeper than in its tag's folder", err, "%s/%s",
                        source->path, path);
    if (!oc__is_picture_name(path))
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "the file's name is not a picture's", err, "%s/%s", source->path, path);
    if (slash) snprintf(tag, sizeof tag, "%.*s", (int)(slash - rest), rest);
    oc__percent_decode(tag);
    oc_status status = oc__source_picture(&picture, &is_new, set, source, path, err);
    if (status || !is_new) return status;
    char *file = oc__path_join(set->context, source->path, path);
    if (!file) return oc__fail_nomem(err, set->context, strlen(path), path);
    status = oc__annotations_keep(&set->pictures[picture].file, set, file, err);
    oc__free(set->context, file);
    oc__mark mark = {.picture = picture, .kind = OC__MARK_TAG};
    if (split) set->pictures[picture].split = oc__split_of(path, split);
    if (!status && tag[0]) status = oc__annotations_tag(&mark.tag, set, tag, source->path, err);
    return status || !tag[0] ? status : oc__annotations_add(set, &mark, err);
}

oc_status oc__folder_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    oc__tree tree;
    size_t split = 0;
    (void)format;
    oc_status status = oc__tree_list(&tree, set->context, source->path, err);
    for (size_t i = 0; i < tree.n && !status; i++) {
        const char *path = tree.paths[i];
        size_t first = strcspn(path, "/");
        bool same = i > 0 && strncmp(path, tree.paths[i - 1], first + 1) == 0;
        if (!same) split = path[first] && oc__split_of(path, first) && has_folders(&tree, path, first) ? first : 0;
        status = take_picture(set, source, path, split, err);
    }
    oc__tree_free(&tree);
    return status;
}

/* --- writing --- */

/* False if the tag's name is too long for a folder's. */
static bool append_folder(oc__buffer *path, const char *tag) {
    size_t start = path->size;
    bool odd = tag[0] == '.' || oc__split_of(tag, strlen(tag));
    for (const char *p = tag; *p; p++) {
        char code[4];
        bool plain = *p != '/' && *p != '\\' && *p != '%' && !(odd && p == tag);
        snprintf(code, sizeof code, plain ? "%c" : "%%%02X", (unsigned char)*p);
        oc__append(path, code);
    }
    oc__append(path, "/");
    return path->size - start <= OC__MAX_PART_BYTES;
}

/* Copies a picture into the folder that `place` names, under its own last name or one that is free. */
static oc_status copy(const oc__annotations *set, const oc__known_picture *picture, const char *folder, oc__buffer *place,
                      oc__given *given, oc_error *err) {
    const char *slash = strrchr(picture->path, '/'), *name = slash ? slash + 1 : picture->path, *dot = strrchr(name, '.'),
               *path;
    bool missing = false;
    oc__buffer_append(place, name, dot ? (size_t)(dot - name) : strlen(name));
    if (place->failed) return oc__fail_nomem(err, set->context, place->size, picture->path);
    oc_status status = oc__given_add(&path, given, (const char *)place->data, place->size, dot ? dot : "", err);
    if (!status) status = oc__output_picture(&missing, set, picture, folder, path, err);
    if (status || !missing) return status;
    set->report->summary.n_missing++;
    return oc__note(set->report, OC_NOTE_LEFT_OUT, "the picture's file is not there", err, "%s", picture->path);
}

oc_status oc__folder_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__buffer place = {.context = set->context};
    oc__given given = {.text = {.context = set->context}};
    oc_status status = OC_OK;
    uint64_t n_splits = 0;
    for (size_t i = 0; i < set->n_pictures && !status; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        bool tagged = false, split = oc__split_of(picture->split, strlen(picture->split)) != NULL;
        for (size_t k = 0; k < picture->n_marks && !status; k++) {
            const oc__mark *mark = &set->marks[picture->first_mark + k];
            if (!oc__can_write(set, mark, format)) continue;
            tagged = true;
            place.size = 0;
            if (split) oc__append(&place, picture->split), oc__append(&place, "/");
            if (append_folder(&place, set->tags[mark->tag].name))
                status = copy(set, picture, path, &place, &given, err);
            else
                status = oc__note(set->report, OC_NOTE_LEFT_OUT, "the tag's name is too long for a folder's", err, "%s",
                                  picture->path);
        }
        n_splits += split && !tagged;
        place.size = 0;
        if (!tagged && !status) status = copy(set, picture, path, &place, &given, err);
    }
    if (!status)
        status = oc__note_count(set->report, OC_NOTE_LEFT_OUT, "the picture has no tag, so it cannot lie in its split's folder",
                                n_splits, err);
    oc__buffer_free(&place);
    oc__given_free(&given);
    return status;
}
