/* oc_report. SPDX-License-Identifier: MIT */
#include "arguments.h"
#include "average_precision.h"
#include "box_mistakes.h"
#include "curve.h"
#include "explain.h"
#include "file.h"
#include "learning.h"
#include "memory.h"
#include "metrics.h"
#include "page.h"
#include "result.h"

struct oc_report {
    oc_model *model;
    oc__measurement *measurement;
};

oc_status oc__report_create(oc_report **out, const oc_model *model, oc__measurement *measurement, oc_error *err) {
    oc_report *report = oc__alloc_zero(model->context, sizeof *report);
    if (!report) {
        oc__measurement_free(measurement);
        return oc__fail_nomem(err, model->context, sizeof *report, "report");
    }
    report->model = oc__model_retain(model);
    report->measurement = measurement;
    *out = report;
    return OC_OK;
}

void oc_report_free(oc_report *report) {
    if (!report) return;
    oc_model *model = report->model;
    oc__measurement_free(report->measurement);
    oc__free(model->context, report);
    oc__model_release(model);
}

uint32_t oc_report_method(const oc_report *report) { return report ? report->measurement->method : 0; }

uint32_t oc_report_n_folds(const oc_report *report) { return report ? report->measurement->n_folds : 0; }

size_t oc_report_count(const oc_report *report) { return report ? report->measurement->n : 0; }

size_t oc_report_n_skipped(const oc_report *report) { return report ? report->measurement->n_skipped : 0; }

size_t oc_report_n_tags(const oc_report *report) { return report ? report->measurement->n_tags : 0; }

const char *oc_report_tag(const oc_report *report, size_t tag) { return report ? oc_model_tag(report->model, tag) : NULL; }

double oc_report_threshold(const oc_report *report, size_t tag) {
    return report ? oc_model_threshold(report->model, tag) : 0;
}

double oc_report_accuracy(const oc_report *report) { return report ? oc__metrics_accuracy(report->measurement) : 0; }

double oc_report_hamming_loss(const oc_report *report) { return report ? oc__metrics_hamming_loss(report->measurement) : 0; }

uint32_t oc_report_kind(const oc_report *report) { return report ? oc_model_kind(report->model) : 0; }

double oc_report_calibration_error(const oc_report *report) {
    return report ? oc__metrics_calibration_error(report->measurement) : 0;
}

oc_status oc_report_reliability(const oc_report *report, size_t bin, oc_reliability *reliability, oc_error *err) {
    oc_status status = oc__check_pointer(report, "report", err);
    if (status) return status;
    if (bin >= OC__N_RELIABILITY_BINS)
        return oc__fail(err, OC_E_NOT_FOUND, "bin %zu is out of range, there are %d", bin, OC__N_RELIABILITY_BINS);
    oc_reliability known = oc__metrics_reliability(report->measurement, bin);
    return oc__struct_write(reliability, &known, sizeof known, sizeof known, "oc_reliability", err);
}

oc_status oc_report_metrics(const oc_report *report, int32_t tag, double threshold, oc_metrics *metrics, oc_error *err) {
    oc_metrics known;
    oc_status status = oc__check_pointer(report, "report", err);
    if (!status) status = oc__metrics_of(&known, report->measurement, tag, threshold, err);
    return status
               ? status
               : oc__struct_write(metrics, &known, sizeof known, offsetof(oc_metrics, precision_deviation), "oc_metrics", err);
}

oc_status oc_report_box_metrics(const oc_report *report, int32_t tag, double probability, double overlap, oc_box_metrics *metrics,
                                oc_error *err) {
    oc_box_metrics known;
    oc_status status = oc__check_pointer(report, "report", err);
    if (status) return status;
    if (!report->measurement->boxed) return oc__fail(err, OC_E_ARGUMENT, "the report is not of a detector");
    status = oc__box_metrics_of(&known, report->measurement, tag, probability, overlap, err);
    const oc__prepare_rule *rule = &report->model->rule;
    double by_size[3], n_pixels = (double)rule->width * rule->height;
    if (!status) status = oc__box_ap_by_size(by_size, report->measurement, tag, n_pixels, err);
    if (!status) {
        known.ap_small = by_size[0];
        known.ap_medium = by_size[1];
        known.ap_large = by_size[2];
    }
    return status ? status
                  : oc__struct_write(metrics, &known, sizeof known, offsetof(oc_box_metrics, best_probability),
                                     "oc_box_metrics", err);
}

struct oc_box_mistake_list {
    const oc_report *report;
    oc__box_mistakes mistakes;
};

oc_status oc_report_box_mistakes(oc_box_mistake_list **out, const oc_report *report, double probability, double overlap,
                                 oc_error *err) {
    oc_status status = oc__check_call(out, report, "report", report, "report", err);
    if (status) return status;
    if (!report->measurement->boxed) return oc__fail(err, OC_E_ARGUMENT, "the report is not of a detector");
    oc_context *context = report->model->context;
    oc_box_mistake_list *list = oc__alloc_zero(context, sizeof *list);
    if (!list) return oc__fail_nomem(err, context, sizeof *list, "report");
    list->report = report;
    status = oc__box_mistakes_find(&list->mistakes, report->measurement, probability, overlap, err);
    if (status)
        oc__free(context, list);
    else
        *out = list;
    return status;
}

void oc_box_mistake_list_free(oc_box_mistake_list *list) {
    if (!list) return;
    oc_context *context = list->mistakes.context;
    oc__box_mistakes_free(&list->mistakes);
    oc__free(context, list);
}

size_t oc_box_mistake_list_count(const oc_box_mistake_list *list) { return list ? list->mistakes.n : 0; }

static oc_box box_of(uint32_t tag, float probability, const oc__rect *r) {
    return (oc_box){sizeof(oc_box), (int32_t)tag, probability, r->left, r->top, r->right - r->left, r->bottom - r->top};
}

oc_status oc_box_mistake_list_get(const oc_box_mistake_list *list, size_t index, oc_box_mistake *mistake, oc_error *err) {
    oc_status status = oc__check_pointer(list, "list", err);
    if (status) return status;
    if (index >= list->mistakes.n)
        return oc__fail(err, OC_E_NOT_FOUND, "mistake %zu is out of range, there are %zu", index, list->mistakes.n);
    const oc__measurement *m = list->report->measurement;
    const oc__box_mistake *from = &list->mistakes.items[index];
    oc_box none = OC_BOX_INIT;
    none.tag = -1;
    oc_box_mistake known = {sizeof known, from->kind, 0, NULL, from->overlap, none, none};
    if (from->found != OC__NO_BOX) {
        const oc__found *found = &m->found[from->found];
        known.picture = found->picture;
        known.found = box_of(found->detection.tag, found->detection.probability, &found->detection.box);
    }
    if (from->truth != OC__NO_BOX) {
        const oc__truth *truth = &m->truths[from->truth];
        known.picture = truth->picture;
        known.truth = box_of(truth->object.tag, 1, &truth->object.box);
    }
    known.name = m->entries[known.picture].name;
    return oc__struct_write(mistake, &known, sizeof known, sizeof known, "oc_box_mistake", err);
}

uint64_t oc_report_confusion(const oc_report *report, size_t truth, size_t predicted) {
    return report ? oc__metrics_confusion(report->measurement, truth, predicted) : 0;
}

static int32_t index_of(uint32_t tag) { return tag == OC__NONE ? -1 : (int32_t)tag; }

oc_status oc_report_get(const oc_report *report, size_t index, oc_report_entry *entry, oc_error *err) {
    oc_status status = oc__check_pointer(report, "report", err);
    if (status) return status;
    const oc__measurement *m = report->measurement;
    if (index >= m->n) return oc__fail(err, OC_E_NOT_FOUND, "picture %zu is out of range, there are %zu", index, m->n);
    const oc__measured *e = &m->entries[index];
    oc_report_entry known = {sizeof known, index_of(e->truth), index_of(e->predicted), e->probability, e->fold, e->name};
    return oc__struct_write(entry, &known, sizeof known, offsetof(oc_report_entry, fold), "oc_report_entry", err);
}

size_t oc_report_n_answers(const oc_report *report, size_t index) {
    if (!report || index >= report->measurement->n) return 0;
    const oc__measurement *m = report->measurement;
    if (m->several) return m->first_of_picture[index + 1] - m->first_of_picture[index];
    return m->entries[index].truth == m->entries[index].predicted ? 1 : 2;
}

oc_status oc_report_answer(const oc_report *report, size_t index, size_t k, oc_report_said *said, oc_error *err) {
    oc_status status = oc__check_pointer(report, "report", err);
    if (status) return status;
    const oc__measurement *m = report->measurement;
    size_t n = oc_report_n_answers(report, index);
    if (k >= n) return oc__fail(err, OC_E_NOT_FOUND, "answer %zu of picture %zu is out of range, there are %zu", k, index, n);
    oc_report_said known = {.struct_size = sizeof known};
    if (m->several) {
        const oc__answer *a = &m->answers[m->by_picture[m->first_of_picture[index] + k]];
        known.tag = (int32_t)a->tag;
        known.probability = a->probability;
        known.bears = a->bears;
        known.given = a->probability >= m->thresholds[a->tag];
    } else {
        const oc__measured *e = &m->entries[index];
        known.tag = (int32_t)(k ? e->truth : e->predicted);
        known.probability = k ? -1 : e->probability;
        known.bears = k || e->truth == e->predicted;
        known.given = k == 0;
    }
    return oc__struct_write(said, &known, sizeof known, sizeof known, "oc_report_said", err);
}

static oc_status draw_explanation(oc__bitmap *out, void *user, const char *path, uint32_t tag, oc_error *err) {
    oc_explanation *explanation = NULL;
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = oc__explain(&explanation, user, &image, tag, OC__EXPLAIN_SIDE, err);
    if (!status) status = oc__explanation_draw(out, explanation, err);
    if (explanation) oc__explanation_free(explanation);
    return status;
}

oc_status oc_report_save_page(const oc_report *report, const char *path, oc_error *err) {
    oc_status status = oc__check_pointer(report, "report", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (status) return status;
    oc_context *context = report->model->context;
    oc__buffer page = {.context = context};
    oc_predictor *predictor = NULL;
    if (!report->measurement->boxed)
        status = oc__predictor_create(&predictor, report->model, &(oc__how){.precision = OC_PRECISION_FP32}, err);
    const oc__page_explainer explainer = {draw_explanation, predictor};
    if (!status) status = oc__page_write(&page, report->measurement, report->model, predictor ? &explainer : NULL, err);
    oc__predictor_free(predictor);
    if (!status) status = oc__file_replace(context, path, page.data, page.size, err);
    oc__buffer_free(&page);
    return status;
}

oc_status oc_model_learning(const oc_model *model, size_t index, oc_learning_point *point, oc_error *err) {
    oc_learning_point points[OC__MAX_LEARNING];
    oc_status status = oc__check_pointer(model, "model", err);
    if (status) return status;
    uint32_t n = oc__learning_of(points, model);
    if (index >= n)
        return oc__fail(err, OC_E_NOT_FOUND, n ? "point %zu is out of range, there are %u" : "the model holds no learning curve", index, n);
    return oc__struct_write(point, &points[index], sizeof *points, sizeof *points, "oc_learning_point", err);
}

oc_status oc_report_curve(oc_curve **out, const oc_report *report, int32_t tag, oc_error *err) {
    oc_status status = oc__check_call(out, report, "report", report, "report", err);
    if (!status && report->measurement->boxed)
        return oc__fail(err, OC_E_UNSUPPORTED, "this is the report of a detector; oc_report_box_metrics tells of its thresholds");
    return status ? status : oc__curve_create(out, report->model->context, report->measurement, tag, err);
}

void oc_curve_free(oc_curve *curve) { oc__curve_free(curve); }

size_t oc_curve_count(const oc_curve *curve) { return curve ? curve->n : 0; }

static oc_status write_point(oc_operating_point *theirs, const oc_operating_point *point, oc_error *err) {
    return oc__struct_write(theirs, point, sizeof *point, sizeof *point, "oc_operating_point", err);
}

oc_status oc_curve_get(const oc_curve *curve, size_t index, oc_operating_point *point, oc_error *err) {
    oc_status status = oc__check_pointer(curve, "curve", err);
    if (status) return status;
    if (index >= curve->n) return oc__fail(err, OC_E_NOT_FOUND, "point %zu is out of range, there are %zu", index, curve->n);
    return write_point(point, &curve->points[index], err);
}

oc_status oc_curve_find(const oc_curve *curve, uint32_t goal, double value, oc_operating_point *point, oc_error *err) {
    oc_operating_point found;
    oc_status status = oc__check_pointer(curve, "curve", err);
    if (!status && (goal < OC_GOAL_PRECISION || goal > OC_GOAL_F1))
        status = oc__fail(err, OC_E_ARGUMENT, "goal is %u, expected one of OC_GOAL_...", goal);
    if (!status && goal != OC_GOAL_F1 && !(value >= 0 && value <= 1))
        status = oc__fail(err, OC_E_ARGUMENT, "value is not a number from 0 to 1");
    if (!status) status = oc__curve_find(&found, curve, goal, value, err);
    return status ? status : write_point(point, &found, err);
}
