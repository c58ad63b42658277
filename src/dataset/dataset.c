/* Samples and labels in memory. SPDX-License-Identifier: MIT */
#include "dataset.h"

#include <stdio.h>
#include <string.h>

#include "memory.h"
#include "model.h"
#include "text.h"

oc_status oc__dataset_create(oc_dataset **out, oc_context *context, oc_error *err) {
    oc_dataset *dataset = oc__alloc_zero(context, sizeof *dataset);
    if (!dataset) return oc__fail_nomem(err, context, sizeof *dataset, "data set");
    dataset->context = oc__context_retain(context);
    *out = dataset;
    return OC_OK;
}

void oc__dataset_free(oc_dataset *dataset) {
    if (!dataset) return;
    oc_context *context = dataset->context;
    for (size_t i = 0; i < dataset->n_tags; i++) oc__free(context, dataset->tags[i]);
    for (size_t i = 0; i < dataset->n_samples; i++) oc__sample_release(dataset->samples[i].sample);
    for (size_t i = 0; i < dataset->n_notes; i++) oc__free(context, dataset->notes[i]);
    oc__free(context, dataset->tags);
    oc__free(context, dataset->samples);
    oc__free(context, dataset->labels);
    oc__free(context, dataset->notes);
    oc__free(context, dataset);
    oc__context_release(context);
}

oc_status oc__dataset_add_tag(uint32_t *out, oc_dataset *dataset, const char *tag, oc_error *err) {
    oc_context *context = dataset->context;
    /* Samples mostly come tag by tag, so the newest is tried first. */
    for (size_t i = dataset->n_tags; i-- > 0;)
        if (strcmp(dataset->tags[i], tag) == 0) {
            *out = (uint32_t)i;
            return OC_OK;
        }
    if (!oc__tag_valid(tag))
        return oc__fail(err, OC_E_ARGUMENT, "a tag must be UTF-8 of 1 to 256 bytes without control characters");
    if (dataset->n_tags >= OC__MAX_TAGS) return oc__fail(err, OC_E_LIMIT, "more than %d tags", OC__MAX_TAGS);
    oc_status status =
        oc__reserve(&dataset->tags, &dataset->tag_capacity, dataset->n_tags, sizeof *dataset->tags, context, err);
    if (status) return status;
    char *copy = oc__strdup(context, tag);
    if (!copy) return oc__fail_nomem(err, context, strlen(tag), "tag");
    *out = (uint32_t)dataset->n_tags;
    dataset->tags[dataset->n_tags++] = copy;
    return OC_OK;
}

/* Adds a sample, taking over the caller's reference only if all goes well. A tag that is given twice counts once. */
static oc_status add_sample(oc_dataset *dataset, oc__sample *sample, const char *const *tags, size_t n_tags, oc_error *err) {
    oc_status status = oc__reserve(&dataset->samples, &dataset->sample_capacity, dataset->n_samples, sizeof *dataset->samples,
                                   dataset->context, err);
    size_t n = dataset->n_labels;
    for (size_t i = 0; i < n_tags && !status; i++) {
        uint32_t tag = 0;
        size_t before = dataset->n_labels;
        status = oc__reserve(&dataset->labels, &dataset->label_capacity, n, sizeof *dataset->labels, dataset->context, err);
        if (!status) status = oc__dataset_add_tag(&tag, dataset, tags[i], err);
        while (!status && before < n && dataset->labels[before] != tag) before++;
        if (!status && before == n) dataset->labels[n++] = tag;
    }
    if (status) return status;
    dataset->samples[dataset->n_samples++] =
        (oc__labelled){sample, (uint32_t)dataset->n_labels, (uint32_t)(n - dataset->n_labels)};
    dataset->n_labels = n;
    return OC_OK;
}

bool oc__dataset_several(const oc_dataset *dataset) {
    for (size_t i = 0; i < dataset->n_samples; i++)
        if (dataset->samples[i].n_tags != 1) return true;
    return false;
}

oc_status oc__dataset_add(oc_dataset *dataset, const oc_image *image, const char *tag, const char *split, oc_error *err) {
    return oc__dataset_add_tags(dataset, image, &tag, 1, split, err);
}

oc_status oc__dataset_add_tags(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n_tags,
                               const char *split, oc_error *err) {
    oc_image known;
    oc__sample *sample = NULL;
    char numbered[32];
    for (size_t i = 0; i < n_tags; i++)
        if (!tags[i]) return oc__fail(err, OC_E_ARGUMENT, "tag is NULL");
    if (n_tags > OC__MAX_TAGS || dataset->n_labels > UINT32_MAX - OC__MAX_TAGS)
        return oc__fail(err, OC_E_LIMIT, "a picture of %zu tags, at most %d", n_tags, OC__MAX_TAGS);
    oc_status status = oc__image_check(&known, image, err);
    if (status) return status;
    snprintf(numbered, sizeof numbered, "picture %zu", dataset->n_samples);
    const char *name = known.name ? known.name : known.format == OC_IMAGE_PATH ? known.data : numbered;
    status = oc__sample_create(&sample, dataset->context, &known, name, split ? split : "", err);
    if (!status) status = add_sample(dataset, sample, tags, n_tags, err);
    if (status) oc__sample_release(sample);
    return status;
}

oc_status oc__dataset_add_note(oc_dataset *dataset, const char *path, const char *reason, oc_error *err) {
    oc_context *context = dataset->context;
    size_t size = strlen(path) + strlen(reason) + 3;
    oc_status status =
        oc__reserve(&dataset->notes, &dataset->note_capacity, dataset->n_notes, sizeof *dataset->notes, context, err);
    if (status) return status;
    char *note = oc__alloc(context, size);
    if (!note) return oc__fail_nomem(err, context, size, "note");
    snprintf(note, size, "%s: %s", path, reason);
    dataset->notes[dataset->n_notes++] = note;
    return OC_OK;
}

/* Adds the samples of `split` (NULL: all), shared. */
static oc_status add_shared(oc_dataset *to, const oc_dataset *from, const char *split, oc_error *err) {
    oc_status status = OC_OK;
    const char **tags = oc__alloc_array(to->context, from->n_tags, sizeof *tags);
    if (!tags) return oc__fail_nomem(err, to->context, from->n_tags * sizeof *tags, "data set");
    for (size_t i = 0; i < from->n_samples && !status; i++) {
        const oc__labelled *labelled = &from->samples[i];
        if (split && strcmp(labelled->sample->split, split) != 0) continue;
        for (uint32_t k = 0; k < labelled->n_tags; k++) tags[k] = from->tags[from->labels[labelled->first + k]];
        status = add_sample(to, labelled->sample, tags, labelled->n_tags, err);
        if (!status) oc__sample_retain(labelled->sample);
    }
    oc__free(to->context, tags);
    return status;
}

oc_status oc__dataset_snapshot(oc_dataset **out, const oc_dataset *dataset, oc_error *err) {
    oc_dataset *copy = NULL;
    oc_status status = oc__dataset_create(&copy, dataset->context, err);
    if (!status) status = add_shared(copy, dataset, NULL, err);
    if (status) oc__dataset_free(copy);
    else *out = copy;
    return status;
}

oc_status oc__dataset_select_split(oc_dataset **out, const oc_dataset *dataset, const char *split, oc_error *err) {
    oc_dataset *chosen = NULL;
    uint32_t tag;
    oc_status status = oc__dataset_create(&chosen, dataset->context, err);
    for (size_t i = 0; i < dataset->n_tags && !status; i++) status = oc__dataset_add_tag(&tag, chosen, dataset->tags[i], err);
    if (!status) status = add_shared(chosen, dataset, split, err);
    if (!status && chosen->n_samples == 0) status = oc__fail(err, OC_E_NOT_FOUND, "no picture is of the split '%s'", split);
    if (status) oc__dataset_free(chosen);
    else *out = chosen;
    return status;
}
