/* Training a classifier: features, cross-validation, final fit. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "calibrate.h"
#include "cross_validation.h"
#include "folds.h"
#include "memory.h"
#include "temperature.h"
#include "text.h"
#include "train.h"

/* The samples that could be read, moved together at the front. */
typedef struct readable {
    uint32_t *tags;
    uint32_t *index; /* into the training set */
    size_t n;
} readable;

static oc_status keep_readable(readable *out, oc__features *f, const oc__training_set *set, oc_error *err) {
    oc_context *context = f->context;
    size_t row = f->n_views * f->dim, *counts = oc__alloc_zero(context, set->n_tags * sizeof *counts);
    out->tags = oc__alloc_array(context, f->n, sizeof *out->tags);
    out->index = oc__alloc_array(context, f->n, sizeof *out->index);
    oc_status status = OC_OK;
    if (!counts || !out->tags || !out->index) status = oc__fail_nomem(err, context, f->n * sizeof *out->tags, "training");
    for (size_t i = 0; i < f->n && !status; i++) {
        if (f->status[i]) continue;
        size_t to = out->n++;
        if (to != i) memcpy(f->values + to * row, f->values + i * row, row * sizeof(float));
        f->content[to] = f->content[i];
        out->tags[to] = set->samples[i].tag;
        out->index[to] = (uint32_t)i;
        counts[out->tags[to]]++;
    }
    for (size_t t = 0; t < set->n_tags && !status; t++) {
        if (counts[t] == 0)
            status = oc__fail(err, OC_E_DATA, "tag '%s' has no picture that can be read", set->tags[t]);
        else if (counts[t] == 1)
            oc__log(context, OC_LOG_WARNING, "tag '%s' has one picture only; it cannot be measured", set->tags[t]);
    }
    f->n = out->n;
    oc__free(context, counts);
    return status;
}

typedef struct seen {
    uint64_t content;
    uint32_t at;
} seen;

static int by_content(const void *a, const void *b) {
    const seen *x = a, *y = b;
    if (x->content != y->content) return x->content < y->content ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* The same picture under two tags cannot be learned: warn of each such pair. */
static oc_status warn_of_contradictions(const oc__features *f, const readable *r, const oc__training_set *set, oc_error *err) {
    oc_context *context = f->context;
    seen *list = oc__alloc_array(context, f->n, sizeof *list);
    if (!list) return oc__fail_nomem(err, context, f->n * sizeof *list, "training");
    for (size_t i = 0; i < f->n; i++) list[i] = (seen){f->content[i], (uint32_t)i};
    if (f->n) qsort(list, f->n, sizeof *list, by_content);
    for (size_t i = 1; i < f->n; i++) {
        uint32_t a = list[i - 1].at, b = list[i].at;
        if (list[i].content == list[i - 1].content && r->tags[a] != r->tags[b])
            oc__log(context, OC_LOG_WARNING, "%s and %s are the same picture under the tags '%s' and '%s'",
                    set->samples[r->index[a]].sample->image.name, set->samples[r->index[b]].sample->image.name,
                    set->tags[r->tags[a]], set->tags[r->tags[b]]);
    }
    oc__free(context, list);
    return OC_OK;
}

/* Cross-validates: chooses options->l2 if it is 0, finds the temperature, and makes the measurement. */
static oc_status validate(oc__measurement **out, double *l2, double *temperature, const oc__features *f, const readable *r,
                          const oc__training_set *set, const oc__train_options *options, oc__progress *progress,
                          oc_error *err) {
    oc_context *context = f->context;
    uint32_t n_folds = options->folds < f->n ? (uint32_t)options->folds : (uint32_t)f->n;
    uint32_t *folds = oc__alloc_array(context, f->n, sizeof *folds);
    float *probabilities = oc__alloc_array(context, f->n, set->n_tags * sizeof(float));
    oc__measurement *m = NULL;
    oc_status status = OC_OK;
    if (!folds || !probabilities) status = oc__fail_nomem(err, context, f->n * set->n_tags * sizeof(float), "cross-validation");
    if (!status)
        status = oc__folds_assign(folds, &n_folds, context, r->tags, f->content, f->n, set->n_tags, options->seed, err);
    if (!status && n_folds < 2) status = oc__fail(err, OC_E_DATA, "all %zu pictures are the same one", f->n);
    if (!status) {
        oc__validation v = {f, r->tags, folds, set->n_tags, n_folds};
        status = oc__cross_validate(probabilities, l2, &v, progress, err);
    }
    if (!status)
        status = oc__calibrate_probabilities(probabilities, temperature, context, r->tags, folds, f->n, set->n_tags, n_folds,
                                             err);
    if (!status) status = oc__measurement_create(&m, context, f->n, (uint32_t)set->n_tags, err);
    for (size_t i = 0; i < f->n && !status; i++) {
        m->entries[i].truth = r->tags[i];
        m->entries[i].fold = folds[i];
        const char *name = set->samples[r->index[i]].sample->image.name;
        if (!(m->entries[i].name = oc__strdup(context, name)))
            status = oc__fail_nomem(err, context, strlen(name), "measurement");
    }
    if (!status) {
        m->method = OC_REPORT_CROSS_VALIDATION;
        m->n_folds = n_folds;
        m->n_skipped = (uint32_t)(set->n - f->n);
        status = oc__measurement_fill(m, probabilities, err);
    }
    oc__free(context, folds);
    oc__free(context, probabilities);
    if (status) oc__measurement_free(m);
    else *out = m;
    return status;
}

/* Fits all samples. */
static oc_status fit_all(oc__linear *out, const oc__features *f, const readable *r, size_t n_tags, double l2,
                         oc__progress *progress, oc_error *err) {
    oc_context *context = f->context;
    oc__fitter *fitter = NULL;
    oc__rows rows = {0};
    uint32_t *no_folds = oc__alloc_zero(context, f->n * sizeof *no_folds);
    oc__progress_stage(progress, "fitting", 0.9, 0.92, 1);
    if (!no_folds) return oc__fail_nomem(err, context, f->n * sizeof *no_folds, "training");
    oc__validation all = {f, r->tags, no_folds, n_tags, 1};
    oc_status status = oc__rows_without_fold(&rows, &all, 1, err);
    if (!status) status = oc__fitter_create(&fitter, context, &rows, progress, err);
    if (!status) status = oc__fitter_fit(out, fitter, l2, err);
    oc__fitter_free(fitter);
    oc__free(context, rows.features);
    oc__free(context, (void *)(uintptr_t)rows.tags);
    oc__free(context, no_folds);
    return status;
}

/* The base with the classifier on top, as a 1x1 convolution of the features whose logits are divided by the temperature. */
static oc_status assemble(oc_model *model, const oc_model *base, const oc__linear *linear, double temperature, oc_error *err) {
    uint32_t node;
    model->kind = OC__KIND_CLASSIFICATION;
    model->rule = base->rule;
    oc_status status = oc__graph_copy(&model->graph, &base->graph, err);
    if (!status)
        status = oc__graph_conv(&node, &model->graph, base->graph.outputs[0], (uint32_t)linear->n_tags, 1, 1, 1, true, err);
    if (status) return status;
    const oc__node *head = &model->graph.nodes[node];
    size_t n_weights = linear->n_tags * linear->dim;
    float *weights = model->graph.params[head->params[0]].values, *biases = model->graph.params[head->params[1]].values;
    float factor = (float)(1 / temperature);
    for (size_t i = 0; i < n_weights; i++) weights[i] = factor * linear->weights[i];
    for (size_t t = 0; t < linear->n_tags; t++) biases[t] = factor * linear->weights[n_weights + t];
    model->graph.n_outputs = 1;
    model->graph.outputs[0] = node;
    return OC_OK;
}

oc_status oc__train_classifier(oc_model **out, const oc_model *base, const oc__training_set *set,
                               const oc__train_options *options, bool cross_validate, oc__progress *progress, oc_error *err) {
    oc_context *context = base->context;
    oc__features features = {0};
    readable r = {0};
    oc__measurement *measurement = NULL;
    oc__linear linear = {0};
    oc_model *model = NULL;
    double l2 = options->l2, temperature = 1;
    char text[32];
    const oc__extraction what = {(size_t)options->views, options->mirror, options->skip_broken, options->seed, set->cache};
    oc__progress_stage(progress, "reading pictures", 0, 0.7, set->n);
    oc_status status = oc__features_extract(&features, base, set->samples, set->n, &what, progress, err);
    if (!status) status = keep_readable(&r, &features, set, err);
    if (!status && features.n < 4)
        status = oc__fail(err, OC_E_DATA, "%zu pictures can be read, training needs at least 4", features.n);
    if (!status) status = warn_of_contradictions(&features, &r, set, err);
    if (!status && (cross_validate || l2 <= 0))
        status = validate(&measurement, &l2, &temperature, &features, &r, set, options, progress, err);
    if (!status) status = fit_all(&linear, &features, &r, set->n_tags, l2, progress, err);
    if (!status) status = oc__model_create(&model, context, err);
    if (!status) status = oc__model_set_tags(model, set->tags, set->n_tags, err);
    if (!status) status = assemble(model, base, &linear, temperature, err);
    if (!status) {
        oc__print_double(text, l2);
        status = oc__model_set_property(model, "l2", text, err);
    }
    if (!status) {
        oc__print_double(text, temperature);
        status = oc__model_set_property(model, "temperature", text, err);
    }
    if (!status) status = oc__model_set_property_u64(model, "n_training_pictures", features.n, err);
    if (!status) status = oc__model_finish(model, err);
    if (!status) {
        oc__progress_stage(progress, "calibrating", 0.92, 0.95, set->n);
        status = oc__calibrate(model, set->samples, set->n, progress, err);
    }
    if (!status && cross_validate) {
        model->measurement = measurement;
        measurement = NULL;
    }
    oc__linear_free(&linear);
    oc__measurement_free(measurement);
    oc__features_free(&features);
    oc__free(context, r.tags);
    oc__free(context, r.index);
    if (status) oc__model_release(model);
    else *out = model;
    return status;
}
