/* Schedules of the learning rate. SPDX-License-Identifier: MIT */
#include "schedule.h"

#include <math.h>

double oc__schedule_share(const oc__schedule *s, uint64_t step) {
    if (step < s->warm_up) return (double)(step + 1) / (double)s->warm_up;
    uint64_t since = step - s->warm_up;
    if (s->kind == OC__SCHEDULE_STEPS) return pow(s->factor, (double)(since / s->period));
    if (s->kind != OC__SCHEDULE_COSINE) return 1;
    if (step >= s->n_steps) return s->floor;
    double phase = 3.141592653589793 * (double)since / (double)(s->n_steps - s->warm_up);
    return s->floor + (1 - s->floor) * 0.5 * (1 + cos(phase));
}

uint64_t oc__schedule_place(uint64_t step, uint64_t n_steps, double elapsed, double seconds) {
    double share = seconds > 0 ? elapsed / seconds : 0;
    uint64_t by_time = share >= 1 ? n_steps : (uint64_t)(share * (double)n_steps);
    return by_time > step ? by_time : step;
}
