/* Stored predictions: pictures and what a model said of them. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "contents.h"
#include "database.h"
#include "incoming.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

#define MAX_ANSWERS 200
#define MAX_APPLICATION 256
#define MAX_PAGE 10000

/* --- what grows old --- */

#define OLD "SELECT %s FROM predictions WHERE created < strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', 'now', '-%lld days')"

/* Removes the predictions that a query, which gives their seq, hash and ending, finds. Inside a change. */
static oc_status remove_found(oc_project *project, const char *sql, const char *kinds, const char *text, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err, sql, kinds, text);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status = oc__contents_drop(project, oc__db_text(statement, 1), oc__db_text(statement, 2), err);
        if (!status)
            status = oc__db_run(project, err, "DELETE FROM predictions WHERE seq = ?", "i", sqlite3_column_int64(statement, 0));
        if (status) break;
    }
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__predictions_expire(oc_project *project, oc_error *err) {
    char sql[256];
    int64_t days = 0, old = 0;
    oc_status status = oc__db_integer(&days, project, err, "SELECT keep_days FROM project", "");
    if (status || days == (int64_t)OC_KEEP_FOREVER) return status;
    sqlite3_snprintf(sizeof sql, sql, "SELECT EXISTS(" OLD ")", "1", (long long)days);
    status = oc__db_integer(&old, project, err, sql, "");
    if (status || !old) return status;
    if ((status = oc__change_begin(project, err))) return status;
    sqlite3_snprintf(sizeof sql, sql, OLD, "seq, hash, ending", (long long)days);
    return oc__change_end(project, remove_found(project, sql, "", NULL, err), err);
}

/* --- storing --- */

/* How undecided the answers are: the entropy of the probabilities, 0 (sure) to 1 (all the same). */
static double uncertainty_of(const oc_answer *answers, size_t n) {
    double sum = 0, entropy = 0;
    for (size_t i = 0; i < n; i++) sum += (double)answers[i].probability;
    if (n < 2 || !(sum > 0)) return 0;
    for (size_t i = 0; i < n; i++) {
        double p = (double)answers[i].probability / sum;
        if (p > 0) entropy -= p * log(p);
    }
    return entropy / log((double)n);
}

static oc_status check_answers(const oc_answer *answers, size_t n, oc_error *err) {
    for (size_t i = 0; i < n; i++) {
        if (!answers[i].tag || !oc__tag_valid(answers[i].tag))
            return oc__fail(err, OC_E_ARGUMENT, "answer %zu has no tag that can be one", i);
        if (!(answers[i].probability >= 0 && answers[i].probability <= 1))
            return oc__fail(err, OC_E_ARGUMENT, "answer %zu has a probability that is not a number from 0 to 1", i);
    }
    return OC_OK;
}

static oc_status insert_answers(oc_project *project, int64_t prediction, const oc_answer *answers, size_t n, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && i < MAX_ANSWERS && !status; i++)
        status =
            oc__db_run(project, err,
                       "INSERT INTO prediction_tags(prediction, place, tag, probability, x, y, width, height)"
                       " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                       "iitddddd", prediction, (int64_t)i, answers[i].tag, (double)answers[i].probability,
                       (double)answers[i].left, (double)answers[i].top, (double)answers[i].width, (double)answers[i].height);
    return status;
}

static oc_status store(char id[OC_ID_SIZE], oc_project *project, const char *iteration, const oc__incoming *in,
                       const oc_answer *answers, size_t n, const char *application, oc_error *err) {
    char now[21];
    int64_t seq = -1;
    oc_status status = oc__project_find_iteration(&seq, project, iteration, err);
    if (!status) status = oc__predictions_expire(project, err);
    if (!status) status = oc__uuid_create(id, err);
    if (!status)
        status = oc__contents_put(project, in->hash, in->ending, in->data, in->size, oc__contents_used(project, in->hash), err);
    oc__utc_now(now);
    if (!status)
        status = oc__db_run(project, err,
                            "INSERT INTO predictions(id, iteration, hash, ending, name, application, created, uncertainty)"
                            " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                            "titttttd", id, seq, in->hash, in->ending, in->name, application, now, uncertainty_of(answers, n));
    return status ? status : insert_answers(project, sqlite3_last_insert_rowid(project->db), answers, n, err);
}

oc_status oc__project_store_prediction(char id[OC_ID_SIZE], oc_project *project, const char *iteration, const oc_image *image,
                                       const oc_answer *answers, size_t n, const char *application, oc_error *err) {
    oc__incoming in;
    if (strlen(application) > MAX_APPLICATION || !oc__utf8_valid(application, strlen(application)))
        return oc__fail(err, OC_E_ARGUMENT, "the application must be UTF-8 of at most %d bytes", MAX_APPLICATION);
    oc_status status = check_answers(answers, n, err);
    if (!status) status = oc__incoming_read(&in, project->context, image, err);
    if (status) return status;
    status = oc__change_begin(project, err);
    if (!status) status = oc__change_end(project, store(id, project, iteration, &in, answers, n, application, err), err);
    oc__incoming_free(&in, project->context);
    return status;
}

/* --- listing --- */

/* A query under construction: conditions whose parameters are numbered, so that those that are not used may stay unbound. */
static oc_status make_query(oc__buffer *sql, const char *start, const oc_prediction_filter *f, const char *end, oc_error *err) {
    const struct {
        bool used;
        const char *sql;
    } parts[] = {
        {true, start},
        {true, " FROM predictions p JOIN iterations i ON i.seq = p.iteration WHERE 1"},
        {f->iteration != NULL, " AND p.iteration = ?1"},
        {f->application != NULL, " AND p.application = ?2"},
        {f->after != NULL, " AND p.created >= ?3"},
        {f->before != NULL, " AND p.created < ?4"},
        {f->tag != NULL,
         " AND p.seq IN (SELECT prediction FROM prediction_tags WHERE tag = ?5 AND probability BETWEEN ?6 AND ?7)"},
        {true, end},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].used) oc__buffer_append(sql, parts[i].sql, strlen(parts[i].sql));
    oc__buffer_append(sql, "", 1);
    return sql->failed ? oc__fail_nomem(err, sql->context, sql->size, "a query") : OC_OK;
}

static oc_status check_filter(const oc_prediction_filter *f, oc_error *err) {
    if (f->order > OC_PREDICTIONS_SUGGESTED)
        return oc__fail(err, OC_E_ARGUMENT, "order is %u, expected one of OC_PREDICTIONS_...", f->order);
    if (f->limit > MAX_PAGE)
        return oc__fail(err, OC_E_ARGUMENT, "limit is %llu, at most %d", (unsigned long long)f->limit, MAX_PAGE);
    if (!(f->min_probability >= 0 && f->min_probability <= 1 && f->max_probability >= 0 && f->max_probability <= 1))
        return oc__fail(err, OC_E_ARGUMENT, "a probability is not a number from 0 to 1");
    if ((f->after && !oc__is_moment(f->after)) || (f->before && !oc__is_moment(f->before)))
        return oc__fail(err, OC_E_ARGUMENT, "a moment is not of the form 2026-01-31 or 2026-01-31T23:59:59Z");
    return OC_OK;
}

static oc_status query(sqlite3_stmt **out, oc_project *project, const char *start, const oc_prediction_filter *f,
                       const char *end, oc_error *err) {
    oc__buffer sql = {.context = project->context};
    int64_t iteration = -1;
    oc_status status = check_filter(f, err);
    if (!status && f->iteration) status = oc__project_find_iteration(&iteration, project, f->iteration, err);
    if (!status) status = make_query(&sql, start, f, end, err);
    if (!status) status = oc__db_query(out, project, err, (const char *)sql.data, "");
    oc__buffer_free(&sql);
    if (status) return status;
    if (f->iteration) sqlite3_bind_int64(*out, 1, iteration);
    if (f->application) sqlite3_bind_text(*out, 2, f->application, -1, SQLITE_STATIC);
    if (f->after) sqlite3_bind_text(*out, 3, f->after, -1, SQLITE_STATIC);
    if (f->before) sqlite3_bind_text(*out, 4, f->before, -1, SQLITE_STATIC);
    if (f->tag) {
        sqlite3_bind_text(*out, 5, f->tag, -1, SQLITE_STATIC);
        sqlite3_bind_double(*out, 6, f->min_probability);
        sqlite3_bind_double(*out, 7, f->max_probability > 0 ? f->max_probability : 1);
    }
    return OC_OK;
}

static oc_status add_answers(oc_prediction_list *list, int64_t seq, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(
        &statement, project, err,
        "SELECT tag, probability, x, y, width, height FROM prediction_tags WHERE prediction = ? ORDER BY place", "i", seq);
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        status =
            oc__reserve(&list->answers, &list->answer_capacity, list->n_answers, sizeof *list->answers, project->context, err);
        if (status) break;
        oc_answer answer = {sizeof answer,
                            (float)sqlite3_column_double(statement, 1),
                            oc__strings_add(&list->strings, oc__db_text(statement, 0)),
                            (float)sqlite3_column_double(statement, 2),
                            (float)sqlite3_column_double(statement, 3),
                            (float)sqlite3_column_double(statement, 4),
                            (float)sqlite3_column_double(statement, 5)};
        if (!answer.tag)
            status = oc__fail_nomem(err, project->context, 4096, "predictions");
        else
            list->answers[list->n_answers++] = answer;
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_row(oc_prediction_list *list, sqlite3_stmt *row, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    const char *texts[6];
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, context, err);
    if (status) return status;
    bool failed = false;
    for (int i = 0; i < 6; i++) {
        texts[i] = oc__strings_add(&list->strings, oc__db_text(row, 1 + i));
        failed = failed || !texts[i];
    }
    char *path = oc__contents_path(project, oc__db_text(row, 6), oc__db_text(row, 7));
    const char *kept = path ? oc__strings_add(&list->strings, path) : NULL;
    oc__free(context, path);
    if (failed || !kept) return oc__fail_nomem(err, context, 4096, "predictions");
    oc__predicted item = {
        {sizeof item.info, 0, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], kept, sqlite3_column_double(row, 8)},
        list->n_answers};
    status = add_answers(list, sqlite3_column_int64(row, 0), project, err);
    item.info.n_answers = (uint32_t)(list->n_answers - item.first_answer);
    list->items[list->n++] = item;
    return status;
}

static oc_status list_page(oc_prediction_list *list, oc_project *project, const oc_prediction_filter *f, oc_error *err) {
    static const char *const ends[] = {" ORDER BY p.seq DESC LIMIT ?8 OFFSET ?9", " ORDER BY p.seq DESC LIMIT ?8 OFFSET ?9",
                                       " ORDER BY p.seq LIMIT ?8 OFFSET ?9",
                                       " ORDER BY p.uncertainty DESC, p.seq LIMIT ?8 OFFSET ?9"};
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = query(&statement, project,
                             "SELECT p.seq, p.id, i.name, p.application, p.created, p.name, p.hash, p.ending, p.uncertainty", f,
                             ends[f->order <= OC_PREDICTIONS_SUGGESTED ? f->order : 0], err);
    if (!status) {
        sqlite3_bind_int64(statement, 8, f->limit ? (int64_t)f->limit : 50);
        sqlite3_bind_int64(statement, 9, f->offset > INT64_MAX ? INT64_MAX : (int64_t)f->offset);
    }
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row)
        status = add_row(list, statement, project, err);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__project_predictions(oc_prediction_list **out, oc_project *project, const oc_prediction_filter *filter,
                                  oc_error *err) {
    bool began;
    oc_prediction_list *list = oc__alloc_zero(project->context, sizeof *list);
    if (!list) return oc__fail_nomem(err, project->context, sizeof *list, "predictions");
    list->strings.context = oc__context_retain(project->context);
    oc_status status = oc__snapshot_begin(project, &began, err);
    if (!status) {
        status = list_page(list, project, filter, err);
        oc__snapshot_end(project, began);
    }
    if (status)
        oc__prediction_list_free(list);
    else
        *out = list;
    return status;
}

oc_status oc__project_count_predictions(uint64_t *n, oc_project *project, const oc_prediction_filter *filter, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = query(&statement, project, "SELECT count(*)", filter, "", err);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) *n = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

void oc__prediction_list_free(oc_prediction_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list->answers);
    oc__free(context, list);
    oc__context_release(context);
}

/* --- deleting and promoting --- */

static oc_status delete_one(oc_project *project, const char *id, oc_error *err) {
    int64_t before = sqlite3_total_changes64(project->db);
    oc_status status = remove_found(project, "SELECT seq, hash, ending FROM predictions WHERE id = lower(?)", "t", id, err);
    if (!status && sqlite3_total_changes64(project->db) == before)
        return oc__fail(err, OC_E_NOT_FOUND, "%s: there is no stored prediction '%s'", project->folder, id);
    return status;
}

/* The stored picture becomes one of the project's. */
static oc_status promote_one(oc_project *project, const char *id, const oc_labels *labels, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    oc_image image = OC_IMAGE_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    bool row = false;
    char *path = NULL;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT hash, ending, name FROM predictions WHERE id = lower(?)", "t", id);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (!status && !row) status = oc__fail(err, OC_E_NOT_FOUND, "%s: there is no stored prediction '%s'", project->folder, id);
    if (!status && !(path = oc__contents_path(project, oc__db_text(statement, 0), oc__db_text(statement, 1))))
        status = oc__fail_nomem(err, project->context, 4096, "a prediction");
    if (!status) {
        image.format = OC_IMAGE_PATH;
        image.data = path;
        image.name = oc__db_text(statement, 2);
        status = oc__project_add_picture(&addition, project, &image, labels, err);
    }
    sqlite3_finalize(statement);
    oc__free(project->context, path);
    return status ? status : delete_one(project, id, err);
}

static oc_status for_each(oc_project *project, const char *const *ids, size_t n, const oc_labels *labels, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        if (!ids[i]) return oc__fail(err, OC_E_ARGUMENT, "prediction %zu of %zu is NULL", i, n);
        status = labels ? promote_one(project, ids[i], labels, err) : delete_one(project, ids[i], err);
    }
    return status;
}

oc_status oc__project_delete_predictions(oc_project *project, const char *const *ids, size_t n, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, for_each(project, ids, n, NULL, err), err);
}

oc_status oc__project_promote_predictions(oc_project *project, const char *const *ids, size_t n, const oc_labels *labels,
                                          oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, for_each(project, ids, n, labels, err), err);
}
