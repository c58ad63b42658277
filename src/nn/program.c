/* A graph made ready for inference. SPDX-License-Identifier: MIT */
#include "program.h"

#include <string.h>

#include "checked.h"
#include "quantise.h"
#include "memory.h"
#include "op.h"
#include "plan.h"
#include "simplify.h"
#include "thread.h"

struct oc__program {
    oc__graph graph;
    uint32_t *sources; /* the original graph's node that each node computes */
    const oc__kernels *kernels;
    const oc__bf16_kernels *bf16; /* NULL: single precision */
    uint32_t *methods; /* per node: how it is computed */
    float **packed;    /* per node; NULL where nothing is packed */
    oc__quant *quants; /* int8: per node, how its output is held; else NULL */
};

/* What an operator needs to know, for n pictures of known shapes. Pointers to data are left to the caller. */
static void fill_call(oc__call *call, const oc__program *program, const oc__shape *shapes, uint32_t n, size_t index) {
    const oc__node *node = &program->graph.nodes[index];
    *call = (oc__call){.context = program->graph.context,
                       .kernels = program->kernels,
                       .bf16 = program->bf16,
                       .node = node,
                       .method = program->methods[index],
                       .packed = program->packed[index]};
    for (uint32_t i = 0; i < node->n_params; i++) call->params[i] = &program->graph.params[node->params[i]];
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        call->in_shape[i] = shapes[node->inputs[i]];
        call->in_shape[i].n = n;
        if (program->quants) call->in_quant[i] = program->quants[node->inputs[i]];
    }
    if (program->quants) call->out_quant = program->quants[index];
    call->out_shape = shapes[index];
    call->out_shape.n = n;
}

/* What has been packed is not needed a second time. Dropped node by node, the copy makes room for what is packed. */
static void drop_params(oc__program *program, const oc__node *node) {
    for (uint32_t j = 0; j < node->n_params; j++) {
        oc__param *param = &program->graph.params[node->params[j]];
        oc__free(program->graph.context, param->values);
        param->values = NULL;
    }
}

/* Which methods are best depends on the picture's size; what is packed for them serves any size. */
static oc_status pack_all(oc__program *program, uint32_t height, uint32_t width, oc_error *err) {
    const oc__graph *graph = &program->graph;
    oc__shape *shapes = oc__alloc_array(graph->context, graph->n_nodes, sizeof *shapes);
    if (!shapes) return oc__fail_nomem(err, graph->context, graph->n_nodes * sizeof *shapes, "network");
    oc_status status = oc__graph_shapes(shapes, graph, 1, height, width, err);
    for (size_t i = 0; i < graph->n_nodes && !status; i++) {
        oc__call call;
        fill_call(&call, program, shapes, 1, i);
        const oc__op *op = oc__op_find(graph->nodes[i].op);
        if (op->method) call.method = program->methods[i] = op->method(&call);
        size_t size = op->n_packed ? op->n_packed(&call) : 0;
        if (size == 0) continue;
        if (!(program->packed[i] = oc__alloc_array(graph->context, size, sizeof(float)))) {
            status = oc__fail_nomem(err, graph->context, size * sizeof(float), "packed weights");
            continue;
        }
        op->pack(program->packed[i], &call);
        drop_params(program, &graph->nodes[i]);
    }
    oc__free(graph->context, shapes);
    return status;
}

oc_status oc__program_create(oc__program **out, const oc__graph *graph, uint32_t height, uint32_t width,
                             const oc__program_options *options, oc_error *err) {
    oc_context *context = graph->context;
    oc__program *program = oc__alloc_zero(context, sizeof *program);
    if (!program) return oc__fail_nomem(err, context, sizeof *program, "network");
    program->graph.context = context;
    program->kernels = context->kernels;
    oc_status status = OC_OK;
    if (options && options->precision == OC_PRECISION_BF16) program->bf16 = oc__bf16_of(context);
    if (!(program->sources = oc__alloc_array(context, graph->n_nodes, sizeof *program->sources)))
        status = oc__fail_nomem(err, context, graph->n_nodes * sizeof *program->sources, "network");
    if (!status) status = oc__graph_simplify(&program->graph, program->sources, graph, err);
    if (!status && options && options->precision == OC_PRECISION_INT8)
        status = oc__graph_quantise(&program->graph, &program->quants, program->sources, options->ranges, height, width, err);
    size_t n = program->graph.n_nodes;
    if (!status && (!(program->packed = oc__alloc_zero(context, n * sizeof *program->packed)) ||
                    !(program->methods = oc__alloc_zero(context, n * sizeof *program->methods))))
        status = oc__fail_nomem(err, context, n * sizeof *program->packed, "network");
    if (!status) status = pack_all(program, height, width, err);
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
    oc__free(context, program->methods);
    oc__free(context, program->sources);
    oc__free(context, program->quants);
    oc__graph_free(&program->graph);
    oc__free(context, program);
}

/* A batch is worked off a few pictures at a time: their activations stay in the cache, and memory is for those few. Each of
 * the context's threads runs the whole network on its own pictures in a lane of memory of its own. What is left when there
 * are fewer pictures than threads runs layer by layer on all of them. The input and the outputs hold the whole batch. */
struct oc__runner {
    const oc__program *program;
    oc__shape *shapes;      /* of the whole batch */
    oc__buffer_plan *plans; /* per node: places in a lane, or in the arena if the batch shares it */
    bool *shared;           /* per node: true for the input and the outputs */
    unsigned char *arena;   /* what is shared, then scratch, then the lanes */
    size_t arena_size, scratch_at, scratch_size, lanes_at, lane_size; /* scratch_size: of a lane */
    uint32_t n, height, width; /* what it is ready for; n 0: nothing */
    oc__observer observer;     /* or NULL */
    void *observer_user;
    uint32_t per_task;         /* pictures */
};

oc_status oc__runner_create(oc__runner **out, const oc__program *program, oc_error *err) {
    oc_context *context = program->graph.context;
    size_t n = program->graph.n_nodes;
    oc__runner *runner = oc__alloc_zero(context, sizeof *runner);
    if (runner) {
        runner->program = program;
        runner->shapes = oc__alloc_array(context, n, sizeof *runner->shapes);
        runner->plans = oc__alloc_array(context, n, sizeof *runner->plans);
        runner->shared = oc__alloc_zero(context, n * sizeof *runner->shared);
    }
    if (!runner || !runner->shapes || !runner->plans || !runner->shared) {
        oc__runner_free(runner);
        return oc__fail_nomem(err, context, sizeof *runner + n * sizeof(oc__buffer_plan), "predictor");
    }
    runner->shared[0] = true;
    for (uint32_t i = 0; i < program->graph.n_outputs; i++) runner->shared[program->graph.outputs[i]] = true;
    *out = runner;
    return OC_OK;
}

void oc__runner_free(oc__runner *runner) {
    if (!runner) return;
    oc_context *context = runner->program->graph.context;
    oc__free(context, runner->shapes);
    oc__free(context, runner->plans);
    oc__free(context, runner->shared);
    oc__free(context, runner->arena);
    oc__free(context, runner);
}

/* A small picture's layers are small beside their weights, which a few pictures share. */
#define PIXELS_PER_TASK (128 * 128)

static uint32_t pictures_per_task(uint32_t n, uint32_t height, uint32_t width) {
    uint64_t pixels = (uint64_t)height * width;
    uint32_t fit = pixels < PIXELS_PER_TASK ? (uint32_t)(PIXELS_PER_TASK / pixels) : 1;
    return fit < n ? fit : n;
}

/* Bytes of a node's output for n of a batch's pictures; the shape has been checked. */
static size_t bytes_of(const oc__runner *runner, size_t node, uint32_t n) {
    const oc__quant *quants = runner->program->quants;
    size_t count = 0;
    oc__shape some = runner->shapes[node];
    some.n = n;
    oc__shape_count(&count, &some);
    return quants && quants[node].scale > 0 ? count + 4 : count * sizeof(float); /* 4: the product reads whole fours */
}

static size_t n_tasks(const oc__runner *runner) { return (runner->n + runner->per_task - 1) / runner->per_task; }

/* How many tasks run side by side. A last few that would leave more than half of the threads idle do not. */
static size_t n_side_by_side(const oc__runner *runner) {
    size_t n = n_tasks(runner), n_threads = runner->program->graph.context->n_threads, left = n % n_threads;
    return 2 * left > n_threads ? n : n - left;
}

static size_t n_lanes(const oc__runner *runner) {
    return n_side_by_side(runner) ? runner->program->graph.context->n_threads : 1;
}

/* Bytes of scratch for a task that one thread works at alone, or that all do. */
static size_t scratch_of(const oc__runner *runner, bool alone) {
    size_t most = 0;
    for (uint32_t i = 1; i < runner->program->graph.n_nodes; i++) {
        const oc__op *op = oc__op_find(runner->program->graph.nodes[i].op);
        oc__call call;
        fill_call(&call, runner->program, runner->shapes, runner->per_task, i);
        call.alone = alone;
        size_t needed = op->n_scratch ? op->n_scratch(&call) : 0;
        if (needed > most) most = needed;
    }
    return (most * sizeof(float) + OC__ALIGNMENT - 1) / OC__ALIGNMENT * OC__ALIGNMENT;
}

/* Places a buffer behind what is in the arena already. */
static bool append(size_t *at, size_t *end, size_t n, size_t size) {
    *at = *end;
    return oc__mul(&size, n, size) && oc__round_up(&size, size, OC__ALIGNMENT) && oc__add(end, *end, size);
}

/* A node's output lives in a lane from the node to the last that reads it. */
static oc_status plan(size_t *total, oc__runner *runner, oc_error *err) {
    const oc__graph *graph = &runner->program->graph;
    size_t n = graph->n_nodes, scratch;
    for (uint32_t i = 0; i < n; i++) {
        size_t size = runner->shared[i] ? 0 : bytes_of(runner, i, runner->per_task);
        runner->plans[i] = (oc__buffer_plan){size, i, i, 0};
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) runner->plans[graph->nodes[i].inputs[j]].last = i;
    }
    oc_status status = oc__plan_memory(&runner->lane_size, runner->plans, n, graph->context, err);
    if (status) return status;
    bool fits = true;
    *total = 0;
    for (uint32_t i = 0; i < n; i++)
        if (runner->shared[i])
            fits = fits && append(&runner->plans[i].offset, total, 1, bytes_of(runner, i, runner->n));
    runner->scratch_size = scratch_of(runner, true);
    scratch = scratch_of(runner, false);
    if (scratch < n_lanes(runner) * runner->scratch_size) scratch = n_lanes(runner) * runner->scratch_size;
    fits = fits && append(&runner->scratch_at, total, 1, scratch) &&
           append(&runner->lanes_at, total, n_lanes(runner), runner->lane_size);
    return fits ? OC_OK : oc__fail(err, OC_E_LIMIT, "memory plan: the buffers together are too large");
}

static oc_status make_ready(oc__runner *runner, uint32_t n, uint32_t height, uint32_t width, oc_error *err) {
    const oc__graph *graph = &runner->program->graph;
    size_t total;
    oc_status status = oc__graph_shapes(runner->shapes, graph, n, height, width, err);
    if (status) return status;
    runner->n = n;
    runner->height = height;
    runner->width = width;
    runner->per_task = pictures_per_task(n, height, width);
    if ((status = plan(&total, runner, err))) return status;
    if (total <= runner->arena_size) return OC_OK;
    oc__free(graph->context, runner->arena);
    runner->arena_size = 0;
    if (!(runner->arena = oc__alloc(graph->context, total))) return oc__fail_nomem(err, graph->context, total, "activations");
    runner->arena_size = total;
    return OC_OK;
}

static float *at_byte(const oc__runner *runner, size_t offset) { return (float *)(void *)(runner->arena + offset); }

/* Where a node's output lies for the pictures from `first` on, worked off in a lane. */
static float *place_of(const oc__runner *runner, size_t node, uint32_t first, uint32_t lane) {
    size_t offset = runner->plans[node].offset;
    if (runner->shared[node]) return at_byte(runner, offset + first * bytes_of(runner, node, 1));
    return at_byte(runner, runner->lanes_at + lane * runner->lane_size + offset);
}

oc_status oc__runner_prepare(float **input, oc__runner *runner, uint32_t n, uint32_t height, uint32_t width, oc_error *err) {
    if (runner->n == 0 || runner->n != n || runner->height != height || runner->width != width) {
        oc_status status = make_ready(runner, n, height, width, err);
        if (status) {
            runner->n = 0;
            return status;
        }
    }
    *input = place_of(runner, 0, 0, 0);
    return OC_OK;
}

/* The whole network on one task's pictures. */
static void run_task(const oc__runner *runner, size_t task, uint32_t lane, bool alone) {
    const oc__graph *graph = &runner->program->graph;
    uint32_t first = (uint32_t)task * runner->per_task, left = runner->n - first;
    for (size_t i = 1; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        oc__call call;
        fill_call(&call, runner->program, runner->shapes, left < runner->per_task ? left : runner->per_task, i);
        for (uint32_t j = 0; j < node->n_inputs; j++) call.in[j] = place_of(runner, node->inputs[j], first, lane);
        call.out = place_of(runner, i, first, lane);
        call.scratch = at_byte(runner, runner->scratch_at + lane * runner->scratch_size);
        call.alone = alone;
        oc__op_find(node->op)->forward(&call);
        if (runner->observer)
            runner->observer(runner->observer_user, runner->program->sources[i], &call.out_shape, call.out);
    }
}

static void run_task_alone(void *runner, size_t task, uint32_t lane) { run_task(runner, task, lane, true); }

void oc__runner_run(oc__runner *runner) {
    size_t n = runner->observer ? 0 : n_side_by_side(runner); /* the observer sees one task after the other */
    oc__parallel(runner->program->graph.context, n, run_task_alone, runner);
    for (; n < n_tasks(runner); n++) run_task(runner, n, 0, false);
}

void oc__runner_observe(oc__runner *runner, oc__observer function, void *user) {
    runner->observer = function;
    runner->observer_user = user;
}

const float *oc__runner_output(const oc__runner *runner, uint32_t index, oc__shape *shape) {
    uint32_t node = runner->program->graph.outputs[index];
    *shape = runner->shapes[node];
    return place_of(runner, node, 0, 0);
}
