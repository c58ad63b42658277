/* A small network trained for 30 steps goes the way that PyTorch goes in double precision: see trajectory.py.
 * SPDX-License-Identifier: MIT
 *
 * Tolerances. Single precision rounds values by some 6e-8, and what is summed up from them keeps near that: over all steps and
 * instruction sets the losses were measured to be off by 2e-7 at most, the weights by 1.2e-6 of their parameter's length. The
 * bounds are five and eight times as wide. A fault in earnest shows: a second moment's share taken as 1 - 0.999f, 1.3e-5 off,
 * put the losses 4e-6 off.
 *
 * A value that falls on the other side of a bound of ReLU6 than in double precision sends a run another way, by 1e-5 to 1e-3 of
 * the loss. The pictures' seed was chosen, of some 70, so that none of the millions of values comes nearer to a bound
 * than 4.8e-7 (trajectory.py writes it into expected.h). Should a kernel that rounds otherwise cross one all the same, all goes
 * well up to one step and then jumps: choose another seed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "expected.h"
#include "kernels.h"
#include "learner.h"
#include "loss.h"
#include "memory.h"
#include "optimiser.h"
#include "random.h"
#include "schedule.h"
#include "support.h"

enum { SIDE = 16, CLASSES = 10, PICTURES = 64, BATCH = 8, STEPS = 30, PICTURE = SIDE * SIDE * 3 };
#define WEIGHT_SEED 5
#define PICTURE_SEED 32
#define LOSS_TOLERANCE 1e-6   /* of the loss */
#define WEIGHT_TOLERANCE 1e-5 /* of the parameter's length */

static float pictures[PICTURES][PICTURE];
static int32_t labels[PICTURES];

static void make_pictures(void) {
    static double of_class[CLASSES][PICTURE];
    oc__random random;
    oc__random_seed(&random, PICTURE_SEED, 0);
    for (int k = 0; k < CLASSES; k++)
        for (int i = 0; i < PICTURE; i++) of_class[k][i] = oc__random_normal(&random);
    for (int p = 0; p < PICTURES; p++) {
        labels[p] = (int32_t)oc__random_below(&random, CLASSES);
        for (int i = 0; i < PICTURE; i++)
            pictures[p][i] = (float)(0.7 * of_class[labels[p]][i] + oc__random_normal(&random));
    }
}

/* A convolution and a batch norm. */
static uint32_t layer(oc__graph *graph, uint32_t node, uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t groups,
                      bool clamped) {
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, channels, kernel, stride, groups, false, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&node, graph, node, clamped ? 0 : -INFINITY, clamped ? 6 : INFINITY, NULL), OC_OK);
    return node;
}

static void build(oc__graph *graph) {
    uint32_t node, shortcut;
    ck_assert_int_eq(oc__graph_input(&node, graph, 3, NULL), OC_OK);
    shortcut = layer(graph, node, 16, 3, 2, 1, true);
    node = layer(graph, shortcut, 64, 1, 1, 1, true); /* an inverted residual */
    node = layer(graph, node, 64, 3, 1, 64, true);
    node = layer(graph, node, 16, 1, 1, 1, false);
    ck_assert_int_eq(oc__graph_add(&node, graph, node, shortcut, NULL), OC_OK);
    graph->nodes[node].low = 0;
    graph->nodes[node].high = 6;
    node = layer(graph, node, 64, 1, 1, 1, true); /* one with a stride */
    node = layer(graph, node, 64, 3, 2, 64, true);
    node = layer(graph, node, 32, 1, 1, 1, false);
    node = layer(graph, node, 64, 3, 1, 4, true);
    node = layer(graph, node, 96, 1, 1, 1, true);
    ck_assert_int_eq(oc__graph_global_pool(&node, graph, node, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, CLASSES, 1, 1, 1, true, NULL), OC_OK);
    graph->n_outputs = 1;
    graph->outputs[0] = node;
    oc__graph_initialise(graph, WEIGHT_SEED);
    ck_assert_int_eq(oc__graph_check(graph, NULL), OC_OK);
    ck_assert_uint_eq(graph->n_params, N_PARAMS);
    ck_assert_uint_eq(oc__graph_n_weights(graph), N_WEIGHTS);
}

/* How far the weights are from those expected, at most, as a share of their parameter's length. */
static double distance(const oc__graph *graph, const double expected[N_PARAMS][2]) {
    double most = 0;
    for (size_t i = 0; i < N_PARAMS; i++) {
        double squares = 0, sum = 0;
        for (size_t k = 0; k < graph->params[i].count; k++) {
            double w = graph->params[i].values[k];
            squares += w * w;
            sum += w * cos((double)k);
        }
        most = fmax(most, fabs(sqrt(squares) - expected[i][0]) / expected[i][0]);
        most = fmax(most, fabs(sum - expected[i][1]) / expected[i][0]);
    }
    return most;
}

static void train(oc__buffer *bits, const oc__kernels *kernels, uint32_t n_threads, bool adamw) {
    const trajectory *expected = adamw ? &adamw_trajectory : &sgd_trajectory;
    oc_context *context = new_threads_context(n_threads, NULL);
    oc__graph graph = {.context = context};
    oc__learner *learner;
    oc__optimiser optimiser;
    oc__optimiser_options options[2] = {OC__SGD_INIT, OC__ADAMW_INIT}, *o = &options[adamw];
    oc__schedule schedule = {.kind = adamw ? OC__SCHEDULE_COSINE : OC__SCHEDULE_CONSTANT, .warm_up = adamw ? 5 : 0,
                             .n_steps = STEPS};
    context->kernels = kernels;
    o->decay = adamw ? 0.05 : 5e-4;
    o->clip = adamw ? 1 : 0;
    o->average = 0.9;
    build(&graph);
    ck_assert_int_eq(oc__learner_create(&learner, &graph, BATCH, SIDE, SIDE, NULL), OC_OK);
    ck_assert_int_eq(oc__optimiser_create(&optimiser, &graph, o, NULL), OC_OK);
    double most = 0;
    for (int step = 0; step < STEPS; step++) {
        int first = step * BATCH % PICTURES;
        oc__class_targets targets = {.labels = labels + first, .smoothing = adamw ? 0 : 0.1f};
        oc__shape shape;
        memcpy(oc__learner_input(learner), pictures[first], sizeof pictures[0] * BATCH);
        oc__learner_forward(learner);
        const float *logits = oc__learner_output(learner, 0, &shape);
        double loss = oc__cross_entropy(oc__learner_output_gradient(learner, 0), context, logits, &targets, BATCH, CLASSES);
        oc__learner_backward(learner);
        double rate = (adamw ? 0.003 : 0.02) * oc__schedule_share(&schedule, (uint64_t)step);
        oc__optimiser_step(&optimiser, &graph, learner, rate);
        double off = fabs(loss - expected->losses[step]) / expected->losses[step];
        check_that(off <= LOSS_TOLERANCE, "%s, %s, step %d: loss %.9g, expected %.9g", kernels->name, adamw ? "AdamW" : "SGD",
                   step, loss, expected->losses[step]);
        most = fmax(most, off);
        oc__buffer_append(bits, &loss, sizeof loss);
    }
    for (size_t i = 0; i < N_PARAMS; i++)
        oc__buffer_append(bits, graph.params[i].values, graph.params[i].count * sizeof(float));
    double weights = distance(&graph, expected->weights);
    oc__optimiser_swap_average(&optimiser, &graph);
    double average = distance(&graph, expected->average);
    printf("%s, %s, threads %u: losses off by %.1e at most, weights %.1e, average %.1e\n", kernels->name,
           adamw ? "AdamW" : "SGD", n_threads, most, weights, average);
    check_that(weights <= WEIGHT_TOLERANCE, "%s: weights are %g off", kernels->name, weights);
    check_that(average <= WEIGHT_TOLERANCE, "%s: averages are %g off", kernels->name, average);
    oc__optimiser_free(&optimiser);
    oc__learner_free(learner);
    oc__graph_free(&graph);
    end_context(context);
}

/* Every instruction set comes close, and one and two threads give the same bits. */
START_TEST(test_trajectory) {
    const oc__kernels *tables[8];
    size_t n = oc__kernels_all(tables);
    oc_context *keeper = new_threads_context(1, NULL);
    make_pictures();
    for (size_t t = 0; t < n; t++) {
        oc__buffer bits[2] = {{.context = keeper}, {.context = keeper}};
        for (uint32_t run = 0; run < 2; run++) train(&bits[run], tables[t], 1 + run, _i == 1);
        check_that(!bits[0].failed && bits[0].size == bits[1].size && memcmp(bits[0].data, bits[1].data, bits[0].size) == 0,
                   "%s: two threads give other bits than one", tables[t]->name);
        for (int run = 0; run < 2; run++) oc__buffer_free(&bits[run]);
    }
    end_context(keeper);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_trajectory, 2}};
    return RUN_UNIT_TESTS("trajectory", tests);
}
