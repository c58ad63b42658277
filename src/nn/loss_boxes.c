/* Losses of boxes. SPDX-License-Identifier: MIT
 *
 * All in double precision: there are few boxes, and areas lose digits. */
#include <float.h>
#include <math.h>

#include "loss.h"
#include "loss_sum.h"

/* One axis of a pair of boxes: lengths, and their slopes by the low and the high end of the first box. */
typedef struct axis {
    int low, high; /* which of the corners' coordinates the ends are */
    double side, target_side, shared, hull, offset; /* offset: of the centres */
    double shared_slope[2], hull_slope[2];
} axis;

static const double side_slope[2] = {-1, 1};

/* The slope of the smaller of `value` and `other` by `value`; where they tie, the mean of both sides', so that a perfect box
 * stays. */
static double slope_of_smaller(double value, double other) { return value < other ? 1 : value > other ? 0 : 0.5; }

static axis axis_of(const float *box, const float *target, int first) {
    axis a = {.low = box[first] <= box[first + 2] ? first : first + 2};
    a.high = 2 * first + 2 - a.low;
    double low = (double)box[a.low], high = (double)box[a.high];
    double target_low = fmin((double)target[first], (double)target[first + 2]);
    double target_high = fmax((double)target[first], (double)target[first + 2]);
    a.side = high - low;
    a.target_side = target_high - target_low;
    a.shared = fmin(high, target_high) - fmax(low, target_low);
    a.hull = fmax(high, target_high) - fmin(low, target_low);
    a.offset = 0.5 * (low + high) - 0.5 * (target_low + target_high);
    a.hull_slope[0] = -slope_of_smaller(low, target_low);
    a.hull_slope[1] = slope_of_smaller(target_high, high);
    if (a.shared > 0) {
        a.shared_slope[0] = -slope_of_smaller(target_low, low);
        a.shared_slope[1] = slope_of_smaller(high, target_high);
    } else {
        a.shared = 0;
    }
    return a;
}

static double ratio(double a, double b) { return b > 0 ? a / b : 0; }

/* (hull - union) / hull, whose slope by an end of axis `a` is added to slopes[end]. */
static double giou_penalty(double slopes[2][2], const axis axes[2], double both) {
    double hull = axes[0].hull * axes[1].hull;
    if (!(hull > 0)) return 0;
    for (int a = 0; a < 2; a++)
        for (int end = 0; end < 2; end++) {
            const axis *along = &axes[a], *across = &axes[1 - a];
            double both_slope = side_slope[end] * across->side - along->shared_slope[end] * across->shared;
            slopes[a][end] += both / hull * (along->hull_slope[end] / along->hull) - both_slope / hull;
        }
    return 1 - both / hull;
}

/* Squared distance of the centres by the squared diagonal of the hull, and how the aspects differ. */
static double ciou_penalty(double slopes[2][2], const axis axes[2], double iou) {
    const double pi = 3.141592653589793;
    const axis *x = &axes[0], *y = &axes[1];
    double diagonal = x->hull * x->hull + y->hull * y->hull, distance = x->offset * x->offset + y->offset * y->offset;
    double off = atan2(x->target_side, y->target_side) - atan2(x->side, y->side), v = 4 / (pi * pi) * off * off;
    double alpha = ratio(v, 1 - iou + v), squares = x->side * x->side + y->side * y->side;
    double aspect_slope[2] = {-8 / (pi * pi) * alpha * off * ratio(y->side, squares),
                              8 / (pi * pi) * alpha * off * ratio(x->side, squares)};
    for (int a = 0; a < 2; a++)
        for (int end = 0; end < 2; end++)
            slopes[a][end] += ratio(axes[a].offset, diagonal) -
                              2 * ratio(distance, diagonal) * ratio(axes[a].hull, diagonal) * axes[a].hull_slope[end] +
                              aspect_slope[a] * side_slope[end];
    return ratio(distance, diagonal) + alpha * v;
}

/* Slopes grow without bound where a box shrinks to nothing. */
static float in_range(double x) { return (float)fmin(fmax(x, -(double)FLT_MAX), (double)FLT_MAX); }

static double box_loss(float gradient[4], const float *box, const float *target, uint32_t kind, double scale) {
    axis axes[2] = {axis_of(box, target, 0), axis_of(box, target, 1)};
    double shared = axes[0].shared * axes[1].shared, iou, slopes[2][2];
    double both = axes[0].side * axes[1].side + axes[0].target_side * axes[1].target_side - shared;
    iou = ratio(shared, both);
    for (int a = 0; a < 2; a++)
        for (int end = 0; end < 2; end++) {
            const axis *along = &axes[a], *across = &axes[1 - a];
            double shared_slope = along->shared_slope[end] * across->shared;
            double both_slope = side_slope[end] * across->side - shared_slope;
            slopes[a][end] = iou * ratio(both_slope, both) - ratio(shared_slope, both);
        }
    double loss = 1 - iou + (kind == OC__CIOU ? ciou_penalty(slopes, axes, iou) : giou_penalty(slopes, axes, both));
    for (int a = 0; a < 2; a++) {
        gradient[axes[a].low] = in_range(scale * slopes[a][0]);
        gradient[axes[a].high] = in_range(scale * slopes[a][1]);
    }
    return loss;
}

typedef struct box_job {
    float *gradient;
    const float *boxes, *targets, *weights;
    uint32_t kind;
    double divisor;
} box_job;

static double box_losses(const void *job, size_t begin, size_t end) {
    const box_job *j = job;
    double loss = 0;
    for (size_t i = begin; i < end; i++) {
        double weight = j->weights ? (double)j->weights[i] : 1;
        float *gradient = j->gradient + 4 * i;
        for (int k = 0; k < 4; k++) gradient[k] = 0;
        if (weight == 0) continue;
        loss += weight * box_loss(gradient, j->boxes + 4 * i, j->targets + 4 * i, j->kind, weight / j->divisor);
    }
    return loss;
}

double oc__box_loss(float *gradient, oc_context *context, const float *boxes, const float *targets, const float *weights,
                    size_t n, uint32_t kind, double divisor) {
    box_job j = {gradient, boxes, targets, weights, kind, oc__loss_divisor(divisor, weights, NULL, n)};
    return oc__loss_sum(context, n, 16, box_losses, &j) / j.divisor;
}
