/* From all that an ONNX file holds to what is wanted of it. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "half.h"
#include "onnx_reader.h"

/* --- outputs --- */

/* The value that the user means by a name: a value's own or a node's, whose first output it is then. */
static oc_status named_value(oc__onnx_value **out, const oc__onnx_reader *r, const char *name, oc_error *err) {
    *out = oc__onnx_find(r, name);
    for (size_t i = 0; i < r->file->n_node && !*out; i++) {
        const OcOnnx__Node *node = r->file->node[i];
        if (node->name && strcmp(node->name, name) == 0 && node->n_output) *out = oc__onnx_find(r, node->output[0]);
    }
    if (!*out) return oc__fail(err, OC_E_ARGUMENT, "has no node and no value '%.80s'", name);
    if ((*out)->kind == OC__ONNX_FAILED) return oc__onnx_fail(r, (*out)->failure, err);
    if ((*out)->kind == OC__ONNX_CONSTANT)
        return oc__fail(err, OC_E_ARGUMENT, "'%.80s' does not depend on the picture", name);
    return OC_OK;
}

/* The first of the file's outputs that could be represented; else the first one's failure. */
static oc_status first_output(oc__onnx_value **out, const oc__onnx_reader *r, oc_error *err) {
    const oc__onnx_value *failed = NULL;
    for (size_t i = 0; i < r->file->n_output; i++) {
        oc__onnx_value *value = oc__onnx_find(r, r->file->output[i]->name);
        if (value && value->kind == OC__ONNX_MAP) {
            *out = value;
            return OC_OK;
        }
        if (value && value->kind == OC__ONNX_FAILED && !failed) failed = value;
    }
    return failed ? oc__onnx_fail(r, failed->failure, err)
                  : oc__fail(err, OC_E_CORRUPT, "has no output that depends on the picture");
}

static bool passes_on(const oc__onnx_reader *r, uint32_t index) {
    switch (r->graph.nodes[index].op) {
    case OC__OP_SOFTMAX: case OC__OP_ACTIVATION: case OC__OP_GLOBAL_POOL: case OC__OP_MEAN_POOL: case OC__OP_RESHAPE:
        return true;
    default:
        return r->made[index].affine;
    }
}

/* From an output back to the last layer with weights, if it looks like a classifier: a matrix product, or a 1x1 convolution,
 * behind which come only functions, pooling and another shape. False: there is none. */
static bool find_classifier(uint32_t *features, const oc__onnx_reader *r, uint32_t output) {
    const oc__node *node = &r->graph.nodes[output];
    while (passes_on(r, output)) {
        output = node->inputs[0];
        node = &r->graph.nodes[output];
    }
    const oc__window *w = &node->window;
    if (node->op != OC__OP_CONV || w->kernel_height != 1 || w->kernel_width != 1 || w->stride != 1 || node->groups != 1)
        return false;
    *features = node->inputs[0];
    return r->graph.nodes[*features].op != OC__OP_INPUT;
}

/* Marks all that the nodes marked already need. */
static void mark_needed(uint8_t *needed, const oc__graph *graph) {
    for (size_t i = graph->n_nodes; i-- > 0;)
        for (uint32_t j = 0; needed[i] && j < graph->nodes[i].n_inputs; j++) needed[graph->nodes[i].inputs[j]] = 1;
}

/* The last maps on the features' path whose sides are about an 8th, a 16th and a 32nd of the input's. */
static oc_status find_maps(oc__onnx_network *out, uint32_t *nodes, const oc__onnx_reader *r, uint32_t features, oc_error *err) {
    uint8_t *needed = oc__alloc_zero(r->context, r->graph.n_nodes);
    if (!needed) return oc__fail_nomem(err, r->context, r->graph.n_nodes, "ONNX graph");
    needed[features] = 1;
    mark_needed(needed, &r->graph);
    for (uint32_t log = 3; log <= 5; log++)
        for (size_t i = features + 1; i-- > 0;) {
            const oc__shape *s = &r->made[i].shape;
            if (!needed[i] || s->h < 2 || s->w < 2 || lround(log2((double)out->height / s->h)) != log ||
                lround(log2((double)out->width / s->w)) != log)
                continue;
            nodes[out->n_maps] = (uint32_t)i;
            out->strides[out->n_maps++] = 1u << log;
            break;
        }
    oc__free(r->context, needed);
    return OC_OK;
}

/* Whether the network itself brings pixels to its range: factors right behind the input, whose middle or width is that of
 * bytes or of 0 to 1. */
static void find_preparation(oc__onnx_preparation *p, const oc__onnx_reader *r) {
    uint32_t at = 0;
    double scale = 1, shift = 0;
    if (p->known) return;
    for (;;) {
        uint32_t reader = 0, n_readers = 0;
        for (size_t i = 0; i < r->graph.n_nodes; i++)
            if (r->graph.nodes[i].n_inputs && r->graph.nodes[i].inputs[0] == at) {
                reader = (uint32_t)i;
                n_readers++;
            }
        if (n_readers != 1 || !r->made[reader].affine) break;
        const oc__node *node = &r->graph.nodes[reader];
        double factor = r->graph.params[node->params[0]].values[0], addend = r->graph.params[node->params[1]].values[0];
        shift = shift * factor + addend;
        scale *= factor;
        at = reader;
    }
    if (at == 0 || scale == 0) return;
    double middle = -shift / scale, width = fabs(1 / scale);
    bool bytes = middle > 10 || width > 10, unit = !bytes && (middle > 0.1 || width < 0.6);
    p->known = bytes || unit;
    p->scale = unit ? 1.0f / 255 : 1;
}

static oc_status keep_name(oc__onnx_network *out, const oc__onnx_reader *r, const char *name, oc_error *err) {
    if (!name) name = "";
    out->features = oc__strdup(r->context, name);
    return out->features ? OC_OK : oc__fail_nomem(err, r->context, strlen(name), "ONNX names");
}

static oc_status whole_outputs(oc__onnx_network *out, oc__onnx_reader *r, oc_error *err) {
    uint32_t outputs[OC__MAX_OUTPUTS], n = 0;
    oc__onnx_value *any;
    oc_status status = first_output(&any, r, err);
    for (size_t i = 0; i < r->file->n_output && n < OC__MAX_OUTPUTS && !status; i++) {
        oc__onnx_value *value = oc__onnx_find(r, r->file->output[i]->name);
        if (!value || value->kind != OC__ONNX_MAP) continue;
        status = oc__onnx_settle(r, value, err);
        outputs[n++] = value->node;
    }
    return status ? status : oc__onnx_tidy(out, r, outputs, n, err);
}

oc_status oc__onnx_cut(oc__onnx_network *out, oc__onnx_reader *r, const oc__onnx_options *options, oc_error *err) {
    uint32_t nodes[1 + OC__ONNX_N_MAPS] = {0}, features = 0;
    oc__onnx_value *value;
    oc_status status;
    if (options->whole) return whole_outputs(out, r, err);
    status = options->features ? named_value(&value, r, options->features, err) : first_output(&value, r, err);
    if (!status) status = oc__onnx_settle(r, value, err);
    if (status) return status;
    features = value->node;
    const char *name = value->name;
    if (!options->features && find_classifier(&features, r, value->node)) {
        out->cut = true;
        name = r->made[features].name;
    }
    find_preparation(&out->preparation, r);
    status = find_maps(out, nodes + 1, r, features, err);
    nodes[0] = features;
    oc__node pool = oc__onnx_node(OC__OP_GLOBAL_POOL, features);
    const oc__shape *s = &r->made[features].shape;
    if (!status && (s->h != 1 || s->w != 1)) status = oc__onnx_emit(&nodes[0], r, &pool, err);
    if (!status) status = keep_name(out, r, name, err);
    return status ? status : oc__onnx_tidy(out, r, nodes, 1 + out->n_maps, err);
}

/* --- tidying --- */

typedef struct tidying {
    oc__onnx_reader *r;
    oc__graph *to;
    uint8_t *needed;
    uint32_t *readers; /* how many read an old node */
    uint32_t *map;     /* where an old node's output comes from now */
    uint32_t *free;    /* how many read a new node */
} tidying;

static bool plain(const oc__node *node) {
    return node->op != OC__OP_INPUT && node->low == -INFINITY && node->high == INFINITY &&
           node->function.code == OC__FUNCTION_NONE;
}

/* A clamp becomes the own one of what it follows. */
static bool join_clamp(tidying *t, const oc__node *node) {
    oc__node *before = &t->to->nodes[node->inputs[0]];
    if (node->op != OC__OP_ACTIVATION || node->function.code != OC__FUNCTION_NONE || !plain(before) ||
        t->free[node->inputs[0]] != 1)
        return false;
    before->low = node->low;
    before->high = node->high;
    return true;
}

/* Factors and addends of channels become part of the convolution that they follow. */
static bool join_affine(tidying *t, const oc__node *node, bool affine) {
    const oc__node *before = &t->to->nodes[node->inputs[0]];
    if (!affine || before->op != OC__OP_CONV || before->n_inputs != 1 || before->n_params != 2 || !plain(before) ||
        t->free[node->inputs[0]] != 1)
        return false;
    oc__param *weights = &t->to->params[before->params[0]], *bias = &t->to->params[before->params[1]];
    const oc__param *factors = &t->r->graph.params[node->params[0]], *addends = &t->r->graph.params[node->params[1]];
    size_t filter = weights->count / before->channels;
    for (uint32_t c = 0; c < before->channels; c++) {
        for (size_t k = 0; k < filter; k++) weights->values[c * filter + k] *= factors->values[c];
        bias->values[c] = bias->values[c] * factors->values[c] + addends->values[c];
    }
    return true;
}

/* Hands a node's parameters over to the new graph. */
static oc_status move_params(tidying *t, oc__node *node, oc_error *err) {
    for (uint32_t i = 0; i < node->n_params; i++) {
        oc__param *param = &t->r->graph.params[node->params[i]];
        oc_status status =
            oc__reserve(&t->to->params, &t->to->param_capacity, t->to->n_params, sizeof *param, t->r->context, err);
        if (status) return status;
        node->params[i] = (uint32_t)t->to->n_params;
        t->to->params[t->to->n_params++] = *param;
        param->values = NULL;
    }
    return OC_OK;
}

/* A matrix product or convolution without bias, behind which factors come, gets one to take them. */
static oc_status give_bias(tidying *t, oc__node *node, uint32_t index, oc_error *err) {
    bool wanted = false;
    const oc__graph *graph = &t->r->graph;
    if (node->op != OC__OP_CONV || node->n_params != 1 || t->readers[index] != 1) return OC_OK;
    for (size_t i = index + 1; i < graph->n_nodes && !wanted; i++)
        wanted = t->needed[i] && t->r->made[i].affine && graph->nodes[i].inputs[0] == index;
    if (!wanted) return OC_OK;
    node->n_params = 2;
    return oc__graph_add_param(&node->params[1], t->to, 1, &node->channels, err);
}

static oc_status tidy_node(tidying *t, uint32_t index, oc_error *err) {
    oc__node node = t->r->graph.nodes[index];
    for (uint32_t j = 0; j < node.n_inputs; j++) node.inputs[j] = t->map[node.inputs[j]];
    if (node.n_inputs && (join_clamp(t, &node) || join_affine(t, &node, t->r->made[index].affine))) {
        t->map[index] = node.inputs[0];
    } else {
        oc_status status = move_params(t, &node, err);
        if (!status) status = give_bias(t, &node, index, err);
        if (!status) status = oc__graph_add_node(&t->map[index], t->to, &node, err);
        if (status) return status;
    }
    t->free[t->map[index]] = t->readers[index];
    return OC_OK;
}

/* Weights that half precision holds exactly are stored in it. */
static void choose_storage(oc__graph *graph) {
    for (size_t i = 0; i < graph->n_params; i++) {
        oc__param *param = &graph->params[i];
        size_t same = 0;
        while (same < param->count && oc__half_to_float(oc__half_from_float(param->values[same])) == param->values[same])
            same++;
        if (same == param->count) param->storage = OC__STORE_F16;
    }
}

oc_status oc__onnx_tidy(oc__onnx_network *out, oc__onnx_reader *r, const uint32_t *outputs, uint32_t n, oc_error *err) {
    size_t n_nodes = r->graph.n_nodes;
    oc_status status = OC_OK;
    tidying t = {.r = r, .to = &out->graph};
    t.needed = oc__alloc_zero(r->context, n_nodes);
    t.readers = oc__alloc_zero(r->context, n_nodes * sizeof *t.readers);
    t.map = oc__alloc_zero(r->context, n_nodes * sizeof *t.map);
    t.free = oc__alloc_zero(r->context, n_nodes * sizeof *t.free);
    if (!t.needed || !t.readers || !t.map || !t.free)
        status = oc__fail_nomem(err, r->context, n_nodes * sizeof *t.map, "ONNX graph");
    for (uint32_t i = 0; i < n && !status; i++) {
        t.needed[outputs[i]] = 1;
        t.readers[outputs[i]]++;
    }
    if (!status) {
        t.needed[0] = 1; /* the input, even if nothing reads it */
        mark_needed(t.needed, &r->graph);
        for (size_t i = 0; i < n_nodes; i++)
            for (uint32_t j = 0; t.needed[i] && j < r->graph.nodes[i].n_inputs; j++) t.readers[r->graph.nodes[i].inputs[j]]++;
    }
    for (uint32_t i = 0; i < n_nodes && !status; i++)
        if (t.needed[i]) status = tidy_node(&t, i, err);
    out->graph.n_outputs = status ? 0 : n;
    for (uint32_t i = 0; i < n && !status; i++) out->graph.outputs[i] = t.map[outputs[i]];
    oc__free(r->context, t.needed);
    oc__free(r->context, t.readers);
    oc__free(r->context, t.map);
    oc__free(r->context, t.free);
    if (!status) choose_storage(&out->graph);
    return status;
}
