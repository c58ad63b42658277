/* Files and folders, with an operating system that fails. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "memory.h"
#include "support.h"

/* The faulty table: the call number `at` of the kind `kind` does `how`; all others do as they should. */
enum { OPEN, READ, WRITE, SYNC, CLOSE, RENAME, N_KINDS };
enum { FAIL, INTERRUPT, SHORT, NOTHING };
static struct {
    int kind, at, how, seen[N_KINDS], n_open;
    bool all_short; /* every read and write does one byte */
} fault;

static bool strikes(int kind) { return fault.seen[kind]++ == fault.at && fault.kind == kind; }
static int refuse(int number) {
    errno = number;
    return -1;
}

static int faulty_open(const char *path, int flags, mode_t mode) {
    if (strikes(OPEN)) return refuse(EACCES);
    int file = oc__system_files.open(path, flags, mode);
    fault.n_open += file >= 0;
    return file;
}
static ssize_t faulty_read(int file, void *data, size_t size) {
    if (!strikes(READ)) return read(file, data, fault.all_short ? 1 : size);
    return fault.how == NOTHING ? 0 : fault.how == SHORT ? read(file, data, 1) : refuse(fault.how == FAIL ? EIO : EINTR);
}
static ssize_t faulty_write(int file, const void *data, size_t size) {
    if (!strikes(WRITE)) return write(file, data, fault.all_short ? 1 : size);
    return fault.how == NOTHING ? 0 : fault.how == SHORT ? write(file, data, 1) : refuse(fault.how == FAIL ? ENOSPC : EINTR);
}
static int faulty_sync(int file) { return strikes(SYNC) ? refuse(EIO) : fsync(file); }
static int faulty_close(int file) {
    bool now = strikes(CLOSE);
    fault.n_open--;
    close(file);
    return now ? refuse(EIO) : 0;
}
static int faulty_rename(const char *from, const char *to) { return strikes(RENAME) ? refuse(EXDEV) : rename(from, to); }

static const oc__file_ops faulty = {faulty_open, faulty_read, faulty_write, faulty_sync, faulty_close, faulty_rename, unlink,
                                    NULL};

static oc_context *context;
static char *folder;

static void begin(void) {
    context = new_threads_context(1, NULL);
    context->files = &faulty;
    memset(&fault, 0, sizeof fault);
    fault.kind = -1;
    folder = new_folder();
}

static void end(void) {
    ck_assert_int_eq(fault.n_open, 0);
    remove_folder(folder);
    end_context(context);
}

static void set_fault(int kind, int at, int how) {
    memset(fault.seen, 0, sizeof fault.seen);
    fault.kind = kind;
    fault.at = at;
    fault.how = how;
}

static size_t n_entries(void) {
    size_t n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return n;
}

/* Reads with the system's own functions. */
static bool file_is(const char *path, const char *text) {
    char data[256] = "";
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    size_t n = fread(data, 1, sizeof data - 1, file);
    fclose(file);
    return n == strlen(text) && memcmp(data, text, n) == 0;
}

START_TEST(test_replace) {
    begin();
    const char *path = in(folder, "model");
    ck_assert_int_eq(oc__file_replace(context, path, "old", 3, NULL), OC_OK);
    ck_assert(file_is(path, "old"));
    ck_assert_int_eq(oc__file_replace(context, path, "", 0, NULL), OC_OK);
    ck_assert(file_is(path, ""));
    fault.all_short = true;
    ck_assert_int_eq(oc__file_replace(context, path, "much longer", 11, NULL), OC_OK);
    ck_assert(file_is(path, "much longer"));
    ck_assert_uint_eq(n_entries(), 1);
    end();
}
END_TEST

START_TEST(test_replace_with_faults) {
    begin();
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int how = 0; how < 4; how++) {
            if (how && kind != WRITE) continue;
            for (int there = 0; there < 2; there++)
                for (int at = 0;; at++) {
                    oc_error err = OC_ERROR_INIT;
                    const char *path = in(folder, "model");
                    unlink(path);
                    if (there) put_text(folder, "model", "old");
                    set_fault(kind, at, how);
                    oc_status status = oc__file_replace(context, path, "new content", 11, &err);
                    bool struck = fault.seen[kind] > at;
                    /* Only syncing the folder, after the rename, leaves the new content although it fails. */
                    bool is_new = file_is(path, "new content"), is_old = there ? file_is(path, "old") : access(path, F_OK) != 0;
                    check_that(is_new || is_old, "kind %d, call %d: neither old nor new", kind, at);
                    check_that(n_entries() == (is_new || there), "kind %d, call %d: litter", kind, at);
                    check_that(fault.n_open == 0, "kind %d, call %d: a file stays open", kind, at);
                    if (status) check_that(status == OC_E_IO && strstr(err.message, folder), "kind %d: %s", kind, err.message);
                    else check_that(is_new, "kind %d, call %d: it says that all is well", kind, at);
                    if (!struck) {
                        check_that(status == OC_OK, "%s", err.message);
                        break;
                    }
                    bool harmless = (kind == WRITE && (how == INTERRUPT || how == SHORT)) || (kind == CLOSE && at == 1);
                    check_that((status == OC_OK) == harmless, "kind %d, call %d, how %d: %d", kind, at, how, status);
                    if (status && !is_new) check_that(is_old, "the old file is gone");
                    if (kind == RENAME || kind == WRITE) check_that(status == OC_OK || is_old,
                        "a failed write replaced the file");
                    check_that(at < 20, "no end");
                }
        }
    end();
}
END_TEST

static oc_status replace(oc_context *with, void *user, oc_error *err) {
    return oc__file_replace(with, user, "x", 1, err);
}

/* Without memory, the file is as it was. */
START_TEST(test_replace_without_memory) {
    char *at = new_folder();
    sweep_allocations(replace, (void *)(uintptr_t)in(at, "model"), false);
    for (size_t i = 1; i <= 2; i++) {
        faults count = {0};
        oc_context *poor = new_threads_context(1, &count);
        put_text(at, "model", "old");
        atomic_store(&count.n, 0);
        count.fail_at = i;
        ck_assert_int_eq(oc__file_replace(poor, in(at, "model"), "new", 3, NULL), OC_E_NOMEM);
        ck_assert_msg(file_is(in(at, "model"), "old"), "allocation %zu: the file was replaced all the same", i);
        end_context(poor);
    }
    remove_folder(at);
}
END_TEST

START_TEST(test_replace_elsewhere) {
    begin();
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(oc__file_replace(context, in(folder, "no/such/model"), "x", 1, &err), OC_E_NOT_FOUND);
    mkdir(in(folder, "taken"), 0777);
    ck_assert_int_eq(oc__file_replace(context, in(folder, "taken"), "x", 1, &err), OC_E_IO);
    ck_assert_uint_eq(n_entries(), 1);
    ck_assert_int_eq(chdir(folder), 0); /* a name without a folder */
    ck_assert_int_eq(oc__file_replace(context, "plain", "x", 1, &err), OC_OK);
    ck_assert_int_eq(oc__file_replace(context, "./plain", "y", 1, &err), OC_OK);
    ck_assert(file_is("plain", "y"));
    char name[300];
    memset(name, 'n', 299);
    name[299] = 0;
    ck_assert_int_eq(oc__file_replace(context, name, "x", 1, &err), OC_E_IO);
    ck_assert_int_eq(chdir("/"), 0);
    end();
}
END_TEST

START_TEST(test_read) {
    begin();
    uint8_t *data, head[8];
    size_t size;
    oc_error err = OC_ERROR_INIT;
    put_text(folder, "file", "0123456789");
    put_text(folder, "empty", "");
    const char *path = in(folder, "file");
    for (int how = 0; how < 4; how++)
        for (int at = 0; at < 4; at++) {
            set_fault(READ, at, how);
            oc_status status = oc__file_read(&data, &size, context, path, 10, "the limit", &err);
            bool struck = fault.seen[READ] > at;
            check_that(status == (struck && how == FAIL ? OC_E_IO : OC_OK), "how %d: %d", how, status);
            if (status) check_that(!data && !size, "out");
            else check_that(size <= 10 && memcmp(data, "0123456789", size) == 0, "data");
            if (!status && how != NOTHING) check_that(size == 10, "size %zu", size);
            oc__free(context, data);
            set_fault(READ, at, how);
            status = oc__file_head(head, sizeof head, &size, context, path, &err);
            check_that(status == (fault.seen[READ] > at && how == FAIL ? OC_E_IO : OC_OK), "head");
        }
    set_fault(-1, 0, 0);
    fault.all_short = true;
    ck_assert_int_eq(oc__file_read(&data, &size, context, path, 10, "the limit", &err), OC_OK);
    ck_assert_uint_eq(size, 10);
    oc__free(context, data);
    ck_assert_int_eq(oc__file_read(&data, &size, context, path, 9, "the limit", &err), OC_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "has 10 bytes, the limit is 9"));
    ck_assert_int_eq(oc__file_read(&data, &size, context, in(folder, "empty"), 0, "the limit", &err), OC_OK);
    ck_assert_uint_eq(size, 0);
    oc__free(context, data);
    ck_assert_int_eq(oc__file_head(head, 8, &size, context, in(folder, "empty"), &err), OC_OK);
    ck_assert_uint_eq(size, 0);
    set_fault(OPEN, 0, FAIL);
    ck_assert_int_eq(oc__file_read(&data, &size, context, path, 10, "the limit", &err), OC_E_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot open: Permission denied"));
    end();
}
END_TEST

START_TEST(test_strange_files) {
    begin();
    uint8_t *data, head[8];
    size_t size;
    oc__mapping mapping;
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(mkfifo(in(folder, "pipe"), 0666), 0);
    ck_assert_int_eq(symlink("loop", in(folder, "loop")), 0);
    ck_assert_int_eq(symlink("gone", in(folder, "dangling")), 0);
    put_text(folder, "file", "x");
    const struct {
        const char *path;
        oc_status status;
    } cases[] = {{folder, OC_E_IO},
                 {in(folder, "pipe"), OC_E_IO}, /* and it does not wait for a writer */
                 {"/dev/null", OC_E_IO},
                 {in(folder, "missing"), OC_E_NOT_FOUND},
                 {"", OC_E_NOT_FOUND},
                 {in(folder, "loop"), OC_E_IO},
                 {in(folder, "dangling"), OC_E_NOT_FOUND},
                 {in(folder, "file/below"), OC_E_NOT_FOUND}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = cases[i].path;
        oc_status status = cases[i].status;
        check_that(oc__file_read(&data, &size, context, path, 100, "l", &err) == status, "read %s: %s", path, err.message);
        check_that(oc__file_head(head, 8, &size, context, path, &err) == status, "head %s: %s", path, err.message);
        check_that(oc__file_map(&mapping, context, path, 100, "l", &err) == status, "map %s: %s", path, err.message);
        check_that(!data && !size && !mapping.data, "out");
    }
    if (geteuid() != 0) { /* nothing is unreadable to the superuser */
        chmod(in(folder, "file"), 0);
        ck_assert_int_eq(oc__file_read(&data, &size, context, in(folder, "file"), 100, "l", &err), OC_E_IO);
    }
    end();
}
END_TEST

START_TEST(test_map) {
    begin();
    oc__mapping mapping;
    put_text(folder, "file", "0123456789");
    put_text(folder, "empty", "");
    ck_assert_int_eq(oc__file_map(&mapping, context, in(folder, "file"), 10, "l", NULL), OC_OK);
    ck_assert_uint_eq(mapping.size, 10);
    ck_assert_mem_eq(mapping.data, "0123456789", 10);
    oc__file_unmap(&mapping);
    oc__file_unmap(&mapping);
    ck_assert_int_eq(oc__file_map(&mapping, context, in(folder, "file"), 9, "l", NULL), OC_E_LIMIT);
    ck_assert_int_eq(oc__file_map(&mapping, context, in(folder, "empty"), 9, "l", NULL), OC_OK);
    ck_assert_ptr_null(mapping.data);
    oc__file_unmap(&mapping);
    end();
}
END_TEST

static oc_status list(oc_context *with, void *user, oc_error *err) {
    oc__entry *entries;
    size_t n;
    oc_status status = oc__folder_list(&entries, &n, with, user, err);
    oc__entries_free(entries, n, with);
    return status;
}

START_TEST(test_folder) {
    begin();
    oc__entry *entries;
    size_t n;
    oc_error err = OC_ERROR_INIT;
    static const char *const names[] = {"10", "2", "B", "Z", "a", "b", "link", "loop", "z", "\xC3\xA4", "\xFF"};
    ck_assert_int_eq(oc__folder_list(&entries, &n, context, folder, &err), OC_OK);
    ck_assert_uint_eq(n, 0);
    oc__entries_free(entries, n, context);
    for (size_t i = 11; i-- > 0;)
        if (i != 6 && i != 7) put_text(folder, names[i], "");
    put_text(folder, ".hidden", "");
    put_text(folder, "..also", "");
    unlink(in(folder, "B"));
    put_text(folder, "B/within", "");
    ck_assert_int_eq(symlink("B", in(folder, "link")), 0);
    ck_assert_int_eq(symlink("loop", in(folder, "loop")), 0);
    ck_assert_int_eq(oc__folder_list(&entries, &n, context, folder, &err), OC_OK);
    ck_assert_uint_eq(n, 11);
    for (size_t i = 0; i < n; i++) {
        ck_assert_str_eq(entries[i].name, names[i]);
        ck_assert_int_eq(entries[i].is_folder, i == 2 || i == 6);
        ck_assert_int_eq(entries[i].is_file, i != 2 && i != 6 && i != 7);
    }
    oc__entries_free(entries, n, context);
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        put_text(folder, name, "");
    }
    sweep_allocations(list, folder, false);
    ck_assert_int_eq(oc__folder_list(&entries, &n, context, in(folder, "missing"), &err), OC_E_NOT_FOUND);
    ck_assert(!entries && !n);
    ck_assert_int_eq(oc__folder_list(&entries, &n, context, in(folder, "a"), &err), OC_E_NOT_FOUND);
    end();
}
END_TEST

START_TEST(test_paths) {
    begin();
    static const char *const cases[][3] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/",
        "b", "/b"},
                                           {"a", "", "a/"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = oc__path_join(context, cases[i][0], cases[i][1]);
        ck_assert_str_eq(path, cases[i][2]);
        oc__free(context, path);
    }
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_replace, 0},
        {test_replace_with_faults, 0},
        {test_replace_without_memory, 0},
        {test_replace_elsewhere, 0},
        {test_read, 0},
        {test_strange_files, 0},
        {test_map, 0},
        {test_folder, 0},
        {test_paths, 0},
    };
    return RUN_UNIT_TESTS("core file", tests);
}
