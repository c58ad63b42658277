/* Versions, errors, contexts, and the rules of structs. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "support.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

START_TEST(versions_agree) {
    char text[32];
    ck_assert_uint_eq(oc_version(), OC_VERSION);
    snprintf(text, sizeof text, "%d.%d.%d", OC_VERSION_MAJOR, OC_VERSION_MINOR, OC_VERSION_PATCH);
    ck_assert_str_eq(oc_version_string(), text);
    ck_assert_uint_eq(oc_version(), (uint32_t)OC_VERSION_MAJOR << 16 | OC_VERSION_MINOR << 8 | OC_VERSION_PATCH);
}
END_TEST

START_TEST(codes_have_names) {
    static const struct {
        oc_status code;
        const char *name;
    } codes[] = {{OC_OK, "OC_OK"},
                 {OC_E_ARGUMENT, "OC_E_ARGUMENT"},
                 {OC_E_NOMEM, "OC_E_NOMEM"},
                 {OC_E_IO, "OC_E_IO"},
                 {OC_E_LIMIT, "OC_E_LIMIT"},
                 {OC_E_FORMAT, "OC_E_FORMAT"},
                 {OC_E_CORRUPT, "OC_E_CORRUPT"},
                 {OC_E_UNSUPPORTED, "OC_E_UNSUPPORTED"},
                 {OC_E_CANCELLED, "OC_E_CANCELLED"},
                 {OC_E_NOT_FOUND, "OC_E_NOT_FOUND"},
                 {OC_E_DATA, "OC_E_DATA"},
                 {OC_E_STATE, "OC_E_STATE"},
                 {OC_E_INTERNAL, "OC_E_INTERNAL"},
                 {-13, "OC_E_UNKNOWN"},
                 {1, "OC_E_UNKNOWN"},
                 {INT32_MIN, "OC_E_UNKNOWN"},
                 {INT32_MAX, "OC_E_UNKNOWN"}};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) ck_assert_str_eq(oc_status_name(codes[i].code), codes[i].name);
}
END_TEST

/* A caller built against an older header has a shorter error, one built against a newer a longer one. */
START_TEST(errors_of_any_size) {
    struct {
        oc_error error;
        char beyond[64];
    } e;
    for (uint32_t size = 0; size <= sizeof e; size++) {
        memset(&e, 0x7E, sizeof e);
        e.error.struct_size = size;
        e.error.code = OC_OK;
        oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
        options.n_threads = 1000;
        oc_context *context = NULL;
        ck_assert_int_eq(oc_context_create(&context, &options, &e.error), OC_E_ARGUMENT);
        ck_assert_uint_eq(e.error.struct_size, size);
        if (size >= 8) ck_assert_int_eq(e.error.code, OC_E_ARGUMENT);
        if (size > 8) ck_assert_ptr_nonnull(memchr(e.error.message, 0, size - 8));
        for (size_t i = size < 8 ? 8 : size; i < sizeof e; i++) ck_assert_int_eq(((unsigned char *)&e)[i], 0x7E);
    }
}
END_TEST

START_TEST(long_names_are_cut_at_a_character) {
    oc_context *context = new_context(1);
    oc_model *model;
    char name[4096] = "/nowhere/";
    for (size_t i = 9; i + 3 < sizeof name; i += 2) memcpy(name + i, "\xC3\xA9", 3);
    for (int shift = 0; shift < 2; shift++) { /* both alignments of a two-byte character */
        oc_error error = OC_ERROR_INIT;
        ck_assert_int_ne(oc_model_load(&model, context, name + shift, &error), OC_OK);
        size_t length = strlen(error.message);
        ck_assert_uint_lt(length, sizeof error.message);
        ck_assert_uint_gt(length, 200);
        size_t accents = 0, ends = 0;
        for (size_t i = 0; i < length; i++) {
            accents += (unsigned char)error.message[i] == 0xC3;
            ends += (unsigned char)error.message[i] == 0xA9;
        }
        ck_assert_uint_eq(accents, ends);
    }
    oc_context_free(context);
}
END_TEST

START_TEST(context_defaults) {
    oc_context *context = NULL;
    OK(oc_context_create(&context, NULL, err));
    ck_assert_uint_ge(oc_context_n_threads(context), 1);
    ck_assert_uint_le(oc_context_n_threads(context), 256);
    const char *cpu = oc_context_cpu(context);
    ck_assert(!strcmp(cpu, "c") || !strcmp(cpu, "avx2") || !strcmp(cpu, "avx512") || !strcmp(cpu, "avx512vnni") ||
              !strcmp(cpu, "avx512bf16") || !strcmp(cpu, "neon"));
    oc_context_free(context);
    setenv("OCELLUS_CPU", "c", 1);
    context = new_context(3);
    ck_assert_uint_eq(oc_context_n_threads(context), 3);
    ck_assert_str_eq(oc_context_cpu(context), "c");
    setenv("OCELLUS_CPU", "avx512", 1);
    ck_assert_str_eq(oc_context_cpu(context), "c"); /* read when the context is made */
    oc_context_free(context);
}
END_TEST

static void refuse_options(oc_context_options options) {
    oc_context *context;
    FAILS_OUT(OC_E_ARGUMENT, context, oc_context_create(&context, &options, err));
}

START_TEST(context_options_out_of_range) {
    host h = {0};
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 257;
    refuse_options(options);
    options.n_threads = UINT32_MAX;
    refuse_options(options);
    options = host_options(&h, 1);
    options.release = NULL;
    refuse_options(options);
    options = host_options(&h, 1);
    options.allocate = NULL;
    refuse_options(options);
    options = host_options(&h, 1);
    options.max_image_side = 65536;
    refuse_options(options);
    options = host_options(&h, 1);
    options.log_level = -1;
    refuse_options(options);
    options.log_level = OC_LOG_DEBUG + 1;
    refuse_options(options);
    options = host_options(&h, 1);
    options.struct_size = 0;
    refuse_options(options);
    options.struct_size = 3;
    refuse_options(options);
    ck_assert_uint_eq(h.n_calls, 0);
}
END_TEST

START_TEST(context_options_of_any_size) {
    struct {
        oc_context_options options;
        unsigned char beyond[32];
    } o;
    oc_context *context;
    memset(&o, 0, sizeof o);
    for (uint32_t size = 8; size <= sizeof o; size++) {
        o.options.struct_size = size;
        o.options.n_threads = 2;
        OK(oc_context_create(&context, &o.options, err));
        ck_assert_uint_eq(oc_context_n_threads(context), 2);
        oc_context_free(context);
    }
    for (size_t i = 0; i < sizeof o.beyond; i++) {
        memset(o.beyond, 0, sizeof o.beyond);
        o.beyond[i] = 1;
        o.options.struct_size = sizeof o;
        FAILS_OUT(OC_E_UNSUPPORTED, context, oc_context_create(&context, &o.options, err));
        o.options.struct_size = (uint32_t)(sizeof o.options + i); /* just before it */
        OK(oc_context_create(&context, &o.options, err));
        oc_context_free(context);
    }
}
END_TEST

/* oc_image is read, oc_box, oc_metrics, ... are written: the same rules, seen from both sides. */
START_TEST(image_struct_sizes) {
    uint8_t pixels[3 * 4] = {0};
    struct {
        oc_image image;
        unsigned char beyond[16];
    } i;
    oc_context *context = new_context(1);
    oc_picture *picture;
    memset(&i, 0, sizeof i);
    i.image = raw_image(pixels, 2, 2, OC_IMAGE_RGB8);
    i.image.struct_size = sizeof i;
    OK(oc_picture_open(&picture, context, &i.image, err));
    oc_picture_free(picture);
    i.beyond[15] = 1;
    FAILS_OUT(OC_E_UNSUPPORTED, picture, oc_picture_open(&picture, context, &i.image, err));
    i.image.struct_size = sizeof i.image - 1;
    FAILS_OUT(OC_E_ARGUMENT, picture, oc_picture_open(&picture, context, &i.image, err));
    i.image.struct_size = 0;
    FAILS_OUT(OC_E_ARGUMENT, picture, oc_picture_open(&picture, context, &i.image, err));
    oc_context_free(context);
}
END_TEST

START_TEST(written_structs_of_any_size) {
    struct {
        oc_option option;
        unsigned char beyond[16];
    } o;
    for (uint32_t size = 8; size <= sizeof o; size++) {
        memset(&o, 0x7E, sizeof o);
        o.option.struct_size = size;
        OK(oc_trainer_option(0, &o.option, err));
        ck_assert_uint_eq(o.option.struct_size, size);
        ck_assert_uint_eq(o.option.type, OC_OPTION_INTEGER);
        for (size_t i = size; i < sizeof o; i++) ck_assert_int_eq(((unsigned char *)&o)[i], 0x7E);
        for (size_t i = sizeof o.option; i < size; i++) ck_assert_int_eq(((unsigned char *)&o)[i], 0);
    }
    for (uint32_t size = 0; size < 4; size++) {
        o.option.struct_size = size;
        FAILS(OC_E_ARGUMENT, oc_trainer_option(0, &o.option, err));
    }
}
END_TEST

static void count_lines(void *user, int level, const char *line) {
    int *n = user;
    ck_assert_int_ge(level, OC_LOG_WARNING);
    ck_assert_int_le(level, OC_LOG_WARNING);
    ck_assert_ptr_null(strpbrk(line, "\r\n"));
    n[0]++;
}

START_TEST(warnings_are_logged) {
    int n = 0;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.log = count_lines;
    options.log_user = &n;
    oc_context *context = NULL;
    OK(oc_context_create(&context, &options, err));
    oc_dataset *dataset = new_dataset(context, 2, 4, 1);
    oc_image broken = encoded_image((bytes){(uint8_t *)(uintptr_t)"\x89PNG\r\n\x1a\n", 8});
    broken.name = "two\nlines";
    OK(oc_dataset_add(dataset, &broken, kind_names[0], NULL, err));
    oc_model_free(train(context, dataset, "0"));
    ck_assert_int_eq(n, 1);
    oc_dataset_free(dataset);
    oc_context_free(context);
}
END_TEST

/* The host's pthread_create, failing when told. Sanitizers put their own there, so not with them. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if !defined(__has_feature)
#define INTERPOSE 1
#elif !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
#define INTERPOSE 1
#endif
#endif
#ifdef INTERPOSE
static int threads_left = -1;

__attribute__((visibility("default"))) int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                                          void *(*start)(void *), void *argument) {
    int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&real, &symbol, sizeof real);
    if (threads_left == 0) return EAGAIN;
    if (threads_left > 0) threads_left--;
    return real(thread, attributes, start, argument);
}

START_TEST(threads_that_do_not_start) {
    for (int n = 0; n < 7; n++) {
        host h = {0};
        oc_context_options options = host_options(&h, 8);
        oc_context *context;
        threads_left = n;
        FAILS_OUT(OC_E_STATE, context, oc_context_create(&context, &options, err));
        ck_assert_uint_eq(h.n_blocks, 0);
    }
    threads_left = 7;
    oc_context_free(new_context(8));
    ck_assert_int_eq(threads_left, 0);
    threads_left = -1;
}
END_TEST
#endif

int main(void) {
    Suite *suite = suite_create("basics");
    TCase *tests = tcase_create("basics");
    suite_add_tcase(suite, tests);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_test(tests, versions_agree);
    tcase_add_test(tests, codes_have_names);
    tcase_add_test(tests, errors_of_any_size);
    tcase_add_test(tests, long_names_are_cut_at_a_character);
    tcase_add_test(tests, context_defaults);
    tcase_add_test(tests, context_options_out_of_range);
    tcase_add_test(tests, context_options_of_any_size);
    tcase_add_test(tests, image_struct_sizes);
    tcase_add_test(tests, written_structs_of_any_size);
    tcase_add_test(tests, warnings_are_logged);
#ifdef INTERPOSE
    tcase_add_test(tests, threads_that_do_not_start);
#endif
    return run_suite(suite);
}
