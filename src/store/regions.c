/* Regions of pictures: boxes, and shapes that are only kept. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "clock.h"
#include "database.h"
#include "memory.h"
#include "text.h"
#include "uuid.h"

#define ALL_FLAGS (OC_REGIONS_PIXELS | OC_REGIONS_CLIP | OC_REGIONS_SKIP)

/* By how much a box in fractions may stand over the edge before that is told: what rounding makes of a box at the edge. */
#define TOLERANCE 1e-6

typedef struct rectangle {
    double left, top, width, height;
} rectangle;

/* What a region refers to. */
typedef struct place {
    int64_t picture, tag; /* tag -1: none */
    uint32_t width, height;
    rectangle box;
    bool clipped;
} place;

/* Cuts [*from, *from + *size] to [0, 1]. Returns by how much it stood over. */
static double cut(double *from, double *size) {
    double to = *from + *size, over = 0;
    if (*from < 0) over = -*from, *from = 0;
    if (to > 1) over = fmax(over, to - 1), to = 1;
    *size = to - *from;
    return over;
}

/* Makes fractions of the box and checks it against the picture's edges. */
static oc_status fit_box(place *p, const oc_region *region, uint32_t flags, oc_error *err) {
    rectangle box = {region->left, region->top, region->width, region->height};
    if (!isfinite(box.left) || !isfinite(box.top) || !isfinite(box.width) || !isfinite(box.height))
        return oc__fail(err, OC_E_DATA, "its box is not made of finite numbers");
    if (box.width <= 0 || box.height <= 0) return oc__fail(err, OC_E_DATA, "its box has no area");
    if (flags & OC_REGIONS_PIXELS) {
        box.left /= p->width, box.width /= p->width;
        box.top /= p->height, box.height /= p->height;
    }
    double over = fmax(cut(&box.left, &box.width), cut(&box.top, &box.height));
    if (box.width <= 0 || box.height <= 0) return oc__fail(err, OC_E_DATA, "its box lies outside the picture");
    if (over > TOLERANCE && !(flags & OC_REGIONS_CLIP))
        return oc__fail(err, OC_E_DATA, "its box stands over the picture's edge");
    p->clipped = over > TOLERANCE;
    p->box = box;
    return OC_OK;
}

static oc_status read_size(place *p, oc_project *project, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT width, height FROM pictures WHERE seq = ?", "i", p->picture);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) {
        p->width = (uint32_t)sqlite3_column_int64(statement, 0);
        p->height = (uint32_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    return status;
}

/* Checks a new region. */
static oc_status find_place(place *p, oc_project *project, const oc_region *region, uint32_t project_kind, uint32_t flags,
                            oc_error *err) {
    bool box = region->kind != OC_REGION_OTHER;
    *p = (place){.tag = -1};
    if (region->kind > OC_REGION_OTHER)
        return oc__fail(err, OC_E_ARGUMENT, "its kind is %u, expected one of OC_REGION_...", region->kind);
    if (!region->picture) return oc__fail(err, OC_E_ARGUMENT, "it names no picture");
    if (box && !region->tag) return oc__fail(err, OC_E_ARGUMENT, "it has no tag");
    if (box && project_kind != OC_PROJECT_DETECTION)
        return oc__fail(err, OC_E_DATA, "%s: is not for detection, so pictures have no boxes", project->folder);
    oc_status status = oc__project_find_picture(&p->picture, project, region->picture, err);
    if (!status) status = read_size(p, project, err);
    if (!status && box) status = fit_box(p, region, flags, err);
    if (!status && region->extra) status = oc__db_check_extra(project, region->extra, err);
    if (!status && region->tag) status = oc__project_make_tag(&p->tag, project, region->tag, err);
    return status;
}

/* The region that says the same already, or -1. */
static oc_status find_same(int64_t *seq, oc_project *project, const place *p, const oc_region *region, oc_error *err) {
    *seq = -1;
    return oc__db_integer(seq, project, err,
                          "SELECT seq FROM regions WHERE picture = ? AND kind = ? AND tag IS nullif(?, -1) AND x = ? AND y = ?"
                          " AND width = ? AND height = ? AND extra = ?",
                          "iiiddddt", p->picture, (int64_t)(region->kind ? region->kind : OC_REGION_BOX), p->tag, p->box.left,
                          p->box.top, p->box.width, p->box.height, region->extra ? region->extra : "");
}

static oc_status insert(int64_t *seq, oc_project *project, const place *p, const oc_region *region, oc_error *err) {
    char id[OC_ID_SIZE], now[21];
    oc__utc_now(now);
    oc_status status = oc__uuid_create(id, err);
    if (!status)
        status = oc__db_run(project, err,
                            "INSERT INTO regions(id, kind, picture, tag, x, y, width, height, created, extra)"
                            " VALUES(?, ?, ?, nullif(?, -1), ?, ?, ?, ?, ?, ?)",
                            "tiiiddddtt", id, (int64_t)(region->kind ? region->kind : OC_REGION_BOX), p->picture, p->tag,
                            p->box.left, p->box.top, p->box.width, p->box.height, now, region->extra ? region->extra : "");
    if (!status) *seq = sqlite3_last_insert_rowid(project->db);
    return status;
}

/* --- lists --- */

static oc_status list_create(oc_region_list **out, oc_context *context, oc_error *err) {
    oc_region_list *list = oc__alloc_zero(context, sizeof *list);
    if (!list) return oc__fail_nomem(err, context, sizeof *list, "regions");
    list->strings.context = oc__context_retain(context);
    *out = list;
    return OC_OK;
}

void oc__region_list_free(oc_region_list *list) {
    if (!list) return;
    oc_context *context = list->strings.context;
    oc__strings_free(&list->strings);
    oc__free(context, list->items);
    oc__free(context, list);
    oc__context_release(context);
}

#define COLUMNS                                                                                                                \
    "SELECT r.id, p.id, t.name, r.extra, r.created, r.kind, r.x, r.y, r.width, r.height, p.width, p.height FROM regions r"     \
    " JOIN pictures p ON p.seq = r.picture LEFT JOIN tags t ON t.seq = r.tag "

static const char *keep(oc_region_list *list, sqlite3_stmt *row, int column, bool *failed) {
    const char *text = oc__strings_add(&list->strings, oc__db_text(row, column));
    *failed = *failed || !text;
    return text;
}

static oc_status add_row(oc_region_list *list, sqlite3_stmt *row, uint32_t flags, oc_error *err) {
    bool failed = false;
    oc_region region = OC_REGION_INIT;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, list->strings.context, err);
    if (status) return status;
    region.id = keep(list, row, 0, &failed);
    region.picture = keep(list, row, 1, &failed);
    region.tag = sqlite3_column_type(row, 2) == SQLITE_NULL ? NULL : keep(list, row, 2, &failed);
    region.extra = keep(list, row, 3, &failed);
    region.created = keep(list, row, 4, &failed);
    region.reason = "";
    region.kind = (uint32_t)sqlite3_column_int64(row, 5);
    bool pixels = flags & OC_REGIONS_PIXELS;
    double width = pixels ? sqlite3_column_double(row, 10) : 1, height = pixels ? sqlite3_column_double(row, 11) : 1;
    region.left = sqlite3_column_double(row, 6) * width;
    region.top = sqlite3_column_double(row, 7) * height;
    region.width = sqlite3_column_double(row, 8) * width;
    region.height = sqlite3_column_double(row, 9) * height;
    region.outcome = OC_REGION_STORED;
    if (failed) return oc__fail_nomem(err, list->strings.context, 4096, "regions");
    list->items[list->n++] = region;
    return OC_OK;
}

/* Adds what a query gives, and ends it. */
static oc_status add_rows(oc_region_list *list, sqlite3_stmt *statement, oc_project *project, uint32_t flags, oc_error *err) {
    bool row = false;
    oc_status status;
    while (!(status = oc__db_step(&row, statement, project, err)) && row)
        if ((status = add_row(list, statement, flags, err))) break;
    sqlite3_finalize(statement);
    return status;
}

static oc_status list_those_of(oc_region_list *list, oc_project *project, const char *const *pictures, size_t n, uint32_t flags,
                               oc_error *err) {
    sqlite3_stmt *statement = NULL;
    oc_status status = OC_OK;
    if (n == 0) {
        status = oc__db_query(&statement, project, err, COLUMNS "ORDER BY r.picture, r.seq", "");
        return status ? status : add_rows(list, statement, project, flags, err);
    }
    for (size_t i = 0; i < n && !status; i++) {
        int64_t seq;
        if (!pictures[i]) return oc__fail(err, OC_E_ARGUMENT, "picture %zu of %zu is NULL", i, n);
        status = oc__project_find_picture(&seq, project, pictures[i], err);
        if (!status) status = oc__db_query(&statement, project, err, COLUMNS "WHERE r.picture = ? ORDER BY r.seq", "i", seq);
        if (!status) status = add_rows(list, statement, project, flags, err);
    }
    return status;
}

oc_status oc__project_regions(oc_region_list **out, oc_project *project, const char *const *pictures, size_t n, uint32_t flags,
                              oc_error *err) {
    oc_region_list *list = NULL;
    bool began;
    if (flags & ~(uint32_t)OC_REGIONS_PIXELS)
        return oc__fail(err, OC_E_ARGUMENT, "flags is %u, expected 0 or OC_REGIONS_PIXELS", flags);
    oc_status status = list_create(&list, project->context, err);
    if (!status) status = oc__snapshot_begin(project, &began, err);
    if (!status) {
        status = list_those_of(list, project, pictures, n, flags, err);
        oc__snapshot_end(project, began);
    }
    if (status)
        oc__region_list_free(list);
    else
        *out = list;
    return status;
}

/* --- changes --- */

/* A region that is not kept, and why. */
static oc_status add_refused(oc_region_list *list, const oc_region *region, const char *reason, oc_error *err) {
    oc_region refused = *region;
    oc_status status = oc__reserve(&list->items, &list->capacity, list->n, sizeof *list->items, list->strings.context, err);
    if (status) return status;
    refused.picture = oc__strings_add(&list->strings, region->picture ? region->picture : "");
    refused.tag = oc__strings_add(&list->strings, region->tag ? region->tag : "");
    refused.extra = oc__strings_add(&list->strings, region->extra ? region->extra : "");
    refused.reason = oc__strings_add(&list->strings, reason);
    refused.id = refused.created = "";
    refused.outcome = OC_REGION_REFUSED;
    if (!refused.picture || !refused.tag || !refused.extra || !refused.reason)
        return oc__fail_nomem(err, list->strings.context, 4096, "regions");
    list->items[list->n++] = refused;
    return OC_OK;
}

/* Failures of one region's own; all others end the whole. */
static bool is_own(oc_status status) {
    return status == OC_E_ARGUMENT || status == OC_E_DATA || status == OC_E_NOT_FOUND || status == OC_E_LIMIT;
}

static oc_status add_one(oc_region_list *list, oc_project *project, const oc_region *region, uint32_t project_kind,
                         uint32_t flags, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    int64_t seq = -1;
    place p;
    oc_status status = find_place(&p, project, region, project_kind, flags, err);
    if (!status) status = find_same(&seq, project, &p, region, err);
    bool known = seq >= 0;
    if (!status && !known) status = insert(&seq, project, &p, region, err);
    if (!status) status = oc__db_query(&statement, project, err, COLUMNS "WHERE r.seq = ?", "i", seq);
    if (!status) status = add_rows(list, statement, project, flags, err);
    if (!status)
        list->items[list->n - 1].outcome = known ? OC_REGION_DUPLICATE : p.clipped ? OC_REGION_CLIPPED : OC_REGION_STORED;
    return status;
}

static oc_status add_all(oc_region_list *list, oc_project *project, const oc_region *regions, size_t n, uint32_t flags,
                         oc_error *err) {
    uint32_t kind;
    oc_status status = oc__project_kind(&kind, project, err);
    for (size_t i = 0; i < n && !status; i++) {
        oc_error reason = OC_ERROR_INIT;
        status = add_one(list, project, &regions[i], kind, flags, &reason);
        if (is_own(status) && flags & OC_REGIONS_SKIP)
            status = add_refused(list, &regions[i], reason.message, err);
        else if (status)
            status = oc__fail(err, status, "region %zu of %zu: %s", i, n, reason.message);
    }
    return status;
}

oc_status oc__project_add_regions(oc_region_list **out, oc_project *project, const oc_region *regions, size_t n, uint32_t flags,
                                  oc_error *err) {
    oc_region_list *list = NULL;
    if (flags & ~(uint32_t)ALL_FLAGS)
        return oc__fail(err, OC_E_ARGUMENT, "flags is %u, expected a sum of OC_REGIONS_...", flags);
    oc_status status = list_create(&list, project->context, err);
    if (!status) status = oc__change_begin(project, err);
    if (!status) status = oc__change_end(project, add_all(list, project, regions, n, flags, err), err);
    if (status || !out)
        oc__region_list_free(list);
    else
        *out = list;
    return status;
}

/* The region's number, what it is, and its picture's size. */
static oc_status find_region(int64_t *seq, uint32_t *kind, place *p, oc_project *project, const char *id, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    if (!id) return oc__fail(err, OC_E_ARGUMENT, "its id is NULL");
    *p = (place){.tag = -1};
    oc_status status =
        oc__db_query(&statement, project, err, "SELECT seq, kind, picture FROM regions WHERE id = lower(?)", "t", id);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) {
        *seq = sqlite3_column_int64(statement, 0);
        *kind = (uint32_t)sqlite3_column_int64(statement, 1);
        p->picture = sqlite3_column_int64(statement, 2);
    } else if (!status) {
        status = oc__fail(err, OC_E_NOT_FOUND, "%s: there is no region '%s'", project->folder, id);
    }
    sqlite3_finalize(statement);
    return status ? status : read_size(p, project, err);
}

static oc_status update_one(oc_project *project, const oc_region *change, uint32_t flags, oc_error *err) {
    int64_t seq = -1;
    uint32_t kind = 0;
    place p;
    bool moved = change->left != 0 || change->top != 0 || change->width != 0 || change->height != 0;
    oc_status status = find_region(&seq, &kind, &p, project, change->id, err);
    if (!status && moved && kind != OC_REGION_BOX) return oc__fail(err, OC_E_DATA, "it is not a box, so it cannot be moved");
    if (!status && moved) status = fit_box(&p, change, flags, err);
    if (!status && change->extra) status = oc__db_check_extra(project, change->extra, err);
    if (!status && change->tag) status = oc__project_make_tag(&p.tag, project, change->tag, err);
    if (!status && moved)
        status = oc__db_run(project, err, "UPDATE regions SET x = ?, y = ?, width = ?, height = ? WHERE seq = ?", "ddddi",
                            p.box.left, p.box.top, p.box.width, p.box.height, seq);
    if (!status && change->tag) status = oc__db_run(project, err, "UPDATE regions SET tag = ? WHERE seq = ?", "ii", p.tag, seq);
    if (!status && change->extra)
        status = oc__db_run(project, err, "UPDATE regions SET extra = ? WHERE seq = ?", "ti", change->extra, seq);
    return status;
}

static oc_status update_all(oc_project *project, const oc_region *changes, size_t n, uint32_t flags, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        oc_error reason = OC_ERROR_INIT;
        status = update_one(project, &changes[i], flags, &reason);
        if (status) oc__fail(err, status, "region %zu of %zu: %s", i, n, reason.message);
    }
    return status;
}

oc_status oc__project_update_regions(oc_project *project, const oc_region *changes, size_t n, uint32_t flags, oc_error *err) {
    if (flags & ~(uint32_t)(OC_REGIONS_PIXELS | OC_REGIONS_CLIP))
        return oc__fail(err, OC_E_ARGUMENT, "flags is %u, expected a sum of OC_REGIONS_PIXELS and OC_REGIONS_CLIP", flags);
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, update_all(project, changes, n, flags, err), err);
}

static oc_status delete_all(oc_project *project, const char *const *ids, size_t n, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < n && !status; i++) {
        int64_t seq = -1;
        uint32_t kind;
        place p;
        status = find_region(&seq, &kind, &p, project, ids[i], err);
        if (!status) status = oc__db_run(project, err, "DELETE FROM regions WHERE seq = ?", "i", seq);
    }
    return status;
}

oc_status oc__project_delete_regions(oc_project *project, const char *const *ids, size_t n, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, delete_all(project, ids, n, err), err);
}
