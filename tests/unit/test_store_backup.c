/* Backups: there and back again, while files go, and hostile archives. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contents.h"
#include "database.h"
#include "memory.h"
#include "store_script.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_project *project;
static oc_error error;
static oc__progress progress;

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

static void add(unsigned seed) {
    uint8_t bytes[78];
    oc_image image = script_picture(seed, bytes);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    const char *const tags[] = {"a"};
    labels.tags = tags;
    labels.n_tags = 1;
    must(oc__project_add_picture(&addition, project, &image, &labels, &error));
}

static void begin(void) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    oc__progress_begin(&progress, NULL, NULL, NULL);
    must(oc__project_create(&project, context, in(folder, "p"), &info, &error));
    for (unsigned i = 0; i < 3; i++) add(i);
}

static void end(void) {
    oc__project_free(project);
    end_context(context);
    remove_folder(folder);
}

static const char *archive(void) { return in(folder, "b.tar"); }

static oc_status restore(const char *name) {
    oc_project *copy = NULL;
    error = (oc_error)OC_ERROR_INIT;
    oc_status status = oc__project_restore(&copy, context, archive(), in(folder, name), &progress, &error);
    ck_assert(!status == !!copy);
    oc__project_free(copy);
    return status;
}

START_TEST(there_and_back) {
    char before[DESCRIPTION], after[DESCRIPTION];
    oc_project *copy = NULL;
    begin();
    must(oc__project_backup(project, archive(), &progress, &error));
    script_describe(before, project);
    add(77); /* after the backup */
    must(oc__project_restore(&copy, context, archive(), in(folder, "copy"), &progress, &error));
    script_describe(after, copy);
    ck_assert_str_eq(before, after);
    oc__project_free(copy);
    ck_assert_int_eq(restore("copy"), OC_E_STATE); /* there is one already */
    must(oc__project_begin(project, &error));
    ck_assert_int_eq(oc__project_backup(project, archive(), &progress, &error), OC_E_STATE);
    must(oc__project_end(project, false, &error));
    end();
}
END_TEST

START_TEST(what_is_missing_is_told) {
    oc_picture_list *list = NULL;
    uint64_t size;
    begin();
    must(oc__project_pictures(&list, project, &(oc_picture_filter)OC_PICTURE_FILTER_INIT, &error));
    ck_assert_int_eq(unlink(list->items[1].info.path), 0);
    oc__picture_list_free(list);
    oc_status status = oc__project_backup(project, archive(), &progress, &error);
    ck_assert_msg(status == OC_E_NOT_FOUND, "%d: %s", status, error.message);
    ck_assert_int_eq(oc__file_size(&size, context, archive(), NULL), OC_E_NOT_FOUND); /* and nothing is left behind */
    end();
}
END_TEST

/* Every byte of a backup damaged in turn (of the database's pages only the first): an error, and never a file elsewhere. */
START_TEST(damaged_archives) {
    uint8_t *data = NULL;
    size_t size = 0, n_refused = 0;
    begin();
    must(oc__project_backup(project, archive(), &progress, &error));
    must(oc__file_read(&data, &size, context, archive(), UINT64_MAX, "", &error));
    for (size_t at = 0; at < 3 * 1024 + 1024 && at < size; at += 1 + at % 7) {
        char name[32];
        data[at] ^= 0x55;
        put_file(folder, "b.tar", data, size);
        data[at] ^= 0x55;
        snprintf(name, sizeof name, "copy %zu", at);
        oc_status status = restore(name);
        n_refused += status != OC_OK;
        ck_assert_msg(!status || status == OC_E_CORRUPT || status == OC_E_FORMAT || status == OC_E_UNSUPPORTED,
                      "byte %zu: %d: %s", at, status, error.message);
    }
    ck_assert_uint_gt(n_refused, 100);
    for (size_t length = 0; length < size; length += length < 2000 ? 191 : 8191) { /* cut off */
        put_file(folder, "b.tar", data, length);
        oc_status status = restore("cut");
        ck_assert_msg(status == OC_E_CORRUPT || (length < 512 && status == OC_E_FORMAT), "%zu bytes: %d: %s", length, status,
                      error.message);
    }
    put_file(folder, "b.tar", data, size);
    must(restore("cut")); /* after all that, the whole one */
    oc__free(context, data);
    end();
}
END_TEST

/* Names that lead out of the folder. */
START_TEST(names_are_checked) {
    static const char *const names[] = {"../evil",
                                        "/tmp/evil",
                                        "files/../../evil",
                                        "files/ab/../../../evil.jpg",
                                        "files/00/0000000000000000000000000000000000000000000000000000000000000000.exe",
                                        "files/01/0000000000000000000000000000000000000000000000000000000000000000.jpg",
                                        "project.db/x"};
    uint8_t block[1024] = {0};
    unsigned sum = 0;
    begin();
    memcpy(block, names[_i], strlen(names[_i]));
    memcpy(block + 124, "00000000001", 11);
    memcpy(block + 257, "ustar", 5);
    block[156] = '0';
    for (int i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? ' ' : block[i];
    snprintf((char *)block + 148, 8, "%06o", sum);
    put_file(folder, "b.tar", block, sizeof block);
    ck_assert_int_eq(restore("copy"), OC_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(error.message, "a file that a backup does not have"));
    ck_assert(access(in(folder, "evil"), F_OK) != 0);
    end();
}
END_TEST

static oc_status with_little_memory(oc_context *own, void *user, oc_error *err) {
    oc_project *p = NULL;
    oc__progress silent;
    (void)user;
    oc__progress_begin(&silent, NULL, NULL, NULL);
    oc_status status = oc__project_open(&p, own, in(folder, "p"), err);
    if (!status) status = oc__project_backup(p, archive(), &silent, err);
    oc__project_free(p);
    return status;
}

START_TEST(memory_runs_out) {
    begin();
    sweep_allocations(with_little_memory, NULL, false);
    must(restore("copy"));
    end();
}
END_TEST

int main(void) {
    script_in_memory();
    const unit_test tests[] = {
        {there_and_back, 0}, {what_is_missing_is_told, 0}, {damaged_archives, 0}, {names_are_checked, 7}, {memory_runs_out, 0}};
    return RUN_UNIT_TESTS("store_backup", tests);
}
