/* What the unit tests of the rooms share: contexts that count and fail, folders that vanish. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_UNIT_SUPPORT_H
#define OC_TESTS_UNIT_SUPPORT_H

#include <check.h>
#include <stdbool.h>

#include "context.h"

/* Fails the test unless `condition`. (ck_assert leaves a mark each time it passes, which is slow in a loop.) */
#define check_that(condition, ...)                                                                                             \
    do {                                                                                                                       \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                                           \
    } while (0)

/* An allocator that counts and, if asked, fails. */
typedef struct faults {
    atomic_size_t n;      /* requests since it was set to 0 */
    atomic_size_t n_held; /* blocks not yet released */
    size_t fail_at;       /* this request fails, counted from 1; 0: none */
    bool from_then_on;    /* and all after it */
} faults;

/* A context with the best kernels, whose fresh memory is full of 0xFF: as numbers, NaN. `count` may be NULL. */
oc_context *new_threads_context(uint32_t n_threads, faults *count);

/* Releases a context, after checking that nothing of it is left. */
void end_context(oc_context *context);

/* Runs `action` with its first, second, ... allocation failing, alone and with all after it, until it needs no more. Each
 * failure must come out as OC_E_NOMEM with a message (`tolerant`: or be got over), and leave nothing behind. `action`
 * releases what it made. */
typedef oc_status (*sweep_fn)(oc_context *context, void *user, oc_error *err);
void sweep_allocations(sweep_fn action, void *user, bool tolerant);

/* A new empty folder; it and all in it go with remove_folder. */
char *new_folder(void);
void remove_folder(char *folder);

/* Writes DIR/NAME, making the folders of NAME. Text may hold NULs. */
void put_file(const char *folder, const char *name, const void *data, size_t size);
void put_text(const char *folder, const char *name, const char *text);

/* "folder/name" in one of 16 static buffers. */
const char *in(const char *folder, const char *name);

/* Runs the tests of one program. */
typedef struct unit_test {
    const TTest *test;
    int n; /* loops; 0: once */
} unit_test;
int run_unit_tests(const char *name, const unit_test *tests, size_t n);
/* Whether OCELLUS_TEST_LIGHT is set, as it is under valgrind: its findings hardly depend on the numbers, and everything takes
 * some thirty times as long. What is random is then repeated a quarter as often: rounds(n) is n or that. */
bool is_light(void);
int rounds(int n);

#define RUN_UNIT_TESTS(name, tests) run_unit_tests(name, tests, sizeof tests / sizeof *tests)

#endif
