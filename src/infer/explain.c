/* What in a picture speaks for a tag. SPDX-License-Identifier: MIT
 *
 * By hiding one part after the other (Zeiler and Fergus 2014, Visualizing and understanding convolutional networks): that says
 * by itself what a part is worth, and works with every network, fine-tuned or imported. */
#include "explain.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "prepare.h"
#include "resample.h"
#include "thread.h"

#define REACH 1.0     /* cells to either side of a cell's middle that are hidden with it */
#define BLUR 8        /* pixels a side that are left of what is hidden */
#define LEAST 1e-6f   /* a probability is taken to be at least, and 1 less that at most */
#define OPACITY 0.65f /* of the strongest colour */
#define WEAK 0.2      /* changes of log-odds below this are not shown as strong, even if there are none stronger */

typedef struct job {
    oc_predictor *predictor;
    oc_explanation *e;
    oc__bitmap blurred;
    oc__bitmap *copies;   /* one a worker */
    float *probabilities; /* [workers][n_tags] */
    oc_status *statuses;  /* one a worker, */
    oc_error *errors;     /* with its message */
} job;

static float log_odds(float p) {
    p = p < LEAST ? LEAST : p > 1 - LEAST ? 1 - LEAST : p;
    return logf(p / (1 - p));
}

/* Where a hidden part begins or ends, in pixels of `length`. */
static size_t edge(double cell, uint32_t side, uint32_t length) {
    double at = cell / side * length;
    return at < 0 ? 0 : at > length ? length : (size_t)at;
}

static void hide_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    oc_explanation *e = j->e;
    oc__bitmap *copy = &j->copies[worker];
    uint32_t side = e->side;
    double x = (double)(task % side) + 0.5, y = (double)(task / side) + 0.5;
    size_t left = edge(x - REACH, side, copy->width), right = edge(x + REACH, side, copy->width);
    size_t top = edge(y - REACH, side, copy->height), bottom = edge(y + REACH, side, copy->height),
           row = (size_t)copy->width * 3;
    float *probabilities = j->probabilities + worker * j->predictor->model->n_tags;
    if (j->statuses[worker]) return;
    memcpy(copy->pixels, e->bitmap.pixels, row * copy->height);
    for (size_t i = top; i < bottom; i++)
        memcpy(copy->pixels + i * row + left * 3, j->blurred.pixels + i * row + left * 3, (right - left) * 3);
    j->statuses[worker] = oc__predict_bitmap(probabilities, j->predictor, worker, copy, &j->errors[worker]);
    if (!j->statuses[worker]) e->values[task] = log_odds(e->probability) - log_odds(probabilities[e->tag]);
}

/* The picture as it looks from far away. */
static oc_status blur(oc__bitmap *out, const oc__bitmap *from, oc_error *err) {
    uint8_t small[BLUR * BLUR * 3];
    oc__part all = {0, 0, (float)from->width, (float)from->height}, all_small = {0, 0, BLUR, BLUR};
    const oc__bitmap reduced = {from->context, small, BLUR, BLUR};
    oc_status status = oc__bitmap_copy(out, from, err);
    if (!status) status = oc__resample(small, BLUR, BLUR, from, all, OC__FILTER_TRIANGLE, err);
    if (!status) status = oc__resample(out->pixels, from->width, from->height, &reduced, all_small, OC__FILTER_TRIANGLE, err);
    return status;
}

/* What the model says of the whole picture. */
static oc_status look(oc_explanation *e, oc_predictor *predictor, float *probabilities, oc_error *err) {
    const oc_model *model = predictor->model;
    oc_status status = oc__predict_bitmap(probabilities, predictor, 0, &e->bitmap, err);
    if (status) return status;
    for (uint32_t t = 0, best = e->tag; t < model->n_tags && best == OC__NONE; t++)
        if (e->tag == OC__NONE || probabilities[t] > probabilities[e->tag]) e->tag = t;
    e->probability = probabilities[e->tag];
    if (!(e->tag_name = oc__strdup(e->context, model->tags[e->tag])))
        return oc__fail_nomem(err, e->context, 256, "explaining a prediction");
    return OC_OK;
}

oc_status oc__explain(oc_explanation **out, oc_predictor *predictor, const oc_image *image, uint32_t tag, uint32_t side,
                      oc_error *err) {
    const oc_model *model = predictor->model;
    oc_context *context = model->context;
    uint32_t n_workers = context->n_threads;
    job j = {.predictor = predictor};
    oc_explanation *e = oc__alloc_zero(context, sizeof *e);
    if (!e) return oc__fail_nomem(err, context, sizeof *e, "explaining a prediction");
    j.e = e;
    e->context = oc__context_retain(context);
    e->side = side;
    e->tag = tag;
    e->values = oc__alloc_zero(context, (size_t)side * side * sizeof *e->values);
    j.copies = oc__alloc_zero(context, n_workers * sizeof *j.copies);
    j.probabilities = oc__alloc_array(context, n_workers, model->n_tags * sizeof(float));
    j.statuses = oc__alloc_zero(context, n_workers * sizeof *j.statuses);
    j.errors = oc__alloc_array(context, n_workers, sizeof *j.errors);
    oc_status status = OC_OK;
    if (!e->values || !j.copies || !j.probabilities || !j.statuses || !j.errors)
        status = oc__fail_nomem(err, context, n_workers * model->n_tags * sizeof(float), "explaining a prediction");
    if (!status) status = oc__predictor_grow(predictor, n_workers, err);
    if (!status) status = oc__bitmap_open(&e->bitmap, context, image, oc__prepare_reduce_to(&model->rule), err);
    if (!status) status = look(e, predictor, j.probabilities, err);
    if (!status) status = blur(&j.blurred, &e->bitmap, err);
    for (uint32_t w = 0; w < n_workers && !status; w++) {
        j.errors[w] = (oc_error)OC_ERROR_INIT;
        status = oc__bitmap_copy(&j.copies[w], &e->bitmap, err);
    }
    if (!status) oc__parallel(context, (size_t)side * side, hide_task, &j);
    for (uint32_t w = 0; w < n_workers && !status; w++)
        if (j.statuses[w]) status = oc__fail(err, j.statuses[w], "%s", j.errors[w].message);
    for (uint32_t w = 0; w < n_workers && j.copies; w++) oc__bitmap_free(&j.copies[w]);
    oc__bitmap_free(&j.blurred);
    oc__free(context, j.copies);
    oc__free(context, j.probabilities);
    oc__free(context, j.statuses);
    oc__free(context, j.errors);
    if (status)
        oc__explanation_free(e);
    else
        *out = e;
    return status;
}

void oc__explanation_free(oc_explanation *e) {
    if (!e) return;
    oc_context *context = e->context;
    oc__bitmap_free(&e->bitmap);
    oc__free(context, e->tag_name);
    oc__free(context, e->values);
    oc__free(context, e);
    oc__context_release(context);
}

/* The value at a place in cells, between the cells' middles. */
static float value_at(const oc_explanation *e, float x, float y) {
    float last = (float)(e->side - 1);
    x = fminf(fmaxf(x - 0.5f, 0), last);
    y = fminf(fmaxf(y - 0.5f, 0), last);
    uint32_t left = (uint32_t)x, top = (uint32_t)y;
    uint32_t right = left + 1 < e->side ? left + 1 : left, bottom = top + 1 < e->side ? top + 1 : top;
    float u = x - (float)left, v = y - (float)top;
    const float *upper = e->values + (size_t)top * e->side, *lower = e->values + (size_t)bottom * e->side;
    return (1 - v) * ((1 - u) * upper[left] + u * upper[right]) + v * ((1 - u) * lower[left] + u * lower[right]);
}

static void tint(uint8_t *pixel, float strength) {
    float grey = 0.299f * (float)pixel[0] + 0.587f * (float)pixel[1] + 0.114f * (float)pixel[2], size = fabsf(strength);
    /* From red to yellow for, blue against; over the picture in grey. */
    const float colour[3] = {strength > 0 ? 255 : 30, strength > 0 ? 255 * fmaxf(2 * size - 1, 0) : 90, strength > 0 ? 0 : 255};
    float opacity = OPACITY * fminf(2 * size, 1);
    for (int c = 0; c < 3; c++) pixel[c] = (uint8_t)(grey + opacity * (colour[c] - grey) + 0.5f);
}

oc_status oc__explanation_draw(oc__bitmap *out, const oc_explanation *e, oc_error *err) {
    float most = WEAK;
    oc_status status = oc__bitmap_copy(out, &e->bitmap, err);
    if (status) return status;
    for (size_t i = 0; i < (size_t)e->side * e->side; i++) most = fmaxf(most, fabsf(e->values[i]));
    for (uint32_t y = 0; y < out->height; y++)
        for (uint32_t x = 0; x < out->width; x++) {
            float across = ((float)x + 0.5f) / (float)out->width * (float)e->side;
            float down = ((float)y + 0.5f) / (float)out->height * (float)e->side;
            tint(out->pixels + ((size_t)y * out->width + x) * 3, value_at(e, across, down) / most);
        }
    return OC_OK;
}
