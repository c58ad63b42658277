/* What a detector got wrong: boxes that found no object, and why not, and objects that none found. SPDX-License-Identifier: MIT
 *
 * First the boxes of every tag take objects as they do for the figures (average_precision.c), so that the mistakes are just
 * those that precision and recall count. Then what is left is explained, the most probable box first, in the order of the
 * kinds: an object that a box explains is not missed besides. */
#include "box_mistakes.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* A box that overlaps an object of its tag by at least this was meant for it. */
#define MEANT 0.1

typedef struct work {
    const oc__measurement *m;
    double probability, overlap;
    bool *right;       /* boxes that found an object */
    bool *taken;       /* objects that a box found */
    bool *told_of;     /* objects that another mistake explains */
    size_t begin, end; /* the objects of the picture at hand */
    oc__box_mistakes *out;
} work;

typedef enum which { FREE_OF_TAG, TAKEN_OF_TAG, FREE_OF_OTHERS } which;

static bool is_wanted(const work *w, size_t truth, uint32_t tag, which wanted) {
    bool same = w->m->truths[truth].object.tag == tag, gone = w->taken[truth] || w->told_of[truth];
    switch (wanted) {
    case FREE_OF_TAG:
        return same && !gone;
    case TAKEN_OF_TAG:
        return same && w->taken[truth];
    default:
        return !same && !gone;
    }
}

/* The object of the picture at hand that overlaps the box most, and by at least *overlap, which becomes theirs. */
static size_t find_truth(const work *w, const oc__detection *d, which wanted, double *overlap) {
    size_t best = OC__NO_BOX;
    for (size_t i = w->begin; i < w->end; i++) {
        if (!is_wanted(w, i, d->tag, wanted)) continue;
        double shared = oc__rect_overlap(&w->m->truths[i].object.box, &d->box);
        if (shared < *overlap) continue;
        *overlap = shared;
        best = i;
    }
    return best;
}

static void add(work *w, uint32_t kind, size_t found, size_t truth, double overlap) {
    w->out->items[w->out->n++] = (oc__box_mistake){kind, found, truth, overlap};
}

static void explain(work *w, size_t found) {
    static const struct {
        which wanted;
        uint32_t kind;
    } reasons[] = {
        {TAKEN_OF_TAG, OC_MISTAKE_DOUBLE}, {FREE_OF_OTHERS, OC_MISTAKE_WRONG_TAG}, {FREE_OF_TAG, OC_MISTAKE_BADLY_PLACED}};
    const oc__detection *d = &w->m->found[found].detection;
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        double overlap = reasons[i].kind == OC_MISTAKE_BADLY_PLACED ? MEANT : w->overlap;
        size_t truth = find_truth(w, d, reasons[i].wanted, &overlap);
        if (truth == OC__NO_BOX) continue;
        add(w, reasons[i].kind, found, truth, overlap);
        w->told_of[truth] = true;
        return;
    }
    add(w, OC_MISTAKE_FALSE, found, OC__NO_BOX, 0);
}

/* Boxes [first, end) are those of a picture, the most probable first. */
static void explain_picture(work *w, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        const oc__detection *d = &w->m->found[i].detection;
        double overlap = w->overlap;
        size_t truth = (double)d->probability < w->probability ? OC__NO_BOX : find_truth(w, d, FREE_OF_TAG, &overlap);
        if (truth == OC__NO_BOX) continue;
        w->right[i] = w->taken[truth] = true;
    }
    for (size_t i = first; i < end; i++)
        if (!w->right[i] && (double)w->m->found[i].detection.probability >= w->probability) explain(w, i);
    for (size_t i = w->begin; i < w->end; i++)
        if (!w->taken[i] && !w->told_of[i]) add(w, OC_MISTAKE_MISSED, OC__NO_BOX, i, 0);
}

static void explain_all(work *w) {
    const oc__measurement *m = w->m;
    size_t found = 0;
    for (uint32_t picture = 0; picture < m->n; picture++) {
        size_t first = found;
        while (found < m->n_found && m->found[found].picture == picture) found++;
        for (w->begin = w->end; w->end < m->n_truths && m->truths[w->end].picture == picture;) w->end++;
        explain_picture(w, first, found);
    }
}

oc_status oc__box_mistakes_find(oc__box_mistakes *out, const oc__measurement *m, double probability, double overlap,
                                oc_error *err) {
    oc_status status = OC_OK;
    size_t n = m->n_found + m->n_truths;
    if (!(probability >= 0 && probability <= 1)) return oc__fail(err, OC_E_ARGUMENT, "the probability is not between 0 and 1");
    if (!(overlap >= 0 && overlap <= 1)) return oc__fail(err, OC_E_ARGUMENT, "the overlap is not between 0 and 1");
    *out = (oc__box_mistakes){.context = m->context};
    work w = {.m = m, .probability = probability, .overlap = overlap, .out = out};
    w.right = oc__alloc_zero(m->context, m->n_found * sizeof *w.right);
    w.taken = oc__alloc_zero(m->context, m->n_truths * sizeof *w.taken);
    w.told_of = oc__alloc_zero(m->context, m->n_truths * sizeof *w.told_of);
    out->items = oc__alloc_array(m->context, n, sizeof *out->items);
    if (w.right && w.taken && w.told_of && out->items)
        explain_all(&w);
    else
        status = oc__fail_nomem(err, m->context, n * sizeof *out->items, "report");
    oc__free(m->context, w.right);
    oc__free(m->context, w.taken);
    oc__free(m->context, w.told_of);
    if (status) oc__box_mistakes_free(out);
    return status;
}

void oc__box_mistakes_free(oc__box_mistakes *mistakes) {
    oc__free(mistakes->context, mistakes->items);
    mistakes->items = NULL;
    mistakes->n = 0;
}
