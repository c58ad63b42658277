/* Checking a project, and mending what can be mended. SPDX-License-Identifier: MIT
 *
 * First the database by itself; then every file that it names; then every file that is there. Without repair the lock of the
 * writer is held only for the last, which is quick: a file that is just being added must not be taken for one that was left
 * over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contents.h"
#include "database.h"
#include "file.h"
#include "hash.h"
#include "memory.h"

typedef struct check {
    oc_project *project;
    oc_problem_list *list;
    oc__progress *progress;
    bool repair, forget;
    oc__known_file *files;
    size_t n_files;
} check;

static oc_status report(check *c, uint32_t kind, const char *picture, bool repaired, oc_error *err, const char *format, ...)
    OC__PRINTF(6, 7);

static oc_status report(check *c, uint32_t kind, const char *picture, bool repaired, oc_error *err, const char *format, ...) {
    oc_problem_list *list = c->list;
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if ((size_t)length >= sizeof message) oc__cut_text(message, sizeof message - 1);
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, list->strings.context, err);
    if (status) return status;
    oc_problem problem = {sizeof problem, kind, repaired, oc__strings_add(&list->strings, picture),
                          oc__strings_add(&list->strings, message)};
    if (!problem.picture || !problem.message) return oc__fail_nomem(err, list->strings.context, sizeof message, "problems");
    list->items[list->n++] = problem;
    return OC_OK;
}

/* --- the database --- */

/* Rows that should not be there, or say what is not so, and how that is mended. */
static const struct {
    const char *find, *message, *mend;
} rules[] = {
    {"SELECT count(*) FROM picture_tags WHERE picture NOT IN (SELECT seq FROM pictures) OR tag NOT IN (SELECT seq FROM tags)",
     "marks of pictures or tags that do not exist",
     "DELETE FROM picture_tags WHERE picture NOT IN (SELECT seq FROM pictures) OR tag NOT IN (SELECT seq FROM tags)"},
    {"SELECT count(*) FROM regions WHERE picture NOT IN (SELECT seq FROM pictures) OR tag NOT IN (SELECT seq FROM tags)",
     "regions of pictures or tags that do not exist",
     "DELETE FROM regions WHERE picture NOT IN (SELECT seq FROM pictures) OR tag NOT IN (SELECT seq FROM tags)"},
    {"SELECT count(*) FROM metadata WHERE picture NOT IN (SELECT seq FROM pictures)", "metadata of pictures that do not exist",
     "DELETE FROM metadata WHERE picture NOT IN (SELECT seq FROM pictures)"},
    {"SELECT count(*) FROM prediction_tags WHERE prediction NOT IN (SELECT seq FROM predictions)",
     "answers of predictions that do not exist",
     "DELETE FROM prediction_tags WHERE prediction NOT IN (SELECT seq FROM predictions)"},
    {"SELECT count(*) FROM predictions WHERE iteration NOT IN (SELECT seq FROM iterations)",
     "predictions of iterations that do not exist",
     "DELETE FROM predictions WHERE iteration NOT IN (SELECT seq FROM iterations)"},
    {"SELECT count(*) FROM version_pictures WHERE version NOT IN (SELECT seq FROM versions)",
     "pictures of data versions that do not exist",
     "DELETE FROM version_pictures WHERE version NOT IN (SELECT seq FROM versions)"},
    {"SELECT count(*) FROM (SELECT DISTINCT picture, tag FROM regions WHERE kind = 1 EXCEPT SELECT picture, tag FROM "
     "picture_tags)",
     "pictures without the tag of one of their regions",
     "INSERT INTO picture_tags(picture, tag) SELECT DISTINCT picture, tag FROM regions WHERE kind = 1"
     " EXCEPT SELECT picture, tag FROM picture_tags"},
    {"SELECT count(*) FROM picture_tags x WHERE (SELECT kind FROM project) = 3 AND NOT EXISTS(SELECT 1 FROM regions r WHERE"
     " r.picture = x.picture AND r.tag = x.tag AND r.kind = 1)",
     "pictures with a tag that none of their regions has",
     "DELETE FROM picture_tags WHERE NOT EXISTS(SELECT 1 FROM regions r WHERE r.picture = picture_tags.picture AND"
     " r.tag = picture_tags.tag AND r.kind = 1)"},
    {"SELECT count(*) FROM pictures p WHERE n_tags <> (SELECT count(*) FROM picture_tags WHERE picture = p.seq)",
     "pictures whose number of tags is wrong",
     "UPDATE pictures SET n_tags = (SELECT count(*) FROM picture_tags WHERE picture = pictures.seq)"},
    {"SELECT count(*) FROM pictures p WHERE n_regions <> (SELECT count(*) FROM regions WHERE picture = p.seq AND kind = 1)",
     "pictures whose number of regions is wrong",
     "UPDATE pictures SET n_regions = (SELECT count(*) FROM regions WHERE picture = pictures.seq AND kind = 1)"},
};

static oc_status check_rules(check *c, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !status; i++) {
        int64_t n = 0;
        status = oc__db_integer(&n, c->project, err, rules[i].find, "");
        if (status || n == 0) continue;
        if (c->repair) status = oc__db_run(c->project, err, rules[i].mend, "");
        if (!status)
            status = report(c, OC_PROBLEM_DATABASE, "", c->repair, err, "project.db: %lld %s", (long long)n, rules[i].message);
    }
    return status;
}

static oc_status check_database(check *c, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, c->project, err, "PRAGMA integrity_check(100)", "");
    while (!status && !(status = oc__db_step(&row, statement, c->project, err)) && row)
        if (strcmp(oc__db_text(statement, 0), "ok") != 0)
            status = report(c, OC_PROBLEM_DATABASE, "", false, err, "project.db: %s", oc__db_text(statement, 0));
    sqlite3_finalize(statement);
    return status ? status : check_rules(c, err);
}

/* --- files that the database names --- */

/* What a file is: good, OC_PROBLEM_MISSING or OC_PROBLEM_CHANGED. `actual` is the hash of what it holds, "" if it was not read.
 */
static oc_status look_at(uint32_t *problem, char actual[65], check *c, const char *path, const oc__known_file *file,
                         oc_error *err) {
    oc_context *context = c->project->context;
    uint8_t *data = NULL;
    uint64_t size = 0;
    size_t n = 0;
    actual[0] = 0;
    *problem = OC_PROBLEM_MISSING;
    oc_status status = oc__file_size(&size, context, path, err);
    if (status == OC_E_NOT_FOUND) return OC_OK;
    *problem = OC_PROBLEM_CHANGED;
    if (status || (file->n_bytes >= 0 && size != (uint64_t)file->n_bytes)) return status;
    status = oc__file_read(&data, &n, context, path, size, "the size that it had a moment ago", err);
    if (!status) oc__sha256_of(actual, data, n);
    oc__free(context, data);
    if (!status && strcmp(actual, file->item.hash) == 0) *problem = 0;
    return status;
}

static char *lost_path(check *c, const char *name) {
    char *folder = oc__path_join(c->project->context, c->project->folder, OC__LOST);
    char *path = folder ? oc__path_join(c->project->context, folder, name) : NULL;
    oc__free(c->project->context, folder);
    return path;
}

/* Moves a file to the folder "lost"; one of its name there gives way. */
static oc_status lose(check *c, const char *path, const char *name, oc_error *err) {
    oc_context *context = c->project->context;
    char *folder = oc__path_join(context, c->project->folder, OC__LOST), *to = lost_path(c, name);
    oc_status status = folder && to ? oc__folder_make(context, folder, err) : oc__fail_nomem(err, context, strlen(path), path);
    if (!status && context->files->rename(path, to) != 0)
        status = oc__fail_errno(err, errno, path, "move to the folder 'lost'");
    oc__free(context, folder);
    oc__free(context, to);
    return status;
}

/* Brings a file back from the folder "lost", if it is there and whole. */
static oc_status find_again(bool *found, check *c, const char *path, const oc__known_file *file, oc_error *err) {
    oc_context *context = c->project->context;
    char name[80], actual[65];
    uint32_t problem = OC_PROBLEM_MISSING;
    *found = false;
    snprintf(name, sizeof name, "%s%s", file->item.hash, file->item.ending);
    char *from = lost_path(c, name), *folder = oc__strdup(context, path);
    oc_status status =
        from && folder ? look_at(&problem, actual, c, from, file, err) : oc__fail_nomem(err, context, strlen(path), path);
    if (!status && problem == 0) {
        *strrchr(folder, '/') = 0;
        status = oc__folder_make(context, folder, err);
        if (!status && context->files->rename(from, path) != 0) status = oc__fail_errno(err, errno, from, "move back");
        if (!status) status = oc__folder_sync(context, folder, err);
        *found = !status;
    }
    oc__free(context, from);
    oc__free(context, folder);
    return status;
}

/* The identifier of the picture that has the file; "" if none has (but a version, a prediction or an iteration). */
static oc_status owner_of(char id[OC_ID_SIZE], check *c, const char *hash, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    id[0] = 0;
    oc_status status = oc__db_query(&statement, c->project, err, "SELECT id FROM pictures WHERE hash = ?", "t", hash);
    if (!status) status = oc__db_step(&row, statement, c->project, err);
    if (row) snprintf(id, OC_ID_SIZE, "%s", oc__db_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

static oc_status tell_file(check *c, uint32_t problem, const char *path, const oc__known_file *file, oc_error *err) {
    char id[OC_ID_SIZE];
    bool found = false, forgotten = false;
    oc_status status = owner_of(id, c, file->item.hash, err);
    if (!status && c->repair && problem == OC_PROBLEM_CHANGED) {
        char name[96];
        snprintf(name, sizeof name, "changed-%s%s", file->item.hash, file->item.ending);
        status = lose(c, path, name, err);
    }
    if (!status && c->repair) status = find_again(&found, c, path, file, err);
    if (!status && !found && c->forget) {
        status = oc__db_run(c->project, err, "DELETE FROM pictures WHERE hash = ?", "t", file->item.hash);
        if (!status) status = oc__db_run(c->project, err, "DELETE FROM predictions WHERE hash = ?", "t", file->item.hash);
        if (!status) status = oc__db_run(c->project, err, "DELETE FROM iterations WHERE model = ?", "t", file->item.hash);
        forgotten = !status && !oc__contents_used(c->project, file->item.hash);
    }
    return status ? status
                  : report(c, problem, id, found || forgotten, err, "%s: %s%s", path + strlen(c->project->folder) + 1,
                           problem == OC_PROBLEM_MISSING ? "is not there" : "has been changed",
                           found       ? "; it was found again in the folder 'lost'"
                           : forgotten ? "; what it belonged to was removed"
                                       : "");
}

static oc_status check_file(check *c, const oc__known_file *file, oc_error *err) {
    char actual[65];
    uint32_t problem = 0;
    char *path = oc__contents_path(c->project, file->item.hash, file->item.ending);
    oc_status status =
        path ? look_at(&problem, actual, c, path, file, err) : oc__fail_nomem(err, c->project->context, 80, "verifying");
    /* Without the writer's lock the picture may have been deleted since it was listed. */
    if (!status && problem && oc__contents_used(c->project, file->item.hash)) status = tell_file(c, problem, path, file, err);
    oc__free(c->project->context, path);
    return status;
}

static oc_status check_files(check *c, oc_error *err) {
    oc_status status = oc__contents_all(&c->files, &c->n_files, c->project, err);
    oc__progress_stage(c->progress, "verifying", 0.05, 0.95, c->n_files + 1);
    for (size_t i = 0; i < c->n_files && !status; i++) {
        status = check_file(c, &c->files[i], err);
        if (!status && !oc__progress_step(c->progress, 1, 0)) status = oc__progress_status(c->progress, err);
    }
    return status;
}

/* --- files that are there --- */

/* Whether a name is that of the file of these 64 digits, which it then writes to `hash`. */
static bool names_hash(char hash[65], const char *name) {
    if (strspn(name, "0123456789abcdef") != 64 || name[64] != '.' || strchr(name + 65, '.')) return false;
    memcpy(hash, name, 64);
    hash[64] = 0;
    return true;
}

static oc_status check_entry(check *c, const char *folder, const char *name, oc_error *err) {
    oc_context *context = c->project->context;
    char hash[65];
    bool unfinished = strstr(name, ".new-") != NULL;
    if (names_hash(hash, name) && oc__contents_used(c->project, hash)) return OC_OK;
    char *path = oc__path_join(context, folder, name);
    oc_status status = path ? OC_OK : oc__fail_nomem(err, context, strlen(folder), folder);
    if (!status && c->repair && unfinished && context->files->unlink(path) != 0)
        status = oc__fail_errno(err, errno, path, "remove");
    if (!status && c->repair && !unfinished) status = lose(c, path, name, err);
    if (!status)
        status = report(c, unfinished ? OC_PROBLEM_UNFINISHED : OC_PROBLEM_LEFT_OVER, "", c->repair, err, "%s: %s%s",
                        path + strlen(c->project->folder) + 1, unfinished ? "was not written to its end" : "belongs to nothing",
                        !c->repair   ? ""
                        : unfinished ? "; it was removed"
                                     : "; it was moved to the folder 'lost'");
    oc__free(context, path);
    return status;
}

static oc_status check_folder(check *c, const char *folder, bool outer, oc_error *err) {
    oc_context *context = c->project->context;
    oc__entry *entries = NULL;
    size_t n = 0;
    oc_status status = oc__folder_list(&entries, &n, context, folder, err);
    for (size_t i = 0; i < n && !status; i++) {
        char *inner = outer && entries[i].is_folder ? oc__path_join(context, folder, entries[i].name) : NULL;
        if (!(outer && entries[i].is_folder))
            status = check_entry(c, folder, entries[i].name, err);
        else
            status = inner ? check_folder(c, inner, false, err) : oc__fail_nomem(err, context, strlen(folder), folder);
        oc__free(context, inner);
    }
    oc__entries_free(entries, n, context);
    return status;
}

static oc_status check_left_over(check *c, oc_error *err) {
    char *folder = oc__path_join(c->project->context, c->project->folder, OC__FILES);
    if (!folder) return oc__fail_nomem(err, c->project->context, strlen(c->project->folder), c->project->folder);
    oc_status status = oc__change_begin(c->project, err);
    if (!status) status = oc__change_end(c->project, oc__path_exists(folder) ? check_folder(c, folder, true, err) : OC_OK, err);
    oc__free(c->project->context, folder);
    return status;
}

oc_status oc__project_verify(oc_problem_list **out, oc_project *project, uint32_t flags, oc__progress *progress,
                             oc_error *err) {
    check c = {
        .project = project, .progress = progress, .repair = flags & OC_VERIFY_REPAIR, .forget = flags & OC_VERIFY_FORGET};
    if (flags > (OC_VERIFY_REPAIR | OC_VERIFY_FORGET) || flags == OC_VERIFY_FORGET)
        return oc__fail(err, OC_E_ARGUMENT, "flags is %u, expected 0 or a sum of OC_VERIFY_... with OC_VERIFY_REPAIR", flags);
    if (!(c.list = oc__alloc_zero(project->context, sizeof *c.list)))
        return oc__fail_nomem(err, project->context, sizeof *c.list, "problems");
    c.list->strings.context = oc__context_retain(project->context);
    oc__progress_stage(progress, "verifying the database", 0, 0.05, 1);
    oc_status status = c.repair ? oc__change_begin(project, err) : OC_OK;
    if (status) goto done;
    status = check_database(&c, err);
    if (!status) status = check_files(&c, err);
    if (!status) status = check_left_over(&c, err);
    if (c.repair) status = oc__change_end(project, status, err);
done:
    oc__free(project->context, c.files);
    if (status)
        oc__problem_list_free(c.list);
    else
        *out = c.list;
    return status;
}

void oc__problem_list_free(oc_problem_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}
