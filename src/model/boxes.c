/* Boxes. SPDX-License-Identifier: MIT */
#include "boxes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

const oc__box_limits oc__box_limits_standard = {.probability = 0.01f, .overlap = 0.6f, .n = 300};

#define MAX_CANDIDATES 2000 /* that are compared with each other; the most probable ones */

double oc__rect_area(const oc__rect *r) { return ((double)r->right - (double)r->left) * ((double)r->bottom - (double)r->top); }

/* The area that lies in both. */
static double common(const oc__rect *a, const oc__rect *b) {
    double width = fmin((double)a->right, (double)b->right) - fmax((double)a->left, (double)b->left);
    double height = fmin((double)a->bottom, (double)b->bottom) - fmax((double)a->top, (double)b->top);
    return width > 0 && height > 0 ? width * height : 0;
}

double oc__rect_overlap(const oc__rect *a, const oc__rect *b) {
    double both = common(a, b);
    return both > 0 ? both / (oc__rect_area(a) + oc__rect_area(b) - both) : 0;
}

double oc__rect_share(const oc__rect *part, const oc__rect *whole) {
    double both = common(part, whole);
    return both > 0 ? both / oc__rect_area(part) : 0;
}

float oc__box_distance(float value) {
    return expf(value > OC__DISTANCE_LOW ? (value < OC__DISTANCE_HIGH ? value : OC__DISTANCE_HIGH) : OC__DISTANCE_LOW);
}

oc__rect oc__box_decode(const float *values, uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
    float across = (float)x + 0.5f, along = (float)y + 0.5f;
    return (oc__rect){(across - oc__box_distance(values[0])) / (float)width,
                      (along - oc__box_distance(values[1])) / (float)height,
                      (across + oc__box_distance(values[2])) / (float)width,
                      (along + oc__box_distance(values[3])) / (float)height};
}

/* A pixel's answer for one tag. */
typedef struct candidate {
    float logit;
    uint32_t level, pixel, tag;
} candidate;

static int most_probable_first(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->logit != y->logit) return x->logit < y->logit ? 1 : -1;
    if (x->level != y->level) return x->level < y->level ? -1 : 1;
    if (x->pixel != y->pixel) return x->pixel < y->pixel ? -1 : 1;
    return (x->tag > y->tag) - (x->tag < y->tag);
}

typedef struct candidates {
    candidate *items;
    size_t n, capacity;
} candidates;

static oc_status gather(candidates *out, oc_context *context, const float *const *levels, const oc__shape *shapes,
                        size_t n_levels, size_t n_tags, float least, oc_error *err) {
    float bar = logf(least / (1 - least));
    oc_status status = OC_OK;
    for (uint32_t level = 0; level < n_levels; level++) {
        const float *values = levels[level];
        uint32_t n_pixels = shapes[level].h * shapes[level].w;
        for (uint32_t pixel = 0; pixel < n_pixels; pixel++, values += n_tags + OC__BOX_CHANNELS)
            for (uint32_t tag = 0; tag < n_tags; tag++) {
                if (!(values[tag] >= bar)) continue;
                status = oc__reserve(&out->items, &out->capacity, out->n, sizeof *out->items, context, err);
                if (status) return status;
                out->items[out->n++] = (candidate){values[tag], level, pixel, tag};
            }
    }
    if (out->n) qsort(out->items, out->n, sizeof *out->items, most_probable_first);
    return OC_OK;
}

static float within(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

/* False if there is nothing of it in the picture. */
static bool to_detection(oc__detection *out, const candidate *c, const float *const *levels, const oc__shape *shapes,
                         size_t n_tags) {
    const oc__shape *shape = &shapes[c->level];
    const float *values = levels[c->level] + c->pixel * (n_tags + OC__BOX_CHANNELS);
    oc__rect box = oc__box_decode(values + n_tags, c->pixel % shape->w, c->pixel / shape->w, shape->w, shape->h);
    box = (oc__rect){within(box.left), within(box.top), within(box.right), within(box.bottom)};
    *out = (oc__detection){box, c->tag, 1 / (1 + expf(-c->logit))};
    return box.right > box.left && box.bottom > box.top;
}

static bool is_double(const oc__detections *kept, const oc__detection *d, double overlap) {
    for (size_t i = 0; i < kept->n; i++)
        if (kept->items[i].tag == d->tag && oc__rect_overlap(&kept->items[i].box, &d->box) > overlap) return true;
    return false;
}

oc_status oc__boxes_find(oc__detections *out, oc_context *context, const float *const *levels, const oc__shape *shapes,
                         size_t n_levels, size_t n_tags, const oc__box_limits *limits, oc_error *err) {
    candidates all = {0};
    oc__detections kept = {0};
    *out = kept;
    oc_status status = gather(&all, context, levels, shapes, n_levels, n_tags, limits->probability, err);
    if (!status && !(kept.items = oc__alloc_array(context, limits->n, sizeof *kept.items)))
        status = oc__fail_nomem(err, context, limits->n * sizeof *kept.items, "boxes");
    for (size_t i = 0; i < all.n && i < MAX_CANDIDATES && kept.n < limits->n && !status; i++) {
        oc__detection d;
        if (to_detection(&d, &all.items[i], levels, shapes, n_tags) && !is_double(&kept, &d, (double)limits->overlap))
            kept.items[kept.n++] = d;
    }
    oc__free(context, all.items);
    if (status) oc__free(context, kept.items);
    else *out = kept;
    return status;
}
