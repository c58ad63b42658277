/* Time. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_CLOCK_H
#define OC_CORE_CLOCK_H

/* Seconds since some moment; never falls. */
double oc__now(void);

/* Does nothing for so many seconds, at most a minute. */
void oc__sleep(double seconds);

/* The present moment as "2026-01-31T23:59:59Z". */
void oc__utc_now(char out[21]);

#endif
