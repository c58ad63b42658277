/* oc_dataset. SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static oc_context *context;
static char folder[256];
static bytes png;

static void set_up(void) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    paint(pixels, STRIPES, 1);
    png = make_png(pixels, SIDE, SIDE);
    make_folder(folder);
    context = new_context(1);
}

static void tear_down(void) {
    oc_context_free(context);
    remove_folder(folder);
    free(png.data);
}

static void put(const char *name, const void *data, size_t size) {
    char path[512];
    join(path, folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0777);
        *slash = '/';
    }
    if (name[strlen(name) - 1] != '/') write_file(path, data, size);
}

static void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

START_TEST(added_one_by_one) {
    static const char *const tags[] = {"b", "a", "b", "\xC3\xA9"};
    oc_dataset *dataset = NULL;
    OK(oc_dataset_create(&dataset, context, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 0);
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), 0);
    for (int i = 0; i < 4; i++) {
        oc_image image = encoded_image(png);
        image.name = i == 1 ? "second" : NULL;
        OK(oc_dataset_add(dataset, &image, tags[i], i == 2 ? "test" : NULL, err));
    }
    oc_image image = path_image("/not/there.png");
    OK(oc_dataset_add(dataset, &image, "a", "", err)); /* found out when it is read */
    ck_assert_uint_eq(oc_dataset_count(dataset), 5);
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), 3);
    ck_assert_str_eq(oc_dataset_tag(dataset, 0), "b");
    ck_assert_str_eq(oc_dataset_tag(dataset, 1), "a");
    ck_assert_str_eq(oc_dataset_tag(dataset, 2), "\xC3\xA9");
    ck_assert_int_eq(oc_dataset_sample_tag(dataset, 2), 0);
    ck_assert_int_eq(oc_dataset_sample_tag(dataset, 3), 2);
    ck_assert_str_eq(oc_dataset_sample_name(dataset, 0), "picture 0");
    ck_assert_str_eq(oc_dataset_sample_name(dataset, 1), "second");
    ck_assert_str_eq(oc_dataset_sample_name(dataset, 4), "/not/there.png");
    ck_assert_str_eq(oc_dataset_sample_split(dataset, 0), "");
    ck_assert_str_eq(oc_dataset_sample_split(dataset, 2), "test");
    ck_assert_uint_eq(oc_dataset_n_notes(dataset), 0);
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(what_cannot_be_added) {
    oc_dataset *dataset = NULL;
    char longest[258];
    oc_image image = encoded_image(png), bad = image;
    static const char *const tags[] = {"", "a\nb", "\x7F", "\xC3", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80", "\xFF"};
    OK(oc_dataset_create(&dataset, context, err));
    memset(longest, 'x', 257);
    longest[257] = 0;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        FAILS(OC_E_ARGUMENT, oc_dataset_add(dataset, &image, tags[i], NULL, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add(dataset, &image, longest, NULL, err));
    longest[256] = 0;
    OK(oc_dataset_add(dataset, &image, longest, NULL, err));
    bad.format = 99;
    FAILS(OC_E_ARGUMENT, oc_dataset_add(dataset, &bad, "new", NULL, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 1); /* nothing has changed */
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), 1);
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(too_many_tags) {
    uint8_t pixel[3] = {1, 2, 3};
    char tag[16];
    oc_image image = raw_image(pixel, 1, 1, OC_IMAGE_RGB8);
    oc_dataset *dataset = NULL;
    int n = scaled(10000, 300);
    OK(oc_dataset_create(&dataset, context, err));
    for (int i = 0; i < n; i++) {
        snprintf(tag, sizeof tag, "%d", i);
        OK(oc_dataset_add(dataset, &image, tag, NULL, err));
    }
    if (n == 10000) FAILS(OC_E_LIMIT, oc_dataset_add(dataset, &image, "one more", NULL, err));
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), (size_t)n);
    ck_assert_uint_eq(oc_dataset_count(dataset), (size_t)n);
    oc_dataset_free(dataset);
}
END_TEST

/* The caller may change or free everything after the call. */
START_TEST(everything_is_copied) {
    uint8_t pixels[2][SIDE * SIDE * 3];
    char tag[8] = "tag", split[8] = "test", name[8] = "name";
    oc_dataset *a = NULL, *b = new_dataset(context, 2, 4, 1);
    OK(oc_dataset_create(&a, context, err));
    for (uint32_t i = 0; i < 4; i++)
        for (int kind = 0; kind < 2; kind++) {
            paint(pixels[0], kind, 1 + i);
            for (int y = 0; y < SIDE; y++) memcpy(pixels[1] + (SIDE - 1 - y) * SIDE * 3, pixels[0] + y * SIDE * 3, SIDE * 3);
            oc_image image = raw_image(pixels[1] + (SIDE - 1) * SIDE * 3, SIDE, SIDE, OC_IMAGE_RGB8);
            image.stride = -SIDE * 3;
            image.name = name;
            strcpy(tag, kind ? "checks" : "stripes");
            OK(oc_dataset_add(a, &image, tag, split, err));
            memset(pixels, 0xCC, sizeof pixels);
            strcpy(tag, "x");
            strcpy(name, "x");
            strcpy(split, "x");
            strcpy(name, "name");
            strcpy(split, "test");
        }
    memset(name, 'x', 7);
    memset(split, 'x', 7);
    ck_assert_str_eq(oc_dataset_sample_name(a, 7), "name");
    ck_assert_str_eq(oc_dataset_sample_split(a, 7), "test");
    oc_model *model_a = train(context, a, "0"), *model_b = train(context, b, "0");
    oc_predictor *pa = NULL, *pb = NULL;
    float x[2], y[2];
    OK(oc_predictor_create(&pa, model_a, NULL, err));
    OK(oc_predictor_create(&pb, model_b, NULL, err));
    predict_painted(x, pa, 0, 9);
    predict_painted(y, pb, 0, 9);
    ck_assert_mem_eq(x, y, sizeof x);
    oc_predictor_free(pa);
    oc_predictor_free(pb);
    oc_model_free(model_a);
    oc_model_free(model_b);
    oc_dataset_free(a);
    oc_dataset_free(b);
}
END_TEST

START_TEST(a_folder) {
    oc_dataset *dataset = NULL;
    put("zebra/2.png", png.data, png.size);
    put("zebra/10.png", png.data, png.size);
    put("zebra/.hidden.png", png.data, png.size);
    put("zebra/deeper/3.png", png.data, png.size);
    put("Apple/1.dat", png.data, png.size);
    put_text("Apple/readme.txt", "no picture");
    put_text("Apple/empty.png", "");
    put(".git/1.png", png.data, png.size);
    put("beside.png", png.data, png.size);
    put("nothing/", NULL, 0);
    OK(oc_dataset_load_folder(&dataset, context, folder, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 3);
    ck_assert_str_eq(oc_dataset_tag(dataset, 0), "Apple");
    ck_assert_str_eq(oc_dataset_tag(dataset, 1), "zebra");
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), 2);
    ck_assert_ptr_nonnull(strstr(oc_dataset_sample_name(dataset, 0), "Apple/1.dat"));
    ck_assert_ptr_nonnull(strstr(oc_dataset_sample_name(dataset, 1), "zebra/10.png"));
    ck_assert_ptr_nonnull(strstr(oc_dataset_sample_name(dataset, 2), "zebra/2.png"));
    static const char *const noted[] = {"readme.txt", "empty.png", "deeper", "beside.png", "nothing"};
    ck_assert_uint_eq(oc_dataset_n_notes(dataset), 5);
    for (size_t k = 0; k < 5; k++) {
        size_t found = 0;
        for (size_t i = 0; i < 5; i++) found += strstr(oc_dataset_note(dataset, i) + strlen(folder), noted[k]) != NULL;
        ck_assert_msg(found == 1, "%zu notes of %s", found, noted[k]);
    }
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(bad_folders) {
    char path[512];
    oc_dataset *dataset;
    join(path, folder, "missing");
    FAILS_OUT(OC_E_NOT_FOUND, dataset, oc_dataset_load_folder(&dataset, context, path, err));
    FAILS_OUT(OC_E_DATA, dataset, oc_dataset_load_folder(&dataset, context, folder, err));
    put_text("a/1.png", "no picture");
    FAILS_OUT(OC_E_DATA, dataset, oc_dataset_load_folder(&dataset, context, folder, err));
    join(path, folder, "a/1.png");
    oc_status status = oc_dataset_load_folder(&dataset, context, path, NULL);
    ck_assert(status == OC_E_IO || status == OC_E_NOT_FOUND);
    put("\xFF\xFE/1.png", png.data, png.size);
    FAILS_OUT(OC_E_DATA, dataset, oc_dataset_load_folder(&dataset, context, folder, err));
}
END_TEST

START_TEST(a_csv_file) {
    char path[512], absolute[800];
    oc_dataset *dataset = NULL, *part = NULL;
    put("pictures/a.png", png.data, png.size);
    snprintf(absolute, sizeof absolute,
             "\xEF\xBB\xBFsplit,ignored,tag,path\r\n"
             "train,1,nut,pictures/a.png\r\n"
             "\"train\",\"x,\"\"y\"\"\nz\",\"hex, nut\",pictures/missing.png\r\n"
             ",,nut,\"%s/pictures/a.png\"\n"
             "test,,washer,pictures/a.png",
             folder);
    put_text("labels.csv", absolute);
    join(path, folder, "labels.csv");
    OK(oc_dataset_load_csv(&dataset, context, path, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 4);
    ck_assert_uint_eq(oc_dataset_n_tags(dataset), 3);
    ck_assert_str_eq(oc_dataset_tag(dataset, 0), "nut");
    ck_assert_str_eq(oc_dataset_tag(dataset, 1), "hex, nut");
    ck_assert_str_eq(oc_dataset_sample_split(dataset, 1), "train");
    ck_assert_str_eq(oc_dataset_sample_split(dataset, 2), "");
    oc_picture *picture = NULL;
    for (size_t i = 0; i < 4; i++) {
        oc_image image = path_image(oc_dataset_sample_name(dataset, i));
        oc_status status = oc_picture_open(&picture, context, &image, NULL);
        ck_assert_int_eq(status, i == 1 ? OC_E_NOT_FOUND : OC_OK);
        oc_picture_free(picture);
    }
    OK(oc_dataset_select_split(&part, dataset, "train", err));
    ck_assert_uint_eq(oc_dataset_count(part), 2);
    ck_assert_uint_eq(oc_dataset_n_tags(part), 3); /* with all its tags */
    ck_assert_str_eq(oc_dataset_tag(part, 2), "washer");
    ck_assert_str_eq(oc_dataset_sample_split(part, 0), "train");
    oc_dataset_free(part);
    OK(oc_dataset_select_split(&part, dataset, "", err));
    ck_assert_uint_eq(oc_dataset_count(part), 1);
    oc_dataset_free(part);
    FAILS_OUT(OC_E_NOT_FOUND, part, oc_dataset_select_split(&part, dataset, "Train", err));
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(bad_csv_files) {
    static const struct {
        const char *text;
        oc_status status;
        const char *says;
    } files[] = {
        {"", OC_E_FORMAT, "path"},
        {"path,label\na.png,x\n", OC_E_FORMAT, "tag"},
        {"tag,file\nx,a.png\n", OC_E_FORMAT, "path"},
        {"path,tag\na.png\n", OC_E_CORRUPT, ":2"},
        {"path,tag\na.png,x\na.png,x,y\n", OC_E_CORRUPT, ":3"},
        {"path,tag\na.png,\"x\n", OC_E_CORRUPT, ":2"},
        {"path,tag\na.png,\"x\"y\n", OC_E_CORRUPT, ":2"},
        {"path,tag\n\n\"a\n.png\",x\na.png,\n", OC_E_CORRUPT, ":5"},
        {"path,tag\n,x\n", OC_E_CORRUPT, ":2"},
        {"path,tag\na.png,\xC3\n", OC_E_CORRUPT, ":2"},
    };
    char path[512];
    oc_dataset *dataset;
    join(path, folder, "labels.csv");
    FAILS_OUT(OC_E_NOT_FOUND, dataset, oc_dataset_load_csv(&dataset, context, path, err));
    FAILS_OUT(OC_E_IO, dataset, oc_dataset_load_csv(&dataset, context, folder, err));
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        oc_error error = OC_ERROR_INIT;
        put_text("labels.csv", files[i].text);
        oc_status status = oc_dataset_load_csv(&dataset, context, path, &error);
        ck_assert_msg(status == files[i].status, "file %zu: %s: %s", i, oc_status_name(status), error.message);
        ck_assert_msg(strstr(error.message, files[i].says) != NULL, "file %zu: '%s' lacks '%s'", i, error.message,
                      files[i].says);
        ck_assert_ptr_null(dataset);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("datasets");
    TCase *tests = tcase_create("datasets");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, added_one_by_one);
    tcase_add_test(tests, what_cannot_be_added);
    tcase_add_test(tests, too_many_tags);
    tcase_add_test(tests, everything_is_copied);
    tcase_add_test(tests, a_folder);
    tcase_add_test(tests, bad_folders);
    tcase_add_test(tests, a_csv_file);
    tcase_add_test(tests, bad_csv_files);
    return run_suite(suite);
}
