/* Which format a file or folder is of. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

#define HEAD_BYTES (64u << 10)

/* Names of members and elements that tell a format, those of one before those of another that has them too; and what a file
 * begins with. */
static const struct {
    const char *ending, *begin, *mark, *format;
} marks[] = {
    {".json", "[", "\"from_name\"", "labelstudio"},
    {".json", "[", "\"data\"", "labelstudio"},
    {".json", "[", "\"image", "createml"},
    {".json", "{", "\"files\"", "customvision"},
    {".json", "{", "\"images\"", "coco"},
    {".json", "{", "\"categories\"", "coco"},
    {".json", "{", "\"annotations\"", "coco"},
    {".xml", "<", "<annotations", "cvat"},
    {".xml", "<", "<annotation", "voc"},
    {".csv", "", "", "csv"},
    {".yaml", "", "names", "yolo"},
    {".yml", "", "names", "yolo"},
};

static oc_status format_of_file(const char **out, oc_context *context, const char *path, oc_error *err) {
    size_t n;
    char *head = oc__alloc(context, HEAD_BYTES + 1);
    if (!head) return oc__fail_nomem(err, context, HEAD_BYTES, path);
    oc_status status = oc__file_head(head, HEAD_BYTES, &n, context, path, err);
    *out = NULL;
    if (!status) {
        head[n] = 0;
        for (size_t i = 0; i < n; i++)
            if (!head[i]) head[i] = ' ';
        const char *first = head + (strncmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
        first += strspn(first, " \t\r\n");
        for (size_t i = 0; i < sizeof marks / sizeof *marks && !*out; i++)
            if (oc__ends_in(path, marks[i].ending) && strncmp(first, marks[i].begin, strlen(marks[i].begin)) == 0 &&
                strstr(head, marks[i].mark))
                *out = marks[i].format;
        if (!*out)
            status = oc__fail(err, OC_E_FORMAT, "%s: is no annotation file that is known; name its format if it is one", path);
    }
    oc__free(context, head);
    return status;
}

/* Takes over `path`. */
static oc_status add_source(oc__detected *found, char *path, const char *split, const char *prefix, oc_error *err) {
    if (!path) return oc__fail_nomem(err, found->context, OC__MAX_PATH_BYTES, "a path");
    found->paths[found->n_sources] = path;
    found->sources[found->n_sources++] = (oc__source){path, split, prefix};
    return OC_OK;
}

/* The whole folder. */
static oc_status add_folder(oc__detected *found, const char *path, const char *format, oc_error *err) {
    found->format = format;
    return add_source(found, oc__strdup(found->context, path), "", "", err);
}

/* Files that some exporters put one of into each split's folder. */
static const struct {
    const char *file, *format;
} per_split[] = {{"_annotations.coco.json", "coco"}, {"_annotations.createml.json", "createml"}};

static const struct {
    const char *prefix, *split;
} splits[] = {{"train/", "train"}, {"valid/", "valid"}, {"val/", "val"}, {"test/", "test"}, {"", ""}};

static oc_status look_into_splits(oc__detected *found, const char *path, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t f = 0; f < 2 && !found->n_sources && !status; f++)
        for (size_t i = 0; i < 5 && !status; i++) {
            char name[64] = "";
            strcat(strcat(name, splits[i].prefix), per_split[f].file);
            char *file = oc__path_join(found->context, path, name);
            if (file && !oc__path_exists(file)) {
                oc__free(found->context, file);
                continue;
            }
            found->format = per_split[f].format;
            status = add_source(found, file, splits[i].split, splits[i].prefix, err);
        }
    return status;
}

/* What the entries of a folder tell: those named here, or one annotation file. */
static oc_status look_at_entries(oc__detected *found, const char *path, const oc__entry *entries, size_t n, const char *format,
                                 oc_error *err) {
    static const struct {
        const char *name, *format;
    } tells[] = {{"data.yaml", "yolo"}, {"data.yml", "yolo"}, {"classes.txt", "yolo"},
                 {"obj.names", "yolo"}, {"labels", "yolo"},   {"Annotations", "voc"}};
    static const char *const endings[] = {".json", ".xml", ".csv"};
    size_t n_files[3] = {0}, n_all = 0;
    const char *only = NULL;
    if (format && (!strcmp(format, "voc") || !strcmp(format, "yolo") || !strcmp(format, "folder")))
        return add_folder(found, path, format, err);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < sizeof tells / sizeof *tells && !format; k++)
            if (strcmp(entries[i].name, tells[k].name) == 0) return add_folder(found, path, tells[k].format, err);
        for (size_t k = 0; k < 3; k++) {
            if (!entries[i].is_file || !oc__ends_in(entries[i].name, endings[k])) continue;
            n_files[k]++;
            n_all++;
            only = entries[i].name;
        }
    }
    if (n_all == 1) {
        char *file = oc__path_join(found->context, path, only);
        oc_status status = add_source(found, file, "", "", err);
        found->format = format;
        if (!status && !format) status = format_of_file(&found->format, found->context, file, err);
        return status;
    }
    if (!format && n_all && n_all == n_files[1]) return add_folder(found, path, "voc", err);
    if (!format && n_all == 0) return add_folder(found, path, "folder", err);
    return oc__fail(err, OC_E_FORMAT, "%s: holds %zu files of annotations; name the one that is meant", path, n_all);
}

static oc_status look_into_folder(oc__detected *found, const char *path, const char *format, oc_error *err) {
    oc__entry *entries = NULL;
    size_t n = 0;
    oc_status status = format ? OC_OK : look_into_splits(found, path, err);
    if (status || found->n_sources) return status;
    status = oc__folder_list(&entries, &n, found->context, path, err);
    if (!status) status = look_at_entries(found, path, entries, n, format, err);
    oc__entries_free(entries, n, found->context);
    return status;
}

oc_status oc__detect(oc__detected *out, oc_context *context, const char *path, const oc__exchange_format *format,
                     oc_error *err) {
    const char *slash = strrchr(path, '/');
    bool is_folder = oc__is_folder(path);
    oc_status status = OC_OK;
    *out = (oc__detected){.context = context};
    if (!(out->folder = oc__strdup(context, path))) return oc__fail_nomem(err, context, strlen(path), path);
    if (is_folder) return look_into_folder(out, path, format ? format->name : NULL, err);
    out->folder[slash ? slash - path + 1 : 0] = 0;
    if (format)
        out->format = format->name;
    else
        status = format_of_file(&out->format, context, path, err);
    if (!status && strcmp(out->format, "yolo") == 0) /* data.yaml speaks of its folder */
        return add_source(out, oc__strdup(context, out->folder[0] ? out->folder : "."), "", "", err);
    return status ? status : add_source(out, oc__strdup(context, path), "", "", err);
}

void oc__detected_free(oc__detected *found) {
    if (!found->context) return;
    for (size_t i = 0; i < found->n_sources; i++) oc__free(found->context, found->paths[i]);
    oc__free(found->context, found->folder);
    *found = (oc__detected){0};
}
