/* What the kernel tests share: buffers between guard pages, poison, random numbers. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_KERNELS_SUPPORT_H
#define OC_TESTS_KERNELS_SUPPORT_H

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

/* Where buffers lie: their first float right behind an unmapped page, or their last right before one. */
typedef enum side { SIDE_START, SIDE_END, N_SIDES } side;

/* Buffers are numbered; asking for a number again gives its memory anew. All of it holds poison (a NaN with a mark), also
 * beyond the ends as far as there is memory. At most 16 buffers of 1 MiB. */
float *guarded(int number, side where, size_t n);

/* Fails the test when poison beyond the ends of any buffer has changed. */
void check_guarded(void);

bool is_poison(float value);

/* In [-1, 1). The sequence starts anew in each test. */
float random_unit(void);

/* In [low, high]. */
size_t random_size(size_t low, size_t high);

/* rows x columns random numbers at `stride`; what lies between rows stays poison. */
void fill(float *to, size_t rows, size_t columns, size_t stride);

/* Fails unless every float between rows is poison. The gap behind the last row is not part of the buffer. */
void check_gaps(const float *rows_at, size_t rows, size_t columns, size_t stride);

/* Fails the test with a message unless `condition`. (ck_assert_msg leaves a mark each time it passes, which costs more than
 * the kernels do.) */
#define check_that(condition, ...)                                                                                             \
    do {                                                                                                                       \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                                           \
    } while (0)

/* Fails unless `got` is as near to `expected` as n_terms roundings of terms that sum up to `magnitude` may take it. */
#define check_near(got, expected, n_terms, magnitude, ...)                                                                     \
    check_that(fabs((double)(got) - (expected)) <= ((double)(n_terms) + 4) * FLT_EPSILON * (magnitude) + 1e-30, __VA_ARGS__)

#define check_same_bits(a, b, n, ...) check_that(memcmp(a, b, (n) * sizeof(float)) == 0, __VA_ARGS__)

static inline double clamped(double value, float low, float high) {
    return value < low ? low : value > high ? high : value;
}

/* The table that a loop test with index i is about, and the number of tables. */
const oc__kernels *table_at(int i);
int n_tables(void);

/* Runs a suite with one case of the given loop tests, each once per table. */
typedef struct kernel_test {
    const TTest *test;
} kernel_test;
int run_tests(const char *name, const kernel_test *tests, size_t n);

#endif
