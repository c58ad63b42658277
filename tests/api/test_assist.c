/* What helps with a project's pictures: features kept, search, checks, suggestions. SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>

static char folder[256], path[512];

static void set_up(void) {
    make_folder(folder);
    join(path, folder, "project");
}

static void tear_down(void) { remove_folder(folder); }

/* Adds painted picture (kind, seed); `tag` may be NULL. */
static void add_painted(char id[40], oc_project *project, int kind, uint32_t seed, const char *tag, const char *split) {
    uint8_t pixels[SIDE * SIDE * 3];
    char name[64];
    paint(pixels, kind, seed);
    bytes file = make_png(pixels, SIDE, SIDE);
    oc_image image = encoded_image(file);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    snprintf(name, sizeof name, "%s %u", kind_names[kind], seed);
    image.name = name;
    labels.tags = &tag;
    labels.n_tags = tag != NULL;
    labels.split = split;
    OK(oc_project_add_picture(&addition, project, &image, &labels, err));
    if (id) strcpy(id, addition.id);
    free(file.data);
}

static oc_iteration_list *train_project(oc_project *project, const char *views) {
    static const char *const keys[] = {"views", "folds", "l2"};
    const char *const values[] = {views, "2", "0.01"};
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *list = NULL;
    training.n_options = 3;
    training.keys = keys;
    training.values = values;
    training.force = 1;
    OK(oc_project_train(&list, project, &training, NULL, NULL, err));
    return list;
}

/* --- features that are kept --- */

static bytes trained(oc_project *project, const char *views) {
    oc_model *model = NULL;
    oc_iteration iteration = OC_ITERATION_INIT;
    oc_iteration_list *list = train_project(project, views);
    OK(oc_iteration_list_get(list, 0, &iteration, err));
    OK(oc_project_model(&model, project, iteration.name, err));
    bytes file = model_bytes(model);
    oc_model_free(model);
    oc_iteration_list_free(list);
    return file;
}

/* Whether two model files are the same but for the moment of their making and the checksums over it. */
static bool same_model(bytes a, bytes b) {
    size_t n = 0;
    for (size_t i = 0; i < a.size && i < b.size; i++) n += a.data[i] != b.data[i];
    return a.size == b.size && n < 40;
}

/* With the features that were kept, and without them, in any order of training, the same model comes out. */
START_TEST(features_are_kept) {
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    char cache[512];
    OK(oc_project_create(&project, context, path, NULL, err));
    join(cache, path, "cache.db");
    for (uint32_t i = 0; i < 12; i++) add_painted(NULL, project, (int)(i % 2), i, kind_names[i % 2], NULL);
    bytes fewer = trained(project, "1"), first = trained(project, "3");
    for (uint32_t i = 12; i < 16; i++) add_painted(NULL, project, (int)(i % 2), i, kind_names[i % 2], NULL);
    bytes grown = trained(project, "3");
    ck_assert_int_eq(remove(cache), 0);
    bytes again = trained(project, "3");
    ck_assert(same_model(grown, again));
    bytes from_kept = trained(project, "3");
    ck_assert(same_model(grown, from_kept));
    ck_assert(!same_model(grown, first));
    write_file(cache, "damaged", 7);
    bytes repaired = trained(project, "3");
    ck_assert(same_model(grown, repaired));
    free(fewer.data), free(first.data), free(grown.data), free(again.data), free(from_kept.data), free(repaired.data);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- search by example --- */

static int cancel(void *user, const oc_progress *progress) {
    (void)user, (void)progress;
    return 1;
}

/* Eight pictures, four of each of two kinds, in turn; all but the last two have a tag. Their identifiers. */
static void fill(char ids[8][40], oc_project *project) {
    for (uint32_t i = 0; i < 8; i++)
        add_painted(ids[i], project, (int)(i % 2), i, i < 6 ? kind_names[i % 2] : NULL, i < 4 ? "train" : NULL);
}

START_TEST(search_by_example) {
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_search search = OC_SEARCH_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_match_list *list = NULL, *none;
    oc_match match = OC_MATCH_INIT;
    char ids[8][40];
    uint8_t pixels[SIDE * SIDE * 3];
    OK(oc_project_create(&project, context, path, NULL, err));
    search.picture = "abcdef";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    fill(ids, project);
    search.picture = ids[0];
    FAILS_OUT(OC_E_CANCELLED, none, oc_project_similar(&none, project, &search, cancel, NULL, err));
    OK(oc_project_similar(&list, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(list), 7);
    float last = 1;
    for (size_t i = 0; i < 7; i++) {
        OK(oc_match_list_get(list, i, &match, err));
        ck_assert(match.score <= last && strcmp(match.picture, ids[0]) != 0);
        if (i == 0) ck_assert(strncmp(match.name, kind_names[0], strlen(kind_names[0])) == 0);
        last = match.score;
    }
    FAILS(OC_E_NOT_FOUND, oc_match_list_get(list, 7, &match, err));
    oc_match_list_free(list);

    /* Pixels that are the same picture as one of the project's; which are not kept. */
    paint(pixels, 1, 3);
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    search.picture = NULL, search.image = &image, search.limit = 1;
    OK(oc_project_similar(&list, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(list), 1);
    OK(oc_match_list_get(list, 0, &match, err));
    ck_assert_str_eq(match.picture, ids[3]);
    ck_assert(match.score > 0.99999f && match.score <= 1);
    oc_project_free(project); /* the list outlives it */
    OK(oc_match_list_get(list, 0, &match, err));
    oc_match_list_free(list);

    /* Limits. */
    OK(oc_project_open(&project, context, path, err));
    search.limit = 0, search.filter = &filter, filter.state = OC_PICTURES_UNTAGGED;
    OK(oc_project_similar(&list, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(list), 2);
    oc_match_list_free(list);
    search.filter = NULL, search.min_score = 0.99999;
    OK(oc_project_similar(&list, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(list), 1);
    oc_match_list_free(list);
    search.min_score = 2;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    search.min_score = 0, search.limit = 10001;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    search.limit = 0, search.picture = ids[0];
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    search.image = NULL, search.base = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_similar(&none, project, NULL, NULL, NULL, err));
    search.struct_size = 4;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_similar(&none, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(NULL), 0);
    oc_match_list_free(NULL);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- memory that runs out --- */

static oc_status run_search(oc_project *project, oc_error *err) {
    oc_search search = OC_SEARCH_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    uint8_t pixels[SIDE * SIDE * 3];
    oc_match_list *list = NULL;
    paint(pixels, 1, 3);
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    search.image = &image, search.filter = &filter;
    oc_status status = oc_project_similar(&list, project, &search, NULL, NULL, err);
    if (!status) ck_assert_uint_eq(oc_match_list_count(list), 8);
    oc_match_list_free(list);
    return status;
}

/* Returns whether some allocation failed. */
static bool attempt(oc_status (*run)(oc_project *, oc_error *), size_t n, bool forever) {
    host h = {0};
    oc_error error = OC_ERROR_INIT;
    oc_context_options options = host_options(&h, 1);
    oc_context *context = NULL;
    oc_project *project = NULL;
    char cache[512];
    join(cache, path, "cache.db");
    if (n % 2) remove(cache); /* with what is kept, and without */
    OK(oc_context_create(&context, &options, err));
    OK(oc_project_open(&project, context, path, err));
    h.fail_at = h.n_calls + n, h.fail_forever = forever;
    oc_status status = run(project, &error);
    h.fail_at = 0, h.fail_forever = false;
    oc_project_free(project);
    oc_context_free(context);
    ck_assert_msg(h.n_blocks == 0, "failing at %zu%s leaks %zu blocks", n, forever ? " and on" : "", (size_t)h.n_blocks);
    if (status)
        ck_assert_msg(status == OC_E_NOMEM && h.n_failed && error.code == status, "failing at %zu: %s: %s", n,
                      oc_status_name(status), error.message);
    return h.n_failed != 0;
}

/* Opening the base network makes thousands of allocations, so it goes in growing steps from the end, and from the beginning. */
START_TEST(memory_runs_out) {
    static oc_status (*const runs[])(oc_project *, oc_error *) = {run_search};
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    char ids[8][40];
    OK(oc_project_create(&project, context, path, NULL, err));
    fill(ids, project);
    oc_project_free(project);
    oc_context_free(context);
    for (int forever = 0; forever < 2; forever++) {
        size_t n = 1;
        while (attempt(runs[_i], n, forever)) n += 1 + n / 8;
        size_t low = n - n / 9 - 1, high = n; /* the last that fails lies between */
        while (high - low > 1) {
            size_t middle = (low + high) / 2;
            if (attempt(runs[_i], middle, forever)) low = middle;
            else high = middle;
        }
        for (size_t back = 0; back < 1500 && back < low; back += 1 + back / 16) attempt(runs[_i], low - back, forever);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("assist");
    TCase *tests = tcase_create("assist");
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, features_are_kept);
    tcase_add_test(tests, search_by_example);
    tcase_add_loop_test(tests, memory_runs_out, 0, 1);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
