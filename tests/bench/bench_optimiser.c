/* Times what surrounds the passes through a network: optimiser steps and losses. SPDX-License-Identifier: MIT
 *
 *     bench_optimiser [THREADS]
 *
 * prints for each the median time and, for optimisers, the bytes moved by it, each number that is read or written counted
 * once, beside a plain copy of memory in the same run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kernels.h"
#include "loss.h"
#include "memory.h"
#include "op.h"
#include "optimiser.h"
#include "random.h"
#include "thread.h"

#define ROUNDS 41
#define WIDTH 1870 /* its square is 3.5 million */

static void check(oc_status status, const oc_error *err) {
    if (!status) return;
    fprintf(stderr, "bench_optimiser: %s\n", err->message);
    exit(1);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

typedef void (*action_fn)(void *user);

static double median(action_fn action, void *user) {
    double times[ROUNDS];
    action(user);
    for (int i = 0; i < ROUNDS; i++) {
        double started = oc__now();
        action(user);
        times[i] = oc__now() - started;
    }
    qsort(times, ROUNDS, sizeof *times, by_value);
    return times[ROUNDS / 2];
}

typedef struct training {
    oc__graph graph;
    oc__learner *learner;
    oc__optimiser optimiser;
} training;

static void step(void *user) {
    training *t = user;
    oc__optimiser_step(&t->optimiser, &t->graph, t->learner, 1e-4);
}

typedef struct copy_job {
    oc_context *context;
    float *to, *from;
    size_t n;
} copy_job;

static void copy_task(void *argument, size_t piece, uint32_t worker) {
    copy_job *j = argument;
    size_t begin = oc__piece_begin(j->n, piece), end = oc__piece_begin(j->n, piece + 1);
    (void)worker;
    memcpy(j->to + begin, j->from + begin, (end - begin) * sizeof *j->to);
}

static void copy(void *user) { oc__parallel(((copy_job *)user)->context, OC__N_PIECES, copy_task, user); }

static void time_optimisers(oc_context *context) {
    static const struct {
        const char *name;
        uint32_t kind;
        double clip, average;
        int moved; /* numbers read or written for each weight */
    } cases[] = {{"SGD", OC__SGD, 0, 0, 5},
                 {"AdamW", OC__ADAMW, 0, 0, 7},
                 {"AdamW, clipped", OC__ADAMW, 1, 0, 8},
                 {"AdamW, clipped, average", OC__ADAMW, 1, 0.999, 10}};
    training t = {.graph = {.context = context}};
    oc_error err = OC_ERROR_INIT;
    uint32_t node;
    check(oc__graph_input(&node, &t.graph, WIDTH, &err), &err);
    check(oc__graph_conv(&node, &t.graph, node, WIDTH, 1, 1, 1, false, &err), &err);
    t.graph.n_outputs = 1;
    t.graph.outputs[0] = node;
    oc__graph_initialise(&t.graph, 1);
    check(oc__learner_create(&t.learner, &t.graph, 1, 1, 1, &err), &err);
    for (size_t i = 0; i < WIDTH * WIDTH; i++) oc__learner_gradient(t.learner, 0)[i] = (float)(i % 17) - 8;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__optimiser_options sgd = OC__SGD_INIT, adamw = OC__ADAMW_INIT, o = cases[i].kind == OC__SGD ? sgd : adamw;
        o.clip = cases[i].clip;
        o.average = cases[i].average;
        o.decay = 0.01;
        check(oc__optimiser_create(&t.optimiser, &t.graph, &o, &err), &err);
        double seconds = median(step, &t);
        printf("%-24s %8.3f ms %6.1f GB/s\n", cases[i].name, seconds * 1e3, 4e-9 * cases[i].moved * WIDTH * WIDTH / seconds);
        oc__optimiser_free(&t.optimiser);
    }
    oc__learner_free(t.learner);
    oc__graph_free(&t.graph);
    copy_job c = {context, NULL, NULL, 5 * WIDTH * WIDTH};
    c.to = oc__alloc_zero(context, c.n * sizeof(float));
    c.from = oc__alloc_zero(context, c.n * sizeof(float));
    double seconds = c.to && c.from ? median(copy, &c) : 0;
    printf("%-24s %8.3f ms %6.1f GB/s\n", "copy", seconds * 1e3, 8e-9 * (double)c.n / seconds);
    oc__free(context, c.to);
    oc__free(context, c.from);
}

typedef struct loss_job {
    oc_context *context;
    float *x, *t, *gradient;
    int32_t *labels;
    int which;
} loss_job;

/* The largest: a detector's classes, 4 pictures of 8400 x 80. */
#define N_LOGITS (4 * 8400 * 80)

static const char *const loss_names[] = {"cross-entropy 64x1000",    "cross-entropy 64x1000, shares", "distil logits 64x1000",
                                         "distil features 64x2560",  "cosine 64x2560",                "sigmoid 4x8400x80",
                                         "focal 4x8400x80",          "varifocal 4x8400x80",           "GIoU 4x8400",
                                         "CIoU 4x8400"};

static void run_loss(void *user) {
    loss_job *j = user;
    oc__class_targets labels = {.labels = j->labels, .smoothing = 0.1f}, shares = {.shares = j->t};
    oc__sigmoid_loss sigmoid = {.kind = OC__SIGMOID_CROSS_ENTROPY, .alpha = 0.25f, .gamma = 2, .targets = j->t};
    switch (j->which) {
    case 0: oc__cross_entropy(j->gradient, j->context, j->x, &labels, 64, 1000); break;
    case 1: oc__cross_entropy(j->gradient, j->context, j->x, &shares, 64, 1000); break;
    case 2: oc__distil_logits(j->gradient, j->context, j->x, j->t, 64, 1000, 2); break;
    case 3: oc__distil_features(j->gradient, j->context, j->x, j->t, j->x, j->t, 64, 2560); break;
    case 4: oc__cosine_loss(j->gradient, j->context, j->x, j->t, 64, 2560); break;
    case 6: sigmoid.kind = OC__FOCAL; /* fall through */
    case 7: if (j->which == 7) sigmoid.kind = OC__VARIFOCAL; /* fall through */
    case 5: oc__sigmoid_loss_of(j->gradient, j->context, j->x, &sigmoid, N_LOGITS); break;
    case 8: oc__box_loss(j->gradient, j->context, j->x, j->t, NULL, 4 * 8400, OC__GIOU, 0); break;
    case 9: oc__box_loss(j->gradient, j->context, j->x, j->t, NULL, 4 * 8400, OC__CIOU, 0); break;
    }
}

static void time_losses(oc_context *context) {
    loss_job j = {.context = context};
    int32_t labels[64];
    oc__random random;
    oc__random_seed(&random, 1, 1);
    j.labels = labels;
    j.x = oc__alloc_array(context, N_LOGITS, sizeof(float));
    j.t = oc__alloc_array(context, N_LOGITS, sizeof(float));
    j.gradient = oc__alloc_zero(context, N_LOGITS * sizeof(float));
    if (!j.x || !j.t || !j.gradient) exit(1);
    for (size_t i = 0; i < N_LOGITS; i++) {
        j.x[i] = (float)oc__random_normal(&random);
        j.t[i] = oc__random_below(&random, 100) ? 0 : (float)(1 - oc__random_unit(&random)); /* few objects */
    }
    for (int i = 0; i < 64; i++) labels[i] = i * 13 % 1000;
    for (j.which = 0; j.which < 10; j.which++) printf("%-32s %8.3f ms\n", loss_names[j.which], 1e3 * median(run_loss, &j));
    oc__free(context, j.x);
    oc__free(context, j.t);
    oc__free(context, j.gradient);
}

int main(int argc, char **argv) {
    oc_error err = OC_ERROR_INIT;
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    check(oc__context_create(&context, &options, &err), &err);
    context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    time_optimisers(context);
    time_losses(context);
    oc__context_release(context);
    return 0;
}
