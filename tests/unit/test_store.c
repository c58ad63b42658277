/* Projects on disk. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "database.h"
#include "store.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_project *project;
static oc_error error;

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

/* A BMP of 4 x 2 pixels, different for each seed. */
static oc_image picture(unsigned seed, uint8_t bytes[78]) {
    static char name[32];
    oc_image image = OC_IMAGE_INIT;
    memset(bytes, 0, 78);
    memcpy(bytes, "BM", 2);
    bytes[2] = 78, bytes[10] = 54, bytes[14] = 40, bytes[18] = 4, bytes[22] = 2, bytes[26] = 1, bytes[28] = 24;
    memcpy(bytes + 54, &seed, sizeof seed);
    snprintf(name, sizeof name, "picture %03u", seed);
    image.format = OC_IMAGE_ENCODED;
    image.data = bytes;
    image.size = 78;
    image.name = name;
    return image;
}

static oc_addition add(unsigned seed, const char *tag) {
    uint8_t bytes[78];
    oc_image image = picture(seed, bytes);
    oc_addition addition = OC_ADDITION_INIT;
    oc_labels labels = OC_LABELS_INIT;
    const char *tags[] = {tag}, *keys[] = {"parity"}, *values[] = {seed % 2 ? "odd" : "it's even"};
    labels.n_tags = tag ? 1 : 0;
    labels.tags = tags;
    labels.n_metadata = 1;
    labels.keys = keys;
    labels.values = values;
    must(oc__project_add_picture(&addition, project, &image, &labels, &error));
    return addition;
}

static void begin(uint32_t kind) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    info.kind = kind;
    must(oc__project_create(&project, context, in(folder, "p"), &info, &error));
}

static void end(void) {
    oc__project_free(project);
    end_context(context);
    remove_folder(folder);
}

static uint64_t count(const char *metadata, const char *tag, uint32_t state) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    uint64_t n = 999;
    const char *tags[] = {tag};
    filter.metadata = metadata;
    filter.tags = tags;
    filter.n_tags = tag != NULL;
    filter.state = state;
    must(oc__project_count_pictures(&n, project, &filter, &error));
    return n;
}

START_TEST(is_there_when_opened_again) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    begin(OC_PROJECT_MULTILABEL);
    add(1, "a");
    add(2, NULL);
    ck_assert_int_eq(add(1, "b").duplicate, 1);
    oc__project_free(project);
    project = NULL;
    must(oc__project_open(&project, context, in(folder, "p"), &error));
    must(oc__project_info(&info, project, &error));
    ck_assert_str_eq(info.name, "p");
    ck_assert_uint_eq(info.kind, OC_PROJECT_MULTILABEL);
    ck_assert_uint_eq(info.n_tags, 2);
    ck_assert_uint_eq(info.n_pictures, 2);
    ck_assert_uint_eq(info.n_untagged, 1);
    ck_assert_uint_eq(info.n_bytes, 156);
    end();
}
END_TEST

START_TEST(refuses_what_is_no_project) {
    oc_project *other = NULL;
    begin(0);
    ck_assert_int_eq(oc__project_open(&other, context, in(folder, "nowhere"), &error), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc__project_create(&other, context, in(folder, "p"), &(oc_project_info)OC_PROJECT_INFO_INIT, &error),
                     OC_E_STATE);
    put_text(folder, "text/project.db",
             "this is no database, whatever its name says; and it is long enough to be read as one, "
             "since a header has a hundred bytes");
    ck_assert_int_eq(oc__project_open(&other, context, in(folder, "text"), &error), OC_E_FORMAT);
    must(oc__db_script(project, "PRAGMA user_version = 99", &error));
    ck_assert_int_eq(oc__project_open(&other, context, in(folder, "p"), &error), OC_E_UNSUPPORTED);
    end();
}
END_TEST

START_TEST(keeps_the_rules_of_tags) {
    oc_tag tag = OC_TAG_INIT;
    oc_addition one;
    const char *pictures[1];
    begin(OC_PROJECT_MULTILABEL);
    tag.name = "none";
    tag.type = OC_TAG_NEGATIVE;
    must(oc__project_add_tag(NULL, project, &tag, &error));
    tag.name = "other";
    ck_assert_int_eq(oc__project_add_tag(NULL, project, &tag, &error), OC_E_STATE);
    one = add(1, "a");
    pictures[0] = one.id;
    ck_assert_int_eq(oc__project_label_pictures(project, pictures, 1, "none", OC_LABEL_ADD, &error), OC_E_DATA);
    ck_assert_uint_eq(count(NULL, "none", 0), 0);
    must(oc__project_label_pictures(project, pictures, 1, "none", OC_LABEL_SET, &error));
    ck_assert_uint_eq(count(NULL, "a", 0), 0);
    must(oc__project_label_pictures(project, pictures, 1, "a", OC_LABEL_SET, &error));
    add(2, "b");
    must(oc__project_merge_tags(project, "b", "a", &error));
    ck_assert_uint_eq(count(NULL, "a", 0), 2);
    tag = (oc_tag)OC_TAG_INIT;
    tag.name = "renamed";
    must(oc__project_update_tag(project, "a", &tag, &error));
    must(oc__project_delete_tag(project, "renamed", &error));
    ck_assert_uint_eq(count(NULL, NULL, OC_PICTURES_UNTAGGED), 2);
    end();
}
END_TEST

START_TEST(lists_filters_and_pages) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_picture_list *list = NULL;
    begin(OC_PROJECT_MULTICLASS);
    must(oc__project_begin(project, &error));
    for (unsigned i = 0; i < 20; i++) add(i, i < 5 ? "low" : i < 15 ? "high" : NULL);
    must(oc__project_end(project, true, &error));
    ck_assert_uint_eq(count("parity eq 'odd' and (parity eq 'odd' or x ne 'y')", NULL, 0), 10);
    ck_assert_uint_eq(count("parity eq 'it''s even'", "low", 0), 3);
    ck_assert_uint_eq(count(NULL, NULL, OC_PICTURES_UNTAGGED), 5);
    filter.order = OC_ORDER_NEWEST;
    filter.offset = 5;
    filter.limit = 3;
    must(oc__project_pictures(&list, project, &filter, &error));
    ck_assert_uint_eq(list->n, 3);
    ck_assert_str_eq(list->items[0].info.name, "picture 014");
    ck_assert_str_eq(list->tags[0], "high");
    ck_assert_str_eq(list->pairs[1].value, "odd");
    ck_assert(access(list->items[0].info.path, R_OK) == 0);
    oc__picture_list_free(list);
    filter.metadata = "parity is 'odd'";
    ck_assert_int_eq(oc__project_pictures(&list, project, &filter, &error), OC_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "character 8"));
    end();
}
END_TEST

START_TEST(undoes_all_of_a_change) {
    oc_addition kept, gone;
    const char *pictures[1];
    begin(OC_PROJECT_MULTICLASS);
    kept = add(1, "a");
    pictures[0] = kept.id;
    must(oc__project_begin(project, &error));
    gone = add(2, "b");
    must(oc__project_delete_pictures(project, pictures, 1, &error));
    must(oc__project_end(project, false, &error));
    ck_assert_uint_eq(count(NULL, NULL, 0), 1);
    pictures[0] = gone.id;
    ck_assert_int_eq(oc__project_delete_pictures(project, pictures, 1, &error), OC_E_NOT_FOUND);
    end();
}
END_TEST

START_TEST(lets_old_predictions_go) {
    static const char model[] = "not looked at here";
    const oc_answer answers[] = {{sizeof(oc_answer), 0.75f, "a", 0, 0, 1, 1}, {sizeof(oc_answer), 0.25f, "b", 0, 0, 1, 1}};
    const oc_prediction_filter all = OC_PREDICTION_FILTER_INIT;
    oc__new_iteration iteration = {.settings = "{}", .log = "", .model = model, .n_bytes = sizeof model};
    oc_project_info info = OC_PROJECT_INFO_INIT;
    char id[OC_ID_SIZE];
    uint8_t bytes[78];
    int64_t seq;
    uint64_t n = 9;
    begin(OC_PROJECT_MULTICLASS);
    add(1, "a");
    must(oc__project_begin(project, &error));
    must(oc__version_make(&iteration.version, project, &error));
    must(oc__project_add_iteration(&seq, project, &iteration, &error));
    must(oc__project_end(project, true, &error));
    for (unsigned i = 10; i < 13; i++) {
        oc_image image = picture(i, bytes);
        must(oc__project_store_prediction(id, project, NULL, &image, answers, 2, "", &error));
    }
    must(oc__db_script(project,
                       "UPDATE predictions SET created = '2020-01-01T00:00:00Z' WHERE seq = 1;"
                       "UPDATE predictions SET created = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-29 days') WHERE seq = 2",
                       &error));
    oc__project_free(project);
    project = NULL;
    must(oc__project_open(&project, context, in(folder, "p"), &error)); /* one is older than 30 days */
    must(oc__project_count_predictions(&n, project, &all, &error));
    ck_assert_uint_eq(n, 2);
    info.keep_days = 7;
    must(oc__project_update(project, &info, &error));
    must(oc__predictions_expire(project, &error));
    must(oc__project_count_predictions(&n, project, &all, &error));
    ck_assert_uint_eq(n, 1);
    must(oc__db_script(project, "UPDATE predictions SET created = '2020-01-01T00:00:00Z'", &error));
    info.keep_days = OC_KEEP_FOREVER;
    must(oc__project_update(project, &info, &error));
    must(oc__predictions_expire(project, &error));
    must(oc__project_count_predictions(&n, project, &all, &error));
    ck_assert_uint_eq(n, 1);
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {{is_there_when_opened_again, 0}, {refuses_what_is_no_project, 0}, {keeps_the_rules_of_tags, 0},
                               {lists_filters_and_pages, 0},    {undoes_all_of_a_change, 0},     {lets_old_predictions_go, 0}};
    return RUN_UNIT_TESTS("store", tests);
}
