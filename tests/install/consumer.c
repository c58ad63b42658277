/* What somebody else's first program may look like, as C and as C++: trains on pictures in memory, saves, loads, predicts.
 * SPDX-License-Identifier: MIT */
#include <ocellus/ocellus.h>
#include <stdio.h>
#include <string.h>

#define SIDE 32

static unsigned char pixels[SIDE * SIDE * 3];

/* Stripes that lie or stand; the seed moves and colours them. */
static void paint(int standing, unsigned seed) {
    for (unsigned y = 0; y < SIDE; y++)
        for (unsigned x = 0; x < SIDE; x++)
            for (unsigned c = 0; c < 3; c++)
                pixels[(y * SIDE + x) * 3 + c] =
                    (unsigned char)(((standing ? x : y) + seed) / 4 % 2 * 150 + 20 + (seed * 37 + x * 5 + y * 3 + c * 11) % 40);
}

static oc_image painted(void) {
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_RGB8;
    image.width = SIDE;
    image.height = SIDE;
    image.data = pixels;
    return image;
}

static oc_status fill(oc_dataset *dataset, oc_error *error) {
    oc_status status = OC_OK;
    for (unsigned i = 0; i < 16 && status == OC_OK; i++) {
        oc_image image = painted();
        paint((int)(i % 2), i * 3);
        status = oc_dataset_add(dataset, &image, i % 2 ? "standing" : "lying", NULL, error);
    }
    return status;
}

static int count_right(oc_predictor *predictor, oc_error *error) {
    int right = 0;
    for (unsigned i = 0; i < 8; i++) {
        oc_result *result = NULL;
        oc_image image = painted();
        paint((int)(i % 2), 100 + i);
        if (oc_predictor_run(&result, predictor, &image, error) != OC_OK) return -1;
        right += strcmp(oc_result_tag_name(result, 0), i % 2 ? "standing" : "lying") == 0;
        oc_result_free(result);
    }
    return right;
}

int main(int argc, char **argv) {
    oc_context *context = NULL;
    oc_dataset *dataset = NULL;
    oc_trainer *trainer = NULL;
    oc_model *model = NULL, *loaded = NULL;
    oc_predictor *predictor = NULL;
    oc_error error = OC_ERROR_INIT;
    int right = -1;
    if (argc != 2) return 2;
    if (oc_version() != OC_VERSION) return 3;
    if (oc_context_create(&context, NULL, &error) == OC_OK && oc_dataset_create(&dataset, context, &error) == OC_OK
        && fill(dataset, &error) == OC_OK && oc_trainer_create(&trainer, context, dataset, &error) == OC_OK
        && oc_trainer_run(&model, trainer, NULL, NULL, &error) == OC_OK && oc_model_save(model, argv[1], &error) == OC_OK
        && oc_model_load(&loaded, context, argv[1], &error) == OC_OK
        && oc_predictor_create(&predictor, loaded, NULL, &error) == OC_OK)
        right = count_right(predictor, &error);
    if (right < 0) fprintf(stderr, "%s: %s\n", oc_status_name(error.code), error.message);
    oc_predictor_free(predictor);
    oc_model_free(loaded);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    oc_context_free(context);
    printf("%d of 8 right\n", right);
    return right >= 7 ? 0 : 1;
}
