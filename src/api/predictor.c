/* oc_predictor. SPDX-License-Identifier: MIT */
#include "predictor.h"

#include <string.h>

#include "arguments.h"
#include "explain.h"
#include "memory.h"
#include "picture_handle.h"
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
    float *probabilities, *novelties;
    oc__detections *detections; /* of a detector */
    size_t n;
} said;

static oc_status begin(said *s, const oc_model *model, size_t n, oc_error *err) {
    *s = (said){.model = model, .n = n};
    bool detects = model->kind == OC__KIND_DETECTION;
    size_t size = detects ? sizeof *s->detections : model->n_tags * sizeof *s->probabilities;
    if (detects) s->detections = oc__alloc_array(model->context, n, size);
    else s->probabilities = oc__alloc_array(model->context, n, size);
    if (!detects) s->novelties = oc__alloc_array(model->context, n, sizeof *s->novelties);
    if (!s->detections && (!s->probabilities || !s->novelties)) {
        oc__free(model->context, s->probabilities);
        oc__free(model->context, s->novelties);
        return oc__fail_nomem(err, model->context, n * size, "results");
    }
    if (detects && n) memset(s->detections, 0, n * size);
    return OC_OK;
}

static oc_status to_result(oc_result **out, const said *s, size_t i, oc_error *err) {
    return s->detections ? oc__result_create_boxes(out, s->model, &s->detections[i], err)
                         : oc__result_create(out, s->model, s->probabilities + i * s->model->n_tags, s->novelties[i], err);
}

static void end(said *s) {
    for (size_t i = 0; i < s->n && s->detections; i++) oc__free(s->model->context, s->detections[i].items);
    oc__free(s->model->context, s->detections);
    oc__free(s->model->context, s->probabilities);
    oc__free(s->model->context, s->novelties);
}

oc_status oc_predictor_run(oc_result **out, oc_predictor *predictor, const oc_image *image, oc_error *err) {
    said s;
    oc_status status = oc__check_call(out, predictor, "predictor", image, "image", err);
    if (status || (status = begin(&s, predictor->model, 1, err))) return status;
    status = s.detections ? oc__predict_boxes(s.detections, predictor, image, err) : oc__predict(s.probabilities, s.novelties, predictor, image, err);
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
                          : oc__predict_batch(s.probabilities, s.novelties, statuses, predictor, images, n, NULL, err);
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

#define MIN_EXPLAIN_SIDE 2
#define MAX_EXPLAIN_SIDE 64

oc_status oc_predictor_explain(oc_explanation **out, oc_predictor *predictor, const oc_image *image, const oc_explain *explain,
                               oc_error *err) {
    oc_explain how = OC_EXPLAIN_INIT;
    oc_image known;
    oc_status status = oc__check_call(out, predictor, "predictor", image, "image", err);
    if (!status && explain) status = oc__struct_read(&how, sizeof how, sizeof how, explain, "oc_explain", err);
    if (!status) status = oc__image_check(&known, image, err);
    if (status) return status;
    const oc_model *model = predictor->model;
    if (model->kind == OC__KIND_DETECTION)
        return oc__fail(err, OC_E_UNSUPPORTED, "a detector's boxes say where what it found is; there is nothing to explain");
    if (!how.side) how.side = OC__EXPLAIN_SIDE;
    if (how.side < MIN_EXPLAIN_SIDE || how.side > MAX_EXPLAIN_SIDE)
        return oc__fail(err, OC_E_ARGUMENT, "side is %u, expected %d to %d", how.side, MIN_EXPLAIN_SIDE, MAX_EXPLAIN_SIDE);
    size_t tag = how.tag ? oc__model_find_tag(model, how.tag) : OC__NONE;
    if (how.tag && tag == model->n_tags) return oc__fail(err, OC_E_NOT_FOUND, "the model has no tag '%.200s'", how.tag);
    return oc__explain(out, predictor, &known, (uint32_t)tag, how.side, err);
}

void oc_explanation_free(oc_explanation *explanation) { oc__explanation_free(explanation); }

oc_status oc_explanation_get(const oc_explanation *e, oc_heat_map *map, oc_error *err) {
    oc_status status = oc__check_pointer(e, "explanation", err);
    if (status) return status;
    const oc_heat_map known = {sizeof known, e->side, e->tag_name, e->probability, 0, e->values};
    return oc__struct_write(map, &known, sizeof known, sizeof known, "oc_heat_map", err);
}

oc_status oc_explanation_picture(oc_picture **out, const oc_explanation *explanation, oc_error *err) {
    oc_picture *picture = NULL;
    oc_status status = oc__check_call(out, explanation, "explanation", explanation, "explanation", err);
    if (!status) status = oc__picture_create(&picture, explanation->context, err);
    if (!status) status = oc__explanation_draw(&picture->bitmap, explanation, err);
    if (status) oc_picture_free(picture);
    else *out = picture;
    return status;
}
