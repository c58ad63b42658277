/* A graph made ready for training. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "learner_plan.h"
#include "memory.h"
#include "thread.h"

static oc_status create(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, bool fused,
                        bool bf16, oc_error *err) {
    oc_context *context = graph->context;
    size_t total = 0;
    oc_status status = OC_OK;
    uint32_t *n_readers = NULL;
    oc__learner *l = oc__alloc_zero(context, sizeof *l);
    if (!l) return oc__fail_nomem(err, context, sizeof *l, "training");
    l->graph = graph;
    l->kernels = context->kernels;
    l->fused = fused;
    if (bf16) l->bf16 = oc__bf16_of(context);
    l->shapes = oc__alloc_array(context, graph->n_nodes, sizeof *l->shapes);
    l->steps = oc__alloc_array(context, graph->n_nodes, sizeof *l->steps);
    l->plans = oc__alloc_array(context, oc__n_slots(l), sizeof *l->plans);
    n_readers = oc__alloc_array(context, graph->n_nodes, sizeof *n_readers);
    if (!l->shapes || !l->plans || !l->steps || !n_readers)
        status = oc__fail_nomem(err, context, oc__n_slots(l) * sizeof *l->plans, "training");
    if (!status) status = oc__graph_shapes(l->shapes, graph, n, height, width, err);
    if (!status) oc__learner_roles(l, n_readers);
    if (!status) status = oc__learner_plan(&total, l, err);
    if (!status && !(l->arena = oc__alloc(context, total))) status = oc__fail_nomem(err, context, total, "training");
    oc__free(context, n_readers);
    if (status) {
        oc__learner_free(l);
        return status;
    }
    l->arena_size = total;
    for (size_t i = 0; i < graph->n_params; i++) /* what no output depends on is never written */
        if (oc__learner_gradient(l, i)) memset(oc__learner_gradient(l, i), 0, graph->params[i].count * sizeof(float));
    *out = l;
    return OC_OK;
}

oc_status oc__learner_create(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, oc_error *err) {
    return create(out, graph, n, height, width, true, false, err);
}

oc_status oc__learner_create_plain(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                                   oc_error *err) {
    return create(out, graph, n, height, width, false, false, err);
}

oc_status oc__learner_create_bf16(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width,
                                  oc_error *err) {
    return create(out, graph, n, height, width, true, true, err);
}

void oc__learner_free(oc__learner *l) {
    if (!l) return;
    oc_context *context = l->graph->context;
    oc__free(context, l->shapes);
    oc__free(context, l->steps);
    oc__free(context, l->plans);
    oc__free(context, l->arena);
    oc__free(context, l);
}

float *oc__learner_input(oc__learner *l) { return oc__place(l, oc__node_slot(l, OC__OUTPUT, 0)); }

size_t oc__learner_memory(const oc__learner *l) { return l->arena_size; }

const float *oc__learner_output(const oc__learner *l, uint32_t index, oc__shape *shape) {
    uint32_t node = l->graph->outputs[index];
    if (shape) *shape = l->shapes[node];
    return oc__place(l, oc__node_slot(l, OC__OUTPUT, node));
}

float *oc__learner_output_gradient(oc__learner *l, uint32_t index) {
    return oc__place(l, oc__node_slot(l, OC__GRADIENT, l->graph->outputs[index]));
}

float *oc__learner_gradient(const oc__learner *l, size_t param) { return oc__place(l, oc__param_slot(l, param)); }

static void forward_plain(oc__learner *l, uint32_t index) {
    const oc__op *op = oc__op_find(l->graph->nodes[index].op);
    oc__call call;
    oc__fill_call(&call, l, index);
    if (op->pack && call.packed) op->pack(oc__place(l, oc__node_slot(l, OC__PACKED, index)), &call);
    op->forward(&call);
}

void oc__learner_forward(oc__learner *l) {
    for (uint32_t i = 1; i < l->graph->n_nodes; i++) {
        oc__unit unit;
        oc__addition addition;
        switch (l->steps[i].role) {
        case OC__ROLE_PLAIN: forward_plain(l, i); break;
        case OC__ROLE_UNIT:
            oc__fill_unit(&unit, l, i);
            oc__unit_forward(&unit);
            break;
        case OC__ROLE_ADD:
            oc__fill_addition(&addition, l, i);
            oc__addition_forward(&addition);
            break;
        case OC__ROLE_INSIDE: break;
        }
    }
}

static float *gradient_of(const oc__learner *l, uint32_t index) {
    return l->steps[index].wanted ? oc__place(l, oc__node_slot(l, OC__GRADIENT, l->steps[index].gradient_at)) : NULL;
}

/* A pass over plain vectors: to = from, to += from, or to taken through a clamp. */
typedef struct vector_job {
    const oc__call *call;
    size_t count;
    float *to;
    const float *from;
} vector_job;

static void clamp_task(void *argument, size_t piece, uint32_t worker) {
    const vector_job *job = argument;
    const oc__node *node = job->call->node;
    size_t begin = oc__piece_begin(job->count, piece), end = oc__piece_begin(job->count, piece + 1);
    (void)worker;
    job->call->kernels->clamp_gradient(end - begin, job->from + begin, node->low, node->high, job->to + begin);
}

static void copy_task(void *argument, size_t piece, uint32_t worker) {
    const vector_job *job = argument;
    size_t begin = oc__piece_begin(job->count, piece), end = oc__piece_begin(job->count, piece + 1);
    (void)worker;
    memcpy(job->to + begin, job->from + begin, (end - begin) * sizeof *job->to);
}

static void add_task(void *argument, size_t piece, uint32_t worker) {
    const vector_job *job = argument;
    size_t begin = oc__piece_begin(job->count, piece), end = oc__piece_begin(job->count, piece + 1);
    (void)worker;
    job->call->kernels->add_scaled(end - begin, 1, job->from + begin, job->to + begin);
}

static void run(const oc__call *call, oc__task_fn task, const oc__shape *shape, float *to, const float *from) {
    vector_job job = {call, 0, to, from};
    oc__shape_count(&job.count, shape);
    oc__parallel(call->context, OC__N_PIECES, task, &job);
}

/* Takes the gradient through the node's clamp. */
static void clamp_backward(const oc__call *call) {
    if (call->node->low > -INFINITY || call->node->high < INFINITY)
        run(call, clamp_task, &call->out_shape, call->out_gradient, call->out);
}

/* A value's gradient is the sum of what all its readers give. The first to come writes it; a later one writes beside it, into
 * the addend, which is then added. */
static void backward_plain(oc__learner *l, uint32_t index) {
    const oc__node *node = &l->graph->nodes[index];
    oc__call call;
    float *addend = oc__place(l, oc__addend_slot(l));
    oc__fill_call(&call, l, index);
    call.out_gradient = gradient_of(l, index);
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        size_t count;
        call.in_gradient[i] = gradient_of(l, node->inputs[i]);
        if (!call.in_gradient[i] || !oc__gives_later(l, index, i)) continue;
        oc__shape_count(&count, &call.in_shape[i]);
        call.in_gradient[i] = addend;
        addend += count;
    }
    clamp_backward(&call);
    oc__op_find(node->op)->backward(&call);
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (call.in_gradient[i] && oc__gives_later(l, index, i))
            run(&call, add_task, &call.in_shape[i], gradient_of(l, node->inputs[i]), call.in_gradient[i]);
}

static void backward_addition(oc__learner *l, uint32_t index) {
    const oc__node *node = &l->graph->nodes[index];
    oc__call call;
    oc__fill_call(&call, l, index);
    call.out_gradient = gradient_of(l, index);
    clamp_backward(&call);
    for (uint32_t i = 0; i < 2; i++) {
        float *to = gradient_of(l, node->inputs[i]);
        if (to && to != call.out_gradient)
            run(&call, oc__gives_later(l, index, i) ? add_task : copy_task, &call.out_shape, to, call.out_gradient);
    }
}

void oc__learner_backward(oc__learner *l) {
    for (uint32_t i = (uint32_t)l->graph->n_nodes; i-- > 1;) {
        oc__unit unit;
        if (!l->steps[i].reached || !l->steps[i].wanted) continue;
        switch (l->steps[i].role) {
        case OC__ROLE_PLAIN: backward_plain(l, i); break;
        case OC__ROLE_UNIT:
            oc__fill_unit(&unit, l, i);
            oc__unit_backward(&unit);
            break;
        case OC__ROLE_ADD: backward_addition(l, i); break;
        case OC__ROLE_INSIDE: break;
        }
    }
}
