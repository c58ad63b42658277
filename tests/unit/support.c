/* What the unit tests of the rooms share. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernels.h"

static void *allocate(void *user, size_t size) {
    faults *count = user;
    size_t n = atomic_fetch_add(&count->n, 1) + 1;
    if (count->fail_at && (n == count->fail_at || (count->from_then_on && n > count->fail_at))) return NULL;
    void *memory = size >> 32 ? NULL : malloc(size); /* sanitizers abort on what no machine has */
    if (!memory) return NULL;
    memset(memory, 0xFF, size);
    atomic_fetch_add(&count->n_held, 1);
    return memory;
}

static void release(void *user, void *memory) {
    faults *count = user;
    atomic_fetch_sub(&count->n_held, 1);
    free(memory);
}

oc_context *new_threads_context(uint32_t n_threads, faults *count) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = NULL;
    static faults unwatched;
    options.n_threads = n_threads;
    options.allocate = allocate;
    options.release = release;
    options.allocator_user = count ? count : &unwatched;
    ck_assert_int_eq(oc__context_create(&context, &options, NULL), OC_OK);
    context->kernels = oc__kernels_select(NULL);
    return context;
}

void end_context(oc_context *context) {
    size_t pool = context->pool ? 1 : 0; /* the only block that a context itself keeps */
    size_t used = atomic_load(&context->memory_used);
    ck_assert_msg(pool ? used < 65536 : used == 0, "%zu bytes are left", used);
    ck_assert_uint_eq(atomic_load(&context->n_references), 1);
    oc__context_release(context);
}

void sweep_allocations(sweep_fn action, void *user, bool tolerant) {
    for (int mode = 0; mode < 2; mode++) {
        faults count = {0};
        oc_context *context = new_threads_context(1, &count);
        size_t held = atomic_load(&count.n_held);
        count.from_then_on = mode == 1;
        for (size_t i = 1;; i++) {
            oc_error err = OC_ERROR_INIT;
            check_that(i < 20000, "it never stops asking for memory");
            atomic_store(&count.n, 0);
            count.fail_at = i;
            oc_status status = action(context, user, &err);
            bool failed = atomic_load(&count.n) >= i;
            check_that(atomic_load(&count.n_held) == held, "allocation %zu: %zu blocks are left", i,
                       atomic_load(&count.n_held) - held);
            check_that(atomic_load(&context->memory_used) == 0, "allocation %zu: %zu bytes are left", i,
                       atomic_load(&context->memory_used));
            if (!failed) {
                check_that(status == OC_OK, "without a failure: %s", err.message);
                check_that(i > 1, "it asks for no memory");
                break;
            }
            check_that(status == OC_E_NOMEM || (tolerant && status == OC_OK), "allocation %zu: status %d: %s", i, status,
                       err.message);
            check_that(status == OC_OK || (err.code == OC_E_NOMEM && err.message[0]), "allocation %zu: no message", i);
        }
        count.fail_at = 0;
        end_context(context);
        ck_assert_uint_eq(atomic_load(&count.n_held), 0);
    }
}

char *new_folder(void) {
    const char *base = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/ocellus-test-XXXXXX", base && base[0] ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(path));
    return strdup(path);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at) {
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

void remove_folder(char *folder) {
    ck_assert_int_eq(nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    free(folder);
}

const char *in(const char *folder, const char *name) {
    static char paths[16][4096];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void put_file(const char *folder, const char *name, const void *data, size_t size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); p++) {
        *p = 0;
        mkdir(path, 0777);
        *p = '/';
    }
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

void put_text(const char *folder, const char *name, const char *text) { put_file(folder, name, text, strlen(text)); }

bool is_light(void) { return getenv("OCELLUS_TEST_LIGHT") != NULL; }

int rounds(int n) { return is_light() ? (n + 3) / 4 : n; }

int run_unit_tests(const char *name, const unit_test *tests, size_t n) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0); /* who runs the tests has a timeout, and knows under what they run */
    for (size_t i = 0; i < n; i++)
        if (tests[i].n) tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].n);
        else tcase_add_test(tcase, tests[i].test);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
