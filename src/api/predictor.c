/* oc_predictor. SPDX-License-Identifier: MIT */
#include "predictor.h"

#include <string.h>

#include "arguments.h"
#include "memory.h"
#include "precision.h"
#include "result.h"

oc_status oc_predictor_create(oc_predictor **out, const oc_model *model, const oc_predictor_options *options, oc_error *err) {
    uint32_t precision;
    oc_status status = oc__check_call(out, model, "model", model, "model", err);
    if (!status) status = oc__precision_of(&precision, options, err);
    if (status) return status;
    if (model->kind == OC__KIND_BASE) return oc__fail(err, OC_E_ARGUMENT, "a base network cannot predict tags");
    return oc__predictor_create(out, model, precision, err);
}

void oc_predictor_free(oc_predictor *predictor) { oc__predictor_free(predictor); }

oc_status oc_predictor_run(oc_result **out, oc_predictor *predictor, const oc_image *image, oc_error *err) {
    oc_status status = oc__check_call(out, predictor, "predictor", image, "image", err);
    if (status) return status;
    const oc_model *model = predictor->model;
    float *probabilities = oc__alloc_array(model->context, model->n_tags, sizeof *probabilities);
    if (!probabilities) return oc__fail_nomem(err, model->context, model->n_tags * sizeof *probabilities, "result");
    status = oc__predict(probabilities, predictor, image, err);
    if (!status) status = oc__result_create(out, model, probabilities, err);
    oc__free(model->context, probabilities);
    return status;
}

oc_status oc_predictor_run_batch(oc_result **results, oc_predictor *predictor, const oc_image *const *images, size_t n,
                                 oc_error *err) {
    oc_status status = OC_OK;
    if (results && n > 0) memset(results, 0, n * sizeof *results);
    if ((status = oc__check_pointer(predictor, "predictor", err)) || n == 0) return status;
    if ((status = oc__check_pointer(results, "results", err)) || (status = oc__check_pointer(images, "images", err)))
        return status;
    const oc_model *model = predictor->model;
    oc_context *context = model->context;
    float *probabilities = oc__alloc_array(context, n, model->n_tags * sizeof *probabilities);
    oc_status *statuses = oc__alloc_zero(context, n * sizeof *statuses);
    if (!probabilities || !statuses)
        status = oc__fail_nomem(err, context, n * model->n_tags * sizeof *probabilities, "results");
    if (!status) status = oc__predict_batch(probabilities, statuses, predictor, images, n, NULL, err);
    bool ran = !status;
    for (size_t i = 0; i < n && ran; i++) {
        bool predicted = statuses[i] == OC_OK;
        oc_error error = OC_ERROR_INIT;
        if (predicted) statuses[i] = oc__result_create(&results[i], model, probabilities + i * model->n_tags, &error);
        if (status || !statuses[i]) continue;
        status = statuses[i]; /* the first failure; err tells of it unless it came just now */
        if (predicted) oc__fail(err, status, "%s", error.message);
    }
    oc__free(context, probabilities);
    oc__free(context, statuses);
    return status;
}
