/* Networks trained in units against the same networks trained operator by operator, at sizes where every way of cutting the
 * work comes up. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "learner.h"
#include "random.h"
#include "support.h"

/* One network: its layers' convolutions, each with a batch norm behind. */
typedef struct layer {
    uint32_t channels, kernel, stride, groups; /* groups 0: depthwise */
    int add;                                   /* the layer before that is added, this one being 0; 0 for none */
} layer;

typedef struct network {
    uint32_t n, height, width;
    layer layers[8]; /* ends with one of no channels */
} network;

static const network networks[] = {
    /* Inverted residuals, early and late: many pixels, many channels. */
    {3,
     33,
     40,
     {{16, 3, 2, 1, 0},
      {48, 1, 1, 1, 0},
      {48, 3, 1, 0, 0},
      {16, 1, 1, 1, 3},
      {96, 1, 1, 1, 0},
      {96, 3, 2, 0, 0},
      {24, 1, 1, 1, 0}}},
    {2,
     7,
     9,
     {{40, 1, 1, 1, 0},
      {240, 1, 1, 1, 0},
      {240, 5, 1, 0, 0},
      {40, 1, 1, 1, 3},
      {240, 1, 1, 1, 0},
      {240, 3, 2, 0, 0},
      {70, 1, 1, 1, 0}}},
    /* Depthwise with bands of all kinds. */
    {2, 61, 45, {{33, 3, 1, 1, 0}, {33, 5, 2, 0, 0}, {33, 3, 1, 0, 0}, {33, 4, 3, 0, 0}, {33, 1, 2, 0, 0}, {7, 1, 1, 1, 0}}},
    {1, 90, 110, {{64, 1, 1, 1, 0}, {64, 3, 1, 0, 1}, {64, 3, 2, 0, 0}, {64, 3, 1, 0, 1}}},
    /* Residual blocks of dense convolutions, one with a convolution beside; grouped. */
    {2, 32, 30, {{16, 3, 1, 1, 0}, {16, 3, 1, 1, 0}, {16, 3, 1, 1, 2}, {32, 3, 2, 1, 0}, {32, 3, 1, 2, 1}, {32, 1, 2, 1, 0}}},
    {2, 8, 8, {{130, 3, 1, 1, 0}, {130, 3, 1, 1, 1}, {200, 3, 2, 1, 0}, {200, 3, 1, 4, 1}, {60, 1, 2, 1, 0}}},
    /* For Winograd's method, with tiles of both sizes; points of weights' gradients in several chunks. */
    {3, 20, 19, {{40, 3, 1, 1, 0}, {75, 3, 1, 1, 0}, {75, 3, 1, 1, 1}, {40, 3, 1, 1, 0}}},
    {2, 64, 62, {{32, 1, 2, 1, 0}, {32, 3, 1, 1, 0}, {35, 3, 1, 1, 0}, {32, 3, 1, 1, 2}}},
    {5, 1, 1, {{20, 1, 1, 1, 0}, {50, 1, 1, 1, 0}, {50, 3, 1, 0, 1}, {20, 1, 1, 1, 0}}},
};
enum { N_NETWORKS = sizeof networks / sizeof *networks };

static void build(oc__graph *graph, const network *net, oc__random *random) {
    uint32_t node, values[9] = {0}, channels = 3;
    ck_assert_int_eq(oc__graph_input(&node, graph, 3, NULL), OC_OK);
    for (int i = 0; net->layers[i].channels; i++) {
        const layer *at = &net->layers[i];
        bool bias = i % 3 == 1;
        ck_assert_int_eq(oc__graph_conv(&node, graph, node, at->channels, at->kernel, at->stride,
                                        at->groups ? at->groups : channels, bias, NULL),
                         OC_OK);
        ck_assert_int_eq(oc__graph_batch_norm(&node, graph, node, -INFINITY, INFINITY, NULL), OC_OK);
        graph->nodes[node].frozen = oc__random_below(random, 6) == 0;
        channels = at->channels;
        if (at->add) {
            uint32_t other = values[i - at->add];
            ck_assert_int_eq(oc__graph_add(&node, graph, i % 2 ? other : node, i % 2 ? node : other, NULL), OC_OK);
        }
        values[i] = node;
    }
    graph->outputs[graph->n_outputs++] = node;
    ck_assert_int_eq(oc__graph_check(graph, NULL), OC_OK);
    oc__graph_initialise(graph, 1 + oc__random_below(random, 1000));
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (uint32_t j = 0; j < graph->nodes[i].n_params; j++) {
            oc__param *param = &graph->params[graph->nodes[i].params[j]];
            for (size_t k = 0; k < param->count && param->rank == 1; k++)
                param->values[k] = (float)(j == 3 ? 0.5 + oc__random_unit(random) : 0.5 + 0.4 * oc__random_normal(random));
        }
}

static void fill(oc__learner *l, const network *net) {
    oc__random random;
    oc__random_seed(&random, 5, 5);
    for (size_t i = 0; i < (size_t)net->n * net->height * net->width * 3; i++)
        oc__learner_input(l)[i] = (float)oc__random_normal(&random);
}

static size_t count_of(const oc__shape *s) { return (size_t)s->n * s->h * s->w * s->c; }

static int by_value(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The middle of the widest gap between values in [from, to], so that no rounding moves a value across. */
static float gap(const float *sorted, size_t n, float from, float to) {
    float best = from, widest = 0;
    for (size_t i = 0; i + 1 < n; i++)
        if (sorted[i] >= from && sorted[i + 1] <= to && sorted[i + 1] - sorted[i] > widest) {
            widest = sorted[i + 1] - sorted[i];
            best = sorted[i] + widest / 2;
        }
    return best;
}

/* Gives some batch norms and additions clamps, in order: what comes before a node decides on its values. */
static void add_clamps(oc__graph *graph, const network *net, oc__random *random) {
    uint32_t output = graph->outputs[0];
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        oc__learner *l;
        oc__shape shape;
        if (graph->nodes[i].op != OC__OP_BATCH_NORM && graph->nodes[i].op != OC__OP_ADD) continue;
        uint64_t kind = oc__random_below(random, 4);
        if (kind == 0) continue;
        graph->outputs[0] = i;
        ck_assert_int_eq(oc__learner_create_plain(&l, graph, net->n, net->height, net->width, NULL), OC_OK);
        fill(l, net);
        oc__learner_forward(l);
        const float *values = oc__learner_output(l, 0, &shape);
        size_t n = count_of(&shape);
        float *sorted = malloc(n * sizeof *sorted);
        memcpy(sorted, values, n * sizeof *sorted);
        qsort(sorted, n, sizeof *sorted, by_value);
        graph->nodes[i].low = gap(sorted, n, -0.5f, 0.5f);
        if (kind > 1) graph->nodes[i].high = gap(sorted, n, 1, 2);
        free(sorted);
        oc__learner_free(l);
    }
    graph->outputs[0] = output;
}

static void run(oc__learner *l, const oc__graph *graph, const network *net) {
    fill(l, net);
    oc__learner_forward(l);
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        oc__shape shape;
        oc__random random;
        oc__random_seed(&random, 6, i);
        oc__learner_output(l, i, &shape);
        for (size_t j = 0; j < count_of(&shape); j++)
            oc__learner_output_gradient(l, i)[j] = (float)oc__random_normal(&random);
    }
    oc__learner_backward(l);
}

static void make(oc__graph *graph, oc_context *context, const network *net, int seed) {
    oc__random random;
    oc__random_seed(&random, (uint64_t)seed, (uint64_t)(net - networks));
    *graph = (oc__graph){.context = context};
    build(graph, net, &random);
    add_clamps(graph, net, &random);
    if (seed == 1) graph->outputs[graph->n_outputs++] = (uint32_t)graph->n_nodes / 2; /* maybe inside a unit */
    for (size_t i = 0; i < graph->n_params && seed == 2; i++) graph->params[i].frozen = oc__random_below(&random, 3) == 0;
}

/* `least`: how large values are to be taken at least. */
static void check_close(const float *got, const float *expected, size_t n, double least, const char *what, size_t which,
                        int index) {
    double largest = least;
    for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < n; i++)
        check_that(fabs((double)got[i] - (double)expected[i]) <= 2e-4 * largest,
                   "network %d, %s %zu: element %zu of %zu is %.7g, not %.7g", index, what, which, i, n, (double)got[i],
                   (double)expected[i]);
}

/* Before a batch norm it has no gradient; what operators by themselves sum up there is rounding. */
static bool is_bias(const oc__graph *graph, size_t param) {
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == OC__OP_CONV && graph->nodes[i].n_params > 1 && graph->nodes[i].params[1] == param)
            return true;
    return false;
}

START_TEST(test_same_as_plain) {
    const network *net = &networks[_i];
    const oc__kernels *tables[8];
    size_t n_tables = oc__kernels_all(tables);
    oc_context *context = new_threads_context(2, NULL);
    for (int seed = 0; seed < rounds(3); seed++)
        for (size_t t = is_light() ? n_tables - 1 : 0; t < n_tables; t++) {
            oc__graph graph, copy;
            oc__learner *fused, *plain;
            context->kernels = tables[t];
            make(&graph, context, net, seed);
            ck_assert_int_eq(oc__graph_copy(&copy, &graph, NULL), OC_OK); /* a run moves the running figures */
            ck_assert_int_eq(oc__learner_create(&fused, &graph, net->n, net->height, net->width, NULL), OC_OK);
            ck_assert_int_eq(oc__learner_create_plain(&plain, &copy, net->n, net->height, net->width, NULL), OC_OK);
            for (int twice = 0; twice < 2; twice++) {
                run(fused, &graph, net);
                run(plain, &copy, net);
            }
            for (uint32_t i = 0; i < graph.n_outputs; i++) {
                oc__shape shape;
                const float *expected = oc__learner_output(plain, i, &shape);
                check_close(oc__learner_output(fused, i, &shape), expected, count_of(&shape), 0.5, "output", i, _i);
            }
            for (size_t i = 0; i < graph.n_params; i++) {
                const float *got = oc__learner_gradient(fused, i), *expected = oc__learner_gradient(plain, i);
                check_close(graph.params[i].values, copy.params[i].values, graph.params[i].count, 0.1, "parameter", i, _i);
                ck_assert_int_eq(got == NULL, expected == NULL);
                if (got) check_close(got, expected, graph.params[i].count, is_bias(&graph, i) ? 50 : 0.5, "gradient", i, _i);
            }
            oc__learner_free(fused);
            oc__learner_free(plain);
            oc__graph_free(&graph);
            oc__graph_free(&copy);
        }
    end_context(context);
}
END_TEST

START_TEST(test_same_bits) {
    static const uint32_t n_threads[] = {1, 2, 5};
    const network *net = &networks[_i];
    float *kept[64] = {0};
    for (int r = 0; r < 3; r++) {
        oc_context *context = new_threads_context(n_threads[r], NULL);
        oc__graph graph;
        oc__learner *l;
        make(&graph, context, net, 0);
        ck_assert_int_eq(oc__learner_create(&l, &graph, net->n, net->height, net->width, NULL), OC_OK);
        run(l, &graph, net);
        ck_assert_uint_le(graph.n_params, 64);
        for (size_t i = 0; i < graph.n_params; i++) {
            const float *gradient = oc__learner_gradient(l, i) ? oc__learner_gradient(l, i) : graph.params[i].values;
            size_t size = graph.params[i].count * sizeof(float);
            if (r == 0) memcpy(kept[i] = malloc(size), gradient, size);
            check_that(memcmp(kept[i], gradient, size) == 0, "network %d, %u threads: parameter %zu", _i, n_threads[r], i);
            if (r == 2) free(kept[i]);
        }
        oc__learner_free(l);
        oc__graph_free(&graph);
        end_context(context);
    }
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_same_as_plain, N_NETWORKS}, {test_same_bits, N_NETWORKS}};
    return RUN_UNIT_TESTS("nn units", tests);
}
