/* Checking the data of a project. SPDX-License-Identifier: MIT */
#include "project_check.h"

#include <string.h>

#include "base.h"
#include "memory.h"

#define LEAST 2      /* pictures a tag to train on, */
#define FEW 5        /* to get somewhere, */
#define FEW_BOXED 15 /* the same in detection, */
#define ADVISED 50   /* to be accurate */
#define UNBALANCED 2 /* times the pictures of the smallest tag, */
#define VERY_UNBALANCED 10
#define VARIED 0.5    /* of a tag's pictures differ from the others */
#define BLURRED 0.65f /* sharp pictures have 0.61 at most, 99 % of them */
#define DARK 0.25f    /* the brightest spots */
#define BRIGHT 0.85f  /* the darkest spots */
#define FLAT 0.1f     /* from the darkest to the brightest */
#define TINY 64       /* pixels a side */
#define ODD_SHAPE 5   /* times as long as wide */

/* --- how many --- */

static oc_status check_untagged(oc__checker *c, oc_error *err) {
    const oc__survey *s = c->survey;
    oc_status status = OC_OK;
    if (s->n == 0)
        return oc__finding_add(c->list, OC_FINDING_NO_TAGS, OC_SEVERITY_SERIOUS, NULL, NULL, "add pictures", err,
                               "the project has no pictures");
    for (size_t i = 0; i < s->n && !status; i++)
        if (s->items[i].n_tags == 0) status = oc__finding_place(c->list, &s->items[i], NULL, err);
    size_t n = oc__finding_pending(c->list);
    if (status || n == 0) return status;
    if (n == s->n)
        return oc__finding_add(c->list, OC_FINDING_NO_TAGS, OC_SEVERITY_SERIOUS, NULL, NULL,
                               "tag some of each kind: training begins with 2 pictures a tag", err, "no picture has a tag");
    return oc__finding_add(c->list, OC_FINDING_NO_TAGS, OC_SEVERITY_HINT, NULL, NULL,
                           "they are not trained on: tag them, or leave them for later", err,
                           n == 1 ? "%zu of %zu pictures has no tag" : "%zu of %zu pictures have no tag", n, s->n);
}

static oc_status add_tagged(oc__checker *c, size_t tag, oc_error *err) {
    const oc__survey *s = c->survey;
    oc_status status = OC_OK;
    for (size_t i = 0; i < s->n && !status; i++)
        for (uint32_t k = 0; k < s->items[i].n_tags && !status; k++)
            if (s->picture_tags[s->items[i].first_tag + k] == tag) status = oc__finding_place(c->list, &s->items[i], NULL, err);
    return status;
}

static oc_status check_few(oc__checker *c, const size_t *counts, oc_error *err) {
    const oc__survey *s = c->survey;
    size_t few = s->kind == OC_PROJECT_DETECTION ? FEW_BOXED : FEW, n_below = 0, least = 0;
    oc_status status = OC_OK;
    for (size_t t = 0; t < s->n_tags && !status; t++) {
        if (counts[t] < few) {
            status = add_tagged(c, t, err);
            if (!status)
                status =
                    oc__finding_add(c->list, OC_FINDING_TOO_FEW, counts[t] < LEAST ? OC_SEVERITY_SERIOUS : OC_SEVERITY_WARNING,
                                    s->tags[t], NULL, "add pictures of it, in other places and other light", err,
                                    counts[t] == 1 ? "the tag '%s' has %zu picture; %d are the least, %d or more are advised"
                                                   : "the tag '%s' has %zu pictures; %d are the least, %d or more are advised",
                                    s->tags[t], counts[t], LEAST, ADVISED);
        } else if (counts[t] < ADVISED) {
            if (n_below++ == 0 || counts[t] < counts[least]) least = t;
        }
    }
    if (status || n_below == 0) return status;
    return oc__finding_add(c->list, OC_FINDING_TOO_FEW, OC_SEVERITY_HINT, n_below == 1 ? s->tags[least] : NULL, NULL,
                           "more pictures make a more accurate model; begin with the tags that have the fewest", err,
                           "%zu of %zu tags have fewer than %d pictures, '%s' the fewest: %zu", n_below, s->n_tags, ADVISED,
                           s->tags[least], counts[least]);
}

static oc_status check_balance(oc__checker *c, const size_t *counts, oc_error *err) {
    const oc__survey *s = c->survey;
    size_t least = s->n_tags, most = s->n_tags;
    for (size_t t = 0; t < s->n_tags; t++) {
        if (counts[t] == 0 || s->types[t] == OC_TAG_NEGATIVE) continue;
        if (least == s->n_tags || counts[t] < counts[least]) least = t;
        if (most == s->n_tags || counts[t] > counts[most]) most = t;
    }
    if (least == s->n_tags || counts[most] <= UNBALANCED * counts[least]) return OC_OK;
    return oc__finding_add(
        c->list, OC_FINDING_IMBALANCE, counts[most] > VERY_UNBALANCED * counts[least] ? OC_SEVERITY_WARNING : OC_SEVERITY_HINT,
        s->tags[least], s->tags[most],
        "add pictures of the smaller tags, or train with 'balance', which lets all tags count the same", err,
        "the tag '%s' has %zu pictures and '%s' %zu: more than 1 to %d", s->tags[least], counts[least], s->tags[most],
        counts[most], counts[most] > VERY_UNBALANCED * counts[least] ? VERY_UNBALANCED : UNBALANCED);
}

static oc_status check_counts(oc__checker *c, oc_error *err) {
    const oc__survey *s = c->survey;
    size_t *counts = oc__alloc_zero(c->context, s->n_tags * sizeof *counts);
    if (!counts) return oc__fail_nomem(err, c->context, s->n_tags * sizeof *counts, "counting tags");
    for (size_t k = 0; k < s->n_picture_tags; k++) counts[s->picture_tags[k]]++;
    oc_status status = check_untagged(c, err);
    if (!status) status = check_few(c, counts, err);
    if (!status) status = check_balance(c, counts, err);
    oc__free(c->context, counts);
    return status;
}

/* --- how they look --- */

/* How bad a picture's looks are in one way; 0: not at all. */
static float badness(const oc__appearance *a, uint32_t kind) {
    bool dark = a->brightest<DARK, bright = a->darkest> BRIGHT;
    float contrast = a->brightest - a->darkest;
    switch (kind) {
    case OC_FINDING_BLURRED:
        return a->blur > BLURRED ? a->blur : 0;
    case OC_FINDING_DARK:
        return dark ? 1 - a->brightest : 0;
    case OC_FINDING_BRIGHT:
        return bright ? a->darkest : 0;
    default:
        return !dark && !bright && contrast < FLAT ? 1 - contrast : 0;
    }
}

/* The same of its size. */
static float misfit(const oc__surveyed *p, uint32_t kind) {
    uint32_t shorter = p->width < p->height ? p->width : p->height, longer = p->width < p->height ? p->height : p->width;
    if (kind == OC_FINDING_TINY) return shorter < TINY ? (float)(TINY - shorter) : 0;
    return longer > ODD_SHAPE * shorter ? (float)longer / (float)(shorter ? shorter : 1) : 0;
}

static const struct {
    uint32_t kind;
    const char *one, *many, *advice;
    bool of_pixels; /* can only be told by reading the picture */
} looks[] = {
    {OC_FINDING_BLURRED, "%zu picture is blurred", "%zu pictures are blurred",
     "replace them by sharp ones, unless the pictures to be told apart later will be blurred, too", true},
    {OC_FINDING_DARK, "%zu picture is dark", "%zu pictures are dark",
     "replace them, unless the pictures to be told apart later will be dark, too", true},
    {OC_FINDING_BRIGHT, "%zu picture is too bright", "%zu pictures are too bright",
     "replace them, unless the pictures to be told apart later will be so, too", true},
    {OC_FINDING_FLAT, "%zu picture shows hardly any difference between light and dark",
     "%zu pictures show hardly any difference between light and dark", "see whether they show anything", true},
    {OC_FINDING_TINY, "%zu picture has a side below 64 pixels", "%zu pictures have a side below 64 pixels",
     "larger ones show more: networks see pictures of 160 pixels and more", false},
    {OC_FINDING_ODD_SHAPE, "%zu picture is more than five times as long as wide",
     "%zu pictures are more than five times as long as wide", "cut out the part that matters: networks see squares", false},
};

static oc_status check_looks(oc__checker *c, bool quick, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t k = 0; k < sizeof looks / sizeof *looks && !status; k++) {
        for (size_t i = 0; i < c->survey->n && !status && !(quick && looks[k].of_pixels); i++) {
            oc_finding_place place = OC_FINDING_PLACE_INIT;
            if (!looks[k].of_pixels)
                place.score = misfit(&c->survey->items[i], looks[k].kind);
            else if (c->looks.readable[i])
                place.score = badness(&c->looks.items[i], looks[k].kind);
            if (place.score > 0) status = oc__finding_place(c->list, &c->survey->items[i], &place, err);
        }
        size_t n = oc__finding_pending(c->list);
        if (!status && n)
            status = oc__finding_add(c->list, looks[k].kind, OC_SEVERITY_HINT, NULL, NULL, looks[k].advice, err,
                                     n == 1 ? looks[k].one : looks[k].many, n);
    }
    return status;
}

static oc_status check_readable(oc__checker *c, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < c->survey->n && !status; i++)
        if (!c->looks.readable[i]) status = oc__finding_place(c->list, &c->survey->items[i], NULL, err);
    size_t n = oc__finding_pending(c->list);
    if (status || n == 0) return status;
    return oc__finding_add(c->list, OC_FINDING_UNREADABLE, OC_SEVERITY_SERIOUS, NULL, NULL,
                           "replace or delete them; `project verify` tells whether their files are damaged", err,
                           n == 1 ? "%zu picture cannot be read" : "%zu pictures cannot be read", n);
}

/* --- nearly the same --- */

static bool has_same_tags(const oc__survey *s, const oc__surveyed *a, const oc__surveyed *b) {
    return a->n_tags == b->n_tags &&
           memcmp(s->picture_tags + a->first_tag, s->picture_tags + b->first_tag, a->n_tags * sizeof *s->picture_tags) == 0;
}

/* What is amiss with a pair. */
static uint32_t kind_of(const oc__checker *c, const oc__alike *pair) {
    const oc__surveyed *a = &c->survey->items[pair->first], *b = &c->survey->items[pair->second];
    if (c->survey->kind != OC_PROJECT_DETECTION && a->n_tags && b->n_tags && !has_same_tags(c->survey, a, b))
        return OC_FINDING_CONTRADICTION;
    return a->split[0] && b->split[0] && strcmp(a->split, b->split) != 0 ? OC_FINDING_LEAK : OC_FINDING_DUPLICATE;
}

static oc_status add_pair(oc__checker *c, const oc__alike *pair, uint32_t kind, oc_error *err) {
    const oc__survey *s = c->survey;
    const oc__surveyed *a = &s->items[pair->first], *b = &s->items[pair->second];
    oc_finding_place place = OC_FINDING_PLACE_INIT;
    if (kind_of(c, pair) != kind) return OC_OK;
    place.twin = a->id;
    if (kind == OC_FINDING_CONTRADICTION && b->n_tags == 1) place.tag = s->tags[s->picture_tags[b->first_tag]];
    if (kind == OC_FINDING_CONTRADICTION && a->n_tags == 1) place.other = s->tags[s->picture_tags[a->first_tag]];
    return oc__finding_place(c->list, b, &place, err);
}

static oc_status tell_pairs(oc__checker *c, uint32_t kind, uint32_t severity, const char *advice, const char *one,
                            const char *many, oc_error *err) {
    size_t n = oc__finding_pending(c->list);
    return n ? oc__finding_add(c->list, kind, severity, NULL, NULL, advice, err, n == 1 ? one : many, n) : OC_OK;
}

static oc_status check_alike(oc__checker *c, oc_error *err) {
    const oc__alikes *a = &c->alikes;
    oc_status status = OC_OK;
    for (size_t i = 0; i < a->n && !status; i++) status = add_pair(c, &a->pairs[i], OC_FINDING_CONTRADICTION, err);
    if (!status)
        status =
            tell_pairs(c, OC_FINDING_CONTRADICTION, OC_SEVERITY_SERIOUS, "correct the tags of one of the two, or delete it",
                       "%zu pair of nearly the same pictures has different tags",
                       "%zu pairs of nearly the same pictures have different tags", err);
    for (size_t i = 0; i < a->n && !status; i++) status = add_pair(c, &a->pairs[i], OC_FINDING_LEAK, err);
    if (!status)
        status = tell_pairs(c, OC_FINDING_LEAK, OC_SEVERITY_WARNING,
                            "put both into one split: what is measured on a picture that was trained on is worth nothing",
                            "%zu pair of nearly the same pictures lies in two splits",
                            "%zu pairs of nearly the same pictures lie in two splits", err);
    for (uint32_t i = 0; i < c->survey->n && !status; i++) /* of many that are the same, each is told of once */
        if (a->groups[i] != i) status = add_pair(c, &(oc__alike){a->groups[i], i}, OC_FINDING_DUPLICATE, err);
    if (!status)
        status = tell_pairs(c, OC_FINDING_DUPLICATE, OC_SEVERITY_HINT, "they teach little; delete them if there are many",
                            "%zu picture is nearly the same as another one", "%zu pictures are nearly the same as others", err);
    return status;
}

static oc_status check_variety(oc__checker *c, oc_error *err) {
    const oc__survey *s = c->survey;
    oc_status status = OC_OK;
    uint8_t *seen = oc__alloc_array(c->context, s->n, 1);
    if (!seen) return oc__fail_nomem(err, c->context, s->n, "checking pictures");
    for (size_t tag = 0; tag < s->n_tags && !status; tag++) {
        size_t n = 0, n_distinct = 0;
        memset(seen, 0, s->n);
        for (size_t i = 0; i < s->n; i++)
            for (uint32_t k = 0; k < s->items[i].n_tags; k++) {
                uint32_t group = c->alikes.groups[i];
                if (s->picture_tags[s->items[i].first_tag + k] != tag) continue;
                n++;
                n_distinct += !seen[group];
                seen[group] = 1;
            }
        if (n < 4 || (double)n_distinct > VARIED * (double)n) continue;
        status = oc__finding_add(c->list, OC_FINDING_LITTLE_VARIETY, OC_SEVERITY_WARNING, s->tags[tag], NULL,
                                 "add pictures from other places, sides and distances, and in other light", err,
                                 "of the %zu pictures of '%s' only %zu differ", n, s->tags[tag], n_distinct);
    }
    oc__free(c->context, seen);
    return status;
}

/* --- all --- */

/* What takes reading the pictures. */
static oc_status check_pictures(oc__checker *c, const char *base, oc_error *err) {
    oc_model *network = NULL;
    oc__feature_rows features = {0};
    bool boxed = c->survey->kind == OC_PROJECT_DETECTION;
    oc_status status = oc__base_open(&network, c->context, base ? base : OC__BEST_BASE, err);
    c->base = network;
    oc__progress_stage(c->progress, "looking at pictures", 0, 0.25, c->survey->n);
    if (!status) status = oc__looks_make(&c->looks, c->project, c->survey, c->progress, err);
    if (!status) status = check_readable(c, err);
    if (!status) status = check_looks(c, false, err);
    oc__progress_stage(c->progress, "reading pictures", 0.25, 0.6, c->survey->n);
    if (!status) status = oc__feature_rows_make(&features, c->project, c->survey, network, c->progress, err);
    oc__progress_stage(c->progress, "comparing pictures", 0.6, 0.7, c->survey->n);
    if (!status) status = oc__alikes_find(&c->alikes, &c->looks, &features, c->progress, err);
    oc__feature_rows_free(&features);
    if (!status) status = check_alike(c, err);
    if (!status) status = check_variety(c, err);
    oc__progress_part(c->progress, 0.7, 1);
    if (!status) status = boxed ? oc__check_boxes_by_detector(c, err) : oc__check_labels(c, err);
    oc__alikes_free(&c->alikes);
    oc__looks_free(&c->looks);
    oc__model_release(network);
    return status;
}

oc_status oc__project_check(oc_finding_list **out, oc_project *project, const oc_check *check, oc_progress_fn callback,
                            void *user, oc_error *err) {
    oc_context *context = project->context;
    oc__survey *survey = NULL;
    oc__progress progress;
    oc__checker c = {.context = context, .project = project, .progress = &progress};
    bool quick = check && check->flags & OC_CHECK_QUICK;
    if (check && check->flags & ~(uint32_t)OC_CHECK_QUICK)
        return oc__fail(err, OC_E_ARGUMENT, "flags is %u, expected 0 or OC_CHECK_QUICK", check->flags);
    oc__progress_begin(&progress, callback, user, NULL);
    c.iteration = check ? check->iteration : NULL;
    oc_status status = oc__finding_list_create(&c.list, context, err);
    if (!status) status = oc__project_survey(&survey, project, NULL, err);
    c.survey = survey;
    if (!status) status = check_counts(&c, err);
    if (!status && survey->kind == OC_PROJECT_DETECTION) status = oc__check_boxes(&c, err);
    if (!status) status = quick ? check_looks(&c, true, err) : check_pictures(&c, check ? check->base : NULL, err);
    if (!status) status = oc__findings_sort(c.list, err);
    if (!status) oc__progress_end(&progress);
    oc__survey_free(survey);
    if (status)
        oc__finding_list_free(c.list);
    else
        *out = c.list;
    return status;
}
