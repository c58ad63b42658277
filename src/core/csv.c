/* Text of comma-separated values (RFC 4180, UTF-8). SPDX-License-Identifier: MIT */
#include "csv.h"

#include <string.h>

#include "file.h"
#include "memory.h"

#define MAX_CSV_BYTES (256u << 20)

oc_status oc__csv_open(oc__csv *csv, oc_context *context, const char *path, oc_error *err) {
    uint8_t *bytes = NULL;
    size_t size;
    *csv = (oc__csv){.line = 1, .path = path};
    oc_status status = oc__file_read(&bytes, &size, context, path, MAX_CSV_BYTES, "the largest CSV file", err);
    if (status) return status;
    char *text = memchr(bytes, 0, size) ? NULL : oc__realloc(context, bytes, size + 1);
    if (!text) {
        status = memchr(bytes, 0, size) ? oc__fail(err, OC_E_FORMAT, "%s: holds zero bytes, so it is no CSV file", path)
                                        : oc__fail_nomem(err, context, size + 1, path);
        oc__free(context, bytes);
        return status;
    }
    text[size] = 0;
    csv->text = csv->at = text;
    csv->end = text + size;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) csv->at += 3;
    return OC_OK;
}

oc_status oc__csv_field(char **out, bool *last, oc__csv *csv, oc_error *err) {
    char *to = csv->at, *from = csv->at;
    size_t line = csv->line;
    *out = to;
    if (from < csv->end && *from == '"') {
        for (from++;; from++) {
            if (from >= csv->end) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: a quoted field does not end", csv->path, line);
            if (*from == '\n') csv->line++;
            if (*from == '"' && (from + 1 >= csv->end || from[1] != '"')) break;
            if (*from == '"') from++;
            *to++ = *from;
        }
        from++;
        if (from < csv->end && *from != ',' && *from != '\r' && *from != '\n')
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: text follows a closing quote", csv->path, csv->line);
    } else {
        while (from < csv->end && *from != ',' && *from != '\r' && *from != '\n') from++;
        to = from;
    }
    *last = from >= csv->end || *from != ',';
    if (from < csv->end && *from == '\r') from++;
    if (from < csv->end && *from == '\n') {
        from++;
        csv->line++;
    } else if (from < csv->end && !*last) {
        from++;
    }
    csv->at = from;
    *to = 0;
    return OC_OK;
}

oc_status oc__csv_row(char **fields, size_t *n, size_t most, oc__csv *csv, oc_error *err) {
    size_t line = csv->line;
    bool last = false;
    for (*n = 0; !last; ++*n) {
        if (*n == most)
            return oc__fail(err, line == 1 ? OC_E_LIMIT : OC_E_CORRUPT, "%s:%zu: more than %zu fields", csv->path, line, most);
        oc_status status = oc__csv_field(&fields[*n], &last, csv, err);
        if (status) return status;
    }
    return OC_OK;
}
