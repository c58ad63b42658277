/* A data set from a folder with one sub-folder per tag. SPDX-License-Identifier: MIT */
#include <string.h>

#include "dataset.h"
#include "file.h"
#include "memory.h"
#include "text.h"

/* Adds the file if its first bytes are a picture's, or a note. */
static oc_status add_file(oc_dataset *dataset, const char *path, const char *tag, oc_error *err) {
    uint8_t head[32];
    size_t n;
    oc_error reason = OC_ERROR_INIT;
    oc_status status = oc__file_head(head, sizeof head, &n, dataset->context, path, &reason);
    if (status == OC_E_NOMEM) return oc__fail(err, status, "%s", reason.message);
    if (status) return oc__dataset_add_note(dataset, path, "cannot be read", err);
    if (n == 0) return oc__dataset_add_note(dataset, path, "is empty", err);
    if (!oc__is_picture(head, n)) return oc__dataset_add_note(dataset, path, "not a JPEG, PNG, BMP or GIF picture", err);
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    return oc__dataset_add(dataset, &image, tag, NULL, err);
}

static oc_status add_tag_folder(oc_dataset *dataset, const char *path, const char *tag, oc_error *err) {
    oc_context *context = dataset->context;
    oc__entry *entries = NULL;
    size_t n = 0, before = dataset->n_samples;
    if (!oc__tag_valid(tag))
        return oc__fail(err, OC_E_DATA, "%s: the folder's name is no tag: it must be UTF-8 of 1 to 256 bytes without control "
                                        "characters", path);
    oc_status status = oc__folder_list(&entries, &n, context, path, err);
    for (size_t i = 0; i < n && !status; i++) {
        char *file = oc__path_join(context, path, entries[i].name);
        if (!file) status = oc__fail_nomem(err, context, strlen(path) + strlen(entries[i].name), path);
        else if (entries[i].is_folder) status = oc__dataset_add_note(dataset, file, "a folder within a tag's folder", err);
        else status = add_file(dataset, file, tag, err);
        oc__free(context, file);
    }
    oc__entries_free(entries, n, context);
    if (!status && dataset->n_samples == before) status = oc__dataset_add_note(dataset, path, "has no pictures", err);
    return status;
}

oc_status oc__dataset_load_folder(oc_dataset **out, oc_context *context, const char *path, oc_error *err) {
    oc_dataset *dataset = NULL;
    oc__entry *entries = NULL;
    size_t n = 0;
    oc_status status = oc__dataset_create(&dataset, context, err);
    if (!status) status = oc__folder_list(&entries, &n, context, path, err);
    for (size_t i = 0; i < n && !status; i++) {
        char *inner = oc__path_join(context, path, entries[i].name);
        if (!inner) status = oc__fail_nomem(err, context, strlen(path) + strlen(entries[i].name), path);
        else if (entries[i].is_folder) status = add_tag_folder(dataset, inner, entries[i].name, err);
        else status = oc__dataset_add_note(dataset, inner, "lies beside the tags' folders, so it has no tag", err);
        oc__free(context, inner);
    }
    oc__entries_free(entries, n, context);
    if (!status && dataset->n_samples == 0)
        status = oc__fail(err, OC_E_DATA, "%s: no pictures; expected a folder with one sub-folder of pictures per tag", path);
    if (status) oc__dataset_free(dataset);
    else *out = dataset;
    return status;
}
