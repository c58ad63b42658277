/* Strings that go together. SPDX-License-Identifier: MIT */
#include <string.h>

#include "memory.h"
#include "store.h"

#define BLOCK 4096

struct oc__block {
    struct oc__block *before;
    size_t used, size;
    char text[];
};

const char *oc__strings_add(oc__strings *strings, const char *text) {
    size_t size = strlen(text) + 1;
    struct oc__block *block = strings->last;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        if (!(block = oc__alloc(strings->context, sizeof *block + room))) return NULL;
        *block = (struct oc__block){strings->last, 0, room};
        strings->last = block;
    }
    char *copy = memcpy(block->text + block->used, text, size);
    block->used += size;
    return copy;
}

void oc__strings_free(oc__strings *strings) {
    for (struct oc__block *block = strings->last, *before; block; block = before) {
        before = block->before;
        oc__free(strings->context, block);
    }
    strings->last = NULL;
}
