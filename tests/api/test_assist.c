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

int main(void) {
    Suite *suite = suite_create("assist");
    TCase *tests = tcase_create("assist");
    tcase_set_timeout(tests, 300);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, features_are_kept);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
