/* Tensors and attributes of an ONNX file. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "half.h"
#include "onnx_reader.h"

/* The element types that are read, by their numbers in the format. */
enum { FLOAT = 1, UINT8 = 2, INT8 = 3, INT32 = 6, INT64 = 7, BOOL = 9, FLOAT16 = 10, DOUBLE = 11, BFLOAT16 = 16 };

static bool is_whole(int32_t type) { return type == UINT8 || type == INT8 || type == INT32 || type == INT64 || type == BOOL; }

/* Bytes of an element in raw_data; 0: not a type that is read. */
static size_t size_of(int32_t type) {
    switch (type) {
    case UINT8: case INT8: case BOOL: return 1;
    case FLOAT16: case BFLOAT16: return 2;
    case FLOAT: case INT32: return 4;
    case INT64: case DOUBLE: return 8;
    default: return 0;
    }
}

static uint64_t little(const uint8_t *bytes, size_t n) {
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The element whose bits are the low ones of `bits`. */
static void put(oc__onnx_value *out, size_t i, int32_t type, uint64_t bits) {
    double value;
    switch (type) {
    case FLOAT: out->floats[i] = float_of((uint32_t)bits); break;
    case FLOAT16: out->floats[i] = oc__half_to_float((uint16_t)bits); break;
    case BFLOAT16: out->floats[i] = float_of((uint32_t)(bits << 16)); break;
    case DOUBLE:
        memcpy(&value, &bits, sizeof value);
        out->floats[i] = (float)value;
        break;
    case INT8: out->integers[i] = (int8_t)bits; break;
    case UINT8: out->integers[i] = (uint8_t)bits; break;
    case BOOL: out->integers[i] = (bits & 0xFF) != 0; break;
    case INT32: out->integers[i] = (int32_t)bits; break;
    default: out->integers[i] = (int64_t)bits; break;
    }
}

static oc_status wrong_size(size_t has, size_t count, oc_error *err) {
    return oc__fail(err, OC_E_CORRUPT, "a tensor of %zu elements holds %zu", count, has);
}

static oc_status read_raw(oc__onnx_value *out, const OcOnnx__Tensor *t, oc_error *err) {
    size_t unit = size_of(t->data_type);
    if (t->raw_data.len / unit != out->count || t->raw_data.len % unit)
        return oc__fail(err, OC_E_CORRUPT, "a tensor of %zu elements of %zu bytes has %zu bytes", out->count, unit,
                        t->raw_data.len);
    for (size_t i = 0; i < out->count; i++) put(out, i, t->data_type, little(t->raw_data.data + i * unit, unit));
    return OC_OK;
}

/* Each type has its field; halves and small integers stand in int32_data. */
static oc_status read_fields(oc__onnx_value *out, const OcOnnx__Tensor *t, oc_error *err) {
    size_t n = t->data_type == FLOAT    ? t->n_float_data
               : t->data_type == DOUBLE ? t->n_double_data
               : t->data_type == INT64  ? t->n_int64_data
                                        : t->n_int32_data;
    if (n != out->count) return wrong_size(n, out->count, err);
    for (size_t i = 0; i < n; i++)
        if (t->data_type == FLOAT) out->floats[i] = t->float_data[i];
        else if (t->data_type == DOUBLE) out->floats[i] = (float)t->double_data[i];
        else if (t->data_type == INT64) out->integers[i] = t->int64_data[i];
        else put(out, i, t->data_type, (uint32_t)t->int32_data[i]);
    return OC_OK;
}

oc_status oc__onnx_tensor(oc__onnx_reader *r, oc__onnx_value *out, const OcOnnx__Tensor *t, oc_error *err) {
    if (t->n_external_data || t->data_location)
        return oc__fail(err, OC_E_UNSUPPORTED,
                        "a tensor's data are in another file, which is never opened; save the network as one file");
    if (!size_of(t->data_type))
        return oc__fail(err, OC_E_UNSUPPORTED, "a tensor has elements of type %d, which is not read", (int)t->data_type);
    if (t->n_dims > OC__ONNX_MAX_RANK)
        return oc__fail(err, OC_E_UNSUPPORTED, "a tensor has %zu dimensions, at most %d", t->n_dims, OC__ONNX_MAX_RANK);
    out->rank = (uint32_t)t->n_dims;
    for (size_t i = 0; i < t->n_dims; i++) {
        if (t->dims[i] < 0 || t->dims[i] > OC__MAX_DIMENSION)
            return oc__fail(err, OC_E_CORRUPT, "dimension %zu of a tensor is %lld", i, (long long)t->dims[i]);
        out->dims[i] = (uint32_t)t->dims[i];
    }
    /* The bytes that are there bound the request for memory. */
    size_t count = oc__onnx_product(out, 0, out->rank);
    size_t most = t->raw_data.len + t->n_float_data + t->n_double_data + t->n_int32_data + t->n_int64_data;
    if (count > most) return wrong_size(most, count, err);
    oc_status status = oc__onnx_constant(r, out, is_whole(t->data_type), err);
    if (!status) status = t->has_raw_data ? read_raw(out, t, err) : read_fields(out, t, err);
    for (size_t i = 0; !status && out->floats && i < out->count; i++)
        if (isnan(out->floats[i])) status = oc__fail(err, OC_E_CORRUPT, "element %zu of a tensor is not a number", i);
    if (status) oc__onnx_value_free(r, out);
    return status;
}

const OcOnnx__Attribute *oc__onnx_attribute(const OcOnnx__Node *node, const char *name) {
    for (size_t i = 0; i < node->n_attribute; i++)
        if (node->attribute[i]->name && strcmp(node->attribute[i]->name, name) == 0) return node->attribute[i];
    return NULL;
}

int64_t oc__onnx_int(const OcOnnx__Node *node, const char *name, int64_t standard) {
    const OcOnnx__Attribute *a = oc__onnx_attribute(node, name);
    return a && a->has_i ? a->i : standard;
}

float oc__onnx_float(const OcOnnx__Node *node, const char *name, float standard) {
    const OcOnnx__Attribute *a = oc__onnx_attribute(node, name);
    return a && a->has_f ? a->f : standard;
}

bool oc__onnx_text_is(const OcOnnx__Node *node, const char *name, const char *value, bool standard) {
    const OcOnnx__Attribute *a = oc__onnx_attribute(node, name);
    if (!a || !a->has_s) return standard;
    return a->s.len == strlen(value) && memcmp(a->s.data, value, a->s.len) == 0;
}

oc_status oc__onnx_ints(int64_t *out, size_t *n, size_t most, const oc__onnx_call *call, const char *name, size_t input,
                        int64_t since, oc_error *err) {
    const OcOnnx__Attribute *a = oc__onnx_attribute(call->node, name);
    bool from_input = since && call->reader->opset >= since;
    const oc__onnx_value *value = from_input && input < call->n_in ? call->in[input] : NULL;
    *n = 0;
    if (value && (value->kind != OC__ONNX_CONSTANT || !value->integers))
        return oc__fail(err, OC_E_UNSUPPORTED, "its input %zu (%s) is not a constant of whole numbers", input, name);
    size_t count = value ? value->count : !from_input && a ? a->n_ints : 0;
    if (count > most) return oc__fail(err, OC_E_UNSUPPORTED, "%s has %zu numbers, at most %zu", name, count, most);
    if (count) memcpy(out, value ? value->integers : a->ints, count * sizeof *out);
    *n = count;
    return OC_OK;
}
