/* The context: what every call needs of its host. SPDX-License-Identifier: MIT */
#include "context.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "memory.h"
#include "thread.h"

static void *default_allocate(void *user, size_t size) {
    (void)user;
    return malloc(size);
}

static void default_release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static uint32_t or32(uint32_t value, uint32_t standard) { return value ? value : standard; }
static uint64_t or64(uint64_t value, uint64_t standard) { return value ? value : standard; }

oc_status oc__context_create(oc_context **out, const oc_context_options *options, oc_error *err) {
    oc_context_options o = OC_CONTEXT_OPTIONS_INIT;
    *out = NULL;
    if (options) {
        oc_status status = oc__struct_read(&o, sizeof o, sizeof o.struct_size, options, "oc_context_options", err);
        if (status) return status;
    }
    if (!o.allocate != !o.release)
        return oc__fail(err, OC_E_ARGUMENT, "oc_context_options: allocate and release go together; one of them is NULL");
    if (o.n_threads > 256) return oc__fail(err, OC_E_ARGUMENT, "oc_context_options: n_threads is %u, at most 256", o.n_threads);
    if (o.max_image_side > 65535)
        return oc__fail(err, OC_E_ARGUMENT, "oc_context_options: max_image_side is %u, at most 65535", o.max_image_side);
    if (o.log_level < 0 || o.log_level > OC_LOG_DEBUG)
        return oc__fail(err, OC_E_ARGUMENT, "oc_context_options: log_level is %d, expected 0 to %d", o.log_level, OC_LOG_DEBUG);
    if (!o.allocate) {
        o.allocate = default_allocate;
        o.release = default_release;
        o.allocator_user = NULL;
    }
    oc_context *context = o.allocate(o.allocator_user, sizeof *context);
    if (!context) return oc__fail(err, OC_E_NOMEM, "context: out of memory (%zu bytes)", sizeof *context);
    memset(context, 0, sizeof *context);
    atomic_init(&context->n_references, 1);
    context->allocate = o.allocate;
    context->release = o.release;
    context->allocator_user = o.allocator_user;
    context->memory_limit = o.max_memory > SIZE_MAX ? SIZE_MAX : (size_t)o.max_memory;
    context->log = o.log;
    context->log_user = o.log_user;
    context->log_level = o.log_level ? o.log_level : OC_LOG_WARNING;
    pthread_mutex_init(&context->log_lock, NULL);
    context->limits = (oc__limits){
        .image_side = or32(o.max_image_side, 16384),
        .image_pixels = or64(o.max_image_pixels, 100000000),
        .image_bytes = or64(o.max_image_bytes, 64u << 20),
        .image_ratio = or32(o.max_image_ratio, 100),
        .image_scans = or32(o.max_image_scans, 100),
        .image_chunks = or32(o.max_image_chunks, 1000),
        .model_bytes = or64(o.max_model_bytes, 1u << 30),
    };
    context->files = &oc__system_files;
    context->n_threads = o.n_threads ? o.n_threads : oc__n_processors();
    if (context->n_threads > 256) context->n_threads = 256;
    if (context->n_threads > 1) {
        oc_status status = oc__pool_create(&context->pool, context, context->n_threads - 1, err);
        if (status) {
            oc__context_release(context);
            return status;
        }
    }
    *out = context;
    return OC_OK;
}

oc_context *oc__context_retain(oc_context *context) {
    atomic_fetch_add(&context->n_references, 1);
    return context;
}

void oc__context_release(oc_context *context) {
    if (!context || atomic_fetch_sub(&context->n_references, 1) != 1) return;
    oc__pool_free(context->pool, context);
    pthread_mutex_destroy(&context->log_lock);
    context->release(context->allocator_user, context);
}

void oc__log(oc_context *context, int level, const char *format, ...) {
    if (!context->log || level > context->log_level) return;
    char line[512 + 1]; /* one more, to see whether the last character is whole */
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0) return;
    if ((size_t)length >= sizeof line - 1) oc__cut_text(line, sizeof line - 2);
    pthread_mutex_lock(&context->log_lock);
    context->log(context->log_user, level, line);
    pthread_mutex_unlock(&context->log_lock);
}
