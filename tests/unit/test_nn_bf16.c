/* Networks with products in bfloat16 against double precision with rounded operands. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "learner.h"
#include "nn_cases.h"
#include "program.h"
#include "support.h"

static const oc__program_options bf16_options = {.precision = OC_PRECISION_BF16};

static void run_program(oc__runner **runner, oc__program **program, const nn_case *c, const oc__program_options *options) {
    oc_error err = OC_ERROR_INIT;
    float *input;
    ck_assert_msg(oc__program_create(program, &c->graph, c->height, c->width, options, &err) == OC_OK, "%s", err.message);
    ck_assert_int_eq(oc__runner_create(runner, *program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, *runner, c->n, c->height, c->width, NULL), OC_OK);
    memcpy(input, c->input, c->n_input * sizeof *input);
    oc__runner_run(*runner);
}

static float grain(float value) {
    return roundf(fminf(fmaxf(value * 0x1p8f, -500), 500)) * 0x1p-8f;
}

/* The pictures and the first convolution in steps of 1/256: its sums are exact then, and what comes after rounds the same
 * numbers in any precision. */
static void make_exact(nn_case *c) {
    for (size_t i = 0; i < c->n_input; i++) c->input[i] = grain(c->input[i]);
    for (size_t p = 0; p < 2; p++)
        for (size_t i = 0; i < c->graph.params[p].count; i++)
            c->graph.params[p].values[i] = grain(c->graph.params[p].values[i]);
}

static bool has_batch_norm(const oc__graph *graph) {
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == OC__OP_BATCH_NORM) return true;
    return false;
}

static void check_outputs(const nn_case *c, const reference *r, const char *table, int kind, int seed) {
    oc__program *program;
    oc__runner *runner;
    run_program(&runner, &program, c, &bf16_options);
    for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
        oc__shape shape;
        const float *out = oc__runner_output(runner, i, &shape);
        const double *expected = r->values[c->graph.outputs[i]];
        double largest = 1;
        for (size_t j = 0; j < reference_count(r, c->graph.outputs[i]); j++) largest = fmax(largest, fabs(expected[j]));
        for (size_t j = 0; j < reference_count(r, c->graph.outputs[i]); j++) {
            const double off = fabs((double)out[j] - expected[j]) / largest;
            check_that(off <= 1e-5, "%s, kind %d, seed %d: element %zu is %.9g, expected %.9g", table, kind, seed, j,
                       (double)out[j], expected[j]);
        }
    }
    oc__runner_free(runner);
    oc__program_free(program);
}

START_TEST(test_operators) {
    static const int kinds[] = {CASE_POINTWISE, CASE_DENSE,   CASE_GROUPED,          CASE_MULTIPLIER,       CASE_DEPTHWISE,
                                CASE_DEPTHWISE_DILATED, CASE_CONV_ADD, CASE_FOLDED_ACTIVATION, CASE_READERS};
    const oc__kernels *tables[8];
    size_t n = oc__kernels_all(tables);
    oc_context *context = new_threads_context(2, NULL);
    for (int seed = 0; seed < rounds(40); seed++) {
        nn_case c;
        make_case(&c, context, kinds[_i], (uint64_t)seed, false);
        if (!has_batch_norm(&c.graph)) { /* folding it would change the weights before they are rounded */
            make_exact(&c);
            reference *r = reference_create(&c.graph, c.n, c.height, c.width, false);
            for (size_t i = 0; i < c.n_input; i++) r->values[0][i] = c.input[i];
            r->bf16 = true;
            reference_run(r);
            for (size_t t = 0; t < n; t++) {
                context->kernels = tables[t];
                if (tables[t]->bf16) check_outputs(&c, r, tables[t]->name, kinds[_i], seed);
            }
            reference_free(r);
        }
        end_case(&c);
    }
    end_context(context);
}
END_TEST

static void note(void *user, int32_t level, const char *message) {
    int *n = user;
    if (level == OC_LOG_INFO && strstr(message, "bfloat16")) ++*n;
}

/* A set that does not multiply bfloat16 computes in single precision, and says so. */
START_TEST(test_without_bf16) {
    const oc__kernels *tables[8];
    size_t n = oc__kernels_all(tables);
    int n_notes = 0, n_without = 0;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context;
    options.log = note;
    options.log_user = &n_notes;
    options.log_level = OC_LOG_INFO;
    ck_assert_int_eq(oc__context_create(&context, &options, NULL), OC_OK);
    for (size_t t = 0; t < n; t++) {
        oc__kernels without = *tables[t];
        oc__program *programs[2];
        oc__runner *runners[2];
        nn_case c;
        without.bf16 = NULL;
        context->kernels = &without;
        make_case(&c, context, CASE_RESIDUALS, 1, false);
        run_program(&runners[0], &programs[0], &c, NULL);
        run_program(&runners[1], &programs[1], &c, &bf16_options);
        ck_assert_int_eq(n_notes, ++n_without);
        oc__shape shape;
        const float *expected = oc__runner_output(runners[0], 0, &shape), *got = oc__runner_output(runners[1], 0, &shape);
        ck_assert_mem_eq(got, expected, (size_t)shape.n * shape.h * shape.w * shape.c * sizeof *got);
        for (int i = 0; i < 2; i++) {
            oc__runner_free(runners[i]);
            oc__program_free(programs[i]);
        }
        end_case(&c);
    }
    oc__context_release(context);
}
END_TEST

static void step(oc__learner *learner, const nn_case *c) {
    oc__random random;
    oc__random_seed(&random, 9, 0);
    memcpy(oc__learner_input(learner), c->input, c->n_input * sizeof *c->input);
    oc__learner_forward(learner);
    for (uint32_t i = 0; i < c->graph.n_outputs; i++) {
        oc__shape shape;
        oc__learner_output(learner, i, &shape);
        float *gradient = oc__learner_output_gradient(learner, i);
        for (size_t j = 0; j < (size_t)shape.n * shape.h * shape.w * shape.c; j++)
            gradient[j] = (float)oc__random_normal(&random);
    }
    oc__learner_backward(learner);
}

/* Without kinks, which rounding might cross, a gradient in bfloat16 is near the one in single precision, and not equal. */
static void check_gradients(const oc__learner *got, const oc__learner *expected, const nn_case *c, const char *table, int kind,
                            int seed) {
    double off = 0, size = 0;
    for (size_t p = 0; p < c->graph.n_params; p++) {
        const float *a = oc__learner_gradient(got, p), *b = oc__learner_gradient(expected, p);
        for (size_t j = 0; a && j < c->graph.params[p].count; j++) {
            off += ((double)a[j] - b[j]) * ((double)a[j] - b[j]);
            size += (double)b[j] * b[j];
        }
    }
    check_that(off <= 1e-4 * size, "%s, kind %d, seed %d: the gradient is off by %g of itself", table, kind, seed,
               sqrt(off / size));
    check_that(off > 0, "%s, kind %d, seed %d: nothing was rounded", table, kind, seed);
}

START_TEST(test_training) {
    static const int kinds[] = {CASE_POINTWISE, CASE_DENSE, CASE_GROUPED, CASE_MULTIPLIER, CASE_CONV_ADD, CASE_TRANSPOSED_CONV};
    static const uint32_t n_threads[] = {1, 2, 5};
    const oc__kernels *tables[8];
    size_t n = oc__kernels_all(tables);
    for (int seed = 0; seed < rounds(10); seed++)
        for (size_t t = 0; t < n; t++) {
            oc_context *contexts[3];
            oc__learner *plain, *learners[3];
            nn_case cases[3];
            if (!tables[t]->bf16) continue;
            for (int i = 0; i < 3; i++) {
                contexts[i] = new_threads_context(n_threads[i], NULL);
                contexts[i]->kernels = tables[t];
                make_case(&cases[i], contexts[i], kinds[_i], (uint64_t)seed, true);
                for (size_t node = 0; node < cases[i].graph.n_nodes; node++) {
                    oc__node *smooth = &cases[i].graph.nodes[node];
                    smooth->low = -INFINITY;
                    smooth->high = INFINITY;
                    if (smooth->function.code == OC__FUNCTION_SQRT) smooth->function = (oc__function){.code = OC__FUNCTION_TANH};
                }
                ck_assert_int_eq(oc__learner_create_bf16(&learners[i], &cases[i].graph, cases[i].n, cases[i].height,
                                                         cases[i].width, NULL),
                                 OC_OK);
                step(learners[i], &cases[i]);
            }
            ck_assert_int_eq(oc__learner_create(&plain, &cases[0].graph, cases[0].n, cases[0].height, cases[0].width, NULL),
                             OC_OK);
            step(plain, &cases[0]);
            check_gradients(learners[0], plain, &cases[0], tables[t]->name, kinds[_i], seed);
            for (int i = 1; i < 3; i++)
                for (size_t p = 0; p < cases[i].graph.n_params; p++) {
                    const float *a = oc__learner_gradient(learners[0], p), *b = oc__learner_gradient(learners[i], p);
                    check_that(!a || memcmp(a, b, cases[i].graph.params[p].count * sizeof *a) == 0,
                               "%s, kind %d, seed %d: parameter %zu differs with %u threads", tables[t]->name, kinds[_i], seed,
                               p, n_threads[i]);
                }
            oc__learner_free(plain);
            for (int i = 0; i < 3; i++) {
                oc__learner_free(learners[i]);
                end_case(&cases[i]);
                end_context(contexts[i]);
            }
        }
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_operators, 9}, {test_training, 6}, {test_without_bf16, 0}};
    return RUN_UNIT_TESTS("nn bf16", tests);
}
