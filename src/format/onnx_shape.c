/* Shapes and the order of elements in ONNX files; constants and maps alike. SPDX-License-Identifier: MIT */
#include <string.h>

#include "onnx_reader.h"

static oc_status need_input(const oc__onnx_value **out, const oc__onnx_call *call, oc_error *err) {
    *out = call->n_in ? call->in[0] : NULL;
    return *out ? OC_OK : oc__fail(err, OC_E_CORRUPT, "has no input");
}

/* out[0]: the same elements with the dimensions in `dims`. */
static oc_status with_dims(const oc__onnx_call *call, const oc__onnx_value *in, uint32_t rank, const uint32_t *dims,
                           oc_error *err) {
    oc__onnx_value out = {.name = call->out[0].name, .rank = rank};
    oc_status status;
    memcpy(out.dims, dims, rank * sizeof *dims);
    if (oc__onnx_product(&out, 0, rank) != oc__onnx_product(in, 0, in->rank))
        return oc__fail(err, OC_E_CORRUPT, "its result has %zu elements, its input %zu", oc__onnx_product(&out, 0, rank),
                        oc__onnx_product(in, 0, in->rank));
    if (in->kind == OC__ONNX_CONSTANT) {
        status = oc__onnx_copy_constant(call->reader, &out, in, err);
    } else {
        out = *in;
        out.name = call->out[0].name;
        status = oc__onnx_regroup(&out, rank, dims, err);
    }
    if (!status) call->out[0] = out;
    return status;
}

oc_status oc__onnx_identity(const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *in;
    oc_status status = need_input(&in, call, err);
    return status ? status : with_dims(call, in, in->rank, in->dims, err);
}

/* The dimensions that `wanted` asks for: 0 takes the input's, -1 what is left. */
static oc_status resolve(uint32_t *dims, const int64_t *wanted, size_t n, const oc__onnx_value *in, bool zero_is_zero,
                         oc_error *err) {
    size_t known = 1, total = oc__onnx_product(in, 0, in->rank), open = n;
    for (size_t i = 0; i < n; i++) {
        int64_t d = wanted[i] == 0 && !zero_is_zero ? (i < in->rank ? (int64_t)in->dims[i] : -2) : wanted[i];
        if (d == -1 && open == n) {
            open = i;
            continue;
        }
        if (d < 0 || d > OC__MAX_DIMENSION || (d && known > SIZE_MAX / (size_t)d))
            return oc__fail(err, OC_E_CORRUPT, "dimension %zu of its result is %lld", i, (long long)wanted[i]);
        dims[i] = (uint32_t)d;
        known *= (size_t)d;
    }
    if (open < n) {
        if (known == 0 || total % known || total / known > OC__MAX_DIMENSION)
            return oc__fail(err, OC_E_CORRUPT, "%zu elements cannot be divided by %zu", total, known);
        dims[open] = (uint32_t)(total / known);
    }
    return OC_OK;
}

static oc_status flatten_dims(uint32_t *n, uint32_t *dims, const oc__onnx_call *call, const oc__onnx_value *in, oc_error *err) {
    int64_t axis = oc__onnx_int(call->node, "axis", 1);
    if (axis < -(int64_t)in->rank || axis > (int64_t)in->rank)
        return oc__fail(err, OC_E_CORRUPT, "axis %lld is out of range for %u dimensions", (long long)axis, in->rank);
    uint32_t at = (uint32_t)(axis < 0 ? axis + in->rank : axis);
    size_t before = oc__onnx_product(in, 0, at), after = oc__onnx_product(in, at, in->rank);
    if (before > OC__MAX_DIMENSION || after > OC__MAX_DIMENSION) return oc__fail(err, OC_E_LIMIT, "its result is too large");
    *n = 2;
    dims[0] = (uint32_t)before;
    dims[1] = (uint32_t)after;
    return OC_OK;
}

/* Takes dimensions of 1 away, or puts them in. */
static oc_status squeeze_dims(uint32_t *n, uint32_t *dims, const oc__onnx_call *call, const oc__onnx_value *in, bool put,
                              oc_error *err) {
    int64_t axes[OC__ONNX_MAX_RANK];
    bool named[OC__ONNX_MAX_RANK] = {false};
    size_t n_axes;
    uint32_t at = 0;
    oc_status status = oc__onnx_ints(axes, &n_axes, OC__ONNX_MAX_RANK, call, "axes", 1, 13, err);
    uint32_t rank = put ? in->rank + (uint32_t)n_axes : in->rank;
    if (!status && (rank > OC__ONNX_MAX_RANK || (put && n_axes == 0)))
        status = oc__fail(err, OC_E_UNSUPPORTED, "its result has %u dimensions", rank);
    for (size_t i = 0; i < n_axes && !status; i++) {
        uint32_t d = 0;
        status = oc__onnx_axis(&d, axes[i], rank, err);
        if (!status && (named[d] || (!put && in->dims[d] != 1)))
            status = oc__fail(err, OC_E_CORRUPT, "axis %u is named twice or not of size 1", d);
        named[d] = true;
    }
    if (status) return status;
    *n = 0;
    for (uint32_t d = 0; d < rank; d++)
        if (put) dims[(*n)++] = named[d] ? 1 : in->dims[at++];
        else if (n_axes ? !named[d] : in->dims[d] != 1) dims[(*n)++] = in->dims[d];
    return OC_OK;
}

oc_status oc__onnx_reshape(const oc__onnx_call *call, oc_error *err) {
    const char *op = call->node->op_type;
    const oc__onnx_value *in;
    uint32_t dims[OC__ONNX_MAX_RANK], n = 0;
    int64_t wanted[OC__ONNX_MAX_RANK];
    size_t count = 0;
    oc_status status = need_input(&in, call, err);
    if (status) return status;
    if (strcmp(op, "Flatten") == 0) status = flatten_dims(&n, dims, call, in, err);
    else if (strcmp(op, "Reshape") != 0) status = squeeze_dims(&n, dims, call, in, strcmp(op, "Unsqueeze") == 0, err);
    else {
        status = oc__onnx_ints(wanted, &count, OC__ONNX_MAX_RANK, call, "shape", 1, 5, err);
        if (!status) status = resolve(dims, wanted, count, in, oc__onnx_int(call->node, "allowzero", 0) != 0, err);
        n = (uint32_t)count;
    }
    return status ? status : with_dims(call, in, n, dims, err);
}

oc_status oc__onnx_transpose(const oc__onnx_call *call, oc_error *err) {
    const OcOnnx__Attribute *perm = oc__onnx_attribute(call->node, "perm");
    const oc__onnx_value *in;
    uint32_t order[OC__ONNX_MAX_RANK];
    bool seen[OC__ONNX_MAX_RANK] = {false};
    oc_status status = need_input(&in, call, err);
    if (status) return status;
    if (perm && perm->n_ints != in->rank)
        return oc__fail(err, OC_E_CORRUPT, "its perm has %zu numbers for %u dimensions", perm->n_ints, in->rank);
    for (uint32_t d = 0; d < in->rank; d++) {
        int64_t from = perm ? perm->ints[d] : (int64_t)in->rank - 1 - d;
        if (from < 0 || from >= (int64_t)in->rank || seen[from])
            return oc__fail(err, OC_E_CORRUPT, "its perm is no permutation");
        seen[from] = true;
        order[d] = (uint32_t)from;
    }
    call->out[0] = (oc__onnx_value){.name = call->out[0].name};
    if (in->kind == OC__ONNX_CONSTANT) return oc__onnx_fold_transpose(call, err);
    const char *name = call->out[0].name;
    call->out[0] = *in;
    call->out[0].name = name;
    oc__onnx_permute(&call->out[0], order);
    return OC_OK;
}

oc_status oc__onnx_shape(const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *in;
    oc_status status = need_input(&in, call, err);
    if (status) return status;
    int64_t start = oc__onnx_int(call->node, "start", 0), end = oc__onnx_int(call->node, "end", in->rank);
    start = start < 0 ? start + in->rank : start;
    end = end < 0 ? end + in->rank : end;
    start = start < 0 ? 0 : start > (int64_t)in->rank ? (int64_t)in->rank : start;
    end = end < start ? start : end > (int64_t)in->rank ? (int64_t)in->rank : end;
    oc__onnx_value *out = &call->out[0];
    out->rank = 1;
    out->dims[0] = (uint32_t)(end - start);
    if ((status = oc__onnx_constant(call->reader, out, true, err))) return status;
    for (int64_t d = start; d < end; d++) out->integers[d - start] = in->dims[d];
    return OC_OK;
}

/* Whether dimension `dim` of the map is all channels. One channel is none of its factors. */
static bool is_channels(const oc__onnx_reader *r, const oc__onnx_value *map, uint32_t dim) {
    uint32_t axis = 0;
    return oc__onnx_whole_axis(&axis, r, map, dim) && axis == OC__ONNX_CHANNEL;
}

/* Whether the inputs can be joined as they lie: channels along `dim`, and the same along the others. */
static bool joinable(const oc__onnx_reader *r, const oc__onnx_value *maps, size_t n, uint32_t dim) {
    for (size_t i = 0; i < n; i++) {
        const oc__onnx_value *a = &maps[0], *b = &maps[i];
        if (!is_channels(r, b, dim) || a->n_factors != b->n_factors) return false;
        for (uint32_t f = 0; f < a->n_factors; f++) {
            const oc__onnx_factor *x = &a->factors[f], *y = &b->factors[f];
            if (x->axis != y->axis || (x->axis != OC__ONNX_CHANNEL && (x->size != y->size || x->step != y->step))) return false;
        }
    }
    return true;
}

/* Joins nodes along the channels, as many at a time as a node of ours takes. */
static oc_status join(uint32_t *out, oc__onnx_reader *r, const oc__onnx_value *maps, size_t n, oc_error *err) {
    oc__node node = oc__onnx_node(OC__OP_CONCAT, maps[0].node);
    oc_status status = OC_OK;
    *out = maps[0].node;
    for (size_t at = 1; at < n && !status; at += OC__MAX_INPUTS - 1) {
        size_t more = n - at < OC__MAX_INPUTS - 1 ? n - at : OC__MAX_INPUTS - 1;
        node.n_inputs = (uint32_t)more + 1;
        node.inputs[0] = *out;
        for (size_t i = 0; i < more; i++) node.inputs[i + 1] = maps[at + i].node;
        status = oc__onnx_emit(out, r, &node, err);
    }
    return status;
}

oc_status oc__onnx_concat(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    const oc__onnx_value *in;
    uint32_t dim = 0, first, node;
    oc_status status = need_input(&in, call, err);
    if (!status) status = oc__onnx_axis(&dim, oc__onnx_int(call->node, "axis", 1), in->rank, err);
    if (status) return status;
    oc__onnx_value *maps = oc__alloc_array(r->context, call->n_in, sizeof *maps);
    if (!maps) return oc__fail_nomem(err, r->context, call->n_in * sizeof *maps, "ONNX values");
    uint64_t total = 0;
    for (size_t i = 0; i < call->n_in && !status; i++) {
        const oc__onnx_value *value = call->in[i];
        if (!value || value->kind != OC__ONNX_MAP || value->rank != in->rank) {
            status = oc__fail(err, OC_E_UNSUPPORTED, "its input %zu is a constant or of other dimensions", i);
            break;
        }
        for (uint32_t d = 0; d < in->rank; d++)
            if (d != dim && value->dims[d] != in->dims[d])
                status =
                    oc__fail(err, OC_E_CORRUPT, "its inputs have %u and %u along dimension %u", in->dims[d], value->dims[d], d);
        maps[i] = *value;
        total += value->dims[dim];
        if (!status) status = oc__onnx_plain(r, &maps[i], err);
    }
    if (!status && !joinable(r, maps, call->n_in, dim)) {
        for (size_t i = 0; i < call->n_in && !status; i++) status = oc__onnx_settle(r, &maps[i], err);
        if (!status && (in->rank < 2 || dim != 1))
            status = oc__fail(err, OC_E_UNSUPPORTED, "joins along dimension %u, which is not the channels", dim);
        if (!status) status = join(&node, r, maps, call->n_in, err);
        if (!status) oc__onnx_map(&call->out[0], r, node, in->rank);
    } else if (!status && !(status = join(&node, r, maps, call->n_in, err))) {
        oc__onnx_value out = maps[0];
        oc__onnx_factors_of(&first, &out, dim);
        out.name = call->out[0].name;
        out.node = node;
        out.dims[dim] = out.factors[first].size = (uint32_t)total;
        call->out[0] = out;
    }
    oc__free(r->context, maps);
    return status;
}

typedef struct cut {
    int64_t begin, end, step;
} cut;

static uint32_t left_of(const cut *c) {
    int64_t step = c->step < 0 ? -c->step : c->step, way = c->step < 0 ? c->begin - c->end : c->end - c->begin;
    return (uint32_t)((way + step - 1) / step);
}

static bool is_cut(const oc__onnx_value *map, const cut *cuts, uint32_t d) {
    return cuts[d].begin != 0 || cuts[d].end != map->dims[d] || cuts[d].step != 1;
}

/* Whether every dimension that is cut is an axis of the picture. */
static bool cuts_axes(const oc__onnx_reader *r, const oc__onnx_value *map, const cut *cuts) {
    uint32_t axis;
    for (uint32_t d = 0; d < map->rank; d++)
        if (is_cut(map, cuts, d) && !oc__onnx_whole_axis(&axis, r, map, d)) return false;
    return true;
}

/* out[index] becomes the part of the map that the cuts of its dimensions leave. */
static oc_status cut_map(const oc__onnx_call *call, size_t index, const oc__onnx_value *in, const cut *cuts, oc_error *err) {
    oc__onnx_reader *r = call->reader;
    oc__onnx_value map = *in;
    oc_status status = oc__onnx_plain(r, &map, err);
    if (!status && !cuts_axes(r, &map, cuts)) {
        status = oc__onnx_settle(r, &map, err);
        if (!status && !cuts_axes(r, &map, cuts))
            status = oc__fail(err, OC_E_UNSUPPORTED, "cuts a dimension that is no axis of the picture");
    }
    if (status) return status;
    oc__node node = oc__onnx_node(OC__OP_SLICE, map.node);
    for (int axis = 0; axis < 3; axis++) node.sizes[3 * axis + 1] = OC__REST, node.sizes[3 * axis + 2] = 1;
    for (uint32_t d = 0; d < map.rank; d++) {
        uint32_t axis = 0, first;
        if (!is_cut(&map, cuts, d)) continue;
        oc__onnx_whole_axis(&axis, r, &map, d);
        uint32_t *to = &node.sizes[3 * axis];
        to[0] = (uint32_t)cuts[d].begin;
        to[1] = cuts[d].end == map.dims[d] ? OC__REST : (uint32_t)cuts[d].end;
        to[2] = (uint32_t)cuts[d].step;
        oc__onnx_factors_of(&first, &map, d);
        map.dims[d] = map.factors[first].size = left_of(&cuts[d]);
        if (map.dims[d] > 1) continue;
        memmove(map.factors + first, map.factors + first + 1, (map.n_factors - first - 1) * sizeof *map.factors);
        map.n_factors--;
    }
    status = oc__onnx_emit(&map.node, r, &node, err);
    map.name = call->out[index].name;
    if (!status) call->out[index] = map;
    return status;
}

/* A place that may count from the end of `size`, kept between two bounds. */
static int64_t bounded(int64_t place, int64_t size, int64_t low, int64_t high) {
    place = place < 0 && place >= -size ? place + size : place;
    return place < low ? low : place > high ? high : place;
}

/* The cuts of a Slice: from attributes before opset 10, then from inputs. */
static oc_status slice_cuts(cut *cuts, const oc__onnx_call *call, const oc__onnx_value *in, oc_error *err) {
    enum { MOST = OC__ONNX_MAX_RANK };
    int64_t starts[MOST], ends[MOST], axes[MOST], steps[MOST];
    size_t n, n_ends, n_axes, n_steps;
    oc_status status = oc__onnx_ints(starts, &n, MOST, call, "starts", 1, 10, err);
    if (!status) status = oc__onnx_ints(ends, &n_ends, MOST, call, "ends", 2, 10, err);
    if (!status) status = oc__onnx_ints(axes, &n_axes, MOST, call, "axes", 3, 10, err);
    if (!status) status = oc__onnx_ints(steps, &n_steps, MOST, call, "steps", 4, 10, err);
    if (!status && (n == 0 || n_ends != n || (n_axes && n_axes != n) || (n_steps && n_steps != n)))
        status = oc__fail(err, OC_E_CORRUPT, "its starts, ends, axes and steps differ in number");
    for (uint32_t d = 0; d < in->rank; d++) cuts[d] = (cut){0, in->dims[d], 1};
    for (size_t i = 0; i < n && !status; i++) {
        uint32_t d = 0;
        status = oc__onnx_axis(&d, n_axes ? axes[i] : (int64_t)i, in->rank, err);
        if (status) break;
        int64_t size = in->dims[d], step = n_steps ? steps[i] : 1;
        if (step == 0 || step < -OC__ONNX_MAX_STEP || step > OC__ONNX_MAX_STEP) {
            status = oc__fail(err, OC_E_UNSUPPORTED, "walks in steps of %lld", (long long)step);
            break;
        }
        /* Backwards, the first may be the last element and the end may lie before the first. */
        int64_t low = step < 0 ? -1 : 0, high = step < 0 ? size - 1 : size;
        int64_t begin = bounded(starts[i], size, low < 0 ? 0 : low, high), end = bounded(ends[i], size, low, high);
        cuts[d] = (cut){begin, (end - begin) * (step < 0 ? -1 : 1) < 0 ? begin : end, step};
    }
    return status;
}

oc_status oc__onnx_slice(const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *in;
    cut cuts[OC__ONNX_MAX_RANK];
    oc_status status = need_input(&in, call, err);
    if (!status) status = slice_cuts(cuts, call, in, err);
    if (status) return status;
    oc__onnx_value shape = {.rank = in->rank};
    for (uint32_t d = 0; d < in->rank; d++) shape.dims[d] = left_of(&cuts[d]);
    if (in->kind == OC__ONNX_MAP) {
        for (uint32_t d = 0; d < in->rank; d++)
            if (cuts[d].step < 1) return oc__fail(err, OC_E_UNSUPPORTED, "turns the picture around");
        if (oc__onnx_product(&shape, 0, shape.rank) == 0) return oc__fail(err, OC_E_UNSUPPORTED, "leaves nothing");
        return cut_map(call, 0, in, cuts, err);
    }
    shape.name = call->out[0].name;
    status = oc__onnx_constant(call->reader, &shape, in->integers != NULL, err);
    if (status) return status;
    for (size_t i = 0; i < shape.count; i++) {
        size_t from = 0, rest = i, step = 1;
        for (uint32_t d = in->rank; d-- > 0; rest /= shape.dims[d], step *= in->dims[d])
            from += (size_t)(cuts[d].begin + (int64_t)(rest % shape.dims[d]) * cuts[d].step) * step;
        if (in->integers) shape.integers[i] = in->integers[from];
        else shape.floats[i] = in->floats[from];
    }
    call->out[0] = shape;
    return OC_OK;
}

oc_status oc__onnx_split(const oc__onnx_call *call, oc_error *err) {
    const oc__onnx_value *in;
    cut cuts[OC__ONNX_MAX_RANK];
    int64_t sizes[OC__ONNX_MAX_OUTPUTS], at = 0;
    size_t n;
    uint32_t dim = 0;
    oc_status status = need_input(&in, call, err);
    if (!status && in->kind != OC__ONNX_MAP) status = oc__fail(err, OC_E_UNSUPPORTED, "splits a constant");
    if (!status) status = oc__onnx_axis(&dim, oc__onnx_int(call->node, "axis", 0), in->rank, err);
    if (!status) status = oc__onnx_ints(sizes, &n, OC__ONNX_MAX_OUTPUTS, call, "split", 1, 13, err);
    if (status) return status;
    if (n == 0) {
        int64_t part = ((int64_t)in->dims[dim] + (int64_t)call->n_out - 1) / (int64_t)call->n_out;
        for (size_t i = 0; i < call->n_out; i++, n++)
            sizes[i] = in->dims[dim] - part * (int64_t)i < part ? in->dims[dim] - part * (int64_t)i : part;
    }
    if (n != call->n_out) return oc__fail(err, OC_E_CORRUPT, "has %zu outputs and %zu sizes", call->n_out, n);
    for (size_t i = 0; i < n && !status; i++) {
        for (uint32_t d = 0; d < in->rank; d++) cuts[d] = (cut){0, in->dims[d], 1};
        if (sizes[i] < 1 || sizes[i] > in->dims[dim] - at)
            return oc__fail(err, OC_E_CORRUPT, "its part %zu has the size %lld", i, (long long)sizes[i]);
        cuts[dim].begin = at;
        cuts[dim].end = at += sizes[i];
        status = cut_map(call, i, in, cuts, err);
    }
    return status;
}
