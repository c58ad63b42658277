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

/* --- iterations --- */

static void add_painted(char id[40], oc_project *project, int kind, uint32_t seed) {
    uint8_t pixels[SIDE * SIDE * 3];
    paint(pixels, kind, seed);
    bytes file = make_png(pixels, SIDE, SIDE);
    oc_image image = encoded_image(file);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    labels.tags = &kind_names[kind];
    labels.n_tags = 1;
    OK(oc_project_add_picture(&addition, project, &image, &labels, err));
    if (id) strcpy(id, addition.id);
    free(file.data);
}

/* Trains quickly. Keeps the iteration's name in `name`. */
static oc_iteration train_once(oc_project *project, bool force, double test_share, char name[64]) {
    static const char *const keys[] = {"views", "folds", "l2"}, *const values[] = {"1", "2", "0.01"};
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *list = NULL;
    oc_iteration iteration = OC_ITERATION_INIT;
    training.n_options = 3;
    training.keys = keys;
    training.values = values;
    training.force = force;
    training.test_share = test_share;
    OK(oc_project_train(&list, project, &training, NULL, NULL, err));
    ck_assert_uint_eq(oc_iteration_list_count(list), 1);
    OK(oc_iteration_list_get(list, 0, &iteration, err));
    strcpy(name, iteration.name);
    ck_assert(iteration.log[0] && strstr(iteration.settings, "\"views\": \"1\"") && iteration.n_bytes > 1000);
    oc_iteration_list_free(list);
    return iteration; /* its texts are gone */
}

/* A project with boxes: a data set of them, a version, an iteration, a model. */
START_TEST(detection) {
    static const char *const keys[] = {"steps", "size", "base"}, *const values[] = {"2", "64", "compact"};
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_dataset *dataset = NULL;
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *list = NULL;
    oc_iteration iteration = OC_ITERATION_INIT;
    oc_model *model = NULL;
    oc_box box = OC_BOX_INIT;
    info.kind = OC_PROJECT_DETECTION;
    OK(oc_project_create(&project, context, path, &info, err));
    FAILS_OUT(OC_E_DATA, dataset, oc_project_dataset(&dataset, project, err));
    for (uint32_t i = 0; i < 12; i++) {
        uint8_t pixels[SIDE * SIDE * 3];
        paint(pixels, (int)(i % 2), i);
        bytes file = make_png(pixels, SIDE, SIDE);
        oc_image image = encoded_image(file);
        oc_addition addition = OC_ADDITION_INIT;
        oc_region region = OC_REGION_INIT;
        const oc_region *regions[] = {&region};
        OK(oc_project_add_picture(&addition, project, &image, NULL, err));
        free(file.data);
        region.picture = addition.id;
        region.tag = kind_names[i % 2];
        region.left = 0.25, region.top = 0.125, region.width = 0.5, region.height = 0.75;
        if (i < 11) OK(oc_project_add_regions(NULL, project, regions, 1, 0, err)); /* of the last is not known what is in it */
        region.left = 0;
        if (i == 0) OK(oc_project_add_regions(NULL, project, regions, 1, 0, err));
    }
    OK(oc_project_dataset(&dataset, project, err));
    ck_assert(oc_dataset_has_boxes(dataset) && oc_dataset_count(dataset) == 11 && oc_dataset_n_tags(dataset) == 2);
    size_t n = 0;
    for (size_t i = 0; i < 11; i++) n += oc_dataset_sample_n_boxes(dataset, i);
    ck_assert_uint_eq(n, 12);
    OK(oc_dataset_sample_box(dataset, 10, 0, &box, err));
    ck_assert(box.left == 0.25f && box.top == 0.125f && box.width == 0.5f && box.height == 0.75f);
    oc_dataset_free(dataset);
    training.n_options = 3;
    training.keys = keys;
    training.values = values;
    OK(oc_project_train(&list, project, &training, NULL, NULL, err));
    OK(oc_iteration_list_get(list, 0, &iteration, err));
    ck_assert(iteration.is_new && iteration.n_pictures == 11 && iteration.n_measured == 11 && iteration.accuracy == 0);
    ck_assert_uint_eq(iteration.method, OC_REPORT_CROSS_VALIDATION);
    oc_iteration_list_free(list);
    OK(oc_project_train(&list, project, &training, NULL, NULL, err));
    OK(oc_iteration_list_get(list, 0, &iteration, err));
    ck_assert(!iteration.is_new);
    OK(oc_project_iteration_dataset(&dataset, project, iteration.name, err));
    ck_assert(oc_dataset_has_boxes(dataset) && oc_dataset_count(dataset) == 11);
    oc_dataset_free(dataset);
    oc_iteration_list_free(list);
    OK(oc_project_model(&model, project, NULL, err));
    ck_assert_uint_eq(oc_model_kind(model), OC_MODEL_DETECTION);
    oc_model_free(model);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

static size_t count_problems(oc_project *project) {
    oc_problem_list *problems = NULL;
    OK(oc_project_verify(&problems, project, 0, NULL, NULL, err));
    size_t n = oc_problem_list_count(problems);
    oc_problem_list_free(problems);
    return n;
}

static int cancel(void *user, const oc_progress *progress) {
    (void)user, (void)progress;
    return 1;
}

static bool file_exists(const char *name) {
    FILE *file = fopen(name, "rb");
    if (file) fclose(file);
    return file != NULL;
}

START_TEST(iterations) {
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_iteration_list *list = NULL, *none;
    oc_iteration one = OC_ITERATION_INIT;
    oc_dataset *dataset = NULL;
    oc_model *model = NULL;
    oc_picture_list *pictures = NULL;
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    char id[40], first[64], second[64], file[512];
    const char *ids[] = {id};
    OK(oc_project_create(&project, context, path, NULL, err));
    FAILS_OUT(OC_E_DATA, none, oc_project_train(&none, project, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_NOT_FOUND, model, oc_project_model(&model, project, NULL, err));
    for (uint32_t i = 0; i < 12; i++) add_painted(i ? NULL : id, project, (int)(i % 2), i);
    FAILS_OUT(OC_E_CANCELLED, none, oc_project_train(&none, project, NULL, cancel, NULL, err));
    OK(oc_project_begin(project, err));
    FAILS_OUT(OC_E_STATE, none, oc_project_train(&none, project, NULL, NULL, NULL, err));
    OK(oc_project_end(project, 0, err));
    OK(oc_project_iterations(&list, project, err));
    ck_assert_uint_eq(oc_iteration_list_count(list), 0);
    oc_iteration_list_free(list);

    /* Once; nothing new, so not again; again by force; with other settings. */
    one = train_once(project, false, 0, first);
    ck_assert(one.is_new && one.n_pictures == 12 && one.n_measured == 12 && one.method == OC_REPORT_CROSS_VALIDATION);
    ck_assert_str_eq(first, "Iteration 1");
    ck_assert(!train_once(project, false, 0, second).is_new);
    ck_assert_str_eq(second, first);
    ck_assert(train_once(project, true, 0, second).is_new);
    one = train_once(project, false, 0.5, second);
    ck_assert(one.is_new && one.n_measured < 12 && one.n_measured > 0 && one.method == OC_REPORT_TEST_SET);
    ck_assert_str_eq(second, "Iteration 3");

    /* A picture that is deleted is kept for the iterations that saw it. */
    OK(oc_project_picture(&pictures, project, id, err));
    OK(oc_picture_list_get(pictures, 0, &info, err));
    snprintf(file, sizeof file, "%s", info.path);
    oc_picture_list_free(pictures);
    OK(oc_project_delete_pictures(project, ids, 1, err));
    ck_assert(file_exists(file));
    OK(oc_project_iteration_dataset(&dataset, project, first, err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 12);
    oc_dataset_free(dataset);
    one = train_once(project, false, 0, second);
    ck_assert(one.is_new && one.n_pictures == 11);
    ck_assert_uint_eq(count_problems(project), 0);

    /* Names. */
    OK(oc_project_publish(project, first, "production", err));
    FAILS(OC_E_STATE, oc_project_publish(project, second, "production", err));
    FAILS(OC_E_STATE, oc_project_publish(project, second, first, err));
    FAILS(OC_E_ARGUMENT, oc_project_publish(project, second, "", err));
    OK(oc_project_model(&model, project, "production", err));
    ck_assert_uint_eq(oc_model_n_tags(model), 2);
    oc_model_free(model);
    OK(oc_project_set_default(project, "Iteration 2", err));
    OK(oc_project_iteration(&list, project, NULL, err));
    OK(oc_iteration_list_get(list, 0, &one, err));
    ck_assert_str_eq(one.name, "Iteration 2");
    ck_assert(one.is_default);
    oc_iteration_list_free(list);
    OK(oc_project_set_default(project, NULL, err));
    FAILS(OC_E_NOT_FOUND, oc_project_set_default(project, "nothing", err));

    /* Deleting: what pictures only those iterations held goes with the last of them. */
    FAILS(OC_E_STATE, oc_project_delete_iteration(project, first, err));
    OK(oc_project_publish(project, "production", NULL, err));
    OK(oc_project_delete_iteration(project, first, err));
    OK(oc_project_delete_iteration(project, "Iteration 2", err));
    ck_assert(file_exists(file));
    OK(oc_project_delete_iteration(project, "Iteration 3", err));
    ck_assert(!file_exists(file));
    FAILS(OC_E_NOT_FOUND, oc_project_delete_iteration(project, first, err));
    ck_assert_uint_eq(count_problems(project), 0);
    OK(oc_project_delete_iteration(project, second, err));
    ck_assert_uint_eq(count_problems(project), 0);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

START_TEST(versions) {
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_version_list *list = NULL;
    oc_version_entry version = OC_VERSION_ENTRY_INIT;
    oc_iteration_list *trained = NULL;
    oc_iteration iteration = OC_ITERATION_INIT;
    oc_training training = OC_TRAINING_INIT;
    oc_dataset *dataset = NULL;
    char id[40], name[64];
    const char *ids[] = {id};
    static const char *const keys[] = {"views", "folds", "l2"}, *const values[] = {"1", "2", "0.01"};
    OK(oc_project_create(&project, context, path, NULL, err));
    for (uint32_t i = 0; i < 8; i++) add_painted(id, project, (int)(i % 2), i);
    OK(oc_project_add_version(project, "spring", err));
    FAILS(OC_E_STATE, oc_project_add_version(project, "spring", err));
    FAILS(OC_E_STATE, oc_project_add_version(project, "same", err));
    FAILS(OC_E_ARGUMENT, oc_project_add_version(project, "", err));
    OK(oc_project_delete_pictures(project, ids, 1, err));
    train_once(project, false, 0, name);
    OK(oc_project_versions(&list, project, err));
    ck_assert_uint_eq(oc_version_list_count(list), 2);
    OK(oc_version_list_get(list, 0, &version, err));
    ck_assert_str_eq(version.name, "spring");
    ck_assert(version.n_pictures == 8 && version.n_iterations == 0);
    OK(oc_version_list_get(list, 1, &version, err));
    ck_assert(version.n_pictures == 7 && version.n_iterations == 1 && !version.name[0]);
    oc_version_list_free(list);

    /* As it was, deleted picture and all. */
    OK(oc_project_version_dataset(&dataset, project, "spring", err));
    ck_assert_uint_eq(oc_dataset_count(dataset), 8);
    oc_dataset_free(dataset);
    training.n_options = 3, training.keys = keys, training.values = values, training.version = "spring";
    OK(oc_project_train(&trained, project, &training, NULL, NULL, err));
    OK(oc_iteration_list_get(trained, 0, &iteration, err));
    ck_assert(iteration.is_new && iteration.n_pictures == 8 && iteration.n_measured == 8);
    OK(oc_project_delete_version(project, "spring", err)); /* which stays for the iteration */
    OK(oc_project_iteration_dataset(&dataset, project, iteration.name, err));
    oc_dataset_free(dataset);
    OK(oc_project_delete_iteration(project, iteration.name, err));
    oc_iteration_list_free(trained);
    FAILS(OC_E_NOT_FOUND, oc_project_delete_version(project, "spring", err));
    FAILS_OUT(OC_E_NOT_FOUND, trained, oc_project_train(&trained, project, &training, NULL, NULL, err));
    ck_assert_uint_eq(count_problems(project), 0);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- stored predictions --- */

static void store_painted(char id[OC_ID_SIZE], oc_project *project, oc_predictor *predictor, int kind, uint32_t seed,
                          const char *application) {
    uint8_t pixels[SIDE * SIDE * 3];
    paint(pixels, kind, seed);
    bytes file = make_png(pixels, SIDE, SIDE);
    oc_image image = encoded_image(file);
    oc_result *result = NULL;
    OK(oc_predictor_run(&result, predictor, &image, err));
    oc_answer answers[N_KINDS];
    const oc_answer *pointers[N_KINDS];
    size_t n = oc_result_count(result);
    for (size_t i = 0; i < n; i++) {
        oc_box box = OC_BOX_INIT;
        OK(oc_result_get(result, i, &box, err));
        answers[i] = (oc_answer)OC_ANSWER_INIT;
        answers[i].tag = oc_result_tag_name(result, i);
        answers[i].probability = box.probability;
        pointers[i] = &answers[i];
    }
    OK(oc_project_store_prediction(id, project, NULL, &image, pointers, n, application, err));
    answers[0].probability = 1.5f;
    FAILS(OC_E_ARGUMENT, oc_project_store_prediction(NULL, project, NULL, &image, pointers, n, application, err));
    oc_result_free(result);
    free(file.data);
}

static uint64_t count_predictions(oc_project *project, const oc_prediction_filter *filter) {
    uint64_t n = 0;
    OK(oc_project_count_predictions(&n, project, filter, err));
    return n;
}

START_TEST(stored_predictions) {
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_model *model = NULL;
    oc_predictor *predictor = NULL;
    oc_prediction_list *list = NULL;
    oc_stored_prediction p = OC_STORED_PREDICTION_INIT;
    oc_prediction_filter filter = OC_PREDICTION_FILTER_INIT;
    oc_labels labels = OC_LABELS_INIT;
    oc_answer answer = OC_ANSWER_INIT;
    char ids[6][OC_ID_SIZE], name[64], file[512];
    const char *one[1];
    uint64_t n = 0;
    OK(oc_project_create(&project, context, path, NULL, err));
    for (uint32_t i = 0; i < 12; i++) add_painted(NULL, project, (int)(i % 2), i);
    train_once(project, false, 0, name);
    OK(oc_project_model(&model, project, NULL, err));
    OK(oc_predictor_create(&predictor, model, NULL, err));
    for (uint32_t i = 0; i < 6; i++) store_painted(ids[i], project, predictor, (int)(i % 2), 100 + i, i < 4 ? "door" : NULL);

    /* Orders and filters. */
    OK(oc_project_predictions(&list, project, NULL, err));
    ck_assert_uint_eq(oc_prediction_list_count(list), 6);
    OK(oc_prediction_list_get(list, 0, &p, err));
    ck_assert_str_eq(p.id, ids[5]); /* the newest */
    ck_assert_str_eq(p.iteration, name);
    ck_assert_uint_eq(p.n_answers, 2);
    OK(oc_prediction_list_answer(list, 0, 0, &answer, err));
    ck_assert(answer.probability >= 0.5f && answer.width == 1 && answer.tag[0]);
    FAILS(OC_E_NOT_FOUND, oc_prediction_list_answer(list, 0, 2, &answer, err));
    FAILS(OC_E_NOT_FOUND, oc_prediction_list_get(list, 6, &p, err));
    oc_prediction_list_free(list);
    filter.order = OC_PREDICTIONS_SUGGESTED;
    OK(oc_project_predictions(&list, project, &filter, err));
    double last = 1;
    for (size_t i = 0; oc_prediction_list_get(list, i, &p, NULL) == OC_OK; i++) {
        ck_assert(p.uncertainty >= 0 && p.uncertainty <= last);
        last = p.uncertainty;
    }
    oc_prediction_list_free(list);
    filter.application = "door";
    ck_assert_uint_eq(count_predictions(project, &filter), 4);
    filter.iteration = name, filter.after = "2020-01-01", filter.before = "2999-01-01";
    ck_assert_uint_eq(count_predictions(project, &filter), 4);
    filter.before = "2020-01-01";
    ck_assert_uint_eq(count_predictions(project, &filter), 0);
    filter = (oc_prediction_filter)OC_PREDICTION_FILTER_INIT;
    filter.tag = kind_names[0], filter.min_probability = 0.5;
    n = count_predictions(project, &filter);
    filter.min_probability = 0, filter.max_probability = 0.4999999;
    ck_assert_uint_eq(n + count_predictions(project, &filter), 6);
    filter.max_probability = 2;
    FAILS(OC_E_ARGUMENT, oc_project_count_predictions(&n, project, &filter, err));
    filter.max_probability = 0, filter.iteration = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, list, oc_project_predictions(&list, project, &filter, err));

    /* Promoting and deleting. */
    one[0] = ids[0];
    labels.tags = &kind_names[0];
    labels.n_tags = 1;
    OK(oc_project_promote_predictions(project, one, 1, &labels, err));
    FAILS(OC_E_NOT_FOUND, oc_project_promote_predictions(project, one, 1, &labels, err));
    OK(oc_project_get_info(project, &info, err));
    ck_assert(info.n_pictures == 13 && info.keep_days == 30 && info.n_iterations == 1);
    one[0] = ids[1];
    filter = (oc_prediction_filter)OC_PREDICTION_FILTER_INIT;
    filter.order = OC_PREDICTIONS_OLDEST;
    OK(oc_project_predictions(&list, project, &filter, err));
    OK(oc_prediction_list_get(list, 0, &p, err));
    ck_assert_str_eq(p.id, ids[1]);
    snprintf(file, sizeof file, "%s", p.path);
    oc_prediction_list_free(list);
    ck_assert(file_exists(file));
    OK(oc_project_delete_predictions(project, one, 1, err));
    ck_assert(!file_exists(file));
    FAILS(OC_E_NOT_FOUND, oc_project_delete_predictions(project, one, 1, err));
    ck_assert_uint_eq(count_predictions(project, NULL), 4);

    /* With the iteration its predictions go, and their files. */
    ck_assert_uint_eq(count_problems(project), 0);
    OK(oc_project_delete_iteration(project, name, err));
    ck_assert_uint_eq(count_predictions(project, NULL), 0);
    ck_assert_uint_eq(count_problems(project), 0);
    info = (oc_project_info)OC_PROJECT_INFO_INIT;
    info.keep_days = OC_KEEP_FOREVER + 1;
    FAILS(OC_E_ARGUMENT, oc_project_update(project, &info, err));
    oc_predictor_free(predictor);
    oc_model_free(model);
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
    oc_iteration_list *iterations_there = NULL;
    oc_prediction_list *stored = NULL;
    oc_prediction_filter wanted_predictions = OC_PREDICTION_FILTER_INIT;
    wanted_predictions.application = "door", wanted_predictions.tag = "a";
    oc_dataset *seen = NULL;
    filter.tags = wanted, filter.n_tags = 1, filter.metadata = "key eq 'value' and x ne 'y'";
    oc_status status = oc_project_get_info(project, &info, err);
    if (!status) status = oc_project_tags(&tags, project, err);
    if (!status) status = oc_project_pictures(&list, project, &filter, err);
    if (!status) status = oc_picture_list_get(list, 0, &first, err);
    if (!status) status = oc_project_thumbnail(&thumbnail, project, first.id, 8, err);
    if (!status) status = oc_project_verify(&problems, project, 0, NULL, NULL, err);
    if (!status) ck_assert_uint_eq(oc_problem_list_count(problems), 0);
    if (!status) status = oc_project_dataset(&dataset, project, err);
    if (!status) status = oc_project_iterations(&iterations_there, project, err);
    if (!status) status = oc_project_iteration_dataset(&seen, project, NULL, err);
    if (!status) status = oc_project_predictions(&stored, project, &wanted_predictions, err);
    oc_prediction_list_free(stored);
    oc_iteration_list_free(iterations_there);
    oc_dataset_free(seen);
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

/* Writes all of it in three formats, and gives back what was known of the project before. */
static oc_status exchange(oc_project *project, oc_error *err) {
    static const char *const formats[] = {"csv", "yolo", "folder"};
    static unsigned n;
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    oc_status status = OC_OK;
    for (int i = 0; i < 3 && !status; i++) {
        char out[600];
        oc_exchange *report = (oc_exchange *)(void *)folder;
        snprintf(out, sizeof out, "%s/out-%u", folder, n++);
        options.to = formats[i];
        status = oc_project_export(&report, project, out, &options, NULL, NULL, err);
        if (status) ck_assert_ptr_null(report);
        oc_exchange_free(report);
        if (status) break;
        report = (oc_exchange *)(void *)folder;
        status = oc_project_import(&report, project, out, NULL, NULL, NULL, err);
        if (status) ck_assert_ptr_null(report);
        oc_exchange_free(report);
    }
    return status;
}

/* Finds that there is nothing new to train. Opening the base network makes thousands of allocations. */
static oc_status train_again(oc_project *project, oc_error *err) {
    static const char *const keys[] = {"views", "folds", "l2"}, *const values[] = {"1", "2", "0.01"};
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *list = NULL;
    training.n_options = 3, training.keys = keys, training.values = values;
    oc_status status = oc_project_train(&list, project, &training, NULL, NULL, err);
    if (!status) ck_assert_uint_eq(oc_iteration_list_count(list), 1);
    oc_iteration_list_free(list);
    return status;
}

START_TEST(annotation_files) {
    oc_context *context = new_context(1);
    oc_project *project = NULL, *other = NULL;
    oc_exchange *report = NULL;
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    oc_exchange_summary summary = OC_EXCHANGE_SUMMARY_INIT;
    oc_note note = OC_NOTE_INIT;
    oc_format_info format = OC_FORMAT_INFO_INIT;
    char out[512], file[512], again[512];
    uint64_t n;
    join(out, folder, "out");
    join(file, folder, "labels.csv");
    join(again, folder, "again");
    OK(oc_project_create(&project, context, path, NULL, err));
    for (int i = 0; i < 4; i++) add(NULL, project, i, i < 3 ? "a" : NULL);

    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_export(&report, project, out, NULL, NULL, NULL, err)); /* in which format? */
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_export(&report, NULL, out, &options, NULL, NULL, err));
    options.to = "tiff";
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_export(&report, project, out, &options, NULL, NULL, err));
    options.to = "csv";
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_export(&report, project, NULL, &options, NULL, NULL, err));
    FAILS_OUT(OC_E_STATE, report, oc_project_export(&report, project, path, &options, NULL, NULL, err)); /* not empty */
    options.flags = 2;
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_export(&report, project, out, &options, NULL, NULL, err));
    options.flags = 0;
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_import(&report, project, NULL, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_NOT_FOUND, report, oc_project_import(&report, project, out, NULL, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, report, oc_annotations_convert(&report, NULL, out, file, &options, NULL, NULL, err));

    OK(oc_project_export(&report, project, out, &options, NULL, NULL, err));
    OK(oc_exchange_get(report, &summary, err));
    ck_assert_str_eq(summary.format, "csv");
    ck_assert_uint_eq(summary.n_pictures, 4);
    ck_assert_uint_eq(summary.n_labels, 3);
    ck_assert_uint_eq(summary.n_left_out, 0);
    ck_assert_uint_eq(summary.n_notes, 1); /* they are all called "picture" */
    OK(oc_exchange_note(report, 0, &note, err));
    ck_assert_uint_eq(note.outcome, OC_NOTE_CHANGED);
    ck_assert_uint_eq(note.n, 4);
    ck_assert_str_eq(oc_exchange_example(report, 0, 3), "'picture' is now 'picture-4.png'");
    ck_assert_ptr_null(oc_exchange_example(report, 0, 4));
    ck_assert_ptr_null(oc_exchange_example(report, 1, 0));
    FAILS(OC_E_NOT_FOUND, oc_exchange_note(report, 1, &note, err));
    oc_exchange_free(report);

    OK(oc_project_create(&other, context, again, NULL, err));
    OK(oc_project_import(NULL, other, out, NULL, NULL, NULL, err));
    OK(oc_project_count_pictures(&n, other, NULL, err));
    ck_assert_uint_eq(n, 4);
    OK(oc_project_begin(other, err)); /* all in one change, which is undone */
    OK(oc_project_import(&report, other, out, NULL, NULL, NULL, err));
    OK(oc_exchange_get(report, &summary, err));
    ck_assert_uint_eq(summary.n_duplicates, 4);
    oc_exchange_free(report);
    OK(oc_project_end(other, 0, err));
    options.to = "folder";
    OK(oc_annotations_convert(NULL, context, out, file, &options, NULL, NULL, err)); /* a folder, whatever it is called */
    FAILS_OUT(OC_E_STATE, report, oc_annotations_convert(&report, context, out, file, &options, NULL, NULL, err));
    oc_service service = OC_SERVICE_INIT;
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_pull(&report, project, &service, NULL, NULL, err));
    service.endpoint = "ftp://x", service.key = "k", service.project = "p";
    FAILS_OUT(OC_E_ARGUMENT, report, oc_project_pull(&report, NULL, &service, NULL, NULL, err));
    ck_assert_int_ne(oc_project_pull(&report, project, &service, NULL, NULL, NULL), OC_OK); /* or it is unsupported */
    for (n = 0; oc_annotation_format((size_t)n, &format, NULL) == OC_OK; n++) ck_assert(format.name[0] && format.description[0]);
    ck_assert_uint_ge(n, 5);
    FAILS(OC_E_ARGUMENT, oc_exchange_get(NULL, &summary, err));
    oc_exchange_free(NULL);
    oc_project_free(other);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

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
    static oc_status (*const runs[])(oc_project *, oc_error *) = {read_all, write_all, train_again, exchange};
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    oc_problem_list *problems = NULL;
    uint64_t n = 0;
    oc_model *model = NULL;
    oc_predictor *predictor = NULL;
    char name[64];
    OK(oc_project_create(&project, context, path, NULL, err));
    for (int i = 0; i < 3; i++) add(NULL, project, i, i < 2 ? "a" : "b");
    add_painted(NULL, project, CHECKS, 99);
    OK(oc_project_merge_tags(project, kind_names[CHECKS], "b", err));
    train_once(project, false, 0, name);
    OK(oc_project_model(&model, project, NULL, err));
    OK(oc_predictor_create(&predictor, model, NULL, err));
    store_painted(NULL, project, predictor, CHECKS, 100, "door");
    oc_predictor_free(predictor);
    oc_model_free(model);
    for (int forever = 0; forever < 2; forever++)
        for (size_t i = 1; attempt(runs[_i], i, forever); i += _i == 2 ? 1 + i / 8 : _i == 3 ? 1 + i / 40 : 1) ck_assert_uint_lt(i, 100000);
    OK(oc_project_count_pictures(&n, project, NULL, err));
    ck_assert_uint_eq(n, 4);
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
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, a_tour);
    tcase_add_test(tests, what_must_not_be_given);
    tcase_add_test(tests, iterations);
    tcase_add_test(tests, detection);
    tcase_add_test(tests, versions);
    tcase_add_test(tests, stored_predictions);
    tcase_add_test(tests, annotation_files);
    tcase_add_loop_test(tests, memory_runs_out, 0, 4);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
