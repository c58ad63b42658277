/* Features for what is small. SPDX-License-Identifier: MIT */
#include "fine_features.h"

#include "memory.h"

#define PARTS 8 /* along a side of a map, which overlap by half: */
#define MAX_PART 15
#define MAX_MAPS 7

/* The maps that `node`, or what it is made of, averages. */
static uint32_t find_maps(uint32_t *maps, const oc__graph *graph, uint32_t node) {
    uint32_t n = 0;
    const oc__node *at = &graph->nodes[node];
    while (at->op != OC__OP_GLOBAL_POOL && at->op != OC__OP_CONCAT && at->n_inputs == 1) at = &graph->nodes[at->inputs[0]];
    if (at->op == OC__OP_GLOBAL_POOL) {
        maps[n++] = at->inputs[0];
        return n;
    }
    for (uint32_t i = 0; at->op == OC__OP_CONCAT && i < at->n_inputs && n < MAX_MAPS; i++) {
        const oc__node *part = &graph->nodes[at->inputs[i]];
        while (part->op != OC__OP_GLOBAL_POOL && part->n_inputs == 1) part = &graph->nodes[part->inputs[0]];
        if (part->op == OC__OP_GLOBAL_POOL) maps[n++] = part->inputs[0];
    }
    return n;
}

/* The largest of the means over parts of a map. */
static oc_status add_largest(uint32_t *node, oc__graph *graph, uint32_t map, const oc__shape *shape, oc_error *err) {
    uint32_t shorter = shape->h < shape->w ? shape->h : shape->w, side = shorter > PARTS ? shorter / PARTS : 1;
    if (side > MAX_PART) side = MAX_PART;
    *node = map;
    oc_status status = OC_OK;
    if (side > 1) status = oc__graph_pool(node, graph, map, OC__OP_MEAN_POOL, side, (side + 1) / 2, 0, 0, err);
    return status ? status : oc__graph_global_max_pool(node, graph, *node, err);
}

oc_status oc__fine_features(oc_model **base, oc_error *err) {
    const oc_model *from = *base;
    oc_model *to = NULL;
    uint32_t maps[MAX_MAPS], all[MAX_MAPS + 1] = {from->graph.outputs[0]},
                                            n = find_maps(maps, &from->graph, from->graph.outputs[0]);
    if (n == 0)
        return oc__fail(err, OC_E_UNSUPPORTED,
                        "the base network averages no map to its features, so there is no looking closer");
    oc__shape *shapes = oc__alloc_array(from->context, from->graph.n_nodes, sizeof *shapes);
    if (!shapes) return oc__fail_nomem(err, from->context, from->graph.n_nodes * sizeof *shapes, "network");
    oc_status status = oc__graph_shapes(shapes, &from->graph, 1, from->rule.height, from->rule.width, err);
    if (!status) status = oc__model_create(&to, from->context, err);
    if (!status) {
        to->kind = from->kind;
        to->rule = from->rule;
        status = oc__graph_copy(&to->graph, &from->graph, err);
    }
    for (uint32_t i = 0; i < n && !status; i++) status = add_largest(&all[i + 1], &to->graph, maps[i], &shapes[maps[i]], err);
    if (!status) status = oc__graph_concat(&to->graph.outputs[0], &to->graph, all, n + 1, err);
    if (!status) status = oc__model_copy_properties(to, from, err);
    if (!status) status = oc__model_set_property(to, "fine", "true", err);
    if (!status) status = oc__model_finish(to, err);
    oc__free(from->context, shapes);
    if (status) {
        oc__model_release(to);
        return status;
    }
    oc__model_release(*base);
    *base = to;
    return OC_OK;
}
