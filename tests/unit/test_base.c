/* Base networks: listing, opening, storing, removing, checksums. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base.h"
#include "file.h"
#include "ocm.h"
#include "support.h"

static oc_context *context;
static char *folder;

static void set_up(void) {
    context = new_threads_context(1, NULL);
    folder = new_folder();
    setenv("OCELLUS_BASE_PATH", in(folder, "deep/bases"), 1);
}

static void tear_down(void) {
    remove_folder(folder);
    end_context(context);
}

/* A base of one convolution and a pool. */
static oc_model *tiny_base(const char *name, uint64_t seed) {
    oc_model *base = NULL;
    uint32_t node;
    ck_assert_int_eq(oc__model_create(&base, context, NULL), OC_OK);
    base->kind = OC__KIND_BASE;
    base->rule = (oc__prepare_rule){.width = 8, .height = 8, .resize = OC__RESIZE_CROP, .filter = OC__FILTER_TRIANGLE,
                                    .channels = OC__CHANNELS_RGB, .scale = {1, 1, 1}};
    ck_assert_int_eq(oc__graph_input(&node, &base->graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, &base->graph, node, 4, 3, 2, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_global_pool(&node, &base->graph, node, NULL), OC_OK);
    oc__graph_initialise(&base->graph, seed);
    base->graph.n_outputs = 1;
    base->graph.outputs[0] = node;
    ck_assert_int_eq(oc__model_set_property(base, "name", name, NULL), OC_OK);
    ck_assert_int_eq(oc__model_finish(base, NULL), OC_OK);
    return base;
}

static void store(const char *name, uint64_t seed) {
    oc_error error = OC_ERROR_INIT;
    oc_model *base = tiny_base(name, seed);
    oc_status status = oc__base_store(base, false, &error);
    ck_assert_msg(status == OC_OK, "%s", error.message);
    oc__model_release(base);
}

static oc_status open_it(const char *name, oc_error *error) {
    oc_model *base = NULL;
    oc_status status = oc__base_open(&base, context, name, error);
    ck_assert(status ? !base : base->kind == OC__KIND_BASE && oc__model_property(base, "sha256"));
    oc__model_release(base);
    return status;
}

START_TEST(stores_lists_and_opens) {
    oc__base_list list;
    oc_error error = OC_ERROR_INIT;
    ck_assert_int_eq(oc__base_list_all(&list, context, NULL), OC_OK); /* the folder is not there yet */
    ck_assert_uint_eq(list.n, 1);
    ck_assert_uint_eq(list.entries[0].place, OC_BASE_BUILTIN);
    oc__base_list_free(&list);
    store("second", 1);
    store("first", 2);
    put_text(folder, "deep/bases/readme.txt", "not a base");
    ck_assert_int_eq(oc__base_list_all(&list, context, NULL), OC_OK);
    ck_assert_uint_eq(list.n, 3);
    ck_assert_str_eq(list.entries[1].name, "first");
    ck_assert_str_eq(list.entries[2].name, "second");
    ck_assert_uint_eq(list.entries[1].place, OC_BASE_USER);
    ck_assert_uint_eq(strlen(list.entries[1].sha256), 64);
    ck_assert_uint_gt(list.entries[1].n_bytes, 100);
    ck_assert_int_eq(open_it("first", &error), OC_OK);
    ck_assert_int_eq(open_it(list.entries[2].path, &error), OC_OK);
    ck_assert_int_eq(open_it(OC__BUILTIN_BASE, &error), OC_OK);
    ck_assert_int_eq(open_it("third", &error), OC_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "there are: compact, first, second"));
    oc__base_list_free(&list);
}
END_TEST

START_TEST(takes_the_best_of_its_own) {
    oc_error error = OC_ERROR_INIT;
    oc__buffer file = {.context = context};
    oc__base_list list;
    oc_model *installed = tiny_base("standard", 3), *best;
    ck_assert_int_eq(oc__ocm_write(&file, installed, NULL), OC_OK);
    ck_assert_int_eq(oc__base_open(&best, context, "auto", &error), OC_OK);
    ck_assert_str_eq(oc__model_property(best, "name"), "compact");
    oc__model_release(best);
    ck_assert_int_eq(mkdir(in(folder, "installed"), 0777), 0);
    put_file(folder, "installed/standard.ocm", file.data, file.size);
    setenv("OCELLUS_INSTALLED_BASE_PATH", in(folder, "installed"), 1);
    ck_assert_int_eq(oc__base_open(&best, context, "auto", &error), OC_OK);
    ck_assert_str_eq(oc__model_property(best, "name"), "standard");
    oc__model_release(best);
    ck_assert_int_eq(oc__base_list_all(&list, context, NULL), OC_OK);
    ck_assert_uint_eq(list.n, 2);
    ck_assert_uint_eq(list.entries[1].place, OC_BASE_INSTALLED);
    oc__base_list_free(&list);
    ck_assert_int_eq(oc__base_remove(context, "standard", &error), OC_E_ARGUMENT);
    put_text(folder, "installed/standard.ocm", "broken");
    ck_assert_int_ne(oc__base_open(&best, context, "auto", &error), OC_OK); /* not quietly another one */
    setenv("OCELLUS_INSTALLED_BASE_PATH", "", 1);
    oc__buffer_free(&file);
    oc__model_release(installed);
}
END_TEST

START_TEST(refuses_to_overwrite_unless_told_to) {
    oc_error error = OC_ERROR_INIT;
    oc_model *other = tiny_base("mine", 9);
    store("mine", 1);
    ck_assert_int_eq(oc__base_store(other, false, &error), OC_E_STATE);
    ck_assert_ptr_nonnull(strstr(error.message, "there is a base 'mine' already"));
    ck_assert_int_eq(oc__base_store(other, true, &error), OC_OK);
    ck_assert_int_eq(open_it("mine", &error), OC_OK);
    oc__model_release(other);
}
END_TEST

START_TEST(refuses_names_that_are_no_names) {
    static const char *const names[] = {"", ".", "..", "../up", "a/b", "-x", ".hidden", "a b", "x.ocm", "compact", "standard", "auto", "\xC3\xA9",
                                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    oc_error error = OC_ERROR_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        oc_model *base = tiny_base(names[i], 1);
        ck_assert_msg(oc__base_store(base, true, &error) == OC_E_ARGUMENT, "'%s' was taken as a name", names[i]);
        oc__model_release(base);
    }
}
END_TEST

START_TEST(notices_a_changed_file) {
    oc_error error = OC_ERROR_INIT;
    oc__buffer file = {.context = context};
    oc_model *other = tiny_base("mine", 2);
    store("mine", 1);
    ck_assert_int_eq(oc__ocm_write(&file, other, NULL), OC_OK); /* a sound file, but not the one that was stored */
    put_file(folder, "deep/bases/mine.ocm", file.data, file.size);
    ck_assert_int_eq(open_it("mine", &error), OC_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(error.message, "the file was changed"));
    put_text(folder, "deep/bases/mine.ocm.sha256", "nonsense");
    ck_assert_int_eq(open_it("mine", &error), OC_E_CORRUPT);
    ck_assert_int_eq(remove(in(folder, "deep/bases/mine.ocm.sha256")), 0);
    ck_assert_int_eq(open_it("mine", &error), OC_OK);
    oc__buffer_free(&file);
    oc__model_release(other);
}
END_TEST

START_TEST(removes_only_the_users_own) {
    oc_error error = OC_ERROR_INIT;
    store("mine", 1);
    ck_assert_int_eq(oc__base_remove(context, "compact", &error), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__base_remove(context, "other", &error), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc__base_remove(context, "mine", &error), OC_OK);
    ck_assert_int_eq(open_it("mine", &error), OC_E_NOT_FOUND);
    ck_assert_ptr_null(fopen(in(folder, "deep/bases/mine.ocm.sha256"), "rb"));
}
END_TEST

START_TEST(tells_bases_apart) {
    oc_error error = OC_ERROR_INIT;
    oc_model *model = NULL, *first = NULL, *second = NULL;
    store("first", 1);
    store("second", 2);
    ck_assert_int_eq(oc__base_open(&first, context, "first", NULL), OC_OK);
    ck_assert_int_eq(oc__base_open(&second, context, "second", NULL), OC_OK);
    ck_assert_int_eq(oc__model_create(&model, context, NULL), OC_OK);
    ck_assert_int_eq(oc__base_check(model, first, &error), OC_E_DATA); /* it does not say */
    oc__model_set_property(model, "base", "first", NULL);
    oc__model_set_property(model, "base_sha256", oc__model_property(first, "sha256"), NULL);
    ck_assert_int_eq(oc__base_check(model, first, &error), OC_OK);
    ck_assert_int_eq(oc__base_check(model, second, &error), OC_E_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "was trained on the base 'first'"));
    ck_assert_ptr_nonnull(strstr(error.message, "not on 'second'"));
    oc__model_release(model);
    oc__model_release(first);
    oc__model_release(second);
}
END_TEST

/* Without a home there is only what is built in, and nothing can be stored. */
/* The built-in base brings a detector, which is no part of what classifiers are made of; a base of the user's brings none. */
START_TEST(brings_a_detector) {
    oc_model *base = NULL, *detector = NULL;
    ck_assert_int_eq(oc__base_open_both(&base, &detector, context, OC__BUILTIN_BASE, NULL), OC_OK);
    ck_assert_ptr_nonnull(detector);
    ck_assert(detector->kind == OC__KIND_DETECTION && detector->n_tags == 1 && detector->graph.n_outputs == 3);
    ck_assert_str_eq(detector->tags[0], OC__OBJECT_TAG);
    ck_assert(base->kind == OC__KIND_BASE && base->graph.n_outputs == 4);
    ck_assert_uint_lt(base->graph.n_nodes, detector->graph.n_nodes);
    ck_assert_str_eq(oc__model_property(base, "sha256"), oc__model_property(detector, "sha256"));
    oc__model_release(base);
    oc__model_release(detector);
    store("plain", 1);
    ck_assert_int_eq(oc__base_open_both(&base, &detector, context, "plain", NULL), OC_OK);
    ck_assert_ptr_null(detector);
    oc__model_release(base);
}
END_TEST

START_TEST(lives_without_a_home) {
    oc__base_list list;
    oc_error error = OC_ERROR_INIT;
    oc_model *base = tiny_base("mine", 1);
    unsetenv("OCELLUS_BASE_PATH");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    ck_assert_int_eq(oc__base_list_all(&list, context, &error), OC_OK);
    ck_assert_uint_ge(list.n, 1);
    oc__base_list_free(&list);
    ck_assert_int_eq(oc__base_store(base, false, &error), OC_E_NOT_FOUND);
    setenv("HOME", folder, 1);
    ck_assert_int_eq(oc__base_store(base, false, &error), OC_OK);
    ck_assert_ptr_nonnull(fopen(in(folder, ".local/share/ocellus/base/mine.ocm"), "rb"));
    oc__model_release(base);
}
END_TEST

static oc_status list_and_open(oc_context *c, void *user, oc_error *err) {
    oc_model *again = NULL;
    oc__base_list list;
    (void)user;
    oc_status status = oc__base_list_all(&list, c, err);
    if (status) return status;
    oc__base_list_free(&list);
    status = oc__base_open(&again, c, "mine", err);
    oc__model_release(again);
    return status;
}

START_TEST(survives_without_memory) {
    oc_model *base = tiny_base("mine", 1);
    ck_assert_int_eq(oc__base_store(base, false, NULL), OC_OK);
    sweep_allocations(list_and_open, NULL, false);
    oc__model_release(base);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has a timeout */
    tcase_add_test(tests, stores_lists_and_opens);
    tcase_add_test(tests, takes_the_best_of_its_own);
    tcase_add_test(tests, refuses_to_overwrite_unless_told_to);
    tcase_add_test(tests, refuses_names_that_are_no_names);
    tcase_add_test(tests, notices_a_changed_file);
    tcase_add_test(tests, removes_only_the_users_own);
    tcase_add_test(tests, tells_bases_apart);
    tcase_add_test(tests, brings_a_detector);
    tcase_add_test(tests, lives_without_a_home);
    tcase_add_test(tests, survives_without_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
