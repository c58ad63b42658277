/* Fine-tuning. SPDX-License-Identifier: MIT
 *
 * The head begins where it was fitted to the features as they were, so that the first steps do not spoil them (Kumar et al.
 * 2022, Fine-tuning can distort pretrained features and underperform out-of-distribution). AdamW with a cosine schedule, batch
 * norms as they are, smoothed labels; what is kept is the average of the weights. */
#include "tune.h"

#include <string.h>

#include "clock.h"
#include "course.h"
#include "loss.h"
#include "memory.h"
#include "optimiser.h"
#include "schedule.h"
#include "thread.h"

#define BATCH 16
#define TOP_RATE 3e-3 /* of the head's weights */
#define BASE_RATE 0.2 /* of the base's, against the head's */
#define DECAY 0.02
#define CLIP 5
#define AVERAGE 0.99 /* weights of about the last 100 steps */
#define SMOOTHING 0.1f
#define STREAM_ORDER 1
#define STREAM_MIX (UINT64_C(1) << 40)

typedef struct tuner {
    const oc__tuning *what;
    oc__learner *learner;
    oc__optimiser optimiser;
    oc__course course; /* through the picks */
    size_t picks[BATCH];
    int32_t labels[BATCH];
    float *shares, *first; /* for mixing: of each tag in a view; the batch's first view */
    oc__view_objects objects[BATCH]; /* none */
    oc_status statuses[BATCH];
    oc_error errors[BATCH];
} tuner;

/* Each picture's view has random numbers of its own, so that it does not depend on threads. */
static void view_task(void *argument, size_t i, uint32_t worker) {
    tuner *t = argument;
    const oc__view_source *s = t->what->source;
    oc__random random;
    (void)worker;
    oc__random_seed(&random, t->what->seed, STREAM_ORDER + 1 + t->course.step * BATCH + i);
    t->errors[i] = (oc_error)OC_ERROR_INIT;
    t->statuses[i] = oc__view_draw(oc__learner_input(t->learner) + i * s->rule->width * s->rule->height * 3, &t->objects[i], s,
                                   t->picks[i], false, &random, &t->errors[i]);
}

static oc_status draw_batch(tuner *t, oc_error *err) {
    const oc__tuning *what = t->what;
    for (int i = 0; i < BATCH; i++) {
        t->picks[i] = oc__course_next(&t->course);
        t->labels[i] = (int32_t)what->tags[what->source->usable[t->picks[i]]];
    }
    oc__parallel(what->source->context, BATCH, view_task, t);
    for (int i = 0; i < BATCH; i++)
        if (t->statuses[i]) return oc__fail(err, t->statuses[i], "%s", t->errors[i].message);
    return OC_OK;
}

/* Lays half of the views over the next one, faintly (after Zhang et al. 2018, mixup). */
static void mix_batch(tuner *t, size_t n_tags) {
    const oc__prepare_rule *rule = t->what->source->rule;
    size_t size = (size_t)rule->width * rule->height * 3;
    float *input = oc__learner_input(t->learner);
    oc__random random;
    oc__random_seed(&random, t->what->seed, STREAM_MIX + t->course.step);
    memset(t->shares, 0, BATCH * n_tags * sizeof *t->shares);
    memcpy(t->first, input, size * sizeof *input);
    for (size_t i = 0; i < BATCH; i++) {
        double unit = oc__random_unit(&random), other = oc__random_unit(&random) < 0.5 ? 0.5 * unit * unit : 0;
        const float *next = i + 1 < BATCH ? input + (i + 1) * size : t->first;
        for (size_t k = 0; k < size && other > 0; k++)
            input[i * size + k] = (float)((1 - other) * (double)input[i * size + k] + other * (double)next[k]);
        t->shares[i * n_tags + (size_t)t->labels[i]] += (float)(1 - other);
        t->shares[i * n_tags + (size_t)t->labels[(i + 1) % BATCH]] += (float)other;
    }
}

static oc_status prepare_mixing(tuner *t, size_t n_tags, oc_error *err) {
    const oc__prepare_rule *rule = t->what->source->rule;
    oc_context *context = t->what->source->context;
    size_t size = (size_t)rule->width * rule->height * 3;
    t->shares = oc__alloc_array(context, BATCH * n_tags, sizeof *t->shares);
    t->first = oc__alloc_array(context, size, sizeof *t->first);
    return t->shares && t->first ? OC_OK : oc__fail_nomem(err, context, (BATCH * n_tags + size) * sizeof(float), "fine-tuning");
}

static oc_status prepare(tuner *t, oc__graph *graph, oc_error *err) {
    oc__optimiser_options how = OC__ADAMW_INIT;
    const oc__tuning *what = t->what;
    const oc__prepare_rule *rule = what->source->rule;
    const oc__group frozen = {0, what->n_frozen, 0, 0, true}, base = {what->n_frozen, what->n_base, BASE_RATE, 1, true};
    oc_context *context = what->source->context;
    how.decay = DECAY;
    how.clip = CLIP;
    how.average = AVERAGE;
    oc_status status = oc__course_begin(&t->course, context, what->picks, what->n, what->seed, STREAM_ORDER, err);
    if (!status) status = oc__optimiser_create(&t->optimiser, graph, &how, err);
    if (status) return status;
    oc__optimiser_set_group(&t->optimiser, graph, &frozen);
    oc__optimiser_set_group(&t->optimiser, graph, &base);
    return oc__learner_create(&t->learner, graph, BATCH, rule->height, rule->width, err);
}

oc_status oc__tune(oc__graph *graph, const oc__tuning *what, oc__progress *progress, oc_error *err) {
    oc_context *context = what->source->context;
    uint64_t n = what->n_steps;
    const oc__schedule schedule = {.kind = OC__SCHEDULE_COSINE, .warm_up = n / 20 + 1, .n_steps = n, .floor = 0.01};
    tuner t = {.what = what};
    double sum = 0;
    oc_status status = prepare(&t, graph, err);
    if (!status) status = oc__course_resume(&t.course, n, what->seconds, what->states, graph, &t.optimiser, progress, err);
    size_t n_tags = status ? 0 : graph->nodes[graph->outputs[0]].channels;
    if (!status && what->mix) status = prepare_mixing(&t, n_tags, err);
    while (!status && !oc__course_done(&t.course)) {
        const oc__class_targets targets = {.labels = what->mix ? NULL : t.labels,
                                           .shares = t.shares,
                                           .class_weights = what->weights,
                                           .smoothing = SMOOTHING};
        if ((status = draw_batch(&t, err))) break;
        if (what->mix) mix_batch(&t, n_tags);
        oc__learner_forward(t.learner);
        sum += oc__cross_entropy(oc__learner_output_gradient(t.learner, 0), context, oc__learner_output(t.learner, 0, NULL),
                                 &targets, BATCH, n_tags);
        oc__learner_backward(t.learner);
        oc__optimiser_step(&t.optimiser, graph, t.learner, TOP_RATE * oc__schedule_share(&schedule, t.course.at));
        status = oc__course_step(&t.course, graph, &t.optimiser, progress, err);
        if (t.course.step % 100 == 0) {
            oc__log(context, OC_LOG_DEBUG, "step %llu: loss %d thousandths", (unsigned long long)t.course.step, (int)(sum * 10));
            sum = 0;
        }
    }
    if (!status) oc__optimiser_swap_average(&t.optimiser, graph);
    if (!status && what->spent) *what->spent += oc__now() - t.course.begun;
    oc__learner_free(t.learner);
    oc__optimiser_free(&t.optimiser);
    for (int i = 0; i < BATCH; i++) oc__free(context, t.objects[i].items);
    oc__free(context, t.shares);
    oc__free(context, t.first);
    oc__course_free(&t.course);
    return status;
}
