/* Time. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "clock.h"

#include <time.h>

double oc__now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void oc__sleep(double seconds) {
    double whole = seconds > 60 ? 60 : seconds > 0 ? seconds : 0;
    struct timespec t = {(time_t)whole, (long)((whole - (double)(time_t)whole) * 1e9)};
    nanosleep(&t, NULL);
}

void oc__utc_now(char out[21]) {
    time_t now = time(NULL);
    struct tm utc;
    if (!gmtime_r(&now, &utc) || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc) != 20) out[0] = 0;
}
