/* Annotations as a table of comma-separated values. SPDX-License-Identifier: MIT
 *
 * path,tag,split,left,top,width,height and metadata.KEY, in any order: a row for each box (in fractions of the picture's sides,
 * or with xmin,ymin,xmax,ymax in pixels) or tag of a whole picture, or for a picture without either. */
#include <string.h>

#include "csv.h"
#include "formats.h"
#include "text.h"

#define MAX_COLUMNS 256
#define METADATA "metadata."

enum { PATH, TAG, SPLIT, LEFT, TOP, WIDTH, HEIGHT, XMIN, YMIN, XMAX, YMAX, N_KNOWN };

/* What others call the columns. */
static const struct {
    const char *name;
    int column;
} names[] = {
    {"path", PATH}, {"filename", PATH}, {"file", PATH}, {"image", PATH}, {"tag", TAG},     {"class", TAG},
    {"label", TAG}, {"split", SPLIT},   {"left", LEFT}, {"top", TOP},    {"width", WIDTH}, {"height", HEIGHT},
    {"xmin", XMIN}, {"ymin", YMIN},     {"xmax", XMAX}, {"ymax", YMAX},
};

typedef struct table {
    oc__annotations *set;
    const oc__source *source;
    oc__csv csv;
    size_t n, at[N_KNOWN];         /* columns; MAX_COLUMNS: not there */
    const char *keys[MAX_COLUMNS]; /* of metadata, or NULL */
} table;

static oc_status take_header(table *t, oc_error *err) {
    char *fields[MAX_COLUMNS];
    oc_status status = oc__csv_row(fields, &t->n, MAX_COLUMNS, &t->csv, err);
    for (int i = 0; i < N_KNOWN; i++) t->at[i] = MAX_COLUMNS;
    for (size_t i = 0; i < t->n && !status; i++) {
        bool known = false;
        t->keys[i] = NULL;
        for (size_t k = 0; k < sizeof names / sizeof *names; k++)
            if (strcmp(fields[i], names[k].name) == 0 && t->at[names[k].column] == MAX_COLUMNS)
                t->at[names[k].column] = i, known = true;
        if (strncmp(fields[i], METADATA, strlen(METADATA)) == 0)
            status = oc__annotations_keep(&t->keys[i], t->set, fields[i] + strlen(METADATA), err);
        else if (!known)
            status = oc__note(t->set->report, OC_NOTE_LEFT_OUT, "the column's name is not known", err, "%s: '%.100s'",
                              t->csv.path, fields[i]);
    }
    if (!status && t->at[PATH] == MAX_COLUMNS) status = oc__fail(err, OC_E_FORMAT, "%s:1: has no column 'path'", t->csv.path);
    return status;
}

static const char *field(char **fields, const table *t, int column) {
    return t->at[column] < t->n ? fields[t->at[column]] : "";
}

/* The four numbers from column `first` on; false if they are not there. *broken: they are there, but no numbers. */
static bool take_box(double box[4], bool *broken, char **fields, const table *t, int first) {
    int n = 0;
    for (int i = 0; i < 4; i++) {
        const char *text = field(fields, t, first + i);
        if (!text[0]) continue;
        n++;
        *broken = *broken || !oc__parse_double(text, &box[i]);
    }
    *broken = *broken || (n && n < 4);
    return n > 0;
}

static oc_status take_mark(table *t, char **fields, uint32_t picture, size_t line, oc_error *err) {
    const char *tag = field(fields, t, TAG);
    bool broken = false;
    oc__mark mark = {.picture = picture, .place = (uint32_t)line, .in_pixels = true};
    if (take_box(mark.box, &broken, fields, t, XMIN)) {
        mark.kind = OC__MARK_BOX;
        mark.box[2] -= mark.box[0];
        mark.box[3] -= mark.box[1];
    } else if (t->at[XMIN] == MAX_COLUMNS && take_box(mark.box, &broken, fields, t, LEFT)) {
        mark.kind = OC__MARK_BOX;
        mark.in_pixels = false;
    }
    if (broken)
        return oc__note(t->set->report, OC_NOTE_LEFT_OUT, "the box is not four numbers", err, "%s:%zu", t->csv.path, line);
    if (!tag[0])
        return mark.kind == OC__MARK_TAG
                   ? OC_OK
                   : oc__note(t->set->report, OC_NOTE_LEFT_OUT, "the box has no tag", err, "%s:%zu", t->csv.path, line);
    oc_status status = oc__annotations_tag(&mark.tag, t->set, tag, t->csv.path, err);
    return status ? status : oc__annotations_add(t->set, &mark, err);
}

static uint32_t take_side(char **fields, const table *t, int column) {
    uint64_t side;
    return oc__parse_u64(field(fields, t, column), &side) && side <= INT32_MAX ? (uint32_t)side : 0;
}

static oc_status take_row(table *t, oc_error *err) {
    char *fields[MAX_COLUMNS];
    size_t n = 0, line = t->csv.line;
    uint32_t picture;
    bool is_new;
    oc_status status = oc__csv_row(fields, &n, MAX_COLUMNS, &t->csv, err);
    if (status || (n == 1 && !fields[0][0])) return status; /* an empty line */
    if (n != t->n) return oc__fail(err, OC_E_CORRUPT, "%s:%zu: has %zu fields, the first line %zu", t->csv.path, line, n, t->n);
    status = oc__source_picture(&picture, &is_new, t->set, t->source, field(fields, t, PATH), err);
    if (status || picture == UINT32_MAX) return status;
    oc__known_picture *known = &t->set->pictures[picture];
    if (is_new && t->at[XMIN] < MAX_COLUMNS) { /* these are the picture's then */
        known->width = take_side(fields, t, WIDTH);
        known->height = take_side(fields, t, HEIGHT);
    }
    const char *split = field(fields, t, SPLIT);
    if (is_new && oc__utf8_valid(split, strlen(split)))
        status = oc__annotations_keep(&known->split, t->set, split, err);
    else if (is_new)
        status = oc__note(t->set->report, OC_NOTE_LEFT_OUT, "the split's name is not UTF-8", err, "%s:%zu", t->csv.path, line);
    for (size_t i = 0; i < n && is_new && !status; i++)
        if (t->keys[i] && fields[i][0]) status = oc__annotations_pair(t->set, t->keys[i], fields[i], err);
    return status ? status : take_mark(t, fields, picture, line, err);
}

oc_status oc__csv_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    table t = {.set = set, .source = source};
    (void)format;
    oc_status status = oc__csv_open(&t.csv, set->context, source->path, err);
    if (status) return status;
    set->place = "line";
    status = take_header(&t, err);
    while (!status && t.csv.at < t.csv.end) status = take_row(&t, err);
    oc__free(set->context, t.csv.text);
    return status;
}

/* --- writing --- */

static void append_field(oc__buffer *line, const char *text) {
    bool quoted = strpbrk(text, ",\"\r\n") || text[0] == ' ' || (text[0] && text[strlen(text) - 1] == ' ');
    if (!quoted) {
        oc__append(line, text);
        return;
    }
    oc__append(line, "\"");
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        oc__buffer_append(line, text, (size_t)(quote - text));
        oc__append(line, "\"\"");
    }
    oc__append(line, text);
    oc__append(line, "\"");
}

typedef struct header {
    oc__names names;
    const char **keys;
    size_t n, capacity;
    bool splits, boxes;
} header;

static oc_status make_header(header *h, const oc__annotations *set, oc_error *err) {
    uint32_t known;
    oc_status status = OC_OK;
    for (size_t i = 0; i < set->n_pictures; i++) h->splits = h->splits || set->pictures[i].split[0];
    for (size_t i = 0; i < set->n_marks; i++) h->boxes = h->boxes || set->marks[i].kind == OC__MARK_BOX;
    for (size_t i = 0; i < set->n_pairs && !status; i++) {
        const char *key = set->pairs[i].key;
        if (oc__names_find(&known, &h->names, key)) continue;
        if (h->n + 8 > MAX_COLUMNS) return oc__fail(err, OC_E_LIMIT, "a table has at most %d columns", MAX_COLUMNS);
        status = oc__reserve(&h->keys, &h->capacity, h->n, sizeof *h->keys, set->context, err);
        if (!status) status = oc__names_add(&h->names, key, (uint32_t)h->n, set->context, err);
        if (!status) h->keys[h->n++] = key;
    }
    return status;
}

static void write_header(oc__buffer *line, const header *h) {
    oc__append(line, "path,tag");
    if (h->splits) oc__append(line, ",split");
    if (h->boxes) oc__append(line, ",left,top,width,height");
    for (size_t i = 0; i < h->n; i++) {
        oc__buffer key = {.context = line->context};
        oc__append(&key, METADATA);
        oc__append(&key, h->keys[i]);
        oc__buffer_append(&key, "", 1);
        oc__append(line, ",");
        if (key.failed)
            line->failed = 1;
        else
            append_field(line, (const char *)key.data);
        oc__buffer_free(&key);
    }
    oc__append(line, "\n");
}

static void write_row(oc__buffer *line, const header *h, const oc__annotations *set, const oc__known_picture *picture,
                      const oc__mark *mark) {
    double box[4];
    append_field(line, picture->path);
    oc__append(line, ",");
    if (mark) append_field(line, set->tags[mark->tag].name);
    if (h->splits) {
        oc__append(line, ",");
        append_field(line, picture->split);
    }
    bool boxed = mark && mark->kind == OC__MARK_BOX;
    if (boxed) oc__mark_fractions(box, set, mark);
    for (int i = 0; i < 4 && h->boxes; i++) {
        oc__append(line, ",");
        if (boxed) oc__json_append_number(line, box[i]);
    }
    for (size_t i = 0; i < h->n; i++) {
        oc__append(line, ",");
        for (uint32_t k = 0; k < picture->n_pairs; k++)
            if (strcmp(set->pairs[picture->first_pair + k].key, h->keys[i]) == 0)
                append_field(line, set->pairs[picture->first_pair + k].value);
    }
    oc__append(line, "\n");
}

oc_status oc__csv_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__output output;
    header h = {0};
    oc_status status = make_header(&h, set, err);
    if (!status) status = oc__output_begin(&output, set->context, path, err);
    if (!status) {
        write_header(&output.line, &h);
        for (size_t i = 0; i < set->n_pictures; i++) {
            const oc__known_picture *picture = &set->pictures[i];
            size_t n = 0;
            for (size_t k = 0; k < picture->n_marks; k++) {
                const oc__mark *mark = &set->marks[picture->first_mark + k];
                if (!oc__can_write(set, mark, format)) continue;
                write_row(&output.line, &h, set, picture, mark);
                n++;
            }
            if (n == 0) write_row(&output.line, &h, set, picture, NULL);
            oc__output_flush(&output);
        }
        status = oc__output_end(&output, OC_OK, err);
    }
    oc__names_free(&h.names, set->context);
    oc__free(set->context, h.keys);
    return status;
}
