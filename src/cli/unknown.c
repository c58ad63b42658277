/* Objects that a detector does not know.
 * SPDX-License-Identifier: MIT */
#include "unknown.h"

#include <stdio.h>

#include "cli.h"
#include "console.h"

#define SHARED 0.4    /* of the smaller of two boxes: they are of one thing */
#define MOST_AREA 0.7 /* a proposal that is larger shows the picture, and not a thing in it */

int unknown_begin(unknown_objects *u, oc_context *context, const oc_model *model, double probability) {
    oc_error error = OC_ERROR_INIT;
    const char *base = oc_model_property(model, "base");
    *u = (unknown_objects){.probability = probability};
    if (probability < 0) return STATUS_DONE;
    if (oc_model_kind(model) != OC_MODEL_DETECTION) {
        console_error("--unknown goes with a model that finds objects in boxes, which this one does not");
        return STATUS_FAILED;
    }
    if (oc_base_open_detector(&u->model, context, base != NULL ? base : "auto", &error) != OC_OK ||
        oc_predictor_create(&u->predictor, u->model, NULL, &error) != OC_OK)
        return console_failure(&error);
    return STATUS_DONE;
}

void unknown_end(unknown_objects *u) {
    oc_predictor_free(u->predictor);
    oc_model_free(u->model);
}

static double area(const oc_box *b) { return (double)b->width * (double)b->height; }

/* The share of the smaller box that lies in the other. */
static double shared(const oc_box *a, const oc_box *b) {
    double left = a->left > b->left ? a->left : b->left, top = a->top > b->top ? a->top : b->top;
    double a_right = (double)a->left + (double)a->width, b_right = (double)b->left + (double)b->width;
    double a_bottom = (double)a->top + (double)a->height, b_bottom = (double)b->top + (double)b->height;
    double width = (a_right < b_right ? a_right : b_right) - left, height = (a_bottom < b_bottom ? a_bottom : b_bottom) - top;
    double smaller = area(a) < area(b) ? area(a) : area(b);
    return width > 0 && height > 0 && smaller > 0 ? width * height / smaller : 0;
}

/* Whether a box lies on one of the first n of a result that are at least so probable. */
static bool is_told(const oc_box *box, const oc_result *result, size_t n, double probability) {
    for (size_t i = 0; i < n; i++) {
        oc_box other = OC_BOX_INIT;
        oc_result_get(result, i, &other, NULL);
        if ((double)other.probability >= probability && area(&other) <= MOST_AREA && shared(box, &other) > SHARED) return true;
    }
    return false;
}

/* Calls `tell` for each. */
static void find(unknown_objects *u, const oc_image *image, const oc_result *result, double known,
                 void (*tell)(void *user, const oc_box *box), void *user) {
    oc_error error = OC_ERROR_INIT;
    oc_result *proposed = NULL;
    if (oc_predictor_run(&proposed, u->predictor, image, &error) != OC_OK) {
        console_failure(&error);
        return;
    }
    for (size_t i = 0; i < oc_result_count(proposed); i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(proposed, i, &box, NULL);
        if ((double)box.probability < u->probability || area(&box) > MOST_AREA) continue;
        if (!is_told(&box, result, oc_result_count(result), known) && !is_told(&box, proposed, i, u->probability))
            tell(user, &box);
    }
    oc_result_free(proposed);
}

static void print_one(void *user, const oc_box *box) {
    printf("%*s  (unknown)  %5.1f %%  left %.3f  top %.3f  width %.3f  height %.3f\n", *(int *)user, "",
           100 * (double)box->probability, (double)box->left, (double)box->top, (double)box->width, (double)box->height);
}

void unknown_print(unknown_objects *u, const oc_image *image, const oc_result *result, double known, int indent) {
    if (u->predictor != NULL) find(u, image, result, known, print_one, &indent);
}

static void write_one(void *user, const oc_box *box) {
    json *j = user;
    json_object(j, NULL);
    json_probability(j, "probability", box->probability);
    json_probability(j, "left", box->left);
    json_probability(j, "top", box->top);
    json_probability(j, "width", box->width);
    json_probability(j, "height", box->height);
    json_end_object(j);
}

void unknown_json(unknown_objects *u, json *j, const oc_image *image, const oc_result *result, double known) {
    if (u->predictor == NULL) return;
    json_array(j, "unknown");
    find(u, image, result, known, write_one, j);
    json_end_array(j);
}
