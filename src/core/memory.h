/* Memory from the context's allocator. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_MEMORY_H
#define OC_CORE_MEMORY_H

#include <stddef.h>

#include "context.h"

/* All memory is aligned to this many bytes, so that any kernel may use aligned vectors on it. */
#define OC__ALIGNMENT 64

/* Each returns NULL when the allocator or the context's limit says no. A size of 0 gives a block that may be freed. */
void *oc__alloc(oc_context *context, size_t size);
void *oc__alloc_zero(oc_context *context, size_t size);
void *oc__alloc_array(oc_context *context, size_t n, size_t size); /* n * size bytes, checked */
void *oc__realloc(oc_context *context, void *memory, size_t size); /* keeps what fits; on failure the old block stands */
void oc__free(oc_context *context, void *memory);                  /* NULL is fine */

char *oc__strdup(oc_context *context, const char *text);

/* OC_E_NOMEM with a message that says what for and whether it was the context's own limit. */
oc_status oc__fail_nomem(oc_error *err, oc_context *context, size_t size, const char *what);

/* A growing run of bytes. Zero it, set `context`, and free it with oc__buffer_free. After a failed append `failed` stays
 * set and later appends do nothing, so that a writer checks once, at its end. */
typedef struct oc__buffer {
    oc_context *context;
    unsigned char *data;
    size_t size;
    size_t capacity;
    int failed;
} oc__buffer;

void oc__buffer_append(oc__buffer *buffer, const void *data, size_t size);
void oc__buffer_zeros(oc__buffer *buffer, size_t size);
void oc__buffer_free(oc__buffer *buffer);

/* Makes room for `n` + 1 elements of `size` bytes in *array, whose capacity is *capacity. OC_E_NOMEM leaves all as it was. */
oc_status oc__reserve(void *array, size_t *capacity, size_t n, size_t size, oc_context *context, oc_error *err);

#endif
