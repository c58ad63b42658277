/* oc_picture. SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t pixels[SIDE * SIDE * 3];

static void set_up(void) { paint(pixels, CHECKS, 3); }

static void expect_pixels(oc_context *context, const oc_image *image, const uint8_t *rgb, uint32_t width, uint32_t height) {
    oc_picture *picture = NULL;
    oc_image seen = OC_IMAGE_INIT;
    OK(oc_picture_open(&picture, context, image, err));
    OK(oc_picture_image(picture, &seen, err));
    ck_assert_uint_eq(seen.format, OC_IMAGE_RGB8);
    ck_assert_uint_eq(seen.width, width);
    ck_assert_uint_eq(seen.height, height);
    ck_assert_ptr_null(seen.name);
    ptrdiff_t stride = seen.stride ? seen.stride : (ptrdiff_t)width * 3;
    for (uint32_t y = 0; y < height; y++)
        ck_assert_mem_eq((const uint8_t *)seen.data + (ptrdiff_t)y * stride, rgb + (size_t)y * width * 3, (size_t)width * 3);
    oc_picture_free(picture);
}

START_TEST(files_from_memory_and_disk) {
    char folder[256], path[512];
    oc_context *context = new_context(1);
    bytes png = make_png(pixels, SIDE, SIDE - 5), bmp = make_bmp(pixels, SIDE, SIDE - 5);
    oc_image image = encoded_image(png);
    expect_pixels(context, &image, pixels, SIDE, SIDE - 5);
    image = encoded_image(bmp);
    expect_pixels(context, &image, pixels, SIDE, SIDE - 5);
    make_folder(folder);
    join(path, folder, "p\xC3\xAD" "cture.dat"); /* the name does not tell the kind */
    write_file(path, png.data, png.size);
    image = path_image(path);
    expect_pixels(context, &image, pixels, SIDE, SIDE - 5);
    remove_folder(folder);
    free(png.data);
    free(bmp.data);
    oc_context_free(context);
}
END_TEST

START_TEST(raw_formats) {
    uint8_t raw[SIDE * SIDE * 4], want[SIDE * SIDE * 3];
    oc_context *context = new_context(1);
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    expect_pixels(context, &image, pixels, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < 3; c++) raw[i * 3 + c] = pixels[i * 3 + 2 - c];
    image = raw_image(raw, SIDE, SIDE, OC_IMAGE_BGR8);
    expect_pixels(context, &image, pixels, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) raw[i] = pixels[i];
    for (int i = 0; i < SIDE * SIDE * 3; i++) want[i] = pixels[i / 3];
    image = raw_image(raw, SIDE, SIDE, OC_IMAGE_GRAY8);
    expect_pixels(context, &image, want, SIDE, SIDE);
    for (int bgr = 0; bgr < 2; bgr++) {
        for (int i = 0; i < SIDE * SIDE; i++) {
            static const uint8_t alphas[3] = {255, 0, 51}; /* opaque, clear, a fifth */
            uint8_t alpha = alphas[i % 3];
            raw[i * 4 + 3] = alpha;
            for (int c = 0; c < 3; c++) {
                raw[i * 4 + (bgr ? 2 - c : c)] = pixels[i * 3 + c];
                want[i * 3 + c] = (uint8_t)((pixels[i * 3 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
            }
        }
        image = raw_image(raw, SIDE, SIDE, bgr ? OC_IMAGE_BGRA8 : OC_IMAGE_RGBA8);
        expect_pixels(context, &image, want, SIDE, SIDE);
    }
    oc_context_free(context);
}
END_TEST

START_TEST(strides) {
    enum { PITCH = SIDE * 3 + 13 };
    uint8_t padded[PITCH * SIDE];
    oc_context *context = new_context(1);
    memset(padded, 0xEE, sizeof padded);
    for (int y = 0; y < SIDE; y++) memcpy(padded + y * PITCH, pixels + y * SIDE * 3, SIDE * 3);
    oc_image image = raw_image(padded, SIDE, SIDE, OC_IMAGE_RGB8);
    image.stride = PITCH;
    expect_pixels(context, &image, pixels, SIDE, SIDE);
    image.size = sizeof padded - 13; /* the last row needs no padding */
    expect_pixels(context, &image, pixels, SIDE, SIDE);
    for (int y = 0; y < SIDE; y++) memcpy(padded + (SIDE - 1 - y) * PITCH, pixels + y * SIDE * 3, SIDE * 3);
    image = raw_image(padded + (SIDE - 1) * PITCH, SIDE, SIDE, OC_IMAGE_RGB8);
    image.stride = -PITCH;
    image.size = 1; /* not checked when rows lie bottom up */
    expect_pixels(context, &image, pixels, SIDE, SIDE);
    oc_context_free(context);
}
END_TEST

START_TEST(a_picture_is_an_image) {
    oc_context *context = new_context(1);
    oc_picture *picture = NULL;
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8), view = OC_IMAGE_INIT;
    OK(oc_picture_open(&picture, context, &image, err));
    OK(oc_picture_image(picture, &view, err));
    expect_pixels(context, &view, pixels, SIDE, SIDE);
    view.struct_size = 3;
    FAILS(OC_E_ARGUMENT, oc_picture_image(picture, &view, err));
    oc_picture_free(picture);
    oc_context_free(context);
}
END_TEST

static void refuse(oc_context *context, oc_status expected, oc_image image) {
    oc_picture *picture;
    FAILS_OUT(expected, picture, oc_picture_open(&picture, context, &image, err));
}

START_TEST(bad_descriptions) {
    oc_context *context = new_context(1);
    const oc_image good = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    static const uint32_t formats[] = {0, 3, 15, 21, UINT32_MAX};
    oc_image image;
    for (size_t i = 0; i < 5; i++) {
        image = good;
        image.format = formats[i];
        refuse(context, OC_E_ARGUMENT, image);
    }
    image = good, image.data = NULL, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.width = 0, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.height = 0, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.stride = SIDE * 3 - 1, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.stride = -(SIDE * 3 - 1), refuse(context, OC_E_ARGUMENT, image);
    image = good, image.stride = PTRDIFF_MAX, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.stride = PTRDIFF_MIN, refuse(context, OC_E_ARGUMENT, image);
    image = good, image.size = sizeof pixels - 1, refuse(context, OC_E_ARGUMENT, image);
    image = path_image(""), refuse(context, OC_E_ARGUMENT, image);
    image = path_image(NULL), refuse(context, OC_E_ARGUMENT, image);
    image = good, image.width = image.height = 65536, refuse(context, OC_E_LIMIT, image);
    image = good, image.width = UINT32_MAX, image.height = UINT32_MAX, refuse(context, OC_E_ARGUMENT, image);
    oc_context_free(context);
}
END_TEST

START_TEST(bad_files) {
    char folder[256], path[512];
    oc_context *context = new_context(1);
    bytes png = make_png(pixels, SIDE, SIDE);
    make_folder(folder);
    join(path, folder, "missing.png");
    refuse(context, OC_E_NOT_FOUND, path_image(path));
    join(path, folder, "missing/missing.png");
    refuse(context, OC_E_NOT_FOUND, path_image(path));
    refuse(context, OC_E_IO, path_image(folder));
    join(path, folder, "empty.png");
    write_file(path, "", 0);
    refuse(context, OC_E_FORMAT, path_image(path));
    refuse(context, OC_E_FORMAT, encoded_image((bytes){png.data, 0}));
    refuse(context, OC_E_FORMAT, encoded_image((bytes){(uint8_t *)(uintptr_t)"plain text, nothing more", 24}));
    refuse(context, OC_E_FORMAT, encoded_image((bytes){(uint8_t *)(uintptr_t)"RIFF\x20\0\0\0WEBPVP8 ", 16}));
    for (size_t size = 9; size < png.size - 12; size += 37)
        refuse(context, OC_E_CORRUPT, encoded_image((bytes){png.data, size}));
    png.data[60] ^= 1; /* the checksum no longer fits */
    refuse(context, OC_E_CORRUPT, encoded_image(png));
    free(png.data);
    remove_folder(folder);
    oc_context_free(context);
}
END_TEST

/* The message calls a picture what its owner calls it. */
START_TEST(names_in_messages) {
    oc_context *context = new_context(1);
    oc_picture *picture;
    oc_error error = OC_ERROR_INIT;
    oc_image image = encoded_image((bytes){(uint8_t *)(uintptr_t)"nonsense", 8});
    image.name = "the third one";
    ck_assert_int_eq(oc_picture_open(&picture, context, &image, &error), OC_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.message, "the third one"));
    image = path_image("/nowhere/a.png");
    ck_assert_int_eq(oc_picture_open(&picture, context, &image, &error), OC_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/a.png"));
    oc_context_free(context);
}
END_TEST

static void limited(oc_context_options options, oc_status expected, uint32_t width, uint32_t height, const char *limit) {
    oc_context *context = NULL;
    bytes png = make_png(pixels, width, height);
    oc_image images[2] = {raw_image(pixels, width, height, OC_IMAGE_RGB8), encoded_image(png)};
    OK(oc_context_create(&context, &options, err));
    for (int i = options.max_image_bytes ? 1 : 0; i < 2; i++) { /* raw pixels are not encoded bytes */
        oc_picture *picture;
        oc_error error = OC_ERROR_INIT;
        oc_status status = oc_picture_open(&picture, context, &images[i], &error);
        ck_assert_msg(status == expected, "%s, %s: %s %s", limit, i ? "png" : "raw", oc_status_name(status), error.message);
        if (status) ck_assert_msg(strstr(error.message, limit) != NULL, "'%s' does not name %s", error.message, limit);
        oc_picture_free(picture);
    }
    free(png.data);
    oc_context_free(context);
}

START_TEST(limits) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.max_image_side = 20;
    limited(options, OC_OK, 20, 10, "");
    limited(options, OC_E_LIMIT, 21, 10, "max_image_side");
    limited(options, OC_E_LIMIT, 10, 21, "max_image_side");
    options = (oc_context_options)OC_CONTEXT_OPTIONS_INIT;
    options.max_image_pixels = 200;
    limited(options, OC_OK, 20, 10, "");
    limited(options, OC_E_LIMIT, 20, 11, "max_image_pixels");
    options = (oc_context_options)OC_CONTEXT_OPTIONS_INIT;
    options.max_image_ratio = 3;
    limited(options, OC_OK, 30, 10, "");
    limited(options, OC_E_LIMIT, 31, 10, "max_image_ratio");
    options = (oc_context_options)OC_CONTEXT_OPTIONS_INIT;
    options.max_image_bytes = 1000;
    limited(options, OC_E_LIMIT, 30, 30, "max_image_bytes");
    options.max_image_bytes = 100000;
    limited(options, OC_OK, 30, 30, "");
    options = (oc_context_options)OC_CONTEXT_OPTIONS_INIT;
    options.max_memory = 3000;
    limited(options, OC_E_NOMEM, 32, 32, "");
}
END_TEST

#define DRAWN 96

/* The number of pixels in [left, right) x [top, bottom) that a drawing changed. */
static int n_changed(const oc_picture *drawn, const uint8_t *before, int left, int top, int right, int bottom) {
    oc_image view = OC_IMAGE_INIT;
    int n = 0;
    OK(oc_picture_image(drawn, &view, err));
    ck_assert(view.width == DRAWN && view.height == DRAWN);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++)
            n += memcmp((const uint8_t *)view.data + y * view.stride + 3 * x, before + 3 * (y * DRAWN + x), 3) != 0;
    return n;
}

static oc_picture *draw(const oc_picture *picture, const oc_box *box, const char *name) {
    oc_picture *drawn = NULL;
    OK(oc_picture_draw(&drawn, picture, &box, &name, 1, err));
    return drawn;
}

START_TEST(drawing) {
    static uint8_t grey[DRAWN * DRAWN * 3];
    oc_context *context = new_context(1);
    oc_picture *picture = NULL, *drawn, *other;
    memset(grey, 128, sizeof grey);
    oc_image image = raw_image(grey, DRAWN, DRAWN, OC_IMAGE_RGB8);
    OK(oc_picture_open(&picture, context, &image, err));
    oc_box box = {sizeof box, 0, 0, 0.25f, 0.5f, 0.5f, 0.25f}; /* pixels 24 to 72, 48 to 72 */
    drawn = draw(picture, &box, NULL);
    ck_assert_int_eq(n_changed(drawn, grey, 0, 0, DRAWN, DRAWN), 48 * 24 - 44 * 20); /* a frame 2 pixels wide */
    ck_assert_int_eq(n_changed(drawn, grey, 26, 50, 70, 70), 0);
    oc_picture_free(drawn);
    drawn = draw(picture, &box, "nut");
    ck_assert_int_eq(n_changed(drawn, grey, 24, 48 - 13, 24 + 21, 48), 21 * 13); /* three letters on a plate above it */
    ck_assert_int_eq(n_changed(drawn, grey, 0, 0, DRAWN, 48), 21 * 13);
    other = draw(picture, &box, "nut\xC3\xA9"); /* what is not ASCII is one letter */
    ck_assert_int_eq(n_changed(other, grey, 0, 0, DRAWN, 48), 27 * 13);
    oc_picture_free(other);
    box.tag = 1;
    other = draw(picture, &box, "nut");
    oc_image view = OC_IMAGE_INIT;
    OK(oc_picture_image(other, &view, err));
    ck_assert_int_gt(n_changed(drawn, view.data, 0, 0, DRAWN, DRAWN), 48 * 24 - 44 * 20); /* another tag, another colour */
    oc_picture_free(other);
    oc_picture_free(drawn);
    static const oc_box anywhere[] = {{sizeof box, -1, 0, -1, -1, 3, 3},
                                      {sizeof box, 7, 0, 2, 2, 1, 1},
                                      {sizeof box, 3, 0, NAN, 0, 1, 1},
                                      {sizeof box, INT32_MIN, 0, 0, 0, 0, 0},
                                      {sizeof box, 0, 0, 1e30f, -1e30f, INFINITY, 1e30f},
                                      {sizeof box, 2, 0, 0.5f, 0.5f, -1, -1}};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
        oc_picture_free(draw(picture, &anywhere[i], "a long name \x01\xFF\x80 that is wider than the picture is"));
    drawn = draw(picture, &anywhere[1], NULL);
    ck_assert_int_eq(n_changed(drawn, grey, 0, 0, DRAWN, DRAWN), 0);
    oc_picture_free(drawn);
    OK(oc_picture_draw(&drawn, picture, NULL, NULL, 0, err));
    oc_picture_free(drawn);
    const oc_box *boxes[2] = {&box, NULL};
    OK(oc_picture_draw(&drawn, picture, boxes, NULL, 1, err));
    oc_picture_free(drawn);
    FAILS_OUT(OC_E_ARGUMENT, drawn, oc_picture_draw(&drawn, picture, boxes, NULL, 2, err));
    FAILS_OUT(OC_E_ARGUMENT, drawn, oc_picture_draw(&drawn, picture, NULL, NULL, 1, err));
    FAILS_OUT(OC_E_ARGUMENT, drawn, oc_picture_draw(&drawn, NULL, boxes, NULL, 1, err));
    FAILS(OC_E_ARGUMENT, oc_picture_draw(NULL, picture, boxes, NULL, 1, err));
    oc_picture_free(picture);
    oc_context_free(context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("pictures");
    TCase *tests = tcase_create("pictures");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, files_from_memory_and_disk);
    tcase_add_test(tests, raw_formats);
    tcase_add_test(tests, strides);
    tcase_add_test(tests, a_picture_is_an_image);
    tcase_add_test(tests, bad_descriptions);
    tcase_add_test(tests, bad_files);
    tcase_add_test(tests, names_in_messages);
    tcase_add_test(tests, limits);
    tcase_add_test(tests, drawing);
    return run_suite(suite);
}
