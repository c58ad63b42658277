/* The report of a detector as one page to look at. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "average_precision.h"
#include "box_mistakes.h"
#include "html.h"
#include "memory.h"
#include "page.h"

#define PROBABILITY 0.5 /* from which on boxes count on the page */
#define SIDE 240        /* of a picture */
#define MAX_PICTURES 120
#define MAX_OF_KIND 24 /* pictures of mistakes of one kind; of the others the names */
#define MAX_CURVES 24

typedef struct page {
    oc__buffer *out;
    const oc__measurement *m;
    const char *const *tags;
    size_t n_pictures; /* shown */
} page;

static void put(page *p, const char *markup) { oc__html_put(p->out, markup); }

static void count(page *p, double n) { oc__html_number(p->out, n, 0); }

static oc_status figures_of(oc_box_metrics *out, const page *p, int32_t tag, oc_error *err) {
    return oc__box_metrics_of(out, p->m, tag, PROBABILITY, OC_OVERLAP_STANDARD, err);
}

static oc_status head(page *p, oc_error *err) {
    oc_box_metrics mean, together;
    oc_status status = figures_of(&mean, p, OC_TAGS_MEAN, err);
    if (!status) status = figures_of(&together, p, OC_TAGS_TOGETHER, err);
    if (status) return status;
    oc__page_begin(p->out, p->m);
    put(p, "A box counts from 50&#8239;% on, and finds an object that it overlaps by 30&#8239;% (intersection over union). "
           "Small grey "
           "numbers are 95&#8239;% intervals, in per cent.</p><div class=\"tiles\">");
    oc__page_tile(p->out, "of boxes are right", together.precision, (double)together.n_predicted);
    oc__page_tile(p->out, "of objects are found", together.recall, (double)together.n_objects);
    oc__page_tile(p->out, "AP50, mean of the tags", mean.ap50, 0);
    oc__page_tile(p->out, "AP50:95, mean of the tags", mean.ap, 0);
    put(p, "</div>");
    return OC_OK;
}

static oc_status tag_table(page *p, oc_error *err) {
    put(p, "<h2>Tag by tag</h2><p>Precision: how many of the boxes are right. Recall: how many of the objects are found. The "
           "best F1 is that of "
           "the probability beside it.</p><div "
           "class=\"wide\"><table><tr><th>tag<th>objects<th>boxes<th>precision<th>recall<th>F1<th>AP50"
           "<th>AP50:95<th>best F1<th>from");
    for (uint32_t t = 0; t < p->m->n_tags; t++) {
        oc_box_metrics f;
        oc_status status = figures_of(&f, p, (int32_t)t, err);
        if (status) return status;
        put(p, "<tr><td>");
        oc__html_text(p->out, p->tags[t]);
        put(p, "<td>");
        count(p, (double)f.n_objects);
        put(p, "<td>");
        count(p, (double)f.n_predicted);
        put(p, "<td>");
        oc__html_percent(p->out, f.precision);
        oc__page_interval(p->out, (double)f.n_correct, (double)f.n_predicted);
        put(p, "<td>");
        oc__html_percent(p->out, f.recall);
        oc__page_interval(p->out, (double)f.n_correct, (double)f.n_objects);
        const struct {
            double share, deviation; /* below 0: not told */
        } cells[] = {{f.f1, -1}, {f.ap50, f.ap50_deviation}, {f.ap, f.ap_deviation}, {f.best_f1, -1}, {f.best_probability, -1}};
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
            put(p, "<td>");
            oc__html_percent(p->out, cells[i].share);
            if (cells[i].deviation >= 0) oc__page_deviation(p->out, p->m, cells[i].deviation);
        }
    }
    put(p, "</table></div>");
    return OC_OK;
}

static oc_status curves(page *p, oc_error *err) {
    size_t room = p->m->n_found;
    double *points = oc__alloc_array(p->m->context, room, 2 * sizeof *points);
    oc_status status = OC_OK;
    if (!points) return oc__fail_nomem(err, p->m->context, room * 2 * sizeof *points, "report");
    put(p, "<h2>Precision over recall</h2><p>At an overlap of 50&#8239;%, over all probabilities.</p><div class=\"plots\">");
    for (uint32_t t = 0; t < p->m->n_tags && t < MAX_CURVES && !status; t++) {
        oc__curve curve = {points, points + room, 0};
        status = oc__box_curve(points, points + room, &curve.n, p->m, t, 0.5, err);
        put(p, "<figure><figcaption>");
        oc__html_text(p->out, p->tags[t]);
        put(p, "</figcaption>");
        oc__html_plot(p->out, &curve, "recall", "precision", false, false);
        put(p, "</figure>");
    }
    put(p, "</div>");
    oc__free(p->m->context, points);
    return status;
}

/* --- mistakes --- */

static const struct {
    uint32_t kind;
    const char *title;
} kinds[] = {{OC_MISTAKE_MISSED, "Missed"},
             {OC_MISTAKE_FALSE, "Where no object is"},
             {OC_MISTAKE_WRONG_TAG, "Of the wrong tag"},
             {OC_MISTAKE_BADLY_PLACED, "Badly placed"},
             {OC_MISTAKE_DOUBLE, "Found twice"}};

/* A mistake and what it is sorted by. */
typedef struct ranked {
    const oc__box_mistake *mistake;
    float weight;
} ranked;

static int heaviest_first(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->weight != y->weight) return x->weight < y->weight ? 1 : -1;
    return (x->mistake > y->mistake) - (x->mistake < y->mistake);
}

static oc_box box_of(int32_t colour, const oc__rect *r) {
    return (oc_box){sizeof(oc_box), colour, 1, r->left, r->top, r->right - r->left, r->bottom - r->top};
}

static const char *name_of(const page *p, const oc__box_mistake *mistake) {
    uint32_t picture =
        mistake->found != OC__NO_BOX ? p->m->found[mistake->found].picture : p->m->truths[mistake->truth].picture;
    return p->m->entries[picture].name;
}

/* The object in the first colour and the box in the second, on top. */
static void shot(page *p, const oc__box_mistake *mistake) {
    const char *name = name_of(p, mistake);
    const oc__truth *truth = mistake->truth == OC__NO_BOX ? NULL : &p->m->truths[mistake->truth];
    const oc__found *found = mistake->found == OC__NO_BOX ? NULL : &p->m->found[mistake->found];
    oc_box boxes[2];
    size_t n = 0;
    if (truth) boxes[n++] = box_of(0, &truth->object.box);
    if (found) boxes[n++] = box_of(1, &found->detection.box);
    put(p, "<div class=\"shot\" style=\"width:240px\">");
    if (name && p->n_pictures < MAX_PICTURES) p->n_pictures += oc__html_drawn_picture(p->out, name, SIDE, boxes, n);
    put(p, "<b>");
    oc__html_text(p->out, p->tags[found ? found->detection.tag : truth->object.tag]);
    put(p, "</b>");
    if (found) {
        put(p, ", ");
        oc__html_percent(p->out, (double)found->detection.probability);
    }
    if (mistake->kind == OC_MISTAKE_WRONG_TAG) {
        put(p, ", is <b>");
        oc__html_text(p->out, p->tags[truth->object.tag]);
        put(p, "</b>");
    }
    if (mistake->kind == OC_MISTAKE_BADLY_PLACED) {
        put(p, ", overlaps by ");
        oc__html_percent(p->out, mistake->overlap);
    }
    if (name) {
        put(p, "<br><small title=\"");
        oc__html_text(p->out, name);
        put(p, "\">");
        oc__html_text(p->out, oc__page_last_part(name));
        put(p, "</small>");
    }
    put(p, "</div>");
}

static void kind(page *p, const char *title, const ranked *list, size_t n) {
    put(p, "<h2>");
    put(p, title);
    put(p, ": ");
    count(p, (double)n);
    put(p, "</h2><div class=\"shots\">");
    for (size_t i = 0; i < n && i < MAX_OF_KIND; i++) shot(p, list[i].mistake);
    put(p, "</div>");
    for (size_t i = MAX_OF_KIND; i < n; i++) {
        const char *name = name_of(p, list[i].mistake);
        if (!name) break;
        put(p, "<small>");
        oc__html_text(p->out, oc__page_last_part(name));
        put(p, "</small> ");
    }
}

static float weight_of(const page *p, const oc__box_mistake *mistake) {
    if (mistake->found != OC__NO_BOX) return p->m->found[mistake->found].detection.probability;
    const oc__rect *r = &p->m->truths[mistake->truth].object.box;
    return (r->right - r->left) * (r->bottom - r->top);
}

static oc_status mistakes(page *p, oc_error *err) {
    oc__box_mistakes all;
    oc_status status = oc__box_mistakes_find(&all, p->m, PROBABILITY, OC_OVERLAP_STANDARD, err);
    if (status) return status;
    ranked *list = oc__alloc_array(p->m->context, all.n, sizeof *list);
    if (!list) status = oc__fail_nomem(err, p->m->context, all.n * sizeof *list, "report");
    put(p, "<h2>Mistakes</h2><p>Yellow is the object as it was labelled, blue the box that was found; the most certain first, "
           "of missed objects "
           "the largest. Often it is the label that is wrong, and not the model.</p>");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && !status; k++) {
        size_t n = 0;
        for (size_t i = 0; i < all.n; i++)
            if (all.items[i].kind == kinds[k].kind) list[n++] = (ranked){&all.items[i], weight_of(p, &all.items[i])};
        if (n) qsort(list, n, sizeof *list, heaviest_first);
        kind(p, kinds[k].title, list, n);
    }
    oc__free(p->m->context, list);
    oc__box_mistakes_free(&all);
    return status;
}

oc_status oc__box_page_write(oc__buffer *out, const oc__measurement *m, const char *const *tags, oc_error *err) {
    page p = {.out = out, .m = m, .tags = tags};
    oc_status status = head(&p, err);
    if (!status) status = tag_table(&p, err);
    if (!status) status = curves(&p, err);
    if (!status) status = mistakes(&p, err);
    put(&p, "</body></html>\n");
    if (!status && out->failed) status = oc__fail_nomem(err, m->context, out->capacity, "report");
    return status;
}
