/* How the learning rate goes over the steps of a training. SPDX-License-Identifier: MIT */
#ifndef OC_NN_SCHEDULE_H
#define OC_NN_SCHEDULE_H

#include <stdint.h>

enum {
    OC__SCHEDULE_CONSTANT,
    OC__SCHEDULE_STEPS, /* falls by a factor again and again */
    OC__SCHEDULE_COSINE /* falls as half a cosine (Loshchilov and Hutter 2017) */
};

typedef struct oc__schedule {
    uint32_t kind;
    uint64_t warm_up; /* steps at the beginning in which the rate rises in a line to 1 */
    uint64_t n_steps; /* cosine: where it ends; the warm-up counts */
    double floor;     /* cosine: what it ends at */
    uint64_t period;  /* steps: this many between two falls, the first after the warm-up; above 0 */
    double factor;    /* steps: what the rate is multiplied by at each */
} oc__schedule;

/* The share of the top rate that step `step` (from 0) takes. */
double oc__schedule_share(const oc__schedule *schedule, uint64_t step);

/* How far a training is that has done `step` steps of `n_steps` in `elapsed` seconds: by steps or, with `seconds` above 0, by
 * time, whichever is further, so that a training that time ends comes to the schedule's end. */
uint64_t oc__schedule_place(uint64_t step, uint64_t n_steps, double elapsed, double seconds);

#endif
