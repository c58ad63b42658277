/* When memory runs out: each scenario with its n-th allocation failing, once or from there on, for every n until it passes.
 * OC_E_NOMEM, out NULL, nothing leaked, files untouched. SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[256], picture_path[512], csv_path[512], model_path[512], target_path[512], data_path[512];
static bytes png, bmp, model_file;
static uint8_t pixels[SIDE * SIDE * 3];

static void set_up(void) {
    static const char *const tags[2] = {"a", "b"};
    paint(pixels, CHECKS, 7);
    png = make_png(pixels, SIDE, SIDE);
    bmp = make_bmp(pixels, SIDE, SIDE);
    make_folder(folder);
    join(picture_path, folder, "picture.png");
    write_file(picture_path, png.data, png.size);
    join(csv_path, folder, "labels.csv");
    static const char csv[] = "path,tag,split\npicture.png,a,train\npicture.png,b,test\n";
    write_file(csv_path, csv, sizeof csv - 1);
    join(target_path, folder, "target.ocm");
    join(data_path, folder, "data");
    ck_assert_int_eq(mkdir(data_path, 0777), 0);
    for (int i = 0; i < 2; i++) {
        char inner[512], path[1024];
        join(inner, data_path, tags[i]);
        ck_assert_int_eq(mkdir(inner, 0777), 0);
        snprintf(path, sizeof path, "%s/1.png", inner);
        write_file(path, png.data, png.size);
        snprintf(path, sizeof path, "%s/note.txt", inner);
        write_file(path, "text", 4);
    }
    oc_context *context = new_context(1);
    oc_model *model = small_model(context);
    model_file = model_bytes(model);
    join(model_path, folder, "model.ocm");
    write_file(model_path, model_file.data, model_file.size);
    oc_model_free(model);
    oc_context_free(context);
}

static void tear_down(void) {
    remove_folder(folder);
    free(png.data);
    free(bmp.data);
    free(model_file.data);
}

/* Every scenario gets a context whose allocator may fail; it hands back the first failure. */
typedef oc_status scenario(oc_context *context, oc_error *err);

#define EMPTY(handle) ck_assert_msg(!status || !(handle), "failed with " #handle)

static oc_status only_a_context(oc_context *context, oc_error *err) {
    (void)context, (void)err;
    return OC_OK;
}

static oc_status open_pictures(oc_context *context, oc_error *err) {
    oc_image images[4] = {path_image(picture_path), encoded_image(png), encoded_image(bmp),
                          raw_image(pixels, SIDE, SIDE, OC_IMAGE_BGR8)};
    oc_status status = OC_OK;
    for (int i = 0; i < 4 && !status; i++) {
        oc_picture *picture = (oc_picture *)(void *)pixels, *drawn = picture;
        const oc_box box = {sizeof box, 0, 0, 0, 0, 1, 1}, *boxes = &box;
        status = oc_picture_open(&picture, context, &images[i], err);
        EMPTY(picture);
        if (status) drawn = NULL;
        else status = oc_picture_draw(&drawn, picture, &boxes, NULL, 1, err);
        EMPTY(drawn);
        oc_picture_free(drawn);
        oc_picture_free(picture);
    }
    return status;
}

static oc_status load_folder(oc_context *context, oc_error *err) {
    oc_dataset *dataset = (oc_dataset *)(void *)pixels;
    oc_status status = oc_dataset_load_folder(&dataset, context, data_path, err);
    EMPTY(dataset);
    oc_dataset_free(dataset);
    return status;
}

static oc_status load_csv(oc_context *context, oc_error *err) {
    oc_dataset *dataset = (oc_dataset *)(void *)pixels, *part = NULL;
    oc_status status = oc_dataset_load_csv(&dataset, context, csv_path, err);
    EMPTY(dataset);
    if (!status) status = oc_dataset_select_split(&part, dataset, "test", err);
    EMPTY(part);
    oc_dataset_free(dataset);
    oc_dataset_free(part);
    return status;
}

static oc_status fill_dataset(oc_dataset **out, oc_context *context, int n, oc_error *err) {
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    uint8_t own[SIDE * SIDE * 3];
    oc_status status = oc_dataset_create(out, context, err);
    EMPTY(*out);
    for (int i = 0; i < n && !status; i++) {
        size_t before = oc_dataset_count(*out), tags = oc_dataset_n_tags(*out);
        paint(own, i % 2, (uint32_t)i);
        image.data = own;
        status = oc_dataset_add(*out, &image, kind_names[i % 2], i % 3 ? "train" : NULL, err);
        ck_assert_uint_eq(oc_dataset_count(*out), before + !status);
        if (status) ck_assert_uint_eq(oc_dataset_n_tags(*out), tags);
    }
    return status;
}

static oc_status fill_memory(oc_context *context, oc_error *err) {
    oc_dataset *dataset = NULL;
    oc_status status = fill_dataset(&dataset, context, 40, err);
    oc_dataset_free(dataset);
    return status;
}

static oc_status train_small(oc_context *context, bool with_test, const char *size, const char *key, const char *value,
                             oc_error *err) {
    oc_dataset *dataset = NULL;
    oc_trainer *trainer = NULL;
    oc_model *model = (oc_model *)(void *)pixels;
    oc_report *report = NULL;
    oc_status status = fill_dataset(&dataset, context, 4, err);
    if (!status) status = oc_trainer_create(&trainer, context, dataset, err);
    EMPTY(trainer);
    if (!status && with_test) status = oc_trainer_set_test(trainer, dataset, err);
    if (!status) {
        make_quick(trainer);
        status = oc_trainer_set(trainer, "size", size, err);
        if (!status && key) status = oc_trainer_set(trainer, key, value, err);
        if (!status) status = oc_trainer_run(&model, trainer, NULL, NULL, err);
        EMPTY(model);
        if (!status) status = oc_model_report(&report, model, err);
        oc_model_free(model);
    }
    oc_report_free(report);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    return status;
}

static oc_status train_alone(oc_context *context, oc_error *err) { return train_small(context, false, "160", NULL, NULL, err); }
static oc_status train_with_test(oc_context *context, oc_error *err) { return train_small(context, true, "160", NULL, NULL, err); }
static oc_status train_choosing(oc_context *context, oc_error *err) { return train_small(context, false, "0", NULL, NULL, err); }
static oc_status train_anomaly(oc_context *context, oc_error *err) {
    return train_small(context, false, "64", "anomaly", "true", err);
}
static oc_status train_fine(oc_context *context, oc_error *err) { return train_small(context, false, "64", "fine", "true", err); }
static oc_status train_some(oc_context *context, oc_error *err) {
    return train_small(context, true, "64", "only_tags", "stripes|checks", err);
}

static oc_status load_model(oc_context *context, oc_error *err) {
    oc_model *model = (oc_model *)(void *)pixels;
    oc_status status = oc_model_load(&model, context, model_path, err);
    EMPTY(model);
    oc_model_free(model);
    return status;
}

static int discard(void *user, const void *data, size_t size) {
    (void)user, (void)data, (void)size;
    return 0;
}

/* What follows begins with a model that is there, so that loading it is not swept again. */
static oc_model *ready_model;

static oc_status save_model(oc_context *context, oc_error *err) {
    (void)context;
    oc_status status = oc_model_write(ready_model, discard, NULL, err);
    write_file(target_path, "old", 3);
    if (!status) status = oc_model_save(ready_model, target_path, err);
    bytes b = read_whole(target_path);
    if (status) ck_assert(b.size == 3 && !memcmp(b.data, "old", 3));
    else ck_assert_uint_eq(b.size, model_file.size);
    free(b.data);
    ck_assert_uint_eq(count_entries(folder), 5);
    return status;
}

static oc_status predict(oc_context *context, oc_error *err) {
    oc_predictor *predictor = NULL;
    oc_image images[3] = {encoded_image(png), raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8), path_image(picture_path)};
    const oc_image *pointers[3] = {&images[0], &images[1], &images[2]};
    oc_result *results[3], *result = (oc_result *)(void *)pixels;
    (void)context;
    oc_status status = oc_predictor_create(&predictor, ready_model, NULL, err);
    EMPTY(predictor);
    if (status) return status;
    status = oc_predictor_run(&result, predictor, &images[0], err);
    EMPTY(result);
    oc_result_free(result);
    if (!status) {
        memset(results, 0x5A, sizeof results);
        status = oc_predictor_run_batch(results, predictor, pointers, 3, err);
        for (int i = 0; i < 3; i++) {
            ck_assert(status || results[i]);
            oc_result_free(results[i]);
        }
    }
    oc_predictor_free(predictor);
    return status;
}

/* A batch whose first picture is broken: that is the failure told, in code and message, unless all failed for memory. */
static oc_status explain(oc_context *context, oc_error *err) {
    oc_predictor *predictor = NULL;
    oc_explanation *explanation = (oc_explanation *)(void *)pixels;
    oc_picture *picture = NULL;
    const oc_image image = encoded_image(png);
    const oc_explain how = {sizeof how, 3, NULL};
    (void)context;
    oc_status status = oc_predictor_create(&predictor, ready_model, NULL, err);
    if (!status) {
        status = oc_predictor_explain(&explanation, predictor, &image, &how, err);
        EMPTY(explanation);
        if (!status) {
            status = oc_explanation_picture(&picture, explanation, err);
            EMPTY(picture);
            oc_explanation_free(explanation);
        }
    }
    oc_picture_free(picture);
    oc_predictor_free(predictor);
    return status;
}

static oc_status predict_broken(oc_context *context, oc_error *err) {
    oc_predictor *predictor = NULL;
    oc_image images[2] = {path_image("/nowhere/first.png"), raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8)};
    const oc_image *pointers[2] = {&images[0], &images[1]};
    oc_result *results[2];
    (void)context;
    oc_status status = oc_predictor_create(&predictor, ready_model, NULL, err);
    if (status) return status;
    status = oc_predictor_run_batch(results, predictor, pointers, 2, err);
    ck_assert_int_ne(status, OC_OK);
    ck_assert_int_eq(err->code, status);
    ck_assert_ptr_null(results[0]);
    bool whole = status == OC_E_NOT_FOUND && results[1];
    if (status == OC_E_NOT_FOUND) ck_assert_ptr_nonnull(strstr(err->message, "first.png"));
    oc_result_free(results[1]);
    oc_predictor_free(predictor);
    if (!whole) { /* short of memory, if only for the second */
        err->code = OC_E_NOMEM;
        return OC_E_NOMEM;
    }
    *err = (oc_error)OC_ERROR_INIT;
    return OC_OK;
}

static oc_status evaluate(oc_context *context, oc_error *err) {
    oc_dataset *dataset = NULL;
    oc_report *report = (oc_report *)(void *)pixels, *own = NULL;
    oc_status status = fill_dataset(&dataset, context, 4, err);
    if (!status) {
        status = oc_model_evaluate(&report, ready_model, dataset, NULL, NULL, NULL, err);
        EMPTY(report);
        oc_report_free(report);
    }
    if (!status) status = oc_model_report(&own, ready_model, err);
    EMPTY(own);
    oc_report_free(own);
    oc_dataset_free(dataset);
    return status;
}

/* One run. Returns whether some allocation failed. */
static bool attempt(scenario *run, bool with_model, uint32_t n_threads, size_t n, bool forever, const char *name) {
    host h = {0};
    oc_error error = OC_ERROR_INIT;
    oc_context_options options = host_options(&h, n_threads);
    oc_context *context = (oc_context *)(void *)pixels;
    if (!with_model) h.fail_at = n, h.fail_forever = forever;
    oc_status status = oc_context_create(&context, &options, &error);
    if (status) ck_assert_ptr_null(context);
    if (!status && with_model) {
        ready_model = NULL;
        OK(oc_model_load_memory(&ready_model, context, model_file.data, model_file.size, NULL, err));
        h.fail_at = h.n_calls + n, h.fail_forever = forever;
    }
    if (!status) status = run(context, &error);
    if (with_model) oc_model_free(ready_model);
    oc_context_free(context);
    ck_assert_msg(h.n_blocks == 0 && h.n_bytes == 0, "%s: failing at %zu%s leaks %zu blocks", name, n, forever ? " and on" : "",
                  (size_t)h.n_blocks);
    if (h.n_failed) ck_assert_msg(status == OC_E_NOMEM, "%s: failing at %zu%s: %s: %s", name, n, forever ? " and on" : "",
                                  oc_status_name(status), error.message);
    else ck_assert_msg(status == OC_OK, "%s: %s: %s", name, oc_status_name(status), error.message);
    if (status) ck_assert_int_eq(error.code, status);
    return h.n_failed != 0;
}

/* All n up to `dense`, then steps of a seeded size up to 2 x `stride`. */
static void sweep(scenario *run, bool with_model, uint32_t n_threads, size_t dense, uint32_t stride, const char *name) {
    for (int forever = 0; forever < 2; forever++)
        for (size_t n = 1;; n += n < dense ? 1 : 1 + mix((uint32_t)n) % (2 * stride)) {
            ck_assert_uint_lt(n, 100000);
            if (!attempt(run, with_model, n_threads, n, forever, name)) break;
        }
}

#define ALL SIZE_MAX

START_TEST(contexts) {
    sweep(only_a_context, false, 1, ALL, 1, "context");
    sweep(only_a_context, false, 4, ALL, 1, "context with threads");
}
END_TEST
START_TEST(pictures) { sweep(open_pictures, false, 1, ALL, 1, "pictures"); }
END_TEST
START_TEST(folders) { sweep(load_folder, false, 1, ALL, 1, "folder"); }
END_TEST
START_TEST(csv_files) { sweep(load_csv, false, 1, ALL, 1, "CSV"); }
END_TEST
START_TEST(data_sets_in_memory) { sweep(fill_memory, false, 1, ALL, 1, "memory"); }
END_TEST
START_TEST(training) { sweep(train_alone, false, 1, (size_t)scaled(300, 40), (uint32_t)scaled(10, 80), "training"); }
END_TEST
START_TEST(training_on_threads) {
    sweep(train_choosing, false, 2, 5, 400, "training that chooses the size");
    sweep(train_anomaly, false, 2, (size_t)scaled(60, 10), (uint32_t)scaled(40, 200), "training on good pictures");
    sweep(train_fine, false, 2, (size_t)scaled(10, 3), (uint32_t)scaled(150, 400), "training that looks closer");
    sweep(train_some, false, 2, (size_t)scaled(10, 3), (uint32_t)scaled(150, 400), "training some of the tags");
    sweep(train_with_test, false, 3, (size_t)scaled(40, 10), (uint32_t)scaled(20, 120), "training with a test set");
}
END_TEST
START_TEST(models) {
    sweep(load_model, false, 1, (size_t)scaled(300, 40), (uint32_t)scaled(3, 30), "load");
    sweep(save_model, true, 1, ALL, 1, "save");
}
END_TEST
START_TEST(predictions) {
    sweep(predict, true, 1, ALL, 1, "predict");
    sweep(predict, true, 3, ALL, 1, "predict with threads");
    sweep(explain, true, 2, ALL, 1, "explain");
    sweep(predict_broken, true, 1, ALL, 1, "predict what is broken");
}
END_TEST
START_TEST(evaluations) {
    sweep(evaluate, true, 1, ALL, 1, "evaluate");
    sweep(evaluate, true, 2, ALL, 1, "evaluate with threads");
}
END_TEST

/* The limit is kept, the message tells of it, and enough is enough. */
START_TEST(max_memory) {
    host h = {0};
    oc_error error = OC_ERROR_INIT;
    oc_context_options options = host_options(&h, 2);
    oc_context *context = NULL;
    OK(oc_context_create(&context, &options, err));
    OK(train_alone(context, err));
    oc_context_free(context);
    size_t peak = h.peak;
    for (int step = 1; step <= 12; step++) {
        host limited = {0};
        options = host_options(&limited, 2);
        options.max_memory = peak * (size_t)step / 10;
        OK(oc_context_create(&context, &options, err));
        oc_status status = train_alone(context, &error);
        oc_context_free(context);
        ck_assert_uint_le(limited.peak, options.max_memory + 4096); /* the context itself is not counted */
        ck_assert_uint_eq(limited.n_blocks, 0);
        if (step < 8) ck_assert_int_eq(status, OC_E_NOMEM);
        if (step == 12) ck_assert_int_eq(status, OC_OK);
        if (status) ck_assert_msg(strstr(error.message, "limit") != NULL, "%s", error.message);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, contexts);
    tcase_add_test(tests, pictures);
    tcase_add_test(tests, folders);
    tcase_add_test(tests, csv_files);
    tcase_add_test(tests, data_sets_in_memory);
    tcase_add_test(tests, training);
    tcase_add_test(tests, training_on_threads);
    tcase_add_test(tests, models);
    tcase_add_test(tests, predictions);
    tcase_add_test(tests, evaluations);
    tcase_add_test(tests, max_memory);
    return run_suite(suite);
}
