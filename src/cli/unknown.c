/* Objects that a detector does not know.
 * SPDX-License-Identifier: MIT */
#include "unknown.h"

#include <stdio.h>

#include "cli.h"
#include "console.h"

#define LEAST 1e-9 /* a probability that any box has */

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

/* Calls `tell` for each. The library takes 0 for its default. */
static void find(unknown_objects *u, const oc_image *image, const oc_result *result, double known,
                 void (*tell)(void *user, const oc_box *box), void *user) {
    oc_error error = OC_ERROR_INIT;
    oc_unknown_options how = OC_UNKNOWN_OPTIONS_INIT;
    oc_result *proposed = NULL, *unknown = NULL;
    how.probability = u->probability > 0 ? u->probability : LEAST;
    how.known = known > 0 ? known : LEAST;
    if (oc_predictor_run(&proposed, u->predictor, image, &error) != OC_OK ||
        oc_result_unknown(&unknown, result, proposed, &how, &error) != OC_OK)
        console_failure(&error);
    for (size_t i = 0; i < oc_result_count(unknown); i++) {
        oc_box box = OC_BOX_INIT;
        oc_result_get(unknown, i, &box, NULL);
        tell(user, &box);
    }
    oc_result_free(unknown);
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
