/* What the writers of annotation files share. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "formats.h"

oc_status oc__output_begin(oc__output *output, oc_context *context, const char *path, oc_error *err) {
    output->line = (oc__buffer){.context = context};
    return oc__stream_begin(&output->stream, context, path, err);
}

void oc__output_flush(oc__output *output) {
    oc__stream_write(&output->stream, output->line.data, output->line.size);
    output->line.size = 0;
}

oc_status oc__output_end(oc__output *output, oc_status status, oc_error *err) {
    if (!status && output->line.failed) status = oc__fail_nomem(err, output->line.context, output->line.size, output->stream.path);
    if (!status) oc__output_flush(output);
    oc__buffer_free(&output->line);
    oc_status ended = oc__stream_end(&output->stream, status == OC_OK, err);
    return status ? status : ended;
}

bool oc__extra_of(oc__slice *out, const char *extra, const char *format) {
    return extra && oc__json_member(out, (oc__slice){extra, strlen(extra)}, format);
}

void oc__append_extra_members(oc__buffer *buffer, const char *extra, const char *format) {
    oc__slice members;
    if (!oc__extra_of(&members, extra, format) || members.size <= 2 || members.data[0] != '{') return;
    oc__append(buffer, ",");
    oc__buffer_append(buffer, members.data + 1, members.size - 2);
}

void oc__append_metadata(oc__buffer *buffer, const oc_annotations *set, const oc__known_picture *picture) {
    for (uint32_t i = 0; i < picture->n_pairs; i++) {
        const oc__metadata_pair *pair = &set->pairs[picture->first_pair + i];
        oc__append(buffer, i ? "," : ",\"metadata\":{");
        oc__json_append_string(buffer, pair->key);
        oc__append(buffer, ":");
        oc__json_append_string(buffer, pair->value);
    }
    if (picture->n_pairs) oc__append(buffer, "}");
}

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Numbers from 1 on if the given ones are not fit. */
static oc_status settle(int64_t *ids, size_t n, oc_context *context, oc_error *err) {
    int64_t *sorted = oc__alloc_array(context, n, sizeof *sorted);
    if (!sorted) return oc__fail_nomem(err, context, n * sizeof *sorted, "numbers");
    memcpy(sorted, ids, n * sizeof *ids);
    if (n) qsort(sorted, n, sizeof *sorted, by_value);
    bool fit = n == 0 || sorted[0] >= 0;
    for (size_t i = 1; i < n && fit; i++) fit = sorted[i - 1] != sorted[i];
    for (size_t i = 0; i < n && !fit; i++) ids[i] = (int64_t)i + 1;
    oc__free(context, sorted);
    return OC_OK;
}

oc_status oc__number_tags(int64_t **out, const oc_annotations *set, oc_error *err) {
    int64_t *ids = oc__alloc_array(set->context, set->n_tags, sizeof *ids);
    if (!ids) return oc__fail_nomem(err, set->context, set->n_tags * sizeof *ids, "numbers of tags");
    for (size_t i = 0; i < set->n_tags; i++) ids[i] = set->tags[i].id;
    *out = ids;
    return settle(ids, set->n_tags, set->context, err);
}

oc_status oc__number_pictures(int64_t **out, const oc_annotations *set, oc_error *err) {
    int64_t *ids = oc__alloc_array(set->context, set->n_pictures, sizeof *ids);
    if (!ids) return oc__fail_nomem(err, set->context, set->n_pictures * sizeof *ids, "numbers of pictures");
    for (size_t i = 0; i < set->n_pictures; i++) ids[i] = set->pictures[i].id;
    *out = ids;
    return settle(ids, set->n_pictures, set->context, err);
}
