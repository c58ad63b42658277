/* What a base network says of pictures. SPDX-License-Identifier: MIT */
#include "base_features.h"

#include <string.h>

#include "extract.h"
#include "memory.h"

size_t oc__n_features(const oc_model *base) {
    const oc__graph *graph = &base->graph;
    size_t n = 0;
    oc__shape *shapes = base->kind == OC__KIND_BASE ? oc__alloc_array(base->context, graph->n_nodes, sizeof *shapes) : NULL;
    if (shapes && oc__graph_shapes(shapes, graph, 1, base->rule.height, base->rule.width, NULL) == OC_OK)
        n = shapes[graph->outputs[0]].c;
    oc__free(base->context, shapes);
    return n;
}

oc_status oc__base_features(float *values, const oc_model *base, const oc_dataset *dataset, oc__progress *progress,
                            oc_error *err) {
    oc__features features = {0};
    const oc__extraction whole = {.n_views = 1};
    oc__progress_stage(progress, "reading pictures", 0, 0.7, dataset->n_samples);
    oc_status status = oc__features_extract(&features, base, dataset->samples, dataset->n_samples, &whole, progress, err);
    if (!status) memcpy(values, features.values, features.n * features.dim * sizeof *values);
    oc__features_free(&features);
    return status;
}
