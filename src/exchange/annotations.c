/* Annotations of pictures in memory: making a set. SPDX-License-Identifier: MIT */
#include "annotations.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "text.h"

/* Strings are small and many, so they lie one behind the other. */
typedef struct oc__text_block {
    struct oc__text_block *next;
    size_t used, size;
    char bytes[];
} oc__text_block;

#define BLOCK_BYTES (64u << 10)

const char *oc__annotations_text(oc_annotations *set, const char *text, size_t size, oc_error *err) {
    oc__text_block *block = set->text;
    if (size == 0) return "";
    if (!block || block->size - block->used <= size) {
        /* A long string gets a block of its own, behind the one that is being filled. */
        bool alone = block && size >= BLOCK_BYTES / 4;
        size_t room = alone || size >= BLOCK_BYTES ? size + 1 : BLOCK_BYTES;
        oc__text_block *fresh = room > size ? oc__alloc(set->context, sizeof *fresh + room) : NULL;
        if (!fresh) {
            oc__fail_nomem(err, set->context, size, "text of annotations");
            return NULL;
        }
        *fresh = (oc__text_block){alone ? block->next : block, 0, room};
        if (alone) block->next = fresh;
        else set->text = fresh;
        block = fresh;
    }
    char *copy = block->bytes + block->used;
    memcpy(copy, text, size);
    copy[size] = 0;
    block->used += size + 1;
    return copy;
}

oc_status oc__annotations_create(oc_annotations **out, oc_context *context, const char *folder, oc_error *err) {
    oc_annotations *set = oc__alloc_zero(context, sizeof *set);
    if (!set) return oc__fail_nomem(err, context, sizeof *set, "annotations");
    set->context = oc__context_retain(context);
    set->format = "";
    set->place = "object";
    if (!(set->folder = oc__strdup(context, folder))) {
        oc__annotations_free(set);
        return oc__fail_nomem(err, context, strlen(folder), "annotations");
    }
    *out = set;
    return OC_OK;
}

void oc__annotations_free(oc_annotations *set) {
    if (!set) return;
    oc_context *context = set->context;
    for (oc__text_block *block = set->text, *next; block; block = next) {
        next = block->next;
        oc__free(context, block);
    }
    for (size_t i = 0; i < set->n_notes; i++) oc__free(context, set->notes[i]);
    oc__names_free(&set->tag_names, context);
    oc__names_free(&set->paths, context);
    oc__free(context, set->notes);
    oc__free(context, set->tags);
    oc__free(context, set->pictures);
    oc__free(context, set->pairs);
    oc__free(context, set->marks);
    oc__free(context, set->folder);
    oc__free(context, set);
    oc__context_release(context);
}

static oc_status add_note(oc_annotations *set, oc_error *err, const char *format, va_list arguments) {
    char text[512];
    if (set->n_notes == OC__MAX_NOTES) {
        set->n_notes_untold++;
        return OC_OK;
    }
    int length = vsnprintf(text, sizeof text, format, arguments);
    if (length < 0) text[0] = 0;
    else if ((size_t)length >= sizeof text) oc__cut_text(text, sizeof text - 1);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20) *p = ' ';
    oc_status status = oc__reserve(&set->notes, &set->note_capacity, set->n_notes, sizeof *set->notes, set->context, err);
    if (status) return status;
    char *copy = oc__strdup(set->context, text);
    if (!copy) return oc__fail_nomem(err, set->context, sizeof text, "note");
    set->notes[set->n_notes++] = copy;
    return OC_OK;
}

oc_status oc__annotations_note(oc_annotations *set, oc_error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    oc_status status = add_note(set, err, format, arguments);
    va_end(arguments);
    return status;
}

oc_status oc__annotations_skip(oc_annotations *set, oc_error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    oc_status status = add_note(set, err, format, arguments);
    va_end(arguments);
    set->n_skipped++;
    return status;
}

oc_status oc__annotations_tag(uint32_t *out, oc_annotations *set, const char *name, const char *place, oc_error *err) {
    if (oc__names_find(out, &set->tag_names, name)) return OC_OK;
    if (!oc__tag_valid(name))
        return oc__fail(err, OC_E_CORRUPT, "%s: a tag's name is not UTF-8 of 1 to 256 bytes without control characters", place);
    if (set->n_tags >= OC__MAX_TAGS) return oc__fail(err, OC_E_LIMIT, "%s: more than %d tags", place, OC__MAX_TAGS);
    oc_status status = oc__reserve(&set->tags, &set->tag_capacity, set->n_tags, sizeof *set->tags, set->context, err);
    if (status) return status;
    const char *copy = oc__annotations_text(set, name, strlen(name), err);
    if (!copy) return OC_E_NOMEM;
    if ((status = oc__names_add(&set->tag_names, copy, (uint32_t)set->n_tags, set->context, err))) return status;
    *out = (uint32_t)set->n_tags;
    set->tags[set->n_tags++] = (oc__known_tag){.name = copy, .description = "", .colour = "", .id = -1};
    return OC_OK;
}

/* Why a file may not call a picture so; NULL if it may. Writes the path without "./" and backslashes to `clean`. */
static const char *clean_path(char clean[OC__MAX_PATH_BYTES + 1], const char *path) {
    size_t size = strlen(path), n = 0;
    if (size == 0) return "the picture's name is empty";
    if (size > OC__MAX_PATH_BYTES) return "the picture's name is longer than 4096 bytes";
    if (!oc__utf8_valid(path, size)) return "the picture's name is not UTF-8";
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7F) return "the picture's name has control characters";
    if (path[0] == '/' || path[0] == '\\' || (path[1] == ':' && (path[2] == '/' || path[2] == '\\')))
        return "the picture's name is an absolute path";
    for (const char *part = path; *part;) {
        size_t length = strcspn(part, "/\\");
        if (length == 2 && part[0] == '.' && part[1] == '.') return "the picture's name leads out of its folder";
        if (length > 0 && !(length == 1 && part[0] == '.')) {
            if (n) clean[n++] = '/';
            memcpy(clean + n, part, length);
            n += length;
        }
        part += length;
        if (*part) part++;
    }
    clean[n] = 0;
    return n ? NULL : "the picture's name is empty";
}

oc_status oc__annotations_picture(uint32_t *out, bool *is_new, oc_annotations *set, const char *path, const char *source,
                                  oc_error *err) {
    char clean[OC__MAX_PATH_BYTES + 1];
    const char *fault = clean_path(clean, path);
    *out = UINT32_MAX;
    *is_new = false;
    if (fault) {
        bool readable = oc__utf8_valid(path, strlen(path));
        return oc__annotations_skip(set, err, "%s: %s%s%.200s%s; left out", source, fault, readable ? ": '" : "",
                                    readable ? path : "", readable ? "'" : "");
    }
    if (oc__names_find(out, &set->paths, clean)) return OC_OK;
    if (set->n_pictures >= OC__MAX_PICTURES) return oc__fail(err, OC_E_LIMIT, "%s: more than %u pictures", source, OC__MAX_PICTURES);
    oc_status status =
        oc__reserve(&set->pictures, &set->picture_capacity, set->n_pictures, sizeof *set->pictures, set->context, err);
    if (status) return status;
    const char *copy = oc__annotations_text(set, clean, strlen(clean), err);
    if (!copy) return OC_E_NOMEM;
    if ((status = oc__names_add(&set->paths, copy, (uint32_t)set->n_pictures, set->context, err))) return status;
    *out = (uint32_t)set->n_pictures;
    *is_new = true;
    set->pictures[set->n_pictures++] =
        (oc__known_picture){.path = copy, .split = "", .source = source, .id = -1, .first_pair = set->n_pairs};
    return OC_OK;
}

oc_status oc__annotations_pair(oc_annotations *set, const char *key, const char *value, oc_error *err) {
    oc__known_picture *picture = &set->pictures[set->n_pictures - 1];
    if (picture->n_pairs == OC__MAX_PAIRS)
        return oc__annotations_note(set, err, "%s: more than %d metadata pairs; '%.100s' is left out", picture->path, OC__MAX_PAIRS,
                                    key);
    oc_status status = oc__reserve(&set->pairs, &set->pair_capacity, set->n_pairs, sizeof *set->pairs, set->context, err);
    if (status) return status;
    oc__metadata_pair pair = {oc__annotations_text(set, key, strlen(key), err), NULL};
    if (pair.key) pair.value = oc__annotations_text(set, value, strlen(value), err);
    if (!pair.value) return OC_E_NOMEM;
    set->pairs[set->n_pairs++] = pair;
    picture->n_pairs++;
    return OC_OK;
}

oc_status oc__annotations_add(oc_annotations *set, const oc__mark *mark, oc_error *err) {
    if (set->n_marks >= OC__MAX_MARKS) return oc__fail(err, OC_E_LIMIT, "more than %u boxes and tags of pictures", OC__MAX_MARKS);
    oc_status status = oc__reserve(&set->marks, &set->mark_capacity, set->n_marks, sizeof *set->marks, set->context, err);
    if (!status) set->marks[set->n_marks++] = *mark;
    return status;
}
