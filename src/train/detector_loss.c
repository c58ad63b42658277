/* The loss of a detector. SPDX-License-Identifier: MIT
 *
 * Which pixels are to find an object is learned along (task-aligned assignment, TOOD, Feng et al. 2021): of the pixels whose
 * centres lie in its box, those for which probability^A * overlap^B is greatest. What their probability should be is that
 * measure, scaled so that an object's best pixel is to say its overlap; all others are to say 0 (varifocal loss, Zhang et al.
 * 2021). Boxes by CIoU, weighted by what the probability should be. */
#include <math.h>
#include <string.h>

#include "detector.h"
#include "loss.h"
#include "memory.h"
#include "thread.h"

#define N_PIXELS 10 /* the most that find one object */
#define ALIGN_PROBABILITY 0.5
#define ALIGN_OVERLAP 6.0
#define BOX_WEIGHT 2.5

#define NOBODY UINT32_MAX

/* A pixel of some level, of one picture; pixels are numbered over all levels, the finest first. */
typedef struct pixel {
    oc__rect box;             /* that it gives */
    uint32_t object;          /* that it is to find, or NOBODY */
    float overlap, alignment; /* with that */
} pixel;

struct oc__detector_loss {
    oc_context *context;
    oc__learner *learner;
    uint32_t n_levels, n_pictures;
    size_t n_tags, n_pixels; /* of a picture */
    oc__shape shapes[OC__MAX_LEVELS];
    float *targets[OC__MAX_LEVELS];              /* of each output's elements; -1 where they are distances */
    pixel *pixels;                               /* n_pictures x n_pixels */
    float *boxes, *truths, *weights, *gradients; /* of pixels that find objects, gathered */
    const oc__view_objects *objects;
};

void oc__detector_loss_free(oc__detector_loss *l) {
    if (!l) return;
    for (int i = 0; i < OC__MAX_LEVELS; i++) oc__free(l->context, l->targets[i]);
    oc__free(l->context, l->pixels);
    oc__free(l->context, l->boxes);
    oc__free(l->context, l->truths);
    oc__free(l->context, l->weights);
    oc__free(l->context, l->gradients);
    oc__free(l->context, l);
}

oc_status oc__detector_loss_create(oc__detector_loss **out, oc__learner *learner, oc_context *context, uint32_t n_levels,
                                   size_t n_tags, oc_error *err) {
    oc__detector_loss *l = oc__alloc_zero(context, sizeof *l);
    if (!l) return oc__fail_nomem(err, context, sizeof *l, "training");
    *l = (oc__detector_loss){.context = context, .learner = learner, .n_levels = n_levels, .n_tags = n_tags};
    bool complete = true;
    for (uint32_t i = 0; i < n_levels; i++) {
        oc__shape *s = &l->shapes[i];
        oc__learner_output(learner, i, s);
        l->n_pictures = s->n;
        l->n_pixels += (size_t)s->h * s->w;
        l->targets[i] = oc__alloc_array(context, (size_t)s->n * s->h * s->w, s->c * sizeof(float));
        complete = complete && l->targets[i];
    }
    size_t n = l->n_pixels * l->n_pictures;
    l->pixels = oc__alloc_array(context, n, sizeof *l->pixels);
    l->boxes = oc__alloc_array(context, n, sizeof(oc__rect));
    l->truths = oc__alloc_array(context, n, sizeof(oc__rect));
    l->gradients = oc__alloc_array(context, n, sizeof(oc__rect));
    l->weights = oc__alloc_array(context, n, sizeof(float));
    if (!complete || !l->pixels || !l->boxes || !l->truths || !l->gradients || !l->weights) {
        oc__detector_loss_free(l);
        return oc__fail_nomem(err, context, n * sizeof *l->pixels, "training");
    }
    *out = l;
    return OC_OK;
}

/* --- which pixel is to find which object --- */

typedef struct place {
    uint32_t level, x, y;
} place;

static const float *values_of(const oc__detector_loss *l, uint32_t picture, place at) {
    const oc__shape *s = &l->shapes[at.level];
    return oc__learner_output(l->learner, at.level, NULL) + (((size_t)picture * s->h + at.y) * s->w + at.x) * s->c;
}

/* Pixels of an object, the best aligned first. */
typedef struct chosen {
    uint32_t pixels[N_PIXELS];
    double alignments[N_PIXELS];
    float overlaps[N_PIXELS];
    uint32_t n;
} chosen;

static void offer(chosen *c, uint32_t number, double alignment, float overlap) {
    if (c->n == N_PIXELS && alignment <= c->alignments[N_PIXELS - 1]) return;
    uint32_t i = c->n < N_PIXELS ? c->n++ : N_PIXELS - 1;
    for (; i > 0 && c->alignments[i - 1] < alignment; i--) {
        c->pixels[i] = c->pixels[i - 1];
        c->alignments[i] = c->alignments[i - 1];
        c->overlaps[i] = c->overlaps[i - 1];
    }
    c->pixels[i] = number;
    c->alignments[i] = alignment;
    c->overlaps[i] = overlap;
}

/* The pixels of a level whose centres lie between `low` and `high` on an axis of n pixels: [*begin, *end). */
static void span(uint32_t *begin, uint32_t *end, float low, float high, uint32_t n) {
    double first = ceil((double)low * n - 0.5), last = floor((double)high * n - 0.5);
    *begin = first > 0 ? (uint32_t)first : 0;
    *end = last < 0 ? 0 : last + 1 > n ? n : (uint32_t)last + 1;
}

static void consider(chosen *c, const oc__detector_loss *l, uint32_t picture, const oc__object *object, place at,
                     uint32_t number) {
    const float *values = values_of(l, picture, at);
    const pixel *p = &l->pixels[picture * l->n_pixels + number];
    double probability = 1 / (1 + exp(-(double)values[object->tag])), overlap = oc__rect_overlap(&p->box, &object->box);
    offer(c, number, pow(probability, ALIGN_PROBABILITY) * pow(overlap, ALIGN_OVERLAP), (float)overlap);
}

/* An object that holds no pixel's centre is for the one of the finest level that is nearest. */
static void choose(chosen *c, const oc__detector_loss *l, uint32_t picture, const oc__object *object) {
    uint32_t before = 0;
    c->n = 0;
    for (uint32_t level = 0; level < l->n_levels; level++) {
        const oc__shape *s = &l->shapes[level];
        uint32_t x0, x1, y0, y1;
        span(&x0, &x1, object->box.left, object->box.right, s->w);
        span(&y0, &y1, object->box.top, object->box.bottom, s->h);
        for (uint32_t y = y0; y < y1; y++)
            for (uint32_t x = x0; x < x1; x++) consider(c, l, picture, object, (place){level, x, y}, before + y * s->w + x);
        before += s->h * s->w;
    }
    if (c->n) return;
    const oc__shape *s = &l->shapes[0];
    uint32_t x = (uint32_t)(0.5f * (object->box.left + object->box.right) * (float)s->w);
    uint32_t y = (uint32_t)(0.5f * (object->box.top + object->box.bottom) * (float)s->h);
    x = x < s->w ? x : s->w - 1;
    y = y < s->h ? y : s->h - 1;
    consider(c, l, picture, object, (place){0, x, y}, y * s->w + x);
}

static void decode_all(const oc__detector_loss *l, uint32_t picture) {
    pixel *p = l->pixels + picture * l->n_pixels;
    for (uint32_t level = 0; level < l->n_levels; level++) {
        const oc__shape *s = &l->shapes[level];
        for (uint32_t y = 0; y < s->h; y++)
            for (uint32_t x = 0; x < s->w; x++, p++) {
                const float *values = values_of(l, picture, (place){level, x, y});
                *p = (pixel){.box = oc__box_decode(values + l->n_tags, x, y, s->w, s->h), .object = NOBODY};
            }
    }
}

/* A pixel that several objects want is for the one that its box overlaps most. */
static void assign(void *argument, size_t picture, uint32_t worker) {
    const oc__detector_loss *l = argument;
    const oc__view_objects *objects = &l->objects[picture];
    pixel *pixels = l->pixels + picture * l->n_pixels;
    (void)worker;
    decode_all(l, (uint32_t)picture);
    for (uint32_t i = 0; i < objects->n; i++) {
        chosen c;
        choose(&c, l, (uint32_t)picture, &objects->items[i]);
        for (uint32_t k = 0; k < c.n; k++) {
            pixel *p = &pixels[c.pixels[k]];
            if (p->object != NOBODY && p->overlap >= c.overlaps[k]) continue;
            p->object = i;
            p->overlap = c.overlaps[k];
            p->alignment = (float)c.alignments[k];
        }
    }
}

/* --- the loss --- */

/* What the pixels of one object have at best. */
typedef struct best {
    float overlap, alignment;
} best;

static oc_status find_best(best **out, const oc__detector_loss *l, uint32_t picture, oc_error *err) {
    const oc__view_objects *objects = &l->objects[picture];
    *out = oc__alloc_zero(l->context, objects->n * sizeof **out);
    if (!*out) return oc__fail_nomem(err, l->context, objects->n * sizeof **out, "training");
    for (size_t i = 0; i < l->n_pixels; i++) {
        const pixel *p = &l->pixels[picture * l->n_pixels + i];
        if (p->object == NOBODY) continue;
        best *b = &(*out)[p->object];
        b->overlap = fmaxf(b->overlap, p->overlap);
        b->alignment = fmaxf(b->alignment, p->alignment);
    }
    return OC_OK;
}

/* Sets the targets of one picture's pixels and gathers boxes from `*n` on. Returns the sum of the targets. */
static double set_targets(oc__detector_loss *l, uint32_t picture, const best *bests, size_t *n) {
    const pixel *p = l->pixels + picture * l->n_pixels;
    double sum = 0;
    for (uint32_t level = 0; level < l->n_levels; level++) {
        const oc__shape *s = &l->shapes[level];
        float *targets = l->targets[level] + (size_t)picture * s->h * s->w * s->c;
        for (uint32_t i = 0; i < s->h * s->w; i++, p++, targets += s->c) {
            for (uint32_t k = 0; k < s->c; k++) targets[k] = k < l->n_tags ? 0 : -1;
            if (p->object == NOBODY) continue;
            const oc__object *object = &l->objects[picture].items[p->object];
            const best *b = &bests[p->object];
            float target = b->alignment > 0 ? p->alignment / b->alignment * b->overlap : 0;
            if (p->overlap == b->overlap && target < 0.05f) target = 0.05f; /* a box that misses its object must not stay so */
            targets[object->tag] = target;
            memcpy(l->boxes + 4 * *n, &p->box, sizeof p->box);
            memcpy(l->truths + 4 * *n, &object->box, sizeof object->box);
            l->weights[(*n)++] = target;
            sum += (double)target;
        }
    }
    return sum;
}

/* The gradient by a distance's value: the box's sides move with the distance, which is the value's exponential. */
static float slope_of(float gradient, float value, int side, uint32_t n) {
    if (!(value > OC__DISTANCE_LOW && value < OC__DISTANCE_HIGH)) return 0;
    return (side < 2 ? -gradient : gradient) * oc__box_distance(value) / (float)n;
}

/* Puts the gathered boxes' gradients where their pixels are. */
static void scatter(const oc__detector_loss *l) {
    size_t n = 0;
    for (uint32_t picture = 0; picture < l->n_pictures; picture++) {
        const pixel *p = l->pixels + picture * l->n_pixels;
        for (uint32_t level = 0; level < l->n_levels; level++) {
            const oc__shape *s = &l->shapes[level];
            float *gradient = oc__learner_output_gradient(l->learner, level) + (size_t)picture * s->h * s->w * s->c;
            const float *values = values_of(l, picture, (place){level, 0, 0});
            for (uint32_t i = 0; i < s->h * s->w; i++, p++, gradient += s->c, values += s->c) {
                if (p->object == NOBODY) continue;
                for (int side = 0; side < 4; side++)
                    gradient[l->n_tags + (size_t)side] =
                        (float)BOX_WEIGHT * slope_of(l->gradients[4 * n + (size_t)side], values[l->n_tags + (size_t)side], side,
                                                     side % 2 ? s->h : s->w);
                n++;
            }
        }
    }
}

oc_status oc__detector_loss_of(double *out, oc__detector_loss *l, const oc__view_objects *objects, oc_error *err) {
    size_t n = 0;
    double sum = 0, loss = 0;
    l->objects = objects;
    oc__parallel(l->context, l->n_pictures, assign, l);
    for (uint32_t picture = 0; picture < l->n_pictures; picture++) {
        best *bests;
        oc_status status = find_best(&bests, l, picture, err);
        if (status) return status;
        sum += set_targets(l, picture, bests, &n);
        oc__free(l->context, bests);
    }
    sum = sum > 1 ? sum : 1;
    for (uint32_t level = 0; level < l->n_levels; level++) {
        const oc__shape *s = &l->shapes[level];
        oc__sigmoid_loss how = {
            .kind = OC__VARIFOCAL, .alpha = 0.75f, .gamma = 2, .targets = l->targets[level], .divisor = sum};
        loss += oc__sigmoid_loss_of(oc__learner_output_gradient(l->learner, level), l->context,
                                    oc__learner_output(l->learner, level, NULL), &how, (size_t)s->n * s->h * s->w * s->c);
    }
    if (n) loss += BOX_WEIGHT * oc__box_loss(l->gradients, l->context, l->boxes, l->truths, l->weights, n, OC__CIOU, sum);
    scatter(l);
    *out = loss;
    return OC_OK;
}
