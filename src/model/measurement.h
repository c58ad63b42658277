/* How good a model is: what is kept of predicting pictures whose tags are known. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_MEASUREMENT_H
#define OC_MODEL_MEASUREMENT_H

#include <stdbool.h>

#include "boxes.h"
#include "context.h"

#define OC__NONE UINT32_MAX /* in the place of a tag: there is none */

/* One picture: enough for precision, recall and confusion at any threshold where a picture bears one tag. */
typedef struct oc__measured {
    uint32_t truth, predicted; /* tags; of several, the first that it bears and the most probable one, or OC__NONE */
    float probability;         /* of the predicted tag, 0 .. 1 */
    uint32_t fold;
    uint32_t n_wrong; /* of several: tags that it bears and was not given, or the other way round, at their thresholds */
    char *name;       /* or NULL */
} oc__measured;

/* Where a picture may bear several tags: one of them, and what was said of it. Those that the picture lacks are only kept from
 * OC__LEAST_ANSWER on, so that there are not many more than pictures, however many tags there are. */
#define OC__LEAST_ANSWER 0.01f
typedef struct oc__answer {
    uint32_t picture, tag;
    float probability;
    uint32_t bears; /* 1 if the picture bears the tag, or else 0 */
} oc__answer;

/* Where a picture has objects: one of them, and one that was found. */
typedef struct oc__truth {
    uint32_t picture;
    oc__object object;
} oc__truth;

typedef struct oc__found {
    uint32_t picture;
    oc__detection detection;
} oc__found;

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

    bool several; /* a picture may bear any number of tags; without it the rest is 0 */
    uint32_t n_added;  /* tags told of */
    float *thresholds; /* a probability for each tag, from which on it counts as given */
    size_t n_answers, answer_capacity;
    oc__answer *answers;   /* by tag, then by picture */
    size_t *first_of_tag;  /* n_tags + 1 places among the answers */
    uint32_t *by_picture;  /* numbers of answers, by picture, then by tag */
    size_t *first_of_picture; /* n + 1 places in by_picture */

    bool boxed; /* pictures have objects; average precisions are at an overlap of 0.5. Without it the rest is 0 */
    size_t n_truths, n_found;
    oc__truth *truths; /* by picture */
    oc__found *found;  /* by picture, the most probable first */
} oc__measurement;

/* Room for n entries of n_tags tags, all zero. */
oc_status oc__measurement_create(oc__measurement **out, oc_context *context, size_t n, uint32_t n_tags, oc_error *err);
void oc__measurement_free(oc__measurement *measurement);
oc_status oc__measurement_copy(oc__measurement **out, const oc__measurement *measurement, oc_error *err);

/* Fills predicted, probability and the average precisions from `probabilities` [n][n_tags]; truth and fold are set already.
 * Average precision: the mean, over the pictures that bear the tag, of the precision at their rank (no interpolation);
 * pictures of equal probability share the precision at the end of their run, so that order does not matter. */
oc_status oc__measurement_fill(oc__measurement *measurement, const float *probabilities, oc_error *err);

/* Where a picture may bear several tags: oc__measurement_several, then oc__measurement_add_tag for tag 0, 1, ..., then
 * oc__measurement_finish; the pictures' folds are set already. */
oc_status oc__measurement_several(oc__measurement *measurement, oc_error *err);

/* Takes what was said of the next tag on all pictures, and whether they bear it (1) or not (0). A threshold below 0 stands for
 * the one at which F1 is best, and 0.5 for a tag that fewer than two pictures bear. */
oc_status oc__measurement_add_tag(oc__measurement *measurement, const float *probabilities, const uint8_t *bears,
                                  float threshold, oc_error *err);

/* Makes what follows from the answers and thresholds. */
oc_status oc__measurement_finish(oc__measurement *measurement, oc_error *err);

/* Where pictures have objects: room for so many. */
oc_status oc__measurement_boxes(oc__measurement *measurement, size_t n_truths, size_t n_found, oc_error *err);

#endif
