/* Nearest neighbours as a part of a network. SPDX-License-Identifier: MIT */
#include "nearest.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "random.h"

#define PROJECTED 32 /* dimensions in which rows are compared when they are chosen */
#define DEVIATIONS 2 /* above the mean is unlike */
#define STEEPNESS 2  /* of the sigmoid, a deviation */
#define LEAST 1e-3f  /* keeps the root's slope finite */

void oc__bank_free(oc__bank *bank) {
    if (bank->context) oc__free(bank->context, bank->rows);
    *bank = (oc__bank){0};
}

static void project(float *out, const float *row, const float *matrix, size_t dim) {
    for (size_t k = 0; k < PROJECTED; k++) {
        float sum = 0;
        for (size_t i = 0; i < dim; i++) sum += row[i] * matrix[k * dim + i];
        out[k] = sum;
    }
}

static float squared_distance(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t i = 0; i < n; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

oc_status oc__bank_choose(oc__bank *out, oc_context *context, const float *rows, size_t n, size_t dim, size_t most,
                          uint64_t seed, oc_error *err) {
    oc__random random;
    oc__bank bank = {.context = context, .dim = dim};
    size_t room = n < most ? n : most;
    bool small = dim <= PROJECTED; /* compared as they are */
    size_t width = small ? dim : PROJECTED;
    float *matrix = oc__alloc_array(context, small ? 0 : dim, PROJECTED * sizeof *matrix);
    float *projected = oc__alloc_array(context, n, width * sizeof *projected), *far = oc__alloc_array(context, n, sizeof *far);
    bank.rows = oc__alloc_array(context, room, dim * sizeof *bank.rows);
    if (!matrix || !projected || !far || !bank.rows) {
        oc__free(context, matrix);
        oc__free(context, projected);
        oc__free(context, far);
        oc__free(context, bank.rows);
        return oc__fail_nomem(err, context, n * (width + 1) * sizeof *far + room * dim * sizeof *bank.rows, "training");
    }
    oc__random_seed(&random, seed, 11);
    for (size_t i = 0; i < dim * PROJECTED && !small; i++) matrix[i] = (float)oc__random_normal(&random);
    for (size_t i = 0; i < n; i++) {
        if (small)
            memcpy(projected + i * width, rows + i * dim, dim * sizeof *rows);
        else
            project(projected + i * width, rows + i * dim, matrix, dim);
        far[i] = INFINITY;
    }
    for (size_t chosen = n ? (size_t)oc__random_below(&random, n) : 0; bank.n < room;) {
        memcpy(bank.rows + bank.n++ * dim, rows + chosen * dim, dim * sizeof *rows);
        const float *centre = projected + chosen * width;
        float farthest = 0;
        for (size_t i = 0; i < n; i++) {
            float d = squared_distance(projected + i * width, centre, width);
            if (d < far[i]) far[i] = d;
            if (far[i] > farthest) {
                farthest = far[i];
                chosen = i;
            }
        }
        if (farthest <= 0) break; /* all are there */
    }
    oc__free(context, matrix);
    oc__free(context, projected);
    oc__free(context, far);
    *out = bank;
    return OC_OK;
}

/* Sets a 1x1 convolution's weights. */
static void set_conv(oc__graph *graph, uint32_t node, const float *weights, const float *biases) {
    const oc__node *conv = &graph->nodes[node];
    oc__param *w = &graph->params[conv->params[0]], *b = &graph->params[conv->params[1]];
    memcpy(w->values, weights, w->count * sizeof *weights);
    memcpy(b->values, biases, b->count * sizeof *biases);
}

/* -d^2 + |x|^2 = the largest over the rows m of 2 x m - |m|^2. */
static oc_status add_best_row(uint32_t *node, oc__graph *graph, const oc__bank *bank, uint32_t height, uint32_t width,
                              oc_error *err) {
    uint32_t n_places = height * width;
    oc_status status = oc__graph_conv(node, graph, *node, (uint32_t)bank->n, 1, 1, 1, true, err);
    if (status) return status;
    const oc__node *conv = &graph->nodes[*node];
    float *weights = graph->params[conv->params[0]].values, *biases = graph->params[conv->params[1]].values;
    for (size_t r = 0; r < bank->n; r++) {
        const float *row = bank->rows + r * bank->dim;
        biases[r] = 0;
        for (size_t i = 0; i < bank->dim; i++) {
            weights[r * bank->dim + i] = 2 * row[i];
            biases[r] -= row[i] * row[i];
        }
    }
    status = oc__graph_reshape(node, graph, *node, n_places, 1, (uint32_t)bank->n, err);
    if (!status) status = oc__graph_transpose(node, graph, *node, 2, 1, 0, err);
    if (!status) status = oc__graph_global_max_pool(node, graph, *node, err);
    return status ? status : oc__graph_reshape(node, graph, *node, height, width, 1, err);
}

oc_status oc__nearest_add(uint32_t *node, oc__graph *graph, const oc__bank *bank, uint32_t height, uint32_t width,
                          double centre, double factor, oc_error *err) {
    uint32_t input = *node, both[2] = {input, input};
    const float difference[] = {1, -1}, nothing = 0, scale = (float)factor, shift = (float)(-factor * centre);
    oc_status status = oc__graph_multiply(&both[0], graph, input, input, err);
    if (!status) status = oc__graph_conv(&both[0], graph, both[0], 1, 1, 1, 1, true, err);
    if (!status) {
        oc__param *ones = &graph->params[graph->nodes[both[0]].params[0]];
        for (size_t i = 0; i < ones->count; i++) ones->values[i] = 1;
        graph->params[graph->nodes[both[0]].params[1]].values[0] = 0;
        status = add_best_row(&both[1], graph, bank, height, width, err);
    }
    if (!status) status = oc__graph_concat(node, graph, both, 2, err);
    if (!status) status = oc__graph_conv(node, graph, *node, 1, 1, 1, 1, true, err);
    if (!status) set_conv(graph, *node, difference, &nothing);
    if (!status) status = oc__graph_global_max_pool(node, graph, *node, err);
    if (!status) status = oc__graph_activation(node, graph, *node, OC__FUNCTION_SQRT, LEAST, 0, err);
    if (!status) status = oc__graph_conv(node, graph, *node, 1, 1, 1, 1, true, err);
    if (!status) set_conv(graph, *node, &scale, &shift);
    return status;
}

double oc__bank_distance(const oc__bank *bank, const float *row) {
    float least = INFINITY;
    for (size_t i = 0; i < bank->n; i++) least = fminf(least, squared_distance(row, bank->rows + i * bank->dim, bank->dim));
    return sqrt((double)least + (double)LEAST);
}

void oc__distance_scale(double *centre, double *factor, const double *distances, size_t n) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += distances[i];
    double mean = n ? sum / (double)n : 0;
    for (size_t i = 0; i < n; i++) squares += (distances[i] - mean) * (distances[i] - mean);
    double deviation = fmax(n > 1 ? sqrt(squares / (double)(n - 1)) : 0, 1e-3 * mean + 1e-6);
    *centre = mean + DEVIATIONS * deviation;
    *factor = STEEPNESS / deviation;
}
