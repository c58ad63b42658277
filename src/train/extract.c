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

static oc__view random_view(uint64_t seed, uint64_t content, size_t view, bool mirror) {
    oc__random random;
    oc__random_seed(&random, seed, content + view * 0x9E3779B97F4A7C15u);
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

/* What is read between two flushes of the cache. */
#define BATCH 128

typedef struct job {
    const oc_model *base;
    const oc__labelled *samples;
    oc__features *features;
    const oc__extraction *what;
    oc__applier **appliers; /* one per worker */
    oc__progress *progress;
    oc_error *errors; /* one per worker: the fault at the lowest sample it met */
    size_t *faulty;   /* that sample */
    bool *have;       /* [n][n_views]: the cache had it */
    size_t batch[BATCH];
} job;

static oc_status read_sample(const job *j, size_t i, oc__applier *applier, oc_error *err) {
    oc__features *f = j->features;
    const oc__prepare_rule *rule = &j->base->rule;
    oc__bitmap bitmap = {0};
    oc_status status = oc__bitmap_open(&bitmap, f->context, &j->samples[i].sample->image, oc__prepare_reduce_to(rule), err);
    if (!status) {
        f->content[i] = oc__hash64(bitmap.width, bitmap.pixels, (size_t)bitmap.width * bitmap.height * 3);
        for (size_t v = 0; v < f->n_views && !status; v++) {
            if (j->have[i * f->n_views + v]) continue;
            oc__view view = v ? random_view(j->what->seed, f->content[i], v, j->what->mirror) : oc__view_whole;
            const float *values;
            size_t n;
            status = oc__apply_bitmap(&values, &n, applier, &bitmap, &view, err);
            if (!status) memcpy(f->values + (i * f->n_views + v) * f->dim, values, f->dim * sizeof *values);
        }
    }
    oc__bitmap_free(&bitmap);
    return status;
}

static void sample_task(void *argument, size_t task, uint32_t worker) {
    const job *j = argument;
    size_t i = j->batch[task];
    oc__features *f = j->features;
    oc_error err = OC_ERROR_INIT;
    if (!oc__progress_go_on(j->progress)) return;
    f->status[i] = read_sample(j, i, j->appliers[worker], &err);
    bool fatal = f->status[i] && (!j->what->skip_broken || f->status[i] == OC_E_NOMEM);
    if (fatal && i < j->faulty[worker]) {
        j->faulty[worker] = i;
        j->errors[worker] = err;
    }
    if (f->status[i]) {
        memset(f->values + i * f->n_views * f->dim, 0, f->n_views * f->dim * sizeof(float));
        if (!fatal && !j->what->quiet) oc__log(f->context, OC_LOG_WARNING, "left out: %s", err.message);
    }
    oc__progress_step(j->progress, 1, worker);
}

/* Takes from the cache what it has of sample i; whether that is all. */
static bool recall(const job *j, size_t i) {
    const oc__feature_cache *cache = j->what->cache;
    oc__features *f = j->features;
    bool all = cache != NULL;
    for (size_t v = 0; v < f->n_views && cache; v++) {
        bool *have = &j->have[i * f->n_views + v];
        *have = cache->get(cache->user, f->values + (i * f->n_views + v) * f->dim, &f->content[i], j->samples[i].sample, v);
        all = all && *have;
    }
    return all;
}

/* Reads the pictures of a batch and puts what is new into the cache. */
static void read_batch(job *j, size_t n) {
    const oc__feature_cache *cache = j->what->cache;
    oc__features *f = j->features;
    oc__parallel(f->context, n, sample_task, j);
    if (!cache || !oc__progress_go_on(j->progress)) return;
    for (size_t k = 0; k < n; k++) {
        size_t i = j->batch[k];
        for (size_t v = 0; v < f->n_views && !f->status[i]; v++)
            if (!j->have[i * f->n_views + v])
                cache->put(cache->user, f->values + (i * f->n_views + v) * f->dim, f->content[i], j->samples[i].sample, v);
    }
    cache->flush(cache->user);
}

static void read_all(job *j, size_t n) {
    size_t n_batch = 0;
    for (size_t i = 0; i < n && oc__progress_go_on(j->progress); i++) {
        if (recall(j, i))
            oc__progress_step(j->progress, 1, 0);
        else
            j->batch[n_batch++] = i;
        if (n_batch == BATCH || (i + 1 == n && n_batch)) {
            read_batch(j, n_batch);
            n_batch = 0;
        }
    }
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

oc_status oc__features_extract(oc__features *out, const oc_model *base, const oc__labelled *samples, size_t n,
                               const oc__extraction *what, oc__progress *progress, oc_error *err) {
    oc_context *context = base->context;
    uint32_t n_workers = context->n_threads;
    oc__features f = {.context = context, .n = n, .n_views = what->n_views};
    job j = {.base = base, .samples = samples, .features = &f, .what = what, .progress = progress};
    oc_status status = OC_OK;
    j.appliers = oc__alloc_zero(context, n_workers * sizeof *j.appliers);
    j.errors = oc__alloc_array(context, n_workers, sizeof *j.errors);
    j.faulty = oc__alloc_array(context, n_workers, sizeof *j.faulty);
    j.have = oc__alloc_zero(context, n * f.n_views);
    if (!j.appliers || !j.errors || !j.faulty || !j.have)
        status = oc__fail_nomem(err, context, n * f.n_views + n_workers * sizeof *j.errors, "features");
    if (!status) status = feature_size(&f.dim, base, err);
    if (!status) {
        f.values = oc__alloc_array(context, n * f.n_views, f.dim * sizeof(float));
        f.content = oc__alloc_zero(context, n * sizeof *f.content);
        f.status = oc__alloc_zero(context, n * sizeof *f.status);
        if (!f.values || !f.content || !f.status)
            status = oc__fail_nomem(err, context, n * f.n_views * f.dim * sizeof(float), "features");
    }
    for (uint32_t w = 0; w < n_workers && !status; w++) {
        j.errors[w] = (oc_error)OC_ERROR_INIT;
        j.faulty[w] = SIZE_MAX;
        status = oc__applier_create(&j.appliers[w], base, OC_PRECISION_FP32, err);
    }
    if (!status) {
        read_all(&j, n);
        status = oc__progress_status(progress, err);
        if (!status) status = first_fault(&j, n_workers, err);
    }
    for (uint32_t w = 0; w < n_workers && j.appliers; w++) oc__applier_free(j.appliers[w]);
    oc__free(context, j.appliers);
    oc__free(context, j.errors);
    oc__free(context, j.faulty);
    oc__free(context, j.have);
    if (status) oc__features_free(&f);
    else *out = f;
    return status;
}

oc_status oc__graph_as_base(oc_model **out, const oc__graph *graph, uint32_t node, const oc__prepare_rule *rule, oc_error *err) {
    oc_model *model = NULL;
    oc_status status = oc__model_create(&model, graph->context, err);
    if (status) return status;
    model->kind = OC__KIND_BASE;
    model->rule = *rule;
    status = oc__graph_copy(&model->graph, graph, err);
    if (!status) {
        model->graph.n_outputs = 1;
        model->graph.outputs[0] = node;
        status = oc__model_finish(model, err);
    }
    if (status) oc__model_release(model);
    else *out = model;
    return status;
}
