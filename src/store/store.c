/* Making, opening and closing projects, and what they are. SPDX-License-Identifier: MIT */
#include "store.h"

#include <string.h>

#include "clock.h"
#include "contents.h"
#include "database.h"
#include "domain.h"
#include "file.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

#define MAX_DESCRIPTION 4096
#define DEFAULT_KEEP_DAYS 30

void oc__project_free(oc_project *project) {
    if (!project) return;
    oc_context *context = project->context;
    while (project->depth > 0) oc__change_end(project, OC_E_CANCELLED, NULL);
    sqlite3_close(project->db);
    for (size_t i = 0; i < sizeof project->info / sizeof *project->info; i++) oc__free(context, project->info[i]);
    oc__free(context, project->fresh.items);
    oc__free(context, project->dropped.items);
    oc__free(context, project->folder);
    oc__free(context, project->file);
    oc__free(context, project);
    oc__context_release(context);
}

/* Opens the database. It is not known yet whether it is a project. */
static oc_status open_database(oc_project **out, oc_context *context, const char *path, int flags, oc_error *err) {
    size_t length = strlen(path);
    oc_project *project = oc__alloc_zero(context, sizeof *project);
    if (!project) return oc__fail_nomem(err, context, sizeof *project, "project");
    project->context = oc__context_retain(context);
    project->folder = oc__strdup(context, path);
    project->file = oc__path_join(context, path, "project.db");
    oc_status status = project->folder && project->file ? OC_OK : oc__fail_nomem(err, context, length, path);
    while (!status && length > 1 && project->folder[length - 1] == '/') project->folder[--length] = 0;
    if (!status) {
        int code = sqlite3_open_v2(project->file, &project->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   context->files->database);
        if (code != SQLITE_OK) status = oc__db_fail(project, code, err);
    }
    if (!status) {
        sqlite3_busy_timeout(project->db, OC__BUSY_MS);
        sqlite3_db_config(project->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(project->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        status =
            oc__db_script(project, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;", err);
    }
    if (status)
        oc__project_free(project);
    else
        *out = project;
    return status;
}

static oc_status check_text(const char *text, size_t max, const char *what, oc_error *err) {
    size_t size = text ? strlen(text) : 0;
    if (size > max) return oc__fail(err, OC_E_ARGUMENT, "%s has %zu bytes, at most %zu", what, size, max);
    if (text && !oc__utf8_valid(text, size)) return oc__fail(err, OC_E_ARGUMENT, "%s is not UTF-8", what);
    return OC_OK;
}

static oc_status check_info(const oc_project_info *info, oc_error *err) {
    if (info->kind > OC_PROJECT_ANOMALY)
        return oc__fail(err, OC_E_ARGUMENT, "the project's kind is %u, expected one of OC_PROJECT_...", info->kind);
    if (info->name && !oc__tag_valid(info->name))
        return oc__fail(err, OC_E_ARGUMENT, "a project's name must be UTF-8 of 1 to 256 bytes without control characters");
    if (info->keep_days > OC_KEEP_FOREVER)
        return oc__fail(err, OC_E_ARGUMENT, "keep_days is %u, at most %d", info->keep_days, OC_KEEP_FOREVER);
    return check_text(info->description, MAX_DESCRIPTION, "the project's description", err);
}

static oc_status find_domain(oc_domain *out, const char *text, uint32_t kind, oc_error *err) {
    return oc__domain_find(out, text, kind == OC_PROJECT_DETECTION, err);
}

/* The last part of a path, if it can be a name. */
static const char *default_name(const char *folder) {
    const char *slash = strrchr(folder, '/'), *name = slash ? slash + 1 : folder;
    return oc__tag_valid(name) && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 ? name : "project";
}

/* `info` has a kind and a domain. */
static oc_status fill(oc_project *project, const oc_project_info *info, oc_error *err) {
    char id[OC_ID_SIZE], now[21], mark[64];
    int64_t n = 0;
    oc_status status = oc__uuid_create(id, err);
    if (!status) status = oc__change_begin(project, err);
    if (status) return status;
    oc__utc_now(now);
    status = oc__db_integer(&n, project, err, "SELECT count(*) FROM sqlite_schema", "");
    if (!status && n) status = oc__fail(err, OC_E_STATE, "%s: is there already", project->file);
    sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id = %d", OC__APPLICATION);
    if (!status) status = oc__db_script(project, mark, err);
    if (!status) status = oc__schema_update(project, err);
    if (!status)
        status = oc__db_run(project, err,
                            "INSERT INTO project(one, id, name, description, kind, domain, created, modified, keep_days)"
                            " VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?)",
                            "tttittti", id, info->name ? info->name : default_name(project->folder),
                            info->description ? info->description : "",
                            (int64_t)info->kind, info->domain, now, now, (int64_t)(info->keep_days ? info->keep_days : DEFAULT_KEEP_DAYS));
    return oc__change_end(project, status, err);
}

oc_status oc__project_create(oc_project **out, oc_context *context, const char *path, const oc_project_info *info,
                             oc_error *err) {
    oc_project *project = NULL;
    oc_project_info complete = *info;
    oc_domain domain;
    oc_status status = check_info(info, err);
    if (!info->kind) complete.kind = OC_PROJECT_MULTICLASS;
    if (!status) status = find_domain(&domain, info->domain ? info->domain : "General", complete.kind, err);
    if (!status) complete.domain = domain.name;
    if (!status && !path[0]) status = oc__fail(err, OC_E_ARGUMENT, "the project's folder has no name");
    if (!status) status = oc__folder_make(context, path, err);
    if (!status) status = open_database(&project, context, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err);
    if (!status) status = oc__db_script(project, "PRAGMA journal_mode = WAL", err);
    if (!status) status = fill(project, &complete, err);
    if (!status) status = oc__folder_sync(context, path, err);
    if (status)
        oc__project_free(project);
    else
        *out = project;
    return status;
}

oc_status oc__project_open(oc_project **out, oc_context *context, const char *path, oc_error *err) {
    oc_project *project = NULL;
    int64_t application = 0;
    uint64_t size;
    char *file = oc__path_join(context, path, "project.db");
    if (!file) return oc__fail_nomem(err, context, strlen(path), path);
    oc_status status = oc__file_size(&size, context, file, err);
    oc__free(context, file);
    if (!status) status = open_database(&project, context, path, SQLITE_OPEN_READWRITE, err);
    if (!status) status = oc__db_integer(&application, project, err, "PRAGMA application_id", "");
    if (!status && application != OC__APPLICATION)
        status = oc__fail(err, OC_E_FORMAT, "%s: is not a project%s", project->file,
                          application == 0 && size < 8192 ? " (perhaps making it was interrupted: make it again)" : "");
    if (!status) status = oc__schema_update(project, err);
    if (!status) oc__predictions_expire(project, NULL); /* if another program is writing just now, another time */
    if (status)
        oc__project_free(project);
    else
        *out = project;
    return status;
}

oc_status oc__project_kind(uint32_t *out, oc_project *project, oc_error *err) {
    int64_t kind = 0;
    oc_status status = oc__db_integer(&kind, project, err, "SELECT kind FROM project", "");
    *out = (uint32_t)kind;
    return status;
}

oc_status oc__project_domain(oc_domain *out, oc_project *project, uint32_t kind, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err, "SELECT domain FROM project", "");
    if (!status) status = oc__db_step(&row, statement, project, err);
    const char *text = row ? oc__db_text(statement, 0) : "";
    if (!status && find_domain(out, text, kind, NULL) != OC_OK) {
        oc__log(project->context, OC_LOG_WARNING, "%s: the domain '%.60s' is none for such a project; General is taken",
                project->folder, text);
        status = find_domain(out, "General", kind, err);
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status read_info(oc_project_info *info, char **texts, sqlite3_stmt *statement, oc_project *project, oc_error *err) {
    bool row;
    oc_status status = oc__db_step(&row, statement, project, err);
    if (status) return status;
    if (!row) return oc__fail(err, OC_E_CORRUPT, "%s: has no project in it", project->file);
    for (int i = 0; i < 6; i++)
        if (!(texts[i] = oc__strdup(project->context, oc__db_text(statement, i))))
            return oc__fail_nomem(err, project->context, 256, project->file);
    *info = (oc_project_info){sizeof *info,
                              (uint32_t)sqlite3_column_int64(statement, 6),
                              texts[0],
                              texts[1],
                              texts[2],
                              texts[3],
                              texts[4],
                              texts[5],
                              (uint64_t)sqlite3_column_int64(statement, 7),
                              (uint64_t)sqlite3_column_int64(statement, 8),
                              (uint64_t)sqlite3_column_int64(statement, 9),
                              (uint64_t)sqlite3_column_int64(statement, 10),
                              (uint64_t)sqlite3_column_int64(statement, 11),
                              (uint32_t)sqlite3_column_int64(statement, 12),
                              (uint32_t)sqlite3_column_int64(statement, 13)};
    return OC_OK;
}

oc_status oc__project_info(oc_project_info *info, oc_project *project, oc_error *err) {
    char *texts[6] = {NULL};
    sqlite3_stmt *statement = NULL;
    oc_status status =
        oc__db_query(&statement, project, err,
                     "SELECT name, description, domain, id, created, modified, kind, (SELECT count(*) FROM tags),"
                     " (SELECT count(*) FROM pictures), (SELECT count(*) FROM pictures WHERE (n_tags > 0) = 0),"
                     " (SELECT count(*) FROM regions WHERE kind = 1), (SELECT total(n_bytes) FROM pictures),"
                     " (SELECT count(*) FROM iterations), keep_days FROM project",
                     "");
    if (!status) status = read_info(info, texts, statement, project, err);
    sqlite3_finalize(statement);
    for (int i = 0; i < 6; i++) {
        oc__free(project->context, status ? texts[i] : project->info[i]);
        if (!status) project->info[i] = texts[i];
    }
    return status;
}

/* OC_E_DATA if the project cannot become of this kind. */
static oc_status check_kind(oc_project *project, uint32_t kind, oc_error *err) {
    uint32_t now;
    int64_t n = 0;
    oc_status status = oc__project_kind(&now, project, err);
    if (status || kind == now) return status;
    bool classes = kind <= OC_PROJECT_MULTILABEL && now <= OC_PROJECT_MULTILABEL;
    status = oc__db_integer(&n, project, err, "SELECT count(*) FROM tags", "");
    if (!status && !classes && n)
        return oc__fail(err, OC_E_DATA, "%s: has %lld tags; only multiclass and multilabel can be exchanged then",
                        project->folder, (long long)n);
    if (status || kind != OC_PROJECT_MULTICLASS) return status;
    status = oc__db_integer(&n, project, err, "SELECT count(*) FROM pictures WHERE n_tags > 1", "");
    if (!status && n)
        return oc__fail(err, OC_E_DATA, "%s: %lld pictures have more than one tag, which multiclass does not allow",
                        project->folder, (long long)n);
    return status;
}

oc_status oc__project_update(oc_project *project, const oc_project_info *info, oc_error *err) {
    oc_status status = check_info(info, err);
    if (!status) status = oc__change_begin(project, err);
    if (status) return status;
    uint32_t kind = info->kind;
    oc_domain domain = {.name = NULL};
    if (kind) status = check_kind(project, kind, err);
    else status = oc__project_kind(&kind, project, err);
    if (!status && info->domain) status = find_domain(&domain, info->domain, kind, err);
    else if (!status && info->kind) status = oc__project_domain(&domain, project, kind, err);
    if (!status)
        status =
            oc__db_run(project, err,
                       "UPDATE project SET name = coalesce(?1, name), description = coalesce(?2, description),"
                       " domain = coalesce(?3, domain), kind = CASE ?4 WHEN 0 THEN kind ELSE ?4 END,"
                       " keep_days = CASE ?5 WHEN 0 THEN keep_days ELSE ?5 END",
                       "tttii", info->name, info->description, domain.name, (int64_t)info->kind, (int64_t)info->keep_days);
    return oc__change_end(project, status, err);
}

oc_status oc__project_begin(oc_project *project, oc_error *err) {
    if (project->user_depth >= 100) return oc__fail(err, OC_E_STATE, "%s: changes are nested deeper than 100", project->file);
    oc_status status = oc__change_begin(project, err);
    if (!status) project->user_depth++;
    return status;
}

oc_status oc__project_end(oc_project *project, bool keep, oc_error *err) {
    if (project->user_depth == 0) return oc__fail(err, OC_E_STATE, "%s: no change was begun", project->file);
    project->user_depth--;
    oc_status status = oc__change_end(project, keep ? OC_OK : OC_E_CANCELLED, err);
    return status == OC_E_CANCELLED && !keep ? OC_OK : status;
}
