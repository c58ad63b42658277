/* oc_result. SPDX-License-Identifier: MIT */
#include "result.h"

#include <math.h>
#include <stdlib.h>

#include "arguments.h"
#include "memory.h"

struct oc_result {
    oc_model *model;
    size_t n;
    float novelty; /* below 0: not known */
    oc_box boxes[];
};

static int most_probable_first(const void *a, const void *b) {
    const oc_box *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? 1 : -1;
    return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static oc_result *create(const oc_model *model, size_t n, oc_error *err) {
    size_t size = sizeof(oc_result) + n * sizeof(oc_box);
    oc_result *result = oc__alloc(model->context, size);
    if (!result) {
        oc__fail_nomem(err, model->context, size, "result");
        return NULL;
    }
    result->model = oc__model_retain(model);
    result->n = n;
    result->novelty = -1;
    return result;
}

oc_status oc__result_create_boxes(oc_result **out, const oc_model *model, const oc__detections *detections, oc_error *err) {
    oc_result *result = create(model, detections->n, err);
    if (!result) return OC_E_NOMEM;
    for (size_t i = 0; i < result->n; i++) { /* in their order already */
        const oc__detection *d = &detections->items[i];
        const oc__rect *r = &d->box;
        result->boxes[i] = (oc_box){sizeof(oc_box), (int32_t)d->tag, d->probability, r->left, r->top, r->right - r->left,
                                    r->bottom - r->top};
    }
    *out = result;
    return OC_OK;
}

oc_status oc__result_create(oc_result **out, const oc_model *model, const float *probabilities, float novelty, oc_error *err) {
    oc_result *result = create(model, model->n_tags, err);
    if (!result) return OC_E_NOMEM;
    result->novelty = novelty;
    for (size_t i = 0; i < result->n; i++)
        result->boxes[i] = (oc_box){sizeof(oc_box), (int32_t)i, probabilities[i], 0, 0, 1, 1};
    qsort(result->boxes, result->n, sizeof *result->boxes, most_probable_first);
    *out = result;
    return OC_OK;
}

void oc_result_free(oc_result *result) {
    if (!result) return;
    oc_model *model = result->model;
    oc__free(model->context, result);
    oc__model_release(model);
}

size_t oc_result_count(const oc_result *result) { return result ? result->n : 0; }

oc_status oc_result_get(const oc_result *result, size_t index, oc_box *box, oc_error *err) {
    oc_status status = oc__check_pointer(result, "result", err);
    if (status) return status;
    if (index >= result->n) return oc__fail(err, OC_E_NOT_FOUND, "answer %zu is out of range, there are %zu", index, result->n);
    return oc__struct_write(box, &result->boxes[index], sizeof(oc_box), offsetof(oc_box, left), "oc_box", err);
}

double oc_result_novelty(const oc_result *result) { return result ? (double)result->novelty : -1; }

const char *oc_result_tag_name(const oc_result *result, size_t index) {
    return index < oc_result_count(result) ? oc_model_tag(result->model, (size_t)result->boxes[index].tag) : NULL;
}

/* What was asked for, with the defaults. */
static oc_status tally_options(oc_tally_options *known, const oc_tally_options *options, oc_error *err) {
    *known = (oc_tally_options)OC_TALLY_OPTIONS_INIT;
    oc_status status = options ? oc__struct_read(known, sizeof *known, sizeof *known, options, "oc_tally_options", err) : OC_OK;
    if (status) return status;
    if (!(known->probability >= 0 && known->probability <= 1))
        return oc__fail(err, OC_E_ARGUMENT, "oc_tally_options: probability is not a number from 0 to 1");
    if (known->probability == 0) known->probability = 0.5;
    if (known->left == 0 && known->top == 0 && known->width == 0 && known->height == 0) known->width = known->height = 1;
    if (!(known->left >= 0 && known->top >= 0 && known->width > 0 && known->height > 0 && known->left + known->width <= 1 + 1e-9
          && known->top + known->height <= 1 + 1e-9))
        return oc__fail(err, OC_E_ARGUMENT, "oc_tally_options: left %g, top %g, width %g, height %g is no part of a picture, whose sides are 1",
                        known->left, known->top, known->width, known->height);
    return OC_OK;
}

static bool is_counted(const oc_box *box, const oc_tally_options *o) {
    double x = (double)box->left + (double)box->width / 2 - o->left, y = (double)box->top + (double)box->height / 2 - o->top;
    return (double)box->probability >= o->probability && x >= 0 && x <= o->width && y >= 0 && y <= o->height;
}

oc_status oc_result_tally(const oc_result *result, const oc_tally_options *options, uint64_t *counts, size_t n_counts,
                          oc_error *err) {
    oc_tally_options known;
    oc_status status = oc__check_pointer(result, "result", err);
    if (!status) status = oc__check_pointer(counts, "counts", err);
    if (!status) status = tally_options(&known, options, err);
    if (status) return status;
    if (result->model->kind != OC__KIND_DETECTION)
        return oc__fail(err, OC_E_ARGUMENT, "the result is not of a detector, so there are no objects to count");
    if (n_counts != result->model->n_tags)
        return oc__fail(err, OC_E_ARGUMENT, "n_counts is %zu, expected %zu, one for each tag", n_counts, result->model->n_tags);
    for (size_t i = 0; i < n_counts; i++) counts[i] = 0;
    for (size_t i = 0; i < result->n; i++) counts[result->boxes[i].tag] += is_counted(&result->boxes[i], &known);
    return OC_OK;
}

/* --- things that a detector does not know --- */

#define SHARED 0.4    /* of the smaller of two boxes: they are of one thing */
#define MOST_AREA 0.7 /* a box that is larger shows the picture, and not a thing in it */

static oc__rect rect_of(const oc_box *b) { return (oc__rect){b->left, b->top, b->left + b->width, b->top + b->height}; }

/* Whether a box lies on one of the first n of a result that are at least so probable. */
static bool is_told(const oc__rect *box, const oc_result *result, size_t n, double probability) {
    for (size_t i = 0; i < n; i++) {
        oc__rect other = rect_of(&result->boxes[i]);
        if ((double)result->boxes[i].probability >= probability && oc__rect_area(&other) <= MOST_AREA
            && fmax(oc__rect_share(box, &other), oc__rect_share(&other, box)) > SHARED)
            return true;
    }
    return false;
}

static oc_status unknown_options(oc_unknown_options *known, const oc_unknown_options *options, oc_error *err) {
    *known = (oc_unknown_options)OC_UNKNOWN_OPTIONS_INIT;
    oc_status status = options ? oc__struct_read(known, sizeof *known, sizeof *known, options, "oc_unknown_options", err) : OC_OK;
    if (status) return status;
    if (!(known->probability >= 0 && known->probability <= 1 && known->known >= 0 && known->known <= 1))
        return oc__fail(err, OC_E_ARGUMENT, "oc_unknown_options: probability %g, known %g, expected numbers from 0 to 1",
                        known->probability, known->known);
    if (known->probability == 0) known->probability = 0.2;
    if (known->known == 0) known->known = 0.5;
    return OC_OK;
}

oc_status oc_result_unknown(oc_result **out, const oc_result *result, const oc_result *proposed,
                            const oc_unknown_options *options, oc_error *err) {
    oc_unknown_options o;
    oc_status status = oc__check_call(out, result, "result", proposed, "proposed", err);
    if (!status) status = unknown_options(&o, options, err);
    if (status) return status;
    if (result->model->kind != OC__KIND_DETECTION || proposed->model->kind != OC__KIND_DETECTION)
        return oc__fail(err, OC_E_ARGUMENT, "the %s is not of a detector, so there are no boxes to compare",
                        result->model->kind != OC__KIND_DETECTION ? "result" : "proposed result");
    oc_result *unknown = create(proposed->model, proposed->n, err);
    if (!unknown) return OC_E_NOMEM;
    unknown->n = 0;
    for (size_t i = 0; i < proposed->n; i++) {
        oc__rect box = rect_of(&proposed->boxes[i]);
        if ((double)proposed->boxes[i].probability < o.probability || oc__rect_area(&box) > MOST_AREA) continue;
        if (!is_told(&box, result, result->n, o.known) && !is_told(&box, proposed, i, o.probability))
            unknown->boxes[unknown->n++] = proposed->boxes[i];
    }
    *out = unknown;
    return OC_OK;
}
