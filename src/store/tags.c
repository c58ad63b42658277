/* Tags, and which of them may be together. SPDX-License-Identifier: MIT */
#include <string.h>

#include "clock.h"
#include "database.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

#define MAX_TAGS 10000
#define MAX_DESCRIPTION 4096

static bool is_colour(const char *text) {
    return !text[0] || (text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6);
}

static oc_status check_tag(oc_project *project, const oc_tag *tag, oc_error *err) {
    uint32_t kind;
    if (tag->type > OC_TAG_GENERAL_PRODUCT)
        return oc__fail(err, OC_E_ARGUMENT, "the tag's type is %u, expected one of OC_TAG_...", tag->type);
    if (tag->name && !oc__tag_valid(tag->name))
        return oc__fail(err, OC_E_ARGUMENT, "a tag's name must be UTF-8 of 1 to 256 bytes without control characters");
    if (tag->name && oc__uuid_valid(tag->name))
        return oc__fail(err, OC_E_ARGUMENT, "'%s' has the form of an identifier, so it cannot be a tag's name", tag->name);
    if (tag->description && strlen(tag->description) > MAX_DESCRIPTION)
        return oc__fail(err, OC_E_ARGUMENT, "the tag's description has %zu bytes, at most %d", strlen(tag->description),
                        MAX_DESCRIPTION);
    if (tag->description && !oc__utf8_valid(tag->description, strlen(tag->description)))
        return oc__fail(err, OC_E_ARGUMENT, "the tag's description is not UTF-8");
    if (tag->colour && !is_colour(tag->colour))
        return oc__fail(err, OC_E_ARGUMENT, "the tag's colour is '%.32s', expected \"#rrggbb\" or \"\"", tag->colour);
    oc_status status = tag->extra ? oc__db_check_extra(project, tag->extra, err) : OC_OK;
    if (status || tag->type != OC_TAG_NEGATIVE) return status;
    status = oc__project_kind(&kind, project, err);
    if (!status && kind == OC_PROJECT_DETECTION)
        return oc__fail(err, OC_E_DATA, "%s: a detection project has no negative tag: what is in no region is the background",
                        project->folder);
    return status;
}

/* OC_E_STATE if a tag other than `self` has the name, or is negative too. */
static oc_status check_others(oc_project *project, const oc_tag *tag, int64_t self, oc_error *err) {
    int64_t n = 0;
    oc_status status = OC_OK;
    if (tag->name)
        status =
            oc__db_integer(&n, project, err, "SELECT count(*) FROM tags WHERE name = ? AND seq <> ?", "ti", tag->name, self);
    if (!status && n) return oc__fail(err, OC_E_STATE, "%s: there is a tag '%s' already", project->folder, tag->name);
    if (!status && tag->type == OC_TAG_NEGATIVE)
        status = oc__db_integer(&n, project, err, "SELECT count(*) FROM tags WHERE type = 2 AND seq <> ?", "i", self);
    if (!status && n)
        return oc__fail(err, OC_E_STATE, "%s: there is a negative tag already, and a project has at most one", project->folder);
    return status;
}

static oc_status insert(char *id, oc_project *project, const oc_tag *tag, oc_error *err) {
    char made[OC_ID_SIZE], now[21];
    int64_t n = 0;
    oc_status status = oc__uuid_create(made, err);
    if (!status) status = oc__db_integer(&n, project, err, "SELECT count(*) FROM tags", "");
    if (!status && n >= MAX_TAGS)
        status = oc__fail(err, OC_E_LIMIT, "%s: has %d tags, which is the most", project->folder, MAX_TAGS);
    oc__utc_now(now);
    if (!status)
        status =
            oc__db_run(project, err,
                       "INSERT INTO tags(id, name, type, description, colour, created, extra) VALUES(?, ?, ?, ?, ?, ?, ?)",
                       "ttitttt", made, tag->name, (int64_t)(tag->type ? tag->type : OC_TAG_REGULAR),
                       tag->description ? tag->description : "", tag->colour ? tag->colour : "", now,
                       tag->extra ? tag->extra : "");
    if (!status && id) memcpy(id, made, sizeof made);
    return status;
}

oc_status oc__project_add_tag(char *id, oc_project *project, const oc_tag *tag, oc_error *err) {
    if (!tag->name) return oc__fail(err, OC_E_ARGUMENT, "the tag has no name");
    oc_status status = oc__change_begin(project, err);
    if (status) return status;
    status = check_tag(project, tag, err);
    if (!status) status = check_others(project, tag, -1, err);
    if (!status) status = insert(id, project, tag, err);
    status = oc__change_end(project, status, err);
    if (status && id) id[0] = 0;
    return status;
}

static oc_status find_tag(int64_t *seq, uint32_t *type, oc_project *project, const char *tag, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    *seq = -1;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT seq, type FROM tags WHERE name = ?1 OR id = lower(?1)", "t", tag);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) {
        *seq = sqlite3_column_int64(statement, 0);
        if (type) *type = (uint32_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__project_find_tag(int64_t *seq, uint32_t *type, oc_project *project, const char *tag, oc_error *err) {
    oc_status status = find_tag(seq, type, project, tag, err);
    return !status && *seq < 0 ? oc__fail(err, OC_E_NOT_FOUND, "%s: there is no tag '%s'", project->folder, tag) : status;
}

oc_status oc__project_make_tag(int64_t *seq, oc_project *project, const char *tag, oc_error *err) {
    oc_tag made = OC_TAG_INIT;
    oc_status status = find_tag(seq, NULL, project, tag, err);
    if (status || *seq >= 0) return status;
    made.name = tag;
    status = check_tag(project, &made, err);
    if (!status) status = insert(NULL, project, &made, err);
    if (!status) *seq = sqlite3_last_insert_rowid(project->db);
    return status;
}

/* OC_E_DATA if the tags of a picture from `first` to `last` cannot be together: a negative one beside another, or two in a
 * multiclass project. */
static oc_status check_together(oc_project *project, int64_t first, int64_t last, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    uint32_t kind = 0;
    bool row = false;
    oc_status status = oc__project_kind(&kind, project, err);
    if (!status)
        status = oc__db_query(&statement, project, err,
                              "SELECT p.name, max(t.type = 2), group_concat(t.name, ''', ''') FROM pictures p"
                              " JOIN picture_tags x ON x.picture = p.seq JOIN tags t ON t.seq = x.tag"
                              " WHERE p.seq BETWEEN ? AND ? AND p.n_tags > 1 GROUP BY p.seq"
                              " HAVING max(t.type = 2) OR ? = 1 LIMIT 1",
                              "iii", first, last, (int64_t)kind);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row)
        status = oc__fail(
            err, OC_E_DATA, "%s: the tags '%s' cannot be together: %s", oc__db_text(statement, 0), oc__db_text(statement, 2),
            sqlite3_column_int(statement, 1) ? "one is negative" : "in a multiclass project a picture has one tag");
    sqlite3_finalize(statement);
    return status;
}

static oc_status check_all_together(oc_project *project, oc_error *err) {
    return check_together(project, INT64_MIN, INT64_MAX, err);
}

oc_status oc__project_check_labels(oc_project *project, int64_t picture, oc_error *err) {
    return check_together(project, picture, picture, err);
}

static oc_status update_tag(oc_project *project, const char *tag, const oc_tag *change, oc_error *err) {
    int64_t seq;
    oc_status status = oc__project_find_tag(&seq, NULL, project, tag, err);
    if (!status) status = check_tag(project, change, err);
    if (!status) status = check_others(project, change, seq, err);
    if (!status)
        status = oc__db_run(project, err,
                            "UPDATE tags SET name = coalesce(?1, name), description = coalesce(?2, description),"
                            " colour = coalesce(?3, colour), type = CASE ?4 WHEN 0 THEN type ELSE ?4 END,"
                            " extra = coalesce(?5, extra) WHERE seq = ?6",
                            "tttiti", change->name, change->description, change->colour, (int64_t)change->type, change->extra,
                            seq);
    if (!status && change->type == OC_TAG_NEGATIVE) status = check_all_together(project, err);
    return status;
}

oc_status oc__project_update_tag(oc_project *project, const char *tag, const oc_tag *change, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, update_tag(project, tag, change, err), err);
}

static oc_status merge(oc_project *project, const char *from, const char *into, oc_error *err) {
    int64_t a, b;
    oc_status status = oc__project_find_tag(&a, NULL, project, from, err);
    if (!status) status = oc__project_find_tag(&b, NULL, project, into, err);
    if (!status && a == b) return oc__fail(err, OC_E_ARGUMENT, "'%s' and '%s' are the same tag", from, into);
    if (!status) status = oc__db_run(project, err, "UPDATE regions SET tag = ? WHERE tag = ?", "ii", b, a);
    if (!status)
        status = oc__db_run(project, err,
                            "INSERT OR IGNORE INTO picture_tags SELECT ?, picture FROM picture_tags WHERE tag = ?", "ii", b, a);
    if (!status) status = oc__db_run(project, err, "DELETE FROM tags WHERE seq = ?", "i", a);
    return status ? status : check_all_together(project, err);
}

oc_status oc__project_merge_tags(oc_project *project, const char *from, const char *into, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, merge(project, from, into, err), err);
}

oc_status oc__project_delete_tag(oc_project *project, const char *tag, oc_error *err) {
    int64_t seq;
    oc_status status = oc__change_begin(project, err);
    if (status) return status;
    status = oc__project_find_tag(&seq, NULL, project, tag, err);
    if (!status) status = oc__db_run(project, err, "DELETE FROM tags WHERE seq = ?", "i", seq);
    return oc__change_end(project, status, err);
}

static oc_status add_row(oc_tag_list *list, sqlite3_stmt *row, oc_error *err) {
    oc__strings *strings = &list->strings;
    oc_tag tag = OC_TAG_INIT;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, strings->context, err);
    if (status) return status;
    tag.name = oc__strings_add(strings, oc__db_text(row, 0));
    tag.description = oc__strings_add(strings, oc__db_text(row, 1));
    tag.colour = oc__strings_add(strings, oc__db_text(row, 2));
    tag.id = oc__strings_add(strings, oc__db_text(row, 3));
    tag.type = (uint32_t)sqlite3_column_int64(row, 4);
    tag.n_pictures = (uint64_t)sqlite3_column_int64(row, 5);
    tag.n_regions = (uint64_t)sqlite3_column_int64(row, 6);
    tag.extra = oc__strings_add(strings, oc__db_text(row, 7));
    if (!tag.name || !tag.description || !tag.colour || !tag.id || !tag.extra)
        return oc__fail_nomem(err, strings->context, 4096, "tags");
    list->items[list->n++] = tag;
    return OC_OK;
}

oc_status oc__project_tags(oc_tag_list **out, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_tag_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "tags");
    list->strings.context = oc__context_retain(project->context);
    oc_status status =
        oc__db_query(&statement, project, err,
                     "SELECT name, description, colour, id, type, (SELECT count(*) FROM picture_tags WHERE tag = t.seq),"
                     " (SELECT count(*) FROM regions WHERE tag = t.seq AND kind = 1), extra FROM tags t ORDER BY seq",
                     "");
    if (!status) status = oc__db_step(&row, statement, project, err);
    while (row && !status) {
        status = add_row(list, statement, err);
        if (!status) status = oc__db_step(&row, statement, project, err);
    }
    sqlite3_finalize(statement);
    if (status)
        oc__tag_list_free(list);
    else
        *out = list;
    return status;
}

void oc__tag_list_free(oc_tag_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}
