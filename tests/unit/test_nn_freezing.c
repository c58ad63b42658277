/* Training with parts of the network frozen. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "learner.h"
#include "nn_cases.h"
#include "support.h"

static void run(oc__learner *l, const nn_case *c) {
    memcpy(oc__learner_input(l), c->input, c->n_input * sizeof(float));
    oc__learner_forward(l);
    for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
        oc__shape s;
        oc__learner_output(l, i, &s);
        for (size_t j = 0; j < (size_t)s.n * s.h * s.w * s.c; j++)
            oc__learner_output_gradient(l, i)[j] = (float)(j % 5) - 1.5f;
    }
    oc__learner_backward(l);
}

/* Freezing parameters changes no other parameter's gradient, not by a bit, and costs no memory. */
START_TEST(test_other_gradients) {
    oc_context *context = new_threads_context(2, NULL);
    for (uint64_t seed = 0; seed < (uint64_t)rounds(12); seed++) {
        nn_case c;
        oc__learner *all, *some;
        oc__random random;
        oc__random_seed(&random, seed, 7);
        oc__graph copy; /* a run moves the running figures */
        make_case(&c, context, _i, seed, true);
        ck_assert_int_eq(oc__graph_copy(&copy, &c.graph, NULL), OC_OK);
        ck_assert_int_eq(oc__learner_create(&all, &copy, c.n, c.height, c.width, NULL), OC_OK);
        run(all, &c);
        bool from_below = seed % 3 == 0; /* as in transfer learning; else here and there */
        for (size_t i = 0; i < c.graph.n_params; i++)
            c.graph.params[i].frozen = from_below ? i < c.graph.n_params / 2 : oc__random_below(&random, 2);
        ck_assert_int_eq(oc__learner_create(&some, &c.graph, c.n, c.height, c.width, NULL), OC_OK);
        run(some, &c);
        for (size_t i = 0; i < c.graph.n_params; i++) {
            const oc__param *param = &c.graph.params[i];
            const float *expected = oc__learner_gradient(all, i), *got = oc__learner_gradient(some, i);
            check_that((got != NULL) == (expected && !param->frozen), "kind %d, seed %d: parameter %zu", _i, (int)seed, i);
            check_that(!got || memcmp(got, expected, param->count * sizeof *got) == 0,
                       "kind %d, seed %d: the gradient of parameter %zu", _i, (int)seed, i);
        }
        ck_assert_uint_le(oc__learner_memory(some), oc__learner_memory(all));
        oc__learner_free(all);
        oc__learner_free(some);
        oc__graph_free(&copy);
        end_case(&c);
    }
    end_context(context);
}
END_TEST

/* With all but the last layer frozen, what the layers below made is not kept. */
START_TEST(test_memory) {
    oc_context *context = new_threads_context(1, NULL);
    oc__graph graph = {.context = context};
    oc__learner *l;
    uint32_t node;
    ck_assert_int_eq(oc__graph_input(&node, &graph, 8, NULL), OC_OK);
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(oc__graph_conv(&node, &graph, node, 8, 3, 1, 1, false, NULL), OC_OK);
        ck_assert_int_eq(oc__graph_batch_norm(&node, &graph, node, 0, 6, NULL), OC_OK);
        graph.nodes[node].frozen = true;
    }
    ck_assert_int_eq(oc__graph_global_pool(&node, &graph, node, NULL), OC_OK);
    for (size_t i = 0; i < graph.n_params; i++) graph.params[i].frozen = true;
    ck_assert_int_eq(oc__graph_conv(&node, &graph, node, 5, 1, 1, 1, true, NULL), OC_OK);
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    oc__graph_initialise(&graph, 1);
    ck_assert_int_eq(oc__learner_create(&l, &graph, 2, 64, 64, NULL), OC_OK);
    size_t map = 2 * 64 * 64 * 8 * sizeof(float);
    check_that(oc__learner_memory(l) < 5 * map, "%zu bytes for maps of %zu", oc__learner_memory(l), map);
    for (size_t i = 0; i < 2 * 64 * 64 * 8; i++) oc__learner_input(l)[i] = (float)(i % 7) - 3;
    oc__learner_forward(l);
    for (size_t i = 0; i < 10; i++) oc__learner_output_gradient(l, 0)[i] = 1;
    oc__learner_backward(l);
    for (size_t i = 0; i < graph.n_params; i++)
        ck_assert_int_eq(oc__learner_gradient(l, i) != NULL, i >= graph.n_params - 2);
    for (int i = 0; i < 5; i++) ck_assert(oc__learner_gradient(l, graph.n_params - 1)[i] == 2);
    oc__learner_free(l);
    oc__graph_free(&graph);
    end_context(context);
}
END_TEST

/* A network that is frozen as a whole: nothing goes backward. */
START_TEST(test_all_frozen) {
    oc_context *context = new_threads_context(1, NULL);
    nn_case c;
    oc__learner *l;
    make_case(&c, context, CASE_RESIDUALS, 1, true);
    for (size_t i = 0; i < c.graph.n_params; i++) c.graph.params[i].frozen = true;
    ck_assert_int_eq(oc__learner_create(&l, &c.graph, c.n, c.height, c.width, NULL), OC_OK);
    run(l, &c);
    for (size_t i = 0; i < c.graph.n_params; i++) ck_assert_ptr_null(oc__learner_gradient(l, i));
    oc__learner_free(l);
    end_case(&c);
    end_context(context);
}
END_TEST

/* Frozen batch norms keep their running figures; the others move theirs, whether their parameters are trained or not. */
START_TEST(test_running_figures) {
    oc_context *context = new_threads_context(1, NULL);
    for (int frozen = 0; frozen < 2; frozen++) {
        nn_case c;
        oc__graph before;
        oc__learner *l;
        make_case(&c, context, CASE_FROZEN_BATCH_NORM, 3, true);
        for (size_t i = 0; i < c.graph.n_params; i++) c.graph.params[i].frozen = frozen;
        ck_assert_int_eq(oc__graph_copy(&before, &c.graph, NULL), OC_OK);
        ck_assert_int_eq(oc__learner_create(&l, &c.graph, c.n, c.height, c.width, NULL), OC_OK);
        run(l, &c);
        for (size_t i = 0; i < c.graph.n_nodes; i++) {
            const oc__node *node = &c.graph.nodes[i];
            ck_assert_int_eq(before.nodes[i].frozen, node->frozen);
            for (uint32_t j = 0; j < node->n_params; j++) {
                const oc__param *now = &c.graph.params[node->params[j]], *then = &before.params[node->params[j]];
                bool same = memcmp(now->values, then->values, now->count * sizeof(float)) == 0;
                ck_assert_int_eq(then->frozen, frozen);
                ck_assert_int_eq(same, node->op != OC__OP_BATCH_NORM || node->frozen || j < 2);
            }
        }
        oc__learner_free(l);
        oc__graph_free(&before);
        end_case(&c);
    }
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_other_gradients, N_CASES}, {test_memory, 0}, {test_all_frozen, 0}, {test_running_figures, 0}};
    return RUN_UNIT_TESTS("nn freezing", tests);
}
