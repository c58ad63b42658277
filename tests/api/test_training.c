/* oc_trainer: options, errors, progress, cancelling, determinism. SPDX-License-Identifier: MIT */
#include "support.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static oc_context *context;
static oc_dataset *dataset;

static void set_up(void) {
    context = new_context(2);
    dataset = new_dataset(context, N_KINDS, 4, 1);
}

static void tear_down(void) {
    oc_dataset_free(dataset);
    oc_context_free(context);
}

/* Pictures of any number of tags: in, through training, into answers and the report. */
START_TEST(any_number_of_tags) {
    static const char *const tags[] = {"stripes", "checks", "pattern", "blank"};
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_dataset *several = NULL;
    oc_model *model = NULL;
    oc_report *report = NULL;
    oc_predictor *predictor = NULL;
    oc_result *result = NULL;
    OK(oc_dataset_create(&several, context, err));
    for (uint32_t i = 0; i < 24; i++) {
        paint(pixels, (int)(i % 3), i);
        const char *of_stripes[] = {tags[0], tags[2]}, *of_checks[] = {tags[2], tags[1], tags[2]};
        OK(oc_dataset_add_tags(several, &image, i % 3 == 0 ? of_stripes : of_checks, i % 3 == 0 ? 2 : i % 3 == 1 ? 3 : 0, NULL, err));
    }
    FAILS(OC_E_ARGUMENT, oc_dataset_add_tags(several, &image, NULL, 1, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add_tags(several, NULL, tags, 1, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_dataset_add_tags(NULL, &image, tags, 1, NULL, err));
    ck_assert(oc_dataset_count(several) == 24 && oc_dataset_n_tags(several) == 3);
    ck_assert(oc_dataset_sample_n_tags(several, 1) == 2 && oc_dataset_sample_n_tags(several, 2) == 0);
    ck_assert(oc_dataset_sample_tag(several, 1) == 1 && oc_dataset_sample_tag_at(several, 1, 1) == 2);
    ck_assert(oc_dataset_sample_tag(several, 2) == -1 && oc_dataset_sample_tag_at(several, 1, 2) == -1);
    ck_assert(oc_dataset_sample_n_tags(several, 24) == 0 && oc_dataset_sample_n_tags(NULL, 0) == 0);
    oc_trainer *trainer = new_trainer(context, several);
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "labels", "one", err));
    FAILS(OC_E_DATA, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "labels", "auto", err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert(oc_model_kind(model) == OC_MODEL_MULTILABEL && oc_model_kind(NULL) == 0 && oc_model_n_tags(model) == 3);
    ck_assert_str_eq(oc_model_property(model, "kind"), "multilabel");
    for (size_t t = 0; t < 3; t++) ck_assert(oc_model_threshold(model, t) > 0 && oc_model_threshold(model, t) < 1);
    ck_assert(oc_model_threshold(model, 3) == 0 && oc_model_threshold(NULL, 0) == 0);
    OK(oc_predictor_create(&predictor, model, NULL, err));
    OK(oc_predictor_run(&result, predictor, &image, err)); /* the last one: of no tag */
    ck_assert_uint_eq(oc_result_count(result), 3);
    for (size_t i = 0; i < 3; i++) {
        oc_box box = OC_BOX_INIT;
        OK(oc_result_get(result, i, &box, err));
        ck_assert_msg((double)box.probability < oc_model_threshold(model, (size_t)box.tag), "%s: %g",
            oc_result_tag_name(result, i), (double)box.probability);
    }
    OK(oc_model_report(&report, model, err));
    ck_assert(oc_report_kind(report) == OC_MODEL_MULTILABEL && oc_report_kind(NULL) == 0 && oc_report_count(report) == 24);
    ck_assert(oc_report_threshold(report, 1) == oc_model_threshold(model, 1));
    ck_assert(oc_report_hamming_loss(report) >= 0 && oc_report_hamming_loss(report) < 0.3 && oc_report_hamming_loss(NULL) == 0);
    size_t n_bear = 0;
    for (size_t i = 0; i < 24; i++)
        for (size_t k = 0; k < oc_report_n_answers(report, i); k++) {
            oc_report_said said = OC_REPORT_SAID_INIT;
            OK(oc_report_answer(report, i, k, &said, err));
            ck_assert(said.given == ((double)said.probability >= oc_report_threshold(report, (size_t)said.tag)));
            n_bear += said.bears;
        }
    ck_assert_uint_eq(n_bear, 32); /* two tags on each of 16 pictures */
    oc_report_said said = OC_REPORT_SAID_INIT;
    FAILS(OC_E_NOT_FOUND, oc_report_answer(report, 0, 3, &said, err));
    FAILS(OC_E_NOT_FOUND, oc_report_answer(report, 24, 0, &said, err));
    FAILS(OC_E_ARGUMENT, oc_report_answer(NULL, 0, 0, &said, err));
    oc_result_free(result);
    oc_predictor_free(predictor);
    oc_report_free(report);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(several);
}
END_TEST

/* What oc_trainer_option lists is what oc_trainer_set takes. */
START_TEST(options) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_option option = OC_OPTION_INIT;
    char text[64];
    uint32_t n = 0;
    for (; oc_trainer_option(n, &option, NULL) == OC_OK; n++) {
        ck_assert(option.key[0] && option.help[0]);
        ck_assert(option.minimum <= option.maximum);
        OK(oc_trainer_set(trainer, option.key, option.default_value, err));
        if (option.type != OC_OPTION_TEXT || option.minimum > 0)
            FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, "", err));
        if (strcmp(option.key, "labels") == 0 || strcmp(option.key, "head") == 0) {
            OK(oc_trainer_set(trainer, option.key, option.key[0] == 'l' ? "several" : "discriminant", err));
            FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, "many", err));
            continue;
        }
        if (option.type == OC_OPTION_TEXT) {
            OK(oc_trainer_set(trainer, option.key, "any", err)); /* whether there is such a thing, the run finds out */
            continue;
        }
        FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, "nonsense", err));
        if (option.type == OC_OPTION_BOOLEAN) {
            OK(oc_trainer_set(trainer, option.key, "true", err));
            OK(oc_trainer_set(trainer, option.key, "false", err));
            FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, "1", err));
            continue;
        }
        ck_assert(option.type == OC_OPTION_INTEGER || option.type == OC_OPTION_NUMBER);
        snprintf(text, sizeof text, "%.0f", option.minimum);
        OK(oc_trainer_set(trainer, option.key, text, err));
        snprintf(text, sizeof text, "%.0f", option.maximum);
        OK(oc_trainer_set(trainer, option.key, text, err));
        static const char *const wrong[] = {"-1", "99999999999999999999999", "1e400", "nan", "inf", " 1", "1 ", "0x1", "1,5"};
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
            FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, wrong[i], err));
        if (option.type == OC_OPTION_INTEGER) FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, option.key, "1.5", err));
    }
    ck_assert_uint_ge(n, 1);
    oc_error error = OC_ERROR_INIT;
    ck_assert_int_eq(oc_trainer_set(trainer, "sed", "1", &error), OC_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "seed"));
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(numbers_in_any_locale) {
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8")) puts("no locale with a decimal comma is there");
    oc_trainer *trainer = new_trainer(context, dataset);
    OK(oc_trainer_set(trainer, "l2", "0.25", err));
    FAILS(OC_E_ARGUMENT, oc_trainer_set(trainer, "l2", "0,25", err));
    oc_model *model = NULL;
    OK(oc_trainer_set(trainer, "views", "1", err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_str_eq(oc_model_property(model, "option.l2"), "0.25");
    oc_model_free(model);
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(too_little_data) {
    oc_dataset *d = NULL;
    oc_model *model;
    oc_trainer *trainer;
    OK(oc_dataset_create(&d, context, err));
    FAILS_OUT(OC_E_DATA, trainer, oc_trainer_create(&trainer, context, d, err));
    oc_dataset_free(d);
    d = new_dataset(context, 1, 8, 1); /* enough to tell what is unlike it, but not for tags */
    OK(oc_trainer_create(&trainer, context, d, err));
    FAILS_OUT(OC_E_DATA, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    oc_dataset_free(d);
    d = new_dataset(context, 3, 1, 1);
    FAILS_OUT(OC_E_DATA, trainer, oc_trainer_create(&trainer, context, d, err));
    oc_dataset_free(d);
    d = new_dataset(context, 2, 2, 1);
    oc_model_free(train(context, d, "0"));
    oc_dataset_free(d);
}
END_TEST

/* A tag without pictures is no tag to train. */
START_TEST(tags_without_pictures) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_dataset *d = NULL, *part = NULL;
    oc_trainer *trainer = NULL;
    oc_model *none;
    OK(oc_dataset_create(&d, context, err));
    paint(pixels, BLOBS, 1);
    OK(oc_dataset_add(d, &image, "unused", "test", err));
    for (int i = 0; i < 4; i++) OK(oc_dataset_add(d, &image, "a", "train", err));
    OK(oc_dataset_select_split(&part, d, "train", err));
    OK(oc_trainer_create(&trainer, context, part, err));
    FAILS_OUT(OC_E_DATA, none, oc_trainer_run(&none, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    oc_dataset_free(part);
    paint(pixels, CHECKS, 1);
    for (int i = 0; i < 4; i++) OK(oc_dataset_add(d, &image, "b", "train", err));
    OK(oc_dataset_select_split(&part, d, "train", err));
    oc_model *model = train(context, part, "0");
    ck_assert_uint_eq(oc_model_n_tags(model), 2);
    ck_assert_str_eq(oc_model_tag(model, 0), "a");
    oc_model_free(model);
    oc_dataset_free(part);
    oc_dataset_free(d);
}
END_TEST

START_TEST(another_context) {
    oc_context *other = new_context(1);
    oc_dataset *foreign = new_dataset(other, 2, 2, 1);
    oc_trainer *trainer;
    FAILS_OUT(OC_E_ARGUMENT, trainer, oc_trainer_create(&trainer, context, foreign, err));
    trainer = new_trainer(context, dataset);
    FAILS(OC_E_ARGUMENT, oc_trainer_set_test(trainer, foreign, err));
    oc_trainer_free(trainer);
    oc_dataset_free(foreign);
    oc_context_free(other);
}
END_TEST

START_TEST(pictures_added_later_are_not_seen) {
    uint8_t pixels[3] = {0};
    oc_image image = raw_image(pixels, 1, 1, OC_IMAGE_RGB8);
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    OK(oc_dataset_add(dataset, &image, "new", NULL, err));
    make_quick(trainer);
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_uint_eq(oc_model_n_tags(model), N_KINDS);
    ck_assert_str_eq(oc_model_property(model, "n_training_pictures"), "12");
    oc_model_free(model);
    oc_trainer_free(trainer);
}
END_TEST

static void add_broken(oc_dataset *to) {
    oc_image broken = encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8});
    OK(oc_dataset_add(to, &broken, kind_names[0], NULL, err));
}

START_TEST(broken_pictures) {
    add_broken(dataset);
    oc_model *model = train(context, dataset, "0");
    oc_report *report = NULL;
    OK(oc_model_report(&report, model, err));
    ck_assert_uint_eq(oc_report_n_skipped(report), 1);
    ck_assert_uint_eq(oc_report_count(report), 12);
    oc_report_free(report);
    oc_model_free(model);
    oc_trainer *trainer = new_trainer(context, dataset);
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "skip_broken", "false", err));
    FAILS_OUT(OC_E_CORRUPT, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "skip_broken", "true", err)); /* trains anew */
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_model_free(model);
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(nothing_readable_of_a_tag) {
    oc_dataset *d = new_dataset(context, 1, 6, 1);
    oc_image broken = encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8});
    oc_model *model;
    OK(oc_dataset_add(d, &broken, "broken", NULL, err));
    oc_trainer *trainer = new_trainer(context, d);
    FAILS_OUT(OC_E_DATA, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    oc_dataset_free(d);
}
END_TEST

/* A tag with a single picture trains; it cannot be measured. */
START_TEST(one_picture_of_a_tag) {
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    paint(pixels, CHECKS, 55);
    OK(oc_dataset_add(dataset, &image, "alone", NULL, err));
    oc_model *model = train(context, dataset, "0");
    ck_assert_uint_eq(oc_model_n_tags(model), N_KINDS + 1);
    oc_model_free(model);
}
END_TEST

START_TEST(test_sets) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_dataset *test = new_dataset(context, 2, 5, 100), *empty = NULL;
    oc_model *model = NULL;
    oc_report *report = NULL;
    make_quick(trainer);
    OK(oc_dataset_create(&empty, context, err));
    FAILS(OC_E_DATA, oc_trainer_set_test(trainer, empty, err));
    OK(oc_trainer_set_test(trainer, test, err));
    add_broken(test); /* too late to be seen */
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_model_report(&report, model, err));
    ck_assert_uint_eq(oc_report_method(report), OC_REPORT_TEST_SET);
    ck_assert_uint_eq(oc_report_n_folds(report), 1);
    ck_assert_uint_eq(oc_report_count(report), 10);
    ck_assert_uint_eq(oc_report_n_skipped(report), 0);
    oc_report_free(report);
    oc_model_free(model);
    oc_image image = encoded_image((bytes){(uint8_t *)(uintptr_t)"x", 1});
    OK(oc_dataset_add(test, &image, "unheard of", NULL, err));
    FAILS(OC_E_DATA, oc_trainer_set_test(trainer, test, err));
    OK(oc_trainer_set_test(trainer, NULL, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_model_report(&report, model, err));
    ck_assert_uint_eq(oc_report_method(report), OC_REPORT_CROSS_VALIDATION);
    ck_assert_uint_eq(oc_report_n_folds(report), 2);
    ck_assert_uint_eq(oc_report_count(report), 12);
    oc_report_free(report);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(test);
    oc_dataset_free(empty);
}
END_TEST

/* The model's option after training with these, and at most two steps of fine-tuning. */
static void check_option(const char *domain, const char *key, const char *value, const char *option, const char *expected) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    OK(oc_trainer_set(trainer, "domain", domain, err));
    OK(oc_trainer_set(trainer, "steps", "2", err));
    OK(oc_trainer_set(trainer, "folds", "2", err));
    OK(oc_trainer_set(trainer, "size", "64", err));
    OK(oc_trainer_set(trainer, key, value, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_str_eq(oc_model_property(model, option), expected);
    oc_model_free(model);
    oc_trainer_free(trainer);
}

START_TEST(domains) {
    oc_domain domain = OC_DOMAIN_INIT, other = OC_DOMAIN_INIT;
    uint32_t n = 0, n_detection = 0;
    for (; oc_trainer_domain(n, &domain, NULL) == OC_OK; n++) {
        n_detection += domain.detection != 0;
        ck_assert(domain.help[0] && strlen(domain.id) == 36);
        for (uint32_t i = 0; i < n; i++) {
            OK(oc_trainer_domain(i, &other, err));
            ck_assert(strcmp(other.id, domain.id) != 0);
            ck_assert(other.detection != domain.detection || strcmp(other.name, domain.name) != 0);
        }
    }
    ck_assert(n_detection > 0 && n > n_detection);
    FAILS(OC_E_NOT_FOUND, oc_trainer_domain(n, &domain, err));
    FAILS(OC_E_ARGUMENT, oc_trainer_domain(0, NULL, err));

    check_option("auto", "seed", "1", "option.domain", "General");
    check_option("0732100f-1a38-4e49-a514-c9b44c697ab5", "seed", "1", "option.domain", "General (compact)");
    check_option("general-a1", "seed", "1", "option.minutes", "15");
    check_option("GENERAL [A1]", "minutes", "30", "option.minutes", "30");

    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    OK(oc_trainer_set(trainer, "domain", "Logo", err));
    ck_assert_int_eq(oc_trainer_run(&model, trainer, NULL, NULL, &error), OC_E_NOT_FOUND);
    ck_assert_msg(strstr(error.message, "'Logo' for classification; there are: General, General [A1]"), "%s", error.message);
    ck_assert_msg(strstr(error.message, "Retail (compact)"), "%s", error.message);
    oc_trainer_free(trainer);
}
END_TEST

/* ---- progress ---- */

typedef struct watcher {
    oc_trainer *trainer;
    pthread_t thread;
    double fraction, seconds;
    int n, cancel_at, stop_at;
    oc_status nested;
} watcher;

static int watch(void *user, const oc_progress *p) {
    watcher *w = user;
    w->n++;
    if (!pthread_equal(pthread_self(), w->thread)) abort();
    ck_assert_uint_ge(p->struct_size, sizeof *p);
    ck_assert_ptr_nonnull(p->stage);
    ck_assert_msg(p->fraction >= w->fraction && p->fraction <= 1, "%s: fraction %f after %f", p->stage, p->fraction,
                  w->fraction);
    ck_assert(p->seconds_elapsed >= w->seconds);
    w->fraction = p->fraction;
    w->seconds = p->seconds_elapsed;
    if (w->nested == OC_OK && w->trainer) {
        oc_model *model = (oc_model *)(void *)w;
        w->nested = oc_trainer_run(&model, w->trainer, NULL, NULL, NULL);
        if (model) abort();
    }
    if (w->n == w->cancel_at) oc_trainer_cancel(w->trainer);
    return w->n == w->stop_at ? 7 : 0;
}

START_TEST(progress_rises_to_one) {
    for (int with_test = 0; with_test < 2; with_test++) {
        oc_dataset *large = new_dataset(context, N_KINDS, scaled(60, 6), 1);
        oc_trainer *trainer = new_trainer(context, large);
        oc_model *model = NULL;
        oc_report *report = NULL;
        watcher w = {.trainer = trainer, .thread = pthread_self()};
        OK(oc_trainer_set(trainer, "views", "2", err));
        if (with_test) OK(oc_trainer_set_test(trainer, dataset, err));
        OK(oc_trainer_run(&model, trainer, watch, &w, err));
        ck_assert_int_ge(w.n, 4);
        ck_assert(w.fraction == 1);
        ck_assert_int_eq(w.nested, OC_E_STATE); /* it was running */
        w = (watcher){.thread = pthread_self()};
        OK(oc_model_evaluate(&report, model, large, NULL, watch, &w, err));
        ck_assert(w.fraction == 1);
        oc_report_free(report);
        oc_model_free(model);
        oc_trainer_free(trainer);
        oc_dataset_free(large);
    }
}
END_TEST

START_TEST(cancelled_by_the_callback) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    make_quick(trainer);
    watcher w = {.thread = pthread_self(), .nested = OC_E_STATE};
    OK(oc_trainer_run(&model, trainer, watch, &w, err));
    int n_calls = w.n;
    oc_model_free(model);
    for (int at = 1; at <= 4 && at <= n_calls; at++) /* every stage has a call at its beginning, however fast it is */
        for (int by_handle = 0; by_handle < 2; by_handle++) {
            w = (watcher){.trainer = trainer, .thread = pthread_self(), .nested = OC_E_STATE};
            *(by_handle ? &w.cancel_at : &w.stop_at) = at;
            FAILS_OUT(OC_E_CANCELLED, model, oc_trainer_run(&model, trainer, watch, &w, err));
            ck_assert_int_eq(w.n, at); /* and is not called again */
            OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
            oc_model_free(model);
        }
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(cancelled_before) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model;
    make_quick(trainer);
    oc_trainer_cancel(trainer);
    FAILS_OUT(OC_E_CANCELLED, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_model_free(model);
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(evaluation_cancelled) {
    oc_model *model = train(context, dataset, "0");
    oc_report *report;
    watcher w = {.thread = pthread_self(), .stop_at = 1};
    FAILS_OUT(OC_E_CANCELLED, report, oc_model_evaluate(&report, model, dataset, NULL, watch, &w, err));
    oc_model_free(model);
}
END_TEST

/* ---- determinism ---- */

static void fingerprint(float *to, oc_model *model) {
    oc_predictor *predictor = NULL;
    OK(oc_predictor_create(&predictor, model, NULL, err));
    for (uint32_t i = 0; i < 6; i++) predict_painted(to + i * N_KINDS, predictor, (int)i % N_KINDS, 500 + i);
    oc_predictor_free(predictor);
}

static oc_model *train_fully(uint32_t n_threads, const char *seed) {
    oc_context *c = new_context(n_threads);
    oc_dataset *d = new_dataset(c, N_KINDS, 5, 1);
    oc_trainer *trainer = new_trainer(c, d);
    oc_model *model = NULL;
    OK(oc_trainer_set(trainer, "views", "2", err));
    OK(oc_trainer_set(trainer, "folds", "3", err));
    OK(oc_trainer_set(trainer, "seed", seed, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    oc_dataset_free(d);
    oc_context_free(c);
    return model;
}

START_TEST(the_number_of_threads_does_not_matter) {
    static const uint32_t n_threads[] = {1, 2, 5, 1};
    float first[6 * N_KINDS], other[6 * N_KINDS];
    bytes file = {NULL, 0};
    for (int i = 0; i < 4; i++) {
        oc_model *model = train_fully(n_threads[i], "11");
        fingerprint(i ? other : first, model);
        bytes b = model_bytes(model);
        if (i) {
            ck_assert_mem_eq(first, other, sizeof first);
            ck_assert_uint_eq(b.size, file.size);
            size_t n_differ = 0; /* the time of day, twenty characters, and a checksum or two */
            for (size_t k = 0; k < b.size; k++) n_differ += b.data[k] != file.data[k];
            ck_assert_msg(n_differ <= 32, "%zu bytes differ with %u threads", n_differ, n_threads[i]);
            free(b.data);
        } else {
            file = b;
        }
        oc_model_free(model);
    }
    free(file.data);
}
END_TEST

START_TEST(the_seed_matters) {
    float first[6 * N_KINDS], other[6 * N_KINDS];
    oc_model *a = train_fully(2, "1"), *b = train_fully(2, "2");
    fingerprint(first, a);
    fingerprint(other, b);
    ck_assert_mem_ne(first, other, sizeof first);
    ck_assert_str_eq(oc_model_property(a, "option.seed"), "1");
    oc_model_free(a);
    oc_model_free(b);
}
END_TEST

/* `size` is what the network sees, and `steps` fine-tune. */
START_TEST(sizes_and_fine_tuning) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model;
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "size", "100", err));
    FAILS_OUT(OC_E_ARGUMENT, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "size", "96", err));
    OK(oc_trainer_set(trainer, "steps", "2", err));
    watcher w = {.thread = pthread_self()};
    OK(oc_trainer_run(&model, trainer, watch, &w, err));
    ck_assert(w.fraction == 1);
    ck_assert_str_eq(oc_model_property(model, "input"), "96x96");
    ck_assert_str_eq(oc_model_property(model, "base"), "compact");
    oc_model_free(model);
    oc_trainer_free(trainer);
}
END_TEST

/* Stripes so narrow that a small input blurs them away; light and noise say nothing of the tag. */
static void add_stripes(oc_dataset *set, int n) {
    static uint8_t stripes[288 * 288 * 3];
    uint32_t random = 1;
    for (int i = 0; i < n; i++) {
        uint32_t light = 60 + (uint32_t)i * 37 % 100;
        for (int y = 0; y < 288; y++)
            for (int x = 0; x < 288; x++) {
                random = random * 1664525 + 1013904223;
                uint32_t on = (i % 2 ? x : y) % 2 * 30, value = light + on + (random >> 26);
                memset(stripes + (y * 288 + x) * 3, (int)value, 3);
            }
        oc_image image = raw_image(stripes, 288, 288, OC_IMAGE_RGB8);
        OK(oc_dataset_add(set, &image, i % 2 ? "across" : "along", NULL, err));
    }
}

static oc_model *train_choosing(oc_context *one, const oc_dataset *set) {
    oc_trainer *trainer = new_trainer(one, set);
    oc_model *model;
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "size", "0", err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    return model;
}

/* What a model says of pictures of a kind: the mean of its first answer's probability, and of how unlike the training pictures they
 * are. */
static void mean_in(double *probability, double *novelty, const oc_model *model, int kind, uint32_t precision) {
    oc_predictor_options how = OC_PREDICTOR_OPTIONS_INIT;
    oc_predictor *predictor = NULL;
    oc_result *result = NULL;
    oc_box box = OC_BOX_INIT;
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    *probability = *novelty = 0;
    how.precision = precision;
    OK(oc_predictor_create(&predictor, model, &how, err));
    for (uint32_t i = 0; i < 8; i++) {
        paint(pixels, kind, 900 + i);
        OK(oc_predictor_run(&result, predictor, &image, err));
        OK(oc_result_get(result, 0, &box, err));
        *probability += (double)box.probability / 8;
        *novelty += oc_result_novelty(result) / 8;
        oc_result_free(result);
    }
    oc_predictor_free(predictor);
}

static void mean_of(double *probability, double *novelty, const oc_model *model, int kind) {
    mean_in(probability, novelty, model, kind, OC_PRECISION_FP32);
}

/* Trained on good pictures alone, a model tells others from them; and what is measured on pictures with tags is that. */
START_TEST(anomalies) {
    oc_dataset *good = new_dataset(context, 1, 16, 1), *mixed = new_dataset(context, N_KINDS, 6, 50), *same = NULL;
    oc_trainer *trainer = new_trainer(context, good);
    oc_model *model = NULL, *none;
    oc_report *report = NULL;
    oc_metrics metrics = OC_METRICS_INIT;
    double of_good, of_bad, novelty;
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "anomaly", "true", err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert(oc_model_n_tags(model) == 1 && oc_model_kind(model) == OC_MODEL_MULTILABEL);
    ck_assert_str_eq(oc_model_tag(model, 0), "anomaly");
    ck_assert_str_eq(oc_model_property(model, "normal"), kind_names[0]);
    OK(oc_model_report(&report, model, err)); /* false alarms, on good pictures that had not been seen */
    ck_assert(oc_report_count(report) == 16 && oc_report_accuracy(report) > 0.7);
    oc_report_free(report);
    mean_of(&of_good, &novelty, model, 0);
    mean_of(&of_bad, &novelty, model, CHECKS);
    ck_assert_msg(of_good < 0.5 && of_bad > 0.9, "%g and %g", of_good, of_bad);
    ck_assert(novelty < 0); /* it says so by its tag */
    OK(oc_model_evaluate(&report, model, mixed, NULL, NULL, NULL, err));
    OK(oc_report_metrics(report, 0, OC_THRESHOLD_OWN, &metrics, err));
    ck_assert(metrics.n_pictures == 12 && metrics.recall > 0.9);
    oc_report_free(report);
    bytes file = model_bytes(model);
    oc_model_free(model);
    OK(oc_model_load_memory(&model, context, file.data, file.size, "anomaly.ocm", err));
    mean_of(&novelty, &of_good, model, CHECKS);
    ck_assert_msg(fabs(novelty - of_bad) < 1e-3, "%g and from its file %g", of_bad, novelty);
    oc_model_free(model);
    free(file.data);
    OK(oc_trainer_set_test(trainer, mixed, err)); /* with tags that it does not learn */
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_model_report(&report, model, err));
    ck_assert(oc_report_count(report) == 18 && oc_report_method(report) == OC_REPORT_TEST_SET);
    oc_report_free(report);
    oc_model_free(model);
    oc_trainer_free(trainer);
    OK(oc_dataset_create(&same, context, err)); /* the same picture again and again says nothing of others */
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    paint(pixels, BLOBS, 1);
    for (int i = 0; i < 5; i++) OK(oc_dataset_add(same, &image, "good", NULL, err));
    trainer = new_trainer(context, same);
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "anomaly", "true", err));
    FAILS_OUT(OC_E_DATA, none, oc_trainer_run(&none, trainer, NULL, NULL, err));
    oc_trainer_free(trainer);
    oc_dataset_free(good);
    oc_dataset_free(mixed);
    oc_dataset_free(same);
}
END_TEST

/* A classifier tells pictures that are none of what it knows, whatever it says of them. */
START_TEST(none_of_these) {
    oc_dataset *two = new_dataset(context, 2, 12, 1);
    oc_trainer *trainer = new_trainer(context, two);
    make_quick(trainer);
    for (int tuned = 0; tuned < 2; tuned++) {
        oc_model *model = NULL;
        double probability, of_known, of_unknown;
        OK(oc_trainer_set(trainer, "steps", tuned ? "2" : "0", err));
        OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
        mean_of(&probability, &of_known, model, STRIPES);
        mean_of(&probability, &of_unknown, model, BLOBS);
        ck_assert_msg(of_known >= 0 && of_known < 0.5 && of_unknown > 0.8, "%d: %g and %g", tuned, of_known, of_unknown);
        mean_in(&probability, &of_known, model, STRIPES, OC_PRECISION_INT8); /* beyond what training pictures show, too */
        mean_in(&probability, &of_unknown, model, BLOBS, OC_PRECISION_INT8);
        ck_assert_msg(of_known < 0.5 && of_unknown > 0.8, "%d, int8: %g and %g", tuned, of_known, of_unknown);
        oc_model_free(model);
    }
    ck_assert(oc_result_novelty(NULL) < 0);
    oc_trainer_free(trainer);
    oc_dataset_free(two);
}
END_TEST

/* `fine` gives more features of a larger picture, and the model is the same from its file. */
START_TEST(fine_features) {
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *plain = NULL, *fine = NULL, *again = NULL;
    double of_fine, of_again, novelty;
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "size", "64", err));
    OK(oc_trainer_run(&plain, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "fine", "true", err));
    OK(oc_trainer_run(&fine, trainer, NULL, NULL, err));
    ck_assert_str_eq(oc_model_property(fine, "input"), "64x64");
    ck_assert_int_gt(atoi(oc_model_property(fine, "n_parameters")), atoi(oc_model_property(plain, "n_parameters")));
    bytes file = model_bytes(fine);
    OK(oc_model_load_memory(&again, context, file.data, file.size, "fine.ocm", err));
    mean_of(&of_fine, &novelty, fine, CHECKS);
    mean_of(&of_again, &novelty, again, CHECKS);
    ck_assert_msg(fabs(of_fine - of_again) < 1e-4, "%g and %g", of_fine, of_again);
    free(file.data);
    oc_model_free(plain);
    oc_model_free(fine);
    oc_model_free(again);
    OK(oc_trainer_set(trainer, "size", "0", err));
    OK(oc_trainer_run(&fine, trainer, NULL, NULL, err));
    ck_assert_str_eq(oc_model_property(fine, "input"), "448x448");
    oc_model_free(fine);
    oc_trainer_free(trainer);
}
END_TEST

START_TEST(the_size_is_chosen) {
    oc_context *one = new_context(2);
    oc_dataset *set = NULL;
    OK(oc_dataset_create(&set, one, err));
    add_stripes(set, 16);
    oc_model *model = train_choosing(one, set);
    ck_assert_msg(strcmp(oc_model_property(model, "input"), "160x160") != 0, "%s", oc_model_property(model, "input"));
    oc_model_free(model);
    oc_dataset_free(set);
    oc_context_free(one);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("training");
    TCase *tests = tcase_create("training");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, options);
    tcase_add_test(tests, any_number_of_tags);
    tcase_add_test(tests, numbers_in_any_locale);
    tcase_add_test(tests, too_little_data);
    tcase_add_test(tests, tags_without_pictures);
    tcase_add_test(tests, another_context);
    tcase_add_test(tests, pictures_added_later_are_not_seen);
    tcase_add_test(tests, broken_pictures);
    tcase_add_test(tests, nothing_readable_of_a_tag);
    tcase_add_test(tests, one_picture_of_a_tag);
    tcase_add_test(tests, test_sets);
    tcase_add_test(tests, progress_rises_to_one);
    tcase_add_test(tests, cancelled_by_the_callback);
    tcase_add_test(tests, cancelled_before);
    tcase_add_test(tests, evaluation_cancelled);
    tcase_add_test(tests, the_number_of_threads_does_not_matter);
    tcase_add_test(tests, the_seed_matters);
    tcase_add_test(tests, sizes_and_fine_tuning);
    tcase_add_test(tests, the_size_is_chosen);
    tcase_add_test(tests, fine_features);
    tcase_add_test(tests, anomalies);
    tcase_add_test(tests, none_of_these);
    tcase_add_test(tests, domains);
    return run_suite(suite);
}
