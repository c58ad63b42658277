/* Reading ONNX files. SPDX-License-Identifier: MIT
 *
 * The file is untrusted. protobuf-c takes the messages apart; whatever they say is checked here before anything is made of it,
 * and what constants and weights may take together is bounded by the size of the file. A node that cannot be represented does
 * no harm until the outputs that are wanted turn out to depend on it. */
#include <stdio.h>
#include <string.h>

#include "onnx_reader.h"

#define MIN_OPSET 1
#define MIN_FULL_OPSET 7 /* before that, operators that are needed still change: only some are read */
#define MAX_OPSET 21
#define MAX_FAILURES 64
#define MAX_WAITING 16

const bool oc__onnx_present = true;

/* --- the messages --- */

typedef struct unpacking {
    oc_context *context;
    bool failed;
} unpacking;

static void *allocate(void *user, size_t size) {
    unpacking *u = user;
    void *memory = oc__alloc(u->context, size);
    if (!memory) u->failed = true;
    return memory;
}

static void release(void *user, void *memory) { oc__free(((unpacking *)user)->context, memory); }

static oc_status unpack(OcOnnx__Model **out, unpacking *u, const uint8_t *data, size_t size, oc_error *err) {
    ProtobufCAllocator allocator = {allocate, release, u};
    *out = oc_onnx__model__unpack(&allocator, size, data);
    if (*out) return OC_OK;
    if (u->failed) return oc__fail_nomem(err, u->context, size, "ONNX file");
    return oc__fail(err, OC_E_FORMAT, "is no ONNX file, or is damaged");
}

/* Every text that is used is there, so that no pointer to one is NULL from here on. */
static oc_status check_texts(const OcOnnx__Graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->n_node; i++)
        if (!graph->node[i]->op_type || !graph->node[i]->op_type[0])
            return oc__fail(err, OC_E_CORRUPT, "node %zu does not name its operator", i);
    for (size_t i = 0; i < graph->n_initializer; i++)
        if (!graph->initializer[i]->name) return oc__fail(err, OC_E_CORRUPT, "initializer %zu has no name", i);
    for (size_t i = 0; i < graph->n_input; i++)
        if (!graph->input[i]->name) return oc__fail(err, OC_E_CORRUPT, "input %zu has no name", i);
    for (size_t i = 0; i < graph->n_output; i++)
        if (!graph->output[i]->name) return oc__fail(err, OC_E_CORRUPT, "output %zu has no name", i);
    return OC_OK;
}

static oc_status check_model(oc__onnx_reader *r, const OcOnnx__Model *model, oc_error *err) {
    if (!model->graph || !model->has_ir_version) return oc__fail(err, OC_E_FORMAT, "is no ONNX file: it has no graph");
    if (model->graph->n_node == 0) return oc__fail(err, OC_E_CORRUPT, "its graph has no nodes");
    for (size_t i = 0; i < model->n_opset_import; i++) {
        const OcOnnx__OperatorSet *set = model->opset_import[i];
        if (!set->domain || !set->domain[0] || strcmp(set->domain, "ai.onnx") == 0)
            r->opset = set->has_version ? set->version : 1;
    }
    if (r->opset < MIN_OPSET || r->opset > MAX_OPSET)
        return oc__fail(err, OC_E_UNSUPPORTED, "is written in operator set %lld; %d to %d are read", (long long)r->opset,
                        MIN_OPSET, MAX_OPSET);
    r->file = model->graph;
    return check_texts(model->graph, err);
}

/* --- inputs and constants --- */

static oc_status add_constants(oc__onnx_reader *r, oc_error *err) {
    for (size_t i = 0; i < r->file->n_initializer; i++) {
        const OcOnnx__Tensor *tensor = r->file->initializer[i];
        oc__onnx_value value = {.name = tensor->name, .failure = SIZE_MAX};
        oc_status status = oc__onnx_tensor(r, &value, tensor, err);
        if (!status) status = oc__onnx_add_value(r, &value, err);
        if (status) {
            char place[96];
            snprintf(place, sizeof place, "initializer '%.70s'", tensor->name);
            return oc__fail_in(err, status, place);
        }
    }
    return OC_OK;
}

/* The side that the file states for a dimension, or 0. */
static uint32_t stated(const OcOnnx__Shape *shape, size_t dim) {
    const OcOnnx__Dimension *d = shape->dim[dim];
    return d->has_dim_value && d->dim_value > 0 && d->dim_value <= 65536 ? (uint32_t)d->dim_value : 0;
}

static oc_status choose_side(uint32_t *side, uint32_t from_file, uint32_t wanted, const char *what, oc_error *err) {
    *side = wanted ? wanted : from_file;
    if (wanted && from_file && wanted != from_file)
        return oc__fail(err, OC_E_ARGUMENT, "is made for pictures of a %s of %u, not %u", what, from_file, wanted);
    if (*side < 1) return oc__fail(err, OC_E_ARGUMENT, "does not state the %s of its input; a size is needed", what);
    if (*side > 4096) return oc__fail(err, OC_E_UNSUPPORTED, "takes pictures of a %s of %u, at most 4096", what, *side);
    return OC_OK;
}

/* The picture: the one input that is no constant. Its batch is taken as 1, whatever the file says. */
static oc_status add_picture(oc__onnx_network *out, oc__onnx_reader *r, const OcOnnx__Value *input,
                             const oc__onnx_options *options, oc_error *err) {
    const OcOnnx__Type *type = input->type;
    const OcOnnx__Shape *shape = type && type->tensor_type ? type->tensor_type->shape : NULL;
    oc__onnx_value value = {.name = input->name, .failure = SIZE_MAX};
    oc__node node = oc__onnx_node(OC__OP_INPUT, 0);
    uint32_t index;
    node.n_inputs = 0;
    if (!shape || (shape->n_dim != 4 && shape->n_dim != 2))
        return oc__fail(err, OC_E_UNSUPPORTED, "its input '%.60s' has %zu dimensions, a picture has 4", input->name,
                        shape ? shape->n_dim : 0);
    bool vector = shape->n_dim == 2, last = options->layout == OC__ONNX_NHWC;
    if (!vector && !options->layout) last = stated(shape, 1) != 3 && stated(shape, 3) == 3;
    node.channels = vector ? stated(shape, 1) : stated(shape, last ? 3 : 1);
    if (node.channels == 0 && !options->whole) node.channels = 3;
    oc_status status = OC_OK;
    out->width = out->height = 1;
    if (!vector) status = choose_side(&out->height, stated(shape, last ? 1 : 2), options->height, "height", err);
    if (!vector && !status) status = choose_side(&out->width, stated(shape, last ? 2 : 3), options->width, "width", err);
    if (status) return status;
    /* Where the sides are known only while reading, in place of an operator's own sizes, which an input does not have. */
    node.sizes[0] = out->height;
    node.sizes[1] = out->width;
    status = oc__onnx_emit(&index, r, &node, err);
    if (status) return status;
    memset(r->graph.nodes[index].sizes, 0, sizeof node.sizes);
    r->made[index].name = input->name;
    oc__onnx_map(&value, r, index, vector ? 2 : 4);
    if (last) { /* {1, c, h, w} as {1, h, w, c} */
        const uint32_t order[4] = {0, 2, 3, 1};
        oc__onnx_permute(&value, order);
    }
    return oc__onnx_add_value(r, &value, err);
}

static oc_status add_input(oc__onnx_network *out, oc__onnx_reader *r, const oc__onnx_options *options, oc_error *err) {
    const OcOnnx__Value *picture = NULL;
    for (size_t i = 0; i < r->file->n_input; i++) { /* before IR version 4, constants stand among the inputs too */
        if (oc__onnx_find(r, r->file->input[i]->name)) continue;
        if (picture)
            return oc__fail(err, OC_E_UNSUPPORTED, "has the inputs '%.60s' and '%.60s', expected one picture", picture->name,
                            r->file->input[i]->name);
        picture = r->file->input[i];
    }
    return picture ? add_picture(out, r, picture, options, err) : oc__fail(err, OC_E_CORRUPT, "has no input");
}

/* --- nodes --- */

typedef struct operation {
    const char *name;
    oc__onnx_handler map;  /* where an input depends on the picture; NULL: cannot be represented */
    oc__onnx_handler fold; /* where none does; NULL: cannot be folded */
} operation;

static const operation operations[] = {
    {"Add", oc__onnx_binary, oc__onnx_fold_binary},
    {"AveragePool", oc__onnx_pool, NULL},
    {"BatchNormalization", oc__onnx_batch_norm, NULL},
    {"Cast", oc__onnx_identity, oc__onnx_fold_cast},
    {"Ceil", NULL, oc__onnx_fold_unary},
    {"Clip", oc__onnx_activation, NULL},
    {"Concat", oc__onnx_concat, oc__onnx_fold_concat},
    {"Constant", NULL, oc__onnx_fold_constant},
    {"ConstantOfShape", NULL, oc__onnx_fold_fill},
    {"Conv", oc__onnx_conv, NULL},
    {"Div", oc__onnx_binary, oc__onnx_fold_binary},
    {"Dropout", oc__onnx_identity, oc__onnx_identity},
    {"Exp", oc__onnx_activation, NULL},
    {"FC", oc__onnx_gemm, NULL},
    {"Flatten", oc__onnx_reshape, oc__onnx_reshape},
    {"Floor", NULL, oc__onnx_fold_unary},
    {"Gather", NULL, oc__onnx_fold_gather},
    {"Gemm", oc__onnx_gemm, NULL},
    {"GlobalAveragePool", oc__onnx_reduce, NULL},
    {"GlobalMaxPool", oc__onnx_reduce, NULL},
    {"HardSigmoid", oc__onnx_activation, NULL},
    {"HardSwish", oc__onnx_activation, NULL},
    {"Identity", oc__onnx_identity, oc__onnx_identity},
    {"ImageScaler", oc__onnx_scaler, NULL},
    {"LeakyRelu", oc__onnx_activation, NULL},
    {"LegacyPadding", oc__onnx_legacy_pad, NULL},
    {"MatMul", oc__onnx_matmul, NULL},
    {"MaxPool", oc__onnx_pool, NULL},
    {"Mul", oc__onnx_binary, oc__onnx_fold_binary},
    {"Neg", NULL, oc__onnx_fold_unary},
    {"PRelu", oc__onnx_activation, NULL},
    {"Pad", oc__onnx_pad, NULL},
    {"Reciprocal", NULL, oc__onnx_fold_unary},
    {"ReduceMax", oc__onnx_reduce, NULL},
    {"ReduceMean", oc__onnx_reduce, NULL},
    {"Relu", oc__onnx_activation, NULL},
    {"Reshape", oc__onnx_reshape, oc__onnx_reshape},
    {"Resize", oc__onnx_resize, NULL},
    {"Shape", oc__onnx_shape, oc__onnx_shape},
    {"Sigmoid", oc__onnx_activation, NULL},
    {"Slice", oc__onnx_slice, oc__onnx_slice},
    {"Softmax", oc__onnx_softmax, NULL},
    {"Split", oc__onnx_split, NULL},
    {"Sqrt", oc__onnx_activation, oc__onnx_fold_unary},
    {"Squeeze", oc__onnx_reshape, oc__onnx_reshape},
    {"Sub", oc__onnx_binary, oc__onnx_fold_binary},
    {"Tanh", oc__onnx_activation, NULL},
    {"Transpose", oc__onnx_transpose, oc__onnx_transpose},
    {"Unsqueeze", oc__onnx_reshape, oc__onnx_reshape},
    {"Upsample", oc__onnx_resize, NULL},
    {"ZipMap", oc__onnx_identity, NULL}, /* pairs names with probabilities, which stay as they are */
};

/* Those that mean the same before operator set 7, of the converter with which the service wrote its first files. */
static bool is_old(const char *name) {
    static const char *const names[] = {"BatchNormalization", "Concat", "Constant", "Conv", "Dropout", "FC", "Flatten",
                                        "GlobalAveragePool", "ImageScaler", "LegacyPadding", "MaxPool", "Relu", "Sigmoid",
                                        "Softmax", "ZipMap"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static const operation *find_operation(const OcOnnx__Node *node) {
    bool plain = !node->domain || !node->domain[0] || strcmp(node->domain, "ai.onnx") == 0;
    if (!plain && strcmp(node->op_type, "ZipMap") != 0 && strcmp(node->op_type, "LegacyPadding") != 0) return NULL;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (strcmp(operations[i].name, node->op_type) == 0) return &operations[i];
    return NULL;
}

/* *failed becomes the file's node that an input failed at, or SIZE_MAX; *constant whether none depends on the picture. */
static oc_status gather_inputs(oc__onnx_value **in, size_t *failed, bool *constant, oc__onnx_reader *r,
                               const OcOnnx__Node *node, oc_error *err) {
    *failed = SIZE_MAX;
    *constant = true;
    for (size_t i = 0; i < node->n_input; i++) {
        const char *name = node->input[i];
        in[i] = name[0] ? oc__onnx_find(r, name) : NULL;
        if (name[0] && !in[i])
            return oc__fail(err, OC_E_CORRUPT, "its input '%.60s' is made by no node before it, nor soon after it", name);
        if (in[i] && in[i]->kind == OC__ONNX_FAILED && *failed == SIZE_MAX) *failed = in[i]->failure;
        if (in[i] && in[i]->kind == OC__ONNX_MAP) *constant = false;
    }
    return OC_OK;
}

static oc_status handle(const oc__onnx_call *call, bool constant, oc_error *err) {
    const operation *o = find_operation(call->node);
    oc__onnx_handler handler = !o ? NULL : constant && call->n_in ? o->fold : constant && o->fold ? o->fold : o->map;
    if (!o) return oc__fail(err, OC_E_UNSUPPORTED, "the operator is not among those that are read");
    if (call->reader->opset < MIN_FULL_OPSET && !is_old(o->name))
        return oc__fail(err, OC_E_UNSUPPORTED, "the operator is not read in operator set %d, before %d",
                        (int)call->reader->opset, MIN_FULL_OPSET);
    if (!handler)
        return oc__fail(err, OC_E_UNSUPPORTED,
                        constant ? "is applied to constants" : "is applied to what depends on the picture");
    if (call->n_out == 0) return oc__fail(err, OC_E_CORRUPT, "has no output");
    return handler(call, err);
}

/* What cannot go on, rather than what cannot be represented. */
static bool is_fatal(oc_status status) { return status == OC_E_NOMEM || status == OC_E_LIMIT || status == OC_E_INTERNAL; }

static void name_place(char *place, size_t size, const oc__onnx_reader *r, size_t index) {
    const OcOnnx__Node *node = r->file->node[index];
    const char *name = node->name && node->name[0] ? node->name : node->n_output ? node->output[0] : "";
    snprintf(place, size, "node '%.60s' (%.40s)", name, node->op_type);
}

static oc_status note_failure(oc__onnx_reader *r, size_t index, const oc_error *error, oc_error *err) {
    if (r->n_failures >= MAX_FAILURES) return OC_OK;
    oc_status status =
        oc__reserve(&r->failures, &r->failure_capacity, r->n_failures, sizeof *r->failures, r->context, err);
    if (status) return status;
    oc__onnx_failure *failure = &r->failures[r->n_failures++];
    *failure = (oc__onnx_failure){.node = index, .status = error->code};
    memcpy(failure->message, error->message, sizeof failure->message);
    return OC_OK;
}

oc_status oc__onnx_fail(const oc__onnx_reader *r, size_t node, oc_error *err) {
    char place[128];
    for (size_t i = 0; i < r->n_failures; i++)
        if (r->failures[i].node == node) return oc__fail(err, r->failures[i].status, "%s", r->failures[i].message);
    name_place(place, sizeof place, r, node);
    return oc__fail(err, OC_E_UNSUPPORTED, "%s: cannot be represented", place);
}

/* Puts the outputs among the values. Those that the handler did not fill in have failed. */
static oc_status add_outputs(oc__onnx_reader *r, oc__onnx_value *out, size_t n, size_t failed, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n; i++) {
        if (!out[i].name[0] || status) {
            oc__onnx_value_free(r, &out[i]);
            continue;
        }
        if (out[i].kind == OC__ONNX_FAILED) out[i].failure = failed;
        if (out[i].kind == OC__ONNX_MAP && !r->made[out[i].node].name) r->made[out[i].node].name = out[i].name;
        status = oc__onnx_add_value(r, &out[i], err);
    }
    return status;
}

static oc_status read_node(oc__onnx_reader *r, size_t index, oc__onnx_value **in, oc__onnx_value *out, oc_error *err) {
    const OcOnnx__Node *node = r->file->node[index];
    oc_error error = OC_ERROR_INIT;
    char place[128];
    size_t failed;
    bool constant;
    name_place(place, sizeof place, r, index);
    if (node->n_input > OC__ONNX_MAX_INPUTS || node->n_output > OC__ONNX_MAX_OUTPUTS)
        return oc__fail(err, OC_E_UNSUPPORTED, "%s: has %zu inputs and %zu outputs", place, node->n_input, node->n_output);
    for (size_t i = 0; i < node->n_output; i++) out[i] = (oc__onnx_value){.name = node->output[i]};
    oc_status status = gather_inputs(in, &failed, &constant, r, node, &error);
    if (status) return oc__fail(err, status, "%s: %s", place, error.message);
    if (failed == SIZE_MAX) {
        oc__onnx_call call = {r, node, in, node->n_input, out, node->n_output};
        status = handle(&call, constant, &error);
        if (status) {
            oc__fail_in(&error, status, place);
            for (size_t i = 0; i < node->n_output; i++) {
                oc__onnx_value_free(r, &out[i]);
                out[i] = (oc__onnx_value){.name = node->output[i]};
            }
        }
        if (is_fatal(status)) return oc__fail(err, status, "%s", error.message);
        failed = index;
        if (status && (status = note_failure(r, index, &error, err))) return status;
    }
    status = add_outputs(r, out, node->n_output, failed, err);
    return status ? oc__fail_in(err, status, place) : OC_OK;
}

/* A node that stands before one that it needs: converters of the first years wrote such files. */
typedef struct waiting {
    size_t node, n_there; /* so many of its inputs are there */
} waiting;

static bool is_ready(const oc__onnx_reader *r, waiting *w) {
    const OcOnnx__Node *node = r->file->node[w->node];
    for (; w->n_there < node->n_input; w->n_there++) {
        const char *name = node->input[w->n_there];
        if (name[0] && !oc__onnx_find(r, name)) break;
    }
    return w->n_there == node->n_input;
}

static oc_status read_in_order(oc__onnx_reader *r, oc__onnx_value **in, oc__onnx_value *out, oc_error *err) {
    waiting list[MAX_WAITING];
    size_t n = 0;
    oc_status status = OC_OK;
    for (size_t i = 0; i < r->file->n_node && !status; i++) {
        waiting next = {i, 0};
        if (n < MAX_WAITING && !is_ready(r, &next)) {
            list[n++] = next;
            continue;
        }
        status = read_node(r, i, in, out, err);
        for (size_t k = 0; k < n && !status;) { /* what waited for it, and what waited for that */
            if (!is_ready(r, &list[k])) {
                k++;
                continue;
            }
            status = read_node(r, list[k].node, in, out, err);
            memmove(&list[k], &list[k + 1], (--n - k) * sizeof *list);
            k = 0;
        }
    }
    return n && !status ? read_node(r, list[0].node, in, out, err) : status; /* which fails, and says what it lacks */
}

static oc_status read_nodes(oc__onnx_reader *r, oc_error *err) {
    oc__onnx_value **in = oc__alloc_array(r->context, OC__ONNX_MAX_INPUTS, sizeof *in);
    oc__onnx_value *out = oc__alloc_array(r->context, OC__ONNX_MAX_OUTPUTS, sizeof *out);
    oc_status status = OC_OK;
    if (!in || !out) status = oc__fail_nomem(err, r->context, OC__ONNX_MAX_OUTPUTS * sizeof *out, "ONNX values");
    if (!status) status = read_in_order(r, in, out, err);
    oc__free(r->context, in);
    oc__free(r->context, out);
    return status;
}

/* --- the whole --- */

static const char *property(const OcOnnx__Model *model, const char *key) {
    for (size_t i = 0; i < model->n_metadata_props; i++) {
        const OcOnnx__Entry *entry = model->metadata_props[i];
        if (entry->key && entry->value && strcmp(entry->key, key) == 0) return entry->value;
    }
    return NULL;
}

/* What the file says of itself. */
static void describe(oc__onnx_network *out, const OcOnnx__Model *model) {
    const char *format = property(model, "Image.BitmapPixelFormat"), *range = property(model, "Image.NominalPixelRange");
    out->preparation = (oc__onnx_preparation){.channels = OC__CHANNELS_RGB};
    if (format && strncmp(format, "Bgr", 3) == 0) out->preparation.channels = OC__CHANNELS_BGR;
    if (range && (strcmp(range, "NominalRange_0_255") == 0 || strcmp(range, "Normalized_0_1") == 0)) {
        out->preparation.known = true;
        out->preparation.scale = range[1] == 'o' && strcmp(range, "Normalized_0_1") == 0 ? 1.0f / 255 : 1;
    }
    snprintf(out->producer, sizeof out->producer, "%.60s%s%.30s", model->producer_name ? model->producer_name : "",
             model->producer_version && model->producer_version[0] ? " " : "",
             model->producer_version ? model->producer_version : "");
}

static void free_reader(oc__onnx_reader *r) {
    for (size_t i = 0; i < r->n_values; i++) oc__onnx_value_free(r, &r->values[i]);
    oc__free(r->context, r->values);
    oc__free(r->context, r->table);
    oc__free(r->context, r->made);
    oc__free(r->context, r->failures);
    oc__graph_free(&r->graph);
}

void oc__onnx_network_free(oc__onnx_network *network) {
    if (!network->graph.context) return;
    oc__free(network->graph.context, network->features);
    oc__graph_free(&network->graph);
    *network = (oc__onnx_network){0};
}

oc_status oc__onnx_read(oc__onnx_network *out, oc_context *context, const uint8_t *data, size_t size, const char *name,
                        const oc__onnx_options *options, oc_error *err) {
    unpacking u = {context, false};
    OcOnnx__Model *model = NULL;
    oc__onnx_reader r = {.context = context, .graph = {.context = context}};
    *out = (oc__onnx_network){.graph = {.context = context}};
    oc_status status = OC_OK;
    if (size > context->limits.model_bytes)
        status = oc__fail(err, OC_E_LIMIT, "has %zu bytes, the limit max_model_bytes is %llu", size,
                          (unsigned long long)context->limits.model_bytes);
    if (!status) status = unpack(&model, &u, data, size, err);
    if (!status) status = check_model(&r, model, err);
    r.budget = size > SIZE_MAX / 16 ? SIZE_MAX : 8 * size + ((size_t)4 << 20);
    if (!status) status = add_constants(&r, err);
    if (!status) describe(out, model);
    if (!status) status = add_input(out, &r, options, err);
    if (!status) status = read_nodes(&r, err);
    if (!status) status = oc__onnx_cut(out, &r, options, err);
    free_reader(&r);
    if (model) {
        ProtobufCAllocator allocator = {allocate, release, &u};
        oc_onnx__model__free_unpacked(model, &allocator);
    }
    if (!status) return OC_OK;
    oc__onnx_network_free(out);
    return oc__fail_in(err, status, name);
}
