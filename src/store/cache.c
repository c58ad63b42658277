/* What was computed of pictures. SPDX-License-Identifier: MIT
 *
 * Written with a rollback journal rather than a write-ahead log: a damaged file is unlinked while others may have it open, and
 * that journal's code notices that its file has gone. */
#include "cache.h"

#include <stdio.h>
#include <string.h>

#include "contents.h"
#include "database.h"
#include "file.h"
#include "hash.h"
#include "memory.h"

#define PAGE_SIZE 16384
#define MAX_PAGES (4096ll * 1024 * 1024 / PAGE_SIZE) /* 4 GiB: four views of 300,000 pictures at 800 numbers each */
#define WAIT_MS 2000
#define FORMAT 1

typedef struct set {
    char table[20];
    size_t n_values;
    sqlite3_stmt *get, *put;
} set;

struct oc__cache {
    oc_context *context;
    char *path;
    sqlite3 *db; /* NULL: keeps nothing */
    int64_t n_known; /* files that the project's database knows, by which a set's size is judged */
    bool writing, damaged;
    set *sets;
    size_t n_sets, capacity;
    float *row; /* room for one of the largest set: what SQLite lends is aligned to nothing */
    size_t row_size;
};

/* --- the database --- */

static void disconnect(oc__cache *c) {
    for (size_t i = 0; i < c->n_sets; i++) {
        sqlite3_finalize(c->sets[i].get);
        sqlite3_finalize(c->sets[i].put);
        c->sets[i].get = c->sets[i].put = NULL;
    }
    sqlite3_close(c->db);
    c->db = NULL;
}

static void remove_files(const oc__cache *c) {
    char *journal = oc__alloc(c->context, strlen(c->path) + sizeof "-journal");
    if (!journal) return;
    sprintf(journal, "%s-journal", c->path);
    c->context->files->unlink(c->path);
    c->context->files->unlink(journal);
    oc__free(c->context, journal);
}

/* From here on the cache keeps nothing; if it was damaged it goes when it is closed. */
static void give_up(oc__cache *c, int code) {
    int kind = code & 0xFF;
    if (!c->db) return;
    c->damaged = c->damaged || kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
    oc__log(c->context, OC_LOG_INFO, "%s: not used: %s", c->path, sqlite3_errmsg(c->db));
    disconnect(c);
}

static int run(oc__cache *c, const char *sql) { return sqlite3_exec(c->db, sql, NULL, NULL, NULL); }

static int connect(oc__cache *c) {
    static const char setup[] = "CREATE TABLE IF NOT EXISTS sets(name TEXT PRIMARY KEY, key TEXT NOT NULL,"
                                " used INTEGER NOT NULL) STRICT, WITHOUT ROWID";
    char pragmas[160];
    sqlite3_stmt *version = NULL;
    int code = sqlite3_open_v2(c->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               c->context->files->database);
    if (code != SQLITE_OK) return code;
    sqlite3_busy_timeout(c->db, WAIT_MS);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA page_size = %d; PRAGMA synchronous = NORMAL; PRAGMA max_page_count = %lld; PRAGMA mmap_size = %lld",
             PAGE_SIZE, MAX_PAGES, MAX_PAGES * PAGE_SIZE);
    if ((code = run(c, pragmas)) != SQLITE_OK) return code;
    if ((code = run(c, setup)) != SQLITE_OK) return code;
    code = sqlite3_prepare_v2(c->db, "PRAGMA user_version", -1, &version, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(version);
    int found = code == SQLITE_ROW ? sqlite3_column_int(version, 0) : -1;
    sqlite3_finalize(version);
    if (found == FORMAT) return SQLITE_OK;
    if (found == 0) return run(c, "PRAGMA user_version = 1");
    return found < 0 ? code : SQLITE_NOTADB;
}

oc_status oc__cache_open(oc__cache **out, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    oc__cache *c = oc__alloc_zero(context, sizeof *c);
    if (!c) return oc__fail_nomem(err, context, sizeof *c, "cache");
    c->context = context;
    c->path = oc__path_join(context, project->folder, OC__CACHE);
    if (!c->path) {
        oc__free(context, c);
        return oc__fail_nomem(err, context, strlen(project->folder), "cache");
    }
    oc_status status = oc__db_integer(&c->n_known, project, err,
                                      "SELECT (SELECT count(*) FROM pictures) + (SELECT count(*) FROM version_pictures)", "");
    int code = status ? SQLITE_OK : connect(c);
    if ((code & 0xFF) == SQLITE_CORRUPT || (code & 0xFF) == SQLITE_NOTADB) {
        disconnect(c);
        remove_files(c);
        code = connect(c);
    }
    if (code != SQLITE_OK) give_up(c, code);
    if (status)
        oc__cache_close(c);
    else
        *out = c;
    return status;
}

void oc__cache_close(oc__cache *c) {
    if (!c) return;
    oc__cache_flush(c);
    disconnect(c);
    if (c->damaged) remove_files(c);
    oc__free(c->context, c->sets);
    oc__free(c->context, c->row);
    oc__free(c->context, c->path);
    oc__free(c->context, c);
}

/* --- sets --- */

static int64_t number(oc__cache *c, const char *sql) {
    sqlite3_stmt *statement = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return n;
}

static bool in_use(const oc__cache *c, const char *table) {
    for (size_t i = 0; i < c->n_sets; i++)
        if (strcmp(c->sets[i].table, table) == 0) return true;
    return false;
}

static int drop(oc__cache *c, const char *table) {
    char sql[128];
    snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS \"%s\"; DELETE FROM sets WHERE name = '%s'", table, table);
    return run(c, sql);
}

/* Drops the set that has not been used for longest; false if all are in use. */
static bool drop_oldest(oc__cache *c) {
    sqlite3_stmt *statement = NULL;
    char table[20] = "";
    if (sqlite3_prepare_v2(c->db, "SELECT name FROM sets ORDER BY used", -1, &statement, NULL) == SQLITE_OK)
        while (!table[0] && sqlite3_step(statement) == SQLITE_ROW) {
            const char *name = (const char *)sqlite3_column_text(statement, 0);
            if (name && strlen(name) == 17 && strspn(name + 1, "0123456789abcdef") == 16 && !in_use(c, name))
                memcpy(table, name, 18);
        }
    sqlite3_finalize(statement);
    return table[0] && drop(c, table) == SQLITE_OK;
}

/* Keeps a quarter of the room free, and a set from holding mostly what the project has no more. */
static void make_room(oc__cache *c, const char *table) {
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM \"%s\"", table);
    if (number(c, sql) > 2 * c->n_known + 1000) drop(c, table);
    while (number(c, "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count") > MAX_PAGES / 4 * 3)
        if (!drop_oldest(c)) break;
}

static int prepare(oc__cache *c, set *s, const char *key) {
    char sql[256];
    sqlite3_stmt *use = NULL;
    int code = run(c, "BEGIN IMMEDIATE");
    if (code != SQLITE_OK) return code;
    make_room(c, s->table);
    snprintf(sql, sizeof sql,
             "CREATE TABLE IF NOT EXISTS \"%s\"(hash BLOB NOT NULL UNIQUE, content INTEGER NOT NULL, sum INTEGER NOT NULL,"
             " row BLOB NOT NULL) STRICT",
             s->table);
    code = run(c, sql);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            c->db, "INSERT OR REPLACE INTO sets(name, key, used) SELECT ?, ?, 1 + coalesce(max(used), 0) FROM sets", -1, &use,
            NULL);
    if (code == SQLITE_OK) code = sqlite3_bind_text(use, 1, s->table, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_bind_text(use, 2, key, -1, SQLITE_STATIC);
    if (code == SQLITE_OK) code = sqlite3_step(use) == SQLITE_DONE ? SQLITE_OK : sqlite3_errcode(c->db);
    sqlite3_finalize(use);
    snprintf(sql, sizeof sql, "SELECT row, content, sum FROM \"%s\" WHERE hash = ?", s->table);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(c->db, sql, -1, &s->get, NULL);
    snprintf(sql, sizeof sql, "INSERT OR REPLACE INTO \"%s\"(hash, content, sum, row) VALUES(?, ?, ?, ?)", s->table);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(c->db, sql, -1, &s->put, NULL);
    int ended = run(c, code == SQLITE_OK ? "COMMIT" : "ROLLBACK");
    return code == SQLITE_OK ? ended : code;
}

oc_status oc__cache_set(size_t *out, oc__cache *c, const char *key, size_t n_values, oc_error *err) {
    char full[65];
    oc_status status = oc__reserve(&c->sets, &c->capacity, c->n_sets, sizeof *c->sets, c->context, err);
    if (status) return status;
    if (n_values * sizeof(float) > c->row_size) {
        float *row = oc__alloc_array(c->context, n_values, sizeof *row);
        if (!row) return oc__fail_nomem(err, c->context, n_values * sizeof *row, "cache");
        oc__free(c->context, c->row);
        c->row = row;
        c->row_size = n_values * sizeof *row;
    }
    set *s = &c->sets[c->n_sets];
    *s = (set){.n_values = n_values};
    oc__sha256_of(full, key, strlen(key));
    snprintf(s->table, sizeof s->table, "s%.16s", full);
    *out = c->n_sets++;
    oc__cache_flush(c);
    int code = c->db ? prepare(c, s, key) : SQLITE_OK;
    if (code != SQLITE_OK) give_up(c, code);
    return OC_OK;
}

/* --- rows --- */

static int64_t checksum(const uint8_t hash[32], int64_t content, const void *values, size_t size) {
    uint32_t sum = oc__crc32(0, hash, 32);
    sum = oc__crc32(sum, &content, sizeof content);
    return oc__crc32(sum, values, size);
}

/* Whether columns `at`, at + 1 and at + 2 of a row are what was once stored for this file. */
static bool sound(sqlite3_stmt *row, int at, const uint8_t hash[32], size_t n_values) {
    const void *values = sqlite3_column_blob(row, at);
    size_t size = n_values * sizeof(float);
    if (!values || (size_t)sqlite3_column_bytes(row, at) != size) return false;
    return checksum(hash, sqlite3_column_int64(row, at + 1), values, size) == sqlite3_column_int64(row, at + 2);
}

bool oc__cache_get(float *values, uint64_t *content, oc__cache *c, size_t number_of_set, const char *hash) {
    const set *s = &c->sets[number_of_set];
    uint8_t digest[32];
    if (!c->db || !oc__sha256_parse(digest, hash)) return false;
    sqlite3_stmt *statement = s->get;
    sqlite3_bind_blob(statement, 1, digest, sizeof digest, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    bool found = code == SQLITE_ROW && sound(statement, 0, digest, s->n_values);
    if (found) {
        memcpy(values, sqlite3_column_blob(statement, 0), s->n_values * sizeof *values);
        *content = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_reset(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) give_up(c, code);
    return found;
}

void oc__cache_put(oc__cache *c, size_t number_of_set, const char *hash, const float *values, uint64_t content) {
    const set *s = &c->sets[number_of_set];
    uint8_t digest[32];
    size_t size = s->n_values * sizeof *values;
    int code = SQLITE_OK;
    if (!c->db || !oc__sha256_parse(digest, hash)) return;
    if (!c->writing) code = run(c, "BEGIN IMMEDIATE");
    if (code == SQLITE_OK) {
        c->writing = true;
        sqlite3_bind_blob(s->put, 1, digest, sizeof digest, SQLITE_STATIC);
        sqlite3_bind_int64(s->put, 2, (int64_t)content);
        sqlite3_bind_int64(s->put, 3, checksum(digest, (int64_t)content, values, size));
        sqlite3_bind_blob64(s->put, 4, values, size, SQLITE_STATIC);
        code = sqlite3_step(s->put);
        sqlite3_reset(s->put);
    }
    if (code != SQLITE_DONE) give_up(c, code);
}

void oc__cache_flush(oc__cache *c) {
    if (!c->writing) return;
    c->writing = false;
    int code = c->db ? run(c, "COMMIT") : SQLITE_OK;
    if (code != SQLITE_OK) give_up(c, code);
}

void oc__cache_scan(oc__cache *c, size_t number_of_set, oc__cache_fn function, void *user) {
    const set *s = &c->sets[number_of_set];
    char sql[96];
    sqlite3_stmt *statement = NULL;
    if (!c->db) return;
    snprintf(sql, sizeof sql, "SELECT row, content, sum, hash FROM \"%s\"", s->table);
    int code = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        if ((code = sqlite3_step(statement)) != SQLITE_ROW) break;
        const void *digest = sqlite3_column_blob(statement, 3);
        if (!digest || sqlite3_column_bytes(statement, 3) != 32 || !sound(statement, 0, digest, s->n_values)) continue;
        memcpy(c->row, sqlite3_column_blob(statement, 0), s->n_values * sizeof *c->row);
        if (!function(user, digest, c->row, (uint64_t)sqlite3_column_int64(statement, 1))) {
            code = SQLITE_DONE;
            break;
        }
    }
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) give_up(c, code);
}
