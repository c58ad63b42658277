/* Measurements and the figures made of them. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learning.h"
#include "measurement.h"
#include "memory.h"
#include "metrics.h"
#include "random.h"
#include "support.h"

#define near(a, b) ck_assert_msg(fabs((double)(a) - (b)) < 1e-6, #a " is %g, expected %g", (double)(a), (double)(b))

/* 8 pictures, 3 tags, 2 folds; tag 2 has no pictures. */
static const uint32_t truths[8] = {0, 0, 0, 1, 1, 0, 1, 1}, folds[8] = {0, 0, 1, 0, 1, 1, 0, 1};
static const float table[8 * 3] = {0.9f, 0.05f, 0.05f, 0.5f, 0.5f, 0,     0.2f, 0.7f, 0.1f,  0.1f, 0.9f, 0,
                                   0.5f, 0.5f, 0,      0.3f, 0.2f, 0.5f,  0.1f, 0.9f, 0,     0.8f, 0.2f, 0};

static oc__measurement *by_hand(oc_context *context) {
    oc__measurement *m;
    ck_assert_int_eq(oc__measurement_create(&m, context, 8, 3, NULL), OC_OK);
    m->method = OC_REPORT_CROSS_VALIDATION;
    m->n_folds = 2;
    for (size_t i = 0; i < 8; i++) {
        m->entries[i].truth = truths[i];
        m->entries[i].fold = folds[i];
    }
    ck_assert_int_eq(oc__measurement_fill(m, table, NULL), OC_OK);
    return m;
}

START_TEST(test_by_hand) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = by_hand(context);
    static const uint32_t predicted[8] = {0, 0, 1, 1, 0, 2, 1, 0}; /* a tie goes to the first tag */
    for (size_t i = 0; i < 8; i++) ck_assert_uint_eq(m->entries[i].predicted, predicted[i]);
    oc_metrics f;
    /* Tag 0, ranked: .9 +, .8 -, {.5 +, .5 -}, .3 +, .2 +, {.1, .1}: (1/1 + 2/4 + 3/5 + 4/6) / 4. */
    ck_assert_int_eq(oc__metrics_of(&f, m, 0, 0, NULL), OC_OK);
    near(f.average_precision, (1 + 0.5 + 0.6 + 4.0 / 6) / 4);
    ck_assert(f.n_pictures == 4 && f.n_predicted == 4 && f.n_correct == 2);
    near(f.precision, 0.5);
    near(f.recall, 0.5);
    near(f.f1, 0.5);
    /* Fold 0 predicts tag 0 twice, right twice; fold 1 twice, wrong twice: deviation of {1, 0}. Recall likewise {2/2, 0/2}. */
    near(f.precision_deviation, 0.5);
    near(f.recall_deviation, 0.5);
    /* Fold 0: .9 +, .5 +, then others: 1. Fold 1: .8 -, .5 -, .3 +, .2 +: (1/3 + 2/4) / 2. */
    near(f.average_precision_deviation, (1 - (1.0 / 3 + 0.5) / 2) / 2);
    /* Tag 1, ranked: {.9 +, .9 +}, .7 -, {.5 -, .5 +}, {.2 -, .2 +}, .05: (1 + 1 + 3/5 + 4/7) / 4. */
    ck_assert_int_eq(oc__metrics_of(&f, m, 1, 0.75, NULL), OC_OK);
    near(f.average_precision, (2 + 0.6 + 4.0 / 7) / 4);
    ck_assert(f.n_pictures == 4 && f.n_predicted == 2 && f.n_correct == 2);
    near(f.precision, 1);
    near(f.recall, 0.5);
    near(f.f1, 2.0 / 3);
    near(f.precision_deviation, 0); /* fold 1 predicts none, so it has no say */
    near(f.recall_deviation, 0.5);
    ck_assert_int_eq(oc__metrics_of(&f, m, 2, 0, NULL), OC_OK);
    ck_assert(f.n_pictures == 0 && f.n_predicted == 1 && f.n_correct == 0);
    ck_assert(f.precision == 0 && f.recall == 0 && f.f1 == 0 && f.average_precision == 0 && f.recall_deviation == 0);
    ck_assert_int_eq(oc__metrics_of(&f, m, OC_TAGS_TOGETHER, 0.5, NULL), OC_OK);
    ck_assert(f.n_pictures == 8 && f.n_predicted == 8 && f.n_correct == 4);
    near(f.precision, 0.5);
    near(f.precision_deviation, 0.5);
    ck_assert_int_eq(oc__metrics_of(&f, m, OC_TAGS_TOGETHER, 0.75, NULL), OC_OK);
    ck_assert(f.n_predicted == 4 && f.n_correct == 3);
    near(f.recall, 3.0 / 8);
    ck_assert_int_eq(oc__metrics_of(&f, m, OC_TAGS_MEAN, 0, NULL), OC_OK); /* of tags 0 and 1 */
    near(f.precision, (0.5 + 2.0 / 3) / 2);
    near(f.recall, 0.5);
    near(f.average_precision, ((1 + 0.5 + 0.6 + 4.0 / 6) / 4 + (2 + 0.6 + 4.0 / 7) / 4) / 2);
    near(oc__metrics_accuracy(m), 0.5);
    uint64_t sum = 0;
    for (size_t t = 0; t < 4; t++)
        for (size_t p = 0; p < 4; p++) sum += oc__metrics_confusion(m, t, p);
    ck_assert_uint_eq(sum, 8);
    ck_assert_uint_eq(oc__metrics_confusion(m, 0, 2), 1);
    ck_assert_uint_eq(oc__metrics_confusion(m, 1, 0), 2);
    static const double bad[] = {-0.001, 1.001, NAN, INFINITY};
    for (int i = 0; i < 4; i++) ck_assert_int_eq(oc__metrics_of(&f, m, 0, bad[i], NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__metrics_of(&f, m, 3, 0, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__metrics_of(&f, m, -3, 0, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__metrics_of(&f, m, INT32_MIN, 0, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__metrics_of(&f, m, 1, 1, NULL), OC_OK);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* Average precision straight from its definition: each picture's rank counts all that are at least as probable. */
static double plain_ap(const float *p, const oc__measurement *m, uint32_t tag, int64_t fold) {
    double sum = 0;
    size_t bear = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (m->entries[i].truth != tag || (fold >= 0 && m->entries[i].fold != fold)) continue;
        size_t above = 0, right = 0;
        for (size_t j = 0; j < m->n; j++) {
            if ((fold >= 0 && m->entries[j].fold != fold) || p[j * m->n_tags + tag] < p[i * m->n_tags + tag]) continue;
            above++;
            right += m->entries[j].truth == tag;
        }
        bear++;
        sum += (double)right / (double)above;
    }
    return bear ? sum / (double)bear : -1;
}

START_TEST(test_against_definitions) {
    oc_context *context = new_threads_context(1, NULL);
    oc__random random;
    oc__random_seed(&random, 1, 1);
    for (int round = 0; round < 400; round++) {
        size_t n = (size_t)oc__random_below(&random, 40);
        uint32_t n_tags = 1 + (uint32_t)oc__random_below(&random, 5), n_folds = 1 + (uint32_t)oc__random_below(&random, 4);
        float p[40 * 5];
        oc__measurement *m, *copy;
        ck_assert_int_eq(oc__measurement_create(&m, context, n, n_tags, NULL), OC_OK);
        m->n_folds = n_folds;
        for (size_t i = 0; i < n; i++) {
            m->entries[i].truth = (uint32_t)oc__random_below(&random, n_tags);
            m->entries[i].fold = (uint32_t)oc__random_below(&random, n_folds);
            m->entries[i].name = oc__random_below(&random, 2) ? oc__strdup(context, "name") : NULL;
            for (uint32_t t = 0; t < n_tags; t++) /* coarse: many ties */
                p[i * n_tags + t] = (float)oc__random_below(&random, round % 2 ? 6 : 1000000) / (round % 2 ? 5.0f : 1e6f);
        }
        ck_assert_int_eq(oc__measurement_fill(m, p, NULL), OC_OK);
        uint64_t diagonal = 0, total = 0;
        for (uint32_t t = 0; t < n_tags; t++) {
            double ap = plain_ap(p, m, t, -1), sum = 0, squares = 0, count = 0;
            check_that(fabs((double)m->average_precision[t] - (ap < 0 ? 0 : ap)) < 1e-6, "round %d: AP", round);
            for (uint32_t f = 0; f < n_folds; f++)
                if ((ap = plain_ap(p, m, t, f)) >= 0) {
                    sum += ap;
                    squares += ap * ap;
                    count++;
                }
            double deviation = n_folds > 1 && count > 1 ? sqrt(fmax(0, squares / count - sum * sum / count / count)) : 0;
            check_that(fabs((double)m->average_precision_deviation[t] - deviation) < 1e-6, "round %d: deviation", round);
            diagonal += oc__metrics_confusion(m, t, t);
            for (uint32_t u = 0; u < n_tags; u++) total += oc__metrics_confusion(m, t, u);
        }
        check_that(total == n && fabs(oc__metrics_accuracy(m) - (n ? (double)diagonal / (double)n : 0)) < 1e-12, "accuracy");
        uint32_t last = UINT32_MAX;
        for (int step = 0; step <= 10; step++) {
            double threshold = step / 10.0;
            uint32_t sums[3] = {0, 0, 0}, counts[3];
            oc_metrics of_tag, all;
            for (uint32_t t = 0; t < n_tags; t++) {
                memset(counts, 0, sizeof counts);
                for (size_t i = 0; i < n; i++) {
                    uint32_t best = 0;
                    for (uint32_t u = 1; u < n_tags; u++) best = p[i * n_tags + u] > p[i * n_tags + best] ? u : best;
                    bool said = best == t && (double)p[i * n_tags + t] >= threshold;
                    counts[0] += m->entries[i].truth == t;
                    counts[1] += said;
                    counts[2] += said && m->entries[i].truth == t;
                }
                ck_assert_int_eq(oc__metrics_of(&of_tag, m, (int32_t)t, threshold, NULL), OC_OK);
                check_that(of_tag.n_pictures == counts[0] && of_tag.n_predicted == counts[1]
                    && of_tag.n_correct == counts[2], "counts");
                check_that(fabs(of_tag.precision - (counts[1] ? (double)counts[2] / counts[1] : 0)) < 1e-12, "precision");
                for (int k = 0; k < 3; k++) sums[k] += counts[k];
            }
            ck_assert_int_eq(oc__metrics_of(&all, m, OC_TAGS_TOGETHER, threshold, NULL), OC_OK);
            check_that(all.n_pictures == sums[0] && all.n_predicted == sums[1] && all.n_correct == sums[2], "sums");
            check_that(all.n_predicted <= last, "a higher threshold lets more through");
            last = all.n_predicted;
        }
        ck_assert_int_eq(oc__measurement_copy(&copy, m, NULL), OC_OK);
        for (size_t i = 0; i < n; i++)
            check_that(copy->entries[i].truth == m->entries[i].truth && copy->entries[i].fold == m->entries[i].fold
                           && !copy->entries[i].name == !m->entries[i].name
                           && (!m->entries[i].name || copy->entries[i].name != m->entries[i].name), "copy");
        ck_assert_mem_eq(copy->average_precision, m->average_precision, n_tags * sizeof(float));
        oc__measurement_free(m);
        oc__measurement_free(copy);
    }
    end_context(context);
}
END_TEST

static oc_status make(oc_context *context, void *user, oc_error *err) {
    oc__measurement *m = NULL, *copy = NULL;
    (void)user;
    oc_status status = oc__measurement_create(&m, context, 8, 3, err);
    for (size_t i = 0; i < 8 && !status; i++)
        if (!(m->entries[i].name = oc__strdup(context, "name"))) status = oc__fail_nomem(err, context, 4, "name");
    if (!status) status = oc__measurement_fill(m, table, err);
    if (!status) status = oc__measurement_copy(&copy, m, err);
    oc__measurement_free(m);
    oc__measurement_free(copy);
    return status;
}

START_TEST(test_memory_runs_out) { sweep_allocations(make, NULL, false); }
END_TEST

START_TEST(test_reliability) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = by_hand(context);
    /* Best tags: three of 0.5, one right; one of 0.7, wrong; of 0.9, 0.9, 0.9, 0.8 (in single precision none reaches 0.9) the
     * last is wrong. */
    static const uint32_t counts[OC__N_RELIABILITY_BINS] = {[5] = 3, [6] = 1, [8] = 4};
    static const double probabilities[OC__N_RELIABILITY_BINS] = {[5] = 0.5, [6] = 0.7, [8] = 0.875};
    static const double accuracies[OC__N_RELIABILITY_BINS] = {[5] = 1.0 / 3, [6] = 0, [8] = 0.75};
    for (size_t bin = 0; bin < OC__N_RELIABILITY_BINS; bin++) {
        oc_reliability r = oc__metrics_reliability(m, bin);
        near(r.low, (double)bin / 10);
        near(r.high, (double)(bin + 1) / 10);
        ck_assert_uint_eq(r.n_pictures, counts[bin]);
        near(r.probability, probabilities[bin]);
        near(r.accuracy, accuracies[bin]);
    }
    near(oc__metrics_calibration_error(m), (3.0 / 6 + 0.7 + 4 * 0.125) / 8);
    m->entries[0].probability = 1; /* belongs to the last bin */
    ck_assert_uint_eq(oc__metrics_reliability(m, OC__N_RELIABILITY_BINS - 1).n_pictures, 1);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* Errors that fall as a power of the number of pictures go on so; what cannot be a curve is none. */
START_TEST(test_learning) {
    static const char *const none[] = {"",          "10:0.5",         "10:0.5 20:1.5", "20:0.5 10:0.6", "10:0.5 10:0.6", "a:0.5 b:0.6",
                                       "10 20",     "0:0.5 20:0.6",   "10:nan 20:0.5", "10:0.5 20:",    "10:0.5,20:0.6", "10:-0.1 20:0.5",
                                       "1:0 2:0 3:0 4:0 5:0 6:0 7:0 8:0 9:0"};
    oc_context *context = new_threads_context(1, NULL);
    oc_learning_point points[OC__MAX_LEARNING];
    oc_model *model;
    ck_assert_int_eq(oc__model_create(&model, context, NULL), OC_OK);
    ck_assert_uint_eq(oc__learning_of(points, model), 0);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_int_eq(oc__model_set_property(model, "learning_curve", none[i], NULL), OC_OK);
        check_that(oc__learning_of(points, model) == 0, "'%s' was read", none[i]);
    }
    ck_assert_int_eq(oc__model_set_property(model, "learning_curve", "100:0.6 200:0.8 400:0.9", NULL), OC_OK);
    ck_assert_uint_eq(oc__learning_of(points, model), 4);
    ck_assert(points[0].n_pictures == 100 && points[2].n_pictures == 400 && points[2].is_measured && !points[3].is_measured);
    ck_assert_uint_eq(points[3].n_pictures, 800);
    near(points[3].accuracy, 0.95);
    ck_assert_int_eq(oc__model_set_property(model, "learning_curve", "100:0.9 200:0.8", NULL), OC_OK); /* worse with more: by chance */
    ck_assert_uint_eq(oc__learning_of(points, model), 3);
    near(points[2].accuracy, 0.8);
    oc__model_release(model);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_by_hand, 0}, {test_reliability, 0}, {test_against_definitions, 0},
                               {test_memory_runs_out, 0}, {test_learning, 0}};
    return RUN_UNIT_TESTS("measurement", tests);
}
