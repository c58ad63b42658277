/* Handles shared by threads. Meant to be run with a thread sanitizer too. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define N_THREADS 8
#define N_PICTURES 9

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    oc_context *context;
    oc_model *model;
    oc_result *result;
    const float *expected;
    uint32_t index;
} worker;

static void start(worker *workers, uint32_t n, void *(*run)(void *), pthread_barrier_t *barrier) {
    ck_assert_int_eq(pthread_barrier_init(barrier, NULL, n), 0);
    for (uint32_t i = 0; i < n; i++) {
        workers[i].start = barrier;
        workers[i].index = i;
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
    for (uint32_t i = 0; i < n; i++) ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
    pthread_barrier_destroy(barrier);
}

/* In threads there is no ck_assert: a failure is an abort, which Check reports. */
static void need(bool condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "failed: %s\n", what);
    abort();
}

static void expect_boxes(const oc_result *result, const float *expected) {
    for (size_t i = 0; i < N_KINDS; i++) {
        oc_box box = OC_BOX_INIT;
        need(oc_result_get(result, i, &box, NULL) == OC_OK, "oc_result_get");
        need(box.probability == expected[box.tag], "the same probability");
        need(!strcmp(oc_result_tag_name(result, i), kind_names[box.tag]), "the tag's name");
    }
}

static void *predict_all(void *argument) {
    worker *w = argument;
    uint8_t pixels[N_PICTURES][SIDE * SIDE * 3];
    oc_image images[N_PICTURES];
    const oc_image *pointers[N_PICTURES];
    oc_result *results[N_PICTURES];
    oc_predictor *predictor = NULL;
    oc_report *report = NULL;
    for (uint32_t i = 0; i < N_PICTURES; i++) {
        paint(pixels[i], (int)i % N_KINDS, 100 + i);
        images[i] = raw_image(pixels[i], SIDE, SIDE, OC_IMAGE_RGB8);
        pointers[i] = &images[i];
    }
    pthread_barrier_wait(w->start);
    need(oc_predictor_create(&predictor, w->model, NULL, NULL) == OC_OK, "oc_predictor_create");
    for (int round = 0; round < scaled(4, 2); round++) {
        for (int i = 0; i < N_PICTURES; i++) {
            need(oc_predictor_run(&results[i], predictor, &images[i], NULL) == OC_OK, "oc_predictor_run");
            expect_boxes(results[i], w->expected + i * N_KINDS);
            oc_result_free(results[i]);
        }
        need(oc_predictor_run_batch(results, predictor, pointers, N_PICTURES, NULL) == OC_OK, "oc_predictor_run_batch");
        for (int i = 0; i < N_PICTURES; i++) {
            expect_boxes(results[i], w->expected + i * N_KINDS);
            oc_result_free(results[i]);
        }
        need(oc_model_report(&report, w->model, NULL) == OC_OK, "oc_model_report");
        need(oc_report_accuracy(report) >= 0, "oc_report_accuracy");
        oc_report_free(report);
        expect_boxes(w->result, w->expected);
    }
    oc_predictor_free(predictor);
    return NULL;
}

START_TEST(one_model_many_predictors) {
    pthread_barrier_t barrier;
    worker workers[N_THREADS] = {{0}};
    float expected[N_PICTURES * N_KINDS];
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_context *context = new_context(3);
    oc_model *model = small_model(context);
    oc_predictor *predictor = NULL;
    oc_result *shared = NULL;
    OK(oc_predictor_create(&predictor, model, NULL, err));
    for (uint32_t i = 0; i < N_PICTURES; i++) predict_painted(expected + i * N_KINDS, predictor, (int)i % N_KINDS, 100 + i);
    paint(pixels, 0, 100);
    OK(oc_predictor_run(&shared, predictor, &image, err));
    for (int i = 0; i < N_THREADS; i++) {
        workers[i].model = model;
        workers[i].result = shared;
        workers[i].expected = expected;
    }
    start(workers, N_THREADS, predict_all, &barrier);
    oc_result_free(shared);
    oc_predictor_free(predictor);
    oc_model_free(model);
    oc_context_free(context);
}
END_TEST

/* Trains with the worker's context, or with one of its own. */
static void *train_one(void *argument) {
    worker *w = argument;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = w->context;
    oc_dataset *dataset = NULL;
    oc_trainer *trainer = NULL;
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    options.n_threads = 1 + w->index % 3;
    pthread_barrier_wait(w->start);
    if (!context) need(oc_context_create(&context, &options, NULL) == OC_OK, "oc_context_create");
    need(oc_dataset_create(&dataset, context, NULL) == OC_OK, "oc_dataset_create");
    for (uint32_t i = 0; i < 4 * N_KINDS; i++) { /* as small_model */
        paint(pixels, (int)(i % N_KINDS), 1 + i / N_KINDS);
        need(oc_dataset_add(dataset, &image, kind_names[i % N_KINDS], NULL, NULL) == OC_OK, "oc_dataset_add");
    }
    need(oc_trainer_create(&trainer, context, dataset, NULL) == OC_OK, "oc_trainer_create");
    need(!oc_trainer_set(trainer, "views", "1", NULL) && !oc_trainer_set(trainer, "folds", "2", NULL) &&
             !oc_trainer_set(trainer, "l2", "0.01", NULL),
         "oc_trainer_set");
    need(oc_trainer_run(&w->model, trainer, NULL, NULL, NULL) == OC_OK, "oc_trainer_run");
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    if (!w->context) oc_context_free(context);
    return NULL;
}

static void expect_alike(worker *workers, uint32_t n) {
    oc_context *context = new_context(1);
    oc_model *reference = small_model(context);
    for (uint32_t k = 0; k < n; k++) {
        oc_predictor *a = NULL, *b = NULL;
        OK(oc_predictor_create(&a, reference, NULL, err));
        OK(oc_predictor_create(&b, workers[k].model, NULL, err));
        for (uint32_t i = 0; i < 3; i++) {
            float x[N_KINDS], y[N_KINDS];
            predict_painted(x, a, (int)i, 100 + i);
            predict_painted(y, b, (int)i, 100 + i);
            ck_assert_mem_eq(x, y, sizeof x);
        }
        oc_predictor_free(a);
        oc_predictor_free(b);
        oc_model_free(workers[k].model);
    }
    oc_model_free(reference);
    oc_context_free(context);
}

START_TEST(one_context_many_trainings) {
    pthread_barrier_t barrier;
    worker workers[4] = {{0}};
    oc_context *context = new_context(3);
    for (int i = 0; i < 4; i++) workers[i].context = context;
    start(workers, 4, train_one, &barrier);
    oc_context_free(context);
    expect_alike(workers, 4);
}
END_TEST

START_TEST(many_contexts) {
    pthread_barrier_t barrier;
    worker workers[4] = {{0}};
    start(workers, 4, train_one, &barrier);
    expect_alike(workers, 4);
}
END_TEST

/* ---- cancelling from another thread ---- */

typedef struct canceller {
    oc_trainer *trainer;
    atomic_bool go, stop;
} canceller;

static void *cancel_when_told(void *argument) {
    canceller *c = argument;
    struct timespec pause = {0, 200000};
    while (!atomic_load(&c->go) && !atomic_load(&c->stop)) nanosleep(&pause, NULL);
    if (!atomic_load(&c->stop)) oc_trainer_cancel(c->trainer);
    return NULL;
}

static int tell(void *user, const oc_progress *progress) {
    (void)progress;
    atomic_store(&((canceller *)user)->go, true);
    return 0;
}

START_TEST(cancelled_from_another_thread) {
    oc_context *context = new_context(2);
    oc_dataset *dataset = new_dataset(context, 2, scaled(300, 60), 1);
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model;
    canceller c = {.trainer = trainer};
    pthread_t thread;
    OK(oc_trainer_set(trainer, "views", "16", err));
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_when_told, &c), 0);
    FAILS_OUT(OC_E_CANCELLED, model, oc_trainer_run(&model, trainer, tell, &c, err));
    atomic_store(&c.stop, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    oc_context_free(context);
}
END_TEST

/* Whichever run comes second is refused while the first goes on. */
typedef struct rival {
    oc_trainer *trainer;
    atomic_bool running, done;
    oc_status status;
} rival;

static int hold(void *user, const oc_progress *progress) {
    rival *r = user;
    struct timespec pause = {0, 200000};
    (void)progress;
    atomic_store(&r->running, true);
    while (!atomic_load(&r->done)) nanosleep(&pause, NULL);
    return 0;
}

static void *run_too(void *argument) {
    rival *r = argument;
    struct timespec pause = {0, 200000};
    oc_model *model = (oc_model *)argument;
    while (!atomic_load(&r->running)) nanosleep(&pause, NULL);
    r->status = oc_trainer_run(&model, r->trainer, NULL, NULL, NULL);
    need(model == NULL, "out is NULL");
    atomic_store(&r->done, true);
    return NULL;
}

START_TEST(running_already) {
    oc_context *context = new_context(2);
    oc_dataset *dataset = new_dataset(context, 2, 2, 1);
    oc_trainer *trainer = new_trainer(context, dataset);
    oc_model *model = NULL;
    rival r = {.trainer = trainer};
    pthread_t thread;
    make_quick(trainer);
    ck_assert_int_eq(pthread_create(&thread, NULL, run_too, &r), 0);
    OK(oc_trainer_run(&model, trainer, hold, &r, err));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(r.status, OC_E_STATE);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(dataset);
    oc_context_free(context);
}
END_TEST

/* The log function is called from one thread at a time. */
static int inside;

static void log_alone(void *user, int level, const char *line) {
    (void)level, (void)line;
    int before = inside++; /* unguarded on purpose: a sanitizer sees two at once */
    need(before == 0, "one log line at a time");
    ++*(int *)user;
    inside--;
}

static void *open_broken(void *argument) {
    worker *w = argument;
    oc_image broken = encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8});
    oc_dataset *dataset = NULL;
    oc_report *report = NULL;
    pthread_barrier_wait(w->start);
    need(oc_dataset_create(&dataset, w->context, NULL) == OC_OK, "oc_dataset_create");
    for (int i = 0; i < 50; i++) need(oc_dataset_add(dataset, &broken, kind_names[0], NULL, NULL) == OC_OK, "oc_dataset_add");
    need(oc_model_evaluate(&report, w->model, dataset, NULL, NULL, NULL, NULL) == OC_E_DATA, "oc_model_evaluate");
    oc_dataset_free(dataset);
    return NULL;
}

START_TEST(log_lines_come_one_at_a_time) {
    pthread_barrier_t barrier;
    worker workers[4] = {{0}};
    int n = 0;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = NULL;
    options.n_threads = 2;
    options.log = log_alone;
    options.log_user = &n;
    OK(oc_context_create(&context, &options, err));
    oc_model *model = small_model(context);
    for (int i = 0; i < 4; i++) workers[i] = (worker){.context = context, .model = model};
    start(workers, 4, open_broken, &barrier);
    ck_assert_int_eq(n, 200);
    oc_model_free(model);
    oc_context_free(context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("threads");
    TCase *tests = tcase_create("threads");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, one_model_many_predictors);
    tcase_add_test(tests, one_context_many_trainings);
    tcase_add_test(tests, many_contexts);
    tcase_add_test(tests, cancelled_from_another_thread);
    tcase_add_test(tests, running_already);
    tcase_add_test(tests, log_lines_come_one_at_a_time);
    return run_suite(suite);
}
