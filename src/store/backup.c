/* Backups: all of a project in one file, a tar archive (POSIX.1-1988, "ustar") with the files first and the database last.
 * SPDX-License-Identifier: MIT
 *
 * The database is copied as it is at one moment, and the files that it names are copied after that, without any lock. Should
 * one of them be deleted by then, all is done again with the writer's lock held. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contents.h"
#include "database.h"
#include "file.h"
#include "hash.h"
#include "memory.h"

#define BLOCK 512
#define DATABASE "project.db"
#define MAX_ENTRY 077777777777 /* what eleven octal digits can say: 8 GiB - 1 */

/* Places in a header block. */
#define NAME 0
#define SIZE 124
#define SUM 148
#define TYPE 156
#define MAGIC 257

/* --- writing --- */

typedef struct archive {
    oc_context *context;
    const char *path; /* for messages */
    int file;
} archive;

static oc_status write_all(archive *a, const void *data, size_t size, oc_error *err) {
    const uint8_t *from = data;
    while (size > 0) {
        ssize_t n = a->context->files->write(a->file, from, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return oc__fail_errno(err, n < 0 ? errno : EIO, a->path, "write");
        from += n;
        size -= (size_t)n;
    }
    return OC_OK;
}

static unsigned sum_of(const uint8_t *header) {
    unsigned sum = 0;
    for (size_t i = 0; i < BLOCK; i++) sum += i >= SUM && i < SUM + 8 ? ' ' : header[i];
    return sum;
}

static oc_status write_header(archive *a, const char *name, uint64_t size, oc_error *err) {
    char header[BLOCK] = {0};
    if (size > MAX_ENTRY)
        return oc__fail(err, OC_E_LIMIT, "%s: has %llu bytes, and a backup holds files of at most %llu", name,
                        (unsigned long long)size, (unsigned long long)MAX_ENTRY);
    snprintf(header + NAME, 100, "%s", name);
    memcpy(header + 100,
           "0000644\0"
           "0000000\0"
           "0000000",
           24);
    snprintf(header + SIZE, 12, "%011llo", (unsigned long long)size);
    memcpy(header + 136, "00000000000", 12);
    header[TYPE] = '0';
    memcpy(header + MAGIC,
           "ustar\0"
           "00",
           8);
    snprintf(header + SUM, 8, "%06o", sum_of((const uint8_t *)header));
    header[SUM + 7] = ' ';
    return write_all(a, header, BLOCK, err);
}

/* Adds the file at `path` as `name`. */
static oc_status add_file(archive *a, const char *path, const char *name, oc_error *err) {
    static const char zeros[BLOCK];
    oc__mapping file = {0};
    oc_status status = oc__file_map(&file, a->context, path, MAX_ENTRY, "the size of a file in a backup", err);
    if (!status) status = write_header(a, name, file.size, err);
    if (!status && file.size) status = write_all(a, file.data, file.size, err);
    if (!status) status = write_all(a, zeros, (BLOCK - file.size % BLOCK) % BLOCK, err);
    oc__file_unmap(&file);
    return status;
}

/* Copies the database as it is in the transaction under way. */
static oc_status copy_database(oc_project *project, const char *path, oc_error *err) {
    sqlite3 *to = NULL;
    int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                               project->context->files->database);
    sqlite3_backup *backup = code == SQLITE_OK ? sqlite3_backup_init(to, "main", project->db, "main") : NULL;
    if (backup) sqlite3_backup_step(backup, -1);
    if (code == SQLITE_OK) code = backup ? sqlite3_backup_finish(backup) : sqlite3_errcode(to);
    sqlite3_close(to);
    if (code == SQLITE_OK) return OC_OK;
    return oc__fail(err, code == SQLITE_NOMEM ? OC_E_NOMEM : OC_E_IO, "%s: cannot copy the database: %s", path,
                    sqlite3_errstr(code));
}

static oc_status add_all(archive *a, oc_project *project, const oc__known_file *files, size_t n, const char *database,
                         oc__progress *progress, oc_error *err) {
    static const char end[2 * BLOCK];
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        char name[100];
        const oc__contents_item *item = &files[i].item;
        char *path = oc__contents_path(project, item->hash, item->ending);
        snprintf(name, sizeof name, OC__FILES "/%.2s/%s%s", item->hash, item->hash, item->ending);
        status = path ? add_file(a, path, name, err) : oc__fail_nomem(err, a->context, 80, "a backup");
        oc__free(a->context, path);
        if (!status && !oc__progress_step(progress, 1, 0)) status = oc__progress_status(progress, err);
    }
    if (!status) status = add_file(a, database, DATABASE, err);
    return status ? status : write_all(a, end, sizeof end, err);
}

/* Writes the archive to `path`, with the database's copy at `database` meanwhile. Within one transaction up to the copy. */
static oc_status pack(oc_project *project, const char *path, const char *database, oc__progress *progress, oc_error *err) {
    archive a = {project->context, path, -1};
    oc__known_file *files = NULL;
    size_t n = 0;
    bool began;
    oc_status status = oc__snapshot_begin(project, &began, err);
    if (status) return status;
    status = oc__contents_all(&files, &n, project, err);
    if (!status) status = copy_database(project, database, err);
    oc__snapshot_end(project, began);
    oc__progress_stage(progress, "backing up", 0, 1, n + 1);
    if (!status) a.file = project->context->files->open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (!status && a.file < 0) status = oc__fail_errno(err, errno, path, "create");
    if (!status) status = add_all(&a, project, files, n, database, progress, err);
    if (!status && project->context->files->sync(a.file) != 0) status = oc__fail_errno(err, errno, path, "sync");
    if (a.file >= 0 && project->context->files->close(a.file) != 0 && !status)
        status = oc__fail_errno(err, errno, path, "close");
    oc__free(project->context, files);
    return status;
}

/* The same while nobody else can write. The lock is that of another connection, since SQLite copies nothing from one that
 * writes. */
static oc_status pack_locked(oc_project *project, const char *path, const char *database, oc__progress *progress,
                             oc_error *err) {
    oc_project *lock = NULL;
    oc_status status = oc__project_open(&lock, project->context, project->folder, err);
    if (!status) status = oc__change_begin(lock, err);
    if (!status) status = pack(project, path, database, progress, err);
    oc__project_free(lock); /* which ends the change */
    return status;
}

/* Puts what is complete in its place. */
static oc_status settle(oc_context *context, const char *from, const char *to, oc_error *err) {
    if (context->files->rename(from, to) != 0) return oc__fail_errno(err, errno, to, "replace");
    char *folder = oc__strdup(context, to), *slash = folder ? strrchr(folder, '/') : NULL;
    if (!folder) return oc__fail_nomem(err, context, strlen(to), to);
    if (slash) slash[slash == folder] = 0;
    oc_status status = oc__folder_sync(context, slash ? folder : ".", err);
    oc__free(context, folder);
    return status;
}

oc_status oc__project_backup(oc_project *project, const char *path, oc__progress *progress, oc_error *err) {
    oc_context *context = project->context;
    size_t room = strlen(path) + 48;
    if (project->depth > 0)
        return oc__fail(err, OC_E_STATE, "%s: a change was begun and not ended; end it before the backup", project->folder);
    char *beside = oc__alloc(context, room), *database = oc__alloc(context, room);
    oc_status status = beside && database ? OC_OK : oc__fail_nomem(err, context, room, path);
    if (status) goto done;
    snprintf(beside, room, "%s.new-%ld", path, (long)getpid());
    snprintf(database, room, "%s.db-%ld", path, (long)getpid());
    status = pack(project, beside, database, progress, err);
    if (status == OC_E_NOT_FOUND) { /* perhaps a file went while it was being copied */
        context->files->unlink(database);
        status = pack_locked(project, beside, database, progress, err);
    }
    if (!status) status = settle(context, beside, path, err);
    if (status) context->files->unlink(beside);
    context->files->unlink(database);
done:
    oc__free(context, beside);
    oc__free(context, database);
    return status;
}

/* --- reading --- */

static oc_status corrupt(const char *path, size_t at, const char *what, oc_error *err) {
    return oc__fail(err, OC_E_CORRUPT, "%s: %s at byte %zu", path, what, at);
}

/* An octal number of up to `n` digits. */
static bool read_octal(uint64_t *out, const uint8_t *text, size_t n) {
    *out = 0;
    size_t i = 0;
    for (; i < n && text[i] >= '0' && text[i] <= '7'; i++) *out = *out * 8 + (text[i] - '0');
    return i > 0 && (i == n || text[i] == 0 || text[i] == ' ');
}

/* "files/ab/HASH.ending" with a hash that begins with "ab"; no other name can be written to. */
static bool names_file(char hash[65], const char *name) {
    static const char *const endings[] = {".jpg", ".png", ".bmp", ".gif", ".ocm"};
    const char *digits = name + sizeof OC__FILES "/ab";
    if (strncmp(name, OC__FILES "/", sizeof OC__FILES) != 0 || strlen(name) != sizeof OC__FILES + 3 + 64 + 4) return false;
    if (strspn(digits, "0123456789abcdef") != 64 || memcmp(name + sizeof OC__FILES, digits, 2) != 0 || digits[-1] != '/')
        return false;
    memcpy(hash, digits, 64);
    hash[64] = 0;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcmp(digits + 64, endings[i]) == 0) return true;
    return false;
}

/* Writes one entry to the folder. */
static oc_status put_entry(oc_context *context, const char *folder, const char *name, const uint8_t *data, size_t size,
                           const char *archive_path, size_t at, oc_error *err) {
    char hash[65], actual[65];
    bool is_database = strcmp(name, DATABASE) == 0;
    if (!is_database && !names_file(hash, name)) return corrupt(archive_path, at, "a file that a backup does not have", err);
    if (!is_database) oc__sha256_of(actual, data, size);
    if (!is_database && strcmp(actual, hash) != 0) return corrupt(archive_path, at, "a file that has been changed", err);
    char *path = oc__path_join(context, folder, name);
    if (!path) return oc__fail_nomem(err, context, strlen(folder), folder);
    char *slash = strrchr(path, '/');
    *slash = 0;
    oc_status status = oc__folder_make(context, path, err);
    *slash = '/';
    if (!status) status = oc__file_put(context, path, data, size, err);
    if (!status && is_database) status = oc__folder_sync(context, folder, err);
    oc__free(context, path);
    return status;
}

/* Writes all entries. The database must be the last. */
static oc_status unpack(oc_context *context, const oc__mapping *file, const char *archive_path, const char *folder,
                        oc__progress *progress, oc_error *err) {
    bool complete = false;
    for (size_t at = 0; !complete;) {
        const uint8_t *header = file->data + at;
        char name[101] = {0};
        uint64_t size, sum;
        if (file->size - at < BLOCK) return corrupt(archive_path, at, "the backup ends too early,", err);
        if (memcmp(header + MAGIC, "ustar", 5) != 0 || !read_octal(&sum, header + SUM, 8) || sum != sum_of(header) ||
            !read_octal(&size, header + SIZE, 12) || (header[TYPE] != '0' && header[TYPE] != 0))
            return at == 0 ? oc__fail(err, OC_E_FORMAT, "%s: is not a backup of a project", archive_path)
                           : corrupt(archive_path, at, "something that is no entry", err);
        memcpy(name, header + NAME, 100);
        at += BLOCK;
        if (file->size - at < size) return corrupt(archive_path, at, "the backup ends too early,", err);
        oc_status status = put_entry(context, folder, name, file->data + at, (size_t)size, archive_path, at, err);
        if (status) return status;
        complete = strcmp(name, DATABASE) == 0;
        size_t padded = (size_t)size + (BLOCK - size % BLOCK) % BLOCK;
        at += file->size - at < padded ? (size_t)size : padded;
        if (!oc__progress_step(progress, (size_t)(size + BLOCK), 0)) return oc__progress_status(progress, err);
    }
    return OC_OK;
}

/* Opens what was restored, and looks whether it is whole. */
static oc_status open_restored(oc_project **out, oc_context *context, const char *path, oc_error *err) {
    oc_problem_list *problems = NULL;
    oc__progress silent;
    oc__progress_begin(&silent, NULL, NULL, NULL);
    oc_status status = oc__project_open(out, context, path, err);
    if (!status) status = oc__db_script(*out, "PRAGMA journal_mode = WAL", err);
    if (!status) status = oc__project_verify(&problems, *out, 0, &silent, err);
    if (!status && problems->n) status = oc__fail(err, OC_E_CORRUPT, "%s: %s", path, problems->items[0].message);
    oc__problem_list_free(problems);
    return status;
}

oc_status oc__project_restore(oc_project **out, oc_context *context, const char *backup, const char *path,
                              oc__progress *progress, oc_error *err) {
    oc__mapping file = {0};
    oc_project *project = NULL;
    char *database = oc__path_join(context, path, DATABASE);
    if (!database) return oc__fail_nomem(err, context, strlen(path), path);
    oc_status status = !path[0]                    ? oc__fail(err, OC_E_ARGUMENT, "the project's folder has no name")
                       : oc__path_exists(database) ? oc__fail(err, OC_E_STATE, "%s: is there already", database)
                                                   : OC_OK;
    if (!status) status = oc__file_map(&file, context, backup, UINT64_MAX, "the size of a backup", err);
    if (!status) status = oc__folder_make(context, path, err);
    oc__progress_stage(progress, "restoring", 0, 0.9, file.size + 1);
    bool unpacking = !status;
    if (!status) status = unpack(context, &file, backup, path, progress, err);
    if (!status) status = open_restored(&project, context, path, err);
    oc__file_unmap(&file);
    if (status)
        oc__project_free(project);
    else
        *out = project;
    if (status && unpacking) context->files->unlink(database); /* so that the same call can be made again */
    oc__free(context, database);
    return status;
}
