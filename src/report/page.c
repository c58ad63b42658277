/* A report as one page to look at. SPDX-License-Identifier: MIT */
#include "page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "html.h"
#include "learning.h"
#include "metrics.h"

#define MAX_MATRIX 30    /* tags of which the confusion matrix is drawn */
#define MAX_PICTURES 300 /* small pictures on the page */
#define MAX_IN_CELL 12   /* of those that one cell lists; the others by name */
#define MAX_MISTAKES 24
#define MAX_EXPLAINED 12
#define MAX_CURVES 24

typedef struct page {
    oc__buffer *out;
    const oc__measurement *m;
    const char *const *tags;
    size_t n_pictures; /* shown */
    const oc__page_explainer *explainer; /* or NULL */
    size_t n_explained;
} page;

static const char style[] =
    "<style>:root{color-scheme:light}*{box-sizing:border-box}body{font:15px/1.5 system-ui,sans-serif;color:#1c2330;margin:0 auto;"
    "max-width:1080px;padding:20px}h1{font-size:1.7em;margin:.2em 0}h2{font-size:1.2em;margin:2em 0 .4em;border-bottom:1px solid #d9dee6;"
    "padding-bottom:.2em}p{max-width:46em;margin:.5em 0}.tiles,.plots,.shots{display:flex;flex-wrap:wrap;gap:14px}.tile{background:#f2f5f9;"
    "border-radius:10px;padding:10px 16px;min-width:150px}.tile b{display:block;font-size:1.6em;line-height:1.3}.tile span,small{color:"
    "#5b6678}.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}td,th{padding:4px 10px;text-align:"
    "right;border-bottom:1px solid #e6eaf0;white-space:nowrap}th{font-weight:600;color:#5b6678}td:first-child,th:first-child{text-align:"
    "left}.m td{text-align:center;padding:3px 8px;border:1px solid #fff}.m th.v{writing-mode:vertical-rl;transform:rotate(180deg);"
    "text-align:left;padding:6px 3px}.m a{color:inherit;text-decoration:none;display:block}figure{margin:0;width:310px;max-width:100%}"
    "figcaption{font-weight:600}svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#5b6678}.g{stroke:#e6eaf0}.d{"
    "stroke:#9aa5b5;stroke-dasharray:4 4;fill:none}.c{stroke:#1f6feb;stroke-width:2;fill:none}circle{fill:#1f6feb}.shot{width:150px;"
    "font-size:12px;line-height:1.35;overflow-wrap:anywhere}.shot img{display:block;max-width:100%;border-radius:6px;margin-bottom:4px}"
    "details{margin:.5em 0}summary{cursor:pointer}:target{background:#fff3c9}@media print{details{break-inside:avoid}h2{break-after:"
    "avoid}figure,.shot{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}</style>";

static void put(page *p, const char *markup) { oc__html_put(p->out, markup); }

static void count(page *p, size_t n) { oc__html_number(p->out, (double)n, 0); }

static void tag(page *p, size_t t) { oc__html_text(p->out, p->tags[t]); }

/* The part of a path behind its folders' names. */
const char *oc__page_last_part(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* Of a share (Wilson 1927, Probable inference). */
void oc__page_interval(oc__buffer *out, double right, double n) {
    double z = 1.959964, share = n > 0 ? right / n : 0, middle = (share + z * z / (2 * n)) / (1 + z * z / n);
    double half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n);
    if (n <= 0) return;
    oc__html_put(out, " <small>");
    oc__html_number(out, 100 * fmax(0, middle - half), 0);
    oc__html_put(out, "&#8211;");
    oc__html_number(out, 100 * fmin(1, middle + half), 0);
    oc__html_put(out, "</small>");
}

static void interval(page *p, double right, double n) { oc__page_interval(p->out, right, n); }

void oc__page_deviation(oc__buffer *out, const oc__measurement *m, double deviation) {
    if (m->n_folds < 2) return;
    oc__html_put(out, " <small>&#177;&#8239;");
    oc__html_number(out, 100 * deviation, 1);
    oc__html_put(out, "</small>");
}

void oc__page_tile(oc__buffer *out, const char *name, double share, double n) {
    oc__html_put(out, "<div class=\"tile\"><b>");
    oc__html_percent(out, share);
    oc__html_put(out, "</b><span>");
    oc__html_put(out, name);
    if (n > 0) oc__page_interval(out, share * n, n);
    oc__html_put(out, "</span></div>");
}

static void tile(page *p, const char *name, double share, double n) { oc__page_tile(p->out, name, share, n); }

void oc__page_begin(oc__buffer *out, const oc__measurement *m) {
    oc__html_put(out, "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                      "content=\"width=device-width,initial-scale=1\"><title>Ocellus report</title>");
    oc__html_put(out, style);
    oc__html_put(out, "</head><body><h1>How good the model is</h1><p>Measured ");
    if (m->method == OC_REPORT_CROSS_VALIDATION) {
        oc__html_put(out, "by cross-validation in ");
        oc__html_number(out, m->n_folds, 0);
        oc__html_put(out, " folds on ");
    } else {
        oc__html_put(out, "on ");
    }
    oc__html_number(out, (double)m->n, 0);
    oc__html_put(out, m->method == OC_REPORT_CROSS_VALIDATION ? " pictures, each by a model that had not seen it. "
                                                              : " test pictures. ");
    if (m->n_folds > 1) oc__html_put(out, "&#177; is the standard deviation over the folds. ");
    if (m->n_skipped == 0) return;
    oc__html_number(out, m->n_skipped, 0);
    oc__html_put(out, m->n_skipped == 1 ? " could not be read and was left out. " : " could not be read and were left out. ");
}

static oc_status head(page *p, oc_error *err) {
    const oc__measurement *m = p->m;
    oc_metrics mean;
    oc_status status = oc__metrics_of(&mean, m, OC_TAGS_MEAN, OC_THRESHOLD_OWN, err);
    if (status) return status;
    oc__page_begin(p->out, m);
    put(p, "Small grey numbers are 95&#8239;% intervals, in per cent.</p><div class=\"tiles\">");
    tile(p, m->several ? "of pictures have all tags right" : "of pictures are right", oc__metrics_accuracy(m), (double)m->n);
    tile(p, "mean F1 of the tags", mean.f1, 0);
    tile(p, "mean average precision", mean.average_precision, 0);
    if (m->several) tile(p, "of all answers are wrong", oc__metrics_hamming_loss(m), 0);
    tile(p, "calibration error", oc__metrics_calibration_error(m), 0);
    put(p, "</div>");
    return OC_OK;
}

static oc_status tag_table(page *p, oc_error *err) {
    const oc__measurement *m = p->m;
    put(p, "<h2>Tag by tag</h2><p>Precision: how many of the pictures that are given a tag bear it. Recall: how many of those that "
           "bear it are given it.</p><div class=\"wide\"><table><tr><th>tag<th>pictures<th>given<th>precision<th>recall<th>F1<th>average "
           "precision");
    if (m->several) put(p, "<th>threshold");
    for (uint32_t t = 0; t < m->n_tags; t++) {
        oc_metrics f;
        oc_status status = oc__metrics_of(&f, m, (int32_t)t, OC_THRESHOLD_OWN, err);
        if (status) return status;
        put(p, "<tr><td>");
        tag(p, t);
        put(p, "<td>");
        count(p, f.n_pictures);
        put(p, "<td>");
        count(p, f.n_predicted);
        put(p, "<td>");
        oc__html_percent(p->out, f.precision);
        interval(p, f.n_correct, f.n_predicted);
        put(p, "<td>");
        oc__html_percent(p->out, f.recall);
        interval(p, f.n_correct, f.n_pictures);
        put(p, "<td>");
        oc__html_percent(p->out, f.f1);
        put(p, "<td>");
        oc__html_percent(p->out, f.average_precision);
        oc__page_deviation(p->out, m, f.average_precision_deviation);
        if (!m->several) continue;
        put(p, "<td>");
        oc__html_percent(p->out, (double)m->thresholds[t]);
    }
    put(p, "</table></div>");
    return OC_OK;
}

/* --- what can be left to the model --- */

/* The lowest threshold from which on at least `wanted` of the answers are right, and what it leaves to a human. */
static void triage_row(page *p, const oc_curve *answers, double wanted) {
    oc_operating_point point;
    put(p, "<tr><td>");
    oc__html_percent(p->out, wanted);
    if (oc__curve_find(&point, answers, OC_GOAL_PRECISION, wanted, NULL) != OC_OK) {
        put(p, "<td colspan=\"3\">not reached");
        return;
    }
    put(p, "<td>");
    oc__html_percent(p->out, point.threshold);
    put(p, "<td>");
    oc__html_percent(p->out, 1 - point.share);
    put(p, "<td>");
    oc__html_percent(p->out, point.precision);
    interval(p, (double)point.n_correct, (double)point.n_predicted);
}

static oc_status triage(page *p, oc_error *err) {
    static const double wanted[] = {0.9, 0.95, 0.98, 0.99, 0.995, 1};
    const oc__measurement *m = p->m;
    size_t n_points = 0, step = m->n / 200 + 1;
    oc_curve *answers = NULL;
    double *points = oc__alloc_array(m->context, m->n, 2 * sizeof *points);
    oc_status status = points ? oc__curve_create(&answers, m->context, m, OC_TAGS_TOGETHER, err)
                              : oc__fail_nomem(err, m->context, m->n * 2 * sizeof *points, "report");
    if (status) {
        oc__free(m->context, points);
        return status;
    }
    put(p, "<h2>What can be left to the model</h2><p>Answers below a threshold are given to a human. So many are left to look at, for "
           "so many right among the others:</p><div class=\"plots\"><div class=\"wide\"><table><tr><th>right, wanted<th>threshold<th>left to "
           "a human<th>right among the others");
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) triage_row(p, answers, wanted[i]);
    put(p, "</table></div><figure>");
    for (size_t i = 0; i < answers->n; i++) {
        const oc_operating_point *point = &answers->points[i];
        if (i + 1 < answers->n && point->n_predicted % step) continue;
        points[n_points] = point->share;
        points[m->n + n_points++] = point->precision;
    }
    const oc__curve curve = {points, points + m->n, n_points};
    oc__html_plot(p->out, &curve, "left to the model", "right among those", false, false);
    put(p, "</figure></div>");
    oc__curve_free(answers);
    oc__free(m->context, points);
    return OC_OK;
}

/* --- curves --- */

static void reliability(page *p) {
    double x[OC__N_RELIABILITY_BINS], y[OC__N_RELIABILITY_BINS];
    oc__curve curve = {x, y, 0};
    for (size_t bin = 0; bin < OC__N_RELIABILITY_BINS; bin++) {
        oc_reliability r = oc__metrics_reliability(p->m, bin);
        if (!r.n_pictures) continue;
        x[curve.n] = r.probability;
        y[curve.n++] = r.accuracy;
    }
    put(p, "<h2>Do probabilities mean what they say?</h2><p>On the dashed line they do: of the answers of 70&#8239;%, 70 in a hundred are "
           "right.</p><figure>");
    oc__html_plot(p->out, &curve, "probability", "right", true, true);
    put(p, "</figure>");
}

/* Precision over recall of the first tags, where a picture has any number of them. */
static oc_status precision_recall(page *p, oc_error *err) {
    const oc__measurement *m = p->m;
    double *points = oc__alloc_array(m->context, m->n, 2 * sizeof *points);
    oc_status status = points ? OC_OK : oc__fail_nomem(err, m->context, m->n * 2 * sizeof *points, "report");
    put(p, "<h2>Precision over recall</h2><div class=\"plots\">");
    for (uint32_t t = 0; t < m->n_tags && t < MAX_CURVES && !status; t++) {
        oc_curve *answers;
        oc__curve curve = {points, points + m->n, 0};
        if ((status = oc__curve_create(&answers, m->context, m, (int32_t)t, err))) break;
        uint64_t n_correct = 0;
        for (size_t i = 0; i < answers->n; i++) {
            const oc_operating_point *point = &answers->points[i];
            if (point->n_correct == n_correct) continue; /* the curve only falls here */
            n_correct = point->n_correct;
            points[curve.n] = point->recall;
            points[m->n + curve.n++] = point->precision;
        }
        oc__curve_free(answers);
        put(p, "<figure><figcaption>");
        tag(p, t);
        put(p, "</figcaption>");
        oc__html_plot(p->out, &curve, "recall", "precision", false, false);
        put(p, "</figure>");
    }
    put(p, "</div>");
    oc__free(m->context, points);
    return status;
}

/* --- mistakes --- */

typedef struct mistake {
    uint32_t picture, truth, predicted; /* OC__NONE: a tag is lacking, or one too many */
    float certainty, probability;
} mistake;

static int by_certainty(const void *a, const void *b) {
    const mistake *x = a, *y = b;
    if (x->certainty != y->certainty) return x->certainty < y->certainty ? 1 : -1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

static int by_cell(const void *a, const void *b) {
    const mistake *x = a, *y = b;
    if (x->truth != y->truth) return x->truth < y->truth ? -1 : 1;
    if (x->predicted != y->predicted) return x->predicted < y->predicted ? -1 : 1;
    return by_certainty(a, b);
}

static oc_status find_mistakes(mistake **out, size_t *n, const oc__measurement *m, oc_error *err) {
    size_t room = m->several ? m->n_answers : m->n;
    mistake *list = oc__alloc_array(m->context, room, sizeof *list);
    if (!list) return oc__fail_nomem(err, m->context, room * sizeof *list, "report");
    *n = 0;
    for (size_t i = 0; i < m->n && !m->several; i++) {
        const oc__measured *e = &m->entries[i];
        if (e->truth != e->predicted) list[(*n)++] = (mistake){(uint32_t)i, e->truth, e->predicted, e->probability, e->probability};
    }
    for (size_t i = 0; i < m->n_answers; i++) {
        const oc__answer *a = &m->answers[i];
        bool given = a->probability >= m->thresholds[a->tag];
        if (given == (a->bears == 1)) continue;
        list[(*n)++] = given ? (mistake){a->picture, OC__NONE, a->tag, a->probability, a->probability}
                             : (mistake){a->picture, a->tag, OC__NONE, 1 - a->probability, a->probability};
    }
    *out = list;
    return OC_OK;
}

/* What spoke for the tag that was wrongly given. */
static void explain(page *p, const char *path, uint32_t tag_number) {
    oc__bitmap bitmap = {0};
    oc_error why = OC_ERROR_INIT;
    if (!p->explainer || p->n_explained++ >= MAX_EXPLAINED) return;
    if (p->explainer->draw(&bitmap, p->explainer->user, path, tag_number, &why) == OC_OK) {
        oc__html_bitmap(p->out, &bitmap);
        oc__bitmap_free(&bitmap);
    } else if (why.code == OC_E_NOMEM) {
        p->out->failed = true;
    }
}

static void shot(page *p, const mistake *wrong) {
    const char *name = p->m->entries[wrong->picture].name;
    put(p, "<div class=\"shot\">");
    bool shown = name && p->n_pictures < MAX_PICTURES && oc__html_picture(p->out, name);
    p->n_pictures += shown;
    if (shown && wrong->predicted != OC__NONE) explain(p, name, wrong->predicted);
    if (wrong->truth != OC__NONE) {
        put(p, "<b>");
        tag(p, wrong->truth);
        put(p, wrong->predicted == OC__NONE ? "</b> not seen" : "</b> taken for <b>");
    } else {
        put(p, "wrongly <b>");
    }
    if (wrong->predicted != OC__NONE) {
        tag(p, wrong->predicted);
        put(p, "</b>");
    }
    put(p, ", ");
    oc__html_percent(p->out, (double)wrong->probability);
    if (name) {
        put(p, "<br><small title=\"");
        oc__html_text(p->out, name);
        put(p, "\">");
        oc__html_text(p->out, oc__page_last_part(name));
        put(p, "</small>");
    }
    put(p, "</div>");
}

static void cell_name(page *p, const mistake *wrong) {
    char text[64];
    snprintf(text, sizeof text, "c%ld-%ld", wrong->truth == OC__NONE ? -1L : (long)wrong->truth,
             wrong->predicted == OC__NONE ? -1L : (long)wrong->predicted);
    put(p, text);
}

/* A cell of the matrix: darker the more of its row's pictures it has. */
static void cell(page *p, uint32_t truth, uint32_t predicted, uint64_t n, double of) {
    char text[96];
    int strength = of > 0 ? (int)(100 * sqrt((double)n / of)) : 0;
    snprintf(text, sizeof text, "<td style=\"background:rgb(%d %d %d)\">", truth == predicted ? 245 - 150 * strength / 100 : 250,
             truth == predicted ? 248 - 60 * strength / 100 : 247 - 140 * strength / 100, 245 - 150 * strength / 100);
    put(p, text);
    if (!n) return;
    const mistake where = {.truth = truth, .predicted = predicted};
    if (truth != predicted) {
        put(p, "<a href=\"#");
        cell_name(p, &where);
        put(p, "\">");
    }
    count(p, n);
    if (truth != predicted) put(p, "</a>");
}

static void matrix(page *p) {
    const oc__measurement *m = p->m;
    put(p, "<div class=\"wide\"><table class=\"m\"><tr><th>bears &#8595; is taken for &#8594;");
    for (uint32_t t = 0; t < m->n_tags; t++) {
        put(p, "<th class=\"v\">");
        tag(p, t);
    }
    for (uint32_t truth = 0; truth < m->n_tags; truth++) {
        double of = 0;
        for (uint32_t t = 0; t < m->n_tags; t++) of += (double)oc__metrics_confusion(m, truth, t);
        put(p, "<tr><th>");
        tag(p, truth);
        for (uint32_t t = 0; t < m->n_tags; t++) cell(p, truth, t, oc__metrics_confusion(m, truth, t), of);
    }
    put(p, "</table></div>");
}

/* The pictures of each cell, one after the other; `list` is in the cells' order. */
static void cells(page *p, const mistake *list, size_t n) {
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && list[end].truth == list[i].truth && list[end].predicted == list[i].predicted;) end++;
        put(p, "<details id=\"");
        cell_name(p, &list[i]);
        put(p, "\"><summary>");
        if (list[i].truth != OC__NONE) tag(p, list[i].truth);
        put(p, list[i].truth == OC__NONE ? "wrongly " : list[i].predicted == OC__NONE ? ", not seen" : " taken for ");
        if (list[i].predicted != OC__NONE) tag(p, list[i].predicted);
        put(p, ": ");
        count(p, end - i);
        put(p, "</summary><div class=\"shots\">");
        for (size_t k = i; k < end && k < i + MAX_IN_CELL; k++) shot(p, &list[k]);
        put(p, "</div>");
        for (size_t k = i + MAX_IN_CELL; k < end; k++) {
            const char *name = p->m->entries[list[k].picture].name;
            if (!name) break;
            put(p, "<small>");
            oc__html_text(p->out, oc__page_last_part(name));
            put(p, "</small> ");
        }
        put(p, "</details>");
    }
}

static oc_status mistakes(page *p, oc_error *err) {
    const oc__measurement *m = p->m;
    mistake *list = NULL;
    size_t n = 0;
    oc_status status = find_mistakes(&list, &n, m, err);
    if (status) return status;
    if (n) qsort(list, n, sizeof *list, by_certainty);
    put(p, "<h2>The most certain mistakes</h2>");
    put(p, n ? "<p>Often it is the tag that is wrong, and not the model. What spoke for the wrong tag is red and yellow in the "
               "second picture.</p><div class=\"shots\">" : "<p>There are none.</p><div class=\"shots\">");
    for (size_t i = 0; i < n && i < MAX_MISTAKES; i++) shot(p, &list[i]);
    put(p, "</div><h2>All mistakes</h2>");
    if (!m->several && m->n_tags <= MAX_MATRIX) matrix(p);
    if (n) qsort(list, n, sizeof *list, by_cell);
    cells(p, list, n);
    oc__free(m->context, list);
    return OC_OK;
}

/* Accuracy over the number of pictures; the last point is what is expected. */
static void learning(page *p, const oc_model *model) {
    oc_learning_point points[OC__MAX_LEARNING];
    double x[OC__MAX_LEARNING], y[OC__MAX_LEARNING];
    uint32_t n = oc__learning_of(points, model);
    const oc__curve curve = {x, y, n};
    if (n == 0) return;
    for (uint32_t i = 0; i < n; i++) {
        x[i] = (double)points[i].n_pictures / (double)points[n - 1].n_pictures;
        y[i] = points[i].accuracy;
    }
    put(p, "<h2>Would more pictures help?</h2><p>What other pictures came out right after learning "
           "from so many, by cross-validation when the model was trained; the last line is expected, since errors fall as a power of the "
           "number of pictures.</p><div class=\"plots\"><div class=\"wide\"><table><tr><th>pictures<th>right");
    for (uint32_t i = 0; i < n; i++) {
        put(p, points[i].is_measured ? "<tr><td>" : "<tr><td>expected, with ");
        count(p, (size_t)points[i].n_pictures);
        put(p, "<td>");
        oc__html_percent(p->out, points[i].accuracy);
    }
    put(p, "</table></div><figure>");
    oc__html_plot(p->out, &curve, "pictures, against twice as many as now", "right", false, true);
    put(p, "</figure></div>");
}

oc_status oc__page_write(oc__buffer *out, const oc__measurement *m, const oc_model *model,
                         const oc__page_explainer *explainer, oc_error *err) {
    const char *const *tags = (const char *const *)model->tags;
    page p = {.out = out, .m = m, .tags = tags, .explainer = explainer};
    if (m->boxed) return oc__box_page_write(out, m, tags, err);
    oc_status status = head(&p, err);
    if (!status) status = tag_table(&p, err);
    if (!status) status = m->several ? precision_recall(&p, err) : triage(&p, err);
    if (!status) reliability(&p);
    if (!status) learning(&p, model);
    if (!status) status = mistakes(&p, err);
    put(&p, "</body></html>\n");
    if (!status && out->failed) status = oc__fail_nomem(err, m->context, out->capacity, "report");
    return status;
}
