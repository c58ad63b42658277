/* What a trained model is. SPDX-License-Identifier: MIT */
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "text.h"

oc_status oc__model_create(oc_model **out, oc_context *context, oc_error *err) {
    oc_model *model = oc__alloc_zero(context, sizeof *model);
    if (!model) return oc__fail_nomem(err, context, sizeof *model, "model");
    atomic_init(&model->n_references, 1);
    model->context = oc__context_retain(context);
    model->graph.context = context;
    pthread_mutex_init(&model->lock, NULL);
    *out = model;
    return OC_OK;
}

size_t oc__model_find_tag(const oc_model *model, const char *name) {
    size_t t = 0;
    while (t < model->n_tags && strcmp(model->tags[t], name) != 0) t++;
    return t;
}

oc_model *oc__model_retain(const oc_model *model) {
    oc_model *same = (oc_model *)(uintptr_t)model;
    atomic_fetch_add(&same->n_references, 1);
    return same;
}

void oc__model_release(oc_model *model) {
    if (!model || atomic_fetch_sub(&model->n_references, 1) != 1) return;
    oc_context *context = model->context;
    for (size_t i = 0; i < model->n_tags; i++) oc__free(context, model->tags[i]);
    oc__free(context, model->tags);
    for (size_t i = 0; i < model->n_properties; i++) {
        oc__free(context, model->properties[i].key);
        oc__free(context, model->properties[i].value);
    }
    oc__free(context, model->properties);
    oc__program_free(model->program);
    for (size_t i = 0; i < OC__N_PRECISIONS; i++) oc__program_free(model->others[i]);
    oc__free(context, model->ranges);
    oc__free(context, model->thresholds);
    pthread_mutex_destroy(&model->lock);
    oc__graph_free(&model->graph);
    oc__measurement_free(model->measurement);
    oc__free(context, model);
    oc__context_release(context);
}

oc_status oc__model_set_tags(oc_model *model, const char *const *tags, size_t n, oc_error *err) {
    if (!(model->tags = oc__alloc_zero(model->context, n * sizeof *model->tags)))
        return oc__fail_nomem(err, model->context, n * sizeof *model->tags, "tags");
    for (size_t i = 0; i < n; i++, model->n_tags++)
        if (!(model->tags[i] = oc__strdup(model->context, tags[i])))
            return oc__fail_nomem(err, model->context, strlen(tags[i]), "tags");
    return OC_OK;
}

oc_status oc__model_set_property(oc_model *model, const char *key, const char *value, oc_error *err) {
    oc_context *context = model->context;
    oc_status status = OC_OK;
    char *key_copy = NULL, *value_copy = oc__strdup(context, value);
    size_t i = 0;
    if (!value_copy) return oc__fail_nomem(err, context, strlen(value), "property");
    while (i < model->n_properties && strcmp(model->properties[i].key, key) != 0) i++;
    if (i == model->n_properties) {
        status = oc__reserve(&model->properties, &model->property_capacity, i, sizeof *model->properties, context, err);
        if (!status && !(key_copy = oc__strdup(context, key))) status = oc__fail_nomem(err, context, strlen(key), "property");
        if (status) {
            oc__free(context, value_copy);
            return status;
        }
        model->properties[model->n_properties++] = (oc__property){.key = key_copy};
    }
    oc__free(context, model->properties[i].value);
    model->properties[i].value = value_copy;
    return OC_OK;
}

oc_status oc__model_set_property_u64(oc_model *model, const char *key, uint64_t value, oc_error *err) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return oc__model_set_property(model, key, text, err);
}

oc_status oc__model_copy_properties(oc_model *to, const oc_model *from, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < from->n_properties && !status; i++)
        status = oc__model_set_property(to, from->properties[i].key, from->properties[i].value, err);
    return status;
}

const char *oc__model_property(const oc_model *model, const char *key) {
    for (size_t i = 0; i < model->n_properties; i++)
        if (strcmp(model->properties[i].key, key) == 0) return model->properties[i].value;
    return NULL;
}

float oc__model_threshold(const oc_model *model, size_t tag) {
    if (model->kind != OC__KIND_MULTILABEL) return 0;
    return model->thresholds ? model->thresholds[tag] : 0.5f;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static oc_status check_distinct(const oc_model *model, oc_error *err) {
    oc_status status = OC_OK;
    char **sorted = oc__alloc_array(model->context, model->n_tags, sizeof *sorted);
    if (!sorted) return oc__fail_nomem(err, model->context, model->n_tags * sizeof *sorted, "tags");
    memcpy(sorted, model->tags, model->n_tags * sizeof *sorted);
    qsort(sorted, model->n_tags, sizeof *sorted, by_text);
    for (size_t i = 1; i < model->n_tags && !status; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            status = oc__fail(err, OC_E_CORRUPT, "has the tag '%.80s' twice", sorted[i]);
    oc__free(model->context, sorted);
    return status;
}

static oc_status check_tags(const oc_model *model, oc_error *err) {
    if (model->kind == OC__KIND_BASE)
        return model->n_tags ? oc__fail(err, OC_E_CORRUPT, "a base network has %zu tags", model->n_tags) : OC_OK;
    if (model->n_tags < 1 || model->n_tags > OC__MAX_TAGS)
        return oc__fail(err, OC_E_CORRUPT, "has %zu tags, expected 1 to %d", model->n_tags, OC__MAX_TAGS);
    for (size_t i = 0; i < model->n_tags; i++)
        if (!oc__tag_valid(model->tags[i]))
            return oc__fail(err, OC_E_CORRUPT, "the name of tag %zu is not UTF-8 of 1 to 256 bytes", i);
    return check_distinct(model, err);
}

static oc_status check_properties(const oc_model *model, oc_error *err) {
    if (model->n_properties > OC__MAX_PROPERTIES)
        return oc__fail(err, OC_E_CORRUPT, "has %zu properties, at most %d", model->n_properties, OC__MAX_PROPERTIES);
    for (size_t i = 0; i < model->n_properties; i++) {
        const oc__property *p = &model->properties[i];
        size_t key = strlen(p->key), value = strlen(p->value);
        if (key < 1 || key > 64 || !oc__utf8_valid(p->key, key) || value > 65535 || !oc__utf8_valid(p->value, value))
            return oc__fail(err, OC_E_CORRUPT, "property %zu is not UTF-8 of 1 to 64 and 0 to 65535 bytes", i);
        for (size_t j = 0; j < i; j++)
            if (strcmp(p->key, model->properties[j].key) == 0)
                return oc__fail(err, OC_E_CORRUPT, "properties %zu and %zu have the same key", j, i);
    }
    return OC_OK;
}

static oc_status check_levels(const oc_model *model, const oc__shape *shapes, oc_error *err) {
    const oc__graph *graph = &model->graph;
    if (model->rule.resize != OC__RESIZE_SQUASH)
        return oc__fail(err, OC_E_CORRUPT, "is a detector that does not take all of a picture");
    if (graph->n_outputs > OC__MAX_LEVELS)
        return oc__fail(err, OC_E_CORRUPT, "is a detector of %u levels, at most %d", graph->n_outputs, OC__MAX_LEVELS);
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        const oc__shape *out = &shapes[graph->outputs[i]];
        if (out->c != model->n_tags + OC__BOX_CHANNELS || out->h > model->rule.height || out->w > model->rule.width)
            return oc__fail(err, OC_E_CORRUPT, "its level %u gives %u values at %ux%u pixels, for %zu tags", i, out->c, out->w, out->h,
                            model->n_tags);
    }
    return OC_OK;
}

static oc_status check_graph(oc_model *model, oc_error *err) {
    const oc__graph *graph = &model->graph;
    oc_status status = oc__graph_check(graph, err);
    if (status) return status;
    if (graph->nodes[0].channels != 3)
        return oc__fail(err, OC_E_CORRUPT, "its network takes %u channels, expected 3", graph->nodes[0].channels);
    oc__shape *shapes = oc__alloc_array(model->context, graph->n_nodes, sizeof *shapes);
    if (!shapes) return oc__fail_nomem(err, model->context, graph->n_nodes * sizeof *shapes, "network");
    status = oc__graph_shapes(shapes, graph, 1, model->rule.height, model->rule.width, err);
    if (status == OC_E_ARGUMENT) status = oc__fail_in(err, OC_E_CORRUPT, "at the size its rule names");
    if (!status && model->kind == OC__KIND_DETECTION) {
        status = check_levels(model, shapes, err);
    } else if (!status) {
        const oc__shape *out = &shapes[graph->outputs[0]];
        if (out->h != 1 || out->w != 1) status = oc__fail(err, OC_E_CORRUPT, "its first output is not a vector");
        else if (model->kind != OC__KIND_BASE && out->c != model->n_tags)
            status = oc__fail(err, OC_E_CORRUPT, "its network gives %u values for %zu tags", out->c, model->n_tags);
        const oc__shape *novelty = &shapes[graph->outputs[graph->n_outputs > 1]];
        model->tells_novelty = model->kind != OC__KIND_BASE && graph->n_outputs > 1 && novelty->h == 1 && novelty->w == 1 && novelty->c == 1;
    }
    oc__free(model->context, shapes);
    return status;
}

static oc_status check_answers(const oc__measurement *m, oc_error *err) {
    for (uint32_t t = 0; t < m->n_tags; t++)
        for (size_t i = m->first_of_tag[t]; i < m->first_of_tag[t + 1]; i++) {
            const oc__answer *a = &m->answers[i];
            if (a->bears > 1 || a->picture >= m->n || !(a->probability >= 0 && a->probability <= 1)
                || (i > m->first_of_tag[t] && a->picture <= m->answers[i - 1].picture))
                return oc__fail(err, OC_E_CORRUPT, "answer %zu of its measurement is out of range or order", i);
        }
    return OC_OK;
}

static bool rect_valid(const oc__rect *r) {
    return r->left >= 0 && r->left <= r->right && r->right <= 1 && r->top >= 0 && r->top <= r->bottom && r->bottom <= 1;
}

static oc_status check_boxes(const oc__measurement *m, oc_error *err) {
    for (size_t i = 0; i < m->n_truths; i++) {
        const oc__truth *t = &m->truths[i];
        if (t->picture >= m->n || t->object.tag >= m->n_tags || !rect_valid(&t->object.box)
            || (i && t->picture < m->truths[i - 1].picture))
            return oc__fail(err, OC_E_CORRUPT, "object %zu of its measurement is out of range or order", i);
    }
    for (size_t i = 0; i < m->n_found; i++) {
        const oc__found *f = &m->found[i];
        const oc__detection *d = &f->detection;
        if (f->picture >= m->n || d->tag >= m->n_tags || !rect_valid(&d->box) || !(d->probability >= 0 && d->probability <= 1)
            || (i && f->picture < m->found[i - 1].picture)
            || (i && f->picture == m->found[i - 1].picture && d->probability > m->found[i - 1].detection.probability))
            return oc__fail(err, OC_E_CORRUPT, "box %zu of its measurement is out of range or order", i);
    }
    return OC_OK;
}

static oc_status check_measurement(oc_model *model, oc_error *err) {
    oc__measurement *m = model->measurement;
    if (!m) return OC_OK;
    if (m->n_tags != model->n_tags)
        return oc__fail(err, OC_E_CORRUPT, "its measurement has %u tags, the model %zu", m->n_tags, model->n_tags);
    if (m->several != (model->kind == OC__KIND_MULTILABEL))
        return oc__fail(err, OC_E_CORRUPT, "its measurement is of one tag a picture and the model is not, or the other way round");
    if (m->boxed != (model->kind == OC__KIND_DETECTION))
        return oc__fail(err, OC_E_CORRUPT, "its measurement is of boxes and the model is not, or the other way round");
    if (m->method < OC_REPORT_TEST_SET || m->method > OC_REPORT_CROSS_VALIDATION)
        return oc__fail(err, OC_E_CORRUPT, "its measurement is of unknown method %u", m->method);
    if (m->n_folds < 1 || m->n_folds > 1000)
        return oc__fail(err, OC_E_CORRUPT, "its measurement has %u folds, expected 1 to 1000", m->n_folds);
    for (size_t i = 0; i < m->n; i++) {
        const oc__measured *e = &m->entries[i];
        bool told = e->truth < m->n_tags && e->predicted < m->n_tags && e->probability >= 0 && e->probability <= 1;
        if (e->fold >= m->n_folds || !(told || m->several || m->boxed))
            return oc__fail(err, OC_E_CORRUPT, "entry %zu of its measurement is out of range", i);
    }
    for (uint32_t i = 0; i < m->n_tags; i++)
        if (!(m->average_precision[i] >= 0 && m->average_precision[i] <= 1)
            || !(m->average_precision_deviation[i] >= 0 && m->average_precision_deviation[i] <= 1))
            return oc__fail(err, OC_E_CORRUPT, "the average precision of tag %u is not between 0 and 1", i);
    if (m->boxed) return check_boxes(m, err);
    if (!m->several || m->by_picture) return OC_OK;
    oc_status status = check_answers(m, err);
    for (uint32_t i = 0; i < m->n_tags; i++) m->thresholds[i] = oc__model_threshold(model, i);
    return status ? status : oc__measurement_finish(m, err);
}

static oc_status check_thresholds(const oc_model *model, oc_error *err) {
    if (model->thresholds && model->kind != OC__KIND_MULTILABEL)
        return oc__fail(err, OC_E_CORRUPT, "has thresholds, which only a multilabel model has");
    for (size_t i = 0; i < model->n_tags && model->thresholds; i++)
        if (!(model->thresholds[i] >= 0 && model->thresholds[i] <= 1))
            return oc__fail(err, OC_E_CORRUPT, "the threshold of tag %zu is not between 0 and 1", i);
    return OC_OK;
}

static oc_status check_ranges(const oc_model *model, oc_error *err) {
    for (size_t i = 0; i < model->graph.n_nodes && model->ranges; i++) {
        oc__range r = model->ranges[i];
        if (!isfinite(r.low) || !isfinite(r.high) || r.low > r.high)
            return oc__fail(err, OC_E_CORRUPT, "the range of node %zu is not two finite numbers in order", i);
    }
    return OC_OK;
}

oc_status oc__model_finish(oc_model *model, oc_error *err) {
    oc_status status;
    if (model->kind < OC__KIND_BASE || model->kind > OC__KIND_DETECTION)
        return oc__fail(err, OC_E_UNSUPPORTED, "is of kind %u, which this library does not know", model->kind);
    if ((status = check_tags(model, err)) || (status = check_properties(model, err))
        || (status = oc__prepare_rule_check(&model->rule, err)) || (status = check_graph(model, err))
        || (status = check_thresholds(model, err)) || (status = check_measurement(model, err))
        || (status = check_ranges(model, err)))
        return status;
    return oc__program_create(&model->program, &model->graph, model->rule.height, model->rule.width, NULL, err);
}

oc_status oc__model_program(const oc__program **out, const oc_model *model, uint32_t precision, oc_error *err) {
    oc_model *same = (oc_model *)(uintptr_t)model; /* what is made here shows in no answer of the model's */
    oc__program_options options = {.precision = precision, .ranges = model->ranges};
    oc_status status = OC_OK;
    *out = model->program;
    if (precision == OC_PRECISION_FP32) return OC_OK;
    if (precision >= OC__N_PRECISIONS)
        return oc__fail(err, OC_E_ARGUMENT, "precision is %u, expected 0 to %d", precision, OC__N_PRECISIONS - 1);
    if (precision == OC_PRECISION_INT8 && !model->ranges)
        return oc__fail(err, OC_E_UNSUPPORTED, "%s", oc__model_property(model, "normal")
                            ? "a model of good pictures alone (anomaly) has no int8: take fp32 or bf16"
                            : "the model does not say what range its values have, as int8 needs: train it with this version");
    pthread_mutex_lock(&same->lock);
    if (!same->others[precision])
        status =
            oc__program_create(&same->others[precision], &model->graph, model->rule.height, model->rule.width, &options, err);
    *out = same->others[precision];
    pthread_mutex_unlock(&same->lock);
    return status;
}
