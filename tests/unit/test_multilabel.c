/* Pictures of any number of tags: logistic regression, calibration, measurements, whole trainings, model files.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "evaluate.h"
#include "golden.h"
#include "memory.h"
#include "metrics.h"
#include "multilabel.h"
#include "ocm.h"
#include "ocm_support.h"
#include "page.h"
#include "platt.h"
#include "predictor.h"
#include "random.h"
#include "support.h"
#include "train.h"

#define near(a, b) ck_assert_msg(fabs((double)(a) - (b)) < 1e-6, #a " is %g, expected %g", (double)(a), (double)(b))

/* --- logistic regression --- */

enum { N = 70, DIM = 4, TAGS = 3 };

typedef struct problem {
    float features[N * DIM];
    const float *rows[N];
    uint32_t pictures[N], tags[N * TAGS], first[N + 1];
} problem;

static void make_problem(problem *p, uint64_t seed) {
    oc__random random;
    uint32_t n = 0;
    oc__random_seed(&random, seed, 0);
    for (uint32_t i = 0; i < N; i++) {
        p->rows[i] = p->features + i * DIM;
        p->pictures[i] = i;
        p->first[i] = n;
        for (uint32_t t = TAGS; t-- > 0;) /* of different frequencies */
            if (oc__random_below(&random, 2 + 3 * t) == 0) p->tags[n++] = t;
        for (uint32_t k = 0; k < DIM; k++) p->features[i * DIM + k] = (float)(10 * k + (1 + 5 * k) * oc__random_normal(&random));
        for (uint32_t k = p->first[i]; k < n; k++) p->features[i * DIM + p->tags[k]] += (float)(1 + 5 * p->tags[k]);
    }
    p->first[N] = n;
}

static bool bears(const problem *p, size_t i, size_t tag) {
    for (uint32_t k = p->first[i]; k < p->first[i + 1]; k++)
        if (p->tags[k] == tag) return true;
    return false;
}

/* The gradient of the objective, in double precision, at what the fitter found: it must be near 0. */
static double gradient_norm(const problem *p, const oc__linear *linear, double l2, bool balance) {
    double mean[DIM], scale, squares = 0, norm = 0;
    for (size_t k = 0; k < DIM; k++) {
        mean[k] = 0;
        for (size_t i = 0; i < N; i++) mean[k] += (double)p->features[i * DIM + k] / N;
        for (size_t i = 0; i < N; i++) squares += pow((double)p->features[i * DIM + k] - mean[k], 2) / (N * DIM);
    }
    scale = 1 / sqrt(squares);
    for (size_t t = 0; t < TAGS; t++) {
        double slope[DIM + 1] = {0}, bear = 0;
        for (size_t i = 0; i < N; i++) bear += bears(p, i, t);
        for (size_t i = 0; i < N; i++) {
            double z = (double)linear->weights[TAGS * DIM + t];
            for (size_t k = 0; k < DIM; k++) z += (double)linear->weights[t * DIM + k] * (double)p->features[i * DIM + k];
            bool y = bears(p, i, t);
            double weight = !balance ? 1 : N / (2 * (y ? bear : N - bear)), off = weight * (1 / (1 + exp(-z)) - y) / N;
            for (size_t k = 0; k < DIM; k++) slope[k] += off * ((double)p->features[i * DIM + k] - mean[k]) * scale;
            slope[DIM] += off;
        }
        for (size_t k = 0; k < DIM; k++) slope[k] += l2 * (double)linear->weights[t * DIM + k] / scale;
        for (size_t k = 0; k <= DIM; k++) norm += slope[k] * slope[k];
    }
    return sqrt(norm);
}

START_TEST(test_logistic_regression) {
    static const double strengths[] = {1, 0.03, 0.001};
    oc_context *context = new_threads_context((uint32_t)_i % 3 + 1, NULL);
    problem p;
    oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    make_problem(&p, (uint64_t)_i);
    const oc__tag_sets sets = {p.tags, p.first};
    for (int balance = 0; balance < 2; balance++) {
        oc__rows rows = {p.rows, p.pictures, N, DIM, TAGS, &sets, balance};
        oc__fitter *fitter;
        ck_assert_int_eq(oc__fitter_create(&fitter, context, &rows, &progress, NULL), OC_OK);
        for (int s = 0; s < 3; s++) {
            oc__linear linear;
            ck_assert_int_eq(oc__fitter_fit(&linear, fitter, strengths[s], NULL), OC_OK);
            double norm = gradient_norm(&p, &linear, strengths[s], balance);
            check_that(norm < 2e-3, "balance %d, strength %g: the gradient's norm is %g", balance, strengths[s], norm);
            oc__linear_free(&linear);
        }
        oc__fitter_free(fitter);
    }
    end_context(context);
}
END_TEST

/* --- calibration --- */

START_TEST(test_platt) {
    enum { MANY = 20000 };
    static float logits[MANY];
    static uint8_t answers[MANY];
    static uint32_t folds[MANY];
    oc__random random;
    oc__random_seed(&random, 7, 0);
    for (size_t i = 0; i < MANY; i++) {
        logits[i] = (float)(3 * oc__random_normal(&random));
        folds[i] = i % 2;
        double x = folds[i] ? 0.4 * (double)logits[i] - 1 : 2 * (double)logits[i] + 0.5;
        answers[i] = oc__random_unit(&random) < 1 / (1 + exp(-x));
    }
    const oc__platt_prior weak = {{1, 0}, 1, 1};
    oc__platt_data data = {logits, answers, folds, MANY, 0};
    oc__platt fit = oc__platt_fit(&data, 1, &weak); /* of fold 1 alone */
    ck_assert_msg(fabs(fit.slope - 0.4) < 0.03 && fabs(fit.offset + 1) < 0.1, "%g, %g", fit.slope, fit.offset);
    data.without = 1;
    fit = oc__platt_fit(&data, 1, &weak);
    ck_assert_msg(fabs(fit.slope - 2) < 0.15 && fabs(fit.offset - 0.5) < 0.15, "%g, %g", fit.slope, fit.offset);
    near(oc__platt_apply(fit, 0.5f), 1 / (1 + exp(-(fit.slope * 0.5 + fit.offset))));
    /* Two tables are one. */
    oc__platt_data halves[2] = {data, data};
    halves[0].n = MANY / 2;
    halves[1] = (oc__platt_data){logits + MANY / 2, answers + MANY / 2, folds + MANY / 2, MANY / 2, 1};
    oc__platt both = oc__platt_fit(halves, 2, &weak);
    ck_assert_double_eq_tol(both.slope, fit.slope, 1e-6);
    ck_assert_double_eq_tol(both.offset, fit.offset, 1e-6);
    /* From a handful hardly anything is learned; from none, nothing. */
    const oc__platt_prior firm = {{0.8, -0.3}, 11, 4};
    data.n = 6;
    fit = oc__platt_fit(&data, 1, &firm);
    ck_assert_msg(fabs(fit.slope - 0.8) < 0.6 && fabs(fit.offset + 0.3) < 0.6, "%g, %g", fit.slope, fit.offset);
    data.n = 0;
    fit = oc__platt_fit(&data, 1, &firm);
    ck_assert(fit.slope == 0.8 && fit.offset == -0.3);
    /* What ranks backwards is left as it is. */
    for (size_t i = 0; i < 400; i++) answers[i] = logits[i] < 0;
    data.n = 400;
    fit = oc__platt_fit(&data, 1, &firm);
    ck_assert(fit.slope == 0.8 && fit.offset == -0.3);
}
END_TEST

/* --- measurements --- */

/* 5 pictures, 2 tags, 2 folds. */
static const float said[2][5] = {{0.9f, 0.8f, 0.3f, 0.2f, 0.001f}, {0.1f, 0.6f, 0.005f, 0.7f, 0.5f}};
static const uint8_t truth[2][5] = {{1, 1, 0, 1, 0}, {0, 1, 0, 1, 0}};

static oc_status by_hand(oc__measurement **out, oc_context *context, oc_error *err) {
    oc__measurement *m = NULL;
    oc_status status = oc__measurement_create(&m, context, 5, 2, err);
    if (!status) status = oc__measurement_several(m, err);
    for (size_t i = 0; i < 5 && !status; i++) m->entries[i].fold = i % 2;
    if (!status) m->n_folds = 2;
    if (!status) status = oc__measurement_add_tag(m, said[0], truth[0], -1, err);
    if (!status) status = oc__measurement_add_tag(m, said[1], truth[1], 0.65f, err);
    if (!status) status = oc__measurement_finish(m, err);
    if (status) oc__measurement_free(m);
    else *out = m;
    return status;
}

START_TEST(test_by_hand) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = NULL, *copy = NULL;
    oc_metrics f;
    ck_assert_int_eq(by_hand(&m, context, NULL), OC_OK);
    /* Best F1 of tag 0: of the first 1, 2, 3, 4: 2/4, 4/5, 4/6, 6/7. So between 0.2 and 0.001. */
    near(m->thresholds[0], (0.2 + 0.001) / 2);
    near(m->thresholds[1], 0.65);
    near(m->average_precision[0], (1 + 1 + 3.0 / 4) / 3);
    near(m->average_precision[1], 1);
    ck_assert_uint_eq(m->n_answers, 4 + 4); /* below 0.01 and not there: not kept */
    static const uint32_t wrong[5] = {0, 1, 1, 0, 0}, most[5] = {0, 0, 0, 1, 1}, first[5] = {0, 0, OC__NONE, 0, OC__NONE};
    for (size_t i = 0; i < 5; i++) {
        const oc__measured *e = &m->entries[i];
        ck_assert(e->n_wrong == wrong[i] && e->predicted == most[i] && e->truth == first[i]);
        for (size_t k = m->first_of_picture[i]; k < m->first_of_picture[i + 1]; k++)
            ck_assert_uint_eq(m->answers[m->by_picture[k]].picture, i);
    }
    ck_assert_uint_eq(m->first_of_picture[5], 8);
    near(oc__metrics_accuracy(m), 3.0 / 5);
    near(oc__metrics_hamming_loss(m), 2.0 / 10);
    ck_assert_int_eq(oc__metrics_of(&f, m, 0, OC_THRESHOLD_OWN, NULL), OC_OK);
    ck_assert(f.n_pictures == 3 && f.n_predicted == 4 && f.n_correct == 3);
    ck_assert_int_eq(oc__metrics_of(&f, m, 1, OC_THRESHOLD_OWN, NULL), OC_OK);
    ck_assert(f.n_pictures == 2 && f.n_predicted == 1 && f.n_correct == 1);
    ck_assert_int_eq(oc__metrics_of(&f, m, 1, 0.5, NULL), OC_OK);
    ck_assert(f.n_pictures == 2 && f.n_predicted == 3 && f.n_correct == 2);
    near(f.precision_deviation, 0.5); /* fold 0: picture 4 alone, wrongly; fold 1: 1 and 3, rightly */
    ck_assert_int_eq(oc__metrics_of(&f, m, OC_TAGS_TOGETHER, OC_THRESHOLD_OWN, NULL), OC_OK);
    ck_assert(f.n_pictures == 5 && f.n_predicted == 5 && f.n_correct == 4);
    ck_assert_int_eq(oc__metrics_of(&f, m, OC_TAGS_MEAN, OC_THRESHOLD_OWN, NULL), OC_OK);
    near(f.precision, (0.75 + 1) / 2);
    near(f.recall, (1 + 0.5) / 2);
    ck_assert_uint_eq(oc__metrics_confusion(m, 0, 0), 3);
    ck_assert_uint_eq(oc__metrics_confusion(m, 1, 0), 0);
    m->thresholds[1] = 0.05f;
    ck_assert_uint_eq(oc__metrics_confusion(m, 0, 1), 1); /* picture 0 was given tag 1, which it lacks */
    ck_assert_uint_eq(oc__metrics_confusion(m, 2, 0), 0);
    /* Bins: 0.9 true; 0.8 true; 0.3 false; 0.2 true; 0.1 false; 0.6 true; 0.7 true; 0.5 false. */
    ck_assert_uint_eq(oc__metrics_reliability(m, 8).n_pictures, 2); /* in single precision 0.9 is not reached */
    near(oc__metrics_calibration_error(m), (0.1 + 0.2 + 0.3 + 0.8 + 0.1 + 0.4 + 0.3 + 0.5) / 8);
    ck_assert_int_eq(oc__measurement_copy(&copy, m, NULL), OC_OK);
    ck_assert(copy->n_answers == 8 && copy->n_added == 2 && copy->several);
    ck_assert_mem_eq(copy->answers, m->answers, 8 * sizeof *m->answers);
    ck_assert_mem_eq(copy->by_picture, m->by_picture, 8 * sizeof *m->by_picture);
    oc__measurement_free(m);
    oc__measurement_free(copy);
    end_context(context);
}
END_TEST

static oc_status measure_in_memory(oc_context *context, void *user, oc_error *err) {
    oc__measurement *m = NULL, *copy = NULL;
    (void)user;
    oc_status status = by_hand(&m, context, err);
    if (!status) status = oc__measurement_copy(&copy, m, err);
    oc__measurement_free(m);
    oc__measurement_free(copy);
    return status;
}

START_TEST(test_measuring_without_memory) { sweep_allocations(measure_in_memory, NULL, false); }
END_TEST

/* --- whole trainings --- */

/* Pictures with stripes across, stripes down, both, or neither; those with neither may bear the tag "nothing". */
static oc_status pictures(oc_dataset **out, oc_context *context, size_t n, bool negative, oc_error *err) {
    oc_dataset *d = NULL;
    oc__random random;
    oc__random_seed(&random, 4, 0);
    oc_status status = oc__dataset_create(&d, context, err);
    for (size_t i = 0; i < n && !status; i++) {
        uint8_t pixels[24 * 20 * 3];
        const char *tags[2];
        size_t n_tags = 0;
        oc_image image = OC_IMAGE_INIT;
        if (i & 1) tags[n_tags++] = "across";
        if (i & 2) tags[n_tags++] = "down";
        if (n_tags == 0 && negative) tags[n_tags++] = "nothing";
        for (size_t j = 0; j < sizeof pixels; j++) {
            size_t x = j / 3 % 24, y = j / 72;
            size_t value = 30 + oc__random_below(&random, 50);
            if ((i & 1) && y % 6 < 3) value += 80;
            if ((i & 2) && x % 6 < 3) value += 80;
            pixels[j] = (uint8_t)value;
        }
        image.format = OC_IMAGE_RGB8;
        image.width = 24;
        image.height = 20;
        image.data = pixels;
        status = oc__dataset_add_tags(d, &image, tags, n_tags, NULL, err);
    }
    if (status) oc__dataset_free(d);
    else *out = d;
    return status;
}

static oc_status train_on(oc_model **out, oc_context *context, const oc_dataset *d, const oc__train_options *options, uint32_t negative,
                          oc_error *err) {
    oc_model *base = NULL;
    oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    oc_status status = golden_model(&base, context, GOLDEN_BASE, err);
    if (!status) {
        oc__training_set set = {.samples = d->samples, .n = d->n_samples, .tags = (const char *const *)d->tags,
            .n_tags = d->n_tags, .labels = d->labels, .several = oc__train_several(options, oc__dataset_several(d)),
            .negative = negative};
        status = oc__train_classifier(out, base, &set, options, true, &progress, err);
    }
    oc__model_release(base);
    return status;
}

static oc_status train(oc_model **out, oc_context *context, size_t n, bool negative, const oc__train_options *options,
                       oc_error *err) {
    oc_dataset *d = NULL;
    oc_status status = pictures(&d, context, n, negative, err);
    if (!status) status = train_on(out, context, d, options, negative ? 0 : OC__NONE, err); /* the first picture bears it */
    oc__dataset_free(d);
    return status;
}

START_TEST(test_same_model) {
    oc__train_options options;
    oc_model *models[3];
    oc_context *contexts[3];
    oc__train_options_default(&options);
    for (int i = 0; i < 3; i++) { /* one thread, four, and with a negative tag, which changes nothing */
        oc_error err = OC_ERROR_INIT;
        contexts[i] = new_threads_context(i == 1 ? 4 : 1, NULL);
        if (i == 2) strcpy(options.negative, "nothing");
        ck_assert_msg(train(&models[i], contexts[i], 40, i == 2, &options, &err) == OC_OK, "%s", err.message);
        ck_assert(models[i]->kind == OC__KIND_MULTILABEL && models[i]->n_tags == 2);
    }
    for (int other = 1; other < 3; other++) {
        const oc__graph *a = &models[0]->graph, *b = &models[other]->graph;
        for (size_t i = 0; i < a->n_params; i++)
            ck_assert_mem_eq(a->params[i].values, b->params[i].values, a->params[i].count * sizeof(float));
        ck_assert_mem_eq(models[0]->thresholds, models[other]->thresholds, 2 * sizeof(float));
        const oc__measurement *m = models[0]->measurement, *same = models[other]->measurement;
        ck_assert(m->n_answers == same->n_answers && m->n == 40 && same->n == 40 && m->n_folds == 5 && m->several);
        ck_assert_mem_eq(m->answers, same->answers, m->n_answers * sizeof *m->answers);
        ck_assert_str_eq(models[other]->tags[0], "across");
        ck_assert_str_eq(models[other]->tags[1], "down");
    }
    for (int i = 0; i < 3; i++) {
        oc__model_release(models[i]);
        end_context(contexts[i]);
    }
}
END_TEST

/* What training keeps of the features by itself tells the tags, and evaluating knows the negative tag. */
START_TEST(test_learning) {
    oc_context *context = new_threads_context(2, NULL);
    oc__train_options options;
    oc_model *model = NULL;
    oc_dataset *d = NULL;
    oc__measurement *m = NULL;
    oc__progress progress;
    oc_error err = OC_ERROR_INIT;
    oc__train_options_default(&options);
    strcpy(options.negative, "nothing");
    ck_assert_int_eq(pictures(&d, context, 60, true, &err), OC_OK);
    ck_assert_msg(train_on(&model, context, d, &options, 0, &err) == OC_OK, "%s", err.message);
    ck_assert_int_eq(oc__train_options_store(model, &options, NULL), OC_OK);
    const oc__measurement *held_out = model->measurement;
    oc_metrics mean;
    ck_assert_int_eq(oc__metrics_of(&mean, held_out, OC_TAGS_MEAN, OC_THRESHOLD_OWN, NULL), OC_OK);
    ck_assert_msg(mean.average_precision > 0.9 && mean.f1 > 0.85, "AP %g, F1 %g", mean.average_precision, mean.f1);
    ck_assert_str_eq(held_out->entries[3].name, "picture 3");
    oc__progress_begin(&progress, NULL, NULL, NULL);
    oc__progress_stage(&progress, "measuring", 0, 1, 60);
    ck_assert_msg(oc__evaluate(&m, model, d, &(oc__how){.precision = OC_PRECISION_FP32}, &progress, &err) == OC_OK, "%s", err.message);
    ck_assert(m->several && m->n == 60 && oc__metrics_accuracy(m) > 0.9);
    ck_assert_uint_eq(m->entries[0].truth, OC__NONE);
    for (uint32_t t = 0; t < 2; t++) ck_assert(m->thresholds[t] == model->thresholds[t]);
    oc__measurement_free(m);
    ck_assert_int_eq(oc__dataset_add_tags(d, &d->samples[0].sample->image, (const char *const[]){"strange"}, 1, NULL, NULL), OC_OK);
    ck_assert_int_eq(oc__evaluate(&m, model, d, &(oc__how){.precision = OC_PRECISION_FP32}, &progress, &err), OC_E_DATA);
    oc__dataset_free(d);
    oc__model_release(model);
    end_context(context);
}
END_TEST

static oc_status train_small(oc_context *context, void *user, oc_error *err) {
    oc__train_options options;
    oc_model *model = NULL;
    (void)user;
    oc__train_options_default(&options);
    options.views = 1;
    options.folds = 2;
    oc_status status = train(&model, context, 6, false, &options, err);
    if (!status) oc__model_release(model);
    return status;
}

START_TEST(test_training_without_memory) { sweep_allocations(train_small, NULL, false); }
END_TEST

/* --- model files --- */

static void must_fail(oc_context *context, oc__buffer *file, const char *text) {
    oc_model *model = NULL;
    oc_error err = OC_ERROR_INIT;
    golden_repair(file->data, file->size);
    uint8_t *copy = support_copy(file->data, file->size);
    ck_assert_int_eq(oc__ocm_read(&model, context, copy, file->size, "test.ocm", &err), OC_E_CORRUPT);
    ck_assert_msg(strstr(err.message, text) != NULL, "'%s' does not say '%s'", err.message, text);
    free(copy);
}

START_TEST(test_files) {
    static const struct {
        const char *section;
        size_t at;
        uint32_t value;
        const char *text;
    } broken[] = {
        {"HEAD", 0, 2, "thresholds, which only a multilabel"},
        {"THRE", 0, 3, "number of thresholds"},
        {"THRE", 0, 1, "thresholds of 1 tags"},
        {"THRE", 4, 0x7FC00000, "threshold of tag 0"},
        {"THRE", 8, 0x40000000, "threshold of tag 1"},
        {"ANSW", 0, 1, "answers of 1 tags"},
        {"ANSW", 4, 41, "tag 0 has 41 answers on 40 pictures"},
        {"ANSW", 4, 1, "room for"},
        {"ANSW", 12, 40, "answer 0 of its measurement"},
        {"ANSW", 16, 0xBF800000, "answer 0 of its measurement"},
        {"ANSW", 20, 2, "answer 0 of its measurement"},
        {"ANSW", 12, 39, "answer 1 of its measurement"},
        {"MEAS", 8 + 4, 3, "section"},
    };
    oc_context *context = new_threads_context(1, NULL);
    oc__train_options options;
    oc_model *model = NULL, *copy = NULL;
    oc_error err = OC_ERROR_INIT;
    oc__buffer file = {.context = context}, again = {.context = context};
    oc__train_options_default(&options);
    ck_assert_int_eq(train(&model, context, 40, false, &options, &err), OC_OK);
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    ck_assert_uint_eq(oc__le16(file.data + OC__OCM_AT_MINOR), 3); /* of the roots that the head takes */
    ck_assert_msg(oc__ocm_read(&copy, context, file.data, file.size, "test.ocm", &err) == OC_OK, "%s", err.message);
    ck_assert_int_eq(oc__ocm_write(&again, copy, NULL), OC_OK);
    ck_assert_uint_eq(again.size, file.size);
    ck_assert_mem_eq(again.data, file.data, file.size);
    const oc__measurement *m = model->measurement, *same = copy->measurement;
    ck_assert_mem_eq(same->answers, m->answers, m->n_answers * sizeof *m->answers);
    ck_assert_mem_eq(same->by_picture, m->by_picture, m->n_answers * sizeof *m->by_picture);
    for (size_t i = 0; i < 40; i++)
        ck_assert(same->entries[i].truth == m->entries[i].truth && same->entries[i].n_wrong == m->entries[i].n_wrong);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        uint8_t *at = file.data + support_section(file.data, broken[i].section) + broken[i].at;
        uint32_t before = oc__le32(at);
        support_put_u32(at, broken[i].value);
        must_fail(context, &file, broken[i].text);
        support_put_u32(at, before);
    }
    oc__buffer_free(&file);
    oc__buffer_free(&again);
    oc__model_release(model);
    oc__model_release(copy);
    end_context(context);
}
END_TEST

/* --- the page --- */

static oc_status write_page(oc_context *context, void *user, oc_error *err) {
    static const char *const tags[] = {"<b>&\"", "plain"};
    oc__buffer page = {.context = context};
    oc__measurement *m = NULL;
    oc_status status = by_hand(&m, context, err);
    if (!status && !(m->entries[1].name = oc__strdup(context, user ? user : "/no/such/<i>.png"))) status = oc__fail_nomem(err, context, 16, "name");
    const oc_model model = {.context = context, .tags = (char **)(uintptr_t)tags, .n_tags = 2};
    if (!status) status = oc__page_write(&page, m, &model, NULL, err);
    if (!status && user) {
        oc__buffer_append(&page, "", 1);
        const char *text = (const char *)page.data;
        ck_assert(strstr(text, "&lt;b&gt;&amp;&quot;") && !strstr(text, "<b>&\""));
        ck_assert(strstr(text, "src=\"data:image/jpeg;base64,/9j/") && strstr(text, ">a.bmp<"));
        ck_assert(!strstr(text, "<script") && !strstr(text, "http") && strstr(text, "</html>"));
        ck_assert(strstr(text, "60.0&#8239;%</b><span>of pictures have all tags right"));
        ck_assert(strstr(text, "plain</b> not seen, 60.0&#8239;%"));
    }
    oc__measurement_free(m);
    oc__buffer_free(&page);
    return status;
}

START_TEST(test_page) {
    oc_context *context = new_threads_context(1, NULL);
    static const uint8_t bmp[54 + 16] = {'B', 'M', 70, [10] = 54, [14] = 40, [18] = 2, [22] = 2, [26] = 1, [28] = 24, [54] = 200, [65] = 90};
    char *folder = new_folder();
    put_file(folder, "a.bmp", bmp, sizeof bmp);
    ck_assert_int_eq(write_page(context, (void *)(uintptr_t)in(folder, "a.bmp"), NULL), OC_OK);
    remove_folder(folder);
    end_context(context);
    sweep_allocations(write_page, NULL, false);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_logistic_regression, 6}, {test_platt, 0},    {test_by_hand, 0},
                               {test_measuring_without_memory, 0}, {test_same_model, 0}, {test_learning, 0},
                               {test_training_without_memory, 0},  {test_files, 0},  {test_page, 0}};
    return RUN_UNIT_TESTS("multilabel", tests);
}
