/* Following objects from frame to frame. SPDX-License-Identifier: MIT */
#ifndef OC_INFER_TRACKER_H
#define OC_INFER_TRACKER_H

#include "boxes.h"

/* How to follow. */
typedef struct oc__follow {
    uint32_t min_frames, max_missed;
    float probability, overlap;
} oc__follow;

/* A quantity and how fast it changes, by a Kalman filter. */
typedef struct oc__filtered {
    double value, speed;
    double variance[3]; /* of the value, of both, of the speed */
} oc__filtered;

/* An object that is followed. */
typedef struct oc__track {
    uint64_t id; /* counted from 1 when it is certain; 0 before */
    uint32_t tag;
    float probability;           /* of the box it was last seen in */
    uint32_t n_frames, n_missed; /* seen in so many; unseen for so many */
    bool is_new;                 /* certain since this frame */
    oc__filtered centre[2], area;
    double aspect;
} oc__track;

typedef struct oc__tracker oc__tracker;

oc_status oc__tracker_create(oc__tracker **out, oc_context *context, uint32_t n_tags, const oc__follow *how, oc_error *err);
void oc__tracker_free(oc__tracker *tracker);

/* Takes what was found in the next frame. On failure all is as before. */
oc_status oc__tracker_update(oc__tracker *tracker, const oc__detection *found, size_t n, oc_error *err);

/* The certain ones among those that are followed, in the order of their numbers; *out lives until the next update. */
size_t oc__tracker_tracks(const oc__track *const **out, const oc__tracker *tracker);

/* Where an object is, by the filter. */
oc__rect oc__track_box(const oc__track *track);

/* How many objects of a tag there have been so far. */
uint64_t oc__tracker_total(const oc__tracker *tracker, uint32_t tag);

/* Gives each of n rows one of m columns, at most one row a column, so that the sum of costs[n][m] is least and as many as can
 * be are given (Kuhn 1955; Jonker and Volgenant 1987): row_of[column] or -1. Costs are finite; n <= m. OC_E_NOMEM. */
oc_status oc__assign(int32_t *row_of, const double *costs, size_t n, size_t m, oc_context *context, oc_error *err);

#endif
