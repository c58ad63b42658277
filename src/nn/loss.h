/* Losses: each returns its mean over the batch and writes its gradient. SPDX-License-Identifier: MIT */
#ifndef OC_NN_LOSS_H
#define OC_NN_LOSS_H

#include <stddef.h>
#include <stdint.h>

/* Softmax of n rows of `classes` logits, in place; stable for any finite input. */
void oc__softmax(float *rows, size_t n, size_t classes);

/* Softmax cross-entropy against one class a row; a label below 0 leaves its row out. gradient: d(mean loss)/d(logits). */
double oc__cross_entropy(float *gradient, const float *logits, const int32_t *labels, size_t n, size_t classes);

/* Half the squared distance to the targets, mean over all elements. gradient: d(loss)/d(values). */
double oc__squared_error(float *gradient, const float *values, const float *targets, size_t count);

#endif
