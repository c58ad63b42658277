/* Shapes, the memory planner, half precision. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "memory.h"
#include "plan.h"
#include "random.h"
#include "shape.h"
#include "support.h"

START_TEST(test_shapes) {
    static const struct {
        size_t rank;
        uint32_t dimensions[9];
        size_t unit;
        bool fits;
        size_t count;
    } cases[] = {{0, {0}, 4, true, 1},
                 {1, {1}, 4, true, 1},
                 {1, {0}, 4, false, 0},
                 {1, {0x7FFFFFFF}, 4, true, 0x7FFFFFFF},
                 {1, {0x80000000u}, 1, false, 0},
                 {1, {0xFFFFFFFFu}, 1, false, 0},
                 {2, {3, 5}, 4, true, 15},
                 {4, {2, 0, 3, 4}, 4, false, 0},
                 {2, {0x7FFFFFFF, 0x7FFFFFFF}, 4, true, (size_t)0x7FFFFFFF * 0x7FFFFFFF},
                 {2, {0x7FFFFFFF, 0x7FFFFFFF}, 5, false, 0},
                 {3, {0x7FFFFFFF, 0x7FFFFFFF, 4}, 1, true, (size_t)0x7FFFFFFF * 0x7FFFFFFF * 4},
                 {3, {0x7FFFFFFF, 0x7FFFFFFF, 5}, 1, false, 0},
                 {4, {65536, 65536, 65536, 65536}, 1, false, 0},
                 {4, {65536, 65536, 65536, 65535}, 1, true, (size_t)65535 << 48},
                 {4, {32768, 32768, 65536, 65536}, 4, false, 0},
                 {4, {16384, 32768, 65536, 65536}, 4, true, (size_t)1 << 61},
                 {4, {16384, 32768, 65536, 65535}, 4, true, (size_t)65535 << 45},
                 {8, {2, 2, 2, 2, 2, 2, 2, 2}, 4, true, 256},
                 {9, {1, 1, 1, 1, 1, 1, 1, 1, 1}, 4, false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 77;
        check_that(oc__shape_multiply(&count, cases[i].dimensions, cases[i].rank, cases[i].unit) == cases[i].fits,
            "case %zu", i);
        check_that(count == (cases[i].fits ? cases[i].count : 77), "case %zu: %zu", i, count);
    }
    size_t count;
    ck_assert(oc__shape_count(&count, &(oc__shape){2, 3, 5, 7}) && count == 210);
    ck_assert(!oc__shape_count(&count, &(oc__shape){1u << 31, 1, 1, 1}));
    ck_assert(!oc__shape_count(&count, &(oc__shape){0, 3, 5, 7}));
    ck_assert(!oc__shape_count(&count, &(oc__shape){1 << 30, 1 << 30, 4, 1}));
}
END_TEST

#define MAX_BUFFERS 40
#define MAX_STEPS 24

START_TEST(test_random_plans) {
    oc_context *context = new_threads_context(1, NULL);
    oc__random random;
    double worst = 1, sum = 0;
    oc__random_seed(&random, 1, 0);
    for (int round = 0; round < 4000; round++) {
        oc__buffer_plan plans[MAX_BUFFERS], asked[MAX_BUFFERS];
        size_t n = (size_t)oc__random_below(&random, MAX_BUFFERS + 1), total = 12345, least = 0;
        for (size_t i = 0; i < n; i++) {
            size_t size = (size_t)oc__random_below(&random, oc__random_below(&random, 2) ? 300 : 100000);
            if (oc__random_below(&random, 8) == 0) size = 0;
            uint32_t first = (uint32_t)oc__random_below(&random, MAX_STEPS);
            uint32_t last = first + (uint32_t)oc__random_below(&random, MAX_STEPS - first);
            plans[i] = asked[i] = (oc__buffer_plan){size, first, last, 999};
        }
        ck_assert_int_eq(oc__plan_memory(&total, plans, n, context, NULL), OC_OK);
        for (uint32_t step = 0; step < MAX_STEPS; step++) {
            size_t alive = 0;
            for (size_t i = 0; i < n; i++)
                if (asked[i].first <= step && step <= asked[i].last) alive += plans[i].size;
            least = alive > least ? alive : least;
        }
        check_that(total >= least, "round %d: %zu bytes, %zu live at once", round, total, least);
        for (size_t i = 0; i < n; i++) {
            check_that(plans[i].size >= asked[i].size && plans[i].size < asked[i].size + OC__ALIGNMENT, "size");
            check_that(plans[i].first == asked[i].first && plans[i].last == asked[i].last, "times");
            if (!plans[i].size) continue;
            check_that(plans[i].offset % OC__ALIGNMENT == 0, "round %d: not aligned", round);
            check_that(plans[i].offset + plans[i].size <= total, "round %d: beyond the end", round);
            for (size_t j = 0; j < i; j++)
                check_that(!plans[j].size || plans[i].first > plans[j].last || plans[j].first > plans[i].last
                               || plans[i].offset + plans[i].size <= plans[j].offset
                               || plans[j].offset + plans[j].size <= plans[i].offset,
                           "round %d: buffers %zu and %zu overlap", round, i, j);
        }
        double ratio = least ? (double)total / (double)least : 1;
        worst = ratio > worst ? ratio : worst;
        sum += ratio;
        oc__buffer_plan again[MAX_BUFFERS];
        size_t total_again;
        memcpy(again, asked, sizeof again);
        ck_assert_int_eq(oc__plan_memory(&total_again, again, n, context, NULL), OC_OK);
        for (size_t i = 0; i < n; i++) check_that(again[i].offset == plans[i].offset, "round %d: another plan", round);
    }
    ck_assert_msg(worst < 2 && sum / 4000 < 1.1, "wasteful: %g at worst, %g on average", worst, sum / 4000);
    end_context(context);
}
END_TEST

static oc_status make_plan(oc_context *context, void *user, oc_error *err) {
    oc__buffer_plan plans[3] = {{100, 0, 2, 0}, {200, 1, 3, 0}, {0, 0, 3, 0}};
    size_t total;
    (void)user;
    return oc__plan_memory(&total, plans, 3, context, err);
}

START_TEST(test_impossible_plans) {
    oc_context *context = new_threads_context(1, NULL);
    oc_error err = OC_ERROR_INIT;
    size_t total = 5;
    oc__buffer_plan rounds[1] = {{SIZE_MAX - 5, 0, 0, 0}};
    ck_assert_int_eq(oc__plan_memory(&total, rounds, 1, context, &err), OC_E_LIMIT);
    oc__buffer_plan sums[3] = {{SIZE_MAX / 2, 0, 0, 0}, {SIZE_MAX / 2 - 200, 0, 1, 0}, {SIZE_MAX / 2, 0, 1, 0}};
    ck_assert_int_eq(oc__plan_memory(&total, sums, 3, context, &err), OC_E_LIMIT);
    ck_assert_uint_eq(total, 5);
    oc__buffer_plan apart[2] = {{SIZE_MAX / 2, 0, 0, 0}, {SIZE_MAX / 2, 1, 1, 0}};
    ck_assert_int_eq(oc__plan_memory(&total, apart, 2, context, &err), OC_OK);
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    end_context(context);
    sweep_allocations(make_plan, NULL, false);
}
END_TEST

/* The value of a half by the definition. */
static double half_value(uint32_t half) {
    uint32_t exponent = half >> 10 & 31, fraction = half & 1023;
    double special = fraction ? NAN : INFINITY;
    double value = exponent == 0 ? ldexp(fraction, -24) : exponent == 31 ? special : ldexp(1024 + fraction, (int)exponent - 25);
    return half & 0x8000 ? -value : value;
}

START_TEST(test_all_halves) {
    for (uint32_t half = 0; half < 65536; half++) {
        float value = oc__half_to_float((uint16_t)half);
        double expected = half_value(half);
        if (isnan(expected)) {
            uint16_t back = oc__half_from_float(value);
            check_that(isnan(value) && (back & 0x7C00) == 0x7C00 && (back & 0x3FF) && (back & 0x8000) == (half & 0x8000),
                "%04x", half);
            continue;
        }
        check_that((double)value == expected && !signbit(value) == !(half & 0x8000), "%04x is %a", half, value);
        check_that(oc__half_from_float(value) == half, "%04x comes back as %04x", half, oc__half_from_float(value));
    }
}
END_TEST

/* Between each two neighbours: the middle goes to the even one, what is a hair beyond it to the nearer. */
START_TEST(test_half_rounding) {
    for (uint32_t half = 0; half < 0x7C00; half++) {
        double low = half_value(half), high = half == 0x7BFF ? 65536 : half_value(half + 1);
        float middle = (float)((low + high) / 2);
        check_that((double)middle == (low + high) / 2, "the middle is exact");
        uint16_t even = (uint16_t)(half & 1 ? half + 1 : half);
        check_that(oc__half_from_float(middle) == even, "the middle after %04x goes to %04x", half,
            oc__half_from_float(middle));
        check_that(oc__half_from_float(nextafterf(middle, 0)) == half, "below the middle after %04x", half);
        check_that(oc__half_from_float(nextafterf(middle, INFINITY)) == half + 1, "above the middle after %04x", half);
        check_that(oc__half_from_float(-middle) == (even | 0x8000), "the negative middle after %04x", half);
    }
    ck_assert_uint_eq(oc__half_from_float(INFINITY), 0x7C00);
    ck_assert_uint_eq(oc__half_from_float(-INFINITY), 0xFC00);
    ck_assert_uint_eq(oc__half_from_float(3.4e38f), 0x7C00);
    ck_assert_uint_eq(oc__half_from_float(65519.996f), 0x7BFF);
    ck_assert_uint_eq(oc__half_from_float(65520.0f), 0x7C00);
    ck_assert_uint_eq(oc__half_from_float(1e-45f), 0);
    ck_assert_uint_eq(oc__half_from_float(-1e-45f), 0x8000);
    ck_assert_uint_eq(oc__half_from_float(-0.0f), 0x8000);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_shapes, 0},
        {test_random_plans, 0},
        {test_impossible_plans, 0},
        {test_all_halves, 0},
        {test_half_rounding, 0},
    };
    return RUN_UNIT_TESTS("tensor", tests);
}
