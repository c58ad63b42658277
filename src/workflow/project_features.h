/* What a base network says of a project's pictures. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_FEATURES_H
#define OC_WORKFLOW_PROJECT_FEATURES_H

#include "model.h"
#include "progress.h"
#include "sample.h"
#include "survey.h"

/* A picture of a survey as a sample, which the caller releases. */
oc_status oc__surveyed_sample(oc__sample **out, const oc_project *project, const oc__surveyed *picture, oc_error *err);

/* Receives the features of the whole of picture `index` of the survey. `values` NULL: it cannot be read. */
typedef void (*oc__take_fn)(void *user, size_t index, const float *values);

/* Hands out the features of all pictures of a survey once each, in no particular order, on the caller's thread: first those in
 * the project's cache, then those that must be computed, which are kept. Memory does not grow with the pictures. The progress'
 * stage has been entered, one step a picture. OC_E_CANCELLED, OC_E_NOMEM. */
oc_status oc__project_features(oc_project *project, const oc__survey *survey, const oc_model *base, oc__take_fn take,
                               void *user, oc__progress *progress, oc_error *err);

/* All of them as rows of length 1 (so that their product is their cosine). Free with oc__feature_rows_free. */
typedef struct oc__feature_rows {
    oc_context *context;
    size_t n, dim;
    float *values; /* [n][dim]; 0 where a picture could not be read */
    bool *readable;
} oc__feature_rows;

oc_status oc__feature_rows_make(oc__feature_rows *out, oc_project *project, const oc__survey *survey, const oc_model *base,
                                oc__progress *progress, oc_error *err);
void oc__feature_rows_free(oc__feature_rows *rows);

/* Scales a row to length 1, if it has one. */
void oc__normalise(float *row, size_t dim, const oc_context *context);

#endif
