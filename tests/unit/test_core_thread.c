/* Worker threads and progress. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "memory.h"
#include "progress.h"
#include "support.h"
#include "thread.h"

#define MAX_TASKS 500

typedef struct work {
    oc_context *context;
    atomic_int done[MAX_TASKS];
    atomic_int in_use[256]; /* per worker */
    atomic_int faults;
    int nested;
} work;

static void nested_task(void *argument, size_t task, uint32_t worker) {
    work *w = argument;
    if (worker >= w->context->n_threads || atomic_fetch_add(&w->in_use[worker], 1) != 0) atomic_fetch_add(&w->faults, 1);
    atomic_fetch_add(&w->done[task], 1);
    atomic_fetch_sub(&w->in_use[worker], 1);
}

static void task(void *argument, size_t t, uint32_t worker) {
    work *w = argument;
    if (worker >= w->context->n_threads) {
        atomic_fetch_add(&w->faults, 1);
        return;
    }
    if (atomic_fetch_add(&w->in_use[worker], 1) != 0) atomic_fetch_add(&w->faults, 1);
    atomic_fetch_add(&w->done[t], 1);
    for (volatile int i = 0; i < (int)(t % 50); i++) continue;
    if (t % 16 == 0) sched_yield();
    if (w->nested && t % 7 == 0) {
        work inner = {.context = w->context};
        oc__parallel(w->context, 5, nested_task, &inner);
        for (int i = 0; i < 5; i++)
            if (atomic_load(&inner.done[i]) != 1) atomic_fetch_add(&w->faults, 1);
        atomic_fetch_add(&w->faults, atomic_load(&inner.faults));
    }
    atomic_fetch_sub(&w->in_use[worker], 1);
}

static int run_job(oc_context *context, size_t n, int nested) {
    work w = {.context = context, .nested = nested};
    int wrong = 0;
    oc__parallel(context, n, task, &w);
    for (size_t i = 0; i < MAX_TASKS; i++) wrong += atomic_load(&w.done[i]) != (i < n);
    return wrong + atomic_load(&w.faults);
}

START_TEST(test_parallel) {
    oc_context *context = new_threads_context((uint32_t)_i + 1, NULL);
    for (int round = 0; round < 1500; round++) ck_assert_int_eq(run_job(context, (size_t)(round * 37 % MAX_TASKS),
        round % 2), 0);
    end_context(context);
}
END_TEST

typedef struct host {
    oc_context *context;
    int wrong;
    size_t seed;
} host;

static void *host_thread(void *argument) {
    host *h = argument;
    for (size_t round = 0; round < 300; round++) h->wrong += run_job(h->context, (h->seed + round * 13) % 60, 1);
    return NULL;
}

/* Several threads of the host's give jobs to one context at once. */
START_TEST(test_many_hosts) {
    oc_context *context = new_threads_context((uint32_t)_i + 1, NULL);
    pthread_t threads[8];
    host hosts[8];
    for (size_t i = 0; i < 8; i++) {
        hosts[i] = (host){context, 0, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, host_thread, &hosts[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(hosts[i].wrong, 0);
    }
    end_context(context);
}
END_TEST

typedef struct meeting {
    atomic_uint there;
    uint32_t expected;
} meeting;

/* Returns only once all are there: all workers must take part. */
static void meet(void *argument, size_t t, uint32_t worker) {
    meeting *m = argument;
    (void)t;
    (void)worker;
    atomic_fetch_add(&m->there, 1);
    while (atomic_load(&m->there) < m->expected) sched_yield();
}

START_TEST(test_all_workers_come) {
    for (uint32_t n = 1; n <= 8; n++) {
        oc_context *context = new_threads_context(n, NULL);
        for (int round = 0; round < 20; round++) {
            meeting m = {.expected = n};
            struct timespec pause = {0, 300000};
            if (round % 4 == 0) nanosleep(&pause, NULL); /* they are asleep */
            oc__parallel(context, n, meet, &m);
        }
        end_context(context);
    }
}
END_TEST

START_TEST(test_pools_come_and_go) {
    for (int i = 0; i < 100; i++) {
        oc_context *context = new_threads_context((uint32_t)i % 8 + 1, NULL);
        if (i % 3) ck_assert_int_eq(run_job(context, 20, 0), 0);
        end_context(context);
    }
    ck_assert_uint_ge(oc__n_processors(), 1);
    oc_context *context = new_threads_context(0, NULL);
    ck_assert_uint_eq(context->n_threads, oc__n_processors() > 256 ? 256 : oc__n_processors());
    end_context(context);
}
END_TEST

typedef struct told {
    int n, stop_at;
    double last;
    bool fell;
} told;

static int listen(void *user, const oc_progress *progress) {
    told *t = user;
    t->n++;
    t->fell |= progress->fraction < t->last || progress->fraction > 1 || progress->struct_size != sizeof *progress;
    t->last = progress->fraction;
    return t->n == t->stop_at;
}

START_TEST(test_progress) {
    told t = {0};
    atomic_int cancel = 0;
    oc__progress p;
    oc__progress_begin(&p, listen, &t, &cancel);
    oc__progress_stage(&p, "one", 0, 0.5, 10);
    for (int i = 0; i < 20; i++) ck_assert(oc__progress_step(&p, 1, 0)); /* more than was said */
    oc__progress_stage(&p, "nothing to do", 0.5, 0.7, 0);
    oc__progress_stage(&p, "two", 0.7, 1, 5);
    ck_assert_int_eq(oc__progress_status(&p, NULL), OC_OK);
    oc__progress_end(&p);
    ck_assert(!t.fell && t.last == 1 && t.n >= 4);

    t = (told){.stop_at = 2};
    oc__progress_begin(&p, listen, &t, &cancel);
    oc__progress_stage(&p, "one", 0, 0.5, 10);
    ck_assert(oc__progress_go_on(&p));
    oc__progress_stage(&p, "two", 0.5, 1, 10);
    ck_assert(!oc__progress_go_on(&p));
    ck_assert(!oc__progress_step(&p, 1, 1));
    oc__progress_stage(&p, "three", 1, 1, 1); /* is not told any more */
    ck_assert_int_eq(t.n, 2);
    ck_assert_int_eq(oc__progress_status(&p, NULL), OC_E_CANCELLED);

    oc__progress_begin(&p, NULL, NULL, &cancel);
    oc__progress_stage(&p, "one", 0, 1, 1);
    ck_assert(oc__progress_step(&p, 1, 0));
    atomic_store(&cancel, 1);
    ck_assert(!oc__progress_step(&p, 1, 0));
    ck_assert_int_eq(oc__progress_status(&p, NULL), OC_E_CANCELLED);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_parallel, 8},
        {test_many_hosts, 5},
        {test_all_workers_come, 0},
        {test_pools_come_and_go, 0},
        {test_progress, 0},
    };
    return RUN_UNIT_TESTS("core thread", tests);
}
