/* Training a classifier: features, cross-validation, final fit. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advance.h"
#include "calibrate.h"
#include "classifier_graph.h"
#include "clock.h"
#include "cross_validation.h"
#include "discriminant.h"
#include "learning_curve.h"
#include "memory.h"
#include "multilabel.h"
#include "novelty.h"
#include "temperature.h"
#include "text.h"
#include "train.h"

/* The samples that could be read, moved together at the front. */
typedef struct readable {
    uint32_t *tags, *first; /* which tags they bear; where a sample bears one, tags[i] is that of sample i */
    uint32_t *index;        /* into the training set */
    size_t n;
} readable;

/* Counts what each tag has: with none the model cannot tell it, with one it cannot be measured. */
static oc_status check_counts(const readable *r, const oc__training_set *set, oc_context *context, oc_error *err) {
    size_t *counts = oc__alloc_zero(context, set->n_tags * sizeof *counts);
    oc_status status = OC_OK;
    if (!counts) return oc__fail_nomem(err, context, set->n_tags * sizeof *counts, "training");
    for (size_t k = 0; k < r->first[r->n]; k++) counts[r->tags[k]]++;
    for (size_t t = 0; t < set->n_tags && !status; t++) {
        if (counts[t] == 0)
            status = oc__fail(err, OC_E_DATA, "tag '%s' has no picture that can be read", set->tags[t]);
        else if (counts[t] == 1)
            oc__log(context, OC_LOG_WARNING, "tag '%s' has one picture only; it cannot be measured", set->tags[t]);
        else if (counts[t] == r->n && set->several)
            oc__log(context, OC_LOG_WARNING, "tag '%s' is on every picture; what lacks it cannot be learned", set->tags[t]);
    }
    oc__free(context, counts);
    return status;
}

static oc_status keep_readable(readable *out, oc__features *f, const oc__training_set *set, oc_error *err) {
    oc_context *context = f->context;
    size_t row = f->n_views * f->dim, n_labels = 0;
    for (size_t i = 0; i < f->n; i++) n_labels += set->samples[i].n_tags;
    out->tags = oc__alloc_array(context, n_labels, sizeof *out->tags);
    out->first = oc__alloc_array(context, f->n + 1, sizeof *out->first);
    out->index = oc__alloc_array(context, f->n, sizeof *out->index);
    if (!out->tags || !out->first || !out->index) return oc__fail_nomem(err, context, f->n * sizeof *out->tags, "training");
    uint32_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const oc__labelled *sample = &set->samples[i];
        if (f->status[i]) continue;
        if (!set->several && sample->n_tags != 1)
            return oc__fail(err, OC_E_DATA, "%s bears %u tags, and with labels=one each picture must bear one",
                            sample->sample->image.name, sample->n_tags);
        size_t to = out->n++;
        if (to != i) memcpy(f->values + to * row, f->values + i * row, row * sizeof(float));
        f->content[to] = f->content[i];
        out->index[to] = (uint32_t)i;
        out->first[to] = n;
        for (uint32_t k = 0; k < sample->n_tags; k++) out->tags[n++] = set->labels[sample->first + k];
    }
    out->first[out->n] = n;
    f->n = out->n;
    return check_counts(out, set, context, err);
}

/* Takes the negative tag away, so that its pictures bear none, and moves later tags down. */
static void drop_negative(readable *r, const char **tags, size_t *n_tags, uint32_t negative) {
    uint32_t n = 0, from = 0;
    if (negative == OC__NONE) return;
    for (size_t i = 0; i < r->n; i++) {
        uint32_t end = r->first[i + 1];
        r->first[i] = n;
        for (; from < end; from++)
            if (r->tags[from] != negative) r->tags[n++] = r->tags[from] - (r->tags[from] > negative);
    }
    r->first[r->n] = n;
    for (size_t t = negative; t + 1 < *n_tags; t++) tags[t] = tags[t + 1];
    --*n_tags;
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

/* Where a picture has one tag, the same picture under two cannot be learned: warn of each such pair. */
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

/* Which heads there are to choose from. */
static oc_status head_choice(oc__head_choice *out, const oc__train_options *options, size_t dim, bool several, oc_error *err) {
    bool discriminant = strcmp(options->head, oc__head_names[OC__HEAD_DISCRIMINANT]) == 0;
    bool regression = strcmp(options->head, oc__head_names[OC__HEAD_REGRESSION]) == 0;
    if (discriminant && several)
        return oc__fail(err, OC_E_ARGUMENT, "head=discriminant is for pictures that bear one tag each, these bear several");
    if (discriminant && options->l2 > 0)
        return oc__fail(err, OC_E_ARGUMENT, "head=discriminant has no l2, which is %g", options->l2);
    if (discriminant && dim > OC__MAX_DISCRIMINANT)
        return oc__fail(err, OC_E_LIMIT, "the base gives %zu features; head=discriminant takes at most %d", dim,
                        OC__MAX_DISCRIMINANT);
    *out = (oc__head_choice){.l2 = options->l2};
    out->kinds[OC__HEAD_REGRESSION] = !discriminant;
    out->kinds[OC__HEAD_DISCRIMINANT] = !regression && !several && options->l2 <= 0 && dim <= OC__MAX_DISCRIMINANT;
    return OC_OK;
}

/* Fine-tunes, and takes what comes of it if it is better. */
static oc_status advance(oc__advanced *out, oc__validated *v, const oc_model *base, const oc__training_set *set,
                         const oc__features *f, const readable *r, bool roots, const oc__head *head,
                         const oc__train_options *options, double begun, oc__progress *progress, oc_error *err) {
    const oc__quick quick = {base, set, f, r->index, r->tags, roots, v->folds, v->n_folds, *head, v->logits, begun};
    oc_status status = oc__advance(out, &quick, options, progress, err);
    if (status || !out->n_steps) return status;
    float *logits = v->logits;
    v->logits = out->logits;
    out->logits = logits;
    return OC_OK;
}

/* Finds the temperature and makes the measurement; logits become probabilities. */
static oc_status measure(oc__measurement **out, double *temperature, const oc__validated *v, const readable *r,
                         oc_context *context, size_t n_tags, oc_error *err) {
    const oc__held_out held_out = {v->logits, r->tags, v->folds, r->n, n_tags, 1};
    oc__measurement *m = NULL;
    oc_status status = oc__calibrate_logits(v->logits, temperature, context, &held_out, v->n_folds, err);
    if (!status) status = oc__measurement_create(&m, context, r->n, (uint32_t)n_tags, err);
    for (size_t i = 0; i < r->n && !status; i++) {
        m->entries[i].truth = r->tags[i];
        m->entries[i].fold = v->folds[i];
    }
    if (!status) {
        m->method = OC_REPORT_CROSS_VALIDATION;
        m->n_folds = v->n_folds;
        status = oc__measurement_fill(m, v->logits, err);
    }
    if (status)
        oc__measurement_free(m);
    else
        *out = m;
    return status;
}

/* Fits all samples. */
static oc_status fit_all(oc__linear *out, const oc__features *f, const readable *r, size_t n_tags, const oc__head *head,
                         bool balance, oc__progress *progress, oc_error *err) {
    uint32_t *no_folds = oc__alloc_zero(f->context, f->n * sizeof *no_folds);
    if (!no_folds) return oc__fail_nomem(err, f->context, f->n * sizeof *no_folds, "training");
    const oc__validation all = {f, r->tags, no_folds, n_tags, 1, balance};
    oc__progress_stage(progress, "fitting", 0.9, 0.92, 1);
    oc_status status = oc__fit_without_fold(out, &all, 1, head, progress, err);
    oc__free(f->context, no_folds);
    return status;
}

/* What the measurement has besides figures. */
static oc_status name_entries(oc__measurement *m, const readable *r, const oc__training_set *set, oc_context *context,
                              oc_error *err) {
    m->n_skipped = (uint32_t)(set->n - r->n);
    for (size_t i = 0; i < r->n; i++) {
        const char *name = set->samples[r->index[i]].sample->image.name;
        if (!(m->entries[i].name = oc__strdup(context, name))) return oc__fail_nomem(err, context, strlen(name), "measurement");
    }
    return OC_OK;
}

static oc_status keep_thresholds(oc_model *model, const oc__measurement *m, oc_error *err) {
    size_t size = m->n_tags * sizeof(float);
    if (!(model->thresholds = oc__alloc(model->context, size))) return oc__fail_nomem(err, model->context, size, "training");
    memcpy(model->thresholds, m->thresholds, size);
    return OC_OK;
}

static oc_status set_number(oc_model *model, const char *key, double value, oc_error *err) {
    char text[32];
    oc__print_double(text, value);
    return oc__model_set_property(model, key, text, err);
}

static oc_status describe_head(oc_model *model, const oc__head *head, oc_error *err) {
    oc_status status = oc__model_set_property(model, "head", oc__head_names[head->kind], err);
    if (!status) status = set_number(model, head->kind == OC__HEAD_REGRESSION ? "l2" : "shrinkage", head->strength, err);
    return status;
}

oc_status oc__train_classifier(oc_model **out, const oc_model *base, const oc__training_set *set,
                               const oc__train_options *options, bool cross_validate, oc__progress *progress, oc_error *err) {
    oc_context *context = base->context;
    oc__features features = {0};
    readable r = {0};
    oc__measurement *measurement = NULL;
    oc__validated v = {0};
    oc__linear linear = {0};
    oc__advanced advanced = {0};
    oc_model *model = NULL;
    double begun = oc__now();
    bool tune = options->steps || options->minutes > 0;
    oc__head head = {OC__HEAD_REGRESSION, options->l2, 1};
    oc__head_choice choice;
    double temperature = 1;
    char learning[OC__LEARNING_TEXT] = "";
    bool roots = false;
    const oc__extraction what = {.n_views = (size_t)options->views,
                                 .mirror = options->mirror,
                                 .skip_broken = options->skip_broken,
                                 .seed = options->seed,
                                 .cache = set->cache};
    if (tune && set->several) {
        oc__log(context, OC_LOG_WARNING, "steps and minutes do nothing where pictures bear several tags");
        tune = false;
    }
    if (tune) oc__progress_part(progress, 0, 0.1);
    oc__progress_stage(progress, "reading pictures", 0, 0.7, set->n);
    oc_status status = oc__features_extract(&features, base, set->samples, set->n, &what, progress, err);
    size_t n_tags = set->n_tags;
    const char **tags = oc__alloc_array(context, n_tags, sizeof *tags);
    if (!status && !tags) status = oc__fail_nomem(err, context, n_tags * sizeof *tags, "training");
    if (!status && n_tags) memcpy(tags, set->tags, n_tags * sizeof *tags);
    if (!status) status = keep_readable(&r, &features, set, err);
    if (!status && features.n < 4)
        status = oc__fail(err, OC_E_DATA, "%zu pictures can be read, training needs at least 4", features.n);
    if (!status) status = head_choice(&choice, options, features.dim, set->several, err);
    if (!status) roots = oc__take_roots(&features);
    if (!status && set->several) {
        const oc__tag_sets sets = {r.tags, r.first};
        drop_negative(&r, tags, &n_tags, set->negative);
        status = oc__multilabel_train(&linear, &measurement, &head.strength, &features, &sets, n_tags, options, progress, err);
    } else {
        if (!status) status = warn_of_contradictions(&features, &r, set, err);
        bool validate = cross_validate || tune || options->l2 <= 0;
        const oc__validation pictures = {&features, r.tags, NULL, n_tags, oc__train_folds(options), options->balance};
        if (!status && validate)
            status = oc__divide_and_validate(&v, &head, &pictures, &choice, options->seed, progress, err);
        const oc__validation divided = {&features, r.tags, v.folds, n_tags, v.n_folds, options->balance};
        if (!status && validate)
            status = oc__learning_curve(learning, &divided, &head, v.logits, options->seed, progress, err);
        if (tune) oc__progress_part(progress, 0.1, 0.92);
        if (!status && tune)
            status = advance(&advanced, &v, base, set, &features, &r, roots, &head, options, begun, progress, err);
        if (tune) oc__progress_part(progress, 0, 1);
        if (!status && validate) status = measure(&measurement, &temperature, &v, &r, context, n_tags, err);
        if (!status && !advanced.n_steps)
            status = fit_all(&linear, &features, &r, n_tags, &head, options->balance, progress, err);
    }
    if (!status && measurement) status = name_entries(measurement, &r, set, context, err);
    if (!status) status = oc__model_create(&model, context, err);
    if (!status) status = oc__model_set_tags(model, tags, n_tags, err);
    if (!status) model->kind = set->several ? OC__KIND_MULTILABEL : OC__KIND_CLASSIFICATION;
    if (!status && set->several) status = keep_thresholds(model, measurement, err);
    if (!status) model->rule = base->rule;
    if (!status && advanced.n_steps) {
        model->graph = advanced.graph;
        advanced.graph = (oc__graph){0};
        oc__classifier_graph_scale(&model->graph, 1 / temperature);
        status = oc__model_set_property_u64(model, "n_steps", advanced.n_steps, err);
        if (!status)
            status = oc__novelty_add_anew(&model->graph, &base->rule, set->samples, set->n, options->seed, progress, err);
    } else if (!status) {
        status = oc__classifier_graph(&model->graph, &base->graph, roots, &linear, head.sharpness / temperature, err);
        if (!status) status = oc__novelty_add(&model->graph, &features, options->seed, err);
        if (!status) status = describe_head(model, &head, err);
    }
    if (!status && !set->several) status = set_number(model, "temperature", temperature, err);
    if (!status && learning[0]) status = oc__model_set_property(model, "learning_curve", learning, err);
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
    oc__advanced_free(&advanced);
    oc__validated_free(&v, context);
    oc__measurement_free(measurement);
    oc__features_free(&features);
    oc__free(context, tags);
    oc__free(context, r.tags);
    oc__free(context, r.first);
    oc__free(context, r.index);
    if (status)
        oc__model_release(model);
    else
        *out = model;
    return status;
}
