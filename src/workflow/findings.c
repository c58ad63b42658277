/* What checking a project finds. SPDX-License-Identifier: MIT */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "memory.h"

oc_status oc__finding_list_create(oc_finding_list **out, oc_context *context, oc_error *err) {
    oc_finding_list *list = oc__alloc_zero(context, sizeof *list);
    if (!list) return oc__fail_nomem(err, context, sizeof *list, "findings");
    list->strings.context = oc__context_retain(context);
    *out = list;
    return OC_OK;
}

void oc__finding_list_free(oc_finding_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list->places);
    oc__free(context, list);
    oc__context_release(context);
}

/* Copies a text, which may be NULL; false without memory. */
static bool copy(const char **out, oc_finding_list *list, const char *text) {
    *out = text ? oc__strings_add(&list->strings, text) : NULL;
    return *out || !text;
}

oc_status oc__finding_place(oc_finding_list *list, const oc__surveyed *picture, const oc_finding_place *place, oc_error *err) {
    oc_context *context = list->strings.context;
    oc_finding_place p = OC_FINDING_PLACE_INIT;
    oc_status status = oc__reserve(&list->places, &list->place_capacity, list->n_places, sizeof *list->places, context, err);
    if (status) return status;
    if (place) p = *place;
    if (!copy(&p.picture, list, picture->id) || !copy(&p.name, list, picture->name) || !copy(&p.tag, list, p.tag) ||
        !copy(&p.other, list, p.other) || !copy(&p.twin, list, p.twin) || !copy(&p.region, list, p.region))
        return oc__fail_nomem(err, context, 4096, "findings");
    list->places[list->n_places++] = p;
    return OC_OK;
}

/* The places before these have findings. */
static size_t n_settled(const oc_finding_list *list) {
    const oc__finding *last = list->n ? &list->items[list->n - 1] : NULL;
    return last ? last->first_place + last->info.n_places : 0;
}

size_t oc__finding_pending(const oc_finding_list *list) { return list->n_places - n_settled(list); }

oc_status oc__finding_add(oc_finding_list *list, uint32_t kind, uint32_t severity, const char *tag, const char *other,
                          const char *advice, oc_error *err, const char *format, ...) {
    oc_context *context = list->strings.context;
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    if (status) return status;
    oc__finding f = {OC_FINDING_INIT, n_settled(list)};
    f.info.kind = kind;
    f.info.severity = severity;
    f.info.n_places = oc__finding_pending(list);
    if (!copy(&f.info.tag, list, tag) || !copy(&f.info.other, list, other) || !copy(&f.info.message, list, message) ||
        !copy(&f.info.advice, list, advice))
        return oc__fail_nomem(err, context, 4096, "findings");
    list->items[list->n++] = f;
    return OC_OK;
}

static int by_severity(const void *a, const void *b) {
    const oc__finding *x = a, *y = b;
    if (x->info.severity != y->info.severity) return x->info.severity > y->info.severity ? -1 : 1;
    if (x->info.kind != y->info.kind) return x->info.kind < y->info.kind ? -1 : 1;
    return x->first_place < y->first_place ? -1 : x->first_place > y->first_place;
}

/* The worst first. Equal ones stay as they were: those of one group of pictures follow each other. */
static void sort_places(oc_finding_place *places, size_t n, oc_finding_place *room) {
    if (n < 2) return;
    size_t half = n / 2;
    sort_places(places, half, room);
    sort_places(places + half, n - half, room);
    for (size_t i = 0; i < n; i++) room[i] = places[i];
    for (size_t i = 0, a = 0, b = half; i < n; i++)
        places[i] = b == n || (a < half && room[a].score >= room[b].score) ? room[a++] : room[b++];
}

oc_status oc__findings_sort(oc_finding_list *list, oc_error *err) {
    oc_context *context = list->strings.context;
    oc_finding_place *room = oc__alloc_array(context, list->n_places, sizeof *room);
    if (!room) return oc__fail_nomem(err, context, list->n_places * sizeof *room, "findings");
    if (list->n) qsort(list->items, list->n, sizeof *list->items, by_severity);
    for (size_t i = 0; i < list->n; i++)
        sort_places(list->places + list->items[i].first_place, list->items[i].info.n_places, room);
    oc__free(context, room);
    return OC_OK;
}
