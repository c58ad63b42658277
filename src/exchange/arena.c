/* Small pieces of memory that go all at once: they lie one behind the other in blocks. SPDX-License-Identifier: MIT */
#include "arena.h"

#include <string.h>

#include "memory.h"

typedef struct oc__arena_block {
    struct oc__arena_block *next;
    size_t used, size;
    max_align_t bytes[];
} oc__arena_block;

#define BLOCK_BYTES (64u << 10)
#define UNIT sizeof(void *)

void *oc__arena_alloc(oc__arena *arena, size_t size) {
    oc__arena_block *block = arena->last;
    if (size > SIZE_MAX / 2) return NULL;
    size = (size + UNIT - 1) / UNIT * UNIT;
    if (!block || block->size - block->used < size) {
        /* A large piece gets a block of its own, behind the one that is being filled. */
        bool alone = block && size >= BLOCK_BYTES / 4;
        size_t room = alone || size > BLOCK_BYTES ? size : BLOCK_BYTES;
        oc__arena_block *fresh = oc__alloc(arena->context, sizeof *fresh + room);
        if (!fresh) return NULL;
        *fresh = (oc__arena_block){alone ? block->next : block, 0, room};
        if (alone)
            block->next = fresh;
        else
            arena->last = fresh;
        block = fresh;
    }
    void *piece = (char *)block->bytes + block->used;
    block->used += size;
    arena->n_bytes += size;
    return piece;
}

char *oc__arena_text(oc__arena *arena, const char *text, size_t size) {
    char *copy = oc__arena_alloc(arena, size + 1);
    if (!copy) return NULL;
    if (size) memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

void oc__arena_free(oc__arena *arena) {
    for (oc__arena_block *block = arena->last, *next; block; block = next) {
        next = block->next;
        oc__free(arena->context, block);
    }
    *arena = (oc__arena){.context = arena->context};
}
