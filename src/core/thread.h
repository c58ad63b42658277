/* Worker threads. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_THREAD_H
#define OC_CORE_THREAD_H

#include "context.h"

/* Does task `task`. `worker` is below the context's n_threads, and no two tasks of one oc__parallel run under the same
 * worker at the same time: it picks the scratch memory. */
typedef void (*oc__task_fn)(void *argument, size_t task, uint32_t worker);

/* Runs tasks 0 .. n_tasks-1 on the context's threads and the caller's, and returns when all are done. Which thread runs
 * which task is left to chance, so a task must not depend on it. If the workers are busy, with
 * another thread's job or with the one that the caller is itself a task of, the caller does all tasks alone. */
void oc__parallel(oc_context *context, size_t n_tasks, oc__task_fn function, void *argument);

oc_status oc__pool_create(oc__pool **out, oc_context *context, uint32_t n_workers, oc_error *err);
void oc__pool_free(oc__pool *pool, oc_context *context);

/* The processors this process may run on, at least 1. */
uint32_t oc__n_processors(void);

#endif
