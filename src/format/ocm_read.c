/* Reading model files. SPDX-License-Identifier: MIT
 *
 * The file is untrusted. A count is believed once the bytes left in its section can hold that many records, so no request
 * for memory is larger than about twice its section. What the numbers mean is checked by oc__model_finish. */
#include <math.h>
#include <string.h>

#include "half.h"
#include "ocm.h"
#include "ocm_sections.h"

static void fail_nomem(oc__cursor *cursor, size_t size) {
    if (!cursor->status) cursor->status = oc__fail_nomem(cursor->err, cursor->context, size, cursor->name);
}

static void read_head(oc_model *model, oc__cursor *cursor) {
    model->kind = oc__cursor_u32(cursor, "kind");
    uint32_t reserved = oc__cursor_u32(cursor, "reserved field");
    if (reserved) oc__cursor_fail(cursor, OC_E_UNSUPPORTED, "its reserved field is %u, this library expects 0", reserved);
}

static void read_tags(oc_model *model, oc__cursor *cursor) {
    uint32_t n = oc__cursor_count(cursor, OC__OCM_MIN_TAG, OC__MAX_TAGS, "number of tags");
    if (n == 0) return;
    if (!(model->tags = oc__alloc_zero(model->context, n * sizeof *model->tags))) fail_nomem(cursor, n * sizeof *model->tags);
    for (uint32_t i = 0; i < n && !cursor->status; i++) {
        model->tags[i] = oc__cursor_text(cursor, 1, 256, "tag");
        if (!cursor->status) model->n_tags++;
    }
}

static void read_rule(oc_model *model, oc__cursor *cursor) {
    oc__prepare_rule *rule = &model->rule;
    rule->width = oc__cursor_u32(cursor, "width");
    rule->height = oc__cursor_u32(cursor, "height");
    rule->resize = oc__cursor_u32(cursor, "resize");
    rule->filter = oc__cursor_u32(cursor, "filter");
    rule->reduced_jpeg = oc__cursor_u32(cursor, "reduced_jpeg");
    rule->channels = oc__cursor_u32(cursor, "channels");
    for (int i = 0; i < 3; i++) rule->mean[i] = oc__cursor_f32(cursor, "mean");
    for (int i = 0; i < 3; i++) rule->scale[i] = oc__cursor_f32(cursor, "scale");
    const uint8_t *fill = oc__cursor_take(cursor, 4, "fill");
    if (fill) memcpy(rule->fill, fill, 4);
}

static void read_indices(uint32_t *out, uint32_t n, oc__cursor *cursor, const char *what) {
    for (uint32_t i = 0; i < n; i++) out[i] = oc__cursor_u32(cursor, what);
}

static void read_node(oc__node *node, oc__cursor *cursor) {
    node->op = oc__cursor_u32(cursor, "operator");
    node->n_inputs = oc__cursor_count(cursor, 4, OC__MAX_INPUTS, "number of inputs");
    read_indices(node->inputs, node->n_inputs, cursor, "input");
    node->n_params = oc__cursor_count(cursor, 4, OC__MAX_PARAMS, "number of parameters");
    read_indices(node->params, node->n_params, cursor, "parameter");
    node->low = oc__cursor_f32(cursor, "low");
    node->high = oc__cursor_f32(cursor, "high");
    node->window.kernel_height = oc__cursor_u32(cursor, "kernel height");
    node->window.kernel_width = oc__cursor_u32(cursor, "kernel width");
    node->window.stride = oc__cursor_u32(cursor, "stride");
    node->window.dilation = oc__cursor_u32(cursor, "dilation");
    node->window.pad_top = oc__cursor_u32(cursor, "padding");
    node->window.pad_left = oc__cursor_u32(cursor, "padding");
    node->window.pad_bottom = oc__cursor_u32(cursor, "padding");
    node->window.pad_right = oc__cursor_u32(cursor, "padding");
    node->channels = oc__cursor_u32(cursor, "channels");
    node->groups = oc__cursor_u32(cursor, "groups");
    node->epsilon = oc__cursor_f32(cursor, "epsilon");
    if (!isfinite(node->epsilon)) oc__cursor_fail(cursor, OC_E_CORRUPT, "the epsilon of a node is not a finite number");
}

static void read_graph(oc_model *model, oc__cursor *cursor) {
    oc__graph *graph = &model->graph;
    uint32_t n = oc__cursor_count(cursor, OC__OCM_MIN_NODE, OC__MAX_NODES, "number of nodes");
    graph->n_outputs = oc__cursor_count(cursor, 4, OC__MAX_OUTPUTS, "number of outputs");
    read_indices(graph->outputs, graph->n_outputs, cursor, "output");
    if (cursor->status || n == 0) return;
    if (!(graph->nodes = oc__alloc_array(model->context, n, sizeof *graph->nodes)))
        fail_nomem(cursor, n * sizeof *graph->nodes);
    else graph->node_capacity = n;
    for (uint32_t i = 0, index; i < n && !cursor->status; i++) {
        oc__node node = {0};
        read_node(&node, cursor);
        if (!cursor->status) cursor->status = oc__graph_add_node(&index, graph, &node, cursor->err);
    }
}

/* What some nodes have besides, in the order of the nodes. */
static void read_attributes(oc_model *model, oc__cursor *cursor) {
    uint32_t n = oc__cursor_count(cursor, OC__OCM_ATTRIBUTES_SIZE, OC__MAX_NODES, "number of nodes with attributes");
    size_t next = 0;
    for (uint32_t i = 0; i < n && !cursor->status; i++) {
        uint32_t index = oc__cursor_u32(cursor, "node");
        if (index < next || index >= model->graph.n_nodes) {
            oc__cursor_fail(cursor, OC_E_CORRUPT, "attributes %u are of node %u, expected %zu to %zu", i, index, next,
                            model->graph.n_nodes - 1);
            return;
        }
        oc__node *node = &model->graph.nodes[index];
        node->function.code = oc__cursor_u32(cursor, "function");
        node->function.alpha = oc__cursor_f32(cursor, "alpha");
        node->function.beta = oc__cursor_f32(cursor, "beta");
        node->mode = oc__cursor_u32(cursor, "mode");
        read_indices(node->sizes, OC__MAX_SIZES, cursor, "size");
        next = (size_t)index + 1;
    }
}

/* Adds the parameter that a record of the table describes, once the section has its bytes. They are counted in *data_end. */
static void add_param(oc_model *model, oc__cursor *cursor, size_t *data_end) {
    uint32_t dimensions[OC__OCM_MAX_PARAM_RANK] = {0}, index = 0;
    uint32_t storage = oc__cursor_u32(cursor, "storage"), rank = oc__cursor_u32(cursor, "rank");
    size_t number = model->graph.n_params, count = 0, unit = storage == OC__STORE_F16 ? 2 : 4;
    read_indices(dimensions, OC__OCM_MAX_PARAM_RANK, cursor, "dimension");
    if (cursor->status) return;
    if (storage != OC__STORE_F32 && storage != OC__STORE_F16)
        oc__cursor_fail(cursor, OC_E_UNSUPPORTED, "parameter %zu is stored in the unknown way %u", number, storage);
    else if (rank < 1 || rank > OC__OCM_MAX_PARAM_RANK)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "parameter %zu has rank %u, expected 1 to %d", number, rank,
                        OC__OCM_MAX_PARAM_RANK);
    else if (!oc__shape_multiply(&count, dimensions, rank, sizeof(float)))
        oc__cursor_fail(cursor, OC_E_CORRUPT, "parameter %zu has an impossible shape", number);
    for (uint32_t i = rank; i < OC__OCM_MAX_PARAM_RANK && !cursor->status; i++)
        if (dimensions[i])
            oc__cursor_fail(cursor, OC_E_CORRUPT, "parameter %zu has rank %u, but its dimension %u is not 0", number, rank, i);
    if (cursor->status) return;
    size_t begin = (*data_end + OC__OCM_ALIGNMENT - 1) / OC__OCM_ALIGNMENT * OC__OCM_ALIGNMENT;
    if (begin > cursor->size || count > (cursor->size - begin) / unit) {
        oc__cursor_fail(cursor, OC_E_CORRUPT, "parameter %zu has %zu elements of %zu bytes, the section has no room for them",
                        number, count, unit);
        return;
    }
    *data_end = begin + count * unit;
    cursor->status = oc__graph_add_param(&index, &model->graph, rank, dimensions, cursor->err);
    if (!cursor->status) model->graph.params[index].storage = storage;
}

static void read_values(oc__param *param, oc__cursor *cursor) {
    size_t unit = param->storage == OC__STORE_F16 ? 2 : 4;
    oc__cursor_align(cursor, OC__OCM_ALIGNMENT);
    const uint8_t *bytes = oc__cursor_take(cursor, param->count * unit, "weights");
    if (!bytes) return;
    if (param->storage == OC__STORE_F16) {
        for (size_t i = 0; i < param->count; i++) param->values[i] = oc__half_to_float(oc__le16(bytes + 2 * i));
        return;
    }
    for (size_t i = 0; i < param->count; i++) {
        uint32_t bits = oc__le32(bytes + 4 * i);
        memcpy(&param->values[i], &bits, sizeof bits);
    }
}

static void read_weights(oc_model *model, oc__cursor *cursor) {
    oc__graph *graph = &model->graph;
    uint32_t n = oc__cursor_count(cursor, OC__OCM_PARAM_SIZE, OC__MAX_NODES * OC__MAX_PARAMS, "number of parameters");
    size_t data_end = cursor->at + (size_t)n * OC__OCM_PARAM_SIZE;
    if (cursor->status || n == 0) return;
    if (!(graph->params = oc__alloc_array(model->context, n, sizeof *graph->params)))
        fail_nomem(cursor, n * sizeof *graph->params);
    else graph->param_capacity = n;
    for (uint32_t i = 0; i < n && !cursor->status; i++) add_param(model, cursor, &data_end);
    for (uint32_t i = 0; i < n && !cursor->status; i++) read_values(&graph->params[i], cursor);
}

static void read_properties(oc_model *model, oc__cursor *cursor) {
    uint32_t n = oc__cursor_count(cursor, OC__OCM_MIN_PROPERTY, OC__MAX_PROPERTIES, "number of properties");
    if (n == 0) return;
    if (!(model->properties = oc__alloc_zero(model->context, n * sizeof *model->properties)))
        fail_nomem(cursor, n * sizeof *model->properties);
    else model->property_capacity = n;
    for (uint32_t i = 0; i < n && !cursor->status; i++) {
        oc__property *property = &model->properties[model->n_properties++];
        property->key = oc__cursor_text(cursor, 1, 64, "property key");
        property->value = oc__cursor_text(cursor, 0, 65535, "property value");
    }
}

static void read_measurement(oc_model *model, oc__cursor *cursor) {
    uint32_t method = oc__cursor_u32(cursor, "method"), n_folds = oc__cursor_u32(cursor, "number of folds");
    uint32_t n_skipped = oc__cursor_u32(cursor, "number of pictures left out");
    uint32_t n_tags = oc__cursor_count(cursor, OC__OCM_MEASURED_TAG, OC__MAX_TAGS, "number of tags");
    uint32_t n = oc__cursor_count(cursor, OC__OCM_MEASURED_ENTRY, UINT32_MAX, "number of pictures");
    if (cursor->status) return;
    cursor->status = oc__measurement_create(&model->measurement, model->context, n, n_tags, cursor->err);
    if (cursor->status) return;
    oc__measurement *m = model->measurement;
    m->method = method;
    m->n_folds = n_folds;
    m->n_skipped = n_skipped;
    for (uint32_t i = 0; i < n_tags; i++) {
        m->average_precision[i] = oc__cursor_f32(cursor, "average precision");
        m->average_precision_deviation[i] = oc__cursor_f32(cursor, "deviation");
    }
    for (uint32_t i = 0; i < n && !cursor->status; i++) {
        m->entries[i].truth = oc__cursor_u32(cursor, "truth");
        m->entries[i].predicted = oc__cursor_u32(cursor, "predicted");
        m->entries[i].probability = oc__cursor_f32(cursor, "probability");
        m->entries[i].fold = oc__cursor_u32(cursor, "fold");
    }
}

/* What the measurement keeps of each tag. */
static void read_answers(oc_model *model, oc__cursor *cursor) {
    oc__measurement *m = model->measurement;
    uint32_t n_tags = oc__cursor_count(cursor, 4, OC__MAX_TAGS, "number of tags");
    if (!cursor->status && (!m || m->n_tags != n_tags))
        oc__cursor_fail(cursor, OC_E_CORRUPT, "has the answers of %u tags, the measurement has %u", n_tags, m ? m->n_tags : 0);
    if (cursor->status) return;
    if ((cursor->status = oc__measurement_several(m, cursor->err))) return;
    for (uint32_t i = 0; i < n_tags; i++) {
        uint32_t n = oc__cursor_u32(cursor, "number of answers");
        if (n > m->n) oc__cursor_fail(cursor, OC_E_CORRUPT, "tag %u has %u answers on %zu pictures", i, n, m->n);
        m->n_answers += n;
        m->first_of_tag[i + 1] = m->n_answers;
    }
    if (!cursor->status && m->n_answers != (cursor->size - cursor->at) / OC__OCM_ANSWER_SIZE)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "has room for %zu answers, its tags have %zu",
                        (cursor->size - cursor->at) / OC__OCM_ANSWER_SIZE, m->n_answers);
    if (cursor->status) return;
    if (!(m->answers = oc__alloc_array(model->context, m->n_answers, sizeof *m->answers)))
        fail_nomem(cursor, m->n_answers * sizeof *m->answers);
    for (uint32_t i = 0; i < n_tags && !cursor->status; i++)
        for (size_t a = m->first_of_tag[i]; a < m->first_of_tag[i + 1]; a++) {
            m->answers[a].picture = oc__cursor_u32(cursor, "picture");
            m->answers[a].tag = i;
            m->answers[a].probability = oc__cursor_f32(cursor, "probability");
            m->answers[a].bears = oc__cursor_u32(cursor, "truth");
        }
    m->n_added = n_tags;
}

static oc__rect read_rect(oc__cursor *cursor) {
    oc__rect box;
    box.left = oc__cursor_f32(cursor, "left");
    box.top = oc__cursor_f32(cursor, "top");
    box.right = oc__cursor_f32(cursor, "right");
    box.bottom = oc__cursor_f32(cursor, "bottom");
    return box;
}

/* The objects and boxes that the measurement keeps. */
static void read_boxes(oc_model *model, oc__cursor *cursor) {
    oc__measurement *m = model->measurement;
    uint32_t n_truths = oc__cursor_count(cursor, OC__OCM_TRUTH_SIZE, UINT32_MAX, "number of objects");
    uint32_t n_found = oc__cursor_count(cursor, OC__OCM_FOUND_SIZE, UINT32_MAX, "number of boxes");
    if (!cursor->status && !m) oc__cursor_fail(cursor, OC_E_CORRUPT, "has the boxes of a measurement that is not there");
    if (cursor->status) return;
    if ((cursor->status = oc__measurement_boxes(m, n_truths, n_found, cursor->err))) return;
    for (size_t i = 0; i < n_truths && !cursor->status; i++) {
        m->truths[i].picture = oc__cursor_u32(cursor, "picture");
        m->truths[i].object.tag = oc__cursor_u32(cursor, "tag");
        m->truths[i].object.box = read_rect(cursor);
    }
    for (size_t i = 0; i < n_found && !cursor->status; i++) {
        m->found[i].picture = oc__cursor_u32(cursor, "picture");
        m->found[i].detection.tag = oc__cursor_u32(cursor, "tag");
        m->found[i].detection.box = read_rect(cursor);
        m->found[i].detection.probability = oc__cursor_f32(cursor, "probability");
    }
}

static void read_thresholds(oc_model *model, oc__cursor *cursor) {
    uint32_t n = oc__cursor_count(cursor, OC__OCM_THRESHOLD_SIZE, OC__MAX_TAGS, "number of thresholds");
    if (!cursor->status && n != model->n_tags)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "has the thresholds of %u tags, the model has %zu", n, model->n_tags);
    if (cursor->status) return;
    if (!(model->thresholds = oc__alloc_array(model->context, n, sizeof *model->thresholds)))
        fail_nomem(cursor, n * sizeof *model->thresholds);
    for (uint32_t i = 0; i < n && !cursor->status; i++) model->thresholds[i] = oc__cursor_f32(cursor, "threshold");
}

static void read_ranges(oc_model *model, oc__cursor *cursor) {
    uint32_t n = oc__cursor_count(cursor, OC__OCM_RANGE_SIZE, OC__MAX_NODES, "number of ranges");
    if (!cursor->status && n != model->graph.n_nodes)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "has the ranges of %u nodes, the network has %zu", n, model->graph.n_nodes);
    if (cursor->status) return;
    if (!(model->ranges = oc__alloc_zero(model->context, n * sizeof *model->ranges)))
        fail_nomem(cursor, n * sizeof *model->ranges);
    for (uint32_t i = 0; i < n && !cursor->status; i++) {
        model->ranges[i].low = oc__cursor_f32(cursor, "range");
        model->ranges[i].high = oc__cursor_f32(cursor, "range");
    }
}

static oc_status read_section(oc_model *model, oc__cursor *cursor, void (*read)(oc_model *, oc__cursor *)) {
    if (!cursor->data) return OC_OK;
    read(model, cursor);
    oc__cursor_end(cursor);
    return cursor->status;
}

oc_status oc__ocm_read(oc_model **out, oc_context *context, const uint8_t *data, size_t size, const char *name, oc_error *err) {
    oc_model *model = NULL;
    oc__cursor sections[OC__OCM_N_KINDS];
    oc_status status;
    *out = NULL;
    if (size > context->limits.model_bytes) {
        status = oc__fail(err, OC_E_LIMIT, "has %zu bytes, the limit max_model_bytes is %llu", size,
                          (unsigned long long)context->limits.model_bytes);
        goto done;
    }
    if ((status = oc__ocm_open(sections, context, data, size, err)) || (status = oc__model_create(&model, context, err))
        || (status = read_section(model, &sections[OC__OCM_HEAD], read_head))
        || (status = read_section(model, &sections[OC__OCM_TAGS], read_tags))
        || (status = read_section(model, &sections[OC__OCM_RULE], read_rule))
        || (status = read_section(model, &sections[OC__OCM_WGHT], read_weights))
        || (status = read_section(model, &sections[OC__OCM_GRPH], read_graph))
        || (status = read_section(model, &sections[OC__OCM_ATTR], read_attributes))
        || (status = read_section(model, &sections[OC__OCM_PROP], read_properties))
        || (status = read_section(model, &sections[OC__OCM_MEAS], read_measurement))
        || (status = read_section(model, &sections[OC__OCM_ANSW], read_answers))
        || (status = read_section(model, &sections[OC__OCM_BOXM], read_boxes))
        || (status = read_section(model, &sections[OC__OCM_QUAN], read_ranges))
        || (status = read_section(model, &sections[OC__OCM_THRE], read_thresholds)) || (status = oc__model_finish(model, err)))
        goto done;
    *out = model;
done:
    if (status) {
        oc__fail_in(err, status, name);
        oc__model_release(model);
    }
    return status;
}
