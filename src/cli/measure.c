/* Shows how good a model is.
 * SPDX-License-Identifier: MIT */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "table.h"
#include "text.h"

#define MAX_CONFUSIONS 10

option_group measure_group(measure_options *m) {
    const cli_option options[N_MEASURE_OPTIONS] = {
        {"threshold", 0, OPTION_NUMBER, "P",
         "count a picture as predicted only if its best tag has at least this probability, 0 to 1 (default 0); where a picture has any "
         "number of tags, count those from this probability on (default: each tag's own threshold); of a detector, count boxes from this "
         "probability on (default 0.5)", 0, 1,
         &m->threshold},
        {"overlap", 0, OPTION_NUMBER, "P",
         "of a detector: a box finds an object that it overlaps by at least this, intersection over union, 0 to 1 (default 0.3)", 0, 1,
         &m->overlap},
        {"reach", 0, OPTION_NUMBER, "P",
         "of a classifier: tell from which probability on this share of the answers is right, 0 to 1, and how many pictures that "
         "leaves to a human", 0, 1, &m->reach},
        {"curves", 0, OPTION_FLAG, NULL, "with --json, of a classifier: precision and recall at every threshold", 0, 0, &m->curves},
        {"mistakes", 0, OPTION_INTEGER, "N",
         "list at most this many mistakes, the most certain first, and of a detector of each kind (default 10)", 0, 1e9,
         &m->n_mistakes},
    };
    *m = (measure_options){.threshold = OC_THRESHOLD_OWN, .overlap = OC_OVERLAP_STANDARD, .reach = -1, .n_mistakes = 10};
    memcpy(m->table, options, sizeof(options));
    return (option_group){"Options for measuring", m->table, N_MEASURE_OPTIONS};
}

typedef struct confusion {
    int32_t truth;
    int32_t predicted;
    int64_t n;
} confusion;

/* What both forms of output need, gathered once. */
typedef struct findings {
    const oc_report *report;
    bool several;
    double threshold;
    size_t n_tags;
    oc_metrics *tags; /* n_tags of them */
    oc_metrics together;
    oc_metrics mean;
    oc_report_entry *mistakes; /* the most certain first */
    size_t n_mistakes;
    size_t n_listed;       /* of the mistakes; 0 if the pictures' names are not known */
    confusion *confusions; /* the most frequent first */
    size_t n_confusions;
} findings;

/* Of a mistake. Where a picture has any number of tags that is one tag too many (truth is -1) or missing (predicted is -1). */
static double certainty(const oc_report_entry *mistake) {
    return mistake->predicted < 0 ? 1 - (double)mistake->probability : (double)mistake->probability;
}

static int by_certainty(const void *a, const void *b) {
    const oc_report_entry *x = a, *y = b;
    double left = certainty(x), right = certainty(y);
    if (left != right) return left > right ? -1 : 1;
    return x->name != NULL && y->name != NULL ? strcmp(x->name, y->name) : 0;
}

static int by_pair(const void *a, const void *b) {
    const confusion *x = a, *y = b;
    if (x->truth != y->truth) return x->truth < y->truth ? -1 : 1;
    return (x->predicted > y->predicted) - (x->predicted < y->predicted);
}

static int by_frequency(const void *a, const void *b) {
    const confusion *x = a, *y = b;
    if (x->n != y->n) return x->n > y->n ? -1 : 1;
    return by_pair(a, b);
}

/* Counted from the mistakes, because a table of all pairs of ten thousand tags would be far longer than they are. */
static void count_confusions(findings *f) {
    f->confusions = text_allocate(f->n_mistakes * sizeof(*f->confusions));
    for (size_t i = 0; i < f->n_mistakes; i++)
        f->confusions[i] = (confusion){f->mistakes[i].truth, f->mistakes[i].predicted, 1};
    qsort(f->confusions, f->n_mistakes, sizeof(*f->confusions), by_pair);
    for (size_t i = 0; i < f->n_mistakes; i++) {
        if (f->n_confusions > 0 && by_pair(&f->confusions[f->n_confusions - 1], &f->confusions[i]) == 0)
            f->confusions[f->n_confusions - 1].n++;
        else
            f->confusions[f->n_confusions++] = f->confusions[i];
    }
    qsort(f->confusions, f->n_confusions, sizeof(*f->confusions), by_frequency);
}

static void add_mistake(findings *f, size_t *room, const oc_report_entry *mistake) {
    if (f->n_mistakes == *room) {
        *room = *room * 2 + 16;
        f->mistakes = text_reallocate(f->mistakes, *room * sizeof(*f->mistakes));
    }
    f->mistakes[f->n_mistakes++] = *mistake;
}

/* The wrong ones of the tags that picture `index` was or was not given. */
static void find_wrong_tags(findings *f, size_t *room, size_t index, oc_report_entry entry) {
    oc_report_said said = OC_REPORT_SAID_INIT;
    for (size_t k = 0; k < oc_report_n_answers(f->report, index); k++) {
        oc_report_answer(f->report, index, k, &said, NULL);
        bool given = f->threshold < 0 ? said.given : (double)said.probability >= f->threshold;
        if (given == (said.bears == 1)) continue;
        entry.truth = said.bears ? said.tag : -1;
        entry.predicted = given ? said.tag : -1;
        entry.probability = said.probability;
        add_mistake(f, room, &entry);
    }
}

static int gather(findings *f, const oc_report *report, const measure_options *options) {
    oc_error error = OC_ERROR_INIT;
    const oc_metrics blank = OC_METRICS_INIT;
    *f = (findings){.report = report, .several = oc_report_kind(report) == OC_MODEL_MULTILABEL, .threshold = options->threshold, .together = blank, .mean = blank};
    f->n_tags = oc_report_n_tags(report);
    f->tags = text_allocate(f->n_tags * sizeof(*f->tags));
    if (oc_report_metrics(report, OC_TAGS_TOGETHER, f->threshold, &f->together, &error) != OC_OK ||
        oc_report_metrics(report, OC_TAGS_MEAN, f->threshold, &f->mean, &error) != OC_OK)
        return console_failure(&error);
    for (size_t i = 0; i < f->n_tags; i++) {
        f->tags[i] = blank;
        if (oc_report_metrics(report, (int32_t)i, f->threshold, &f->tags[i], &error) != OC_OK) return console_failure(&error);
    }
    size_t room = 0;
    for (size_t i = 0; i < oc_report_count(report); i++) {
        oc_report_entry entry = OC_REPORT_ENTRY_INIT;
        if (oc_report_get(report, i, &entry, &error) != OC_OK) return console_failure(&error);
        if (f->several)
            find_wrong_tags(f, &room, i, entry);
        else if (entry.truth != entry.predicted)
            add_mistake(f, &room, &entry);
    }
    if (f->n_mistakes > 0) qsort(f->mistakes, f->n_mistakes, sizeof(*f->mistakes), by_certainty);
    if (!f->several && f->n_mistakes > 0) count_confusions(f);
    bool named = f->n_mistakes > 0 && f->mistakes[0].name != NULL;
    if (named) f->n_listed = (size_t)options->n_mistakes < f->n_mistakes ? (size_t)options->n_mistakes : f->n_mistakes;
    return STATUS_DONE;
}

static void release(findings *f) {
    free(f->tags);
    free(f->mistakes);
    free(f->confusions);
}

static void tag_row(table *t, const char *name, const oc_metrics *m, bool counted) {
    table_cell(t, "%s", name);
    table_cell(t, "%u", m->n_pictures);
    if (counted)
        table_cell(t, "%u", m->n_predicted);
    else
        table_cell(t, "%s", "");
    table_cell(t, "%.1f %%", 100 * m->precision);
    table_cell(t, "%.1f %%", 100 * m->recall);
    table_cell(t, "%.1f %%", 100 * m->f1);
    table_cell(t, "%.1f %%", 100 * m->average_precision);
}

/* From where on the tag counts as given; a column only where that differs. */
static void threshold_cell(table *t, const findings *f, int64_t tag) {
    if (!f->several) return;
    if (tag < 0)
        table_cell(t, "%s", "");
    else
        table_cell(t, "%.1f %%", 100 * (f->threshold < 0 ? oc_report_threshold(f->report, (size_t)tag) : f->threshold));
}

static void print_tags(const findings *f) {
    static const char *const titles[] = {"tag", "pictures", "predicted", "precision", "recall", "F1", "AP", "threshold"};
    table t = {0};
    table_begin(&t, f->several ? "lrrrrrrr" : "lrrrrrr");
    for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]) - !f->several; i++) table_cell(&t, "%s", titles[i]);
    for (size_t i = 0; i < f->n_tags; i++) {
        tag_row(&t, oc_report_tag(f->report, i), &f->tags[i], true);
        threshold_cell(&t, f, (int64_t)i);
    }
    if (f->n_tags > 1) {
        tag_row(&t, "(mean of the tags)", &f->mean, false);
        threshold_cell(&t, f, -1);
    }
    table_end(&t, 2);
}

static void print_confusions(const findings *f) {
    size_t n = f->n_confusions < MAX_CONFUSIONS ? f->n_confusions : MAX_CONFUSIONS;
    if (n == 0) return;
    printf("\nMost often confused%s\n", n < f->n_confusions ? " (the first of more)" : "");
    table t = {0};
    table_begin(&t, "lllr");
    for (size_t i = 0; i < n; i++) {
        const confusion *c = &f->confusions[i];
        table_cell(&t, "%s", oc_report_tag(f->report, (size_t)c->truth));
        table_cell(&t, "taken for");
        table_cell(&t, "%s", oc_report_tag(f->report, (size_t)c->predicted));
        table_cell(&t, "%lld of %u", (long long)c->n, f->tags[c->truth].n_pictures);
    }
    table_end(&t, 2);
}

static void print_mistakes(const findings *f) {
    if (f->n_listed == 0) return;
    if (f->n_listed < f->n_mistakes)
        printf("\nMistakes, the most certain %zu of %zu\n", f->n_listed, f->n_mistakes);
    else
        printf("\nMistakes, the most certain first\n");
    table t = {0};
    table_begin(&t, f->several ? "lllr" : "llllr");
    for (size_t i = 0; i < f->n_listed; i++) {
        const oc_report_entry *entry = &f->mistakes[i];
        table_cell(&t, "%s", entry->name);
        if (f->several) {
            table_cell(&t, entry->predicted < 0 ? "lacks" : "has wrongly");
        } else {
            table_cell(&t, "%s", oc_report_tag(f->report, (size_t)entry->truth));
            table_cell(&t, "taken for");
        }
        table_cell(&t, "%s", oc_report_tag(f->report, (size_t)(entry->predicted < 0 ? entry->truth : entry->predicted)));
        table_cell(&t, "%.1f %%", 100 * (double)entry->probability);
    }
    table_end(&t, 2);
}

/* The point of a tag's curve (OC_TAGS_TOGETHER: of all) at which a precision is reached; false if there is none. */
static bool find_reach(oc_operating_point *point, const oc_report *report, int32_t tag, double precision) {
    oc_curve *curve = NULL;
    bool found = oc_report_curve(&curve, report, tag, NULL) == OC_OK &&
                 oc_curve_find(curve, OC_GOAL_PRECISION, precision, point, NULL) == OC_OK;
    oc_curve_free(curve);
    return found;
}

static void reach_row(table *t, const findings *f, const char *name, int32_t tag, double precision) {
    oc_operating_point p = OC_OPERATING_POINT_INIT;
    table_cell(t, "%s", name);
    if (!find_reach(&p, f->report, tag, precision)) {
        for (int i = 0; i < 3; i++) table_cell(t, "%s", i ? "" : "never");
        return;
    }
    table_cell(t, "%.1f %%", 100 * p.threshold);
    table_cell(t, "%.1f %%", 100 * p.recall);
    table_cell(t, "%llu", (unsigned long long)p.n_predicted);
}

static void print_reach(const findings *f, double precision) {
    oc_operating_point p = OC_OPERATING_POINT_INIT;
    table t = {0};
    if (precision < 0) return;
    if (!f->several && find_reach(&p, f->report, OC_TAGS_TOGETHER, precision))
        printf("\n%.4g %% of the answers are right from %.1f %% on: %.1f %% of the pictures; %.1f %% are left to a human\n", 100 * precision,
               100 * p.threshold, 100 * p.share, 100 * (1 - p.share));
    else if (!f->several)
        printf("\n%.4g %% of the answers are right at no threshold\n", 100 * precision);
    else
        printf("\n%.4g %% of the answers are right\n", 100 * precision);
    table_begin(&t, "lrrr");
    table_cell(&t, "tag");
    table_cell(&t, "from");
    table_cell(&t, "recall");
    table_cell(&t, "pictures");
    for (size_t i = 0; i < f->n_tags; i++) reach_row(&t, f, oc_report_tag(f->report, i), (int32_t)i, precision);
    table_end(&t, 2);
}

void measure_print_method(const oc_report *report) {
    size_t n = oc_report_count(report), n_skipped = oc_report_n_skipped(report);
    if (oc_report_method(report) == OC_REPORT_CROSS_VALIDATION)
        printf("Measured by %u-fold cross-validation on %zu pictures.\n", oc_report_n_folds(report), n);
    else
        printf("Measured on %zu test picture%s.\n", n, n == 1 ? "" : "s");
    if (n_skipped > 0)
        printf("%zu picture%s could not be read and %s left out.\n", n_skipped, n_skipped == 1 ? "" : "s",
               n_skipped == 1 ? "was" : "were");
}

void measure_method_json(json *j, const oc_report *report) {
    json_text(j, "method", oc_report_method(report) == OC_REPORT_CROSS_VALIDATION ? "cross-validation" : "test-set");
    json_integer(j, "n_folds", oc_report_n_folds(report));
}

static void print_threshold(const findings *f) {
    if (f->several && f->threshold >= 0)
        printf("A tag counts as given from %.4g %% on.\n", 100 * f->threshold);
    else if (f->threshold > 0)
        printf("A best tag below %.4g %% does not count as predicted.\n", 100 * f->threshold);
}

int measure_print(const oc_report *report, const measure_options *options) {
    if (oc_report_kind(report) == OC_MODEL_DETECTION) return measure_boxes_print(report, options);
    findings f;
    int status = gather(&f, report, options);
    if (status == STATUS_DONE) {
        measure_print_method(report);
        print_threshold(&f);
        printf("\n");
        print_tags(&f);
        if (f.several)
            printf("\n  all tags right on %.1f %% of the pictures, %.2f %% of all answers wrong (at the tags' own thresholds)\n  ",
                   100 * oc_report_accuracy(report), 100 * oc_report_hamming_loss(report));
        else
            printf("\n  accuracy %.1f %%, ", 100 * oc_report_accuracy(report));
        printf("macro F1 %.1f %%, mean AP %.1f %%\n", 100 * f.mean.f1, 100 * f.mean.average_precision);
        printf("  probabilities are off by %.1f points on average (expected calibration error)\n",
               100 * oc_report_calibration_error(report));
        if (oc_report_method(report) == OC_REPORT_CROSS_VALIDATION)
            printf("  standard deviation over the folds: precision %.1f, recall %.1f, AP %.1f points\n",
                   100 * f.mean.precision_deviation, 100 * f.mean.recall_deviation, 100 * f.mean.average_precision_deviation);
        print_reach(&f, options->reach);
        print_confusions(&f);
        print_mistakes(&f);
    }
    release(&f);
    return status;
}

static void metrics_members(json *j, const oc_metrics *m, bool deviations) {
    json_integer(j, "n_pictures", m->n_pictures);
    json_integer(j, "n_predicted", m->n_predicted);
    json_integer(j, "n_correct", m->n_correct);
    json_number(j, "precision", m->precision);
    json_number(j, "recall", m->recall);
    json_number(j, "f1", m->f1);
    json_number(j, "average_precision", m->average_precision);
    if (deviations) {
        json_number(j, "precision_deviation", m->precision_deviation);
        json_number(j, "recall_deviation", m->recall_deviation);
        json_number(j, "average_precision_deviation", m->average_precision_deviation);
    }
}

static void write_reliability(json *j, const oc_report *report) {
    oc_reliability bin = OC_RELIABILITY_INIT;
    json_number(j, "calibration_error", oc_report_calibration_error(report));
    json_array(j, "reliability");
    for (size_t i = 0; oc_report_reliability(report, i, &bin, NULL) == OC_OK; i++) {
        json_object(j, NULL);
        json_number(j, "low", bin.low);
        json_number(j, "high", bin.high);
        json_integer(j, "n_pictures", bin.n_pictures);
        json_number(j, "probability", bin.probability);
        json_number(j, "accuracy", bin.accuracy);
        json_end_object(j);
    }
    json_end_array(j);
}

static void write_point(json *j, const oc_operating_point *p) {
    json_number(j, "threshold", p->threshold);
    json_integer(j, "n_predicted", (int64_t)p->n_predicted);
    json_integer(j, "n_correct", (int64_t)p->n_correct);
    json_number(j, "precision", p->precision);
    json_number(j, "recall", p->recall);
    json_number(j, "f1", p->f1);
    json_number(j, "share", p->share);
}

/* Of one tag, or of all. */
static void write_thresholds(json *j, const oc_report *report, int32_t tag, const measure_options *options) {
    oc_operating_point p = OC_OPERATING_POINT_INIT;
    oc_curve *curve = NULL;
    if (options->reach >= 0 && find_reach(&p, report, tag, options->reach)) {
        json_object(j, "reach");
        write_point(j, &p);
        json_end_object(j);
    } else if (options->reach >= 0) {
        json_text(j, "reach", NULL);
    }
    if (!options->curves || oc_report_curve(&curve, report, tag, NULL) != OC_OK) return;
    json_array(j, "curve");
    for (size_t i = 0; oc_curve_get(curve, i, &p, NULL) == OC_OK; i++) {
        json_object(j, NULL);
        write_point(j, &p);
        json_end_object(j);
    }
    json_end_array(j);
    oc_curve_free(curve);
}

static void write_json(json *j, const char *key, const findings *f, const measure_options *options) {
    const oc_report *report = f->report;
    bool folds = oc_report_method(report) == OC_REPORT_CROSS_VALIDATION;
    json_object(j, key);
    json_text(j, "kind", f->several ? "multilabel" : "classification");
    measure_method_json(j, report);
    json_integer(j, "n_pictures", (int64_t)oc_report_count(report));
    json_integer(j, "n_skipped", (int64_t)oc_report_n_skipped(report));
    if (f->several && f->threshold < 0)
        json_text(j, "threshold", NULL);
    else
        json_number(j, "threshold", f->threshold > 0 ? f->threshold : 0);
    json_number(j, "accuracy", oc_report_accuracy(report));
    json_number(j, "hamming_loss", oc_report_hamming_loss(report));
    write_reliability(j, report);
    json_object(j, "together");
    metrics_members(j, &f->together, folds);
    write_thresholds(j, report, OC_TAGS_TOGETHER, options);
    json_end_object(j);
    json_object(j, "mean");
    metrics_members(j, &f->mean, folds);
    json_end_object(j);
    json_array(j, "tags");
    for (size_t i = 0; i < f->n_tags; i++) {
        json_object(j, NULL);
        json_text(j, "tag", oc_report_tag(report, i));
        if (f->several) json_number(j, "threshold", f->threshold < 0 ? oc_report_threshold(report, i) : f->threshold);
        metrics_members(j, &f->tags[i], folds);
        write_thresholds(j, report, (int32_t)i, options);
        json_end_object(j);
    }
    json_end_array(j);
    json_array(j, "confusions");
    for (size_t i = 0; i < f->n_confusions; i++) {
        json_object(j, NULL);
        json_text(j, "truth", oc_report_tag(report, (size_t)f->confusions[i].truth));
        json_text(j, "predicted", oc_report_tag(report, (size_t)f->confusions[i].predicted));
        json_integer(j, "n_pictures", f->confusions[i].n);
        json_end_object(j);
    }
    json_end_array(j);
    json_integer(j, "n_mistakes", (int64_t)f->n_mistakes);
    json_array(j, "mistakes");
    for (size_t i = 0; i < f->n_listed; i++) {
        const oc_report_entry *entry = &f->mistakes[i];
        json_object(j, NULL);
        json_text(j, "picture", entry->name);
        json_text(j, "truth", entry->truth < 0 ? NULL : oc_report_tag(report, (size_t)entry->truth));
        json_text(j, "predicted", entry->predicted < 0 ? NULL : oc_report_tag(report, (size_t)entry->predicted));
        json_probability(j, "probability", entry->probability);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

int measure_json(json *j, const char *key, const oc_report *report, const measure_options *options) {
    if (oc_report_kind(report) == OC_MODEL_DETECTION) return measure_boxes_json(j, key, report, options);
    findings f;
    int status = gather(&f, report, options);
    if (status == STATUS_DONE) write_json(j, key, &f, options);
    release(&f);
    return status;
}
