/* Calibration. SPDX-License-Identifier: MIT
 *
 * Each node's output is counted in a histogram whose bins are eighths of octaves, so they need not know the range beforehand.
 * Of all ranges between 0 and the extremes, that which makes the mean squared error of quantising least is taken: rounding
 * errors grow with the range, errors of what lies beyond it shrink (Sung et al. 2015; Nagel et al. 2021, 2.3). */
#include "calibrate.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "picture.h"
#include "thread.h"

#define MAX_PICTURES 256
#define STEP 5 /* every so many values are counted; all are looked at for the extremes */

#define BINS_PER_OCTAVE 8
#define LOWEST_OCTAVE (-20)
#define N_OCTAVES 40
#define N_BINS (N_OCTAVES * BINS_PER_OCTAVE)

/* What was seen of one node. */
typedef struct histogram {
    oc__range extremes;
    uint32_t counts[2][N_BINS]; /* of negative and of positive values, by size */
} histogram;

static size_t bin_of(float size) {
    uint32_t bits;
    memcpy(&bits, &size, sizeof bits); /* exponent and the first three bits behind the point are a number that grows */
    int64_t bin = (int64_t)(bits >> 20 & 0x7FF) - (127 + LOWEST_OCTAVE) * BINS_PER_OCTAVE;
    return bin < 0 ? 0 : bin >= N_BINS ? N_BINS - 1 : (size_t)bin;
}

static double middle_of(size_t bin) {
    double octave = ldexp(1, LOWEST_OCTAVE + (int)(bin / BINS_PER_OCTAVE));
    return octave * (1 + ((double)(bin % BINS_PER_OCTAVE) + 0.5) / BINS_PER_OCTAVE);
}

static void count(histogram *h, const float *values, size_t n) {
    float low = h->extremes.low, high = h->extremes.high;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    h->extremes = (oc__range){low, high};
    for (size_t i = 0; i < n; i += STEP) {
        uint32_t *counts = h->counts[values[i] > 0];
        counts[bin_of(fabsf(values[i]))]++;
    }
}

/* Squared error of quantising to a range, up to a factor. */
static double error_of(const histogram *h, double low, double high) {
    double step = (high - low) / 255, error = 0;
    for (int side = 0; side < 2; side++) {
        double bound = side ? high : -low;
        for (size_t bin = 0; bin < N_BINS; bin++) {
            if (!h->counts[side][bin]) continue;
            double size = middle_of(bin), beyond = size > bound ? size - bound : 0;
            error += h->counts[side][bin] * (beyond * beyond + fmin(step * step / 12, size * size));
        }
    }
    return error;
}

/* First how far up, then how far down. */
static oc__range best_range(const histogram *h) {
    double end[2] = {(double)h->extremes.low, (double)h->extremes.high};
    for (int side = 1; side >= 0; side--) {
        double extreme = end[side], least = INFINITY;
        for (int i = 0; i < 48; i++) {
            double tried = extreme * pow(0.95, i), error = side ? error_of(h, end[0], tried) : error_of(h, tried, end[1]);
            if (error < least) {
                least = error;
                end[side] = tried;
            }
        }
    }
    return (oc__range){(float)end[0], (float)end[1]};
}

typedef struct worker {
    oc__runner *runner;
    histogram *histograms; /* per node of the model's graph */
    size_t n;              /* pictures seen */
    oc_error error;        /* the last time that memory ran out */
} worker;

static void see(void *user, uint32_t node, const oc__shape *shape, const float *values) {
    worker *w = user;
    count(&w->histograms[node], values, (size_t)shape->n * shape->h * shape->w * shape->c);
}

typedef struct job {
    const oc_model *model;
    const oc__labelled *samples;
    size_t n, n_tasks;
    worker *workers;
    oc__progress *progress;
} job;

static void picture_task(void *argument, size_t task, uint32_t number) {
    const job *j = argument;
    worker *w = &j->workers[number];
    const oc__prepare_rule *rule = &j->model->rule;
    const oc_image *image = &j->samples[j->n * task / j->n_tasks].sample->image;
    oc_error err = OC_ERROR_INIT;
    float *input;
    if (!oc__progress_go_on(j->progress)) return;
    oc_status status = oc__runner_prepare(&input, w->runner, 1, rule->height, rule->width, &err);
    if (!status) status = oc__prepare_image(input, j->model->context, image, rule, NULL, &err);
    if (status == OC_E_NOMEM) w->error = err;
    if (!status) {
        count(&w->histograms[0], input, (size_t)rule->height * rule->width * 3);
        oc__runner_run(w->runner);
        w->n++;
    }
    oc__progress_step(j->progress, 1, number);
}

/* Adds all workers' up in the first's. */
static size_t merge(worker *workers, uint32_t n_workers, size_t n_nodes) {
    for (uint32_t w = 1; w < n_workers; w++) {
        workers[0].n += workers[w].n;
        for (size_t i = 0; i < n_nodes; i++) {
            histogram *to = &workers[0].histograms[i];
            const histogram *from = &workers[w].histograms[i];
            to->extremes.low = fminf(to->extremes.low, from->extremes.low);
            to->extremes.high = fmaxf(to->extremes.high, from->extremes.high);
            for (size_t bin = 0; bin < N_BINS; bin++)
                for (int side = 0; side < 2; side++) to->counts[side][bin] += from->counts[side][bin];
        }
    }
    return workers[0].n;
}

/* Leaves the ranges open of the nodes that tell how unlike the training pictures a picture is: those go far beyond what training
 * pictures show, so they are computed in single precision. They stand behind the node that gives output 0, and none is before it. */
static void leave_novelty(oc__range *ranges, const oc_model *model) {
    for (size_t i = model->graph.outputs[0] + 1; i < model->graph.n_nodes && model->tells_novelty; i++) ranges[i] = (oc__range){0, 0};
}

oc_status oc__calibrate(oc_model *model, const oc__labelled *samples, size_t n, oc__progress *progress, oc_error *err) {
    oc_context *context = model->context;
    uint32_t n_workers = context->n_threads;
    size_t n_nodes = model->graph.n_nodes, n_tasks = n < MAX_PICTURES ? n : MAX_PICTURES;
    oc__program *program = NULL;
    worker *workers = oc__alloc_zero(context, n_workers * sizeof *workers);
    oc__range *ranges = oc__alloc_zero(context, n_nodes * sizeof *ranges);
    oc_status status = OC_OK;
    if (!workers || !ranges) status = oc__fail_nomem(err, context, n_nodes * sizeof *ranges, "calibration");
    if (!status)
        status = oc__program_create(&program, &model->graph, model->rule.height, model->rule.width,
                                    &(oc__program_options){.apart = true}, err);
    for (uint32_t w = 0; w < n_workers && !status; w++) {
        status = oc__runner_create(&workers[w].runner, program, err);
        if (!status && !(workers[w].histograms = oc__alloc_zero(context, n_nodes * sizeof(histogram))))
            status = oc__fail_nomem(err, context, n_nodes * sizeof(histogram), "calibration");
        if (!status) oc__runner_observe(workers[w].runner, see, &workers[w]);
    }
    if (!status) {
        job j = {model, samples, n, n_tasks, workers, progress};
        oc__parallel(context, n_tasks, picture_task, &j);
        status = oc__progress_status(progress, err);
    }
    for (uint32_t w = 0; w < n_workers && !status; w++)
        if (workers[w].error.code) status = oc__fail(err, workers[w].error.code, "%s", workers[w].error.message);
    if (!status && merge(workers, n_workers, n_nodes) > 0) {
        for (size_t i = 0; i < n_nodes; i++) ranges[i] = best_range(&workers[0].histograms[i]);
        leave_novelty(ranges, model);
        oc__free(context, model->ranges);
        model->ranges = ranges;
        ranges = NULL;
    }
    for (uint32_t w = 0; w < n_workers && workers; w++) {
        oc__runner_free(workers[w].runner);
        oc__free(context, workers[w].histograms);
    }
    oc__program_free(program);
    oc__free(context, workers);
    oc__free(context, ranges);
    return status;
}
