/* Advanced training: a classifier whose base is fine-tuned, if that is better. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_ADVANCE_H
#define OC_TRAIN_ADVANCE_H

#include "head.h"
#include "train.h"

/* What stands already: a head on the features of the base as it is. */
typedef struct oc__quick {
    const oc_model *base;
    const oc__training_set *set;
    const oc__features *features; /* of the samples that can be read, */
    const uint32_t *index;        /* which are these of the set's, */
    const uint32_t *tags;         /* and bear these tags */
    bool roots;                   /* the features are roots */
    const uint32_t *folds;        /* that it was cross-validated by */
    uint32_t n_folds;
    oc__head head;       /* what was chosen */
    const float *logits; /* its, held out, times its sharpness: [n][n_tags] */
    double begun;        /* when options->minutes began */
} oc__quick;

/* What came of it. Free with oc__advanced_free. */
typedef struct oc__advanced {
    oc_context *context;
    oc__graph graph;  /* of the classifier, trained on all pictures */
    float *logits;    /* held out, [n][n_tags] */
    uint64_t n_steps; /* it was tuned for; 0: nothing better than `quick` was found, and the rest is empty */
} oc__advanced;

/* Fine-tunes by options->steps and options->minutes, of which one is above 0. For each fold a network is tuned without it.
 * Unless their held-out log loss, calibrated, is above that of `quick` by more than the standard error of the difference, one
 * is tuned on all pictures: with few of them cross-validation is a weak judge, and tuning helps more often than not. With
 * minutes, the number of steps is what the pictures suggest, or what there is time for; and while there is time for it, twice
 * as many are tried, until that is no better. */
oc_status oc__advance(oc__advanced *out, const oc__quick *quick, const oc__train_options *options, oc__progress *progress,
                      oc_error *err);
void oc__advanced_free(oc__advanced *advanced);

#endif
