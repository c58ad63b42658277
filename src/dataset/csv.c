/* A data set from a CSV file (RFC 4180). SPDX-License-Identifier: MIT */
#include <string.h>

#include "dataset.h"
#include "file.h"
#include "memory.h"
#include "text.h"

#define MAX_CSV_BYTES (256u << 20)
#define MAX_COLUMNS 64

/* Walks over the text, which it changes: fields are unquoted in place and end in NUL. */
typedef struct reader {
    char *at, *end;
    size_t line;
    const char *path;
} reader;

/* Takes one field off. *last: it ended its line. */
static oc_status take_field(char **out, bool *last, reader *r, oc_error *err) {
    char *to = r->at, *from = r->at;
    size_t line = r->line;
    *out = to;
    if (from < r->end && *from == '"') {
        for (from++;; from++) {
            if (from >= r->end) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: a quoted field does not end", r->path, line);
            if (*from == '\n') r->line++;
            if (*from == '"' && (from + 1 >= r->end || from[1] != '"')) break;
            if (*from == '"') from++;
            *to++ = *from;
        }
        from++;
        if (from < r->end && *from != ',' && *from != '\r' && *from != '\n')
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: text follows a closing quote", r->path, r->line);
    } else {
        while (from < r->end && *from != ',' && *from != '\r' && *from != '\n') from++;
        to = from;
    }
    *last = from >= r->end || *from != ',';
    if (from < r->end && *from == '\r') from++;
    if (from < r->end && *from == '\n') {
        from++;
        r->line++;
    } else if (from < r->end && !*last) {
        from++;
    }
    r->at = from;
    *to = 0;
    return OC_OK;
}

typedef struct columns {
    size_t n, path, tag, split;
} columns;

static oc_status take_header(columns *c, reader *r, oc_error *err) {
    bool last = false;
    *c = (columns){0, MAX_COLUMNS, MAX_COLUMNS, MAX_COLUMNS};
    while (!last) {
        char *field;
        oc_status status = take_field(&field, &last, r, err);
        if (status) return status;
        if (c->n == MAX_COLUMNS) return oc__fail(err, OC_E_LIMIT, "%s:1: more than %d columns", r->path, MAX_COLUMNS);
        if (strcmp(field, "path") == 0) c->path = c->n;
        if (strcmp(field, "tag") == 0) c->tag = c->n;
        if (strcmp(field, "split") == 0) c->split = c->n;
        c->n++;
    }
    if (c->path == MAX_COLUMNS || c->tag == MAX_COLUMNS)
        return oc__fail(err, OC_E_FORMAT, "%s:1: has no column '%s'; the first line must name the columns path and tag",
                        r->path, c->path == MAX_COLUMNS ? "path" : "tag");
    return OC_OK;
}

static oc_status take_row(oc_dataset *dataset, const char *folder, const columns *c, reader *r, oc_error *err) {
    char *fields[MAX_COLUMNS], *path = NULL;
    size_t n = 0, line = r->line;
    bool last = false;
    while (!last) {
        oc_status status = n == MAX_COLUMNS
                               ? oc__fail(err, OC_E_CORRUPT, "%s:%zu: more than %d fields", r->path, line, MAX_COLUMNS)
                               : take_field(&fields[n], &last, r, err);
        if (status) return status;
        n++;
    }
    if (n == 1 && fields[0][0] == 0) return OC_OK; /* an empty line */
    if (n != c->n) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has %zu fields, the first line %zu", r->path, line, n, c->n);
    if (fields[c->path][0] == 0) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the path is empty", r->path, line);
    if (!oc__tag_valid(fields[c->tag]))
        return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the tag is not UTF-8 of 1 to 256 bytes without control characters", r->path,
                        line);
    if (!(path = oc__path_join(dataset->context, folder, fields[c->path])))
        return oc__fail_nomem(err, dataset->context, strlen(folder), r->path);
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = oc__dataset_add(dataset, &image, fields[c->tag], c->split < n ? fields[c->split] : NULL, err);
    oc__free(dataset->context, path);
    return status;
}

oc_status oc__dataset_load_csv(oc_dataset **out, oc_context *context, const char *path, oc_error *err) {
    oc_dataset *dataset = NULL;
    uint8_t *bytes = NULL;
    char *text = NULL, *folder = NULL;
    size_t size;
    columns c;
    oc_status status = oc__file_read(&bytes, &size, context, path, MAX_CSV_BYTES, "the largest CSV file", err);
    if (status) return status;
    const char *slash = strrchr(path, '/');
    text = oc__realloc(context, bytes, size + 1);
    if (text) bytes = NULL;
    if (!text || !(folder = oc__strdup(context, path))) {
        status = oc__fail_nomem(err, context, size + 1, path);
        goto done;
    }
    folder[slash ? slash - path + 1 : 0] = 0;
    if (memchr(text, 0, size)) {
        status = oc__fail(err, OC_E_FORMAT, "%s: holds zero bytes, so it is no CSV file", path);
        goto done;
    }
    reader r = {text, text + size, 1, path};
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) r.at += 3;
    status = oc__dataset_create(&dataset, context, err);
    if (!status) status = take_header(&c, &r, err);
    while (r.at < r.end && !status) status = take_row(dataset, folder, &c, &r, err);
    if (!status && dataset->n_samples == 0) status = oc__fail(err, OC_E_DATA, "%s: names no pictures", path);
done:
    oc__free(context, bytes);
    oc__free(context, text);
    oc__free(context, folder);
    if (status) oc__dataset_free(dataset);
    else *out = dataset;
    return status;
}
