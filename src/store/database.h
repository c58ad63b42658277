/* SQLite with our errors. SPDX-License-Identifier: MIT */
#ifndef OC_STORE_DATABASE_H
#define OC_STORE_DATABASE_H

#include <stdarg.h>

#include <sqlite3.h>

#include "store.h"

/* A status and a message, "project.db: ...", for what SQLite last said. */
oc_status oc__db_fail(oc_project *project, int code, oc_error *err);

/* Parameters are given as one letter each: 't' text (const char *, NULL is allowed), 'i' int64_t, 'd' double, 'b' bytes (const
 * void *, size_t). What they point to must live until the statement is finished. */
oc_status oc__db_query(sqlite3_stmt **out, oc_project *project, oc_error *err, const char *sql, const char *kinds, ...);

/* The next row: *row says whether there is one. */
oc_status oc__db_step(bool *row, sqlite3_stmt *statement, oc_project *project, oc_error *err);

/* Runs a statement to its end. */
oc_status oc__db_run(oc_project *project, oc_error *err, const char *sql, const char *kinds, ...);

/* The first column of the first row as a number; *out stays as it is if there is none. */
oc_status oc__db_integer(int64_t *out, oc_project *project, oc_error *err, const char *sql, const char *kinds, ...);

/* Several statements without parameters. */
oc_status oc__db_script(oc_project *project, const char *sql, oc_error *err);

/* OC_E_ARGUMENT if `extra`, which is to be kept as it is, is neither "" nor JSON of up to 1 MiB. */
oc_status oc__db_check_extra(oc_project *project, const char *extra, oc_error *err);

/* Column `i` as text that is never NULL; lives until the next step. */
const char *oc__db_text(sqlite3_stmt *statement, int i);

/* Begins a change of the project, or a part of one that is under way; each ends with oc__change_end, which makes it all last if
 * `status` is OC_OK and undoes it if not. Returns `status`, or what went wrong in making it last. */
oc_status oc__change_begin(oc_project *project, oc_error *err);
oc_status oc__change_end(oc_project *project, oc_status status, oc_error *err);

/* Brings an older database up to date, or fills a new one. OC_E_UNSUPPORTED: made by a newer version. */
oc_status oc__schema_update(oc_project *project, oc_error *err);

/* The same with a ladder of `n` steps, each of scripts with a NULL behind. All of it is one change. */
oc_status oc__schema_climb(oc_project *project, const char *const *const *ladder, int n, oc_error *err);

/* Of a database: its `application_id` and the number of the newest schema. */
#define OC__APPLICATION 0x4F43454C
#define OC__SCHEMA 1

#endif
