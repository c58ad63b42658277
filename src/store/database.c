/* SQLite with our errors, and changes that last or never were. SPDX-License-Identifier: MIT */
#include "database.h"

#include <string.h>

#include "clock.h"
#include "contents.h"
#include "memory.h"
#include "text.h"

oc_status oc__db_fail(oc_project *project, int code, oc_error *err) {
    const char *said = project->db ? sqlite3_errmsg(project->db) : sqlite3_errstr(code);
    oc_status status = OC_E_INTERNAL;
    switch (code & 0xFF) {
    case SQLITE_NOMEM:
        status = OC_E_NOMEM;
        break;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        status = OC_E_IO;
        break;
    case SQLITE_CORRUPT:
        status = OC_E_CORRUPT;
        break;
    case SQLITE_NOTADB:
        status = OC_E_FORMAT;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return oc__fail(err, OC_E_STATE, "%s: another program is writing to it; waited %d s", project->file,
                        OC__BUSY_MS / 1000);
    }
    return oc__fail(err, status, "%s: %s", project->file, said);
}

static int bind(sqlite3_stmt *statement, const char *kinds, va_list arguments) {
    int code = SQLITE_OK;
    for (int i = 0; kinds[i] && code == SQLITE_OK; i++) switch (kinds[i]) {
        case 't':
            code = sqlite3_bind_text(statement, i + 1, va_arg(arguments, const char *), -1, SQLITE_STATIC);
            break;
        case 'i':
            code = sqlite3_bind_int64(statement, i + 1, va_arg(arguments, int64_t));
            break;
        case 'd':
            code = sqlite3_bind_double(statement, i + 1, va_arg(arguments, double));
            break;
        default: {
            const void *data = va_arg(arguments, const void *);
            code = sqlite3_bind_blob64(statement, i + 1, data, va_arg(arguments, size_t), SQLITE_STATIC);
        }
        }
    return code;
}

static oc_status query(sqlite3_stmt **out, oc_project *project, oc_error *err, const char *sql, const char *kinds,
                       va_list arguments) {
    sqlite3_stmt *statement = NULL;
    *out = NULL;
    int code = sqlite3_prepare_v2(project->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) code = bind(statement, kinds, arguments);
    if (code == SQLITE_OK) {
        *out = statement;
        return OC_OK;
    }
    oc_status status = oc__db_fail(project, code, err);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__db_query(sqlite3_stmt **out, oc_project *project, oc_error *err, const char *sql, const char *kinds, ...) {
    va_list arguments;
    va_start(arguments, kinds);
    oc_status status = query(out, project, err, sql, kinds, arguments);
    va_end(arguments);
    return status;
}

oc_status oc__db_step(bool *row, sqlite3_stmt *statement, oc_project *project, oc_error *err) {
    int code = sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? OC_OK : oc__db_fail(project, code, err);
}

oc_status oc__db_run(oc_project *project, oc_error *err, const char *sql, const char *kinds, ...) {
    sqlite3_stmt *statement;
    va_list arguments;
    va_start(arguments, kinds);
    oc_status status = query(&statement, project, err, sql, kinds, arguments);
    va_end(arguments);
    for (bool row = true; row && !status;) status = oc__db_step(&row, statement, project, err);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__db_integer(int64_t *out, oc_project *project, oc_error *err, const char *sql, const char *kinds, ...) {
    sqlite3_stmt *statement;
    va_list arguments;
    bool row = false;
    va_start(arguments, kinds);
    oc_status status = query(&statement, project, err, sql, kinds, arguments);
    va_end(arguments);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__db_script(oc_project *project, const char *sql, oc_error *err) {
    int code = sqlite3_exec(project->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OC_OK : oc__db_fail(project, code, err);
}

const char *oc__db_text(sqlite3_stmt *statement, int i) {
    const unsigned char *text = sqlite3_column_text(statement, i);
    return text ? (const char *)text : "";
}

oc_status oc__change_begin(oc_project *project, oc_error *err) {
    if (project->depth > 0 && sqlite3_get_autocommit(project->db))
        return oc__fail(err, OC_E_STATE, "%s: the change under way was undone by an earlier failure; end it first",
                        project->file);
    oc_status status = oc__db_script(project, project->depth ? "SAVEPOINT part" : "BEGIN IMMEDIATE", err);
    if (!status && project->depth++ == 0) project->changes = sqlite3_total_changes64(project->db);
    return status;
}

/* Makes all of a change last: the files first, then what refers to them. */
static oc_status commit(oc_project *project, oc_error *err) {
    char now[21];
    oc_status status = OC_OK;
    if (sqlite3_get_autocommit(project->db))
        return oc__fail(err, OC_E_STATE, "%s: the change was undone by an earlier failure", project->file);
    oc__utc_now(now);
    if (sqlite3_total_changes64(project->db) != project->changes)
        status = oc__db_run(project, err, "UPDATE project SET modified = ?", "t", now);
    if (!status) status = oc__contents_settle(project, err);
    return status ? status : oc__db_script(project, "COMMIT", err);
}

oc_status oc__change_end(oc_project *project, oc_status status, oc_error *err) {
    bool lost = sqlite3_get_autocommit(project->db) != 0; /* a full disk and the like make SQLite undo everything by itself */
    if (--project->depth > 0) {
        if (lost && status == OC_OK)
            return oc__fail(err, OC_E_STATE, "%s: the change was undone by an earlier failure", project->file);
        if (lost) return status;
        if (status)
            sqlite3_exec(project->db, "ROLLBACK TO part; RELEASE part", NULL, NULL, NULL);
        else
            status = oc__db_script(project, "RELEASE part", err);
        return status;
    }
    if (!status) status = commit(project, err);
    if (status) {
        oc__contents_undo(project);
        if (!sqlite3_get_autocommit(project->db)) sqlite3_exec(project->db, "ROLLBACK", NULL, NULL, NULL);
    } else {
        oc__contents_sweep(project);
    }
    return status;
}

oc_status oc__snapshot_begin(oc_project *project, bool *began, oc_error *err) {
    *began = sqlite3_get_autocommit(project->db) != 0;
    return *began ? oc__db_script(project, "BEGIN", err) : OC_OK;
}

void oc__snapshot_end(oc_project *project, bool began) {
    if (began) sqlite3_exec(project->db, "ROLLBACK", NULL, NULL, NULL);
}

#define MAX_EXTRA (1 << 20)

oc_status oc__db_check_extra(oc_project *project, const char *extra, oc_error *err) {
    int64_t valid = 0;
    size_t size = strlen(extra);
    if (size == 0) return OC_OK;
    if (size > MAX_EXTRA) return oc__fail(err, OC_E_ARGUMENT, "its extra has %zu bytes, at most %d", size, MAX_EXTRA);
    oc_status status =
        oc__utf8_valid(extra, size) ? oc__db_integer(&valid, project, err, "SELECT json_valid(?)", "t", extra) : OC_OK;
    return status || valid ? status : oc__fail(err, OC_E_ARGUMENT, "its extra is not JSON");
}
