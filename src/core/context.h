/* The context: what every call needs of its host. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_CONTEXT_H
#define OC_CORE_CONTEXT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "error.h"

typedef struct oc__limits {
    uint32_t image_side;
    uint64_t image_pixels;
    uint64_t image_bytes;
    uint32_t image_ratio;
    uint32_t image_scans;
    uint32_t image_chunks;
    uint64_t model_bytes;
} oc__limits;

typedef struct oc__pool oc__pool;
typedef struct oc__file_ops oc__file_ops;

struct oc_context {
    atomic_size_t n_references;
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *memory);
    void *allocator_user;
    atomic_size_t memory_used;
    size_t memory_limit; /* 0: none */
    atomic_bool memory_refused; /* the last time that there was none, that was for the limit */

    oc_log_fn log;
    void *log_user;
    int log_level;
    pthread_mutex_t log_lock;

    oc__limits limits;
    oc__pool *pool;            /* NULL with one thread */
    uint32_t n_threads;
    const oc__file_ops *files; /* the operating system's, unless a test put its own here */
    const void *kernels;       /* the kernel table, set by the api room; opaque down here */
};

/* A context with one reference. `options` may be NULL. Leaves `kernels` NULL. */
oc_status oc__context_create(oc_context **out, const oc_context_options *options, oc_error *err);

/* Handles hold a reference each. The last one frees the context. */
oc_context *oc__context_retain(oc_context *context);
void oc__context_release(oc_context *context);

void oc__log(oc_context *context, int level, const char *format, ...) OC__PRINTF(3, 4);

#endif
