/* Applying a model's network to pictures. SPDX-License-Identifier: MIT */
#include "apply.h"

#include "memory.h"

struct oc__applier {
    const oc_model *model;
    oc__runner *runner;
};

oc_status oc__applier_create(oc__applier **out, const oc_model *model, oc_error *err) {
    oc__applier *applier = oc__alloc_zero(model->context, sizeof *applier);
    if (!applier) return oc__fail_nomem(err, model->context, sizeof *applier, "predictor");
    applier->model = model;
    oc_status status = oc__runner_create(&applier->runner, model->program, err);
    if (status) oc__applier_free(applier);
    else *out = applier;
    return status;
}

void oc__applier_free(oc__applier *applier) {
    if (!applier) return;
    oc__runner_free(applier->runner);
    oc__free(applier->model->context, applier);
}

oc_status oc__apply_bitmap(const float **values, size_t *n, oc__applier *applier, const oc__bitmap *bitmap,
                           const oc__view *view, oc_error *err) {
    const oc__prepare_rule *rule = &applier->model->rule;
    float *input;
    oc__shape shape;
    oc_status status = oc__runner_prepare(&input, applier->runner, 1, rule->height, rule->width, err);
    if (!status) status = oc__prepare(input, bitmap, rule, view, err);
    if (status) return status;
    oc__runner_run(applier->runner);
    *values = oc__runner_output(applier->runner, 0, &shape);
    *n = shape.c;
    return OC_OK;
}

oc_status oc__apply(const float **values, size_t *n, oc__applier *applier, const oc_image *image, oc_error *err) {
    oc__bitmap bitmap = {0};
    const oc_model *model = applier->model;
    oc_status status = oc__bitmap_open(&bitmap, model->context, image, oc__prepare_reduce_to(&model->rule), err);
    if (!status) status = oc__apply_bitmap(values, n, applier, &bitmap, NULL, err);
    oc__bitmap_free(&bitmap);
    return status;
}
