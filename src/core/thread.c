/* Worker threads. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

/* A worker that finds nothing to do looks again this often before it sleeps: about 50 us, the time between two layers. */
#define SPINS 2000

/* `state` holds the job's number (upper bits), whether it may still be joined, and how many workers are in it. A worker
 * joins by one compare-and-swap; the caller closes the job and waits only for the workers that did join, so a worker that
 * sleeps through a job costs nothing. */
#define ACTIVE_MASK 0xFFFFu
#define OPEN 0x10000u
#define JOB_SHIFT 17

struct oc__pool {
    pthread_mutex_t busy; /* held by the thread whose job runs */
    _Atomic uint64_t state;
    atomic_size_t next;
    size_t n_tasks;
    oc__task_fn function;
    void *argument;

    pthread_mutex_t lock; /* guards sleeping */
    pthread_cond_t wake;
    atomic_uint n_sleeping;
    atomic_bool stop;

    uint32_t n_workers;
    struct worker {
        pthread_t thread;
        oc__pool *pool;
        uint32_t index;
    } workers[];
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void do_tasks(oc__pool *pool, uint32_t worker) {
    size_t task;
    while ((task = atomic_fetch_add(&pool->next, 1)) < pool->n_tasks) pool->function(pool->argument, task, worker);
}

static bool open_job(uint64_t state, uint64_t last) { return (state & OPEN) && (state >> JOB_SHIFT) != last; }

/* Waits until there is a job other than `last` to join, or the pool stops. */
static void wait_for_job(oc__pool *pool, uint64_t last) {
    for (int i = 0; i < SPINS; i++) {
        if (open_job(atomic_load(&pool->state), last) || atomic_load(&pool->stop)) return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->n_sleeping, 1);
    while (!open_job(atomic_load(&pool->state), last) && !atomic_load(&pool->stop)) pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->n_sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument) {
    struct worker *self = argument;
    oc__pool *pool = self->pool;
    uint64_t last = 0;
    for (;;) {
        wait_for_job(pool, last);
        if (atomic_load(&pool->stop)) return NULL;
        uint64_t state = atomic_load(&pool->state);
        while (open_job(state, last) && !atomic_compare_exchange_weak(&pool->state, &state, state + 1)) continue;
        if (!open_job(state, last)) continue;
        last = state >> JOB_SHIFT;
        do_tasks(pool, self->index);
        atomic_fetch_sub(&pool->state, 1);
    }
}

void oc__parallel(oc_context *context, size_t n_tasks, oc__task_fn function, void *argument) {
    oc__pool *pool = context->pool;
    if (n_tasks <= 1 || !pool || pthread_mutex_trylock(&pool->busy) != 0) {
        for (size_t i = 0; i < n_tasks; i++) function(argument, i, 0);
        return;
    }
    pool->function = function;
    pool->argument = argument;
    pool->n_tasks = n_tasks;
    atomic_store(&pool->next, 0);
    uint64_t job = (atomic_load(&pool->state) >> JOB_SHIFT) + 1;
    atomic_store(&pool->state, job << JOB_SHIFT | OPEN);
    if (atomic_load(&pool->n_sleeping) > 0) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
    do_tasks(pool, 0);
    atomic_fetch_and(&pool->state, ~(uint64_t)OPEN);
    for (int i = 0; atomic_load(&pool->state) & ACTIVE_MASK; i++)
        if (i < SPINS) relax();
        else sched_yield();
    pthread_mutex_unlock(&pool->busy);
}

oc_status oc__pool_create(oc__pool **out, oc_context *context, uint32_t n_workers, oc_error *err) {
    size_t size = sizeof(oc__pool) + n_workers * sizeof(struct worker);
    oc__pool *pool = oc__alloc_zero(context, size);
    if (!pool) return oc__fail_nomem(err, context, size, "worker threads");
    pthread_mutex_init(&pool->busy, NULL);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    for (uint32_t i = 0; i < n_workers; i++) {
        struct worker *worker = &pool->workers[i];
        *worker = (struct worker){.pool = pool, .index = i + 1};
        int fault = pthread_create(&worker->thread, NULL, work, worker);
        if (fault) {
            oc__pool_free(pool, context);
            return oc__fail(err, OC_E_STATE, "cannot start worker thread %u of %u: %s", i + 1, n_workers, strerror(fault));
        }
        pool->n_workers = i + 1;
    }
    *out = pool;
    return OC_OK;
}

void oc__pool_free(oc__pool *pool, oc_context *context) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->n_workers; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    pthread_mutex_destroy(&pool->busy);
    oc__free(context, pool);
}

uint32_t oc__n_processors(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (uint32_t)CPU_COUNT(&set);
#endif
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : (uint32_t)n;
}
