/* Projects through the public interface: a tour, what must not be given, what outlives what, and memory that runs out.
 * SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static char folder[256], path[512];
static bytes png[4];

static void set_up(void) {
    uint8_t pixels[SIDE * SIDE * 3];
    make_folder(folder);
    join(path, folder, "project");
    for (uint32_t i = 0; i < 4; i++) {
        paint(pixels, (int)i % N_KINDS, i);
        png[i] = make_png(pixels, SIDE, SIDE);
    }
}

static void tear_down(void) {
    remove_folder(folder);
    for (int i = 0; i < 4; i++) free(png[i].data);
}

static void add(char id[40], oc_project *project, int i, const char *tag) {
    oc_image image = encoded_image(png[i]);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    static const char *const keys[] = {"key"}, *const values[] = {"value"};
    labels.tags = &tag;
    labels.n_tags = tag != NULL;
    labels.n_metadata = 1;
    labels.keys = keys;
    labels.values = values;
    labels.split = "train";
    OK(oc_project_add_picture(&addition, project, &image, &labels, err));
    ck_assert_uint_eq(strlen(addition.id), OC_ID_SIZE - 1);
    if (id) strcpy(id, addition.id);
}

START_TEST(a_tour) {
    oc_context *context = new_context(1);
    oc_project *project = NULL, *again = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_picture_list *list = NULL, *one = NULL;
    oc_tag_list *tags = NULL;
    oc_tag tag = OC_TAG_INIT;
    oc_picture_info picture = OC_PICTURE_INFO_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_picture *thumbnail = NULL;
    oc_image small = OC_IMAGE_INIT;
    oc_dataset *dataset = NULL;
    char id[40];
    const char *key, *value;
    uint64_t n = 0;
    OK(oc_project_create(&project, context, path, NULL, err));
    FAILS_OUT(OC_E_STATE, again, oc_project_create(&again, context, path, NULL, err));
    FAILS_OUT(OC_E_DATA, dataset, oc_project_dataset(&dataset, project, err));
    for (int i = 0; i < 4; i++) add(id, project, i, i < 2 ? "a" : i < 3 ? "b" : NULL);
    OK(oc_project_get_info(project, &info, err));
    ck_assert_str_eq(info.name, "project");
    ck_assert_uint_eq(info.n_pictures, 4);
    filter.state = OC_PICTURES_UNTAGGED;
    OK(oc_project_count_pictures(&n, project, &filter, err));
    ck_assert_uint_eq(n, 1);
    OK(oc_project_pictures(&list, project, NULL, err));
    ck_assert_uint_eq(oc_picture_list_count(list), 4);
    OK(oc_project_picture(&one, project, id, err));
    OK(oc_project_thumbnail(&thumbnail, project, id, 8, err));
    OK(oc_picture_image(thumbnail, &small, err));
    ck_assert_uint_eq(small.width, 8);
    OK(oc_project_tags(&tags, project, err));
    OK(oc_tag_list_get(tags, 1, &tag, err));
    ck_assert_str_eq(tag.name, "b");
    ck_assert_uint_eq(tag.n_pictures, 1);
    OK(oc_project_dataset(&dataset, project, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 3);
    ck_assert_str_eq(oc_dataset_sample_split(dataset, 0), "train");
    /* Lists, pictures and data sets outlive the project, and all of them the context's owner. */
    oc_project_free(project);
    oc_context_free(context);
    OK(oc_picture_list_get(one, 0, &picture, err));
    ck_assert_str_eq(picture.id, id);
    ck_assert_ptr_null(oc_picture_list_tag(one, 0, 0));
    ck_assert_str_eq(oc_picture_list_tag(list, 0, 0), "a");
    OK(oc_picture_list_metadata(list, 3, 0, &key, &value, err));
    ck_assert_str_eq(value, "value");
    FAILS(OC_E_NOT_FOUND, oc_picture_list_metadata(list, 3, 1, &key, &value, err));
    FAILS(OC_E_NOT_FOUND, oc_picture_list_get(list, 4, &picture, err));
    FAILS(OC_E_NOT_FOUND, oc_tag_list_get(tags, 2, &tag, err));
    oc_picture_list_free(one);
    oc_picture_list_free(list);
    oc_tag_list_free(tags);
    oc_picture_free(thumbnail);
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(what_must_not_be_given) {
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    oc_labels labels = OC_LABELS_INIT;
    oc_tag tag = OC_TAG_INIT;
    uint8_t pixels[SIDE * SIDE * 3] = {0};
    oc_image raw = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8), image = encoded_image(png[0]);
    oc_problem_list *problems;
    oc_picture_list *list;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    const char *pictures[1] = {NULL}, *bad[1] = {NULL};
    char id[OC_ID_SIZE];
    uint64_t n;
    FAILS(OC_E_ARGUMENT, oc_project_create(NULL, context, path, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, project, oc_project_create(&project, NULL, path, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, project, oc_project_create(&project, context, NULL, NULL, err));
    FAILS_OUT(OC_E_NOT_FOUND, project, oc_project_open(&project, context, path, err));
    info.kind = 5;
    FAILS_OUT(OC_E_ARGUMENT, project, oc_project_create(&project, context, path, &info, err));
    OK(oc_project_create(&project, context, path, NULL, err));
    info.struct_size = 8;
    FAILS(OC_E_ARGUMENT, oc_project_get_info(project, &info, err));
    FAILS(OC_E_ARGUMENT, oc_project_get_info(project, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_get_info(NULL, &info, err));
    FAILS(OC_E_ARGUMENT, oc_project_update(project, NULL, err));
    FAILS(OC_E_STATE, oc_project_end(project, 1, err));
    FAILS(OC_E_ARGUMENT, oc_project_begin(NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_end(NULL, 1, err));
    FAILS_OUT(OC_E_ARGUMENT, problems, oc_project_verify(&problems, project, OC_VERIFY_FORGET, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, problems, oc_project_verify(&problems, project, 99, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_add_tag(id, project, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_add_tag(id, project, &tag, err));
    tag.name = "12345678-1234-1234-1234-123456789abc";
    FAILS(OC_E_ARGUMENT, oc_project_add_tag(id, project, &tag, err));
    tag.name = "t", tag.colour = "red";
    FAILS(OC_E_ARGUMENT, oc_project_add_tag(id, project, &tag, err));
    ck_assert_str_eq(id, "");
    FAILS(OC_E_NOT_FOUND, oc_project_update_tag(project, "t", &(oc_tag)OC_TAG_INIT, err));
    FAILS(OC_E_ARGUMENT, oc_project_update_tag(project, NULL, &tag, err));
    FAILS(OC_E_ARGUMENT, oc_project_merge_tags(project, NULL, "b", err));
    FAILS(OC_E_ARGUMENT, oc_project_merge_tags(project, "a", NULL, err));
    FAILS(OC_E_NOT_FOUND, oc_project_merge_tags(project, "a", "b", err));
    FAILS(OC_E_ARGUMENT, oc_project_delete_tag(project, NULL, err));
    FAILS(OC_E_UNSUPPORTED, oc_project_add_picture(&addition, project, &raw, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_add_picture(NULL, project, NULL, NULL, err));
    labels.n_tags = 1;
    FAILS(OC_E_ARGUMENT, oc_project_add_picture(&addition, project, &image, &labels, err));
    labels.tags = bad;
    FAILS(OC_E_ARGUMENT, oc_project_add_picture(&addition, project, &image, &labels, err));
    ck_assert_str_eq(addition.id, "");
    FAILS(OC_E_ARGUMENT, oc_project_add_folder(NULL, project, NULL, NULL, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_replace_picture(project, NULL, &image, err));
    FAILS(OC_E_NOT_FOUND, oc_project_replace_picture(project, "nothing", &image, err));
    FAILS(OC_E_ARGUMENT, oc_project_delete_pictures(project, NULL, 1, err));
    FAILS(OC_E_ARGUMENT, oc_project_delete_pictures(project, pictures, 1, err));
    OK(oc_project_delete_pictures(project, NULL, 0, err));
    FAILS(OC_E_ARGUMENT, oc_project_label_pictures(project, pictures, 0, "t", 4, err));
    FAILS(OC_E_NOT_FOUND, oc_project_label_pictures(project, pictures, 0, "t", OC_LABEL_ADD, err));
    FAILS(OC_E_ARGUMENT, oc_project_label_pictures(project, pictures, 0, NULL, OC_LABEL_ADD, err));
    FAILS(OC_E_ARGUMENT, oc_project_set_metadata(project, pictures, 0, "", "v", err));
    FAILS(OC_E_ARGUMENT, oc_project_set_metadata(project, pictures, 0, NULL, "v", err));
    FAILS(OC_E_ARGUMENT, oc_project_set_split(project, pictures, 0, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_project_set_split(project, pictures, 0, "a\nb", err));
    filter.limit = 10001;
    FAILS_OUT(OC_E_ARGUMENT, list, oc_project_pictures(&list, project, &filter, err));
    filter.limit = 0, filter.state = 3;
    FAILS(OC_E_ARGUMENT, oc_project_count_pictures(&n, project, &filter, err));
    filter.state = 0, filter.added_after = "yesterday";
    FAILS(OC_E_ARGUMENT, oc_project_count_pictures(&n, project, &filter, err));
    FAILS(OC_E_ARGUMENT, oc_project_count_pictures(NULL, project, NULL, err));
    FAILS_OUT(OC_E_NOT_FOUND, list, oc_project_picture(&list, project, "abc", err));
    ck_assert_uint_eq(oc_picture_list_count(NULL) + oc_tag_list_count(NULL) + oc_problem_list_count(NULL), 0);
    ck_assert_ptr_null(oc_picture_list_tag(NULL, 0, 0));
    oc_picture_list_free(NULL);
    oc_tag_list_free(NULL);
    oc_problem_list_free(NULL);
    oc_project_free(NULL);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- memory that runs out --- */

static oc_status read_all(oc_project *project, oc_error *err) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    static const char *const wanted[] = {"a"};
    oc_picture_list *list = NULL;
    oc_tag_list *tags = NULL;
    oc_problem_list *problems = NULL;
    oc_dataset *dataset = NULL;
    oc_picture *thumbnail = NULL;
    oc_picture_info first = OC_PICTURE_INFO_INIT;
    filter.tags = wanted, filter.n_tags = 1, filter.metadata = "key eq 'value' and x ne 'y'";
    oc_status status = oc_project_get_info(project, &info, err);
    if (!status) status = oc_project_tags(&tags, project, err);
    if (!status) status = oc_project_pictures(&list, project, &filter, err);
    if (!status) status = oc_picture_list_get(list, 0, &first, err);
    if (!status) status = oc_project_thumbnail(&thumbnail, project, first.id, 8, err);
    if (!status) status = oc_project_verify(&problems, project, 0, NULL, NULL, err);
    if (!status) ck_assert_uint_eq(oc_problem_list_count(problems), 0);
    if (!status) status = oc_project_dataset(&dataset, project, err);
    oc_picture_list_free(list);
    oc_tag_list_free(tags);
    oc_problem_list_free(problems);
    oc_dataset_free(dataset);
    oc_picture_free(thumbnail);
    return status;
}

/* A change that is undone at its end, so that the project is the same for every attempt. */
static oc_status write_all(oc_project *project, oc_error *err) {
    oc_image image = encoded_image(png[3]);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    oc_tag tag = OC_TAG_INIT;
    static const char *const tags[] = {"new"}, *const keys[] = {"k"}, *const values[] = {"v"};
    labels.tags = tags, labels.n_tags = 1, labels.n_metadata = 1, labels.keys = keys, labels.values = values;
    tag.name = "renamed";
    oc_status status = oc_project_begin(project, err);
    if (status) return status;
    status = oc_project_add_picture(&addition, project, &image, &labels, err);
    const char *const one[] = {addition.id};
    if (!status) status = oc_project_update_tag(project, "new", &tag, err);
    if (!status) status = oc_project_label_pictures(project, one, 1, "a", OC_LABEL_SET, err);
    if (!status) status = oc_project_set_metadata(project, one, 1, "k", NULL, err);
    if (!status) status = oc_project_delete_pictures(project, one, 1, err);
    oc_status ended = oc_project_end(project, 0, status ? NULL : err);
    return status ? status : ended;
}

/* Returns whether some allocation failed. */
static bool attempt(oc_status (*run)(oc_project *, oc_error *), size_t n, bool forever) {
    host h = {0};
    oc_error error = OC_ERROR_INIT;
    oc_context_options options = host_options(&h, 1);
    oc_context *context = NULL;
    oc_project *project = NULL;
    OK(oc_context_create(&context, &options, err));
    h.fail_at = h.n_calls + n, h.fail_forever = forever;
    oc_status status = oc_project_open(&project, context, path, &error);
    if (status) ck_assert_ptr_null(project);
    if (!status) status = run(project, &error);
    h.fail_at = 0, h.fail_forever = false;
    oc_project_free(project);
    oc_context_free(context);
    ck_assert_msg(h.n_blocks == 0, "failing at %zu%s leaks %zu blocks", n, forever ? " and on" : "", (size_t)h.n_blocks);
    if (status)
        ck_assert_msg(status == OC_E_NOMEM && h.n_failed && error.code == status, "failing at %zu: %s: %s", n,
                      oc_status_name(status), error.message);
    return h.n_failed != 0;
}

START_TEST(memory_runs_out) {
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_problem_list *problems = NULL;
    uint64_t n = 0;
    OK(oc_project_create(&project, context, path, NULL, err));
    for (int i = 0; i < 3; i++) add(NULL, project, i, i < 2 ? "a" : "b");
    for (int forever = 0; forever < 2; forever++)
        for (size_t i = 1; attempt(_i ? write_all : read_all, i, forever); i++) ck_assert_uint_lt(i, 5000);
    OK(oc_project_count_pictures(&n, project, NULL, err));
    ck_assert_uint_eq(n, 3);
    /* Of an addition that was undone without memory, a file may be left over, and nothing worse. */
    OK(oc_project_verify(&problems, project, 0, NULL, NULL, err));
    for (size_t i = 0; i < oc_problem_list_count(problems); i++) {
        oc_problem problem = OC_PROBLEM_INIT;
        OK(oc_problem_list_get(problems, i, &problem, err));
        ck_assert_uint_eq(problem.kind, OC_PROBLEM_LEFT_OVER);
    }
    oc_problem_list_free(problems);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("projects");
    TCase *tests = tcase_create("projects");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_tour);
    tcase_add_test(tests, what_must_not_be_given);
    tcase_add_loop_test(tests, memory_runs_out, 0, 2);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
