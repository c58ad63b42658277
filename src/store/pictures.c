/* Adding, replacing, labelling and deleting pictures. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "contents.h"
#include "database.h"
#include "file.h"
#include "hash.h"
#include "incoming.h"
#include "memory.h"
#include "prepare.h"
#include "resample.h"
#include "text.h"
#include "uuid.h"

#define MAX_KEY 256
#define MAX_VALUE 4096
#define MAX_SPLIT 64
#define MIN_BEGINNING 6 /* characters by which a picture may be named */

oc_status oc__incoming_read(oc__incoming *in, oc_context *context, const oc_image *image, oc_error *err) {
    oc_image known, encoded = OC_IMAGE_INIT;
    oc__bitmap bitmap = {0};
    *in = (oc__incoming){0};
    oc_status status = oc__image_check(&known, image, err);
    if (status) return status;
    in->name = oc__image_name(&known);
    if (known.format != OC_IMAGE_PATH && known.format != OC_IMAGE_ENCODED)
        return oc__fail(err, OC_E_UNSUPPORTED, "%s: raw pixels cannot be stored; encode them as PNG or JPEG first", in->name);
    if (known.format == OC_IMAGE_PATH)
        status = oc__file_read(&in->owned, &in->size, context, known.data, context->limits.image_bytes, "max_image_bytes", err);
    else
        in->size = known.size;
    if (status) return status;
    in->data = in->owned ? in->owned : known.data;
    encoded.format = OC_IMAGE_ENCODED;
    encoded.data = in->data;
    encoded.size = in->size;
    encoded.name = in->name;
    status = oc__bitmap_open(&bitmap, context, &encoded, 0, err);
    if (!status) {
        in->width = bitmap.width;
        in->height = bitmap.height;
        in->ending = oc__contents_ending(in->data, in->size);
        oc__sha256_of(in->hash, in->data, in->size);
    }
    if (!status && !oc__utf8_valid(in->name, strlen(in->name))) in->name = "picture";
    oc__bitmap_free(&bitmap);
    if (status) oc__incoming_free(in, context);
    return status;
}

void oc__incoming_free(oc__incoming *incoming, oc_context *context) {
    oc__free(context, incoming->owned);
    incoming->owned = NULL;
}

/* The pictures of which `column` begins with `text`, which must be lower case; at most two. */
static oc_status find_beginning(int64_t found[2], int *n, oc_project *project, const char *sql, const char *text,
                                oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = true;
    oc_status status = oc__db_query(&statement, project, err, sql, "t", text);
    while (!status && *n < 2 && !(status = oc__db_step(&row, statement, project, err)) && row)
        found[(*n)++] = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

oc_status oc__project_find_picture(int64_t *seq, oc_project *project, const char *picture, oc_error *err) {
    int64_t found[2];
    int n = 0;
    *seq = -1;
    if (strlen(picture) >= MIN_BEGINNING) {
        /* 'g' comes after every hexadecimal digit. */
        oc_status status =
            find_beginning(found, &n, project,
                           "SELECT seq FROM pictures WHERE id >= lower(?1) AND id < lower(?1) || 'g' LIMIT 2", picture, err);
        if (!status)
            status = find_beginning(found, &n, project,
                                    "SELECT seq FROM pictures WHERE hash >= lower(?1) AND hash < lower(?1) || 'g' LIMIT 2",
                                    picture, err);
        if (status) return status;
    }
    if (n == 0) return oc__fail(err, OC_E_NOT_FOUND, "%s: there is no picture '%s'", project->folder, picture);
    if (n > 1)
        return oc__fail(err, OC_E_NOT_FOUND, "%s: several pictures begin with '%s'; give more of it", project->folder, picture);
    *seq = found[0];
    return OC_OK;
}

static oc_status check_pair(const char *key, const char *value, oc_error *err) {
    if (!key || !key[0] || strlen(key) > MAX_KEY || !oc__tag_valid(key))
        return oc__fail(err, OC_E_ARGUMENT, "a metadata key must be UTF-8 of 1 to %d bytes without control characters",
                        MAX_KEY);
    if (value && strlen(value) > MAX_VALUE)
        return oc__fail(err, OC_E_ARGUMENT, "the metadata value of '%s' has %zu bytes, at most %d", key, strlen(value),
                        MAX_VALUE);
    if (value && !oc__utf8_valid(value, strlen(value)))
        return oc__fail(err, OC_E_ARGUMENT, "the metadata value of '%s' is not UTF-8", key);
    return OC_OK;
}

static oc_status put_pair(oc_project *project, int64_t picture, const char *key, const char *value, oc_error *err) {
    if (!value) return oc__db_run(project, err, "DELETE FROM metadata WHERE picture = ? AND key = ?", "it", picture, key);
    return oc__db_run(project, err, "INSERT OR REPLACE INTO metadata(picture, key, value) VALUES(?, ?, ?)", "itt", picture, key,
                      value);
}

/* OC_E_DATA in a detection project. */
static oc_status check_tagging(oc_project *project, oc_error *err) {
    uint32_t kind;
    oc_status status = oc__project_kind(&kind, project, err);
    if (!status && kind == OC_PROJECT_DETECTION)
        return oc__fail(err, OC_E_DATA, "%s: is for detection, where pictures get their tags from regions", project->folder);
    return status;
}

static oc_status check_split(const char *split, oc_error *err) {
    if (!split[0] || (strlen(split) <= MAX_SPLIT && oc__tag_valid(split))) return OC_OK;
    return oc__fail(err, OC_E_ARGUMENT, "a split must be UTF-8 of up to %d bytes without control characters", MAX_SPLIT);
}

static oc_status put_split(oc_project *project, int64_t picture, const char *split, oc_error *err) {
    return oc__db_run(project, err, "UPDATE pictures SET split = ? WHERE seq = ?", "ti", split, picture);
}

static oc_status put_extra(oc_project *project, int64_t picture, const char *extra, oc_error *err) {
    oc_status status = oc__db_check_extra(project, extra, err);
    return status ? status
                  : oc__db_run(project, err, "UPDATE pictures SET extra = ? WHERE seq = ?", "ti", extra, picture);
}

static oc_status put_labels(oc_project *project, int64_t picture, const oc_labels *labels, oc_error *err) {
    int64_t tag;
    oc_status status = labels->n_tags ? check_tagging(project, err) : OC_OK;
    if ((labels->n_tags && !labels->tags) || (labels->n_metadata && (!labels->keys || !labels->values)))
        return oc__fail(err, OC_E_ARGUMENT, "oc_labels: a list is NULL");
    for (uint32_t i = 0; i < labels->n_tags && !status; i++) {
        if (!labels->tags[i]) return oc__fail(err, OC_E_ARGUMENT, "oc_labels: tag %u is NULL", i);
        status = oc__project_make_tag(&tag, project, labels->tags[i], err);
        if (!status)
            status =
                oc__db_run(project, err, "INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(?, ?)", "ii", tag, picture);
    }
    for (uint32_t i = 0; i < labels->n_metadata && !status; i++) {
        status = labels->values[i] ? check_pair(labels->keys[i], labels->values[i], err)
                                   : oc__fail(err, OC_E_ARGUMENT, "oc_labels: value %u is NULL", i);
        if (!status) status = put_pair(project, picture, labels->keys[i], labels->values[i], err);
    }
    if (!status && labels->split) status = check_split(labels->split, err);
    if (!status && labels->split) status = put_split(project, picture, labels->split, err);
    if (!status && labels->extra) status = put_extra(project, picture, labels->extra, err);
    return status || !labels->n_tags ? status : oc__project_check_labels(project, picture, err);
}

static oc_status insert(int64_t *seq, oc_project *project, const oc__incoming *in, oc_error *err) {
    char id[OC_ID_SIZE], now[21];
    oc__utc_now(now);
    oc_status status = oc__uuid_create(id, err);
    if (!status)
        status = oc__db_run(
            project, err,
            "INSERT INTO pictures(id, hash, ending, name, width, height, n_bytes, added) VALUES(?, ?, ?, ?, ?, ?, ?,"
            " max(?, coalesce((SELECT added FROM pictures ORDER BY seq DESC LIMIT 1), '')))",
            "ttttiiit", id, in->hash, in->ending, in->name, (int64_t)in->width, (int64_t)in->height, (int64_t)in->size, now);
    if (!status) *seq = sqlite3_last_insert_rowid(project->db);
    return status;
}

static oc_status tell(oc_addition *addition, oc_project *project, int64_t seq, bool known, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err, "SELECT id FROM pictures WHERE seq = ?", "i", seq);
    if (!status) status = oc__db_step(&row, statement, project, err);
    addition->duplicate = known;
    if (row) snprintf(addition->id, sizeof addition->id, "%s", oc__db_text(statement, 0));
    sqlite3_finalize(statement);
    return status;
}

static oc_status add(oc_addition *addition, oc_project *project, const oc__incoming *in, const oc_labels *labels,
                     oc_error *err) {
    int64_t seq = -1;
    oc_status status = oc__db_integer(&seq, project, err, "SELECT seq FROM pictures WHERE hash = ?", "t", in->hash);
    bool known = seq >= 0;
    if (!status) status = oc__contents_put(project, in->hash, in->ending, in->data, in->size, known, err);
    if (!status && !known) status = insert(&seq, project, in, err);
    if (!status) status = put_labels(project, seq, labels, err);
    return status ? status : tell(addition, project, seq, known, err);
}

oc_status oc__project_add_picture(oc_addition *addition, oc_project *project, const oc_image *image, const oc_labels *labels,
                                  oc_error *err) {
    oc__incoming in;
    oc_status status = oc__incoming_read(&in, project->context, image, err);
    if (status) return status;
    status = oc__change_begin(project, err);
    if (!status) status = oc__change_end(project, add(addition, project, &in, labels, err), err);
    oc__incoming_free(&in, project->context);
    return status;
}

/* The file of picture `seq` may go once the change lasts. */
static oc_status drop_file(oc_project *project, int64_t seq, oc_error *err) {
    sqlite3_stmt *statement = NULL;
    bool row = false;
    oc_status status = oc__db_query(&statement, project, err, "SELECT hash, ending FROM pictures WHERE seq = ?", "i", seq);
    if (!status) status = oc__db_step(&row, statement, project, err);
    if (row) status = oc__contents_drop(project, oc__db_text(statement, 0), oc__db_text(statement, 1), err);
    sqlite3_finalize(statement);
    return status;
}

static oc_status replace(oc_project *project, const char *picture, const oc__incoming *in, oc_error *err) {
    int64_t seq, other = -1;
    oc_status status = oc__project_find_picture(&seq, project, picture, err);
    if (!status) status = oc__db_integer(&other, project, err, "SELECT seq FROM pictures WHERE hash = ?", "t", in->hash);
    if (!status && other >= 0 && other != seq)
        return oc__fail(err, OC_E_STATE, "%s: is in the project already, as another picture", in->name);
    if (!status) status = oc__contents_put(project, in->hash, in->ending, in->data, in->size, other == seq, err);
    if (!status && other != seq) status = drop_file(project, seq, err);
    return status ? status
                  : oc__db_run(
                        project, err,
                        "UPDATE pictures SET hash = ?, ending = ?, name = ?, width = ?, height = ?, n_bytes = ? WHERE seq = ?",
                        "tttiiii", in->hash, in->ending, in->name, (int64_t)in->width, (int64_t)in->height, (int64_t)in->size,
                        seq);
}

oc_status oc__project_replace_picture(oc_project *project, const char *picture, const oc_image *image, oc_error *err) {
    oc__incoming in;
    oc_status status = oc__incoming_read(&in, project->context, image, err);
    if (status) return status;
    status = oc__change_begin(project, err);
    if (!status) status = oc__change_end(project, replace(project, picture, &in, err), err);
    oc__incoming_free(&in, project->context);
    return status;
}

typedef struct edit {
    int64_t tag;
    uint32_t how;
    const char *key, *value;
} edit;

static oc_status delete_one(oc_project *project, int64_t seq, const edit *e, oc_error *err) {
    (void)e;
    oc_status status = drop_file(project, seq, err);
    return status ? status : oc__db_run(project, err, "DELETE FROM pictures WHERE seq = ?", "i", seq);
}

static oc_status label_one(oc_project *project, int64_t seq, const edit *e, oc_error *err) {
    oc_status status = OC_OK;
    if (e->how == OC_LABEL_REMOVE)
        return oc__db_run(project, err, "DELETE FROM picture_tags WHERE tag = ? AND picture = ?", "ii", e->tag, seq);
    if (e->how == OC_LABEL_SET)
        status = oc__db_run(project, err, "DELETE FROM picture_tags WHERE picture = ? AND tag <> ?", "ii", seq, e->tag);
    if (!status)
        status = oc__db_run(project, err, "INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(?, ?)", "ii", e->tag, seq);
    return status ? status : oc__project_check_labels(project, seq, err);
}

static oc_status describe_one(oc_project *project, int64_t seq, const edit *e, oc_error *err) {
    return put_pair(project, seq, e->key, e->value, err);
}

static oc_status split_one(oc_project *project, int64_t seq, const edit *e, oc_error *err) {
    return put_split(project, seq, e->value, err);
}

static oc_status for_each(oc_project *project, const char *const *pictures, size_t n, const edit *e,
                          oc_status (*one)(oc_project *, int64_t, const edit *, oc_error *), oc_error *err) {
    oc_status status = OC_OK;
    int64_t seq;
    for (size_t i = 0; i < n && !status; i++) {
        if (!pictures[i]) return oc__fail(err, OC_E_ARGUMENT, "picture %zu of %zu is NULL", i, n);
        status = oc__project_find_picture(&seq, project, pictures[i], err);
        if (!status) status = one(project, seq, e, err);
    }
    return status;
}

oc_status oc__project_delete_pictures(oc_project *project, const char *const *pictures, size_t n, oc_error *err) {
    oc_status status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, for_each(project, pictures, n, NULL, delete_one, err), err);
}

oc_status oc__project_label_pictures(oc_project *project, const char *const *pictures, size_t n, const char *tag, uint32_t how,
                                     oc_error *err) {
    edit e = {.how = how};
    if (how < OC_LABEL_ADD || how > OC_LABEL_REMOVE)
        return oc__fail(err, OC_E_ARGUMENT, "how is %u, expected one of OC_LABEL_...", how);
    oc_status status = oc__change_begin(project, err);
    if (status) return status;
    status = check_tagging(project, err);
    if (!status) status = oc__project_find_tag(&e.tag, NULL, project, tag, err);
    if (!status) status = for_each(project, pictures, n, &e, label_one, err);
    return oc__change_end(project, status, err);
}

oc_status oc__project_set_metadata(oc_project *project, const char *const *pictures, size_t n, const char *key,
                                   const char *value, oc_error *err) {
    const edit e = {.key = key, .value = value};
    oc_status status = check_pair(key, value, err);
    if (!status) status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, for_each(project, pictures, n, &e, describe_one, err), err);
}

oc_status oc__project_set_split(oc_project *project, const char *const *pictures, size_t n, const char *split, oc_error *err) {
    const edit e = {.value = split};
    oc_status status = check_split(split, err);
    if (!status) status = oc__change_begin(project, err);
    return status ? status : oc__change_end(project, for_each(project, pictures, n, &e, split_one, err), err);
}

/* The size at which the longer side has `side` pixels, if it has more. */
static void fit(uint32_t *width, uint32_t *height, uint32_t side) {
    uint64_t w = *width, h = *height, longer = w > h ? w : h;
    if (longer <= side) return;
    *width = (uint32_t)((w * side + longer / 2) / longer);
    *height = (uint32_t)((h * side + longer / 2) / longer);
    if (*width == 0) *width = 1;
    if (*height == 0) *height = 1;
}

oc_status oc__project_thumbnail(oc__bitmap *out, oc_project *project, const char *picture, uint32_t side, oc_error *err) {
    oc_picture_list *list = NULL;
    oc_context *context = project->context;
    oc__bitmap whole = {0}, small = {0};
    oc_image image = OC_IMAGE_INIT;
    if (side < 1 || side > 4096) return oc__fail(err, OC_E_ARGUMENT, "the thumbnail's side is %u, expected 1 to 4096", side);
    oc_status status = oc__project_picture(&list, project, picture, err);
    if (status) return status;
    image.format = OC_IMAGE_PATH;
    image.data = list->items[0].info.path;
    image.name = list->items[0].info.name;
    status = oc__bitmap_open(&whole, context, &image, side, err);
    if (!status) {
        small = (oc__bitmap){context, NULL, whole.width, whole.height};
        fit(&small.width, &small.height, side);
        small.pixels = oc__alloc_array(context, (size_t)small.width * small.height, 3);
        if (!small.pixels) status = oc__fail_nomem(err, context, (size_t)small.width * small.height * 3, image.name);
    }
    if (!status)
        status = oc__resample(small.pixels, small.width, small.height, &whole,
                              (oc__part){0, 0, (float)whole.width, (float)whole.height}, OC__FILTER_TRIANGLE, err);
    oc__bitmap_free(&whole);
    oc__picture_list_free(list);
    if (status)
        oc__bitmap_free(&small);
    else
        *out = small;
    return status;
}
