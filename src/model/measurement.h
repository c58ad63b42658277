/* How good a model is: what is kept of predicting pictures whose tags are known. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_MEASUREMENT_H
#define OC_MODEL_MEASUREMENT_H

#include "context.h"

/* One picture: enough for precision, recall and confusion at any threshold. */
typedef struct oc__measured {
    uint32_t truth, predicted; /* tags */
    float probability;         /* of the predicted tag, 0 .. 1 */
    uint32_t fold;
    char *name; /* or NULL */
} oc__measured;

typedef struct oc__measurement {
    oc_context *context; /* not retained */
    uint32_t method;     /* OC_REPORT_... */
    uint32_t n_folds;    /* >= 1 */
    uint32_t n_tags;
    uint32_t n_skipped;
    size_t n;
    oc__measured *entries;
    /* Per tag: average precision over all pictures, and its standard deviation over the folds; 0 for a tag without pictures. */
    float *average_precision, *average_precision_deviation;
} oc__measurement;

/* Room for n entries of n_tags tags, all zero. */
oc_status oc__measurement_create(oc__measurement **out, oc_context *context, size_t n, uint32_t n_tags, oc_error *err);
void oc__measurement_free(oc__measurement *measurement);
oc_status oc__measurement_copy(oc__measurement **out, const oc__measurement *measurement, oc_error *err);

/* Fills predicted, probability and the average precisions from `probabilities` [n][n_tags]; truth and fold are set already.
 * Average precision: the mean, over the pictures that bear the tag, of the precision at their rank (no interpolation);
 * pictures of equal probability share the precision at the end of their run, so that order does not matter. */
oc_status oc__measurement_fill(oc__measurement *measurement, const float *probabilities, oc_error *err);

#endif
