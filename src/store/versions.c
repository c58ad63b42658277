/* Data versions: what there was to train on at some moment. SPDX-License-Identifier: MIT */
#include <string.h>

#include "clock.h"
#include "contents.h"
#include "database.h"
#include "hash.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

/* What a picture `p` bears, as JSON: names of tags, or [tag, left, top, width, height] for each box, in an order that depends
 * on these alone. */
#define LABELS                                                                                                                 \
    "CASE (SELECT kind FROM project) WHEN 3 THEN"                                                                              \
    " (SELECT json_group_array(json(b)) FROM (SELECT json_array(t.name, r.x, r.y, r.width, r.height) AS b FROM regions r"      \
    "  JOIN tags t ON t.seq = r.tag WHERE r.picture = p.seq AND r.kind = 1 ORDER BY 1))"                                       \
    " ELSE (SELECT json_group_array(name) FROM (SELECT t.name FROM picture_tags x JOIN tags t ON t.seq = x.tag"                \
    "  WHERE x.picture = p.seq ORDER BY 1)) END"

/* The SHA-256 of all that a version of now would say. */
static oc_status hash_of_now(char hash[65], int64_t *n, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    oc__sha256 sum;
    uint8_t digest[32];
    uint32_t kind;
    bool row = false;
    *n = 0;
    oc__sha256_begin(&sum);
    oc_status status = oc__project_kind(&kind, project, err);
    if (!status)
        status = oc__db_query(&statement, project, err,
                              "SELECT hash, split, " LABELS " FROM pictures p WHERE (n_tags > 0) = 1 ORDER BY hash", "");
    if (!status) oc__sha256_add(&sum, &(uint8_t){(uint8_t)kind}, 1);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        for (int i = 0; i < 3; i++) {
            const char *text = oc__db_text(statement, i);
            oc__sha256_add(&sum, text, strlen(text) + 1);
        }
        ++*n;
    }
    sqlite3_finalize(statement);
    oc__sha256_end(&sum, digest);
    oc__sha256_hex(hash, digest);
    return status;
}

/* Removes versions without a name that no iteration was trained on, from trainings that were interrupted long ago. */
static oc_status sweep(oc_project *project, oc_error *err) {
    int64_t seq;
    oc_status status;
    do {
        seq = -1;
        status = oc__db_integer(&seq, project, err,
                                "SELECT seq FROM versions WHERE name IS NULL AND seq NOT IN (SELECT version FROM iterations)"
                                " AND created < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-7 days')",
                                "");
        if (!status && seq >= 0) status = oc__version_release(project, seq, err);
    } while (!status && seq >= 0);
    return status;
}

oc_status oc__version_make(int64_t *seq, oc_project *project, oc_error *err) {
    char hash[65], id[OC_ID_SIZE], now[21];
    int64_t n = 0;
    *seq = -1;
    oc_status status = sweep(project, err);
    if (!status) status = hash_of_now(hash, &n, project, err);
    if (!status) status = oc__db_integer(seq, project, err, "SELECT seq FROM versions WHERE hash = ?", "t", hash);
    if (status || *seq >= 0) return status;
    oc__utc_now(now);
    status = oc__uuid_create(id, err);
    if (!status)
        status = oc__db_run(project, err,
                            "INSERT INTO versions(id, hash, kind, created, n_pictures) SELECT ?, ?, kind, ?, ? FROM project",
                            "ttti", id, hash, now, n);
    if (status) return status;
    *seq = sqlite3_last_insert_rowid(project->db);
    return oc__db_run(project, err,
                      "INSERT INTO version_pictures(version, hash, ending, name, split, labels)"
                      " SELECT ?, hash, ending, name, split, " LABELS " FROM pictures p WHERE (n_tags > 0) = 1",
                      "i", *seq);
}

oc_status oc__version_release(oc_project *project, int64_t seq, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    int64_t held = 0;
    bool row = false;
    oc_status status = oc__db_integer(&held, project, err,
                                      "SELECT v.name IS NOT NULL OR EXISTS(SELECT 1 FROM iterations i WHERE i.version = v.seq)"
                                      " FROM versions v WHERE v.seq = ?",
                                      "i", seq);
    if (status || held) return status;
    status = oc__db_query(&statement, project, err, "SELECT hash, ending FROM version_pictures WHERE version = ?", "i", seq);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        if ((status = oc__contents_drop(project, oc__db_text(statement, 0), oc__db_text(statement, 1), err))) break;
    sqlite3_finalize(statement);
    return status ? status : oc__db_run(project, err, "DELETE FROM versions WHERE seq = ?", "i", seq);
}

/* --- what is in one --- */

static oc_status add_tags(oc_picture_list *list, const char *labels, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT DISTINCT CASE type WHEN 'array' THEN json_extract(value, '$[0]') ELSE value END"
                                    " FROM json_each(?)",
                                    "t", labels);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(&list->tags, &list->tag_capacity, list->n_tags, sizeof *list->tags, project->context, err);
        if (status) break;
        const char *name = oc__strings_add(&list->strings, oc__db_text(statement, 0));
        if (!name)
            status = oc__fail_nomem(err, project->context, 4096, "pictures");
        else
            list->tags[list->n_tags++] = name;
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_boxes(oc_picture_list *list, const char *labels, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),"
                                    " json_extract(value, '$[3]'), json_extract(value, '$[4]') FROM json_each(?) WHERE type = 'array'",
                                    "t", labels);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(&list->box_tags, &list->box_tag_capacity, list->n_boxes, sizeof *list->box_tags, context, err);
        if (!status) status = oc__reserve(&list->boxes, &list->box_capacity, list->n_boxes, sizeof *list->boxes, context, err);
        if (status) break;
        const char *name = oc__strings_add(&list->strings, oc__db_text(statement, 0));
        if (!name) status = oc__fail_nomem(err, context, 4096, "pictures");
        list->box_tags[list->n_boxes] = name;
        for (int i = 0; i < 4; i++) list->boxes[list->n_boxes][i] = (float)sqlite3_column_double(statement, 1 + i);
        list->n_boxes++;
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_row(oc_picture_list *list, sqlite3_stmt *row, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    if (status) return status;
    oc__listed item = {OC_PICTURE_INFO_INIT, list->n_tags, list->n_pairs, list->n_boxes, 0};
    char *path = oc__contents_path(project, oc__db_text(row, 0), oc__db_text(row, 1));
    item.info.path = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(context, path);
    item.info.sha256 = oc__strings_add(&list->strings, oc__db_text(row, 0));
    item.info.name = oc__strings_add(&list->strings, oc__db_text(row, 2));
    item.info.split = oc__strings_add(&list->strings, oc__db_text(row, 3));
    item.info.id = item.info.added = "";
    if (!item.info.path || !item.info.sha256 || !item.info.name || !item.info.split)
        return oc__fail_nomem(err, context, 4096, "pictures");
    status = add_tags(list, oc__db_text(row, 4), project, err);
    if (!status) status = add_boxes(list, oc__db_text(row, 4), project, err);
    item.info.n_tags = (uint32_t)(list->n_tags - item.first_tag);
    item.n_boxes = list->n_boxes - item.first_box;
    list->items[list->n++] = item;
    return status;
}

/* Lists the rows of a query. */
static oc_status read_rows(oc_picture_list **out, sqlite3_stmt *statement, oc_project *project, oc_error *err) {
    bool row = false;
    oc_picture_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "pictures");
    list->strings.context = oc__context_retain(project->context);
    oc_status status = OC_OK;
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        status = add_row(list, statement, project, err);
    if (status)
        oc__picture_list_free(list);
    else
        *out = list;
    return status;
}

oc_status oc__version_pictures(oc_picture_list **out, oc_project *project, int64_t seq, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT hash, ending, name, split, labels FROM version_pictures WHERE version = ?"
                                    " ORDER BY labels, hash",
                                    "i", seq);
    if (!status) status = read_rows(out, statement, project, err);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__labelled_pictures(oc_picture_list **out, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT hash, ending, name, split, " LABELS " AS labels FROM pictures p WHERE (n_tags > 0) = 1"
                                    " ORDER BY labels, hash",
                                    "");
    if (!status) status = read_rows(out, statement, project, err);
    sqlite3_finalize(statement);
    return status;
}

/* --- versions with names --- */

oc_status oc__project_find_version(int64_t *seq, oc_project *project, const char *version, oc_error *err) {
    *seq = -1;
    oc_status status =
        oc__db_integer(seq, project, err, "SELECT seq FROM versions WHERE name = ?1 OR id = lower(?1)", "t", version);
    if (status || *seq >= 0) return status;
    return oc__fail(err, OC_E_NOT_FOUND, "%s: there is no data version '%s'", project->folder, version);
}

static oc_status name_version(oc_project *project, const char *name, oc_error *err) {
    int64_t seq, taken = 0, named = 0;
    oc_status status = oc__db_integer(&taken, project, err, "SELECT count(*) FROM versions WHERE name = ?", "t", name);
    if (!status && taken) return oc__fail(err, OC_E_STATE, "%s: there is a data version '%s' already", project->folder, name);
    if (!status) status = oc__version_make(&seq, project, err);
    if (!status) status = oc__db_integer(&named, project, err, "SELECT name IS NOT NULL FROM versions WHERE seq = ?", "i", seq);
    if (!status && named)
        return oc__fail(err, OC_E_STATE, "%s: nothing has changed since another data version was named", project->folder);
    return status ? status : oc__db_run(project, err, "UPDATE versions SET name = ? WHERE seq = ?", "ti", name, seq);
}

oc_status oc__project_add_version(oc_project *project, const char *name, oc_error *err) {
    if (!oc__tag_valid(name) || oc__uuid_valid(name))
        return oc__fail(err, OC_E_ARGUMENT,
                        "a data version's name must be UTF-8 of 1 to 256 bytes without control characters, and"
                        " not of the form of an identifier");
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, name_version(project, name, err), err);
}

static oc_status unname_version(oc_project *project, const char *version, oc_error *err) {
    int64_t seq;
    oc_status status = oc__project_find_version(&seq, project, version, err);
    if (!status) status = oc__db_run(project, err, "UPDATE versions SET name = NULL WHERE seq = ?", "i", seq);
    return status ? status : oc__version_release(project, seq, err);
}

oc_status oc__project_delete_version(oc_project *project, const char *version, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, unname_version(project, version, err), err);
}

static oc_status add_version_row(oc_version_list *list, sqlite3_stmt *row, oc_error *err) {
    oc_version_entry version = OC_VERSION_ENTRY_INIT;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, list->strings.context, err);
    if (status) return status;
    version.id = oc__strings_add(&list->strings, oc__db_text(row, 0));
    version.name = oc__strings_add(&list->strings, oc__db_text(row, 1));
    version.created = oc__strings_add(&list->strings, oc__db_text(row, 2));
    version.n_pictures = (uint64_t)sqlite3_column_int64(row, 3);
    version.n_iterations = (uint32_t)sqlite3_column_int64(row, 4);
    if (!version.id || !version.name || !version.created) return oc__fail_nomem(err, list->strings.context, 4096, "versions");
    list->items[list->n++] = version;
    return OC_OK;
}

oc_status oc__project_versions(oc_version_list **out, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_version_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "versions");
    list->strings.context = oc__context_retain(project->context);
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT v.id, v.name, v.created, v.n_pictures, (SELECT count(*) FROM iterations i WHERE"
                                    " i.version = v.seq) FROM versions v ORDER BY v.seq",
                                    "");
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        status = add_version_row(list, statement, err);
    sqlite3_finalize(statement);
    if (status)
        oc__version_list_free(list);
    else
        *out = list;
    return status;
}

void oc__version_list_free(oc_version_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}
