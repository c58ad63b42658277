/* YOLO's annotations: reading. SPDX-License-Identifier: MIT
 *
 * A text file for each picture: lines of a class's number and the box's centre, width and height in fractions; or the corners
 * of a polygon, or key points behind the box, or a confidence. It lies beside the picture, or where "images" in the picture's
 * path is "labels". The classes' names are in data.yaml ("names"), or a line each in classes.txt or obj.names. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "text.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
    oc__tree tree;
    oc__names labels; /* the text files' places in the tree */
    bool *read;       /* of each of those, whether a picture has it */
    uint32_t *tags;   /* of each class */
    size_t n_tags, tag_capacity;
    bool keypoints; /* so no line is a polygon */
} reader;

static oc_status add_class(reader *r, size_t number, const char *name, oc_error *err) {
    if (number >= OC__MAX_KNOWN_TAGS)
        return oc__fail(err, OC_E_LIMIT, "%s: class %zu is beyond what can be", r->source->path, number);
    while (r->n_tags <= number) {
        oc_status status = oc__reserve(&r->tags, &r->tag_capacity, r->n_tags, sizeof *r->tags, r->set->context, err);
        if (status) return status;
        r->tags[r->n_tags++] = OC__NO_TAG;
    }
    return oc__annotations_tag(&r->tags[number], r->set, name, r->source->path, err);
}

/* --- names in data.yaml: as a list or by number, in one line or several --- */

static char *trim(char *text) {
    while (*text == ' ' || *text == '\t') text++;
    for (size_t n = strlen(text); n && strchr(" \t", text[n - 1]); n--) text[n - 1] = 0;
    return text;
}

/* Takes a scalar off *at: quoted, or up to a character of `ends` or a comment. Unquotes it in place. */
static char *take_scalar(char **at, const char *ends) {
    char *text = *at += strspn(*at, " \t"), *to = text, quote = *text;
    if (quote != '\'' && quote != '"') {
        size_t n = 0;
        while (text[n] && !strchr(ends, text[n]) && !(text[n] == '#' && (n == 0 || text[n - 1] == ' '))) n++;
        *at = text + n + (text[n] ? 1 : 0);
        text[n] = 0;
        return trim(text);
    }
    for ((*at)++; **at; (*at)++) {
        if (**at == quote && !(quote == '\'' && (*at)[1] == '\'')) break;
        if ((quote == '\'' && **at == '\'') || (quote == '"' && **at == '\\' && (*at)[1])) (*at)++;
        *to++ = **at;
    }
    if (**at) (*at)++;
    *at += strcspn(*at, ends);
    if (**at) (*at)++;
    *to = 0;
    return text;
}

/* Takes "3: name", or "name" as the next one, off *at. */
static oc_status take_item(reader *r, char **at, bool mapped, const char *ends, oc_error *err) {
    uint64_t number = r->n_tags;
    if (mapped) {
        const char *key = take_scalar(at, ":");
        if (!oc__parse_u64(key, &number))
            return oc__fail(err, OC_E_CORRUPT, "%s: data.yaml: a name's number is '%.40s'", r->source->path, key);
    }
    return add_class(r, (size_t)number, take_scalar(at, ends), err);
}

/* "[a, b]" or "{0: a, 1: b}", which may go on in the lines that follow. */
static oc_status take_inline(reader *r, char *list, char **text, oc_error *err) {
    bool mapped = *list == '{';
    oc_status status = OC_OK;
    while (!strpbrk(list, "]}") && **text) {
        for (char *end = list + strlen(list); end < *text; end++) *end = ' ';
        oc__next_line(text);
    }
    char *close = strrchr(list, mapped ? '}' : ']');
    if (!close) return oc__fail(err, OC_E_CORRUPT, "%s: data.yaml: the list of names does not end", r->source->path);
    *close = 0;
    for (list++; !status && *(list += strspn(list, " \t"));) status = take_item(r, &list, mapped, ",", err);
    return status;
}

static oc_status take_names(reader *r, char *text, oc_error *err) {
    oc_status status = OC_OK;
    bool within = false;
    r->keypoints = strstr(text, "\nkpt_shape:") != NULL;
    for (char *line; !status && (line = oc__next_line(&text));) {
        bool indented = strchr(" \t-", line[0]) != NULL;
        char *inner = trim(line);
        if (!inner[0] || inner[0] == '#') continue;
        if (within && !indented) break;
        if (within) {
            bool mapped = inner[0] != '-';
            inner += !mapped;
            status = take_item(r, &inner, mapped, "", err);
        } else if (strncmp(line, "names:", 6) == 0) {
            inner = trim(line + 6);
            if (inner[0] == '[' || inner[0] == '{') return take_inline(r, inner, &text, err);
            within = true;
        }
    }
    return status;
}

static oc_status take_lines(reader *r, char *text, oc_error *err) {
    oc_status status = OC_OK;
    for (char *line; !status && (line = oc__next_line(&text));)
        if (trim(line)[0]) status = add_class(r, r->n_tags, trim(line), err);
    return status;
}

static oc_status take_classes(reader *r, oc_error *err) {
    static const char *const names[] = {"data.yaml",   "data.yml",  "dataset.yaml",
                                        "classes.txt", "obj.names", "labels/classes.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !r->n_tags; i++) {
        uint8_t *bytes = NULL;
        char *text, *path = oc__path_join(r->set->context, r->source->path, names[i]);
        if (!path) return oc__fail_nomem(err, r->set->context, strlen(names[i]), r->source->path);
        oc_status status = OC_OK;
        if (oc__path_exists(path)) {
            status = oc__text_file(&bytes, &text, r->set->context, path, err);
            if (!status) status = i < 3 ? take_names(r, text, err) : take_lines(r, text, err);
        }
        oc__free(r->set->context, bytes);
        oc__free(r->set->context, path);
        if (status) return status;
    }
    return OC_OK;
}

/* --- labels --- */

static oc_status leave_out(reader *r, const char *reason, const char *file, size_t line, oc_error *err) {
    return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: line %zu", file, line);
}

/* The tag of class `text`; a class without a name is called by its number if there are no names at all. */
static oc_status find_tag(uint32_t *tag, reader *r, const char *text, const char *file, size_t line, bool named,
                          oc_error *err) {
    uint64_t number;
    *tag = OC__NO_TAG;
    if (!oc__parse_u64(text, &number)) return leave_out(r, "the class is no number", file, line, err);
    if (named) {
        if (number < r->n_tags) *tag = r->tags[number];
        return *tag == OC__NO_TAG ? leave_out(r, "the class has no name", file, line, err) : OC_OK;
    }
    if (number >= OC__MAX_KNOWN_TAGS) return leave_out(r, "the class's number is beyond what can be", file, line, err);
    return oc__annotations_tag(tag, r->set, text, file, err);
}

#define MAX_NUMBERS 4096

/* The numbers of a line: the first four, how many there are, and the box around them as points. False if they are no numbers.
 */
static bool take_numbers(double first[4], size_t *n, double around[4], const char *text) {
    double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {-HUGE_VAL, -HUGE_VAL};
    for (*n = 0; *text && *n < MAX_NUMBERS; ++*n) {
        char word[48];
        size_t size = strcspn(text, " \t");
        double value;
        snprintf(word, sizeof word, "%.*s", (int)(size < 47 ? size : 47), text);
        if (!oc__parse_double(word, &value)) return false;
        if (*n < 4) first[*n] = value;
        low[*n % 2] = fmin(low[*n % 2], value);
        high[*n % 2] = fmax(high[*n % 2], value);
        text += size;
        text += strspn(text, " \t");
    }
    for (int i = 0; i < 2; i++) {
        around[i] = low[i];
        around[2 + i] = high[i] - low[i];
    }
    return true;
}

/* A polygon is kept as its corners; what stands behind a box, as that with a '+' before it. */
static oc_status take_label(reader *r, char *text, uint32_t picture, const char *file, size_t line, bool named, oc_error *err) {
    double first[4] = {0}, around[4];
    size_t n;
    char *rest = text + strcspn(text, " \t");
    oc__mark mark = {.picture = picture, .place = (uint32_t)line, .kind = OC__MARK_BOX};
    if (*rest) *rest++ = 0;
    rest = trim(rest);
    if (!take_numbers(first, &n, around, rest)) return leave_out(r, "the box is not of numbers", file, line, err);
    if (n < 4 || n >= MAX_NUMBERS) return leave_out(r, "the box is not four numbers", file, line, err);
    bool polygon = n >= 6 && n % 2 == 0 && !r->keypoints; /* those, and confidences, stand behind a box */
    for (int i = 0; i < 4; i++) mark.box[i] = polygon ? around[i] : i < 2 ? first[i] - first[i + 2] / 2 : first[i];
    oc_status status = find_tag(&mark.tag, r, text, file, line, named, err);
    if (!polygon) {
        for (int i = 0; i < 4; i++) rest += strcspn(rest, " \t"), rest += strspn(rest, " \t");
        if (n > 4) *--rest = '+'; /* there is a blank */
    }
    if (!status && (polygon || n > 4)) status = oc__extra_keep(&mark.extra, r->set, rest, "yolo", err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

static oc_status take_labels(reader *r, size_t index, uint32_t picture, oc_error *err) {
    oc_context *context = r->set->context;
    uint8_t *bytes;
    char *text, *path = oc__path_join(context, r->source->path, r->tree.paths[index]);
    size_t line_number = 0;
    bool named = r->n_tags > 0;
    if (!path) return oc__fail_nomem(err, context, strlen(r->tree.paths[index]), r->source->path);
    oc_status status = oc__text_file(&bytes, &text, context, path, err);
    oc__free(context, path);
    if (status == OC_E_CORRUPT || status == OC_E_LIMIT)
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the file is no text, or too large", err, "%s", r->tree.paths[index]);
    if (status) return status;
    for (char *line; !status && (line = oc__next_line(&text));) {
        line_number++;
        line = trim(line);
        if (line[0]) status = take_label(r, line, picture, r->tree.paths[index], line_number, named, err);
    }
    oc__free(context, bytes);
    return status;
}

/* --- pictures --- */

/* Where a picture's labels may be: `path` with ".txt", and "images" as a folder's name (the last such) made "labels". */
static void label_path(char out[OC__MAX_PATH_BYTES + 8], const char *path, bool beside) {
    const char *from = NULL, *dot = strrchr(path, '.');
    for (const char *part = path; (part = strstr(part, "images/")); part++)
        if (part == path || part[-1] == '/') from = part;
    if (beside || !from)
        snprintf(out, OC__MAX_PATH_BYTES + 8, "%.*s.txt", (int)(dot - path), path);
    else
        snprintf(out, OC__MAX_PATH_BYTES + 8, "%.*slabels%.*s.txt", (int)(from - path), path, (int)(dot - from - 6), from + 6);
}

/* What the picture is called and which split it is of: "images" and the split's name in its path go. */
static const char *short_name(char out[OC__MAX_PATH_BYTES + 1], const char **split, const char *path) {
    bool images = false;
    size_t n = 0;
    *split = NULL;
    for (const char *part = path; *part;) {
        size_t size = strcspn(part, "/");
        bool folder = part[size] == '/', passed = false;
        if (folder && !images && size == 6 && memcmp(part, "images", 6) == 0)
            passed = images = true;
        else if (folder && !*split && (part == path || images) && (*split = oc__split_of(part, size)))
            passed = true;
        size += folder;
        if (!passed) memcpy(out + n, part, size), n += size;
        part += size;
    }
    out[n] = 0;
    return out;
}

static oc_status take_picture(reader *r, const char *path, oc_error *err) {
    char name[OC__MAX_PATH_BYTES + 1], labels[OC__MAX_PATH_BYTES + 8];
    const char *split, *source = NULL;
    uint32_t picture, known, index;
    bool is_new;
    if (strlen(path) > OC__MAX_PATH_BYTES)
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the picture's name is longer than 1024 bytes", err, "%s", path);
    short_name(name, &split, path);
    label_path(labels, path, false);
    bool found = oc__names_find(&index, &r->labels, labels);
    if (!found) {
        label_path(labels, path, true);
        found = oc__names_find(&index, &r->labels, labels);
    }
    oc_status status = oc__annotations_keep(&source, r->set, found ? labels : path, err);
    if (!status) /* two splits may have a picture of one name */
        status = oc__annotations_picture(&picture, &is_new, r->set, oc__names_find(&known, &r->set->paths, name) ? path : name,
                                         source, err);
    if (status || !is_new) return status;
    char *file = oc__path_join(r->set->context, r->source->path, path);
    if (!file) return oc__fail_nomem(err, r->set->context, strlen(path), path);
    status = oc__annotations_keep(&r->set->pictures[picture].file, r->set, file, err);
    oc__free(r->set->context, file);
    if (split) r->set->pictures[picture].split = split;
    if (found) r->read[index] = true;
    return status || !found ? status : take_labels(r, index, picture, err);
}

static oc_status list_files(reader *r, oc_error *err) {
    oc_status status = oc__tree_list(&r->tree, r->set->context, r->source->path, err);
    if (!status && !(r->read = oc__alloc_zero(r->set->context, r->tree.n + 1)))
        status = oc__fail_nomem(err, r->set->context, r->tree.n, r->source->path);
    for (size_t i = 0; i < r->tree.n && !status; i++)
        if (oc__ends_in(r->tree.paths[i], ".txt"))
            status = oc__names_add(&r->labels, r->tree.paths[i], (uint32_t)i, r->set->context, err);
    return status;
}

/* Labels whose picture is not there. Lists of pictures and classes lie at the top. */
static oc_status note_rest(reader *r, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < r->tree.n && !status; i++) {
        const char *path = r->tree.paths[i];
        if (!r->read[i] && oc__ends_in(path, ".txt") && strchr(path, '/') && !strstr(path, "classes.txt"))
            status = oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the labels' picture is not there", err, "%s", path);
    }
    return status;
}

oc_status oc__yolo_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    reader r = {.set = set, .source = source};
    (void)format;
    set->place = "line";
    oc_status status = list_files(&r, err);
    if (!status) status = take_classes(&r, err);
    for (size_t i = 0; i < r.tree.n && !status; i++)
        if (oc__is_picture_name(r.tree.paths[i])) status = take_picture(&r, r.tree.paths[i], err);
    if (!status) status = note_rest(&r, err);
    oc__names_free(&r.labels, set->context);
    oc__tree_free(&r.tree);
    oc__free(set->context, r.read);
    oc__free(set->context, r.tags);
    return status;
}
