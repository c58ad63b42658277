/* Tags that are likely wrong. SPDX-License-Identifier: MIT
 *
 * After confident learning (Northcutt et al. 2021): what a classifier that has not seen a picture, or one nearly the same, says
 * of it, against the tag that it bears. */
#include <string.h>

#include "classifier_graph.h"
#include "feature_cache.h"
#include "held_out.h"
#include "memory.h"
#include "multilabel.h"
#include "project_check.h"

#define ODDS 20             /* times as probable as the tag that is there: then it is doubted */
#define LEAST_PICTURES 5    /* of a tag, that differ, or it is not judged */
#define CONFUSED_SHARE 0.3  /* of a tag's pictures are taken for another's, */
#define CONFUSED_PICTURES 3 /* and so many at least */

/* Pictures whose tags are judged. */
typedef struct judged {
    oc__labelled *samples;
    uint32_t *pictures; /* of the survey */
    uint32_t *tags;     /* a tag each, in the order of `names`; only where each bears one */
    uint64_t *groups;
    size_t n;
    uint32_t *numbers;  /* of the survey's tags: among those that are used, or OC__NONE */
    uint32_t *used;     /* tags of the survey that pictures bear */
    uint32_t *distinct; /* how many different pictures bear each used one */
    size_t n_used;
} judged;

static const char *tag_name(const oc__checker *c, const judged *j, uint32_t tag) { return c->survey->tags[j->used[tag]]; }

/* The pictures that bear tags (`one`: just one) and can be read. */
static oc_status collect(judged *j, const oc__checker *c, bool one, oc_error *err) {
    const oc__survey *survey = c->survey;
    size_t room = survey->n;
    j->samples = oc__alloc_zero(c->context, room * sizeof *j->samples);
    j->pictures = oc__alloc_array(c->context, room, sizeof *j->pictures);
    j->tags = oc__alloc_array(c->context, room, sizeof *j->tags);
    j->groups = oc__alloc_array(c->context, room, sizeof *j->groups);
    j->numbers = oc__alloc_array(c->context, survey->n_tags, sizeof *j->numbers);
    j->used = oc__alloc_array(c->context, survey->n_tags, sizeof *j->used);
    j->distinct = oc__alloc_zero(c->context, survey->n_tags * sizeof *j->distinct);
    oc_status status = OC_OK;
    if (!j->samples || !j->pictures || !j->tags || !j->groups || !j->numbers || !j->used || !j->distinct)
        status = oc__fail_nomem(err, c->context, room * sizeof *j->samples, "checking tags");
    for (size_t t = 0; t < survey->n_tags && !status; t++) j->numbers[t] = OC__NONE;
    for (size_t i = 0; i < survey->n && !status; i++) {
        const oc__surveyed *picture = &survey->items[i];
        if (!c->looks.readable[i] || picture->n_tags == 0 || (one && picture->n_tags != 1)) continue;
        status = oc__surveyed_sample(&j->samples[j->n].sample, c->project, picture, err);
        j->pictures[j->n] = (uint32_t)i;
        j->groups[j->n] = c->alikes.groups[i];
        for (uint32_t k = 0; k < picture->n_tags; k++) {
            uint32_t tag = survey->picture_tags[picture->first_tag + k], *number = &j->numbers[tag];
            if (!one && survey->types[tag] == OC_TAG_NEGATIVE) continue; /* such pictures bear no tag */
            if (*number == OC__NONE) {
                *number = (uint32_t)j->n_used;
                j->used[j->n_used++] = tag;
            }
            j->tags[j->n] = *number;
            j->distinct[*number] += c->alikes.groups[i] == i; /* the first of its group, which may bear other tags */
        }
        j->n++;
    }
    return status;
}

static void judged_free(judged *j, const oc__checker *c) {
    for (size_t i = 0; i < c->survey->n && j->samples; i++)
        if (j->samples[i].sample) oc__sample_release(j->samples[i].sample);
    oc__free(c->context, j->samples);
    oc__free(c->context, j->pictures);
    oc__free(c->context, j->tags);
    oc__free(c->context, j->groups);
    oc__free(c->context, j->numbers);
    oc__free(c->context, j->used);
    oc__free(c->context, j->distinct);
}

static oc_status add_doubt(const oc__checker *c, size_t picture, const char *tag, const char *other, float score,
                           oc_error *err) {
    oc_finding_place place = OC_FINDING_PLACE_INIT;
    place.tag = tag;
    place.other = other;
    place.score = score;
    return oc__finding_place(c->list, &c->survey->items[picture], &place, err);
}

static oc_status tell_doubts(const oc__checker *c, uint32_t kind, oc_error *err) {
    size_t n = oc__finding_pending(c->list);
    if (n == 0) return OC_OK;
    if (kind == OC_FINDING_MISSING_TAG)
        return oc__finding_add(c->list, kind, OC_SEVERITY_WARNING, NULL, NULL,
                               "look at them, the first ones first, and give them the tag if they show it", err,
                               n == 1 ? "%zu picture likely lacks a tag" : "%zu pictures likely lack a tag", n);
    return oc__finding_add(c->list, kind, OC_SEVERITY_WARNING, NULL, NULL,
                           "look at them, the first ones first, and correct the tags that are wrong", err,
                           n == 1 ? "%zu picture likely bears a wrong tag" : "%zu pictures likely bear a wrong tag", n);
}

/* --- where pictures bear one tag --- */

/* The most probable tag. */
static uint32_t best_of(const float *row, size_t n) {
    uint32_t best = 0;
    for (uint32_t t = 1; t < n; t++) best = row[t] > row[best] ? t : best;
    return best;
}

static oc_status find_wrong(const oc__checker *c, const judged *j, const float *probabilities, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < j->n && !status; i++) {
        const float *row = probabilities + i * j->n_used;
        uint32_t own = j->tags[i], best = best_of(row, j->n_used);
        if (row[0] < 0 || j->distinct[own] < LEAST_PICTURES || row[own] * ODDS >= row[best]) continue;
        status =
            add_doubt(c, j->pictures[i], tag_name(c, j, own), tag_name(c, j, best), row[best] / (row[best] + row[own]), err);
    }
    return status ? status : tell_doubts(c, OC_FINDING_WRONG_TAG, err);
}

static oc_status find_confused(const oc__checker *c, const judged *j, const float *probabilities, oc_error *err) {
    uint32_t *counts = oc__alloc_array(c->context, j->n_used, sizeof *counts);
    oc_status status = counts ? OC_OK : oc__fail_nomem(err, c->context, j->n_used * sizeof *counts, "checking tags");
    for (uint32_t tag = 0; tag < j->n_used && !status; tag++) {
        uint32_t n = 0, worst = tag;
        memset(counts, 0, j->n_used * sizeof *counts);
        for (size_t i = 0; i < j->n; i++) {
            const float *row = probabilities + i * j->n_used;
            if (j->tags[i] != tag || row[0] < 0) continue;
            n++;
            counts[best_of(row, j->n_used)]++;
        }
        for (uint32_t other = 0; other < j->n_used; other++)
            if (other != tag && (worst == tag || counts[other] > counts[worst])) worst = other;
        if (worst == tag || counts[worst] < CONFUSED_PICTURES || counts[worst] < CONFUSED_SHARE * n) continue;
        for (size_t i = 0; i < j->n && !status; i++) {
            const float *row = probabilities + i * j->n_used;
            if (j->tags[i] == tag && row[0] >= 0 && best_of(row, j->n_used) == worst)
                status = add_doubt(c, j->pictures[i], tag_name(c, j, tag), tag_name(c, j, worst), row[worst], err);
        }
        if (!status)
            status = oc__finding_add(
                c->list, OC_FINDING_CONFUSED, OC_SEVERITY_HINT, tag_name(c, j, tag), tag_name(c, j, worst),
                "add pictures that show what tells the two apart, or make them one tag; what only looks like "
                "one of them goes under a negative tag or one for all others",
                err, "%u of %u pictures of '%s' look like '%s'", counts[worst], n, tag_name(c, j, tag), tag_name(c, j, worst));
    }
    oc__free(c->context, counts);
    return status;
}

static oc_status check_one(oc__checker *c, const judged *j, const oc__feature_cache *cache, oc_error *err) {
    float *probabilities = oc__alloc_array(c->context, j->n, j->n_used * sizeof(float));
    if (!probabilities) return oc__fail_nomem(err, c->context, j->n * j->n_used * sizeof(float), "checking tags");
    const oc__told_apart set = {j->samples, j->tags, j->n, j->n_used, j->groups, cache, 0};
    oc_status status = oc__held_out_probabilities(probabilities, c->base, &set, c->progress, err);
    if (!status) status = find_wrong(c, j, probabilities, err);
    if (!status) status = find_confused(c, j, probabilities, err);
    oc__free(c->context, probabilities);
    return status;
}

/* --- where pictures bear several --- */

static oc_status find_answers(const oc__checker *c, const judged *j, const oc__measurement *m, uint32_t bears, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t k = 0; k < m->n_answers && !status; k++) {
        const oc__answer *answer = &m->answers[k];
        float doubt = bears ? 1 - answer->probability : answer->probability;
        if (answer->bears != bears || j->distinct[answer->tag] < LEAST_PICTURES || (1 - doubt) * ODDS >= doubt) continue;
        const char *name = tag_name(c, j, answer->tag);
        status = add_doubt(c, j->pictures[answer->picture], bears ? name : NULL, bears ? NULL : name, doubt, err);
    }
    return status ? status : tell_doubts(c, bears ? OC_FINDING_WRONG_TAG : OC_FINDING_MISSING_TAG, err);
}

/* The tags of each picture, but for negative ones: those bear none. */
static oc_status make_sets(uint32_t **tags, uint32_t **first, const oc__checker *c, const judged *j, oc_error *err) {
    const oc__survey *survey = c->survey;
    *tags = oc__alloc_array(c->context, survey->n_picture_tags, sizeof **tags);
    *first = oc__alloc_array(c->context, j->n + 1, sizeof **first);
    if (!*tags || !*first) return oc__fail_nomem(err, c->context, survey->n_picture_tags * sizeof **tags, "checking tags");
    uint32_t n = 0;
    for (size_t i = 0; i < j->n; i++) {
        const oc__surveyed *picture = &survey->items[j->pictures[i]];
        (*first)[i] = n;
        for (uint32_t k = 0; k < picture->n_tags; k++) {
            uint32_t tag = survey->picture_tags[picture->first_tag + k];
            if (survey->types[tag] != OC_TAG_NEGATIVE) (*tags)[n++] = j->numbers[tag];
        }
    }
    (*first)[j->n] = n;
    return OC_OK;
}

static oc_status check_several(oc__checker *c, const judged *j, const oc__feature_cache *cache, oc_error *err) {
    uint32_t *tags = NULL, *first = NULL;
    oc__features f = {0};
    oc__linear linear = {0};
    oc__measurement *m = NULL;
    oc__train_options options;
    double l2 = 0;
    const oc__extraction what = {.n_views = 1, .quiet = true, .cache = cache};
    oc__train_options_default(&options);
    oc__progress_stage(c->progress, "reading pictures", 0, 0.7, j->n);
    oc_status status = make_sets(&tags, &first, c, j, err);
    if (!status) status = oc__features_extract(&f, c->base, j->samples, j->n, &what, c->progress, err);
    if (!status) {
        memcpy(f.content, j->groups, j->n * sizeof *f.content);
        oc__take_roots(&f);
        const oc__tag_sets sets = {tags, first};
        status = oc__multilabel_train(&linear, &m, &l2, &f, &sets, j->n_used, &options, c->progress, err);
    }
    if (!status) status = find_answers(c, j, m, 1, err);
    if (!status) status = find_answers(c, j, m, 0, err);
    oc__measurement_free(m);
    oc__linear_free(&linear);
    oc__features_free(&f);
    oc__free(c->context, tags);
    oc__free(c->context, first);
    return status;
}

oc_status oc__check_labels(oc__checker *c, oc_error *err) {
    judged j = {0};
    oc__kept_features *kept = NULL;
    bool one = c->survey->kind != OC_PROJECT_MULTILABEL, judge = false;
    size_t n_groups = 0;
    oc_status status = collect(&j, c, one, err);
    for (size_t t = 0; t < j.n_used && !status; t++) judge = judge || j.distinct[t] >= LEAST_PICTURES;
    for (size_t i = 0; i < j.n && !status; i++) n_groups += j.groups[i] == j.pictures[i];
    if (!status && judge && n_groups >= 2 * LEAST_PICTURES && j.n_used >= (one ? 2u : 1u)) {
        status = oc__kept_features_open(&kept, c->project, c->base, 1, false, 0, err);
        const oc__feature_cache *cache = status ? NULL : oc__kept_features_cache(kept);
        if (!status) status = one ? check_one(c, &j, cache, err) : check_several(c, &j, cache, err);
        oc__kept_features_close(kept);
    }
    judged_free(&j, c);
    return status;
}
