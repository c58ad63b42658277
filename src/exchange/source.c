/* What the readers of annotation files share. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

oc_status oc__source_picture(uint32_t *out, bool *is_new, oc__annotations *set, const oc__source *source, const char *name,
                             oc_error *err) {
    const char *called = set->n_pictures ? set->pictures[set->n_pictures - 1].source : "";
    size_t prefix = strlen(source->prefix), size = strlen(name);
    char path[OC__MAX_PATH_BYTES + 16];
    bool below = prefix && prefix + size < sizeof path && name[0] != '/' && name[0] != '\\' && !strstr(name, "://");
    if (below) {
        memcpy(path, source->prefix, prefix);
        memcpy(path + prefix, name, size + 1);
    }
    oc_status status = strcmp(called, source->path) == 0 ? OC_OK : oc__annotations_keep(&called, set, source->path, err);
    if (!status) status = oc__annotations_picture(out, is_new, set, below ? path : name, called, err);
    if (!status && *is_new && source->split[0])
        status = oc__annotations_keep(&set->pictures[*out].split, set, source->split, err);
    return status;
}

static oc_status add_path(oc__tree *tree, const char *path, oc_error *err) {
    oc_status status = oc__reserve(&tree->paths, &tree->capacity, tree->n, sizeof *tree->paths, tree->context, err);
    if (status) return status;
    char *copy = oc__strdup(tree->context, path);
    if (!copy) return oc__fail_nomem(err, tree->context, strlen(path), path);
    tree->paths[tree->n++] = copy;
    return OC_OK;
}

static oc_status list_below(oc__tree *tree, const char *folder, const char *below, int depth, oc_error *err) {
    oc_context *context = tree->context;
    oc__entry *entries = NULL;
    size_t n = 0;
    char *here = oc__path_join(context, folder, below);
    oc_status status = here ? oc__folder_list(&entries, &n, context, below[0] ? here : folder, err)
                            : oc__fail_nomem(err, context, strlen(folder), folder);
    for (size_t i = 0; i < n && !status; i++) {
        char *path = oc__path_join(context, below, entries[i].name);
        if (!path)
            status = oc__fail_nomem(err, context, strlen(below), folder);
        else if (entries[i].is_file)
            status = add_path(tree, path, err);
        else if (entries[i].is_folder && depth < OC__MAX_FOLDER_DEPTH)
            status = list_below(tree, folder, path, depth + 1, err);
        oc__free(context, path);
    }
    oc__entries_free(entries, n, context);
    oc__free(context, here);
    return status;
}

oc_status oc__tree_list(oc__tree *tree, oc_context *context, const char *folder, oc_error *err) {
    *tree = (oc__tree){.context = context};
    return list_below(tree, folder, "", 0, err);
}

void oc__tree_free(oc__tree *tree) {
    for (size_t i = 0; i < tree->n; i++) oc__free(tree->context, tree->paths[i]);
    oc__free(tree->context, tree->paths);
}

const char *oc__split_at(size_t index) {
    static const char *const splits[] = {"train", "training", "val", "valid", "validation", "test", "testing", "dev"};
    return index < sizeof splits / sizeof *splits ? splits[index] : NULL;
}

const char *oc__split_of(const char *name, size_t size) {
    const char *split;
    for (size_t i = 0; (split = oc__split_at(i)); i++)
        if (strlen(split) == size && memcmp(split, name, size) == 0) break;
    return split;
}

oc_status oc__text_file(uint8_t **bytes, char **text, oc_context *context, const char *path, oc_error *err) {
    size_t size;
    uint8_t *data = NULL;
    *bytes = NULL;
    oc_status status =
        oc__file_read(&data, &size, context, path, OC__MAX_SMALL_FILE_BYTES, "the largest file of its kind", err);
    if (status) return status;
    if (memchr(data, 0, size)) status = oc__fail(err, OC_E_CORRUPT, "%s: holds zero bytes, so it is no text", path);
    uint8_t *longer = status ? NULL : oc__realloc(context, data, size + 1);
    if (!longer) {
        oc__free(context, data);
        return status ? status : oc__fail_nomem(err, context, size + 1, path);
    }
    longer[size] = 0;
    *bytes = longer;
    *text = (char *)longer + (size >= 3 && memcmp(longer, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    return OC_OK;
}

char *oc__next_line(char **text) {
    char *line = *text;
    if (!*line) return NULL;
    size_t length = strcspn(line, "\n");
    *text = line + length + (line[length] ? 1 : 0);
    if (length && line[length - 1] == '\r') length--;
    line[length] = 0;
    return line;
}
