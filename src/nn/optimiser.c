/* Optimisers. SPDX-License-Identifier: MIT */
#include "optimiser.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "op.h"
#include "thread.h"

#define BLOCK 2048 /* weights whose average follows while they are in the first cache */

oc_status oc__optimiser_create(oc__optimiser *out, const oc__graph *graph, const oc__optimiser_options *options,
                               oc_error *err) {
    oc__optimiser o = {.context = graph->context,
                       .options = *options,
                       .n_params = graph->n_params,
                       .n_weights = oc__graph_n_weights(graph),
                       .n_moments = options->kind == OC__ADAMW ? 2 : 1};
    size_t size = o.n_weights * sizeof(float);
    o.params = oc__alloc_array(o.context, o.n_params + 1, sizeof *o.params);
    o.moments = oc__alloc_zero(o.context, o.n_moments * size);
    bool averages = options->average > 0 || options->average_part > 0;
    o.average = averages ? oc__alloc_zero(o.context, size) : NULL;
    if (!o.params || !o.moments || (averages && !o.average)) {
        oc__optimiser_free(&o);
        return oc__fail_nomem(err, graph->context, (o.n_moments + 1) * size, "optimiser");
    }
    size_t begin = 0;
    for (size_t i = 0; i < o.n_params; begin += graph->params[i++].count)
        o.params[i] = (oc__optimiser_param){begin, 1, graph->params[i].rank > 1 ? 1.0f : 0.0f};
    o.params[o.n_params] = (oc__optimiser_param){.begin = begin};
    *out = o;
    return OC_OK;
}

void oc__optimiser_free(oc__optimiser *o) {
    if (!o->context) return;
    oc__free(o->context, o->params);
    oc__free(o->context, o->moments);
    oc__free(o->context, o->average);
    *o = (oc__optimiser){0};
}

void oc__optimiser_set_group(oc__optimiser *o, oc__graph *graph, const oc__group *group) {
    for (uint32_t i = group->first; i < group->end && i < graph->n_nodes; i++) {
        oc__node *node = &graph->nodes[i];
        if (node->op == OC__OP_BATCH_NORM) node->frozen = group->frozen_norms;
        for (uint32_t j = 0; j < node->n_params; j++) {
            oc__param *param = &graph->params[node->params[j]];
            o->params[node->params[j]].rate = (float)group->rate;
            o->params[node->params[j]].decay = param->rank > 1 ? (float)group->decay : 0;
            param->frozen = group->rate == 0;
        }
    }
}

static bool is_layer(const oc__graph *graph, const oc__node *node) {
    for (uint32_t j = 0; j < node->n_params; j++)
        if (graph->params[node->params[j]].rank > 1) return true;
    return false;
}

oc_status oc__optimiser_slow_layers(oc__optimiser *o, const oc__graph *graph, double factor, oc_error *err) {
    size_t size = graph->n_nodes * sizeof(uint32_t);
    uint32_t *above = oc__alloc_zero(graph->context, size);
    if (!above) return oc__fail_nomem(err, graph->context, size, "optimiser");
    for (size_t i = graph->n_nodes; i-- > 0;) {
        const oc__node *node = &graph->nodes[i];
        uint32_t from_input = above[i] + is_layer(graph, node);
        for (uint32_t j = 0; j < node->n_inputs; j++)
            if (above[node->inputs[j]] < from_input) above[node->inputs[j]] = from_input;
        for (uint32_t j = 0; j < node->n_params; j++) o->params[node->params[j]].rate *= (float)pow(factor, above[i]);
    }
    oc__free(graph->context, above);
    return OC_OK;
}

/* One step over all weights, cut into pieces that take no heed of where parameters begin. */
typedef struct step_job {
    const oc__optimiser *o;
    const oc__graph *graph;
    const oc__learner *learner;
    float rate, scale;              /* of the gradients */
    float correction1, correction2; /* AdamW: for the moments' beginning at 0 */
    float share;                    /* of the weights in their average; 0: it stays */
    double squares[OC__N_PIECES];
} step_job;

/* Some neighbouring weights of one parameter. gradient is NULL where nothing is trained. */
typedef struct run {
    size_t n, at; /* at: in the optimiser's arrays */
    const oc__optimiser_param *param;
    float *values;
    const float *gradient;
} run;

typedef void (*run_fn)(step_job *job, const run *r, size_t piece);

static void for_runs(step_job *job, size_t piece, run_fn function) {
    const oc__optimiser *o = job->o;
    size_t at = oc__piece_begin(o->n_weights, piece), end = oc__piece_begin(o->n_weights, piece + 1), i = 0;
    while (at < end) {
        while (o->params[i + 1].begin <= at) i++;
        size_t within = at - o->params[i].begin, left = o->params[i + 1].begin - at;
        const float *gradient = oc__learner_gradient(job->learner, i);
        run r = {left < end - at ? left : end - at, at, &o->params[i], job->graph->params[i].values + within,
                 gradient ? gradient + within : NULL};
        function(job, &r, piece);
        at += r.n;
    }
}

static void square_run(step_job *job, const run *r, size_t piece) {
    const oc__kernels *kernels = job->o->context->kernels;
    if (r->gradient) job->squares[piece] += kernels->dot(r->n, r->gradient, r->gradient);
}

static void square_task(void *argument, size_t piece, uint32_t worker) {
    (void)worker;
    for_runs(argument, piece, square_run);
}

static double gradient_norm(step_job *job) {
    double squares = 0;
    oc__parallel(job->o->context, OC__N_PIECES, square_task, job);
    for (size_t piece = 0; piece < OC__N_PIECES; piece++) squares += job->squares[piece];
    return sqrt(squares);
}

static void sgd(const step_job *job, size_t n, float rate, float decay, float *restrict values, const float *restrict gradient,
                float *restrict velocity) {
    float momentum = (float)job->o->options.momentum, scale = job->scale;
    float ahead = job->o->options.nesterov ? momentum : 1, now = job->o->options.nesterov ? 1 : 0;
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i] * scale + decay * values[i];
        velocity[i] = momentum * velocity[i] + g;
        values[i] -= rate * (now * g + ahead * velocity[i]);
    }
}

static void adamw(const step_job *job, size_t n, float rate, float decay, float *restrict values,
                  const float *restrict gradient, float *restrict first, float *restrict second) {
    float beta1 = (float)job->o->options.beta1, beta2 = (float)job->o->options.beta2, scale = job->scale;
    float share1 = (float)(1 - job->o->options.beta1), share2 = (float)(1 - job->o->options.beta2);
    float epsilon = (float)job->o->options.epsilon, correction1 = job->correction1, correction2 = job->correction2;
    for (size_t i = 0; i < n; i++) {
        float g = gradient[i] * scale;
        first[i] = beta1 * first[i] + share1 * g;
        second[i] = beta2 * second[i] + share2 * g * g;
        float step = first[i] * correction1 / (sqrtf(second[i] * correction2) + epsilon);
        values[i] -= rate * (step + decay * values[i]);
    }
}

static void follow(size_t n, float share, float *restrict average, const float *restrict values) {
    for (size_t i = 0; i < n; i++) average[i] += share * (values[i] - average[i]);
}

static void move_run(step_job *job, const run *r, size_t piece) {
    const oc__optimiser *o = job->o;
    float rate = job->rate * r->param->rate, decay = (float)o->options.decay * r->param->decay;
    (void)piece;
    for (size_t i = 0; i < r->n; i += BLOCK) {
        size_t n = r->n - i < BLOCK ? r->n - i : BLOCK, at = r->at + i;
        float *values = r->values + i, *moments = o->moments + at;
        if (r->gradient && o->options.kind == OC__ADAMW)
            adamw(job, n, rate, decay, values, r->gradient + i, moments, moments + o->n_weights);
        else if (r->gradient)
            sgd(job, n, rate, decay, values, r->gradient + i, moments);
        if (job->share == 1) memcpy(o->average + at, values, n * sizeof *values);
        else if (job->share > 0) follow(n, job->share, o->average + at, values);
    }
}

static void move_task(void *argument, size_t piece, uint32_t worker) {
    (void)worker;
    for_runs(argument, piece, move_run);
}

double oc__optimiser_step(oc__optimiser *o, oc__graph *graph, const oc__learner *learner, double rate) {
    const oc__optimiser_options *options = &o->options;
    step_job job = {.o = o, .graph = graph, .learner = learner, .rate = (float)rate, .scale = 1};
    double norm = options->clip > 0 ? gradient_norm(&job) : 0;
    if (!isfinite(norm)) return norm;
    if (norm > options->clip) job.scale = (float)(options->clip / norm);
    o->n_steps++;
    job.correction1 = (float)(1 / (1 - pow(options->beta1, (double)o->n_steps)));
    job.correction2 = (float)(1 / (1 - pow(options->beta2, (double)o->n_steps)));
    if (o->average && o->n_steps > options->average_begin) {
        double n = (double)++o->n_averaged, part = options->average_part;
        job.share = (float)(part > 0 ? fmin(1, 1 / (part * n)) : fmax(1 - options->average, 1 / n));
    }
    oc__parallel(o->context, OC__N_PIECES, move_task, &job);
    return norm;
}

void oc__optimiser_swap_average(oc__optimiser *o, oc__graph *graph) {
    if (o->n_averaged == 0) return;
    for (size_t i = 0; i < o->n_params; i++) {
        float *values = graph->params[i].values, *average = o->average + o->params[i].begin;
        for (size_t k = 0; k < graph->params[i].count; k++) {
            float value = values[k];
            values[k] = average[k];
            average[k] = value;
        }
    }
}
