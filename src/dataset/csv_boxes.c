/* Rows of a CSV file that are objects in boxes. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "csv_columns.h"
#include "file.h"
#include "memory.h"
#include "text.h"

/* One row; the texts lie in the file's. */
typedef struct row {
    const char *path, *tag, *split;
    float box[4];
    size_t line, first_line; /* first_line: of the same picture */
} row;

typedef struct rows {
    row *items;
    size_t n, capacity;
} rows;

static oc_status take_box(row *r, char *const *fields, const oc__csv_columns *c, const oc__csv *csv, oc_error *err) {
    static const char *const names[4] = {"left", "top", "width", "height"};
    bool none = r->tag[0] == 0;
    for (int i = 0; i < 4; i++) {
        const char *text = fields[c->box[i]];
        double number;
        if (none && text[0])
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has a box without a tag", csv->path, r->line);
        if (none) continue;
        if (!oc__parse_double(text, &number))
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s is '%.40s', expected a number", csv->path, r->line, names[i], text);
        r->box[i] = (float)number;
    }
    if (!none && !oc__tag_valid(r->tag))
        return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the tag is not UTF-8 of 1 to 256 bytes without control characters", csv->path,
                        r->line);
    return OC_OK;
}

static oc_status take_row(rows *all, const oc_dataset *dataset, const oc__csv_columns *c, oc__csv *csv, oc_error *err) {
    char *fields[OC__CSV_MAX_COLUMNS];
    size_t n = 0;
    row r = {.line = csv->line};
    oc_status status = oc__csv_row(fields, &n, OC__CSV_MAX_COLUMNS, csv, err);
    if (status || (n == 1 && fields[0][0] == 0)) return status; /* an empty line */
    if (n != c->n) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has %zu fields, the first line %zu", csv->path, r.line, n, c->n);
    r.path = fields[c->path];
    r.tag = fields[c->tag];
    r.split = c->split < n ? fields[c->split] : "";
    if (r.path[0] == 0) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the path is empty", csv->path, r.line);
    if ((status = take_box(&r, fields, c, csv, err))) return status;
    status = oc__reserve(&all->items, &all->capacity, all->n, sizeof r, dataset->context, err);
    if (!status) all->items[all->n++] = r;
    return status;
}

static int compare(size_t a, size_t b) { return (a > b) - (a < b); }

static int by_path(const void *a, const void *b) {
    const row *x = a, *y = b;
    int order = strcmp(x->path, y->path);
    return order ? order : compare(x->line, y->line);
}

static int by_first_line(const void *a, const void *b) {
    const row *x = a, *y = b;
    return x->first_line != y->first_line ? compare(x->first_line, y->first_line) : compare(x->line, y->line);
}

/* Brings the rows of a picture together. */
static void group(rows *all) {
    qsort(all->items, all->n, sizeof *all->items, by_path);
    for (size_t i = 0; i < all->n; i++) {
        bool same = i > 0 && strcmp(all->items[i].path, all->items[i - 1].path) == 0;
        all->items[i].first_line = same ? all->items[i - 1].first_line : all->items[i].line;
    }
    qsort(all->items, all->n, sizeof *all->items, by_first_line);
}

/* Adds the picture of rows [begin, end). `tags` and `boxes` have room for them. */
static oc_status add_picture(oc_dataset *dataset, const char **tags, float *boxes, const row *begin, const row *end,
                             const char *folder, const char *csv_path, oc_error *err) {
    size_t n = 0;
    for (const row *r = begin; r < end; r++) {
        if (strcmp(r->split, begin->split) != 0)
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: the picture is of another split than in line %zu", csv_path, r->line,
                            begin->line);
        if (r->tag[0] == 0) continue;
        tags[n] = r->tag;
        memcpy(boxes + 4 * n++, r->box, sizeof r->box);
    }
    char *path = oc__path_join(dataset->context, folder, begin->path);
    if (!path) return oc__fail_nomem(err, dataset->context, strlen(folder), csv_path);
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = oc__dataset_add_boxes(dataset, &image, tags, boxes, n, begin->split, err);
    if (status) status = oc__fail_in(err, status == OC_E_ARGUMENT ? OC_E_CORRUPT : status, begin->path);
    oc__free(dataset->context, path);
    return status;
}

oc_status oc__csv_load_boxes(oc_dataset *dataset, const char *folder, const oc__csv_columns *columns, oc__csv *csv,
                             oc_error *err) {
    oc_context *context = dataset->context;
    rows all = {0};
    const char **tags = NULL;
    float *boxes = NULL;
    oc_status status = OC_OK;
    while (!status && csv->at < csv->end) status = take_row(&all, dataset, columns, csv, err);
    if (status) goto done;
    tags = oc__alloc_array(context, all.n, sizeof *tags);
    boxes = oc__alloc_array(context, all.n, 4 * sizeof *boxes);
    if (!tags || !boxes) {
        status = oc__fail_nomem(err, context, all.n * 4 * sizeof *boxes, csv->path);
        goto done;
    }
    if (all.n) group(&all);
    for (size_t i = 0, end; i < all.n && !status; i = end) {
        for (end = i + 1; end < all.n && all.items[end].first_line == all.items[i].first_line;) end++;
        status = add_picture(dataset, tags, boxes, all.items + i, all.items + end, folder, csv->path, err);
    }
done:
    oc__free(context, all.items);
    oc__free(context, tags);
    oc__free(context, boxes);
    return status;
}
