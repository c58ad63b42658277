/* Pages of pictures. SPDX-License-Identifier: MIT */
#include <string.h>

#include "contents.h"
#include "database.h"
#include "filter.h"
#include "memory.h"

#define MAX_PAGE 10000
#define MAX_FILTER_TAGS 1000

/* A WHERE clause under construction, with its parameters in their order. */
typedef struct condition {
    oc__buffer sql;
    oc__filter metadata;
    int64_t *tags;
    uint32_t n_tags;
    const oc_picture_filter *filter;
} condition;

static void add_sql(condition *c, const char *text) { oc__buffer_append(&c->sql, text, strlen(text)); }

bool oc__is_moment(const char *text) {
    size_t size = strlen(text);
    return size >= 4 && size <= 20 && strspn(text, "0123456789-T:Z") == size;
}

static oc_status find_tags(condition *c, oc_project *project, oc_error *err) {
    const oc_picture_filter *f = c->filter;
    oc_status status = OC_OK;
    if (f->n_tags > MAX_FILTER_TAGS)
        return oc__fail(err, OC_E_ARGUMENT, "n_tags is %u, at most %d", f->n_tags, MAX_FILTER_TAGS);
    if (f->n_tags && !f->tags) return oc__fail(err, OC_E_ARGUMENT, "oc_picture_filter: tags is NULL");
    if (f->n_tags && !(c->tags = oc__alloc_array(project->context, f->n_tags, sizeof *c->tags)))
        return oc__fail_nomem(err, project->context, f->n_tags * sizeof *c->tags, "tags");
    for (c->n_tags = 0; c->n_tags < f->n_tags && !status; c->n_tags++)
        status = f->tags[c->n_tags] ? oc__project_find_tag(&c->tags[c->n_tags], NULL, project, f->tags[c->n_tags], err)
                                    : oc__fail(err, OC_E_ARGUMENT, "oc_picture_filter: tag %u is NULL", c->n_tags);
    return status;
}

static oc_status condition_make(condition *c, oc_project *project, const oc_picture_filter *f, oc_error *err) {
    *c = (condition){.sql = {.context = project->context}, .filter = f};
    oc_status status = find_tags(c, project, err);
    if (!status && f->state > OC_PICTURES_UNTAGGED)
        status = oc__fail(err, OC_E_ARGUMENT, "state is %u, expected one of OC_PICTURES_...", f->state);
    if (!status && f->order > OC_ORDER_NAME)
        status = oc__fail(err, OC_E_ARGUMENT, "order is %u, expected one of OC_ORDER_...", f->order);
    if (!status && f->limit > MAX_PAGE)
        status = oc__fail(err, OC_E_ARGUMENT, "limit is %llu, at most %d", (unsigned long long)f->limit, MAX_PAGE);
    if (!status && ((f->added_after && !oc__is_moment(f->added_after)) || (f->added_before && !oc__is_moment(f->added_before))))
        status = oc__fail(err, OC_E_ARGUMENT, "a moment is not of the form 2026-01-31 or 2026-01-31T23:59:59Z");
    if (!status && f->metadata) status = oc__filter_parse(&c->metadata, project->context, f->metadata, err);
    if (status) return status;
    add_sql(c, " FROM pictures p WHERE 1");
    if (f->state == OC_PICTURES_TAGGED) add_sql(c, " AND (n_tags > 0) = 1");
    if (f->state == OC_PICTURES_UNTAGGED) add_sql(c, " AND (n_tags > 0) = 0");
    if (c->n_tags == 1)
        add_sql(c, " AND p.seq IN (SELECT picture FROM picture_tags WHERE tag = ?");
    else if (c->n_tags)
        add_sql(c, " AND p.seq IN (SELECT picture FROM picture_tags WHERE tag IN (?");
    for (uint32_t i = 1; i < c->n_tags; i++) add_sql(c, ", ?");
    if (c->n_tags) add_sql(c, c->n_tags == 1 ? ")" : "))");
    if (f->name) add_sql(c, " AND instr(lower(name), lower(?)) > 0");
    if (f->added_after) add_sql(c, " AND added >= ?");
    if (f->added_before) add_sql(c, " AND added < ?");
    if (f->metadata) {
        add_sql(c, " AND (");
        add_sql(c, (const char *)c->metadata.sql.data);
        add_sql(c, ")");
    }
    return OC_OK;
}

static void condition_free(condition *c, oc_project *project) {
    oc__free(project->context, c->tags);
    oc__buffer_free(&c->sql);
    if (c->metadata.sql.context) oc__filter_free(&c->metadata);
}

/* Prepares what `c` holds and binds its parameters; *next is the number of the first one that is left. */
static oc_status condition_query(sqlite3_stmt **out, int *next, condition *c, oc_project *project, oc_error *err) {
    int at = 1;
    oc__buffer_append(&c->sql, "", 1);
    if (c->sql.failed) return oc__fail_nomem(err, project->context, c->sql.size, "a query");
    oc_status status = oc__db_query(out, project, err, (const char *)c->sql.data, "");
    if (status) return status;
    for (uint32_t i = 0; i < c->n_tags; i++) sqlite3_bind_int64(*out, at++, c->tags[i]);
    if (c->filter->name) sqlite3_bind_text(*out, at++, c->filter->name, -1, SQLITE_STATIC);
    if (c->filter->added_after) sqlite3_bind_text(*out, at++, c->filter->added_after, -1, SQLITE_STATIC);
    if (c->filter->added_before) sqlite3_bind_text(*out, at++, c->filter->added_before, -1, SQLITE_STATIC);
    const char *text = (const char *)c->metadata.text.data;
    for (size_t i = 0; i < c->metadata.n_parameters; i++, text += strlen(text) + 1)
        sqlite3_bind_text(*out, at++, text, -1, SQLITE_STATIC);
    *next = at;
    return OC_OK;
}

static oc_status add_tags(oc_picture_list *list, int64_t seq, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(
        &statement, project, err,
        "SELECT t.name FROM picture_tags x JOIN tags t ON t.seq = x.tag WHERE x.picture = ? ORDER BY x.tag", "i", seq);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(&list->tags, &list->tag_capacity, list->n_tags, sizeof *list->tags, project->context, err);
        if (status) break;
        const char *name = oc__strings_add(&list->strings, oc__db_text(statement, 0));
        if (!name)
            status = oc__fail_nomem(err, project->context, 4096, "pictures");
        else
            list->tags[list->n_tags++] = name;
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_pairs(oc_picture_list *list, int64_t seq, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT key, value FROM metadata WHERE picture = ? ORDER BY key", "i", seq);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(&list->pairs, &list->pair_capacity, list->n_pairs, sizeof *list->pairs, project->context, err);
        if (status) break;
        oc__pair pair = {oc__strings_add(&list->strings, oc__db_text(statement, 0)),
                         oc__strings_add(&list->strings, oc__db_text(statement, 1))};
        if (!pair.key || !pair.value)
            status = oc__fail_nomem(err, project->context, 4096, "pictures");
        else
            list->pairs[list->n_pairs++] = pair;
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_row(oc_picture_list *list, sqlite3_stmt *row, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    if (status) return status;
    int64_t seq = sqlite3_column_int64(row, 0);
    oc__listed item = {.info = {.struct_size = sizeof item.info}, .first_tag = list->n_tags, .first_pair = list->n_pairs};
    item.info.id = oc__strings_add(&list->strings, oc__db_text(row, 1));
    item.info.name = oc__strings_add(&list->strings, oc__db_text(row, 2));
    item.info.sha256 = oc__strings_add(&list->strings, oc__db_text(row, 3));
    char *path = oc__contents_path(project, oc__db_text(row, 3), oc__db_text(row, 4));
    item.info.path = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(context, path);
    item.info.added = oc__strings_add(&list->strings, oc__db_text(row, 5));
    item.info.width = (uint32_t)sqlite3_column_int64(row, 6);
    item.info.height = (uint32_t)sqlite3_column_int64(row, 7);
    item.info.n_bytes = (uint64_t)sqlite3_column_int64(row, 8);
    item.info.n_regions = (uint32_t)sqlite3_column_int64(row, 9);
    item.info.split = oc__strings_add(&list->strings, oc__db_text(row, 10));
    item.info.extra = oc__strings_add(&list->strings, oc__db_text(row, 11));
    if (!item.info.extra || !item.info.split || !item.info.id || !item.info.name || !item.info.sha256 || !item.info.path ||
        !item.info.added)
        return oc__fail_nomem(err, context, 4096, "pictures");
    status = add_tags(list, seq, project, err);
    if (!status) status = add_pairs(list, seq, project, err);
    item.info.n_tags = (uint32_t)(list->n_tags - item.first_tag);
    item.info.n_metadata = (uint32_t)(list->n_pairs - item.first_pair);
    list->items[list->n++] = item;
    return status;
}

#define COLUMNS                                                                                                                \
    "p.seq, p.id, p.name, p.hash, p.ending, p.added, p.width, p.height, p.n_bytes, p.n_regions, p.split, p.extra"

static oc_status read_rows(oc_picture_list **out, sqlite3_stmt *statement, oc_project *project, oc_error *err) {
    bool row = false;
    oc_picture_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "pictures");
    list->strings.context = oc__context_retain(project->context);
    oc_status status;
    while (!(status = oc__db_step(&row, statement, project, err)) && row)
        if ((status = add_row(list, statement, project, err))) break;
    if (status)
        oc__picture_list_free(list);
    else
        *out = list;
    return status;
}

/* Puts `start` before the condition. */
static void begin_with(condition *c, const char *start) {
    oc__buffer where = c->sql;
    c->sql = (oc__buffer){.context = where.context, .failed = where.failed};
    add_sql(c, start);
    oc__buffer_append(&c->sql, where.data, where.size);
    oc__buffer_free(&where);
}

static oc_status list_page(oc_picture_list **out, condition *c, oc_project *project, oc_error *err) {
    /* The inner query finds the page's rows by narrow indexes; only those are read whole. */
    static const char *const orders[] = {" ORDER BY p.seq", " ORDER BY p.seq", " ORDER BY p.seq DESC",
                                         " ORDER BY p.name, p.seq"};
    const oc_picture_filter *f = c->filter;
    sqlite3_stmt *statement = NULL;
    int next;
    begin_with(c, "SELECT " COLUMNS " FROM pictures p WHERE p.seq IN (SELECT p.seq");
    add_sql(c, orders[f->order]);
    add_sql(c, " LIMIT ? OFFSET ?)");
    add_sql(c, orders[f->order]);
    oc_status status = condition_query(&statement, &next, c, project, err);
    if (!status) {
        sqlite3_bind_int64(statement, next, f->limit ? (int64_t)f->limit : 50);
        sqlite3_bind_int64(statement, next + 1, f->offset > INT64_MAX ? INT64_MAX : (int64_t)f->offset);
        status = read_rows(out, statement, project, err);
    }
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__project_pictures(oc_picture_list **out, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    condition c = {.filter = filter};
    bool began;
    oc_status status = oc__snapshot_begin(project, &began, err);
    if (status) return status;
    status = condition_make(&c, project, filter, err);
    if (!status) status = list_page(out, &c, project, err);
    condition_free(&c, project);
    oc__snapshot_end(project, began);
    return status;
}

oc_status oc__project_count_pictures(uint64_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    condition c = {.filter = filter};
    sqlite3_stmt *statement = NULL;
    bool row = false;
    int next;
    oc_status status = condition_make(&c, project, filter, err);
    if (!status) begin_with(&c, "SELECT count(*)");
    if (!status) status = condition_query(&statement, &next, &c, project, err);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) *n = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    condition_free(&c, project);
    return status;
}

oc_status oc__project_select(int64_t **out, size_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    condition c = {.filter = filter};
    sqlite3_stmt *statement = NULL;
    bool row = false;
    int next;
    int64_t *found = NULL;
    size_t capacity = 0;
    *n = 0;
    oc_status status = condition_make(&c, project, filter, err);
    if (!status) begin_with(&c, "SELECT p.seq");
    if (!status) add_sql(&c, " ORDER BY p.seq");
    if (!status) status = condition_query(&statement, &next, &c, project, err);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__reserve(&found, &capacity, *n, sizeof *found, project->context, err);
        if (!status) found[(*n)++] = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    condition_free(&c, project);
    if (status)
        oc__free(project->context, found);
    else
        *out = found;
    return status;
}

oc_status oc__project_picture(oc_picture_list **out, oc_project *project, const char *picture, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    int64_t seq;
    bool began;
    oc_status status = oc__snapshot_begin(project, &began, err);
    if (status) return status;
    status = oc__project_find_picture(&seq, project, picture, err);
    if (!status)
        status = oc__db_query(&statement, project, err, "SELECT " COLUMNS " FROM pictures p WHERE p.seq = ?", "i", seq);
    if (!status) status = read_rows(out, statement, project, err);
    sqlite3_finalize(statement);
    oc__snapshot_end(project, began);
    return status;
}

void oc__picture_list_free(oc_picture_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list->tags);
    oc__free(context, list->pairs);
    oc__free(context, list->box_tags);
    oc__free(context, list->boxes);
    oc__free(context, list);
    oc__context_release(context);
}
