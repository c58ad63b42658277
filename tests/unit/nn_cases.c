/* Small random networks around one operator each. SPDX-License-Identifier: MIT */
#include "nn_cases.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KINK 2e-5 /* nearer to a bound than this, single and double precision may part */

static uint32_t pick(oc__random *random, uint32_t low, uint32_t high) {
    return low + (uint32_t)oc__random_below(random, high - low + 1);
}

static void random_window(oc__window *w, oc__random *random, bool dilated) {
    w->kernel_height = pick(random, 1, 4);
    w->kernel_width = pick(random, 1, 5);
    w->stride = pick(random, 1, 4);
    w->dilation = dilated ? pick(random, 2, 3) : 1;
    uint32_t reach_y = (w->kernel_height - 1) * w->dilation, reach_x = (w->kernel_width - 1) * w->dilation;
    w->pad_top = pick(random, 0, reach_y);
    w->pad_bottom = pick(random, 0, reach_y);
    w->pad_left = pick(random, 0, reach_x);
    w->pad_right = pick(random, 0, reach_x);
}

static void random_clamp(oc__node *node, oc__random *random) {
    static const float bounds[][2] = {{-INFINITY, INFINITY}, {0, INFINITY}, {-0.5f, 0.75f}, {-INFINITY, 0.25f}};
    uint32_t which = pick(random, 0, 3);
    node->low = bounds[which][0];
    node->high = bounds[which][1];
}

static uint32_t add_node(nn_case *c, const oc__node *node) {
    uint32_t index;
    ck_assert_int_eq(oc__graph_add_node(&index, &c->graph, node, NULL), OC_OK);
    return index;
}

static uint32_t add_conv(nn_case *c, uint32_t input, uint32_t in_channels, uint32_t channels, uint32_t groups,
    const oc__window *w,
                         bool bias) {
    oc__node node = {.op = OC__OP_CONV, .n_inputs = 1, .inputs = {input}, .n_params = bias ? 2 : 1, .low = -INFINITY,
                     .high = INFINITY, .window = *w, .channels = channels, .groups = groups};
    uint32_t dimensions[4] = {channels, w->kernel_height, w->kernel_width, in_channels / groups};
    ck_assert_int_eq(oc__graph_add_param(&node.params[0], &c->graph, 4, dimensions, NULL), OC_OK);
    if (bias) ck_assert_int_eq(oc__graph_add_param(&node.params[1], &c->graph, 1, &channels, NULL), OC_OK);
    return add_node(c, &node);
}

static uint32_t add_simple(nn_case *c, uint32_t op, uint32_t a, uint32_t b) {
    oc__node node = {.op = op,
                     .n_inputs = op == OC__OP_ADD || op == OC__OP_MULTIPLY || op == OC__OP_CONCAT ? 2 : 1,
                     .inputs = {a, b},
                     .low = -INFINITY,
                     .high = INFINITY,
                     .window = {1, 1, 1, 1, 0, 0, 0, 0},
                     .groups = 1};
    return add_node(c, &node);
}

static uint32_t add_norm(nn_case *c, uint32_t input, oc__random *random) {
    uint32_t index;
    ck_assert_int_eq(oc__graph_batch_norm(&index, &c->graph, input, -INFINITY, INFINITY, NULL), OC_OK);
    random_clamp(&c->graph.nodes[index], random);
    return index;
}

static uint32_t add_activation(nn_case *c, uint32_t input, uint32_t function) {
    uint32_t index;
    bool leaky = function == OC__FUNCTION_LEAKY_RELU, hard = function == OC__FUNCTION_HARD_SIGMOID;
    bool root = function == OC__FUNCTION_SQRT;
    float alpha = leaky ? 0.1f : hard ? 0.3f : root ? 0.05f : 0, beta = hard ? 0.4f : 0;
    ck_assert_int_eq(oc__graph_activation(&index, &c->graph, input, function, alpha, beta, NULL), OC_OK);
    return index;
}

static const oc__window one = {1, 1, 1, 1, 0, 0, 0, 0}, three = {3, 3, 1, 1, 1, 1, 1, 1};

/* As `a`, or smaller in height and width, in channels, or in both. */
static uint32_t add_second(nn_case *c, uint32_t a, uint32_t channels, oc__random *random) {
    uint32_t which = pick(random, 0, 4);
    if (which == 4) return a;
    if (which & 1) a = add_simple(c, OC__OP_GLOBAL_POOL, a, 0);
    return add_conv(c, a, channels, which & 2 ? 1 : channels, 1, &one, true);
}

static uint32_t add_transposed(nn_case *c, uint32_t input, uint32_t in_channels, uint32_t channels, uint32_t groups,
                               const oc__window *w, bool bias, oc__random *random) {
    oc__node node = {.op = OC__OP_CONV_TRANSPOSED, .n_inputs = 1, .inputs = {input}, .n_params = bias ? 2 : 1,
                     .low = -INFINITY, .high = INFINITY, .window = *w, .channels = channels, .groups = groups};
    uint32_t dimensions[4] = {in_channels, w->kernel_height, w->kernel_width, channels / groups};
    node.sizes[0] = pick(random, 0, w->stride - 1);
    node.sizes[1] = pick(random, 0, w->stride - 1);
    ck_assert_int_eq(oc__graph_add_param(&node.params[0], &c->graph, 4, dimensions, NULL), OC_OK);
    if (bias) ck_assert_int_eq(oc__graph_add_param(&node.params[1], &c->graph, 1, &channels, NULL), OC_OK);
    return add_node(c, &node);
}

/* An operator that takes its pixels from elsewhere, with attributes for pictures as large as the case's. */
static uint32_t add_mover(nn_case *c, int kind, uint32_t a, uint32_t channels, oc__random *random) {
    uint32_t last = add_simple(c, kind == CASE_RESIZE ? OC__OP_RESIZE : kind == CASE_PAD ? OC__OP_PAD
                                  : kind == CASE_RESHAPE ? OC__OP_RESHAPE : kind == CASE_TRANSPOSE ? OC__OP_TRANSPOSE
                                                                                                 : OC__OP_SLICE, a, 0);
    oc__node *node = &c->graph.nodes[last];
    const uint32_t sides[3] = {c->height, c->width, channels};
    static const uint32_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    switch (kind) {
    case CASE_RESIZE:
        node->mode = pick(random, 0, 31);
        for (int i = 0; i < 2; i++) {
            node->sizes[2 * i] = pick(random, 1, 9);
            node->sizes[2 * i + 1] = pick(random, 0, 1) ? pick(random, 1, 5) : 0;
        }
        break;
    case CASE_PAD:
        node->mode = pick(random, 0, 2);
        if (node->mode == 0) node->function.alpha = 0.625f;
        for (int i = 0; i < 6; i++) node->sizes[i] = pick(random, 0, i < 4 ? 2 : 1);
        break;
    case CASE_RESHAPE:
        for (int i = 0; i < 3; i++) node->sizes[i] = pick(random, 0, 1) ? 0 : 1;
        node->sizes[pick(random, 0, 2)] = OC__REST;
        break;
    case CASE_TRANSPOSE: memcpy(node->sizes, orders[pick(random, 0, 5)], sizeof orders[0]); break;
    default:
        for (int i = 0; i < 3; i++) {
            node->sizes[3 * i] = pick(random, 0, sides[i] - 1);
            node->sizes[3 * i + 1] = pick(random, 0, 1) ? OC__REST : pick(random, node->sizes[3 * i] + 1, sides[i] + 2);
            node->sizes[3 * i + 2] = pick(random, 1, 3);
        }
    }
    return last;
}

/* The operator in question after `a`, a convolution of `channels` channels. */
static void build(nn_case *c, int kind, uint32_t a, uint32_t channels, oc__random *random) {
    oc__graph *graph = &c->graph;
    oc__window w = one;
    uint32_t last, other;
    bool bias = pick(random, 0, 1);
    if (kind != CASE_POINTWISE) random_window(&w, random, kind == CASE_DEPTHWISE_DILATED || (kind != CASE_DEPTHWISE
        && pick(random, 0, 2) == 0));
    graph->n_outputs = 1;
    switch (kind) {
    case CASE_POINTWISE:
    case CASE_DENSE: last = add_conv(c, a, channels, pick(random, 1, 37), 1, &w, bias); break;
    case CASE_GROUPED: last = add_conv(c, a, channels, 2 * pick(random, 1, 9), 2, &w, bias); break;
    case CASE_MULTIPLIER: last = add_conv(c, a, channels, 2 * channels, channels, &w, bias); break;
    case CASE_DEPTHWISE:
    case CASE_DEPTHWISE_DILATED: last = add_conv(c, a, channels, channels, channels, &w, bias); break;
    case CASE_CONV_ADD:
        other = add_conv(c, a, channels, channels, 1, &three, false);
        last = add_conv(c, a, channels, channels, 1 + (uint32_t)bias, &three, bias);
        graph->nodes[last].n_inputs = 2;
        graph->nodes[last].inputs[1] = pick(random, 0, 1) ? other : a;
        if (graph->nodes[last].inputs[1] == a) graph->outputs[graph->n_outputs++] = other;
        break;
    case CASE_MAX_POOL:
    case CASE_MEAN_POOL:
        last = add_simple(c, kind == CASE_MAX_POOL ? OC__OP_MAX_POOL : OC__OP_MEAN_POOL, a, 0);
        graph->nodes[last].window = w;
        break;
    case CASE_GLOBAL_POOL: last = add_simple(c, OC__OP_GLOBAL_POOL, a, 0); break;
    case CASE_BATCH_NORM: last = add_norm(c, add_norm(c, a, random), random); break;
    case CASE_FROZEN_BATCH_NORM:
        last = add_norm(c, a, random);
        graph->nodes[last].frozen = true;
        last = add_norm(c, add_norm(c, last, random), random);
        graph->nodes[last].frozen = true;
        break;
    case CASE_UNITS: /* convolutions of every kind with their batch norms; the first is read by two */
        other = last = add_norm(c, a, random);
        random_window(&w, random, false);
        last = add_norm(c, add_conv(c, last, channels, channels, channels, &w, bias), random);
        graph->nodes[last].frozen = pick(random, 0, 3) == 0;
        last = add_norm(c, add_conv(c, last, channels, pick(random, 1, 37), 1, &one, !bias), random);
        random_window(&w, random, pick(random, 0, 2) == 0);
        w.pad_top = w.pad_bottom = (w.kernel_height - 1) * w.dilation; /* the picture may be small by now */
        w.pad_left = w.pad_right = (w.kernel_width - 1) * w.dilation;
        last = add_norm(c, add_conv(c, last, graph->nodes[graph->nodes[last].inputs[0]].channels, 6, 1, &w, bias), random);
        other = add_norm(c, add_conv(c, other, channels, 5, 1, &three, false), random);
        graph->outputs[graph->n_outputs++] = other;
        break;
    case CASE_WIDE: /* 3x3 convolutions of enough channels for Winograd's method; values by the thousand, so no clamps */
        last = add_conv(c, a, channels, channels, 1, &three, bias);
        ck_assert_int_eq(oc__graph_batch_norm(&last, graph, last, -INFINITY, INFINITY, NULL), OC_OK);
        w = three;
        w.pad_left = w.pad_bottom = pick(random, 0, 2);
        last = add_conv(c, add_simple(c, OC__OP_ADD, last, a), channels, 33, 1, &w, !bias);
        ck_assert_int_eq(oc__graph_batch_norm(&last, graph, last, -INFINITY, INFINITY, NULL), OC_OK);
        graph->outputs[0] = last;
        return;
    case CASE_ADD: last = add_simple(c, OC__OP_ADD, a, add_conv(c, a, channels, channels, 1, &three, bias)); break;
    case CASE_ADD_TWICE: last = add_simple(c, OC__OP_ADD, a, a); break;
    case CASE_CONCAT:
        last = add_simple(c, OC__OP_CONCAT, a, add_conv(c, a, channels, 3, 1, &three, bias));
        graph->nodes[last].n_inputs = 4;
        graph->nodes[last].inputs[2] = a; /* twice, and the pictures themselves */
        graph->nodes[last].inputs[3] = 0;
        break;
    case CASE_READERS: /* a is read by three */
        last = add_conv(c, a, channels, channels, 1, &three, bias);
        other = add_conv(c, a, channels, channels, channels, &three, false);
        last = add_simple(c, OC__OP_ADD, add_simple(c, OC__OP_ADD, other, last), a);
        break;
    case CASE_INNER_OUTPUT: /* outputs that others read, before and after the rest */
        other = add_conv(c, a, channels, channels, 1, &three, bias);
        random_clamp(&graph->nodes[other], random);
        last = add_conv(c, other, channels, 5, 1, &w, bias);
        graph->outputs[graph->n_outputs++] = a;
        graph->outputs[graph->n_outputs++] = other;
        break;
    case CASE_ACTIVATION: /* two readers of a, so that it cannot be folded */
        last = add_activation(c, a, pick(random, 0, OC__N_FUNCTIONS - 1));
        graph->outputs[graph->n_outputs++] = a;
        break;
    case CASE_FOLDED_ACTIVATION: /* into a convolution of any kind, with a batch norm and an addition or without */
        other = pick(random, 0, 2);
        last = add_conv(c, a, channels, channels, other == 0 ? 1 : other == 1 ? 2 : channels, &three, bias);
        if (pick(random, 0, 1)) ck_assert_int_eq(oc__graph_batch_norm(&last, graph, last, -INFINITY, INFINITY, NULL), OC_OK);
        if (pick(random, 0, 1)) last = add_simple(c, OC__OP_ADD, a, last);
        last = add_activation(c, last, pick(random, 0, OC__N_FUNCTIONS - 1));
        break;
    case CASE_MULTIPLY: last = add_simple(c, OC__OP_MULTIPLY, a, add_second(c, a, channels, random)); break;
    case CASE_ADD_BROADCAST:
        last = add_simple(c, OC__OP_ADD, a, add_second(c, a, channels, random));
        graph->nodes[last].mode = OC__ADD_BROADCAST;
        break;
    case CASE_TRANSPOSED_CONV:
        other = pick(random, 1, 2);
        last = add_transposed(c, a, channels, other * pick(random, 1, 9), other, &w, bias, random);
        break;
    case CASE_TRANSPOSED_DEPTHWISE: last = add_transposed(c, a, channels, channels, channels, &w, bias, random); break;
    case CASE_RESIZE:
    case CASE_PAD:
    case CASE_RESHAPE:
    case CASE_TRANSPOSE:
    case CASE_SLICE: last = add_mover(c, kind, a, channels, random); break;
    case CASE_SOFTMAX: last = add_simple(c, OC__OP_SOFTMAX, a, 0); break;
    case CASE_GLOBAL_MAX_POOL: last = add_simple(c, OC__OP_GLOBAL_MAX_POOL, a, 0); break;
    case CASE_CHANNEL_SHUFFLE:
        last = add_simple(c, OC__OP_CHANNEL_SHUFFLE, a, 0);
        graph->nodes[last].groups = pick(random, 0, 1) ? 2 : channels / 2;
        break;
    case CASE_POOL_MODES:
        other = pick(random, 0, 1) ? OC__OP_MAX_POOL : OC__OP_MEAN_POOL;
        last = add_simple(c, other, a, 0);
        graph->nodes[last].window = w;
        graph->nodes[last].mode = other == OC__OP_MAX_POOL ? OC__POOL_CEIL : pick(random, 1, 3);
        break;
    case CASE_SQUEEZE_EXCITE: /* as MobileNetV3 has it */
        last = add_conv(c, a, channels, channels, channels, &three, true);
        last = add_activation(c, last, OC__FUNCTION_HARD_SWISH);
        other = add_conv(c, add_simple(c, OC__OP_GLOBAL_POOL, last, 0), channels, 3, 1, &one, true);
        ck_assert_int_eq(oc__graph_clamp(&other, graph, other, 0, INFINITY, NULL), OC_OK);
        other = add_activation(c, add_conv(c, other, 3, channels, 1, &one, true), OC__FUNCTION_HARD_SIGMOID);
        last = add_conv(c, add_simple(c, OC__OP_MULTIPLY, last, other), channels, channels, 1, &one, false);
        last = add_simple(c, OC__OP_ADD, a, last);
        break;
    default: /* two residual blocks with batch norms, as networks have them */
        last = a;
        for (int i = 0; i < 2; i++) {
            other = add_norm(c, add_conv(c, last, channels, 2 * channels, 1, &one, false), random);
            other = add_norm(c, add_conv(c, other, 2 * channels, 2 * channels, 2 * channels, &three, false), random);
            other = add_conv(c, other, 2 * channels, channels, 1, &one, false);
            ck_assert_int_eq(oc__graph_batch_norm(&other, graph, other, -INFINITY, INFINITY, NULL), OC_OK);
            last = pick(random, 0, 1) ? add_simple(c, OC__OP_ADD, last, other) : add_simple(c, OC__OP_ADD, other, last);
        }
        last = add_simple(c, OC__OP_GLOBAL_POOL, last, 0);
    }
    if (kind >= CASE_MULTIPLY && pick(random, 0, 1)) last = add_activation(c, last, pick(random, 0, OC__N_FUNCTIONS - 1));
    if (kind != CASE_BATCH_NORM) random_clamp(&graph->nodes[last], random);
    graph->outputs[0] = last;
}

static void try_case(nn_case *c, oc_context *context, int kind, oc__random *random) {
    uint32_t in_channels = pick(random, 1, 4), channels = 2 * pick(random, 1, 10), a;
    *c = (nn_case){.graph = {.context = context}, .n = pick(random, 1, 3), .height = pick(random, 3, 9),
        .width = pick(random, 3, 9)};
    if (kind == CASE_WIDE) {
        channels = 32 + channels / 2;
        if (pick(random, 0, 1)) c->n = 3, c->height = 16, c->width = 15; /* large tiles, in training too */
    }
    ck_assert_int_eq(oc__graph_input(&a, &c->graph, in_channels, NULL), OC_OK);
    a = add_conv(c, a, in_channels, channels, 1, &one, true);
    build(c, kind, a, channels, random);
    for (size_t i = 0; i < c->graph.n_params; i++)
        for (size_t j = 0; j < c->graph.params[i].count; j++)
            c->graph.params[i].values[j] = (float)(0.5 * oc__random_normal(random));
    for (size_t i = 0; i < c->graph.n_nodes; i++) {
        const oc__node *node = &c->graph.nodes[i];
        if (node->op != OC__OP_BATCH_NORM) continue;
        for (size_t j = 0; j < c->graph.params[node->params[3]].count; j++)
            c->graph.params[node->params[3]].values[j] = (float)(0.5 + oc__random_unit(random));
    }
    c->n_input = (size_t)c->n * c->height * c->width * in_channels;
    c->input = malloc(c->n_input * sizeof *c->input);
    for (size_t i = 0; i < c->n_input; i++) c->input[i] = (float)oc__random_normal(random);
}

reference *reference_of(const nn_case *c, bool training) {
    reference *r = reference_create(&c->graph, c->n, c->height, c->width, training);
    for (size_t i = 0; i < c->n_input; i++) r->values[0][i] = c->input[i];
    reference_run(r);
    return r;
}

void make_case(nn_case *out, oc_context *context, int kind, uint64_t seed, bool training) {
    oc__random random;
    oc__random_seed(&random, seed, (uint64_t)kind);
    for (int attempt = 0; attempt < 1000; attempt++) {
        oc__shape shapes[64];
        bool good = false;
        try_case(out, context, kind, &random);
        ck_assert_uint_le(out->graph.n_nodes, 64);
        if (oc__graph_shapes(shapes, &out->graph, out->n, out->height, out->width, NULL) == OC_OK) {
            reference *r = reference_of(out, training);
            good = r->nearest > KINK;
            reference_free(r);
        }
        oc_error err = OC_ERROR_INIT;
        ck_assert_msg(oc__graph_check(&out->graph, &err) == OC_OK, "%s", err.message);
        if (good) return;
        end_case(out);
    }
    ck_abort_msg("no network of kind %d", kind);
}

void end_case(nn_case *c) {
    oc__graph_free(&c->graph);
    free(c->input);
}
