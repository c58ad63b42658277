/* JSON: decoding one element of a file with Jansson. SPDX-License-Identifier: MIT
 *
 * Jansson takes its memory from malloc, since its allocator is one for the whole process and not ours to change. It is given at
 * most OC__MAX_OBJECT_BYTES at a time. */
#include "json_read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

oc_status oc__json_decode(json_t **out, const oc__json_walk *walk, const char *what, oc_error *err) {
    json_error_t fault;
    *out = NULL;
    if (walk->value.size > OC__MAX_OBJECT_BYTES)
        return oc__fail(err, OC_E_LIMIT, "%s:%zu: %s %zu has %zu bytes, at most %u are read", walk->file,
                        oc__json_line(walk->start, walk->value.data), what, walk->index, walk->value.size,
                        OC__MAX_OBJECT_BYTES);
    *out = json_loadb(walk->value.data, walk->value.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);
    if (*out) return OC_OK;
    if (json_error_code(&fault) == json_error_out_of_memory)
        return oc__fail(err, OC_E_NOMEM, "%s: out of memory (%s %zu)", walk->file, what, walk->index);
    size_t line = oc__json_line(walk->start, walk->value.data) + (fault.line > 0 ? (size_t)fault.line - 1 : 0);
    return oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s %zu: %s", walk->file, line, what, walk->index, fault.text);
}

const char *oc__json_text(const json_t *object, const char *key) { return json_string_value(json_object_get(object, key)); }

bool oc__json_numbers(double *out, const json_t *object, const char *const *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(object, keys[i]);
        out[i] = json_number_value(value);
        if (!json_is_number(value) || !isfinite(out[i])) return false;
    }
    return true;
}

uint32_t oc__json_side(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    double side = json_number_value(value); /* some write 640.0 */
    return json_is_number(value) && side >= 1 && side <= INT32_MAX && side == floor(side) ? (uint32_t)side : 0;
}

bool oc__json_id(char out[80], const json_t *value) {
    if (json_is_integer(value)) {
        snprintf(out, 80, "%lld", (long long)json_integer_value(value));
        return true;
    }
    const char *text = json_string_value(value);
    if (!text || strlen(text) > 76) return false;
    snprintf(out, 80, "\"%s", text); /* "7" and 7 are two identifiers */
    return true;
}

static oc_status keep(const char **out, oc__annotations *set, oc__buffer *buffer, oc_error *err) {
    oc_status status = buffer->failed ? oc__fail_nomem(err, set->context, buffer->size, "what a file says besides") : OC_OK;
    const char *copy = status ? NULL : oc__annotations_text(set, (const char *)buffer->data, buffer->size, err);
    oc__buffer_free(buffer);
    if (copy) *out = copy;
    return copy ? OC_OK : OC_E_NOMEM;
}

oc_status oc__json_keep(const char **out, oc__annotations *set, oc__slice value, const char *family, oc_error *err) {
    oc__buffer buffer = {.context = set->context};
    oc__append(&buffer, "{\"");
    oc__append(&buffer, family);
    oc__append(&buffer, "\":");
    oc__json_append_compact(&buffer, value);
    oc__append(&buffer, "}");
    return keep(out, set, &buffer, err);
}

oc_status oc__json_keep_members(const char **out, oc__annotations *set, oc__buffer *members, const char *family,
                                oc_error *err) {
    oc_status status = members->failed ? oc__fail_nomem(err, set->context, members->size, family) : OC_OK;
    if (!status && members->size) {
        members->data[0] = '{'; /* instead of the comma */
        oc__append(members, "}");
        status = members->failed ? oc__fail_nomem(err, set->context, members->size, family)
                                 : oc__json_keep(out, set, (oc__slice){(char *)members->data, members->size}, family, err);
    }
    oc__buffer_free(members);
    return status;
}

oc_status oc__json_keep_others(const char **out, oc__annotations *set, oc__slice object, const char *family,
                               const char *const *known, oc_error *err) {
    oc__buffer members = {.context = set->context};
    oc__json_append_others(&members, object, known);
    return oc__json_keep_members(out, set, &members, family, err);
}

oc_status oc__json_each(oc__slice array, const char *file, const char *start, const char *what, oc__json_take_fn take,
                        void *user, oc_error *err) {
    oc__json_walk walk;
    bool more;
    oc_status status = oc__json_walk_begin(&walk, array, '[', file, start, what, err);
    while (!status && !(status = oc__json_walk_next(&more, &walk, err)) && more) {
        json_t *element;
        if ((status = oc__json_decode(&element, &walk, what, err))) break;
        status = json_is_object(element) ? take(user, element, &walk, err)
                                         : oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s %zu is not an object", file,
                                                    oc__json_line(start, walk.value.data), what, walk.index);
        json_decref(element);
    }
    return status;
}

oc_status oc__json_metadata(oc__annotations *set, const json_t *metadata, oc_error *err) {
    const char *key;
    json_t *value;
    oc_status status = OC_OK;
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value) if (!status && json_is_string(value)) status =
        oc__annotations_pair(set, key, json_string_value(value), err);
    return status;
}
