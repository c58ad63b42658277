/* Predicting pictures with a model. SPDX-License-Identifier: MIT */
#include "predictor.h"

#include <string.h>

#include "kernels.h"
#include "loss.h"
#include "memory.h"
#include "thread.h"

oc_status oc__predictor_create(oc_predictor **out, const oc_model *model, const oc__how *how, oc_error *err) {
    oc_context *context = model->context;
    oc_predictor *predictor = oc__alloc_zero(context, sizeof *predictor);
    if (!predictor) return oc__fail_nomem(err, context, sizeof *predictor, "predictor");
    predictor->model = oc__model_retain(model);
    predictor->how = *how;
    oc_status status = OC_OK;
    if (!(predictor->appliers = oc__alloc_zero(context, context->n_threads * sizeof *predictor->appliers)))
        status = oc__fail_nomem(err, context, context->n_threads * sizeof *predictor->appliers, "predictor");
    if (!status) status = oc__applier_create(&predictor->appliers[0], model, how->precision, err);
    if (status) oc__predictor_free(predictor);
    else *out = predictor;
    return status;
}

void oc__predictor_free(oc_predictor *predictor) {
    if (!predictor) return;
    oc_model *model = predictor->model;
    for (uint32_t i = 0; predictor->appliers && i < model->context->n_threads; i++) oc__applier_free(predictor->appliers[i]);
    oc__free(model->context, predictor->appliers);
    oc__free(model->context, predictor);
    oc__model_release(model);
}

static void to_probabilities(float *probabilities, const oc_model *model, const float *logits, size_t n) {
    const oc__function sigmoid = {.code = OC__FUNCTION_SIGMOID};
    const oc__kernels *kernels = model->context->kernels;
    if (model->kind == OC__KIND_MULTILABEL) {
        kernels->activate(&sigmoid, n, logits, 0, 1, probabilities);
        return;
    }
    memcpy(probabilities, logits, n * sizeof *logits);
    oc__softmax(probabilities, 1, n);
}

static oc_status predict_with(float *probabilities, float *novelty, const oc_predictor *predictor, uint32_t worker, const oc_image *image,
                              oc_error *err) {
    const float *logits;
    size_t n;
    oc_status status = oc__apply(&logits, &n, predictor->appliers[worker], image, err);
    if (!status) to_probabilities(probabilities, predictor->model, logits, n);
    if (!status && novelty) *novelty = oc__apply_novelty(predictor->appliers[worker]);
    return status;
}

oc_status oc__predict_bitmap(float *probabilities, const oc_predictor *predictor, uint32_t worker, const oc__bitmap *bitmap,
                             oc_error *err) {
    const float *logits;
    size_t n;
    oc_status status = oc__apply_bitmap(&logits, &n, predictor->appliers[worker], bitmap, NULL, err);
    if (!status) to_probabilities(probabilities, predictor->model, logits, n);
    return status;
}

oc_status oc__predictor_grow(oc_predictor *predictor, size_t n, oc_error *err) {
    oc_status status = OC_OK;
    for (uint32_t i = 1; i < predictor->model->context->n_threads && i < n && !status; i++)
        if (!predictor->appliers[i])
            status = oc__applier_create(&predictor->appliers[i], predictor->model, predictor->how.precision, err);
    return status;
}

oc_status oc__predict(float *probabilities, float *novelty, oc_predictor *predictor, const oc_image *image, oc_error *err) {
    return predict_with(probabilities, novelty, predictor, 0, image, err);
}

typedef struct job {
    oc_predictor *predictor;
    const oc_image *const *images;
    float *probabilities;       /* of a classifier, */
    float *novelties;           /* or NULL */
    oc__detections *detections; /* or of a detector */
    oc_status *statuses;
    oc__progress *progress;
    pthread_mutex_t lock; /* guards the two below */
    size_t failed;        /* the first picture that failed */
    oc_error error;
} job;

static void picture_task(void *argument, size_t i, uint32_t worker) {
    job *j = argument;
    oc_error err = OC_ERROR_INIT;
    if (j->progress && !oc__progress_go_on(j->progress)) return;
    if (j->detections)
        j->statuses[i] = oc__apply_detector(&j->detections[i], j->predictor->appliers[worker], j->images[i],
                                            j->predictor->how.n_tiles, &err);
    else
        j->statuses[i] =
            predict_with(j->probabilities + i * j->predictor->model->n_tags, j->novelties ? j->novelties + i : NULL, j->predictor,
                         worker, j->images[i], &err);
    if (j->statuses[i]) {
        pthread_mutex_lock(&j->lock);
        if (i < j->failed) {
            j->failed = i;
            j->error = err;
        }
        pthread_mutex_unlock(&j->lock);
    }
    if (j->progress) oc__progress_step(j->progress, 1, worker);
}

static oc_status run_job(job *j, size_t n, oc_error *err) {
    oc_predictor *predictor = j->predictor;
    oc_context *context = predictor->model->context;
    oc_status status = oc__predictor_grow(predictor, n, err);
    if (status) return status;
    j->failed = SIZE_MAX;
    j->error = (oc_error)OC_ERROR_INIT;
    pthread_mutex_init(&j->lock, NULL);
    oc__parallel(context, n, picture_task, j);
    pthread_mutex_destroy(&j->lock);
    if (j->progress && (status = oc__progress_status(j->progress, err))) return status;
    if (j->failed != SIZE_MAX) oc__fail(err, j->error.code, "%s", j->error.message);
    return OC_OK;
}

oc_status oc__predict_batch(float *probabilities, float *novelties, oc_status *statuses, oc_predictor *predictor,
                            const oc_image *const *images, size_t n, oc__progress *progress, oc_error *err) {
    job j = {.predictor = predictor, .images = images, .probabilities = probabilities, .novelties = novelties, .statuses = statuses,
             .progress = progress};
    return run_job(&j, n, err);
}

oc_status oc__predict_boxes(oc__detections *out, oc_predictor *predictor, const oc_image *image, oc_error *err) {
    return oc__apply_detector(out, predictor->appliers[0], image, predictor->how.n_tiles, err);
}

oc_status oc__predict_boxes_batch(oc__detections *out, oc_status *statuses, oc_predictor *predictor, const oc_image *const *images,
                           size_t n, oc__progress *progress, oc_error *err) {
    job j = {.predictor = predictor, .images = images, .detections = out, .statuses = statuses, .progress = progress};
    memset(out, 0, n * sizeof *out);
    return run_job(&j, n, err);
}
