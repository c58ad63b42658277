/* Optimisers. SPDX-License-Identifier: MIT */
#include "optimiser.h"

#include <math.h>

#include "kernels.h"
#include "memory.h"
#include "op.h"
#include "thread.h"

oc_status oc__adamw_create(oc__adamw *out, const oc__graph *graph, double decay, oc_error *err) {
    size_t n = oc__graph_n_weights(graph);
    oc__adamw optimiser = {.graph = graph, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .decay = decay};
    if (!(optimiser.moments = oc__alloc_zero(graph->context, 2 * n * sizeof(float))))
        return oc__fail_nomem(err, graph->context, 2 * n * sizeof(float), "optimiser");
    *out = optimiser;
    return OC_OK;
}

void oc__adamw_free(oc__adamw *optimiser) {
    if (optimiser->graph) oc__free(optimiser->graph->context, optimiser->moments);
    optimiser->moments = NULL;
}

typedef struct step_job {
    const oc__adamw *o;
    oc__param *param;
    const float *gradient;
    float *first, *second;
    float rate, decay, scale, correction1, correction2;
} step_job;

static void step_task(void *argument, size_t piece, uint32_t worker) {
    const step_job *j = argument;
    size_t begin = oc__piece_begin(j->param->count, piece), end = oc__piece_begin(j->param->count, piece + 1);
    float beta1 = (float)j->o->beta1, beta2 = (float)j->o->beta2, epsilon = (float)j->o->epsilon;
    float *restrict values = j->param->values, *restrict first = j->first, *restrict second = j->second;
    const float *restrict gradient = j->gradient;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        float g = gradient[i] * j->scale;
        first[i] = beta1 * first[i] + (1 - beta1) * g;
        second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        float step = first[i] * j->correction1 / (sqrtf(second[i] * j->correction2) + epsilon);
        values[i] -= j->rate * (step + j->decay * values[i]);
    }
}

double oc__adamw_step(oc__adamw *o, oc__graph *graph, const oc__learner *learner, double rate, double clip) {
    const oc__kernels *kernels = graph->context->kernels;
    double squares = 0;
    for (size_t i = 0; i < graph->n_params; i++) {
        const float *gradient = oc__learner_gradient(learner, i);
        if (gradient) squares += kernels->dot(graph->params[i].count, gradient, gradient);
    }
    double norm = sqrt(squares);
    step_job job = {.o = o, .rate = (float)rate, .scale = clip > 0 && norm > clip ? (float)(clip / norm) : 1};
    size_t n = oc__graph_n_weights(graph), at = 0;
    o->n_steps++;
    job.correction1 = (float)(1 / (1 - pow(o->beta1, (double)o->n_steps)));
    job.correction2 = (float)(1 / (1 - pow(o->beta2, (double)o->n_steps)));
    for (size_t i = 0; i < graph->n_params; at += graph->params[i++].count) {
        if (!(job.gradient = oc__learner_gradient(learner, i))) continue;
        job.param = &graph->params[i];
        job.first = o->moments + at;
        job.second = o->moments + n + at;
        job.decay = job.param->rank > 1 ? (float)o->decay : 0;
        oc__parallel(graph->context, OC__N_PIECES, step_task, &job);
    }
    return norm;
}

double oc__cosine_schedule(uint64_t step, uint64_t n_steps, uint64_t warm_up) {
    if (step < warm_up) return (double)(step + 1) / (double)warm_up;
    if (step >= n_steps) return 0;
    return 0.5 * (1 + cos(3.141592653589793 * (double)(step - warm_up) / (double)(n_steps - warm_up)));
}
