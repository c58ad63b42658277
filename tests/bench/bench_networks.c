/* Times whole networks: inference and a training step. SPDX-License-Identifier: MIT
 *
 *     bench_networks [infer|infer16|infer8|train|train16 NETWORK SIDE BATCH THREADS [SECONDS]]
 *
 * NETWORK is mobilenetv2, resnet18, resnet50 or a base network of base/network.c, features only. Prints one line "MODE NETWORK
 * SIDE BATCH THREADS MEDIAN_MS PICTURES_PER_SECOND RESIDENT_MB". Without arguments: the usual cases. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "kernels.h"
#include "loss.h"
#include "memory.h"
#include "networks.h"
#include "optimiser.h"
#include "program.h"
#include "random.h"

#define MAX_ROUNDS 2000

static void check(oc_status status, const oc_error *err) {
    if (!status) return;
    fprintf(stderr, "bench_networks: %s\n", err->message);
    exit(1);
}

static void fill(float *x, size_t n) {
    oc__random random;
    oc__random_seed(&random, 1, 2);
    for (size_t i = 0; i < n; i++) x[i] = (float)(2 * oc__random_unit(&random) - 1);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

typedef struct bench {
    oc__graph graph;
    oc__runner *runner;
    oc__learner *learner;
    oc__optimiser optimiser;
    int32_t *labels;
    uint32_t batch;
} bench;

static void step(bench *b) {
    oc__shape shape;
    if (b->runner) {
        oc__runner_run(b->runner);
        return;
    }
    oc__learner_forward(b->learner);
    const float *logits = oc__learner_output(b->learner, 0, &shape);
    oc__class_targets targets = {.labels = b->labels};
    oc__cross_entropy(oc__learner_output_gradient(b->learner, 0), b->graph.context, logits, &targets, b->batch, shape.c);
    oc__learner_backward(b->learner);
    oc__optimiser_step(&b->optimiser, &b->graph, b->learner, 1e-3);
}

static void widen(oc__range *range, const float *values, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (values[i] < range->low) range->low = values[i];
        if (values[i] > range->high) range->high = values[i];
    }
}

static void see(void *user, uint32_t node, const oc__shape *shape, const float *values) {
    widen((oc__range *)user + node, values, (size_t)shape->n * shape->h * shape->w * shape->c);
}

/* The program in 8-bit integers, ranges taken from one random picture. */
static void quantised(oc__program **out, const oc__graph *graph, uint32_t side, oc_error *err) {
    oc__program *program;
    oc__runner *runner;
    float *input;
    oc__range *ranges = oc__alloc_zero(graph->context, graph->n_nodes * sizeof *ranges);
    if (!ranges) check(oc__fail_nomem(err, graph->context, graph->n_nodes * sizeof *ranges, "ranges"), err);
    check(oc__program_create(&program, graph, side, side, &(oc__program_options){.apart = true}, err), err);
    check(oc__runner_create(&runner, program, err), err);
    check(oc__runner_prepare(&input, runner, 1, side, side, err), err);
    fill(input, (size_t)side * side * 3);
    widen(&ranges[0], input, (size_t)side * side * 3);
    oc__runner_observe(runner, see, ranges);
    oc__runner_run(runner);
    oc__runner_free(runner);
    oc__program_free(program);
    check(oc__program_create(out, graph, side, side, &(oc__program_options){OC_PRECISION_INT8, ranges, false}, err), err);
    oc__free(graph->context, ranges);
}

static void run(const char *mode, const char *network, uint32_t side, uint32_t batch, uint32_t threads, double seconds) {
    static double times[MAX_ROUNDS];
    oc_error err = OC_ERROR_INIT;
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc__program *program = NULL;
    float *input;
    options.n_threads = threads;
    check(oc__context_create(&context, &options, &err), &err);
    context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    bench b = {.graph = {.context = context}, .batch = batch};
    check(bench_network(&b.graph, network, &err), &err);
    if (strncmp(mode, "infer", 5) == 0) {
        const oc__program_options bf16 = {.precision = OC_PRECISION_BF16};
        if (strcmp(mode, "infer8") == 0) quantised(&program, &b.graph, side, &err);
        else check(oc__program_create(&program, &b.graph, side, side, strcmp(mode, "infer16") == 0 ? &bf16 : NULL, &err), &err);
        oc__graph_free(&b.graph);
        check(oc__runner_create(&b.runner, program, &err), &err);
        check(oc__runner_prepare(&input, b.runner, batch, side, side, &err), &err);
    } else {
        if (strcmp(mode, "train16") == 0) check(oc__learner_create_bf16(&b.learner, &b.graph, batch, side, side, &err), &err);
        else check(oc__learner_create(&b.learner, &b.graph, batch, side, side, &err), &err);
        oc__optimiser_options adamw = OC__ADAMW_INIT;
        adamw.decay = 0.01;
        adamw.clip = 1;
        check(oc__optimiser_create(&b.optimiser, &b.graph, &adamw, &err), &err);
        b.labels = oc__alloc_zero(context, batch * sizeof *b.labels);
        for (uint32_t i = 0; i < batch && b.labels; i++) b.labels[i] = (int32_t)(i * 37 % 1000);
        input = oc__learner_input(b.learner);
    }
    fill(input, (size_t)batch * side * side * 3);
    for (int i = 0; i < 2; i++) step(&b);
    size_t n = 0;
    for (double begin = oc__now(); n < MAX_ROUNDS && (n < 3 || oc__now() - begin < seconds); n++) {
        double started = oc__now();
        step(&b);
        times[n] = oc__now() - started;
    }
    qsort(times, n, sizeof *times, by_value);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%s %s %u %u %u %.3f %.1f %ld\n", mode, network, side, batch, threads, times[n / 2] * 1e3, batch / times[n / 2],
           usage.ru_maxrss / 1024);
    fflush(stdout);
    oc__runner_free(b.runner);
    oc__program_free(program);
    oc__learner_free(b.learner);
    oc__optimiser_free(&b.optimiser);
    oc__free(context, b.labels);
    oc__graph_free(&b.graph);
    oc__context_release(context);
}

int main(int argc, char **argv) {
    if (argc >= 6) {
        run(argv[1], argv[2], (uint32_t)atoi(argv[3]), (uint32_t)atoi(argv[4]), (uint32_t)atoi(argv[5]),
            argc > 6 ? atof(argv[6]) : 3);
        return 0;
    }
    puts("mode network side batch threads median_ms pictures/s resident_MB");
    for (uint32_t threads = 1; threads <= 2; threads++) {
        run("infer", "mobilenetv2", 224, 1, threads, 2);
        run("infer", "resnet18", 224, 1, threads, 2);
        run("infer", "resnet50", 224, 1, threads, 2);
        run("infer16", "mobilenetv2", 224, 1, threads, 2);
        run("infer16", "resnet18", 224, 1, threads, 2);
        run("infer16", "resnet50", 224, 1, threads, 2);
        run("infer8", "mobilenetv2", 224, 1, threads, 2);
        run("infer8", "resnet18", 224, 1, threads, 2);
        run("infer8", "resnet50", 224, 1, threads, 2);
    }
    run("infer", "mobilenetv2", 128, 32, 2, 2);
    run("infer", "mobilenetv2", 224, 32, 2, 2);
    run("train", "mobilenetv2", 128, 32, 2, 3);
    run("train", "resnet18", 128, 32, 2, 3);
    return 0;
}
