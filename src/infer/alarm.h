/* An alarm that is raised once. SPDX-License-Identifier: MIT */
#ifndef OC_INFER_ALARM_H
#define OC_INFER_ALARM_H

#include <stdint.h>

#define OC__MAX_ALARM_FRAMES 64

/* The last frames, newest in bit 0. */
typedef struct oc__alarm {
    uint32_t n_frames, n_on, n_off;
    uint64_t seen;
    int on;
} oc__alarm;

/* Takes the next frame; returns OC_ALARM_... */
uint32_t oc__alarm_update(oc__alarm *alarm, int positive);

#endif
