/* The database's tables, and how older ones become today's. SPDX-License-Identifier: MIT */
#include "database.h"

/* Step i, scripts with a NULL behind, takes a database of schema i to schema i + 1. What has been released is never changed,
 * only added to.
 *
 * pictures.n_tags, pictures.n_regions and, where tags come from regions, picture_tags follow from other tables; triggers keep
 * them. Moments are UTC in ISO 8601, so that they compare as text, and pictures.added never falls from one picture to the next.
 * `hash` and `ending` always name a file: see contents.h. What a foreign format knows and we do not is kept in `extra`, as JSON
 * or "". */
static const char *const step_1[] = {
    "CREATE TABLE project(one INTEGER PRIMARY KEY CHECK(one = 1), id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT "
    "NULL,"
    " kind INTEGER NOT NULL, domain TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL,"
    " keep_days INTEGER NOT NULL DEFAULT 30) STRICT;",

    "CREATE TABLE tags(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, type INTEGER NOT NULL,"
    " description TEXT NOT NULL, colour TEXT NOT NULL, created TEXT NOT NULL, extra TEXT NOT NULL DEFAULT '') STRICT;"
    "CREATE UNIQUE INDEX tags_negative ON tags(type) WHERE type = 2;",

    "CREATE TABLE pictures(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, ending TEXT NOT NULL,"
    " name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, n_bytes INTEGER NOT NULL, added TEXT NOT NULL,"
    " split TEXT NOT NULL DEFAULT '', extra TEXT NOT NULL DEFAULT '',"
    " n_tags INTEGER NOT NULL DEFAULT 0, n_regions INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX pictures_name ON pictures(name);"
    "CREATE INDEX pictures_added ON pictures(added);"
    "CREATE INDEX pictures_tagged ON pictures(n_tags > 0);",

    "CREATE TABLE picture_tags(tag INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE,"
    " picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, PRIMARY KEY(tag, picture)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX picture_tags_picture ON picture_tags(picture, tag);"
    "CREATE TRIGGER tag_on AFTER INSERT ON picture_tags BEGIN"
    " UPDATE pictures SET n_tags = n_tags + 1 WHERE seq = new.picture; END;"
    "CREATE TRIGGER tag_off AFTER DELETE ON picture_tags BEGIN"
    " UPDATE pictures SET n_tags = n_tags - 1 WHERE seq = old.picture; END;",

    /* Of kind 1: boxes. Of kind 2: other shapes, kept in `extra` alone; they give no tag to their picture. */
    "CREATE TABLE regions(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL DEFAULT 1,"
    " picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, tag INTEGER REFERENCES tags ON DELETE CASCADE,"
    " x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL, created TEXT NOT NULL,"
    " extra TEXT NOT NULL DEFAULT '', CHECK(kind = 2 OR tag IS NOT NULL)) STRICT;"
    "CREATE INDEX regions_picture ON regions(picture, seq);"
    "CREATE INDEX regions_tag ON regions(tag, picture);"
    "CREATE TRIGGER region_on AFTER INSERT ON regions WHEN new.kind = 1 BEGIN"
    " UPDATE pictures SET n_regions = n_regions + 1 WHERE seq = new.picture;"
    " INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(new.tag, new.picture); END;"
    "CREATE TRIGGER region_off AFTER DELETE ON regions WHEN old.kind = 1 BEGIN"
    " UPDATE pictures SET n_regions = n_regions - 1 WHERE seq = old.picture;"
    " DELETE FROM picture_tags WHERE tag = old.tag AND picture = old.picture"
    "  AND NOT EXISTS(SELECT 1 FROM regions WHERE tag = old.tag AND picture = old.picture AND kind = 1); END;"
    "CREATE TRIGGER region_tag AFTER UPDATE OF tag ON regions WHEN old.kind = 1 AND old.tag <> new.tag BEGIN"
    " INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(new.tag, new.picture);"
    " DELETE FROM picture_tags WHERE tag = old.tag AND picture = old.picture"
    "  AND NOT EXISTS(SELECT 1 FROM regions WHERE tag = old.tag AND picture = old.picture AND kind = 1); END;",

    "CREATE TABLE metadata(picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT "
    "NULL,"
    " PRIMARY KEY(picture, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX metadata_value ON metadata(key, value, picture);",

    /* What there was to train on at some moment. `hash` is of all of it, so that the same data are one version. `labels` is a
     * JSON array: names of tags, or [tag, left, top, width, height] for each box. */
    "CREATE TABLE versions(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT UNIQUE, hash TEXT NOT NULL UNIQUE,"
    " kind INTEGER NOT NULL, created TEXT NOT NULL, n_pictures INTEGER NOT NULL) STRICT;"
    "CREATE TABLE version_pictures(version INTEGER NOT NULL REFERENCES versions ON DELETE CASCADE, hash TEXT NOT NULL,"
    " ending TEXT NOT NULL, name TEXT NOT NULL, split TEXT NOT NULL, labels TEXT NOT NULL,"
    " PRIMARY KEY(version, hash)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX version_pictures_hash ON version_pictures(hash);",

    "CREATE TABLE iterations(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, created TEXT NOT "
    "NULL,"
    " seconds REAL NOT NULL, version INTEGER NOT NULL REFERENCES versions, settings TEXT NOT NULL, library TEXT NOT NULL,"
    " model TEXT NOT NULL, n_bytes INTEGER NOT NULL, method INTEGER NOT NULL, n_measured INTEGER NOT NULL, accuracy REAL NOT "
    "NULL,"
    " precision REAL NOT NULL, recall REAL NOT NULL, average_precision REAL NOT NULL, log TEXT NOT NULL,"
    " chosen INTEGER NOT NULL DEFAULT 0, published TEXT UNIQUE) STRICT;"
    "CREATE UNIQUE INDEX iterations_chosen ON iterations(chosen) WHERE chosen = 1;"
    "CREATE INDEX iterations_version ON iterations(version);"
    "CREATE INDEX iterations_model ON iterations(model);",

    "CREATE TABLE predictions(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " iteration INTEGER NOT NULL REFERENCES iterations ON DELETE CASCADE, hash TEXT NOT NULL, ending TEXT NOT NULL,"
    " name TEXT NOT NULL, application TEXT NOT NULL, created TEXT NOT NULL, uncertainty REAL NOT NULL) STRICT;"
    "CREATE INDEX predictions_hash ON predictions(hash);"
    "CREATE INDEX predictions_created ON predictions(created);"
    "CREATE INDEX predictions_uncertainty ON predictions(uncertainty);"
    "CREATE INDEX predictions_iteration ON predictions(iteration);"
    "CREATE TABLE prediction_tags(prediction INTEGER NOT NULL REFERENCES predictions ON DELETE CASCADE, place INTEGER NOT NULL,"
    " tag TEXT NOT NULL, probability REAL NOT NULL, x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT "
    "NULL,"
    " PRIMARY KEY(prediction, place)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX prediction_tags_tag ON prediction_tags(tag, probability);",
    NULL,
};

static const char *const *const steps[OC__SCHEMA] = {step_1};

oc_status oc__schema_climb(oc_project *project, const char *const *const *ladder, int n, oc_error *err) {
    int64_t version = 0;
    oc_status status = oc__db_integer(&version, project, err, "PRAGMA user_version", "");
    if (status || version == n) return status;
    if (version > n || version < 0)
        return oc__fail(err, OC_E_UNSUPPORTED,
                        "%s: is of schema %lld, this library knows schemas up to %d; use a newer library",
                        project->file, (long long)version, n);
    if ((status = oc__change_begin(project, err))) return status;
    status = oc__db_integer(&version, project, err, "PRAGMA user_version", ""); /* another program may have been quicker */
    for (; !status && version < n; version++) {
        char done[48];
        sqlite3_snprintf(sizeof done, done, "PRAGMA user_version = %d", (int)version + 1);
        for (const char *const *script = ladder[version]; *script && !status; script++)
            status = oc__db_script(project, *script, err);
        if (!status) status = oc__db_script(project, done, err);
    }
    return oc__change_end(project, status, err);
}

oc_status oc__schema_update(oc_project *project, oc_error *err) { return oc__schema_climb(project, steps, OC__SCHEMA, err); }
