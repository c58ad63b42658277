/* Pictures that are cut, damaged, or made to hurt, and allocations that fail. SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "image_samples.h"
#include "random.h"

static oc_context *context;
static sample *samples;
static size_t n_samples;

static void set_up(void) {
    context = new_context(NULL);
    n_samples = make_samples(&samples, context);
}

static void tear_down(void) {
    free_samples(samples, n_samples);
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    oc__context_release(context);
}

/* Opens a copy that ends where its block ends, so that a sanitizer sees a read beyond it. */
static oc_status open_exactly(oc__bitmap *out, const uint8_t *data, size_t size, oc_error *err) {
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    oc_status status = open_bytes(out, context, copy, size, err);
    free(copy);
    return status;
}

START_TEST(test_every_truncation) {
    for (size_t i = 0; i < n_samples; i++)
        for (size_t size = 0; size < samples[i].file.size; size++) {
            oc_error error = OC_ERROR_INIT;
            oc__bitmap bitmap;
            oc_status status = open_exactly(&bitmap, samples[i].file.data, size, &error);
            if (status == OC_OK) {
                ck_assert_msg(!samples[i].whole && samples[i].file.size - size <= 6, "%s: read at %zu of %zu bytes",
                              samples[i].name, size, samples[i].file.size);
                oc__bitmap_free(&bitmap);
                continue;
            }
            ck_assert_msg(status == OC_E_CORRUPT || (status == OC_E_FORMAT && size < 16), "%s at %zu bytes: %s",
                          samples[i].name, size, error.message);
            ck_assert_int_eq(strncmp(error.message, "sample: ", 8), 0);
            ck_assert_ptr_null(bitmap.pixels);
        }
}
END_TEST

START_TEST(test_mutations) {
    oc__random random;
    oc__random_seed(&random, 1, 0);
    size_t n_read = 0, n_refused = 0;
    for (size_t i = 0; i < n_samples; i++)
        for (int turn = 0; turn < 300; turn++) {
            uint64_t at = oc__random_below(&random, samples[i].file.size);
            uint8_t kept = samples[i].file.data[at];
            oc_error error = OC_ERROR_INIT;
            oc__bitmap bitmap;
            samples[i].file.data[at] = turn & 1 ? (uint8_t)oc__random_next(&random) : kept ^ (uint8_t)(1 << turn / 2 % 8);
            oc_status status = open_exactly(&bitmap, samples[i].file.data, samples[i].file.size, &error);
            samples[i].file.data[at] = kept;
            if (status) {
                n_refused++;
                ck_assert_ptr_null(bitmap.pixels);
                ck_assert_int_eq(strncmp(error.message, "sample: ", 8), 0);
                ck_assert_int_ne(status, OC_E_NOMEM);
                ck_assert_int_ne(status, OC_E_INTERNAL);
            } else {
                n_read++;
                oc__bitmap_free(&bitmap);
            }
        }
    ck_assert_uint_gt(n_refused, 1000);
    ck_assert_uint_gt(n_read, 1000);
}
END_TEST

/* A PNG checks its data, so no change of a byte inside it goes unseen. */
START_TEST(test_png_sees_every_byte) {
    for (size_t i = 0; i < n_samples; i++) {
        if (!strstr(samples[i].name, ".png")) continue;
        for (size_t at = 8; at < samples[i].file.size; at++) {
            oc__bitmap bitmap;
            samples[i].file.data[at] ^= 0x10;
            ck_assert_int_ne(open_bytes(&bitmap, context, samples[i].file.data, samples[i].file.size, NULL), OC_OK);
            samples[i].file.data[at] ^= 0x10;
        }
    }
}
END_TEST

START_TEST(test_allocations_fail) {
    counter count = {0};
    oc_context *failing = new_counting_context(&count);
    size_t base = count.n_held, n_failures = 0;
    for (size_t i = 0; i < n_samples; i++) {
        oc_status status = OC_E_NOMEM;
        for (size_t fail_at = 1; status; fail_at++) {
            oc_error error = OC_ERROR_INIT;
            oc__bitmap bitmap;
            count.n = 0;
            count.fail_at = fail_at;
            status = open_bytes(&bitmap, failing, samples[i].file.data, samples[i].file.size, &error);
            ck_assert_msg(status == OC_OK || status == OC_E_NOMEM, "%s: allocation %zu: %s", samples[i].name, fail_at,
                          error.message);
            n_failures += status != OC_OK;
            if (status == OC_OK) oc__bitmap_free(&bitmap);
            ck_assert_uint_eq(count.n_held, base);
            ck_assert_uint_eq(atomic_load(&failing->memory_used), 0);
        }
    }
    ck_assert_uint_gt(n_failures, n_samples);
    count.fail_at = 0;
    oc__context_release(failing);
}
END_TEST

static void check_refused(const oc__buffer *file, oc_status want, const char *message) {
    oc_error error = OC_ERROR_INIT;
    oc__bitmap bitmap;
    ck_assert_int_eq(open_bytes(&bitmap, context, file->data, file->size, &error), want);
    ck_assert_msg(strstr(error.message, message) != NULL, "%s", error.message);
}

static void begin_png(oc__buffer *to, uint32_t width, uint32_t height) {
    const uint8_t header[13] = {(uint8_t)(width >> 24),
                                (uint8_t)(width >> 16),
                                (uint8_t)(width >> 8),
                                (uint8_t)width,
                                (uint8_t)(height >> 24),
                                (uint8_t)(height >> 16),
                                (uint8_t)(height >> 8),
                                (uint8_t)height,
                                8,
                                2};
    oc__buffer_append(to, "\x89PNG\r\n\x1a\n", 8);
    put_png_chunk(to, "IHDR", header, 13);
}

START_TEST(test_huge_png) {
    static const struct {
        uint32_t width, height;
        oc_status status;
        const char *message;
    } cases[] = {
        {50000, 50000, OC_E_LIMIT, "sample: is 50000 x 50000 pixels, max_image_pixels is 100000000"},
        {0x7FFFFFFF, 0x7FFFFFFF, OC_E_LIMIT, "sample: is 2147483647 x 2147483647 pixels, max_image_pixels is 100000000"},
        {20000, 400, OC_E_LIMIT, "sample: is 20000 x 400 pixels, max_image_side is 16384"},
        {1010, 10, OC_E_LIMIT, "sample: is 1010 x 10 pixels, max_image_ratio is 100"},
        {10000, 10000, OC_E_CORRUPT, "bytes cannot hold 10000 x 10000 pixels"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__buffer file = {.context = context};
        begin_png(&file, cases[i].width, cases[i].height);
        uint8_t packed[1000] = {0};
        put_png_chunk(&file, "IDAT", packed, sizeof packed);
        put_png_chunk(&file, "IEND", NULL, 0);
        check_refused(&file, cases[i].status, cases[i].message);
        oc__buffer_free(&file);
    }
}
END_TEST

START_TEST(test_many_chunks) {
    oc__buffer file = {.context = context};
    begin_png(&file, 4, 4);
    for (int i = 0; i < 100000; i++) put_png_chunk(&file, "tEXt", "a\0b", 3);
    check_refused(&file, OC_E_LIMIT, "sample: has more than 1000 ancillary chunks, max_image_chunks is 1000");
    oc__buffer_free(&file);

    oc__buffer gif = {.context = context};
    oc__buffer_append(&gif, "GIF89a\4\0\4\0\0\0\0", 13);
    for (int i = 0; i < 1001; i++) oc__buffer_append(&gif, "!\xFE\1a", 5);
    check_refused(&gif, OC_E_LIMIT, "sample: has more than 1000 extensions, max_image_chunks is 1000");
    oc__buffer_free(&gif);

    oc__buffer jpeg = {.context = context};
    oc__buffer_append(&jpeg, samples[0].file.data, 2);
    for (int i = 0; i < 1001; i++) oc__buffer_append(&jpeg, "\xFF\xFE\0\3a", 5);
    oc__buffer_append(&jpeg, samples[0].file.data + 2, samples[0].file.size - 2);
    check_refused(&jpeg, OC_E_LIMIT, "sample: has more than 1000 marker segments, max_image_chunks is 1000");
    oc__buffer_free(&jpeg);
}
END_TEST

/* Repeats the last scan of a progressive JPEG, which only refines what is there, thousands of times. */
START_TEST(test_many_scans) {
    const oc__buffer *from = &samples[JPEG_PROGRESSIVE].file;
    size_t last = from->size - 2;
    while (last > 0 && !(from->data[last] == 0xFF && from->data[last + 1] == 0xDA)) last--;
    ck_assert_uint_gt(last, 0);
    oc__buffer file = {.context = context};
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc__buffer_append(&file, from->data, from->size - 2);
    for (int i = 0; i < 5000; i++) oc__buffer_append(&file, from->data + last, from->size - 2 - last);
    oc__buffer_append(&file, "\xFF\xD9", 2);
    check_refused(&file, OC_E_LIMIT, "sample: has more than 1000 marker segments, max_image_chunks is 1000");

    options.max_image_chunks = 1000000;
    oc_context *kept = context;
    context = new_context(&options);
    oc_error error = OC_ERROR_INIT;
    oc__bitmap bitmap;
    oc_status status = open_bytes(&bitmap, context, file.data, file.size, &error);
    /* A repeated refinement may already count as damage, depending on the library's version. */
    ck_assert_msg(status == OC_E_LIMIT || status == OC_E_CORRUPT, "%s", error.message);
    oc__context_release(context);

    options.max_image_scans = 3;
    context = new_context(&options);
    check_refused(from, OC_E_LIMIT, "sample: has more than 3 scans, max_image_scans is 3");
    oc__context_release(context);
    context = kept;
    oc__buffer_free(&file);
}
END_TEST

START_TEST(test_limits_are_settable) {
    oc_context_options options[5];
    static const char *messages[] = {"sample: is 40 x 24 pixels, max_image_side is 39",
                                     "sample: is 40 x 24 pixels, max_image_pixels is 959", "bytes, max_image_bytes is 50",
                                     "sample: is 40 x 24 pixels, max_image_ratio is 1", "left of the context's limit"};
    for (int i = 0; i < 5; i++) options[i] = (oc_context_options)OC_CONTEXT_OPTIONS_INIT;
    options[0].max_image_side = 39;
    options[1].max_image_pixels = 959;
    options[2].max_image_bytes = 50;
    options[3].max_image_ratio = 1;
    options[4].max_memory = 2000;
    oc_context *kept = context;
    for (int i = 0; i < 5; i++) {
        context = new_context(&options[i]);
        for (size_t s = 0; s < n_samples; s++) {
            if (i == 4 && strstr(samples[s].name, ".png")) continue; /* libpng asks for smaller pieces first */
            check_refused(&samples[s].file, i == 4 ? OC_E_NOMEM : OC_E_LIMIT, messages[i]);
        }
        ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
        oc__context_release(context);
    }
    context = kept;
}
END_TEST

/* Directories that point at themselves, outside, or claim more entries than there are. */
START_TEST(test_exif_traps) {
    static const uint8_t traps[][40] = {
        {'I', 'I', 42, 0, 0, 0, 0, 0},
        {'I', 'I', 42, 0, 0xFF, 0xFF, 0xFF, 0xFF},
        {'M', 'M', 0, 42, 0, 0, 0, 38, 0, 1},
        {'I', 'I', 42, 0, 8, 0, 0, 0, 0xFF, 0xFF},
        {'I', 'I', 42, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 0},
        {'M', 'M', 0, 42, 0x80, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
        for (size_t size = 1; size <= 40; size++) {
            oc__buffer file = {.context = context};
            oc__bitmap bitmap;
            make_png(&file, 2, 8, false, traps[i], size);
            ck_assert_int_eq(open_exactly(&bitmap, file.data, file.size, NULL), OC_OK);
            ck_assert_uint_eq(bitmap.width, SAMPLE_WIDTH);
            oc__bitmap_free(&bitmap);
            oc__buffer_free(&file);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("image_hostile");
    TCase *tests = tcase_create("image_hostile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, test_every_truncation);
    tcase_add_test(tests, test_mutations);
    tcase_add_test(tests, test_png_sees_every_byte);
    tcase_add_test(tests, test_allocations_fail);
    tcase_add_test(tests, test_huge_png);
    tcase_add_test(tests, test_many_chunks);
    tcase_add_test(tests, test_many_scans);
    tcase_add_test(tests, test_limits_are_settable);
    tcase_add_test(tests, test_exif_traps);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
