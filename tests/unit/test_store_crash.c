/* A project whose program is killed after the n-th write, for every n. SPDX-License-Identifier: MIT
 *
 * A child process edits a project and tells its parent, through a pipe, of each step that has returned. The n-th write, sync,
 * rename or removal, of SQLite's or of our own, ends it at once. What the parent then finds must be the steps it was told of,
 * and perhaps the one after. What the operating system held in memory survives, so this is a killed program, not a power
 * failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contents.h"
#include "database.h"
#include "file.h"
#include "support.h"

static int n_left; /* operations until the end; negative: none */

static void count_down(void) {
    if (n_left > 0 && --n_left == 0) _exit(9);
}

static ssize_t counted_write(int file, const void *data, size_t size) {
    count_down();
    return write(file, data, size);
}
static int counted_sync(int file) {
    count_down();
    return fsync(file);
}
static int counted_rename(const char *from, const char *to) {
    count_down();
    return rename(from, to);
}
static int counted_unlink(const char *path) {
    count_down();
    return unlink(path);
}

/* SQLite's own methods with the counter before them: of the database, which has locks, and of all other files. */
static const sqlite3_io_methods *plain[2];
static sqlite3_io_methods counted[2];
static sqlite3_vfs vfs;
static sqlite3_vfs *under;

static const sqlite3_io_methods *plain_of(const sqlite3_file *file) { return plain[file->pMethods == &counted[1]]; }

static int db_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    count_down();
    return plain_of(file)->xWrite(file, data, size, at);
}
static int db_sync(sqlite3_file *file, int flags) {
    count_down();
    return plain_of(file)->xSync(file, flags);
}
static int db_truncate(sqlite3_file *file, sqlite3_int64 size) {
    count_down();
    return plain_of(file)->xTruncate(file, size);
}
static int db_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)self;
    int code = under->xOpen(under, name, file, flags, out_flags);
    if (code == SQLITE_OK && file->pMethods) {
        int i = (flags & SQLITE_OPEN_MAIN_DB) == 0;
        plain[i] = file->pMethods;
        counted[i] = *plain[i];
        counted[i].xWrite = db_write;
        counted[i].xSync = db_sync;
        counted[i].xTruncate = db_truncate;
        file->pMethods = &counted[i];
    }
    return code;
}
static int db_delete(sqlite3_vfs *self, const char *name, int sync) {
    (void)self;
    count_down();
    return under->xDelete(under, name, sync);
}

static oc__file_ops counted_files;

static void set_up(void) {
    under = sqlite3_vfs_find(NULL);
    vfs = *under;
    vfs.zName = "counted";
    vfs.pNext = NULL;
    vfs.xOpen = db_open;
    vfs.xDelete = db_delete;
    sqlite3_vfs_register(&vfs, 0);
    counted_files = oc__system_files;
    counted_files.write = counted_write;
    counted_files.sync = counted_sync;
    counted_files.rename = counted_rename;
    counted_files.unlink = counted_unlink;
    counted_files.database = "counted";
}

#define N_STEPS 8

static oc_status add(oc_project *project, unsigned seed, const char *tag, oc_addition *addition) {
    uint8_t bytes[78] = "BM";
    oc_image image = OC_IMAGE_INIT;
    oc_labels labels = OC_LABELS_INIT;
    bytes[2] = 78, bytes[10] = 54, bytes[14] = 40, bytes[18] = 4, bytes[22] = 2, bytes[26] = 1, bytes[28] = 24;
    memcpy(bytes + 54, &seed, sizeof seed);
    image.format = OC_IMAGE_ENCODED;
    image.data = bytes;
    image.size = sizeof bytes;
    labels.n_tags = 1;
    labels.tags = &tag;
    return oc__project_add_picture(addition, project, &image, &labels, NULL);
}

/* Step `i` of the script. */
static oc_status step(oc_project *project, int i, oc_addition *first) {
    oc_addition other = OC_ADDITION_INIT;
    const char *pictures[] = {first->id};
    switch (i) {
    case 0:
        return add(project, 1, "a", first);
    case 1:
        return add(project, 2, "b", &other);
    case 2:
        return oc__project_set_metadata(project, pictures, 1, "key", "value", NULL);
    case 3:
        return oc__project_label_pictures(project, pictures, 1, "b", OC_LABEL_SET, NULL);
    case 4:
        return oc__project_merge_tags(project, "b", "a", NULL);
    case 5:
        return oc__project_delete_pictures(project, pictures, 1, NULL);
    case 6:
        return add(project, 3, "c", &other);
    default:
        return oc__project_delete_tag(project, "a", NULL);
    }
}

/* All that a project says, but for identifiers and moments, as one text. */
static void describe(char out[1024], oc_project *project) {
    sqlite3_stmt *q = NULL;
    bool row = true;
    out[0] = 0;
    ck_assert_int_eq(
        oc__db_query(&q, project, NULL,
                     "SELECT 'picture ' || hash || ' ' || n_tags FROM pictures UNION ALL SELECT 'tag ' || name FROM tags"
                     " UNION ALL SELECT 'pair ' || key || value FROM metadata UNION ALL SELECT 'on ' || t.name || p.hash"
                     " FROM picture_tags x JOIN tags t ON t.seq = x.tag JOIN pictures p ON p.seq = x.picture ORDER BY 1",
                     ""),
        OC_OK);
    while (oc__db_step(&row, q, project, NULL) == OC_OK && row) {
        strncat(out, oc__db_text(q, 0), 1023 - strlen(out));
        strncat(out, "\n", 1023 - strlen(out));
    }
    sqlite3_finalize(q);
}

/* Every picture's file is there, and the database is sound. */
static void check_sound(oc_project *project, int n) {
    int64_t bad = 0;
    sqlite3_stmt *q = NULL;
    bool row = true;
    ck_assert_int_eq(
        oc__db_integer(&bad, project, NULL, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'", ""),
        OC_OK);
    ck_assert_msg(bad == 0, "killed at %d: the database is damaged", n);
    ck_assert_int_eq(oc__db_query(&q, project, NULL, "SELECT hash, ending FROM pictures", ""), OC_OK);
    while (oc__db_step(&row, q, project, NULL) == OC_OK && row) {
        char path[4096];
        snprintf(path, sizeof path, "%s/" OC__PICTURES "/%.2s/%s%s", project->folder, oc__db_text(q, 0), oc__db_text(q, 0),
                 oc__db_text(q, 1));
        ck_assert_msg(access(path, R_OK) == 0, "killed at %d: %s is not there", n, path);
    }
    sqlite3_finalize(q);
}

static void child(const char *path, int n, int pipe_to) {
    oc_context *context = new_threads_context(1, NULL);
    oc_project *project = NULL;
    oc_addition first = OC_ADDITION_INIT;
    context->files = &counted_files;
    if (oc__project_open(&project, context, path, NULL)) _exit(2);
    n_left = n;
    for (int i = 0; i < N_STEPS; i++) {
        if (step(project, i, &first)) _exit(3);
        if (write(pipe_to, "x", 1) != 1) _exit(4);
    }
    oc__project_free(project);
    _exit(0);
}

START_TEST(old_or_new) {
    oc_context *context = new_threads_context(1, NULL);
    char *folder = new_folder(), expected[N_STEPS + 1][1024], found[1024];
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_addition first = OC_ADDITION_INIT;
    int n = 1, status = -1;
    set_up();
    ck_assert_int_eq(oc__project_create(&project, context, in(folder, "all"), &info, NULL), OC_OK);
    describe(expected[0], project);
    for (int i = 0; i < N_STEPS; i++) {
        ck_assert_int_eq(step(project, i, &first), OC_OK);
        describe(expected[i + 1], project);
    }
    oc__project_free(project);
    for (; status != 0; n++) {
        char name[32], byte;
        int ends[2], told = 0;
        snprintf(name, sizeof name, "%d", n);
        ck_assert_int_eq(oc__project_create(&project, context, in(folder, name), &info, NULL), OC_OK);
        oc__project_free(project);
        ck_assert_int_eq(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) child(in(folder, name), n, ends[1]);
        close(ends[1]);
        while (read(ends[0], &byte, 1) == 1) told++;
        close(ends[0]);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 9 || status == 0), "killed at %d: ended with %d", n, status);
        ck_assert_int_eq(oc__project_open(&project, context, in(folder, name), NULL), OC_OK);
        describe(found, project);
        ck_assert_msg(strcmp(found, expected[told]) == 0 || (told < N_STEPS && strcmp(found, expected[told + 1]) == 0),
                      "killed at %d: told of %d steps, found\n%s", n, told, found);
        check_sound(project, n);
        oc__project_free(project);
    }
    printf("killed at %d operations\n", n - 2);
    ck_assert_int_gt(n, N_STEPS * 3);
    remove_folder(folder);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{old_or_new, 0}};
    return RUN_UNIT_TESTS("store_crash", tests);
}
