/* Every operator, forward and backward, against double precision. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "learner.h"
#include "memory.h"
#include "nn_cases.h"
#include "program.h"
#include "support.h"
#include "thread.h"

#define N_SEEDS 8
#define N_PROBED 24 /* elements of a parameter whose gradient is looked at */
#define N_WIDE 4    /* the same, and the seeds, where the networks are large */

/* How far single precision may be off: relative to the largest value of the same array, or to 1, since clamps hide larger
 * values. */
static void check_values(const float *got, const double *expected, size_t n, const char *table, const char *what, int kind,
    int seed) {
    double largest = 1;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(expected[i]));
    for (size_t i = 0; i < n; i++)
        check_that(fabs((double)got[i] - expected[i]) <= 1e-5 * largest,
            "%s, %s, kind %d, seed %d: element %zu of %zu is %.9g, expected %.9g",
                   table, what, kind, seed, i, n, (double)got[i], expected[i]);
}

static void check_program(const nn_case *c, const reference *r, const char *table, int kind, int seed) {
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    oc_error err = OC_ERROR_INIT;
    float *input;
    ck_assert_msg(oc__program_create(&program, &c->graph, c->height, c->width, NULL, &err) == OC_OK, "kind %d, seed %d: %s",
                  kind, seed, err.message);
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, runner, c->n, c->height, c->width, NULL), OC_OK);
    memcpy(input, c->input, c->n_input * sizeof *input);
    for (int twice = 0; twice < 2; twice++) { /* the input is still there */
        oc__runner_run(runner);
        for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
            oc__shape shape;
            const float *out = oc__runner_output(runner, i, &shape);
            ck_assert_mem_eq(&shape, &r->shapes[c->graph.outputs[i]], sizeof shape);
            check_values(out, r->values[c->graph.outputs[i]], reference_count(r, c->graph.outputs[i]), table, "program",
                kind, seed);
        }
    }
    oc__runner_free(runner);
    oc__program_free(program);
}

START_TEST(test_program) {
    const oc__kernels *tables[8];
    size_t n = oc__kernels_all(tables);
    oc_context *context = new_threads_context(2, NULL);
    for (int seed = 0; seed < rounds(3 * N_SEEDS); seed++) {
        nn_case c;
        make_case(&c, context, _i, (uint64_t)seed, false);
        reference *r = reference_of(&c, false);
        for (size_t t = 0; t < n; t++) {
            context->kernels = tables[t];
            check_program(&c, r, tables[t]->name, _i, seed);
        }
        reference_free(r);
        end_case(&c);
    }
    end_context(context);
}
END_TEST

/* Random weights of the outputs in the loss. */
static void make_weights(double *weights[OC__MAX_OUTPUTS], const reference *r, oc__random *random) {
    for (uint32_t i = 0; i < r->graph->n_outputs; i++) {
        size_t n = reference_count(r, r->graph->outputs[i]);
        weights[i] = malloc(n * sizeof(double));
        for (size_t j = 0; j < n; j++) weights[i][j] = (double)(float)oc__random_normal(random);
    }
}

static double difference(reference *r, double *const *weights, double *x) {
    const double step = 1e-6;
    double old = *x, above, below;
    *x = old + step;
    reference_run(r);
    above = reference_loss(r, weights);
    *x = old - step;
    reference_run(r);
    below = reference_loss(r, weights);
    *x = old;
    return (above - below) / (2 * step);
}

static void run_learner(oc__learner *l, const nn_case *c, double *const *weights) {
    memcpy(oc__learner_input(l), c->input, c->n_input * sizeof(float));
    oc__learner_forward(l);
    for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
        oc__shape s;
        oc__learner_output(l, i, &s);
        float *gradient = oc__learner_output_gradient(l, i);
        for (size_t j = 0; j < (size_t)s.n * s.h * s.w * s.c; j++) gradient[j] = (float)weights[i][j];
    }
    oc__learner_backward(l);
}

/* Running figures are not part of the function that is differentiated, so they are put back after each run. */
static void keep_params(float ***kept, oc__graph *graph, bool back) {
    if (!back) *kept = calloc(graph->n_params, sizeof **kept);
    for (size_t i = 0; i < graph->n_params; i++) {
        size_t size = graph->params[i].count * sizeof(float);
        if (!back) memcpy((*kept)[i] = malloc(size), graph->params[i].values, size);
        else memcpy(graph->params[i].values, (*kept)[i], size);
    }
}
static void free_params(float **kept, const oc__graph *graph) {
    for (size_t i = 0; i < graph->n_params; i++) free(kept[i]);
    free(kept);
}

START_TEST(test_gradients) {
    const oc__kernels *tables[8];
    size_t n_tables = oc__kernels_all(tables);
    oc_context *context = new_threads_context(2, NULL);
    for (int seed = 0; seed < rounds(_i == CASE_WIDE ? N_WIDE : N_SEEDS); seed++) {
        nn_case c;
        oc__random random;
        oc__learner *learners[8];
        double *weights[OC__MAX_OUTPUTS], *expected[64], largest = 0;
        float **kept;
        make_case(&c, context, _i, 100 + (uint64_t)seed, true);
        reference *r = reference_of(&c, true);
        oc__random_seed(&random, 3, (uint64_t)seed);
        make_weights(weights, r, &random);
        keep_params(&kept, &c.graph, false);
        for (size_t t = 0; t < n_tables; t++) {
            context->kernels = tables[t];
            ck_assert_int_eq(oc__learner_create(&learners[t], &c.graph, c.n, c.height, c.width, NULL), OC_OK);
            for (int twice = 0; twice < 2; twice++) { /* a second step begins anew */
                run_learner(learners[t], &c, weights);
                keep_params(&kept, &c.graph, true);
            }
            for (uint32_t i = 0; i < c.graph.n_outputs; i++) {
                oc__shape shape;
                uint32_t node = c.graph.outputs[i];
                check_values(oc__learner_output(learners[t], i, &shape), r->values[node], reference_count(r, node),
                    tables[t]->name,
                             "learner", _i, seed);
            }
        }
        ck_assert_uint_le(c.graph.n_params, 64);
        size_t steps[64];
        for (size_t p = 0; p < c.graph.n_params; p++) {
            size_t count = c.graph.params[p].count, j = 0;
            expected[p] = calloc(count, sizeof(double));
            size_t n_probed = _i == CASE_WIDE ? N_WIDE : (size_t)rounds(N_PROBED);
            steps[p] = count <= n_probed ? 1 : count / n_probed;
            if (!oc__learner_gradient(learners[0], p)) continue;
            for (; j < count; j += steps[p]) {
                expected[p][j] = difference(r, weights, &r->params[p][j]);
                largest = fmax(largest, fabs(expected[p][j]));
            }
        }
        for (size_t t = 0; t < n_tables; t++)
            for (size_t p = 0; p < c.graph.n_params; p++) {
                const float *got = oc__learner_gradient(learners[t], p);
                for (size_t j = 0; got && j < c.graph.params[p].count; j += steps[p])
                    check_that(fabs((double)got[j] - expected[p][j]) <= 1e-3 * fabs(expected[p][j]) + 1e-5 * largest,
                               "%s, kind %d, seed %d: parameter %zu, element %zu: %.7g, expected %.7g", tables[t]->name, _i,
                                   seed, p, j,
                               (double)got[j], expected[p][j]);
            }
        for (size_t i = 0; i < c.graph.n_nodes; i++) /* running figures have no gradient, all others have one */
            for (uint32_t j = 0; j < c.graph.nodes[i].n_params; j++)
                ck_assert_int_eq(oc__learner_gradient(learners[0], c.graph.nodes[i].params[j]) == NULL,
                                 c.graph.nodes[i].op == OC__OP_BATCH_NORM && j > 1);
        for (size_t p = 0; p < c.graph.n_params; p++) free(expected[p]);
        for (uint32_t i = 0; i < c.graph.n_outputs; i++) free(weights[i]);
        for (size_t t = 0; t < n_tables; t++) oc__learner_free(learners[t]);
        free_params(kept, &c.graph);
        reference_free(r);
        end_case(&c);
    }
    end_context(context);
}
END_TEST

/* All that a forward and a backward pass give, as one hash of bits. */
typedef struct pass {
    const nn_case *c;
    oc__learner *learner;
    oc__runner *runner;
    double *const *weights;
} pass;

static void run_pass(void *argument, size_t task, uint32_t worker) {
    pass *p = argument;
    (void)worker;
    if (task) return;
    run_learner(p->learner, p->c, p->weights);
    oc__runner_run(p->runner);
}

static void append_bits(oc__buffer *bits, const nn_case *c, pass *p) {
    for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
        oc__shape s;
        const float *out = oc__learner_output(p->learner, i, &s);
        size_t size = (size_t)s.n * s.h * s.w * s.c * sizeof(float);
        oc__buffer_append(bits, out, size);
        oc__buffer_append(bits, oc__runner_output(p->runner, i, &s), size);
    }
    for (size_t i = 0; i < c->graph.n_params; i++) {
        oc__buffer_append(bits, c->graph.params[i].values, c->graph.params[i].count * sizeof(float)); /* running figures */
        if (oc__learner_gradient(p->learner, i))
            oc__buffer_append(bits, oc__learner_gradient(p->learner, i), c->graph.params[i].count * sizeof(float));
    }
}

START_TEST(test_same_bits) {
    static const uint32_t n_threads[] = {1, 2, 5, 5};
    oc_context *keeper = new_threads_context(1, NULL);
    for (int seed = 0; seed < rounds(3); seed++) {
        oc__buffer bits[4];
        for (int run = 0; run < 4; run++) {
            oc_context *context = new_threads_context(n_threads[run], NULL);
            nn_case c;
            double *weights[OC__MAX_OUTPUTS];
            oc__program *program;
            oc__random random;
            float *input;
            make_case(&c, context, _i, (uint64_t)seed, true);
            reference *r = reference_of(&c, true);
            oc__random_seed(&random, 3, 0);
            make_weights(weights, r, &random);
            pass p = {.c = &c, .weights = weights};
            ck_assert_int_eq(oc__program_create(&program, &c.graph, c.height, c.width, NULL, NULL), OC_OK);
            ck_assert_int_eq(oc__runner_create(&p.runner, program, NULL), OC_OK);
            ck_assert_int_eq(oc__runner_prepare(&input, p.runner, c.n, c.height, c.width, NULL), OC_OK);
            memcpy(input, c.input, c.n_input * sizeof(float));
            ck_assert_int_eq(oc__learner_create(&p.learner, &c.graph, c.n, c.height, c.width, NULL), OC_OK);
            if (run == 3) oc__parallel(context, 2, run_pass, &p); /* within a task */
            else run_pass(&p, 0, 0);
            bits[run] = (oc__buffer){.context = keeper};
            append_bits(&bits[run], &c, &p);
            oc__learner_free(p.learner);
            oc__runner_free(p.runner);
            oc__program_free(program);
            for (uint32_t i = 0; i < c.graph.n_outputs; i++) free(weights[i]);
            reference_free(r);
            end_case(&c);
            end_context(context);
            check_that(bits[run].size == bits[0].size && memcmp(bits[run].data, bits[0].data, bits[0].size) == 0,
                       "kind %d, seed %d: run %d gives other bits", _i, seed, run);
        }
        for (int run = 0; run < 4; run++) oc__buffer_free(&bits[run]);
    }
    end_context(keeper);
}
END_TEST

/* Pictures so large that the work of every operator is shared out, which small ones are not worth. */
static void make_large(oc__graph *graph, oc_context *context) {
    static const uint32_t around[6] = {1, 2, 2, 1, 0, 0};
    uint32_t node, early, gate, inputs[2];
    *graph = (oc__graph){.context = context, .n_outputs = 1};
    ck_assert_int_eq(oc__graph_input(&node, graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 24, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_activation(&early, graph, node, OC__FUNCTION_SILU, 0, 0, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_global_pool(&gate, graph, early, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_activation(&gate, graph, gate, OC__FUNCTION_SIGMOID, 0, 0, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_multiply(&node, graph, early, gate, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_pad(&node, graph, node, around, OC__PAD_REFLECT, 0, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_resize(&node, graph, node, 3, 2, OC__RESIZE_BILINEAR, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_channel_shuffle(&node, graph, node, 4, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_pool(&inputs[0], graph, node, OC__OP_MAX_POOL, 3, 2, 1, OC__POOL_CEIL, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_pool(&inputs[1], graph, node, OC__OP_MEAN_POOL, 3, 2, 1, OC__POOL_CEIL, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_concat(&node, graph, inputs, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv_transposed(&node, graph, node, 20, 3, 2, 4, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_transpose(&node, graph, node, 1, 0, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_slice(&node, graph, node, 0, 1, OC__REST, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_softmax(&node, graph, node, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_reshape(&node, graph, node, OC__REST, 1, 0, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_clamp(&graph->outputs[0], graph, node, 0.02f, INFINITY, NULL), OC_OK);
    oc__graph_initialise(graph, 5);
}

START_TEST(test_same_bits_shared_out) {
    enum { N = 2, SIDE = 40, N_INPUT = N * SIDE * SIDE * 3 };
    static const uint32_t n_threads[] = {1, 2, 5};
    oc_context *keeper = new_threads_context(1, NULL);
    oc__buffer bits[3];
    float *pictures = malloc(N_INPUT * sizeof *pictures);
    oc__random random;
    oc__random_seed(&random, 21, 0);
    for (size_t i = 0; i < N_INPUT; i++) pictures[i] = (float)oc__random_normal(&random);
    for (int run = 0; run < 3; run++) {
        oc_context *context = new_threads_context(n_threads[run], NULL);
        nn_case c = {.n = N, .height = SIDE, .width = SIDE, .input = pictures, .n_input = N_INPUT};
        oc__shape shapes[32];
        oc__program *program;
        float *input;
        pass p = {.c = &c};
        make_large(&c.graph, context);
        ck_assert_int_eq(oc__graph_shapes(shapes, &c.graph, N, SIDE, SIDE, NULL), OC_OK);
        const oc__shape *out = &shapes[c.graph.outputs[0]];
        double *weights[1] = {malloc((size_t)out->n * out->h * out->w * out->c * sizeof(double))};
        for (size_t i = 0; i < (size_t)out->n * out->h * out->w * out->c; i++) weights[0][i] = (double)(i % 17) - 8;
        p.weights = weights;
        ck_assert_int_eq(oc__program_create(&program, &c.graph, SIDE, SIDE, NULL, NULL), OC_OK);
        ck_assert_int_eq(oc__runner_create(&p.runner, program, NULL), OC_OK);
        ck_assert_int_eq(oc__runner_prepare(&input, p.runner, N, SIDE, SIDE, NULL), OC_OK);
        memcpy(input, pictures, N_INPUT * sizeof *input);
        ck_assert_int_eq(oc__learner_create(&p.learner, &c.graph, N, SIDE, SIDE, NULL), OC_OK);
        run_pass(&p, 0, 0);
        bits[run] = (oc__buffer){.context = keeper};
        append_bits(&bits[run], &c, &p);
        oc__learner_free(p.learner);
        oc__runner_free(p.runner);
        oc__program_free(program);
        oc__graph_free(&c.graph);
        free(weights[0]);
        end_context(context);
        check_that(bits[run].size == bits[0].size && memcmp(bits[run].data, bits[0].data, bits[0].size) == 0,
                   "%u threads give other bits", n_threads[run]);
    }
    for (int run = 0; run < 3; run++) oc__buffer_free(&bits[run]);
    free(pictures);
    end_context(keeper);
}
END_TEST

/* Training moves the running figures a tenth of the way to the batch's (unbiased) ones. */
START_TEST(test_running_figures) {
    oc_context *context = new_threads_context(2, NULL);
    oc__graph graph = {.context = context};
    oc__learner *l;
    uint32_t node;
    ck_assert_int_eq(oc__graph_input(&node, &graph, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&node, &graph, node, -INFINITY, INFINITY, NULL), OC_OK);
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    oc__graph_initialise(&graph, 1);
    ck_assert_int_eq(oc__learner_create(&l, &graph, 2, 30, 20, NULL), OC_OK);
    oc__random random;
    oc__random_seed(&random, 1, 1);
    double mean[2] = {0, 0}, variance[2] = {1, 1};
    for (int step = 0; step < 3; step++) {
        float *in = oc__learner_input(l);
        double sum[2] = {0, 0}, squares[2] = {0, 0};
        for (int i = 0; i < 2400; i++) in[i] = (float)((i % 2 ? 1000 : 0) + (i % 2 ? 1 : 3) * oc__random_normal(&random));
        for (int i = 0; i < 2400; i++) sum[i % 2] += (double)in[i] / 1200;
        for (int i = 0; i < 2400; i++) squares[i % 2] += (in[i] - sum[i % 2]) * (in[i] - sum[i % 2]) / 1199;
        oc__learner_forward(l);
        for (int c = 0; c < 2; c++) {
            mean[c] += 0.1 * (sum[c] - mean[c]);
            variance[c] += 0.1 * (squares[c] - variance[c]);
            check_that(fabs((double)graph.params[2].values[c] - mean[c]) < 1e-4, "mean %d after step %d", c, step);
            check_that(fabs((double)graph.params[3].values[c] - variance[c]) < 0.02 * variance[c],
                "variance %d: %g, expected %g", c,
                       (double)graph.params[3].values[c], variance[c]);
        }
    }
    oc__learner_free(l);
    oc__graph_free(&graph);
    end_context(context);
}
END_TEST

/* What no output depends on has no influence and gets no garbage for a gradient. */
START_TEST(test_dead_branch) {
    oc_context *context = new_threads_context(1, NULL);
    oc__graph graph = {.context = context};
    oc__learner *l;
    uint32_t a, dead, norm;
    ck_assert_int_eq(oc__graph_input(&a, &graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&a, &graph, a, 4, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&dead, &graph, a, 5, 3, 2, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&norm, &graph, dead, 0, 6, NULL), OC_OK);
    graph.n_outputs = 1;
    graph.outputs[0] = a;
    oc__graph_initialise(&graph, 1);
    ck_assert_int_eq(oc__learner_create(&l, &graph, 2, 16, 16, NULL), OC_OK);
    for (int i = 0; i < 2 * 16 * 16 * 3; i++) oc__learner_input(l)[i] = (float)(i % 7);
    oc__learner_forward(l);
    for (int i = 0; i < 2 * 16 * 16 * 4; i++) oc__learner_output_gradient(l, 0)[i] = 1;
    oc__learner_backward(l);
    for (uint32_t n = dead; n <= norm; n++)
        for (uint32_t j = 0; j < graph.nodes[n].n_params; j++) {
            const float *gradient = oc__learner_gradient(l, graph.nodes[n].params[j]);
            for (size_t i = 0; gradient && i < graph.params[graph.nodes[n].params[j]].count; i++)
                check_that(gradient[i] == 0, "node %u, parameter %u: gradient %g", n, j, (double)gradient[i]);
        }
    ck_assert(oc__learner_gradient(l, graph.nodes[a].params[0])[0] != 0);
    oc__learner_free(l);
    oc__graph_free(&graph);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_program, N_CASES},        {test_gradients, N_CASES}, {test_same_bits, N_CASES},
        {test_same_bits_shared_out, 0}, {test_running_figures, 0}, {test_dead_branch, 0},
    };
    return RUN_UNIT_TESTS("nn operators", tests);
}
