/* Telling what is not as it should be. SPDX-License-Identifier: MIT
 *
 * After PatchCore (Roth et al. 2022, Towards Total Recall in Industrial Anomaly Detection): what the base says at each place of
 * its maps at strides 8 and 16, each averaged over 3 x 3 places, is compared with what it said of good pictures, of which those
 * patches are kept that are farthest from each other. A picture is as strange as its strangest patch. All of it is a network as
 * others are: distances are products with the patches that are kept. */
#include "anomaly.h"

#include <math.h>
#include <string.h>

#include "cut.h"
#include "folds.h"
#include "memory.h"
#include "nearest.h"
#include "random.h"

#define STRIDE 8
#define POOL 40000       /* patches to choose from */
#define MOST_PATCHES 800 /* that are kept */
#define CHUNK 32         /* pictures whose patches are in memory at a time */
#define STREAM 12

typedef struct job {
    oc_context *context;
    const oc_model *base;
    const oc__training_set *set;
    const oc__train_options *options;
    oc__progress *progress;
    uint32_t side;    /* places along a side of the finer map */
    size_t dim;       /* channels */
    float *patches;   /* some of each picture's */
    uint32_t *owners; /* of each, the picture among the readable ones */
    size_t n_patches;
    uint32_t *index; /* readable pictures among the set's */
    uint64_t *content;
    size_t n;                  /* of them */
    float *means, *deviations; /* of each channel */
} job;

/* --- networks --- */

/* The base as far as its maps, which are put together: at *node, without any bank. */
static oc_status patch_graph(oc__graph *out, uint32_t *node, const oc_model *base, oc_error *err) {
    oc__graph graph = {.context = base->context};
    if (base->graph.n_outputs < 3)
        return oc__fail(err, OC_E_UNSUPPORTED,
                        "the base network gives no feature maps at strides 8 and 16, which anomalies are told by");
    oc_status status = oc__graph_cut(&graph, &base->graph, base->graph.outputs + 1, 2, err);
    uint32_t maps[2] = {status ? 0 : graph.outputs[0], status ? 0 : graph.outputs[1]};
    for (int i = 0; i < 2 && !status; i++) {
        status = oc__graph_clamp(&maps[i], &graph, maps[i], 0, INFINITY, err);
        if (!status) status = oc__graph_pool(&maps[i], &graph, maps[i], OC__OP_MEAN_POOL, 3, 1, 1, 0, err);
    }
    if (!status) status = oc__graph_resize(&maps[1], &graph, maps[1], 2, 1, OC__RESIZE_BILINEAR, err);
    if (!status) status = oc__graph_concat(node, &graph, maps, 2, err);
    if (status)
        oc__graph_free(&graph);
    else
        *out = graph;
    return status;
}

/* The network that tells how strange a picture is. */
static oc_status anomaly_graph(oc__graph *out, const job *j, const oc__bank *bank, double centre, double factor,
                               oc_error *err) {
    oc__graph graph = {0};
    uint32_t node;
    oc_status status = patch_graph(&graph, &node, j->base, err);
    if (status) return status;
    status = oc__graph_batch_norm(&node, &graph, node, -INFINITY, INFINITY, err);
    for (size_t c = 0; c < j->dim && !status; c++) {
        const oc__node *norm = &graph.nodes[node];
        const float values[] = {1, 0, j->means[c], j->deviations[c] * j->deviations[c] - norm->epsilon};
        for (int k = 0; k < 4; k++) graph.params[norm->params[k]].values[c] = values[k];
    }
    if (!status) status = oc__nearest_add(&node, &graph, bank, j->side, j->side, centre, factor, err);
    if (status) {
        oc__graph_free(&graph);
        return status;
    }
    graph.n_outputs = 1;
    graph.outputs[0] = node;
    *out = graph;
    return OC_OK;
}

/* --- patches --- */

/* Takes some patches of each picture of a chunk. */
static void take_patches(job *j, const oc__features *f, size_t first, size_t n_each, oc__random *random) {
    size_t n_places = (size_t)j->side * j->side;
    for (size_t i = 0; i < f->n; i++) {
        if (f->status[i]) continue;
        for (size_t k = 0; k < n_each; k++) {
            size_t place = n_each < n_places ? (size_t)oc__random_below(random, n_places) : k;
            memcpy(j->patches + j->n_patches * j->dim, f->values + i * f->dim + place * j->dim, j->dim * sizeof(float));
            j->owners[j->n_patches++] = (uint32_t)j->n;
        }
        j->content[j->n] = f->content[i];
        j->index[j->n++] = (uint32_t)(first + i);
    }
}

/* Channels are given the same deviation over all patches, or those with large values would say everything. */
static void standardise(job *j) {
    for (size_t c = 0; c < j->dim; c++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < j->n_patches; i++) {
            double x = (double)j->patches[i * j->dim + c];
            sum += x;
            squares += x * x;
        }
        double mean = sum / (double)j->n_patches, variance = squares / (double)j->n_patches - mean * mean;
        j->means[c] = (float)mean;
        j->deviations[c] = (float)sqrt(fmax(variance, 0) + 2e-3);
        for (size_t i = 0; i < j->n_patches; i++)
            j->patches[i * j->dim + c] = (j->patches[i * j->dim + c] - j->means[c]) / j->deviations[c];
    }
}

static oc_status collect_patches(job *j, oc_error *err) {
    oc__graph graph = {.context = j->context};
    oc_model *model = NULL;
    oc__random random;
    uint32_t node;
    const oc__extraction what = {.n_views = 1, .skip_broken = j->options->skip_broken};
    size_t n = j->set->n, n_places = (size_t)j->side * j->side, n_each = POOL / n + 1;
    if (n_each > n_places) n_each = n_places;
    oc__random_seed(&random, j->options->seed, STREAM);
    oc_status status = patch_graph(&graph, &node, j->base, err);
    if (!status) status = oc__graph_flatten(&node, &graph, node, err);
    if (!status) status = oc__graph_as_base(&model, &graph, node, &j->base->rule, err);
    oc__graph_free(&graph);
    for (size_t first = 0; first < n && !status; first += CHUNK) {
        oc__features f = {0};
        status = oc__features_extract(&f, model, j->set->samples + first, n - first < CHUNK ? n - first : CHUNK, &what,
                                      j->progress, err);
        if (!status && first == 0) {
            j->dim = f.dim / n_places;
            j->patches = oc__alloc_array(j->context, n * n_each, j->dim * sizeof *j->patches);
            j->owners = oc__alloc_array(j->context, n * n_each, sizeof *j->owners);
            j->means = oc__alloc_array(j->context, j->dim, sizeof *j->means);
            j->deviations = oc__alloc_array(j->context, j->dim, sizeof *j->deviations);
            if (!j->patches || !j->owners || !j->means || !j->deviations)
                status = oc__fail_nomem(err, j->context, n * n_each * j->dim * sizeof *j->patches, "training");
        }
        if (!status) take_patches(j, &f, first, n_each, &random);
        oc__features_free(&f);
    }
    oc__model_release(model);
    if (!status && j->n < 4) status = oc__fail(err, OC_E_DATA, "%zu pictures can be read, training needs at least 4", j->n);
    if (!status) standardise(j);
    return status;
}

/* --- scores --- */

/* The bank of the pictures that are not of a fold (all, if folds is NULL). */
static oc_status choose_bank(oc__bank *out, const job *j, const uint32_t *folds, uint32_t fold, oc_error *err) {
    size_t n = 0;
    float *rows = oc__alloc_array(j->context, j->n_patches, j->dim * sizeof *rows);
    if (!rows) return oc__fail_nomem(err, j->context, j->n_patches * j->dim * sizeof *rows, "training");
    for (size_t i = 0; i < j->n_patches; i++)
        if (!folds || folds[j->owners[i]] != fold) memcpy(rows + n++ * j->dim, j->patches + i * j->dim, j->dim * sizeof *rows);
    oc_status status = oc__bank_choose(out, j->context, rows, n, j->dim, MOST_PATCHES, j->options->seed, err);
    oc__free(j->context, rows);
    return status;
}

/* Distances of the pictures of a fold from what the others hold. */
static oc_status score_fold(double *distances, const job *j, const uint32_t *folds, uint32_t fold, oc_error *err) {
    oc__bank bank = {0};
    oc__graph graph = {.context = j->context};
    oc_model *model = NULL;
    oc__features f = {0};
    const oc__extraction what = {.n_views = 1, .skip_broken = true, .quiet = true};
    size_t n = 0;
    oc__labelled *samples = oc__alloc_array(j->context, j->n, sizeof *samples);
    if (!samples) return oc__fail_nomem(err, j->context, j->n * sizeof *samples, "training");
    for (size_t i = 0; i < j->n; i++)
        if (folds[i] == fold) samples[n++] = j->set->samples[j->index[i]];
    oc_status status = choose_bank(&bank, j, folds, fold, err);
    if (!status) status = anomaly_graph(&graph, j, &bank, 0, 1, err);
    if (!status) status = oc__graph_as_base(&model, &graph, graph.outputs[0], &j->base->rule, err);
    if (!status) status = oc__features_extract(&f, model, samples, n, &what, j->progress, err);
    n = 0;
    for (size_t i = 0; i < j->n && !status; i++)
        if (folds[i] == fold) distances[i] = (double)f.values[n++];
    oc__features_free(&f);
    oc__graph_free(&graph);
    oc__model_release(model);
    oc__bank_free(&bank);
    oc__free(j->context, samples);
    return status;
}

/* What was said of good pictures that had not been seen. */
static oc_status measure(oc__measurement **out, const job *j, const double *distances, const uint32_t *folds, uint32_t n_folds,
                         double centre, double factor, oc_error *err) {
    oc__measurement *m = NULL;
    float *probabilities = oc__alloc_array(j->context, j->n, sizeof *probabilities);
    uint8_t *bears = oc__alloc_zero(j->context, j->n);
    oc_status status = probabilities && bears ? oc__measurement_create(&m, j->context, j->n, 1, err)
                                              : oc__fail_nomem(err, j->context, j->n * sizeof *probabilities, "training");
    for (size_t i = 0; i < j->n && !status; i++) {
        const char *name = j->set->samples[j->index[i]].sample->image.name;
        probabilities[i] = (float)(1 / (1 + exp(-factor * (distances[i] - centre))));
        m->entries[i].fold = folds[i];
        if (!(m->entries[i].name = oc__strdup(j->context, name)))
            status = oc__fail_nomem(err, j->context, strlen(name), "training");
    }
    if (!status) {
        m->method = OC_REPORT_CROSS_VALIDATION;
        m->n_folds = n_folds;
        m->n_skipped = (uint32_t)(j->set->n - j->n);
        status = oc__measurement_several(m, err);
    }
    if (!status) status = oc__measurement_add_tag(m, probabilities, bears, 0.5f, err);
    if (!status) status = oc__measurement_finish(m, err);
    oc__free(j->context, probabilities);
    oc__free(j->context, bears);
    if (status)
        oc__measurement_free(m);
    else
        *out = m;
    return status;
}

/* Of each good picture, how far it is from the others; in folds. */
static oc_status cross_validate(oc__measurement **out, double *centre, double *factor, job *j, oc_error *err) {
    uint32_t n_folds = oc__train_folds(j->options) < j->n ? oc__train_folds(j->options) : (uint32_t)j->n;
    uint32_t *folds = oc__alloc_array(j->context, j->n, sizeof *folds),
             *alike = oc__alloc_zero(j->context, j->n * sizeof *alike);
    double *distances = oc__alloc_array(j->context, j->n, sizeof *distances);
    oc_status status =
        folds && alike && distances ? OC_OK : oc__fail_nomem(err, j->context, j->n * sizeof *distances, "training");
    if (!status) status = oc__folds_assign(folds, &n_folds, j->context, alike, j->content, j->n, 1, j->options->seed, err);
    if (!status && n_folds < 2) status = oc__fail(err, OC_E_DATA, "all %zu pictures are the same one", j->n);
    oc__progress_stage(j->progress, "cross-validation", 0.5, 0.9, j->n);
    for (uint32_t fold = 0; fold < n_folds && !status; fold++) status = score_fold(distances, j, folds, fold, err);
    if (!status) {
        oc__distance_scale(centre, factor, distances, j->n);
        status = measure(out, j, distances, folds, n_folds, *centre, *factor, err);
    }
    oc__free(j->context, folds);
    oc__free(j->context, alike);
    oc__free(j->context, distances);
    return status;
}

/* --- the model --- */

/* The tags of the good pictures. */
static oc_status name_normal(oc_model *model, const oc__training_set *set, oc_error *err) {
    oc__buffer names = {.context = model->context};
    for (size_t t = 0; t < set->n_tags; t++) {
        if (t) oc__buffer_append(&names, "|", 1);
        oc__buffer_append(&names, set->tags[t], strlen(set->tags[t]));
    }
    oc__buffer_append(&names, "", 1);
    oc_status status = names.failed ? oc__fail_nomem(err, model->context, names.size, "training")
                                    : oc__model_set_property(model, "normal", (const char *)names.data, err);
    oc__buffer_free(&names);
    return status;
}

static oc_status make_model(oc_model **out, job *j, double centre, double factor, oc_error *err) {
    static const char *const tag = OC__ANOMALY_TAG;
    oc__bank bank = {0};
    oc_model *model = NULL;
    oc_status status = choose_bank(&bank, j, NULL, 0, err);
    if (!status) status = oc__model_create(&model, j->context, err);
    if (!status) status = anomaly_graph(&model->graph, j, &bank, centre, factor, err);
    if (!status) status = oc__model_set_tags(model, &tag, 1, err);
    if (!status && !(model->thresholds = oc__alloc(j->context, sizeof(float))))
        status = oc__fail_nomem(err, j->context, sizeof(float), "training");
    if (!status) {
        model->kind = OC__KIND_MULTILABEL;
        model->thresholds[0] = 0.5f;
        model->rule = j->base->rule;
        status = name_normal(model, j->set, err);
    }
    if (!status) status = oc__model_set_property_u64(model, "n_training_pictures", j->n, err);
    if (!status) status = oc__model_set_property_u64(model, "n_patches", bank.n, err);
    if (!status) status = oc__model_finish(model, err);
    oc__bank_free(&bank);
    if (status)
        oc__model_release(model);
    else
        *out = model;
    return status;
}

oc_status oc__train_anomaly(oc_model **out, const oc_model *base, const oc__training_set *set, const oc__train_options *options,
                            oc__progress *progress, oc_error *err) {
    job j = {.context = base->context, .base = base, .set = set, .options = options, .progress = progress};
    oc__measurement *measurement = NULL;
    oc_model *model = NULL;
    double centre = 0, factor = 1;
    j.side = base->rule.width / STRIDE;
    j.index = oc__alloc_array(j.context, set->n, sizeof *j.index);
    j.content = oc__alloc_array(j.context, set->n, sizeof *j.content);
    oc_status status = j.index && j.content ? OC_OK : oc__fail_nomem(err, j.context, set->n * sizeof *j.content, "training");
    oc__progress_stage(progress, "reading pictures", 0, 0.5, set->n);
    if (!status) status = collect_patches(&j, err);
    if (!status) status = cross_validate(&measurement, &centre, &factor, &j, err);
    oc__progress_stage(progress, "fitting", 0.9, 0.95, 1);
    if (!status) status = make_model(&model, &j, centre, factor, err);
    if (!status) status = oc__progress_status(progress, err);
    oc__free(j.context, j.index);
    oc__free(j.context, j.content);
    oc__free(j.context, j.patches);
    oc__free(j.context, j.owners);
    oc__free(j.context, j.means);
    oc__free(j.context, j.deviations);
    if (status) {
        oc__measurement_free(measurement);
        oc__model_release(model);
        return status;
    }
    model->measurement = measurement;
    *out = model;
    return OC_OK;
}
