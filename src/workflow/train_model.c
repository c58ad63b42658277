/* Training a model on a data set. SPDX-License-Identifier: MIT */
#include "train_model.h"

#include <stdio.h>
#include <string.h>

#include "anomaly.h"
#include "base.h"
#include "choose_size.h"
#include "clock.h"
#include "evaluate.h"
#include "fine_features.h"
#include "feature_cache.h"
#include "hash.h"
#include "memory.h"
#include "start.h"
#include "train_boxes.h"

oc_status oc__trainable(const oc_dataset *dataset, bool anomaly, oc_error *err) {
    if (dataset->boxed && dataset->n_objects == 0)
        return oc__fail(err, OC_E_DATA, "no picture has an object in a box, so there is nothing to learn");
    size_t least_tags = anomaly ? 0 : oc__dataset_several(dataset) ? 1 : 2;
    if (!dataset->boxed && dataset->n_tags < least_tags)
        return oc__fail(err, OC_E_DATA, "there %s with pictures; a classifier needs at least 2",
                        dataset->n_tags ? "is one tag" : "are no tags");
    size_t least = dataset->boxed ? 2 : 4;
    if (dataset->n_samples < least)
        return oc__fail(err, OC_E_DATA, "there are %zu pictures, training needs at least %zu", dataset->n_samples, least);
    return OC_OK;
}

oc_status oc__testable(const oc_dataset *dataset, const oc_dataset *test, oc_error *err) {
    if (test->n_samples == 0) return oc__fail(err, OC_E_DATA, "the test set has no pictures");
    if (test->boxed != dataset->boxed)
        return oc__fail(err, OC_E_DATA, "of the training pictures and the test pictures some have boxes and some have not");
    for (size_t i = 0; i < test->n_tags; i++) {
        size_t t = 0;
        while (t < dataset->n_tags && strcmp(dataset->tags[t], test->tags[i]) != 0) t++;
        if (t == dataset->n_tags)
            return oc__fail(err, OC_E_DATA, "the test set has the tag '%s', which the training pictures lack", test->tags[i]);
    }
    return OC_OK;
}

static oc_status describe(oc_model *model, const oc_model *base, const oc__train_options *options, oc_error *err) {
    static const struct {
        const char *key, *of_base;
    } copied[] = {{"base", "name"}, {"base_sha256", "sha256"}, {"base_licence", "licence"}, {"start_sha256", "start_sha256"}};
    char text[96];
    const char *kind = model->kind == OC__KIND_DETECTION    ? "detection"
                       : model->kind == OC__KIND_MULTILABEL ? "multilabel"
                                                            : "classification";
    oc_status status = oc__model_set_property(model, "kind", kind, err);
    if (!status) status = oc__model_set_property(model, "library", oc_version_string(), err);
    oc__utc_now(text);
    if (!status) status = oc__model_set_property(model, "created", text, err);
    for (size_t i = 0; i < sizeof copied / sizeof *copied && !status; i++) {
        const char *value = oc__model_property(base, copied[i].of_base);
        if (value) status = oc__model_set_property(model, copied[i].key, value, err);
    }
    snprintf(text, sizeof text, "%ux%u", model->rule.width, model->rule.height);
    if (!status) status = oc__model_set_property(model, "input", text, err);
    if (!status) status = oc__model_set_property_u64(model, "n_parameters", oc__graph_n_weights(&model->graph), err);
    uint64_t n_macs = status ? 0 : oc__graph_n_macs(&model->graph, model->rule.height, model->rule.width);
    if (!status && n_macs == 0) /* the classifier itself multiplies, so there was no memory to count in */
        status = oc__fail_nomem(err, model->context, model->graph.n_nodes * sizeof(oc__shape), "training");
    if (!status) status = oc__model_set_property_u64(model, "n_multiply_adds", n_macs, err);
    return status ? status : oc__train_options_store(model, options, err);
}

/* How many tags a sample bears, and which one says that there is none. */
static oc_status tell_labels(oc__training_set *set, const oc_dataset *dataset, const oc__train_options *options, oc_error *err) {
    set->labels = dataset->labels;
    set->several = oc__train_several(options, oc__dataset_several(dataset));
    set->negative = OC__NONE;
    if (!options->negative[0]) return OC_OK;
    if (!set->several) return oc__fail(err, OC_E_ARGUMENT, "negative does not go with labels=one");
    for (size_t i = 0; i < dataset->n_tags; i++)
        if (strcmp(dataset->tags[i], options->negative) == 0) set->negative = (uint32_t)i;
    if (set->negative == OC__NONE)
        oc__log(dataset->context, OC_LOG_WARNING, "no picture bears the negative tag '%s'", options->negative);
    else if (dataset->n_tags == 1)
        return oc__fail(err, OC_E_DATA, "there is no tag but the negative one, so there is nothing to learn");
    return OC_OK;
}

static uint64_t hash_text(uint64_t hash, const char *text) { return oc__hash64(hash, text, strlen(text) + 1); }

/* All that a training depends on, but for the time. */
static uint64_t identity_of(const oc__training_set *set, const oc__train_options *options, const oc_model *base) {
    char value[OC__MAX_OPTION_TEXT];
    oc_option option;
    uint64_t hash = hash_text(set->n, oc_version_string());
    for (uint32_t i = 0; oc__train_option(i, &option, NULL) == OC_OK; i++) {
        if (oc__train_option_is_place(option.key)) continue;
        oc__train_options_print(value, options, i);
        hash = hash_text(hash, value);
    }
    for (size_t i = 0; i < base->n_properties; i++) hash = hash_text(hash, base->properties[i].value); /* its checksum, and others' */
    for (size_t i = 0; i < set->n_tags; i++) hash = hash_text(hash, set->tags[i]);
    for (size_t i = 0; i < set->n; i++) {
        const oc__labelled *sample = &set->samples[i];
        hash = hash_text(hash, sample->sample->image.name);
        if (set->objects)
            hash = oc__hash64(hash, set->objects + sample->first_object, sample->n_objects * sizeof *set->objects);
        else
            hash = oc__hash64(hash, set->labels + sample->first, sample->n_tags * sizeof *set->labels);
    }
    return hash;
}

/* Where the options say that the state of training is to be kept. */
static oc_status open_states(oc__states *states, oc__training_set *set, const oc__train_options *options, const oc_model *base,
                             oc_error *err) {
    if (!options->checkpoint[0]) return OC_OK;
    oc_status status = oc__states_open(states, base->context, options->checkpoint, identity_of(set, options, base), err);
    if (!status) set->states = states;
    return status;
}

/* Detection. */
static oc_status train_on_boxes(oc_model **out, const oc_dataset *dataset, const oc_dataset *test, const oc__train_options *options,
                                oc__progress *progress, oc_error *err) {
    oc_model *base = NULL, *start = NULL, *model = NULL;
    oc__measurement *measurement = NULL;
    oc__states states = {0};
    oc__training_set set;
    oc__boxes_set(&set, dataset);
    oc_status status = oc__start_open(&base, &start, dataset->context, options, true, err);
    if (!status) status = open_states(&states, &set, options, base, err);
    oc__boxes_training how = {base, start, options, set.states, options->minutes};
    if (!status) oc__warn_of_few_objects(dataset);
    if (!status && !test) status = oc__cross_validate_boxes(&measurement, dataset, &how, progress, err);
    if (!status) status = oc__train_boxes(&model, dataset, &how, false, progress, err);
    if (model) model->measurement = measurement;
    else oc__measurement_free(measurement);
    if (!status) status = describe(model, base, options, err);
    if (!status && test) {
        oc__progress_stage(progress, "measuring", 0.9, 1, test->n_samples);
        status = oc__evaluate(&model->measurement, model, test, &(oc__how){.precision = OC_PRECISION_FP32}, progress, err);
    }
    if (!status) oc__progress_end(progress);
    if (!status) status = oc__progress_status(progress, err);
    oc__states_close(&states, !status);
    oc__model_release(base);
    oc__model_release(start);
    if (status) oc__model_release(model);
    else *out = model;
    return status;
}

/* The part of the time that choosing the size takes. */
#define CHOOSING 0.3

/* Classification. */
static oc_status train_on_tags(oc_model **out, const oc_dataset *dataset, const oc_dataset *test, const oc__train_options *options,
                               oc_project *project, oc__progress *progress, oc_error *err) {
    oc_model *base = NULL, *start = NULL, *model = NULL;
    oc__kept_features *kept = NULL;
    oc__states states = {0};
    oc__training_set set = {.samples = dataset->samples,
                            .n = dataset->n_samples,
                            .tags = (const char *const *)dataset->tags,
                            .n_tags = dataset->n_tags};
    oc_status status = tell_labels(&set, dataset, options, err);
    if (!status) status = oc__start_open(&base, &start, dataset->context, options, false, err);
    if (!status) status = open_states(&states, &set, options, base, err);
    uint64_t side = options->size ? options->size : options->anomaly ? OC__ANOMALY_SIDE : options->fine ? OC__FINE_SIDE : 0;
    if (!status && side) status = oc__base_resize(&base, side, err);
    if (!status && options->fine && !options->anomaly) status = oc__fine_features(&base, err);
    if (!status && !side && !set.several) {
        oc__progress_share(progress, 0, CHOOSING);
        status = oc__choose_size(&base, &set, options->seed, project, progress, err);
        oc__progress_share(progress, CHOOSING, 1);
    }
    if (!status && project && !options->anomaly)
        status = oc__kept_features_open(&kept, project, base, (size_t)options->views, options->mirror, options->seed, err);
    if (kept) set.cache = oc__kept_features_cache(kept);
    if (!status)
        status = options->anomaly ? oc__train_anomaly(&model, base, &set, options, progress, err)
                                  : oc__train_classifier(&model, base, &set, options, !test, progress, err);
    oc__kept_features_close(kept);
    if (!status) status = describe(model, base, options, err);
    if (!status && test) {
        oc__measurement_free(model->measurement);
        model->measurement = NULL;
        oc__progress_stage(progress, "measuring", 0.95, 1, test->n_samples);
        status = oc__evaluate(&model->measurement, model, test, &(oc__how){.precision = OC_PRECISION_FP32}, progress, err);
    }
    if (!status) oc__progress_end(progress);
    if (!status) status = oc__progress_status(progress, err);
    oc__states_close(&states, !status);
    oc__model_release(base);
    oc__model_release(start);
    if (status) oc__model_release(model);
    else *out = model;
    return status;
}

oc_status oc__train_model(oc_model **out, const oc_dataset *dataset, const oc_dataset *test, const oc__train_options *wanted,
                          oc_project *project, oc_progress_fn callback, void *user, atomic_int *cancel, oc_error *err) {
    oc_dataset *chosen = NULL, *chosen_test = NULL;
    oc__progress progress;
    oc__train_options options = *wanted;
    oc__progress_begin(&progress, callback, user, cancel);
    oc_status status = oc__train_options_complete(&options, dataset->boxed, err);
    if (!status && options.only_tags[0]) {
        status = oc__dataset_only(&chosen, dataset, options.only_tags, false, err);
        if (!status && test && !options.anomaly) status = oc__dataset_only(&chosen_test, test, options.only_tags, true, err);
    }
    if (!status && chosen) dataset = chosen;
    if (!status && chosen_test) test = chosen_test;
    if (!status && test && !options.anomaly) status = oc__testable(dataset, test, err);
    if (!status && options.anomaly && dataset->boxed)
        status = oc__fail(err, OC_E_ARGUMENT, "anomaly goes with whole pictures, and these have objects in boxes");
    if (!status) status = oc__trainable(dataset, options.anomaly, err);
    if (!status && dataset->boxed) status = train_on_boxes(out, dataset, test, &options, &progress, err);
    else if (!status) status = train_on_tags(out, dataset, test, &options, project, &progress, err);
    oc__dataset_free(chosen);
    oc__dataset_free(chosen_test);
    return status;
}
