/* Writing model files. SPDX-License-Identifier: MIT */
#include <string.h>

#include "half.h"
#include "hash.h"
#include "ocm.h"
#include "ocm_layout.h"

static void put_le(uint8_t *p, uint64_t value, size_t size) {
    for (size_t i = 0; i < size; i++) p[i] = (uint8_t)(value >> (8 * i));
}

static void put_u32(oc__buffer *out, uint32_t value) {
    uint8_t bytes[4];
    put_le(bytes, value, sizeof bytes);
    oc__buffer_append(out, bytes, sizeof bytes);
}

static void put_f32(oc__buffer *out, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    put_u32(out, bits);
}

static void put_text(oc__buffer *out, const char *text) {
    size_t size = strlen(text);
    put_u32(out, (uint32_t)size);
    oc__buffer_append(out, text, size);
}

/* Sections lie at multiples of the alignment, so the same holds within a section as within the file. */
static void align(oc__buffer *out) {
    oc__buffer_zeros(out, (OC__OCM_ALIGNMENT - out->size % OC__OCM_ALIGNMENT) % OC__OCM_ALIGNMENT);
}

static oc_status write_head(oc__buffer *out, const oc_model *model, oc_error *err) {
    (void)err;
    put_u32(out, model->kind);
    put_u32(out, 0);
    return OC_OK;
}

static oc_status write_tags(oc__buffer *out, const oc_model *model, oc_error *err) {
    (void)err;
    put_u32(out, (uint32_t)model->n_tags);
    for (size_t i = 0; i < model->n_tags; i++) put_text(out, model->tags[i]);
    return OC_OK;
}

static oc_status write_rule(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__prepare_rule *rule = &model->rule;
    (void)err;
    put_u32(out, rule->width);
    put_u32(out, rule->height);
    put_u32(out, rule->resize);
    put_u32(out, rule->filter);
    put_u32(out, rule->reduced_jpeg);
    put_u32(out, rule->channels);
    for (int i = 0; i < 3; i++) put_f32(out, rule->mean[i]);
    for (int i = 0; i < 3; i++) put_f32(out, rule->scale[i]);
    oc__buffer_append(out, rule->fill, sizeof rule->fill);
    return OC_OK;
}

static void write_node(oc__buffer *out, const oc__node *node) {
    put_u32(out, node->op);
    put_u32(out, node->n_inputs);
    for (uint32_t i = 0; i < node->n_inputs; i++) put_u32(out, node->inputs[i]);
    put_u32(out, node->n_params);
    for (uint32_t i = 0; i < node->n_params; i++) put_u32(out, node->params[i]);
    put_f32(out, node->low);
    put_f32(out, node->high);
    put_u32(out, node->window.kernel_height);
    put_u32(out, node->window.kernel_width);
    put_u32(out, node->window.stride);
    put_u32(out, node->window.dilation);
    put_u32(out, node->window.pad_top);
    put_u32(out, node->window.pad_left);
    put_u32(out, node->window.pad_bottom);
    put_u32(out, node->window.pad_right);
    put_u32(out, node->channels);
    put_u32(out, node->groups);
    put_f32(out, node->epsilon);
}

static oc_status write_graph(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__graph *graph = &model->graph;
    (void)err;
    put_u32(out, (uint32_t)graph->n_nodes);
    put_u32(out, graph->n_outputs);
    for (uint32_t i = 0; i < graph->n_outputs; i++) put_u32(out, graph->outputs[i]);
    for (size_t i = 0; i < graph->n_nodes; i++) write_node(out, &graph->nodes[i]);
    return OC_OK;
}

static bool has_attributes(const oc__node *node) {
    bool any = node->function.code || node->function.alpha != 0 || node->function.beta != 0 || node->mode;
    for (int i = 0; i < OC__MAX_SIZES; i++) any = any || node->sizes[i];
    return any;
}

static uint32_t n_with_attributes(const oc__graph *graph) {
    uint32_t n = 0;
    for (size_t i = 0; i < graph->n_nodes; i++) n += has_attributes(&graph->nodes[i]);
    return n;
}

static oc_status write_attributes(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__graph *graph = &model->graph;
    (void)err;
    put_u32(out, n_with_attributes(graph));
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        if (!has_attributes(node)) continue;
        put_u32(out, i);
        put_u32(out, node->function.code);
        put_f32(out, node->function.alpha);
        put_f32(out, node->function.beta);
        put_u32(out, node->mode);
        for (int j = 0; j < OC__MAX_SIZES; j++) put_u32(out, node->sizes[j]);
    }
    return OC_OK;
}

/* The lowest minor version that holds the model. */
static unsigned minor_version(const oc_model *model) {
    const oc__graph *graph = &model->graph;
    bool newer = model->ranges || n_with_attributes(graph) > 0;
    if (model->kind > OC__OCM_LAST_KIND_1_2) return 3;
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].function.code > OC__OCM_LAST_FUNCTION_1_2) return 3;
    if (model->kind > OC__OCM_LAST_KIND_1_1) return 2;
    for (size_t i = 0; i < graph->n_nodes; i++) newer = newer || graph->nodes[i].op > OC__OCM_LAST_OP_1_0;
    return newer ? 1 : 0;
}

/* In blocks, so that the buffer is not asked to grow for each value. Returns false if a value is no float16. */
static bool write_values(oc__buffer *out, const oc__param *param) {
    uint8_t block[1024];
    size_t unit = param->storage == OC__STORE_F16 ? 2 : 4, used = 0;
    for (size_t i = 0; i < param->count; i++) {
        float value = param->values[i];
        uint32_t bits;
        if (param->storage == OC__STORE_F16) {
            bits = oc__half_from_float(value);
            if (oc__half_to_float((uint16_t)bits) != value) return false;
        } else {
            memcpy(&bits, &value, sizeof bits);
        }
        put_le(block + used, bits, unit);
        used += unit;
        if (used == sizeof block || i + 1 == param->count) {
            oc__buffer_append(out, block, used);
            used = 0;
        }
    }
    return true;
}

static oc_status write_weights(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__graph *graph = &model->graph;
    put_u32(out, (uint32_t)graph->n_params);
    for (size_t i = 0; i < graph->n_params; i++) {
        const oc__param *param = &graph->params[i];
        put_u32(out, param->storage);
        put_u32(out, param->rank);
        for (uint32_t j = 0; j < OC__OCM_MAX_PARAM_RANK; j++) put_u32(out, j < param->rank ? param->dimensions[j] : 0);
    }
    for (size_t i = 0; i < graph->n_params; i++) {
        align(out);
        if (!write_values(out, &graph->params[i]))
            return oc__fail(err, OC_E_INTERNAL, "model file: parameter %zu is to be stored as float16, but its values are not",
                            i);
    }
    return OC_OK;
}

static oc_status write_properties(oc__buffer *out, const oc_model *model, oc_error *err) {
    (void)err;
    put_u32(out, (uint32_t)model->n_properties);
    for (size_t i = 0; i < model->n_properties; i++) {
        put_text(out, model->properties[i].key);
        put_text(out, model->properties[i].value);
    }
    return OC_OK;
}

static oc_status write_measurement(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__measurement *m = model->measurement;
    if (m->n > UINT32_MAX)
        return oc__fail(err, OC_E_LIMIT, "model file: a measurement of %zu pictures, at most %u", m->n, UINT32_MAX);
    put_u32(out, m->method);
    put_u32(out, m->n_folds);
    put_u32(out, m->n_skipped);
    put_u32(out, m->n_tags);
    put_u32(out, (uint32_t)m->n);
    for (uint32_t i = 0; i < m->n_tags; i++) {
        put_f32(out, m->average_precision[i]);
        put_f32(out, m->average_precision_deviation[i]);
    }
    for (size_t i = 0; i < m->n; i++) {
        put_u32(out, m->entries[i].truth);
        put_u32(out, m->entries[i].predicted);
        put_f32(out, m->entries[i].probability);
        put_u32(out, m->entries[i].fold);
    }
    return OC_OK;
}

static oc_status write_answers(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__measurement *m = model->measurement;
    (void)err;
    put_u32(out, m->n_tags);
    for (uint32_t i = 0; i < m->n_tags; i++) put_u32(out, (uint32_t)(m->first_of_tag[i + 1] - m->first_of_tag[i]));
    for (size_t i = 0; i < m->n_answers; i++) {
        put_u32(out, m->answers[i].picture);
        put_f32(out, m->answers[i].probability);
        put_u32(out, m->answers[i].bears);
    }
    return OC_OK;
}

static void put_rect(oc__buffer *out, const oc__rect *box) {
    put_f32(out, box->left);
    put_f32(out, box->top);
    put_f32(out, box->right);
    put_f32(out, box->bottom);
}

static oc_status write_boxes(oc__buffer *out, const oc_model *model, oc_error *err) {
    const oc__measurement *m = model->measurement;
    if (m->n_truths > UINT32_MAX || m->n_found > UINT32_MAX)
        return oc__fail(err, OC_E_LIMIT, "model file: a measurement of %zu objects and %zu boxes, at most %u", m->n_truths, m->n_found,
                        UINT32_MAX);
    put_u32(out, (uint32_t)m->n_truths);
    put_u32(out, (uint32_t)m->n_found);
    for (size_t i = 0; i < m->n_truths; i++) {
        put_u32(out, m->truths[i].picture);
        put_u32(out, m->truths[i].object.tag);
        put_rect(out, &m->truths[i].object.box);
    }
    for (size_t i = 0; i < m->n_found; i++) {
        put_u32(out, m->found[i].picture);
        put_u32(out, m->found[i].detection.tag);
        put_rect(out, &m->found[i].detection.box);
        put_f32(out, m->found[i].detection.probability);
    }
    return OC_OK;
}

static oc_status write_thresholds(oc__buffer *out, const oc_model *model, oc_error *err) {
    (void)err;
    put_u32(out, (uint32_t)model->n_tags);
    for (size_t i = 0; i < model->n_tags; i++) put_f32(out, model->thresholds[i]);
    return OC_OK;
}

static oc_status write_ranges(oc__buffer *out, const oc_model *model, oc_error *err) {
    (void)err;
    put_u32(out, (uint32_t)model->graph.n_nodes);
    for (size_t i = 0; i < model->graph.n_nodes; i++) {
        put_f32(out, model->ranges[i].low);
        put_f32(out, model->ranges[i].high);
    }
    return OC_OK;
}

static oc_status (*const writers[OC__OCM_N_KINDS])(oc__buffer *, const oc_model *, oc_error *) = {
    [OC__OCM_HEAD] = write_head,       [OC__OCM_TAGS] = write_tags,       [OC__OCM_RULE] = write_rule,
    [OC__OCM_GRPH] = write_graph,      [OC__OCM_ATTR] = write_attributes, [OC__OCM_WGHT] = write_weights,
    [OC__OCM_PROP] = write_properties, [OC__OCM_MEAS] = write_measurement, [OC__OCM_ANSW] = write_answers,
    [OC__OCM_BOXM] = write_boxes,
    [OC__OCM_QUAN] = write_ranges,     [OC__OCM_THRE] = write_thresholds,
};

/* Fills in the table's entry of a section that has been appended. */
static void seal_section(oc__buffer *out, size_t index, const oc__ocm_kind *kind, size_t offset) {
    uint8_t *entry = out->data + OC__OCM_HEADER_SIZE + index * OC__OCM_ENTRY_BYTES;
    size_t size = out->size - offset;
    memcpy(entry + OC__OCM_ENTRY_TYPE, kind->type, 4);
    put_le(entry + OC__OCM_ENTRY_FLAGS, kind->flags, 4);
    put_le(entry + OC__OCM_ENTRY_OFFSET, offset, 8);
    put_le(entry + OC__OCM_ENTRY_SIZE, size, 8);
    put_le(entry + OC__OCM_ENTRY_CRC, oc__crc32(0, out->data + offset, size), 4);
}

static void seal_header(oc__buffer *out, size_t n_sections, unsigned minor) {
    size_t table_end = OC__OCM_HEADER_SIZE + n_sections * OC__OCM_ENTRY_BYTES;
    memcpy(out->data, OC__OCM_MAGIC, OC__OCM_MAGIC_SIZE);
    put_le(out->data + OC__OCM_AT_MAJOR, OC__OCM_MAJOR, 2);
    put_le(out->data + OC__OCM_AT_MINOR, minor, 2);
    put_le(out->data + OC__OCM_AT_COUNT, n_sections, 4);
    put_le(out->data + OC__OCM_AT_FILE_SIZE, out->size, 8);
    uint32_t crc = oc__crc32(0, out->data, OC__OCM_AT_CRC);
    crc = oc__crc32(crc, out->data + OC__OCM_AT_RESERVED, table_end - OC__OCM_AT_RESERVED);
    put_le(out->data + OC__OCM_AT_CRC, crc, 4);
}

oc_status oc__ocm_write(oc__buffer *out, const oc_model *model, oc_error *err) {
    bool wanted[OC__OCM_N_KINDS];
    size_t n = 0;
    for (int kind = 0; kind < OC__OCM_N_KINDS; kind++) {
        wanted[kind] = kind == OC__OCM_PROP   ? model->n_properties > 0
                       : kind == OC__OCM_MEAS ? model->measurement != NULL
                       : kind == OC__OCM_ANSW ? model->measurement != NULL && model->measurement->several
                       : kind == OC__OCM_BOXM ? model->measurement != NULL && model->measurement->boxed
                       : kind == OC__OCM_QUAN ? model->ranges != NULL
                       : kind == OC__OCM_THRE ? model->thresholds != NULL
                       : kind == OC__OCM_ATTR ? n_with_attributes(&model->graph) > 0
                                              : true;
        n += wanted[kind];
    }
    oc__buffer_zeros(out, OC__OCM_HEADER_SIZE + n * OC__OCM_ENTRY_BYTES);
    for (int kind = 0, index = 0; kind < OC__OCM_N_KINDS; kind++) {
        if (!wanted[kind]) continue;
        align(out);
        size_t offset = out->size;
        oc_status status = writers[kind](out, model, err);
        if (status) return status;
        if (out->failed) break;
        seal_section(out, (size_t)index++, &oc__ocm_kinds[kind], offset);
    }
    if (out->failed) return oc__fail_nomem(err, model->context, out->capacity, "model file");
    seal_header(out, n, minor_version(model));
    return OC_OK;
}
