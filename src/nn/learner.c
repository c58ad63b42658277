/* A graph made ready for training. SPDX-License-Identifier: MIT */
#include "learner.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "op.h"
#include "plan.h"
#include "thread.h"

struct oc__learner {
    oc__graph *graph;
    const oc__kernels *kernels;
    oc__shape *shapes;
    oc__buffer_plan *plans; /* see the place_... functions */
    bool *written; /* per node: its gradient has begun to be there */
    bool *wanted;  /* per node: its gradient is wanted, for a parameter of it or of a node that leads to it is trained */
    unsigned char *arena;
    size_t arena_size;
};

/* Buffers, four kinds of n_nodes each, then: scratch, a place to add gradients from, and the parameters' gradients. */
enum { OUTPUT, SAVED, PACKED, GRADIENT, N_KINDS };

static size_t slot(const oc__learner *l, int kind, size_t node) { return (size_t)kind * l->graph->n_nodes + node; }
static size_t scratch_slot(const oc__learner *l) { return N_KINDS * l->graph->n_nodes; }
static size_t addend_slot(const oc__learner *l) { return scratch_slot(l) + 1; }
static size_t param_slot(const oc__learner *l, size_t param) { return scratch_slot(l) + 2 + param; }
static size_t n_slots(const oc__learner *l) { return scratch_slot(l) + 2 + l->graph->n_params; }

static float *place(const oc__learner *l, size_t s) {
    return l->plans[s].size ? (float *)(void *)(l->arena + l->plans[s].offset) : NULL;
}

static void fill_call(oc__call *call, const oc__learner *l, size_t index) {
    const oc__node *node = &l->graph->nodes[index];
    *call = (oc__call){.context = l->graph->context, .kernels = l->kernels, .node = node, .training = true};
    for (uint32_t i = 0; i < node->n_params; i++) call->params[i] = &l->graph->params[node->params[i]];
    for (uint32_t i = 0; i < node->n_inputs; i++) call->in_shape[i] = l->shapes[node->inputs[i]];
    call->out_shape = l->shapes[index];
    if (!l->arena) return;
    for (uint32_t i = 0; i < node->n_inputs; i++) call->in[i] = place(l, slot(l, OUTPUT, node->inputs[i]));
    call->out = place(l, slot(l, OUTPUT, index));
    call->saved = place(l, slot(l, SAVED, index));
    call->packed = place(l, slot(l, PACKED, index));
    call->scratch = place(l, scratch_slot(l));
}

static bool trained(const oc__graph *graph, const oc__node *node, uint32_t param) {
    return !graph->params[node->params[param]].frozen && (node->op != OC__OP_BATCH_NORM || param < 2);
}

static void find_wanted(bool *wanted, const oc__graph *graph) {
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        wanted[i] = false;
        for (uint32_t j = 0; j < node->n_params; j++) wanted[i] |= trained(graph, node, j);
        for (uint32_t j = 0; j < node->n_inputs; j++) wanted[i] |= wanted[node->inputs[j]];
    }
}

static size_t ask(size_t (*function)(const oc__call *), const oc__call *call) { return function ? function(call) : 0; }

/* Time runs 0 .. n-1 forward and n .. 2n-1 backward; node i goes backward at 2n-1-i. A gradient lives from the backward pass
 * of its last reader (the first to come) to its own node's. What a node makes lives until nobody reads it any more: where its
 * gradient is wanted, until it has gone backward. */
static oc_status plan(oc__learner *l, size_t *total, oc_error *err) {
    const oc__graph *graph = l->graph;
    uint32_t n = (uint32_t)graph->n_nodes, end = 2 * n;
    size_t scratch = 0, addend = 0;
    memset(l->plans, 0, n_slots(l) * sizeof *l->plans);
    memset(l->written, 0, n * sizeof *l->written); /* here: has a reader already, so that the addend is needed */
    for (uint32_t i = 0; i < graph->n_outputs; i++) l->written[graph->outputs[i]] = true;
    find_wanted(l->wanted, graph);
    for (uint32_t i = 0; i < n; i++) {
        const oc__node *node = &graph->nodes[i];
        const oc__op *op = oc__op_find(node->op);
        oc__call call;
        size_t count = 0, needed, beside = 0;
        fill_call(&call, l, i);
        oc__shape_count(&count, &l->shapes[i]);
        uint32_t backward = end - 1 - i, last = l->wanted[i] ? backward : i;
        bool is_output = l->written[i]; /* no reader has come yet */
        l->plans[slot(l, OUTPUT, i)] = (oc__buffer_plan){count * sizeof(float), i, last, 0};
        l->plans[slot(l, SAVED, i)] = (oc__buffer_plan){ask(op->n_saved, &call) * sizeof(float), i, last, 0};
        l->plans[slot(l, PACKED, i)] = (oc__buffer_plan){ask(op->n_packed, &call) * sizeof(float), i, last, 0};
        if (i > 0 && (l->wanted[i] || is_output))
            l->plans[slot(l, GRADIENT, i)] = (oc__buffer_plan){count * sizeof(float), backward, backward, 0};
        for (uint32_t j = 0; j < node->n_inputs; j++) {
            oc__buffer_plan *input = &l->plans[slot(l, OUTPUT, node->inputs[j])];
            oc__buffer_plan *gradient = &l->plans[slot(l, GRADIENT, node->inputs[j])];
            if (last > input->last) input->last = last;
            if (!l->wanted[node->inputs[j]]) continue;
            if (backward < gradient->first) gradient->first = backward;
            if (l->written[node->inputs[j]]) beside += gradient->size;
            l->written[node->inputs[j]] = true;
        }
        if (beside > addend) addend = beside;
        if ((needed = ask(op->n_scratch, &call)) > scratch) scratch = needed;
        for (uint32_t j = 0; j < node->n_params; j++)
            if (trained(graph, node, j))
                l->plans[param_slot(l, node->params[j])] =
                    (oc__buffer_plan){graph->params[node->params[j]].count * sizeof(float), 0, end, 0};
    }
    for (uint32_t i = 0; i < graph->n_outputs; i++) {
        l->plans[slot(l, OUTPUT, graph->outputs[i])].last = end;
        l->plans[slot(l, GRADIENT, graph->outputs[i])].first = 0;
    }
    l->plans[slot(l, OUTPUT, 0)].last = end;
    l->plans[scratch_slot(l)] = (oc__buffer_plan){scratch * sizeof(float), 0, end, 0};
    l->plans[addend_slot(l)] = (oc__buffer_plan){addend, 0, end, 0};
    return oc__plan_memory(total, l->plans, n_slots(l), graph->context, err);
}

oc_status oc__learner_create(oc__learner **out, oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, oc_error *err) {
    oc_context *context = graph->context;
    size_t total = 0;
    oc_status status = OC_OK;
    oc__learner *l = oc__alloc_zero(context, sizeof *l);
    if (!l) return oc__fail_nomem(err, context, sizeof *l, "training");
    l->graph = graph;
    l->kernels = context->kernels;
    l->shapes = oc__alloc_array(context, graph->n_nodes, sizeof *l->shapes);
    l->plans = oc__alloc_array(context, n_slots(l), sizeof *l->plans);
    l->written = oc__alloc_array(context, graph->n_nodes, sizeof *l->written);
    l->wanted = oc__alloc_array(context, graph->n_nodes, sizeof *l->wanted);
    if (!l->shapes || !l->plans || !l->written || !l->wanted)
        status = oc__fail_nomem(err, context, n_slots(l) * sizeof *l->plans, "training");
    if (!status) status = oc__graph_shapes(l->shapes, graph, n, height, width, err);
    if (!status) status = plan(l, &total, err);
    if (!status && !(l->arena = oc__alloc(context, total))) status = oc__fail_nomem(err, context, total, "training");
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

void oc__learner_free(oc__learner *l) {
    if (!l) return;
    oc_context *context = l->graph->context;
    oc__free(context, l->shapes);
    oc__free(context, l->plans);
    oc__free(context, l->written);
    oc__free(context, l->wanted);
    oc__free(context, l->arena);
    oc__free(context, l);
}

float *oc__learner_input(oc__learner *l) { return place(l, slot(l, OUTPUT, 0)); }

size_t oc__learner_memory(const oc__learner *l) { return l->arena_size; }

void oc__learner_forward(oc__learner *l) {
    for (size_t i = 1; i < l->graph->n_nodes; i++) {
        const oc__op *op = oc__op_find(l->graph->nodes[i].op);
        oc__call call;
        fill_call(&call, l, i);
        if (op->pack && call.packed) op->pack(place(l, slot(l, PACKED, i)), &call);
        op->forward(&call);
    }
}

const float *oc__learner_output(const oc__learner *l, uint32_t index, oc__shape *shape) {
    uint32_t node = l->graph->outputs[index];
    *shape = l->shapes[node];
    return place(l, slot(l, OUTPUT, node));
}

float *oc__learner_output_gradient(oc__learner *l, uint32_t index) {
    return place(l, slot(l, GRADIENT, l->graph->outputs[index]));
}

float *oc__learner_gradient(const oc__learner *l, size_t param) { return place(l, param_slot(l, param)); }

typedef struct clamp_job {
    const oc__call *call;
    size_t count;
} clamp_job;

static void clamp_task(void *argument, size_t piece, uint32_t worker) {
    const clamp_job *job = argument;
    const oc__call *call = job->call;
    size_t begin = oc__piece_begin(job->count, piece), end = oc__piece_begin(job->count, piece + 1);
    (void)worker;
    call->kernels->clamp_gradient(end - begin, call->out + begin, call->node->low, call->node->high,
                                  call->out_gradient + begin);
}

/* Takes the gradient through the node's clamp. */
static void clamp_backward(const oc__call *call) {
    clamp_job job = {call, 0};
    if (call->node->low == -INFINITY && call->node->high == INFINITY) return;
    oc__shape_count(&job.count, &call->out_shape);
    oc__parallel(call->context, OC__N_PIECES, clamp_task, &job);
}

/* A value's gradient is the sum of what all its readers give. The first to come writes it; a later one writes beside it, into
 * the addend, which is then added. */
static void backward_node(oc__learner *l, size_t index, bool *written) {
    const oc__node *node = &l->graph->nodes[index];
    oc__call call;
    size_t n[OC__MAX_INPUTS];
    bool later[OC__MAX_INPUTS];
    float *addend = place(l, addend_slot(l));
    fill_call(&call, l, index);
    call.out_gradient = place(l, slot(l, GRADIENT, index));
    for (uint32_t i = 0; i < node->n_params; i++) call.param_gradient[i] = place(l, param_slot(l, node->params[i]));
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        uint32_t input = node->inputs[i];
        if (!l->wanted[input]) continue;
        later[i] = written[input];
        call.in_gradient[i] = place(l, slot(l, GRADIENT, input));
        oc__shape_count(&n[i], &call.in_shape[i]);
        if (later[i]) {
            call.in_gradient[i] = addend;
            addend += n[i];
        }
        written[input] = true;
    }
    clamp_backward(&call);
    oc__op_find(node->op)->backward(&call);
    for (uint32_t i = 0; i < node->n_inputs; i++)
        if (call.in_gradient[i] && later[i])
            l->kernels->add_scaled(n[i], 1, call.in_gradient[i], place(l, slot(l, GRADIENT, node->inputs[i])));
}

void oc__learner_backward(oc__learner *l) {
    memset(l->written, 0, l->graph->n_nodes * sizeof *l->written);
    for (uint32_t i = 0; i < l->graph->n_outputs; i++) l->written[l->graph->outputs[i]] = true;
    for (size_t i = l->graph->n_nodes - 1; i > 0; i--)
        if (l->written[i] && l->wanted[i]) backward_node(l, i, l->written);
}
