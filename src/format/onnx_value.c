/* The values of an ONNX file by name. SPDX-License-Identifier: MIT */
#include <string.h>

#include "hash.h"
#include "onnx_reader.h"

#define MAX_VALUES 262144

void oc__onnx_value_free(oc__onnx_reader *r, oc__onnx_value *value) {
    oc__free(r->context, value->floats);
    oc__free(r->context, value->integers);
    value->floats = NULL;
    value->integers = NULL;
}

/* Where the name stands in the table, or the empty place where it belongs. */
static size_t place_of(const oc__onnx_reader *r, const char *name) {
    size_t at = (size_t)oc__hash64(0, name, strlen(name)) & (r->table_size - 1);
    while (r->table[at] && strcmp(r->values[r->table[at] - 1].name, name) != 0) at = (at + 1) & (r->table_size - 1);
    return at;
}

oc__onnx_value *oc__onnx_find(const oc__onnx_reader *r, const char *name) {
    if (!r->table_size) return NULL;
    uint32_t index = r->table[place_of(r, name)];
    return index ? &r->values[index - 1] : NULL;
}

/* Keeps the table, whose size is a power of two, at most half full. */
static oc_status grow_table(oc__onnx_reader *r, oc_error *err) {
    if (2 * (r->n_values + 1) <= r->table_size) return OC_OK;
    size_t size = r->table_size ? 2 * r->table_size : 256;
    uint32_t *table = oc__alloc_zero(r->context, size * sizeof *table);
    if (!table) return oc__fail_nomem(err, r->context, size * sizeof *table, "ONNX values");
    oc__free(r->context, r->table);
    r->table = table;
    r->table_size = size;
    for (size_t i = 0; i < r->n_values; i++) r->table[place_of(r, r->values[i].name)] = (uint32_t)i + 1;
    return OC_OK;
}

oc_status oc__onnx_add_value(oc__onnx_reader *r, oc__onnx_value *value, oc_error *err) {
    oc_status status = OC_OK;
    if (r->n_values >= MAX_VALUES) status = oc__fail(err, OC_E_LIMIT, "has more than %d values", MAX_VALUES);
    if (!status) status = grow_table(r, err);
    if (!status && oc__onnx_find(r, value->name))
        status = oc__fail(err, OC_E_CORRUPT, "the value '%.80s' is made twice", value->name);
    if (!status) status = oc__reserve(&r->values, &r->value_capacity, r->n_values, sizeof *r->values, r->context, err);
    if (status) {
        oc__onnx_value_free(r, value);
        return status;
    }
    r->table[place_of(r, value->name)] = (uint32_t)r->n_values + 1;
    r->values[r->n_values++] = *value;
    return OC_OK;
}

size_t oc__onnx_product(const oc__onnx_value *value, uint32_t first, uint32_t end) {
    size_t count = 1;
    for (uint32_t i = first; i < end; i++)
        if (value->dims[i] == 0) return 0;
    if (!oc__shape_multiply(&count, value->dims + first, end - first, 1)) return SIZE_MAX;
    return count;
}

oc_status oc__onnx_constant(oc__onnx_reader *r, oc__onnx_value *value, bool whole, oc_error *err) {
    size_t count = oc__onnx_product(value, 0, value->rank), unit = whole ? sizeof(int64_t) : sizeof(float);
    if (count > r->budget / unit)
        return oc__fail(err, OC_E_LIMIT, "its constants take more memory than a file of this size may ask for");
    r->budget -= count * unit;
    void *memory = oc__alloc_zero(r->context, count * unit);
    if (!memory) return oc__fail_nomem(err, r->context, count * unit, "ONNX constant");
    value->kind = OC__ONNX_CONSTANT;
    value->count = count;
    if (whole) value->integers = memory;
    else value->floats = memory;
    return OC_OK;
}

oc_status oc__onnx_copy_constant(oc__onnx_reader *r, oc__onnx_value *out, const oc__onnx_value *in, oc_error *err) {
    oc_status status = oc__onnx_constant(r, out, in->integers != NULL, err);
    if (status) return status;
    if (out->count != in->count) {
        oc__onnx_value_free(r, out);
        return oc__fail(err, OC_E_CORRUPT, "%zu elements cannot become %zu", in->count, out->count);
    }
    if (in->integers) memcpy(out->integers, in->integers, in->count * sizeof *in->integers);
    else memcpy(out->floats, in->floats, in->count * sizeof *in->floats);
    return OC_OK;
}

double oc__onnx_element(const oc__onnx_value *constant, size_t index) {
    return constant->integers ? (double)constant->integers[index] : (double)constant->floats[index];
}

oc_status oc__onnx_axis(uint32_t *out, int64_t axis, uint32_t rank, oc_error *err) {
    if (axis < -(int64_t)rank || axis >= (int64_t)rank)
        return oc__fail(err, OC_E_CORRUPT, "axis %lld is out of range for %u dimensions", (long long)axis, rank);
    *out = (uint32_t)(axis < 0 ? axis + rank : axis);
    return OC_OK;
}
