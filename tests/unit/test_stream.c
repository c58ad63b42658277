/* Following objects, and alarms. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include <ocellus/ocellus.h>

#include "alarm.h"
#include "memory.h"
#include "random.h"
#include "support.h"
#include "tracker.h"

/* --- assignment --- */

static double best_of_all(const double *costs, size_t n, size_t m, size_t row, uint32_t taken) {
    double best = row == n ? 0 : INFINITY;
    for (size_t c = 0; c < m && row < n; c++)
        if (!(taken >> c & 1)) best = fmin(best, costs[row * m + c] + best_of_all(costs, n, m, row + 1, taken | 1u << c));
    return best;
}

START_TEST(test_assignment) {
    oc_context *context = new_threads_context(1, NULL);
    oc__random random;
    oc__random_seed(&random, 1, 0);
    for (int round = 0; round < rounds(400); round++) {
        size_t n = oc__random_below(&random, 6), m = n + oc__random_below(&random, 3);
        double costs[6 * 8], sum = 0;
        int32_t row_of[8];
        uint32_t rows = 0;
        for (size_t i = 0; i < n * m; i++) costs[i] = (double)oc__random_below(&random, 8) / 4; /* with ties */
        ck_assert_int_eq(oc__assign(row_of, costs, n, m, context, NULL), OC_OK);
        for (size_t c = 0; c < m; c++) {
            if (row_of[c] < 0) continue;
            check_that((size_t)row_of[c] < n && !(rows >> row_of[c] & 1), "row %d twice", row_of[c]);
            rows |= 1u << row_of[c];
            sum += costs[(size_t)row_of[c] * m + c];
        }
        check_that(rows == (1u << n) - 1, "%zu rows, given %x", n, rows);
        check_that(fabs(sum - best_of_all(costs, n, m, 0, 0)) < 1e-9, "sum %g, least %g", sum, best_of_all(costs, n, m, 0, 0));
    }
    end_context(context);
}
END_TEST

/* --- following --- */

static const oc__follow standard = {3, 5, 0.5f, 0.3f};

static oc__detection box_at(double x, double y, double side, uint32_t tag, float probability) {
    return (oc__detection){{(float)x, (float)y, (float)(x + side), (float)(y + side)}, tag, probability};
}

static void update(oc__tracker *t, const oc__detection *found, size_t n) {
    ck_assert_int_eq(oc__tracker_update(t, found, n, NULL), OC_OK);
}

/* Two objects that cross, one that is hidden for a while, noise in place and false boxes: each is one object throughout. */
START_TEST(test_following) {
    oc_context *context = new_threads_context(1, NULL);
    oc__tracker *t = NULL;
    oc__random random;
    const oc__track *const *tracks;
    oc__random_seed(&random, 2, 0);
    ck_assert_int_eq(oc__tracker_create(&t, context, 2, &standard, NULL), OC_OK);
    for (int frame = 0; frame < 40; frame++) {
        oc__detection found[5];
        size_t n = 0;
        double jitter[4];
        for (int i = 0; i < 4; i++) jitter[i] = 0.004 * (oc__random_unit(&random) - 0.5);
        found[n++] = box_at(0.05 + 0.015 * frame + jitter[0], 0.2 + jitter[1], 0.1, 0, 0.9f);
        found[n++] = box_at(0.65 - 0.015 * frame + jitter[2], 0.27 + jitter[3], 0.1, 0, 0.8f);
        if (frame < 15 || frame >= 20) found[n++] = box_at(0.1 + 0.01 * frame, 0.7, 0.15, 1, 0.7f); /* hidden for five frames */
        found[n++] = box_at(oc__random_unit(&random) * 0.9, 0.5, 0.05, 1, 0.6f); /* false: never in one place */
        found[n++] = box_at(0.8, 0.1, 0.1, 0, 0.2f);                             /* not probable enough */
        update(t, found, n);
        if (frame < 2) {
            ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), 0);
            continue;
        }
        size_t n_tracks = oc__tracker_tracks(&tracks, t);
        ck_assert_uint_eq(n_tracks, 3);
        for (size_t i = 0; i < 3; i++) {
            oc__rect box = oc__track_box(tracks[i]);
            double expected = i == 0 ? 0.05 + 0.015 * frame : i == 1 ? 0.65 - 0.015 * frame : 0.1 + 0.01 * frame;
            check_that(tracks[i]->id == i + 1 && tracks[i]->tag == (i == 2), "object %llu", (unsigned long long)tracks[i]->id);
            check_that(fabs((double)box.left - expected) < 0.03, "frame %d: object %zu at %g, expected %g", frame, i,
                       (double)box.left, expected);
            ck_assert(tracks[i]->is_new == (frame == 2));
            ck_assert_uint_eq(tracks[i]->n_missed, i == 2 && frame >= 15 && frame < 20 ? (uint32_t)frame - 14 : 0);
        }
    }
    ck_assert(oc__tracker_total(t, 0) == 2 && oc__tracker_total(t, 1) == 1 && oc__tracker_total(t, 2) == 0);
    for (int frame = 0; frame < 6; frame++) update(t, NULL, 0); /* gone, and given up */
    ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), 0);
    for (int frame = 0; frame < 3; frame++) {
        const oc__detection again = box_at(0.3, 0.3, 0.2, 0, 0.9f), empty = box_at(0.3, 0.3, 0, 0, 0.9f);
        update(t, &again, 1);
        if (frame == 0) update(t, &empty, 1); /* a box without area is none, and the count begins anew */
    }
    ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), 0);
    const oc__detection last = box_at(0.3, 0.3, 0.2, 0, 0.9f);
    update(t, &last, 1);
    ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), 1);
    ck_assert(tracks[0]->id == 4 && tracks[0]->is_new && oc__tracker_total(t, 0) == 3);
    oc__tracker_free(t);
    oc__tracker_free(NULL);
    end_context(context);
}
END_TEST

/* A certain object is followed by boxes that start none, a better one is taken before them, and a second view of it is no other object. */
START_TEST(test_faint) {
    oc_context *context = new_threads_context(1, NULL);
    oc__tracker *t = NULL;
    const oc__track *const *tracks;
    ck_assert_int_eq(oc__tracker_create(&t, context, 2, &standard, NULL), OC_OK);
    for (int frame = 0; frame < 60; frame++) {
        bool faint = frame >= 10 && frame < 40;
        double x = 0.1 + 0.005 * frame;
        const oc__detection found[] = {
            box_at(x, 0.2, 0.2, 0, faint ? 0.3f : 0.9f), /* seen badly for longer than it may be unseen */
            box_at(x + 0.06, 0.2, 0.2, 0, faint ? 0.26f : 0.6f), /* a double of it: they share 54 % */
            box_at(x, 0.7, 0.2, 1, 0.3f),                /* never seen well */
            box_at(x + 0.02, 0.22, 0.2, 1, 0.3f),        /* of another tag, so not of it */
        };
        update(t, found, 4);
        size_t n = oc__tracker_tracks(&tracks, t);
        ck_assert_uint_eq(n, frame >= 2);
        if (n == 0) continue;
        ck_assert(tracks[0]->n_missed == 0 && tracks[0]->tag == 0 && tracks[0]->n_frames == (uint32_t)frame + 1);
        check_that(fabs((double)oc__track_box(tracks[0]).left - x) < 0.02, "frame %d: at %g, expected %g", frame,
                   (double)oc__track_box(tracks[0]).left, x);
    }
    for (int frame = 60; frame < 63; frame++) { /* the better box, though the faint one is nearer */
        double x = 0.1 + 0.005 * frame;
        const oc__detection found[] = {box_at(x, 0.2, 0.2, 0, 0.3f), box_at(x + 0.02, 0.2, 0.2, 0, 0.9f), box_at(0.05, 0.75, 0.1, 0, 0.9f)};
        update(t, found, 3);
    }
    ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), 2);
    ck_assert(tracks[0]->probability == 0.9f && tracks[1]->is_new && oc__tracker_total(t, 0) == 2 && oc__tracker_total(t, 1) == 0);
    oc__tracker_free(t);
    end_context(context);
}
END_TEST

static oc_status follow_some(oc_context *context, void *user, oc_error *err) {
    oc__tracker *t = NULL;
    (void)user;
    oc_status status = oc__tracker_create(&t, context, 2, &standard, err);
    for (int frame = 0; frame < 4 && !status; frame++) {
        const oc__track *const *tracks;
        const oc__detection found[] = {box_at(0.1 + 0.01 * frame, 0.1, 0.1, 0, 0.9f), box_at(0.5, 0.5, 0.1, 1, 0.9f)};
        size_t before = oc__tracker_tracks(&tracks, t);
        uint32_t n_frames = before ? tracks[0]->n_frames : 0;
        status = oc__tracker_update(t, found, 2, err);
        if (!status) continue;
        ck_assert_uint_eq(oc__tracker_tracks(&tracks, t), before); /* all is as before */
        if (before) ck_assert_uint_eq(tracks[0]->n_frames, n_frames);
    }
    oc__tracker_free(t);
    return status;
}

START_TEST(test_memory) { sweep_allocations(follow_some, NULL, false); }
END_TEST

/* --- alarms --- */

START_TEST(test_alarm) {
    oc__alarm a = {.n_frames = 5, .n_on = 3, .n_off = 1};
    const struct {
        int positive;
        uint32_t state;
    } frames[] = {{0, OC_ALARM_OFF}, {1, OC_ALARM_OFF},    {0, OC_ALARM_OFF}, {1, OC_ALARM_OFF}, {1, OC_ALARM_RAISED},
                  {0, OC_ALARM_ON},  {0, OC_ALARM_ON},     {1, OC_ALARM_ON},  {0, OC_ALARM_ON},  {0, OC_ALARM_CLEARED},
                  {1, OC_ALARM_OFF}, {1, OC_ALARM_RAISED}, {1, OC_ALARM_ON}};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        uint32_t state = oc__alarm_update(&a, frames[i].positive);
        check_that(state == frames[i].state, "frame %zu: %u, expected %u", i, state, frames[i].state);
    }
    oc__alarm longest = {.n_frames = 64, .n_on = 64, .n_off = 0};
    for (int i = 0; i < 63; i++) ck_assert_uint_eq(oc__alarm_update(&longest, 1), OC_ALARM_OFF);
    ck_assert_uint_eq(oc__alarm_update(&longest, 1), OC_ALARM_RAISED);
    for (int i = 0; i < 63; i++) ck_assert_uint_eq(oc__alarm_update(&longest, 0), OC_ALARM_ON);
    ck_assert_uint_eq(oc__alarm_update(&longest, 0), OC_ALARM_CLEARED);
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_assignment, 0}, {test_following, 0}, {test_faint, 0}, {test_memory, 0}, {test_alarm, 0}};
    return RUN_UNIT_TESTS("stream", tests);
}
