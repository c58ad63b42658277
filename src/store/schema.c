/* The database's tables, and how older ones become today's. SPDX-License-Identifier: MIT */
#include "database.h"

/* Step i takes a database of schema i to schema i + 1. What has been released is never changed, only added to.
 *
 * pictures.n_tags and, where tags come from regions, picture_tags follow from other tables; triggers keep them. Moments are UTC in
 * ISO 8601, so that they compare as text, and pictures.added never falls from one picture to the next. */
static const char *const steps[OC__SCHEMA] = {
    "CREATE TABLE project(one INTEGER PRIMARY KEY CHECK(one = 1), id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL,"
    " kind INTEGER NOT NULL, domain TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL) STRICT;"

    "CREATE TABLE tags(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, type INTEGER NOT NULL,"
    " description TEXT NOT NULL, colour TEXT NOT NULL, created TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX tags_negative ON tags(type) WHERE type = 2;"

    "CREATE TABLE pictures(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL UNIQUE, ending TEXT NOT NULL,"
    " name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, n_bytes INTEGER NOT NULL, added TEXT NOT NULL,"
    " n_tags INTEGER NOT NULL DEFAULT 0, n_regions INTEGER NOT NULL DEFAULT 0) STRICT;"
    "CREATE INDEX pictures_name ON pictures(name);"
    "CREATE INDEX pictures_added ON pictures(added);"
    "CREATE INDEX pictures_tagged ON pictures(n_tags > 0);"

    "CREATE TABLE picture_tags(tag INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE,"
    " picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, PRIMARY KEY(tag, picture)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX picture_tags_picture ON picture_tags(picture, tag);"
    "CREATE TRIGGER tag_on AFTER INSERT ON picture_tags BEGIN"
    " UPDATE pictures SET n_tags = n_tags + 1 WHERE seq = new.picture; END;"
    "CREATE TRIGGER tag_off AFTER DELETE ON picture_tags BEGIN"
    " UPDATE pictures SET n_tags = n_tags - 1 WHERE seq = old.picture; END;"

    "CREATE TABLE regions(seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, tag INTEGER NOT NULL REFERENCES tags ON DELETE CASCADE,"
    " x REAL NOT NULL, y REAL NOT NULL, width REAL NOT NULL, height REAL NOT NULL, created TEXT NOT NULL) STRICT;"
    "CREATE INDEX regions_picture ON regions(picture, seq);"
    "CREATE INDEX regions_tag ON regions(tag, picture);"
    "CREATE TRIGGER region_on AFTER INSERT ON regions BEGIN"
    " UPDATE pictures SET n_regions = n_regions + 1 WHERE seq = new.picture;"
    " INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(new.tag, new.picture); END;"
    "CREATE TRIGGER region_off AFTER DELETE ON regions BEGIN"
    " UPDATE pictures SET n_regions = n_regions - 1 WHERE seq = old.picture;"
    " DELETE FROM picture_tags WHERE tag = old.tag AND picture = old.picture"
    "  AND NOT EXISTS(SELECT 1 FROM regions WHERE tag = old.tag AND picture = old.picture); END;"
    "CREATE TRIGGER region_tag AFTER UPDATE OF tag ON regions WHEN old.tag <> new.tag BEGIN"
    " INSERT OR IGNORE INTO picture_tags(tag, picture) VALUES(new.tag, new.picture);"
    " DELETE FROM picture_tags WHERE tag = old.tag AND picture = old.picture"
    "  AND NOT EXISTS(SELECT 1 FROM regions WHERE tag = old.tag AND picture = old.picture); END;"

    "CREATE TABLE metadata(picture INTEGER NOT NULL REFERENCES pictures ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY(picture, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX metadata_value ON metadata(key, value, picture);",
};

oc_status oc__schema_update(oc_project *project, oc_error *err) {
    int64_t version = 0;
    oc_status status = oc__db_integer(&version, project, err, "PRAGMA user_version", "");
    if (status || version == OC__SCHEMA) return status;
    if (version > OC__SCHEMA || version < 0)
        return oc__fail(err, OC_E_UNSUPPORTED, "%s: is of schema %lld, this library knows schemas up to %d; use a newer library",
                        project->file, (long long)version, OC__SCHEMA);
    if ((status = oc__change_begin(project, err))) return status;
    status = oc__db_integer(&version, project, err, "PRAGMA user_version", ""); /* another program may have been quicker */
    for (; !status && version < OC__SCHEMA; version++) {
        char done[48];
        sqlite3_snprintf(sizeof done, done, "PRAGMA user_version = %d", (int)version + 1);
        status = oc__db_script(project, steps[version], err);
        if (!status) status = oc__db_script(project, done, err);
    }
    return oc__change_end(project, status, err);
}
