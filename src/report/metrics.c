/* Figures from a measurement. SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <math.h>
#include <stdbool.h>

#include "average_precision.h"
#include "spread.h"

/* How many of all tags are wrong for a picture. */
static uint32_t n_wrong(const oc__measurement *m, const oc__measured *e) {
    return m->several ? e->n_wrong : e->truth == e->predicted ? 0 : 2;
}

double oc__metrics_accuracy(const oc__measurement *m) {
    size_t right = 0;
    for (size_t i = 0; i < m->n; i++) right += n_wrong(m, &m->entries[i]) == 0;
    return m->n && !m->boxed ? (double)right / (double)m->n : 0;
}

double oc__metrics_hamming_loss(const oc__measurement *m) {
    double wrong = 0;
    for (size_t i = 0; i < m->n; i++) wrong += n_wrong(m, &m->entries[i]);
    return m->n ? wrong / ((double)m->n * m->n_tags) : 0;
}

/* Whether the answer lets its tag count as given. */
static bool given(const oc__measurement *m, const oc__answer *a) { return a->probability >= m->thresholds[a->tag]; }

/* Of one tag: the answers lie in the order of the pictures, so two tags' are gone through side by side. */
static uint64_t confusion_of_several(const oc__measurement *m, size_t truth, size_t predicted) {
    uint64_t count = 0;
    size_t b = m->first_of_tag[predicted];
    for (size_t a = m->first_of_tag[truth]; a < m->first_of_tag[truth + 1]; a++) {
        uint32_t picture = m->answers[a].picture;
        if (!m->answers[a].bears) continue;
        while (b < m->first_of_tag[predicted + 1] && m->answers[b].picture < picture) b++;
        if (b == m->first_of_tag[predicted + 1]) break;
        const oc__answer *other = &m->answers[b];
        count += other->picture == picture && given(m, other) && (truth == predicted || !other->bears);
    }
    return count;
}

uint64_t oc__metrics_confusion(const oc__measurement *m, size_t truth, size_t predicted) {
    uint64_t count = 0;
    if (truth >= m->n_tags || predicted >= m->n_tags) return 0;
    if (m->several) return confusion_of_several(m, truth, predicted);
    for (size_t i = 0; i < m->n; i++) count += m->entries[i].truth == truth && m->entries[i].predicted == predicted;
    return count;
}

#define ANY_FOLD UINT32_MAX
#define ANY_TAG (-1)

typedef struct counts {
    uint32_t bear, predicted, correct;
} counts;

static counts count_several(const oc__measurement *m, int64_t tag, double threshold, uint32_t fold) {
    counts c = {0, 0, 0};
    size_t begin = tag == ANY_TAG ? 0 : m->first_of_tag[tag], end = tag == ANY_TAG ? m->n_answers : m->first_of_tag[tag + 1];
    for (size_t i = begin; i < end; i++) {
        const oc__answer *a = &m->answers[i];
        if (fold != ANY_FOLD && m->entries[a->picture].fold != fold) continue;
        bool predicted = threshold < 0 ? given(m, a) : (double)a->probability >= threshold;
        c.bear += a->bears;
        c.predicted += predicted;
        c.correct += predicted && a->bears;
    }
    return c;
}

static counts count(const oc__measurement *m, int64_t tag, double threshold, uint32_t fold) {
    counts c = {0, 0, 0};
    if (m->several) return count_several(m, tag, threshold, fold);
    for (size_t i = 0; i < m->n; i++) {
        const oc__measured *e = &m->entries[i];
        if (fold != ANY_FOLD && e->fold != fold) continue;
        bool bears = tag == ANY_TAG || e->truth == tag;
        bool predicted = (tag == ANY_TAG || e->predicted == tag) && (double)e->probability >= threshold;
        c.bear += bears;
        c.predicted += predicted;
        c.correct += predicted && e->truth == e->predicted;
    }
    return c;
}

static double share(uint32_t part, uint32_t whole) { return whole ? (double)part / (double)whole : 0; }

static double harmonic(double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; }

/* One tag, or all together, over all folds, with the deviation of precision and recall over the folds that can give them. */
static oc_metrics one(const oc__measurement *m, int64_t tag, double threshold) {
    counts all = count(m, tag, threshold, ANY_FOLD);
    oc_metrics out = {
        .struct_size = sizeof out, .n_pictures = all.bear, .n_predicted = all.predicted, .n_correct = all.correct};
    oc__spread precision = {0}, recall = {0};
    out.precision = share(all.correct, all.predicted);
    out.recall = share(all.correct, all.bear);
    out.f1 = harmonic(out.precision, out.recall);
    for (uint32_t fold = 0; fold < m->n_folds && m->n_folds > 1; fold++) {
        counts c = count(m, tag, threshold, fold);
        if (c.predicted) oc__spread_add(&precision, share(c.correct, c.predicted));
        if (c.bear) oc__spread_add(&recall, share(c.correct, c.bear));
    }
    out.precision_deviation = oc__spread_deviation(&precision);
    out.recall_deviation = oc__spread_deviation(&recall);
    return out;
}

/* Of objects in boxes. */
static oc_status of_boxes(oc_metrics *out, const oc__measurement *m, int32_t tag, double threshold, oc_error *err) {
    oc_box_metrics boxes;
    oc_status status = oc__box_metrics_of(&boxes, m, tag, threshold < 0 ? 0.5 : threshold, OC_OVERLAP_STANDARD, err);
    if (status) return status;
    *out = (oc_metrics){.struct_size = sizeof *out,
                        .n_pictures = (uint32_t)boxes.n_objects,
                        .n_predicted = (uint32_t)boxes.n_predicted,
                        .n_correct = (uint32_t)boxes.n_correct,
                        .precision = boxes.precision,
                        .recall = boxes.recall,
                        .f1 = boxes.f1,
                        .average_precision = boxes.ap50,
                        .precision_deviation = boxes.precision_deviation,
                        .recall_deviation = boxes.recall_deviation,
                        .average_precision_deviation = boxes.ap50_deviation};
    return OC_OK;
}

oc_status oc__metrics_of(oc_metrics *out, const oc__measurement *m, int32_t tag, double threshold, oc_error *err) {
    if (!(threshold >= 0 && threshold <= 1) && threshold != OC_THRESHOLD_OWN)
        return oc__fail(err, OC_E_ARGUMENT, "the threshold is not between 0 and 1");
    if (tag < OC_TAGS_MEAN || tag >= (int64_t)m->n_tags)
        return oc__fail(err, OC_E_ARGUMENT, "tag %d is out of range, there are %u", tag, m->n_tags);
    if (m->boxed) return of_boxes(out, m, tag, threshold, err);
    if (tag >= 0) {
        *out = one(m, tag, threshold);
        out->average_precision = m->average_precision[tag];
        out->average_precision_deviation = m->average_precision_deviation[tag];
        return OC_OK;
    }
    oc_metrics result = one(m, ANY_TAG, threshold);
    oc__spread precision = {0}, recall = {0}, f1 = {0}, ap = {0}, precision_spread = {0}, recall_spread = {0}, ap_spread = {0};
    for (uint32_t t = 0; t < m->n_tags; t++) {
        oc_metrics of_tag = one(m, t, threshold);
        if (of_tag.n_pictures == 0) continue;
        oc__spread_add(&precision, of_tag.precision);
        oc__spread_add(&recall, of_tag.recall);
        oc__spread_add(&f1, of_tag.f1);
        oc__spread_add(&ap, m->average_precision[t]);
        oc__spread_add(&precision_spread, of_tag.precision_deviation);
        oc__spread_add(&recall_spread, of_tag.recall_deviation);
        oc__spread_add(&ap_spread, m->average_precision_deviation[t]);
    }
    result.average_precision = oc__spread_mean(&ap);
    result.average_precision_deviation = oc__spread_mean(&ap_spread);
    if (tag == OC_TAGS_MEAN) {
        result.precision = oc__spread_mean(&precision);
        result.recall = oc__spread_mean(&recall);
        result.f1 = oc__spread_mean(&f1);
        result.precision_deviation = oc__spread_mean(&precision_spread);
        result.recall_deviation = oc__spread_mean(&recall_spread);
    }
    *out = result;
    return OC_OK;
}

static size_t bin_of(float probability) {
    size_t bin = (size_t)((double)probability * OC__N_RELIABILITY_BINS);
    return bin < OC__N_RELIABILITY_BINS ? bin : OC__N_RELIABILITY_BINS - 1;
}

/* What probabilities were given, and whether they came true: of each picture the best, of several tags each that was kept. */
static size_t n_said(const oc__measurement *m) { return m->several ? m->n_answers : m->n; }

static float said(bool *came_true, const oc__measurement *m, size_t i) {
    *came_true = m->several ? m->answers[i].bears == 1 : m->entries[i].truth == m->entries[i].predicted;
    return m->several ? m->answers[i].probability : m->entries[i].probability;
}

oc_reliability oc__metrics_reliability(const oc__measurement *m, size_t bin) {
    oc_reliability r = {.struct_size = sizeof r,
                        .low = (double)bin / OC__N_RELIABILITY_BINS,
                        .high = (double)(bin + 1) / OC__N_RELIABILITY_BINS};
    size_t right = 0;
    for (size_t i = 0; i < n_said(m); i++) {
        bool came_true;
        float probability = said(&came_true, m, i);
        if (bin_of(probability) != bin || (m->several && probability < OC__LEAST_ANSWER)) continue;
        r.n_pictures++;
        r.probability += (double)probability;
        right += came_true;
    }
    if (r.n_pictures == 0) return r;
    r.probability /= r.n_pictures;
    r.accuracy = (double)right / r.n_pictures;
    return r;
}

double oc__metrics_calibration_error(const oc__measurement *m) {
    double error = 0, n = 0;
    for (size_t bin = 0; bin < OC__N_RELIABILITY_BINS; bin++) {
        oc_reliability r = oc__metrics_reliability(m, bin);
        error += r.n_pictures * fabs(r.probability - r.accuracy);
        n += r.n_pictures;
    }
    return n > 0 ? error / n : 0;
}
