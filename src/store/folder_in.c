/* Adding a folder of pictures. SPDX-License-Identifier: MIT */
#include <string.h>

#include "database.h"
#include "file.h"
#include "memory.h"
#include "text.h"

#define BATCH 200 /* pictures in one change */

typedef struct walk {
    oc_project *project;
    oc__progress *progress;
    const oc_labels *labels;
    oc_folder_summary done, doing; /* what lasts, and what belongs to the change under way */
    size_t n_in_change;
    bool open; /* a change is under way */
} walk;

static oc_status end_batch(walk *w, oc_status status, oc_error *err) {
    if (!w->open) return status;
    w->open = false;
    status = oc__change_end(w->project, status, err);
    if (!status) {
        w->done.n_added += w->doing.n_added;
        w->done.n_duplicates += w->doing.n_duplicates;
        if (!oc__progress_step(w->progress, w->n_in_change, 0)) status = oc__progress_status(w->progress, err);
    }
    w->doing = (oc_folder_summary){0};
    w->n_in_change = 0;
    return status;
}

/* Failures of one picture; all others end the whole. */
static bool is_pictures_own(oc_status status) {
    return status == OC_E_FORMAT || status == OC_E_CORRUPT || status == OC_E_UNSUPPORTED || status == OC_E_LIMIT ||
           status == OC_E_NOT_FOUND;
}

static oc_status add_file(walk *w, const char *path, const char *tag, oc_error *err) {
    const char *tags[101];
    oc_labels labels = *w->labels;
    oc_addition addition = OC_ADDITION_INIT;
    oc_error reason = OC_ERROR_INIT;
    oc_image image = OC_IMAGE_INIT;
    if (tag) {
        for (uint32_t i = 0; i < labels.n_tags; i++) tags[i] = labels.tags[i];
        tags[labels.n_tags++] = tag;
        labels.tags = tags;
    }
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = w->open ? OC_OK : oc__change_begin(w->project, err);
    if (status) return status;
    w->open = true;
    status = oc__project_add_picture(&addition, w->project, &image, &labels, &reason);
    w->n_in_change++;
    if (is_pictures_own(status)) {
        w->done.n_skipped++;
        oc__log(w->project->context, OC_LOG_WARNING, "%s; passed over", reason.message);
    } else if (status) {
        return oc__fail(err, status, "%s", reason.message);
    } else if (addition.duplicate) {
        w->doing.n_duplicates++;
    } else {
        w->doing.n_added++;
    }
    return w->n_in_change >= BATCH ? end_batch(w, OC_OK, err) : OC_OK;
}

static oc_status add_all(walk *w, const char *path, const oc__entry *entries, size_t n, const char *tag, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        if (entries[i].is_folder) continue;
        char *file = oc__path_join(w->project->context, path, entries[i].name);
        status = file ? add_file(w, file, tag, err) : oc__fail_nomem(err, w->project->context, strlen(path), path);
        oc__free(w->project->context, file);
    }
    return status;
}

static oc_status add_tag_folder(walk *w, const char *path, const char *name, bool tagged, oc_error *err) {
    oc_context *context = w->project->context;
    oc__entry *entries = NULL;
    size_t n = 0;
    char *inner = oc__path_join(context, path, name);
    if (!inner) return oc__fail_nomem(err, context, strlen(path), path);
    oc_status status =
        tagged && !oc__tag_valid(name) ? oc__fail(err, OC_E_DATA, "%s: the folder's name cannot be a tag", inner) : OC_OK;
    if (!status) status = oc__folder_list(&entries, &n, context, inner, err);
    if (!status) status = add_all(w, inner, entries, n, tagged ? name : NULL, err);
    oc__entries_free(entries, n, context);
    oc__free(context, inner);
    return status;
}

oc_status oc__project_add_folder(oc_folder_summary *summary, oc_project *project, const char *path, const oc_labels *labels,
                                 oc__progress *progress, oc_error *err) {
    walk w = {.project = project, .progress = progress, .labels = labels};
    oc__entry *entries = NULL;
    size_t n = 0;
    uint32_t kind = 0;
    if (labels->n_tags > 100) return oc__fail(err, OC_E_ARGUMENT, "oc_labels: n_tags is %u, at most 100", labels->n_tags);
    oc_status status = oc__project_kind(&kind, project, err);
    if (!status) status = oc__folder_list(&entries, &n, project->context, path, err);
    oc__progress_stage(progress, "adding", 0, 1, n + 1);
    if (!status) status = add_all(&w, path, entries, n, NULL, err);
    for (size_t i = 0; i < n && !status; i++)
        if (entries[i].is_folder) status = add_tag_folder(&w, path, entries[i].name, kind != OC_PROJECT_DETECTION, err);
    status = end_batch(&w, status, err);
    oc__entries_free(entries, n, project->context);
    w.done.struct_size = sizeof w.done;
    *summary = w.done;
    return status;
}
