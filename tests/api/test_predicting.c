/* oc_predictor and oc_result. SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static oc_context *context;
static oc_model *model;
static oc_predictor *predictor;
static uint8_t pixels[SIDE * SIDE * 3];

static void set_up(void) {
    context = new_context(3);
    model = small_model(context);
    OK(oc_predictor_create(&predictor, model, NULL, err));
    paint(pixels, CHECKS, 40);
}

static void tear_down(void) {
    oc_predictor_free(predictor);
    oc_model_free(model);
    oc_context_free(context);
}

static void expect_same(const oc_result *a, const oc_result *b) {
    ck_assert_uint_eq(oc_result_count(a), oc_result_count(b));
    for (size_t i = 0; i < oc_result_count(a); i++) {
        oc_box x = OC_BOX_INIT, y = OC_BOX_INIT;
        OK(oc_result_get(a, i, &x, err));
        OK(oc_result_get(b, i, &y, err));
        ck_assert_mem_eq(&x, &y, sizeof x);
    }
}

START_TEST(answers) {
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_result *result = NULL;
    bool seen[N_KINDS] = {false};
    double sum = 0;
    float before = 1;
    OK(oc_predictor_run(&result, predictor, &image, err));
    ck_assert_uint_eq(oc_result_count(result), N_KINDS);
    for (size_t i = 0; i < N_KINDS; i++) {
        oc_box box = OC_BOX_INIT;
        OK(oc_result_get(result, i, &box, err));
        ck_assert(box.probability >= 0 && box.probability <= before);
        ck_assert(box.left == 0 && box.top == 0 && box.width == 1 && box.height == 1);
        ck_assert_int_ge(box.tag, 0);
        ck_assert_int_lt(box.tag, N_KINDS);
        ck_assert(!seen[box.tag]);
        seen[box.tag] = true;
        ck_assert_str_eq(oc_result_tag_name(result, i), oc_model_tag(model, (size_t)box.tag));
        before = box.probability;
        sum += (double)box.probability;
    }
    ck_assert(fabs(sum - 1) < 1e-5);
    oc_box small;
    small.struct_size = offsetof(oc_box, left);
    small.left = 77;
    OK(oc_result_get(result, 0, &small, err));
    ck_assert(small.left == 77);
    small.struct_size = 8;
    FAILS(OC_E_ARGUMENT, oc_result_get(result, 0, &small, err));
    oc_result_free(result);
}
END_TEST

/* What was trained is learned: seen from outside, on pictures it was not trained on. */
START_TEST(it_learns) {
    oc_dataset *dataset = new_dataset(context, N_KINDS, 12, 1);
    oc_model *better = train(context, dataset, "0");
    oc_predictor *p = NULL;
    int right = 0;
    OK(oc_predictor_create(&p, better, NULL, err));
    for (uint32_t i = 0; i < 24; i++) {
        float probabilities[N_KINDS];
        int kind = (int)i % N_KINDS, best = 0;
        predict_painted(probabilities, p, kind, 1000 + i);
        for (int k = 1; k < N_KINDS; k++)
            if (probabilities[k] > probabilities[best]) best = k;
        right += best == kind;
    }
    ck_assert_msg(right >= 20, "%d of 24 right", right);
    oc_predictor_free(p);
    oc_model_free(better);
    oc_dataset_free(dataset);
}
END_TEST

START_TEST(one_picture_in_every_form) {
    char folder[256], path[512];
    bytes png = make_png(pixels, SIDE, SIDE), bmp = make_bmp(pixels, SIDE, SIDE);
    oc_picture *picture = NULL;
    oc_image images[5] = {raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8), encoded_image(png), encoded_image(bmp)};
    oc_result *first = NULL, *other = NULL;
    make_folder(folder);
    join(path, folder, "a.png");
    write_file(path, png.data, png.size);
    images[3] = path_image(path);
    OK(oc_picture_open(&picture, context, &images[3], err));
    images[4] = (oc_image)OC_IMAGE_INIT;
    OK(oc_picture_image(picture, &images[4], err));
    OK(oc_predictor_run(&first, predictor, &images[0], err));
    for (int i = 1; i < 5; i++) {
        OK(oc_predictor_run(&other, predictor, &images[i], err));
        expect_same(first, other);
        oc_result_free(other);
    }
    oc_result_free(first);
    oc_picture_free(picture);
    remove_folder(folder);
    free(png.data);
    free(bmp.data);
}
END_TEST

START_TEST(shapes_and_sizes) {
    static const uint32_t sizes[][2] = {{1, 1}, {1, 32}, {32, 1}, {7, 31}, {31, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        oc_image image = raw_image(pixels, sizes[i][0], sizes[i][1], OC_IMAGE_RGB8);
        oc_result *result = NULL;
        OK(oc_predictor_run(&result, predictor, &image, err));
        ck_assert_uint_eq(oc_result_count(result), N_KINDS);
        oc_result_free(result);
    }
}
END_TEST

START_TEST(errors_of_one) {
    oc_image images[] = {path_image("/nowhere/a.png"), encoded_image((bytes){(uint8_t *)(uintptr_t)"nonsense", 8}),
                         encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8}),
                         raw_image(pixels, 0, 1, OC_IMAGE_RGB8), raw_image(pixels, 65536, 65536, OC_IMAGE_RGB8)};
    static const oc_status expected[] = {OC_E_NOT_FOUND, OC_E_FORMAT, OC_E_CORRUPT, OC_E_ARGUMENT, OC_E_LIMIT};
    oc_result *result;
    for (int i = 0; i < 5; i++) FAILS_OUT(expected[i], result, oc_predictor_run(&result, predictor, &images[i], err));
    oc_image good = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8); /* a failure spoils nothing */
    OK(oc_predictor_run(&result, predictor, &good, err));
    oc_result_free(result);
}
END_TEST

#define N_BATCH 23

START_TEST(a_batch_with_broken_pictures) {
    uint8_t many[N_BATCH][SIDE * SIDE * 3];
    oc_image images[N_BATCH];
    const oc_image *pointers[N_BATCH];
    oc_result *results[N_BATCH];
    oc_error error = OC_ERROR_INIT;
    for (uint32_t i = 0; i < N_BATCH; i++) {
        paint(many[i], (int)(i % N_KINDS), 300 + i);
        images[i] = raw_image(many[i], SIDE, SIDE, OC_IMAGE_RGB8);
        pointers[i] = &images[i];
    }
    memset(results, 0x5A, sizeof results);
    OK(oc_predictor_run_batch(results, predictor, pointers, N_BATCH, err));
    for (int i = 0; i < N_BATCH; i++) {
        oc_result *single = NULL;
        OK(oc_predictor_run(&single, predictor, &images[i], err));
        expect_same(results[i], single);
        oc_result_free(single);
        oc_result_free(results[i]);
    }
    pointers[19] = NULL;
    images[11] = encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8});
    images[5] = path_image("/nowhere/fifth.png");
    for (int round = 0; round < 20; round++) { /* whichever thread comes to it first */
        memset(results, 0x5A, sizeof results);
        ck_assert_int_eq(oc_predictor_run_batch(results, predictor, pointers, N_BATCH, &error), OC_E_NOT_FOUND);
        ck_assert_int_eq(error.code, OC_E_NOT_FOUND);
        ck_assert_ptr_nonnull(strstr(error.message, "fifth.png"));
        for (int i = 0; i < N_BATCH; i++) {
            ck_assert_msg((results[i] == NULL) == (i == 5 || i == 11 || i == 19), "result %d", i);
            oc_result_free(results[i]);
        }
    }
    ck_assert_int_eq(oc_predictor_run_batch(results, predictor, pointers + 19, 1, NULL), OC_E_ARGUMENT);
    ck_assert_ptr_null(results[0]);
}
END_TEST

/* int8 says much the same as fp32, and the same whatever the instruction set. */
START_TEST(precisions) {
    static const uint32_t known[] = {OC_PRECISION_FP32, OC_PRECISION_BF16, OC_PRECISION_INT8};
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    const oc_image *pointers[1] = {&image};
    oc_result *expected = NULL;
    oc_predictor_options options = OC_PREDICTOR_OPTIONS_INIT;
    OK(oc_predictor_run(&expected, predictor, &image, err));
    oc_predictor *other;
    options.tiles = 2; /* of no detector */
    FAILS_OUT(OC_E_ARGUMENT, other, oc_predictor_create(&other, model, &options, err));
    options.tiles = 17;
    FAILS_OUT(OC_E_ARGUMENT, other, oc_predictor_create(&other, model, &options, err));
    options.tiles = 1;
    options.struct_size = offsetof(oc_predictor_options, tiles); /* as it was before there were tiles */
    OK(oc_predictor_create(&other, model, &options, err));
    oc_predictor_free(other);
    options.struct_size = sizeof options;
    for (int i = 0; i < 3; i++) {
        oc_predictor *p = NULL, *second = NULL;
        oc_result *result = NULL, *again = NULL;
        oc_box a = OC_BOX_INIT, b = OC_BOX_INIT;
        options.precision = known[i];
        OK(oc_predictor_create(&p, model, &options, err));
        OK(oc_predictor_create(&second, model, &options, err));
        OK(oc_predictor_run(&result, p, &image, err));
        OK(oc_predictor_run_batch(&again, second, pointers, 1, err));
        expect_same(result, again);
        OK(oc_result_get(result, 0, &a, err));
        OK(oc_result_get(expected, 0, &b, err));
        ck_assert_int_eq(a.tag, b.tag);
        ck_assert(fabsf(a.probability - b.probability) < (i == 0 ? 1e-30f : 0.2f));
        oc_result_free(result);
        oc_result_free(again);
        oc_predictor_free(p);
        oc_predictor_free(second);
    }
    oc_result_free(expected);
    oc_predictor *none;
    options.precision = 3;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_create(&none, model, &options, err));
    options.precision = 0;
    options.struct_size = 4;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_create(&none, model, &options, err));
}
END_TEST

START_TEST(an_empty_batch) {
    const oc_image *none[1] = {NULL};
    oc_result *untouched[1] = {(oc_result *)(void *)pixels};
    OK(oc_predictor_run_batch(NULL, predictor, NULL, 0, err));
    OK(oc_predictor_run_batch(untouched, predictor, none, 0, err));
    ck_assert_ptr_eq(untouched[0], pixels);
}
END_TEST

/* --- explaining --- */

/* Noise of the seed, with a patch of stripes or checks somewhere: what tells the two tags apart is there and nowhere else. */
static void paint_patch(uint8_t large[96 * 96 * 3], int kind, uint32_t seed, uint32_t *left, uint32_t *top) {
    uint8_t patch[SIDE * SIDE * 3];
    *left = mix(seed + 7) % 3 * SIDE;
    *top = mix(seed + 77) % 3 * SIDE;
    for (uint32_t i = 0; i < 96 * 96 * 3; i++) large[i] = (uint8_t)(110 + mix(seed * 40000 + i / 3) % 30);
    paint(patch, kind, seed);
    for (uint32_t y = 0; y < SIDE; y++) memcpy(large + ((*top + y) * 96 + *left) * 3, patch + y * SIDE * 3, SIDE * 3);
}

START_TEST(explanations) {
    static uint8_t large[96 * 96 * 3];
    oc_dataset *patches = NULL;
    oc_predictor *of_patches = NULL;
    oc_explain how = OC_EXPLAIN_INIT;
    oc_heat_map map = OC_HEAT_MAP_INIT, again = OC_HEAT_MAP_INIT;
    oc_explanation *explanation = NULL, *other = NULL, *none;
    oc_picture *picture = NULL;
    oc_image drawn = OC_IMAGE_INIT;
    oc_image image = raw_image(large, 96, 96, OC_IMAGE_RGB8);
    uint32_t left, top, n_right = 0;
    OK(oc_dataset_create(&patches, context, err));
    for (uint32_t i = 0; i < 60; i++) {
        paint_patch(large, (int)(i % 2), i, &left, &top);
        OK(oc_dataset_add(patches, &image, kind_names[i % 2], NULL, err));
    }
    oc_model *of_two = train(context, patches, "0");
    OK(oc_predictor_create(&of_patches, of_two, NULL, err));
    for (uint32_t i = 100; i < 112; i++) {
        size_t best = 0;
        paint_patch(large, (int)(i % 2), i, &left, &top);
        how.tag = kind_names[i % 2], how.side = 6;
        OK(oc_predictor_explain(&explanation, of_patches, &image, &how, err));
        OK(oc_explanation_get(explanation, &map, err));
        ck_assert(map.side == 6 && strcmp(map.tag, kind_names[i % 2]) == 0 && map.probability >= 0 && map.probability <= 1);
        for (size_t k = 0; k < 36; k++) best = map.values[k] > map.values[best] ? k : best;
        double x = ((double)(best % 6) + 0.5) * 16, y = ((double)best / 6) * 16;
        n_right += x > left && x < left + SIDE && y > top - 8.0 && y < top + SIDE + 8.0;
        oc_explanation_free(explanation);
    }
    ck_assert_msg(n_right >= 10, "%u of 12 maps point at what matters", n_right); /* by chance it would be one in nine */

    /* The same whatever the number of threads; by default of the most probable tag. */
    oc_context *alone = new_context(1);
    bytes file = model_bytes(of_two);
    oc_model *copy = NULL;
    oc_predictor *by_one = NULL;
    OK(oc_model_load_memory(&copy, alone, file.data, file.size, NULL, err));
    OK(oc_predictor_create(&by_one, copy, NULL, err));
    OK(oc_predictor_explain(&explanation, of_patches, &image, NULL, err));
    OK(oc_predictor_explain(&other, by_one, &image, NULL, err));
    OK(oc_explanation_get(explanation, &map, err));
    OK(oc_explanation_get(other, &again, err));
    ck_assert(map.side == 8 && strcmp(map.tag, again.tag) == 0 && map.probability == again.probability && map.probability >= 0.5f);
    ck_assert_mem_eq(map.values, again.values, 64 * sizeof(float));
    OK(oc_explanation_picture(&picture, explanation, err));
    OK(oc_picture_image(picture, &drawn, err));
    ck_assert(drawn.width == 96 && drawn.height == 96 && memcmp(drawn.data, large, sizeof large) != 0);
    oc_picture_free(picture);
    oc_predictor_free(by_one);
    oc_model_free(copy);
    oc_context_free(alone);
    oc_explanation_free(other);
    free(file.data);

    how.tag = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_predictor_explain(&none, of_patches, &image, &how, err));
    how.tag = NULL, how.side = 1;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_explain(&none, of_patches, &image, &how, err));
    how.side = 65;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_explain(&none, of_patches, &image, &how, err));
    image.width = 0;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_explain(&none, of_patches, &image, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, none, oc_predictor_explain(&none, of_patches, NULL, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, picture, oc_explanation_picture(&picture, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_explanation_get(NULL, &map, err));
    oc_predictor_free(of_patches);
    OK(oc_explanation_get(explanation, &map, err)); /* it outlives the predictor */
    oc_explanation_free(explanation);
    oc_explanation_free(NULL);
    oc_model_free(of_two);
    oc_dataset_free(patches);
}
END_TEST

/* Objects are counted by tag, in a part of the picture or all of it. */
START_TEST(tallies) {
    oc_model *detector = NULL;
    oc_predictor *finding = NULL, *telling = NULL;
    oc_result *found = NULL, *told = NULL;
    oc_tally_options options = OC_TALLY_OPTIONS_INIT;
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    uint64_t counts[8], all = 0, parts = 0, certain = 0;
    paint(pixels, BLOBS, 3);
    OK(oc_model_load(&detector, context, GOLDEN "/v1-detector.ocm", err));
    size_t n_tags = oc_model_n_tags(detector);
    ck_assert_uint_le(n_tags, 8);
    OK(oc_predictor_create(&finding, detector, NULL, err));
    OK(oc_predictor_run(&found, finding, &image, err));
    ck_assert_uint_gt(oc_result_count(found), 1);
    options.probability = 1e-9;
    OK(oc_result_tally(found, &options, counts, n_tags, err));
    for (size_t t = 0; t < n_tags; t++) all += counts[t];
    ck_assert_uint_eq(all, oc_result_count(found));
    for (int part = 0; part < 2; part++) { /* no centre lies just in the middle */
        options.left = 0.5 * part, options.width = 0.5, options.height = 1;
        OK(oc_result_tally(found, &options, counts, n_tags, err));
        for (size_t t = 0; t < n_tags; t++) parts += counts[t];
    }
    ck_assert_uint_eq(parts, all);
    OK(oc_result_tally(found, NULL, counts, n_tags, err));
    for (size_t i = 0; i < oc_result_count(found); i++) {
        oc_box box = OC_BOX_INIT;
        OK(oc_result_get(found, i, &box, err));
        certain += box.probability >= 0.5F;
    }
    for (size_t t = 0; t < n_tags; t++) certain -= counts[t];
    ck_assert_uint_eq(certain, 0);
    options.left = 0.6; /* reaches out */
    FAILS(OC_E_ARGUMENT, oc_result_tally(found, &options, counts, n_tags, err));
    options.left = 0.5, options.probability = 1.5;
    FAILS(OC_E_ARGUMENT, oc_result_tally(found, &options, counts, n_tags, err));
    FAILS(OC_E_ARGUMENT, oc_result_tally(found, NULL, counts, n_tags + 1, err));
    FAILS(OC_E_ARGUMENT, oc_result_tally(found, NULL, NULL, n_tags, err));
    FAILS(OC_E_ARGUMENT, oc_result_tally(NULL, NULL, counts, n_tags, err));
    OK(oc_predictor_create(&telling, model, NULL, err));
    OK(oc_predictor_run(&told, telling, &image, err));
    FAILS(OC_E_ARGUMENT, oc_result_tally(told, NULL, counts, N_KINDS, err));
    oc_result_free(found);
    oc_result_free(told);
    oc_predictor_free(finding);
    oc_predictor_free(telling);
    oc_model_free(detector);
}
END_TEST

/* The share of the smaller of two boxes that lies in the other. */
static double shared(const oc_box *a, const oc_box *b) {
    double width = fmin((double)a->left + (double)a->width, (double)b->left + (double)b->width) - fmax((double)a->left, (double)b->left);
    double height = fmin((double)a->top + (double)a->height, (double)b->top + (double)b->height) - fmax((double)a->top, (double)b->top);
    double smaller = fmin((double)a->width * (double)a->height, (double)b->width * (double)b->height);
    return width > 0 && height > 0 ? width * height / smaller : 0;
}

/* A detector knows all that it proposes itself; if nothing of it counts as known, one box of those that lie on each other is left. */
START_TEST(unknown_things) {
    oc_model *detector = NULL;
    oc_predictor *finding = NULL, *telling = NULL;
    oc_result *found = NULL, *told = NULL, *unknown = NULL;
    oc_unknown_options options = OC_UNKNOWN_OPTIONS_INIT;
    oc_image image = raw_image(pixels, SIDE, SIDE, OC_IMAGE_RGB8);
    oc_box boxes[300], box = OC_BOX_INIT;
    paint(pixels, BLOBS, 3);
    OK(oc_model_load(&detector, context, GOLDEN "/v1-detector.ocm", err));
    OK(oc_predictor_create(&finding, detector, NULL, err));
    OK(oc_predictor_run(&found, finding, &image, err));
    options.probability = options.known = 1e-9;
    OK(oc_result_unknown(&unknown, found, found, &options, err));
    ck_assert_uint_eq(oc_result_count(unknown), 0);
    oc_result_free(unknown);
    OK(oc_result_unknown(&unknown, found, found, NULL, err));
    for (size_t i = 0; i < oc_result_count(unknown); i++) {
        OK(oc_result_get(unknown, i, &box, err));
        ck_assert(box.probability >= 0.2F && box.probability < 0.5F);
    }
    oc_result_free(unknown);
    options.known = 1;
    OK(oc_result_unknown(&unknown, found, found, &options, err));
    size_t n = oc_result_count(unknown);
    ck_assert(n > 0 && n < oc_result_count(found) && n <= 300);
    for (size_t i = 0; i < n; i++) {
        boxes[i] = (oc_box)OC_BOX_INIT;
        OK(oc_result_get(unknown, i, &boxes[i], err));
        ck_assert_ptr_nonnull(oc_result_tag_name(unknown, i));
        for (size_t k = 0; k < i; k++) ck_assert_double_le(shared(&boxes[i], &boxes[k]), 0.4);
    }
    /* what is left out lies on what is kept, or is nearly all of the picture */
    for (size_t i = 0; i < oc_result_count(found); i++) {
        OK(oc_result_get(found, i, &box, err));
        double most = (double)box.width * (double)box.height > 0.7 ? 1 : 0;
        for (size_t k = 0; k < oc_result_count(found); k++) {
            oc_box other = OC_BOX_INIT;
            OK(oc_result_get(found, k, &other, err));
            if (k < i || other.probability > box.probability) most = fmax(most, shared(&box, &other));
        }
        size_t k = 0;
        while (k < n && memcmp(&boxes[k], &box, sizeof box) != 0) k++;
        ck_assert(k < n || most > 0.4);
    }
    options.known = -1;
    FAILS_OUT(OC_E_ARGUMENT, told, oc_result_unknown(&told, found, found, &options, err));
    FAILS_OUT(OC_E_ARGUMENT, told, oc_result_unknown(&told, NULL, found, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, told, oc_result_unknown(&told, found, NULL, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_result_unknown(NULL, found, found, NULL, err));
    oc_result *of_classifier = NULL;
    OK(oc_predictor_create(&telling, model, NULL, err));
    OK(oc_predictor_run(&of_classifier, telling, &image, err));
    FAILS_OUT(OC_E_ARGUMENT, told, oc_result_unknown(&told, of_classifier, found, NULL, err));
    FAILS_OUT(OC_E_ARGUMENT, told, oc_result_unknown(&told, found, of_classifier, NULL, err));
    oc_model_free(detector);
    oc_predictor_free(finding);
    oc_result_free(found); /* the new one does not need it */
    ck_assert_ptr_nonnull(oc_result_tag_name(unknown, 0));
    oc_result_free(unknown);
    oc_result_free(of_classifier);
    oc_predictor_free(telling);
}
END_TEST

/* An alarm is raised once and cleared once; only what a detector finds is followed. */
START_TEST(streams) {
    oc_predictor *watching = NULL;
    oc_alarm *alarm = NULL, *none;
    oc_alarm_options options = OC_ALARM_OPTIONS_INIT;
    oc_tracker *tracker;
    oc_track track = OC_TRACK_INIT;
    oc_result *result = NULL;
    uint32_t state = 9, n_raised = 0, n_cleared = 0;
    uint8_t frame[SIDE * SIDE * 3] = {0};
    oc_image image = raw_image(frame, SIDE, SIDE, OC_IMAGE_RGB8);
    OK(oc_predictor_create(&watching, model, NULL, err));
    options.tag = kind_names[CHECKS], options.frames = 6, options.on = 4, options.off = 2, options.probability = 0.4;
    OK(oc_alarm_create(&alarm, model, &options, err));
    for (uint32_t i = 0; i < 30; i++) {
        paint(frame, i >= 10 && i < 20 ? CHECKS : STRIPES, 500 + i);
        OK(oc_predictor_run(&result, watching, &image, err));
        OK(oc_alarm_update(alarm, result, &state, err));
        n_raised += state == OC_ALARM_RAISED, n_cleared += state == OC_ALARM_CLEARED;
        if (state == OC_ALARM_RAISED) ck_assert(i >= 12 && i < 20);
        if (state == OC_ALARM_CLEARED) ck_assert(i >= 20);
        oc_result_free(result);
    }
    ck_assert(n_raised == 1 && n_cleared == 1 && state == OC_ALARM_OFF);
    OK(oc_predictor_run(&result, watching, &image, err));
    FAILS(OC_E_ARGUMENT, oc_alarm_update(alarm, result, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_alarm_update(alarm, NULL, &state, err));
    FAILS(OC_E_ARGUMENT, oc_alarm_update(NULL, result, &state, err));
    FAILS(OC_E_ARGUMENT, oc_tracker_update(NULL, result, err));
    oc_alarm_free(alarm);
    options.off = 4;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_alarm_create(&none, model, &options, err));
    options.off = 0, options.on = 7;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_alarm_create(&none, model, &options, err));
    options.on = 0, options.frames = 65;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_alarm_create(&none, model, &options, err));
    options.frames = 1, options.probability = 2;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_alarm_create(&none, model, &options, err));
    options.probability = 0, options.tag = "nothing";
    FAILS_OUT(OC_E_NOT_FOUND, none, oc_alarm_create(&none, model, &options, err));
    options.tag = NULL;
    FAILS_OUT(OC_E_ARGUMENT, none, oc_alarm_create(&none, model, &options, err));
    options.tag = kind_names[0]; /* one frame decides */
    OK(oc_alarm_create(&alarm, model, &options, err));
    oc_alarm_free(alarm);
    oc_alarm_free(NULL);
    FAILS_OUT(OC_E_ARGUMENT, tracker, oc_tracker_create(&tracker, model, NULL, err));
    FAILS(OC_E_ARGUMENT, oc_tracker_get(NULL, 0, &track, err));
    ck_assert(oc_tracker_count(NULL) == 0 && oc_tracker_total(NULL, 0) == 0);
    oc_tracker_free(NULL);
    oc_result_free(result);
    oc_predictor_free(watching);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("predicting");
    TCase *tests = tcase_create("predicting");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, answers);
    tcase_add_test(tests, it_learns);
    tcase_add_test(tests, one_picture_in_every_form);
    tcase_add_test(tests, shapes_and_sizes);
    tcase_add_test(tests, errors_of_one);
    tcase_add_test(tests, a_batch_with_broken_pictures);
    tcase_add_test(tests, precisions);
    tcase_add_test(tests, an_empty_batch);
    tcase_add_test(tests, explanations);
    tcase_add_test(tests, tallies);
    tcase_add_test(tests, unknown_things);
    tcase_add_test(tests, streams);
    return run_suite(suite);
}
