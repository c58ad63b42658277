/* How accuracy grows with the pictures. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_LEARNING_CURVE_H
#define OC_TRAIN_LEARNING_CURVE_H

#include "cross_validation.h"

#define OC__LEARNING_TEXT 160

/* Cross-validates the chosen head once more, on a quarter and on half of each tag's pictures, and writes the accuracies with
 * that of all (by the held-out `logits`) as "n:accuracy n:accuracy n:accuracy", n being the pictures that were learned from; ""
 * where the tags have fewer than eight pictures on average. */
oc_status oc__learning_curve(char out[OC__LEARNING_TEXT], const oc__validation *validation, const oc__head *head,
                             const float *logits, uint64_t seed, oc__progress *progress, oc_error *err);

#endif
