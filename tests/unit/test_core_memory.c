/* Memory, structs that cross the boundary, errors, the context. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "memory.h"
#include "support.h"
#include "text.h"

static const size_t sizes[] = {0, 1, 7, 63, 64, 65, 127, 128, 129, 4095, 4096, 100000};
#define N_SIZES (sizeof sizes / sizeof *sizes)

START_TEST(test_blocks) {
    faults count = {0};
    oc_context *context = new_threads_context(1, &count);
    void *blocks[N_SIZES];
    size_t asked = 0;
    for (size_t i = 0; i < N_SIZES; i++) {
        ck_assert_ptr_nonnull(blocks[i] = oc__alloc(context, sizes[i]));
        ck_assert_uint_eq((uintptr_t)blocks[i] % OC__ALIGNMENT, 0);
        memset(blocks[i], 0xA5, sizes[i]);
        asked += sizes[i];
        ck_assert_uint_ge(atomic_load(&context->memory_used), asked);
        ck_assert_uint_le(atomic_load(&context->memory_used), asked + (i + 1) * 2 * OC__ALIGNMENT);
    }
    for (size_t i = 0; i < N_SIZES; i++) oc__free(context, blocks[i]);
    oc__free(context, NULL);
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    unsigned char *zeros = oc__alloc_zero(context, 1000);
    for (int i = 0; i < 1000; i++) check_that(zeros[i] == 0, "byte %d", i);
    oc__free(context, zeros);
    end_context(context);
    ck_assert_uint_eq(atomic_load(&count.n_held), 0);
}
END_TEST

START_TEST(test_realloc) {
    faults count = {0};
    oc_context *context = new_threads_context(1, &count);
    for (size_t i = 0; i < N_SIZES; i++)
        for (size_t j = 0; j < N_SIZES; j++) {
            unsigned char *block = oc__realloc(context, NULL, sizes[i]);
            for (size_t k = 0; k < sizes[i]; k++) block[k] = (unsigned char)(k * 7);
            atomic_store(&count.n, 0);
            count.fail_at = 1;
            check_that(oc__realloc(context, block, sizes[j]) == NULL, "the allocator fails, realloc does not");
            count.fail_at = 0;
            for (size_t k = 0; k < sizes[i]; k++) check_that(block[k] == (unsigned char)(k * 7), "failure changed the block");
            block = oc__realloc(context, block, sizes[j]);
            check_that((uintptr_t)block % OC__ALIGNMENT == 0, "not aligned");
            for (size_t k = 0; k < sizes[i] && k < sizes[j]; k++) check_that(block[k] == (unsigned char)(k * 7), "byte %zu", k);
            oc__free(context, block);
        }
    end_context(context);
}
END_TEST

START_TEST(test_huge_sizes) {
    oc_context *context = new_threads_context(1, NULL);
    oc_error err = OC_ERROR_INIT;
    for (size_t back = 0; back < 200; back++) ck_assert_ptr_null(oc__alloc(context, SIZE_MAX - back));
    ck_assert_ptr_null(oc__alloc_array(context, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(oc__alloc_array(context, 3, SIZE_MAX / 2));
    int *array = NULL;
    size_t capacity = 0;
    ck_assert_int_eq(oc__reserve(&array, &capacity, SIZE_MAX / 8, sizeof *array, context, &err), OC_E_NOMEM);
    ck_assert_ptr_null(array);
    ck_assert_uint_eq(capacity, 0);
    ck_assert_uint_eq(atomic_load(&context->memory_used), 0);
    size_t out = 42;
    ck_assert(!oc__add(&out, SIZE_MAX, 1) && !oc__mul(&out, SIZE_MAX, 2) && !oc__round_up(&out, SIZE_MAX - 10, 64));
    ck_assert_uint_eq(out, 42);
    ck_assert(oc__round_up(&out, SIZE_MAX - 63, 64) && out == SIZE_MAX - 63);
    ck_assert(oc__round_up(&out, 1, 64) && out == 64 && oc__round_up(&out, 0, 64) && out == 0);
    end_context(context);
}
END_TEST

static void *take_unless(void *fails, size_t size) { return *(bool *)fails ? NULL : malloc(size); }

static void give_back(void *fails, void *memory) {
    (void)fails;
    free(memory);
}

START_TEST(test_limit) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context;
    oc_error err = OC_ERROR_INIT;
    bool fails = false;
    options.n_threads = 1;
    options.max_memory = 10000;
    options.allocate = take_unless;
    options.release = give_back;
    options.allocator_user = &fails;
    ck_assert_int_eq(oc__context_create(&context, &options, NULL), OC_OK);
    for (int round = 0; round < 100; round++) { /* no bytes get lost on the way */
        void *a = oc__alloc(context, 4000), *b = oc__alloc(context, 4000);
        ck_assert_ptr_nonnull(a);
        ck_assert_ptr_nonnull(b);
        ck_assert_ptr_null(oc__alloc(context, 4000));
        ck_assert_ptr_null(oc__alloc(context, SIZE_MAX - 200)); /* the sum must not wrap around */
        ck_assert_int_eq(oc__fail_nomem(&err, context, 4000, "thing"), OC_E_NOMEM);
        ck_assert_ptr_nonnull(strstr(err.message, "limit of 10000"));
        ck_assert_uint_le(atomic_load(&context->memory_used), 10000);
        oc__free(context, a);
        oc__free(context, b);
    }
    fails = true; /* the host's fault is not the limit's, whatever was before */
    ck_assert_ptr_null(oc__alloc(context, 40));
    ck_assert_int_eq(oc__fail_nomem(&err, context, 40, "thing"), OC_E_NOMEM);
    ck_assert_ptr_nonnull(strstr(err.message, "thing: out of memory"));
    end_context(context);
}
END_TEST

START_TEST(test_buffer) {
    faults count = {0};
    oc_context *context = new_threads_context(1, &count);
    oc__buffer buffer = {.context = context};
    for (int i = 0; i < 3000; i++) {
        unsigned char byte = (unsigned char)i;
        oc__buffer_append(&buffer, &byte, 1);
        oc__buffer_zeros(&buffer, (size_t)i % 3);
    }
    oc__buffer_append(&buffer, NULL, 0);
    ck_assert_int_eq(buffer.failed, 0);
    ck_assert_uint_eq(buffer.size, 6000 - 1 + 1);
    for (size_t i = 0, at = 0; i < 3000; at += 1 + i % 3, i++) check_that(buffer.data[at] == (unsigned char)i, "byte %zu", i);
    atomic_store(&count.n, 0);
    count.fail_at = 1;
    size_t size = buffer.size;
    oc__buffer_zeros(&buffer, 1 << 20);
    count.fail_at = 0;
    ck_assert_int_ne(buffer.failed, 0);
    oc__buffer_append(&buffer, "x", 1); /* does nothing more */
    ck_assert_uint_eq(buffer.size, size);
    oc__buffer_free(&buffer);
    buffer = (oc__buffer){.context = context};
    oc__buffer_append(&buffer, "x", 1);
    oc__buffer_append(&buffer, "x", SIZE_MAX); /* never read: the size alone is impossible */
    ck_assert_int_ne(buffer.failed, 0);
    oc__buffer_free(&buffer);
    end_context(context);
}
END_TEST

typedef struct known {
    uint32_t struct_size, a;
    uint64_t b;
} known;

START_TEST(test_struct_read) {
    unsigned char bytes[80] = {0};
    oc_error err = OC_ERROR_INIT;
    known k;
    ck_assert_int_eq(oc__struct_read(&k, sizeof k, 4, NULL, "oc_thing", &err), OC_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "oc_thing is NULL"));
    for (uint32_t size = 0; size <= 64; size++) {
        unsigned char *theirs = malloc(size > 4 ? size : 4); /* exactly as large as it says: a sanitizer sees a read past it */
        memset(theirs, 0, size > 4 ? size : 4);
        memcpy(theirs, &size, sizeof size);
        for (uint32_t i = 4; i < size && i < 16; i++) theirs[i] = (unsigned char)i;
        memset(&k, 0xEE, sizeof k);
        oc_status status = oc__struct_read(&k, sizeof k, 8, theirs, "oc_thing", &err);
        check_that(status == (size < 8 ? OC_E_ARGUMENT : OC_OK), "size %u: %d", size, status);
        for (uint32_t i = 4; i < 16 && status == OC_OK; i++)
            check_that(((unsigned char *)&k)[i] == (i < size ? i : 0), "size %u, byte %u", size, i);
        for (uint32_t i = 16; i < size; i++) {
            theirs[i] = 1;
            check_that(oc__struct_read(&k, sizeof k, 8, theirs, "oc_thing", &err) == OC_E_UNSUPPORTED, "byte %u of %u", i,
                size);
            theirs[i] = 0;
        }
        free(theirs);
    }
    for (uint64_t size = 65537; size <= UINT32_MAX; size = size * 3 + 1) { /* a struct never filled in */
        uint32_t size32 = (uint32_t)size;
        memcpy(bytes, &size32, sizeof size32);
        ck_assert_int_eq(oc__struct_read(&k, sizeof k, 8, bytes, "oc_thing", &err), OC_E_ARGUMENT);
    }
}
END_TEST

START_TEST(test_struct_write) {
    known k = {sizeof k, 0x01020304, 0x1122334455667788};
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(oc__struct_write(NULL, &k, sizeof k, 8, "oc_thing", &err), OC_E_ARGUMENT);
    for (uint32_t size = 0; size <= 64; size++) {
        unsigned char *theirs = malloc(size > 4 ? size : 4);
        memset(theirs, 0xCC, size > 4 ? size : 4);
        memcpy(theirs, &size, sizeof size);
        oc_status status = oc__struct_write(theirs, &k, sizeof k, 8, "oc_thing", &err);
        check_that(status == (size < 8 ? OC_E_ARGUMENT : OC_OK), "size %u: %d", size, status);
        check_that(memcmp(theirs, &size, 4) == 0, "size %u: its size field has changed", size);
        for (uint32_t i = 4; i < size && status == OC_OK; i++)
            check_that(theirs[i] == (i < sizeof k ? ((unsigned char *)&k)[i] : 0), "size %u, byte %u", size, i);
        free(theirs);
    }
}
END_TEST

/* A message of characters of 1 to 4 bytes, shifted byte by byte over the end of the buffer. */
START_TEST(test_error_cut) {
    static const char *const characters[] = {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x90\x81"};
    for (size_t c = 0; c < 4; c++)
        for (size_t shift = 0; shift < 5; shift++) {
            char text[1200] = "";
            memset(text, 'x', shift);
            while (strlen(text) < 600) strcat(text, characters[c]);
            for (uint32_t size = 0; size <= 300; size++) {
                size_t room = size > sizeof(oc_error) ? sizeof(oc_error) : size;
                oc_error *err = malloc(size > 8 ? size : 8);
                memset(err, 0xCC, size > 8 ? size : 8);
                err->struct_size = size;
                check_that(oc__fail(err, OC_E_DATA, "%s", text) == OC_E_DATA, "status");
                if (size >= 8) check_that(err->code == OC_E_DATA, "size %u: no code", size);
                if (size > 8) {
                    size_t length = strnlen(err->message, room - 8);
                    check_that(length < room - 8, "size %u: no end", size);
                    check_that(oc__utf8_valid(err->message, length), "size %u: cut within a character", size);
                    check_that(memcmp(err->message, text, length) == 0, "size %u: another text", size);
                    check_that(length + 4 >= room - 8, "size %u: only %zu bytes", size, length);
                }
                check_that(oc__fail_in(err, OC_E_IO, "while") == OC_E_IO, "status");
                if (size > 16)
                    check_that(strncmp(err->message, "while: ", size - 9 < 7 ? size - 9 : 7) == 0, "size %u: %s", size,
                        err->message);
                free(err);
            }
        }
    oc_error err = OC_ERROR_INIT;
    oc__fail(&err, OC_E_IO, "two\nlines\r\n");
    ck_assert_str_eq(err.message, "two lines  ");
    ck_assert_int_eq(oc__fail(NULL, OC_E_IO, "nobody listens"), OC_E_IO);
    ck_assert_int_eq(oc__fail_in(NULL, OC_E_IO, "nobody listens"), OC_E_IO);
    char latin[400]; /* a name that is not UTF-8 must not swallow the message */
    memset(latin, 0xA4, sizeof latin - 1);
    latin[sizeof latin - 1] = 0;
    oc__fail(&err, OC_E_IO, "file %s", latin);
    ck_assert_int_eq(strncmp(err.message, "file ", 5), 0);
    ck_assert_uint_gt(strlen(err.message), 200);
}
END_TEST

static char last_line[600];
static int n_lines;
static void keep_line(void *user, int level, const char *line) {
    (void)user;
    (void)level;
    snprintf(last_line, sizeof last_line, "%s", line);
    n_lines++;
}

START_TEST(test_context_options) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = (oc_context *)&options;
    oc_error err = OC_ERROR_INIT;
    options.allocate = (void *(*)(void *, size_t))abort;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_E_ARGUMENT);
    ck_assert_ptr_null(context);
    options.allocate = NULL;
    options.n_threads = 257;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_E_ARGUMENT);
    options.n_threads = 1;
    options.max_image_side = 65536;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_E_ARGUMENT);
    options.max_image_side = 0;
    options.log_level = 4;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_E_ARGUMENT);
    options.log_level = -1;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_E_ARGUMENT);
    options.log_level = OC_LOG_INFO;
    options.log = keep_line;
    ck_assert_int_eq(oc__context_create(&context, &options, &err), OC_OK);
    oc__log(context, OC_LOG_DEBUG, "not wanted");
    ck_assert_int_eq(n_lines, 0);
    oc__log(context, OC_LOG_INFO, "wanted %d", 1);
    ck_assert_str_eq(last_line, "wanted 1");
    for (int shift = 0; shift < 3; shift++) { /* a line too long is cut at a character */
        char text[1000] = "xx";
        text[shift] = 0;
        while (strlen(text) < 900) strcat(text, "\xE2\x82\xAC");
        oc__log(context, OC_LOG_INFO, "%s", text);
        ck_assert(oc__utf8_valid(last_line, strlen(last_line)));
        ck_assert_uint_gt(strlen(last_line), 400);
    }
    oc_context *same = oc__context_retain(context);
    oc__context_release(context);
    end_context(same);
    oc__context_release(NULL);
}
END_TEST

/* A context of several threads that fails half-way leaves no thread and no block behind. */
START_TEST(test_context_allocation) {
    faults count = {0};
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_context *context = new_threads_context(1, &count), *failed = NULL;
    options.n_threads = 4;
    options.allocate = context->allocate;
    options.release = context->release;
    options.allocator_user = &count;
    for (size_t i = 1; i <= 2; i++) {
        oc_error err = OC_ERROR_INIT;
        atomic_store(&count.n, 0);
        count.fail_at = i;
        ck_assert_int_eq(oc__context_create(&failed, &options, &err), OC_E_NOMEM);
        ck_assert_ptr_null(failed);
        ck_assert_uint_eq(atomic_load(&count.n_held), 1);
    }
    end_context(context);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_blocks, 0},
        {test_realloc, 0},
        {test_huge_sizes, 0},
        {test_limit, 0},
        {test_buffer, 0},
        {test_struct_read, 0},
        {test_struct_write, 0},
        {test_error_cut, 0},
        {test_context_options, 0},
        {test_context_allocation, 0},
    };
    return RUN_UNIT_TESTS("core memory", tests);
}
