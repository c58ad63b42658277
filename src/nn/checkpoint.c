/* A training's state as bytes. SPDX-License-Identifier: MIT
 *
 * A header; the graph's values, the moments and the average, all float32; a hash of all that stands before it. */
#include "checkpoint.h"

#include <string.h>

#include "hash.h"

#define MAGIC UINT64_C(0x3174617473636f) /* "ocstat1" where the lowest byte comes first */

typedef struct header {
    uint64_t magic, shapes, kind, n_weights, n_blocks, n_steps, n_averaged;
} header;

static uint64_t hash_shapes(const oc__graph *graph) {
    uint64_t hash = 0;
    for (size_t i = 0; i < graph->n_params; i++) {
        const oc__param *param = &graph->params[i];
        uint32_t shape[5] = {param->rank};
        memcpy(shape + 1, param->dimensions, param->rank * sizeof *shape);
        hash = oc__hash64(hash, shape, sizeof shape);
    }
    return hash;
}

static header header_of(const oc__graph *graph, const oc__optimiser *o) {
    return (header){MAGIC,        hash_shapes(graph), o->options.kind, o->n_weights, 1 + o->n_moments + (o->average != NULL),
                    o->n_steps, o->n_averaged};
}

void oc__checkpoint_write(oc__buffer *out, const oc__graph *graph, const oc__optimiser *o) {
    header head = header_of(graph, o);
    size_t begin = out->size, block = o->n_weights * sizeof(float);
    oc__buffer_append(out, &head, sizeof head);
    for (size_t i = 0; i < graph->n_params; i++)
        oc__buffer_append(out, graph->params[i].values, graph->params[i].count * sizeof(float));
    oc__buffer_append(out, o->moments, o->n_moments * block);
    if (o->average) oc__buffer_append(out, o->average, block);
    if (out->failed) return;
    uint64_t hash = oc__hash64(0, out->data + begin, out->size - begin);
    oc__buffer_append(out, &hash, sizeof hash);
}

oc_status oc__checkpoint_read(oc__graph *graph, oc__optimiser *o, const void *data, size_t size, oc_error *err) {
    header expected = header_of(graph, o), head;
    uint64_t hash;
    size_t block = o->n_weights * sizeof(float);
    const unsigned char *at = data;
    if (size < sizeof head + sizeof hash)
        return oc__fail(err, OC_E_CORRUPT, "checkpoint: has %zu bytes, at least %zu are needed", size,
                        sizeof head + sizeof hash);
    memcpy(&head, at, sizeof head);
    memcpy(&hash, at + size - sizeof hash, sizeof hash);
    if (head.magic != MAGIC) return oc__fail(err, OC_E_CORRUPT, "checkpoint: is none, or another machine's");
    if (hash != oc__hash64(0, data, size - sizeof hash)) return oc__fail(err, OC_E_CORRUPT, "checkpoint: its hash is wrong");
    if (head.shapes != expected.shapes || head.n_weights != expected.n_weights)
        return oc__fail(err, OC_E_ARGUMENT, "checkpoint: is of another network");
    if (head.kind != expected.kind || head.n_blocks != expected.n_blocks)
        return oc__fail(err, OC_E_ARGUMENT, "checkpoint: is of another optimiser");
    if (size - sizeof head - sizeof hash != expected.n_blocks * block)
        return oc__fail(err, OC_E_CORRUPT, "checkpoint: has %zu bytes, expected %zu", size,
                        sizeof head + expected.n_blocks * block + sizeof hash);
    at += sizeof head;
    for (size_t i = 0; i < graph->n_params; at += graph->params[i++].count * sizeof(float))
        memcpy(graph->params[i].values, at, graph->params[i].count * sizeof(float));
    memcpy(o->moments, at, o->n_moments * block);
    if (o->average) memcpy(o->average, at + o->n_moments * block, block);
    o->n_steps = head.n_steps;
    o->n_averaged = head.n_averaged;
    return OC_OK;
}
