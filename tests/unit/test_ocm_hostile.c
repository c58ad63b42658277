/* Damaged model files, and reading and writing when memory runs out. SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ocm_support.h"
#include "random.h"

static recorder record;
static oc_context *context;

static void set_up(void) { context = support_context(&record); }

static void tear_down(void) {
    oc__context_release(context);
    ck_assert_uint_eq(record.n_live, 0);
}

/* Reads bytes that may be damaged: an error of the kinds a file may cause, or a model. Nothing is left, and no request for
 * memory is beyond what the file justifies. */
static oc_status read_damaged(const uint8_t *data, size_t size, size_t most, oc_error *error) {
    oc_model *model = NULL;
    size_t before = record.n_live;
    *error = (oc_error)OC_ERROR_INIT;
    record.largest = 0;
    oc_status status = oc__ocm_read(&model, context, data, size, "m.ocm", error);
    ck_assert_msg(status == OC_OK || status == OC_E_FORMAT || status == OC_E_CORRUPT || status == OC_E_UNSUPPORTED
                      || status == OC_E_LIMIT,
                  "%d: %s", status, error->message);
    ck_assert_int_eq(error->code, status);
    ck_assert(status ? !model && strncmp(error->message, "m.ocm: ", 7) == 0 : model != NULL);
    ck_assert_msg(record.largest <= most, "%zu bytes at once for a file of %zu", record.largest, size);
    oc__model_release(model);
    ck_assert_uint_eq(record.n_live, before);
    return status;
}

/* What the reader itself may ask for; oc__model_finish then packs weights for the kernels, with room for whole vectors. */
static size_t reader_bound(size_t size) { return 2 * size + 2048; }
static size_t finish_bound(size_t size) { return 128 * size + (64 << 10); }

START_TEST(every_truncation) {
    oc__buffer file = support_file(context, _i);
    oc_error error;
    for (size_t size = 0; size < file.size; size++) {
        uint8_t *copy = support_copy(file.data, size);
        oc_status status = read_damaged(copy, size, reader_bound(size), &error);
        ck_assert_int_eq(status, size < 4 ? OC_E_FORMAT : OC_E_CORRUPT);
        if (size >= OC__OCM_HEADER_SIZE) {
            char text[64];
            snprintf(text, sizeof text, ", file has %zu bytes", size);
            ck_assert_msg(strstr(error.message, text) && strstr(error.message, " ends at "), "%s", error.message);
        }
        free(copy);
    }
    oc__buffer_free(&file);
}
END_TEST

START_TEST(every_flipped_bit) {
    oc__buffer file = support_file(context, _i);
    oc_error error;
    for (size_t bit = 0; bit < 8 * file.size; bit++) {
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        oc_status status = read_damaged(file.data, file.size, reader_bound(file.size), &error);
        ck_assert_msg(status == OC_E_CORRUPT || (bit < 8 * 8 && status == OC_E_FORMAT)
                          || (bit / 16 == OC__OCM_AT_MAJOR / 2 && status == OC_E_UNSUPPORTED),
                      "bit %zu: %d", bit, status);
        file.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    oc__buffer_free(&file);
}
END_TEST

/* Values that programs get wrong. */
static uint8_t interesting(oc__random *random) {
    static const uint8_t values[] = {0, 1, 2, 3, 4, 8, 16, 0x7F, 0x80, 0xFF};
    return values[oc__random_below(random, sizeof values)];
}

START_TEST(mutations_with_right_checksums) {
    oc__buffer file = support_file(context, _i);
    uint8_t *copy = support_copy(file.data, file.size);
    size_t n_models = 0, n = 20000;
    oc__random random;
    oc_error error;
    oc__random_seed(&random, 20260131, (uint64_t)_i);
    for (size_t i = 0; i < n; i++) {
        memcpy(copy, file.data, file.size);
        for (uint64_t left = 1 + oc__random_below(&random, 8); left > 0; left--) {
            uint8_t *byte = copy + oc__random_below(&random, file.size);
            *byte = oc__random_below(&random, 2) ? interesting(&random) : (uint8_t)oc__random_next(&random);
        }
        golden_repair(copy, file.size);
        n_models += read_damaged(copy, file.size, finish_bound(file.size), &error) == OC_OK;
    }
    ck_assert_uint_gt(n_models, 0); /* else checksums were not made right, and nothing was tried */
    ck_assert_uint_lt(n_models, n);
    free(copy);
    oc__buffer_free(&file);
}
END_TEST

/* Every 32-bit word of every section in turn is made a bomb. */
START_TEST(bombs) {
    static const uint32_t values[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x40000001, 0x10000, 10000, 4096, 256};
    oc__buffer file = support_file(context, _i);
    uint8_t *copy = support_copy(file.data, file.size);
    oc_error error;
    for (size_t at = OC__OCM_AT_COUNT; at + 4 <= file.size; at++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            memcpy(copy, file.data, file.size);
            support_put_u32(copy + at, values[i]);
            golden_repair(copy, file.size);
            read_damaged(copy, file.size, finish_bound(file.size), &error);
        }
    free(copy);
    oc__buffer_free(&file);
}
END_TEST

/* The counts, which the reader meets before it hands anything on. */
START_TEST(bombs_for_the_reader) {
    static const struct {
        const char *section;
        size_t at;
    } counts[] = {{"TAGS", 0}, {"TAGS", 4}, {"GRPH", 0}, {"GRPH", 4}, {"GRPH", 24}, {"WGHT", 0}, {"WGHT", 12}, {"WGHT", 16},
                  {"PROP", 0}, {"PROP", 4}, {"PROP", 15}, {"MEAS", 12}, {"MEAS", 16}};
    static const uint32_t values[] = {0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x100000, 10000, 4096, 1000};
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    oc_error error;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
            uint8_t *copy = support_copy(file.data, file.size);
            support_put_u32(copy + support_section(copy, counts[c].section) + counts[c].at, values[i]);
            golden_repair(copy, file.size);
            oc_status status = read_damaged(copy, file.size, reader_bound(file.size), &error);
            ck_assert_msg(status == OC_E_CORRUPT, "%s %zu: %d", counts[c].section, counts[c].at, status);
            free(copy);
        }
    oc__buffer_free(&file);
}
END_TEST

/* The n-th request for memory fails, alone or with all after it, until the call needs fewer. */
START_TEST(reading_without_memory) {
    oc__buffer file = support_file(context, _i % GOLDEN_N);
    size_t live = record.n_live, n = 1;
    oc_status status = OC_E_NOMEM;
    for (; status; n++) {
        oc_model *model = (oc_model *)(uintptr_t)1;
        oc_error error = OC_ERROR_INIT;
        record.n = 0;
        record.fail_at = n;
        record.fail_after = _i >= GOLDEN_N;
        status = oc__ocm_read(&model, context, file.data, file.size, "m.ocm", &error);
        record.fail_at = 0;
        if (status) {
            ck_assert_int_eq(status, OC_E_NOMEM);
            ck_assert_int_eq(error.code, OC_E_NOMEM);
            ck_assert_msg(strncmp(error.message, "m.ocm: ", 7) == 0, "%s", error.message);
            ck_assert_ptr_null(model);
        } else {
            oc__model_release(model);
        }
        ck_assert_uint_eq(record.n_live, live);
    }
    ck_assert_uint_gt(n, 10);
    oc__buffer_free(&file);
}
END_TEST

START_TEST(writing_without_memory) {
    oc_model *model = NULL;
    ck_assert_int_eq(golden_model(&model, context, _i % GOLDEN_N, NULL), OC_OK);
    size_t live = record.n_live, n = 1;
    oc_status status = OC_E_NOMEM;
    for (; status; n++) {
        oc__buffer file = {.context = context};
        oc_error error = OC_ERROR_INIT;
        record.n = 0;
        record.fail_at = n;
        record.fail_after = _i >= GOLDEN_N;
        status = oc__ocm_write(&file, model, &error);
        record.fail_at = 0;
        if (status) {
            ck_assert_int_eq(status, OC_E_NOMEM);
            ck_assert_int_eq(error.code, OC_E_NOMEM);
        }
        oc__buffer_free(&file);
        ck_assert_uint_eq(record.n_live, live);
    }
    ck_assert_uint_gt(n, 3);
    oc__model_release(model);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("ocm_hostile");
    TCase *tests = tcase_create("ocm_hostile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_loop_test(tests, every_truncation, 0, GOLDEN_N);
    tcase_add_loop_test(tests, every_flipped_bit, 0, GOLDEN_N);
    tcase_add_loop_test(tests, mutations_with_right_checksums, 0, GOLDEN_N);
    tcase_add_loop_test(tests, bombs, 0, GOLDEN_N);
    tcase_add_test(tests, bombs_for_the_reader);
    tcase_add_loop_test(tests, reading_without_memory, 0, 2 * GOLDEN_N);
    tcase_add_loop_test(tests, writing_without_memory, 0, 2 * GOLDEN_N);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
