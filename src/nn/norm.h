/* The arithmetic of batch normalisation, channel by channel. SPDX-License-Identifier: MIT */
#ifndef OC_NN_NORM_H
#define OC_NN_NORM_H

#include "op.h"

/* A batch norm's parameters. */
enum { OC__NORM_SCALE, OC__NORM_SHIFT, OC__NORM_MEAN, OC__NORM_VARIANCE };

/* From the sums over n pixels of x and, at sums + channels, of (x - running mean)^2: the batch's mean and 1 / sqrt(variance +
 * epsilon). Moves the running figures. */
void oc__norm_batch_figures(float *mean, float *inverse, const oc__node *node, oc__param *const *params, const double *sums,
                            size_t n);
void oc__norm_running_figures(float *mean, float *inverse, const oc__node *node, oc__param *const *params);

/* The norm as a map: x * scale + shift. */
void oc__norm_map(float *scale, float *shift, oc__param *const *params, const float *mean, const float *inverse);

/* From the sums over n pixels of the gradient dy and, at sums + channels, of dy * (x - mean): dx = dy * slope + x * tilt +
 * offset, and the gradients by scale and shift (each may be NULL). A frozen norm needs sums for these alone; else they may be
 * NULL. */
void oc__norm_gradient(float *slope, float *tilt, float *offset, float *by_scale, float *by_shift, const oc__node *node,
                       oc__param *const *params, const float *mean, const float *inverse, const double *sums, size_t n);

#endif
