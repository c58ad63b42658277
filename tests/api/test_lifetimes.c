/* A handle keeps alive the handles it was made from: free them in any order. SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>

enum { CONTEXT, PICTURE, DATASET, TEST_SET, PART, TRAINER, MODEL, PREDICTOR, RESULT, REPORT, MEASURED, N_HANDLES };

static void free_handle(int kind, void *handle) {
    switch (kind) {
    case CONTEXT: oc_context_free(handle); break;
    case PICTURE: oc_picture_free(handle); break;
    case DATASET:
    case TEST_SET:
    case PART: oc_dataset_free(handle); break;
    case TRAINER: oc_trainer_free(handle); break;
    case MODEL: oc_model_free(handle); break;
    case PREDICTOR: oc_predictor_free(handle); break;
    case RESULT: oc_result_free(handle); break;
    default: oc_report_free(handle);
    }
}

/* Whatever is left still works. */
static void use(void *const *handles) {
    oc_image view = OC_IMAGE_INIT;
    oc_box box = OC_BOX_INIT;
    oc_metrics metrics = OC_METRICS_INIT;
    oc_result *result = NULL;
    uint8_t pixels[27] = {0};
    oc_image image = raw_image(pixels, 3, 3, OC_IMAGE_RGB8);
    if (handles[CONTEXT]) ck_assert_uint_eq(oc_context_n_threads(handles[CONTEXT]), 2);
    if (handles[PICTURE]) {
        OK(oc_picture_image(handles[PICTURE], &view, err));
        ck_assert_uint_eq(((const uint8_t *)view.data)[0], 200);
    }
    if (handles[DATASET]) ck_assert_str_eq(oc_dataset_sample_name(handles[DATASET], 2), "picture 2");
    if (handles[PART]) ck_assert_str_eq(oc_dataset_sample_split(handles[PART], 0), "");
    if (handles[TRAINER]) OK(oc_trainer_set(handles[TRAINER], "seed", "4", err));
    if (handles[MODEL]) ck_assert_str_eq(oc_model_property(handles[MODEL], "kind"), "classification");
    if (handles[PREDICTOR]) {
        OK(oc_predictor_run(&result, handles[PREDICTOR], &image, err));
        oc_result_free(result);
    }
    if (handles[RESULT]) {
        OK(oc_result_get(handles[RESULT], 0, &box, err));
        ck_assert_ptr_nonnull(oc_result_tag_name(handles[RESULT], 0));
    }
    for (int i = REPORT; i < N_HANDLES; i++)
        if (handles[i]) {
            OK(oc_report_metrics(handles[i], 0, 0, &metrics, err));
            ck_assert_str_eq(oc_report_tag(handles[i], 0), kind_names[0]);
        }
}

static void make_all(void **handles, host *h) {
    uint8_t pixels[3] = {200, 1, 2};
    oc_image image = raw_image(pixels, 1, 1, OC_IMAGE_RGB8);
    oc_context_options options = host_options(h, 2);
    oc_context *context = NULL;
    oc_picture *picture = NULL;
    oc_dataset *part = NULL;
    oc_model *model = NULL;
    oc_predictor *predictor = NULL;
    oc_result *result = NULL;
    oc_report *report = NULL, *measured = NULL;
    OK(oc_context_create(&context, &options, err));
    OK(oc_picture_open(&picture, context, &image, err));
    oc_dataset *dataset = new_dataset(context, 2, 2, 1), *test = new_dataset(context, 2, 1, 9);
    OK(oc_dataset_select_split(&part, dataset, "", err));
    oc_trainer *trainer = new_trainer(context, dataset);
    make_quick(trainer);
    OK(oc_trainer_set_test(trainer, test, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_predictor_create(&predictor, model, NULL, err));
    OK(oc_predictor_run(&result, predictor, &image, err));
    OK(oc_model_report(&report, model, err));
    OK(oc_model_evaluate(&measured, model, dataset, NULL, NULL, NULL, err));
    void *all[N_HANDLES] = {context, picture, dataset, test, part, trainer, model, predictor, result, report, measured};
    memcpy(handles, all, sizeof all);
}

START_TEST(any_order) {
    for (uint32_t round = 0; round < (uint32_t)scaled(40, 8); round++) {
        host h = {0};
        void *handles[N_HANDLES];
        make_all(handles, &h);
        for (int left = N_HANDLES; left > 0; left--) {
            int at = round == 0   ? N_HANDLES - left
                     : round == 1 ? left - 1
                                  : (int)(mix(round * 100 + (uint32_t)left) % N_HANDLES);
            while (!handles[at]) at = (at + 1) % N_HANDLES;
            free_handle(at, handles[at]);
            handles[at] = NULL;
            if (round < 6) use(handles);
        }
        ck_assert_uint_eq(h.n_blocks, 0);
        ck_assert_uint_eq(h.n_bytes, 0);
    }
}
END_TEST

START_TEST(a_trainer_alone_still_trains) {
    host h = {0};
    void *handles[N_HANDLES];
    oc_model *model = NULL;
    make_all(handles, &h);
    for (int i = 0; i < N_HANDLES; i++)
        if (i != TRAINER) free_handle(i, handles[i]);
    OK(oc_trainer_run(&model, handles[TRAINER], NULL, NULL, err));
    oc_trainer_free(handles[TRAINER]);
    ck_assert_uint_eq(oc_model_n_tags(model), 2);
    oc_model_free(model);
    ck_assert_uint_eq(h.n_blocks, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lifetimes");
    TCase *tests = tcase_create("lifetimes");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, any_order);
    tcase_add_test(tests, a_trainer_alone_still_trains);
    return run_suite(suite);
}
