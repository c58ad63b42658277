/* How a learner goes through its graph, and where everything lies. SPDX-License-Identifier: MIT */
#include "learner_plan.h"

#include <math.h>
#include <string.h>

uint32_t oc__step_inputs(const oc__learner *l, uint32_t index, const uint32_t **inputs) {
    const oc__step *step = &l->steps[index];
    const oc__node *node = &l->graph->nodes[step->role == OC__ROLE_UNIT ? step->conv : index];
    *inputs = node->inputs;
    return node->n_inputs;
}

bool oc__gives_later(const oc__learner *l, uint32_t index, uint32_t input) {
    const uint32_t *inputs;
    oc__step_inputs(l, index, &inputs);
    for (uint32_t i = 0; i < input; i++)
        if (inputs[i] == inputs[input]) return true;
    return l->steps[inputs[input]].is_output || l->steps[inputs[input]].last_giver != index;
}

void oc__fill_call(oc__call *call, const oc__learner *l, uint32_t index) {
    const oc__node *node = &l->graph->nodes[index];
    *call = (oc__call){
        .context = l->graph->context, .kernels = l->kernels, .bf16 = l->bf16, .node = node, .training = true};
    for (uint32_t i = 0; i < node->n_params; i++) {
        call->params[i] = &l->graph->params[node->params[i]];
        call->param_gradient[i] = oc__place(l, oc__param_slot(l, node->params[i]));
    }
    for (uint32_t i = 0; i < node->n_inputs; i++) {
        call->in_shape[i] = l->shapes[node->inputs[i]];
        call->in[i] = oc__place(l, oc__node_slot(l, OC__OUTPUT, node->inputs[i]));
    }
    call->out_shape = l->shapes[index];
    call->out = oc__place(l, oc__node_slot(l, OC__OUTPUT, index));
    call->saved = oc__place(l, oc__node_slot(l, OC__SAVED, index));
    call->packed = oc__place(l, oc__node_slot(l, OC__PACKED, index));
    call->scratch = oc__place(l, oc__scratch_slot(l));
}

static oc__view view_of(const oc__learner *l, uint32_t index) {
    const oc__step *step = &l->steps[index];
    const oc__node *node = &l->graph->nodes[index];
    if (step->role != OC__ROLE_UNIT) return (oc__view){.data = oc__place(l, oc__node_slot(l, OC__OUTPUT, index))};
    const float *figures = oc__place(l, oc__node_slot(l, OC__SAVED, index));
    size_t channels = l->shapes[index].c;
    if (!figures) return (oc__view){.mapped = true};
    return (oc__view){oc__place(l, oc__node_slot(l, OC__OUTPUT, step->conv)), true,
                      {figures + OC__UNIT_SCALE * channels, figures + OC__UNIT_SHIFT * channels, node->low, node->high}};
}

/* The unit that goes backward last of those that read a unit's value takes the sums for it. */
static bool sums_below(const oc__learner *l, uint32_t index, uint32_t below) {
    oc__call call;
    if (l->steps[below].role != OC__ROLE_UNIT || l->steps[below].first_giver != index) return false;
    if (l->steps[index].role != OC__ROLE_UNIT) return false;
    oc__fill_call(&call, l, l->steps[index].conv);
    return oc__unit_kind_of(&call)->reads_views;
}

void oc__fill_unit(oc__unit *u, const oc__learner *l, uint32_t index) {
    const oc__step *step = &l->steps[index];
    const oc__node *norm = &l->graph->nodes[index];
    uint32_t input = l->graph->nodes[step->conv].inputs[0];
    *u = (oc__unit){.norm = norm, .backward = step->reached && step->wanted};
    oc__fill_call(&u->conv, l, step->conv);
    for (int i = 0; i < 4; i++) u->norm_params[i] = &l->graph->params[norm->params[i]];
    for (int i = 0; i < 2; i++) u->norm_gradient[i] = oc__place(l, oc__param_slot(l, norm->params[i]));
    if (oc__unit_kind_of(&u->conv)->reads_views) u->in = view_of(l, input);
    else u->in.data = u->conv.in[0];
    u->figures = oc__place(l, oc__node_slot(l, OC__SAVED, index));
    u->value = oc__place(l, oc__node_slot(l, OC__OUTPUT, index));
    u->scratch = u->conv.scratch;
    u->gradient = oc__place(l, oc__node_slot(l, OC__GRADIENT, step->gradient_at));
    u->sums = oc__place(l, oc__node_slot(l, OC__SUMS, index));
    u->summed = step->first_giver != OC__NOBODY && sums_below(l, step->first_giver, index);
    u->accumulate = oc__gives_later(l, index, 0);
    if (l->steps[input].wanted)
        u->conv.in_gradient[0] = oc__place(l, oc__node_slot(l, OC__GRADIENT, l->steps[input].gradient_at));
    if (l->steps[input].wanted && sums_below(l, index, input)) {
        u->below_sums = oc__place(l, oc__node_slot(l, OC__SUMS, input));
        u->below_mean = oc__place(l, oc__node_slot(l, OC__SAVED, input)); /* the first of its figures */
    }
}

void oc__fill_addition(oc__addition *a, const oc__learner *l, uint32_t index) {
    const oc__node *node = &l->graph->nodes[index];
    *a = (oc__addition){.context = l->graph->context, .kernels = l->kernels, .shape = l->shapes[index],
                        .in = {view_of(l, node->inputs[0]), view_of(l, node->inputs[1])}, .low = node->low, .high = node->high,
                        .out = oc__place(l, oc__node_slot(l, OC__OUTPUT, index)), .scratch = oc__place(l, oc__scratch_slot(l))};
}

static bool trained(const oc__graph *graph, const oc__node *node, uint32_t param) {
    return !graph->params[node->params[param]].frozen && (node->op != OC__OP_BATCH_NORM || param < 2);
}

static void find_wanted(oc__learner *l) {
    const oc__graph *graph = l->graph;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const oc__node *node = &graph->nodes[i];
        for (uint32_t j = 0; j < node->n_params; j++) l->steps[i].wanted |= trained(graph, node, j);
        for (uint32_t j = 0; j < node->n_inputs; j++) l->steps[i].wanted |= l->steps[node->inputs[j]].wanted;
    }
}

static bool clamps(const oc__node *node) { return node->low > -INFINITY || node->high < INFINITY; }

/* A batch norm right behind a convolution that nobody else reads. */
static bool makes_unit(const oc__learner *l, const uint32_t *n_readers, uint32_t index) {
    const oc__node *node = &l->graph->nodes[index];
    if (node->op != OC__OP_BATCH_NORM) return false;
    const oc__node *conv = &l->graph->nodes[node->inputs[0]];
    return conv->op == OC__OP_CONV && conv->n_inputs == 1 && !clamps(conv) && n_readers[node->inputs[0]] == 1 &&
           !l->steps[node->inputs[0]].is_output;
}

/* Whether a step reads its inputs through views. */
static bool reads_views(const oc__learner *l, uint32_t index) {
    oc__call call;
    if (l->steps[index].role != OC__ROLE_UNIT) return l->steps[index].role == OC__ROLE_ADD;
    oc__fill_call(&call, l, l->steps[index].conv);
    return oc__unit_kind_of(&call)->reads_views;
}

/* Who reads whom, from the last node to the first. */
static void find_readers(oc__learner *l) {
    for (uint32_t i = (uint32_t)l->graph->n_nodes; i-- > 0;) {
        oc__step *step = &l->steps[i];
        const uint32_t *inputs;
        uint32_t n = step->role == OC__ROLE_INSIDE ? 0 : oc__step_inputs(l, i, &inputs);
        bool views = n && reads_views(l, i);
        step->reached |= step->is_output;
        for (uint32_t j = 0; j < n; j++) {
            oc__step *input = &l->steps[inputs[j]];
            if (!views) input->written_out = true;
            if (!step->reached) continue;
            input->reached = true;
            input->first_giver = i;
            if (input->last_giver == OC__NOBODY) input->last_giver = i;
        }
    }
}

static bool reads(const oc__learner *l, uint32_t index, uint32_t what) {
    const uint32_t *inputs;
    uint32_t n = oc__step_inputs(l, index, &inputs);
    for (uint32_t i = 0; i < n; i++)
        if (inputs[i] == what && l->steps[index].role != OC__ROLE_INSIDE) return true;
    return false;
}

/* An addition's gradient is that of its inputs too. An input that nobody has given to before may have the addition's buffer;
 * both of them may where the second, `pure`, is a unit, which never writes to its gradient, to which nobody else gives, and
 * which has gone backward before anyone gives to the other or uses that up. */
static bool may_have(const oc__learner *l, uint32_t addition, uint32_t input) {
    const oc__step *step = &l->steps[input];
    return step->wanted && !step->is_output && step->last_giver == addition;
}

static bool may_both_have(const oc__learner *l, uint32_t addition, uint32_t other, uint32_t pure) {
    const oc__step *step = &l->steps[pure];
    if (step->role != OC__ROLE_UNIT || step->first_giver != addition || other >= pure) return false;
    for (uint32_t i = pure; i < addition; i++)
        if (l->steps[i].reached && reads(l, i, other)) return false;
    return true;
}

static void share_gradients(oc__learner *l) {
    for (uint32_t i = (uint32_t)l->graph->n_nodes; i-- > 0;) {
        const oc__step *step = &l->steps[i];
        const uint32_t *in = l->graph->nodes[i].inputs;
        if (step->role != OC__ROLE_ADD || !step->wanted || in[0] == in[1]) continue;
        bool first = may_have(l, i, in[0]), second = may_have(l, i, in[1]);
        if (first && second && !may_both_have(l, i, in[0], in[1]) && !may_both_have(l, i, in[1], in[0])) second = false;
        if (first) l->steps[in[0]].gradient_at = step->gradient_at;
        if (second) l->steps[in[1]].gradient_at = step->gradient_at;
    }
}

void oc__learner_roles(oc__learner *l, uint32_t *n_readers) {
    const oc__graph *graph = l->graph;
    memset(n_readers, 0, graph->n_nodes * sizeof *n_readers);
    for (uint32_t i = 0; i < graph->n_nodes; i++) {
        l->steps[i] = (oc__step){.first_giver = OC__NOBODY, .last_giver = OC__NOBODY, .gradient_at = i};
        for (uint32_t j = 0; j < graph->nodes[i].n_inputs; j++) n_readers[graph->nodes[i].inputs[j]]++;
    }
    for (uint32_t i = 0; i < graph->n_outputs; i++) l->steps[graph->outputs[i]].is_output = true;
    for (uint32_t i = 0; i < graph->n_nodes && l->fused; i++) {
        if (graph->nodes[i].op == OC__OP_ADD && graph->nodes[i].mode == 0) l->steps[i].role = OC__ROLE_ADD;
        if (!makes_unit(l, n_readers, i)) continue;
        l->steps[i].role = OC__ROLE_UNIT;
        l->steps[i].conv = graph->nodes[i].inputs[0];
        l->steps[l->steps[i].conv].role = OC__ROLE_INSIDE;
    }
    find_wanted(l);
    find_readers(l);
    share_gradients(l);
}

/* Memory. Time runs 0 .. n-1 forward and n .. 2n-1 backward; node i goes backward at 2n-1-i. A gradient lives from the first
 * that gives to it to its own node's backward pass. What a node makes lives until nobody reads it any more. */
typedef struct planning {
    oc__learner *l;
    uint32_t end;
    size_t scratch, addend;
} planning;

static uint32_t backward_time(const planning *p, uint32_t index) { return p->end - 1 - index; }

static void set_slot(planning *p, int kind, uint32_t node, size_t size, uint32_t first, uint32_t last) {
    p->l->plans[oc__node_slot(p->l, kind, node)] = (oc__buffer_plan){size, first, last, 0};
}

static void extend(planning *p, int kind, uint32_t node, uint32_t time) {
    oc__buffer_plan *plan = &p->l->plans[oc__node_slot(p->l, kind, node)];
    if (time > plan->last) plan->last = time;
}

static size_t output_size(const oc__learner *l, uint32_t index) {
    size_t count = 0;
    oc__shape_count(&count, &l->shapes[index]);
    return count * sizeof(float);
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* The values that a step reads live until `last`. */
static void extend_inputs(planning *p, uint32_t index, uint32_t last) {
    const oc__learner *l = p->l;
    const uint32_t *inputs;
    uint32_t n = oc__step_inputs(l, index, &inputs);
    bool views = reads_views(l, index);
    for (uint32_t i = 0; i < n; i++) {
        const oc__step *input = &l->steps[inputs[i]];
        if (views && input->role == OC__ROLE_UNIT) {
            extend(p, OC__OUTPUT, input->conv, last);
            extend(p, OC__SAVED, inputs[i], last);
        } else {
            extend(p, OC__OUTPUT, inputs[i], last);
        }
    }
}

static size_t ask(size_t (*function)(const oc__call *), const oc__call *call) { return function ? function(call) : 0; }

static void plan_plain(planning *p, uint32_t index, uint32_t last) {
    oc__learner *l = p->l;
    const oc__op *op = oc__op_find(l->graph->nodes[index].op);
    oc__call call;
    size_t beside = 0;
    oc__fill_call(&call, l, index);
    set_slot(p, OC__OUTPUT, index, output_size(l, index), index, last);
    set_slot(p, OC__SAVED, index, ask(op->n_saved, &call) * sizeof(float), index, last);
    set_slot(p, OC__PACKED, index, ask(op->n_packed, &call) * sizeof(float), index, last);
    p->scratch = larger(p->scratch, ask(op->n_scratch, &call));
    for (uint32_t i = 0; i < call.node->n_inputs; i++)
        if (l->steps[call.node->inputs[i]].wanted && oc__gives_later(l, index, i))
            beside += output_size(l, call.node->inputs[i]);
    p->addend = larger(p->addend, beside);
    extend_inputs(p, index, last);
}

static void plan_unit(planning *p, uint32_t index, uint32_t last) {
    oc__learner *l = p->l;
    const oc__step *step = &l->steps[index];
    size_t channels = l->shapes[index].c;
    oc__unit u;
    oc__fill_unit(&u, l, index);
    set_slot(p, OC__OUTPUT, step->conv, output_size(l, step->conv), index, last);
    set_slot(p, OC__SAVED, index, OC__UNIT_N_FIGURES * channels * sizeof(float), index, last);
    if (step->written_out || step->is_output) set_slot(p, OC__OUTPUT, index, output_size(l, index), index, index);
    if (step->wanted)
        set_slot(p, OC__SUMS, index, OC__N_PIECES * 2 * channels * sizeof(double),
                 backward_time(p, u.summed ? step->first_giver : index), backward_time(p, index));
    p->scratch = larger(p->scratch, oc__unit_n_scratch(&u));
    extend_inputs(p, index, last);
}

static void plan_addition(planning *p, uint32_t index, uint32_t last) {
    oc__addition a;
    oc__fill_addition(&a, p->l, index);
    set_slot(p, OC__OUTPUT, index, output_size(p->l, index), index, clamps(&p->l->graph->nodes[index]) ? last : index);
    p->scratch = larger(p->scratch, oc__addition_n_scratch(&a));
    extend_inputs(p, index, index);
}

static void plan_gradient(planning *p, uint32_t index) {
    const oc__step *step = &p->l->steps[index];
    if (step->gradient_at != index) {
        extend(p, OC__GRADIENT, step->gradient_at, backward_time(p, index));
    } else if (index > 0 && (step->wanted || step->is_output)) {
        uint32_t first = step->is_output ? 0 : backward_time(p, step->last_giver == OC__NOBODY ? index : step->last_giver);
        set_slot(p, OC__GRADIENT, index, output_size(p->l, index), first, backward_time(p, index));
    }
}

oc_status oc__learner_plan(size_t *total, oc__learner *l, oc_error *err) {
    const oc__graph *graph = l->graph;
    uint32_t n = (uint32_t)graph->n_nodes;
    planning p = {.l = l, .end = 2 * n};
    memset(l->plans, 0, oc__n_slots(l) * sizeof *l->plans);
    for (uint32_t i = 0; i < n; i++) {
        const oc__node *node = &graph->nodes[i];
        uint32_t last = l->steps[i].wanted ? backward_time(&p, i) : i;
        switch (l->steps[i].role) {
        case OC__ROLE_PLAIN: plan_plain(&p, i, last); break;
        case OC__ROLE_UNIT: plan_unit(&p, i, last); break;
        case OC__ROLE_ADD: plan_addition(&p, i, last); break;
        case OC__ROLE_INSIDE: break;
        }
        for (uint32_t j = 0; j < node->n_params; j++)
            if (trained(graph, node, j))
                l->plans[oc__param_slot(l, node->params[j])] =
                    (oc__buffer_plan){graph->params[node->params[j]].count * sizeof(float), 0, p.end, 0};
    }
    for (uint32_t i = n; i-- > 0;) /* an addition before those that share its gradient */
        if (l->steps[i].role != OC__ROLE_INSIDE) plan_gradient(&p, i);
    for (uint32_t i = 0; i < graph->n_outputs; i++) extend(&p, OC__OUTPUT, graph->outputs[i], p.end);
    extend(&p, OC__OUTPUT, 0, p.end);
    l->plans[oc__scratch_slot(l)] = (oc__buffer_plan){p.scratch * sizeof(float), 0, p.end, 0};
    l->plans[oc__addend_slot(l)] = (oc__buffer_plan){p.addend, 0, p.end, 0};
    return oc__plan_memory(total, l->plans, oc__n_slots(l), graph->context, err);
}
