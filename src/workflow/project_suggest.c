/* Suggesting tags for a project's pictures. SPDX-License-Identifier: MIT */
#include "project_suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "kernels.h"
#include "look_alikes.h"
#include "memory.h"
#include "predictor.h"
#include "project_features.h"
#include "project_train.h"

#define GROUP_SIZE 8   /* pictures, on the average */
#define BASE_PREFIX "base:" /* before the name of a base, in the place of an iteration */
#define PROPOSED_BOX 0.2 /* the same of boxes that a base's detector proposes */
#define SURE_BOX 0.5   /* boxes from this probability on are suggested */
#define LEAST_BOX 0.05 /* and below this one they are no reason for doubt */

/* One picture while suggestions are made. */
typedef struct candidate {
    uint32_t index; /* in the survey */
    uint32_t group;
    float uncertainty, rank; /* the larger rank comes first */
} candidate;

typedef struct suggester {
    oc_context *context;
    oc_project *project;
    const oc_suggest *wanted;
    oc__survey *survey;
    oc_model *model;         /* or NULL */
    bool proposes;           /* it is a base's detector */
    float *probabilities;    /* of a classifier: [survey->n][n_tags] */
    oc__detections *objects; /* of a detector */
    candidate *candidates;   /* those that can be read */
    size_t n;
    oc_suggestion_list *list;
    oc__progress *progress;
} suggester;

/* --- what the model says --- */

static float threshold_of(const suggester *s, size_t tag) {
    if (s->wanted->min_probability > 0) return (float)s->wanted->min_probability;
    if (s->model->kind == OC__KIND_CLASSIFICATION) return 0;
    if (s->model->kind == OC__KIND_DETECTION) return s->proposes ? PROPOSED_BOX : SURE_BOX;
    return s->model->thresholds ? s->model->thresholds[tag] : 0.5f;
}

/* 1 at the threshold, 0 at the ends. */
static float doubt(float probability, float threshold) {
    float room = probability < threshold ? threshold : 1 - threshold;
    return room > 0 ? 1 - fabsf(probability - threshold) / room : 0;
}

static float uncertainty_of(const suggester *s, size_t index) {
    const float *row = s->probabilities + index * s->model->n_tags;
    float first = 0, second = 0, most = 0;
    if (s->model->kind == OC__KIND_DETECTION) {
        for (size_t k = 0; k < s->objects[index].n; k++) {
            const oc__detection *d = &s->objects[index].items[k];
            if (d->probability >= LEAST_BOX) most = fmaxf(most, doubt(d->probability, threshold_of(s, d->tag)));
        }
        return most;
    }
    for (size_t t = 0; t < s->model->n_tags; t++) {
        if (s->model->kind == OC__KIND_MULTILABEL) most = fmaxf(most, doubt(row[t], threshold_of(s, t)));
        if (row[t] > first) {
            second = first;
            first = row[t];
        } else if (row[t] > second) {
            second = row[t];
        }
    }
    return s->model->kind == OC__KIND_MULTILABEL ? most : 1 - (first - second);
}

/* The probability of what is suggested with the least, or of the best tag; 0: nothing is suggested. */
static float sureness_of(const suggester *s, size_t index) {
    float least = 0;
    if (s->model->kind == OC__KIND_DETECTION) {
        for (size_t k = 0; k < s->objects[index].n; k++) {
            const oc__detection *d = &s->objects[index].items[k];
            if (d->probability >= threshold_of(s, d->tag)) least = d->probability; /* the most probable first */
        }
        return least;
    }
    return 1 - uncertainty_of(s, index);
}

static oc_status predict(suggester *s, oc_error *err) {
    size_t n = s->survey->n;
    bool detects = s->model->kind == OC__KIND_DETECTION;
    oc_predictor *predictor = NULL;
    oc_error why = OC_ERROR_INIT;
    oc__sample **samples = oc__alloc_zero(s->context, n * sizeof(oc__sample *));
    const oc_image **images = oc__alloc_array(s->context, n, sizeof *images);
    oc_status *statuses = oc__alloc_zero(s->context, n * sizeof *statuses), status = OC_OK;
    s->probabilities = oc__alloc_array(s->context, detects ? 0 : n, s->model->n_tags * sizeof(float));
    s->objects = oc__alloc_zero(s->context, n * sizeof *s->objects);
    if (!samples || !images || !statuses || !s->probabilities || !s->objects)
        status = oc__fail_nomem(err, s->context, n * s->model->n_tags * sizeof(float), "suggesting tags");
    for (size_t i = 0; i < n && !status; i++) {
        status = oc__surveyed_sample(&samples[i], s->project, &s->survey->items[i], err);
        if (!status) images[i] = &samples[i]->image;
    }
    if (!status) status = oc__predictor_create(&predictor, s->model, &(oc__how){.precision = OC_PRECISION_FP32}, err);
    oc__progress_stage(s->progress, "predicting", 0, 0.5, n);
    if (!status)
        status = detects ? oc__predict_boxes_batch(s->objects, statuses, predictor, images, n, s->progress, &why)
                         : oc__predict_batch(s->probabilities, NULL, statuses, predictor, images, n, s->progress, &why);
    if (status && why.code) oc__fail(err, status, "%s", why.message);
    for (uint32_t i = 0; i < n && !status; i++) {
        if (statuses[i] == OC_E_NOMEM)
            status = oc__fail_nomem(err, s->context, 0, s->survey->items[i].name);
        else if (statuses[i])
            oc__log(s->context, OC_LOG_WARNING, "left out: %s: %s", s->survey->items[i].name, oc_status_name(statuses[i]));
        else
            s->candidates[s->n++] = (candidate){i, 0, uncertainty_of(s, i), sureness_of(s, i)};
    }
    oc__predictor_free(predictor);
    for (size_t i = 0; i < n && samples; i++)
        if (samples[i]) oc__sample_release(samples[i]);
    oc__free(s->context, samples);
    oc__free(s->context, images);
    oc__free(s->context, statuses);
    return status;
}

/* --- order --- */

static int by_rank(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    if (x->rank != y->rank) return x->rank > y->rank ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static oc_status read_features(oc__feature_rows *out, suggester *s, oc_error *err) {
    oc_model *base = NULL;
    oc_status status = oc__base_open(&base, s->context, s->wanted->base ? s->wanted->base : OC__BEST_BASE, err);
    oc__progress_stage(s->progress, "reading pictures", 0.5, 0.8, s->survey->n);
    if (!status) status = oc__feature_rows_make(out, s->project, s->survey, base, s->progress, err);
    oc__model_release(base);
    return status;
}

/* Puts those that can be read into groups. */
static oc_status group(suggester *s, oc_error *err) {
    oc__feature_rows rows = {0};
    oc__groups groups = {0};
    oc_status status = read_features(&rows, s, err);
    s->n = 0;
    for (uint32_t i = 0; !status && i < rows.n; i++) {
        if (!rows.readable[i]) continue;
        if (s->n != i) memcpy(rows.values + s->n * rows.dim, rows.values + i * rows.dim, rows.dim * sizeof(float));
        s->candidates[s->n++] = (candidate){.index = i, .uncertainty = s->model ? uncertainty_of(s, i) : 0};
    }
    oc__progress_stage(s->progress, "grouping", 0.8, 1, s->n);
    if (!status)
        status = oc__groups_make(&groups, s->context, rows.values, s->n, rows.dim, (s->n + GROUP_SIZE - 1) / GROUP_SIZE,
                                 s->progress, err);
    for (size_t i = 0; i < s->n && !status; i++) {
        s->candidates[i].group = groups.of[i] + 1;
        s->candidates[i].rank = groups.nearness[i];
    }
    oc__groups_free(&groups);
    oc__feature_rows_free(&rows);
    return status;
}

/* Ranks by uncertainty times distance from those that come before; the first `limit`, after which uncertainty decides. */
static oc_status rank_useful(suggester *s, size_t limit, oc_error *err) {
    const oc__kernels *k = s->context->kernels;
    oc__feature_rows rows = {0};
    oc_status status = read_features(&rows, s, err);
    float *far = oc__alloc_array(s->context, s->n, sizeof *far);
    if (!status && !far) status = oc__fail_nomem(err, s->context, s->n * sizeof *far, "suggesting tags");
    for (size_t i = 0; i < s->n && !status; i++) {
        far[i] = 1;
        s->candidates[i].rank = s->candidates[i].uncertainty - 1; /* behind those that are taken */
    }
    if (!status) oc__progress_stage(s->progress, "choosing", 0.8, 1, limit);
    for (size_t taken = 0; taken < limit && !status; taken++) {
        size_t best = s->n;
        for (size_t i = 0; i < s->n; i++)
            if (s->candidates[i].rank <= 0 &&
                (best == s->n || s->candidates[i].uncertainty * far[i] > s->candidates[best].uncertainty * far[best]))
                best = i;
        s->candidates[best].rank = (float)(limit - taken);
        const float *row = rows.values + s->candidates[best].index * rows.dim;
        for (size_t i = 0; i < s->n; i++) {
            float distance = 1 - (float)k->dot(rows.dim, row, rows.values + s->candidates[i].index * rows.dim);
            far[i] = fminf(far[i], fmaxf(distance, 0));
        }
        if (!oc__progress_step(s->progress, 1, 0)) status = oc__progress_status(s->progress, err);
    }
    oc__free(s->context, far);
    oc__feature_rows_free(&rows);
    return status;
}

/* --- the list --- */

static oc_status add_box(suggester *s, uint32_t tag, float probability, const oc__rect *r, oc_error *err) {
    oc_suggestion_list *list = s->list;
    oc_status status = oc__reserve(&list->boxes, &list->box_capacity, list->n_boxes, sizeof *list->boxes, s->context, err);
    if (status) return status;
    list->boxes[list->n_boxes++] =
        (oc_box){sizeof(oc_box), (int32_t)tag, probability, r->left, r->top, r->right - r->left, r->bottom - r->top};
    list->items[list->n - 1].info.n_boxes++;
    return OC_OK;
}

static int by_probability(const void *a, const void *b) {
    const oc_box *x = a, *y = b;
    if (x->probability != y->probability) return x->probability > y->probability ? -1 : 1;
    return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static oc_status add_boxes(suggester *s, size_t index, oc_error *err) {
    static const oc__rect whole = {0, 0, 1, 1};
    oc_status status = OC_OK;
    if (s->model->kind == OC__KIND_DETECTION) {
        for (size_t k = 0; k < s->objects[index].n && !status; k++) {
            const oc__detection *d = &s->objects[index].items[k];
            if (d->probability >= threshold_of(s, d->tag)) status = add_box(s, d->tag, d->probability, &d->box, err);
        }
        return status;
    }
    const float *row = s->probabilities + index * s->model->n_tags;
    uint32_t best = 0;
    for (uint32_t t = 0; t < s->model->n_tags; t++) best = row[t] > row[best] ? t : best;
    for (uint32_t t = 0; t < s->model->n_tags && !status; t++)
        if ((t == best || s->model->kind == OC__KIND_MULTILABEL) && row[t] >= threshold_of(s, t))
            status = add_box(s, t, row[t], &whole, err);
    size_t first = s->list->items[s->list->n - 1].first_box, n = s->list->n_boxes - first;
    if (!status && n > 1) qsort(s->list->boxes + first, n, sizeof *s->list->boxes, by_probability);
    return status;
}

static oc_status add_suggestion(suggester *s, const candidate *c, oc_error *err) {
    oc_suggestion_list *list = s->list;
    const oc__surveyed *picture = &s->survey->items[c->index];
    oc__suggestion one = {OC_SUGGESTION_INIT, list->n_boxes};
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, s->context, err);
    char *path = status ? NULL : oc__surveyed_path(picture, s->project);
    one.info.group = c->group;
    one.info.uncertainty = c->uncertainty;
    one.info.picture = oc__strings_add(&list->strings, picture->id);
    one.info.name = oc__strings_add(&list->strings, picture->name);
    one.info.path = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(s->context, path);
    if (status) return status;
    if (!one.info.picture || !one.info.name || !one.info.path) return oc__fail_nomem(err, s->context, 4096, "suggestions");
    list->items[list->n++] = one;
    return s->model ? add_boxes(s, c->index, err) : OC_OK;
}

static oc_status make_list(suggester *s, size_t limit, oc_error *err) {
    oc_suggestion_list *list = s->list;
    oc_status status = OC_OK;
    if (s->model) {
        list->tags = oc__alloc_array(s->context, s->model->n_tags, sizeof *list->tags);
        if (!list->tags) return oc__fail_nomem(err, s->context, s->model->n_tags * sizeof *list->tags, "suggestions");
        for (size_t t = 0; t < s->model->n_tags; t++)
            if (!(list->tags[list->n_tags++] = oc__strings_add(&list->strings, s->model->tags[t])))
                return oc__fail_nomem(err, s->context, 4096, "suggestions");
    }
    for (size_t i = 0; i < limit && !status; i++) status = add_suggestion(s, &s->candidates[i], err);
    return status;
}

/* --- all --- */

/* The detector that a base brings, which proposes boxes of objects of any kind. */
static oc_status open_proposer(suggester *s, oc_error *err) {
    oc_model *base = NULL;
    const char *name = s->wanted->iteration + strlen(BASE_PREFIX);
    if (s->survey->kind != OC_PROJECT_DETECTION)
        return oc__fail(err, OC_E_STATE, "%s: its pictures have no objects in boxes, which is what base networks propose", s->project->folder);
    oc_status status = oc__base_open_both(&base, &s->model, s->context, name, err);
    if (!status && !s->model) status = oc__fail(err, OC_E_UNSUPPORTED, "the base network '%.64s' brings no detector", name);
    s->proposes = true;
    oc__model_release(base);
    return status;
}

/* The iteration, if there is one that fits. */
static oc_status open_model(suggester *s, oc_error *err) {
    const oc_suggest *wanted = s->wanted;
    oc_error why = OC_ERROR_INIT;
    if (wanted->iteration && strncmp(wanted->iteration, BASE_PREFIX, strlen(BASE_PREFIX)) == 0) return open_proposer(s, err);
    oc_status status = oc__project_model(&s->model, s->project, wanted->iteration, &why);
    if (status == OC_E_NOT_FOUND && !wanted->iteration) {
        if (!wanted->order || wanted->order == OC_SUGGEST_ALIKE) return OC_OK;
        return oc__fail(err, OC_E_STATE,
                        "%s: nothing has been trained yet; only groups of pictures that look alike can be suggested",
                        s->project->folder);
    }
    if (status) return oc__fail(err, status, "%s", why.message);
    if ((s->model->kind == OC__KIND_DETECTION) != (s->survey->kind == OC_PROJECT_DETECTION))
        return oc__fail(err, OC_E_STATE, "%s: the iteration is of another kind than the project is now", s->project->folder);
    return OC_OK;
}

static oc_status suggest_all(suggester *s, oc_error *err) {
    uint32_t order = s->wanted->order;
    oc_status status = open_model(s, err);
    if (!order) order = s->model ? OC_SUGGEST_SURE : OC_SUGGEST_ALIKE;
    if (!status && !(s->candidates = oc__alloc_array(s->context, s->survey->n, sizeof *s->candidates)))
        status = oc__fail_nomem(err, s->context, s->survey->n * sizeof *s->candidates, "suggestions");
    if (!status && s->model) status = predict(s, err);
    if (!status && order == OC_SUGGEST_ALIKE) status = group(s, err);
    size_t limit = s->wanted->limit && s->wanted->limit < s->n ? (size_t)s->wanted->limit : s->n;
    if (!status && order == OC_SUGGEST_USEFUL) status = rank_useful(s, limit, err);
    if (!status && s->n) qsort(s->candidates, s->n, sizeof *s->candidates, by_rank);
    return status ? status : make_list(s, limit, err);
}

oc_status oc__project_suggest(oc_suggestion_list **out, oc_project *project, const oc_suggest *suggest, oc_progress_fn callback,
                              void *user, oc_error *err) {
    oc_context *context = project->context;
    oc__progress progress;
    suggester s = {.context = context, .project = project, .wanted = suggest, .progress = &progress};
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    if (suggest->order > OC_SUGGEST_ALIKE)
        return oc__fail(err, OC_E_ARGUMENT, "order is %u, expected 0 or one of OC_SUGGEST_...", suggest->order);
    if (!(suggest->min_probability >= 0 && suggest->min_probability <= 1))
        return oc__fail(err, OC_E_ARGUMENT, "min_probability is not a number from 0 to 1");
    filter.state = OC_PICTURES_UNTAGGED;
    oc__progress_begin(&progress, callback, user, NULL);
    oc_status status = OC_OK;
    if (!(s.list = oc__alloc_zero(context, sizeof *s.list))) return oc__fail_nomem(err, context, sizeof *s.list, "suggestions");
    s.list->strings.context = oc__context_retain(context);
    status = oc__project_survey(&s.survey, project, suggest->filter ? suggest->filter : &filter, err);
    if (!status) {
        s.list->kind = s.survey->kind;
        status = suggest_all(&s, err);
    }
    if (!status) oc__progress_end(&progress);
    for (size_t i = 0; s.objects && i < s.survey->n; i++) oc__free(context, s.objects[i].items);
    oc__free(context, s.objects);
    oc__free(context, s.probabilities);
    oc__free(context, s.candidates);
    oc__survey_free(s.survey);
    oc__model_release(s.model);
    if (status)
        oc__suggestion_list_free(s.list);
    else
        *out = s.list;
    return status;
}

void oc__suggestion_list_free(oc_suggestion_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list->boxes);
    oc__free(context, list->tags);
    oc__free(context, list);
    oc__context_release(context);
}

/* --- accepting --- */

/* Gives one picture what is suggested, if it has no tag still. */
static oc_status accept_one(uint64_t *n_accepted, oc_project *project, const oc_suggestion_list *list,
                            const oc__suggestion *one, double min_probability, oc_error *err) {
    oc_picture_list *pictures = NULL;
    oc_status status = oc__project_picture(&pictures, project, one->info.picture, err);
    bool free_of_tags = !status && pictures->items[0].info.n_tags == 0 && pictures->items[0].info.n_regions == 0, given = false;
    oc__picture_list_free(pictures);
    for (uint32_t k = 0; k < one->info.n_boxes && free_of_tags && !status; k++) {
        const oc_box *box = &list->boxes[one->first_box + k];
        int64_t tag;
        if ((double)box->probability < min_probability) continue;
        if (oc__project_find_tag(&tag, NULL, project, list->tags[box->tag], NULL) == OC_E_NOT_FOUND)
            continue; /* deleted since */
        given = true;
        if (list->kind != OC_PROJECT_DETECTION) {
            status = oc__project_label_pictures(project, &one->info.picture, 1, list->tags[box->tag], OC_LABEL_ADD, err);
            continue;
        }
        oc_region region = OC_REGION_INIT;
        region.picture = one->info.picture;
        region.tag = list->tags[box->tag];
        region.left = (double)box->left;
        region.top = (double)box->top;
        region.width = (double)box->width;
        region.height = (double)box->height;
        status = oc__project_add_regions(NULL, project, &region, 1, OC_REGIONS_CLIP, err);
    }
    *n_accepted += given && !status;
    return status;
}

oc_status oc__project_accept(uint64_t *n_accepted, oc_project *project, const oc_suggestion_list *list, const size_t *indices,
                             size_t n, double min_probability, oc_error *err) {
    uint64_t accepted = 0;
    size_t n_given = n ? n : list->n;
    for (size_t i = 0; i < n; i++)
        if (indices[i] >= list->n)
            return oc__fail(err, OC_E_NOT_FOUND, "suggestion %zu is out of range, there are %zu", indices[i], list->n);
    oc_status status = oc__project_begin(project, err);
    if (status) return status;
    for (size_t i = 0; i < n_given && !status; i++)
        status = accept_one(&accepted, project, list, &list->items[n ? indices[i] : i], min_probability, err);
    oc_status ended = oc__project_end(project, !status, status ? NULL : err);
    if (!status) status = ended;
    if (!status && n_accepted) *n_accepted = accepted;
    return status;
}
