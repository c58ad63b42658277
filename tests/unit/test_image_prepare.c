/* Resizing and preparing pictures. SPDX-License-Identifier: MIT */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "image_samples.h"
#include "prepare.h"
#include "resample.h"

static counter count;
static oc_context *context;
static void set_up(void) {
    count = (counter){0};
    context = new_counting_context(&count);
}
static void tear_down(void) {
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    oc__context_release(context);
}

static oc__bitmap new_bitmap(uint32_t width, uint32_t height) {
    uint8_t *pixels = oc__alloc(context, (size_t)width * height * 3);
    return (oc__bitmap){context, pixels, width, height};
}

/* Noise that a line of numpy can make too. */
static oc__bitmap noise(uint32_t width, uint32_t height) {
    oc__bitmap bitmap = new_bitmap(width, height);
    for (uint32_t i = 0; i < width * height * 3; i++) {
        uint32_t v = i * 2654435761u;
        bitmap.pixels[i] = (uint8_t)(((v ^ v >> 15) * 2246822519u) >> 24);
    }
    return bitmap;
}

/* CRC-32 of what Pillow 13 makes of `noise`: Image.resize((WIDTH, h), filter, box=(LEFT, 0, RIGHT, h)), and of that
 * resize((WIDTH, HEIGHT), filter, box=(0, TOP, WIDTH, BOTTOM)). */
START_TEST(test_bits_are_pillows) {
    static const struct {
        uint32_t from_width, from_height, width, height, filter;
        oc__part part;
        uint32_t crc;
    } cases[] = {
        {97, 61, 32, 32, 1, {0.0f, 0.0f, 97.0f, 61.0f}, 0x90DABF3D},
        {97, 61, 32, 32, 2, {0.0f, 0.0f, 97.0f, 61.0f}, 0x8AAFBBFA},
        {31, 17, 96, 80, 1, {0.0f, 0.0f, 31.0f, 17.0f}, 0xC610189C},
        {31, 17, 96, 80, 2, {0.0f, 0.0f, 31.0f, 17.0f}, 0xB36AF7F7},
        {640, 480, 224, 224, 1, {0.0f, 0.0f, 640.0f, 480.0f}, 0xC2E4A183},
        {640, 480, 160, 160, 2, {80.5f, 0.25f, 559.75f, 479.5f}, 0x41142DBD},
        {50, 1000, 7, 9, 2, {0.0f, 0.0f, 50.0f, 1000.0f}, 0x937BC8EE},
        {64, 64, 64, 20, 1, {0.0f, 0.0f, 64.0f, 64.0f}, 0x4A848703},
        {64, 64, 20, 64, 2, {0.0f, 0.0f, 64.0f, 64.0f}, 0x39818C07},
        {5, 3, 1, 1, 2, {1.5f, 0.5f, 2.25f, 2.75f}, 0xC4939059},
        {333, 2, 224, 224, 2, {10.125f, 0.0f, 300.375f, 1.5f}, 0x2D8A89AE},
        {1, 1, 4, 4, 1, {0.0f, 0.0f, 1.0f, 1.0f}, 0x8FB5978B},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__bitmap bitmap = noise(cases[i].from_width, cases[i].from_height);
        size_t size = (size_t)cases[i].width * cases[i].height * 3;
        uint8_t *out = malloc(size);
        ck_assert_int_eq(oc__resample(out, cases[i].width, cases[i].height, &bitmap, cases[i].part, cases[i].filter, NULL),
                         OC_OK);
        uint32_t crc = oc__crc32(0, out, size);
        ck_assert_msg(crc == cases[i].crc, "case %zu: %08X, expected %08X", i, crc, cases[i].crc);
        free(out);
        oc__bitmap_free(&bitmap);
    }
}
END_TEST

static oc__prepare_rule rule_of(uint32_t width, uint32_t height, uint32_t resize) {
    return (oc__prepare_rule){.width = width,
                              .height = height,
                              .resize = resize,
                              .filter = OC__FILTER_TRIANGLE,
                              .channels = OC__CHANNELS_RGB,
                              .mean = {1, 2, 3},
                              .scale = {0.5f, 0.25f, 2},
                              .fill = {9, 8, 7, 0}};
}

START_TEST(test_same_size_is_exact) {
    oc__bitmap bitmap = noise(20, 10);
    for (uint32_t channels = OC__CHANNELS_RGB; channels <= OC__CHANNELS_BGR; channels++)
        for (int mirror = 0; mirror < 2; mirror++) {
            oc__prepare_rule rule = rule_of(20, 10, OC__RESIZE_SQUASH);
            oc__view view = oc__view_whole;
            float out[20 * 10 * 3];
            rule.channels = channels;
            view.mirror = mirror;
            ck_assert_int_eq(oc__prepare(out, &bitmap, &rule, &view, NULL), OC_OK);
            for (int y = 0; y < 10; y++)
                for (int x = 0; x < 20; x++)
                    for (int i = 0; i < 3; i++) {
                        int byte =
                            bitmap.pixels[(y * 20 + (mirror ? 19 - x : x)) * 3 + (channels == OC__CHANNELS_BGR ? 2 - i : i)];
                        ck_assert(out[(y * 20 + x) * 3 + i] == ((float)byte - rule.mean[i]) * rule.scale[i]);
                    }
        }
    oc__bitmap_free(&bitmap);
}
END_TEST

/* A picture whose left third is 30, middle third 60, right third 90. */
static oc__bitmap thirds(void) {
    oc__bitmap bitmap = new_bitmap(30, 10);
    for (int i = 0; i < 300; i++) memset(bitmap.pixels + i * 3, 30 + i % 30 / 10 * 30, 3);
    return bitmap;
}

static float red_at(const float *out, uint32_t width, uint32_t x, uint32_t y) { return out[(y * width + x) * 3] * 2 + 1; }

START_TEST(test_crop_and_letterbox) {
    oc__bitmap bitmap = thirds();
    oc__prepare_rule rule = rule_of(10, 10, OC__RESIZE_CROP);
    float out[20 * 10 * 3];
    ck_assert_int_eq(oc__prepare(out, &bitmap, &rule, NULL, NULL), OC_OK);
    for (uint32_t i = 0; i < 100; i++) ck_assert(red_at(out, 10, i % 10, i / 10) == 60);

    rule = rule_of(15, 15, OC__RESIZE_LETTERBOX);
    float box[15 * 15 * 3];
    ck_assert_int_eq(oc__prepare(box, &bitmap, &rule, &(oc__view){0, 0, 1, 1, true}, NULL), OC_OK);
    for (uint32_t x = 0; x < 15; x++)
        for (uint32_t y = 0; y < 15; y++) {
            if (y < 5 || y >= 10) {
                ck_assert(red_at(box, 15, x, y) == 9);
                ck_assert(box[(y * 15 + x) * 3 + 2] == (7 - 3) * 2.0f);
            } else if (x % 5 > 0 && x % 5 < 4)
                ck_assert(red_at(box, 15, x, y) == 90 - 30 * (float)(x / 5));
        }

    rule = rule_of(20, 10, OC__RESIZE_SQUASH);
    ck_assert_int_eq(oc__prepare(out, &bitmap, &rule, &(oc__view){2 / 3.0, 0, 1, 0.5, false}, NULL), OC_OK);
    for (uint32_t i = 0; i < 200; i++) ck_assert(i % 20 < 2 || red_at(out, 20, i % 20, i / 20) == 90);
    oc__bitmap_free(&bitmap);
}
END_TEST

START_TEST(test_views_stay_inside) {
    static const double values[] = {-1e300, -1, 0, 1e-300, 0.3, 0.999999, 1, 7, 1e300};
    oc__bitmap bitmap = noise(7, 3);
    float out[6 * 5 * 3];
    for (uint32_t resize = OC__RESIZE_SQUASH; resize <= OC__RESIZE_LETTERBOX; resize++)
        for (int i = 0; i < 9; i++)
            for (int j = 0; j < 9; j++)
                for (uint32_t filter = 1; filter <= 2; filter++) {
                    oc__prepare_rule rule = rule_of(6, 5, resize);
                    rule.filter = filter;
                    oc__view view = {values[i], values[j], values[j], values[i], false};
                    memset(out, 0xFF, sizeof out);
                    ck_assert_int_eq(oc__prepare(out, &bitmap, &rule, &view, NULL), OC_OK);
                    for (int k = 0; k < 90; k++) ck_assert(isfinite(out[k]));
                }
    oc__prepare_rule rule = rule_of(6, 5, OC__RESIZE_SQUASH);
    ck_assert_int_eq(oc__prepare(out, &bitmap, &rule, &(oc__view){NAN, 0, 1, 1, false}, NULL), OC_E_ARGUMENT);
    oc__bitmap_free(&bitmap);
}
END_TEST

START_TEST(test_rule_check) {
    oc__prepare_rule good = rule_of(224, 224, OC__RESIZE_CROP), bad[12];
    ck_assert_int_eq(oc__prepare_rule_check(&good, NULL), OC_OK);
    for (int i = 0; i < 12; i++) bad[i] = good;
    bad[0].width = 0;
    bad[1].width = 4097;
    bad[2].height = 0;
    bad[3].resize = 0;
    bad[4].resize = 4;
    bad[5].filter = 3;
    bad[6].reduced_jpeg = 2;
    bad[7].channels = 0;
    bad[8].fill[3] = 1;
    bad[9].mean[1] = NAN;
    bad[10].scale[2] = INFINITY;
    bad[11].height = UINT32_MAX;
    for (int i = 0; i < 12; i++) ck_assert_int_eq(oc__prepare_rule_check(&bad[i], NULL), OC_E_CORRUPT);
    ck_assert_uint_eq(oc__prepare_reduce_to(&good), 0);
    good.reduced_jpeg = 1;
    ck_assert_uint_eq(oc__prepare_reduce_to(&good), 448);
}
END_TEST

START_TEST(test_allocations_fail) {
    oc__buffer file = {.context = context};
    oc__prepare_rule rule = rule_of(16, 16, OC__RESIZE_CROP);
    oc_image image = OC_IMAGE_INIT;
    float out[16 * 16 * 3];
    make_jpeg(&file, JPEG_RGB, NULL, 0);
    image.format = OC_IMAGE_ENCODED;
    image.data = file.data;
    image.size = file.size;
    size_t held = count.n_held, n = 0;
    oc_status status = OC_E_NOMEM;
    for (; status; n++) {
        oc_error error = OC_ERROR_INIT;
        count.n = 0;
        count.fail_at = n + 1;
        status = oc__prepare_image(out, context, &image, &rule, NULL, &error);
        ck_assert(status == OC_OK || status == OC_E_NOMEM);
        if (status) ck_assert_int_eq(strncmp(error.message, "picture: ", 9), 0);
        ck_assert_uint_eq(count.n_held, held);
    }
    ck_assert_uint_gt(n, 8);
    count.fail_at = 0;
    oc__buffer_free(&file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("image_prepare");
    TCase *tests = tcase_create("image_prepare");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, test_bits_are_pillows);
    tcase_add_test(tests, test_same_size_is_exact);
    tcase_add_test(tests, test_crop_and_letterbox);
    tcase_add_test(tests, test_views_stay_inside);
    tcase_add_test(tests, test_rule_check);
    tcase_add_test(tests, test_allocations_fail);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
