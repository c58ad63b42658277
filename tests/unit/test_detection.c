/* Detection: boxes, data, figures, training. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "average_precision.h"
#include "base.h"
#include "box_mistakes.h"
#include "cut.h"
#include "dataset.h"
#include "detector.h"
#include "evaluate.h"
#include "memory.h"
#include "ocm.h"
#include "ocm_layout.h"
#include "page.h"
#include "support.h"
#include "text.h"
#include "train_model.h"

#define near(a, b) ck_assert_msg(fabs((double)(a) - (b)) < 1e-6, #a " is %g, expected %g", (double)(a), (double)(b))

/* --- the figures of COCO --- */

#define N_CASES 4
#define N_PICTURES 40
#define N_TAGS 3
#include "coco_table.h"

/* All of this is as in coco_table.py. */
static uint64_t state;
static uint32_t below(uint32_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % n;
}

typedef struct whole_box {
    uint32_t left, top, width, height;
} whole_box;

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static whole_box make_box(void) {
    whole_box b;
    b.left = below(900);
    b.top = below(900);
    b.width = least(20 + below(300), 1024 - b.left);
    b.height = least(20 + below(300), 1024 - b.top);
    return b;
}

static whole_box move_box(whole_box b) {
    b.left += below(21);
    b.top += below(21);
    b.width = b.left < 1024 ? least(b.width, 1024 - b.left) : 1;
    b.height = b.top < 1024 ? least(b.height, 1024 - b.top) : 1;
    return b;
}

static oc__rect to_rect(whole_box b) {
    return (oc__rect){(float)b.left / 1024, (float)b.top / 1024, (float)(b.left + b.width) / 1024, (float)(b.top + b.height) / 1024};
}

/* Keeps a picture's boxes in order, equal ones as they came. */
static void add_found(oc__measurement *m, size_t first, uint32_t picture, uint32_t tag, whole_box box, uint32_t probability) {
    size_t i = m->n_found++;
    float p = (float)probability / 4096;
    for (; i > first && m->found[i - 1].detection.probability < p; i--) m->found[i] = m->found[i - 1];
    m->found[i] = (oc__found){picture, {to_rect(box), tag, p}};
}

static oc__measurement *make_case(oc_context *context, uint64_t seed) {
    oc__measurement *m;
    ck_assert_int_eq(oc__measurement_create(&m, context, N_PICTURES, N_TAGS, NULL), OC_OK);
    ck_assert_int_eq(oc__measurement_boxes(m, 1000, 2000, NULL), OC_OK);
    m->n_truths = m->n_found = 0;
    state = seed;
    for (uint32_t picture = 0; picture < N_PICTURES; picture++) {
        size_t first = m->n_found;
        for (uint32_t i = below(7); i > 0; i--) {
            uint32_t tag = below(N_TAGS);
            whole_box box = make_box();
            m->truths[m->n_truths++] = (oc__truth){picture, {to_rect(box), tag}};
            for (uint32_t k = below(3); k > 0; k--) {
                uint32_t given = below(10) == 0 ? below(N_TAGS) : tag;
                whole_box moved = move_box(box);
                add_found(m, first, picture, given, moved, below(4096));
            }
        }
        for (uint32_t i = picture == 7 ? 250 : below(5); i > 0; i--) {
            uint32_t tag = below(N_TAGS);
            whole_box box = make_box();
            add_found(m, first, picture, tag, box, below(2048));
        }
    }
    return m;
}

START_TEST(test_coco) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = make_case(context, (uint64_t)_i + 1);
    for (int32_t tag = 0; tag <= N_TAGS; tag++) {
        const double *expected = coco_table[_i][tag];
        oc_box_metrics f;
        ck_assert_int_eq(oc__box_metrics_of(&f, m, tag < N_TAGS ? tag : OC_TAGS_MEAN, 0.5, 0.3, NULL), OC_OK);
        near(f.ap50, expected[0]);
        near(f.ap, expected[1]);
        near(f.average_recall, expected[2]);
        double by_size[3];
        ck_assert_int_eq(oc__box_ap_by_size(by_size, m, tag < N_TAGS ? tag : OC_TAGS_MEAN, 1024 * 1024, NULL), OC_OK);
        for (int i = 0; i < 3; i++) near(by_size[i], expected[3 + i]);
    }
    ck_assert_int_eq(oc__box_metrics_fill(m, NULL), OC_OK);
    near(m->average_precision[1], coco_table[_i][1][0]);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* What a measurement says of every other picture, alone. */
static oc__measurement *half_of(const oc__measurement *m, uint32_t which) {
    oc__measurement *half;
    ck_assert_int_eq(oc__measurement_copy(&half, m, NULL), OC_OK);
    half->n_folds = 1;
    half->n_truths = half->n_found = 0;
    for (size_t i = 0; i < m->n_truths; i++)
        if (m->truths[i].picture % 2 == which) half->truths[half->n_truths++] = m->truths[i];
    for (size_t i = 0; i < m->n_found; i++)
        if (m->found[i].picture % 2 == which) half->found[half->n_found++] = m->found[i];
    return half;
}

/* Over two folds, a deviation is half of what their own figures differ by. */
START_TEST(test_box_folds) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = make_case(context, (uint64_t)_i + 1), *halves[2];
    for (uint32_t i = 0; i < m->n; i++) m->entries[i].fold = i % 2;
    for (uint32_t h = 0; h < 2; h++) halves[h] = half_of(m, h);
    for (int32_t tag = OC_TAGS_MEAN; tag < N_TAGS; tag++) {
        oc_box_metrics together, apart, of[2];
        m->n_folds = 1;
        ck_assert_int_eq(oc__box_metrics_of(&together, m, tag, 0.3, 0.4, NULL), OC_OK);
        ck_assert(together.ap_deviation == 0 && together.recall_deviation == 0);
        m->n_folds = 2;
        ck_assert_int_eq(oc__box_metrics_of(&apart, m, tag, 0.3, 0.4, NULL), OC_OK);
        ck_assert(apart.ap == together.ap && apart.n_pictures == together.n_pictures && apart.n_correct == together.n_correct);
        for (uint32_t h = 0; h < 2; h++) ck_assert_int_eq(oc__box_metrics_of(&of[h], halves[h], tag, 0.3, 0.4, NULL), OC_OK);
        ck_assert_uint_eq(apart.n_objects, of[0].n_objects + of[1].n_objects);
        near(apart.precision_deviation, fabs(of[0].precision - of[1].precision) / 2);
        near(apart.recall_deviation, fabs(of[0].recall - of[1].recall) / 2);
        near(apart.ap50_deviation, fabs(of[0].ap50 - of[1].ap50) / 2);
        near(apart.ap_deviation, fabs(of[0].ap - of[1].ap) / 2);
        ck_assert_int_eq(oc__box_metrics_fill(m, NULL), OC_OK);
        if (tag >= 0) near((double)m->average_precision_deviation[tag], apart.ap50_deviation);
    }
    for (uint32_t h = 0; h < 2; h++) oc__measurement_free(halves[h]);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* Two pictures, two objects of tag 0 and one of tag 1, by hand. */
START_TEST(test_thresholds) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m;
    oc_box_metrics f;
    const oc__rect a = {0, 0, 0.5f, 0.5f}, b = {0.5f, 0.5f, 1, 1}, half_a = {0, 0, 0.5f, 0.25f};
    ck_assert_int_eq(oc__measurement_create(&m, context, 2, 2, NULL), OC_OK);
    ck_assert_int_eq(oc__measurement_boxes(m, 3, 4, NULL), OC_OK);
    m->truths[0] = (oc__truth){0, {a, 0}};
    m->truths[1] = (oc__truth){0, {b, 1}};
    m->truths[2] = (oc__truth){1, {b, 0}};
    m->found[0] = (oc__found){0, {half_a, 0, 0.75f}}; /* overlaps by 0.5 */
    m->found[1] = (oc__found){0, {a, 0, 0.625f}};
    m->found[2] = (oc__found){0, {b, 0, 0.5f}}; /* of the wrong tag */
    m->found[3] = (oc__found){1, {b, 0, 0.25f}};
    static const struct {
        double probability, overlap;
        uint64_t n_predicted, n_correct;
    } cases[] = {{0, 0.3, 4, 2}, {0, 0.5, 4, 2}, {0, 0.51, 4, 2}, {0.26, 0.3, 3, 1}, {0.7, 0.51, 1, 0}, {0.7, 0.5, 1, 1}, {1, 0, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(oc__box_metrics_of(&f, m, 0, cases[i].probability, cases[i].overlap, NULL), OC_OK);
        ck_assert_msg(f.n_objects == 2 && f.n_pictures == 2 && f.n_predicted == cases[i].n_predicted
                          && f.n_correct == cases[i].n_correct, "case %zu: %d of %d", i, (int)f.n_correct, (int)f.n_predicted);
    }
    ck_assert_int_eq(oc__box_metrics_of(&f, m, OC_TAGS_TOGETHER, 0, 0.3, NULL), OC_OK);
    ck_assert(f.n_objects == 3 && f.n_pictures == 2 && f.n_predicted == 4 && f.n_correct == 2);
    near(f.precision, 0.5);
    near(f.recall, 2.0 / 3);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, OC_TAGS_MEAN, 0, 0.3, NULL), OC_OK);
    near(f.recall, 0.5);
    double by_size[3];
    ck_assert_int_eq(oc__box_ap_by_size(by_size, m, 1, 64 * 64, NULL), OC_OK); /* one object, of 32 x 32 */
    ck_assert(by_size[0] >= 0 && by_size[1] >= 0 && by_size[2] < 0);
    /* Of tag 0, at an overlap of 0.3: right, wrong, wrong, right. */
    ck_assert_int_eq(oc__box_metrics_of(&f, m, 0, 0.9, 0.3, NULL), OC_OK);
    near(f.best_f1, 2.0 / 3);
    near(f.best_probability, 0.75);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, OC_TAGS_MEAN, 0, 0.3, NULL), OC_OK);
    near(f.best_f1, 1.0 / 3);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, 2, 0, 0.3, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, -3, 0, 0.3, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, 0, NAN, 0.3, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__box_metrics_of(&f, m, 0, 0, 1.01, NULL), OC_E_ARGUMENT);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* --- what networks say --- */

START_TEST(test_find) {
    oc_context *context = new_threads_context(1, NULL);
    float fine[2 * 2 * 6], coarse[6], huge = 1e30f;
    const oc__shape shapes[2] = {{.n = 1, .h = 2, .w = 2, .c = 6}, {.n = 1, .h = 1, .w = 1, .c = 6}};
    const float *levels[2] = {fine, coarse};
    oc__detections found;
    for (int i = 0; i < 24; i++) fine[i] = i % 6 < 2 ? -20.0f : logf(0.5f); /* boxes that are their pixels */
    for (int i = 0; i < 6; i++) coarse[i] = i < 2 ? -20.0f : logf(0.5f);
    fine[6 * 1 + 1] = 2; /* pixel (1, 0), tag 1 */
    fine[6 * 2 + 0] = 1; /* pixel (0, 1), tag 0 */
    fine[6 * 3 + 0] = 0.5f;
    coarse[0] = 3;       /* all of the picture, tag 0: pixels' boxes overlap it by a quarter */
    ck_assert_int_eq(oc__boxes_find(&found, context, levels, shapes, 2, 2, &oc__box_limits_standard, NULL), OC_OK);
    static const oc__detection expected[4] = {
        {{0, 0, 1, 1}, 0, 0}, {{0.5f, 0, 1, 0.5f}, 1, 0}, {{0, 0.5f, 0.5f, 1}, 0, 0}, {{0.5f, 0.5f, 1, 1}, 0, 0}};
    static const double logits[4] = {3, 2, 1, 0.5};
    ck_assert_uint_eq(found.n, 4);
    for (size_t i = 0; i < 4; i++) {
        const oc__detection *d = &found.items[i];
        ck_assert_uint_eq(d->tag, expected[i].tag);
        near(d->probability, 1 / (1 + exp(-logits[i])));
        near(d->box.left, (double)expected[i].box.left);
        near(d->box.top, (double)expected[i].box.top);
        near(d->box.right, (double)expected[i].box.right);
        near(d->box.bottom, (double)expected[i].box.bottom);
    }
    oc__free(context, found.items);
    /* Doubles go, but only those of the same tag; and no more are kept than wanted. */
    const oc__box_limits strict = {0.01f, 0.2f, 100}, few = {0.01f, 0.6f, 1}, sure = {0.7f, 0.6f, 100};
    ck_assert_int_eq(oc__boxes_find(&found, context, levels, shapes, 2, 2, &strict, NULL), OC_OK);
    ck_assert(found.n == 2 && found.items[0].tag == 0 && found.items[1].tag == 1);
    oc__free(context, found.items);
    ck_assert_int_eq(oc__boxes_find(&found, context, levels, shapes, 2, 2, &few, NULL), OC_OK);
    ck_assert_uint_eq(found.n, 1);
    oc__free(context, found.items);
    ck_assert_int_eq(oc__boxes_find(&found, context, levels, shapes, 2, 2, &sure, NULL), OC_OK);
    ck_assert_uint_eq(found.n, 3);
    oc__free(context, found.items);
    /* Whatever a network says, boxes lie in the picture and probabilities are such. */
    const float odd[] = {NAN, INFINITY, -INFINITY, huge, -huge, 0};
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 24; i++) fine[i] = odd[below(6)];
        for (int i = 0; i < 6; i++) coarse[i] = odd[below(6)];
        ck_assert_int_eq(oc__boxes_find(&found, context, levels, shapes, 2, 2, &oc__box_limits_standard, NULL), OC_OK);
        for (size_t i = 0; i < found.n; i++) {
            const oc__detection *d = &found.items[i];
            check_that(d->probability >= 0 && d->probability <= 1 && d->box.left >= 0 && d->box.left < d->box.right
                           && d->box.right <= 1 && d->box.top >= 0 && d->box.top < d->box.bottom && d->box.bottom <= 1,
                       "round %d, box %zu", round, i);
        }
        oc__free(context, found.items);
    }
    end_context(context);
}
END_TEST

/* --- data --- */

START_TEST(test_csv) {
    oc_context *context = new_threads_context(1, NULL);
    char *folder = new_folder();
    oc_dataset *d = NULL, *part = NULL;
    oc_error err = OC_ERROR_INIT;
    put_text(folder, "boxes.csv",
             "path,tag,split,left,top,width,height\n"
             "b.jpg,cat,train,0.25,0.5,0.5,0.25\n"
             "a.jpg,,test,,,,\n"
             "b.jpg,dog,train,0,0,1.01,1\n" /* a little beyond the edge */
             "\n"
             "c.jpg,dog,test,0.5,0.5,0.25,0.25\n"
             "b.jpg,cat,train,0.1,0.1,0.1,0.1\n");
    ck_assert_msg(oc__dataset_load_csv(&d, context, in(folder, "boxes.csv"), &err) == OC_OK, "%s", err.message);
    ck_assert(d->boxed && d->n_samples == 3 && d->n_tags == 2 && d->n_objects == 4);
    ck_assert_str_eq(d->samples[0].sample->image.name, in(folder, "b.jpg"));
    ck_assert(d->samples[0].n_objects == 3 && d->samples[0].n_tags == 2);
    ck_assert(d->samples[1].n_objects == 0 && d->samples[1].n_tags == 0 && d->samples[2].n_objects == 1);
    const oc__object *objects = d->objects + d->samples[0].first_object;
    ck_assert(objects[0].tag == 0 && objects[1].tag == 1 && objects[2].tag == 0);
    near(objects[0].box.left, 0.25);
    near(objects[0].box.bottom, 0.75);
    near(objects[1].box.right, 1);
    ck_assert_int_eq(oc__dataset_select_split(&part, d, "test", NULL), OC_OK);
    ck_assert(part->boxed && part->n_samples == 2 && part->n_objects == 1 && part->n_tags == 2);
    ck_assert_uint_eq(part->objects[part->samples[1].first_object].tag, 1);
    oc__dataset_free(part);
    ck_assert_int_eq(oc__dataset_snapshot(&part, d, NULL), OC_OK);
    ck_assert(part->n_objects == 4 && part->samples[2].first_object == 3);
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = "x.jpg";
    ck_assert_int_eq(oc__dataset_add(d, &image, "cat", NULL, &err), OC_E_STATE);
    oc__dataset_free(part);
    oc__dataset_free(d);
    static const struct {
        const char *text, *message;
        oc_status status;
    } bad[] = {
        {"path,tag,left,top,width\nb.jpg,cat,0,0,1\n", ":1: of the columns left", OC_E_FORMAT},
        {"path,tags,left,top,width,height\nb.jpg,cat,0,0,1,1\n", ":1: a box needs a column 'tag'", OC_E_FORMAT},
        {"path,tag,left,top,width,height\nb.jpg,cat,0,0,1,x\n", ":2: height is 'x'", OC_E_CORRUPT},
        {"path,tag,left,top,width,height\nb.jpg,cat,0,0,1,1\nb.jpg,cat,10,20,200,100\n", "b.jpg: box 1 reaches out", OC_E_CORRUPT},
        {"path,tag,left,top,width,height\nb.jpg,cat,0.5,0,0,1\n", "box 0 is empty", OC_E_CORRUPT},
        {"path,tag,left,top,width,height\nb.jpg,,0.5,0,0.1,1\n", ":2: has a box without a tag", OC_E_CORRUPT},
        {"path,tag,split,left,top,width,height\nb.jpg,a,x,0,0,1,1\nb.jpg,a,y,0,0,1,1\n", ":3: the picture is of another split",
         OC_E_CORRUPT},
        {"path,tag,left,top,width,height\n", "names no pictures", OC_E_DATA},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_text(folder, "bad.csv", bad[i].text);
        ck_assert_int_eq(oc__dataset_load_csv(&d, context, in(folder, "bad.csv"), &err), bad[i].status);
        ck_assert_msg(strstr(err.message, bad[i].message) != NULL, "case %zu: %s", i, err.message);
    }
    remove_folder(folder);
    end_context(context);
}
END_TEST

/* One of each kind in the first picture, a missed object in the second, and nothing wrong in the third. */
static oc_status make_mistakes_with(oc__measurement **out, oc_context *context, oc_error *err) {
    oc__measurement *m;
    const oc__rect a = {0, 0, 0.25f, 0.25f}, b = {0.5f, 0, 0.75f, 0.25f}, c = {0, 0.5f, 0.25f, 0.75f}, d = {0.75f, 0.75f, 1, 1},
                   beside_c = {0.1875f, 0.5f, 0.4375f, 0.75f}, part_of_c = {0, 0.5f, 0.25f, 0.5625f};
    oc_status status = oc__measurement_create(&m, context, 3, 2, err);
    if (status) return status;
    if ((status = oc__measurement_boxes(m, 5, 6, err))) {
        oc__measurement_free(m);
        return status;
    }
    m->truths[0] = (oc__truth){0, {a, 0}};
    m->truths[1] = (oc__truth){0, {b, 0}};
    m->truths[2] = (oc__truth){0, {c, 1}};
    m->truths[3] = (oc__truth){1, {d, 1}};
    m->truths[4] = (oc__truth){2, {a, 0}};
    m->found[0] = (oc__found){0, {a, 0, 0.875f}};
    m->found[1] = (oc__found){0, {b, 1, 0.75f}};         /* the tag is 0 */
    m->found[2] = (oc__found){0, {a, 0, 0.625f}};        /* found already */
    m->found[3] = (oc__found){0, {part_of_c, 1, 0.5f}};  /* overlaps by a quarter */
    m->found[4] = (oc__found){0, {beside_c, 1, 0.375f}}; /* by a seventh, of an object that is told of */
    m->found[5] = (oc__found){2, {a, 0, 0.25f}};
    *out = m;
    return OC_OK;
}

static oc__measurement *make_mistakes(oc_context *context) {
    oc__measurement *m = NULL;
    ck_assert_int_eq(make_mistakes_with(&m, context, NULL), OC_OK);
    return m;
}

START_TEST(test_mistakes) {
    static const struct {
        double probability, overlap;
        oc__box_mistake expected[5];
        size_t n;
    } cases[] = {
        {0.25,
         0.3,
         {{OC_MISTAKE_WRONG_TAG, 1, 1, 1},
          {OC_MISTAKE_DOUBLE, 2, 0, 1},
          {OC_MISTAKE_BADLY_PLACED, 3, 2, 0.25},
          {OC_MISTAKE_FALSE, 4, OC__NO_BOX, 0},
          {OC_MISTAKE_MISSED, OC__NO_BOX, 3, 0}},
         5},
        {0.25,
         0.25,
         {{OC_MISTAKE_WRONG_TAG, 1, 1, 1},
          {OC_MISTAKE_DOUBLE, 2, 0, 1},
          {OC_MISTAKE_FALSE, 4, OC__NO_BOX, 0},
          {OC_MISTAKE_MISSED, OC__NO_BOX, 3, 0}},
         4},
        {0.8,
         0.3,
         {{OC_MISTAKE_MISSED, OC__NO_BOX, 1, 0},
          {OC_MISTAKE_MISSED, OC__NO_BOX, 2, 0},
          {OC_MISTAKE_MISSED, OC__NO_BOX, 3, 0},
          {OC_MISTAKE_MISSED, OC__NO_BOX, 4, 0}},
         4},
    };
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = make_mistakes(context);
    oc__box_mistakes mistakes;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_int_eq(oc__box_mistakes_find(&mistakes, m, cases[i].probability, cases[i].overlap, NULL), OC_OK);
        ck_assert_uint_eq(mistakes.n, cases[i].n);
        for (size_t k = 0; k < mistakes.n; k++) {
            const oc__box_mistake *is = &mistakes.items[k], *expected = &cases[i].expected[k];
            ck_assert_msg(is->kind == expected->kind && is->found == expected->found && is->truth == expected->truth,
                          "case %zu, mistake %zu: kind %u", i, k, is->kind);
            near(is->overlap, expected->overlap);
        }
        oc__box_mistakes_free(&mistakes);
    }
    ck_assert_int_eq(oc__box_mistakes_find(&mistakes, m, NAN, 0.3, NULL), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__box_mistakes_find(&mistakes, m, 0, -0.1, NULL), OC_E_ARGUMENT);
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

/* The page shows what the figures and the list of mistakes say; `user` is a picture for its first mistakes. */
static oc_status write_page(oc_context *context, void *user, oc_error *err) {
    static const char *const tags[] = {"<b>&", "plain"};
    oc__buffer page = {.context = context};
    oc__measurement *m = NULL;
    oc_status status = make_mistakes_with(&m, context, err);
    if (!status && !(m->entries[0].name = oc__strdup(context, user))) status = oc__fail_nomem(err, context, 16, "name");
    const oc_model model = {.context = context, .tags = (char **)(uintptr_t)tags, .n_tags = 2};
    if (!status) status = oc__page_write(&page, m, &model, NULL, err);
    if (!status) {
        oc__buffer_append(&page, "", 1);
        ck_assert(!page.failed);
        const char *text = (const char *)page.data;
        ck_assert(strstr(text, "&lt;b&gt;&amp;") && !strstr(text, "<b>&<"));
        ck_assert(strstr(text, "src=\"data:image/jpeg;base64,/9j/") && strstr(text, ">shown.bmp<"));
        ck_assert(!strstr(text, "<script") && !strstr(text, "http") && strstr(text, "</html>"));
        ck_assert(strstr(text, "Missed: 2<") && strstr(text, "Of the wrong tag: 1<") && strstr(text, "Badly placed: 1<"));
        ck_assert(strstr(text, "Found twice: 1<") && strstr(text, "Where no object is: 0<"));
        ck_assert(strstr(text, "plain</b>, 75.0&#8239;%, is <b>&lt;b&gt;&amp;</b>"));
        ck_assert(strstr(text, "25.0&#8239;%</b><span>of boxes are right"));
    }
    oc__measurement_free(m);
    oc__buffer_free(&page);
    return status;
}

START_TEST(test_page) {
    static const uint8_t bmp[] = {'B', 'M', 70, 0, 0,  0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 2, 0,
                                  0,   0,   1,  0, 24, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0,   0,   0,  0, 0,  0, 9, 8, 7, 6, 5,  4, 0, 0, 3,  2, 1, 0, 1, 2, 0, 0};
    char *folder = new_folder();
    oc_context *context = new_threads_context(1, NULL);
    put_file(folder, "shown.bmp", bmp, sizeof bmp);
    void *path = (void *)(uintptr_t)in(folder, "shown.bmp");
    ck_assert_int_eq(write_page(context, path, NULL), OC_OK);
    end_context(context);
    sweep_allocations(write_page, path, false);
    remove_folder(folder);
}
END_TEST

/* Boxes that are wrong are those that the figures count as wrong, in any scene. */
START_TEST(test_mistakes_agree) {
    oc_context *context = new_threads_context(1, NULL);
    oc__measurement *m = make_case(context, (uint64_t)_i + 1);
    for (double probability = 0; probability < 1; probability += 0.3) {
        oc__box_mistakes mistakes;
        oc_box_metrics f;
        uint64_t n_boxes = 0;
        ck_assert_int_eq(oc__box_metrics_of(&f, m, OC_TAGS_TOGETHER, probability, 0.5, NULL), OC_OK);
        ck_assert_int_eq(oc__box_mistakes_find(&mistakes, m, probability, 0.5, NULL), OC_OK);
        for (size_t k = 0; k < mistakes.n; k++) n_boxes += mistakes.items[k].found != OC__NO_BOX;
        ck_assert_uint_eq(n_boxes, f.n_predicted - f.n_correct);
        ck_assert_uint_le(mistakes.n - n_boxes, f.n_objects - f.n_correct); /* the others are told of by boxes */
        oc__box_mistakes_free(&mistakes);
    }
    oc__measurement_free(m);
    end_context(context);
}
END_TEST

static oc_status load_csv(oc_context *context, void *user, oc_error *err) {
    oc_dataset *d = NULL, *copy = NULL;
    oc_status status = oc__dataset_load_csv(&d, context, user, err);
    if (!status) status = oc__dataset_snapshot(&copy, d, err);
    oc__dataset_free(copy);
    oc__dataset_free(d);
    return status;
}

START_TEST(test_csv_memory) {
    char *folder = new_folder();
    put_text(folder, "boxes.csv", "path,tag,left,top,width,height\nb.jpg,cat,0,0,1,1\na.jpg,dog,0,0,1,1\nb.jpg,dog,0,0,0.5,1\n");
    sweep_allocations(load_csv, (void *)(uintptr_t)in(folder, "boxes.csv"), false);
    remove_folder(folder);
}
END_TEST

/* --- training --- */

#define SIDE 96

/* A bright square on a dark ground, red (tag 0) or blue (tag 1), with noise. */
static void add_scene(oc_dataset *d) {
    static uint8_t pixels[SIDE * SIDE * 3];
    uint32_t side = 24 + below(24), x0 = below(SIDE - side), y0 = below(SIDE - side), tag = below(2);
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++)
            for (uint32_t c = 0; c < 3; c++) {
                bool inside = x >= x0 && x < x0 + side && y >= y0 && y < y0 + side;
                pixels[(y * SIDE + x) * 3 + c] = (uint8_t)(below(40) + (inside && c == 2 * tag ? 200 : 30));
            }
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_RGB8;
    image.width = image.height = SIDE;
    image.data = pixels;
    const char *name = tag ? "blue" : "red";
    float box[4] = {(float)x0 / SIDE, (float)y0 / SIDE, (float)side / SIDE, (float)side / SIDE};
    ck_assert_int_eq(oc__dataset_add_boxes(d, &image, &name, box, 1, NULL, NULL), OC_OK);
}

static oc_dataset *scenes(oc_context *context, uint64_t seed, size_t n) {
    oc_dataset *d;
    ck_assert_int_eq(oc__dataset_create(&d, context, NULL), OC_OK);
    state = seed;
    for (size_t i = 0; i < n; i++) add_scene(d);
    return d;
}

static oc_model *train_scenes(oc_context *context, const char *steps, const oc_dataset *test) {
    oc_dataset *d = scenes(context, 1, 24);
    oc__train_options options;
    oc_model *model = NULL;
    oc_error err = OC_ERROR_INIT;
    oc__train_options_default(&options);
    ck_assert_int_eq(oc__train_options_set(&options, "steps", steps, NULL), OC_OK);
    ck_assert_int_eq(oc__train_options_set(&options, "size", "96", NULL), OC_OK);
    ck_assert_int_eq(oc__train_options_set(&options, "base", "compact", NULL), OC_OK);
    ck_assert_msg(oc__train_model(&model, d, test, &options, NULL, NULL, NULL, NULL, &err) == OC_OK, "%s", err.message);
    oc__dataset_free(d);
    return model;
}

static oc__buffer to_file(const oc_model *model) {
    oc__buffer file = {.context = model->context};
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    return file;
}

/* It learns; its file says all of it; damaged files are refused. */
/* Of what the tiles beside each other tell, each object is left once. */
START_TEST(test_seams) {
    const oc__rect whole = {0.1f, 0.1f, 0.3f, 0.3f}, again = {0.11f, 0.1f, 0.3f, 0.3f}, left_part = {0.1f, 0.1f, 0.2f, 0.3f},
                   left = {0.6f, 0.6f, 0.76f, 0.7f}, right = {0.7f, 0.6f, 0.9f, 0.71f}, alone = {0.1f, 0.8f, 0.2f, 0.9f};
    oc__piece pieces[] = {
        {{left_part, 0, 0.9f}, 0, true}, /* of what another tile tells whole */
        {{left, 1, 0.5f}, 0, true},      /* put together with */
        {{right, 1, 0.7f}, 1, true},     /* this */
        {{right, 2, 0.4f}, 1, true},     /* of another tag */
        {{whole, 0, 0.6f}, 1, false},
        {{again, 0, 0.5f}, 2, false}, /* told already */
        {{alone, 0, 0.3f}, 3, true},  /* told by nobody else */
    };
    ck_assert_uint_eq(oc__pieces_put_together(pieces, sizeof pieces / sizeof *pieces), 4);
    ck_assert(memcmp(&pieces[0].found.box, &whole, sizeof whole) == 0 && pieces[0].found.probability == 0.6f);
    ck_assert(pieces[1].found.tag == 1 && pieces[1].found.probability == 0.7f);
    near((double)pieces[1].found.box.left, (double)left.left);
    near((double)pieces[1].found.box.right, (double)right.right);
    near((double)pieces[1].found.box.bottom, (double)right.bottom);
    ck_assert(pieces[2].found.tag == 2 && memcmp(&pieces[2].found.box, &right, sizeof right) == 0);
    ck_assert(memcmp(&pieces[3].found.box, &alone, sizeof alone) == 0);
    ck_assert_uint_eq(oc__pieces_put_together(NULL, 0), 0);
}
END_TEST

#define N_ACROSS 5

/* One picture of many scenes, of which the model learned from one at a time. */
static oc_dataset *make_shelf(oc_context *context) {
    static uint8_t pixels[N_ACROSS * SIDE * N_ACROSS * SIDE * 3];
    const char *names[N_ACROSS * N_ACROSS];
    float boxes[N_ACROSS * N_ACROSS][4];
    oc_dataset *from = scenes(context, 7, N_ACROSS * N_ACROSS), *shelf;
    const float whole = N_ACROSS;
    for (size_t i = 0; i < N_ACROSS * N_ACROSS; i++) {
        const oc__object *o = &from->objects[from->samples[i].first_object];
        size_t left = i % N_ACROSS, top = i / N_ACROSS;
        const uint8_t *rows = from->samples[i].sample->image.data;
        for (size_t y = 0; y < SIDE; y++)
            memcpy(pixels + ((top * SIDE + y) * N_ACROSS + left) * SIDE * 3, rows + y * SIDE * 3, SIDE * 3);
        names[i] = from->tags[o->tag];
        boxes[i][0] = ((float)left + o->box.left) / whole;
        boxes[i][1] = ((float)top + o->box.top) / whole;
        boxes[i][2] = (o->box.right - o->box.left) / whole;
        boxes[i][3] = (o->box.bottom - o->box.top) / whole;
    }
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_RGB8;
    image.width = image.height = N_ACROSS * SIDE;
    image.data = pixels;
    ck_assert_int_eq(oc__dataset_create(&shelf, context, NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add_boxes(shelf, &image, names, boxes[0], N_ACROSS * N_ACROSS, NULL, NULL), OC_OK);
    oc__dataset_free(from);
    return shelf;
}

/* What is small in the whole picture is found in its tiles, and once. */
static void check_tiles(oc_context *context, const oc_model *model) {
    oc_dataset *shelf = make_shelf(context);
    oc_box_metrics f[2];
    for (uint32_t tiled = 0; tiled < 2; tiled++) {
        oc__measurement *m;
        const oc__how how = {OC_PRECISION_FP32, tiled ? 4 : 1};
        ck_assert_int_eq(oc__evaluate(&m, model, shelf, &how, &(oc__progress){0}, NULL), OC_OK);
        ck_assert_int_eq(oc__box_metrics_of(&f[tiled], m, OC_TAGS_TOGETHER, 0.2, 0.5, NULL), OC_OK);
        for (size_t i = 0; i < m->n_found; i++) {
            const oc__detection *d = &m->found[i].detection;
            ck_assert(d->box.left >= 0 && d->box.left < d->box.right && d->box.right <= 1);
            ck_assert(d->box.top >= 0 && d->box.top < d->box.bottom && d->box.bottom <= 1);
            ck_assert(i == 0 || d->probability <= m->found[i - 1].detection.probability);
        }
        oc__measurement_free(m);
    }
    if (!is_light())
        ck_assert_msg(f[1].n_correct >= 12 && f[1].n_correct > f[0].n_correct + 5, "%d of 25 in tiles, %d without, %d boxes",
                      (int)f[1].n_correct, (int)f[0].n_correct, (int)f[1].n_predicted);
    oc__dataset_free(shelf);
}

/* Training leaves the base as it is up to the first map, and changes it behind that, as far as the model's other nodes. */
static void check_what_moved(oc_context *context, const oc_model *model) {
    oc_model *base;
    ck_assert_int_eq(oc__base_open(&base, context, "compact", NULL), OC_OK);
    uint32_t n_stem = oc__graph_after_weights(&base->graph, base->graph.outputs[1]), n_same = 0, n_moved = 0;
    ck_assert_uint_gt(n_stem, 5);
    ck_assert_uint_lt(n_stem, base->graph.n_nodes / 2);
    for (uint32_t i = 0; i < base->graph.n_nodes && base->graph.nodes[i].op == model->graph.nodes[i].op; i++) {
        const oc__node *node = &base->graph.nodes[i];
        if (node->op != OC__OP_CONV) continue;
        const oc__param *before = &base->graph.params[node->params[0]];
        const oc__param *after = &model->graph.params[model->graph.nodes[i].params[0]];
        if (before->count != after->count) break; /* behind the base */
        bool same = memcmp(before->values, after->values, before->count * sizeof(float)) == 0;
        ck_assert_msg(same == (i < n_stem), "node %d, the first map's end is %d", (int)i, (int)n_stem);
        ++*(same ? &n_same : &n_moved);
    }
    ck_assert_msg(n_same > 2 && n_moved > 5, "%d convolutions are the same, %d others", (int)n_same, (int)n_moved);
    oc__model_release(base);
}

START_TEST(test_train) {
    oc_context *context = new_threads_context(2, NULL);
    oc_dataset *test = scenes(context, 99, 16);
    oc_model *model = train_scenes(context, is_light() ? "4" : "300", test), *again = NULL;
    oc__measurement *m = NULL;
    oc_box_metrics f, g;
    ck_assert_int_eq(model->kind, OC__KIND_DETECTION);
    ck_assert_str_eq(oc__model_property(model, "kind"), "detection");
    ck_assert_int_eq(oc__box_metrics_of(&f, model->measurement, OC_TAGS_MEAN, 0.5, 0.3, NULL), OC_OK);
    ck_assert_uint_eq(f.n_objects, 16);
    check_what_moved(context, model);
    if (!is_light()) ck_assert_msg(f.ap50 > 0.8, "AP50 is %g", f.ap50);
    oc__buffer file = to_file(model);
    ck_assert_int_eq(oc__ocm_read(&again, context, file.data, file.size, "m", NULL), OC_OK);
    ck_assert_int_eq(oc__box_metrics_of(&g, again->measurement, OC_TAGS_MEAN, 0.5, 0.3, NULL), OC_OK);
    ck_assert(memcmp(&f, &g, sizeof f) == 0);
    ck_assert_int_eq(oc__evaluate(&m, again, test, &(oc__how){.precision = OC_PRECISION_FP32}, &(oc__progress){0}, NULL),
                     OC_OK);
    ck_assert_int_eq(oc__box_metrics_of(&g, m, OC_TAGS_MEAN, 0.5, 0.3, NULL), OC_OK);
    ck_assert(memcmp(&f, &g, sizeof f) == 0);
    oc__measurement_free(m);
    ck_assert_int_eq(oc__evaluate(&m, again, test, &(oc__how){.precision = OC_PRECISION_INT8}, &(oc__progress){0}, NULL),
                     OC_OK);
    ck_assert_int_eq(oc__box_metrics_of(&g, m, OC_TAGS_MEAN, 0.5, 0.3, NULL), OC_OK);
    if (!is_light()) ck_assert_msg(g.ap50 > f.ap50 - 0.1, "AP50 is %g in int8 and %g in fp32", g.ap50, f.ap50);
    oc__measurement_free(m);
    oc__buffer_free(&file);
    check_tiles(context, again);
    /* Each of these must be found out by oc__model_finish, as of a file whose checksums are right. */
    oc__measurement *kept = again->measurement;
    for (int i = 0; i < 8; i++) {
        oc__truth truth = kept->truths[0];
        oc__prepare_rule rule = again->rule;
        size_t n_tags = again->n_tags;
        oc_model *bad = NULL;
        if (i == 0) kept->truths[0].picture = 16;
        if (i == 1) kept->truths[0].object.tag = 2;
        if (i == 2) kept->truths[0].object.box.left = NAN;
        if (i == 3) kept->truths[0].object.box.right = 1.5f;
        if (i == 4) again->rule.resize = OC__RESIZE_CROP;
        if (i == 5) again->n_tags = 1;
        if (i == 6) kept->truths[0].picture = 5; /* not in order */
        if (i == 7) again->kind = OC__KIND_MULTILABEL;
        file = to_file(again);
        kept->truths[0] = truth;
        again->rule = rule;
        again->n_tags = n_tags;
        again->kind = OC__KIND_DETECTION;
        ck_assert_msg(oc__ocm_read(&bad, context, file.data, file.size, "m", NULL) == OC_E_CORRUPT, "case %d", i);
        oc__buffer_free(&file);
    }
    oc__model_release(again);
    oc__model_release(model);
    oc__dataset_free(test);
    end_context(context);
}
END_TEST

static int stop_in_training(void *user, const oc_progress *progress) {
    (void)user;
    return strcmp(progress->stage, "training") == 0;
}

/* A training that time ends comes to its end, and one that is stopped does not. */
START_TEST(test_budget) {
    static const char *const set[][2] = {{"steps", "1000000"}, {"size", "96"}, {"base", "compact"}, {"minutes", "0.005"}};
    oc_context *context = new_threads_context(2, NULL);
    oc_dataset *d = scenes(context, 1, 24);
    oc__train_options options;
    oc_model *model = NULL;
    uint64_t n_steps;
    oc__train_options_default(&options);
    for (size_t i = 0; i < 4; i++) ck_assert_int_eq(oc__train_options_set(&options, set[i][0], set[i][1], NULL), OC_OK);
    ck_assert_int_eq(oc__train_model(&model, d, d, &options, NULL, NULL, NULL, NULL, NULL), OC_OK);
    ck_assert(oc__parse_u64(oc__model_property(model, "n_steps"), &n_steps));
    ck_assert(n_steps >= 1 && n_steps < 1000000);
    ck_assert_str_eq(oc__model_property(model, "option.minutes"), "0.005");
    oc__model_release(model);
    ck_assert_int_eq(oc__train_options_set(&options, "minutes", "0", NULL), OC_OK);
    ck_assert_int_eq(oc__train_model(&model, d, d, &options, NULL, stop_in_training, NULL, NULL, NULL), OC_E_CANCELLED);
    oc__dataset_free(d);
    end_context(context);
}
END_TEST

/* With all switches off a view is the picture as prediction sees it, and its objects are where they are. */
START_TEST(test_views) {
    oc_context *context = new_threads_context(1, NULL);
    oc_dataset *d = scenes(context, 5, 3);
    const oc__training_set set = {.samples = d->samples, .n = d->n_samples, .objects = d->objects};
    const oc__prepare_rule rule = {.width = 64, .height = 64, .resize = OC__RESIZE_SQUASH, .filter = OC__FILTER_TRIANGLE,
                                   .channels = OC__CHANNELS_RGB, .scale = {1, 1, 1}};
    static float view[64 * 64 * 3], whole[64 * 64 * 3];
    oc__train_options options;
    for (int light = 0; light < 2; light++) {
        oc__view_source source;
        oc__view_objects objects = {0};
        oc__random random;
        oc__train_options_default(&options);
        options.mirror = options.crop = false;
        options.light = light;
        ck_assert_int_eq(oc__view_source_open(&source, context, &set, &rule, &options, &(oc__progress){0}, NULL), OC_OK);
        ck_assert_uint_eq(source.n_usable, 3);
        for (size_t i = 0; i < 3; i++) {
            oc__random_seed(&random, 1, i);
            ck_assert_int_eq(oc__view_draw(view, &objects, &source, i, false, &random, NULL), OC_OK);
            ck_assert_int_eq(oc__prepare_image(whole, context, &d->samples[i].sample->image, &rule, NULL, NULL), OC_OK);
            ck_assert((memcmp(view, whole, sizeof view) == 0) == !light);
            const oc__object *truth = &d->objects[d->samples[i].first_object];
            ck_assert(objects.n == 1 && objects.items[0].tag == truth->tag);
            near((double)objects.items[0].box.left, (double)truth->box.left);
            near((double)objects.items[0].box.bottom, (double)truth->box.bottom);
        }
        oc__free(context, objects.items);
        oc__view_source_close(&source);
    }
    oc__dataset_free(d);
    end_context(context);
}
END_TEST

/* Every picture was held out once, in the order of the data set, by one of three detectors. */
static void check_folds(const oc__measurement *m) {
    size_t counts[3] = {0};
    ck_assert(m->n == 24 && m->n_folds == 3 && m->method == OC_REPORT_CROSS_VALIDATION && m->n_truths == 24);
    for (size_t i = 0; i < m->n; i++) {
        ck_assert_uint_lt(m->entries[i].fold, 3);
        counts[m->entries[i].fold]++;
        ck_assert_uint_eq(m->truths[i].picture, i);
    }
    for (int f = 0; f < 3; f++) ck_assert_uint_eq(counts[f], 8);
    for (size_t i = 1; i < m->n_found; i++) ck_assert_uint_ge(m->found[i].picture, m->found[i - 1].picture);
}

/* The same model with one thread and with three; without a test set it is measured by cross-validation. */
START_TEST(test_threads) {
    oc__buffer files[2];
    for (int i = 0; i < 2; i++) {
        oc_context *context = new_threads_context(i ? 3 : 1, NULL);
        oc_model *model = train_scenes(context, is_light() ? "1" : "6", NULL);
        check_folds(model->measurement);
        ck_assert_str_eq(oc__model_property(model, "n_training_pictures"), "24");
        ck_assert_int_eq(oc__model_set_property(model, "created", "now", NULL), OC_OK);
        oc__buffer file = to_file(model);
        files[i] = (oc__buffer){.data = malloc(file.size), .size = file.size};
        memcpy(files[i].data, file.data, file.size);
        oc__buffer_free(&file);
        oc__model_release(model);
        end_context(context);
    }
    ck_assert_uint_eq(files[0].size, files[1].size);
    ck_assert(memcmp(files[0].data, files[1].data, files[0].size) == 0);
    free(files[0].data);
    free(files[1].data);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_coco, N_CASES}, {test_box_folds, N_CASES}, {test_thresholds, 0}, {test_mistakes, 0}, {test_mistakes_agree, N_CASES},
                               {test_page, 0},       {test_find, 0}, {test_seams, 0},       {test_csv, 0},      {test_csv_memory, 0},
                               {test_train, 0},      {test_budget, 0},     {test_views, 0},    {test_threads, 0}};
    return RUN_UNIT_TESTS("detection", tests);
}
