/* How programs run: batches, and the methods that they choose. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"
#include "nn_reference.h"
#include "random.h"
#include "program.h"
#include "support.h"

/* A small network of every kind of layer that networks for pictures have; two outputs, the second in its midst. */
static void make_network(oc__graph *graph, oc_context *context) {
    uint32_t node, narrow, inner;
    *graph = (oc__graph){.context = context};
    ck_assert_int_eq(oc__graph_input(&node, graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 19, 3, 2, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&narrow, graph, node, 0, 6, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, narrow, 38, 1, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&node, graph, node, 0, 6, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 38, 3, 1, 38, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 19, 1, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_add(&inner, graph, node, narrow, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, inner, 40, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 40, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 40, 3, 2, 40, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_global_pool(&node, graph, node, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, node, 11, 1, 1, 1, true, NULL), OC_OK);
    graph->n_outputs = 2;
    graph->outputs[0] = node;
    graph->outputs[1] = inner;
    oc__graph_initialise(graph, 1);
}

static oc__runner *new_runner(const oc__program *program) {
    oc__runner *runner;
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    return runner;
}

static void run(oc__runner *runner, uint32_t n, uint32_t height, uint32_t width, const float *pictures) {
    float *input;
    ck_assert_int_eq(oc__runner_prepare(&input, runner, n, height, width, NULL), OC_OK);
    memcpy(input, pictures, (size_t)n * height * width * 3 * sizeof *input);
    oc__runner_run(runner);
}

enum { MOST = 7 }; /* pictures in a batch */

/* Both outputs of each picture by itself; the values are to be freed. */
typedef struct alone {
    oc__shape shapes[2];
    float *values[2];
} alone;

static alone run_alone(oc__runner *runner, uint32_t height, uint32_t width, const float *pictures) {
    alone a = {0};
    for (uint32_t i = 0; i < MOST; i++) {
        run(runner, 1, height, width, pictures + (size_t)i * height * width * 3);
        for (uint32_t output = 0; output < 2; output++) {
            oc__shape *shape = &a.shapes[output];
            const float *values = oc__runner_output(runner, output, shape);
            size_t count = (size_t)shape->h * shape->w * shape->c;
            if (i == 0) a.values[output] = malloc(MOST * count * sizeof *values);
            memcpy(a.values[output] + i * count, values, count * sizeof *values);
        }
    }
    return a;
}

static void check_batch(oc__runner *batch, const alone *a, uint32_t n, uint32_t height, uint32_t width, const float *pictures) {
    run(batch, n, height, width, pictures);
    for (uint32_t output = 0; output < 2; output++) {
        oc__shape shape;
        const float *all = oc__runner_output(batch, output, &shape), *one = a->values[output];
        const oc__shape *of_one = &a->shapes[output];
        size_t count = (size_t)of_one->h * of_one->w * of_one->c;
        ck_assert(shape.n == n && of_one->n == 1 && shape.h == of_one->h && shape.w == of_one->w && shape.c == of_one->c);
        for (uint32_t i = 0; i < n; i++)
            check_that(memcmp(all + i * count, one + i * count, count * sizeof *one) == 0,
                       "output %u of picture %u of %u x %u differs in a batch of %u", output, i, width, height, n);
    }
}

/* A picture's results are the same bits alone and in any batch, for any number of threads. */
START_TEST(test_batches) {
    const bool bf16 = _i == 1;
    static const uint32_t sides[][2] = {{9, 13}, {90, 70}, {131, 128}}, n_threads[] = {1, 2, 5};
    const oc__kernels *tables[8];
    size_t n_tables = oc__kernels_all(tables);
    float *pictures = malloc((size_t)MOST * 131 * 128 * 3 * sizeof *pictures);
    oc__random random;
    oc__random_seed(&random, 5, 0);
    for (size_t i = 0; i < (size_t)MOST * 131 * 128 * 3; i++) pictures[i] = (float)oc__random_normal(&random);
    for (size_t t = 0; t < 3 * n_tables; t++) {
        const oc__program_options options = {.precision = bf16 ? OC_PRECISION_BF16 : OC_PRECISION_FP32};
        if ((bf16 && !tables[t / 3]->bf16) || (is_light() && t % 3 != 1)) continue;
        oc_context *contexts[] = {new_threads_context(1, NULL), new_threads_context(n_threads[t % 3], NULL)};
        oc__graph graphs[2];
        oc__program *programs[2];
        oc__runner *runners[2];
        for (int i = 0; i < 2; i++) {
            contexts[i]->kernels = tables[t / 3];
            make_network(&graphs[i], contexts[i]);
            ck_assert_int_eq(oc__program_create(&programs[i], &graphs[i], 32, 32, &options, NULL), OC_OK);
            runners[i] = new_runner(programs[i]);
        }
        for (size_t s = 0; s < (t / 3 && !is_light() ? 3 : 2); s++) { /* the reference is slow */
            alone a = run_alone(runners[0], sides[s][0], sides[s][1], pictures);
            for (uint32_t n = 1; n <= MOST; n += t / 3 && n != 3 ? 1 : 3) /* 1 2 3 6 7, the reference 1 4 7 */
                check_batch(runners[1], &a, n, sides[s][0], sides[s][1], pictures);
            free(a.values[0]);
            free(a.values[1]);
        }
        for (int i = 0; i < 2; i++) {
            oc__runner_free(runners[i]);
            oc__program_free(programs[i]);
            oc__graph_free(&graphs[i]);
            end_context(contexts[i]);
        }
    }
    free(pictures);
}
END_TEST

/* Two 3x3 convolutions with all that may be attached: padding of every kind, a bias, an addition, clamps, a function. */
static void make_convolutions(oc__graph *graph, oc_context *context, oc__random *random) {
    uint32_t node, first, in = 32 + (uint32_t)oc__random_below(random, 40), out = 32 + (uint32_t)oc__random_below(random, 40);
    *graph = (oc__graph){.context = context};
    ck_assert_int_eq(oc__graph_input(&node, graph, in, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&first, graph, node, out, 3, 1, 1, true, NULL), OC_OK);
    oc__window *w = &graph->nodes[first].window;
    w->pad_top = 1 + (uint32_t)oc__random_below(random, 2); /* so that the smallest picture is large enough */
    w->pad_left = (uint32_t)oc__random_below(random, 3);
    w->pad_bottom = (uint32_t)oc__random_below(random, 3);
    w->pad_right = (uint32_t)oc__random_below(random, 3);
    graph->nodes[first].low = -1;
    if (oc__random_below(random, 2))
        ck_assert_int_eq(oc__graph_activation(&first, graph, first, OC__FUNCTION_SILU, 0, 0, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, graph, first, out, 3, 1, 1, oc__random_below(random, 2), NULL), OC_OK);
    ck_assert_int_eq(oc__graph_add(&node, graph, node, first, NULL), OC_OK);
    if (oc__random_below(random, 2)) graph->nodes[node].high = 2;
    else ck_assert_int_eq(oc__graph_activation(&node, graph, node, OC__FUNCTION_HARD_SWISH, 0, 0, NULL), OC_OK);
    graph->n_outputs = 1;
    graph->outputs[0] = node;
    oc__graph_initialise(graph, 7);
    for (size_t i = 0; i < graph->n_params; i++)
        for (size_t j = 0; j < graph->params[i].count && graph->params[i].rank == 1; j++)
            graph->params[i].values[j] = (float)oc__random_normal(random);
}

static void check_convolutions(const oc__program *program, const oc__graph *graph, oc__random *random, uint32_t n,
                               uint32_t height, uint32_t width) {
    oc__runner *runner = new_runner(program);
    reference *r = reference_create(graph, n, height, width, false);
    size_t n_in = reference_count(r, 0), n_out = reference_count(r, graph->outputs[0]);
    oc__shape shape;
    float *input;
    ck_assert_int_eq(oc__runner_prepare(&input, runner, n, height, width, NULL), OC_OK);
    for (size_t i = 0; i < n_in; i++) r->values[0][i] = input[i] = (float)oc__random_normal(random);
    reference_run(r);
    oc__runner_run(runner);
    const float *out = oc__runner_output(runner, 0, &shape);
    for (size_t i = 0; i < n_out; i++)
        check_that(fabs((double)out[i] - r->values[graph->outputs[0]][i]) < 2.5e-5,
                   "%s, %u pictures of %u x %u: %zu is %g, not %g",
                   ((const oc__kernels *)graph->context->kernels)->name, n, width, height, i, (double)out[i],
                   r->values[graph->outputs[0]][i]);
    reference_free(r);
    oc__runner_free(runner);
}

/* The method is chosen for one size of pictures, from the plain one for tiny pictures to Winograd's with large tiles; each must
 * be right for any other size too. Values are about 1; the bound is a quarter of what agreement with other engines allows. */
START_TEST(test_convolution_methods) {
    static const uint32_t chosen_for[][2] = {{2, 3}, {7, 7}, {14, 15}, {40, 29}};
    static const uint32_t sizes[][2] = {{3, 3}, {5, 4}, {7, 9}, {16, 13}, {21, 30}};
    const oc__kernels *tables[8];
    size_t n_tables = oc__kernels_all(tables);
    oc_context *context = new_threads_context(2, NULL);
    oc__random random;
    oc__random_seed(&random, 11, 0);
    for (size_t i = 0; i < 4 * n_tables; i++) {
        oc__graph graph;
        oc__program *program;
        context->kernels = tables[i / 4];
        make_convolutions(&graph, context, &random);
        oc_error err = OC_ERROR_INIT;
        oc_status status = oc__program_create(&program, &graph, chosen_for[i % 4][0], chosen_for[i % 4][1], NULL, &err);
        ck_assert_msg(status == OC_OK, "%s", err.message);
        for (size_t s = 0; s < 5; s++)
            check_convolutions(program, &graph, &random, 1 + (uint32_t)s % 3, sizes[s][0], sizes[s][1]);
        oc__program_free(program);
        oc__graph_free(&graph);
    }
    end_context(context);
}
END_TEST

static oc_status make_batch(oc_context *with, void *user, oc_error *err) {
    oc__graph copy = {.context = with}, original = *(const oc__graph *)user;
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    float *input;
    original.context = with;
    oc_status status = oc__graph_copy(&copy, &original, err);
    if (!status) status = oc__program_create(&program, &copy, 32, 32, NULL, err);
    if (!status) status = oc__runner_create(&runner, program, err);
    if (!status) status = oc__runner_prepare(&input, runner, 3, 32, 32, err);
    if (!status) status = oc__runner_prepare(&input, runner, 5, 130, 130, err);
    if (!status) {
        memset(input, 0, (size_t)5 * 130 * 130 * 3 * sizeof *input);
        oc__runner_run(runner);
    }
    oc__runner_free(runner);
    oc__program_free(program);
    oc__graph_free(&copy);
    return status;
}

START_TEST(test_memory_runs_out) {
    oc_context *context = new_threads_context(2, NULL);
    oc__graph graph;
    make_network(&graph, context);
    sweep_allocations(make_batch, &graph, false);
    oc__graph_free(&graph);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_batches, 2}, {test_convolution_methods, 0}, {test_memory_runs_out, 0}};
    return RUN_UNIT_TESTS("nn inference", tests);
}
