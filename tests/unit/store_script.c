/* A script that edits a project, and operations on files that fail or end the program. SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "store_script.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"

fault_kind fault;
int fault_left = -1;
bool fault_struck;

/* Counts an operation. True: it is to fail. */
static bool strikes(bool is_write) {
    if (fault == FAULT_FULL && !is_write) return false;
    if (fault_left < 0) return false;
    if (fault_left > 0 && --fault_left > 0) return false;
    if (fault == FAULT_KILL) kill(getpid(), SIGKILL);
    if (fault == FAULT_ONCE) fault_left = -1;
    fault_struck = true;
    errno = fault == FAULT_FULL ? ENOSPC : EIO;
    return true;
}

static ssize_t faulty_write(int file, const void *data, size_t size) {
    bool had_room = fault_left != 0;
    if (!strikes(true)) return write(file, data, size);
    return fault == FAULT_FULL && had_room && size > 1 ? write(file, data, size / 2)
                                                       : -1; /* a disk fills in the middle of a file */
}
static int faulty_sync(int file) { return strikes(false) ? -1 : fsync(file); }
static int faulty_rename(const char *from, const char *to) { return strikes(false) ? -1 : rename(from, to); }
static int faulty_unlink(const char *path) { return strikes(false) ? -1 : unlink(path); }

/* SQLite's own methods with the counter before them: of the database, which has locks, and of all other files. */
static const sqlite3_io_methods *plain[2];
static sqlite3_io_methods faulty[2];
static sqlite3_vfs vfs, *under;

static const sqlite3_io_methods *plain_of(const sqlite3_file *file) { return plain[file->pMethods == &faulty[1]]; }

static int db_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    if (strikes(true)) return fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return plain_of(file)->xWrite(file, data, size, at);
}
static int db_sync(sqlite3_file *file, int flags) {
    return strikes(false) ? SQLITE_IOERR_FSYNC : plain_of(file)->xSync(file, flags);
}
static int db_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return strikes(false) ? SQLITE_IOERR_TRUNCATE : plain_of(file)->xTruncate(file, size);
}
static int db_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)self;
    int code = under->xOpen(under, name, file, flags, out_flags);
    if (code == SQLITE_OK && file->pMethods) {
        int i = (flags & SQLITE_OPEN_MAIN_DB) == 0;
        plain[i] = file->pMethods;
        faulty[i] = *plain[i];
        faulty[i].xWrite = db_write;
        faulty[i].xSync = db_sync;
        faulty[i].xTruncate = db_truncate;
        file->pMethods = &faulty[i];
    }
    return code;
}
static int db_delete(sqlite3_vfs *self, const char *name, int sync) {
    (void)self;
    return strikes(false) ? SQLITE_IOERR_DELETE : under->xDelete(under, name, sync);
}

const oc__file_ops *faulty_files(void) {
    static oc__file_ops files;
    if (files.database) return &files;
    under = sqlite3_vfs_find(NULL);
    vfs = *under;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.xOpen = db_open;
    vfs.xDelete = db_delete;
    sqlite3_vfs_register(&vfs, 0);
    files = oc__system_files;
    files.write = faulty_write;
    files.sync = faulty_sync;
    files.rename = faulty_rename;
    files.unlink = faulty_unlink;
    files.database = "faulty";
    return &files;
}

void script_in_memory(void) {
    if (!getenv("TMPDIR") && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
}

oc_image script_picture(unsigned seed, uint8_t bytes[78]) {
    oc_image image = OC_IMAGE_INIT;
    memset(bytes, 0, 78);
    memcpy(bytes, "BM", 2);
    bytes[2] = 78, bytes[10] = 54, bytes[14] = 40, bytes[18] = 4, bytes[22] = 2, bytes[26] = 1, bytes[28] = 24;
    memcpy(bytes + 54, &seed, sizeof seed);
    image.format = OC_IMAGE_ENCODED;
    image.data = bytes;
    image.size = 78;
    return image;
}

static oc_status add(oc_project *project, unsigned seed, const char *tag, oc_addition *addition, oc_error *err) {
    uint8_t bytes[78];
    oc_image image = script_picture(seed, bytes);
    oc_labels labels = OC_LABELS_INIT;
    labels.n_tags = 1;
    labels.tags = &tag;
    return oc__project_add_picture(addition, project, &image, &labels, err);
}

/* An iteration on the data as they are, with a model that nobody looks at. */
static oc_status add_iteration(oc_project *project, oc_error *err) {
    static const char model[] = "stands for a model's file";
    oc__new_iteration iteration = {.settings = "{}", .log = "", .model = model, .n_bytes = sizeof model};
    int64_t seq;
    oc_status status = oc__project_begin(project, err);
    if (status) return status;
    status = oc__version_make(&iteration.version, project, err);
    if (!status) status = oc__project_add_iteration(&seq, project, &iteration, err);
    oc_status ended = oc__project_end(project, !status, status ? NULL : err);
    return status ? status : ended;
}

static oc_status store_prediction(oc_project *project, oc_error *err) {
    static const oc_answer answers[] = {{sizeof(oc_answer), 1, "c", 0, 0, 1, 1}};
    char id[OC_ID_SIZE];
    uint8_t bytes[78];
    oc_image image = script_picture(4, bytes);
    return oc__project_store_prediction(id, project, NULL, &image, answers, 1, "", err);
}

/* The picture that was added last. */
static oc_status delete_last(oc_project *project, oc_error *err) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_picture_list *list = NULL;
    filter.order = OC_ORDER_NEWEST;
    oc_status status = oc__project_pictures(&list, project, &filter, err);
    if (status) return status;
    const char *const last[] = {list->items[0].info.id};
    status = oc__project_delete_pictures(project, last, 1, err);
    oc__picture_list_free(list);
    return status;
}

oc_status script_step(oc_project *project, int i, oc_addition *first, oc_error *err) {
    oc_addition other = OC_ADDITION_INIT;
    const char *pictures[] = {first->id};
    switch (i) {
    case 0:
        return add(project, 1, "a", first, err);
    case 1:
        return add(project, 2, "b", &other, err);
    case 2:
        return oc__project_set_metadata(project, pictures, 1, "key", "value", err);
    case 3:
        return oc__project_label_pictures(project, pictures, 1, "b", OC_LABEL_SET, err);
    case 4:
        return oc__project_merge_tags(project, "b", "a", err);
    case 5:
        return oc__project_delete_pictures(project, pictures, 1, err);
    case 6:
        return add(project, 3, "c", &other, err);
    case 7:
        return oc__project_delete_tag(project, "a", err);
    case 8:
        return add_iteration(project, err);
    case 9:
        return store_prediction(project, err);
    case 10:
        return delete_last(project, err); /* whose file stays for the iteration */
    default:
        return oc__project_delete_iteration(project, "Iteration 1", err);
    }
}

void script_describe(char out[DESCRIPTION], oc_project *project) {
    sqlite3_stmt *q = NULL;
    bool row = true;
    out[0] = 0;
    ck_assert_int_eq(
        oc__db_query(&q, project, NULL,
                     "SELECT 'picture ' || hash || ' ' || n_tags FROM pictures UNION ALL SELECT 'tag ' || name FROM"
                     " tags UNION ALL SELECT 'pair ' || key || value FROM metadata UNION ALL SELECT 'on ' || t.name"
                     " || p.hash FROM picture_tags x JOIN tags t ON t.seq = x.tag JOIN pictures p ON p.seq ="
                     " x.picture UNION ALL SELECT 'iteration ' || name FROM iterations UNION ALL SELECT"
                     " 'version ' || hash FROM versions UNION ALL SELECT 'seen ' || hash FROM"
                     " version_pictures UNION ALL SELECT 'predicted ' || hash FROM predictions ORDER BY 1",
                     ""),
        OC_OK);
    while (oc__db_step(&row, q, project, NULL) == OC_OK && row) {
        strncat(out, oc__db_text(q, 0), DESCRIPTION - 1 - strlen(out));
        strncat(out, "\n", DESCRIPTION - 1 - strlen(out));
    }
    sqlite3_finalize(q);
}
