/* Boxes: what holds an object, and how a detector's network says so. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_BOXES_H
#define OC_MODEL_BOXES_H

#include <stdbool.h>

#include "context.h"
#include "shape.h"

/* Fractions of the upright picture's width and height; left <= right, top <= bottom. */
typedef struct oc__rect {
    float left, top, right, bottom;
} oc__rect;

/* An object that is there. */
typedef struct oc__object {
    oc__rect box;
    uint32_t tag;
} oc__object;

/* An object that was found. */
typedef struct oc__detection {
    oc__rect box;
    uint32_t tag;
    float probability;
} oc__detection;

/* Those of one picture, the most probable first; the items are freed by who has them. */
typedef struct oc__detections {
    size_t n;
    oc__detection *items;
} oc__detections;

double oc__rect_area(const oc__rect *rect);

/* How much of `part`'s area lies in the other; 0 for boxes without area. */
double oc__rect_share(const oc__rect *part, const oc__rect *whole);

/* Intersection over union; 0 for boxes without area. */
double oc__rect_overlap(const oc__rect *a, const oc__rect *b);

/* A detector's graph has an output for each level of a pyramid: at every pixel the logits of the tags, then what the network
 * says of the distances from the pixel's centre to the box's left, top, right and bottom (Tian et al. 2019): their logarithms,
 * in pixels of the level. */
#define OC__BOX_CHANNELS 4
#define OC__MAX_LEVELS 5
#define OC__N_LEVELS 3 /* of the detectors that are trained: the base's maps at strides 8, 16 and 32 */

/* The distance that a network's value stands for; values are held within bounds in which nothing overflows. */
#define OC__DISTANCE_LOW (-6.0f)
#define OC__DISTANCE_HIGH 6.0f
float oc__box_distance(float value);

/* The box that a level of `width` x `height` pixels gives at pixel (x, y); `values` are the four distances'. Not kept within the
 * picture. */
oc__rect oc__box_decode(const float *values, uint32_t x, uint32_t y, uint32_t width, uint32_t height);

/* What is kept of a network's answers. */
typedef struct oc__box_limits {
    float probability; /* the least */
    float overlap;     /* of two boxes of one tag that overlap by more than this, the less probable one is dropped */
    size_t n;          /* the most */
} oc__box_limits;

extern const oc__box_limits oc__box_limits_standard;

/* All that the levels of one picture say, without doubles (greedy suppression, tag by tag). Boxes are kept within the picture,
 * and those that have no area there are dropped. The values may be any floats, not-a-numbers among them. */
oc_status oc__boxes_find(oc__detections *out, oc_context *context, const float *const *levels, const oc__shape *shapes,
                         size_t n_levels, size_t n_tags, const oc__box_limits *limits, oc_error *err);

#endif
