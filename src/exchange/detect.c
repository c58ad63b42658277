/* Which format a file or folder is of. SPDX-License-Identifier: MIT */
#include "detect.h"

#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "memory.h"

#define HEAD_BYTES (64u << 10)

static bool ends_in(const char *name, const char *ending) {
    size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

/* The names of members and elements that tell a format, those of one before those of another that has them too. */
static const struct {
    const char *ending, *mark, *format;
} marks[] = {
    {".json", "\"files\"", "customvision"},
    {".json", "\"coordinates\"", "createml"},
    {".json", "\"from_name\"", "labelstudio"},
    {".json", "\"data\"", "labelstudio"},
    {".json", "\"images\"", "coco"},
    {".json", "\"categories\"", "coco"},
    {".json", "\"annotations\"", "coco"},
    {".xml", "<annotations", "cvat"},
    {".xml", "<annotation", "voc"},
    {".csv", "", "csv"},
    {".yaml", "names", "yolo"},
    {".yml", "names", "yolo"},
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
        for (size_t i = 0; i < sizeof marks / sizeof *marks && !*out; i++)
            if (ends_in(path, marks[i].ending) && strstr(head, marks[i].mark)) *out = marks[i].format;
        if (!*out)
            status = oc__fail(err, OC_E_FORMAT, "%s: is no annotation file that is known; name its format if it is one", path);
    }
    oc__free(context, head);
    return status;
}

static oc_status add_source(oc__detected *found, char *path, const char *split, const char *prefix, oc_error *err) {
    if (!path) return oc__fail(err, OC_E_NOMEM, "out of memory");
    found->paths[found->n_sources] = path;
    found->sources[found->n_sources++] = (oc__source){path, split, prefix};
    return OC_OK;
}

static bool is_there(oc_context *context, const char *folder, const char *name, bool *is_folder) {
    struct stat about;
    char *path = oc__path_join(context, folder, name);
    bool there = path && stat(path, &about) == 0;
    *is_folder = there && S_ISDIR(about.st_mode);
    oc__free(context, path);
    return there;
}

/* Files that exporters put one of into each split's folder. */
static const struct {
    const char *file, *format;
} per_split[] = {{"_annotations.coco.json", "coco"}, {"_annotations.createml.json", "createml"}};

static const struct {
    const char *folder, *prefix, *split;
} splits[] = {{"train", "train/", "train"}, {"valid", "valid/", "valid"}, {"val", "val/", "val"}, {"test", "test/", "test"}, {"", "", ""}};

static oc_status look_into_splits(oc__detected *found, const char *path, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t f = 0; f < 2 && !found->n_sources && !status; f++)
        for (size_t i = 0; i < 5 && !status; i++) {
            char name[64] = "";
            bool is_folder;
            strcat(strcat(name, splits[i].prefix), per_split[f].file);
            if (!is_there(found->context, path, name, &is_folder) || is_folder) continue;
            found->format = per_split[f].format;
            status = add_source(found, oc__path_join(found->context, path, name), splits[i].split, splits[i].prefix, err);
        }
    return status;
}

/* A folder with one annotation file in it, or a folder of many of one kind. */
static oc_status look_into_folder(oc__detected *found, const char *path, oc_error *err) {
    static const struct {
        const char *name, *format;
    } tells[] = {{"data.yaml", "yolo"}, {"data.yml", "yolo"}, {"classes.txt", "yolo"}, {"obj.names", "yolo"}, {"labels", "yolo"},
                 {"Annotations", "voc"}};
    oc__entry *entries = NULL;
    size_t n = 0, n_files = 0, n_xml = 0;
    const char *only = NULL;
    bool is_folder;
    oc_status status = look_into_splits(found, path, err);
    if (status || found->n_sources) return status;
    for (size_t i = 0; i < sizeof tells / sizeof *tells; i++)
        if (is_there(found->context, path, tells[i].name, &is_folder)) {
            found->format = tells[i].format;
            return add_source(found, oc__strdup(found->context, path), "", "", err);
        }
    status = oc__folder_list(&entries, &n, found->context, path, err);
    for (size_t i = 0; i < n && !status; i++) {
        n_xml += ends_in(entries[i].name, ".xml");
        if (!ends_in(entries[i].name, ".json") && !ends_in(entries[i].name, ".csv") && !ends_in(entries[i].name, ".xml")) continue;
        n_files++;
        only = entries[i].name;
    }
    if (!status && n_files == 1) {
        char *file = oc__path_join(found->context, path, only);
        status = add_source(found, file, "", "", err);
        if (!status) status = format_of_file(&found->format, found->context, file, err);
        if (!status && strcmp(found->format, "voc") == 0) n_files = 0; /* a folder of one */
    }
    if (!status && n_files != 1 && n_xml) {
        found->format = "voc";
        for (size_t i = 0; i < found->n_sources; i++) oc__free(found->context, found->paths[i]);
        found->n_sources = 0;
        status = add_source(found, oc__strdup(found->context, path), "", "", err);
    } else if (!status && n_files != 1) {
        status = oc__fail(err, OC_E_FORMAT, "%s: holds %zu files of annotations, expected one, or a folder of XML or YOLO files",
                          path, n_files);
    }
    oc__entries_free(entries, n, found->context);
    return status;
}

oc_status oc__detect(oc__detected *out, oc_context *context, const char *path, const char *format, oc_error *err) {
    struct stat about;
    *out = (oc__detected){.context = context};
    bool is_folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    const char *slash = strrchr(path, '/');
    out->folder = oc__strdup(context, path);
    if (!out->folder) return oc__fail_nomem(err, context, strlen(path), path);
    if (!is_folder) out->folder[slash ? slash - path + 1 : 0] = 0;
    oc_status status = OC_OK;
    if (!is_folder) {
        if (!format) status = format_of_file(&out->format, context, path, err);
        if (!status) status = add_source(out, oc__strdup(context, path), "", "", err);
    } else if (format && (strcmp(format, "voc") == 0 || strcmp(format, "yolo") == 0)) {
        status = add_source(out, oc__strdup(context, path), "", "", err);
    } else {
        status = look_into_folder(out, path, err);
    }
    if (format) out->format = format;
    return status;
}

void oc__detected_free(oc__detected *found) {
    if (!found->context) return;
    for (size_t i = 0; i < found->n_sources; i++) oc__free(found->context, found->paths[i]);
    oc__free(found->context, found->folder);
    *found = (oc__detected){0};
}
