/* Predicting pictures with a model. SPDX-License-Identifier: MIT */
#ifndef OC_INFER_PREDICTOR_H
#define OC_INFER_PREDICTOR_H

#include "apply.h"
#include "progress.h"

/* A model plus scratch memory; serves one thread at a time. */
struct oc_predictor {
    oc_model *model;
    oc__how how;
    oc__applier **appliers; /* one per worker of the context; the first is always there, the others once a batch comes */
};

oc_status oc__predictor_create(oc_predictor **out, const oc_model *model, const oc__how *how, oc_error *err);
void oc__predictor_free(oc_predictor *predictor);

/* Makes sure that there are appliers for n tasks at once, as far as there are threads. */
oc_status oc__predictor_grow(oc_predictor *predictor, size_t n, oc_error *err);

/* The probabilities of all tags for a decoded picture, as one of the context's workers. */
oc_status oc__predict_bitmap(float *probabilities, const oc_predictor *predictor, uint32_t worker, const oc__bitmap *bitmap,
                             oc_error *err);

/* The probabilities of all tags, and (unless NULL) oc__apply_novelty. */
oc_status oc__predict(float *probabilities, float *novelty, oc_predictor *predictor, const oc_image *image, oc_error *err);

/* Those of n pictures, [n][n_tags] and [n] (or NULL), shared among the context's threads. statuses[i] tells how picture i went; *err receives the
 * message of the first that failed. Returns OC_OK if the batch as a whole was worked on, even if pictures failed;
 * otherwise OC_E_NOMEM, or OC_E_CANCELLED if `progress` (or NULL) said so. */
oc_status oc__predict_batch(float *probabilities, float *novelties, oc_status *statuses, oc_predictor *predictor,
                            const oc_image *const *images, size_t n, oc__progress *progress, oc_error *err);

/* The same for a detector: the objects found, whose items the caller frees; none where a picture failed. */
oc_status oc__predict_boxes(oc__detections *out, oc_predictor *predictor, const oc_image *image, oc_error *err);
oc_status oc__predict_boxes_batch(oc__detections *out, oc_status *statuses, oc_predictor *predictor, const oc_image *const *images,
                           size_t n, oc__progress *progress, oc_error *err);

#endif
