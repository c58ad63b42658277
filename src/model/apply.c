/* Applying a model's network to pictures. SPDX-License-Identifier: MIT */
#include "apply.h"

#include <math.h>

#include "memory.h"

struct oc__applier {
    const oc_model *model;
    oc__runner *runner;
};

oc_status oc__applier_create(oc__applier **out, const oc_model *model, uint32_t precision, oc_error *err) {
    const oc__program *program;
    oc__applier *applier = oc__alloc_zero(model->context, sizeof *applier);
    if (!applier) return oc__fail_nomem(err, model->context, sizeof *applier, "predictor");
    applier->model = model;
    oc_status status = oc__model_program(&program, model, precision, err);
    if (!status) status = oc__runner_create(&applier->runner, program, err);
    if (status)
        oc__applier_free(applier);
    else
        *out = applier;
    return status;
}

void oc__applier_free(oc__applier *applier) {
    if (!applier) return;
    oc__runner_free(applier->runner);
    oc__free(applier->model->context, applier);
}

/* Where the prepared picture goes. */
static oc_status input_of(float **input, oc__applier *applier, oc_error *err) {
    const oc__prepare_rule *rule = &applier->model->rule;
    return oc__runner_prepare(input, applier->runner, 1, rule->height, rule->width, err);
}

static void run(const float **values, size_t *n, oc__applier *applier) {
    oc__shape shape;
    oc__runner_run(applier->runner);
    *values = oc__runner_output(applier->runner, 0, &shape);
    *n = shape.c;
}

float oc__apply_novelty(const oc__applier *applier) {
    if (!applier->model->tells_novelty) return -1;
    oc__shape shape;
    float logit = oc__runner_output(applier->runner, 1, &shape)[0];
    return 1 / (1 + expf(-logit));
}

oc_status oc__apply_bitmap(const float **values, size_t *n, oc__applier *applier, const oc__bitmap *bitmap,
                           const oc__view *view, oc_error *err) {
    float *input;
    oc_status status = input_of(&input, applier, err);
    if (!status) status = oc__prepare(input, bitmap, &applier->model->rule, view, err);
    if (!status) run(values, n, applier);
    return status;
}

oc_status oc__apply(const float **values, size_t *n, oc__applier *applier, const oc_image *image, oc_error *err) {
    const oc_model *model = applier->model;
    float *input;
    oc_status status = input_of(&input, applier, err);
    if (!status) status = oc__prepare_image(input, model->context, image, &model->rule, NULL, err);
    if (!status) run(values, n, applier);
    return status;
}

static oc_status find_boxes(oc__detections *out, oc__applier *applier, oc_error *err) {
    const oc_model *model = applier->model;
    const float *levels[OC__MAX_LEVELS];
    oc__shape shapes[OC__MAX_LEVELS];
    uint32_t n_levels = model->graph.n_outputs;
    oc__runner_run(applier->runner);
    for (uint32_t i = 0; i < n_levels; i++) levels[i] = oc__runner_output(applier->runner, i, &shapes[i]);
    return oc__boxes_find(out, model->context, levels, shapes, n_levels, model->n_tags, &oc__box_limits_standard, err);
}

oc_status oc__apply_detector_bitmap(oc__detections *out, oc__applier *applier, const oc__bitmap *bitmap, const oc__view *view,
                                    oc_error *err) {
    float *input;
    oc_status status = input_of(&input, applier, err);
    if (!status) status = oc__prepare(input, bitmap, &applier->model->rule, view, err);
    return status ? status : find_boxes(out, applier, err);
}

oc_status oc__apply_detector(oc__detections *out, oc__applier *applier, const oc_image *image, uint32_t n_tiles,
                             oc_error *err) {
    const oc_model *model = applier->model;
    oc_status status;
    if (n_tiles > 1) {
        oc__bitmap bitmap;
        status = oc__bitmap_open(&bitmap, model->context, image, n_tiles * oc__prepare_reduce_to(&model->rule), err);
        if (status) return status;
        status = oc__apply_detector_tiled(out, applier, &bitmap, n_tiles, err);
        oc__bitmap_free(&bitmap);
        return status;
    }
    float *input;
    status = input_of(&input, applier, err);
    if (!status) status = oc__prepare_image(input, model->context, image, &model->rule, NULL, err);
    return status ? status : find_boxes(out, applier, err);
}
