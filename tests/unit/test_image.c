/* Opening pictures: every kind, raw pixels, orientation, messages. SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image_samples.h"

static oc_context *context;
static void set_up(void) { context = new_context(NULL); }
static void tear_down(void) {
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    oc__context_release(context);
}

/* The pixel of `bitmap` at (x, y) of the upright sample. */
static void check_pixels(const oc__bitmap *bitmap, const sample *s) {
    ck_assert_uint_eq(bitmap->width, SAMPLE_WIDTH);
    ck_assert_uint_eq(bitmap->height, SAMPLE_HEIGHT);
    for (uint32_t y = 0; y < SAMPLE_HEIGHT; y++)
        for (uint32_t x = 0; x < SAMPLE_WIDTH; x++) {
            const uint8_t *got = bitmap->pixels + (y * SAMPLE_WIDTH + x) * 3;
            uint8_t want[3];
            sample_pixel(want, x, y);
            if (s->grey_bits) {
                uint32_t grey = (uint32_t)(want[0] >> (8 - s->grey_bits)) * 255 / ((1u << s->grey_bits) - 1);
                memset(want, (int)grey, 3);
            }
            for (int i = 0; i < 3; i++)
                ck_assert_msg(abs(got[i] - want[i]) <= s->tolerance, "%s: (%u, %u) channel %d is %d, expected %d", s->name, x,
                              y, i, got[i], want[i]);
        }
}

START_TEST(test_every_kind) {
    sample *samples;
    size_t n = make_samples(&samples, context);
    for (size_t i = 0; i < n; i++) {
        oc_error error = OC_ERROR_INIT;
        oc__bitmap bitmap;
        ck_assert_msg(oc__is_picture(samples[i].file.data, 16), "%s: not seen as a picture", samples[i].name);
        oc_status status = open_bytes(&bitmap, context, samples[i].file.data, samples[i].file.size, &error);
        ck_assert_msg(status == OC_OK, "%s: %s", samples[i].name, error.message);
        check_pixels(&bitmap, &samples[i]);
        oc__bitmap_free(&bitmap);
    }
    free_samples(samples, n);
}
END_TEST

START_TEST(test_transparency_is_white) {
    static const uint8_t cases[][5] = {{10, 20, 30, 0, 255}, {10, 20, 30, 255, 10}, {0, 0, 0, 128, 127}, {255, 0, 0, 64, 255}};
    for (int i = 0; i < 4; i++) {
        oc_image image = OC_IMAGE_INIT;
        oc__bitmap bitmap;
        image.format = OC_IMAGE_RGBA8;
        image.width = image.height = 1;
        image.data = cases[i];
        ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, NULL), OC_OK);
        ck_assert_uint_eq(bitmap.pixels[0], cases[i][4]);
        oc__bitmap_free(&bitmap);
    }
    oc__buffer gif = {.context = context};
    oc__bitmap bitmap;
    uint8_t rgb[3];
    sample_pixel(rgb, 7, 0);
    make_gif(&gif, false, rgb[0]);
    ck_assert_int_eq(open_bytes(&bitmap, context, gif.data, gif.size, NULL), OC_OK);
    ck_assert_uint_eq(bitmap.pixels[7 * 3], 255);
    ck_assert_uint_eq(bitmap.pixels[8 * 3], rgb[0] + 5);
    oc__bitmap_free(&bitmap);
    oc__buffer_free(&gif);
}
END_TEST

/* Where a pixel of the upright picture lies in the stored one, from EXIF's own words: which side row 0 and column 0 show. */
static void stored_at(uint32_t *sx, uint32_t *sy, uint32_t orientation, uint32_t x, uint32_t y, uint32_t w, uint32_t h) {
    bool swap = orientation >= 5;
    uint32_t row = swap ? x : y, column = swap ? y : x, rows = swap ? w : h, columns = swap ? h : w;
    bool row0_is_end = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    bool column0_is_end = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    *sy = row0_is_end ? rows - 1 - row : row;
    *sx = column0_is_end ? columns - 1 - column : column;
}

START_TEST(test_orientation) {
    for (uint32_t orientation = 0; orientation <= 9; orientation++)
        for (int big = 0; big < 2; big++)
            for (int kind = 0; kind < 2; kind++) {
                uint8_t exif[64];
                size_t size = make_exif(exif, big, orientation);
                oc__buffer file = {.context = context};
                oc__bitmap bitmap;
                if (kind)
                    make_png(&file, 2, 8, false, exif, size);
                else
                    make_jpeg(&file, JPEG_RGB, exif, size);
                ck_assert_int_eq(open_bytes(&bitmap, context, file.data, file.size, NULL), OC_OK);
                bool swap = orientation >= 5 && orientation <= 8;
                ck_assert_uint_eq(bitmap.width, swap ? SAMPLE_HEIGHT : SAMPLE_WIDTH);
                ck_assert_uint_eq(bitmap.height, swap ? SAMPLE_WIDTH : SAMPLE_HEIGHT);
                for (uint32_t y = 0; y < bitmap.height; y++)
                    for (uint32_t x = 0; x < bitmap.width; x++) {
                        uint32_t sx = x, sy = y;
                        uint8_t want[3];
                        if (orientation <= 8) stored_at(&sx, &sy, orientation, x, y, bitmap.width, bitmap.height);
                        sample_pixel(want, sx, sy);
                        for (int i = 0; i < 3; i++)
                            ck_assert_int_le(abs(bitmap.pixels[(y * bitmap.width + x) * 3 + i] - want[i]), kind ? 0 : 12);
                    }
                oc__bitmap_free(&bitmap);
                oc__buffer_free(&file);
            }
}
END_TEST

START_TEST(test_malformed_exif_is_upright) {
    uint8_t exif[64];
    size_t size = make_exif(exif, false, 6);
    for (size_t at = 0; at < size; at++)
        for (int value = 0; value < 256; value += 15) {
            uint8_t kept = exif[at];
            oc__buffer file = {.context = context};
            oc__bitmap bitmap;
            exif[at] = (uint8_t)value;
            make_jpeg(&file, JPEG_RGB, exif, value == 30 ? at : size);
            ck_assert_int_eq(open_bytes(&bitmap, context, file.data, file.size, NULL), OC_OK);
            oc__bitmap_free(&bitmap);
            oc__buffer_free(&file);
            exif[at] = kept;
        }
}
END_TEST

START_TEST(test_reduced) {
    oc__buffer file = {.context = context};
    oc_image image = OC_IMAGE_INIT;
    oc__bitmap bitmap;
    make_jpeg(&file, JPEG_RGB, NULL, 0);
    image.format = OC_IMAGE_ENCODED;
    image.data = file.data;
    image.size = file.size;
    static const uint32_t reduce[] = {0, 1, 3, 4, 6, 7, 12, 13, 24, 99}, width[] = {40, 5, 5, 10, 10, 20, 20, 40, 40, 40};
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, reduce[i], NULL), OC_OK);
        ck_assert_uint_eq(bitmap.width, width[i]);
        oc__bitmap_free(&bitmap);
    }
    oc__buffer_free(&file);
}
END_TEST

START_TEST(test_raw) {
    static const uint8_t bytes[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const struct {
        uint32_t format;
        ptrdiff_t stride;
        size_t at, size;
        uint8_t want[12]; /* 2 x 2 pixels */
    } cases[] = {
        {OC_IMAGE_GRAY8, 0, 0, 4, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4}},
        {OC_IMAGE_GRAY8, 5, 0, 7, {1, 1, 1, 2, 2, 2, 6, 6, 6, 7, 7, 7}},
        {OC_IMAGE_GRAY8, -5, 5, 0, {6, 6, 6, 7, 7, 7, 1, 1, 1, 2, 2, 2}},
        {OC_IMAGE_RGB8, 0, 0, 12, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
        {OC_IMAGE_RGB8, 8, 0, 14, {1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14}},
        {OC_IMAGE_BGR8, -6, 6, 0, {9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc_image image = OC_IMAGE_INIT;
        oc__bitmap bitmap;
        image.format = cases[i].format;
        image.width = image.height = 2;
        image.stride = cases[i].stride;
        image.data = bytes + cases[i].at;
        image.size = cases[i].size;
        ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, NULL), OC_OK);
        ck_assert_mem_eq(bitmap.pixels, cases[i].want, 12);
        oc__bitmap_free(&bitmap);
        if (!image.size) continue;
        oc_error error = OC_ERROR_INIT;
        image.size--;
        ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, &error), OC_E_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(error.message, "size is"));
    }
}
END_TEST

START_TEST(test_bad_descriptions) {
    static const uint8_t bytes[64];
    static const struct {
        uint32_t format, width, height;
        ptrdiff_t stride;
        const void *data;
        const char *message;
    } cases[] = {
        {0, 1, 1, 0, bytes, "format"},
        {OC_IMAGE_RGB8, 0, 1, 0, bytes, "at least 1 x 1"},
        {OC_IMAGE_RGB8, 1, 0, 0, bytes, "at least 1 x 1"},
        {OC_IMAGE_RGB8, 4, 1, 11, bytes, "stride"},
        {OC_IMAGE_RGB8, 4, 1, -11, bytes, "stride"},
        {OC_IMAGE_RGB8, 4, 1, 0, NULL, "NULL"},
        {OC_IMAGE_RGBA8, UINT32_MAX, UINT32_MAX, 0, bytes, "memory holds"},
        {OC_IMAGE_GRAY8, 1, 9, PTRDIFF_MIN, bytes, "memory holds"},
        {OC_IMAGE_PATH, 0, 0, 0, "", "path is empty"},
    };
    oc__bitmap bitmap;
    oc_image image = OC_IMAGE_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc_error error = OC_ERROR_INIT;
        image.format = cases[i].format;
        image.width = cases[i].width;
        image.height = cases[i].height;
        image.stride = cases[i].stride;
        image.data = cases[i].data;
        image.name = "frame 7";
        ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, &error), OC_E_ARGUMENT);
        ck_assert_msg(strstr(error.message, cases[i].message) && !strncmp(error.message, "frame 7: ", 9), "%s", error.message);
        ck_assert_ptr_null(bitmap.pixels);
    }
    image.struct_size = 3;
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, NULL, 0, NULL), OC_E_ARGUMENT);
}
END_TEST

START_TEST(test_strangers) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *message;
    } cases[] = {
        {"", 0, "sample: is empty"},
        {"hello, world", 12, "sample: is not a picture: its first bytes are not those of a JPEG, PNG, BMP or GIF file"},
        {"RIFF\0\0\0\0WEBPVP8 ", 16, "sample: is a WebP picture, which is not read; convert it to JPEG or PNG"},
        {"II*\0\1\2\3\4", 8, "sample: is a TIFF picture, which is not read; convert it to JPEG or PNG"},
        {"\0\0\0\x18"
         "ftypheic",
         12, "sample: is a HEIC picture, which is not read; convert it to JPEG or PNG"},
        {"\0\0\0\x18"
         "ftypavif",
         12, "sample: is an AVIF picture, which is not read; convert it to JPEG or PNG"},
        {"%PDF-1.7", 8, "sample: is a PDF document, which is not read; convert it to JPEG or PNG"},
        {"<?xml version='1.0'?><!-- x --><svg", 35, "sample: is an SVG drawing, which is not read; convert it to JPEG or PNG"},
        {"\x89PNG\r\n\x1a", 7, "sample: is not a picture: its first bytes are not those of a JPEG, PNG, BMP or GIF file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc_error error = OC_ERROR_INIT;
        oc__bitmap bitmap;
        ck_assert_int_eq(open_bytes(&bitmap, context, cases[i].bytes, cases[i].size, &error), OC_E_FORMAT);
        ck_assert_str_eq(error.message, cases[i].message);
        ck_assert(!oc__is_picture((const uint8_t *)cases[i].bytes, cases[i].size));
    }
}
END_TEST

START_TEST(test_paths) {
    char path[] = "image-test-XXXXXX", want[64];
    oc__buffer file = {.context = context};
    oc_error error = OC_ERROR_INIT;
    oc__bitmap bitmap;
    oc_image image = OC_IMAGE_INIT;
    int handle = mkstemp(path);
    ck_assert_int_ge(handle, 0);
    make_png(&file, 2, 8, false, NULL, 0);
    ck_assert_int_eq(write(handle, file.data, file.size), (ssize_t)file.size);
    image.format = OC_IMAGE_PATH;
    image.data = path;
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, NULL), OC_OK);
    ck_assert_uint_eq(bitmap.width, SAMPLE_WIDTH);
    oc__bitmap_free(&bitmap);
    ck_assert_int_eq(ftruncate(handle, 40), 0);
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, &error), OC_E_CORRUPT);
    snprintf(want, sizeof want, "%s: is a damaged PNG", path);
    ck_assert_ptr_eq(strstr(error.message, want), error.message);
    close(handle);
    unlink(path);
    image.name = "the photo";
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, &error), OC_E_NOT_FOUND);
    ck_assert_ptr_eq(strstr(error.message, "the photo: image-test-"), error.message);
    image.data = ".";
    ck_assert_int_eq(oc__bitmap_open(&bitmap, context, &image, 0, &error), OC_E_IO);
    ck_assert_str_eq(error.message, "the photo: .: is a folder, not a file");
    oc__buffer_free(&file);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, test_every_kind);
    tcase_add_test(tests, test_transparency_is_white);
    tcase_add_test(tests, test_orientation);
    tcase_add_test(tests, test_malformed_exif_is_upright);
    tcase_add_test(tests, test_reduced);
    tcase_add_test(tests, test_raw);
    tcase_add_test(tests, test_bad_descriptions);
    tcase_add_test(tests, test_strangers);
    tcase_add_test(tests, test_paths);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
