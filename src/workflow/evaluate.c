/* Measuring a model on a data set. SPDX-License-Identifier: MIT */
#include "evaluate.h"

#include <string.h>

#include "average_precision.h"
#include "memory.h"
#include "predictor.h"

/* Whether a tag is one of those that a model of anomalies was trained on: `list` has | between them. */
static bool is_normal(const char *list, const char *tag) {
    for (size_t size; list && *list; list += size + (list[size] == '|'))
        if ((size = strcspn(list, "|")) == strlen(tag) && memcmp(list, tag, size) == 0) return true;
    return false;
}

/* The model's number of each tag of the data set; OC__NONE for its negative one. To a model of anomalies whatever bears another tag
 * than its good pictures is one. */
static oc_status match_tags(uint32_t *map, const oc_model *model, const oc_dataset *dataset, oc_error *err) {
    const char *negative = oc__model_property(model, "option.negative"), *normal = oc__model_property(model, "normal");
    bool several = model->kind == OC__KIND_MULTILABEL, detects = model->kind == OC__KIND_DETECTION;
    if (detects != dataset->boxed)
        return oc__fail(err, OC_E_DATA, detects ? "the model finds objects in boxes, and the data set has none"
                                                : "the data set has objects in boxes, which the model does not find");
    for (size_t i = 0; i < dataset->n_samples && !several && !detects; i++)
        if (dataset->samples[i].n_tags != 1)
            return oc__fail(err, OC_E_DATA, "%s bears %u tags, the model gives a picture one",
                            dataset->samples[i].sample->image.name, dataset->samples[i].n_tags);
    for (size_t i = 0; i < dataset->n_tags; i++) {
        size_t t = oc__model_find_tag(model, dataset->tags[i]);
        map[i] = OC__NONE;
        if (normal && several) {
            map[i] = is_normal(normal, dataset->tags[i]) ? OC__NONE : 0;
            continue;
        }
        if (t == model->n_tags && several && negative && strcmp(negative, dataset->tags[i]) == 0) continue;
        if (t == model->n_tags)
            return oc__fail(err, OC_E_DATA, "the data set has the tag '%s', which the model does not know", dataset->tags[i]);
        map[i] = (uint32_t)t;
    }
    return OC_OK;
}

/* Tells a measurement of several tags what was said of each. */
static oc_status fill_several(oc__measurement *m, const float *probabilities, const oc_status *statuses, const uint32_t *map,
                              const oc_model *model, const oc_dataset *dataset, oc_error *err) {
    float *column = oc__alloc_array(m->context, m->n, sizeof *column);
    uint8_t *bears = oc__alloc_array(m->context, m->n, 1);
    oc_status status = oc__measurement_several(m, err);
    if (!status && (!column || !bears)) status = oc__fail_nomem(err, m->context, m->n * sizeof *column, "measurement");
    for (uint32_t t = 0; t < m->n_tags && !status; t++) {
        for (size_t i = 0, to = 0; i < dataset->n_samples; i++) {
            const oc__labelled *sample = &dataset->samples[i];
            if (statuses[i]) continue;
            column[to] = probabilities[to * m->n_tags + t];
            bears[to] = 0;
            for (uint32_t k = 0; k < sample->n_tags; k++) bears[to] |= map[dataset->labels[sample->first + k]] == t;
            to++;
        }
        status = oc__measurement_add_tag(m, column, bears, oc__model_threshold(model, t), err);
    }
    if (!status) status = oc__measurement_finish(m, err);
    oc__free(m->context, column);
    oc__free(m->context, bears);
    return status;
}

/* Moves what could be read to the front and fills the measurement in. */
static oc_status collect(oc__measurement **out, float *probabilities, const oc_status *statuses, const uint32_t *map,
                         const oc_model *model, const oc_dataset *dataset, oc_error *err) {
    size_t n = 0, row = model->n_tags;
    oc__measurement *m = NULL;
    for (size_t i = 0; i < dataset->n_samples; i++) {
        if (statuses[i]) continue;
        memmove(probabilities + n * row, probabilities + i * row, row * sizeof *probabilities);
        n++;
    }
    if (n == 0) return oc__fail(err, OC_E_DATA, "none of the %zu pictures could be read", dataset->n_samples);
    oc_status status = oc__measurement_create(&m, model->context, n, (uint32_t)row, err);
    if (status) return status;
    m->n_skipped = (uint32_t)(dataset->n_samples - n);
    for (size_t i = 0, to = 0; i < dataset->n_samples && !status; i++) {
        if (statuses[i]) continue;
        const char *name = dataset->samples[i].sample->image.name;
        if (model->kind != OC__KIND_MULTILABEL)
            m->entries[to].truth = map[dataset->labels[dataset->samples[i].first]];
        if (!(m->entries[to++].name = oc__strdup(model->context, name)))
            status = oc__fail_nomem(err, model->context, strlen(name), "measurement");
    }
    if (!status)
        status = model->kind == OC__KIND_MULTILABEL
                     ? fill_several(m, probabilities, statuses, map, model, dataset, err)
                     : oc__measurement_fill(m, probabilities, err);
    if (status) oc__measurement_free(m);
    else *out = m;
    return status;
}

/* The measurement of a detector by what it found. Pictures that could not be read are left out. */
static oc_status collect_boxes(oc__measurement **out, const oc__detections *detections, const oc_status *statuses, const uint32_t *map,
                               const oc_model *model, const oc_dataset *dataset, oc_error *err) {
    size_t n = 0, n_truths = 0, n_found = 0;
    oc__measurement *m = NULL;
    for (size_t i = 0; i < dataset->n_samples; i++) {
        if (statuses[i]) continue;
        n++;
        n_truths += dataset->samples[i].n_objects;
        n_found += detections[i].n;
    }
    if (n == 0) return oc__fail(err, OC_E_DATA, "none of the %zu pictures could be read", dataset->n_samples);
    oc_status status = oc__measurement_create(&m, model->context, n, (uint32_t)model->n_tags, err);
    if (status) return status;
    m->n_skipped = (uint32_t)(dataset->n_samples - n);
    status = oc__measurement_boxes(m, n_truths, n_found, err);
    n = n_truths = n_found = 0;
    for (size_t i = 0; i < dataset->n_samples && !status; i++) {
        const oc__labelled *sample = &dataset->samples[i];
        const char *name = sample->sample->image.name;
        if (statuses[i]) continue;
        for (uint32_t k = 0; k < sample->n_objects; k++) {
            oc__object object = dataset->objects[sample->first_object + k];
            object.tag = map[object.tag];
            m->truths[n_truths++] = (oc__truth){(uint32_t)n, object};
        }
        for (size_t k = 0; k < detections[i].n; k++) m->found[n_found++] = (oc__found){(uint32_t)n, detections[i].items[k]};
        m->entries[n].truth = m->entries[n].predicted = OC__NONE;
        if (!(m->entries[n++].name = oc__strdup(model->context, name)))
            status = oc__fail_nomem(err, model->context, strlen(name), "measurement");
    }
    if (!status) status = oc__box_metrics_fill(m, err);
    if (status) oc__measurement_free(m);
    else *out = m;
    return status;
}

oc_status oc__evaluate(oc__measurement **out, const oc_model *model, const oc_dataset *dataset, const oc__how *how,
                       oc__progress *progress, oc_error *err) {
    oc_context *context = model->context;
    size_t n = dataset->n_samples;
    oc_predictor *predictor = NULL;
    uint32_t *map = oc__alloc_array(context, dataset->n_tags, sizeof *map);
    bool detects = model->kind == OC__KIND_DETECTION;
    float *probabilities = oc__alloc_array(context, detects ? 0 : n, model->n_tags * sizeof(float));
    oc__detections *detections = oc__alloc_zero(context, n * sizeof *detections);
    oc_status *statuses = oc__alloc_zero(context, n * sizeof *statuses), status = OC_OK;
    const oc_image **images = oc__alloc_array(context, n, sizeof *images);
    if (!map || !probabilities || !detections || !statuses || !images)
        status = oc__fail_nomem(err, context, n * model->n_tags * sizeof(float), "evaluation");
    for (size_t i = 0; i < n && !status; i++) images[i] = &dataset->samples[i].sample->image;
    if (!status) status = match_tags(map, model, dataset, err);
    if (!status) status = oc__predictor_create(&predictor, model, how, err);
    oc_error error = OC_ERROR_INIT; /* also tells of pictures that cannot be read, which is no failure here */
    if (!status)
        status = detects ? oc__predict_boxes_batch(detections, statuses, predictor, images, n, progress, &error)
                         : oc__predict_batch(probabilities, NULL, statuses, predictor, images, n, progress, &error);
    if (status && error.code)
        oc__fail(err, status, "%s", error.message);
    for (size_t i = 0; i < n && !status; i++)
        if (statuses[i] == OC_E_NOMEM) status = oc__fail_nomem(err, context, 0, images[i]->name);
        else if (statuses[i])
            oc__log(context, OC_LOG_WARNING, "left out: %s: %s", images[i]->name, oc_status_name(statuses[i]));
    if (!status)
        status = detects ? collect_boxes(out, detections, statuses, map, model, dataset, err)
                         : collect(out, probabilities, statuses, map, model, dataset, err);
    for (size_t i = 0; i < n && detections; i++) oc__free(context, detections[i].items);
    oc__free(context, detections);
    oc__predictor_free(predictor);
    oc__free(context, map);
    oc__free(context, probabilities);
    oc__free(context, statuses);
    oc__free(context, images);
    return status;
}
