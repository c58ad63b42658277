/* Names and their numbers: a hash table with open addressing. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "annotations.h"
#include "clock.h"
#include "hash.h"
#include "memory.h"

typedef struct oc__name_slot {
    const char *name; /* NULL: free */
    uint32_t number;
} oc__name_slot;

/* The slot that has the name, or the free one where it belongs. There is always a free one. */
static oc__name_slot *slot_of(const oc__names *names, const char *name) {
    size_t i = (size_t)oc__hash64(names->seed, name, strlen(name)) & (names->n_slots - 1);
    while (names->slots[i].name && strcmp(names->slots[i].name, name) != 0) i = (i + 1) & (names->n_slots - 1);
    return &names->slots[i];
}

bool oc__names_find(uint32_t *out, const oc__names *names, const char *name) {
    if (!names->n_slots) return false;
    const oc__name_slot *slot = slot_of(names, name);
    if (!slot->name) return false;
    *out = slot->number;
    return true;
}

static oc_status grow(oc__names *names, oc_context *context, oc_error *err) {
    oc__names larger = {NULL, names->n, names->n_slots ? names->n_slots * 2 : 64, names->seed};
    if (!names->n_slots) { /* so that nobody can write a file whose names all meet in one place */
        double now = oc__now();
        const void *here = names;
        larger.seed = oc__hash64(oc__hash64(0, &now, sizeof now), &here, sizeof here);
    }
    larger.slots = oc__alloc_array(context, larger.n_slots, sizeof *larger.slots);
    if (!larger.slots) return oc__fail_nomem(err, context, larger.n_slots * sizeof *larger.slots, "names");
    memset(larger.slots, 0, larger.n_slots * sizeof *larger.slots);
    for (size_t i = 0; i < names->n_slots; i++)
        if (names->slots[i].name) *slot_of(&larger, names->slots[i].name) = names->slots[i];
    oc__free(context, names->slots);
    *names = larger;
    return OC_OK;
}

oc_status oc__names_add(oc__names *names, const char *name, uint32_t number, oc_context *context, oc_error *err) {
    if (2 * (names->n + 1) > names->n_slots) {
        oc_status status = grow(names, context, err);
        if (status) return status;
    }
    oc__name_slot *slot = slot_of(names, name);
    if (!slot->name) names->n++;
    *slot = (oc__name_slot){name, number};
    return OC_OK;
}

oc_status oc__given_add(const char **out, oc__given *given, const char *stem, size_t size, const char *ending, oc_error *err) {
    oc_context *context = given->text.context;
    size_t room = size + strlen(ending) + 16;
    char *name = oc__arena_alloc(&given->text, room);
    uint32_t number = 1, known;
    if (!name) return oc__fail_nomem(err, context, room, "names");
    snprintf(name, room, "%.*s%s", (int)size, stem, ending);
    const char *plain = oc__names_find(&known, &given->names, name) ? oc__arena_text(&given->text, name, strlen(name)) : name;
    if (!plain) return oc__fail_nomem(err, context, room, "names");
    oc__names_find(&number, &given->counts, plain);
    while (oc__names_find(&known, &given->names, name)) snprintf(name, room, "%.*s-%u%s", (int)size, stem, ++number, ending);
    oc_status status = oc__names_add(&given->names, name, 0, context, err);
    if (!status && number > 1) status = oc__names_add(&given->counts, plain, number, context, err);
    *out = name;
    return status;
}

void oc__given_free(oc__given *given) {
    oc__names_free(&given->names, given->text.context);
    oc__names_free(&given->counts, given->text.context);
    oc__arena_free(&given->text);
}

void oc__names_free(oc__names *names, oc_context *context) {
    oc__free(context, names->slots);
    *names = (oc__names){0};
}
