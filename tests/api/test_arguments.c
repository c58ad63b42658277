/* NULL wherever a pointer goes, out of range wherever an index goes: an error or nothing, never a crash.
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

static int ignore(void *user, const void *data, size_t size) {
    (void)user, (void)data, (void)size;
    return 0;
}

static oc_context *context;
static oc_dataset *dataset;
static oc_trainer *trainer;
static oc_model *model;
static oc_predictor *predictor;
static oc_result *result;
static oc_report *report;

static void set_up(void) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    context = new_context(2);
    dataset = new_dataset(context, 2, 3, 1);
    trainer = new_trainer(context, dataset);
    make_quick(trainer);
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_predictor_create(&predictor, model, NULL, err));
    OK(oc_predictor_run(&result, predictor, &image, err));
    OK(oc_model_report(&report, model, err));
}

static void tear_down(void) {
    oc_report_free(report);
    oc_result_free(result);
    oc_predictor_free(predictor);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    oc_context_free(context);
}

START_TEST(free_null) {
    oc_context_free(NULL);
    oc_picture_free(NULL);
    oc_dataset_free(NULL);
    oc_trainer_free(NULL);
    oc_model_free(NULL);
    oc_predictor_free(NULL);
    oc_result_free(NULL);
    oc_report_free(NULL);
    oc_box_mistake_list_free(NULL);
    oc_trainer_cancel(NULL);
}
END_TEST

START_TEST(null_out) {
    oc_image image = OC_IMAGE_INIT;
    FAILS(OC_E_ARGUMENT, oc_context_create(NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_picture_open(NULL, context, &image, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_create(NULL, context, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_load_folder(NULL, context, ".", err));
    FAILS(OC_E_ARGUMENT, oc_dataset_load_csv(NULL, context, ".", err));
    FAILS(OC_E_ARGUMENT, oc_dataset_select_split(NULL, dataset, "train", err));
    FAILS(OC_E_ARGUMENT, oc_trainer_create(NULL, context, dataset, err));
    FAILS(OC_E_ARGUMENT, oc_trainer_run(NULL, trainer, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_model_load(NULL, context, ".", err));
    FAILS(OC_E_ARGUMENT, oc_model_load_memory(NULL, context, "", 0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_predictor_create(NULL, model, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_predictor_run(NULL, predictor, &image, err));
    FAILS(OC_E_ARGUMENT, oc_model_evaluate(NULL, model, dataset, NULL, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_model_report(NULL, model, err));
}
END_TEST

START_TEST(null_handles_and_text) {
    oc_image image = OC_IMAGE_INIT;
    oc_picture *p;
    oc_dataset *d;
    oc_trainer *t;
    oc_model *m;
    oc_predictor *q;
    oc_result *r;
    oc_report *e;
    const oc_image *images[1] = {&image};
    FAILS_OUT(OC_E_ARGUMENT, p, oc_picture_open(&p, NULL, &image, err));
    FAILS_OUT(OC_E_ARGUMENT, p, oc_picture_open(&p, context, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_create(&d, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_load_folder(&d, NULL, ".", err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_load_folder(&d, context, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_load_csv(&d, NULL, ".", err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_load_csv(&d, context, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_select_split(&d, NULL, "train", err));
    FAILS_OUT(OC_E_ARGUMENT, d, oc_dataset_select_split(&d, dataset, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, t, oc_trainer_create(&t, NULL, dataset, err));
    FAILS_OUT(OC_E_ARGUMENT, t, oc_trainer_create(&t, context, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, m, oc_trainer_run(&m, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, m, oc_model_load(&m, NULL, ".", err));
    FAILS_OUT(OC_E_ARGUMENT, m, oc_model_load(&m, context, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, m, oc_model_load_memory(&m, NULL, "", 0, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, m, oc_model_load_memory(&m, context, NULL, 0, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, q, oc_predictor_create(&q, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, r, oc_predictor_run(&r, NULL, &image, err));
    FAILS_OUT(OC_E_ARGUMENT, r, oc_predictor_run(&r, predictor, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, r, oc_predictor_run_batch(&r, NULL, images, 1, err));
    FAILS_OUT(OC_E_ARGUMENT, r, oc_predictor_run_batch(&r, predictor, NULL, 1, err));
    FAILS_OUT(OC_E_ARGUMENT, e, oc_model_evaluate(&e, NULL, dataset, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, e, oc_model_evaluate(&e, model, NULL, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, e, oc_model_report(&e, NULL, err));
    oc_box_mistake_list *mistakes;
    FAILS_OUT(OC_E_ARGUMENT, mistakes, oc_report_box_mistakes(&mistakes, NULL, 0.5, 0.3, err));
    FAILS_OUT(OC_E_ARGUMENT, mistakes, oc_report_box_mistakes(&mistakes, report, 0.5, 0.3, err)); /* not of a detector */
    FAILS(OC_E_ARGUMENT, oc_report_box_mistakes(NULL, report, 0.5, 0.3, err));
    FAILS(OC_E_ARGUMENT, oc_predictor_run_batch(NULL, predictor, images, 1, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add(NULL, &image, "tag", NULL, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add(dataset, NULL, "tag", NULL, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add(dataset, &image, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_trainer_set(NULL, "seed", "1", err));
    FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, NULL, "1", err));
    FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, "seed", NULL, err));
    FAILS(OC_E_ARGUMENT, oc_trainer_set_test(NULL, dataset, err));
    FAILS(OC_E_ARGUMENT, oc_model_save(NULL, "x", err));
    FAILS(OC_E_ARGUMENT, oc_model_save(model, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_model_write(NULL, ignore, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_model_write(model, NULL, NULL, err));
}
END_TEST

START_TEST(null_structs) {
    const char *key = "x", *value = "x";
    oc_image image = OC_IMAGE_INIT;
    oc_box box = OC_BOX_INIT;
    oc_metrics metrics = OC_METRICS_INIT;
    oc_report_entry entry = OC_REPORT_ENTRY_INIT;
    oc_box_mistake mistake = OC_BOX_MISTAKE_INIT;
    FAILS(OC_E_ARGUMENT, oc_picture_image(NULL, &image, err));
    FAILS(OC_E_ARGUMENT, oc_trainer_option(0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_result_get(NULL, 0, &box, err));
    FAILS(OC_E_ARGUMENT, oc_result_get(result, 0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_report_metrics(NULL, 0, 0, &metrics, err));
    FAILS(OC_E_ARGUMENT, oc_report_metrics(report, 0, 0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_box_mistake_list_get(NULL, 0, &mistake, err));
    FAILS(OC_E_ARGUMENT, oc_report_get(NULL, 0, &entry, err));
    FAILS(OC_E_ARGUMENT, oc_report_get(report, 0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_model_property_at(NULL, 0, &key, &value, err));
    FAILS(OC_E_ARGUMENT, oc_model_property_at(model, 0, NULL, &value, err));
    FAILS(OC_E_ARGUMENT, oc_model_property_at(model, 0, &key, NULL, err));
}
END_TEST

START_TEST(getters_without_a_handle) {
    ck_assert_uint_eq(oc_context_n_threads(NULL), 0);
    ck_assert_ptr_nonnull(oc_context_cpu(NULL));
    ck_assert_uint_eq(oc_dataset_count(NULL), 0);
    ck_assert_uint_eq(oc_box_mistake_list_count(NULL), 0);
    ck_assert_uint_eq(oc_dataset_n_tags(NULL), 0);
    ck_assert_uint_eq(oc_dataset_n_notes(NULL), 0);
    ck_assert_ptr_null(oc_dataset_tag(NULL, 0));
    ck_assert_ptr_null(oc_dataset_sample_name(NULL, 0));
    ck_assert_int_eq(oc_dataset_sample_tag(NULL, 0), -1);
    ck_assert_ptr_null(oc_dataset_sample_split(NULL, 0));
    ck_assert_ptr_null(oc_dataset_note(NULL, 0));
    ck_assert_uint_eq(oc_model_n_tags(NULL), 0);
    ck_assert_ptr_null(oc_model_tag(NULL, 0));
    ck_assert_ptr_null(oc_model_property(NULL, "kind"));
    ck_assert_ptr_null(oc_model_property(model, NULL));
    ck_assert_uint_eq(oc_result_count(NULL), 0);
    ck_assert_ptr_null(oc_result_tag_name(NULL, 0));
    ck_assert_uint_eq(oc_report_method(NULL), 0);
    ck_assert_uint_eq(oc_report_n_folds(NULL), 0);
    ck_assert_uint_eq(oc_report_count(NULL), 0);
    ck_assert_uint_eq(oc_report_n_skipped(NULL), 0);
    ck_assert_uint_eq(oc_report_n_tags(NULL), 0);
    ck_assert_ptr_null(oc_report_tag(NULL, 0));
    ck_assert(oc_report_accuracy(NULL) == 0);
    ck_assert_uint_eq(oc_report_confusion(NULL, 0, 0), 0);
}
END_TEST

START_TEST(indices_out_of_range) {
    static const size_t past[] = {6, 1000, SIZE_MAX / 2, SIZE_MAX};
    oc_box box = OC_BOX_INIT;
    oc_option option = OC_OPTION_INIT;
    oc_report_entry entry = OC_REPORT_ENTRY_INIT;
    for (size_t i = 0; i < sizeof past / sizeof *past; i++) {
        const char *key = "x", *value = "x";
        ck_assert_ptr_null(oc_dataset_tag(dataset, past[i]));
        ck_assert_ptr_null(oc_dataset_sample_name(dataset, past[i]));
        ck_assert_int_eq(oc_dataset_sample_tag(dataset, past[i]), -1);
        ck_assert_ptr_null(oc_dataset_sample_split(dataset, past[i]));
        ck_assert_ptr_null(oc_dataset_note(dataset, past[i]));
        ck_assert_ptr_null(oc_model_tag(model, past[i]));
        ck_assert_ptr_null(oc_result_tag_name(result, past[i]));
        ck_assert_ptr_null(oc_report_tag(report, past[i]));
        ck_assert_uint_eq(oc_report_confusion(report, past[i], 0), 0);
        ck_assert_uint_eq(oc_report_confusion(report, 0, past[i]), 0);
        FAILS(OC_E_NOT_FOUND, oc_result_get(result, past[i], &box, err));
        FAILS(OC_E_NOT_FOUND, oc_report_get(report, past[i], &entry, err));
        FAILS(OC_E_NOT_FOUND,
              oc_model_property_at(model, past[i] + 1000 < past[i] ? past[i] : past[i] + 1000, &key, &value, err));
        ck_assert(key == NULL && value == NULL);
    }
    FAILS(OC_E_NOT_FOUND, oc_trainer_option(1000, &option, err));
    FAILS(OC_E_NOT_FOUND, oc_trainer_option(UINT32_MAX, &option, err));
}
END_TEST

START_TEST(metrics_out_of_range) {
    static const double thresholds[] = {-0.001, 1.001, -INFINITY, INFINITY, NAN};
    static const int32_t tags[] = {-3, 2, INT32_MIN, INT32_MAX};
    oc_metrics metrics = OC_METRICS_INIT;
    for (size_t i = 0; i < 5; i++) FAILS(OC_E_ARGUMENT, oc_report_metrics(report, 0, thresholds[i], &metrics, err));
    for (size_t i = 0; i < 4; i++) FAILS(OC_E_ARGUMENT, oc_report_metrics(report, tags[i], 0, &metrics, err));
    metrics.struct_size = 4;
    FAILS(OC_E_ARGUMENT, oc_report_metrics(report, 0, 0, &metrics, err));
}
END_TEST

/* The error may always be NULL. */
START_TEST(nobody_wants_the_error) {
    oc_model *m;
    oc_picture *p;
    oc_image image = OC_IMAGE_INIT;
    oc_box box = OC_BOX_INIT;
    ck_assert_int_eq(oc_model_load(&m, context, "/nowhere/at/all", NULL), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc_model_load_memory(&m, context, "nonsense", 8, NULL, NULL), OC_E_FORMAT);
    ck_assert_int_eq(oc_picture_open(&p, context, &image, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc_result_get(result, 9, &box, NULL), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc_trainer_set(trainer, "nonsense", "1", NULL), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc_predictor_run(NULL, NULL, NULL, NULL), OC_E_ARGUMENT);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("arguments");
    TCase *tests = tcase_create("arguments");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, free_null);
    tcase_add_test(tests, null_out);
    tcase_add_test(tests, null_handles_and_text);
    tcase_add_test(tests, null_structs);
    tcase_add_test(tests, getters_without_a_handle);
    tcase_add_test(tests, indices_out_of_range);
    tcase_add_test(tests, metrics_out_of_range);
    tcase_add_test(tests, nobody_wants_the_error);
    return run_suite(suite);
}
