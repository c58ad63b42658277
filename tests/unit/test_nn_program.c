/* Graphs that must be refused, limits, losses, optimisers, and what is left when memory runs out.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "loss.h"
#include "memory.h"
#include "nn_cases.h"
#include "optimiser.h"
#include "program.h"
#include "support.h"

static oc_context *context;
static oc__graph graph;

/* input 3 -> conv 3x3 to 4 (bias) -> batch norm -> max pool 2x2 -> add with itself -> global pool */
static void begin(void) {
    uint32_t node;
    context = new_threads_context(1, NULL);
    graph = (oc__graph){.context = context};
    ck_assert_int_eq(oc__graph_input(&node, &graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, &graph, node, 4, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&node, &graph, node, 0, 6, NULL), OC_OK);
    oc__node pool = graph.nodes[1];
    pool.op = OC__OP_MAX_POOL;
    pool.inputs[0] = node;
    pool.n_params = 0;
    pool.window = (oc__window){2, 2, 2, 1, 0, 0, 0, 0};
    ck_assert_int_eq(oc__graph_add_node(&node, &graph, &pool, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_add(&node, &graph, node, node, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_global_pool(&node, &graph, node, NULL), OC_OK);
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    oc__graph_initialise(&graph, 1);
}

static void end(void) {
    oc__graph_free(&graph);
    end_context(context);
}

/* A change of a 32-bit field that must be refused, by the check or by the shapes, with a word of the message. */
typedef struct flaw {
    size_t node, offset;
    uint32_t value;
    oc_status status;
    const char *word;
} flaw;
#define FIELD(field) offsetof(oc__node, field)

START_TEST(test_bad_nodes) {
    static const flaw flaws[] = {
        {0, FIELD(op), OC__OP_ADD, OC_E_CORRUPT, "first node"},
        {0, FIELD(channels), 0, OC_E_CORRUPT, "channels"},
        {0, FIELD(channels), 65537, OC_E_CORRUPT, "channels"},
        {0, FIELD(n_inputs), 1, OC_E_CORRUPT, "inputs"},
        {1, FIELD(op), 0, OC_E_UNSUPPORTED, "not known"},
        {1, FIELD(op), OC__N_OPS, OC_E_UNSUPPORTED, "not known"},
        {1, FIELD(op), 0xFFFFFFFF, OC_E_UNSUPPORTED, "not known"},
        {5, FIELD(op), OC__OP_INPUT, OC_E_CORRUPT, "input"},
        {1, FIELD(n_inputs), 0, OC_E_CORRUPT, "inputs"},
        {1, FIELD(n_inputs), 3, OC_E_CORRUPT, "inputs"},
        {1, FIELD(n_inputs), 0xFFFFFFFF, OC_E_CORRUPT, "inputs"},
        {1, FIELD(inputs), 1, OC_E_CORRUPT, "before it"},
        {1, FIELD(inputs), 5, OC_E_CORRUPT, "before it"},
        {1, FIELD(inputs), 0xFFFFFFFF, OC_E_CORRUPT, "before it"},
        {1, FIELD(n_params), 0, OC_E_CORRUPT, "parameters"},
        {1, FIELD(n_params), 3, OC_E_CORRUPT, "parameters"},
        {2, FIELD(n_params), 3, OC_E_CORRUPT, "parameters"},
        {1, FIELD(params), 6, OC_E_CORRUPT, "parameter"},
        {1, FIELD(params), 0xFFFFFFFF, OC_E_CORRUPT, "parameter"},
        {1, FIELD(params), 1, OC_E_CORRUPT, "in use already"},
        {1, FIELD(params) + 4, 0, OC_E_CORRUPT, "in use already"},
        {1, FIELD(n_params), 1, OC_E_CORRUPT, "no node uses"},
        {1, FIELD(low), 0x7FC00000, OC_E_CORRUPT, "clamps"},
        {2, FIELD(high), 0x7FC00000, OC_E_CORRUPT, "clamps"},
        {2, FIELD(high), 0xBF800000, OC_E_CORRUPT, "clamps"},
        {1, FIELD(window.kernel_height), 0, OC_E_CORRUPT, "kernel"},
        {1, FIELD(window.kernel_width), 16, OC_E_CORRUPT, "kernel"},
        {1, FIELD(window.kernel_width), 0xFFFFFFFF, OC_E_CORRUPT, "kernel"},
        {1, FIELD(window.kernel_width), 2, OC_E_CORRUPT, "weights"},
        {1, FIELD(window.stride), 0, OC_E_CORRUPT, "stride"},
        {1, FIELD(window.stride), 5, OC_E_CORRUPT, "stride"},
        {1, FIELD(window.dilation), 0, OC_E_CORRUPT, "dilation"},
        {1, FIELD(window.dilation), 16, OC_E_CORRUPT, "dilation"},
        {1, FIELD(window.dilation), 7, OC_E_ARGUMENT, "too small"},
        {1, FIELD(window.pad_top), 3, OC_E_CORRUPT, "padding"},
        {1, FIELD(window.pad_left), 0xFFFFFFFF, OC_E_CORRUPT, "padding"},
        {1, FIELD(window.pad_right), 3, OC_E_CORRUPT, "padding"},
        {1, FIELD(window.pad_bottom), 0x80000000, OC_E_CORRUPT, "padding"},
        {1, FIELD(groups), 0, OC_E_CORRUPT, "groups"},
        {1, FIELD(groups), 2, OC_E_CORRUPT, "groups"},
        {1, FIELD(groups), 0xFFFFFFFF, OC_E_CORRUPT, "groups"},
        {1, FIELD(channels), 0, OC_E_CORRUPT, "channels"},
        {1, FIELD(channels), 5, OC_E_CORRUPT, "weights"},
        {1, FIELD(channels), 0xFFFFFFFF, OC_E_CORRUPT, "channels"},
        {2, FIELD(params), 0, OC_E_CORRUPT, "in use already"},
        {2, FIELD(epsilon), 0xBF800000, OC_E_CORRUPT, "epsilon"},
        {2, FIELD(epsilon), 0x40000000, OC_E_CORRUPT, "epsilon"},
        {2, FIELD(epsilon), 0x7FC00000, OC_E_CORRUPT, "epsilon"},
        {3, FIELD(window.kernel_height), 9, OC_E_ARGUMENT, "too small"},
        {4, FIELD(inputs), 1, OC_E_CORRUPT, "inputs are"},
        {1, FIELD(function.code), OC__FUNCTION_SILU, OC_E_CORRUPT, "function"},
        {2, FIELD(function.alpha), 0x3F800000, OC_E_CORRUPT, "arguments"},
        {3, FIELD(function.beta), 0x7FC00000, OC_E_CORRUPT, "arguments"},
        {3, FIELD(mode), OC__POOL_COUNT_PADDING, OC_E_UNSUPPORTED, "mode"},
        {1, FIELD(mode), 1, OC_E_UNSUPPORTED, "mode"},
        {1, FIELD(sizes), 1, OC_E_CORRUPT, "size 0"},
        {5, FIELD(sizes[8]), 0xFFFFFFFF, OC_E_CORRUPT, "size 8"},
    };
    begin();
    oc__shape shapes[6];
    oc_error err = OC_ERROR_INIT;
    ck_assert_msg(oc__graph_check(&graph, &err) == OC_OK, "%s", err.message);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 8, 8, &err), OC_OK);
    graph.nodes[2].epsilon = 0;
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 8, 8, &err), OC_OK);
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        const flaw *f = &flaws[i];
        oc__node old = graph.nodes[f->node];
        memcpy((char *)&graph.nodes[f->node] + f->offset, &f->value, sizeof f->value);
        err.message[0] = 0;
        oc_status status = oc__graph_check(&graph, &err);
        if (!status) status = oc__graph_shapes(shapes, &graph, 1, 8, 8, &err);
        check_that(status == f->status && strstr(err.message, f->word), "flaw %zu: %d, '%s', expected '%s'", i, status,
            err.message, f->word);
        check_that(f->node == 0 || strstr(err.message, "node "), "flaw %zu names no node: %s", i, err.message);
        graph.nodes[f->node] = old;
    }
    /* Parameters of the wrong shape, or with a wrong value, each still used once. */
    uint32_t *of_conv = graph.nodes[1].params, weights = of_conv[0];
    of_conv[0] = of_conv[1];
    of_conv[1] = weights;
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_OK);
    ck_assert(oc__graph_shapes(shapes, &graph, 1, 8, 8, &err) == OC_E_CORRUPT && strstr(err.message, "weights"));
    of_conv[1] = of_conv[0];
    of_conv[0] = weights;
    float *variance = graph.params[graph.nodes[2].params[3]].values;
    variance[0] = 0;
    ck_assert(oc__graph_shapes(shapes, &graph, 1, 8, 8, &err) == OC_E_CORRUPT && strstr(err.message, "variance"));
    variance[0] = 1;
    graph.n_outputs = 0;
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_E_CORRUPT);
    graph.n_outputs = OC__MAX_OUTPUTS + 1;
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_E_CORRUPT);
    graph.n_outputs = 1;
    graph.outputs[0] = 6;
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_E_CORRUPT);
    graph.outputs[0] = 5;
    for (size_t p = 0; p < graph.n_params; p++) {
        static const float bad[] = {NAN, INFINITY, -INFINITY};
        for (int b = 0; b < 3; b++) {
            float *last = &graph.params[p].values[graph.params[p].count - 1], old = *last;
            *last = bad[b];
            check_that(oc__graph_check(&graph, &err) == OC_E_CORRUPT && strstr(err.message, "finite"), "parameter %zu", p);
            *last = old;
        }
    }
    ck_assert_int_eq(oc__graph_check(&(oc__graph){.context = context}, &err), OC_E_CORRUPT);
    end();
}
END_TEST

/* The same for the attributes of a transposed convolution, and shapes that no picture of usual size comes near. */
START_TEST(test_bad_transposed_conv) {
    static const flaw flaws[] = {
        {1, FIELD(sizes), 2, OC_E_CORRUPT, "2 rows and 0 columns"},
        {1, FIELD(sizes[1]), 0xFFFFFFFF, OC_E_CORRUPT, "columns"},
        {1, FIELD(groups), 0, OC_E_CORRUPT, "groups"},
        {1, FIELD(groups), 3, OC_E_CORRUPT, "groups"},
        {1, FIELD(groups), 1, OC_E_CORRUPT, "weights"},
        {1, FIELD(channels), 0, OC_E_CORRUPT, "channels"},
        {1, FIELD(channels), 65538, OC_E_CORRUPT, "channels"},
        {1, FIELD(channels), 8, OC_E_CORRUPT, "weights"},
        {1, FIELD(window.kernel_width), 0, OC_E_CORRUPT, "kernel"},
        {1, FIELD(window.stride), 0, OC_E_CORRUPT, "stride"},
        {1, FIELD(window.dilation), 0x80000000, OC_E_CORRUPT, "dilation"},
        {1, FIELD(window.pad_left), 5, OC_E_CORRUPT, "padding"},
        {1, FIELD(n_inputs), 2, OC_E_CORRUPT, "inputs"},
    };
    oc__shape shapes[3];
    oc_error err = OC_ERROR_INIT;
    uint32_t node;
    context = new_threads_context(1, NULL);
    graph = (oc__graph){.context = context, .n_outputs = 1, .outputs = {1}};
    ck_assert_int_eq(oc__graph_input(&node, &graph, 4, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv_transposed(&node, &graph, node, 6, 5, 2, 2, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_OK);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 7, 9, &err), OC_OK);
    ck_assert(shapes[1].h == 14 && shapes[1].w == 18 && shapes[1].c == 6);
    ck_assert_uint_eq(oc__graph_n_macs(&graph, 7, 9), 7 * 9 * 4 * 25 * 3);
    for (size_t i = 0; i < sizeof flaws / sizeof *flaws; i++) {
        const flaw *f = &flaws[i];
        oc__node old = graph.nodes[f->node];
        memcpy((char *)&graph.nodes[f->node] + f->offset, &f->value, sizeof f->value);
        err.message[0] = 0;
        oc_status status = oc__graph_check(&graph, &err);
        if (!status) status = oc__graph_shapes(shapes, &graph, 1, 7, 9, &err);
        check_that(status == f->status && strstr(err.message, f->word), "flaw %zu: %d, '%s', expected '%s'", i, status,
                   err.message, f->word);
        graph.nodes[f->node] = old;
    }
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 0x7FFFFFFF, 0x7FFFFFFF, &err), OC_E_LIMIT);
    graph.nodes[1].window.pad_top = graph.nodes[1].window.pad_bottom = 4;
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 1, 9, &err), OC_E_ARGUMENT);
    end();
}
END_TEST

/* Building fails where parameters would depend on the picture's size, and knows the channels where they do not. */
START_TEST(test_channels_while_building) {
    static const uint32_t more[6] = {0, 0, 0, 0, 2, 1};
    oc__shape shapes[32];
    oc_error err = OC_ERROR_INIT;
    uint32_t input, node, conv, inputs[2];
    context = new_threads_context(1, NULL);
    graph = (oc__graph){.context = context};
    ck_assert_int_eq(oc__graph_input(&input, &graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_pad(&node, &graph, input, more, OC__PAD_CONSTANT, 0, NULL), OC_OK);   /* 6 channels */
    ck_assert_int_eq(oc__graph_slice(&inputs[0], &graph, node, 2, 1, OC__REST, 2, NULL), OC_OK);     /* 3 */
    ck_assert_int_eq(oc__graph_transpose(&inputs[1], &graph, node, 0, 1, 2, NULL), OC_OK);           /* 6 */
    ck_assert_int_eq(oc__graph_concat(&node, &graph, inputs, 2, NULL), OC_OK);                       /* 9 */
    ck_assert_int_eq(oc__graph_reshape(&node, &graph, node, 0, 0, 0, NULL), OC_OK);                  /* 9 */
    ck_assert_int_eq(oc__graph_conv(&conv, &graph, node, 2, 1, 1, 1, true, NULL), OC_OK);
    ck_assert_uint_eq(graph.params[0].dimensions[3], 9);
    ck_assert_int_eq(oc__graph_transpose(&node, &graph, conv, 2, 0, 1, NULL), OC_OK);                /* the width */
    ck_assert_int_eq(oc__graph_conv(&input, &graph, node, 2, 1, 1, 1, true, &err), OC_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "depends on the picture's size"));
    ck_assert_int_eq(oc__graph_flatten(&node, &graph, conv, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&input, &graph, node, 0, 6, &err), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__graph_reshape(&node, &graph, node, 1, 1, 24, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_linear(&node, &graph, node, 5, NULL), OC_OK);
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    ck_assert_int_eq(oc__graph_check(&graph, &err), OC_OK);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 4, 3, &err), OC_OK);
    ck_assert(shapes[node].h == 1 && shapes[node].w == 1 && shapes[node].c == 5);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 4, 4, &err), OC_E_ARGUMENT); /* the reshape does not fit */
    end();
}
END_TEST

START_TEST(test_shape_limits) {
    begin();
    oc__shape shapes[6];
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 1, 8, &err), OC_E_ARGUMENT); /* the pool needs two rows */
    ck_assert_ptr_nonnull(strstr(err.message, "too small"));
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 0, 8, 8, &err), OC_E_LIMIT);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 0, 8, &err), OC_E_LIMIT);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, &err), OC_E_LIMIT);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF, &err), OC_E_LIMIT);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 0x40000000, 0x40000000, &err), OC_E_LIMIT);
    ck_assert_int_eq(oc__graph_shapes(shapes, &graph, 1, 9, 31, &err), OC_OK);
    ck_assert(shapes[3].h == 4 && shapes[3].w == 15 && shapes[5].h == 1 && shapes[5].c == 4);
    ck_assert_uint_eq(oc__graph_n_weights(&graph), 108 + 4 + 16);
    ck_assert_uint_eq(oc__graph_n_macs(&graph, 9, 31), 108 * 9 * 31);
    ck_assert_uint_eq(oc__graph_n_macs(&graph, 1, 1), 0);
    for (uint32_t node = 0; graph.n_nodes < OC__MAX_NODES;)
        ck_assert_int_eq(oc__graph_global_pool(&node, &graph, (uint32_t)graph.n_nodes - 1, NULL), OC_OK);
    uint32_t node;
    ck_assert_int_eq(oc__graph_global_pool(&node, &graph, 5, &err), OC_E_LIMIT);
    const uint32_t impossible[4] = {1u << 20, 1u << 20, 1u << 20, 16}, none[1] = {0};
    ck_assert_int_eq(oc__graph_add_param(&node, &graph, 4, impossible, &err), OC_E_CORRUPT);
    ck_assert_int_eq(oc__graph_add_param(&node, &graph, 1, none, &err), OC_E_CORRUPT);
    end();
}
END_TEST

/* A runner gets ready for one shape after the other, and a failure in between leaves it usable. */
START_TEST(test_runner_shapes) {
    begin();
    oc__program *program;
    oc__runner *runner;
    float *input;
    oc__shape shape;
    context->memory_limit = 1 << 28;
    ck_assert_int_eq(oc__program_create(&program, &graph, 32, 32, NULL, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, runner, 0, 0, 0, NULL), OC_E_LIMIT);
    static const uint32_t sizes[][3] = {{1, 8, 8}, {3, 20, 11}, {1, 1, 1}, {2, 2, 2}, {0, 2, 2}, {1, 0xFFFF, 0xFFFFFF}, {1,
        30, 30}, {1, 8, 8}};
    float first[4] = {0};
    for (size_t i = 0; i < 8; i++) {
        oc_status status = oc__runner_prepare(&input, runner, sizes[i][0], sizes[i][1], sizes[i][2], NULL);
        ck_assert_int_eq(status, i == 2 ? OC_E_ARGUMENT : i == 4 ? OC_E_LIMIT : i == 5 ? OC_E_NOMEM : OC_OK);
        if (status) continue;
        for (size_t j = 0; j < (size_t)sizes[i][0] * sizes[i][1] * sizes[i][2] * 3; j++) input[j] = (float)(j % 11) - 5;
        oc__runner_run(runner);
        const float *out = oc__runner_output(runner, 0, &shape);
        ck_assert_uint_eq(shape.n, sizes[i][0]);
        if (i == 0) memcpy(first, out, sizeof first);
    }
    ck_assert_mem_eq(oc__runner_output(runner, 0, &shape), first, sizeof first);
    oc__runner_free(runner);
    oc__program_free(program);
    end();
}
END_TEST

/* The observer sees each node that is computed, in order, and what it computed. */
typedef struct seen {
    uint32_t nodes[8];
    size_t n;
    float last[4];
} seen;

static void see(void *user, uint32_t node, const oc__shape *shape, const float *values) {
    seen *s = user;
    s->nodes[s->n++] = node;
    ck_assert_uint_eq(shape->c, 4);
    memcpy(s->last, values, sizeof s->last);
}

START_TEST(test_observer) {
    static const oc__program_options options = {.apart = true};
    static const uint32_t expected[] = {2, 3, 4, 5}; /* the batch norm stands for the convolution it is folded into */
    begin();
    oc__program *program;
    oc__runner *runner;
    oc__shape shape;
    float *input;
    seen s = {.n = 0};
    ck_assert_int_eq(oc__program_create(&program, &graph, 8, 8, &options, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, runner, 1, 8, 8, NULL), OC_OK);
    for (size_t j = 0; j < 8 * 8 * 3; j++) input[j] = (float)(j % 7) - 3;
    oc__runner_observe(runner, see, &s);
    oc__runner_run(runner);
    ck_assert_uint_eq(s.n, 4);
    ck_assert_mem_eq(s.nodes, expected, sizeof expected);
    ck_assert_mem_eq(s.last, oc__runner_output(runner, 0, &shape), sizeof s.last);
    oc__runner_observe(runner, NULL, NULL);
    oc__runner_run(runner);
    ck_assert_uint_eq(s.n, 4);
    oc__runner_free(runner);
    oc__program_free(program);
    end();
}
END_TEST

static oc_status make_all(oc_context *with, void *user, oc_error *err) {
    oc__graph copy = {.context = with}, original = *(const oc__graph *)user;
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    oc__learner *learner = NULL;
    oc__optimiser optimiser = {0};
    oc__optimiser_options options = OC__ADAMW_INIT;
    float *input;
    original.context = with;
    oc_status status = oc__graph_copy(&copy, &original, err);
    if (!status) status = oc__program_create(&program, &copy, 8, 8, NULL, err);
    if (!status) status = oc__runner_create(&runner, program, err);
    if (!status) status = oc__runner_prepare(&input, runner, 1, 8, 8, err);
    if (!status) status = oc__runner_prepare(&input, runner, 2, 16, 16, err);
    if (!status) status = oc__learner_create(&learner, &copy, 2, 8, 8, err);
    options.average = 1;
    if (!status) status = oc__optimiser_create(&optimiser, &copy, &options, err);
    oc__optimiser_free(&optimiser);
    oc__learner_free(learner);
    oc__runner_free(runner);
    oc__program_free(program);
    oc__graph_free(&copy);
    return status;
}

START_TEST(test_memory_runs_out) {
    begin();
    sweep_allocations(make_all, &graph, false);
    nn_case c;
    static const int kinds[] = {CASE_RESIDUALS, CASE_SQUEEZE_EXCITE, CASE_TRANSPOSED_CONV, CASE_RESIZE};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        make_case(&c, context, kinds[i], 1, false);
        sweep_allocations(make_all, &c.graph, false);
        end_case(&c);
    }
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_bad_nodes, 0},
                               {test_bad_transposed_conv, 0},
                               {test_channels_while_building, 0},
                               {test_shape_limits, 0},
                               {test_runner_shapes, 0},
                               {test_observer, 0},
                               {test_memory_runs_out, 0}};
    return RUN_UNIT_TESTS("nn program", tests);
}
