/* Iterations: models that were trained on a project, and all that is known of them. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "contents.h"
#include "database.h"
#include "hash.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

/* OC_E_ARGUMENT, or OC_E_STATE if an iteration other than `self` goes by the name, which must be unique over names and what is
 * published. */
static oc_status check_name(oc_project *project, const char *name, int64_t self, oc_error *err) {
    int64_t n = 0;
    if (!oc__tag_valid(name) || oc__uuid_valid(name))
        return oc__fail(err, OC_E_ARGUMENT,
                        "an iteration's name must be UTF-8 of 1 to 256 bytes without control characters, and not of the form of"
                        " an identifier");
    oc_status status =
        oc__db_integer(&n, project, err, "SELECT count(*) FROM iterations WHERE (name = ?1 OR published = ?1) AND seq <> ?2",
                       "ti", name, self);
    if (status || n == 0) return status;
    return oc__fail(err, OC_E_STATE, "%s: another iteration goes by the name '%s'", project->folder, name);
}

/* "Iteration N" with the first N that is free from the number of iterations there have been. */
static oc_status default_name(char name[64], oc_project *project, oc_error *err) {
    int64_t n = 0, taken = 1;
    oc_status status = oc__db_integer(&n, project, err, "SELECT coalesce(max(seq), 0) FROM iterations", "");
    while (!status && taken) {
        snprintf(name, 64, "Iteration %lld", (long long)++n);
        status = oc__db_integer(&taken, project, err, "SELECT count(*) FROM iterations WHERE name = ?1 OR published = ?1", "t",
                                name);
    }
    return status;
}

static oc_status insert(int64_t *seq, oc_project *project, const oc__new_iteration *i, const char *hash, const char *name,
                        oc_error *err) {
    char id[OC_ID_SIZE], now[21];
    oc__utc_now(now);
    oc_status status = oc__uuid_create(id, err);
    if (!status)
        status =
            oc__db_run(project, err,
                       "INSERT INTO iterations(id, name, created, seconds, version, settings, library, model, n_bytes, method,"
                       " n_measured, accuracy, precision, recall, average_precision, log)"
                       " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                       "tttditttiiiddddt", id, name, now, i->seconds, i->version, i->settings, oc_version_string(), hash,
                       (int64_t)i->n_bytes, (int64_t)i->method, (int64_t)i->n_measured, i->accuracy, i->precision, i->recall,
                       i->average_precision, i->log);
    if (!status) *seq = sqlite3_last_insert_rowid(project->db);
    return status;
}

static oc_status add(int64_t *seq, oc_project *project, const oc__new_iteration *iteration, oc_error *err) {
    char hash[65], name[64];
    oc_status status = iteration->name ? check_name(project, iteration->name, -1, err) : default_name(name, project, err);
    if (status) return status;
    oc__sha256_of(hash, iteration->model, iteration->n_bytes);
    bool known = oc__contents_used(project, hash);
    status = oc__contents_put(project, hash, ".ocm", iteration->model, iteration->n_bytes, known, err);
    return status ? status : insert(seq, project, iteration, hash, iteration->name ? iteration->name : name, err);
}

oc_status oc__project_add_iteration(int64_t *seq, oc_project *project, const oc__new_iteration *iteration, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, add(seq, project, iteration, err), err);
}

oc_status oc__project_same_iteration(int64_t *seq, oc_project *project, int64_t version, const char *settings, oc_error *err) {
    *seq = -1;
    return oc__db_integer(seq, project, err,
                          "SELECT seq FROM iterations WHERE version = ? AND settings = ? ORDER BY seq DESC LIMIT 1", "it",
                          version, settings);
}

oc_status oc__project_find_iteration(int64_t *seq, oc_project *project, const char *iteration, oc_error *err) {
    *seq = -1;
    oc_status status =
        iteration
            ? oc__db_integer(seq, project, err,
                             "SELECT seq FROM iterations WHERE published = ?1 OR name = ?1 OR id = lower(?1)", "t", iteration)
            : oc__db_integer(seq, project, err, "SELECT seq FROM iterations ORDER BY chosen DESC, seq DESC LIMIT 1", "");
    if (status || *seq >= 0) return status;
    return iteration ? oc__fail(err, OC_E_NOT_FOUND, "%s: there is no iteration '%s'", project->folder, iteration)
                     : oc__fail(err, OC_E_NOT_FOUND, "%s: nothing has been trained yet", project->folder);
}

oc_status oc__project_iteration_version(int64_t *version, oc_project *project, const char *iteration, oc_error *err) {
    int64_t seq;
    oc_status status = oc__project_find_iteration(&seq, project, iteration, err);
    return status ? status : oc__db_integer(version, project, err, "SELECT version FROM iterations WHERE seq = ?", "i", seq);
}

/* --- lists --- */

static const char *keep(oc_iteration_list *list, sqlite3_stmt *row, int column, bool *failed) {
    const char *text = oc__strings_add(&list->strings, oc__db_text(row, column));
    *failed = *failed || !text;
    return text;
}

static oc_status add_row(oc_iteration_list *list, sqlite3_stmt *row, oc_project *project, oc_error *err) {
    oc_context *context = list->strings.context;
    bool failed = false;
    oc_iteration i = OC_ITERATION_INIT;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    if (status) return status;
    i.id = keep(list, row, 0, &failed);
    i.name = keep(list, row, 1, &failed);
    i.published = keep(list, row, 2, &failed);
    i.created = keep(list, row, 3, &failed);
    i.version = keep(list, row, 4, &failed);
    i.settings = keep(list, row, 5, &failed);
    i.library = keep(list, row, 6, &failed);
    i.log = keep(list, row, 7, &failed);
    i.sha256 = keep(list, row, 8, &failed);
    char *path = oc__contents_path(project, oc__db_text(row, 8), ".ocm");
    i.path = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(context, path);
    if (failed || !i.path) return oc__fail_nomem(err, context, 4096, "iterations");
    i.n_bytes = (uint64_t)sqlite3_column_int64(row, 9);
    i.n_pictures = (uint64_t)sqlite3_column_int64(row, 10);
    i.n_measured = (uint64_t)sqlite3_column_int64(row, 11);
    i.method = (uint32_t)sqlite3_column_int64(row, 12);
    i.is_default = (uint32_t)sqlite3_column_int64(row, 13);
    i.seconds = sqlite3_column_double(row, 14);
    i.accuracy = sqlite3_column_double(row, 15);
    i.precision = sqlite3_column_double(row, 16);
    i.recall = sqlite3_column_double(row, 17);
    i.average_precision = sqlite3_column_double(row, 18);
    list->items[list->n++] = i;
    return OC_OK;
}

oc_status oc__project_iterations(oc_iteration_list **out, oc_project *project, int64_t seq, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_iteration_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "iterations");
    list->strings.context = oc__context_retain(project->context);
    oc_status status = oc__db_query(
        &statement, project, err,
        "SELECT i.id, i.name, i.published, i.created, v.id, i.settings, i.library, i.log, i.model, i.n_bytes, v.n_pictures,"
        " i.n_measured, i.method, i.chosen, i.seconds, i.accuracy, i.precision, i.recall, i.average_precision"
        " FROM iterations i JOIN versions v ON v.seq = i.version WHERE ?1 < 0 OR i.seq = ?1 ORDER BY i.seq",
        "i", seq);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        status = add_row(list, statement, project, err);
    sqlite3_finalize(statement);
    if (status)
        oc__iteration_list_free(list);
    else
        *out = list;
    return status;
}

void oc__iteration_list_free(oc_iteration_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}

/* --- changes --- */

oc_status oc__project_choose_iteration(oc_project *project, const char *iteration, oc_error *err) {
    int64_t seq = -1;
    oc_status status = oc__change_begin(project, err);
    if (status) return status;
    if (iteration) status = oc__project_find_iteration(&seq, project, iteration, err);
    if (!status) status = oc__db_run(project, err, "UPDATE iterations SET chosen = 0 WHERE chosen = 1", "");
    if (!status) status = oc__db_run(project, err, "UPDATE iterations SET chosen = 1 WHERE seq = ?", "i", seq);
    return oc__change_end(project, status, err);
}

oc_status oc__project_publish_iteration(oc_project *project, const char *iteration, const char *name, oc_error *err) {
    int64_t seq;
    oc_status status = oc__change_begin(project, err);
    if (status) return status;
    status = oc__project_find_iteration(&seq, project, iteration, err);
    if (!status && name) status = check_name(project, name, seq, err);
    if (!status) status = oc__db_run(project, err, "UPDATE iterations SET published = ? WHERE seq = ?", "ti", name, seq);
    return oc__change_end(project, status, err);
}

static oc_status drop_predictions(oc_project *project, int64_t iteration, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT hash, ending FROM predictions WHERE iteration = ?", "i", iteration);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        if ((status = oc__contents_drop(project, oc__db_text(statement, 0), oc__db_text(statement, 1), err))) break;
    sqlite3_finalize(statement);
    return status;
}

static oc_status delete_it(oc_project *project, const char *iteration, oc_error *err) {
    oc_iteration_list *list = NULL;
    int64_t seq, version = -1;
    oc_status status = oc__project_find_iteration(&seq, project, iteration, err);
    if (!status) status = oc__project_iterations(&list, project, seq, err);
    if (!status && list->items[0].published[0])
        status = oc__fail(err, OC_E_STATE, "%s: '%s' is published as '%s'; unpublish it first", project->folder,
                          list->items[0].name,
                          list->items[0].published);
    if (!status) status = oc__project_iteration_version(&version, project, iteration, err);
    if (!status) status = drop_predictions(project, seq, err);
    if (!status) status = oc__contents_drop(project, list->items[0].sha256, ".ocm", err);
    if (!status) status = oc__db_run(project, err, "DELETE FROM iterations WHERE seq = ?", "i", seq);
    if (!status) status = oc__version_release(project, version, err);
    oc__iteration_list_free(list);
    return status;
}

oc_status oc__project_delete_iteration(oc_project *project, const char *iteration, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, delete_it(project, iteration, err), err);
}
