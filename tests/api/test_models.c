/* oc_model: files, properties, damage. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static oc_context *context;
static oc_model *model;
static char folder[256], path[512];

static void set_up(void) {
    context = new_context(2);
    model = small_model(context);
    make_folder(folder);
    join(path, folder, "m\xC3\xB6" "del.ocm");
}

static void tear_down(void) {
    remove_folder(folder);
    oc_model_free(model);
    oc_context_free(context);
}

static void expect_same(oc_model *a, oc_model *b) {
    oc_predictor *pa = NULL, *pb = NULL;
    ck_assert_uint_eq(oc_model_n_tags(a), oc_model_n_tags(b));
    for (size_t i = 0; i < oc_model_n_tags(a); i++) ck_assert_str_eq(oc_model_tag(a, i), oc_model_tag(b, i));
    const char *ka, *va, *kb, *vb;
    for (size_t i = 0; oc_model_property_at(a, i, &ka, &va, NULL) == OC_OK; i++) {
        OK(oc_model_property_at(b, i, &kb, &vb, err));
        ck_assert_str_eq(ka, kb);
        ck_assert_str_eq(va, vb);
    }
    OK(oc_predictor_create(&pa, a, NULL, err));
    OK(oc_predictor_create(&pb, b, NULL, err));
    for (uint32_t i = 0; i < 3; i++) {
        float x[N_KINDS], y[N_KINDS];
        predict_painted(x, pa, (int)i, 70 + i);
        predict_painted(y, pb, (int)i, 70 + i);
        for (int k = 0; k < N_KINDS; k++) ck_assert(x[k] == y[k]);
    }
    oc_predictor_free(pa);
    oc_predictor_free(pb);
}

START_TEST(saved_and_loaded) {
    oc_model *loaded = NULL;
    OK(oc_model_save(model, path, err));
    ck_assert_uint_eq(count_entries(folder), 1);
    OK(oc_model_load(&loaded, context, path, err));
    expect_same(model, loaded);
    bytes memory = model_bytes(model), disk = read_whole(path);
    ck_assert_uint_eq(memory.size, disk.size);
    ck_assert_mem_eq(memory.data, disk.data, disk.size);
    bytes again = model_bytes(loaded);
    ck_assert_uint_eq(again.size, disk.size);
    ck_assert_mem_eq(again.data, disk.data, disk.size);
    OK(oc_model_save(loaded, path, err)); /* over the file it came from */
    oc_model_free(loaded);
    OK(oc_model_load_memory(&loaded, context, memory.data, memory.size, NULL, err));
    memset(memory.data, 0, memory.size); /* the library does not keep it */
    expect_same(model, loaded);
    oc_model_free(loaded);
    free(memory.data);
    free(disk.data);
    free(again.data);
}
END_TEST

START_TEST(properties) {
    static const char *const keys[] = {"kind",  "library", "created", "base", "base_sha256", "input", "n_parameters",
                                       "n_training_pictures", "option.seed"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = oc_model_property(model, keys[i]);
        ck_assert_msg(value && *value, "no property %s", keys[i]);
    }
    ck_assert_str_eq(oc_model_property(model, "kind"), "classification");
    ck_assert_str_eq(oc_model_property(model, "library"), oc_version_string());
    ck_assert_str_eq(oc_model_property(model, "n_training_pictures"), "12");
    ck_assert_uint_eq(strlen(oc_model_property(model, "base_sha256")), 64);
    ck_assert_ptr_null(oc_model_property(model, "nonsense"));
    ck_assert_ptr_null(oc_model_property(model, ""));
    int year, month, day, hour, minute, second;
    ck_assert_int_eq(sscanf(oc_model_property(model, "created"), "%4d-%2d-%2dT%2d:%2d:%2d", &year, &month, &day, &hour, &minute,
                            &second),
                     6);
    const char *key, *value;
    size_t n = 0;
    for (; oc_model_property_at(model, n, &key, &value, NULL) == OC_OK; n++)
        ck_assert_ptr_eq(oc_model_property(model, key), value);
    ck_assert_uint_ge(n, 9);
    for (int i = 0; i < N_KINDS; i++) ck_assert_str_eq(oc_model_tag(model, (size_t)i), kind_names[i]);
}
END_TEST

START_TEST(what_cannot_be_loaded) {
    oc_model *m;
    bytes good = model_bytes(model);
    FAILS_OUT(OC_E_NOT_FOUND, m, oc_model_load(&m, context, path, err));
    FAILS_OUT(OC_E_IO, m, oc_model_load(&m, context, folder, err));
    write_file(path, "", 0);
    FAILS_OUT(OC_E_FORMAT, m, oc_model_load(&m, context, path, err));
    FAILS_OUT(OC_E_FORMAT, m, oc_model_load_memory(&m, context, "", 0, NULL, err));
    FAILS_OUT(OC_E_FORMAT, m, oc_model_load_memory(&m, context, "\x89PNG\r\n\x1a\n and then more", 21, NULL, err));
    FAILS_OUT(OC_E_CORRUPT, m, oc_model_load_memory(&m, context, good.data, good.size - 1, NULL, err));
    uint8_t *longer = calloc(1, good.size + 1);
    memcpy(longer, good.data, good.size);
    FAILS_OUT(OC_E_CORRUPT, m, oc_model_load_memory(&m, context, longer, good.size + 1, NULL, err));
    free(longer);
    oc_error error = OC_ERROR_INIT;
    ck_assert_int_eq(oc_model_load_memory(&m, context, "x", 1, "our model", &error), OC_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "our model"));
    oc_context *limited = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.max_model_bytes = good.size - 1;
    OK(oc_context_create(&limited, &options, err));
    write_file(path, good.data, good.size);
    FAILS_OUT(OC_E_LIMIT, m, oc_model_load(&m, limited, path, err));
    FAILS_OUT(OC_E_LIMIT, m, oc_model_load_memory(&m, limited, good.data, good.size, NULL, err));
    oc_context_free(limited);
    options.max_model_bytes = 0;
    options.max_memory = good.size / 2;
    OK(oc_context_create(&limited, &options, err));
    FAILS_OUT(OC_E_NOMEM, m, oc_model_load_memory(&m, limited, good.data, good.size, NULL, err));
    oc_context_free(limited);
    free(good.data);
}
END_TEST

/* A file that is whole but does not hold a classifier. */
START_TEST(a_base_network_is_no_classifier) {
    oc_model *base = NULL;
    oc_predictor *predictor;
    oc_report *report;
    oc_dataset *dataset = new_dataset(context, 2, 2, 1);
    OK(oc_model_load(&base, context, GOLDEN "/v1-base.ocm", err));
    ck_assert_uint_eq(oc_model_n_tags(base), 0);
    FAILS_OUT(OC_E_ARGUMENT, predictor, oc_predictor_create(&predictor, base, NULL, err));
    FAILS_OUT(OC_E_NOT_FOUND, report, oc_model_report(&report, base, err));
    FAILS_OUT(OC_E_DATA, report, oc_model_evaluate(&report, base, dataset, NULL, NULL, NULL, err));
    oc_dataset_free(dataset);
    OK(oc_dataset_create(&dataset, context, err));
    FAILS_OUT(OC_E_DATA, report, oc_model_evaluate(&report, base, dataset, NULL, NULL, NULL, err));
    oc_dataset_free(dataset);
    oc_model_free(base);
}
END_TEST

static oc_status load_copy(const uint8_t *data, size_t size) {
    oc_model *m;
    oc_error error = OC_ERROR_INIT;
    memset(&m, 0x5A, sizeof m);
    oc_status status = oc_model_load_memory(&m, context, data, size, NULL, &error);
    ck_assert_msg((m == NULL) == (status != OC_OK), "%s with a model", oc_status_name(status));
    if (status) check_failure(status, error.code, &error, "oc_model_load_memory");
    ck_assert_msg(status == OC_OK || status == OC_E_CORRUPT || status == OC_E_FORMAT || status == OC_E_UNSUPPORTED ||
                      status == OC_E_LIMIT || status == OC_E_NOMEM,
                  "%s: %s", oc_status_name(status), error.message);
    oc_model_free(m);
    return status;
}

START_TEST(damaged_files) {
    bytes good = model_bytes(model);
    uint32_t random = 20260;
    size_t head = good.size < 4096 ? good.size : 4096, n_accepted = 0;
    int n = scaled(3000, 300);
    for (int round = 0; round < n; round++) {
        uint8_t saved[8];
        size_t at[8], n_changes = 1 + (size_t)(round % 8);
        for (size_t i = 0; i < n_changes; i++) {
            random = mix(random + (uint32_t)round);
            at[i] = round % 2 ? random % head : round % 4 ? good.size - 1 - random % head : random % good.size;
            saved[i] = good.data[at[i]];
            good.data[at[i]] = (uint8_t)(round % 3 ? mix(random) : saved[i] ^ 1u << random % 8);
        }
        n_accepted += load_copy(good.data, good.size) == OC_OK;
        for (size_t i = n_changes; i-- > 0;) good.data[at[i]] = saved[i];
    }
    ck_assert_msg(n_accepted < (size_t)n / 50, "%zu of %d damaged files were accepted", n_accepted, n);
    for (size_t size = 0; size < 300; size++) ck_assert_int_ne(load_copy(good.data, size), OC_OK);
    for (int i = 0; i < scaled(300, 30); i++) {
        random = mix(random + 1);
        ck_assert_int_ne(load_copy(good.data, random % good.size), OC_OK);
    }
    ck_assert_int_eq(load_copy(good.data, good.size), OC_OK);
    free(good.data);
}
END_TEST

static int stop(void *user, const void *data, size_t size) {
    (void)data, (void)size;
    return ++*(int *)user;
}

START_TEST(a_writer_that_stops) {
    int n = 0;
    FAILS(OC_E_CANCELLED, oc_model_write(model, stop, &n, err));
    ck_assert_int_eq(n, 1);
}
END_TEST

/* ---- saving: complete or not at all ---- */

static void expect_untouched(const char *file, const char *content, size_t n_entries) {
    bytes b = read_whole(file);
    ck_assert_uint_eq(b.size, strlen(content));
    ck_assert_mem_eq(b.data, content, b.size);
    free(b.data);
    ck_assert_uint_eq(count_entries(folder), n_entries);
}

START_TEST(no_room_on_the_disk) {
    struct rlimit old, low;
    write_file(path, "the old one", 11);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    static const rlim_t sizes[] = {0, 1, 4096, 100000, 1000000};
    for (size_t i = 0; i < 5; i++) {
        oc_error error = OC_ERROR_INIT;
        low = old;
        low.rlim_cur = sizes[i];
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
        oc_status status = oc_model_save(model, path, &error);
        ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
        check_failure(status, OC_E_IO, &error, "oc_model_save");
        ck_assert_ptr_nonnull(strstr(error.message, "write"));
        expect_untouched(path, "the old one", 1);
    }
    OK(oc_model_save(model, path, err));
    ck_assert_uint_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(places_that_cannot_be_written) {
    char inner[512], file[1024];
    join(inner, folder, "folder");
    ck_assert_int_eq(mkdir(inner, 0777), 0);
    FAILS(OC_E_IO, oc_model_save(model, inner, err)); /* the path is a folder */
    ck_assert_uint_eq(count_entries(folder), 1);
    ck_assert_uint_eq(count_entries(inner), 0);
    snprintf(file, sizeof file, "%s/model.ocm", inner);
    if (geteuid() != 0) {
        chmod(inner, 0555);
        FAILS(OC_E_IO, oc_model_save(model, file, err));
        chmod(inner, 0777);
    }
    snprintf(file, sizeof file, "%s/missing/model.ocm", folder);
    FAILS(OC_E_NOT_FOUND, oc_model_save(model, file, err));
    ck_assert_int_ne(oc_model_save(model, "", NULL), OC_OK);
    ck_assert_uint_eq(count_entries(folder), 1);
}
END_TEST

/* In the folder one is in, without a slash in the name. */
START_TEST(relative_paths) {
    char before[1024];
    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_int_eq(chdir(folder), 0);
    oc_model *loaded = NULL;
    OK(oc_model_save(model, "plain.ocm", err));
    OK(oc_model_load(&loaded, context, "plain.ocm", err));
    ck_assert_int_eq(chdir(before), 0);
    ck_assert_uint_eq(count_entries(folder), 1);
    oc_model_free(loaded);
}
END_TEST

START_TEST(the_file_is_readable_by_others_as_umask_says) {
    struct stat about;
    mode_t old = umask(027);
    OK(oc_model_save(model, path, err));
    umask(old);
    ck_assert_int_eq(stat(path, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0777, 0640);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("models");
    TCase *tests = tcase_create("models");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, saved_and_loaded);
    tcase_add_test(tests, properties);
    tcase_add_test(tests, what_cannot_be_loaded);
    tcase_add_test(tests, a_base_network_is_no_classifier);
    tcase_add_test(tests, damaged_files);
    tcase_add_test(tests, a_writer_that_stops);
    tcase_add_test(tests, no_room_on_the_disk);
    tcase_add_test(tests, places_that_cannot_be_written);
    tcase_add_test(tests, relative_paths);
    tcase_add_test(tests, the_file_is_readable_by_others_as_umask_says);
    return run_suite(suite);
}
