/* Programs in 8-bit integers: near those in float32, and the same bits whatever the instruction set, the number of threads and
 * the batch. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"
#include "nn_cases.h"
#include "program.h"
#include "quantise.h"
#include "simplify.h"
#include "support.h"

static void see(void *user, uint32_t node, const oc__shape *shape, const float *values) {
    oc__range *range = (oc__range *)user + node;
    for (size_t i = 0; i < (size_t)shape->n * shape->h * shape->w * shape->c; i++) {
        range->low = fminf(range->low, values[i]);
        range->high = fmaxf(range->high, values[i]);
    }
}

/* Output 0 of a program made with `options` from a case's graph and run on its pictures; the caller frees it. */
static float *outputs_of(size_t *n, const nn_case *c, oc_context *context, const oc__program_options *options,
                         oc__range *observed) {
    oc__graph graph;
    oc__program *program;
    oc__runner *runner;
    oc__shape shape;
    float *input;
    oc__graph original = c->graph;
    original.context = context;
    ck_assert_int_eq(oc__graph_copy(&graph, &original, NULL), OC_OK);
    oc_error err = OC_ERROR_INIT;
    check_that(oc__program_create(&program, &graph, c->height, c->width, options, &err) == OC_OK, "%s", err.message);
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, runner, c->n, c->height, c->width, NULL), OC_OK);
    memcpy(input, c->input, c->n_input * sizeof *input);
    if (observed) {
        oc__runner_observe(runner, see, observed);
        for (size_t i = 0; i < c->n_input; i++) see(observed, 0, &(oc__shape){1, 1, 1, 1}, &c->input[i]);
    }
    oc__runner_run(runner);
    const float *out = oc__runner_output(runner, 0, &shape);
    *n = (size_t)shape.n * shape.h * shape.w * shape.c;
    float *copy = malloc(*n * sizeof *copy);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, out, *n * sizeof *copy);
    oc__runner_free(runner);
    oc__program_free(program);
    oc__graph_free(&graph);
    return copy;
}

static oc_context *context_of(uint32_t threads, const oc__kernels *kernels) {
    oc_context *context = new_threads_context(threads, NULL);
    context->kernels = kernels;
    return context;
}

/* Whether all nodes compute on bytes; those that do not give bits of their instruction set. */
static bool all_bytes(const nn_case *c, const oc__range *ranges) {
    oc__graph graph;
    oc__quant *quants = NULL;
    uint32_t sources[64];
    bool all = true;
    ck_assert_int_eq(oc__graph_simplify(&graph, sources, &c->graph, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_quantise(&graph, &quants, sources, ranges, c->height, c->width, NULL), OC_OK);
    for (size_t i = 1; i < graph.n_nodes; i++) all = all && graph.nodes[i].op >= OC__OP_INT8;
    oc__free(graph.context, quants);
    oc__graph_free(&graph);
    return all;
}

/* These must compute on bytes alone, or nothing would have been tested. */
static bool must_be_bytes(int kind) {
    return kind == CASE_POINTWISE || kind == CASE_DENSE || kind == CASE_CONV_ADD || kind == CASE_MAX_POOL ||
           kind == CASE_GLOBAL_POOL || kind == CASE_ADD || kind == CASE_CONCAT || kind == CASE_RESIDUALS;
}

/* Of each kind, in each instruction set and with 1 and 3 threads. */
START_TEST(every_kind_of_network) {
    const oc__kernels *tables[8];
    size_t n_tables = oc__kernels_all(tables), n, n_float;
    for (uint64_t seed = 0; seed < (uint64_t)rounds(3); seed++) {
        oc_context *context = context_of(1, tables[0]);
        nn_case c;
        oc__range ranges[64] = {{0, 0}};
        make_case(&c, context, _i, seed, false);
        ck_assert_uint_le(c.graph.n_nodes, 64);
        float *expected = outputs_of(&n_float, &c, context, &(oc__program_options){.apart = true}, ranges), *first = NULL;
        float low = 0, high = 0;
        for (size_t i = 0; i < n_float; i++) {
            low = fminf(low, expected[i]);
            high = fmaxf(high, expected[i]);
        }
        bool exact = all_bytes(&c, ranges);
        check_that(exact || !must_be_bytes(_i), "kind %d, seed %d is not computed on bytes", _i, (int)seed);
        const oc__program_options options = {.precision = OC_PRECISION_INT8, .ranges = ranges};
        for (size_t t = 0; t < n_tables; t++) {
            for (uint32_t threads = 1; threads <= 3; threads += 2) {
                oc_context *other = context_of(threads, tables[t]);
                float *got = outputs_of(&n, &c, other, &options, NULL);
                end_context(other);
                ck_assert_uint_eq(n, n_float);
                double squares = 0;
                for (size_t i = 0; i < n && !first; i++) squares += pow((double)got[i] - (double)expected[i], 2);
                check_that(sqrt(squares / (double)n) <= 0.03 * (double)(high - low), "kind %d, seed %d: off by %g of %g .. %g",
                           _i, (int)seed, sqrt(squares / (double)n), (double)low, (double)high);
                if (first)
                    for (size_t i = 0; i < n; i++)
                        check_that(memcmp(&got[i], &first[i], sizeof *got) == 0,
                                   "kind %d, seed %d, %s, %u threads: element %zu is %.9g, not %.9g", _i, (int)seed,
                                   tables[t]->name, threads, i, (double)got[i], (double)first[i]);
                free(first);
                first = got;
                if (exact || threads == 1) continue;
                free(first); /* the next instruction set has bits of its own */
                first = NULL;
            }
        }
        free(first);
        free(expected);
        end_case(&c);
        end_context(context);
    }
}
END_TEST

/* The definition of a quantised value, and that a number is at most half a step from its byte. */
START_TEST(scales_and_bytes) {
    static const oc__range odd[] = {{0, 0}, {INFINITY, 0}, {0, INFINITY}, {NAN, 1}, {0, NAN}, {-3e38f, 3e38f}, {0, 1e-38f}};
    static const oc__range good[] = {{0, 6}, {-1, 1}, {-7, -2}, {0.5f, 3}, {-1e-3f, 250}};
    oc__quant quant;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) ck_assert(!oc__quant_of(&quant, odd[i]));
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert(oc__quant_of(&quant, good[i]));
        ck_assert(quant.scale > 0 && quant.zero >= 0 && quant.zero <= 255 && oc__quant_byte(&quant, 0) == quant.zero);
        ck_assert(oc__quant_byte(&quant, -INFINITY) == 0 && oc__quant_byte(&quant, INFINITY) == 255);
        float low = fminf(good[i].low, 0), high = fmaxf(good[i].high, 0);
        for (int k = 0; k <= 1000; k++) {
            double x = (double)low + k * (double)(high - low) / 1000;
            double back = (double)quant.scale * (oc__quant_byte(&quant, (float)x) - quant.zero);
            check_that(fabs(back - x) <= 1.01 * (double)quant.scale, "%g became %g", x, back);
        }
    }
    const float weights[] = {0.5f, -2, 1}, none[] = {0, 0};
    ck_assert_double_eq_tol(oc__int8_weight_scale(weights, 3, 0, 1), 2.0 / 127, 1e-12);
    ck_assert_double_eq_tol(oc__int8_weight_scale(weights, 3, 0x1p28f, 1), 1, 1e-12);
    ck_assert_double_eq(oc__int8_weight_scale(none, 2, 0, 1), 1);
}
END_TEST

static oc_status make_program(oc_context *with, void *user, oc_error *err) {
    const nn_case *c = user;
    oc__range ranges[64];
    oc__graph original = c->graph;
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    float *input;
    original.context = with;
    for (size_t i = 0; i < 64; i++) ranges[i] = (oc__range){-4, 4};
    const oc__program_options options = {.precision = OC_PRECISION_INT8, .ranges = ranges};
    oc_status status = oc__program_create(&program, &original, c->height, c->width, &options, err);
    if (!status) status = oc__runner_create(&runner, program, err);
    if (!status) status = oc__runner_prepare(&input, runner, 2, c->height, c->width, err);
    oc__runner_free(runner);
    oc__program_free(program);
    return status;
}

START_TEST(memory_runs_out) {
    oc_context *context = new_threads_context(1, NULL);
    nn_case c;
    make_case(&c, context, CASE_RESIDUALS, 1, false);
    sweep_allocations(make_program, &c, false);
    end_case(&c);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{every_kind_of_network, N_CASES}, {scales_and_bytes, 0}, {memory_runs_out, 0}};
    return RUN_UNIT_TESTS("nn int8", tests);
}
