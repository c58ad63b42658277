/* Memory from the context's allocator. SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdint.h>
#include <string.h>

#include "checked.h"

/* Stands before every block. */
typedef struct header {
    void *base;
    size_t total; /* bytes taken from the allocator */
    size_t size;  /* bytes asked for */
} header;

static header *header_of(void *memory) { return (header *)(void *)((unsigned char *)memory - OC__ALIGNMENT); }

void *oc__alloc(oc_context *context, size_t size) {
    size_t total;
    if (!oc__add(&total, size, 2 * OC__ALIGNMENT)) return NULL;
    size_t used = atomic_fetch_add(&context->memory_used, total);
    if (context->memory_limit && (used + total > context->memory_limit || used + total < used)) {
        atomic_fetch_sub(&context->memory_used, total);
        atomic_store(&context->memory_refused, true);
        return NULL;
    }
    void *base = context->allocate(context->allocator_user, total);
    if (!base) {
        atomic_fetch_sub(&context->memory_used, total);
        atomic_store(&context->memory_refused, false);
        return NULL;
    }
    uintptr_t start = ((uintptr_t)base + 2 * OC__ALIGNMENT - 1) & ~(uintptr_t)(OC__ALIGNMENT - 1);
    unsigned char *memory = (unsigned char *)base + (start - (uintptr_t)base);
    *header_of(memory) = (header){.base = base, .total = total, .size = size};
    return memory;
}

void *oc__alloc_zero(oc_context *context, size_t size) {
    void *memory = oc__alloc(context, size);
    if (memory) memset(memory, 0, size);
    return memory;
}

void *oc__alloc_array(oc_context *context, size_t n, size_t size) {
    size_t bytes;
    return oc__mul(&bytes, n, size) ? oc__alloc(context, bytes) : NULL;
}

void *oc__realloc(oc_context *context, void *memory, size_t size) {
    void *moved = oc__alloc(context, size);
    if (!moved || !memory) return moved;
    size_t old = header_of(memory)->size;
    memcpy(moved, memory, old < size ? old : size);
    oc__free(context, memory);
    return moved;
}

void oc__free(oc_context *context, void *memory) {
    if (!memory) return;
    header block = *header_of(memory);
    context->release(context->allocator_user, block.base);
    atomic_fetch_sub(&context->memory_used, block.total);
}

char *oc__strdup(oc_context *context, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = oc__alloc(context, size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

oc_status oc__fail_nomem(oc_error *err, oc_context *context, size_t size, const char *what) {
    if (context && atomic_load(&context->memory_refused))
        return oc__fail(err, OC_E_NOMEM, "%s: %zu bytes are more than is left of the context's limit of %zu bytes", what, size,
                        context->memory_limit);
    return oc__fail(err, OC_E_NOMEM, "%s: out of memory (%zu bytes)", what, size);
}

static int buffer_grow(oc__buffer *buffer, size_t size) {
    size_t needed;
    if (buffer->failed) return 0;
    if (!oc__add(&needed, buffer->size, size)) {
        buffer->failed = 1;
        return 0;
    }
    if (needed <= buffer->capacity) return 1;
    size_t capacity = needed + needed / 2 + 64;
    void *data = capacity > needed ? oc__realloc(buffer->context, buffer->data, capacity) : NULL;
    if (!data) {
        buffer->failed = 1;
        return 0;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return 1;
}

void oc__buffer_append(oc__buffer *buffer, const void *data, size_t size) {
    if (!buffer_grow(buffer, size) || size == 0) return;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

void oc__buffer_zeros(oc__buffer *buffer, size_t size) {
    if (!buffer_grow(buffer, size) || size == 0) return;
    memset(buffer->data + buffer->size, 0, size);
    buffer->size += size;
}

void oc__buffer_free(oc__buffer *buffer) {
    if (buffer->context) oc__free(buffer->context, buffer->data);
    buffer->data = NULL;
    buffer->size = buffer->capacity = 0;
}

oc_status oc__reserve(void *array, size_t *capacity, size_t n, size_t size, oc_context *context, oc_error *err) {
    if (n < *capacity) return OC_OK;
    size_t wanted = n + n / 2 + 16, bytes;
    void *old, *moved;
    memcpy(&old, array, sizeof old);
    if (!oc__mul(&bytes, wanted, size) || !(moved = oc__realloc(context, old, bytes)))
        return oc__fail_nomem(err, context, wanted * size, "growing a list");
    memcpy(array, &moved, sizeof moved);
    *capacity = wanted;
    return OC_OK;
}
