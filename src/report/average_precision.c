/* How well objects were found: the figures of COCO (Lin et al. 2014) and those at thresholds. SPDX-License-Identifier: MIT
 *
 * As COCO's own program counts: in each picture the boxes of a tag, the most probable first and at most 100, take each the free
 * object with which they overlap most (of equal ones the last) and at least by the threshold. Over all pictures, in the order of
 * probability (of equal ones the pictures' order), precision is made to fall, and read off at 101 values of recall. */
#include "average_precision.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "spread.h"

#define N_OVERLAPS 10 /* 0.5, 0.55, ..., 0.95, with the roundings of COCO's program: an overlap may be just one of them */
#define OVERLAP_STEP ((0.95 - 0.5) / (N_OVERLAPS - 1))
#define N_RECALLS 101
#define MAX_BOXES 100 /* a picture and tag */

/* A box that was found, and whether it is right. */
typedef struct ranked {
    float probability;
    uint32_t order; /* by picture, then by probability */
    bool right;
} ranked;

/* What the figures of one tag are made of; room for all of the measurement's. */
typedef struct work {
    const oc__measurement *m;
    uint32_t tag;
    ranked *list;
    size_t n_list;
    bool *taken;      /* of truths: by a box */
    uint32_t fold;    /* OC__NONE: all */
    double low, high; /* what is smaller or larger, as a share of the picture, does not count: it is neither found nor wrong */
} work;

static bool in_fold(const work *w, uint32_t picture) { return w->fold == OC__NONE || w->m->entries[picture].fold == w->fold; }

static bool counts(const work *w, const oc__rect *box) {
    double of_box = oc__rect_area(box);
    return of_box >= w->low && of_box <= w->high;
}

static int most_probable_first(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return (x->order > y->order) - (x->order < y->order);
}

/* Takes the free truth of [begin, end) that overlaps most: its number, or SIZE_MAX. */
static size_t take_truth(work *w, size_t begin, size_t end, const oc__rect *box, double overlap, bool counted) {
    size_t best = SIZE_MAX;
    for (size_t i = begin; i < end; i++) {
        const oc__object *object = &w->m->truths[i].object;
        if (object->tag != w->tag || w->taken[i] || counts(w, &object->box) != counted) continue;
        double shared = oc__rect_overlap(&object->box, box);
        if (shared < overlap) continue;
        overlap = shared;
        best = i;
    }
    if (best != SIZE_MAX) w->taken[best] = true;
    return best;
}

/* Matches all boxes of the tag that are probable enough; the list is in the measurement's order. */
static void match(work *w, double probability, double overlap, size_t most) {
    const oc__measurement *m = w->m;
    size_t begin = 0, end = 0, n_in_picture = 0;
    uint32_t picture = UINT32_MAX;
    w->n_list = 0;
    memset(w->taken, 0, m->n_truths * sizeof *w->taken);
    for (size_t i = 0; i < m->n_found; i++) {
        const oc__found *found = &m->found[i];
        if (found->picture != picture) {
            picture = found->picture;
            n_in_picture = 0;
            for (begin = end; begin < m->n_truths && m->truths[begin].picture < picture;) begin++;
            for (end = begin; end < m->n_truths && m->truths[end].picture == picture;) end++;
        }
        const oc__detection *d = &found->detection;
        if (d->tag != w->tag || !in_fold(w, picture) || (double)d->probability < probability || n_in_picture++ >= most) continue;
        bool right = take_truth(w, begin, end, &d->box, overlap, true) != SIZE_MAX;
        if (!right && (take_truth(w, begin, end, &d->box, overlap, false) != SIZE_MAX || !counts(w, &d->box))) continue;
        w->list[w->n_list] = (ranked){d->probability, (uint32_t)w->n_list, right};
        w->n_list++;
    }
}

static size_t n_right(const work *w) {
    size_t n = 0;
    for (size_t i = 0; i < w->n_list; i++) n += w->list[i].right;
    return n;
}

/* Average precision of what was matched; the list is put in ranked order. */
static double area(work *w, size_t n_objects) {
    double sum = 0, precision = 0;
    size_t right = n_right(w), recall_index = N_RECALLS;
    if (w->n_list) qsort(w->list, w->n_list, sizeof *w->list, most_probable_first);
    /* From the end, the best precision so far is that which the curve has from here on. A value of recall is read off at the
     * first rank that reaches it. */
    while (recall_index > 0 && (double)(recall_index - 1) * 0.01 > (double)right / (double)n_objects) recall_index--;
    for (size_t i = w->n_list; i-- > 0;) {
        double here = (double)right / ((double)(i + 1) + DBL_EPSILON);
        if (here > precision) precision = here;
        right -= w->list[i].right;
        while (recall_index > 0 && w->list[i].right && (double)(recall_index - 1) * 0.01 > (double)right / (double)n_objects) {
            sum += precision;
            recall_index--;
        }
        if (i == 0 && recall_index > 0) sum += precision * (double)recall_index; /* recall 0 */
    }
    return sum / N_RECALLS;
}

/* The probability from which on boxes are to count for the greatest F1, of what was matched; the list is put in ranked order.
 */
static void find_best(oc_box_metrics *out, work *w) {
    size_t right = 0;
    if (w->n_list) qsort(w->list, w->n_list, sizeof *w->list, most_probable_first);
    for (size_t i = 0; i < w->n_list; i++) {
        right += w->list[i].right;
        if (i + 1 < w->n_list && w->list[i + 1].probability == w->list[i].probability) continue;
        double f1 = 2 * (double)right / ((double)(i + 1) + (double)out->n_objects);
        if (f1 <= out->best_f1) continue;
        out->best_f1 = f1;
        out->best_probability = (double)w->list[i].probability;
    }
}

static void count_objects(oc_box_metrics *out, const work *w, uint32_t tag) {
    const oc__measurement *m = w->m;
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < m->n_truths; i++) {
        if (m->truths[i].object.tag != tag || !in_fold(w, m->truths[i].picture)) continue;
        out->n_objects++;
        out->n_pictures += m->truths[i].picture != last;
        last = m->truths[i].picture;
    }
}

static double share(uint64_t part, uint64_t whole) { return whole ? (double)part / (double)whole : 0; }

static double harmonic(double a, double b) { return a + b > 0 ? 2 * a * b / (a + b) : 0; }

static void set_shares(oc_box_metrics *out) {
    out->precision = share(out->n_correct, out->n_predicted);
    out->recall = share(out->n_correct, out->n_objects);
    out->f1 = harmonic(out->precision, out->recall);
}

static oc_box_metrics one(work *w, uint32_t tag, double probability, double overlap) {
    oc_box_metrics out = {.struct_size = sizeof out};
    w->tag = tag;
    count_objects(&out, w, tag);
    match(w, probability, overlap, SIZE_MAX);
    out.n_predicted = w->n_list;
    out.n_correct = n_right(w);
    set_shares(&out);
    match(w, 0, overlap, SIZE_MAX);
    find_best(&out, w);
    for (int i = 0; i < N_OVERLAPS && out.n_objects; i++) {
        match(w, 0, i == N_OVERLAPS - 1 ? 0.95 : 0.5 + OVERLAP_STEP * i, MAX_BOXES);
        double recall = share(n_right(w), out.n_objects), ap = area(w, (size_t)out.n_objects);
        if (i == 0) out.ap50 = ap;
        out.ap += ap / N_OVERLAPS;
        out.average_recall += recall / N_OVERLAPS;
    }
    return out;
}

/* Over all tags that have objects; what is counted and shared is `together`'s unless `mean`. */
static oc_box_metrics several(work *w, bool mean, double probability, double overlap) {
    const oc__measurement *m = w->m;
    oc_box_metrics out = {.struct_size = sizeof out}, means = out;
    double n = 0;
    for (uint32_t tag = 0; tag < m->n_tags; tag++) {
        oc_box_metrics of_tag = one(w, tag, probability, overlap);
        out.n_objects += of_tag.n_objects;
        out.n_predicted += of_tag.n_predicted;
        out.n_correct += of_tag.n_correct;
        if (of_tag.n_objects == 0) continue;
        n++;
        means.precision += of_tag.precision;
        means.recall += of_tag.recall;
        means.f1 += of_tag.f1;
        means.ap50 += of_tag.ap50;
        means.ap += of_tag.ap;
        means.average_recall += of_tag.average_recall;
        means.best_probability += of_tag.best_probability;
        means.best_f1 += of_tag.best_f1;
    }
    for (size_t i = 0; i < m->n_truths; i++)
        out.n_pictures += in_fold(w, m->truths[i].picture) && (i == 0 || m->truths[i].picture != m->truths[i - 1].picture);
    set_shares(&out);
    if (n == 0) return out;
    out.ap50 = means.ap50 / n;
    out.ap = means.ap / n;
    out.average_recall = means.average_recall / n;
    out.best_probability = means.best_probability / n;
    out.best_f1 = means.best_f1 / n;
    if (!mean) return out;
    out.precision = means.precision / n;
    out.recall = means.recall / n;
    out.f1 = means.f1 / n;
    return out;
}

static oc_status begin_work(work *w, const oc__measurement *m, oc_error *err) {
    *w = (work){.m = m, .fold = OC__NONE, .high = INFINITY};
    w->list = oc__alloc_array(m->context, m->n_found, sizeof *w->list);
    w->taken = oc__alloc_array(m->context, m->n_truths, sizeof *w->taken);
    return w->list && w->taken ? OC_OK : oc__fail_nomem(err, m->context, m->n_found * sizeof *w->list, "report");
}

static void end_work(work *w) {
    oc__free(w->m->context, w->list);
    oc__free(w->m->context, w->taken);
}

static oc_box_metrics of(work *w, int32_t tag, double probability, double overlap) {
    return tag >= 0 ? one(w, (uint32_t)tag, probability, overlap) : several(w, tag == OC_TAGS_MEAN, probability, overlap);
}

/* Standard deviations over the folds that have objects of the tag, and boxes where precision is concerned. */
static void set_deviations(oc_box_metrics *out, work *w, int32_t tag, double probability, double overlap) {
    oc__spread precision = {0}, recall = {0}, ap50 = {0}, ap = {0};
    for (w->fold = 0; w->fold < w->m->n_folds && w->m->n_folds > 1; w->fold++) {
        oc_box_metrics f = of(w, tag, probability, overlap);
        if (f.n_predicted) oc__spread_add(&precision, f.precision);
        if (f.n_objects == 0) continue;
        oc__spread_add(&recall, f.recall);
        oc__spread_add(&ap50, f.ap50);
        oc__spread_add(&ap, f.ap);
    }
    w->fold = OC__NONE;
    out->precision_deviation = oc__spread_deviation(&precision);
    out->recall_deviation = oc__spread_deviation(&recall);
    out->ap50_deviation = oc__spread_deviation(&ap50);
    out->ap_deviation = oc__spread_deviation(&ap);
}

oc_status oc__box_metrics_of(oc_box_metrics *out, const oc__measurement *m, int32_t tag, double probability, double overlap,
                             oc_error *err) {
    work w;
    if (!(probability >= 0 && probability <= 1)) return oc__fail(err, OC_E_ARGUMENT, "the probability is not between 0 and 1");
    if (!(overlap >= 0 && overlap <= 1)) return oc__fail(err, OC_E_ARGUMENT, "the overlap is not between 0 and 1");
    if (tag < OC_TAGS_MEAN || tag >= (int64_t)m->n_tags)
        return oc__fail(err, OC_E_ARGUMENT, "tag %d is out of range, there are %u", tag, m->n_tags);
    oc_status status = begin_work(&w, m, err);
    if (!status) {
        *out = of(&w, tag, probability, overlap);
        set_deviations(out, &w, tag, probability, overlap);
    }
    end_work(&w);
    return status;
}

/* Of one tag, or -1 if it has no object of the size. */
static double ap_of_size(work *w, uint32_t tag) {
    size_t n = 0;
    double ap = 0;
    w->tag = tag;
    for (size_t i = 0; i < w->m->n_truths; i++)
        n += w->m->truths[i].object.tag == tag && counts(w, &w->m->truths[i].object.box);
    for (int i = 0; i < N_OVERLAPS && n; i++) {
        match(w, 0, i == N_OVERLAPS - 1 ? 0.95 : 0.5 + OVERLAP_STEP * i, MAX_BOXES);
        ap += area(w, n) / N_OVERLAPS;
    }
    return n ? ap : -1;
}

oc_status oc__box_ap_by_size(double out[3], const oc__measurement *m, int32_t tag, double n_pixels, oc_error *err) {
    const double bounds[] = {0, 32 * 32 / n_pixels, 96 * 96 / n_pixels, INFINITY};
    work w;
    oc_status status = begin_work(&w, m, err);
    for (int size = 0; size < 3 && !status; size++) {
        double sum = 0, n = 0;
        w.low = bounds[size];
        w.high = bounds[size + 1];
        for (uint32_t t = tag < 0 ? 0 : (uint32_t)tag; t < m->n_tags && (tag < 0 || t == (uint32_t)tag); t++) {
            double ap = ap_of_size(&w, t);
            if (ap < 0) continue;
            sum += ap;
            n++;
        }
        out[size] = n > 0 ? sum / n : -1;
    }
    end_work(&w);
    return status;
}

oc_status oc__box_curve(double *recalls, double *precisions, size_t *n, const oc__measurement *m, uint32_t tag, double overlap,
                        oc_error *err) {
    work w;
    oc_box_metrics f = {.n_objects = 0};
    size_t right = 0;
    oc_status status = begin_work(&w, m, err);
    *n = 0;
    w.tag = tag;
    count_objects(&f, &w, tag);
    if (!status) match(&w, 0, overlap, SIZE_MAX);
    if (!status && w.n_list) qsort(w.list, w.n_list, sizeof *w.list, most_probable_first);
    for (size_t i = 0; i < w.n_list && f.n_objects && !status; i++) {
        right += w.list[i].right;
        if (!w.list[i].right || (i + 1 < w.n_list && w.list[i + 1].probability == w.list[i].probability)) continue;
        recalls[*n] = share(right, f.n_objects);
        precisions[(*n)++] = share(right, i + 1);
    }
    end_work(&w);
    return status;
}

oc_status oc__box_metrics_fill(oc__measurement *m, oc_error *err) {
    work w;
    oc_status status = begin_work(&w, m, err);
    for (uint32_t tag = 0; tag < m->n_tags && !status; tag++) {
        oc_box_metrics f = one(&w, tag, 0, 0.5);
        set_deviations(&f, &w, (int32_t)tag, 0, 0.5);
        m->average_precision[tag] = (float)f.ap50;
        m->average_precision_deviation[tag] = (float)f.ap50_deviation;
    }
    end_work(&w);
    return status;
}
