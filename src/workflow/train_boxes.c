/* Training a detector on a data set, and measuring it without a test set. SPDX-License-Identifier: MIT */
#include "train_boxes.h"

#include <string.h>

#include "average_precision.h"
#include "evaluate.h"
#include "file.h"
#include "folds.h"
#include "hash.h"
#include "memory.h"

#define ENOUGH 15       /* pictures of a tag */
#define FEW 100         /* pictures: below, */
#define FOLDS_OF_FEW 3  /* so many folds, so that each leaves enough to train on; */
#define FOLDS_OF_MANY 2 /* else so many, so that it takes no more than as long again */

void oc__boxes_set(oc__training_set *out, const oc_dataset *dataset) {
    *out = (oc__training_set){.samples = dataset->samples,
                              .n = dataset->n_samples,
                              .tags = (const char *const *)dataset->tags,
                              .n_tags = dataset->n_tags,
                              .labels = dataset->labels,
                              .objects = dataset->objects,
                              .negative = OC__NONE};
}

oc_status oc__train_boxes(oc_model **out, const oc_dataset *dataset, const oc__boxes_training *how, bool quiet, oc__progress *progress,
                          oc_error *err) {
    oc__training_set set;
    oc__train_options options = *how->options;
    oc__boxes_set(&set, dataset);
    set.states = how->states;
    set.quiet = quiet;
    options.minutes = how->minutes;
    return oc__train_detector(out, how->base, how->start, &set, &options, progress, err);
}

/* --- folds --- */

/* How many pictures bear each tag, or NULL if there is no memory. */
static size_t *count_pictures(const oc_dataset *dataset) {
    size_t *counts = oc__alloc_zero(dataset->context, dataset->n_tags * sizeof *counts);
    for (size_t i = 0; i < dataset->n_samples && counts; i++)
        for (uint32_t k = 0; k < dataset->samples[i].n_tags; k++) counts[dataset->labels[dataset->samples[i].first + k]]++;
    return counts;
}

void oc__warn_of_few_objects(const oc_dataset *dataset) {
    size_t *counts = count_pictures(dataset);
    for (size_t t = 0; t < dataset->n_tags && counts; t++)
        if (counts[t] < ENOUGH)
            oc__log(dataset->context, OC_LOG_WARNING, "tag '%s' has objects on %zu pictures; %d and more are better", dataset->tags[t],
                    counts[t], ENOUGH);
    oc__free(dataset->context, counts);
}

/* The same for the same picture, which is then not measured by a detector that has seen it. */
static uint64_t content_of(const oc__sample *sample) {
    const oc_image *image = &sample->image;
    oc__mapping file = {0};
    uint64_t hash = oc__hash64(image->width, image->data, image->size);
    if (image->format == OC_IMAGE_PATH && oc__file_map(&file, sample->context, image->data, UINT64_MAX, "", NULL) == OC_OK) {
        hash = oc__hash64(0, file.data, file.size);
        oc__file_unmap(&file);
    }
    return hash;
}

/* The tag that the fewest pictures bear, of a sample's; n_tags if it bears none. */
static uint32_t rarest(const oc_dataset *dataset, const oc__labelled *sample, const size_t *counts) {
    uint32_t found = (uint32_t)dataset->n_tags;
    for (uint32_t k = 0; k < sample->n_tags; k++) {
        uint32_t tag = dataset->labels[sample->first + k];
        if (found == dataset->n_tags || counts[tag] < counts[found]) found = tag;
    }
    return found;
}

static oc_status assign(uint32_t *folds, uint32_t *n_folds, const oc_dataset *dataset, const oc__train_options *options, oc_error *err) {
    oc_context *context = dataset->context;
    size_t n = dataset->n_samples, n_tags = dataset->n_tags, *counts = count_pictures(dataset);
    uint64_t *contents = oc__alloc_array(context, n, sizeof *contents);
    uint32_t *tags = oc__alloc_array(context, n, sizeof *tags);
    oc_status status = counts && contents && tags ? OC_OK : oc__fail_nomem(err, context, n * sizeof *contents, "cross-validation");
    uint32_t wanted = options->folds ? (uint32_t)options->folds : n < FEW ? FOLDS_OF_FEW : FOLDS_OF_MANY;
    for (size_t i = 0; i < n && !status; i++) {
        contents[i] = content_of(dataset->samples[i].sample);
        tags[i] = rarest(dataset, &dataset->samples[i], counts);
    }
    *n_folds = wanted;
    if (!status) status = oc__folds_assign(folds, n_folds, context, tags, contents, n, n_tags + 1, options->seed, err);
    if (!status && *n_folds < 2) { /* all are one and the same picture */
        for (size_t i = 0; i < n; i++) contents[i] = i;
        *n_folds = wanted;
        status = oc__folds_assign(folds, n_folds, context, tags, contents, n, n_tags + 1, options->seed, err);
    }
    oc__free(context, counts);
    oc__free(context, contents);
    oc__free(context, tags);
    return status;
}

/* --- measuring --- */

/* Trains on what is in the other folds and measures on what is. No part if there is nothing to learn. */
static oc_status measure_fold(oc__measurement **part, const oc_dataset *dataset, const uint32_t *folds, uint32_t fold,
                              const oc__boxes_training *how, oc__progress *progress, oc_error *err) {
    oc_dataset *rest = NULL, *apart = NULL;
    oc_model *model = NULL;
    uint8_t *which = oc__alloc_array(dataset->context, dataset->n_samples, 1);
    if (!which) return oc__fail_nomem(err, dataset->context, dataset->n_samples, "cross-validation");
    for (size_t i = 0; i < dataset->n_samples; i++) which[i] = folds[i] == fold;
    oc_status status = oc__dataset_select(&rest, dataset, which, 0, err);
    if (!status) status = oc__dataset_select(&apart, dataset, which, 1, err);
    oc__free(dataset->context, which);
    if (!status && rest->n_objects) {
        status = oc__train_boxes(&model, rest, how, true, progress, err); /* the training on all pictures tells of them */
        oc__progress_stage(progress, "measuring", 0.9, 1, apart->n_samples);
        if (!status) status = oc__evaluate(part, model, apart, &(oc__how){.precision = OC_PRECISION_FP32}, progress, err);
    }
    oc__model_release(model);
    oc__dataset_free(rest);
    oc__dataset_free(apart);
    return status;
}

/* How far the parts have been taken. */
typedef struct position {
    size_t picture, truth, found;
} position;

/* Moves the next picture of a part, and what belongs to it. */
static void move_picture(oc__measurement *to, position *end, oc__measurement *part, position *at, uint32_t fold) {
    oc__measured *entry = &to->entries[end->picture];
    *entry = part->entries[at->picture];
    entry->fold = fold;
    part->entries[at->picture].name = NULL;
    for (; at->truth < part->n_truths && part->truths[at->truth].picture == at->picture; at->truth++)
        to->truths[end->truth++] = (oc__truth){(uint32_t)end->picture, part->truths[at->truth].object};
    for (; at->found < part->n_found && part->found[at->found].picture == at->picture; at->found++)
        to->found[end->found++] = (oc__found){(uint32_t)end->picture, part->found[at->found].detection};
    at->picture++;
    end->picture++;
}

/* Puts the folds' measurements together, in the order of the data set. Those that could not be read are in none. */
static oc_status join(oc__measurement **out, const oc_dataset *dataset, const uint32_t *folds, oc__measurement *const *parts,
                      uint32_t n_folds, oc_error *err) {
    position size = {0}, end = {0};
    oc__measurement *m = NULL;
    for (uint32_t f = 0; f < n_folds; f++) {
        if (!parts[f]) continue;
        size.picture += parts[f]->n;
        size.truth += parts[f]->n_truths;
        size.found += parts[f]->n_found;
    }
    if (size.picture == 0)
        return oc__fail(err, OC_E_DATA, "too few pictures have objects to measure on some of them: add pictures, or name some to measure on");
    position *at = oc__alloc_zero(dataset->context, n_folds * sizeof *at);
    oc_status status = at ? OC_OK : oc__fail_nomem(err, dataset->context, n_folds * sizeof *at, "measurement");
    if (!status) status = oc__measurement_create(&m, dataset->context, size.picture, (uint32_t)dataset->n_tags, err);
    if (!status) status = oc__measurement_boxes(m, size.truth, size.found, err);
    for (size_t i = 0; i < dataset->n_samples && !status; i++) {
        oc__measurement *part = parts[folds[i]];
        position *here = &at[folds[i]];
        if (part && here->picture < part->n &&
            strcmp(part->entries[here->picture].name, dataset->samples[i].sample->image.name) == 0)
            move_picture(m, &end, part, here, folds[i]);
    }
    if (!status) {
        m->method = OC_REPORT_CROSS_VALIDATION;
        m->n_folds = n_folds;
        m->n_skipped = (uint32_t)(dataset->n_samples - size.picture);
        status = oc__box_metrics_fill(m, err);
    }
    oc__free(dataset->context, at);
    if (status) oc__measurement_free(m);
    else *out = m;
    return status;
}

oc_status oc__cross_validate_boxes(oc__measurement **out, const oc_dataset *dataset, oc__boxes_training *how, oc__progress *progress,
                                   oc_error *err) {
    oc_context *context = dataset->context;
    uint32_t *folds = oc__alloc_array(context, dataset->n_samples, sizeof *folds), n_folds = 0;
    oc__measurement **parts = NULL;
    oc_status status = folds ? assign(folds, &n_folds, dataset, how->options, err)
                             : oc__fail_nomem(err, context, dataset->n_samples * sizeof *folds, "cross-validation");
    if (!status && !(parts = oc__alloc_zero(context, n_folds * sizeof *parts)))
        status = oc__fail_nomem(err, context, n_folds * sizeof *parts, "cross-validation");
    how->minutes /= n_folds + 1;
    for (uint32_t f = 0; f < n_folds && !status; f++) {
        oc__progress_share(progress, (double)f / (n_folds + 1), (f + 1.0) / (n_folds + 1));
        status = measure_fold(&parts[f], dataset, folds, f, how, progress, err);
    }
    oc__progress_share(progress, (double)n_folds / (n_folds + 1), 1);
    if (!status) status = join(out, dataset, folds, parts, n_folds, err);
    for (uint32_t f = 0; f < n_folds && parts; f++) oc__measurement_free(parts[f]);
    oc__free(context, parts);
    oc__free(context, folds);
    return status;
}
