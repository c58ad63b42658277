/* Text of comma-separated values (RFC 4180, UTF-8). SPDX-License-Identifier: MIT */
#ifndef OC_CORE_CSV_H
#define OC_CORE_CSV_H

#include "context.h"

/* Walks over a file's text, which it changes: fields are unquoted in place and end in NUL. */
typedef struct oc__csv {
    char *text, *at, *end;
    size_t line;
    const char *path;
} oc__csv;

/* Reads a file, and passes over its byte-order mark. The caller frees csv->text; `path` must live as long.
 * OC_E_NOT_FOUND, OC_E_IO, OC_E_LIMIT (over 256 MiB), OC_E_FORMAT (zero bytes). */
oc_status oc__csv_open(oc__csv *csv, oc_context *context, const char *path, oc_error *err);

/* Takes one field off. *last: it ended its line. OC_E_CORRUPT with the line. */
oc_status oc__csv_field(char **out, bool *last, oc__csv *csv, oc_error *err);

/* Takes a line of up to `most` fields off. If there are more: OC_E_LIMIT in the first line, OC_E_CORRUPT in another. */
oc_status oc__csv_row(char **fields, size_t *n, size_t most, oc__csv *csv, oc_error *err);

#endif
