/* The files of pictures and models. SPDX-License-Identifier: MIT */
#include "contents.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "database.h"
#include "file.h"
#include "memory.h"

char *oc__contents_path(const oc_project *project, const char *hash, const char *ending) {
    size_t room = strlen(project->folder) + strlen(hash) + strlen(ending) + sizeof OC__FILES + 8;
    char *path = oc__alloc(project->context, room);
    if (path) snprintf(path, room, "%s/" OC__FILES "/%.2s/%s%s", project->folder, hash, hash, ending);
    return path;
}

bool oc__contents_hash(char hash[65], const oc_project *project, const char *path) {
    size_t folder = strlen(project->folder);
    const char *name = path + folder + sizeof "/" OC__FILES "/ab";
    if (strncmp(path, project->folder, folder) != 0 || strncmp(path + folder, "/" OC__FILES "/", sizeof OC__FILES + 1) != 0)
        return false;
    if (strlen(path) < folder + sizeof "/" OC__FILES "/ab" + 64 || strspn(name, "0123456789abcdef") != 64) return false;
    memcpy(hash, name, 64);
    hash[64] = 0;
    return true;
}

const char *oc__contents_ending(const uint8_t *data, size_t size) {
    if (!oc__is_picture(data, size)) return NULL;
    return data[0] == 0xFF ? ".jpg" : data[0] == 0x89 ? ".png" : data[0] == 'B' ? ".bmp" : ".gif";
}

static oc_status remember(oc_project *project, oc__contents_list *list, const char *hash, const char *ending, oc_error *err) {
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, project->context, err);
    if (status) return status;
    oc__contents_item *item = &list->items[list->n++];
    snprintf(item->hash, sizeof item->hash, "%s", hash);
    snprintf(item->ending, sizeof item->ending, "%s", ending);
    return OC_OK;
}

oc_status oc__contents_put(oc_project *project, const char *hash, const char *ending, const void *data, size_t size, bool known,
                           oc_error *err) {
    oc_context *context = project->context;
    char *path = oc__contents_path(project, hash, ending), *slash = path ? strrchr(path, '/') : NULL;
    uint64_t present = 0;
    oc_status status = OC_OK;
    if (!path) return oc__fail_nomem(err, context, strlen(project->folder) + 80, "a file");
    if (oc__file_size(&present, context, path, NULL) == OC_OK && present == size) goto done; /* it lies there already */
    *slash = 0;
    status = oc__folder_make(context, path, err);
    *slash = '/';
    if (!status && !known) status = remember(project, &project->fresh, hash, ending, err);
    if (!status) status = oc__file_put(context, path, data, size, err);
    if (!status) project->unsynced[(size_t)strtoul((char[]){hash[0], hash[1], 0}, NULL, 16)] = true;
done:
    oc__free(context, path);
    return status;
}

oc_status oc__contents_drop(oc_project *project, const char *hash, const char *ending, oc_error *err) {
    return remember(project, &project->dropped, hash, ending, err);
}

static void forget(oc_project *project) {
    project->fresh.n = project->dropped.n = 0;
    memset(project->unsynced, 0, sizeof project->unsynced);
}

static void unlink_item(oc_project *project, const oc__contents_item *item) {
    char *path = oc__contents_path(project, item->hash, item->ending);
    if (path) project->context->files->unlink(path); /* what stays is found by oc__project_verify */
    oc__free(project->context, path);
}

bool oc__contents_used(oc_project *project, const char *hash) {
    int64_t used = 0;
    return oc__db_integer(&used, project, NULL,
                          "SELECT EXISTS(SELECT 1 FROM pictures WHERE hash = ?1) OR"
                          " EXISTS(SELECT 1 FROM version_pictures WHERE hash = ?1) OR"
                          " EXISTS(SELECT 1 FROM predictions WHERE hash = ?1) OR"
                          " EXISTS(SELECT 1 FROM iterations WHERE model = ?1)",
                          "t", hash) != OC_OK ||
           used != 0;
}

oc_status oc__contents_all(oc__known_file **out, size_t *n, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    size_t capacity = 0;
    bool row = false;
    *out = NULL;
    *n = 0;
    oc_status status =
        oc__db_query(&statement, project, err,
                     "SELECT hash, ending, max(n_bytes) FROM (SELECT hash, ending, n_bytes FROM pictures UNION ALL"
                     " SELECT hash, ending, -1 FROM version_pictures UNION ALL SELECT hash, ending, -1 FROM"
                     " predictions UNION ALL SELECT model, '.ocm', n_bytes FROM iterations) GROUP BY hash",
                     "");
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(out, &capacity, *n, sizeof **out, project->context, err);
        if (status) break;
        oc__known_file *file = &(*out)[(*n)++];
        snprintf(file->item.hash, sizeof file->item.hash, "%s", oc__db_text(statement, 0));
        snprintf(file->item.ending, sizeof file->item.ending, "%s", oc__db_text(statement, 1));
        file->n_bytes = sqlite3_column_int64(statement, 2);
    }
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__contents_settle(oc_project *project, oc_error *err) {
    size_t room = strlen(project->folder) + sizeof OC__FILES + 8;
    oc_status status = OC_OK;
    bool any = false;
    for (size_t i = 0; i < project->fresh.n; i++) /* put in a part of the change that was undone */
        if (!oc__contents_used(project, project->fresh.items[i].hash)) unlink_item(project, &project->fresh.items[i]);
    char *folder = oc__alloc(project->context, room);
    if (!folder) return oc__fail_nomem(err, project->context, room, project->folder);
    for (unsigned i = 0; i < 256 && !status; i++) {
        if (!project->unsynced[i]) continue;
        snprintf(folder, room, "%s/" OC__FILES "/%02x", project->folder, i);
        status = oc__folder_sync(project->context, folder, err);
        any = true;
    }
    snprintf(folder, room, "%s/" OC__FILES, project->folder);
    if (any && !status) status = oc__folder_sync(project->context, folder, err);
    oc__free(project->context, folder);
    return status;
}

void oc__contents_undo(oc_project *project) {
    /* The lock that only one writer has is still held (unless SQLite gave it up on a failure: then what lies there is left for
     * oc__project_verify, since another program may have begun to use it). */
    if (!sqlite3_get_autocommit(project->db))
        for (size_t i = 0; i < project->fresh.n; i++) unlink_item(project, &project->fresh.items[i]);
    forget(project);
}

void oc__contents_sweep(oc_project *project) {
    /* Under the writer's lock again, so that no other program is just now adding the same bytes anew. */
    if (project->dropped.n && oc__db_script(project, "BEGIN IMMEDIATE", NULL) == OC_OK) {
        for (size_t i = 0; i < project->dropped.n; i++)
            if (!oc__contents_used(project, project->dropped.items[i].hash)) unlink_item(project, &project->dropped.items[i]);
        sqlite3_exec(project->db, "ROLLBACK", NULL, NULL, NULL);
    }
    forget(project);
}
