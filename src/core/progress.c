/* Telling the caller how far a long call has come. SPDX-License-Identifier: MIT */
#include "progress.h"

#include "clock.h"

#define INTERVAL 0.1 /* seconds between two calls of the callback */

static double fraction(const oc__progress *p) {
    size_t done = atomic_load(&p->n_done);
    double share = p->n_steps ? (double)done / (double)p->n_steps : 1;
    double fraction = p->from + (p->to - p->from) * share;
    return fraction > p->to ? p->to : fraction; /* never above what the next stage begins with, not even by rounding */
}

static void tell(oc__progress *p, double now, double done) {
    double elapsed = now - p->started;
    done = done < p->told ? p->told : done; /* where shares and parts meet it would fall by a rounding */
    p->told = done;
    oc_progress told = {.struct_size = sizeof told, .stage = p->stage, .fraction = done, .seconds_elapsed = elapsed};
    told.seconds_left = done > 0.02 && elapsed > 0.5 ? elapsed / done - elapsed : done >= 1 ? 0 : -1;
    p->last_told = now;
    if (p->callback && p->callback(p->user, &told)) atomic_store(&p->stopped, true);
}

void oc__progress_begin(oc__progress *p, oc_progress_fn callback, void *user, atomic_int *cancel) {
    *p = (oc__progress){.callback = callback, .user = user, .cancel = cancel, .started = oc__now(), .stage = "starting"};
    p->share_span = p->part_span = 1;
}

void oc__progress_share(oc__progress *p, double from, double to) {
    p->share_from = from;
    p->share_span = to - from;
    oc__progress_part(p, 0, 1);
}

/* In the whole. */
static double place(const oc__progress *p, double at) {
    return p->share_from + p->share_span * (p->part_from + p->part_span * at);
}

void oc__progress_part(oc__progress *p, double from, double to) {
    p->part_from = from;
    p->part_span = to - from;
}

void oc__progress_stage(oc__progress *p, const char *stage, double from, double to, size_t n_steps) {
    p->stage = stage;
    p->from = place(p, from);
    p->to = place(p, to);
    p->n_steps = n_steps;
    atomic_store(&p->n_done, 0);
    if (oc__progress_go_on(p)) tell(p, oc__now(), p->from);
}

bool oc__progress_go_on(const oc__progress *p) {
    return !atomic_load(&p->stopped) && !(p->cancel && atomic_load(p->cancel));
}

bool oc__progress_step(oc__progress *p, size_t steps, uint32_t worker) {
    atomic_fetch_add(&p->n_done, steps);
    if (!oc__progress_go_on(p)) return false;
    if (worker != 0) return true;
    double now = oc__now();
    if (now - p->last_told >= INTERVAL) tell(p, now, fraction(p));
    return oc__progress_go_on(p);
}

oc_status oc__progress_status(const oc__progress *p, oc_error *err) {
    return oc__progress_go_on(p) ? OC_OK : oc__fail(err, OC_E_CANCELLED, "cancelled");
}

void oc__progress_end(oc__progress *p) {
    p->stage = "done";
    tell(p, oc__now(), 1);
}
