/* Maps: how a file's tensors lie in the outputs of our nodes. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "onnx_reader.h"
#include "op.h"

oc__node oc__onnx_node(uint32_t op, uint32_t input) {
    return (oc__node){.op = op,
                      .n_inputs = 1,
                      .inputs = {input},
                      .low = -INFINITY,
                      .high = INFINITY,
                      .window = {.kernel_height = 1, .kernel_width = 1, .stride = 1, .dilation = 1},
                      .groups = 1};
}

oc_status oc__onnx_emit(uint32_t *out, oc__onnx_reader *r, const oc__node *node, oc_error *err) {
    const oc__op *op = oc__op_find(node->op);
    oc__shape in[OC__MAX_INPUTS] = {{0}};
    oc__onnx_made made = {0};
    size_t count;
    if (!op) return oc__fail(err, OC_E_UNSUPPORTED, "needs the operator %u, which this library does not have", node->op);
    for (uint32_t i = 0; i < node->n_inputs; i++) in[i] = r->made[node->inputs[i]].shape;
    if (node->op == OC__OP_INPUT) in[0] = (oc__shape){1, 0, node->sizes[0], node->sizes[1]};
    oc_status status = op->shape(&made.shape, &r->graph, node, in, err);
    /* What a file asks for and we lack is no fault of the file's. */
    if (status == OC_E_CORRUPT || status == OC_E_ARGUMENT) status = OC_E_UNSUPPORTED;
    if (!status && !oc__shape_count(&count, &made.shape)) status = oc__fail(err, OC_E_LIMIT, "its output is too large");
    if (!status) status = oc__reserve(&r->made, &r->made_capacity, r->graph.n_nodes, sizeof made, r->context, err);
    if (!status) status = oc__graph_add_node(out, &r->graph, node, err);
    if (!status) r->made[*out] = made;
    return status;
}

oc_status oc__onnx_param(uint32_t *out, oc__onnx_reader *r, uint32_t rank, const uint32_t *dimensions, oc_error *err) {
    size_t count;
    if (!oc__shape_multiply(&count, dimensions, rank, sizeof(float)) || count > r->budget / sizeof(float))
        return oc__fail(err, OC_E_LIMIT, "its weights take more memory than a file of this size may ask for");
    r->budget -= count * sizeof(float);
    return oc__graph_add_param(out, &r->graph, rank, dimensions, err);
}

uint32_t oc__onnx_axis_size(const oc__onnx_reader *r, uint32_t node, uint32_t axis) {
    const oc__shape *s = &r->made[node].shape;
    return axis == OC__ONNX_HEIGHT ? s->h : axis == OC__ONNX_WIDTH ? s->w : s->c;
}

static void add_factor(oc__onnx_value *map, uint32_t axis, uint32_t size) {
    if (size > 1) map->factors[map->n_factors++] = (oc__onnx_factor){axis, size, 1};
}

void oc__onnx_map(oc__onnx_value *out, const oc__onnx_reader *r, uint32_t node, uint32_t rank) {
    const oc__shape *s = &r->made[node].shape;
    out->kind = OC__ONNX_MAP;
    out->node = node;
    out->scale = 1;
    out->shift = 0;
    out->n_factors = 0;
    out->rank = rank;
    memset(out->dims, 0, sizeof out->dims);
    out->dims[0] = 1;
    out->dims[rank == 1 ? 0 : 1] = s->c;
    if (rank > 3) out->dims[2] = s->h;
    if (rank > 2) out->dims[rank - 1] = s->w;
    add_factor(out, OC__ONNX_CHANNEL, s->c);
    add_factor(out, OC__ONNX_HEIGHT, s->h);
    add_factor(out, OC__ONNX_WIDTH, s->w);
}

uint32_t oc__onnx_factors_of(uint32_t *first, const oc__onnx_value *map, uint32_t dim) {
    uint32_t at = 0, n = 0;
    for (uint32_t d = 0; d <= dim; d++) {
        size_t size = 1;
        *first = at;
        for (n = 0; size < map->dims[d] && at < map->n_factors; at++, n++) size *= map->factors[at].size;
    }
    return n;
}

bool oc__onnx_whole_axis(uint32_t *axis, const oc__onnx_reader *r, const oc__onnx_value *map, uint32_t dim) {
    uint32_t first;
    if (oc__onnx_factors_of(&first, map, dim) != 1) return false;
    const oc__onnx_factor *f = &map->factors[first];
    *axis = f->axis;
    return f->step == 1 && f->size == oc__onnx_axis_size(r, map->node, f->axis);
}

/* Appends a factor of dimension `dim`, joined to the one before it where they are one run. */
static oc_status append(oc__onnx_factor *list, uint32_t *n, uint32_t first, const oc__onnx_factor *f, oc_error *err) {
    if (*n > first && list[*n - 1].axis == f->axis && list[*n - 1].step == f->step * f->size) {
        list[*n - 1].size *= f->size;
        list[*n - 1].step = f->step;
        return OC_OK;
    }
    if (*n == OC__ONNX_MAX_FACTORS) return oc__fail(err, OC_E_UNSUPPORTED, "reshapes in more ways than can be followed");
    list[(*n)++] = *f;
    return OC_OK;
}

oc_status oc__onnx_regroup(oc__onnx_value *map, uint32_t rank, const uint32_t *dims, oc_error *err) {
    oc__onnx_factor list[OC__ONNX_MAX_FACTORS];
    uint32_t n = 0, at = 0;
    oc__onnx_factor rest = at < map->n_factors ? map->factors[at] : (oc__onnx_factor){0, 1, 1};
    for (uint32_t d = 0; d < rank; d++) {
        uint32_t wanted = dims[d], first = n;
        while (wanted > 1) {
            while (rest.size == 1) { /* used up */
                if (++at >= map->n_factors) return oc__fail(err, OC_E_CORRUPT, "its new shape has more elements");
                rest = map->factors[at];
            }
            oc__onnx_factor part = rest;
            if (wanted % rest.size == 0) {
                rest.size = 1;
            } else if (rest.size % wanted == 0) {
                rest.size /= wanted;
                part.size = wanted;
                part.step *= rest.size;
            } else {
                return oc__fail(err, OC_E_UNSUPPORTED, "a dimension of %u does not divide one of %u", wanted, rest.size);
            }
            oc_status status = append(list, &n, first, &part, err);
            if (status) return status;
            wanted /= part.size;
        }
    }
    map->rank = rank;
    memcpy(map->dims, dims, rank * sizeof *dims);
    map->n_factors = n;
    memcpy(map->factors, list, n * sizeof *list);
    return OC_OK;
}

void oc__onnx_permute(oc__onnx_value *map, const uint32_t *order) {
    oc__onnx_value old = *map;
    map->n_factors = 0;
    for (uint32_t d = 0; d < old.rank; d++) {
        uint32_t first, n = oc__onnx_factors_of(&first, &old, order[d]);
        map->dims[d] = old.dims[order[d]];
        memcpy(map->factors + map->n_factors, old.factors + first, n * sizeof *old.factors);
        map->n_factors += n;
    }
}

oc_status oc__onnx_affine(uint32_t *out, oc__onnx_reader *r, uint32_t node, const float *scale, const float *shift, size_t n,
                          oc_error *err) {
    uint32_t channels = r->made[node].shape.c, dimensions[4] = {channels, 1, 1, 1};
    oc__node conv = oc__onnx_node(OC__OP_CONV, node);
    conv.channels = conv.groups = channels;
    conv.n_params = 2;
    oc_status status = oc__onnx_param(&conv.params[0], r, 4, dimensions, err);
    if (!status) status = oc__onnx_param(&conv.params[1], r, 1, dimensions, err);
    if (status) return status;
    float *weights = r->graph.params[conv.params[0]].values, *bias = r->graph.params[conv.params[1]].values;
    for (uint32_t c = 0; c < channels; c++) {
        weights[c] = scale ? scale[n == 1 ? 0 : c] : 1;
        bias[c] = shift ? shift[n == 1 ? 0 : c] : 0;
        if (!isfinite(weights[c]) || !isfinite(bias[c]))
            return oc__fail(err, OC_E_UNSUPPORTED, "a factor or addend is not a finite number");
    }
    status = oc__onnx_emit(out, r, &conv, err);
    if (!status) r->made[*out].affine = true;
    return status;
}

oc_status oc__onnx_plain(oc__onnx_reader *r, oc__onnx_value *map, oc_error *err) {
    if (map->scale == 1 && map->shift == 0) return OC_OK;
    oc_status status = oc__onnx_affine(&map->node, r, map->node, &map->scale, &map->shift, 1, err);
    if (status) return status;
    map->scale = 1;
    map->shift = 0;
    return OC_OK;
}

/* A run of factors that lie together, in the file's order of the new layout and in memory alike. */
typedef struct block {
    uint32_t size;
    uint32_t place; /* among the blocks, in the order of memory */
    uint32_t first; /* its first factor's number, in the order of memory */
} block;

/* The factors in the order of memory: rows, columns, channels, each from the longest step to the shortest. */
static void sort_factors(oc__onnx_factor *list, uint32_t n) {
    for (uint32_t i = 1; i < n; i++)
        for (uint32_t j = i; j > 0; j--) {
            oc__onnx_factor *a = &list[j - 1], *b = &list[j];
            if (a->axis < b->axis || (a->axis == b->axis && a->step > b->step)) break;
            oc__onnx_factor moved = *a;
            *a = *b;
            *b = moved;
        }
}

/* Cuts `wanted`, the factors in the new order, into blocks. Returns their number. */
static uint32_t find_blocks(block *blocks, const oc__onnx_factor *wanted, const oc__onnx_factor *memory, uint32_t n) {
    uint32_t n_blocks = 0, last = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = 0;
        while (memory[at].axis != wanted[i].axis || memory[at].step != wanted[i].step || memory[at].size != wanted[i].size)
            at++;
        if (i > 0 && at == last + 1) blocks[n_blocks - 1].size *= wanted[i].size;
        else blocks[n_blocks++] = (block){wanted[i].size, 0, at};
        last = at;
    }
    for (uint32_t i = 0; i < n_blocks; i++)
        for (uint32_t j = 0; j < n_blocks; j++) blocks[i].place += blocks[j].first < blocks[i].first;
    return n_blocks;
}

static oc_status reshape_node(uint32_t *node, oc__onnx_reader *r, uint32_t h, uint32_t w, uint32_t c, oc_error *err) {
    const oc__shape *s = &r->made[*node].shape;
    oc__node reshape = oc__onnx_node(OC__OP_RESHAPE, *node);
    if (s->h == h && s->w == w && s->c == c) return OC_OK;
    /* A side that stays is left open, so that the network runs on pictures of other sizes where it can. */
    bool same = s->h == h && s->w == w;
    reshape.sizes[0] = same ? 0 : h;
    reshape.sizes[1] = same ? 0 : w;
    reshape.sizes[2] = c;
    return oc__onnx_emit(node, r, &reshape, err);
}

/* Moves the blocks into the new order and gives the output its new shape. */
static oc_status move_blocks(uint32_t *node, oc__onnx_reader *r, const block *blocks, uint32_t n, const oc__shape *to,
                             oc_error *err) {
    uint32_t sizes[3] = {1, 1, 1}, order[3] = {0, 1, 2}, skip = n < 3 ? 3 - n : 0;
    const oc__shape *s = &r->made[*node].shape;
    for (uint32_t i = 0; i < n; i++) {
        sizes[skip + blocks[i].place] = blocks[i].size;
        order[skip + i] = skip + blocks[i].place;
    }
    bool in_pixel = sizes[0] == s->h * s->w && order[0] == 0 && to->h == s->h && to->w == s->w;
    if (in_pixel && order[1] == 2) { /* channels alone change places, as two groups */
        oc__node shuffle = oc__onnx_node(OC__OP_CHANNEL_SHUFFLE, *node);
        shuffle.groups = sizes[1];
        return oc__onnx_emit(node, r, &shuffle, err);
    }
    oc_status status = reshape_node(node, r, sizes[0], sizes[1], sizes[2], err);
    oc__node transpose = oc__onnx_node(OC__OP_TRANSPOSE, *node);
    memcpy(transpose.sizes, order, sizeof order);
    if (!status) status = oc__onnx_emit(node, r, &transpose, err);
    return status ? status : reshape_node(node, r, to->h, to->w, to->c, err);
}

/* The dimensions that are rows, columns and channels in the standard layout; -1: there is none. */
static void standard_dims(int out[3], uint32_t rank) {
    out[OC__ONNX_HEIGHT] = rank > 3 ? 2 : -1;
    out[OC__ONNX_WIDTH] = rank > 2 ? (int)rank - 1 : -1;
    out[OC__ONNX_CHANNEL] = rank > 1 ? 1 : rank == 1 ? 0 : -1;
}

oc_status oc__onnx_settle(oc__onnx_reader *r, oc__onnx_value *map, oc_error *err) {
    oc__onnx_factor wanted[OC__ONNX_MAX_FACTORS], memory[OC__ONNX_MAX_FACTORS];
    block blocks[OC__ONNX_MAX_FACTORS];
    uint32_t sizes[3] = {1, 1, 1}, n = 0;
    int dims[3];
    if (map->rank > 4 || (map->rank > 1 && map->dims[0] != 1))
        return oc__fail(err, OC_E_UNSUPPORTED, "takes a tensor of %u dimensions, which is no picture", map->rank);
    oc_status status = oc__onnx_plain(r, map, err);
    if (status) return status;
    standard_dims(dims, map->rank);
    for (int axis = 0; axis < 3; axis++) {
        if (dims[axis] < 0) continue;
        uint32_t first, count = oc__onnx_factors_of(&first, map, (uint32_t)dims[axis]);
        sizes[axis] = map->dims[dims[axis]];
        memcpy(wanted + n, map->factors + first, count * sizeof *wanted);
        n += count;
    }
    memcpy(memory, map->factors, map->n_factors * sizeof *memory);
    sort_factors(memory, n);
    oc__shape to = {1, sizes[OC__ONNX_CHANNEL], sizes[OC__ONNX_HEIGHT], sizes[OC__ONNX_WIDTH]};
    uint32_t n_blocks = find_blocks(blocks, wanted, memory, n), node = map->node;
    if (n_blocks > 3)
        return oc__fail(err, OC_E_UNSUPPORTED, "needs its input's elements in an order that would move more than three blocks");
    status = n_blocks > 1 ? move_blocks(&node, r, blocks, n_blocks, &to, err)
                          : reshape_node(&node, r, to.h, to.w, to.c, err);
    if (!status) oc__onnx_map(map, r, node, map->rank);
    return status;
}
