/* Regions of pictures. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "database.h"
#include "store_script.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_project *project;
static oc_error error;
static char ids[2][OC_ID_SIZE]; /* of two pictures of 4 x 2 pixels */

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

static void begin(uint32_t kind) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    info.kind = kind;
    must(oc__project_create(&project, context, in(folder, "p"), &info, &error));
    for (unsigned i = 0; i < 2; i++) {
        uint8_t bytes[78];
        oc_image image = script_picture(i, bytes);
        oc_labels labels = OC_LABELS_INIT;
        oc_addition addition = OC_ADDITION_INIT;
        must(oc__project_add_picture(&addition, project, &image, &labels, &error));
        strcpy(ids[i], addition.id);
    }
}

static void end(void) {
    oc__project_free(project);
    end_context(context);
    remove_folder(folder);
}

static oc_region box(int picture, const char *tag, double left, double top, double width, double height) {
    oc_region region = OC_REGION_INIT;
    region.picture = ids[picture];
    region.tag = tag;
    region.left = left, region.top = top, region.width = width, region.height = height;
    return region;
}

/* What becomes of one region. A refused one fails, or with OC_REGIONS_SKIP is told. */
static oc_region add(oc_region region, uint32_t flags) {
    static char id[OC_ID_SIZE];
    oc_region_list *list = NULL;
    must(oc__project_add_regions(&list, project, &region, 1, flags, &error));
    ck_assert_uint_eq(list->n, 1);
    region = list->items[0];
    strcpy(id, region.id);
    region.id = id;
    region.picture = region.tag = region.extra = region.reason = region.created = NULL;
    oc__region_list_free(list);
    return region;
}

static oc_picture_info info_of(int picture, char tags[64]) {
    oc_picture_list *list = NULL;
    must(oc__project_picture(&list, project, ids[picture], &error));
    oc_picture_info info = list->items[0].info;
    tags[0] = 0;
    for (size_t i = 0; i < list->n_tags; i++) strcat(strcat(tags, list->tags[i]), " ");
    oc__picture_list_free(list);
    return info;
}

static void check_picture(int picture, uint32_t n_regions, const char *tags) {
    char found[64];
    oc_picture_info info = info_of(picture, found);
    ck_assert_uint_eq(info.n_regions, n_regions);
    ck_assert_str_eq(found, tags);
}

static void check_well(void) {
    oc_problem_list *list = NULL;
    oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    must(oc__project_verify(&list, project, 0, &progress, &error));
    ck_assert_msg(list->n == 0, "%s", list->n ? list->items[0].message : "");
    oc__problem_list_free(list);
}

START_TEST(give_their_tags_to_pictures) {
    const char *gone[1];
    oc_region change = OC_REGION_INIT;
    char id[OC_ID_SIZE];
    begin(OC_PROJECT_DETECTION);
    strcpy(id, add(box(0, "cat", 0.25, 0.5, 0.5, 0.5), 0).id);
    add(box(0, "cat", 0, 0, 1, 1), 0);
    add(box(0, "dog", 0, 0, 0.5, 0.5), 0);
    ck_assert_uint_eq(add(box(0, "dog", 0, 0, 0.5, 0.5), 0).outcome, OC_REGION_DUPLICATE);
    check_picture(0, 3, "cat dog ");
    check_picture(1, 0, "");
    gone[0] = id;
    must(oc__project_delete_regions(project, gone, 1, &error));
    check_picture(0, 2, "cat dog ");
    ck_assert_int_eq(oc__project_delete_regions(project, gone, 1, &error), OC_E_NOT_FOUND);
    change.id = add(box(1, "dog", 0, 0, 0.5, 0.5), 0).id;
    change.tag = "bird";
    must(oc__project_update_regions(project, &change, 1, 0, &error));
    check_picture(1, 1, "bird ");
    must(oc__project_merge_tags(project, "bird", "cat", &error));
    check_picture(1, 1, "cat ");
    must(oc__project_delete_tag(project, "cat", &error));
    check_picture(0, 1, "dog ");
    check_picture(1, 0, "");
    check_well();
    end();
}
END_TEST

START_TEST(are_clipped_or_refused) {
    static const struct {
        double box[4];
        uint32_t flags, outcome;
        double stored[4];
    } cases[] = {
        {{0, 0, 1, 1}, 0, OC_REGION_STORED, {0, 0, 1, 1}},
        {{1, 0.5, 2, 1}, OC_REGIONS_PIXELS, OC_REGION_STORED, {0.25, 0.25, 0.5, 0.5}},
        {{0.5, 0.5, 0.5 + 1e-9, 0.5}, 0, OC_REGION_STORED, {0.5, 0.5, 0.5, 0.5}}, /* a rounding */
        {{-0.25, 0.5, 0.5, 1}, OC_REGIONS_CLIP, OC_REGION_CLIPPED, {0, 0.5, 0.25, 0.5}},
        {{-1, -1, 6, 4}, OC_REGIONS_CLIP | OC_REGIONS_PIXELS, OC_REGION_CLIPPED, {0, 0, 1, 1}},
        {{-0.25, 0.5, 0.5, 1}, 0, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{0.5, 0.5, 0, 0.5}, OC_REGIONS_CLIP, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{0.5, 0.5, 0.5, -0.5}, OC_REGIONS_CLIP, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{1.5, 0.5, 0.5, 0.5}, OC_REGIONS_CLIP, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{NAN, 0.5, 0.5, 0.5}, OC_REGIONS_CLIP, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{0.5, 0.5, INFINITY, 0.5}, OC_REGIONS_CLIP, OC_REGION_REFUSED, {0, 0, 0, 0}},
        {{-1e308, 0, 1.7e308, 0.5}, OC_REGIONS_CLIP, OC_REGION_CLIPPED, {0, 0, 1, 0.5}},
    };
    begin(OC_PROJECT_DETECTION);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char tag[16] = {(char)('a' + i), 0}; /* so that none is a duplicate */
        const double *b = cases[i].box, *s = cases[i].stored;
        oc_region region = box(0, tag, b[0], b[1], b[2], b[3]);
        if (cases[i].outcome == OC_REGION_REFUSED) {
            oc_status status = oc__project_add_regions(NULL, project, &region, 1, cases[i].flags, &error);
            ck_assert_msg(status == OC_E_DATA && strstr(error.message, "region 0 of 1: its box"), "%zu: %s", i, error.message);
        }
        oc_region found = add(region, cases[i].flags | OC_REGIONS_SKIP);
        ck_assert_msg(found.outcome == cases[i].outcome, "%zu: %u", i, found.outcome);
        if (found.outcome == OC_REGION_REFUSED) continue;
        double w = cases[i].flags & OC_REGIONS_PIXELS ? 4 : 1, h = cases[i].flags & OC_REGIONS_PIXELS ? 2 : 1;
        ck_assert_double_eq_tol(found.left, s[0] * w, 1e-12);
        ck_assert_double_eq_tol(found.top, s[1] * h, 1e-12);
        ck_assert_double_eq_tol(found.width, s[2] * w, 1e-12);
        ck_assert_double_eq_tol(found.height, s[3] * h, 1e-12);
    }
    check_well();
    end();
}
END_TEST

START_TEST(all_or_none_or_those_that_can) {
    oc_region_list *list = NULL;
    begin(OC_PROJECT_DETECTION);
    oc_region regions[] = {box(0, "a", 0, 0, 1, 1),  box(0, "a", 0, 0, 2, 1), box(1, "b", 0, 0, 1, 1),
                           box(1, NULL, 0, 0, 1, 1), box(0, "", 0, 0, 1, 1),  box(0, "a", 0, 0, 1, 1)};
    regions[2].picture = "there is no such picture";
    ck_assert_int_eq(oc__project_add_regions(&list, project, regions, 6, 0, &error), OC_E_DATA);
    ck_assert_ptr_nonnull(strstr(error.message, "region 1 of 6"));
    check_picture(0, 0, "");
    must(oc__project_add_regions(&list, project, regions, 6, OC_REGIONS_SKIP, &error));
    static const uint32_t outcomes[] = {OC_REGION_STORED,  OC_REGION_REFUSED, OC_REGION_REFUSED,
                                        OC_REGION_REFUSED, OC_REGION_REFUSED, OC_REGION_DUPLICATE};
    ck_assert_uint_eq(list->n, 6);
    for (size_t i = 0; i < 6; i++) ck_assert_uint_eq(list->items[i].outcome, outcomes[i]);
    ck_assert_str_eq(list->items[5].id, list->items[0].id);
    ck_assert_ptr_nonnull(strstr(list->items[2].reason, "there is no picture"));
    oc__region_list_free(list);
    check_picture(0, 1, "a ");
    end();
}
END_TEST

START_TEST(other_shapes_are_kept_untouched) {
    static const char polygon[] = "{\"coco\": {\"segmentation\": [[1.50, 2, 3e0]], \"iscrowd\":0}}";
    oc_region_list *list = NULL;
    begin(OC_PROJECT_MULTICLASS);
    oc_region shape = box(0, NULL, 0, 0, 0, 0);
    shape.kind = OC_REGION_OTHER;
    shape.extra = polygon;
    ck_assert_uint_eq(add(shape, 0).outcome, OC_REGION_STORED);
    shape.tag = "outlined";
    ck_assert_uint_eq(add(shape, 0).outcome, OC_REGION_STORED);
    shape.extra = "{not JSON";
    ck_assert_int_eq(oc__project_add_regions(NULL, project, &shape, 1, 0, &error), OC_E_ARGUMENT);
    oc_region plain = box(0, "a", 0, 0, 1, 1);
    ck_assert_int_eq(oc__project_add_regions(NULL, project, &plain, 1, 0, &error), OC_E_DATA); /* not for detection */
    check_picture(0, 0, "");                                                                   /* shapes give no tags */
    must(oc__project_regions(&list, project, NULL, 0, 0, &error));
    ck_assert_uint_eq(list->n, 2);
    ck_assert_str_eq(list->items[0].extra, polygon);
    ck_assert_ptr_null(list->items[0].tag);
    ck_assert_str_eq(list->items[1].tag, "outlined");
    oc__region_list_free(list);
    check_well();
    end();
}
END_TEST

START_TEST(are_moved_and_listed) {
    oc_region_list *list = NULL;
    const char *const pictures[] = {ids[1], ids[0]};
    char id[OC_ID_SIZE];
    begin(OC_PROJECT_DETECTION);
    strcpy(id, add(box(0, "a", 0, 0, 0.5, 0.5), 0).id);
    add(box(1, "b", 0, 0, 0.25, 0.5), 0);
    oc_region change = OC_REGION_INIT;
    change.id = id;
    change.left = 2, change.top = 1, change.width = 2, change.height = 1;
    change.extra = "[1]";
    must(oc__project_update_regions(project, &change, 1, OC_REGIONS_PIXELS, &error));
    must(oc__project_regions(&list, project, pictures, 2, 0, &error));
    ck_assert_uint_eq(list->n, 2);
    ck_assert_str_eq(list->items[0].tag, "b");
    ck_assert_str_eq(list->items[1].id, id);
    ck_assert_str_eq(list->items[1].tag, "a");
    ck_assert_str_eq(list->items[1].extra, "[1]");
    ck_assert_double_eq_tol(list->items[1].left, 0.5, 1e-12);
    ck_assert_double_eq_tol(list->items[1].height, 0.5, 1e-12);
    oc__region_list_free(list);
    change.left = 3;
    ck_assert_int_eq(oc__project_update_regions(project, &change, 1, OC_REGIONS_PIXELS, &error), OC_E_DATA);
    change.id = "nothing";
    ck_assert_int_eq(oc__project_update_regions(project, &change, 1, OC_REGIONS_CLIP, &error), OC_E_NOT_FOUND);
    end();
}
END_TEST

static oc_status with_little_memory(oc_context *own, void *user, oc_error *err) {
    oc_project *p = NULL;
    oc_region_list *added = NULL, *list = NULL;
    oc_region regions[] = {box(0, "a", 0, 0, 1, 1), box(1, "b", 0, 0, 1, 2)};
    (void)user;
    oc_status status = oc__project_open(&p, own, in(folder, "p"), err);
    if (!status) status = oc__project_add_regions(&added, p, regions, 2, OC_REGIONS_SKIP, err);
    if (!status) status = oc__project_regions(&list, p, NULL, 0, 0, err);
    oc__region_list_free(added);
    oc__region_list_free(list);
    oc__project_free(p);
    return status;
}

START_TEST(memory_runs_out) {
    begin(OC_PROJECT_DETECTION);
    sweep_allocations(with_little_memory, NULL, false);
    check_picture(0, 1, "a ");
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {{give_their_tags_to_pictures, 0},   {are_clipped_or_refused, 0},
                               {all_or_none_or_those_that_can, 0}, {other_shapes_are_kept_untouched, 0},
                               {are_moved_and_listed, 0},          {memory_runs_out, 0}};
    return RUN_UNIT_TESTS("store_regions", tests);
}
