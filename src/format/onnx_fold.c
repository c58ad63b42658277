/* Operators of ONNX files on constants: what exporters put around shapes and weights. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "onnx_reader.h"

static oc_status constants(const oc__onnx_call *call, size_t n, oc_error *err) {
    for (size_t i = 0; i < n; i++)
        if (i >= call->n_in || !call->in[i] || call->in[i]->kind != OC__ONNX_CONSTANT)
            return oc__fail(err, OC_E_CORRUPT, "its input %zu is not a constant", i);
    return OC_OK;
}

static oc_status not_too_large(const oc__onnx_value *out, size_t largest_input, oc_error *err) {
    size_t count = oc__onnx_product(out, 0, out->rank);
    if (count <= OC__ONNX_MAX_FOLDED || count <= largest_input) return OC_OK;
    return oc__fail(err, OC_E_LIMIT, "its constant result has %zu elements, at most %d", count, OC__ONNX_MAX_FOLDED);
}

oc_status oc__onnx_fold_constant(const oc__onnx_call *call, oc_error *err) {
    const OcOnnx__Attribute *value = oc__onnx_attribute(call->node, "value"), *a;
    oc__onnx_value *out = &call->out[0];
    if (value && value->t) return oc__onnx_tensor(call->reader, out, value->t, err);
    static const char *const names[] = {"value_float", "value_int", "value_floats", "value_ints"};
    size_t kind = 0;
    while (kind < 4 && !oc__onnx_attribute(call->node, names[kind])) kind++;
    if (kind == 4) return oc__fail(err, OC_E_UNSUPPORTED, "has no value that is read");
    a = oc__onnx_attribute(call->node, names[kind]);
    bool whole = kind % 2 == 1;
    out->rank = kind < 2 ? 0 : 1;
    size_t n = kind < 2 ? 1 : whole ? a->n_ints : a->n_floats;
    if (n > OC__MAX_DIMENSION) return oc__fail(err, OC_E_LIMIT, "has %zu elements", n);
    out->dims[0] = out->rank ? (uint32_t)n : 0;
    oc_status status = oc__onnx_constant(call->reader, out, whole, err);
    for (size_t i = 0; i < n && !status; i++)
        if (whole) out->integers[i] = out->rank ? a->ints[i] : a->i;
        else out->floats[i] = out->rank ? a->floats[i] : a->f;
    return status;
}

/* Dimensions from a constant of whole numbers. */
static oc_status dims_from(oc__onnx_value *out, const oc__onnx_value *numbers, oc_error *err) {
    if (!numbers->integers || numbers->count > OC__ONNX_MAX_RANK)
        return oc__fail(err, OC_E_UNSUPPORTED, "its shape has %zu dimensions", numbers->count);
    out->rank = (uint32_t)numbers->count;
    for (uint32_t d = 0; d < out->rank; d++) {
        if (numbers->integers[d] < 0 || numbers->integers[d] > OC__MAX_DIMENSION)
            return oc__fail(err, OC_E_CORRUPT, "dimension %u of its shape is %lld", d, (long long)numbers->integers[d]);
        out->dims[d] = (uint32_t)numbers->integers[d];
    }
    return OC_OK;
}

/* ConstantOfShape. */
oc_status oc__onnx_fold_fill(const oc__onnx_call *call, oc_error *err) {
    const OcOnnx__Attribute *a = oc__onnx_attribute(call->node, "value");
    oc__onnx_value value = {0}, *out = &call->out[0];
    oc_status status = constants(call, 1, err);
    if (!status && a && a->t) status = oc__onnx_tensor(call->reader, &value, a->t, err);
    if (!status && a && a->t && value.count != 1) status = oc__fail(err, OC_E_CORRUPT, "its value is not one number");
    if (!status) status = dims_from(out, call->in[0], err);
    if (!status) status = not_too_large(out, 0, err);
    if (!status) status = oc__onnx_constant(call->reader, out, value.integers != NULL, err);
    for (size_t i = 0; !status && i < out->count; i++)
        if (value.integers) out->integers[i] = value.integers[0];
        else out->floats[i] = value.floats ? value.floats[0] : 0;
    oc__onnx_value_free(call->reader, &value);
    return status;
}

oc_status oc__onnx_fold_cast(const oc__onnx_call *call, oc_error *err) {
    int64_t to = oc__onnx_int(call->node, "to", 0);
    oc__onnx_value *out = &call->out[0];
    oc_status status = constants(call, 1, err);
    if (status) return status;
    const oc__onnx_value *in = call->in[0];
    bool whole = to == 2 || to == 3 || to == 6 || to == 7 || to == 9; /* see the types in onnx_tensor.c */
    if (!whole && to != 1 && to != 10 && to != 11 && to != 16)
        return oc__fail(err, OC_E_UNSUPPORTED, "casts to the type %lld", (long long)to);
    out->rank = in->rank;
    memcpy(out->dims, in->dims, sizeof out->dims);
    status = oc__onnx_constant(call->reader, out, whole, err);
    for (size_t i = 0; i < in->count && !status; i++) {
        double value = oc__onnx_element(in, i);
        if (!whole) out->floats[i] = (float)value;
        else if (to == 9) out->integers[i] = value != 0;
        else if (in->integers) out->integers[i] = in->integers[i];
        else if (value >= -9e18 && value <= 9e18) out->integers[i] = (int64_t)value;
        else status = oc__fail(err, OC_E_CORRUPT, "casts %zu, which is no whole number", i);
    }
    if (status) oc__onnx_value_free(call->reader, out);
    return status;
}

/* Which element of `in` meets element `index` of the broadcast `out`. */
static size_t broadcast_index(const oc__onnx_value *out, const oc__onnx_value *in, size_t index) {
    size_t at = 0, step = 1;
    for (uint32_t d = out->rank; d-- > 0; index /= out->dims[d]) {
        if (d + in->rank < out->rank) break;
        uint32_t size = in->dims[d + in->rank - out->rank];
        if (size > 1) at += index % out->dims[d] * step;
        step *= size;
    }
    return at;
}

static bool integer_result(int64_t *out, char op, int64_t a, int64_t b) {
    switch (op) {
    case 'A': return !__builtin_add_overflow(a, b, out);
    case 'S': return !__builtin_sub_overflow(a, b, out);
    case 'M': return !__builtin_mul_overflow(a, b, out);
    default:
        if (b == 0 || (a == INT64_MIN && b == -1)) return false;
        *out = a / b;
        return true;
    }
}

oc_status oc__onnx_fold_binary(const oc__onnx_call *call, oc_error *err) {
    char op = call->node->op_type[0];
    oc__onnx_value *out = &call->out[0];
    oc_status status = constants(call, 2, err);
    if (status) return status;
    const oc__onnx_value *a = call->in[0], *b = call->in[1];
    out->rank = a->rank > b->rank ? a->rank : b->rank;
    for (uint32_t d = 0; d < out->rank; d++) {
        uint32_t x = d + a->rank < out->rank ? 1 : a->dims[d + a->rank - out->rank];
        uint32_t y = d + b->rank < out->rank ? 1 : b->dims[d + b->rank - out->rank];
        if (x != y && x != 1 && y != 1) return oc__fail(err, OC_E_CORRUPT, "its inputs have %u and %u along a dimension", x, y);
        out->dims[d] = x == 1 ? y : x;
    }
    status = not_too_large(out, a->count > b->count ? a->count : b->count, err);
    bool whole = a->integers && b->integers;
    if (!status) status = oc__onnx_constant(call->reader, out, whole, err);
    for (size_t i = 0; !status && i < out->count; i++) {
        size_t x = broadcast_index(out, a, i), y = broadcast_index(out, b, i);
        if (whole) {
            if (!integer_result(&out->integers[i], op, a->integers[x], b->integers[y]))
                status = oc__fail(err, OC_E_CORRUPT, "a whole number overflows or is divided by 0");
            continue;
        }
        double u = oc__onnx_element(a, x), v = oc__onnx_element(b, y);
        out->floats[i] = (float)(op == 'A' ? u + v : op == 'S' ? u - v : op == 'M' ? u * v : u / v);
    }
    if (status) oc__onnx_value_free(call->reader, out);
    return status;
}

oc_status oc__onnx_fold_unary(const oc__onnx_call *call, oc_error *err) {
    const char *op = call->node->op_type;
    oc__onnx_value *out = &call->out[0];
    oc_status status = constants(call, 1, err);
    if (status) return status;
    const oc__onnx_value *in = call->in[0];
    out->rank = in->rank;
    memcpy(out->dims, in->dims, sizeof out->dims);
    status = oc__onnx_copy_constant(call->reader, out, in, err);
    if (status || in->integers) return status; /* floor and ceiling of whole numbers; the others are of floats alone */
    for (size_t i = 0; i < out->count; i++) {
        float x = in->floats[i];
        out->floats[i] = strcmp(op, "Floor") == 0  ? floorf(x)
                         : strcmp(op, "Ceil") == 0 ? ceilf(x)
                         : strcmp(op, "Sqrt") == 0 ? sqrtf(x)
                         : strcmp(op, "Neg") == 0  ? -x
                                                   : 1 / x;
    }
    return OC_OK;
}

oc_status oc__onnx_fold_transpose(const oc__onnx_call *call, oc_error *err) {
    const OcOnnx__Attribute *perm = oc__onnx_attribute(call->node, "perm");
    oc__onnx_value *out = &call->out[0];
    const oc__onnx_value *in = call->in[0];
    size_t steps[OC__ONNX_MAX_RANK], step = 1;
    for (uint32_t d = in->rank; d-- > 0; step *= in->dims[d]) steps[d] = step;
    uint32_t order[OC__ONNX_MAX_RANK] = {0};
    out->rank = in->rank;
    for (uint32_t d = 0; d < in->rank; d++) {
        order[d] = perm ? (uint32_t)perm->ints[d] : in->rank - 1 - d;
        out->dims[d] = in->dims[order[d]];
    }
    oc_status status = oc__onnx_constant(call->reader, out, in->integers != NULL, err);
    for (size_t i = 0; !status && i < out->count; i++) {
        size_t from = 0, rest = i;
        for (uint32_t d = out->rank; d-- > 0; rest /= out->dims[d]) from += rest % out->dims[d] * steps[order[d]];
        if (in->integers) out->integers[i] = in->integers[from];
        else out->floats[i] = in->floats[from];
    }
    return status;
}

oc_status oc__onnx_fold_concat(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_value *out = &call->out[0];
    uint32_t dim = 0;
    uint64_t total = 0;
    oc_status status = constants(call, call->n_in, err);
    if (!status) status = oc__onnx_axis(&dim, oc__onnx_int(call->node, "axis", 1), call->in[0]->rank, err);
    if (status) return status;
    const oc__onnx_value *first = call->in[0];
    for (size_t i = 0; i < call->n_in; i++) {
        const oc__onnx_value *in = call->in[i];
        if (in->rank != first->rank || !in->integers != !first->integers)
            return oc__fail(err, OC_E_CORRUPT, "its inputs are of different kinds");
        for (uint32_t d = 0; d < in->rank; d++)
            if (d != dim && in->dims[d] != first->dims[d]) return oc__fail(err, OC_E_CORRUPT, "its inputs do not fit together");
        total += in->dims[dim];
    }
    out->rank = first->rank;
    memcpy(out->dims, first->dims, sizeof out->dims);
    if (total > OC__MAX_DIMENSION) return oc__fail(err, OC_E_LIMIT, "its result is too large");
    out->dims[dim] = (uint32_t)total;
    status = not_too_large(out, 0, err);
    if (!status) status = oc__onnx_constant(call->reader, out, first->integers != NULL, err);
    if (status) return status;
    size_t rows = oc__onnx_product(out, 0, dim), row = rows ? out->count / rows : 0, at = 0;
    for (size_t i = 0; i < call->n_in; i++) {
        const oc__onnx_value *in = call->in[i];
        size_t part = rows ? in->count / rows : 0;
        for (size_t k = 0; k < rows * part; k++) {
            size_t to = k / part * row + at + k % part;
            if (in->integers) out->integers[to] = in->integers[k];
            else out->floats[to] = in->floats[k];
        }
        at += part;
    }
    return OC_OK;
}

oc_status oc__onnx_fold_gather(const oc__onnx_call *call, oc_error *err) {
    oc__onnx_value *out = &call->out[0];
    uint32_t dim = 0;
    oc_status status = constants(call, 2, err);
    if (!status) status = oc__onnx_axis(&dim, oc__onnx_int(call->node, "axis", 0), call->in[0]->rank, err);
    if (status) return status;
    const oc__onnx_value *in = call->in[0], *at = call->in[1];
    if (!at->integers || in->rank + at->rank - 1 > OC__ONNX_MAX_RANK)
        return oc__fail(err, OC_E_UNSUPPORTED, "its indices are not whole numbers of few dimensions");
    for (uint32_t d = 0; d < dim; d++) out->dims[out->rank++] = in->dims[d];
    for (uint32_t d = 0; d < at->rank; d++) out->dims[out->rank++] = at->dims[d];
    for (uint32_t d = dim + 1; d < in->rank; d++) out->dims[out->rank++] = in->dims[d];
    status = not_too_large(out, 0, err);
    if (!status) status = oc__onnx_constant(call->reader, out, in->integers != NULL, err);
    size_t inner = oc__onnx_product(in, dim + 1, in->rank);
    for (size_t i = 0; !status && i < out->count; i++) {
        int64_t index = at->integers[i / inner % at->count];
        index = index < 0 && index >= -(int64_t)in->dims[dim] ? index + in->dims[dim] : index;
        if (index < 0 || index >= (int64_t)in->dims[dim]) {
            status = oc__fail(err, OC_E_CORRUPT, "its index %lld is out of range", (long long)index);
            break;
        }
        size_t from = (i / inner / at->count * in->dims[dim] + (size_t)index) * inner + i % inner;
        if (in->integers) out->integers[i] = in->integers[from];
        else out->floats[i] = in->floats[from];
    }
    if (status) oc__onnx_value_free(call->reader, out);
    return status;
}
