/* Features of samples. SPDX-License-Identifier: MIT */
#include "extract.h"

#include <math.h>
#include <string.h>

#include "apply.h"
#include "hash.h"
#include "memory.h"
#include "random.h"
#include "thread.h"

void oc__features_free(oc__features *f) {
    if (!f->context) return;
    oc__free(f->context, f->values);
    oc__free(f->context, f->content);
    oc__free(f->context, f->status);
    *f = (oc__features){0};
}

static oc__view random_view(uint64_t seed, size_t sample, size_t view, bool mirror) {
    oc__random random;
    oc__random_seed(&random, seed, (uint64_t)sample * 1024 + view);
    double area = 0.5 + 0.5 * oc__random_unit(&random), aspect = exp((2 * oc__random_unit(&random) - 1) * log(1.25));
    double width = sqrt(area * aspect), height = sqrt(area / aspect);
    width = width > 1 ? 1 : width;
    height = height > 1 ? 1 : height;
    oc__view v = {.width = width, .height = height};
    v.left = (1 - width) * oc__random_unit(&random);
    v.top = (1 - height) * oc__random_unit(&random);
    v.mirror = mirror && oc__random_below(&random, 2) == 1;
    return v;
}

typedef struct job {
    const oc_model *base;
    const oc__labelled *samples;
    oc__features *features;
    oc__applier **appliers; /* one per worker */
    bool mirror, skip_broken;
    uint64_t seed;
    oc__progress *progress;
    oc_error *errors; /* one per worker: the fault at the lowest sample it met */
    size_t *faulty;   /* that sample */
} job;

static oc_status read_sample(const job *j, size_t i, oc__applier *applier, oc_error *err) {
    oc__features *f = j->features;
    const oc__prepare_rule *rule = &j->base->rule;
    oc__bitmap bitmap = {0};
    oc_status status = oc__bitmap_open(&bitmap, f->context, &j->samples[i].sample->image, oc__prepare_reduce_to(rule), err);
    if (!status) {
        f->content[i] = oc__hash64(bitmap.width, bitmap.pixels, (size_t)bitmap.width * bitmap.height * 3);
        for (size_t v = 0; v < f->n_views && !status; v++) {
            oc__view view = v ? random_view(j->seed, i, v, j->mirror) : oc__view_whole;
            const float *values;
            size_t n;
            status = oc__apply_bitmap(&values, &n, applier, &bitmap, &view, err);
            if (!status) memcpy(f->values + (i * f->n_views + v) * f->dim, values, f->dim * sizeof *values);
        }
    }
    oc__bitmap_free(&bitmap);
    return status;
}

static void sample_task(void *argument, size_t i, uint32_t worker) {
    const job *j = argument;
    oc__features *f = j->features;
    oc_error err = OC_ERROR_INIT;
    if (!oc__progress_go_on(j->progress)) return;
    f->status[i] = read_sample(j, i, j->appliers[worker], &err);
    bool fatal = f->status[i] && (!j->skip_broken || f->status[i] == OC_E_NOMEM);
    if (fatal && i < j->faulty[worker]) {
        j->faulty[worker] = i;
        j->errors[worker] = err;
    }
    if (f->status[i]) {
        memset(f->values + i * f->n_views * f->dim, 0, f->n_views * f->dim * sizeof(float));
        if (!fatal) oc__log(f->context, OC_LOG_WARNING, "left out: %s", err.message);
    }
    oc__progress_step(j->progress, 1, worker);
}

/* The fault at the lowest sample, so that it does not depend on the threads. */
static oc_status first_fault(const job *j, uint32_t n_workers, oc_error *err) {
    uint32_t first = 0;
    for (uint32_t w = 1; w < n_workers; w++)
        if (j->faulty[w] < j->faulty[first]) first = w;
    if (j->faulty[first] == SIZE_MAX) return OC_OK;
    return oc__fail(err, j->errors[first].code, "%s", j->errors[first].message);
}

/* How many values the base gives for a picture. */
static oc_status feature_size(size_t *dim, const oc_model *base, oc_error *err) {
    oc__runner *runner = NULL;
    float *input;
    oc__shape shape = {0};
    oc_status status = oc__runner_create(&runner, base->program, err);
    if (!status) status = oc__runner_prepare(&input, runner, 1, base->rule.height, base->rule.width, err);
    if (!status) oc__runner_output(runner, 0, &shape);
    *dim = shape.c;
    oc__runner_free(runner);
    return status;
}

oc_status oc__features_extract(oc__features *out, const oc_model *base, const oc__labelled *samples, size_t n, size_t n_views,
                               bool mirror, bool skip_broken, uint64_t seed, oc__progress *progress, oc_error *err) {
    oc_context *context = base->context;
    uint32_t n_workers = context->n_threads;
    oc__features f = {.context = context, .n = n, .n_views = n_views};
    oc__applier **appliers = oc__alloc_zero(context, n_workers * sizeof *appliers);
    oc_error *errors = oc__alloc_array(context, n_workers, sizeof *errors);
    size_t *faulty = oc__alloc_array(context, n_workers, sizeof *faulty);
    oc_status status = OC_OK;
    if (!appliers || !errors || !faulty) status = oc__fail_nomem(err, context, n_workers * sizeof *errors, "features");
    if (!status) status = feature_size(&f.dim, base, err);
    if (!status) {
        f.values = oc__alloc_array(context, n * n_views, f.dim * sizeof(float));
        f.content = oc__alloc_zero(context, n * sizeof *f.content);
        f.status = oc__alloc_zero(context, n * sizeof *f.status);
        if (!f.values || !f.content || !f.status)
            status = oc__fail_nomem(err, context, n * n_views * f.dim * sizeof(float), "features");
    }
    for (uint32_t w = 0; w < n_workers && !status; w++) {
        errors[w] = (oc_error)OC_ERROR_INIT;
        faulty[w] = SIZE_MAX;
        status = oc__applier_create(&appliers[w], base, OC_PRECISION_FP32, err);
    }
    if (!status) {
        job j = {base, samples, &f, appliers, mirror, skip_broken, seed, progress, errors, faulty};
        oc__progress_stage(progress, "reading pictures", 0, 0.7, n);
        oc__parallel(context, n, sample_task, &j);
        status = oc__progress_status(progress, err);
        if (!status) status = first_fault(&j, n_workers, err);
    }
    for (uint32_t w = 0; w < n_workers && appliers; w++) oc__applier_free(appliers[w]);
    oc__free(context, appliers);
    oc__free(context, errors);
    oc__free(context, faulty);
    if (status) oc__features_free(&f);
    else *out = f;
    return status;
}
