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

/* The same with something in front of it, so that two seeds do not look the same. */
static void paint_apart(uint8_t *pixels, int kind, uint32_t seed) {
    uint32_t where = mix(seed + 1000), left = where % (SIDE / 2), top = where / 64 % (SIDE / 2);
    paint(pixels, kind, seed);
    for (uint32_t y = top; y < top + SIDE / 2; y++)
        memset(pixels + (y * SIDE + left) * 3, (int)(where >> 24), SIDE / 2 * 3);
}

/* Adds painted picture (kind, seed); `tag` may be NULL. */
static void add_painted(char id[40], oc_project *project, int kind, uint32_t seed, const char *tag, const char *split) {
    uint8_t pixels[SIDE * SIDE * 3];
    char name[64];
    paint_apart(pixels, kind, seed);
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
    static const char *const keys[] = {"views", "folds", "l2", "size"};
    const char *const values[] = {views, "2", "0.01", "160"};
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *list = NULL;
    training.n_options = 4;
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
    paint_apart(pixels, 1, 3);
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
    filter.name = "no such name"; /* nothing is let through, and so nothing is found */
    OK(oc_project_similar(&list, project, &search, NULL, NULL, err));
    ck_assert_uint_eq(oc_match_list_count(list), 0);
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

/* --- checking --- */

/* Adds a file's picture with tags. */
static void add_file(char id[40], oc_project *project, bytes file, const char *name, const char *const *tags, size_t n_tags,
                     const char *split) {
    oc_image image = encoded_image(file);
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    image.name = name;
    labels.tags = tags;
    labels.n_tags = n_tags;
    labels.split = split;
    OK(oc_project_add_picture(&addition, project, &image, &labels, err));
    if (id) strcpy(id, addition.id);
    free(file.data);
}

/* The finding of that kind, and of that tag unless it is NULL, as a number; -1: there is none. */
static int find(oc_finding *finding, const oc_finding_list *list, uint32_t kind, const char *tag) {
    for (size_t i = 0; i < oc_finding_list_count(list); i++) {
        *finding = (oc_finding)OC_FINDING_INIT;
        OK(oc_finding_list_get(list, i, finding, err));
        ck_assert(finding->message[0] && finding->advice[0] && finding->severity >= OC_SEVERITY_HINT);
        if (finding->kind == kind && (!tag || (finding->tag && strcmp(finding->tag, tag) == 0))) return (int)i;
    }
    return -1;
}

/* Its place, which must be there. */
static oc_finding_place place_of(const oc_finding_list *list, int index, size_t number) {
    oc_finding_place place = OC_FINDING_PLACE_INIT;
    ck_assert_int_ge(index, 0);
    OK(oc_finding_list_place(list, (size_t)index, number, &place, err));
    ck_assert(place.picture[0] && place.name[0]);
    return place;
}

static oc_finding_list *check(oc_project *project, uint32_t flags) {
    oc_check how = OC_CHECK_INIT;
    oc_finding_list *list = NULL;
    how.flags = flags;
    OK(oc_project_check(&list, project, &how, NULL, NULL, err));
    uint32_t last = OC_SEVERITY_SERIOUS;
    for (size_t i = 0; i < oc_finding_list_count(list); i++) { /* the most serious first, in each the worst first */
        oc_finding finding = OC_FINDING_INIT;
        OK(oc_finding_list_get(list, i, &finding, err));
        ck_assert(finding.severity <= last);
        last = finding.severity;
        for (size_t k = 1; k < finding.n_places; k++)
            ck_assert(place_of(list, (int)i, k - 1).score >= place_of(list, (int)i, k).score);
    }
    return list;
}

#define TOLD(kind, expected_severity, n)                                                                                       \
    do {                                                                                                                       \
        int at_ = find(&finding, list, kind, NULL);                                                                            \
        ck_assert_msg(at_ >= 0, "there is no finding " #kind);                                                                 \
        ck_assert_uint_eq(finding.severity, expected_severity);                                                                \
        ck_assert_uint_eq(finding.n_places, n);                                                                                \
    } while (0)

/* Pictures with a fault each, and that each is found, and nothing else. */
START_TEST(checks_of_pictures) {
    enum { N = 20 };
    static const char *const tags[] = {"stripes", "checks"};
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_finding_list *list = NULL;
    oc_finding finding = OC_FINDING_INIT;
    oc_finding_place place = OC_FINDING_PLACE_INIT;
    uint8_t pixels[SIDE * SIDE * 3], *large = calloc(200 * 200, 3);
    char wrong[40], twin[40], first[40];
    OK(oc_project_create(&project, context, path, NULL, err));
    list = check(project, 0);
    ck_assert_uint_eq(oc_finding_list_count(list), 1);
    ck_assert_int_eq(find(&finding, list, OC_FINDING_NO_TAGS, NULL), 0);
    ck_assert_uint_eq(finding.severity, OC_SEVERITY_SERIOUS);
    oc_finding_list_free(list);

    for (uint32_t i = 0; i < 2 * N; i++) add_painted(i ? NULL : first, project, (int)(i % 2), i, tags[i % 2], i ? NULL : "train");
    list = check(project, 0); /* small as they are, and as few */
    ck_assert_uint_eq(oc_finding_list_count(list), 2);
    TOLD(OC_FINDING_TOO_FEW, OC_SEVERITY_HINT, 0);
    TOLD(OC_FINDING_TINY, OC_SEVERITY_HINT, 2 * N);
    oc_finding_list_free(list);

    add_painted(wrong, project, 1, 100, tags[0], NULL);
    paint_apart(pixels, 0, 0);
    add_file(twin, project, make_bmp(pixels, SIDE, SIDE), "twin", tags, 1, "test");       /* of the first, in another split */
    paint_apart(pixels, 1, 1);
    add_file(NULL, project, make_bmp(pixels, SIDE, SIDE), "contradiction", tags, 1, NULL); /* which has the other tag */
    paint_apart(pixels, 1, 3);
    add_file(NULL, project, make_bmp(pixels, SIDE, SIDE), "again", tags + 1, 1, NULL);
    memset(large, 20, 200 * 200 * 3);
    for (int i = 0; i < 300; i++) large[mix((uint32_t)i) % (200 * 200 * 3)] = 50;
    add_file(NULL, project, make_bmp(large, 200, 200), "dark", NULL, 0, NULL);
    memset(large, 240, 200 * 200 * 3);
    for (int i = 0; i < 300; i++) large[mix((uint32_t)i) % (200 * 200 * 3)] = 220;
    add_file(NULL, project, make_bmp(large, 200, 200), "bright", NULL, 0, NULL);
    memset(large, 128, 200 * 200 * 3);
    for (int i = 0; i < 300; i++) large[mix((uint32_t)i) % (200 * 200 * 3)] = 120;
    add_file(NULL, project, make_bmp(large, 200, 200), "flat", NULL, 0, NULL);
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++) memset(large + (y * 200 + x) * 3, abs(x % 80 - 40) * 3 + abs(y % 80 - 40) * 3, 3);
    add_file(NULL, project, make_bmp(large, 200, 200), "blurred", NULL, 0, NULL);
    for (int i = 0; i < 200 * 200 * 3; i++) large[i] = (uint8_t)mix((uint32_t)i);
    add_file(NULL, project, make_bmp(large, 200, 30), "odd", NULL, 0, NULL);
    list = check(project, 0);
    TOLD(OC_FINDING_NO_TAGS, OC_SEVERITY_HINT, 5);
    TOLD(OC_FINDING_CONTRADICTION, OC_SEVERITY_SERIOUS, 1);
    place = place_of(list, find(&finding, list, OC_FINDING_CONTRADICTION, NULL), 0);
    ck_assert_str_eq(place.name, "contradiction");
    ck_assert_str_eq(place.tag, tags[0]);
    ck_assert_str_eq(place.other, tags[1]);
    TOLD(OC_FINDING_LEAK, OC_SEVERITY_WARNING, 1);
    place = place_of(list, find(&finding, list, OC_FINDING_LEAK, NULL), 0);
    ck_assert_str_eq(place.picture, twin);
    ck_assert_str_eq(place.twin, first);
    TOLD(OC_FINDING_DUPLICATE, OC_SEVERITY_HINT, 1);
    ck_assert_str_eq(place_of(list, find(&finding, list, OC_FINDING_DUPLICATE, NULL), 0).name, "again");
    bool found = false;
    int at = find(&finding, list, OC_FINDING_WRONG_TAG, NULL);
    for (size_t i = 0; at >= 0 && i < finding.n_places; i++) {
        place = place_of(list, at, i);
        if (strcmp(place.picture, wrong) != 0 && strcmp(place.name, "contradiction") != 0) ck_abort_msg("%s", place.name);
        found = found || strcmp(place.picture, wrong) == 0;
        ck_assert_str_eq(place.tag, tags[0]);
        ck_assert_str_eq(place.other, tags[1]);
        ck_assert(place.score > 0.95f && place.score <= 1);
    }
    ck_assert(found);
    TOLD(OC_FINDING_DARK, OC_SEVERITY_HINT, 1);
    TOLD(OC_FINDING_BRIGHT, OC_SEVERITY_HINT, 1);
    TOLD(OC_FINDING_FLAT, OC_SEVERITY_HINT, 1);
    TOLD(OC_FINDING_BLURRED, OC_SEVERITY_HINT, 1);
    ck_assert_str_eq(place_of(list, find(&finding, list, OC_FINDING_BLURRED, NULL), 0).name, "blurred");
    TOLD(OC_FINDING_ODD_SHAPE, OC_SEVERITY_HINT, 1);
    ck_assert_int_lt(find(&finding, list, OC_FINDING_UNREADABLE, NULL), 0);
    ck_assert_int_lt(find(&finding, list, OC_FINDING_IMBALANCE, NULL), 0);

    /* The same without looking at pictures: what can be told by numbers. */
    oc_finding_list *quick_list = check(project, OC_CHECK_QUICK);
    ck_assert(oc_finding_list_count(quick_list) == 4 && find(&finding, quick_list, OC_FINDING_ODD_SHAPE, NULL) >= 0);
    oc_finding_list_free(quick_list);

    oc_check how = OC_CHECK_INIT;
    oc_finding_list *none;
    FAILS_OUT(OC_E_CANCELLED, none, oc_project_check(&none, project, NULL, cancel, NULL, err));
    how.base = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_check(&none, project, &how, NULL, NULL, err));
    how.base = NULL, how.flags = 2;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_check(&none, project, &how, NULL, NULL, err));
    how.flags = 0, how.struct_size = 2;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_check(&none, project, &how, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_check(&none, NULL, NULL, NULL, NULL, err));
    oc_project_free(project);
    FAILS(OC_E_NOT_FOUND, oc_finding_list_get(list, 1000, &finding, err)); /* the list outlives it */
    FAILS(OC_E_NOT_FOUND, oc_finding_list_place(list, 0, 1000, &place, err));
    FAILS(OC_E_NOT_FOUND, oc_finding_list_place(list, 1000, 0, &place, err));
    FAILS(OC_E_ARGUMENT, oc_finding_list_place(NULL, 0, 0, &place, err));
    ck_assert_uint_eq(oc_finding_list_count(NULL), 0);
    oc_finding_list_free(NULL);
    oc_finding_list_free(list);
    free(large);
    oc_context_free(context);
}
END_TEST

/* Few pictures, many of one, little variety, and one that is damaged. */
START_TEST(checks_of_numbers) {
    static const char *const tag = "same";
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_finding finding = OC_FINDING_INIT;
    oc_picture_list *pictures = NULL;
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    uint8_t pixels[SIDE * SIDE * 3];
    char id[40];
    OK(oc_project_create(&project, context, path, NULL, err));
    add_painted(NULL, project, 0, 0, "lonely", NULL);
    for (uint32_t i = 0; i < 4; i++) add_painted(NULL, project, 0, i + 1, "few", NULL);
    for (uint32_t i = 0; i < 12; i++) {
        paint_apart(pixels, 1, i / 6);
        pixels[i] ^= 1;
        add_file(NULL, project, make_bmp(pixels, SIDE, SIDE), "again", &tag, 1, NULL);
    }
    add_painted(id, project, 2, 7, NULL, NULL);
    OK(oc_project_picture(&pictures, project, id, err));
    OK(oc_picture_list_get(pictures, 0, &info, err));
    write_file(info.path, "damaged", 7);
    oc_picture_list_free(pictures);
    oc_finding_list *list = check(project, 0);
    ck_assert_int_ge(find(&finding, list, OC_FINDING_TOO_FEW, "lonely"), 0);
    ck_assert(finding.severity == OC_SEVERITY_SERIOUS && finding.n_places == 1);
    ck_assert_int_ge(find(&finding, list, OC_FINDING_TOO_FEW, "few"), 0);
    ck_assert(finding.severity == OC_SEVERITY_WARNING && finding.n_places == 4);
    ck_assert_int_ge(find(&finding, list, OC_FINDING_IMBALANCE, "lonely"), 0);
    ck_assert(finding.severity == OC_SEVERITY_WARNING && strcmp(finding.other, tag) == 0);
    ck_assert_int_ge(find(&finding, list, OC_FINDING_LITTLE_VARIETY, tag), 0);
    TOLD(OC_FINDING_DUPLICATE, OC_SEVERITY_HINT, 10);
    TOLD(OC_FINDING_UNREADABLE, OC_SEVERITY_SERIOUS, 1);
    ck_assert_str_eq(place_of(list, find(&finding, list, OC_FINDING_UNREADABLE, NULL), 0).picture, id);
    oc_finding_list_free(list);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* Where pictures bear several tags: one that is wrong, and one that is missing. */
START_TEST(checks_of_several_tags) {
    static const char *const tags[] = {"stripes", "any"}, *const nothing = "nothing";
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_tag negative = OC_TAG_INIT;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_finding finding = OC_FINDING_INIT;
    info.kind = OC_PROJECT_MULTILABEL;
    OK(oc_project_create(&project, context, path, &info, err));
    negative.name = nothing, negative.type = OC_TAG_NEGATIVE;
    OK(oc_project_add_tag(NULL, project, &negative, err));
    for (uint32_t i = 0; i < 6; i++) add_painted(NULL, project, BLOBS, i, nothing, NULL);
    for (uint32_t i = 0; i < 40; i++) {
        uint8_t pixels[SIDE * SIDE * 3];
        char name[16];
        bool stripes = i % 2 == 0;
        snprintf(name, sizeof name, "%u", i);
        paint_apart(pixels, stripes ? STRIPES : CHECKS, i);
        if (i == 4 || i == 7) stripes = !stripes;
        add_file(NULL, project, make_png(pixels, SIDE, SIDE), name, stripes ? tags : tags + 1, stripes ? 2 : 1, NULL);
    }
    oc_finding_list *list = check(project, 0);
    TOLD(OC_FINDING_WRONG_TAG, OC_SEVERITY_WARNING, 1);
    oc_finding_place place = place_of(list, find(&finding, list, OC_FINDING_WRONG_TAG, NULL), 0);
    ck_assert(strcmp(place.name, "7") == 0 && strcmp(place.tag, tags[0]) == 0 && !place.other);
    TOLD(OC_FINDING_MISSING_TAG, OC_SEVERITY_WARNING, 1);
    place = place_of(list, find(&finding, list, OC_FINDING_MISSING_TAG, NULL), 0);
    ck_assert(strcmp(place.name, "4") == 0 && strcmp(place.other, tags[0]) == 0 && !place.tag);
    oc_finding_list_free(list);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

static void add_box(oc_project *project, const char *picture, const char *tag, double left, double top, double width,
                    double height) {
    oc_region region = OC_REGION_INIT;
    const oc_region *regions[] = {&region};
    region.picture = picture, region.tag = tag;
    region.left = left, region.top = top, region.width = width, region.height = height;
    OK(oc_project_add_regions(NULL, project, regions, 1, 0, err));
}

/* Twelve pictures with boxes; of four pictures the boxes are faulty. */
static void fill_boxed(oc_project **out, oc_context *context) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    char id[40];
    info.kind = OC_PROJECT_DETECTION;
    OK(oc_project_create(out, context, path, &info, err));
    for (uint32_t i = 0; i < 12; i++) {
        add_painted(id, *out, (int)(i % 2), i, NULL, NULL);
        if (i == 0) add_box(*out, id, "a", 0, 0, 1, 0.99);
        else add_box(*out, id, "a", 0.2, 0.3, 0.5, 0.4);
        if (i == 1) add_box(*out, id, "a", 0.5, 0.5, 0.1, 0.5);
        if (i == 2) add_box(*out, id, "b", 0.2, 0.3, 0.5, 0.41);
        if (i == 3) add_box(*out, id, "a", 0.2, 0.3, 0.49, 0.4);
    }
}

START_TEST(checks_of_boxes) {
    static const char *const keys[] = {"steps", "size", "base"}, *const values[] = {"2", "64", "compact"};
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_finding finding = OC_FINDING_INIT;
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *iterations = NULL;
    oc_check how = OC_CHECK_INIT;
    oc_finding_list *none;
    fill_boxed(&project, context);
    oc_finding_list *list = check(project, OC_CHECK_QUICK);
    TOLD(OC_FINDING_LARGE_BOX, OC_SEVERITY_HINT, 1);
    TOLD(OC_FINDING_SMALL_BOX, OC_SEVERITY_WARNING, 1);
    oc_finding_place place = place_of(list, find(&finding, list, OC_FINDING_SMALL_BOX, NULL), 0);
    ck_assert(place.region[0] && strcmp(place.tag, "a") == 0 && place.left == 0.5f && place.width == 0.1f && place.height == 0.5f);
    TOLD(OC_FINDING_DOUBLE_BOX, OC_SEVERITY_WARNING, 2);
    place = place_of(list, find(&finding, list, OC_FINDING_DOUBLE_BOX, NULL), 0); /* of two tags: the worse one */
    ck_assert(strcmp(place.tag, "b") == 0 && strcmp(place.other, "a") == 0);
    ck_assert_ptr_null(place_of(list, find(&finding, list, OC_FINDING_DOUBLE_BOX, NULL), 1).other);
    ck_assert_int_ge(find(&finding, list, OC_FINDING_TOO_FEW, "b"), 0);
    oc_finding_list_free(list);
    how.iteration = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_check(&none, project, &how, NULL, NULL, err));
    training.n_options = 3, training.keys = keys, training.values = values;
    OK(oc_project_train(&iterations, project, &training, NULL, NULL, err));
    oc_iteration_list_free(iterations);
    how.iteration = NULL;
    OK(oc_project_check(&list, project, &how, NULL, NULL, err));
    oc_finding_list_free(list);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- suggestions --- */

START_TEST(suggestions) {
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_suggest how = OC_SUGGEST_INIT;
    oc_suggestion one = OC_SUGGESTION_INIT;
    oc_suggestion_list *list = NULL, *none;
    oc_box box = OC_BOX_INIT;
    uint64_t n = 0;
    OK(oc_project_create(&project, context, path, NULL, err));
    for (uint32_t i = 0; i < 40; i++)
        add_painted(NULL, project, (int)(i % 2), i, i < 20 ? kind_names[i % 2] : NULL, NULL);

    /* Groups, without anything trained: mostly of one kind, the largest first. */
    OK(oc_project_suggest(&list, project, NULL, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(list), 20);
    uint32_t group = 0, sizes[21] = {0}, of_kind[21][2] = {{0}}, pure = 0;
    for (size_t i = 0; i < 20; i++) {
        OK(oc_suggestion_list_get(list, i, &one, err));
        ck_assert(one.group >= 1 && (one.group == group || one.group == group + 1) && one.n_boxes == 0);
        group = one.group;
        sizes[group]++;
        of_kind[group][strncmp(one.name, kind_names[1], strlen(kind_names[1])) == 0]++;
    }
    ck_assert_uint_eq(group, 3);
    for (uint32_t g = 1; g <= 3; g++) {
        ck_assert(g == 1 || sizes[g] <= sizes[g - 1]);
        pure += of_kind[g][0] > of_kind[g][1] ? of_kind[g][0] : of_kind[g][1];
    }
    ck_assert_uint_ge(pure, 16);
    ck_assert_ptr_null(oc_suggestion_list_tag(list, 0));
    OK(oc_project_accept(&n, project, list, NULL, 0, 0, err));
    ck_assert_uint_eq(n, 0);
    oc_suggestion_list_free(list);
    how.order = OC_SUGGEST_SURE;
    FAILS_OUT(OC_E_STATE, none, oc_project_suggest(&none, project, &how, NULL, NULL, err));

    /* What the iteration says: the surest first. */
    oc_iteration_list_free(train_project(project, "1"));
    OK(oc_project_suggest(&list, project, &how, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(list), 20);
    float last = 0, most = 0;
    char surest[40], unsurest[40];
    for (size_t i = 0; i < 20; i++) {
        OK(oc_suggestion_list_get(list, i, &one, err));
        ck_assert(one.uncertainty >= last && one.uncertainty <= 1 && one.n_boxes == 1 && one.group == 0);
        last = one.uncertainty;
        if (i == 0) strcpy(surest, one.picture);
        strcpy(unsurest, one.picture);
        OK(oc_suggestion_list_box(list, i, 0, &box, err));
        ck_assert(box.width == 1 && box.height == 1 && box.probability > 0.49f);
        if (i == 0) ck_assert(strncmp(one.name, oc_suggestion_list_tag(list, (size_t)box.tag), 4) == 0);
        most = box.probability > most ? box.probability : most;
    }
    FAILS(OC_E_NOT_FOUND, oc_suggestion_list_box(list, 0, 1, &box, err));
    FAILS(OC_E_NOT_FOUND, oc_suggestion_list_box(list, 20, 0, &box, err));
    FAILS(OC_E_NOT_FOUND, oc_suggestion_list_get(list, 20, &one, err));

    /* Confirming: the surest alone; once; and then what is left. */
    const size_t first = 0, beyond = 20;
    FAILS(OC_E_NOT_FOUND, oc_project_accept(&n, project, list, &beyond, 1, 0, err));
    FAILS(OC_E_ARGUMENT, oc_project_accept(&n, project, list, NULL, 1, 0, err));
    FAILS(OC_E_ARGUMENT, oc_project_accept(&n, project, list, NULL, 0, 2, err));
    FAILS(OC_E_ARGUMENT, oc_project_accept(&n, project, NULL, NULL, 0, 0, err));
    OK(oc_project_accept(&n, project, list, NULL, 0, most < 1 ? (double)most + 1e-9 : 1.0, err));
    ck_assert(n == 0 || most >= 1);
    OK(oc_project_accept(&n, project, list, &first, 1, 0, err));
    ck_assert_uint_eq(n, 1);
    OK(oc_project_accept(&n, project, list, &first, 1, 0, err));
    ck_assert_uint_eq(n, 0);
    oc_picture_list *pictures = NULL;
    OK(oc_project_picture(&pictures, project, surest, err));
    OK(oc_suggestion_list_box(list, 0, 0, &box, err));
    ck_assert_str_eq(oc_picture_list_tag(pictures, 0, 0), oc_suggestion_list_tag(list, (size_t)box.tag));
    oc_picture_list_free(pictures);

    /* The most useful first: unsure, and unlike each other. */
    oc_suggestion_list *useful = NULL;
    how.order = OC_SUGGEST_USEFUL, how.limit = 5;
    OK(oc_project_suggest(&useful, project, &how, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(useful), 5);
    OK(oc_suggestion_list_get(useful, 0, &one, err));
    ck_assert_str_eq(one.picture, unsurest);
    oc_suggestion_list_free(useful);
    OK(oc_project_accept(&n, project, list, NULL, 0, 0, err));
    ck_assert_uint_eq(n, 19);
    oc_suggestion_list_free(list);
    OK(oc_project_suggest(&list, project, NULL, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(list), 0);
    oc_suggestion_list_free(list);
    FAILS_OUT(OC_E_CANCELLED, none, oc_project_suggest(&none, project, NULL, cancel, NULL, err));
    how.order = 4;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_suggest(&none, project, &how, NULL, NULL, err));
    how.order = 0, how.min_probability = 1.5;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_project_suggest(&none, project, &how, NULL, NULL, err));
    how.min_probability = 0, how.iteration = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_project_suggest(&none, project, &how, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(NULL), 0);
    oc_suggestion_list_free(NULL);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* Boxes: what a detector finds is drawn when it is accepted. */
START_TEST(suggestions_of_boxes) {
    static const char *const keys[] = {"steps", "size", "base"}, *const values[] = {"2", "64", "compact"};
    oc_context *context = new_context(2);
    oc_project *project = NULL;
    oc_training training = OC_TRAINING_INIT;
    oc_iteration_list *iterations = NULL;
    oc_suggest how = OC_SUGGEST_INIT;
    oc_suggestion one = OC_SUGGESTION_INIT;
    oc_suggestion_list *list = NULL;
    oc_region_list *regions = NULL;
    oc_region region = OC_REGION_INIT;
    oc_box box = OC_BOX_INIT;
    char id[40];
    const char *ids[] = {id};
    uint64_t n = 0;
    fill_boxed(&project, context);
    training.n_options = 3, training.keys = keys, training.values = values;
    OK(oc_project_train(&iterations, project, &training, NULL, NULL, err));
    oc_iteration_list_free(iterations);
    add_painted(id, project, 0, 50, NULL, NULL);
    how.iteration = "base:compact"; /* proposals, which take no training */
    how.min_probability = 1e-6;
    OK(oc_project_suggest(&list, project, &how, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(list), 1);
    OK(oc_suggestion_list_get(list, 0, &one, err));
    ck_assert(one.n_boxes > 0 && strcmp(oc_suggestion_list_tag(list, 0), "object") == 0);
    oc_suggestion_list_free(list);
    how.iteration = "base:nothing";
    FAILS_OUT(OC_E_NOT_FOUND, list, oc_project_suggest(&list, project, &how, NULL, NULL, err));
    how.iteration = NULL;
    how.min_probability = 1e-6; /* it has learned next to nothing */
    OK(oc_project_suggest(&list, project, &how, NULL, NULL, err));
    ck_assert_uint_eq(oc_suggestion_list_count(list), 1);
    OK(oc_suggestion_list_get(list, 0, &one, err));
    ck_assert(strcmp(one.picture, id) == 0 && one.n_boxes > 0);
    OK(oc_suggestion_list_box(list, 0, 0, &box, err));
    OK(oc_project_accept(&n, project, list, NULL, 0, (double)box.probability, err));
    ck_assert_uint_eq(n, 1);
    OK(oc_project_regions(&regions, project, ids, 1, 0, err));
    ck_assert_uint_ge(oc_region_list_count(regions), 1);
    OK(oc_region_list_get(regions, 0, &region, err));
    ck_assert_str_eq(region.tag, oc_suggestion_list_tag(list, (size_t)box.tag));
    ck_assert(region.left >= 0 && region.left + region.width <= 1.0001);
    oc_region_list_free(regions);
    oc_suggestion_list_free(list);
    oc_project_free(project);
    oc_context_free(context);
}
END_TEST

/* --- memory that runs out --- */

static oc_status run_suggest(oc_project *project, oc_error *err) {
    oc_suggestion_list *list = NULL;
    oc_suggest how = OC_SUGGEST_INIT;
    how.base = "compact";
    oc_status status = oc_project_suggest(&list, project, &how, NULL, NULL, err);
    if (!status) ck_assert_uint_ge(oc_suggestion_list_count(list), 1);
    if (!status) status = oc_project_accept(NULL, project, list, NULL, 0, 0, err);
    oc_suggestion_list_free(list);
    return status;
}

static oc_status run_check(oc_project *project, oc_error *err) {
    oc_finding_list *list = NULL;
    oc_check how = OC_CHECK_INIT;
    how.base = "compact";
    oc_status status = oc_project_check(&list, project, &how, NULL, NULL, err);
    if (!status) ck_assert_uint_ge(oc_finding_list_count(list), 1);
    oc_finding_list_free(list);
    return status;
}

static oc_status run_search(oc_project *project, oc_error *err) {
    oc_search search = OC_SEARCH_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    uint8_t pixels[SIDE * SIDE * 3];
    oc_match_list *list = NULL;
    paint_apart(pixels, 1, 3);
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
    const size_t part = _i ? (size_t)scaled(4, 2) : 8; /* of a number, to the next */
    static oc_status (*const runs[])(oc_project *, oc_error *) = {run_search, run_check, run_suggest};
    oc_context *context = new_context(1);
    oc_project *project = NULL;
    char ids[8][40];
    OK(oc_project_create(&project, context, path, NULL, err));
    fill(ids, project);
    for (uint32_t i = 0; _i == 1 && i < 12; i++) add_painted(NULL, project, (int)(i % 2), 8 + i / 2 * 2, kind_names[i % 2], NULL);
    oc_project_free(project);
    oc_context_free(context);
    for (int forever = 0; forever < 2; forever++) {
        size_t n = 1;
        size_t low = 0, high = 0; /* the last that fails lies between */
        for (; attempt(runs[_i], n, forever); n += 1 + n / part) low = n;
        high = n;
        while (high - low > 1) {
            size_t middle = (low + high) / 2;
            if (attempt(runs[_i], middle, forever)) low = middle;
            else high = middle;
        }
        for (size_t back = 0; back < 1500 && back < low; back += 1 + back / (2 * part)) attempt(runs[_i], low - back, forever);
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
    tcase_add_test(tests, checks_of_pictures);
    tcase_add_test(tests, checks_of_numbers);
    tcase_add_test(tests, checks_of_several_tags);
    tcase_add_test(tests, checks_of_boxes);
    tcase_add_test(tests, suggestions);
    tcase_add_test(tests, suggestions_of_boxes);
    tcase_add_loop_test(tests, memory_runs_out, 0, 3);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
