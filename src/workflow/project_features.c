/* What a base network says of a project's pictures. SPDX-License-Identifier: MIT */
#include "project_features.h"

#include <math.h>
#include <string.h>

#include "base_features.h"
#include "feature_cache.h"
#include "kernels.h"
#include "memory.h"

#define CHUNK 512 /* pictures read between two hand-overs */

typedef struct pass {
    oc_project *project;
    const oc__survey *survey;
    const oc_model *base;
    oc__kept_features *kept;
    bool *done;
    oc__take_fn take;
    void *user;
    oc__progress *progress;
} pass;

static bool take_kept(void *user, const uint8_t digest[32], const float *values, uint64_t content) {
    const pass *p = user;
    const oc__surveyed *picture = oc__survey_find(p->survey, digest);
    size_t index = picture ? (size_t)(picture - p->survey->items) : 0;
    (void)content;
    if (!picture || p->done[index]) return true;
    p->done[index] = true;
    p->take(p->user, index, values);
    return oc__progress_step(p->progress, 1, 0);
}

oc_status oc__surveyed_sample(oc__sample **out, const oc_project *project, const oc__surveyed *picture, oc_error *err) {
    oc_image image = OC_IMAGE_INIT;
    char *path = oc__surveyed_path(picture, project);
    if (!path) return oc__fail_nomem(err, project->context, 4096, "a picture");
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = oc__sample_create(out, project->context, &image, picture->name, picture->split, err);
    oc__free(project->context, path);
    return status;
}

/* Reads the pictures whose numbers are given. */
static oc_status read_chunk(const pass *p, const size_t *numbers, size_t n, oc_error *err) {
    oc__labelled samples[CHUNK] = {{0}};
    oc__features features = {0};
    const oc__extraction what = {.n_views = 1, .skip_broken = true, .cache = oc__kept_features_cache(p->kept)};
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) 
        status = oc__surveyed_sample(&samples[i].sample, p->project, &p->survey->items[numbers[i]], err);
    if (!status) status = oc__features_extract(&features, p->base, samples, n, &what, p->progress, err);
    for (size_t i = 0; i < n && !status; i++)
        p->take(p->user, numbers[i], features.status[i] ? NULL : features.values + i * features.dim);
    for (size_t i = 0; i < n; i++)
        if (samples[i].sample) oc__sample_release(samples[i].sample);
    oc__features_free(&features);
    return status;
}

static oc_status read_rest(const pass *p, oc_error *err) {
    size_t numbers[CHUNK], n = 0;
    oc_status status = OC_OK;
    for (size_t i = 0; i < p->survey->n && !status; i++) {
        if (!p->done[i]) numbers[n++] = i;
        if (n == CHUNK || (n && i + 1 == p->survey->n)) {
            status = read_chunk(p, numbers, n, err);
            n = 0;
        }
    }
    return status;
}

oc_status oc__project_features(oc_project *project, const oc__survey *survey, const oc_model *base, oc__take_fn take,
                               void *user, oc__progress *progress, oc_error *err) {
    oc_context *context = project->context;
    pass p = {.project = project, .survey = survey, .base = base, .take = take, .user = user, .progress = progress};
    p.done = oc__alloc_zero(context, survey->n * sizeof *p.done);
    oc_status status = p.done ? OC_OK : oc__fail_nomem(err, context, survey->n, "features");
    if (!status) status = oc__kept_features_open(&p.kept, project, base, 1, false, 0, err);
    if (!status) oc__kept_features_scan(p.kept, take_kept, &p);
    if (!status) status = oc__progress_status(progress, err);
    if (!status) status = read_rest(&p, err);
    oc__kept_features_close(p.kept);
    oc__free(context, p.done);
    return status;
}

void oc__normalise(float *row, size_t dim, const oc_context *context) {
    const oc__kernels *k = context->kernels;
    double squares = k->dot(dim, row, row);
    float factor = squares > 0 ? (float)(1 / sqrt(squares)) : 0;
    for (size_t i = 0; i < dim; i++) row[i] *= factor;
}

static void gather(void *user, size_t index, const float *values) {
    oc__feature_rows *rows = user;
    float *row = rows->values + index * rows->dim;
    rows->readable[index] = values != NULL;
    if (!values) return;
    memcpy(row, values, rows->dim * sizeof *row);
    oc__normalise(row, rows->dim, rows->context);
}

oc_status oc__feature_rows_make(oc__feature_rows *out, oc_project *project, const oc__survey *survey, const oc_model *base,
                                oc__progress *progress, oc_error *err) {
    oc_context *context = project->context;
    oc__feature_rows rows = {.context = context, .n = survey->n, .dim = oc__n_features(base)};
    rows.values = oc__alloc_array(context, rows.n, rows.dim * sizeof(float));
    rows.readable = oc__alloc_zero(context, rows.n * sizeof *rows.readable);
    oc_status status = OC_OK;
    if (!rows.values || !rows.readable || !rows.dim)
        status = oc__fail_nomem(err, context, rows.n * rows.dim * sizeof(float), "features");
    if (!status) memset(rows.values, 0, rows.n * rows.dim * sizeof(float));
    if (!status) status = oc__project_features(project, survey, base, gather, &rows, progress, err);
    if (status)
        oc__feature_rows_free(&rows);
    else
        *out = rows;
    return status;
}

void oc__feature_rows_free(oc__feature_rows *rows) {
    if (!rows->context) return;
    oc__free(rows->context, rows->values);
    oc__free(rows->context, rows->readable);
    *rows = (oc__feature_rows){0};
}
