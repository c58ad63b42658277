/* Verifying and mending projects, and bringing older ones up to date. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contents.h"
#include "database.h"
#include "hash.h"
#include "memory.h"
#include "store_script.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_project *project;
static oc_error error;

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

/* Three pictures with the tags a, a, b. */
static void add_three(uint32_t kind) {
    for (unsigned i = 0; i < 3; i++) {
        uint8_t bytes[78];
        oc_image image = script_picture(i, bytes);
        oc_labels labels = OC_LABELS_INIT;
        oc_addition addition = OC_ADDITION_INIT;
        const char *const tags[] = {i < 2 ? "a" : "b"};
        labels.tags = tags;
        labels.n_tags = kind != OC_PROJECT_DETECTION;
        must(oc__project_add_picture(&addition, project, &image, &labels, &error));
    }
}

static void begin(uint32_t kind) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    info.kind = kind;
    must(oc__project_create(&project, context, in(folder, "p"), &info, &error));
    add_three(kind);
}

static void end(void) {
    oc__project_free(project);
    end_context(context);
    remove_folder(folder);
}

/* The file of picture `i`. */
static const char *file_of(size_t i) {
    static char path[4096];
    oc_picture_list *list = NULL;
    must(oc__project_pictures(&list, project, &(oc_picture_filter)OC_PICTURE_FILTER_INIT, &error));
    snprintf(path, sizeof path, "%s", list->items[i].info.path);
    oc__picture_list_free(list);
    return path;
}

static size_t n_pictures(void) {
    uint64_t n = 0;
    must(oc__project_count_pictures(&n, project, &(oc_picture_filter)OC_PICTURE_FILTER_INIT, &error));
    return (size_t)n;
}

/* How many problems of a kind there are (0: of any), and how many of those were mended. */
static size_t problems(uint32_t kind, uint32_t flags, size_t *repaired) {
    oc_problem_list *list = NULL;
    oc__progress progress;
    size_t n = 0;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    must(oc__project_verify(&list, project, flags, &progress, &error));
    *repaired = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (kind && list->items[i].kind != kind) continue;
        n++;
        *repaired += list->items[i].repaired != 0;
    }
    oc__problem_list_free(list);
    return n;
}

#define FINDS(kind, n) ck_assert_uint_eq(problems(kind, 0, &repaired), n)

/* All that is found is mended, and then nothing is found. */
static void check_mended(size_t n) {
    size_t repaired;
    ck_assert_uint_eq(problems(0, OC_VERIFY_REPAIR, &repaired), n);
    ck_assert_uint_eq(repaired, n);
    FINDS(0, 0);
}

START_TEST(a_missing_file) {
    size_t repaired;
    char lost[4096];
    begin(0);
    FINDS(0, 0);
    ck_assert_int_eq(unlink(file_of(1)), 0);
    FINDS(OC_PROBLEM_MISSING, 1);
    FINDS(0, 1);
    ck_assert_uint_eq(problems(0, OC_VERIFY_REPAIR, &repaired), 1); /* it is nowhere to be found */
    ck_assert_uint_eq(repaired, 0);
    ck_assert_uint_eq(n_pictures(), 3);
    ck_assert_uint_eq(problems(0, OC_VERIFY_REPAIR | OC_VERIFY_FORGET, &repaired), 1);
    ck_assert_uint_eq(repaired, 1);
    ck_assert_uint_eq(n_pictures(), 2);
    FINDS(0, 0);
    /* A file in the folder "lost" is found again, if it has the right bytes. */
    snprintf(lost, sizeof lost, "%s/" OC__LOST "/%s", project->folder, strrchr(file_of(0), '/') + 1);
    put_text(project->folder, OC__LOST "/readme", "");
    ck_assert_int_eq(rename(file_of(0), lost), 0);
    check_mended(1);
    ck_assert_int_eq(access(file_of(0), R_OK), 0);
    end();
}
END_TEST

START_TEST(a_changed_file) {
    size_t repaired;
    begin(0);
    put_text("", file_of(0), "short");
    FINDS(OC_PROBLEM_CHANGED, 1);
    FILE *file = fopen(file_of(1), "r+b"); /* of the same size */
    ck_assert(file && fseek(file, 60, SEEK_SET) == 0 && fputc('x', file) == 'x' && fclose(file) == 0);
    FINDS(OC_PROBLEM_CHANGED, 2);
    ck_assert_uint_eq(problems(OC_PROBLEM_CHANGED, OC_VERIFY_REPAIR, &repaired), 2); /* set aside */
    ck_assert_uint_eq(repaired, 0);
    FINDS(OC_PROBLEM_MISSING, 2);
    ck_assert_uint_eq(problems(0, OC_VERIFY_REPAIR | OC_VERIFY_FORGET, &repaired), 2);
    ck_assert_uint_eq(repaired, 2);
    ck_assert_uint_eq(n_pictures(), 1);
    FINDS(0, 0);
    end();
}
END_TEST

START_TEST(files_of_nobody) {
    size_t repaired;
    char name[128];
    begin(0);
    snprintf(name, sizeof name, OC__FILES "/00/%064d.jpg", 0);
    put_text(project->folder, name, "x");
    snprintf(name, sizeof name, OC__FILES "/00/%064d.jpg.new-123-4", 0);
    put_text(project->folder, name, "y");
    put_text(project->folder, OC__FILES "/stranger.txt", "z");
    FINDS(OC_PROBLEM_LEFT_OVER, 2);
    FINDS(OC_PROBLEM_UNFINISHED, 1);
    check_mended(3);
    ck_assert_int_eq(access(in(project->folder, OC__LOST "/stranger.txt"), R_OK), 0);
    end();
}
END_TEST

/* Each of these is what a fault of ours, or of somebody who edits the database by hand, could leave. */
START_TEST(a_database_that_contradicts_itself) {
    static const char *const contradictions[] = {
        "UPDATE pictures SET n_tags = 7 WHERE seq = 1",
        "UPDATE pictures SET n_regions = 7 WHERE seq = 1",
        "PRAGMA foreign_keys = OFF; INSERT INTO metadata VALUES(99, 'a', 'b'); PRAGMA foreign_keys = ON",
        "PRAGMA foreign_keys = OFF; INSERT INTO picture_tags(tag, picture) VALUES(99, 1); PRAGMA foreign_keys = ON",
        "PRAGMA foreign_keys = OFF; INSERT INTO regions(id, picture, tag, x, y, width, height, created)"
        " VALUES('r', 99, 99, 0, 0, 1, 1, ''); DELETE FROM picture_tags WHERE picture = 99; PRAGMA foreign_keys = ON",
        "PRAGMA foreign_keys = OFF; INSERT INTO version_pictures VALUES(99, 'h', '.jpg', 'n', '', '[]');"
        " PRAGMA foreign_keys = ON",
        "INSERT INTO regions(id, picture, tag, x, y, width, height, created) SELECT 'r', 1, seq, 0, 0, 1, 1, '' FROM tags"
        " WHERE name = 'b'; DELETE FROM picture_tags WHERE picture = 1; UPDATE pictures SET n_tags = 0 WHERE seq = 1",
    };
    size_t repaired;
    begin(0);
    must(oc__db_script(project, contradictions[_i], &error));
    ck_assert_uint_ge(problems(OC_PROBLEM_DATABASE, 0, &repaired), 1);
    ck_assert_uint_ge(problems(OC_PROBLEM_DATABASE, OC_VERIFY_REPAIR, &repaired), 1);
    FINDS(OC_PROBLEM_DATABASE, 0);
    end();
}
END_TEST

START_TEST(a_damaged_database) {
    uint64_t size;
    begin(0);
    must(oc__db_script(project, "PRAGMA wal_checkpoint(TRUNCATE)", &error));
    must(oc__file_size(&size, context, project->file, &error));
    oc__project_free(project);
    project = NULL;
    FILE *file = fopen(in(folder, "p/project.db"), "r+b");
    ck_assert(file && fseek(file, (long)(size / 2), SEEK_SET) == 0);
    for (int i = 0; i < 4096; i++) fputc('#', file);
    fclose(file);
    oc_status status = oc__project_open(&project, context, in(folder, "p"), &error);
    if (!status) {
        oc_problem_list *list = NULL;
        oc__progress progress;
        oc__progress_begin(&progress, NULL, NULL, NULL);
        status = oc__project_verify(&list, project, 0, &progress, &error);
        ck_assert(status ? status == OC_E_CORRUPT : list->n > 0);
        oc__problem_list_free(list);
    } else {
        ck_assert_int_eq(status, OC_E_CORRUPT);
    }
    end();
}
END_TEST

static int stop(void *user, const oc_progress *progress) {
    (void)user, (void)progress;
    return 1;
}

START_TEST(is_cancelled) {
    oc_problem_list *list = NULL;
    oc__progress progress;
    begin(0);
    oc__progress_begin(&progress, stop, NULL, NULL);
    ck_assert_int_eq(oc__project_verify(&list, project, OC_VERIFY_REPAIR, &progress, &error), OC_E_CANCELLED);
    ck_assert_ptr_null(list);
    ck_assert_uint_eq(n_pictures(), 3);
    end();
}
END_TEST

/* --- older and newer schemas --- */

static int64_t schema(void) {
    int64_t version = -1;
    must(oc__db_integer(&version, project, &error, "PRAGMA user_version", ""));
    return version;
}

START_TEST(climbs_to_newer_schemas) {
    static const char *const known[] = {"SELECT 1", NULL};
    static const char *const better[] = {"ALTER TABLE pictures ADD COLUMN stars INTEGER NOT NULL DEFAULT 3",
                                         "CREATE TABLE shelves(name TEXT)", NULL};
    static const char *const broken[] = {"CREATE TABLE shelves(name TEXT)", "CREATE TABLE pictures(again TEXT)", NULL};
    const char *const *const failing[] = {known, broken}, *const *const ladder[] = {known, better};
    int64_t stars = 0;
    oc_project *other = NULL;
    begin(0);
    ck_assert_int_eq(schema(), OC__SCHEMA);
    ck_assert_int_eq(oc__schema_climb(project, failing, 2, &error), OC_E_INTERNAL);
    ck_assert_int_eq(schema(), OC__SCHEMA); /* nothing of a step that failed has happened */
    must(oc__schema_climb(project, ladder, 2, &error));
    ck_assert_int_eq(schema(), 2);
    must(oc__db_integer(&stars, project, &error, "SELECT sum(stars) FROM pictures", ""));
    ck_assert_int_eq(stars, 9);
    ck_assert_uint_eq(n_pictures(), 3);
    must(oc__schema_climb(project, ladder, 2, &error)); /* again: nothing to do */
    /* Today's library, to which that project is newer, says so. */
    ck_assert_int_eq(oc__project_open(&other, context, in(folder, "p"), &error), OC_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "schema 2, this library knows schemas up to 1"));
    ck_assert_ptr_null(other);
    end();
}
END_TEST

/* --- a project of the first schema, as it was released --- */

static const char golden_model[] = "stands for a model's file";

/* What the project in tests/golden/project-v1.sql was made of: OCELLUS_WRITE_GOLDEN=FOLDER makes it there, and
 * "sqlite3 FOLDER/p/project.db .dump" and the two PRAGMAs at its end give the text. Its identifiers and moments are of that
 * day. */
static void fill(void) {
    oc_tag tag = OC_TAG_INIT;
    oc__new_iteration iteration = {.settings = "{\"seed\": \"7\"}",
                                   .log = "a line\n",
                                   .seconds = 1.5,
                                   .model = golden_model,
                                   .n_bytes = sizeof golden_model,
                                   .method = 1,
                                   .n_measured = 3,
                                   .accuracy = 0.5};
    const oc_answer answers[] = {{sizeof(oc_answer), 0.75f, "a", 0, 0, 1, 1}, {sizeof(oc_answer), 0.25f, "b", 0, 0, 1, 1}};
    oc_region shape = OC_REGION_INIT;
    oc_picture_list *list = NULL;
    uint8_t bytes[78];
    oc_image image = script_picture(9, bytes);
    char id[OC_ID_SIZE];
    int64_t seq;
    tag.name = "none", tag.type = OC_TAG_NEGATIVE, tag.description = "neither", tag.colour = "#102030";
    must(oc__project_add_tag(NULL, project, &tag, &error));
    must(oc__project_pictures(&list, project, &(oc_picture_filter)OC_PICTURE_FILTER_INIT, &error));
    const char *const one[] = {list->items[0].info.id};
    must(oc__project_set_metadata(project, one, 1, "key", "it's", &error));
    must(oc__project_set_split(project, one, 1, "test", &error));
    shape.kind = OC_REGION_OTHER, shape.picture = one[0], shape.extra = "[1, 2]";
    must(oc__project_add_regions(NULL, project, &shape, 1, 0, &error));
    oc__picture_list_free(list);
    must(oc__project_begin(project, &error));
    must(oc__version_make(&iteration.version, project, &error));
    must(oc__project_add_iteration(&seq, project, &iteration, &error));
    must(oc__project_end(project, true, &error));
    must(oc__project_publish_iteration(project, "Iteration 1", "live", &error));
    must(oc__project_store_prediction(id, project, "live", &image, answers, 2, "door", &error));
}

/* Puts a file of these bytes where a project keeps it. */
static void put_content(const void *data, size_t size, const char *ending) {
    char hash[65], name[128];
    oc__sha256_of(hash, data, size);
    snprintf(name, sizeof name, "p/" OC__FILES "/%.2s/%s%s", hash, hash, ending);
    put_file(folder, name, data, size);
}

static void make_golden_database(void) {
    sqlite3 *db = NULL;
    uint8_t *text = NULL;
    size_t size;
    must(oc__file_read(&text, &size, context, OC_GOLDEN_FOLDER "/project-v1.sql", 1 << 20, "", &error));
    char *sql = realloc(NULL, size + 1);
    ck_assert_ptr_nonnull(sql);
    memcpy(sql, text, size);
    sql[size] = 0;
    must(oc__folder_make(context, in(folder, "p"), &error));
    ck_assert_int_eq(sqlite3_open(in(folder, "p/project.db"), &db), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    free(sql);
    oc__free(context, text);
}

static void write_golden(const char *out) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    info.keep_days = OC_KEEP_FOREVER;
    must(oc__project_create(&project, context, in(out, "p"), &info, &error));
    add_three(OC_PROJECT_MULTICLASS);
    fill();
    oc__project_free(project);
    end_context(context);
}

START_TEST(the_first_schema_still_opens) {
    const oc_picture_filter all = OC_PICTURE_FILTER_INIT;
    const oc_prediction_filter all_predictions = OC_PREDICTION_FILTER_INIT;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_iteration_list *iterations = NULL;
    oc_picture_list *pictures = NULL;
    oc_region_list *regions = NULL;
    size_t repaired;
    uint64_t n = 0;
    int64_t seq;
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    if (getenv("OCELLUS_WRITE_GOLDEN")) {
        write_golden(getenv("OCELLUS_WRITE_GOLDEN"));
        return;
    }
    folder = new_folder();
    for (unsigned i = 0; i < 10; i += i == 2 ? 7 : 1) { /* 0, 1, 2, 9 */
        uint8_t bytes[78];
        script_picture(i, bytes);
        put_content(bytes, sizeof bytes, ".bmp");
    }
    put_content(golden_model, sizeof golden_model, ".ocm");
    make_golden_database();
    must(oc__project_open(&project, context, in(folder, "p"), &error));
    must(oc__db_script(project, "PRAGMA journal_mode = WAL", &error));
    ck_assert_int_eq(schema(), OC__SCHEMA);
    must(oc__project_info(&info, project, &error));
    ck_assert(info.n_pictures == 3 && info.n_tags == 3 && info.n_iterations == 1 && info.keep_days == OC_KEEP_FOREVER);
    must(oc__project_pictures(&pictures, project, &all, &error));
    ck_assert_str_eq(pictures->items[0].info.split, "test");
    ck_assert_str_eq(pictures->pairs[0].value, "it's");
    oc__picture_list_free(pictures);
    must(oc__project_regions(&regions, project, NULL, 0, 0, &error));
    ck_assert_str_eq(regions->items[0].extra, "[1, 2]");
    oc__region_list_free(regions);
    must(oc__project_find_iteration(&seq, project, "live", &error));
    must(oc__project_iterations(&iterations, project, seq, &error));
    ck_assert_str_eq(iterations->items[0].settings, "{\"seed\": \"7\"}");
    oc__iteration_list_free(iterations);
    must(oc__project_count_predictions(&n, project, &all_predictions, &error));
    ck_assert_uint_eq(n, 1);
    FINDS(0, 0);
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {a_missing_file, 0},     {a_changed_file, 0}, {files_of_nobody, 0},         {a_database_that_contradicts_itself, 7},
        {a_damaged_database, 0}, {is_cancelled, 0},   {climbs_to_newer_schemas, 0}, {the_first_schema_still_opens, 0}};
    return RUN_UNIT_TESTS("store_verify", tests);
}
