/* A data set from a CSV file (RFC 4180). SPDX-License-Identifier: MIT */
#include <string.h>

#include "csv_columns.h"
#include "file.h"
#include "memory.h"
#include "text.h"

#define MAX_TAGS 256 /* in a row */

static oc_status take_header(oc__csv_columns *c, oc__csv *csv, oc_error *err) {
    char *fields[OC__CSV_MAX_COLUMNS];
    static const char *const sides[4] = {"left", "top", "width", "height"};
    const size_t none = OC__CSV_MAX_COLUMNS;
    *c = (oc__csv_columns){0, none, none, none, none, {none, none, none, none}};
    oc_status status = oc__csv_row(fields, &c->n, OC__CSV_MAX_COLUMNS, csv, err);
    if (status) return status;
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(fields[i], "path") == 0) c->path = i;
        if (strcmp(fields[i], "tag") == 0) c->tag = i;
        if (strcmp(fields[i], "tags") == 0) c->tags = i;
        if (strcmp(fields[i], "split") == 0) c->split = i;
        for (int k = 0; k < 4; k++)
            if (strcmp(fields[i], sides[k]) == 0) c->box[k] = i;
    }
    if (c->tag != OC__CSV_MAX_COLUMNS && c->tags != OC__CSV_MAX_COLUMNS)
        return oc__fail(err, OC_E_FORMAT, "%s:1: has both a column 'tag' and a column 'tags'", csv->path);
    if (c->path == OC__CSV_MAX_COLUMNS || (c->tag == OC__CSV_MAX_COLUMNS && c->tags == OC__CSV_MAX_COLUMNS))
        return oc__fail(err, OC_E_FORMAT, "%s:1: has no column '%s'; the first line must name the columns path and tag",
                        csv->path, c->path == none ? "path" : "tag");
    for (int k = 0; k < 4; k++)
        if ((c->box[k] == none) != (c->box[0] == none))
            return oc__fail(err, OC_E_FORMAT, "%s:1: of the columns left, top, width and height some are there and some are not",
                            csv->path);
    if (c->box[0] != none && c->tag == none)
        return oc__fail(err, OC_E_FORMAT, "%s:1: a box needs a column 'tag', not 'tags'", csv->path);
    return OC_OK;
}

/* Cuts "a|b" into its tags, in place; "" has none. */
static oc_status cut_tags(const char **tags, size_t *n, char *field, const oc__csv *csv, size_t line, oc_error *err) {
    *n = 0;
    for (char *tag = field, *next; field[0] && tag; tag = next) {
        if ((next = strchr(tag, '|'))) *next++ = 0;
        if (*n == MAX_TAGS) return oc__fail(err, OC_E_LIMIT, "%s:%zu: has more than %d tags", csv->path, line, MAX_TAGS);
        tags[(*n)++] = tag;
    }
    return OC_OK;
}

static oc_status take_row(oc_dataset *dataset, const char *folder, const oc__csv_columns *c, oc__csv *csv, oc_error *err) {
    char *fields[OC__CSV_MAX_COLUMNS], *path = NULL;
    const char *tags[MAX_TAGS];
    size_t n = 0, n_tags = 1, line = csv->line;
    oc_status status = oc__csv_row(fields, &n, OC__CSV_MAX_COLUMNS, csv, err);
    if (status || (n == 1 && fields[0][0] == 0)) return status; /* an empty line */
    if (n != c->n) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has %zu fields, the first line %zu", csv->path, line, n, c->n);
    if (fields[c->path][0] == 0) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the path is empty", csv->path, line);
    if (c->tags < n)
        status = cut_tags(tags, &n_tags, fields[c->tags], csv, line, err);
    else
        tags[0] = fields[c->tag];
    for (size_t i = 0; i < n_tags && !status; i++)
        if (!oc__tag_valid(tags[i]))
            status = oc__fail(err, OC_E_CORRUPT, "%s:%zu: the tag is not UTF-8 of 1 to 256 bytes without control characters",
                              csv->path, line);
    if (status) return status;
    if (!(path = oc__path_join(dataset->context, folder, fields[c->path])))
        return oc__fail_nomem(err, dataset->context, strlen(folder), csv->path);
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    status = oc__dataset_add_tags(dataset, &image, tags, n_tags, c->split < n ? fields[c->split] : NULL, err);
    oc__free(dataset->context, path);
    return status;
}

oc_status oc__dataset_load_csv(oc_dataset **out, oc_context *context, const char *path, oc_error *err) {
    oc_dataset *dataset = NULL;
    oc__csv csv;
    oc__csv_columns c;
    oc_status status = oc__csv_open(&csv, context, path, err);
    if (status) return status;
    const char *slash = strrchr(path, '/');
    char *folder = oc__strdup(context, path);
    if (!folder) {
        status = oc__fail_nomem(err, context, strlen(path), path);
        goto done;
    }
    folder[slash ? slash - path + 1 : 0] = 0;
    status = oc__dataset_create(&dataset, context, err);
    if (!status) status = take_header(&c, &csv, err);
    if (!status && c.box[0] < c.n) status = oc__csv_load_boxes(dataset, folder, &c, &csv, err);
    while (!status && csv.at < csv.end) status = take_row(dataset, folder, &c, &csv, err);
    if (!status && dataset->n_samples == 0) status = oc__fail(err, OC_E_DATA, "%s: names no pictures", path);
done:
    oc__free(context, csv.text);
    oc__free(context, folder);
    if (status) oc__dataset_free(dataset);
    else *out = dataset;
    return status;
}
