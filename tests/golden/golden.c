/* Small models that never change. SPDX-License-Identifier: MIT */
#include "golden.h"

#include <math.h>
#include <string.h>

#include "half.h"
#include "hash.h"
#include "memory.h"
#include "ocm_cursor.h"
#include "ocm_layout.h"
#include "random.h"

const char *golden_name(int which) {
    static const char *const names[GOLDEN_N] = {"minimal", "classifier", "base", "operators", "detector"};
    return names[which];
}

/* Building stops at the first failure: the functions after it then do nothing. */
typedef struct builder {
    oc_model *model;
    oc_error *err;
    oc_status status;
} builder;

static uint32_t input(builder *b) {
    uint32_t node = 0;
    if (!b->status) b->status = oc__graph_input(&node, &b->model->graph, 3, b->err);
    return node;
}

static uint32_t conv(builder *b, uint32_t from, uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t groups,
                     bool bias) {
    uint32_t node = 0;
    if (!b->status) b->status = oc__graph_conv(&node, &b->model->graph, from, channels, kernel, stride, groups, bias, b->err);
    return node;
}

static uint32_t norm(builder *b, uint32_t from, float high) {
    uint32_t node = 0;
    if (!b->status) b->status = oc__graph_batch_norm(&node, &b->model->graph, from, 0, high, b->err);
    return node;
}

static uint32_t add(builder *b, uint32_t x, uint32_t y) {
    uint32_t node = 0;
    if (!b->status) b->status = oc__graph_add(&node, &b->model->graph, x, y, b->err);
    return node;
}

static uint32_t pool(builder *b, uint32_t from, uint32_t op, uint32_t kernel, uint32_t stride) {
    uint32_t number = 0;
    oc__node node = {.op = op, .n_inputs = 1, .inputs = {from}, .low = -INFINITY, .high = INFINITY, .groups = 1};
    node.window = (oc__window){kernel, kernel, stride, 1, 1, 1, 1, 1};
    if (!b->status) b->status = oc__graph_add_node(&number, &b->model->graph, &node, b->err);
    return number;
}

static uint32_t concat(builder *b, uint32_t x, uint32_t y) {
    uint32_t node = 0, inputs[2] = {x, y};
    if (!b->status) b->status = oc__graph_concat(&node, &b->model->graph, inputs, 2, b->err);
    return node;
}

static uint32_t global_pool(builder *b, uint32_t from) {
    uint32_t node = 0;
    if (!b->status) b->status = oc__graph_global_pool(&node, &b->model->graph, from, b->err);
    return node;
}

static void output(builder *b, uint32_t node) {
    if (!b->status) b->model->graph.outputs[b->model->graph.n_outputs++] = node;
}

static void tags(builder *b, const char *const *names, size_t n) {
    if (!b->status) b->status = oc__model_set_tags(b->model, names, n, b->err);
}

static void property(builder *b, const char *key, const char *value) {
    if (!b->status) b->status = oc__model_set_property(b->model, key, value, b->err);
}

/* Weights in steps of 1/64, which float16 holds exactly; variances are positive. Every `every`-th parameter is float16. */
static void weights(builder *b, uint64_t seed, size_t every) {
    oc__graph *graph = &b->model->graph;
    oc__random random;
    if (b->status) return;
    oc__random_seed(&random, seed, 0);
    for (size_t i = 0; i < graph->n_params; i++) {
        if (every && i % every == 0) graph->params[i].storage = OC__STORE_F16;
        for (size_t j = 0; j < graph->params[i].count; j++)
            graph->params[i].values[j] = ((float)oc__random_below(&random, 129) - 64) / 64;
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == OC__OP_BATCH_NORM) {
            oc__param *variance = &graph->params[graph->nodes[i].params[3]];
            for (size_t j = 0; j < variance->count; j++) variance->values[j] = 0.5f + fabsf(variance->values[j]);
        }
}

static void build_minimal(builder *b) {
    static const char *const names[] = {"washer"};
    oc__prepare_rule rule = {.width = 1,
                             .height = 1,
                             .resize = OC__RESIZE_SQUASH,
                             .filter = OC__FILTER_TRIANGLE,
                             .channels = OC__CHANNELS_RGB,
                             .mean = {127.5f, 127.5f, 127.5f},
                             .scale = {0.0078125f, 0.0078125f, 0.0078125f}};
    b->model->kind = OC__KIND_CLASSIFICATION;
    b->model->rule = rule;
    tags(b, names, 1);
    output(b, conv(b, input(b), 1, 1, 1, 1, false));
    weights(b, 1, 0);
}

static void measurement_of(builder *b, uint32_t n_tags) {
    if (b->status) return;
    b->status = oc__measurement_create(&b->model->measurement, b->model->context, 7, n_tags, b->err);
    if (b->status) return;
    oc__measurement *m = b->model->measurement;
    m->method = OC_REPORT_CROSS_VALIDATION;
    m->n_folds = 3;
    m->n_skipped = 2;
    for (uint32_t i = 0; i < m->n; i++)
        m->entries[i] = (oc__measured){.truth = i % n_tags,
                                       .predicted = i == 4 ? n_tags - 1 : i % n_tags,
                                       .probability = 0.5f + 0.0625f * (float)i,
                                       .fold = i / 3};
    for (uint32_t i = 0; i < m->n_tags; i++) {
        m->average_precision[i] = 1 - 0.125f * (float)i;
        m->average_precision_deviation[i] = 0.03125f * (float)i;
    }
}

static void build_classifier(builder *b) {
    static const char *const names[] = {"gear, damaged", "гайка", "ネジ"};
    oc__prepare_rule rule = {.width = 16,
                             .height = 12,
                             .resize = OC__RESIZE_CROP,
                             .filter = OC__FILTER_TRIANGLE,
                             .reduced_jpeg = 1,
                             .channels = OC__CHANNELS_RGB,
                             .mean = {123.675f, 116.28f, 103.53f},
                             .scale = {0.0171247538f, 0.0175070028f, 0.0174291939f}};
    b->model->kind = OC__KIND_CLASSIFICATION;
    b->model->rule = rule;
    tags(b, names, 3);
    property(b, "library", "0.1.0");
    property(b, "created", "2026-01-31T23:59:59Z");
    property(b, "note", "");
    property(b, "описание", "две строки:\nпервая и вторая");
    uint32_t stem = norm(b, conv(b, input(b), 4, 3, 2, 1, false), 6);
    uint32_t depthwise = norm(b, conv(b, stem, 4, 3, 1, 4, false), INFINITY);
    uint32_t sum = add(b, stem, conv(b, depthwise, 4, 1, 1, 2, true));
    uint32_t largest = pool(b, sum, OC__OP_MAX_POOL, 3, 2), mean = pool(b, sum, OC__OP_MEAN_POOL, 3, 2);
    uint32_t both = concat(b, largest, mean);
    output(b, conv(b, global_pool(b, both), 3, 1, 1, 1, true));
    output(b, both);
    weights(b, 2, 3);
    measurement_of(b, 3);
}

static void build_base(builder *b) {
    oc__prepare_rule rule = {.width = 8,
                             .height = 8,
                             .resize = OC__RESIZE_LETTERBOX,
                             .filter = OC__FILTER_CUBIC,
                             .channels = OC__CHANNELS_BGR,
                             .mean = {0, 1, 2},
                             .scale = {0.00390625f, 0.0078125f, 0.015625f},
                             .fill = {114, 113, 112, 0}};
    b->model->kind = OC__KIND_BASE;
    b->model->rule = rule;
    property(b, "name", "tiny");
    uint32_t stem = norm(b, conv(b, input(b), 8, 3, 2, 1, false), 6);
    output(b, global_pool(b, norm(b, conv(b, stem, 8, 5, 1, 8, false), 6)));
    weights(b, 3, 1);
}

/* Runs a short cut of the graph that adds one node. */
#define ADD(NAME, ...)                                                                                                         \
    do {                                                                                                                       \
        if (!b->status) b->status = oc__graph_##NAME(&node, &b->model->graph, __VA_ARGS__, b->err);                            \
    } while (0)

static uint32_t squeeze_and_excite(builder *b, uint32_t node) {
    uint32_t from = node;
    ADD(global_pool, node);
    node = conv(b, node, 2, 1, 1, 1, true);
    ADD(clamp, node, 0, INFINITY);
    node = conv(b, node, 4, 1, 1, 1, true);
    ADD(activation, node, OC__FUNCTION_HARD_SIGMOID, 0.1875f, 0.5f);
    ADD(multiply, from, node);
    return node;
}

/* What moves pixels about and gives back 4 x 4 of 4 channels. */
static uint32_t moves(builder *b, uint32_t node) {
    static const uint32_t reflected[6] = {1, 2, 1, 0, 0, 0}, constant[6] = {0, 0, 0, 0, 1, 1}, edge[6] = {0, 1, 1, 0, 0, 0};
    ADD(pad, node, reflected, OC__PAD_REFLECT, 0);
    ADD(pad, node, constant, OC__PAD_CONSTANT, -0.375f);
    ADD(pad, node, edge, OC__PAD_EDGE, 0);
    ADD(slice, node, 2, 1, 5, 1);
    ADD(slice, node, 0, 0, OC__REST, 2);
    ADD(transpose, node, 1, 0, 2);
    ADD(reshape, node, 4, 0, OC__REST); /* 11 channels */
    ADD(slice, node, 2, 3, 7, 1);
    ADD(resize, node, 4, 0, OC__RESIZE_BILINEAR | OC__RESIZE_ALIGN_CORNERS);
    return node;
}

/* As calibration leaves them; the third node's is not known. */
static void ranges_of(builder *b) {
    if (b->status) return;
    size_t n = b->model->graph.n_nodes;
    if (!(b->model->ranges = oc__alloc_zero(b->model->context, n * sizeof *b->model->ranges)))
        b->status = oc__fail_nomem(b->err, b->model->context, n * sizeof *b->model->ranges, "ranges");
    for (size_t i = 0; i < n && !b->status; i++)
        if (i != 2) b->model->ranges[i] = (oc__range){-0.125f * (float)i, 0.5f + (float)i};
}

static void build_operators(builder *b) {
    static const char *const names[] = {"nut", "bolt"};
    oc__prepare_rule rule = {.width = 8,
                             .height = 8,
                             .resize = OC__RESIZE_SQUASH,
                             .filter = OC__FILTER_TRIANGLE,
                             .channels = OC__CHANNELS_RGB,
                             .mean = {127.5f, 127.5f, 127.5f},
                             .scale = {0.0078125f, 0.0078125f, 0.0078125f}};
    b->model->kind = OC__KIND_CLASSIFICATION;
    b->model->rule = rule;
    tags(b, names, 2);
    property(b, "name", "operators");
    uint32_t node = conv(b, input(b), 4, 3, 1, 1, true), sides[3], early;
    ADD(activation, node, OC__FUNCTION_HARD_SWISH, 0, 0);
    early = node = squeeze_and_excite(b, node);
    ADD(pool, early, OC__OP_MAX_POOL, 3, 2, 0, OC__POOL_CEIL);
    sides[0] = node;
    ADD(pool, early, OC__OP_MEAN_POOL, 3, 2, 1, OC__POOL_COUNT_PADDING);
    ADD(activation, node, OC__FUNCTION_LEAKY_RELU, 0.125f, 0);
    sides[1] = node;
    sides[2] = moves(b, early);
    for (int i = 0; i < 2; i++) sides[i + 1] = add(b, sides[i], sides[i + 1]);
    node = sides[2];
    ADD(channel_shuffle, node, 2);
    ADD(activation, node, OC__FUNCTION_SILU, 0, 0);
    ADD(conv_transposed, node, 2, 3, 2, 2, true);
    ADD(activation, node, OC__FUNCTION_TANH, 0, 0);
    ADD(resize, node, 1, 2, OC__RESIZE_NEAREST | OC__RESIZE_FLOOR);
    output(b, 0);
    output(b, node);
    sides[0] = node;
    ADD(global_max_pool, node);
    ADD(activation, node, OC__FUNCTION_EXP, 0, 0);
    sides[1] = node;
    node = add(b, sides[0], sides[1]);
    if (!b->status) b->model->graph.nodes[node].mode = OC__ADD_BROADCAST;
    ADD(softmax, node);
    ADD(flatten, node);
    ADD(reshape, node, 1, 1, 32);
    ADD(linear, node, 2);
    ADD(activation, node, OC__FUNCTION_SIGMOID, 0, 0);
    if (!b->status) b->model->graph.outputs[0] = node;
    weights(b, 4, 2);
    measurement_of(b, 2);
    ranges_of(b);
}

/* Three pictures: two objects of which one is found, none, and one that is found twice. */
static void boxes_of(builder *b) {
    static const oc__truth truths[] = {{0, {{0.125f, 0.25f, 0.5f, 0.75f}, 1}}, {0, {{0, 0, 1, 1}, 0}}, {2, {{0.5f, 0, 1, 0.5f}, 1}}};
    static const oc__found found[] = {{0, {{0.125f, 0.25f, 0.5f, 0.625f}, 1, 0.875f}},
                                      {2, {{0.5f, 0, 1, 0.5f}, 1, 0.75f}},
                                      {2, {{0.5f, 0, 1, 0.25f}, 1, 0.5f}}};
    if (!b->status) b->status = oc__measurement_create(&b->model->measurement, b->model->context, 3, 2, b->err);
    if (b->status) return;
    oc__measurement *m = b->model->measurement;
    m->method = OC_REPORT_TEST_SET;
    m->n_folds = 1;
    m->average_precision[1] = 0.75f;
    for (size_t i = 0; i < m->n; i++) m->entries[i].truth = m->entries[i].predicted = OC__NONE;
    b->status = oc__measurement_boxes(m, 3, 3, b->err);
    if (b->status) return;
    memcpy(m->truths, truths, sizeof truths);
    memcpy(m->found, found, sizeof found);
}

static void build_detector(builder *b) {
    static const char *const names[] = {"crate", "коробка"};
    oc__prepare_rule rule = {.width = 16,
                             .height = 16,
                             .resize = OC__RESIZE_SQUASH,
                             .filter = OC__FILTER_TRIANGLE,
                             .channels = OC__CHANNELS_RGB,
                             .mean = {127.5f, 127.5f, 127.5f},
                             .scale = {0.0078125f, 0.0078125f, 0.0078125f}};
    b->model->kind = OC__KIND_DETECTION;
    b->model->rule = rule;
    tags(b, names, 2);
    uint32_t fine = norm(b, conv(b, input(b), 4, 3, 2, 1, false), INFINITY);
    uint32_t coarse = norm(b, conv(b, fine, 4, 3, 2, 4, false), INFINITY);
    output(b, conv(b, fine, 2 + OC__BOX_CHANNELS, 1, 1, 1, true));
    output(b, conv(b, coarse, 2 + OC__BOX_CHANNELS, 1, 1, 1, true));
    weights(b, 5, 0);
    boxes_of(b);
}

oc_status golden_model(oc_model **out, oc_context *context, int which, oc_error *err) {
    static void (*const build[GOLDEN_N])(builder *) = {build_minimal, build_classifier, build_base, build_operators, build_detector};
    builder b = {.err = err};
    *out = NULL;
    b.status = oc__model_create(&b.model, context, err);
    if (b.status) return b.status;
    build[which](&b);
    if (!b.status) b.status = oc__model_finish(b.model, err);
    if (b.status) oc__model_release(b.model);
    else *out = b.model;
    return b.status;
}

/* Text on one line. */
static void print_text(FILE *out, const char *key, const char *text) {
    fprintf(out, "%s: ", key);
    for (; *text; text++) {
        if (*text == '\n') fputs("\\n", out);
        else fputc(*text, out);
    }
    fputc('\n', out);
}

static void describe_node(FILE *out, const oc__node *node, size_t index) {
    const oc__window *w = &node->window;
    fprintf(out, "node %zu: op %u, inputs", index, node->op);
    for (uint32_t i = 0; i < node->n_inputs; i++) fprintf(out, " %u", node->inputs[i]);
    fprintf(out, ", parameters");
    for (uint32_t i = 0; i < node->n_params; i++) fprintf(out, " %u", node->params[i]);
    fprintf(out, ", clamp %.9g %.9g, window %u %u %u %u %u %u %u %u, channels %u, groups %u, epsilon %.9g\n", node->low,
            node->high, w->kernel_height, w->kernel_width, w->stride, w->dilation, w->pad_top, w->pad_left, w->pad_bottom,
            w->pad_right, node->channels, node->groups, node->epsilon);
    uint32_t any = node->function.code | node->mode;
    for (int i = 0; i < OC__MAX_SIZES; i++) any |= node->sizes[i];
    if (!any && node->function.alpha == 0 && node->function.beta == 0) return;
    fprintf(out, "attributes %zu: function %u %.9g %.9g, mode %u, sizes", index, node->function.code, node->function.alpha,
            node->function.beta, node->mode);
    for (int i = 0; i < OC__MAX_SIZES; i++) fprintf(out, " %u", node->sizes[i]);
    fputc('\n', out);
}

static void describe_param(FILE *out, const oc__param *param, size_t index) {
    fprintf(out, "parameter %zu: storage %u, shape", index, param->storage);
    for (uint32_t i = 0; i < param->rank; i++) fprintf(out, " %u", param->dimensions[i]);
    fprintf(out, ", values");
    for (size_t i = 0; i < param->count; i++) fprintf(out, " %.9g", param->values[i]);
    fputc('\n', out);
}

static void describe_measurement(FILE *out, const oc__measurement *m) {
    fprintf(out, "measurement: method %u, folds %u, left out %u\n", m->method, m->n_folds, m->n_skipped);
    for (uint32_t i = 0; i < m->n_tags; i++)
        fprintf(out, "average precision %u: %.9g deviation %.9g\n", i, m->average_precision[i],
                m->average_precision_deviation[i]);
    for (size_t i = 0; i < m->n; i++)
        fprintf(out, "measured %zu: truth %u, predicted %u, probability %.9g, fold %u\n", i, m->entries[i].truth,
                m->entries[i].predicted, m->entries[i].probability, m->entries[i].fold);
    for (size_t i = 0; i < m->n_truths; i++) {
        const oc__truth *t = &m->truths[i];
        const oc__rect *r = &t->object.box;
        fprintf(out, "object %zu: picture %u, tag %u, box %.9g %.9g %.9g %.9g\n", i, t->picture, t->object.tag, r->left, r->top,
                r->right, r->bottom);
    }
    for (size_t i = 0; i < m->n_found; i++) {
        const oc__detection *d = &m->found[i].detection;
        fprintf(out, "found %zu: picture %u, tag %u, box %.9g %.9g %.9g %.9g, probability %.9g\n", i, m->found[i].picture, d->tag,
                d->box.left, d->box.top, d->box.right, d->box.bottom, d->probability);
    }
}

/* Runs the network on values from -1 to 1 in steps of 1/8. */
static oc_status describe_outputs(FILE *out, const oc_model *model, oc_error *err) {
    oc__runner *runner = NULL;
    float *in = NULL;
    oc_status status = oc__runner_create(&runner, model->program, err);
    if (!status) status = oc__runner_prepare(&in, runner, 1, model->rule.height, model->rule.width, err);
    if (status) goto done;
    for (size_t i = 0; i < (size_t)model->rule.height * model->rule.width * 3; i++) in[i] = (float)(i * 7 % 17) / 8 - 1;
    oc__runner_run(runner);
    for (uint32_t i = 0; i < model->graph.n_outputs; i++) {
        oc__shape shape;
        const float *values = oc__runner_output(runner, i, &shape);
        for (size_t j = 0; j < (size_t)shape.h * shape.w * shape.c; j++)
            fprintf(out, "output %u %zu: %.9g\n", i, j, values[j]);
    }
done:
    oc__runner_free(runner);
    return status;
}

oc_status golden_describe(FILE *out, const oc_model *model, oc_error *err) {
    const oc__prepare_rule *rule = &model->rule;
    fprintf(out, "kind: %u\n", model->kind);
    for (size_t i = 0; i < model->n_tags; i++) print_text(out, "tag", model->tags[i]);
    fprintf(out, "rule: %u x %u, resize %u, filter %u, reduced_jpeg %u, channels %u, mean %.9g %.9g %.9g, ", rule->width,
            rule->height, rule->resize, rule->filter, rule->reduced_jpeg, rule->channels, rule->mean[0], rule->mean[1],
            rule->mean[2]);
    fprintf(out, "scale %.9g %.9g %.9g, fill %u %u %u %u\n", rule->scale[0], rule->scale[1], rule->scale[2], rule->fill[0],
            rule->fill[1], rule->fill[2], rule->fill[3]);
    for (size_t i = 0; i < model->graph.n_nodes; i++) describe_node(out, &model->graph.nodes[i], i);
    for (uint32_t i = 0; i < model->graph.n_outputs; i++)
        fprintf(out, "graph output %u: node %u\n", i, model->graph.outputs[i]);
    for (size_t i = 0; i < model->graph.n_params; i++) describe_param(out, &model->graph.params[i], i);
    for (size_t i = 0; i < model->n_properties; i++) {
        print_text(out, "property", model->properties[i].key);
        print_text(out, "value", model->properties[i].value);
    }
    if (model->measurement) describe_measurement(out, model->measurement);
    for (size_t i = 0; i < model->graph.n_nodes && model->ranges; i++)
        fprintf(out, "range %zu: %.9g %.9g\n", i, model->ranges[i].low, model->ranges[i].high);
    return describe_outputs(out, model, err);
}

static void put_u32(uint8_t *p, uint32_t value) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(value >> (8 * i));
}

void golden_repair(uint8_t *data, size_t size) {
    if (size < OC__OCM_HEADER_SIZE) return;
    size_t n = oc__le32(data + OC__OCM_AT_COUNT);
    if (n > (size - OC__OCM_HEADER_SIZE) / OC__OCM_ENTRY_BYTES) n = (size - OC__OCM_HEADER_SIZE) / OC__OCM_ENTRY_BYTES;
    for (size_t i = 0; i < n; i++) {
        uint8_t *entry = data + OC__OCM_HEADER_SIZE + i * OC__OCM_ENTRY_BYTES;
        uint64_t offset = oc__le64(entry + OC__OCM_ENTRY_OFFSET), length = oc__le64(entry + OC__OCM_ENTRY_SIZE);
        if (offset <= size && length <= size - offset)
            put_u32(entry + OC__OCM_ENTRY_CRC, oc__crc32(0, data + offset, (size_t)length));
    }
    uint32_t crc = oc__crc32(0, data, OC__OCM_AT_CRC);
    put_u32(data + OC__OCM_AT_CRC,
            oc__crc32(crc, data + OC__OCM_AT_RESERVED, OC__OCM_HEADER_SIZE + n * OC__OCM_ENTRY_BYTES - OC__OCM_AT_RESERVED));
}
