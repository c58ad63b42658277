/* Puts the neck and head of a detector, trained on a base with its weights as they were (ocellus train --freeze), into the
 * base's file, from where detectors begin: add_detector BASE.ocm DETECTOR.ocm OUT.ocm. See README.md. SPDX-License-Identifier:
 * MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boxes.h"
#include "cut.h"
#include "file.h"
#include "half.h"
#include "kernels.h"
#include "memory.h"
#include "ocm.h"

static void fail(const char *what) {
    fprintf(stderr, "add_detector: %s\n", what);
    exit(1);
}

static void check(oc_status status, const oc_error *err) {
    if (status) fail(err->message);
}

static oc_model *load(oc_context *context, const char *path, oc_error *err) {
    oc__mapping file;
    oc_model *model = NULL;
    check(oc__file_map(&file, context, path, context->limits.model_bytes, "max_model_bytes", err), err);
    check(oc__ocm_read(&model, context, file.data, file.size, path, err), err);
    oc__file_unmap(&file);
    return model;
}

/* The nodes of `graph` that its maps need, in their order: what a detector's network begins with. */
static size_t needed_nodes(uint32_t *places, const oc__graph *graph) {
    bool *needed = calloc(graph->n_nodes, sizeof *needed);
    size_t n = 0;
    if (!needed) fail("out of memory");
    for (uint32_t i = 1; i <= OC__N_LEVELS; i++) needed[graph->outputs[i]] = true;
    for (size_t i = graph->n_nodes; i-- > 0;)
        for (uint32_t k = 0; needed[i] && k < graph->nodes[i].n_inputs; k++) needed[graph->nodes[i].inputs[k]] = true;
    for (size_t i = 0; i < graph->n_nodes; i++)
        if (needed[i]) places[n++] = (uint32_t)i;
    free(needed);
    return n;
}

/* Parameters are kept in half precision, as the base's are. */
static uint32_t copy_param(oc__graph *to, const oc__param *from, oc_error *err) {
    uint32_t number;
    check(oc__graph_add_param(&number, to, from->rank, from->dimensions, err), err);
    for (size_t i = 0; i < from->count; i++)
        to->params[number].values[i] = oc__half_to_float(oc__half_from_float(from->values[i]));
    to->params[number].storage = OC__STORE_F16;
    return number;
}

static bool same_weights(const oc__graph *a, uint32_t i, const oc__graph *b, uint32_t k) {
    const oc__node *x = &a->nodes[i], *y = &b->nodes[k];
    bool same = x->op == y->op && x->n_params == y->n_params;
    for (uint32_t p = 0; p < x->n_params && same; p++) {
        const oc__param *v = &a->params[x->params[p]], *w = &b->params[y->params[p]];
        same = v->count == w->count;
        for (size_t e = 0; e < v->count && same; e++) { /* but for the roundings of the average of equal weights */
            double gap = fabs((double)v->values[e] - (double)w->values[e]);
            same = gap <= 1e-4 * fabs((double)v->values[e]) + 1e-6;
            if (!same) fprintf(stderr, "node %u, parameter %u: %g and %g\n", i, p, (double)v->values[e], (double)w->values[e]);
        }
    }
    return same;
}

int main(int argc, char **argv) {
    oc_error error = OC_ERROR_INIT, *err = &error;
    oc_context *context = NULL;
    oc__graph graph = {0};
    oc__buffer file = {0};
    if (argc != 4) fail("usage: add_detector BASE.ocm DETECTOR.ocm OUT.ocm");
    check(oc__context_create(&context, NULL, err), err);
    context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    oc_model *base = load(context, argv[1], err), *detector = load(context, argv[2], err), *out = NULL;
    if (base->kind != OC__KIND_BASE || base->graph.n_outputs < OC__N_LEVELS + 1)
        fail("the first file is no base with maps at three strides");
    if (detector->kind != OC__KIND_DETECTION || detector->n_tags != 1) fail("the second file is no detector of one tag");
    check(oc__graph_cut(&graph, &base->graph, base->graph.outputs, OC__N_LEVELS + 1, err),
          err); /* without a detector that it has */
    uint32_t *places = malloc((graph.n_nodes + detector->graph.n_nodes) * sizeof *places);
    if (!places) fail("out of memory");
    size_t n = needed_nodes(places, &graph);
    for (size_t i = 0; i < n; i++)
        if (i >= detector->graph.n_nodes || !same_weights(&graph, places[i], &detector->graph, (uint32_t)i))
            fail("the detector's base has other weights; train it with --freeze");
    for (size_t i = n; i < detector->graph.n_nodes; i++) {
        oc__node node = detector->graph.nodes[i];
        for (uint32_t k = 0; k < node.n_inputs; k++) node.inputs[k] = places[node.inputs[k]];
        for (uint32_t k = 0; k < node.n_params; k++)
            node.params[k] = copy_param(&graph, &detector->graph.params[node.params[k]], err);
        check(oc__graph_add_node(&places[i], &graph, &node, err), err);
    }
    for (uint32_t i = 0; i < OC__N_LEVELS; i++) graph.outputs[graph.n_outputs++] = places[detector->graph.outputs[i]];
    check(oc__model_create(&out, context, err), err);
    out->kind = OC__KIND_BASE;
    out->rule = base->rule;
    out->graph = graph;
    for (size_t i = 0; i < base->n_properties; i++)
        if (strcmp(base->properties[i].key, "sha256") != 0)
            check(oc__model_set_property(out, base->properties[i].key, base->properties[i].value, err), err);
    check(oc__model_set_property(out, "detector", "object", err), err);
    check(oc__model_finish(out, err), err);
    file.context = context;
    check(oc__ocm_write(&file, out, err), err);
    check(oc__file_replace(context, argv[3], file.data, file.size, err), err);
    printf("wrote %s: %zu bytes\n", argv[3], file.size);
    oc__buffer_free(&file);
    oc__model_release(out);
    oc__model_release(base);
    oc__model_release(detector);
    oc__context_release(context);
    free(places);
    return 0;
}
