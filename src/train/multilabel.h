/* Training where a picture bears any number of tags. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_MULTILABEL_H
#define OC_TRAIN_MULTILABEL_H

#include "extract.h"
#include "measurement.h"
#include "regression.h"
#include "train.h"

/* Fits one logistic regression a tag and makes its probabilities mean what they say.
 *
 * Pictures are divided into folds by the rarest tag of each. The strength of the regularisation (*l2, if that is 0), one for
 * all tags, is that of the least held-out log loss, on some thousand pictures and some dozen tags if there are more. Each
 * tag's held-out logits are calibrated (Platt 1999, Probabilistic outputs for support vector machines), shrunk towards what
 * fits the tags together; what is measured of a fold by the fit to the other folds, what the classifier gets by that to all.
 *
 * *out gives calibrated logits; the measurement of the cross-validation has the thresholds of the best F1, and no names.
 * Memory beside the features does not grow with pictures times tags: tables of logits are made some tags at a time. Progress
 * from 0.7 to 0.92. */
oc_status oc__multilabel_train(oc__linear *out, oc__measurement **measurement, double *l2, const oc__features *features,
                               const oc__tag_sets *sets, size_t n_tags, const oc__train_options *options,
                               oc__progress *progress, oc_error *err);

#endif
