/* An alarm that is raised once. SPDX-License-Identifier: MIT */
#include "alarm.h"

#include <ocellus/ocellus.h>

uint32_t oc__alarm_update(oc__alarm *a, int positive) {
    uint64_t kept = a->n_frames < 64 ? ((uint64_t)1 << a->n_frames) - 1 : UINT64_MAX;
    uint32_t n = 0;
    a->seen = (a->seen << 1 | (positive != 0)) & kept;
    for (uint64_t rest = a->seen; rest; rest &= rest - 1) n++;
    if (!a->on && n >= a->n_on) {
        a->on = 1;
        return OC_ALARM_RAISED;
    }
    if (a->on && n <= a->n_off) {
        a->on = 0;
        return OC_ALARM_CLEARED;
    }
    return a->on ? OC_ALARM_ON : OC_ALARM_OFF;
}
