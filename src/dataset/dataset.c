/* Samples and labels in memory. SPDX-License-Identifier: MIT */
#include "dataset.h"

#include <math.h>
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
    oc__free(context, dataset->objects);
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
        (oc__labelled){.sample = sample, .first = (uint32_t)dataset->n_labels, .n_tags = (uint32_t)(n - dataset->n_labels)};
    dataset->n_labels = n;
    return OC_OK;
}

bool oc__dataset_several(const oc_dataset *dataset) {
    for (size_t i = 0; i < dataset->n_samples; i++)
        if (dataset->samples[i].n_tags != 1) return true;
    return false;
}

static oc_status add_picture(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n_tags,
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

oc_status oc__dataset_add_tags(oc_dataset *dataset, const oc_image *image, const char *const *tags, size_t n_tags,
                               const char *split, oc_error *err) {
    if (dataset->boxed)
        return oc__fail(err, OC_E_STATE, "the data set has pictures with boxes, so this one needs boxes too (it may have none)");
    return add_picture(dataset, image, tags, n_tags, split, err);
}

oc_status oc__dataset_add(oc_dataset *dataset, const oc_image *image, const char *tag, const char *split, oc_error *err) {
    return oc__dataset_add_tags(dataset, image, &tag, 1, split, err);
}

/* Boxes may reach this much beyond the picture, as rounding makes them; they are kept within it. */
#define SLACK 0.02f

static oc_status to_rect(oc__rect *out, const float *box, size_t number, oc_error *err) {
    float right = box[0] + box[2], bottom = box[1] + box[3];
    for (int i = 0; i < 4; i++)
        if (!isfinite(box[i])) return oc__fail(err, OC_E_ARGUMENT, "box %zu: a number is not finite", number);
    if (box[0] < -SLACK || box[1] < -SLACK || right > 1 + SLACK || bottom > 1 + SLACK)
        return oc__fail(err, OC_E_ARGUMENT,
                        "box %zu reaches out of the picture; boxes are fractions of its width and height, 0 to 1", number);
    *out = (oc__rect){fmaxf(box[0], 0), fmaxf(box[1], 0), fminf(right, 1), fminf(bottom, 1)};
    if (!(out->right > out->left && out->bottom > out->top))
        return oc__fail(err, OC_E_ARGUMENT, "box %zu is empty; width and height must be above 0", number);
    return OC_OK;
}

oc_status oc__dataset_add_boxes(oc_dataset *dataset, const oc_image *image, const char *const *tags, const float *boxes, size_t n,
                                const char *split, oc_error *err) {
    oc_context *context = dataset->context;
    oc_status status = OC_OK;
    size_t first = dataset->n_objects;
    if (dataset->n_samples && !dataset->boxed)
        return oc__fail(err, OC_E_STATE, "the data set has pictures with tags alone, to which none with boxes can be added");
    if (n > UINT32_MAX - first) return oc__fail(err, OC_E_LIMIT, "a picture of %zu boxes is too many", n);
    for (size_t i = 0; i < n && !status; i++) {
        status = oc__reserve(&dataset->objects, &dataset->object_capacity, first + i, sizeof *dataset->objects, context, err);
        if (!status) status = to_rect(&dataset->objects[first + i].box, boxes + 4 * i, i, err);
    }
    if (!status) status = add_picture(dataset, image, tags, n, split, err);
    for (size_t i = 0; i < n && !status; i++) /* the tags are known by now, so this cannot fail */
        status = oc__dataset_add_tag(&dataset->objects[first + i].tag, dataset, tags[i], err);
    if (status) return status;
    oc__labelled *added = &dataset->samples[dataset->n_samples - 1];
    added->first_object = (uint32_t)first;
    added->n_objects = (uint32_t)n;
    dataset->n_objects += n;
    dataset->boxed = true;
    return OC_OK;
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

/* Copies the objects of a sample of `from` to the sample that was added last. */
static oc_status add_shared_objects(oc_dataset *to, const oc_dataset *from, const oc__labelled *labelled, const bool *tags,
                                    oc_error *err) {
    oc__labelled *added = &to->samples[to->n_samples - 1];
    oc_status status = OC_OK;
    added->first_object = (uint32_t)to->n_objects;
    for (uint32_t i = 0; i < labelled->n_objects && !status; i++) {
        oc__object object = from->objects[labelled->first_object + i];
        if (tags && !tags[object.tag]) continue;
        status = oc__dataset_add_tag(&object.tag, to, from->tags[object.tag], err);
        if (!status)
            status = oc__reserve(&to->objects, &to->object_capacity, to->n_objects, sizeof object, to->context, err);
        if (!status) to->objects[to->n_objects++] = object;
    }
    added->n_objects = (uint32_t)to->n_objects - added->first_object;
    return status;
}

/* Whether sample i is wanted. */
typedef bool (*wanted_fn)(const oc_dataset *dataset, size_t i, const void *user);

static bool any(const oc_dataset *dataset, size_t i, const void *user) {
    (void)dataset, (void)i, (void)user;
    return true;
}

static bool of_split(const oc_dataset *dataset, size_t i, const void *split) {
    return strcmp(dataset->samples[i].sample->split, split) == 0;
}

typedef struct choice {
    const uint8_t *which;
    uint8_t what;
} choice;

static bool chosen(const oc_dataset *dataset, size_t i, const void *user) {
    const choice *c = user;
    (void)dataset;
    return c->which[i] == c->what;
}

/* Adds the samples that are wanted, shared, with those of their tags for which that is true; or all. */
static oc_status add_shared(oc_dataset *to, const oc_dataset *from, wanted_fn wanted, const void *user, const bool *only,
                            oc_error *err) {
    oc_status status = OC_OK;
    to->boxed = from->boxed;
    const char **tags = oc__alloc_array(to->context, from->n_tags, sizeof *tags);
    if (!tags) return oc__fail_nomem(err, to->context, from->n_tags * sizeof *tags, "data set");
    for (size_t i = 0; i < from->n_samples && !status; i++) {
        const oc__labelled *labelled = &from->samples[i];
        if (!wanted(from, i, user)) continue;
        uint32_t n = 0;
        for (uint32_t k = 0; k < labelled->n_tags; k++) {
            uint32_t tag = from->labels[labelled->first + k];
            if (!only || only[tag]) tags[n++] = from->tags[tag];
        }
        status = add_sample(to, labelled->sample, tags, n, err);
        if (status) break;
        oc__sample_retain(labelled->sample);
        status = add_shared_objects(to, from, labelled, only, err);
    }
    oc__free(to->context, tags);
    return status;
}

oc_status oc__dataset_snapshot(oc_dataset **out, const oc_dataset *dataset, oc_error *err) {
    oc_dataset *copy = NULL;
    oc_status status = oc__dataset_create(&copy, dataset->context, err);
    if (!status) status = add_shared(copy, dataset, any, NULL, NULL, err);
    if (status) oc__dataset_free(copy);
    else *out = copy;
    return status;
}

static bool bears_some(const oc_dataset *dataset, size_t i, const void *user) {
    const bool *only = user;
    const oc__labelled *sample = &dataset->samples[i];
    for (uint32_t k = 0; k < sample->n_tags; k++)
        if (only[dataset->labels[sample->first + k]]) return true;
    return sample->n_tags == 0;
}

/* Which tags a list with | between its names names. */
static oc_status read_list(bool *only, const oc_dataset *dataset, const char *list, bool lenient, oc_error *err) {
    for (const char *at = list;; at++) {
        size_t size = strcspn(at, "|"), t = 0;
        while (t < dataset->n_tags && (strlen(dataset->tags[t]) != size || memcmp(dataset->tags[t], at, size) != 0)) t++;
        if (t < dataset->n_tags) only[t] = true;
        else if (!lenient) return oc__fail(err, OC_E_NOT_FOUND, "no picture bears the tag '%.*s'", (int)size, at);
        at += size;
        if (!*at) return OC_OK;
    }
}

oc_status oc__dataset_only(oc_dataset **out, const oc_dataset *dataset, const char *tags, bool lenient, oc_error *err) {
    oc_dataset *copy = NULL;
    bool *only = oc__alloc_zero(dataset->context, dataset->n_tags * sizeof *only);
    if (!only) return oc__fail_nomem(err, dataset->context, dataset->n_tags * sizeof *only, "data set");
    oc_status status = read_list(only, dataset, tags, lenient, err);
    if (!status) status = oc__dataset_create(&copy, dataset->context, err);
    bool all = dataset->boxed || oc__dataset_several(dataset);
    if (!status) status = add_shared(copy, dataset, all ? any : bears_some, only, only, err);
    oc__free(dataset->context, only);
    if (status) oc__dataset_free(copy);
    else *out = copy;
    return status;
}

/* With all tags, whether they are borne or not. */
static oc_status select_samples(oc_dataset **out, const oc_dataset *dataset, wanted_fn wanted, const void *user, oc_error *err) {
    oc_dataset *selected = NULL;
    uint32_t tag;
    oc_status status = oc__dataset_create(&selected, dataset->context, err);
    for (size_t i = 0; i < dataset->n_tags && !status; i++) status = oc__dataset_add_tag(&tag, selected, dataset->tags[i], err);
    if (!status) status = add_shared(selected, dataset, wanted, user, NULL, err);
    if (status) oc__dataset_free(selected);
    else *out = selected;
    return status;
}

oc_status oc__dataset_select(oc_dataset **out, const oc_dataset *dataset, const uint8_t *which, uint8_t what, oc_error *err) {
    const choice c = {which, what};
    return select_samples(out, dataset, chosen, &c, err);
}

oc_status oc__dataset_select_split(oc_dataset **out, const oc_dataset *dataset, const char *split, oc_error *err) {
    oc_dataset *selected = NULL;
    oc_status status = select_samples(&selected, dataset, of_split, split, err);
    if (!status && selected->n_samples == 0) {
        status = oc__fail(err, OC_E_NOT_FOUND, "no picture is of the split '%s'", split);
        oc__dataset_free(selected);
    } else if (!status) {
        *out = selected;
    }
    return status;
}
