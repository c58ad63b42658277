/* Searching a project by example: exact nearest neighbours by the cosine of features. SPDX-License-Identifier: MIT
 *
 * One pass over the features as they lie in the cache; nothing but one number a picture is held. */
#include "project_similar.h"

#include <math.h>
#include <stdlib.h>

#include "base.h"
#include "base_features.h"
#include "feature_cache.h"
#include "kernels.h"
#include "memory.h"
#include "project_features.h"

#define MAX_LIMIT 10000
#define DEFAULT_LIMIT 10

typedef struct scored {
    float score;
    uint32_t index;
} scored;

typedef struct query {
    oc_context *context;
    const float *example; /* of length 1 */
    size_t dim, n;
    scored *scores; /* of those that could be read */
    int64_t self; /* the picture that is asked for itself; -1: none */
    const oc__survey *survey;
} query;

static void compare(void *user, size_t index, const float *values) {
    query *q = user;
    const oc__kernels *k = q->context->kernels;
    if (!values || q->survey->items[index].seq == q->self) return;
    double length = sqrt(k->dot(q->dim, values, values)), product = k->dot(q->dim, values, q->example);
    double cosine = length > 0 ? product / length : 0;
    q->scores[q->n++] = (scored){(float)(cosine > 1 ? 1 : cosine), (uint32_t)index};
}

/* The best first; equal ones in the order in which they were added. */
static int by_score(const void *a, const void *b) {
    const scored *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* The features of the example, of length 1. The caller frees *out. */
static oc_status read_example(float **out, int64_t *self, oc_project *project, const oc_search *search, const oc_model *base,
                              oc__progress *progress, oc_error *err) {
    oc_context *context = project->context;
    oc__kept_features *kept = NULL;
    oc__features features = {0};
    oc__labelled labelled = {0};
    oc_picture_list *list = NULL;
    oc_image image = OC_IMAGE_INIT;
    const char *name = NULL;
    oc_status status = OC_OK;
    *self = -1;
    if (search->picture) {
        status = oc__project_find_picture(self, project, search->picture, err);
        if (!status) status = oc__project_picture(&list, project, search->picture, err);
        if (!status) {
            image.format = OC_IMAGE_PATH;
            image.data = list->items[0].info.path;
            name = list->items[0].info.name;
        }
    } else {
        status = oc__image_check(&image, search->image, err);
        if (!status) name = oc__image_name(&image);
    }
    if (!status) status = oc__sample_create(&labelled.sample, context, &image, name, "", err);
    if (!status) status = oc__kept_features_open(&kept, project, base, 1, false, 0, err);
    if (!status) {
        const oc__extraction what = {.n_views = 1, .cache = oc__kept_features_cache(kept)};
        oc__progress_stage(progress, "reading the example", 0, 0, 1);
        status = oc__features_extract(&features, base, &labelled, 1, &what, progress, err);
    }
    if (!status) {
        oc__normalise(features.values, features.dim, context);
        *out = features.values;
        features.values = NULL;
    }
    oc__features_free(&features);
    oc__kept_features_close(kept);
    if (labelled.sample) oc__sample_release(labelled.sample);
    oc__picture_list_free(list);
    return status;
}

static oc_status check_search(const oc_search *s, oc_error *err) {
    if (!s->picture == !s->image) return oc__fail(err, OC_E_ARGUMENT, "oc_search: give either a picture or an image");
    if (s->limit > MAX_LIMIT) return oc__fail(err, OC_E_ARGUMENT, "limit is %u, at most %d", s->limit, MAX_LIMIT);
    if (!(s->min_score >= -1 && s->min_score <= 1))
        return oc__fail(err, OC_E_ARGUMENT, "min_score is not a number from -1 to 1");
    return OC_OK;
}

static oc_status add_match(oc_match_list *list, const scored *one, const oc__survey *survey, const oc_project *project,
                           oc_error *err) {
    oc_context *context = project->context;
    const oc__surveyed *picture = &survey->items[one->index];
    oc_match match = OC_MATCH_INIT;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    char *path = status ? NULL : oc__surveyed_path(picture, project);
    match.score = one->score;
    match.picture = oc__strings_add(&list->strings, picture->id);
    match.name = oc__strings_add(&list->strings, picture->name);
    match.path = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(context, path);
    if (status) return status;
    if (!match.picture || !match.name || !match.path) return oc__fail_nomem(err, context, 4096, "matches");
    list->items[list->n++] = match;
    return OC_OK;
}

static oc_status make_list(oc_match_list **out, const query *q, const oc_project *project, const oc_search *search,
                           oc_error *err) {
    size_t limit = search->limit ? search->limit : DEFAULT_LIMIT;
    oc_match_list *list = oc__alloc_zero(q->context, sizeof *list);
    oc_status status = OC_OK;
    if (!list) return oc__fail_nomem(err, q->context, sizeof *list, "matches");
    list->strings.context = oc__context_retain(q->context);
    for (size_t i = 0; i < q->n && i < limit && !status; i++)
        if ((double)q->scores[i].score >= search->min_score)
            status = add_match(list, &q->scores[i], q->survey, project, err);
    if (status)
        oc__match_list_free(list);
    else
        *out = list;
    return status;
}

oc_status oc__project_similar(oc_match_list **out, oc_project *project, const oc_search *search, oc_progress_fn callback,
                              void *user, oc_error *err) {
    oc_context *context = project->context;
    oc_model *base = NULL;
    oc__survey *survey = NULL;
    float *example = NULL;
    query q = {.context = context};
    oc__progress progress;
    oc__progress_begin(&progress, callback, user, NULL);
    oc_status status = check_search(search, err);
    if (!status) status = oc__base_open(&base, context, search->base ? search->base : OC__BEST_BASE, err);
    if (!status) status = read_example(&example, &q.self, project, search, base, &progress, err);
    if (!status) status = oc__project_survey(&survey, project, search->filter, err);
    if (!status && !(q.scores = oc__alloc_array(context, survey->n, sizeof *q.scores)))
        status = oc__fail_nomem(err, context, survey->n * sizeof *q.scores, "a search");
    if (!status) {
        q.survey = survey;
        q.example = example;
        q.dim = oc__n_features(base);
        oc__progress_stage(&progress, "reading pictures", 0, 1, survey->n);
        status = oc__project_features(project, survey, base, compare, &q, &progress, err);
    }
    if (!status && q.n) qsort(q.scores, q.n, sizeof *q.scores, by_score);
    if (!status) status = make_list(out, &q, project, search, err);
    if (!status) oc__progress_end(&progress);
    oc__free(context, q.scores);
    oc__free(context, example);
    oc__survey_free(survey);
    oc__model_release(base);
    return status;
}

void oc__match_list_free(oc_match_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}
