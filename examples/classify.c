/* Says what is on pictures.
 *
 *     classify MODEL PICTURE...
 *
 * SPDX-License-Identifier: MIT */
#include <ocellus/ocellus.h>
#include <stdio.h>

/* The three most probable tags of one picture. */
static oc_status classify(oc_predictor *predictor, const char *path, oc_error *error) {
    oc_image image = OC_IMAGE_INIT;
    oc_result *result = NULL;
    image.format = OC_IMAGE_PATH; /* or a file in memory, or raw pixels: see oc_image */
    image.data = path;
    oc_status status = oc_predictor_run(&result, predictor, &image, error);
    if (status != OC_OK) return status;
    printf("%s:", path);
    for (size_t i = 0; i < oc_result_count(result) && i < 3 && status == OC_OK; i++) {
        oc_box box = OC_BOX_INIT;
        status = oc_result_get(result, i, &box, error);
        if (status == OC_OK) printf("  %s %.1f %%", oc_result_tag_name(result, i), 100 * (double)box.probability);
    }
    printf("\n");
    oc_result_free(result);
    return status;
}

int main(int argc, char **argv) {
    oc_context *context = NULL;
    oc_model *model = NULL;
    oc_predictor *predictor = NULL;
    oc_error error = OC_ERROR_INIT;
    int failures = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: %s MODEL PICTURE...\n", argv[0]);
        return 2;
    }
    if (oc_context_create(&context, NULL, &error) != OC_OK || oc_model_load(&model, context, argv[1], &error) != OC_OK ||
        oc_predictor_create(&predictor, model, NULL, &error) != OC_OK) {
        fprintf(stderr, "%s\n", error.message);
        failures++;
    }

    /* A predictor serves one thread. A picture that cannot be read spoils nothing: the next one may be tried. */
    for (int i = 2; i < argc && predictor; i++)
        if (classify(predictor, argv[i], &error) != OC_OK) {
            fprintf(stderr, "%s\n", error.message);
            failures++;
        }

    oc_predictor_free(predictor);
    oc_model_free(model);
    oc_context_free(context);
    return failures ? 1 : 0;
}
