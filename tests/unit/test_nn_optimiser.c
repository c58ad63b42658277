/* Optimisers, schedules, averages and checkpoints. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "checkpoint.h"
#include "nn_cases.h"
#include "schedule.h"
#include "support.h"

static oc_context *context;

/* Two inputs, three outputs: six weights of rank 4 and three of rank 1. */
#define N_WEIGHTS 6
#define N_BIASES 3
#define N (N_WEIGHTS + N_BIASES)

typedef struct tiny {
    oc__graph graph;
    oc__learner *learner;
    oc__optimiser optimiser;
} tiny;

static void begin_tiny(tiny *t, const oc__optimiser_options *options) {
    uint32_t node;
    *t = (tiny){.graph = {.context = context}};
    ck_assert_int_eq(oc__graph_input(&node, &t->graph, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, &t->graph, node, 3, 1, 1, 1, true, NULL), OC_OK);
    t->graph.n_outputs = 1;
    t->graph.outputs[0] = node;
    oc__graph_initialise(&t->graph, 3);
    for (int i = 0; i < N_BIASES; i++) t->graph.params[1].values[i] = 0.3f - (float)i;
    ck_assert_int_eq(oc__learner_create(&t->learner, &t->graph, 1, 1, 1, NULL), OC_OK);
    ck_assert_int_eq(oc__optimiser_create(&t->optimiser, &t->graph, options, NULL), OC_OK);
}

static void end_tiny(tiny *t) {
    oc__learner_free(t->learner);
    oc__optimiser_free(&t->optimiser);
    oc__optimiser_free(&t->optimiser);
    oc__graph_free(&t->graph);
}

static float *weight_at(tiny *t, int i) {
    return i < N_WEIGHTS ? &t->graph.params[0].values[i] : &t->graph.params[1].values[i - N_WEIGHTS];
}

/* Puts the gradients of step `step` into the learner, and into `gradient`. Returns their norm. */
static double make_gradients(tiny *t, int step, double gradient[N]) {
    double squares = 0;
    float *in = oc__learner_input(t->learner);
    in[0] = (float)step / 3;
    in[1] = -0.7f;
    oc__learner_forward(t->learner);
    for (int i = 0; i < N_BIASES; i++) oc__learner_output_gradient(t->learner, 0)[i] = (float)sin(step + i);
    oc__learner_backward(t->learner);
    for (int i = 0; i < N; i++) {
        gradient[i] = i < N_WEIGHTS ? sin(step + i / 2) * (double)in[i % 2] : sin(step + i - N_WEIGHTS);
        squares += gradient[i] * gradient[i];
    }
    return sqrt(squares);
}

/* The published formulas in double precision. */
static void follow(const oc__optimiser_options *o) {
    tiny t;
    double w[N], m[N] = {0}, v[N] = {0}, average[N], gradient[N];
    begin_tiny(&t, o);
    for (int i = 0; i < N; i++) w[i] = *weight_at(&t, i);
    for (int step = 1; step <= 25; step++) {
        double norm = make_gradients(&t, step, gradient), rate = 0.01 * step, scale = 1;
        double got = oc__optimiser_step(&t.optimiser, &t.graph, t.learner, rate);
        ck_assert_double_eq_tol(got, o->clip > 0 ? norm : 0, 1e-5 * norm);
        if (o->clip > 0 && norm > o->clip) scale = o->clip / norm;
        int n_averaged = step - (int)o->average_begin;
        double share = n_averaged < 1       ? 0
                       : o->average_part > 0 ? fmin(1, 1 / (o->average_part * n_averaged))
                                             : fmax(1 - o->average, 1.0 / n_averaged);
        for (int i = 0; i < N; i++) {
            double g = gradient[i] * scale, decay = i < N_WEIGHTS ? o->decay : 0;
            if (o->kind == OC__ADAMW) {
                m[i] = o->beta1 * m[i] + (1 - o->beta1) * g;
                v[i] = o->beta2 * v[i] + (1 - o->beta2) * g * g;
                double first = m[i] / (1 - pow(o->beta1, step)), second = v[i] / (1 - pow(o->beta2, step));
                w[i] -= rate * (first / (sqrt(second) + o->epsilon) + decay * w[i]);
            } else {
                g += decay * w[i];
                m[i] = o->momentum * m[i] + g;
                w[i] -= rate * (o->nesterov ? g + o->momentum * m[i] : m[i]);
            }
            average[i] = share == 0 ? 0 : share == 1 ? w[i] : (1 - share) * average[i] + share * w[i];
            check_that(fabs((double)*weight_at(&t, i) - w[i]) < 2e-5, "step %d, weight %d: %g, expected %g", step, i,
                       (double)*weight_at(&t, i), w[i]);
        }
        float now[N];
        for (int i = 0; i < N; i++) now[i] = *weight_at(&t, i);
        oc__optimiser_swap_average(&t.optimiser, &t.graph);
        for (int i = 0; i < N; i++) {
            double expected = o->average + o->average_part > 0 && n_averaged > 0 ? average[i] : (double)now[i];
            check_that(fabs((double)*weight_at(&t, i) - expected) < 2e-5, "step %d, average %d: %g, expected %g", step, i,
                       (double)*weight_at(&t, i), expected);
        }
        oc__optimiser_swap_average(&t.optimiser, &t.graph);
        for (int i = 0; i < N; i++) ck_assert(*weight_at(&t, i) == now[i]);
    }
    end_tiny(&t);
}

START_TEST(test_formulas) {
    static const double clips[] = {0, 0.5, 100}, decays[] = {0, 0.1}, averages[] = {0, 0.8, 1}, parts[] = {0.15, 0.5, 1};
    context = new_threads_context(2, NULL);
    for (int i = 0; i < 3 * 3 * 2 * 3 * 2 * 2; i++) {
        oc__optimiser_options adamw = OC__ADAMW_INIT, sgd = OC__SGD_INIT, *o = i % 3 == 0 ? &adamw : &sgd;
        o->nesterov = i % 3 == 2;
        o->clip = clips[i / 3 % 3];
        o->decay = decays[i / 9 % 2];
        o->average = averages[i / 18 % 3];
        o->average_begin = i / 54 % 2 ? 7 : 0;
        if (i / 108) o->average_part = parts[i / 18 % 3];
        follow(o);
    }
    end_context(context);
}
END_TEST

/* A gradient that is no number moves nothing when gradients are clipped. */
START_TEST(test_not_finite) {
    tiny t;
    double gradient[N];
    float before[N];
    oc__optimiser_options options = OC__ADAMW_INIT;
    options.clip = 1;
    context = new_threads_context(1, NULL);
    begin_tiny(&t, &options);
    for (int bad = 0; bad < 2; bad++) {
        make_gradients(&t, 1, gradient);
        for (int i = 0; i < N; i++) before[i] = *weight_at(&t, i);
        oc__learner_gradient(t.learner, 1)[1] = bad ? NAN : INFINITY;
        ck_assert(!isfinite(oc__optimiser_step(&t.optimiser, &t.graph, t.learner, 0.1)));
        for (int i = 0; i < N; i++) ck_assert(*weight_at(&t, i) == before[i]);
        ck_assert_uint_eq(t.optimiser.n_steps, 0);
        for (int i = 0; i < 2 * N; i++) ck_assert(t.optimiser.moments[i] == 0);
    }
    make_gradients(&t, 1, gradient);
    ck_assert(isfinite(oc__optimiser_step(&t.optimiser, &t.graph, t.learner, 0.1)));
    ck_assert(*weight_at(&t, 0) != before[0]);
    end_tiny(&t);
    end_context(context);
}
END_TEST

START_TEST(test_schedules) {
    oc__schedule s = {.kind = OC__SCHEDULE_COSINE, .n_steps = 100, .warm_up = 10};
    ck_assert_double_eq_tol(oc__schedule_share(&s, 0), 0.1, 1e-12);
    ck_assert_double_eq_tol(oc__schedule_share(&s, 9), 1, 1e-12);
    ck_assert_double_eq_tol(oc__schedule_share(&s, 10), 1, 1e-12);
    ck_assert_double_eq_tol(oc__schedule_share(&s, 55), 0.5, 1e-12);
    ck_assert_double_eq_tol(oc__schedule_share(&s, 100), 0, 1e-12);
    ck_assert_double_eq(oc__schedule_share(&s, 1000), 0);
    for (uint64_t i = 10; i < 99; i++) ck_assert(oc__schedule_share(&s, i) > oc__schedule_share(&s, i + 1));
    s.floor = 0.2;
    ck_assert_double_eq_tol(oc__schedule_share(&s, 55), 0.6, 1e-12);
    ck_assert_double_eq(oc__schedule_share(&s, 100), 0.2);
    s = (oc__schedule){.kind = OC__SCHEDULE_COSINE, .n_steps = 100};
    ck_assert_double_eq_tol(oc__schedule_share(&s, 0), 1, 1e-12);
    s = (oc__schedule){.kind = OC__SCHEDULE_COSINE, .n_steps = 5, .warm_up = 5};
    ck_assert_double_eq(oc__schedule_share(&s, 5), 0);
    s = (oc__schedule){.kind = OC__SCHEDULE_CONSTANT, .warm_up = 4};
    for (uint64_t i = 0; i < 10; i++) ck_assert_double_eq(oc__schedule_share(&s, i), i < 4 ? (double)(i + 1) / 4 : 1);
    s = (oc__schedule){.kind = OC__SCHEDULE_STEPS, .warm_up = 4, .period = 3, .factor = 0.1};
    for (uint64_t i = 0; i < 14; i++)
        ck_assert_double_eq_tol(oc__schedule_share(&s, i), i < 4 ? (double)(i + 1) / 4 : pow(0.1, (double)((i - 4) / 3)),
                                1e-12);
}
END_TEST

/* A network with two residual blocks and something to learn. */
typedef struct training {
    nn_case c;
    oc__learner *learner;
    oc__optimiser optimiser;
} training;

static void begin_training(training *t, const oc__optimiser_options *options, const oc__group *group) {
    make_case(&t->c, context, CASE_RESIDUALS, 5, true);
    ck_assert_int_eq(oc__optimiser_create(&t->optimiser, &t->c.graph, options, NULL), OC_OK);
    if (group) oc__optimiser_set_group(&t->optimiser, &t->c.graph, group);
    ck_assert_int_eq(oc__learner_create(&t->learner, &t->c.graph, t->c.n, t->c.height, t->c.width, NULL), OC_OK);
}

static void end_training(training *t) {
    oc__learner_free(t->learner);
    oc__optimiser_free(&t->optimiser);
    end_case(&t->c);
}

static void train(training *t, int n_steps) {
    for (int step = 0; step < n_steps; step++) {
        oc__shape s;
        memcpy(oc__learner_input(t->learner), t->c.input, t->c.n_input * sizeof(float));
        oc__learner_forward(t->learner);
        const float *out = oc__learner_output(t->learner, 0, &s);
        for (size_t i = 0; i < (size_t)s.n * s.h * s.w * s.c; i++)
            oc__learner_output_gradient(t->learner, 0)[i] = out[i] - (float)(i % 3);
        oc__learner_backward(t->learner);
        oc__optimiser_step(&t->optimiser, &t->c.graph, t->learner, 0.01 / (double)(1 + t->optimiser.n_steps));
    }
}

static void check_same(training *a, training *b) {
    size_t n = a->optimiser.n_weights;
    for (size_t i = 0; i < a->c.graph.n_params; i++)
        ck_assert_mem_eq(a->c.graph.params[i].values, b->c.graph.params[i].values,
                         a->c.graph.params[i].count * sizeof(float));
    ck_assert_mem_eq(a->optimiser.moments, b->optimiser.moments, a->optimiser.n_moments * n * sizeof(float));
    if (a->optimiser.average) ck_assert_mem_eq(a->optimiser.average, b->optimiser.average, n * sizeof(float));
    ck_assert_uint_eq(a->optimiser.n_steps, b->optimiser.n_steps);
    ck_assert_uint_eq(a->optimiser.n_averaged, b->optimiser.n_averaged);
}

static oc__optimiser_options options_at(int i) {
    oc__optimiser_options adamw = OC__ADAMW_INIT, sgd = OC__SGD_INIT, o = i % 2 ? sgd : adamw;
    o.decay = 0.01;
    o.clip = 1;
    o.average = i < 2 ? 0 : 0.9;
    o.average_begin = i < 4 ? 0 : 7;
    o.nesterov = i == 5;
    return o;
}

/* Ten steps are five, a checkpoint, and five more, bit for bit. */
START_TEST(test_resume) {
    training whole, first, second;
    oc__optimiser_options options = options_at(_i);
    context = new_threads_context(2, NULL);
    begin_training(&whole, &options, NULL);
    train(&whole, 10);
    begin_training(&first, &options, NULL);
    train(&first, 5);
    oc__buffer state = {.context = context};
    oc__checkpoint_write(&state, &first.c.graph, &first.optimiser);
    ck_assert_int_eq(state.failed, 0);
    end_training(&first);
    begin_training(&second, &options, NULL);
    train(&second, 2); /* is forgotten */
    ck_assert_int_eq(oc__checkpoint_read(&second.c.graph, &second.optimiser, state.data, state.size, NULL), OC_OK);
    train(&second, 5);
    check_same(&whole, &second);
    oc__buffer_free(&state);
    end_training(&whole);
    end_training(&second);
    end_context(context);
}
END_TEST

/* Damage is found, whatever byte it is in, and strangers' checkpoints are refused; nothing is changed by either. */
START_TEST(test_bad_checkpoints) {
    training t, untouched;
    tiny other;
    oc__optimiser_options options = options_at(2), sgd = options_at(3), plain = options_at(0);
    oc_error err = OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    begin_training(&t, &options, NULL);
    begin_training(&untouched, &options, NULL);
    train(&t, 3);
    oc__buffer state = {.context = context};
    oc__checkpoint_write(&state, &t.c.graph, &t.optimiser);
    for (size_t i = 0; i < state.size; i += i < 100 || i + 100 > state.size ? 1 : 97) {
        state.data[i] ^= 0x10;
        ck_assert_int_eq(oc__checkpoint_read(&untouched.c.graph, &untouched.optimiser, state.data, state.size, &err),
                         OC_E_CORRUPT);
        state.data[i] ^= 0x10;
        ck_assert_int_eq(oc__checkpoint_read(&untouched.c.graph, &untouched.optimiser, state.data, i, &err), OC_E_CORRUPT);
    }
    oc__optimiser good = untouched.optimiser, wrong;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(oc__optimiser_create(&wrong, &untouched.c.graph, i ? &sgd : &plain, NULL), OC_OK);
        ck_assert_int_eq(oc__checkpoint_read(&untouched.c.graph, &wrong, state.data, state.size, &err), OC_E_ARGUMENT);
        oc__optimiser_free(&wrong);
    }
    begin_tiny(&other, &options);
    ck_assert_int_eq(oc__checkpoint_read(&other.graph, &other.optimiser, state.data, state.size, &err), OC_E_ARGUMENT);
    ck_assert_str_eq(err.message, "checkpoint: is of another network");
    end_tiny(&other);
    train(&untouched, 3);
    check_same(&t, &untouched);
    ck_assert_ptr_eq(good.moments, untouched.optimiser.moments);
    oc__buffer_free(&state);
    end_training(&t);
    end_training(&untouched);
    end_context(context);
}
END_TEST

/* Rates and decays by group; what is frozen stays, running figures too, whatever the decay. */
START_TEST(test_groups) {
    static const oc__group frozen = {0, 5, 0, 1, true}, slow = {0, 5, 0.1, 0, false};
    oc__optimiser_options options = options_at(_i);
    options.decay = 0.3;
    options.clip = 0;
    context = new_threads_context(1, NULL);
    training t, plain;
    oc__graph before;
    begin_training(&plain, &options, NULL);
    begin_training(&t, &options, &frozen);
    ck_assert_int_eq(oc__graph_copy(&before, &t.c.graph, NULL), OC_OK);
    train(&t, 3);
    for (size_t i = 0; i < before.n_nodes; i++)
        for (uint32_t j = 0; j < before.nodes[i].n_params; j++) {
            const oc__param *now = &t.c.graph.params[before.nodes[i].params[j]],
                            *then = &before.params[before.nodes[i].params[j]];
            ck_assert_int_eq(memcmp(now->values, then->values, now->count * sizeof(float)) == 0, i < 5);
        }
    end_training(&t);
    begin_training(&t, &options, &slow);
    train(&plain, 1);
    train(&t, 1);
    for (size_t i = 0; i < before.n_nodes; i++)
        for (uint32_t j = 0; j < before.nodes[i].n_params; j++) {
            uint32_t p = before.nodes[i].params[j];
            const oc__param *param = &before.params[p];
            if (!oc__learner_gradient(t.learner, p)) continue;
            for (size_t k = 0; k < param->count; k++) {
                double start = param->values[k], decay = param->rank > 1 ? 0.01 * options.decay * start : 0;
                double moved = (double)plain.c.graph.params[p].values[k] - start;
                double expected = i < 5 ? 0.1 * (moved + decay) : moved; /* slow ones do not decay */
                check_that(fabs((double)t.c.graph.params[p].values[k] - start - expected) <= 1e-6, "node %zu: %g, expected %g",
                           i, (double)t.c.graph.params[p].values[k] - start, expected);
            }
        }
    oc__graph_free(&before);
    end_training(&t);
    end_training(&plain);
    end_context(context);
}
END_TEST

/* The farther a layer is from the outputs, by the longest way, the slower it goes. */
START_TEST(test_slow_layers) {
    oc__optimiser_options options = OC__SGD_INIT;
    oc__optimiser o;
    oc__graph g = {.context = context = new_threads_context(1, NULL)};
    uint32_t in, a, norm, b, c, sum, last;
    ck_assert_int_eq(oc__graph_input(&in, &g, 4, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&a, &g, in, 4, 3, 1, 1, true, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_batch_norm(&norm, &g, a, 0, 6, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&b, &g, norm, 4, 3, 1, 1, false, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&c, &g, b, 4, 3, 1, 1, false, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_add(&sum, &g, norm, c, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&last, &g, sum, 2, 1, 1, 1, false, NULL), OC_OK);
    g.n_outputs = 1;
    g.outputs[0] = last;
    ck_assert_int_eq(oc__optimiser_create(&o, &g, &options, NULL), OC_OK);
    ck_assert_int_eq(oc__optimiser_slow_layers(&o, &g, 0.5, NULL), OC_OK);
    const uint32_t nodes[] = {a, norm, b, c, last};
    const float expected[] = {0.125f, 0.125f, 0.25f, 0.5f, 1};
    for (int i = 0; i < 5; i++)
        for (uint32_t j = 0; j < g.nodes[nodes[i]].n_params; j++)
            ck_assert(o.params[g.nodes[nodes[i]].params[j]].rate == expected[i]);
    oc__optimiser_free(&o);
    oc__graph_free(&g);
    end_context(context);
}
END_TEST

/* The same bits for any number of threads. */
START_TEST(test_threads) {
    oc__optimiser_options options = options_at(2 + _i);
    training t[3];
    oc_context *contexts[3];
    for (uint32_t i = 0; i < 3; i++) {
        context = contexts[i] = new_threads_context(1 + 2 * i, NULL);
        begin_training(&t[i], &options, NULL);
        train(&t[i], 4);
        check_same(&t[0], &t[i]);
    }
    for (uint32_t i = 0; i < 3; i++) {
        end_training(&t[i]);
        end_context(contexts[i]);
    }
}
END_TEST

static oc_status make_all(oc_context *with, void *user, oc_error *err) {
    oc__optimiser optimiser = {0};
    oc__optimiser_options options = options_at(2);
    oc__graph graph = *(const oc__graph *)user;
    oc__buffer state = {.context = with};
    graph.context = with;
    oc_status status = oc__optimiser_create(&optimiser, &graph, &options, err);
    if (!status) status = oc__optimiser_slow_layers(&optimiser, &graph, 0.9, err);
    if (!status) {
        oc__checkpoint_write(&state, &graph, &optimiser);
        status = state.failed ? oc__fail_nomem(err, with, 1, "checkpoint")
                              : oc__checkpoint_read(&graph, &optimiser, state.data, state.size, err);
    }
    oc__buffer_free(&state);
    oc__optimiser_free(&optimiser);
    return status;
}

START_TEST(test_memory_runs_out) {
    context = new_threads_context(1, NULL);
    nn_case c;
    make_case(&c, context, CASE_RESIDUALS, 1, false);
    sweep_allocations(make_all, &c.graph, false);
    end_case(&c);
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_formulas, 0},        {test_not_finite, 0}, {test_schedules, 0},   {test_resume, 6},
                               {test_bad_checkpoints, 0}, {test_groups, 2},     {test_slow_layers, 0}, {test_threads, 2},
                               {test_memory_runs_out, 0}};
    return RUN_UNIT_TESTS("nn optimiser", tests);
}
