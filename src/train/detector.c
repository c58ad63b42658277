/* Training a detector. SPDX-License-Identifier: MIT */

#include <math.h>

#include "balance.h"
#include "calibrate.h"
#include "course.h"
#include "detector.h"
#include "memory.h"
#include "optimiser.h"
#include "schedule.h"
#include "thread.h"

#define BATCH 8
#define TOP_RATE 4e-3
#define BASE_RATE 0.2 /* of the base's weights, against the rest */
#define DECAY 0.02
#define CLIP 10
#define AVERAGE_PART (1.0 / 6) /* of the steps, the last, whose weights' average the model gets */
#define MOSAIC 0.5             /* share of views that show four pictures, */
#define MOSAIC_UNTIL 0.8       /* of the steps; the rest is as pictures are */
#define STEPS_A_PICTURE 8      /* a picture is seen 64 times, */
#define MIN_STEPS 400          /* within these bounds */
#define MAX_STEPS 4000
#define STREAM_ORDER 3

typedef struct training {
    oc_context *context;
    oc__graph graph;
    oc__learner *learner;
    oc__optimiser optimiser;
    oc__detector_loss *loss;
    oc__view_source source;
    oc__view_objects objects[BATCH];
    oc__course course; /* through the usable pictures */
    uint64_t seed;
    double mosaic; /* share of views */
    size_t picks[BATCH];
    oc_status statuses[BATCH];
    oc_error errors[BATCH];
} training;

static uint64_t choose_steps(const oc__train_options *options, size_t n_pictures) {
    uint64_t n = STEPS_A_PICTURE * (uint64_t)n_pictures;
    if (options->steps) return options->steps;
    return n < MIN_STEPS ? MIN_STEPS : n > MAX_STEPS ? MAX_STEPS : n;
}

/* Sides of the network's input, for tags whose objects have at least so large a part of a picture's side. */
static const struct {
    double least;
    uint32_t size;
} sizes[] = {{26.0 / 320, 320}, {18.0 / 320, 416}, {0, 512}};

/* By the tag with the smallest objects, in their geometric mean. */
static oc_status choose_size(uint32_t *out, const oc__training_set *set, const oc__train_options *options, oc_context *context,
                             oc_error *err) {
    *out = (uint32_t)options->size;
    if (options->size % 32 || (options->size && options->size < 64))
        return oc__fail(err, OC_E_ARGUMENT, "size is %u, expected 0 or a multiple of 32 from 64 on", (unsigned)options->size);
    if (options->size) return OC_OK;
    double *sums = oc__alloc_zero(context, 2 * set->n_tags * sizeof *sums), *counts = sums + set->n_tags, smallest = 1;
    if (!sums) return oc__fail_nomem(err, context, 2 * set->n_tags * sizeof *sums, "training");
    for (size_t i = 0; i < set->n; i++)
        for (uint32_t k = 0; k < set->samples[i].n_objects; k++) {
            const oc__object *o = &set->objects[set->samples[i].first_object + k];
            double area = (double)(o->box.right - o->box.left) * (double)(o->box.bottom - o->box.top);
            sums[o->tag] += 0.5 * log(fmax(area, 1e-8));
            counts[o->tag]++;
        }
    for (size_t t = 0; t < set->n_tags; t++)
        if (counts[t] > 0) smallest = fmin(smallest, exp(sums[t] / counts[t]));
    oc__free(context, sums);
    size_t i = 0;
    while (smallest < sizes[i].least) i++;
    *out = sizes[i].size;
    return OC_OK;
}

/* The beginning of the base stays as it is; the rest of it learns slowly, with the figures of its batch norms as they are. */
static oc_status make_learner(training *t, uint32_t n_stem, uint32_t n_base, const oc__prepare_rule *rule, size_t n_tags,
                              bool freeze, oc_error *err) {
    oc__optimiser_options how = OC__ADAMW_INIT;
    how.decay = DECAY;
    how.clip = CLIP;
    how.average_part = AVERAGE_PART;
    oc_status status = oc__optimiser_create(&t->optimiser, &t->graph, &how, err);
    if (status) return status;
    const oc__group stem = {0, n_stem, 0, 0, true}, base = {n_stem, n_base, freeze ? 0 : BASE_RATE, 1, true};
    oc__optimiser_set_group(&t->optimiser, &t->graph, &stem);
    oc__optimiser_set_group(&t->optimiser, &t->graph, &base);
    status = oc__learner_create(&t->learner, &t->graph, BATCH, rule->height, rule->width, err);
    if (!status) status = oc__detector_loss_create(&t->loss, t->learner, t->context, t->graph.n_outputs, n_tags, err);
    return status;
}

/* Each picture's view has random numbers of its own, so that it does not depend on threads. */
static void view_task(void *argument, size_t i, uint32_t worker) {
    training *t = argument;
    const oc__prepare_rule *rule = t->source.rule;
    oc__random random;
    (void)worker;
    oc__random_seed(&random, t->seed, STREAM_ORDER + 1 + t->course.step * BATCH + i);
    bool mosaic = (double)t->course.at < MOSAIC_UNTIL * (double)t->course.n_steps && oc__random_unit(&random) < t->mosaic;
    t->errors[i] = (oc_error)OC_ERROR_INIT;
    t->statuses[i] = oc__view_draw(oc__learner_input(t->learner) + i * rule->width * rule->height * 3, &t->objects[i],
                                   &t->source, t->picks[i], mosaic, &random, &t->errors[i]);
}

static oc_status draw_batch(training *t, oc_error *err) {
    for (int i = 0; i < BATCH; i++) t->picks[i] = oc__course_next(&t->course);
    oc__parallel(t->context, BATCH, view_task, t);
    for (int i = 0; i < BATCH; i++)
        if (t->statuses[i]) return oc__fail(err, t->statuses[i], "%s", t->errors[i].message);
    return OC_OK;
}

/* Begins the course through the usable pictures, those of rare tags more often. */
static oc_status begin_course(training *t, oc_error *err) {
    const oc__view_source *s = &t->source;
    uint32_t *picks = NULL;
    size_t n = 0;
    oc_status status = oc__balanced_picks(&picks, &n, t->context, s->set, s->usable, s->n_usable, err);
    if (!status) status = oc__course_begin(&t->course, t->context, picks, n, t->seed, STREAM_ORDER, err);
    oc__free(t->context, picks);
    return status;
}

static oc_status run_steps(training *t, oc__progress *progress, oc_error *err) {
    oc__course *course = &t->course;
    uint64_t n = course->n_steps;
    oc__schedule schedule = {.kind = OC__SCHEDULE_COSINE, .warm_up = n / 20 + 1, .n_steps = n, .floor = 0.01};
    oc_status status = OC_OK;
    double sum = 0;
    while (!oc__course_done(course) && !status) {
        double loss = 0;
        status = draw_batch(t, err);
        if (status) break;
        oc__learner_forward(t->learner);
        status = oc__detector_loss_of(&loss, t->loss, t->objects, err);
        if (status) break;
        oc__learner_backward(t->learner);
        oc__optimiser_step(&t->optimiser, &t->graph, t->learner, TOP_RATE * oc__schedule_share(&schedule, course->at));
        sum += loss;
        status = oc__course_step(course, &t->graph, &t->optimiser, progress, err);
        if (course->step % 100 == 0) {
            oc__log(t->context, OC_LOG_DEBUG, "step %llu: loss %d thousandths", (unsigned long long)course->step, (int)(sum * 10));
            sum = 0;
        }
    }
    return status;
}

static void release(training *t) {
    oc__detector_loss_free(t->loss);
    oc__learner_free(t->learner);
    oc__optimiser_free(&t->optimiser);
    for (int i = 0; i < BATCH; i++) oc__free(t->context, t->objects[i].items);
    oc__view_source_close(&t->source);
    oc__graph_free(&t->graph);
    oc__course_free(&t->course);
}

oc_status oc__train_detector(oc_model **out, const oc_model *base, const oc_model *start, const oc__training_set *set,
                             const oc__train_options *options, oc__progress *progress, oc_error *err) {
    oc__detector_start from = {0};
    if (start) from = (oc__detector_start){&start->graph, (const char *const *)start->tags, start->n_tags};
    oc_context *context = base->context;
    oc_model *model = NULL;
    training t = {.context = context, .graph = {.context = context}, .seed = options->seed};
    t.mosaic = options->mosaic ? MOSAIC : 0;
    uint32_t n_stem = 0, n_base = 0, size = 0;
    oc_status status = choose_size(&size, set, options, context, err);
    if (!status) status = oc__model_create(&model, context, err);
    if (status) return status;
    model->kind = OC__KIND_DETECTION;
    model->rule = base->rule;
    model->rule.width = model->rule.height = size;
    model->rule.resize = OC__RESIZE_SQUASH;
    oc__progress_stage(progress, "reading pictures", 0, 0.03, set->n);
    status = oc__view_source_open(&t.source, context, set, &model->rule, options, progress, err);
    if (!status && t.source.n_usable == 0) status = oc__fail(err, OC_E_DATA, "none of the pictures can be read");
    if (!status) status = begin_course(&t, err);
    if (!status) status = oc__detector_graph(&t.graph, &n_stem, &n_base, base, start ? &from : NULL, set->tags, set->n_tags, options->seed, err);
    if (!status) status = make_learner(&t, n_stem, n_base, &model->rule, set->n_tags, options->freeze, err);
    if (!status) {
        uint64_t n_steps = choose_steps(options, t.course.n);
        oc__progress_stage(progress, "training", 0.03, 0.87, n_steps);
        status = oc__course_resume(&t.course, n_steps, 60 * options->minutes, set->states, &t.graph, &t.optimiser, progress, err);
    }
    if (!status) status = run_steps(&t, progress, err);
    if (!status) {
        oc__optimiser_swap_average(&t.optimiser, &t.graph);
        status = oc__graph_copy(&model->graph, &t.graph, err);
    }
    if (!status) status = oc__model_set_tags(model, set->tags, set->n_tags, err);
    if (!status) status = oc__model_set_property_u64(model, "n_training_pictures", t.source.n_usable, err);
    if (!status) status = oc__model_set_property_u64(model, "n_steps", t.course.step, err);
    release(&t);
    if (!status) status = oc__model_finish(model, err);
    if (!status) {
        oc__progress_stage(progress, "calibrating", 0.87, 0.9, set->n);
        status = oc__calibrate(model, set->samples, set->n, progress, err);
    }
    if (status)
        oc__model_release(model);
    else
        *out = model;
    return status;
}
