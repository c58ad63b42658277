/* Advanced training. SPDX-License-Identifier: MIT */
#include "advance.h"

#include <math.h>
#include <string.h>

#include "classifier_graph.h"
#include "clock.h"
#include "cross_validation.h"
#include "cut.h"
#include "half.h"
#include "memory.h"
#include "temperature.h"
#include "tune.h"

#define VIEWS 96 /* steps show every picture about so often, */
#define MIN_STEPS 400
#define MAX_STEPS 4000 /* within these bounds; steps of 16 pictures */
#define PICTURES_A_STEP 16

typedef struct job {
    oc_context *context;
    const oc__quick *quick;
    const oc__train_options *options;
    oc__progress *progress;
    oc__labelled *samples; /* that can be read: quick->features->n */
    oc__training_set set;  /* the same */
    oc__view_source source;
    oc__validation validation;
    uint32_t *picks;
    float *weights;                  /* of tags, or NULL */
    float *logits;                   /* held out, of the attempt under way */
    double quick_factor, quick_loss; /* at which its logits are calibrated; their loss then, summed */
    double begun, seconds;           /* of all that is done here; 0 seconds: no bound */
    double spent;                    /* on the attempt under way */
} job;

/* Seconds; 0 without a bound. */
static double left(const job *j) {
    double before = j->set.states ? j->set.states->seconds_before : 0;
    return j->seconds > 0 ? fmax(j->begun + j->seconds - before - oc__now(), 1) : 0;
}

/* Rounds to what a model file will hold, where the base's parameters are held in half precision. */
static void round_to_storage(oc__graph *graph, const oc__graph *base) {
    for (size_t p = 0; p < base->n_params; p++) {
        oc__param *param = &graph->params[p];
        for (size_t i = 0; i < param->count && param->storage == OC__STORE_F16; i++)
            param->values[i] = oc__half_to_float(oc__half_from_float(param->values[i]));
    }
}

/* Trains a network without fold `fold`, on all if that is n_folds. */
static oc_status train_without(oc__graph *out, job *j, uint32_t fold, uint64_t n_steps, double seconds, oc_error *err) {
    const oc__quick *quick = j->quick;
    const oc__graph *base = &quick->base->graph;
    oc__graph graph = {.context = j->context};
    oc__linear linear = {0};
    /* The beginning stays as it is: as far as the first of the maps at strides 8, 16 and 32, if there are such maps. */
    uint32_t n_frozen = base->n_outputs > 1 ? oc__graph_after_weights(base, base->outputs[1]) : 0;
    size_t n = 0;
    for (size_t i = 0; i < j->source.n_usable; i++)
        if (j->validation.folds[j->source.usable[i]] != fold) j->picks[n++] = (uint32_t)i;
    oc_status status = oc__fit_without_fold(&linear, &j->validation, fold, &quick->head, j->progress, err);
    if (!status)
        status = oc__classifier_graph(&graph, base, quick->roots, &linear, quick->head.sharpness * j->quick_factor, err);
    const oc__tuning tuning = {
        &j->source, j->picks, n, quick->tags, j->weights, n_frozen, (uint32_t)base->n_nodes, j->options->seed + fold,
        n_steps,    seconds,       j->set.states, j->options->mix, &j->spent};
    if (!status) status = oc__tune(&graph, &tuning, j->progress, err);
    if (!status) round_to_storage(&graph, base);
    oc__linear_free(&linear);
    if (status)
        oc__graph_free(&graph);
    else
        *out = graph;
    return status;
}

/* Puts a network's logits of the pictures of a fold where they belong. */
static oc_status measure_fold(job *j, const oc__graph *graph, uint32_t fold, oc_error *err) {
    oc_model *model = NULL;
    oc__features logits = {0};
    oc__progress silent = *j->progress;
    const oc__extraction what = {.n_views = 1, .skip_broken = j->options->skip_broken, .seed = j->options->seed};
    size_t n = 0, n_tags = j->set.n_tags;
    oc__labelled *samples = oc__alloc_array(j->context, j->set.n, sizeof *samples);
    if (!samples) return oc__fail_nomem(err, j->context, j->set.n * sizeof *samples, "cross-validation");
    for (size_t i = 0; i < j->set.n; i++)
        if (j->validation.folds[i] == fold) samples[n++] = j->samples[i];
    oc_status status = oc__graph_as_base(&model, graph, graph->outputs[0], &j->quick->base->rule, err);
    silent.callback = NULL;
    if (!status) status = oc__features_extract(&logits, model, samples, n, &what, &silent, err);
    n = 0;
    for (size_t i = 0; i < j->set.n && !status; i++)
        if (j->validation.folds[i] == fold)
            memcpy(j->logits + i * n_tags, logits.values + n++ * n_tags, n_tags * sizeof(float));
    oc__features_free(&logits);
    oc__model_release(model);
    oc__free(j->context, samples);
    return status;
}

/* Cross-validates: networks tuned for so many steps each. */
static oc_status attempt(job *j, uint64_t n_steps, double seconds, oc_error *err) {
    oc_status status = OC_OK;
    j->spent = 0;
    for (uint32_t fold = 0; fold < j->validation.n_folds && !status; fold++) {
        oc__graph graph = {.context = j->context};
        status = train_without(&graph, j, fold, n_steps, seconds, err);
        if (!status) status = measure_fold(j, &graph, fold, err);
        oc__graph_free(&graph);
    }
    return status;
}

static uint64_t choose_steps(const job *j) {
    uint64_t n = VIEWS * (uint64_t)j->set.n / PICTURES_A_STEP;
    if (j->options->steps) return j->options->steps;
    return n < MIN_STEPS ? MIN_STEPS : n > MAX_STEPS ? MAX_STEPS : n;
}

/* How surprising a picture's tag is. */
static double surprise(const float *row, size_t n_tags, uint32_t tag, double factor) {
    double top = -INFINITY, sum = 0;
    for (size_t t = 0; t < n_tags; t++) top = fmax(top, factor * (double)row[t]);
    for (size_t t = 0; t < n_tags; t++) sum += exp(factor * (double)row[t] - top);
    return top + log(sum) - factor * (double)row[tag];
}

/* Whether held-out logits are no worse than those of the quick head, as far as the pictures can tell. */
static bool good_enough(const job *j, const float *logits, double factor) {
    const oc__quick *quick = j->quick;
    size_t n_tags = j->set.n_tags;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < j->set.n; i++) {
        double before = surprise(quick->logits + i * n_tags, n_tags, quick->tags[i], j->quick_factor);
        double difference = surprise(logits + i * n_tags, n_tags, quick->tags[i], factor) - before;
        sum += difference;
        squares += difference * difference;
    }
    return sum < sqrt(squares);
}

/* Tries one number of steps after the other. */
static oc_status search(oc__advanced *out, job *j, oc_error *err) {
    uint32_t n_runs = j->validation.n_folds + 1;
    size_t size = j->set.n * j->set.n_tags * sizeof(float);
    const oc__held_out held_out = {j->logits, j->quick->tags, j->validation.folds, j->set.n, j->set.n_tags, 1};
    double least = INFINITY, seconds = left(j) / n_runs, from = 0.02;
    uint64_t n_steps = choose_steps(j);
    oc_status status = OC_OK;
    for (bool go_on = true; go_on && !status; n_steps *= 2) {
        double then = from + (1 - from) * (n_runs - 1) / n_runs, loss;
        oc__progress_stage(j->progress, "fine-tuning", from, then, (size_t)n_steps * (n_runs - 1));
        from = then;
        if ((status = attempt(j, n_steps, seconds, err))) break;
        double factor = oc__sharpen(&loss, &held_out, OC__NONE);
        bool better = loss < least && (out->n_steps || good_enough(j, j->logits, factor));
        oc__log(j->context, OC_LOG_INFO, "fine-tuned for %llu steps: log loss %.4f, the head alone %.4f; %s",
                (unsigned long long)n_steps, loss / (double)j->set.n, j->quick_loss / (double)j->set.n,
                better ? "taken" : "not taken");
        go_on = better && !j->options->steps && 2 * j->spent * n_runs / (n_runs - 1) < left(j);
        if (better) {
            least = loss;
            out->n_steps = n_steps;
            memcpy(out->logits, j->logits, size);
        }
    }
    oc__progress_stage(j->progress, "fine-tuning", from, 1, (size_t)out->n_steps);
    if (!status && out->n_steps) status = train_without(&out->graph, j, j->validation.n_folds, out->n_steps, left(j), err);
    return status;
}

static oc_status prepare(job *j, oc__advanced *out, oc_error *err) {
    const oc__quick *quick = j->quick;
    size_t n = quick->features->n, n_tags = quick->set->n_tags;
    j->samples = oc__alloc_array(j->context, n, sizeof *j->samples);
    j->picks = oc__alloc_array(j->context, n, sizeof *j->picks);
    j->logits = oc__alloc_array(j->context, n, n_tags * sizeof(float));
    out->logits = oc__alloc_array(j->context, n, n_tags * sizeof(float));
    if (!j->samples || !j->picks || !j->logits || !out->logits)
        return oc__fail_nomem(err, j->context, n * n_tags * sizeof(float), "fine-tuning");
    for (size_t i = 0; i < n; i++) j->samples[i] = quick->set->samples[quick->index[i]];
    j->set = *quick->set;
    j->set.samples = j->samples;
    j->set.n = n;
    const oc__held_out held_out = {quick->logits, quick->tags, quick->folds, n, n_tags, 1};
    j->quick_factor = oc__sharpen(&j->quick_loss, &held_out, OC__NONE);
    j->validation = (oc__validation){quick->features, quick->tags, quick->folds, n_tags, quick->n_folds, j->options->balance};
    if (j->options->balance) {
        j->weights = oc__alloc_zero(j->context, n_tags * sizeof *j->weights);
        if (!j->weights) return oc__fail_nomem(err, j->context, n_tags * sizeof *j->weights, "fine-tuning");
        for (size_t i = 0; i < n; i++) j->weights[quick->tags[i]]++;
        for (size_t t = 0; t < n_tags; t++) j->weights[t] = (float)n / ((float)n_tags * j->weights[t]);
    }
    return OC_OK;
}

oc_status oc__advance(oc__advanced *out, const oc__quick *quick, const oc__train_options *options, oc__progress *progress,
                      oc_error *err) {
    oc_context *context = quick->base->context;
    job j = {.context = context, .quick = quick, .options = options, .progress = progress};
    j.begun = quick->begun;
    j.seconds = 60 * options->minutes;
    *out = (oc__advanced){.context = context, .graph = {.context = context}};
    oc_status status = prepare(&j, out, err);
    oc__progress_stage(progress, "reading pictures", 0, 0.02, quick->features->n);
    if (!status) status = oc__view_source_open(&j.source, context, &j.set, &quick->base->rule, options, progress, err);
    if (!status) status = search(out, &j, err);
    oc__view_source_close(&j.source);
    oc__free(context, j.samples);
    oc__free(context, j.picks);
    oc__free(context, j.logits);
    oc__free(context, j.weights);
    if (status) oc__advanced_free(out);
    return status;
}

void oc__advanced_free(oc__advanced *a) {
    if (!a->context) return;
    oc__graph_free(&a->graph);
    oc__free(a->context, a->logits);
    *a = (oc__advanced){0};
}
