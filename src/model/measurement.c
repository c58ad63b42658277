/* How good a model is. SPDX-License-Identifier: MIT */
#include "measurement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "spread.h"

oc_status oc__measurement_create(oc__measurement **out, oc_context *context, size_t n, uint32_t n_tags, oc_error *err) {
    oc__measurement *m = oc__alloc_zero(context, sizeof *m);
    if (!m) return oc__fail_nomem(err, context, sizeof *m, "measurement");
    *m = (oc__measurement){.context = context, .method = OC_REPORT_TEST_SET, .n_folds = 1, .n_tags = n_tags};
    m->entries = oc__alloc_array(context, n, sizeof *m->entries);
    m->average_precision = oc__alloc_array(context, n_tags, sizeof(float));
    m->average_precision_deviation = oc__alloc_array(context, n_tags, sizeof(float));
    if (!m->entries || !m->average_precision || !m->average_precision_deviation) {
        oc__measurement_free(m);
        return oc__fail_nomem(err, context, n * sizeof *m->entries, "measurement");
    }
    memset(m->entries, 0, n * sizeof *m->entries);
    memset(m->average_precision, 0, n_tags * sizeof(float));
    memset(m->average_precision_deviation, 0, n_tags * sizeof(float));
    m->n = n;
    *out = m;
    return OC_OK;
}

void oc__measurement_free(oc__measurement *m) {
    if (!m) return;
    for (size_t i = 0; i < m->n; i++) oc__free(m->context, m->entries[i].name);
    oc__free(m->context, m->entries);
    oc__free(m->context, m->average_precision);
    oc__free(m->context, m->average_precision_deviation);
    oc__free(m->context, m->thresholds);
    oc__free(m->context, m->answers);
    oc__free(m->context, m->first_of_tag);
    oc__free(m->context, m->by_picture);
    oc__free(m->context, m->first_of_picture);
    oc__free(m->context, m->truths);
    oc__free(m->context, m->found);
    oc__free(m->context, m);
}

/* What there is of several tags. */
static oc_status copy_several(oc__measurement *copy, const oc__measurement *m, oc_error *err) {
    oc_status status = oc__measurement_several(copy, err);
    if (status) return status;
    copy->answers = oc__alloc_array(m->context, m->n_answers, sizeof *copy->answers);
    if (!copy->answers) return oc__fail_nomem(err, m->context, m->n_answers * sizeof *copy->answers, "measurement");
    copy->n_answers = copy->answer_capacity = m->n_answers;
    if (m->n_answers) memcpy(copy->answers, m->answers, m->n_answers * sizeof *m->answers);
    memcpy(copy->first_of_tag, m->first_of_tag, (m->n_tags + (size_t)1) * sizeof *m->first_of_tag);
    memcpy(copy->thresholds, m->thresholds, m->n_tags * sizeof(float));
    copy->n_added = m->n_added;
    return oc__measurement_finish(copy, err);
}

static oc_status copy_boxes(oc__measurement *copy, const oc__measurement *m, oc_error *err) {
    oc_status status = oc__measurement_boxes(copy, m->n_truths, m->n_found, err);
    if (status) return status;
    if (m->n_truths) memcpy(copy->truths, m->truths, m->n_truths * sizeof *m->truths);
    if (m->n_found) memcpy(copy->found, m->found, m->n_found * sizeof *m->found);
    return OC_OK;
}

oc_status oc__measurement_copy(oc__measurement **out, const oc__measurement *m, oc_error *err) {
    oc__measurement *copy = NULL;
    oc_status status = oc__measurement_create(&copy, m->context, m->n, m->n_tags, err);
    if (status) return status;
    copy->method = m->method;
    copy->n_folds = m->n_folds;
    copy->n_skipped = m->n_skipped;
    memcpy(copy->average_precision, m->average_precision, m->n_tags * sizeof(float));
    memcpy(copy->average_precision_deviation, m->average_precision_deviation, m->n_tags * sizeof(float));
    for (size_t i = 0; i < m->n; i++) {
        copy->entries[i] = m->entries[i];
        if (m->entries[i].name && !(copy->entries[i].name = oc__strdup(m->context, m->entries[i].name))) {
            oc__measurement_free(copy);
            return oc__fail_nomem(err, m->context, strlen(m->entries[i].name), "measurement");
        }
    }
    if (m->several) status = copy_several(copy, m, err);
    if (m->boxed) status = copy_boxes(copy, m, err);
    if (status) {
        oc__measurement_free(copy);
        return status;
    }
    *out = copy;
    return OC_OK;
}

typedef struct ranked {
    float probability;
    uint32_t bears; /* 1 if the picture bears the tag */
    uint32_t fold;
} ranked;

static int most_probable_first(const void *a, const void *b) {
    float x = ((const ranked *)a)->probability, y = ((const ranked *)b)->probability;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* Average precision of the pictures of one fold, or of all (fold < 0), in ranked order; negative if none bears the tag. */
static double average_precision(const ranked *list, size_t n, int64_t fold) {
    size_t seen = 0, found = 0;
    double sum = 0;
    for (size_t i = 0; i < n;) {
        size_t run_found = 0, j = i;
        for (; j < n && list[j].probability == list[i].probability; j++)
            if (fold < 0 || list[j].fold == (uint32_t)fold) {
                seen++;
                run_found += list[j].bears;
            }
        found += run_found;
        if (run_found) sum += (double)run_found * (double)found / (double)seen;
        i = j;
    }
    return found ? sum / (double)found : -1;
}

/* Standard deviation over the folds in which some picture bears the tag. */
static double deviation_over_folds(const ranked *list, size_t n, uint32_t n_folds) {
    oc__spread spread = {0};
    for (uint32_t fold = 0; fold < n_folds; fold++) {
        double ap = average_precision(list, n, fold);
        if (ap >= 0) oc__spread_add(&spread, ap);
    }
    return oc__spread_deviation(&spread);
}

oc_status oc__measurement_fill(oc__measurement *m, const float *probabilities, oc_error *err) {
    ranked *list = oc__alloc_array(m->context, m->n, sizeof *list);
    if (!list) return oc__fail_nomem(err, m->context, m->n * sizeof *list, "measurement");
    for (size_t i = 0; i < m->n; i++) {
        const float *row = probabilities + i * m->n_tags;
        uint32_t best = 0;
        for (uint32_t t = 1; t < m->n_tags; t++)
            if (row[t] > row[best]) best = t;
        m->entries[i].predicted = best;
        m->entries[i].probability = row[best] < 0 ? 0 : row[best] > 1 ? 1 : row[best];
    }
    for (uint32_t t = 0; t < m->n_tags; t++) {
        for (size_t i = 0; i < m->n; i++)
            list[i] = (ranked){probabilities[i * m->n_tags + t], m->entries[i].truth == t, m->entries[i].fold};
        if (m->n) qsort(list, m->n, sizeof *list, most_probable_first);
        double ap = average_precision(list, m->n, -1);
        m->average_precision[t] = ap < 0 ? 0 : (float)ap;
        m->average_precision_deviation[t] = m->n_folds > 1 ? (float)deviation_over_folds(list, m->n, m->n_folds) : 0;
    }
    oc__free(m->context, list);
    return OC_OK;
}

/* --- several tags a picture --- */

oc_status oc__measurement_several(oc__measurement *m, oc_error *err) {
    oc_context *context = m->context;
    m->several = true;
    m->thresholds = oc__alloc_array(context, m->n_tags, sizeof *m->thresholds);
    m->first_of_tag = oc__alloc_zero(context, (m->n_tags + (size_t)1) * sizeof *m->first_of_tag);
    m->first_of_picture = oc__alloc_zero(context, (m->n + 1) * sizeof *m->first_of_picture);
    if (!m->thresholds || !m->first_of_tag || !m->first_of_picture)
        return oc__fail_nomem(err, context, (m->n + m->n_tags) * sizeof *m->first_of_picture, "measurement");
    return OC_OK;
}

/* Halfway between the last picture that is let through and the first that is not, where F1 is best; `list` is in ranked order. */
static float best_threshold(const ranked *list, size_t n) {
    size_t bear = 0, right = 0;
    double best = -1, threshold = 0.5;
    for (size_t i = 0; i < n; i++) bear += list[i].bears;
    for (size_t i = 0; i < n && bear >= 2; i++) {
        right += list[i].bears;
        if (i + 1 < n && list[i + 1].probability == list[i].probability) continue;
        double f1 = 2 * (double)right / (double)(i + 1 + bear);
        if (f1 <= best) continue;
        best = f1;
        threshold = 0.5 * ((double)list[i].probability + (i + 1 < n ? (double)list[i + 1].probability : 0));
    }
    return threshold < (double)OC__LEAST_ANSWER ? OC__LEAST_ANSWER : (float)threshold;
}

oc_status oc__measurement_add_tag(oc__measurement *m, const float *probabilities, const uint8_t *bears, float threshold,
                                  oc_error *err) {
    oc_context *context = m->context;
    uint32_t tag = m->n_added;
    ranked *list = oc__alloc_array(context, m->n, sizeof *list);
    oc_status status = OC_OK;
    if (!list) return oc__fail_nomem(err, context, m->n * sizeof *list, "measurement");
    for (size_t i = 0; i < m->n && !status; i++) {
        list[i] = (ranked){probabilities[i], bears[i], m->entries[i].fold};
        if (!bears[i] && probabilities[i] < OC__LEAST_ANSWER) continue;
        status = oc__reserve(&m->answers, &m->answer_capacity, m->n_answers, sizeof *m->answers, context, err);
        if (!status) m->answers[m->n_answers++] = (oc__answer){(uint32_t)i, tag, probabilities[i], bears[i]};
    }
    if (!status) {
        if (m->n) qsort(list, m->n, sizeof *list, most_probable_first);
        double ap = average_precision(list, m->n, -1);
        m->average_precision[tag] = ap < 0 ? 0 : (float)ap;
        m->average_precision_deviation[tag] = m->n_folds > 1 ? (float)deviation_over_folds(list, m->n, m->n_folds) : 0;
        m->thresholds[tag] = threshold < 0 ? best_threshold(list, m->n) : threshold;
        m->first_of_tag[++m->n_added] = m->n_answers;
    }
    oc__free(context, list);
    return status;
}

oc_status oc__measurement_finish(oc__measurement *m, oc_error *err) {
    size_t *first = m->first_of_picture;
    m->by_picture = oc__alloc_array(m->context, m->n_answers, sizeof *m->by_picture);
    if (!m->by_picture) return oc__fail_nomem(err, m->context, m->n_answers * sizeof *m->by_picture, "measurement");
    for (size_t i = 0; i < m->n; i++) {
        m->entries[i].truth = m->entries[i].predicted = OC__NONE;
        m->entries[i].probability = 0;
        m->entries[i].n_wrong = 0;
    }
    for (size_t a = 0; a < m->n_answers; a++) {
        const oc__answer *answer = &m->answers[a];
        oc__measured *e = &m->entries[answer->picture];
        first[answer->picture + 1]++;
        if (answer->bears && e->truth == OC__NONE) e->truth = answer->tag;
        if (e->predicted == OC__NONE || answer->probability > e->probability) {
            e->predicted = answer->tag;
            e->probability = answer->probability;
        }
        e->n_wrong += answer->bears != (answer->probability >= m->thresholds[answer->tag]);
    }
    for (size_t i = 0; i < m->n; i++) first[i + 1] += first[i];
    for (size_t a = m->n_answers; a-- > 0;) m->by_picture[--first[m->answers[a].picture + 1]] = (uint32_t)a;
    for (size_t i = 0; i < m->n; i++) first[i] = first[i + 1]; /* each was moved down to its own beginning */
    first[m->n] = m->n_answers;
    return OC_OK;
}

/* --- objects in boxes --- */

oc_status oc__measurement_boxes(oc__measurement *m, size_t n_truths, size_t n_found, oc_error *err) {
    oc_context *context = m->context;
    m->boxed = true;
    m->truths = oc__alloc_array(context, n_truths, sizeof *m->truths);
    m->found = oc__alloc_array(context, n_found, sizeof *m->found);
    if (!m->truths || !m->found) return oc__fail_nomem(err, context, (n_truths + n_found) * sizeof *m->found, "measurement");
    m->n_truths = n_truths;
    m->n_found = n_found;
    return OC_OK;
}
