/* The network of a detector. SPDX-License-Identifier: MIT
 *
 * A feature pyramid (Lin et al. 2017) of few channels over the base's maps at strides 8, 16 and 32, and on each level a head of
 * depthwise 5x5 and pointwise convolutions, as in NanoDet and PP-PicoDet (Yu et al. 2021), that gives tags and distances to the
 * box's sides (FCOS, Tian et al. 2019). Convolutions, batch norms, ReLU, additions and enlarging by repetition alone: all of it
 * can be computed in 8-bit integers. */
#include <math.h>
#include <string.h>

#include "cut.h"
#include "detector.h"
#include "memory.h"

#define N_HEAD_BLOCKS 2
#define FIRST_PROBABILITY                                                                                                      \
    0.01 /* of every tag before training, so that the many pixels without objects do not overwhelm the rest */
#define FIRST_DISTANCE 1.0f /* its logarithm, in pixels of the level */
#define HEAD_DEVIATION 0.01

typedef struct builder {
    oc__graph *graph;
    uint32_t channels; /* of the pyramid */
    oc_error *err;
} builder;

static oc_status conv_norm(uint32_t *node, builder *b, uint32_t kernel, uint32_t groups) {
    oc_status status = oc__graph_conv(node, b->graph, *node, b->channels, kernel, 1, groups, false, b->err);
    return status ? status : oc__graph_batch_norm(node, b->graph, *node, 0, INFINITY, b->err);
}

static oc_status separable(uint32_t *node, builder *b) {
    oc_status status = conv_norm(node, b, 5, b->channels);
    return status ? status : conv_norm(node, b, 1, 1);
}

/* maps: from the finest on; they become the pyramid's levels. */
static oc_status add_pyramid(uint32_t maps[OC__N_LEVELS], builder *b) {
    oc_status status = OC_OK;
    for (int i = 0; i < OC__N_LEVELS && !status; i++) status = conv_norm(&maps[i], b, 1, 1);
    for (int i = OC__N_LEVELS - 2; i >= 0 && !status; i--) {
        uint32_t enlarged;
        status = oc__graph_resize(&enlarged, b->graph, maps[i + 1], 2, 1, OC__RESIZE_NEAREST, b->err);
        if (!status) status = oc__graph_add(&maps[i], b->graph, maps[i], enlarged, b->err);
    }
    for (int i = 0; i < OC__N_LEVELS && !status; i++) status = separable(&maps[i], b);
    return status;
}

static oc_status add_head(uint32_t *node, builder *b, size_t n_tags) {
    oc_status status = OC_OK;
    for (int i = 0; i < N_HEAD_BLOCKS && !status; i++) status = separable(node, b);
    return status ? status : oc__graph_conv(node, b->graph, *node, (uint32_t)n_tags + OC__BOX_CHANNELS, 1, 1, 1, true, b->err);
}

static bool is_output(const oc__graph *graph, size_t node) {
    for (uint32_t i = 0; i < graph->n_outputs; i++)
        if (graph->outputs[i] == node) return true;
    return false;
}

/* So that a head says at first that nothing is there, in boxes of some pixels. */
static void initialise_head(oc__graph *graph, const oc__node *head, size_t n_tags, oc__random *random) {
    oc__param *weights = &graph->params[head->params[0]], *biases = &graph->params[head->params[1]];
    for (size_t i = 0; i < weights->count; i++) weights->values[i] = (float)(HEAD_DEVIATION * oc__random_normal(random));
    for (size_t i = 0; i < biases->count; i++)
        biases->values[i] = i < n_tags ? (float)log(FIRST_PROBABILITY / (1 - FIRST_PROBABILITY)) : FIRST_DISTANCE;
}

/* Draws the weights of what has been added behind the parameters of the base, which keep theirs. */
static void initialise(oc__graph *graph, const oc__graph *base, size_t n_tags, uint64_t seed) {
    oc__random random;
    oc__graph_initialise(graph, seed);
    for (size_t i = 0; i < base->n_params; i++)
        for (size_t k = 0; k < base->params[i].count; k++) graph->params[i].values[k] = base->params[i].values[k];
    oc__random_seed(&random, seed, 1);
    for (uint32_t i = 0; i < graph->n_outputs; i++) initialise_head(graph, &graph->nodes[graph->outputs[i]], n_tags, &random);
}

static oc_status check_base(const oc_model *base, oc_error *err) {
    static const uint32_t strides[OC__N_LEVELS] = {8, 16, 32};
    const oc__graph *graph = &base->graph;
    oc__shape *shapes = oc__alloc_array(base->context, graph->n_nodes, sizeof *shapes);
    bool maps = graph->n_outputs == OC__N_LEVELS + 1;
    if (!shapes) return oc__fail_nomem(err, base->context, graph->n_nodes * sizeof *shapes, "network");
    oc_status status = oc__graph_shapes(shapes, graph, 1, 64, 64, err);
    for (int i = 0; i < OC__N_LEVELS && maps && !status; i++) {
        const oc__shape *map = &shapes[graph->outputs[i + 1]];
        maps = map->h == 64 / strides[i] && map->w == 64 / strides[i];
    }
    oc__free(base->context, shapes);
    if (!status && !maps)
        status = oc__fail(err, OC_E_UNSUPPORTED,
                          "the base network gives no feature maps at strides 8, 16 and 32, which a detector needs");
    return status;
}

/* Sets a level's last layer from another detector's: a tag that it knows from that tag's row, another from the mean of all rows,
 * which says that there is an object of some kind, and the sides of the box from theirs. */
static void copy_head(oc__graph *graph, const oc__node *head, const oc__detector_start *start, const oc__node *from,
                      const char *const *tags, size_t n_tags) {
    const oc__param *old = start->graph->params;
    for (uint32_t k = 0; k < head->n_params; k++) {
        oc__param *param = &graph->params[head->params[k]];
        const float *values = old[from->params[k]].values;
        size_t row = param->count / (n_tags + OC__BOX_CHANNELS);
        for (size_t t = 0; t < n_tags; t++) {
            size_t known = 0;
            while (known < start->n_tags && strcmp(start->tags[known], tags[t]) != 0) known++;
            for (size_t i = 0; i < row; i++) {
                double sum = 0;
                for (size_t o = 0; o < start->n_tags; o++) sum += (double)values[o * row + i];
                param->values[t * row + i] = known < start->n_tags ? values[known * row + i] : (float)(sum / (double)start->n_tags);
            }
        }
        memcpy(param->values + n_tags * row, values + start->n_tags * row, OC__BOX_CHANNELS * row * sizeof *values);
    }
}

/* Takes the weights of another detector of the same network, but for its tags. */
static oc_status copy_start(oc__graph *graph, const oc__detector_start *start, const char *const *tags, size_t n_tags,
                            oc_error *err) {
    const oc__graph *from = start->graph;
    bool same = graph->n_nodes == from->n_nodes && graph->n_outputs == from->n_outputs;
    for (size_t i = 0; i < graph->n_nodes && same; i++) {
        const oc__node *a = &graph->nodes[i], *b = &from->nodes[i];
        if (!is_output(graph, i)) same = oc__node_take_values(graph, from, i);
        else if ((same = is_output(from, i) && a->op == b->op && b->channels == start->n_tags + OC__BOX_CHANNELS))
            copy_head(graph, a, start, b, tags, n_tags);
    }
    return same ? OC_OK : oc__fail(err, OC_E_DATA, "the model to start from is no detector on this base network");
}

oc_status oc__detector_graph(oc__graph *out, uint32_t *n_stem, uint32_t *n_base, const oc_model *base,
                             const oc__detector_start *start, const char *const *tags, size_t n_tags, uint64_t seed, oc_error *err) {
    oc__graph graph = {.context = base->context}, cut = graph;
    uint32_t maps[OC__N_LEVELS];
    builder b = {&graph, 0, err};
    oc_status status = check_base(base, err);
    if (!status) status = oc__graph_cut(&cut, &base->graph, base->graph.outputs + 1, OC__N_LEVELS, err);
    if (!status) status = oc__graph_copy(&graph, &cut, err);
    if (status) goto done;
    *n_base = (uint32_t)graph.n_nodes;
    *n_stem = oc__graph_after_weights(&graph, graph.outputs[0]);
    /* As wide as suits the base: 64 for one of under two million parameters. */
    b.channels = oc__graph_n_weights(&graph) < 2000000 ? 64 : 96;
    for (int i = 0; i < OC__N_LEVELS; i++) maps[i] = graph.outputs[i];
    status = add_pyramid(maps, &b);
    for (int i = 0; i < OC__N_LEVELS && !status; i++) {
        status = add_head(&maps[i], &b, n_tags);
        graph.outputs[i] = maps[i];
    }
    if (!status) initialise(&graph, &cut, n_tags, seed);
    if (!status && start) status = copy_start(&graph, start, tags, n_tags, err);
    for (size_t i = 0; i < graph.n_params; i++) graph.params[i].storage = OC__STORE_F32;
done:
    oc__graph_free(&cut);
    if (status)
        oc__graph_free(&graph);
    else
        *out = graph;
    return status;
}
