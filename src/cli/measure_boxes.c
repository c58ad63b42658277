/* Shows how good a detector is.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "console.h"
#include "measure.h"
#include "table.h"
#include "text.h"

/* From which probability on a box counts. */
static double box_probability(const measure_options *options) { return options->threshold < 0 ? 0.5 : options->threshold; }

static int box_row(table *t, const char *name, const oc_report *report, int32_t tag, const measure_options *options) {
    oc_error error = OC_ERROR_INIT;
    oc_box_metrics m = OC_BOX_METRICS_INIT;
    if (oc_report_box_metrics(report, tag, box_probability(options), options->overlap, &m, &error) != OC_OK)
        return console_failure(&error);
    table_cell(t, "%s", name);
    table_cell(t, "%llu", (unsigned long long)m.n_objects);
    table_cell(t, "%.1f %%", 100 * m.precision);
    table_cell(t, "%.1f %%", 100 * m.recall);
    table_cell(t, "%.1f %%", 100 * m.f1);
    table_cell(t, "%.1f %%", 100 * m.ap50);
    table_cell(t, "%.1f %%", 100 * m.ap);
    table_cell(t, "%.1f %%", 100 * m.average_recall);
    table_cell(t, "%.1f %%", 100 * m.best_f1);
    if (tag >= 0)
        table_cell(t, "%.1f %%", 100 * m.best_probability);
    else
        table_cell(t, "%s", "");
    return STATUS_DONE;
}

static const char *const kinds[] = {"", "missed", "false", "wrong tag", "badly placed", "double"};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A detector's mistakes, kind by kind, the most certain first. */
typedef struct box_findings {
    const oc_report *report;
    oc_box_mistake *items;
    size_t n, counts[N_KINDS];
    bool named; /* the pictures' names are known */
} box_findings;

/* A missed object is the more striking the larger it is. */
static double box_weight(const oc_box_mistake *m) {
    return m->kind == OC_MISTAKE_MISSED ? (double)m->truth.width * (double)m->truth.height : (double)m->found.probability;
}

static int by_kind(const void *a, const void *b) {
    const oc_box_mistake *x = a, *y = b;
    double left = box_weight(x), right = box_weight(y);
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (left != right) return left > right ? -1 : 1;
    return (x->picture > y->picture) - (x->picture < y->picture);
}

static int gather_boxes(box_findings *f, const oc_report *report, const measure_options *options) {
    oc_error error = OC_ERROR_INIT;
    oc_box_mistake_list *list = NULL;
    const oc_box_mistake blank = OC_BOX_MISTAKE_INIT;
    f->report = report;
    if (oc_report_box_mistakes(&list, report, box_probability(options), options->overlap, &error) != OC_OK)
        return console_failure(&error);
    size_t n = oc_box_mistake_list_count(list);
    f->items = text_allocate((n + 1) * sizeof(*f->items));
    for (; f->n < n; f->n++) {
        f->items[f->n] = blank;
        oc_box_mistake_list_get(list, f->n, &f->items[f->n], NULL);
        if (f->items[f->n].kind < N_KINDS) f->counts[f->items[f->n].kind]++;
        f->named = f->named || f->items[f->n].name != NULL;
    }
    oc_box_mistake_list_free(list);
    if (n > 0) qsort(f->items, n, sizeof(*f->items), by_kind);
    return STATUS_DONE;
}

/* Whether mistake `index` is among the first that are listed of its kind. */
static bool is_listed(const box_findings *f, size_t index, const measure_options *options) {
    size_t n = (size_t)options->n_mistakes;
    return f->named && n > 0 && (index < n || f->items[index - n].kind != f->items[index].kind);
}

static void mistake_row(table *t, const box_findings *f, const oc_box_mistake *m) {
    const oc_box *box = m->found.tag >= 0 ? &m->found : &m->truth;
    table_cell(t, "%s", kinds[m->kind]);
    table_cell(t, "%s", m->name != NULL ? m->name : "");
    table_cell(t, "%s", oc_report_tag(f->report, (size_t)box->tag));
    if (m->kind == OC_MISTAKE_WRONG_TAG)
        table_cell(t, "is %s", oc_report_tag(f->report, (size_t)m->truth.tag));
    else
        table_cell(t, "%s", "");
    if (m->found.tag >= 0)
        table_cell(t, "%.1f %%", 100 * (double)m->found.probability);
    else
        table_cell(t, "%s", "");
    table_cell(t, "left %.3f  top %.3f  width %.3f  height %.3f", (double)box->left, (double)box->top, (double)box->width,
               (double)box->height);
}

static void print_box_mistakes(const box_findings *f, const measure_options *options) {
    table t = {0};
    if (f->n == 0) return;
    printf("\nMistakes:");
    for (size_t kind = 1; kind < N_KINDS; kind++) printf("%s %zu %s", kind > 1 ? "," : "", f->counts[kind], kinds[kind]);
    printf("\n");
    if (!f->named || options->n_mistakes == 0) return;
    table_begin(&t, "llllrl");
    for (size_t i = 0; i < f->n; i++)
        if (is_listed(f, i, options)) mistake_row(&t, f, &f->items[i]);
    table_end(&t, 2);
}

static void write_box(json *j, const char *key, const oc_report *report, const oc_box *box, bool found) {
    if (box->tag < 0) return;
    json_object(j, key);
    json_text(j, "tag", oc_report_tag(report, (size_t)box->tag));
    if (found) json_probability(j, "probability", box->probability);
    json_probability(j, "left", box->left);
    json_probability(j, "top", box->top);
    json_probability(j, "width", box->width);
    json_probability(j, "height", box->height);
    json_end_object(j);
}

static int write_box_mistakes(json *j, const oc_report *report, const measure_options *options) {
    box_findings f = {0};
    int status = gather_boxes(&f, report, options);
    if (status == STATUS_DONE) {
        json_object(j, "n_mistakes");
        for (size_t kind = 1; kind < N_KINDS; kind++) json_integer(j, kinds[kind], (int64_t)f.counts[kind]);
        json_end_object(j);
        json_array(j, "mistakes");
        for (size_t i = 0; i < f.n; i++) {
            const oc_box_mistake *m = &f.items[i];
            if (!is_listed(&f, i, options)) continue;
            json_object(j, NULL);
            json_text(j, "kind", kinds[m->kind]);
            json_text(j, "picture", m->name);
            json_number(j, "overlap", m->overlap);
            write_box(j, "found", report, &m->found, true);
            write_box(j, "truth", report, &m->truth, false);
            json_end_object(j);
        }
        json_end_array(j);
    }
    free(f.items);
    return status;
}

static int print_deviations(const oc_report *report, const measure_options *options) {
    oc_error error = OC_ERROR_INIT;
    oc_box_metrics m = OC_BOX_METRICS_INIT;
    if (oc_report_method(report) != OC_REPORT_CROSS_VALIDATION) return STATUS_DONE;
    if (oc_report_box_metrics(report, OC_TAGS_MEAN, box_probability(options), options->overlap, &m, &error) != OC_OK)
        return console_failure(&error);
    printf("\n  standard deviation over the folds: precision %.1f, recall %.1f, AP50 %.1f, AP50:95 %.1f points\n",
           100 * m.precision_deviation, 100 * m.recall_deviation, 100 * m.ap50_deviation, 100 * m.ap_deviation);
    return STATUS_DONE;
}

int measure_boxes_print(const oc_report *report, const measure_options *options) {
    static const char *const titles[] = {"tag",  "objects", "precision", "recall",  "F1",
                                         "AP50", "AP50:95", "AR",        "best F1", "from"};
    size_t n = oc_report_n_tags(report);
    table t = {0};
    int status = STATUS_DONE;
    box_findings found = {0};
    measure_print_method(report);
    printf("A box counts from %.4g %% on, and finds an object if they overlap by %.4g %%.\n\n", 100 * box_probability(options),
           100 * options->overlap);
    table_begin(&t, "lrrrrrrrrr");
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) table_cell(&t, "%s", titles[i]);
    for (size_t i = 0; i < n && status == STATUS_DONE; i++)
        status = box_row(&t, oc_report_tag(report, i), report, (int32_t)i, options);
    if (n > 1 && status == STATUS_DONE) status = box_row(&t, "(mean of the tags)", report, OC_TAGS_MEAN, options);
    table_end(&t, 2);
    if (status == STATUS_DONE) status = print_deviations(report, options);
    if (status == STATUS_DONE) status = gather_boxes(&found, report, options);
    if (status == STATUS_DONE) print_box_mistakes(&found, options);
    free(found.items);
    return status;
}

static int box_members(json *j, const oc_report *report, int32_t tag, const measure_options *options) {
    oc_error error = OC_ERROR_INIT;
    oc_box_metrics m = OC_BOX_METRICS_INIT;
    if (oc_report_box_metrics(report, tag, box_probability(options), options->overlap, &m, &error) != OC_OK)
        return console_failure(&error);
    json_integer(j, "n_pictures", m.n_pictures);
    json_integer(j, "n_objects", (int64_t)m.n_objects);
    json_integer(j, "n_predicted", (int64_t)m.n_predicted);
    json_integer(j, "n_correct", (int64_t)m.n_correct);
    json_number(j, "precision", m.precision);
    json_number(j, "recall", m.recall);
    json_number(j, "f1", m.f1);
    json_number(j, "ap50", m.ap50);
    json_number(j, "ap", m.ap);
    json_number(j, "average_recall", m.average_recall);
    json_number(j, "ap_small", m.ap_small);
    json_number(j, "ap_medium", m.ap_medium);
    json_number(j, "ap_large", m.ap_large);
    json_number(j, "best_f1", m.best_f1);
    json_number(j, "best_probability", m.best_probability);
    if (oc_report_method(report) == OC_REPORT_CROSS_VALIDATION) {
        json_number(j, "precision_deviation", m.precision_deviation);
        json_number(j, "recall_deviation", m.recall_deviation);
        json_number(j, "ap50_deviation", m.ap50_deviation);
        json_number(j, "ap_deviation", m.ap_deviation);
    }
    return STATUS_DONE;
}

int measure_boxes_json(json *j, const char *key, const oc_report *report, const measure_options *options) {
    int status;
    json_object(j, key);
    json_text(j, "kind", "detection");
    measure_method_json(j, report);
    json_integer(j, "n_pictures", (int64_t)oc_report_count(report));
    json_integer(j, "n_skipped", (int64_t)oc_report_n_skipped(report));
    json_number(j, "probability", box_probability(options));
    json_number(j, "overlap", options->overlap);
    json_object(j, "mean");
    status = box_members(j, report, OC_TAGS_MEAN, options);
    json_end_object(j);
    json_object(j, "together");
    if (status == STATUS_DONE) status = box_members(j, report, OC_TAGS_TOGETHER, options);
    json_end_object(j);
    json_array(j, "tags");
    for (size_t i = 0; i < oc_report_n_tags(report) && status == STATUS_DONE; i++) {
        json_object(j, NULL);
        json_text(j, "tag", oc_report_tag(report, i));
        status = box_members(j, report, (int32_t)i, options);
        json_end_object(j);
    }
    json_end_array(j);
    if (status == STATUS_DONE) status = write_box_mistakes(j, report, options);
    json_end_object(j);
    return status;
}
