/* Losses: how far off a network's outputs are, and which way is down. SPDX-License-Identifier: MIT
 *
 * Each returns the loss and overwrites its gradient by the first input. Losses and gradients are finite for all finite
 * inputs whose differences single precision can hold. A loss is the mean over what counts (rows, elements or boxes), or 0 with
 * gradients of 0 if nothing does; where there is a `divisor` and it is above 0, the sum is divided by that instead (a
 * detector's number of objects, say). `weights` are factors, NULL for 1; what has a weight of 0 does not count. Work is shared
 * among the context's threads; the result does not depend on how many there are. */
#ifndef OC_NN_LOSS_H
#define OC_NN_LOSS_H

#include "context.h"

/* Softmax of n rows of `classes` logits, in place; stable for any finite input. */
void oc__softmax(float *rows, size_t n, size_t classes);

/* What n rows of logits should say. */
typedef struct oc__class_targets {
    const int32_t *labels;      /* a class each; below 0 leaves the row out. Or NULL, and */
    const float *shares;        /* n x classes: of each class in the row */
    const float *class_weights; /* what a class's part of a row's loss counts; NULL: 1. With labels the mean is weighted by that
                                 * of the label */
    float smoothing;            /* this share of a row's target is spread over all classes alike (Szegedy et al. 2016) */
} oc__class_targets;

/* Softmax cross-entropy. */
double oc__cross_entropy(float *gradient, oc_context *context, const float *logits, const oc__class_targets *targets, size_t n,
                         size_t classes);

/* Losses of single logits z by targets t in [0, 1], with p = sigmoid(z) and H the cross-entropy of p and t. */
enum {
    OC__SIGMOID_CROSS_ENTROPY, /* H: several labels for one picture */
    OC__FOCAL,         /* a (1 - q)^gamma H, q = p t + (1 - p)(1 - t), a = alpha t + (1 - alpha)(1 - t); alpha < 0: a = 1
                          (Lin et al. 2017) */
    OC__QUALITY_FOCAL, /* |t - p|^gamma H (Li et al. 2020) */
    OC__VARIFOCAL      /* t H where t is above 0, alpha p^gamma H where it is 0 (Zhang et al. 2021) */
};

typedef struct oc__sigmoid_loss {
    uint32_t kind;
    float alpha, gamma;   /* gamma: at least 0 */
    const float *targets; /* below 0 leaves the element out */
    const float *weights; /* for each element */
    double divisor;
} oc__sigmoid_loss;

double oc__sigmoid_loss_of(float *gradient, oc_context *context, const float *logits, const oc__sigmoid_loss *loss,
                           size_t count);

/* Losses of boxes. A box is two corners: x0, y0, x1, y1, in any order; it may be empty. */
enum {
    OC__GIOU, /* Rezatofighi et al. 2019 */
    OC__CIOU  /* Zheng et al. 2020; the trade-off factor counts as a constant in the gradient */
};

double oc__box_loss(float *gradient, oc_context *context, const float *boxes, const float *targets, const float *weights,
                    size_t n, uint32_t kind, double divisor);

/* d^2 / (2 beta) where the difference d is below beta, |d| - beta / 2 elsewhere (Girshick 2015); beta 0: |d|. */
double oc__smooth_l1(float *gradient, oc_context *context, const float *values, const float *targets, const float *weights,
                     size_t count, float beta, double divisor);

/* Distillation: the temperature's square times the divergence (Kullback and Leibler) of the student's softmax from the
 * teacher's, both of logits divided by the temperature (Hinton et al. 2015). Mean over the rows. */
double oc__distil_logits(float *gradient, oc_context *context, const float *logits, const float *teacher, size_t n,
                         size_t classes, float temperature);

/* Half the squared distance to the targets, mean over all elements. */
double oc__squared_error(float *gradient, oc_context *context, const float *values, const float *targets, size_t count);

/* The same to a teacher's features less their mean and divided by their deviation, both `dim` numbers. */
double oc__distil_features(float *gradient, oc_context *context, const float *features, const float *teacher,
                           const float *mean, const float *deviation, size_t n, size_t dim);

/* 1 - the cosine between rows, mean over the rows; a row of zeros has cosine 0 with any. It is half the squared distance of
 * the rows scaled to length 1. */
double oc__cosine_loss(float *gradient, oc_context *context, const float *rows, const float *targets, size_t n, size_t dim);

#endif
