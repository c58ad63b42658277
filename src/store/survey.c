/* All pictures of a project at a glance. SPDX-License-Identifier: MIT */
#include "survey.h"

#include <stdio.h>
#include <string.h>

#include "contents.h"
#include "database.h"
#include "hash.h"
#include "memory.h"

void oc__survey_free(oc__survey *s) {
    if (!s) return;
    oc_context *context = s->strings.context;
    oc__strings_free(&s->strings);
    oc__free(context, s->items);
    oc__free(context, s->tags);
    oc__free(context, s->types);
    oc__free(context, s->picture_tags);
    oc__free(context, s->places);
    oc__free(context, s);
    oc__context_release(context);
}

char *oc__surveyed_path(const oc__surveyed *picture, const oc_project *project) {
    return oc__contents_path(project, picture->hash, picture->ending);
}

static size_t place_of(const oc__survey *s, const uint8_t digest[32]) {
    uint64_t start;
    memcpy(&start, digest, sizeof start);
    return (size_t)start & (s->n_places - 1);
}

const oc__surveyed *oc__survey_find(const oc__survey *s, const uint8_t digest[32]) {
    for (size_t at = place_of(s, digest); s->places[at]; at = (at + 1) & (s->n_places - 1)) {
        const oc__surveyed *item = &s->items[s->places[at] - 1];
        if (memcmp(item->digest, digest, sizeof item->digest) == 0) return item;
    }
    return NULL;
}

static oc_status make_table(oc__survey *s, oc_error *err) {
    s->n_places = 16;
    while (s->n_places < 2 * s->n) s->n_places *= 2;
    s->places = oc__alloc_zero(s->strings.context, s->n_places * sizeof *s->places);
    if (!s->places) return oc__fail_nomem(err, s->strings.context, s->n_places * sizeof *s->places, "pictures");
    for (size_t i = 0; i < s->n; i++) {
        size_t at = place_of(s, s->items[i].digest);
        while (s->places[at]) at = (at + 1) & (s->n_places - 1);
        s->places[at] = (uint32_t)i + 1;
    }
    return OC_OK;
}

/* Reads the tags; *seqs receives their numbers in the database, rising, which the caller frees. */
static oc_status read_tags(int64_t **seqs, oc__survey *s, oc_project *project, oc_error *err) {
    oc_context *context = project->context;
    sqlite3_stmt *statement = NULL;
    bool row = false;
    int64_t n = 0;
    oc_status status = oc__db_integer(&n, project, err, "SELECT count(*) FROM tags", "");
    if (status) return status;
    *seqs = oc__alloc_array(context, (size_t)n, sizeof **seqs);
    s->tags = oc__alloc_array(context, (size_t)n, sizeof *s->tags);
    s->types = oc__alloc_array(context, (size_t)n, sizeof *s->types);
    if (!*seqs || !s->tags || !s->types) return oc__fail_nomem(err, context, (size_t)n * 20, "tags");
    status = oc__db_query(&statement, project, err, "SELECT seq, name, type FROM tags ORDER BY seq", "");
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row && s->n_tags < (size_t)n) {
        (*seqs)[s->n_tags] = sqlite3_column_int64(statement, 0);
        s->types[s->n_tags] = (uint32_t)sqlite3_column_int64(statement, 2);
        if (!(s->tags[s->n_tags++] = oc__strings_add(&s->strings, oc__db_text(statement, 1))))
            status = oc__fail_nomem(err, context, 4096, "tags");
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status add_row(oc__survey *s, sqlite3_stmt *row, oc_project *project, oc_error *err) {
    oc_status status = oc__reserve(&s->items, &s->capacity, s->n, sizeof *s->items, project->context, err);
    if (status) return status;
    oc__surveyed *p = &s->items[s->n];
    *p = (oc__surveyed){.seq = sqlite3_column_int64(row, 0), .first_tag = s->n_picture_tags};
    p->id = oc__strings_add(&s->strings, oc__db_text(row, 1));
    p->name = oc__strings_add(&s->strings, oc__db_text(row, 2));
    p->split = oc__strings_add(&s->strings, oc__db_text(row, 3));
    if (!p->id || !p->name || !p->split) return oc__fail_nomem(err, project->context, 4096, "pictures");
    snprintf(p->hash, sizeof p->hash, "%s", oc__db_text(row, 4));
    snprintf(p->ending, sizeof p->ending, "%s", oc__db_text(row, 5));
    p->width = (uint32_t)sqlite3_column_int64(row, 6);
    p->height = (uint32_t)sqlite3_column_int64(row, 7);
    p->n_regions = (uint32_t)sqlite3_column_int64(row, 8);
    if (!oc__sha256_parse(p->digest, p->hash))
        return oc__fail(err, OC_E_CORRUPT, "%s: picture %s has no hash", project->file, p->id);
    s->n++;
    return OC_OK;
}

/* The pictures: all, or those whose numbers `chosen` lists. */
static oc_status read_pictures(oc__survey *s, oc_project *project, bool all, const int64_t *chosen, size_t n_chosen,
                               oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    size_t next = 0;
    oc_status status = oc__db_query(&statement, project, err,
                                    "SELECT seq, id, name, split, hash, ending, width, height, n_regions FROM pictures"
                                    " ORDER BY seq",
                                    "");
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        if (!all && (next == n_chosen || sqlite3_column_int64(statement, 0) != chosen[next])) continue;
        next++;
        status = s->n < UINT32_MAX - 1 ? add_row(s, statement, project, err)
                                       : oc__fail(err, OC_E_LIMIT, "%s: has more pictures than can be looked at together",
                                                  project->folder);
    }
    sqlite3_finalize(statement);
    return status;
}

/* Where `seq` is among the rising `seqs`, which hold it: all was read at one moment. */
static uint32_t find_tag(const int64_t *seqs, size_t n, int64_t seq) {
    size_t low = 0, high = n;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (seqs[middle] > seq) high = middle;
        else low = middle;
    }
    return (uint32_t)low;
}

/* Which picture has which tags; both are read in rising order, so one pass will do. */
static oc_status read_picture_tags(oc__survey *s, oc_project *project, const int64_t *seqs, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    size_t at = 0;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT picture, tag FROM picture_tags ORDER BY picture, tag", "");
    while (!status && !(status = oc__db_step(&row, statement, project, err)) && row) {
        int64_t picture = sqlite3_column_int64(statement, 0), tag = sqlite3_column_int64(statement, 1);
        while (at < s->n && s->items[at].seq < picture) at++;
        if (at == s->n) break;
        if (s->items[at].seq != picture) continue;
        status = oc__reserve(&s->picture_tags, &s->picture_tag_capacity, s->n_picture_tags, sizeof *s->picture_tags,
                             project->context, err);
        if (status) break;
        if (s->items[at].n_tags++ == 0) s->items[at].first_tag = s->n_picture_tags;
        s->picture_tags[s->n_picture_tags++] = find_tag(seqs, s->n_tags, tag);
    }
    sqlite3_finalize(statement);
    return status;
}

static oc_status read_all(oc__survey *s, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    int64_t *seqs = NULL, *chosen = NULL;
    size_t n_chosen = 0;
    oc_status status = oc__project_kind(&s->kind, project, err);
    if (!status) status = read_tags(&seqs, s, project, err);
    if (!status && filter) status = oc__project_select(&chosen, &n_chosen, project, filter, err);
    if (!status) status = read_pictures(s, project, !filter, chosen, n_chosen, err);
    if (!status) status = read_picture_tags(s, project, seqs, err);
    if (!status) status = make_table(s, err);
    oc__free(project->context, seqs);
    oc__free(project->context, chosen);
    return status;
}

oc_status oc__project_survey(oc__survey **out, oc_project *project, const oc_picture_filter *filter, oc_error *err) {
    bool began;
    oc__survey *s = oc__alloc_zero(project->context, sizeof *s);
    if (!s) return oc__fail_nomem(err, project->context, sizeof *s, "pictures");
    s->strings.context = oc__context_retain(project->context);
    oc_status status = oc__snapshot_begin(project, &began, err);
    if (!status) {
        status = read_all(s, project, filter, err);
        oc__snapshot_end(project, began);
    }
    if (status)
        oc__survey_free(s);
    else
        *out = s;
    return status;
}
