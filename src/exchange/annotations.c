/* Annotations of pictures in memory: making a set. SPDX-License-Identifier: MIT */
#include "annotations.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "text.h"
#include "uuid.h"

const char *oc__annotations_text(oc__annotations *set, const char *text, size_t size, oc_error *err) {
    const char *copy = size ? oc__arena_text(&set->text, text, size) : "";
    if (!copy) oc__fail_nomem(err, set->context, size, "text of annotations");
    return copy;
}

oc_status oc__annotations_keep(const char **out, oc__annotations *set, const char *text, oc_error *err) {
    const char *copy = text ? oc__annotations_text(set, text, strlen(text), err) : NULL;
    if (copy) *out = copy;
    return text && !copy ? OC_E_NOMEM : OC_OK;
}

oc_status oc__annotations_create(oc__annotations **out, oc_context *context, oc_exchange *report, const char *folder,
                                 oc_error *err) {
    oc__annotations *set = oc__alloc_zero(context, sizeof *set);
    if (!set) return oc__fail_nomem(err, context, sizeof *set, "annotations");
    set->context = set->text.context = set->given.text.context = context;
    set->report = report;
    set->place = "object";
    oc_status status = oc__annotations_keep(&set->folder, set, folder, err);
    if (status)
        oc__annotations_free(set);
    else
        *out = set;
    return status;
}

void oc__annotations_free(oc__annotations *set) {
    if (!set) return;
    oc_context *context = set->context;
    oc__arena_free(&set->text);
    oc__names_free(&set->tag_names, context);
    oc__names_free(&set->paths, context);
    oc__names_free(&set->far_names, context);
    oc__given_free(&set->given);
    oc__free(context, set->tags);
    oc__free(context, set->pictures);
    oc__free(context, set->pairs);
    oc__free(context, set->marks);
    oc__free(context, set);
}

oc_status oc__annotations_tag(uint32_t *out, oc__annotations *set, const char *name, const char *place, oc_error *err) {
    *out = OC__NO_TAG;
    if (oc__names_find(out, &set->tag_names, name)) return OC_OK;
    if (!oc__tag_valid(name) || oc__uuid_valid(name))
        return oc__note(set->report, OC_NOTE_LEFT_OUT,
                        "the tag's name is not UTF-8 of 1 to 256 bytes without control characters, or is an identifier", err,
                        "%s: '%.100s'", place, name);
    if (set->n_tags >= OC__MAX_KNOWN_TAGS)
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "there are more tags than can be", err, "%s: '%.100s'", place, name);
    oc_status status = oc__reserve(&set->tags, &set->tag_capacity, set->n_tags, sizeof *set->tags, set->context, err);
    const char *copy = NULL;
    if (!status) status = oc__annotations_keep(&copy, set, name, err);
    if (!status) status = oc__names_add(&set->tag_names, copy, (uint32_t)set->n_tags, set->context, err);
    if (status) return status;
    *out = (uint32_t)set->n_tags;
    set->tags[set->n_tags++] = (oc__known_tag){.name = copy, .description = "", .colour = "", .type = OC_TAG_REGULAR};
    return OC_OK;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void oc__percent_decode(char *text) {
    char *to = text;
    for (const char *at = text; *at;) {
        int high = at[0] == '%' ? hex_digit(at[1]) : -1, low = high >= 0 ? hex_digit(at[2]) : -1;
        bool code = low >= 0 && (high || low);
        *to++ = code ? (char)(high * 16 + low) : *at;
        at += code ? 3 : 1;
    }
    *to = 0;
}

bool oc__ends_in(const char *name, const char *ending) {
    size_t n = strlen(name), m = strlen(ending);
    if (n <= m) return false;
    for (size_t i = 0; i < m; i++) {
        char c = name[n - m + i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != ending[i]) return false;
    }
    return true;
}

bool oc__is_picture_name(const char *name) {
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (oc__ends_in(name, endings[i])) return true;
    return false;
}

/* Appends the parts of a path, without "." and nothing; false if one leads upwards. */
static bool append_parts(char *clean, const char *path) {
    size_t n = 0;
    bool inside = true;
    for (const char *part = path; *part;) {
        size_t length = strcspn(part, "/");
        inside = inside && !(length == 2 && part[0] == '.' && part[1] == '.');
        if (length > 0 && !(length == 1 && part[0] == '.')) {
            if (n) clean[n++] = '/';
            memcpy(clean + n, part, length);
            n += length;
        }
        part += length;
        if (*part) part++;
    }
    clean[n] = 0;
    return inside;
}

static const char *last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Makes `clean` what a picture of that name is called here. *far: it was an absolute path or the like, of which the last part
 * is left. Returns why it cannot be, or NULL. */
static const char *clean_name(char clean[OC__MAX_PATH_BYTES + 1], bool *far, const char *name) {
    char text[OC__MAX_PATH_BYTES + 1];
    bool url = strstr(name, "://") != NULL;
    size_t size = url ? strcspn(name, "?#") : strlen(name);
    *far = url;
    if (size > OC__MAX_PATH_BYTES) return "the picture's name is longer than 1024 bytes";
    memcpy(text, name, size);
    text[size] = 0;
    if (url) oc__percent_decode(text);
    for (char *p = text; *p; p++) {
        if (*p == '\\') *p = '/';
        if ((unsigned char)*p < 0x20 || *p == 0x7F) return "the picture's name has control characters";
    }
    if (!oc__utf8_valid(text, strlen(text))) return "the picture's name is not UTF-8";
    if (text[0] == '/' || (text[0] && text[1] == ':' && text[2] == '/')) *far = true;
    if (*far || !append_parts(clean, text)) {
        *far = true;
        if (!append_parts(clean, last_part(text))) clean[0] = 0;
    }
    for (const char *part = clean; *part; part += strcspn(part, "/"), part += *part == '/')
        if (strcspn(part, "/") > OC__MAX_PART_BYTES) return "a part of the picture's name is longer than 200 bytes";
    return clean[0] ? NULL : "the picture has no name";
}

static oc_status add_picture(uint32_t *out, oc__annotations *set, const char *path, const char *source, oc_error *err) {
    oc_status status =
        oc__reserve(&set->pictures, &set->picture_capacity, set->n_pictures, sizeof *set->pictures, set->context, err);
    const char *copy = NULL;
    if (!status && set->n_pictures >= OC__MAX_PICTURES)
        status = oc__fail(err, OC_E_LIMIT, "%s: more than %u pictures", source, OC__MAX_PICTURES);
    if (!status) status = oc__annotations_keep(&copy, set, path, err);
    if (!status) status = oc__names_add(&set->paths, copy, (uint32_t)set->n_pictures, set->context, err);
    if (status) return status;
    *out = (uint32_t)set->n_pictures;
    set->pictures[set->n_pictures++] =
        (oc__known_picture){.path = copy, .split = "", .source = source, .first_pair = set->n_pairs};
    return OC_OK;
}

oc_status oc__annotations_picture(uint32_t *out, bool *is_new, oc__annotations *set, const char *name, const char *source,
                                  oc_error *err) {
    char clean[OC__MAX_PATH_BYTES + 1];
    bool far;
    const char *fault = clean_name(clean, &far, name), *copy = NULL;
    *is_new = false;
    if (!fault && far && oc__names_find(out, &set->far_names, name)) return OC_OK;
    if (!fault && oc__names_find(out, &set->paths, clean)) {
        if (!far) return OC_OK;
        fault = "another picture, of another folder, has the same name";
    }
    *out = UINT32_MAX;
    if (fault) return oc__note(set->report, OC_NOTE_LEFT_OUT, fault, err, "%s: '%.200s'", source, name);
    oc_status status = add_picture(out, set, clean, source, err);
    if (!status && far) status = oc__annotations_keep(&copy, set, name, err);
    if (!status && far) status = oc__names_add(&set->far_names, copy, *out, set->context, err);
    *is_new = !status;
    return status;
}

oc_status oc__annotations_new_picture(uint32_t *out, oc__annotations *set, const char *name, const char *ending,
                                      oc_error *err) {
    char clean[OC__MAX_PATH_BYTES + 1];
    const char *path;
    bool far;
    if (clean_name(clean, &far, name)) strcpy(clean, "picture");
    size_t size = strlen(clean);
    if (oc__is_picture_name(clean)) {
        ending = strrchr(clean, '.');
        size -= strlen(ending);
    }
    oc_status status = oc__given_add(&path, &set->given, clean, size, ending, err);
    if (!status) status = add_picture(out, set, path, name, err);
    if (status || strcmp(path, name) == 0) return status;
    return oc__note(set->report, OC_NOTE_CHANGED, "the picture's name cannot be, or is another's too", err,
                    "'%.200s' is now '%.200s'", name, path);
}

oc_status oc__annotations_pair(oc__annotations *set, const char *key, const char *value, oc_error *err) {
    if (!oc__utf8_valid(key, strlen(key)) || !oc__utf8_valid(value, strlen(value)))
        return oc__note(set->report, OC_NOTE_LEFT_OUT, "the metadata's key or value is not UTF-8", err, "%s: %s",
                        set->pictures[set->n_pictures - 1].path, key);
    oc_status status = oc__reserve(&set->pairs, &set->pair_capacity, set->n_pairs, sizeof *set->pairs, set->context, err);
    oc__metadata_pair pair = {NULL, NULL};
    if (!status) status = oc__annotations_keep(&pair.key, set, key, err);
    if (!status) status = oc__annotations_keep(&pair.value, set, value, err);
    if (status) return status;
    set->pairs[set->n_pairs++] = pair;
    set->pictures[set->n_pictures - 1].n_pairs++;
    return OC_OK;
}

oc_status oc__annotations_add(oc__annotations *set, const oc__mark *mark, oc_error *err) {
    if (mark->tag == OC__NO_TAG && mark->kind != OC__MARK_OTHER) return OC_OK;
    if (set->n_marks >= OC__MAX_MARKS)
        return oc__fail(err, OC_E_LIMIT, "more than %u boxes and tags of pictures", OC__MAX_MARKS);
    oc_status status = oc__reserve(&set->marks, &set->mark_capacity, set->n_marks, sizeof *set->marks, set->context, err);
    if (!status) set->marks[set->n_marks++] = *mark;
    return status;
}
