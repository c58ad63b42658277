/* Small pieces of memory that go all at once. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_ARENA_H
#define OC_EXCHANGE_ARENA_H

#include "context.h"

/* Zero-initialise, and set `context`. */
typedef struct oc__arena {
    oc_context *context;
    struct oc__arena_block *last;
    size_t n_bytes; /* given out */
} oc__arena;

/* Memory aligned as for a pointer; NULL if there is none. */
void *oc__arena_alloc(oc__arena *arena, size_t size);

/* A copy of `size` bytes with a NUL behind. */
char *oc__arena_text(oc__arena *arena, const char *text, size_t size);

/* Gives all of it back; the arena may be used again. */
void oc__arena_free(oc__arena *arena);

#endif
