/* Views of pictures. SPDX-License-Identifier: MIT */
#include "views.h"

#include <math.h>
#include <string.h>

#include "distort.h"
#include "memory.h"
#include "thread.h"

#define MAX_KEPT ((size_t)512 << 20) /* bytes of decoded pictures that are kept */
#define LEAST_VISIBLE 0.3            /* an object of which less is left is no object of the view */
#define N_TRIES 8

/* --- pictures --- */

typedef struct reading {
    oc__view_source *source;
    size_t first;        /* sample of those that are read now */
    oc_status *statuses; /* of those */
    oc_error *errors;
    oc__progress *progress;
} reading;

static void read_task(void *argument, size_t i, uint32_t worker) {
    reading *r = argument;
    const oc__view_source *s = r->source;
    if (!oc__progress_go_on(r->progress)) return;
    r->errors[i] = (oc_error)OC_ERROR_INIT;
    const oc_image *image = &s->set->samples[r->first + i].sample->image;
    r->statuses[i] =
        oc__bitmap_open(&s->bitmaps[r->first + i], s->context, image, oc__prepare_reduce_to(s->rule), &r->errors[i]);
    oc__progress_step(r->progress, 1, worker);
}

/* So that hardly more are in memory at a time than are kept. */
#define READ_AT_A_TIME 64

static oc_status read_some(reading *r, size_t n, size_t *n_bytes, const oc__train_options *options, oc_error *err) {
    oc__view_source *s = r->source;
    oc__parallel(s->context, n, read_task, r);
    oc_status status = oc__progress_status(r->progress, err);
    for (size_t i = 0; i < n && !status; i++) {
        oc__bitmap *bitmap = &s->bitmaps[r->first + i];
        if (r->statuses[i] == OC_E_NOMEM || (r->statuses[i] && !options->skip_broken)) {
            status = oc__fail(err, r->statuses[i], "%s", r->errors[i].message);
        } else if (r->statuses[i]) {
            if (!s->set->quiet) oc__log(s->context, OC_LOG_WARNING, "left out: %s", r->errors[i].message);
        } else {
            size_t size = (size_t)bitmap->width * bitmap->height * 3;
            s->usable[s->n_usable++] = (uint32_t)(r->first + i);
            if (size > MAX_KEPT - *n_bytes) {
                oc__bitmap_free(bitmap);
                *bitmap = (oc__bitmap){0};
            } else {
                *n_bytes += size;
            }
        }
    }
    return status;
}

oc_status oc__view_source_open(oc__view_source *out, oc_context *context, const oc__training_set *set,
                               const oc__prepare_rule *rule, const oc__train_options *options, oc__progress *progress,
                               oc_error *err) {
    oc_status statuses[READ_AT_A_TIME] = {OC_OK}, status = OC_OK;
    size_t n_bytes = 0;
    oc_error *errors = oc__alloc_array(context, READ_AT_A_TIME, sizeof *errors);
    *out = (oc__view_source){.context = context,
                             .set = set,
                             .rule = rule,
                             .mirror = options->mirror,
                             .crop = options->crop,
                             .light = options->light,
                             .blur = options->blur,
                             .noise = options->noise,
                             .erase = options->erase};
    out->bitmaps = oc__alloc_zero(context, set->n * sizeof *out->bitmaps);
    out->usable = oc__alloc_array(context, set->n, sizeof *out->usable);
    if (!errors || !out->bitmaps || !out->usable)
        status = oc__fail_nomem(err, context, set->n * sizeof *out->bitmaps, "training");
    reading r = {out, 0, statuses, errors, progress};
    for (size_t i = 0; i < set->n && !status; r.first = i += READ_AT_A_TIME)
        status = read_some(&r, set->n - i < READ_AT_A_TIME ? set->n - i : READ_AT_A_TIME, &n_bytes, options, err);
    oc__free(context, errors);
    return status;
}

void oc__view_source_close(oc__view_source *s) {
    for (size_t i = 0; s->bitmaps && i < s->set->n; i++)
        if (s->bitmaps[i].pixels) oc__bitmap_free(&s->bitmaps[i]);
    oc__free(s->context, s->bitmaps);
    oc__free(s->context, s->usable);
    *s = (oc__view_source){0};
}

/* --- objects --- */

/* The object as fractions of a view that goes to `place`. False if too little of it is seen. */
static bool see_object(oc__object *out, const oc__object *object, const oc__view *view, const oc__rect *place) {
    const oc__rect *b = &object->box;
    double x0 = ((double)b->left - view->left) / view->width, x1 = ((double)b->right - view->left) / view->width;
    double y0 = ((double)b->top - view->top) / view->height, y1 = ((double)b->bottom - view->top) / view->height;
    double area = (x1 - x0) * (y1 - y0);
    x0 = fmax(x0, 0);
    y0 = fmax(y0, 0);
    x1 = fmin(x1, 1);
    y1 = fmin(y1, 1);
    if (!(x1 > x0 && y1 > y0 && (x1 - x0) * (y1 - y0) >= LEAST_VISIBLE * area)) return false;
    double left = view->mirror ? 1 - x1 : x0, right = view->mirror ? 1 - x0 : x1;
    double width = (double)(place->right - place->left), height = (double)(place->bottom - place->top);
    out->tag = object->tag;
    out->box = (oc__rect){(float)((double)place->left + left * width), (float)((double)place->top + y0 * height),
                          (float)((double)place->left + right * width), (float)((double)place->top + y1 * height)};
    return true;
}

static oc_status see_objects(oc__view_objects *objects, const oc__view_source *s, const oc__labelled *sample,
                             const oc__view *view, const oc__rect *place, oc_error *err) {
    for (uint32_t i = 0; i < sample->n_objects; i++) {
        oc__object seen;
        if (!see_object(&seen, &s->set->objects[sample->first_object + i], view, place)) continue;
        oc_status status = oc__reserve(&objects->items, &objects->capacity, objects->n, sizeof seen, s->context, err);
        if (status) return status;
        objects->items[objects->n++] = seen;
    }
    return OC_OK;
}

/* --- views --- */

/* A part of `low` to 1 of the sides' mean, of an aspect up to 4:3 relative to the picture. */
static oc__view random_part(oc__random *random, double low, bool mirror) {
    double scale = oc__random_between(random, low, 1), aspect = exp(oc__random_between(random, -1, 1) * 0.25 * log(4.0 / 3));
    oc__view view = {.width = fmin(scale * aspect, 1), .height = fmin(scale / aspect, 1)};
    view.left = oc__random_between(random, 0, 1 - view.width);
    view.top = oc__random_between(random, 0, 1 - view.height);
    view.mirror = mirror && oc__random_unit(random) < 0.5;
    return view;
}

/* Whether some object's centre is in it; a picture without objects is well shown by any part. */
static bool shows_some(const oc__view_source *s, const oc__labelled *sample, const oc__view *view) {
    for (uint32_t i = 0; i < sample->n_objects; i++) {
        const oc__rect *b = &s->set->objects[sample->first_object + i].box;
        double x = 0.5 * (double)(b->left + b->right), y = 0.5 * (double)(b->top + b->bottom);
        if (x >= view->left && x <= view->left + view->width && y >= view->top && y <= view->top + view->height) return true;
    }
    return sample->n_objects == 0;
}

static oc__view choose_view(const oc__view_source *s, const oc__labelled *sample, double low, oc__random *random) {
    oc__view view = oc__view_whole;
    view.mirror = s->mirror && oc__random_unit(random) < 0.5;
    if (!s->crop || oc__random_unit(random) < 0.25) return view;
    for (int i = 0; i < N_TRIES; i++) {
        oc__view part = random_part(random, low, s->mirror);
        if (shows_some(s, sample, &part)) return part;
    }
    return view;
}

/* Prepares a view of a sample into rows of the network's input from (left, top) on. */
static oc_status put_view(float *input, oc__view_objects *objects, const oc__view_source *s, size_t pick, uint32_t left,
                          uint32_t top, uint32_t width, uint32_t height, double low, oc__random *random, oc_error *err) {
    uint32_t index = s->usable[pick];
    const oc__labelled *sample = &s->set->samples[index];
    oc__view view = choose_view(s, sample, low, random);
    oc__prepare_rule rule = *s->rule;
    oc__bitmap bitmap = s->bitmaps[index];
    oc_status status = OC_OK;
    rule.width = width;
    rule.height = height;
    float *part = oc__alloc_array(s->context, (size_t)width * height, 3 * sizeof *part);
    if (!part) return oc__fail_nomem(err, s->context, (size_t)width * height * 3 * sizeof *part, "training");
    if (!s->bitmaps[index].pixels)
        status = oc__bitmap_open(&bitmap, s->context, &sample->sample->image, oc__prepare_reduce_to(s->rule), err);
    if (!status) status = oc__prepare(part, &bitmap, &rule, &view, err);
    for (uint32_t y = 0; y < height && !status; y++)
        memcpy(input + ((size_t)(top + y) * s->rule->width + left) * 3, part + (size_t)y * width * 3, width * 3 * sizeof *part);
    float across = (float)s->rule->width, along = (float)s->rule->height;
    oc__rect place = {(float)left / across, (float)top / along, (float)(left + width) / across, (float)(top + height) / along};
    if (!status) status = see_objects(objects, s, sample, &view, &place, err);
    if (!s->bitmaps[index].pixels && bitmap.pixels) oc__bitmap_free(&bitmap);
    oc__free(s->context, part);
    return status;
}

/* Other contrast, and other light in each channel, in the network's units, in which the colours' deviation is about 1. */
static void change_light(float *input, const oc__prepare_rule *rule, oc__random *random) {
    float gain = (float)oc__random_between(random, 0.7, 1.3), shift[3];
    double all = oc__random_between(random, -0.3, 0.3);
    for (int c = 0; c < 3; c++) shift[c] = (float)(all + oc__random_between(random, -0.15, 0.15));
    for (size_t i = 0; i < (size_t)rule->width * rule->height; i++)
        for (int c = 0; c < 3; c++) input[3 * i + (size_t)c] = gain * input[3 * i + (size_t)c] + shift[c];
}

oc_status oc__view_draw(float *input, oc__view_objects *objects, const oc__view_source *s, size_t pick, bool mosaic,
                        oc__random *random, oc_error *err) {
    uint32_t width = s->rule->width, height = s->rule->height;
    oc_status status = OC_OK;
    objects->n = 0;
    if (!mosaic) {
        status = put_view(input, objects, s, pick, 0, 0, width, height, 0.5, random, err);
    } else { /* Bochkovskiy et al. 2020 */
        uint32_t x = (uint32_t)(oc__random_between(random, 0.35, 0.65) * width), y = (uint32_t)(oc__random_between(random, 0.35, 0.65) * height);
        for (int i = 0; i < 4 && !status; i++) {
            bool right = i & 1, below = i & 2;
            size_t which = i ? (size_t)oc__random_below(random, s->n_usable) : pick;
            status = put_view(input, objects, s, which, right ? x : 0, below ? y : 0, right ? width - x : x,
                              below ? height - y : y, 0.7, random, err);
        }
    }
    if (!status && s->light) change_light(input, s->rule, random);
    if (!status && s->blur) status = oc__distort_blur(input, s->context, s->rule, random, err);
    if (!status && s->noise) oc__distort_noise(input, s->rule, random);
    if (!status && s->erase) oc__distort_erase(input, s->rule, random);
    return status;
}
