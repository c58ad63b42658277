/* A graph made ready for inference. SPDX-License-Identifier: MIT */
#include "program.h"

#include <string.h>

#include "memory.h"
#include "op.h"
#include "plan.h"
#include "simplify.h"

struct oc__program {
    oc__graph graph;
    uint32_t *sources; /* the original graph's node that each node computes */
    const oc__kernels *kernels;
    float **packed; /* per node; NULL where nothing is packed */
};

/* What an operator needs to know, for shapes that are known. Pointers to data are left to the caller. */
static void fill_call(oc__call *call, const oc__program *program, const oc__shape *shapes, size_t index) {
    const oc__node *node = &program->graph.nodes[index];
    *call = (oc__call){
        .context = program->graph.context, .kernels = program->kernels, .node = node, .packed = program->packed[index]};
    for (uint32_t i = 0; i < node->n_params; i++) call->params[i] = &program->graph.params[node->params[i]];
    for (uint32_t i = 0; i < node->n_inputs; i++) call->in_shape[i] = shapes[node->inputs[i]];
    call->out_shape = shapes[index];
}

/* Packing depends on channels, not on the picture's size, so any size that the graph takes will do. */
static oc_status pack_all(oc__program *program, uint32_t height, uint32_t width, oc_error *err) {
    const oc__graph *graph = &program->graph;
    oc__shape *shapes = oc__alloc_array(graph->context, graph->n_nodes, sizeof *shapes);
    if (!shapes) return oc__fail_nomem(err, graph->context, graph->n_nodes * sizeof *shapes, "network");
    oc_status status = oc__graph_shapes(shapes, graph, 1, height, width, err);
    for (size_t i = 0; i < graph->n_nodes && !status; i++) {
        oc__call call;
        fill_call(&call, program, shapes, i);
        const oc__op *op = oc__op_find(graph->nodes[i].op);
        size_t size = op->n_packed ? op->n_packed(&call) : 0;
        if (size == 0) continue;
        if (!(program->packed[i] = oc__alloc_array(graph->context, size, sizeof(float))))
            status = oc__fail_nomem(err, graph->context, size * sizeof(float), "packed weights");
        else
            op->pack(program->packed[i], &call);
    }
    oc__free(graph->context, shapes);
    return status;
}

/* What has been packed is not needed a second time. */
static void drop_packed_weights(oc__program *program) {
    oc__graph *graph = &program->graph;
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (uint32_t j = 0; j < graph->nodes[i].n_params && program->packed[i]; j++) {
            oc__param *param = &graph->params[graph->nodes[i].params[j]];
            oc__free(graph->context, param->values);
            param->values = NULL;
        }
}

oc_status oc__program_create(oc__program **out, const oc__graph *graph, uint32_t height, uint32_t width,
                             const oc__program_options *options, oc_error *err) {
    oc_context *context = graph->context;
    oc__program *program = oc__alloc_zero(context, sizeof *program);
    if (!program) return oc__fail_nomem(err, context, sizeof *program, "network");
    program->graph.context = context;
    program->kernels = context->kernels;
    oc_status status = OC_OK;
    if (options && options->precision == OC_PRECISION_INT8)
        status = oc__fail(err, OC_E_UNSUPPORTED, "int8 is not there yet");
    if (!status && !(program->sources = oc__alloc_array(context, graph->n_nodes, sizeof *program->sources)))
        status = oc__fail_nomem(err, context, graph->n_nodes * sizeof *program->sources, "network");
    if (!status) status = oc__graph_simplify(&program->graph, program->sources, graph, err);
    if (!status && !(program->packed = oc__alloc_zero(context, program->graph.n_nodes * sizeof *program->packed)))
        status = oc__fail_nomem(err, context, program->graph.n_nodes * sizeof *program->packed, "network");
    if (!status) status = pack_all(program, height, width, err);
    if (!status) drop_packed_weights(program);
    if (status) oc__program_free(program);
    else *out = program;
    return status;
}

void oc__program_free(oc__program *program) {
    if (!program) return;
    oc_context *context = program->graph.context;
    if (program->packed)
        for (size_t i = 0; i < program->graph.n_nodes; i++) oc__free(context, program->packed[i]);
    oc__free(context, program->packed);
    oc__free(context, program->sources);
    oc__graph_free(&program->graph);
    oc__free(context, program);
}

struct oc__runner {
    const oc__program *program;
    oc__shape *shapes;
    oc__buffer_plan *plans; /* per node, then one for scratch */
    unsigned char *arena;
    size_t arena_size;
    uint32_t n, height, width; /* what it is ready for; n 0: nothing */
    oc__observer observer;     /* or NULL */
    void *observer_user;
};

oc_status oc__runner_create(oc__runner **out, const oc__program *program, oc_error *err) {
    oc_context *context = program->graph.context;
    size_t n = program->graph.n_nodes;
    oc__runner *runner = oc__alloc_zero(context, sizeof *runner);
    if (runner) {
        runner->program = program;
        runner->shapes = oc__alloc_array(context, n, sizeof *runner->shapes);
        runner->plans = oc__alloc_array(context, n + 1, sizeof *runner->plans);
    }
    if (!runner || !runner->shapes || !runner->plans) {
        oc__runner_free(runner);
        return oc__fail_nomem(err, context, sizeof *runner + n * sizeof(oc__buffer_plan), "predictor");
    }
    *out = runner;
    return OC_OK;
}

void oc__runner_free(oc__runner *runner) {
    if (!runner) return;
    oc_context *context = runner->program->graph.context;
    oc__free(context, runner->shapes);
    oc__free(context, runner->plans);
    oc__free(context, runner->arena);
    oc__free(context, runner);
}

/* A node's output lives from the node to the last that reads it; the input and the outputs live throughout. */
static oc_status plan(oc__runner *runner, size_t *total, oc_error *err) {
    const oc__graph *graph = &runner->program->graph;
    size_t n = graph->n_nodes, scratch = 0;
    for (uint32_t i = 0; i < n; i++) {
        const oc__op *op = oc__op_find(graph->nodes[i].op);
        oc__call call;
        size_t count = 0;
        oc__shape_count(&count, &runner->shapes[i]);
        runner->plans[i] = (oc__buffer_plan){count * sizeof(float), i, i, 0};
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) runner->plans[graph->nodes[i].inputs[j]].last = i;
        fill_call(&call, runner->program, runner->shapes, i);
        size_t needed = op->n_scratch ? op->n_scratch(&call) : 0;
        if (needed > scratch) scratch = needed;
    }
    runner->plans[0].last = (uint32_t)n;
    for (uint32_t i = 0; i < graph->n_outputs; i++) runner->plans[graph->outputs[i]].last = (uint32_t)n;
    runner->plans[n] = (oc__buffer_plan){scratch * sizeof(float), 0, (uint32_t)n, 0};
    return oc__plan_memory(total, runner->plans, n + 1, graph->context, err);
}

static float *place_of(const oc__runner *runner, size_t buffer) {
    return (float *)(void *)(runner->arena + runner->plans[buffer].offset);
}

oc_status oc__runner_prepare(float **input, oc__runner *runner, uint32_t n, uint32_t height, uint32_t width, oc_error *err) {
    const oc__graph *graph = &runner->program->graph;
    if (runner->n == 0 || runner->n != n || runner->height != height || runner->width != width) {
        size_t total;
        runner->n = 0;
        oc_status status = oc__graph_shapes(runner->shapes, graph, n, height, width, err);
        if (!status) status = plan(runner, &total, err);
        if (status) return status;
        if (total > runner->arena_size) {
            oc__free(graph->context, runner->arena);
            runner->arena_size = 0;
            if (!(runner->arena = oc__alloc(graph->context, total)))
                return oc__fail_nomem(err, graph->context, total, "activations");
            runner->arena_size = total;
        }
        runner->n = n;
        runner->height = height;
        runner->width = width;
    }
    *input = place_of(runner, 0);
    return OC_OK;
}

void oc__runner_run(oc__runner *runner) {
    const oc__graph *graph = &runner->program->graph;
    for (size_t i = 1; i < graph->n_nodes; i++) {
        oc__call call;
        fill_call(&call, runner->program, runner->shapes, i);
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) call.in[j] = place_of(runner, graph->nodes[i].inputs[j]);
        call.out = place_of(runner, i);
        call.scratch = place_of(runner, graph->n_nodes);
        oc__op_find(graph->nodes[i].op)->forward(&call);
        if (runner->observer)
            runner->observer(runner->observer_user, runner->program->sources[i], &call.out_shape, call.out);
    }
}

void oc__runner_observe(oc__runner *runner, oc__observer function, void *user) {
    runner->observer = function;
    runner->observer_user = user;
}

const float *oc__runner_output(const oc__runner *runner, uint32_t index, oc__shape *shape) {
    uint32_t node = runner->program->graph.outputs[index];
    *shape = runner->shapes[node];
    return place_of(runner, node);
}
