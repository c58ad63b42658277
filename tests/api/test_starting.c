/* What a training starts from: its own state when it was interrupted, another model, some of the tags.
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CANVAS 96
#define MOST_BOXES 16

static oc_context *context;
static char folder[256];

static void set_up(void) {
    context = new_context(2);
    make_folder(folder);
}

static void tear_down(void) {
    remove_folder(folder);
    oc_context_free(context);
}

/* --- pictures --- */

/* Puts an object of a kind on grey; its box as fractions. */
static void paint_object(uint8_t *canvas, float box[4], int kind, uint32_t seed) {
    uint8_t object[SIDE * SIDE * 3];
    uint32_t x = mix(seed) % (CANVAS - SIDE), y = mix(seed + 1) % (CANVAS - SIDE);
    paint(object, kind, seed);
    for (uint32_t row = 0; row < SIDE; row++) memcpy(canvas + ((y + row) * CANVAS + x) * 3, object + row * SIDE * 3, SIDE * 3);
    const float rect[4] = {(float)x / CANVAS, (float)y / CANVAS, (float)SIDE / CANVAS, (float)SIDE / CANVAS};
    memcpy(box, rect, sizeof rect);
}

/* Each picture shows one object of each of two kinds, which may overlap. */
static oc_dataset *boxed(int n) {
    static uint8_t canvas[CANVAS * CANVAS * 3];
    oc_dataset *set = NULL;
    OK(oc_dataset_create(&set, context, err));
    for (int i = 0; i < n; i++) {
        oc_image image = raw_image(canvas, CANVAS, CANVAS, OC_IMAGE_RGB8);
        float boxes[2][4];
        memset(canvas, 110 + i % 20, sizeof canvas);
        for (int k = 0; k < 2; k++) paint_object(canvas, boxes[k], k, (uint32_t)(10 * i + k));
        OK(oc_dataset_add_boxes(set, &image, kind_names, boxes[0], 2, NULL, err));
    }
    return set;
}

/* The best boxes of a picture. */
static uint32_t boxes_of(oc_box *out, const oc_model *model) {
    static uint8_t canvas[CANVAS * CANVAS * 3];
    oc_image image = raw_image(canvas, CANVAS, CANVAS, OC_IMAGE_RGB8);
    oc_predictor *predictor = NULL;
    oc_result *result = NULL;
    float box[4];
    memset(canvas, 120, sizeof canvas);
    paint_object(canvas, box, 0, 777);
    OK(oc_predictor_create(&predictor, model, NULL, err));
    OK(oc_predictor_run(&result, predictor, &image, err));
    uint32_t n = (uint32_t)oc_result_count(result);
    for (uint32_t i = 0; i < n && i < MOST_BOXES; i++) {
        out[i] = (oc_box)OC_BOX_INIT;
        OK(oc_result_get(result, i, &out[i], err));
    }
    oc_result_free(result);
    oc_predictor_free(predictor);
    return n < MOST_BOXES ? n : MOST_BOXES;
}

/* --- an interrupted training goes on --- */

typedef struct stopper {
    const char *stage;
    double from; /* stops here */
    bool stopped;
} stopper;

/* Stops in a stage, a part of the way. */
static int stop(void *user, const oc_progress *progress) {
    stopper *s = user;
    s->stopped = s->stopped || (strcmp(progress->stage, s->stage) == 0 && progress->fraction >= s->from);
    return s->stopped;
}

static oc_trainer *new_tuner(const oc_dataset *set, const char *steps, const char *state) {
    oc_trainer *trainer = new_trainer(context, set);
    make_quick(trainer);
    OK(oc_trainer_set(trainer, "size", "96", err));
    OK(oc_trainer_set(trainer, "steps", steps, err));
    if (state) OK(oc_trainer_set(trainer, "checkpoint", state, err));
    return trainer;
}

/* Interrupted twice, each time later. */
static oc_model *train_in_parts(oc_trainer *trainer, const char *stage, const char *state) {
    oc_model *model = NULL;
    for (int i = 1; i <= 2; i++) {
        stopper s = {stage, 0.1 + 0.25 * i, false};
        FAILS_OUT(OC_E_CANCELLED, model, oc_trainer_run(&model, trainer, stop, &s, err));
        ck_assert_uint_ge(count_entries(state), 1);
    }
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_uint_eq(count_entries(folder), 0); /* the state is gone when it is done */
    return model;
}

/* The same training at once and in parts. */
static void train_both(oc_model **at_once, oc_model **in_parts, const oc_dataset *set, const char *steps, const char *stage) {
    char state[512];
    join(state, folder, "state");
    oc_trainer *one = new_tuner(set, steps, NULL), *other = new_tuner(set, steps, state);
    OK(oc_trainer_run(at_once, one, NULL, NULL, err));
    *in_parts = train_in_parts(other, stage, state);
    oc_trainer_free(one);
    oc_trainer_free(other);
}

START_TEST(a_detector_goes_on) {
    oc_dataset *set = boxed(10);
    oc_model *one = NULL, *other = NULL;
    oc_box a[MOST_BOXES], b[MOST_BOXES];
    train_both(&one, &other, set, "60", "training");
    ck_assert_str_eq(oc_model_property(other, "n_steps"), "60");
    ck_assert_ptr_null(oc_model_property(other, "option.checkpoint"));
    uint32_t n = boxes_of(a, one);
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(boxes_of(b, other), n);
    for (uint32_t i = 0; i < n; i++) ck_assert_mem_eq(&a[i], &b[i], sizeof a[i]);
    oc_model_free(one);
    oc_model_free(other);
    oc_dataset_free(set);
}
END_TEST

/* What is not to be told apart: there fine-tuning does no worse than the head alone, and is taken. */
static oc_dataset *alike(int n) {
    uint8_t pixels[SIDE * SIDE * 3];
    oc_dataset *set = NULL;
    OK(oc_dataset_create(&set, context, err));
    for (int i = 0; i < n; i++) {
        oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
        paint(pixels, STRIPES, (uint32_t)i);
        OK(oc_dataset_add(set, &image, kind_names[mix((uint32_t)i) % 2], NULL, err));
    }
    return set;
}

static void probabilities_of(float out[N_KINDS], const oc_model *model) {
    oc_predictor *predictor = NULL;
    OK(oc_predictor_create(&predictor, model, NULL, err));
    predict_painted(out, predictor, CHECKS, 99);
    oc_predictor_free(predictor);
}

START_TEST(fine_tuning_goes_on) {
    oc_dataset *set = alike(16);
    oc_model *one = NULL, *other = NULL;
    float a[N_KINDS] = {0}, b[N_KINDS] = {0};
    train_both(&one, &other, set, "40", "fine-tuning");
    ck_assert_str_eq(oc_model_property(one, "n_steps"), "40");
    probabilities_of(a, one);
    probabilities_of(b, other);
    ck_assert_mem_eq(a, b, sizeof a);
    oc_model_free(one);
    oc_model_free(other);
    oc_dataset_free(set);
}
END_TEST

/* A state is of one training only, and is looked at before it is believed. */
START_TEST(states_of_others) {
    oc_dataset *set = boxed(6);
    oc_model *model;
    char state[512], file[512];
    join(state, folder, "state");
    join(file, state, "course-0.state");
    oc_trainer *trainer = new_tuner(set, "40", state);
    stopper s = {"training", 0.4, false};
    FAILS_OUT(OC_E_CANCELLED, model, oc_trainer_run(&model, trainer, stop, &s, err));
    OK(oc_trainer_set(trainer, "seed", "5", err));
    FAILS_OUT(OC_E_STATE, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "seed", "0", err));
    bytes whole = read_whole(file);
    for (size_t cut = 0; cut < 4; cut++) { /* an empty one, a part of the head, of the weights, of the last number */
        const size_t sizes[] = {0, 20, whole.size / 2, whole.size - 1};
        write_file(file, whole.data, sizes[cut]);
        FAILS_OUT(OC_E_CORRUPT, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    }
    whole.data[whole.size / 2] ^= 1;
    write_file(file, whole.data, whole.size);
    FAILS_OUT(OC_E_CORRUPT, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "checkpoint", file, err)); /* no folder */
    FAILS_OUT(OC_E_IO, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    free(whole.data);
    oc_trainer_free(trainer);
    oc_dataset_free(set);
}
END_TEST

/* --- from another model --- */

static void save(const oc_model *model, const char *name, char path[512]) {
    join(path, folder, name);
    OK(oc_model_save(model, path, err));
}

START_TEST(a_detector_from_a_detector) {
    oc_dataset *set = boxed(10);
    oc_trainer *trainer = new_tuner(set, "60", NULL);
    oc_model *first = NULL, *second = NULL, *scratch = NULL;
    oc_box of_first[MOST_BOXES], of_second[MOST_BOXES], of_scratch[MOST_BOXES];
    char path[512];
    OK(oc_trainer_run(&first, trainer, NULL, NULL, err));
    save(first, "first.ocm", path);
    OK(oc_trainer_set(trainer, "steps", "1", err));
    OK(oc_trainer_set(trainer, "freeze", "true", err));
    OK(oc_trainer_run(&scratch, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "start", path, err));
    OK(oc_trainer_run(&second, trainer, NULL, NULL, err));
    ck_assert_ptr_nonnull(oc_model_property(second, "start_sha256"));
    ck_assert_ptr_null(oc_model_property(first, "start_sha256"));
    boxes_of(of_first, first);
    boxes_of(of_second, second);
    boxes_of(of_scratch, scratch);
    double gap = fabs((double)of_first[0].probability - (double)of_second[0].probability);
    ck_assert_msg(gap < 0.3 * (double)of_first[0].probability, "%g and %g", (double)of_first[0].probability,
                  (double)of_second[0].probability);
    double from_scratch = fabs((double)of_first[0].probability - (double)of_scratch[0].probability);
    ck_assert_msg(from_scratch > 5 * gap, "%g and %g", from_scratch, gap);
    oc_model_free(first);
    oc_model_free(second);
    oc_model_free(scratch);
    oc_trainer_free(trainer);
    oc_dataset_free(set);
}
END_TEST

START_TEST(a_classifier_from_a_classifier) {
    oc_dataset *set = alike(16), *objects = boxed(4);
    oc_trainer *trainer = new_tuner(set, "40", NULL), *detector = new_tuner(objects, "1", NULL);
    oc_model *first = NULL, *second = NULL, *plain = NULL, *none;
    float a[N_KINDS] = {0}, b[N_KINDS] = {0};
    char path[512];
    OK(oc_trainer_run(&first, trainer, NULL, NULL, err));
    ck_assert_ptr_nonnull(oc_model_property(first, "n_steps")); /* it was fine-tuned */
    save(first, "first.ocm", path);
    OK(oc_trainer_set(trainer, "steps", "0", err));
    OK(oc_trainer_run(&plain, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "start", path, err));
    OK(oc_trainer_run(&second, trainer, NULL, NULL, err));
    ck_assert_str_eq(oc_model_property(second, "base"), "compact");
    ck_assert_str_eq(oc_model_property(second, "base_sha256"), oc_model_property(plain, "base_sha256"));
    probabilities_of(a, plain);
    probabilities_of(b, second);
    ck_assert(memcmp(a, b, sizeof a) != 0); /* the tuned base says something else of a picture */
    OK(oc_trainer_set(detector, "start", path, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_trainer_run(&none, detector, NULL, NULL, err));
    join(path, folder, "nothing.ocm");
    OK(oc_trainer_set(detector, "start", path, err));
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_trainer_run(&none, detector, NULL, NULL, err));
    oc_model_free(first);
    oc_model_free(second);
    oc_model_free(plain);
    oc_trainer_free(trainer);
    oc_trainer_free(detector);
    oc_dataset_free(set);
    oc_dataset_free(objects);
}
END_TEST

/* In a project an iteration will do, by its name or identifier; the settings tell one start from another. */
START_TEST(an_iteration_from_an_iteration) {
    const char *keys[] = {"size", "folds", "views", "l2", "start"}, *values[] = {"64", "2", "1", "0.01", ""};
    oc_project *project = NULL;
    oc_iteration_list *list = NULL, *none;
    oc_iteration first = OC_ITERATION_INIT, second = OC_ITERATION_INIT;
    oc_training training = OC_TRAINING_INIT;
    oc_labels labels = OC_LABELS_INIT;
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    char path[512], name[128];
    join(path, folder, "project");
    OK(oc_project_create(&project, context, path, NULL, err));
    for (uint32_t i = 0; i < 12; i++) {
        paint(pixels, (int)i % 2, i);
        bytes file = make_png(pixels, SIDE, SIDE);
        oc_image image = encoded_image(file);
        labels.tags = &kind_names[i % 2], labels.n_tags = 1;
        OK(oc_project_add_picture(NULL, project, &image, &labels, err));
        free(file.data);
    }
    training.n_options = 5, training.keys = keys, training.values = values;
    OK(oc_project_train(&list, project, &training, NULL, NULL, err));
    OK(oc_iteration_list_get(list, 0, &first, err));
    snprintf(name, sizeof name, "%s", first.name);
    oc_iteration_list_free(list);
    values[4] = name;
    for (uint32_t again = 0; again < 2; again++) { /* the second time it is there already */
        OK(oc_project_train(&list, project, &training, NULL, NULL, err));
        OK(oc_iteration_list_get(list, 0, &second, err));
        ck_assert(second.is_new == !again && strcmp(second.name, name) != 0);
        oc_iteration_list_free(list);
    }
    values[4] = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_train(&none, project, &training, NULL, NULL, err));
    oc_project_free(project);
}
END_TEST

/* --- some of the tags --- */

START_TEST(some_of_the_tags) {
    oc_dataset *set = new_dataset(context, N_KINDS, 4, 1), *objects = boxed(6);
    oc_trainer *trainer = new_trainer(context, set), *detector = new_tuner(objects, "1", NULL);
    oc_model *model = NULL;
    char two[128];
    make_quick(trainer);
    snprintf(two, sizeof two, "%s|%s", kind_names[0], kind_names[2]);
    OK(oc_trainer_set(trainer, "only_tags", two, err));
    OK(oc_trainer_run(&model, trainer, NULL, NULL, err));
    ck_assert_uint_eq(oc_model_n_tags(model), 2);
    ck_assert_str_eq(oc_model_property(model, "n_training_pictures"), "8");
    oc_model_free(model);
    OK(oc_trainer_set(trainer, "only_tags", kind_names[0], err)); /* nothing to tell apart */
    FAILS_OUT(OC_E_DATA, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(trainer, "only_tags", "nothing|", err));
    FAILS_OUT(OC_E_NOT_FOUND, model, oc_trainer_run(&model, trainer, NULL, NULL, err));
    OK(oc_trainer_set(detector, "only_tags", kind_names[1], err));
    OK(oc_trainer_run(&model, detector, NULL, NULL, err));
    ck_assert_uint_eq(oc_model_n_tags(model), 1);
    ck_assert_str_eq(oc_model_tag(model, 0), kind_names[1]);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_trainer_free(detector);
    oc_dataset_free(set);
    oc_dataset_free(objects);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("starting");
    TCase *tests = tcase_create("starting");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_detector_goes_on);
    tcase_add_test(tests, fine_tuning_goes_on);
    tcase_add_test(tests, states_of_others);
    tcase_add_test(tests, a_detector_from_a_detector);
    tcase_add_test(tests, a_classifier_from_a_classifier);
    tcase_add_test(tests, an_iteration_from_an_iteration);
    tcase_add_test(tests, some_of_the_tags);
    return run_suite(suite);
}
