/* oc_report: its numbers against each other, and against a count by hand. SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static oc_context *context;
static oc_dataset *dataset;
static oc_model *model;
static oc_report *trained, *measured;

/* Tags mixed up on purpose, so that there is something to count. */
static void set_up(void) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_dataset *mixed = NULL;
    context = new_context(2);
    dataset = new_dataset(context, N_KINDS, 6, 1);
    for (uint32_t i = 0; i < 6; i++) {
        paint(pixels, STRIPES, 50 + i);
        OK(oc_dataset_add(dataset, &image, kind_names[i % 2], NULL, err));
    }
    model = train(context, dataset, "3");
    OK(oc_model_report(&trained, model, err));
    OK(oc_dataset_create(&mixed, context, err));
    for (uint32_t i = 0; i < 30; i++) {
        paint(pixels, (int)(i % N_KINDS), 900 + i);
        OK(oc_dataset_add(mixed, &image, kind_names[i % 4 ? i % N_KINDS : 1], NULL, err));
    }
    image = path_image("/nowhere/a.png");
    OK(oc_dataset_add(mixed, &image, kind_names[2], NULL, err));
    OK(oc_model_evaluate(&measured, model, mixed, NULL, NULL, NULL, err));
    oc_dataset_free(mixed);
}

static void tear_down(void) {
    oc_report_free(trained);
    oc_report_free(measured);
    oc_model_free(model);
    oc_dataset_free(dataset);
    oc_context_free(context);
}

static bool near(double a, double b) { return fabs(a - b) < 1e-9; }

static double share(double part, double whole) { return whole > 0 ? part / whole : 0; }

/* Average precision is not here: it needs probabilities that the report does not give. */
static void check_tag(const oc_report *report, int32_t tag, double threshold) {
    oc_metrics m = OC_METRICS_INIT;
    uint32_t bear = 0, predicted = 0, correct = 0;
    OK(oc_report_metrics(report, tag, threshold, &m, err));
    for (size_t i = 0; i < oc_report_count(report); i++) {
        oc_report_entry e = OC_REPORT_ENTRY_INIT;
        OK(oc_report_get(report, i, &e, err));
        bool is_predicted = (tag < 0 || e.predicted == tag) && (double)e.probability >= threshold;
        bear += tag < 0 || e.truth == tag;
        predicted += is_predicted;
        correct += is_predicted && e.truth == e.predicted;
    }
    ck_assert_uint_eq(m.n_pictures, bear);
    ck_assert_uint_eq(m.n_predicted, predicted);
    ck_assert_uint_eq(m.n_correct, correct);
    ck_assert(near(m.precision, share(correct, predicted)));
    ck_assert(near(m.recall, share(correct, bear)));
    ck_assert(near(m.f1, share(2 * m.precision * m.recall, m.precision + m.recall)));
    ck_assert(m.average_precision >= 0 && m.average_precision <= 1);
    ck_assert(m.precision_deviation >= 0 && m.precision_deviation <= 0.5 + 1e-9);
    ck_assert(m.recall_deviation >= 0 && m.recall_deviation <= 0.5 + 1e-9);
    if (oc_report_method(report) == OC_REPORT_TEST_SET)
        ck_assert(m.precision_deviation == 0 && m.recall_deviation == 0 && m.average_precision_deviation == 0);
}

static void check_mean(const oc_report *report, double threshold) {
    oc_metrics mean = OC_METRICS_INIT, together = OC_METRICS_INIT, m = OC_METRICS_INIT;
    double precision = 0, recall = 0, f1 = 0, ap = 0, n = 0;
    OK(oc_report_metrics(report, OC_TAGS_MEAN, threshold, &mean, err));
    OK(oc_report_metrics(report, OC_TAGS_TOGETHER, threshold, &together, err));
    for (size_t t = 0; t < oc_report_n_tags(report); t++) {
        OK(oc_report_metrics(report, (int32_t)t, threshold, &m, err));
        if (m.n_pictures == 0) continue;
        n++;
        precision += m.precision;
        recall += m.recall;
        f1 += m.f1;
        ap += m.average_precision;
    }
    ck_assert(near(mean.precision, precision / n));
    ck_assert(near(mean.recall, recall / n));
    ck_assert(near(mean.f1, f1 / n));
    ck_assert(near(mean.average_precision, ap / n));
    ck_assert(near(together.average_precision, ap / n));
}

static void check_report(const oc_report *report) {
    double right = 0;
    size_t n_tags = oc_report_n_tags(report), n = oc_report_count(report);
    uint64_t all = 0;
    ck_assert_uint_eq(n_tags, oc_model_n_tags(model));
    for (size_t t = 0; t < n_tags; t++) {
        uint64_t row = 0, column = 0;
        oc_metrics m = OC_METRICS_INIT;
        ck_assert_str_eq(oc_report_tag(report, t), oc_model_tag(model, t));
        for (size_t u = 0; u < n_tags; u++) {
            row += oc_report_confusion(report, t, u);
            column += oc_report_confusion(report, u, t);
        }
        OK(oc_report_metrics(report, (int32_t)t, 0, &m, err));
        ck_assert_uint_eq(row, m.n_pictures);
        ck_assert_uint_eq(column, m.n_predicted);
        ck_assert_uint_eq(oc_report_confusion(report, t, t), m.n_correct);
        right += (double)m.n_correct;
        all += row;
    }
    ck_assert_uint_eq(all, n);
    ck_assert(near(oc_report_accuracy(report), right / (double)n));
    oc_reliability bin = OC_RELIABILITY_INIT;
    size_t n_binned = 0, n_bins = 0;
    double error = 0;
    for (; oc_report_reliability(report, n_bins, &bin, NULL) == OC_OK; n_bins++) {
        n_binned += bin.n_pictures;
        error += bin.n_pictures * fabs(bin.probability - bin.accuracy);
    }
    ck_assert(n_bins == 10 && n_binned == n);
    ck_assert(near(oc_report_calibration_error(report), error / (double)n));
    ck_assert_int_eq(oc_report_reliability(report, n_bins, &bin, NULL), OC_E_NOT_FOUND);
    oc_metrics m = OC_METRICS_INIT;
    OK(oc_report_metrics(report, OC_TAGS_TOGETHER, 0, &m, err));
    ck_assert(near(m.precision, oc_report_accuracy(report)));
    ck_assert(near(m.recall, oc_report_accuracy(report)));
    ck_assert(near(m.f1, oc_report_accuracy(report)));
    ck_assert_uint_eq(m.n_pictures, n);
    ck_assert_uint_eq(m.n_predicted, n);
    for (int step = 0; step <= 20; step++)
        for (int32_t tag = OC_TAGS_TOGETHER; tag < (int32_t)n_tags; tag++) check_tag(report, tag, step / 20.0);
    for (int step = 0; step <= 4; step++) check_mean(report, step / 4.0);
}

START_TEST(numbers_agree) {
    ck_assert_uint_eq(oc_report_method(trained), OC_REPORT_CROSS_VALIDATION);
    ck_assert_uint_eq(oc_report_n_folds(trained), 2);
    ck_assert_uint_eq(oc_report_count(trained), 24);
    check_report(trained);
    ck_assert_uint_eq(oc_report_method(measured), OC_REPORT_TEST_SET);
    ck_assert_uint_eq(oc_report_n_folds(measured), 1);
    ck_assert_uint_eq(oc_report_count(measured), 30);
    ck_assert_uint_eq(oc_report_n_skipped(measured), 1);
    ck_assert(oc_report_accuracy(measured) < 1); /* there is something to count */
    check_report(measured);
}
END_TEST

START_TEST(a_higher_threshold_predicts_less) {
    for (int32_t tag = OC_TAGS_TOGETHER; tag < N_KINDS; tag++) {
        oc_metrics before = OC_METRICS_INIT, m = OC_METRICS_INIT;
        OK(oc_report_metrics(measured, tag, 0, &before, err));
        for (int step = 1; step <= 50; step++) {
            OK(oc_report_metrics(measured, tag, step / 50.0, &m, err));
            ck_assert(m.n_predicted <= before.n_predicted && m.n_correct <= before.n_correct && m.recall <= before.recall);
            ck_assert_uint_eq(m.n_pictures, before.n_pictures);
            ck_assert(m.average_precision == before.average_precision);
            before = m;
        }
    }
}
END_TEST

/* Every point of a curve says what the figures at its threshold say, and goals are reached where a count says so. */
static void check_curve(const oc_report *report, int32_t tag) {
    oc_curve *curve = NULL;
    oc_operating_point p = OC_OPERATING_POINT_INIT, found = OC_OPERATING_POINT_INIT, lowest = p, highest = p;
    double last = 2, best = 0;
    OK(oc_report_curve(&curve, report, tag, err));
    ck_assert_uint_ge(oc_curve_count(curve), 1);
    for (size_t i = 0; i < oc_curve_count(curve); i++) {
        oc_metrics m = OC_METRICS_INIT;
        OK(oc_curve_get(curve, i, &p, err));
        OK(oc_report_metrics(report, tag, p.threshold, &m, err));
        ck_assert(p.threshold < last && p.n_predicted == m.n_predicted && p.n_correct == m.n_correct);
        ck_assert(near(p.precision, m.precision) && near(p.recall, m.recall) && near(p.f1, m.f1));
        ck_assert(near(p.share, (double)m.n_predicted / (double)oc_report_count(report)));
        if (p.precision >= 0.75) lowest = p;
        if (p.recall >= 0.5 && highest.threshold == 0) highest = p;
        best = p.f1 > best ? p.f1 : best;
        last = p.threshold;
    }
    FAILS(OC_E_NOT_FOUND, oc_curve_get(curve, oc_curve_count(curve), &p, err));
    if (lowest.threshold > 0) {
        OK(oc_curve_find(curve, OC_GOAL_PRECISION, 0.75, &found, err));
        ck_assert(found.threshold == lowest.threshold);
    } else {
        FAILS(OC_E_NOT_FOUND, oc_curve_find(curve, OC_GOAL_PRECISION, 0.75, &found, err));
    }
    if (highest.threshold > 0) {
        OK(oc_curve_find(curve, OC_GOAL_RECALL, 0.5, &found, err));
        ck_assert(found.threshold == highest.threshold);
    } else {
        FAILS(OC_E_NOT_FOUND, oc_curve_find(curve, OC_GOAL_RECALL, 0.5, &found, err));
    }
    OK(oc_curve_find(curve, OC_GOAL_F1, 7, &found, err));
    ck_assert(near(found.f1, best));
    FAILS(OC_E_ARGUMENT, oc_curve_find(curve, 0, 0.5, &found, err));
    FAILS(OC_E_ARGUMENT, oc_curve_find(curve, OC_GOAL_RECALL, NAN, &found, err));
    oc_curve_free(curve);
}

START_TEST(curves) {
    oc_curve *none;
    oc_operating_point point = OC_OPERATING_POINT_INIT;
    for (int32_t tag = OC_TAGS_TOGETHER; tag < N_KINDS; tag++) {
        check_curve(trained, tag);
        check_curve(measured, tag);
    }
    FAILS_OUT(OC_E_ARGUMENT, none, oc_report_curve(&none, trained, OC_TAGS_MEAN, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_report_curve(&none, trained, N_KINDS, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_report_curve(&none, NULL, 0, err));
    FAILS(OC_E_ARGUMENT, oc_curve_get(NULL, 0, &point, err));
    FAILS(OC_E_ARGUMENT, oc_curve_find(NULL, OC_GOAL_F1, 0, &point, err));
    ck_assert_uint_eq(oc_curve_count(NULL), 0);
    oc_curve_free(NULL);
}
END_TEST

START_TEST(entries) {
    bool folds[2] = {false};
    for (size_t i = 0; i < oc_report_count(trained); i++) {
        oc_report_entry e = OC_REPORT_ENTRY_INIT;
        char name[32];
        OK(oc_report_get(trained, i, &e, err));
        ck_assert_int_eq(e.truth, oc_dataset_sample_tag(dataset, i));
        ck_assert(e.predicted >= 0 && e.predicted < N_KINDS && e.probability >= 1.0f / N_KINDS - 1e-6f && e.probability <= 1);
        ck_assert_uint_lt(e.fold, 2);
        folds[e.fold] = true;
        snprintf(name, sizeof name, "picture %zu", i);
        ck_assert_str_eq(e.name, name);
    }
    ck_assert(folds[0] && folds[1]);
    for (size_t i = 0; i < oc_report_count(measured); i++) {
        oc_report_entry e = OC_REPORT_ENTRY_INIT;
        OK(oc_report_get(measured, i, &e, err));
        ck_assert_uint_eq(e.fold, 0);
    }
}
END_TEST

/* The report of a test set says what the predictor says. */
START_TEST(the_report_is_what_the_predictor_gives) {
    oc_predictor *predictor = NULL;
    OK(oc_predictor_create(&predictor, model, NULL, err));
    for (uint32_t i = 0; i < 30; i += 7) {
        float probabilities[N_KINDS];
        oc_report_entry e = OC_REPORT_ENTRY_INIT;
        OK(oc_report_get(measured, i, &e, err));
        predict_painted(probabilities, predictor, (int)(i % N_KINDS), 900 + i);
        ck_assert(probabilities[e.predicted] == e.probability);
    }
    oc_predictor_free(predictor);
}
END_TEST

START_TEST(a_loaded_model_keeps_its_report) {
    oc_model *loaded = NULL;
    oc_report *report = NULL;
    bytes b = model_bytes(model);
    OK(oc_model_load_memory(&loaded, context, b.data, b.size, NULL, err));
    OK(oc_model_report(&report, loaded, err));
    ck_assert_uint_eq(oc_report_count(report), oc_report_count(trained));
    ck_assert_uint_eq(oc_report_n_folds(report), oc_report_n_folds(trained));
    for (size_t i = 0; i < oc_report_count(report); i++) {
        oc_report_entry a = OC_REPORT_ENTRY_INIT, e = OC_REPORT_ENTRY_INIT;
        OK(oc_report_get(trained, i, &a, err));
        OK(oc_report_get(report, i, &e, err));
        ck_assert(a.truth == e.truth && a.predicted == e.predicted && a.probability == e.probability && a.fold == e.fold);
        ck_assert_ptr_null(e.name);
    }
    for (int32_t tag = OC_TAGS_MEAN; tag < N_KINDS; tag++) {
        oc_metrics x = OC_METRICS_INIT, y = OC_METRICS_INIT;
        OK(oc_report_metrics(trained, tag, 0.4, &x, err));
        OK(oc_report_metrics(report, tag, 0.4, &y, err));
        ck_assert(x.precision == y.precision && x.average_precision == y.average_precision &&
                  x.average_precision_deviation == y.average_precision_deviation);
    }
    oc_report_free(report);
    oc_model_free(loaded);
    free(b.data);
}
END_TEST

START_TEST(perfect_and_empty) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_dataset *d = NULL;
    oc_report *report;
    OK(oc_dataset_create(&d, context, err));
    FAILS_OUT(OC_E_DATA, report, oc_model_evaluate(&report, model, d, NULL, NULL, NULL, err));
    paint(pixels, BLOBS, 2);
    OK(oc_dataset_add(d, &image, "blobs", NULL, err)); /* the data set's first tag is the model's third */
    OK(oc_model_evaluate(&report, model, d, NULL, NULL, NULL, err));
    ck_assert(oc_report_accuracy(report) == 1);
    ck_assert_uint_eq(oc_report_confusion(report, BLOBS, BLOBS), 1);
    oc_metrics m = OC_METRICS_INIT;
    OK(oc_report_metrics(report, OC_TAGS_MEAN, 0, &m, err));
    ck_assert(m.precision == 1 && m.recall == 1 && m.f1 == 1 && m.average_precision == 1); /* over tags that have pictures */
    OK(oc_report_metrics(report, STRIPES, 0, &m, err));
    ck_assert(m.precision == 0 && m.recall == 0 && m.f1 == 0 && m.average_precision == 0);
    oc_report_free(report);
    image = path_image("/nowhere.png");
    oc_dataset *unreadable = NULL;
    OK(oc_dataset_create(&unreadable, context, err));
    OK(oc_dataset_add(unreadable, &image, "blobs", NULL, err));
    FAILS_OUT(OC_E_DATA, report, oc_model_evaluate(&report, model, unreadable, NULL, NULL, NULL, err));
    OK(oc_dataset_add(d, &image, "unheard of", NULL, err));
    FAILS_OUT(OC_E_DATA, report, oc_model_evaluate(&report, model, d, NULL, NULL, NULL, err));
    oc_dataset_free(unreadable);
    oc_dataset_free(d);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("reports");
    TCase *tests = tcase_create("reports");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, numbers_agree);
    tcase_add_test(tests, a_higher_threshold_predicts_less);
    tcase_add_test(tests, curves);
    tcase_add_test(tests, entries);
    tcase_add_test(tests, the_report_is_what_the_predictor_gives);
    tcase_add_test(tests, a_loaded_model_keeps_its_report);
    tcase_add_test(tests, perfect_and_empty);
    return run_suite(suite);
}
