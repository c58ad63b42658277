/* What the kernel tests share. SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE
#include "support.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define N_BUFFERS 16
#define BUFFER_SIZE ((size_t)1 << 20)
#define MARGIN 64 /* floats of poison beyond an end that has memory */

static const uint32_t poison_bits = 0x7fc0dead;

static struct {
    char *memory; /* BUFFER_SIZE bytes between two unmapped pages */
    float *data;
    size_t n;
    side where;
} buffers[N_BUFFERS];

static uint64_t random_state = 88172645463325252u;

static void set_poison(float *to, size_t n) {
    for (size_t i = 0; i < n; i++) memcpy(to + i, &poison_bits, sizeof *to);
}

bool is_poison(float value) {
    return memcmp(&value, &poison_bits, sizeof value) == 0;
}

float *guarded(int number, side where, size_t n) {
    ck_assert(number < N_BUFFERS && (n + MARGIN) * sizeof(float) <= BUFFER_SIZE);
    if (!buffers[number].memory) {
        const size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *map = mmap(NULL, BUFFER_SIZE + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert(map != MAP_FAILED);
        ck_assert(mprotect(map + page, BUFFER_SIZE, PROT_READ | PROT_WRITE) == 0);
        buffers[number].memory = map + page;
    }
    float *first = (void *)buffers[number].memory;
    float *data = where == SIDE_START ? first : first + BUFFER_SIZE / sizeof(float) - n;
    set_poison(where == SIDE_START ? data : data - MARGIN, n + MARGIN);
    buffers[number].data = data;
    buffers[number].n = n;
    buffers[number].where = where;
    return data;
}

void check_guarded(void) {
    for (size_t b = 0; b < N_BUFFERS; b++) {
        if (!buffers[b].data) continue;
        const float *margin = buffers[b].where == SIDE_START ? buffers[b].data + buffers[b].n : buffers[b].data - MARGIN;
        for (size_t i = 0; i < MARGIN; i++) {
            check_that(is_poison(margin[i]), "buffer %zu was written beyond its %s", b,
                          buffers[b].where == SIDE_START ? "end" : "start");
        }
    }
}

static uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

float random_unit(void) {
    return (float)(int32_t)(random_bits() >> 32) * 0x1p-31f;
}

size_t random_size(size_t low, size_t high) {
    return low + (size_t)((random_bits() >> 20) % (high - low + 1));
}

void fill(float *to, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < columns; j++) to[r * stride + j] = random_unit();
    }
}

void check_gaps(const float *rows_at, size_t rows, size_t columns, size_t stride) {
    for (size_t r = 0; r + 1 < rows; r++) {
        for (size_t j = columns; j < stride; j++) {
            check_that(is_poison(rows_at[r * stride + j]), "row %zu of %zu was written past its %zu columns", r, rows, columns);
        }
    }
}

const oc__kernels *table_at(int i) {
    const oc__kernels *tables[8];
    ck_assert((size_t)i < oc__kernels_all(tables));
    return tables[i];
}

int n_tables(void) {
    const oc__kernels *tables[8];
    return (int)oc__kernels_all(tables);
}

int run_tests(const char *name, const kernel_test *tests, size_t n) {
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    for (size_t i = 0; i < n; i++) tcase_add_loop_test(tcase, tests[i].test, 0, n_tables());
    tcase_set_timeout(tcase, 0); /* who runs the tests has one */
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
