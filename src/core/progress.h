/* Telling the caller how far a long call has come, and whether to stop. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_PROGRESS_H
#define OC_CORE_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "error.h"

/* Made by the call that is long; its stages are told one after the other. Tasks may tell it from any worker; only worker 0,
 * which is the caller's own thread, calls the callback. */
typedef struct oc__progress {
    oc_progress_fn callback; /* or NULL */
    void *user;
    atomic_int *cancel; /* not 0: stop; or NULL */
    double started, last_told;
    double told; /* the fraction, last */
    const char *stage;
    double share_from, share_span; /* what the parts that follow share among them, of the whole */
    double part_from, part_span;   /* what the stages that follow share among them, of the share */
    double from, to;             /* the stage's part of the whole */
    atomic_size_t n_done;  /* of the stage's n_steps */
    size_t n_steps;
    atomic_bool stopped;
} oc__progress;

void oc__progress_begin(oc__progress *progress, oc_progress_fn callback, void *user, atomic_int *cancel);

/* Enters a stage of n_steps steps that makes up the part [from, to] of the whole, or of the part and the share that are set. */
void oc__progress_stage(oc__progress *progress, const char *stage, double from, double to, size_t n_steps);

/* The stages that follow make up the part [from, to] of the share. */
void oc__progress_part(oc__progress *progress, double from, double to);

/* The parts that follow make up the share [from, to] of the whole; the first of them is all of it. */
void oc__progress_share(oc__progress *progress, double from, double to);

/* Counts `steps` steps done. Returns false if the work is to stop. */
bool oc__progress_step(oc__progress *progress, size_t steps, uint32_t worker);

/* False if the work is to stop, without counting. */
bool oc__progress_go_on(const oc__progress *progress);

/* OC_OK, or OC_E_CANCELLED if the work was to stop. */
oc_status oc__progress_status(const oc__progress *progress, oc_error *err);

/* Tells that all is done. */
void oc__progress_end(oc__progress *progress);

#endif
