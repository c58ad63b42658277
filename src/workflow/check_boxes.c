/* Boxes that are likely wrong. SPDX-License-Identifier: MIT */
#include <string.h>

#include "average_precision.h"
#include "box_mistakes.h"
#include "contents.h"
#include "evaluate.h"
#include "hash.h"
#include "memory.h"
#include "project_check.h"
#include "project_dataset.h"
#include "project_train.h"

#define SMALL 4        /* pixels a side */
#define LARGE 0.98     /* of the picture's area */
#define SAME_PLACE 0.9 /* of the two boxes' union */

/* --- by themselves --- */

static oc__rect rect_of(const oc_region *region) {
    return (oc__rect){(float)region->left, (float)region->top, (float)(region->left + region->width),
                      (float)(region->top + region->height)};
}

/* The region as a place. Smaller, larger: worse. */
static oc_status add_region(const oc__checker *c, const oc__surveyed *picture, const oc_region *region, const char *other,
                            double score, oc_error *err) {
    oc_finding_place place = {sizeof place,
                              (float)score,
                              NULL,
                              NULL,
                              region->tag,
                              other,
                              NULL,
                              region->id,
                              (float)region->left,
                              (float)region->top,
                              (float)region->width,
                              (float)region->height};
    return oc__finding_place(c->list, picture, &place, err);
}

static double shorter_side(const oc__surveyed *picture, const oc_region *region) {
    double width = region->width * picture->width, height = region->height * picture->height;
    return width < height ? width : height;
}

/* Adds the places of one kind of fault in a picture's regions. */
static oc_status look_at(const oc__checker *c, uint32_t kind, const oc__surveyed *picture, const oc_region *regions, size_t n,
                         oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        const oc_region *r = &regions[i];
        double side = shorter_side(picture, r), area = r->width * r->height;
        oc__rect box = rect_of(r);
        if (kind == OC_FINDING_SMALL_BOX && side < SMALL)
            status = add_region(c, picture, r, NULL, SMALL - side, err);
        else if (kind == OC_FINDING_LARGE_BOX && area >= LARGE)
            status = add_region(c, picture, r, NULL, area, err);
        for (size_t k = 0; k < i && kind == OC_FINDING_DOUBLE_BOX && !status; k++) {
            oc__rect before = rect_of(&regions[k]);
            double overlap = oc__rect_overlap(&box, &before);
            if (overlap < SAME_PLACE) continue;
            bool same = r->tag && regions[k].tag && strcmp(r->tag, regions[k].tag) == 0;
            status = add_region(c, picture, r, same ? NULL : regions[k].tag, overlap + !same, err);
            break;
        }
    }
    return status;
}

static oc_status check_kind(const oc__checker *c, uint32_t kind, const oc_region_list *regions, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0, at = 0; i < regions->n && !status;) {
        size_t n = 1;
        while (i + n < regions->n && strcmp(regions->items[i + n].picture, regions->items[i].picture) == 0) n++;
        while (at < c->survey->n && strcmp(c->survey->items[at].id, regions->items[i].picture) != 0) at++;
        if (at == c->survey->n) break; /* regions of pictures that came after the survey */
        status = look_at(c, kind, &c->survey->items[at], &regions->items[i], n, err);
        i += n;
    }
    size_t n = oc__finding_pending(c->list);
    if (status || n == 0) return status;
    if (kind == OC_FINDING_SMALL_BOX)
        return oc__finding_add(c->list, kind, OC_SEVERITY_WARNING, NULL, NULL, "remove them if they were drawn by mistake", err,
                               n == 1 ? "%zu box has a side below %d pixels" : "%zu boxes have a side below %d pixels", n,
                               SMALL);
    if (kind == OC_FINDING_LARGE_BOX)
        return oc__finding_add(
            c->list, kind, OC_SEVERITY_HINT, NULL, NULL,
            "draw them around the object alone; where pictures show nothing else, a classifier learns more of them", err,
            n == 1 ? "%zu box is around the whole picture" : "%zu boxes are around the whole picture", n);
    return oc__finding_add(c->list, kind, OC_SEVERITY_WARNING, NULL, NULL, "remove one of the two", err,
                           n == 1 ? "%zu box lies on another one" : "%zu boxes lie on another one", n);
}

oc_status oc__check_boxes(oc__checker *c, oc_error *err) {
    oc_region_list *regions = NULL;
    oc_status status = oc__project_regions(&regions, c->project, NULL, 0, 0, err);
    for (uint32_t kind = OC_FINDING_SMALL_BOX; kind <= OC_FINDING_DOUBLE_BOX && !status; kind++)
        status = check_kind(c, kind, regions, err);
    oc__region_list_free(regions);
    return status;
}

/* --- by a detector --- */

/* What the detector was asked. */
typedef struct answers {
    const oc_dataset *dataset;
    const oc_model *model;
    const oc__measurement *measurement;
    const oc__surveyed **pictures; /* of the measurement's; NULL: not in the survey */
} answers;

static const oc__surveyed *find_picture(const oc__checker *c, const oc__labelled *sample) {
    char hash[65];
    uint8_t digest[32];
    if (!oc__contents_hash(hash, c->project, sample->sample->image.data) || !oc__sha256_parse(digest, hash)) return NULL;
    return oc__survey_find(c->survey, digest);
}

/* Which picture each of the measurement's is: those of the data set that can be read. */
static void find_pictures(const oc__checker *c, answers *a) {
    size_t n = 0;
    for (size_t i = 0; i < a->dataset->n_samples && n < a->measurement->n; i++) {
        const oc__surveyed *picture = find_picture(c, &a->dataset->samples[i]);
        if (strcmp(a->measurement->entries[n].name, a->dataset->samples[i].sample->image.name) != 0) continue;
        if (picture && !c->looks.readable[picture - c->survey->items]) continue;
        a->pictures[n++] = picture;
    }
}

static oc_status add_mistakes(const oc__checker *c, const answers *a, const oc__box_mistakes *mistakes, uint32_t kind,
                              oc_error *err) {
    const oc__measurement *m = a->measurement;
    oc_status status = OC_OK;
    for (size_t i = 0; i < mistakes->n && !status; i++) {
        const oc__box_mistake *mistake = &mistakes->items[i];
        bool wrong = mistake->kind == OC_MISTAKE_WRONG_TAG || mistake->kind == OC_MISTAKE_BADLY_PLACED;
        if (kind == OC_FINDING_MISSING_BOX ? mistake->kind != OC_MISTAKE_FALSE : !wrong) continue;
        const oc__found *found = &m->found[mistake->found];
        const oc__detection *d = &found->detection;
        oc_finding_place place = OC_FINDING_PLACE_INIT;
        place.score = d->probability;
        place.other = a->model->tags[d->tag];
        if (wrong) place.tag = a->model->tags[m->truths[mistake->truth].object.tag];
        place.left = d->box.left;
        place.top = d->box.top;
        place.width = d->box.right - d->box.left;
        place.height = d->box.bottom - d->box.top;
        if (a->pictures[found->picture]) status = oc__finding_place(c->list, a->pictures[found->picture], &place, err);
    }
    size_t n = oc__finding_pending(c->list);
    if (status || n == 0) return status;
    if (kind == OC_FINDING_MISSING_BOX)
        return oc__finding_add(c->list, kind, OC_SEVERITY_WARNING, NULL, NULL,
                               "look at them, the first ones first, and draw the boxes that are missing", err,
                               n == 1 ? "%zu object likely has no box" : "%zu objects likely have no box", n);
    return oc__finding_add(
        c->list, kind, OC_SEVERITY_WARNING, NULL, NULL, "look at them, the first ones first, and correct what is wrong", err,
        n == 1 ? "%zu box is likely of another tag, or badly placed" : "%zu boxes are likely of another tag, or badly placed",
        n);
}

oc_status oc__check_boxes_by_detector(oc__checker *c, oc_error *err) {
    oc_model *model = NULL;
    oc_dataset *dataset = NULL;
    oc__measurement *measurement = NULL;
    oc__box_mistakes mistakes = {0};
    oc_error why = OC_ERROR_INIT;
    oc_status status = oc__project_model(&model, c->project, c->iteration, &why);
    if (status == OC_E_NOT_FOUND && !c->iteration) return OC_OK; /* none has been trained yet */
    if (!status) status = oc__project_dataset(&dataset, c->project, &why);
    if (!status) {
        oc__progress_stage(c->progress, "comparing boxes", 0, 1, dataset->n_samples);
        status = oc__evaluate(&measurement, model, dataset, &(oc__how){.precision = OC_PRECISION_FP32}, c->progress, &why);
    }
    if (status == OC_E_DATA) { /* a tag that the iteration does not know, say */
        oc__log(c->context, OC_LOG_WARNING, "boxes are not compared with an iteration's: %s", why.message);
        status = OC_OK;
    } else if (status) {
        oc__fail(err, status, "%s", why.message);
    }
    answers a = {dataset, model, measurement, NULL};
    oc_box_metrics metrics;
    if (measurement && !status) {
        a.pictures = oc__alloc_zero(c->context, measurement->n * sizeof *a.pictures);
        if (!a.pictures) status = oc__fail_nomem(err, c->context, measurement->n * sizeof *a.pictures, "checking boxes");
        if (!status) find_pictures(c, &a);
        /* Boxes count from where the detector agrees best with what there is: how sure it is depends on its training. */
        if (!status) status = oc__box_metrics_of(&metrics, measurement, -1, 0, OC_OVERLAP_STANDARD, err);
        if (!status) status = oc__box_mistakes_find(&mistakes, measurement, metrics.best_probability, OC_OVERLAP_STANDARD, err);
        if (!status) status = add_mistakes(c, &a, &mistakes, OC_FINDING_MISSING_BOX, err);
        if (!status) status = add_mistakes(c, &a, &mistakes, OC_FINDING_WRONG_BOX, err);
    }
    oc__box_mistakes_free(&mistakes);
    oc__free(c->context, a.pictures);
    oc__measurement_free(measurement);
    oc__dataset_free(dataset);
    oc__model_release(model);
    return status;
}
