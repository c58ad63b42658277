/* What was computed of pictures is kept, or computed again. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache.h"
#include "contents.h"
#include "hash.h"
#include "memory.h"
#include "support.h"

#define N 50
#define SIZE 700 /* floats: most of a row lies past its first page's cell */

static oc_context *context;
static char *folder;
static oc_project *project;
static oc_error error;

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

static void begin(void) {
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
    must(oc__project_create(&project, context, in(folder, "p"), &(oc_project_info)OC_PROJECT_INFO_INIT, &error));
}

static void end(void) {
    oc__project_free(project);
    end_context(context);
    remove_folder(folder);
}

static const char *hash_of(unsigned i) {
    static char hash[65];
    snprintf(hash, sizeof hash, "%08x%056x", i * 2654435761u, i);
    return hash;
}

static void fill(float *row, unsigned i) {
    for (unsigned k = 0; k < SIZE; k++) row[k] = (float)i + (float)k / SIZE;
}

static size_t open_set(oc__cache **cache, const char *key) {
    size_t set;
    must(oc__cache_open(cache, project, &error));
    must(oc__cache_set(&set, *cache, key, SIZE, &error));
    return set;
}

static void put_all(oc__cache *cache, size_t set) {
    float row[SIZE];
    for (unsigned i = 0; i < N; i++) {
        fill(row, i);
        oc__cache_put(cache, set, hash_of(i), row, 1000 + i);
    }
    oc__cache_flush(cache);
}

/* How many of the N rows are there, each of which must be as it was put. */
static int count_rows(oc__cache *cache, size_t set) {
    float row[SIZE], expected[SIZE];
    int n = 0;
    for (unsigned i = 0; i < N; i++) {
        uint64_t content = 0;
        if (!oc__cache_get(row, &content, cache, set, hash_of(i))) continue;
        fill(expected, i);
        ck_assert_uint_eq(content, 1000 + i);
        ck_assert_mem_eq(row, expected, sizeof row);
        n++;
    }
    return n;
}

static bool count_one(void *user, const uint8_t digest[32], const float *values, uint64_t content) {
    char hash[65];
    float expected[SIZE];
    oc__sha256_hex(hash, digest);
    unsigned i = (unsigned)content - 1000;
    fill(expected, i);
    ck_assert_str_eq(hash, hash_of(i));
    ck_assert_mem_eq(values, expected, sizeof expected);
    return ++*(int *)user < N + 1;
}

static int scan(oc__cache *cache, size_t set) {
    int n = 0;
    oc__cache_scan(cache, set, count_one, &n);
    return n;
}

START_TEST(keeps_rows) {
    oc__cache *cache, *other;
    float row[SIZE];
    uint64_t content;
    size_t set, second;
    begin();
    set = open_set(&cache, "a");
    ck_assert(!oc__cache_get(row, &content, cache, set, hash_of(1)));
    put_all(cache, set);
    ck_assert_int_eq(count_rows(cache, set), N);
    ck_assert_int_eq(scan(cache, set), N);
    must(oc__cache_set(&second, cache, "b", SIZE, &error)); /* another rule's rows are its own */
    ck_assert_int_eq(count_rows(cache, second), 0);
    put_all(cache, second);
    oc__cache_close(cache);
    set = open_set(&cache, "a");
    ck_assert_int_eq(count_rows(cache, set), N);
    must(oc__cache_set(&second, cache, "a", SIZE / 2, &error)); /* rows of another size do not fit */
    ck_assert(!oc__cache_get(row, &content, cache, second, hash_of(1)));
    ck_assert_int_eq(scan(cache, second), 0);
    open_set(&other, "a");
    ck_assert_int_eq(count_rows(other, 0), N);
    oc__cache_close(other);
    oc__cache_put(cache, set, "no hash", row, 0);
    oc__cache_close(cache);
    end();
}
END_TEST

START_TEST(lets_sets_go) {
    oc__cache *cache;
    float row[SIZE] = {0};
    size_t set;
    begin();
    set = open_set(&cache, "a");
    for (unsigned i = 0; i < 1001; i++) oc__cache_put(cache, set, hash_of(i), row, 0);
    oc__cache_close(cache);
    set = open_set(&cache, "a"); /* far more rows than the project has files */
    ck_assert_int_eq(count_rows(cache, set), 0);
    oc__cache_close(cache);
    end();
}
END_TEST

/* Writes `size` bytes at `at` of the cache's file, or, where `size` is 0, ends it there. */
static void damage(long at, size_t size) {
    const char *path = in(folder, "p/" OC__CACHE);
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    if (size == 0) ck_assert_int_eq(ftruncate(fileno(file), at), 0);
    fseek(file, at, SEEK_SET);
    for (size_t i = 0; i < size; i++) fputc(0xA5, file);
    fclose(file);
}

START_TEST(makes_damaged_ones_anew) {
    static const size_t sizes[] = {16, 100, 3000, 0};
    struct stat stat_of;
    oc__cache *cache;
    size_t set;
    begin();
    set = open_set(&cache, "a");
    put_all(cache, set);
    oc__cache_close(cache);
    ck_assert_int_eq(stat(in(folder, "p/" OC__CACHE), &stat_of), 0);
    for (long at = 0; at < stat_of.st_size; at += 21000)
        for (int i = 0; i < 4; i++) {
            damage(at, sizes[i]);
            for (int again = 0; again < 2; again++) { /* whatever is left is right; and then all can be kept again */
                set = open_set(&cache, "a");
                count_rows(cache, set);
                scan(cache, set);
                put_all(cache, set);
                oc__cache_close(cache);
            }
            set = open_set(&cache, "a");
            put_all(cache, set);
            ck_assert_msg(count_rows(cache, set) == N, "damage at %ld of size %zu lasts", at, sizes[i]);
            oc__cache_close(cache);
        }
    put_text(folder, "p/" OC__CACHE, "this is no database, whatever its name says, and long enough to be looked at as one, "
                                     "since a header has a hundred bytes");
    set = open_set(&cache, "a");
    put_all(cache, set);
    ck_assert_int_eq(count_rows(cache, set), N);
    oc__cache_close(cache);
    unlink(in(folder, "p/" OC__CACHE));
    ck_assert_int_eq(mkdir(in(folder, "p/" OC__CACHE), 0777), 0); /* cannot be opened at all */
    set = open_set(&cache, "a");
    put_all(cache, set);
    ck_assert_int_eq(count_rows(cache, set), 0);
    oc__cache_close(cache);
    end();
}
END_TEST

/* Others that write and read meanwhile, each with its own project as in another process. */
static void *others(void *argument) {
    oc_context *own_context = new_threads_context(1, NULL);
    oc_project *own = NULL;
    oc_error failed = OC_ERROR_INIT;
    (void)argument;
    if (oc__project_open(&own, own_context, in(folder, "p"), &failed) != OC_OK) abort();
    for (int round = 0; round < 5; round++) {
        oc__cache *cache = NULL;
        size_t set;
        if (oc__cache_open(&cache, own, &failed) || oc__cache_set(&set, cache, "a", SIZE, &failed)) abort();
        float row[SIZE];
        for (unsigned i = 0; i < N; i++) {
            fill(row, i);
            oc__cache_put(cache, set, hash_of(i), row, 1000 + i);
            if (i % 10 == 9) oc__cache_flush(cache);
        }
        oc__cache_close(cache);
    }
    oc__project_free(own);
    end_context(own_context);
    return NULL;
}

START_TEST(serves_several) {
    pthread_t threads[3];
    oc__cache *cache;
    begin();
    in(folder, "p"); /* of the static buffers that `in` hands out, each thread takes one */
    for (int i = 0; i < 3; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, others, NULL), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    size_t set = open_set(&cache, "a");
    ck_assert_int_eq(count_rows(cache, set), N);
    oc__cache_close(cache);
    end();
}
END_TEST

START_TEST(knows_its_files) {
    char hash[65];
    begin();
    char *path = oc__contents_path(project, hash_of(7), ".jpg");
    ck_assert(oc__contents_hash(hash, project, path));
    ck_assert_str_eq(hash, hash_of(7));
    path[strlen(path) - 10] = 'x';
    ck_assert(!oc__contents_hash(hash, project, path));
    oc__free(context, path);
    ck_assert(!oc__contents_hash(hash, project, project->folder));
    ck_assert(!oc__contents_hash(hash, project, "elsewhere"));
    ck_assert(!oc__contents_hash(hash, project, ""));
    end();
}
END_TEST

static oc_status use(oc_context *with, void *user, oc_error *err) {
    oc_project *own = NULL;
    oc__cache *cache = NULL;
    size_t set;
    float row[SIZE];
    uint64_t content;
    (void)user;
    oc_status status = oc__project_open(&own, with, in(folder, "p"), err);
    if (!status) status = oc__cache_open(&cache, own, err);
    if (!status) status = oc__cache_set(&set, cache, "a", SIZE, err);
    if (!status && !oc__cache_get(row, &content, cache, set, hash_of(3))) {
        fill(row, 3);
        oc__cache_put(cache, set, hash_of(3), row, 1003);
    }
    oc__cache_close(cache);
    oc__project_free(own);
    return status;
}

START_TEST(survives_without_memory) {
    begin();
    sweep_allocations(use, NULL, false);
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {{keeps_rows, 0},     {lets_sets_go, 0},    {makes_damaged_ones_anew, 0},
                               {serves_several, 0}, {knows_its_files, 0}, {survives_without_memory, 0}};
    return RUN_UNIT_TESTS("store cache", tests);
}
