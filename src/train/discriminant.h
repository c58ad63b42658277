/* Linear discriminant analysis: a classifier in closed form. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_DISCRIMINANT_H
#define OC_TRAIN_DISCRIMINANT_H

#include "regression.h"

/* More features are not taken: the covariance is a table of all pairs. */
#define OC__MAX_DISCRIMINANT 4096

/* Takes the means of the tags and the covariance within them from rows that bear one tag each. */
typedef struct oc__discriminant oc__discriminant;

oc_status oc__discriminant_create(oc__discriminant **out, oc_context *context, const oc__rows *rows, oc_error *err);
void oc__discriminant_free(oc__discriminant *discriminant);

/* The rule that is best if each tag's features are normally distributed around its mean with one covariance for all (Fisher
 * 1936; Rao 1948): weights[t] = C^-1 mean[t], bias[t] = -1/2 mean[t] C^-1 mean[t] + log(share of t). Few rows tell little of a
 * covariance, so C = (1 - shrinkage) covariance + shrinkage x its mean variance x identity (Friedman 1989), shrinkage above 0
 * to 1; at 1 the nearest mean decides. Balanced, the shares are equal. */
oc_status oc__discriminant_fit(oc__linear *out, const oc__discriminant *discriminant, double shrinkage, oc_error *err);

#endif
