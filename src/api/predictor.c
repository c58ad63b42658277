/* oc_predictor. SPDX-License-Identifier: MIT */
#include "predictor.h"

#include <string.h>

#include "arguments.h"
#include "memory.h"
#include "precision.h"
#include "result.h"

oc_status oc_predictor_create(oc_predictor **out, const oc_model *model, const oc_predictor_options *options, oc_error *err) {
    oc__how how;
    oc_status status = oc__check_call(out, model, "model", model, "model", err);
    if (!status) status = oc__how_of(&how, options, model, err);
    if (status) return status;
    if (model->kind == OC__KIND_BASE) return oc__fail(err, OC_E_ARGUMENT, "a base network cannot predict tags");
    return oc__predictor_create(out, model, &how, err);
}

void oc_predictor_free(oc_predictor *predictor) { oc__predictor_free(predictor); }

/* What a model says of pictures, either way. */
typedef struct said {
    const oc_model *model;
    float *probabilities;
    oc__detections *detections; /* of a detector */
    size_t n;
} said;

static oc_status begin(said *s, const oc_model *model, size_t n, oc_error *err) {
    *s = (said){.model = model, .n = n};
    bool detects = model->kind == OC__KIND_DETECTION;
    size_t size = detects ? sizeof *s->detections : model->n_tags * sizeof *s->probabilities;
    if (detects) s->detections = oc__alloc_array(model->context, n, size);
    else s->probabilities = oc__alloc_array(model->context, n, size);
    if (!s->detections && !s->probabilities) return oc__fail_nomem(err, model->context, n * size, "results");
    if (detects && n) memset(s->detections, 0, n * size);
    return OC_OK;
}

static oc_status to_result(oc_result **out, const said *s, size_t i, oc_error *err) {
    return s->detections ? oc__result_create_boxes(out, s->model, &s->detections[i], err)
                         : oc__result_create(out, s->model, s->probabilities + i * s->model->n_tags, err);
}

static void end(said *s) {
    for (size_t i = 0; i < s->n && s->detections; i++) oc__free(s->model->context, s->detections[i].items);
    oc__free(s->model->context, s->detections);
    oc__free(s->model->context, s->probabilities);
}

oc_status oc_predictor_run(oc_result **out, oc_predictor *predictor, const oc_image *image, oc_error *err) {
    said s;
    oc_status status = oc__check_call(out, predictor, "predictor", image, "image", err);
    if (status || (status = begin(&s, predictor->model, 1, err))) return status;
    status = s.detections ? oc__predict_boxes(s.detections, predictor, image, err) : oc__predict(s.probabilities, predictor, image, err);
    if (!status) status = to_result(out, &s, 0, err);
    end(&s);
    return status;
}

oc_status oc_predictor_run_batch(oc_result **results, oc_predictor *predictor, const oc_image *const *images, size_t n,
                                 oc_error *err) {
    oc_status status = OC_OK;
    said s;
    if (results && n > 0) memset(results, 0, n * sizeof *results);
    if ((status = oc__check_pointer(predictor, "predictor", err)) || n == 0) return status;
    if ((status = oc__check_pointer(results, "results", err)) || (status = oc__check_pointer(images, "images", err)))
        return status;
    oc_context *context = predictor->model->context;
    oc_status *statuses = oc__alloc_zero(context, n * sizeof *statuses);
    if (!statuses) return oc__fail_nomem(err, context, n * sizeof *statuses, "results");
    if ((status = begin(&s, predictor->model, n, err))) {
        oc__free(context, statuses);
        return status;
    }
    status = s.detections ? oc__predict_boxes_batch(s.detections, statuses, predictor, images, n, NULL, err)
                          : oc__predict_batch(s.probabilities, statuses, predictor, images, n, NULL, err);
    bool ran = !status;
    for (size_t i = 0; i < n && ran; i++) {
        bool predicted = statuses[i] == OC_OK;
        oc_error error = OC_ERROR_INIT;
        if (predicted) statuses[i] = to_result(&results[i], &s, i, &error);
        if (status || !statuses[i]) continue;
        status = statuses[i]; /* the first failure; err tells of it unless it came just now */
        if (predicted) oc__fail(err, status, "%s", error.message);
    }
    end(&s);
    oc__free(context, statuses);
    return status;
}
