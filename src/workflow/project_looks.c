/* How a project's pictures look. SPDX-License-Identifier: MIT */
#include "project_looks.h"

#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "kernels.h"
#include "memory.h"
#include "thread.h"

#define CHUNK 256 /* pictures read between two writes to the cache */
#define KEY "appearance version=1"

/* --- looks --- */

typedef struct reading {
    oc_project *project;
    const oc__survey *survey;
    oc__looks *looks;
    oc__progress *progress;
    size_t chunk[CHUNK];
    oc_status statuses[CHUNK];
    oc_error errors[CHUNK];
} reading;

static void read_task(void *argument, size_t task, uint32_t worker) {
    reading *r = argument;
    size_t index = r->chunk[task];
    oc__sample *sample = NULL;
    oc__bitmap bitmap = {0};
    if (!oc__progress_go_on(r->progress)) return;
    oc_status status = oc__surveyed_sample(&sample, r->project, &r->survey->items[index], &r->errors[task]);
    if (!status) status = oc__bitmap_open(&bitmap, r->project->context, &sample->image, OC__APPEARANCE_SIDE, &r->errors[task]);
    if (!status) status = oc__appearance_of(&r->looks->items[index], &bitmap, &r->errors[task]);
    r->looks->readable[index] = !status;
    r->statuses[task] = status;
    oc__bitmap_free(&bitmap);
    if (sample) oc__sample_release(sample);
    oc__progress_step(r->progress, 1, worker);
}

static oc_status read_chunk(reading *r, oc__cache *cache, size_t set, size_t n, oc_error *err) {
    for (size_t i = 0; i < n; i++) {
        r->statuses[i] = OC_OK;
        r->errors[i] = (oc_error)OC_ERROR_INIT;
    }
    oc__parallel(r->project->context, n, read_task, r);
    oc_status status = oc__progress_status(r->progress, err);
    for (size_t i = 0; i < n && !status; i++) {
        size_t index = r->chunk[i];
        if (r->statuses[i] == OC_E_NOMEM) status = oc__fail(err, OC_E_NOMEM, "%s", r->errors[i].message);
        if (r->looks->readable[index])
            oc__cache_put(cache, set, r->survey->items[index].hash, (const float *)&r->looks->items[index], 0);
    }
    oc__cache_flush(cache);
    return status;
}

static oc_status read_all(reading *r, oc__cache *cache, size_t set, oc_error *err) {
    oc_status status = OC_OK;
    size_t n = 0;
    uint64_t nothing;
    for (size_t i = 0; i < r->survey->n && !status; i++) {
        float *row = (float *)&r->looks->items[i];
        if (oc__cache_get(row, &nothing, cache, set, r->survey->items[i].hash)) {
            r->looks->readable[i] = true;
            oc__progress_step(r->progress, 1, 0);
        } else {
            r->chunk[n++] = i;
        }
        if (n == CHUNK) {
            status = read_chunk(r, cache, set, n, err);
            n = 0;
        }
    }
    return status ? status : read_chunk(r, cache, set, n, err);
}

oc_status oc__looks_make(oc__looks *out, oc_project *project, const oc__survey *survey, oc__progress *progress, oc_error *err) {
    oc_context *context = project->context;
    oc__looks looks = {.context = context, .n = survey->n};
    oc__cache *cache = NULL;
    size_t set;
    looks.items = oc__alloc_array(context, survey->n, sizeof *looks.items);
    looks.readable = oc__alloc_zero(context, survey->n * sizeof *looks.readable);
    reading *r = oc__alloc_zero(context, sizeof *r);
    oc_status status = OC_OK;
    if (!looks.items || !looks.readable || !r)
        status = oc__fail_nomem(err, context, survey->n * sizeof *looks.items, "the looks of pictures");
    if (!status) status = oc__cache_open(&cache, project, err);
    if (!status) status = oc__cache_set(&set, cache, KEY, OC__APPEARANCE_VALUES, err);
    if (!status) {
        r->project = project;
        r->survey = survey;
        r->looks = &looks;
        r->progress = progress;
        status = read_all(r, cache, set, err);
    }
    if (cache) oc__cache_close(cache);
    oc__free(context, r);
    if (status)
        oc__looks_free(&looks);
    else
        *out = looks;
    return status;
}

void oc__looks_free(oc__looks *looks) {
    if (!looks->context) return;
    oc__free(looks->context, looks->items);
    oc__free(looks->context, looks->readable);
    *looks = (oc__looks){0};
}

/* --- nearly the same --- */

/* Found on real sets: features see what is in a picture and not how it lies there, thumbnails the other way round. */
#define COARSE 0.9 /* thumbnails of half the side correlate by this in any case */
#define BY_FEATURES 0.985
#define BY_THUMBNAILS 0.99
#define LEAST_COSINE 0.92 /* of pictures whose thumbnails say that they are the same */

#define HALF (OC__THUMB * OC__THUMB / 4)

typedef struct found {
    oc__alike *pairs;
    size_t n, capacity;
    oc_error error;
} found;

typedef struct comparison {
    const oc__looks *looks;
    const oc__feature_rows *features;
    float *halves; /* [n][HALF] */
    found *workers;
    oc__progress *progress;
} comparison;

static bool is_alike(const comparison *c, size_t a, size_t b) {
    const oc__kernels *k = c->looks->context->kernels;
    const oc__feature_rows *f = c->features;
    if (k->dot(HALF, c->halves + a * HALF, c->halves + b * HALF) < COARSE) return false;
    double cosine = k->dot(f->dim, f->values + a * f->dim, f->values + b * f->dim);
    if (cosine >= BY_FEATURES) return true;
    return cosine >= LEAST_COSINE &&
           k->dot(OC__THUMB * OC__THUMB, c->looks->items[a].thumb, c->looks->items[b].thumb) >= BY_THUMBNAILS;
}

static bool is_known(const comparison *c, size_t i) { return c->looks->readable[i] && c->features->readable[i]; }

static void compare_task(void *argument, size_t a, uint32_t worker) {
    const comparison *c = argument;
    found *f = &c->workers[worker];
    if (!oc__progress_go_on(c->progress)) return;
    for (size_t b = a + 1; b < c->looks->n && is_known(c, a) && !f->error.code; b++)
        if (is_known(c, b) && is_alike(c, a, b) &&
            !oc__reserve(&f->pairs, &f->capacity, f->n, sizeof *f->pairs, c->looks->context, &f->error))
            f->pairs[f->n++] = (oc__alike){(uint32_t)a, (uint32_t)b};
    oc__progress_step(c->progress, 1, worker);
}

static int by_numbers(const void *a, const void *b) {
    const oc__alike *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return x->second < y->second ? -1 : x->second > y->second;
}

static uint32_t group_of(uint32_t *groups, uint32_t i) {
    while (groups[i] != i) i = groups[i] = groups[groups[i]];
    return i;
}

/* Puts together what the workers found. */
static oc_status gather(oc__alikes *out, const comparison *c, oc_error *err) {
    oc_context *context = out->context;
    oc_status status = OC_OK;
    for (uint32_t w = 0; w < context->n_threads && !status; w++) {
        const found *f = &c->workers[w];
        if (f->error.code) status = oc__fail(err, f->error.code, "%s", f->error.message);
        for (size_t i = 0; i < f->n && !status; i++) {
            status = oc__reserve(&out->pairs, &out->capacity, out->n, sizeof *out->pairs, context, err);
            if (!status) out->pairs[out->n++] = f->pairs[i];
        }
    }
    if (status) return status;
    if (out->n) qsort(out->pairs, out->n, sizeof *out->pairs, by_numbers);
    for (size_t i = 0; i < c->looks->n; i++) out->groups[i] = (uint32_t)i;
    for (size_t i = 0; i < out->n; i++) {
        uint32_t a = group_of(out->groups, out->pairs[i].first), b = group_of(out->groups, out->pairs[i].second);
        out->groups[a < b ? b : a] = a < b ? a : b;
    }
    for (size_t i = 0; i < c->looks->n; i++) out->groups[i] = group_of(out->groups, (uint32_t)i);
    return OC_OK;
}

oc_status oc__alikes_find(oc__alikes *out, const oc__looks *looks, const oc__feature_rows *features, oc__progress *progress,
                          oc_error *err) {
    oc_context *context = looks->context;
    comparison c = {.looks = looks, .features = features, .progress = progress};
    oc__alikes alikes = {.context = context};
    alikes.groups = oc__alloc_array(context, looks->n, sizeof *alikes.groups);
    c.halves = oc__alloc_array(context, looks->n, HALF * sizeof(float));
    c.workers = oc__alloc_zero(context, context->n_threads * sizeof *c.workers);
    oc_status status = OC_OK;
    if (!alikes.groups || !c.halves || !c.workers)
        status = oc__fail_nomem(err, context, looks->n * HALF * sizeof(float), "comparing pictures");
    for (uint32_t w = 0; w < context->n_threads && !status; w++) c.workers[w].error = (oc_error)OC_ERROR_INIT;
    for (size_t i = 0; i < looks->n && !status; i++)
        if (looks->readable[i]) oc__thumb_halve(c.halves + i * HALF, looks->items[i].thumb);
    if (!status) {
        oc__parallel(context, looks->n, compare_task, &c);
        status = oc__progress_status(progress, err);
    }
    if (!status) status = gather(&alikes, &c, err);
    for (uint32_t w = 0; w < context->n_threads && c.workers; w++) oc__free(context, c.workers[w].pairs);
    oc__free(context, c.workers);
    oc__free(context, c.halves);
    if (status)
        oc__alikes_free(&alikes);
    else
        *out = alikes;
    return status;
}

void oc__alikes_free(oc__alikes *alikes) {
    if (!alikes->context) return;
    oc__free(alikes->context, alikes->pairs);
    oc__free(alikes->context, alikes->groups);
    *alikes = (oc__alikes){0};
}
