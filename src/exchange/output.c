/* What the writers of annotation files share. SPDX-License-Identifier: MIT */
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
    if (!status && output->line.failed)
        status = oc__fail_nomem(err, output->line.context, output->line.size, output->stream.path);
    if (!status) oc__output_flush(output);
    oc__buffer_free(&output->line);
    return oc__stream_end(&output->stream, status, err);
}

/* "folder/path", whose own folder is made. The caller frees *out. */
static oc_status make_place(char **out, oc_context *context, const char *folder, const char *path, oc_error *err) {
    oc_status status = OC_OK;
    if (!(*out = oc__path_join(context, folder, path))) return oc__fail_nomem(err, context, strlen(path), path);
    char *slash = strrchr(*out, '/');
    if (slash && strchr(path, '/')) {
        *slash = 0;
        status = oc__folder_make(context, *out, err);
        *slash = '/';
    }
    if (status) oc__free(context, *out);
    return status;
}

oc_status oc__output_file(oc__buffer *buffer, const char *folder, const char *path, oc_error *err) {
    char *file;
    if (buffer->failed) return oc__fail_nomem(err, buffer->context, buffer->size, path);
    oc_status status = make_place(&file, buffer->context, folder, path, err);
    if (status) return status;
    status = oc__file_put(buffer->context, file, buffer->data, buffer->size, err);
    oc__free(buffer->context, file);
    buffer->size = 0;
    return status;
}

oc_status oc__output_picture(bool *missing, const oc__annotations *set, const oc__known_picture *picture, const char *folder,
                             const char *path, oc_error *err) {
    oc_context *context = set->context;
    uint8_t *data = NULL;
    size_t size;
    char *file = NULL;
    *missing = !picture->file;
    if (*missing) return OC_OK;
    oc_status status = oc__file_read(&data, &size, context, picture->file, context->limits.image_bytes, "max_image_bytes", err);
    if (status == OC_E_NOT_FOUND) {
        *missing = true;
        return OC_OK;
    }
    if (!status) status = make_place(&file, context, folder, path, err);
    if (!status) {
        status = oc__file_put(context, file, data, size, err);
        oc__free(context, file);
    }
    oc__free(context, data);
    return status;
}

bool oc__extra_of(oc__slice *out, const char *extra, const char *family) {
    return extra && oc__json_member(out, (oc__slice){extra, strlen(extra)}, family);
}

oc_status oc__extra_text(char **out, oc_context *context, const char *extra, const char *family, oc_error *err) {
    oc__slice value;
    *out = NULL;
    if (!oc__extra_of(&value, extra, family) || value.size < 2 || value.data[0] != '"') return OC_OK;
    *out = oc__json_unquote(context, value);
    return *out ? OC_OK : oc__fail_nomem(err, context, value.size, family);
}

oc_status oc__extra_keep(const char **out, oc__annotations *set, const char *text, const char *family, oc_error *err) {
    oc__buffer buffer = {.context = set->context};
    oc__append(&buffer, "{");
    oc__json_append_string(&buffer, family);
    oc__append(&buffer, ":");
    oc__json_append_string(&buffer, text);
    oc__append(&buffer, "}");
    oc_status status = buffer.failed ? oc__fail_nomem(err, set->context, buffer.size, family) : OC_OK;
    const char *copy = status ? NULL : oc__annotations_text(set, (const char *)buffer.data, buffer.size, err);
    oc__buffer_free(&buffer);
    if (copy) *out = copy;
    return copy ? OC_OK : OC_E_NOMEM;
}

void oc__append_extra_members(oc__buffer *buffer, const char *extra, const char *family, const char *but) {
    oc__slice members;
    const char *const known[] = {but, NULL};
    if (oc__extra_of(&members, extra, family)) oc__json_append_others(buffer, members, known);
}

bool oc__can_write(const oc__annotations *set, const oc__mark *mark, const oc__exchange_format *format) {
    oc__slice extra;
    const oc__known_picture *picture = &set->pictures[mark->picture];
    if (mark->kind == OC__MARK_TAG) return format->holds & OC__HOLDS_TAGS;
    if (mark->kind == OC__MARK_OTHER)
        return format->holds & OC__HOLDS_OTHERS && oc__extra_of(&extra, mark->extra, format->family);
    bool known = mark->in_pixels == ((format->holds & OC__HOLDS_PIXELS) != 0) || (picture->width && picture->height);
    return format->holds & OC__HOLDS_BOXES && known;
}

void oc__append_metadata(oc__buffer *buffer, const oc__annotations *set, const oc__known_picture *picture, const char *key) {
    for (uint32_t i = 0; i < picture->n_pairs; i++) {
        const oc__metadata_pair *pair = &set->pairs[picture->first_pair + i];
        if (i == 0) {
            oc__append(buffer, ",\"");
            oc__append(buffer, key);
        }
        oc__append(buffer, i ? "," : "\":{");
        oc__json_append_string(buffer, pair->key);
        oc__append(buffer, ":");
        oc__json_append_string(buffer, pair->value);
    }
    if (picture->n_pairs) oc__append(buffer, "}");
}
