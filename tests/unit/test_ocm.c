/* Model files: what is written is read, whatever version wrote it, and each fault has its own message.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "half.h"
#include "ocm_support.h"

#ifndef OC_GOLDEN_FOLDER
#define OC_GOLDEN_FOLDER "tests/golden"
#endif

static recorder record;
static oc_context *context;

static void set_up(void) { context = support_context(&record); }

static void tear_down(void) {
    oc__context_release(context);
    ck_assert_uint_eq(record.n_live, 0);
}

static oc_model *must_read(const uint8_t *data, size_t size) {
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    oc_status status = oc__ocm_read(&model, context, data, size, "test.ocm", &error);
    ck_assert_msg(status == OC_OK, "%s", error.message);
    ck_assert_msg(!error.message[0], "a success left a message: %s", error.message);
    return model;
}

/* Reads what must fail, and with a message that contains `text`. */
static void must_fail(const uint8_t *data, size_t size, oc_status code, const char *text) {
    oc_model *model = (oc_model *)(uintptr_t)1;
    oc_error error = OC_ERROR_INIT;
    uint8_t *copy = support_copy(data, size);
    oc_status status = oc__ocm_read(&model, context, copy, size, "test.ocm", &error);
    free(copy);
    ck_assert_ptr_null(model);
    ck_assert_msg(strncmp(error.message, "test.ocm: ", 10) == 0, "%s", error.message);
    ck_assert_msg(strstr(error.message, text) != NULL, "'%s' does not say '%s'", error.message, text);
    ck_assert_msg(status == code && error.code == code, "%d instead of %d: %s", status, code, error.message);
}

START_TEST(round_trip) {
    oc_model *model = NULL;
    oc__buffer file = {.context = context}, again = {.context = context};
    ck_assert_int_eq(golden_model(&model, context, _i, NULL), OC_OK);
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    oc_model *copy = must_read(file.data, file.size);
    char *expected = support_describe(model), *found = support_describe(copy);
    ck_assert_str_eq(found, expected);
    ck_assert_int_eq(oc__ocm_write(&again, copy, NULL), OC_OK);
    ck_assert_uint_eq(again.size, file.size);
    ck_assert_mem_eq(again.data, file.data, file.size);
    free(expected);
    free(found);
    oc__model_release(model);
    oc__model_release(copy);
    oc__buffer_free(&file);
    oc__buffer_free(&again);
}
END_TEST

START_TEST(names_of_pictures_are_not_written) {
    oc_model *model = NULL;
    oc__buffer file = {.context = context};
    ck_assert_int_eq(golden_model(&model, context, GOLDEN_CLASSIFIER, NULL), OC_OK);
    model->measurement->entries[2].name = oc__strdup(context, "pictures/secret.jpg");
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    oc_model *copy = must_read(file.data, file.size);
    for (size_t i = 0; i < copy->measurement->n; i++) ck_assert_ptr_null(copy->measurement->entries[i].name);
    for (size_t i = 0; i + 6 <= file.size; i++) ck_assert_mem_ne(file.data + i, "secret", 6);
    oc__model_release(model);
    oc__model_release(copy);
    oc__buffer_free(&file);
}
END_TEST

/* A base network whose weights are every finite float16. */
static oc_model *half_model(void) {
    oc_model *model = NULL;
    uint32_t node = 0;
    ck_assert_int_eq(golden_model(&model, context, GOLDEN_BASE, NULL), OC_OK);
    oc__graph_free(&model->graph);
    oc__program_free(model->program);
    model->program = NULL;
    ck_assert_int_eq(oc__graph_input(&node, &model->graph, 3, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_global_pool(&node, &model->graph, node, NULL), OC_OK);
    ck_assert_int_eq(oc__graph_conv(&node, &model->graph, node, 21163, 1, 1, 1, false, NULL), OC_OK);
    model->graph.outputs[model->graph.n_outputs++] = node;
    oc__param *param = &model->graph.params[0];
    param->storage = OC__STORE_F16;
    for (uint32_t half = 0, i = 0; half < 65536; half++)
        if ((half >> 10 & 31) != 31) param->values[i++] = oc__half_to_float((uint16_t)half);
    ck_assert_int_eq(oc__model_finish(model, NULL), OC_OK);
    return model;
}

START_TEST(every_float16_survives) {
    oc__buffer file = {.context = context};
    oc_model *model = half_model();
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    oc_model *copy = must_read(file.data, file.size);
    ck_assert_uint_eq(copy->graph.params[0].count, 63489);
    ck_assert_mem_eq(copy->graph.params[0].values, model->graph.params[0].values, 63489 * sizeof(float));
    oc__model_release(model);
    oc__model_release(copy);
    oc__buffer_free(&file);
}
END_TEST

START_TEST(a_value_that_is_no_float16_is_not_rounded_in_silence) {
    oc__buffer file = {.context = context};
    oc_error error = OC_ERROR_INIT;
    oc_model *model = half_model();
    model->graph.params[0].values[7] = 0.1f;
    ck_assert_int_eq(oc__ocm_write(&file, model, &error), OC_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(error.message, "parameter 0"));
    oc__model_release(model);
    oc__buffer_free(&file);
}
END_TEST

static char *slurp(const char *name, const char *ending, size_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/v1-%s.%s", OC_GOLDEN_FOLDER, name, ending);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    char *text = calloc(1, 1 << 20);
    *size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* Lines that begin with "output" hold what kernels computed, which each may round differently. */
static void compare_line(const char *found, const char *expected) {
    const char *a = strrchr(found, ' '), *b = strrchr(expected, ' ');
    if (strncmp(expected, "output ", 7) != 0 || !a || !b || a - found != b - expected) {
        ck_assert_str_eq(found, expected);
        return;
    }
    ck_assert_msg(strncmp(found, expected, (size_t)(b - expected)) == 0, "%s instead of %s", found, expected);
    double x = strtod(a, NULL), y = strtod(b, NULL);
    ck_assert_msg(fabs(x - y) <= 1e-5 * (1 + fabs(y)), "%s instead of %s", found, expected);
}

START_TEST(golden_files_stay_readable) {
    size_t size = 0, text_size = 0;
    char *data = slurp(golden_name(_i), "ocm", &size), *expected = slurp(golden_name(_i), "txt", &text_size);
    char *left = NULL, *right = NULL;
    oc_model *model = must_read((const uint8_t *)data, size);
    char *found = support_describe(model);
    char *a = strtok_r(found, "\n", &left), *b = strtok_r(expected, "\n", &right);
    for (; a && b; a = strtok_r(NULL, "\n", &left), b = strtok_r(NULL, "\n", &right)) compare_line(a, b);
    ck_assert_ptr_null(a);
    ck_assert_ptr_null(b);
    oc__model_release(model);
    free(found);
    free(expected);
    free(data);
}
END_TEST

/* As long as this library writes versions 1.0 and 1.1, it writes these very bytes. */
START_TEST(golden_files_are_what_is_written) {
    size_t size = 0;
    char *data = slurp(golden_name(_i), "ocm", &size);
    oc__buffer file = support_file(context, _i);
    ck_assert_uint_eq(file.size, size);
    ck_assert_mem_eq(file.data, data, size);
    oc__buffer_free(&file);
    free(data);
}
END_TEST

START_TEST(versions) {
    oc__buffer file = support_file(context, GOLDEN_MINIMAL);
    file.data[OC__OCM_AT_MINOR] = 7;
    golden_repair(file.data, file.size);
    oc__model_release(must_read(file.data, file.size));
    file.data[OC__OCM_AT_MAJOR] = 2;
    must_fail(file.data, file.size, OC_E_UNSUPPORTED, "is of format version 2.7, this library reads version 1");
    file.data[OC__OCM_AT_MAJOR] = 0;
    must_fail(file.data, file.size, OC_E_CORRUPT, "version 0.7");
    oc__buffer_free(&file);
}
END_TEST

START_TEST(other_files) {
    static const uint8_t png[64] = "\x89PNG\r\n\x1A\n", ending[64] = "\x89OCM\n\x1A\n", stripped[64] = "\x09OCM\r\n\x1A\n";
    must_fail(NULL, 0, OC_E_FORMAT, "is empty");
    must_fail(png, sizeof png, OC_E_FORMAT, "is not a model file");
    must_fail(ending, sizeof ending, OC_E_CORRUPT, "as by a transfer as text");
    must_fail(stripped, sizeof stripped, OC_E_CORRUPT, "as by a transfer as text");
}
END_TEST

START_TEST(limit_on_size) {
    oc__buffer file = support_file(context, GOLDEN_MINIMAL);
    context->limits.model_bytes = file.size - 1;
    must_fail(file.data, file.size, OC_E_LIMIT, "max_model_bytes");
    context->limits.model_bytes = file.size;
    oc__model_release(must_read(file.data, file.size));
    oc__buffer_free(&file);
}
END_TEST

/* Taking a file apart and putting sections together. */
typedef struct section {
    char type[5];
    uint32_t flags;
    const uint8_t *data;
    size_t size;
} section;

static size_t take_apart(section *sections, const uint8_t *data) {
    size_t n = oc__le32(data + OC__OCM_AT_COUNT);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *entry = data + OC__OCM_HEADER_SIZE + i * OC__OCM_ENTRY_BYTES;
        sections[i] = (section){.flags = entry[OC__OCM_ENTRY_FLAGS],
                                .data = data + oc__le64(entry + OC__OCM_ENTRY_OFFSET),
                                .size = (size_t)oc__le64(entry + OC__OCM_ENTRY_SIZE)};
        memcpy(sections[i].type, entry, 4);
    }
    return n;
}

static oc__buffer put_together(const section *sections, size_t n) {
    oc__buffer out = {.context = context};
    oc__buffer_zeros(&out, OC__OCM_HEADER_SIZE + n * OC__OCM_ENTRY_BYTES);
    memcpy(out.data, OC__OCM_MAGIC, OC__OCM_MAGIC_SIZE);
    out.data[OC__OCM_AT_MAJOR] = 1;
    support_put_u32(out.data + OC__OCM_AT_COUNT, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        oc__buffer_zeros(&out, (64 - out.size % 64) % 64);
        uint8_t *entry = out.data + OC__OCM_HEADER_SIZE + i * OC__OCM_ENTRY_BYTES;
        memcpy(entry, sections[i].type, 4);
        support_put_u32(entry + OC__OCM_ENTRY_FLAGS, sections[i].flags);
        support_put_u32(entry + OC__OCM_ENTRY_OFFSET, (uint32_t)out.size);
        support_put_u32(entry + OC__OCM_ENTRY_SIZE, (uint32_t)sections[i].size);
        oc__buffer_append(&out, sections[i].data, sections[i].size);
    }
    support_put_u32(out.data + OC__OCM_AT_FILE_SIZE, (uint32_t)out.size);
    golden_repair(out.data, out.size);
    return out;
}

START_TEST(unknown_sections) {
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    section sections[12];
    size_t n = take_apart(sections, file.data);
    sections[n] = (section){"XTRA", 0, (const uint8_t *)"whatever", 8};
    oc__buffer more = put_together(sections, n + 1);
    oc_model *model = must_read(more.data, more.size);
    oc__buffer again = {.context = context};
    ck_assert_int_eq(oc__ocm_write(&again, model, NULL), OC_OK);
    ck_assert_uint_eq(again.size, file.size);
    ck_assert_mem_eq(again.data, file.data, file.size);
    oc__model_release(model);
    oc__buffer_free(&more);
    sections[n].flags = OC__OCM_CRITICAL;
    more = put_together(sections, n + 1);
    must_fail(more.data, more.size, OC_E_UNSUPPORTED, "section 8 (XTRA) is needed");
    oc__buffer_free(&more);
    oc__buffer_free(&again);
    oc__buffer_free(&file);
}
END_TEST

START_TEST(order_of_sections_is_free) {
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    section sections[12], reversed[12];
    size_t n = take_apart(sections, file.data);
    for (size_t i = 0; i < n; i++) reversed[i] = sections[n - 1 - i];
    oc__buffer other = put_together(reversed, n);
    oc_model *a = must_read(file.data, file.size), *b = must_read(other.data, other.size);
    char *expected = support_describe(a), *found = support_describe(b);
    ck_assert_str_eq(found, expected);
    free(expected);
    free(found);
    oc__model_release(a);
    oc__model_release(b);
    oc__buffer_free(&other);
    oc__buffer_free(&file);
}
END_TEST

START_TEST(missing_sections) {
    oc__buffer file = support_file(context, GOLDEN_OPERATORS);
    section sections[12], fewer[12];
    size_t n = take_apart(sections, file.data);
    ck_assert_uint_eq(n, OC__OCM_N_KINDS - 3); /* all but those of multilabel models and detectors */
    for (size_t without = 0; without < n; without++) {
        size_t kept = 0;
        char text[64];
        for (size_t i = 0; i < n; i++)
            if (i != without) fewer[kept++] = sections[i];
        oc__buffer other = put_together(fewer, kept);
        snprintf(text, sizeof text, "has no section %.4s", sections[without].type);
        if (strncmp(sections[without].type, "ATTR", 4) == 0) strcpy(text, "in steps of 0"); /* a slice */
        if (sections[without].flags) must_fail(other.data, other.size, OC_E_CORRUPT, text);
        else oc__model_release(must_read(other.data, other.size));
        oc__buffer_free(&other);
    }
    oc__buffer_free(&file);
}
END_TEST

START_TEST(longer_and_shorter_sections) {
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    section sections[12];
    size_t n = take_apart(sections, file.data);
    for (size_t i = 0; i < n; i++) {
        section kept = sections[i];
        uint8_t *longer = calloc(1, kept.size + 1);
        char text[64];
        memcpy(longer, kept.data, kept.size);
        sections[i] = (section){.flags = kept.flags, .data = longer, .size = kept.size + 1};
        memcpy(sections[i].type, kept.type, 4);
        snprintf(text, sizeof text, "(%.4s): its contents end at", kept.type);
        oc__buffer other = put_together(sections, n);
        must_fail(other.data, other.size, OC_E_CORRUPT, text);
        oc__buffer_free(&other);
        for (size_t size = 0; size < kept.size; size++) {
            sections[i].size = size;
            other = put_together(sections, n);
            snprintf(text, sizeof text, "section %zu (%.4s): ", i + 1, kept.type);
            must_fail(other.data, other.size, OC_E_CORRUPT, text);
            oc__buffer_free(&other);
        }
        sections[i] = kept;
        free(longer);
    }
    oc__buffer_free(&file);
}
END_TEST

/* A 32-bit field of the minimal model's header or table is changed, and the checksums made right. */
static const struct {
    size_t at;
    uint32_t value;
    oc_status code;
    const char *text;
} outside[] = {
    {12, 0, OC_E_CORRUPT, "has 0 sections, expected 1 to 256"},
    {12, 257, OC_E_CORRUPT, "has 257 sections"},
    {12, 0xFFFFFFFF, OC_E_CORRUPT, "has 4294967295 sections"},
    {12, 256, OC_E_CORRUPT, "its section table ends at 8224, file has 652 bytes"},
    {16, 651, OC_E_CORRUPT, "its header says 651, file has 652 bytes"},
    {20, 1, OC_E_CORRUPT, "its header says 4294967948"},
    {28, 1, OC_E_UNSUPPORTED, "its header's reserved field is 1"},
    {32, 0x00434142, OC_E_CORRUPT, "section 1: its type is not four letters"},
    {32, 0x53474154, OC_E_CORRUPT, "sections 1 and 2 are both TAGS"},
    {36, 3, OC_E_UNSUPPORTED, "section 1 (HEAD) has flags"},
    {36, 0, OC_E_CORRUPT, "section 1 (HEAD) has the flags 0, expected 1"},
    {60, 9, OC_E_UNSUPPORTED, "section 1 (HEAD) has flags or a reserved field"},
    {40, 128, OC_E_CORRUPT, "section 1 (HEAD) begins at 128, expected 192"},       /* overlap */
    {40, 256, OC_E_CORRUPT, "section 1 (HEAD) begins at 256, expected 192"},       /* hole */
    {40, 193, OC_E_CORRUPT, "section 1 (HEAD) begins at 193, expected 192"},       /* not aligned */
    {44, 0x80000000, OC_E_CORRUPT, "section 1 (HEAD) begins at 9223372036854776000, expected 192"},
    {48, 65, OC_E_CORRUPT, "section 2 (TAGS) begins at 256, expected 320"},
    {48, 0xFFFFFFFF, OC_E_CORRUPT, "section 1 (HEAD) ends at 4294967487, file has 652 bytes"},
    {52, 0x80000000, OC_E_CORRUPT, "section 1 (HEAD) has the impossible size 922337203685"},
    {52, 0xFFFFFFFF, OC_E_CORRUPT, "section 1 (HEAD) has the impossible size"},
    {176, 75, OC_E_CORRUPT, "its last section ends at 651"},
    {176, 77, OC_E_CORRUPT, "section 5 (WGHT) ends at 653, file has 652 bytes"},
    {200, 1, OC_E_CORRUPT, "byte 200, before section 2 (TAGS), is padding and not zero"},
};

START_TEST(faults_outside_sections) {
    oc__buffer file = support_file(context, GOLDEN_MINIMAL);
    ck_assert_uint_eq(file.size, 652);
    support_put_u32(file.data + outside[_i].at, outside[_i].value);
    golden_repair(file.data, file.size);
    must_fail(file.data, file.size, outside[_i].code, outside[_i].text);
    oc__buffer_free(&file);
}
END_TEST

START_TEST(bytes_after_the_end) {
    oc__buffer file = support_file(context, GOLDEN_MINIMAL);
    oc__buffer_zeros(&file, 1);
    must_fail(file.data, file.size, OC_E_CORRUPT, "its last section ends at 652 and its header says 652, file has 653 bytes");
    oc__buffer_free(&file);
}
END_TEST

#define NAN_BITS 0x7FC00000
#define INFINITY_BITS 0x7F800000

/* Likewise for the minimal model's sections. Sizes and numbers that this library could not run, each its own message. */
static const struct {
    const char *section;
    size_t at;
    uint32_t value;
    oc_status code;
    const char *text;
} inside[] = {
    {"HEAD", 0, 5, OC_E_UNSUPPORTED, "is of kind 5"},
    {"HEAD", 4, 1, OC_E_UNSUPPORTED, "section 1 (HEAD): its reserved field is 1"},
    {"TAGS", 0, 0xFFFFFFFF, OC_E_CORRUPT, "(TAGS): number of tags at byte 256 of the file is 4294967295, at most 10000"},
    {"TAGS", 0, 3, OC_E_CORRUPT, "is 3, the 10 bytes left in the section hold at most 2"},
    {"TAGS", 4, 0, OC_E_CORRUPT, "tag at byte 260 of the file has 0 bytes, expected 1 to 256"},
    {"TAGS", 4, 7, OC_E_CORRUPT, "tag at byte 264 of the file needs 7 bytes, 6 are left"},
    {"TAGS", 4, 0xFFFFFFFF, OC_E_CORRUPT, "tag at byte 260 of the file has 4294967295 bytes"},
    {"TAGS", 8, 0x00736177, OC_E_CORRUPT, "contains a NUL"},
    {"TAGS", 8, 0xFF736177, OC_E_CORRUPT, "tag 0 is not UTF-8"},
    {"RULE", 0, 0, OC_E_CORRUPT, "width"},
    {"RULE", 4, 4097, OC_E_CORRUPT, "height"},
    {"RULE", 8, 4, OC_E_CORRUPT, "resize"},
    {"RULE", 12, 3, OC_E_CORRUPT, "filter"},
    {"RULE", 16, 2, OC_E_CORRUPT, "reduced_jpeg"},
    {"RULE", 20, 0, OC_E_CORRUPT, "channels"},
    {"RULE", 24, NAN_BITS, OC_E_CORRUPT, "finite"},
    {"RULE", 44, INFINITY_BITS, OC_E_CORRUPT, "finite"},
    {"RULE", 48, 0x01000000, OC_E_CORRUPT, "fill"},
    {"GRPH", 0, 0xFFFFFFFF, OC_E_CORRUPT, "number of nodes at byte 384 of the file is 4294967295, at most 4096"},
    {"GRPH", 0, 4, OC_E_CORRUPT, "is 4, the 144 bytes left in the section hold at most 2"},
    {"GRPH", 0, 0, OC_E_CORRUPT, "its contents end"},
    {"GRPH", 4, 9, OC_E_CORRUPT, "number of outputs at byte 388 of the file is 9, at most 8"},
    {"GRPH", 8, 2, OC_E_CORRUPT, "output 0 is node 2, there are 2"},
    {"GRPH", 12, 3, OC_E_CORRUPT, "first node is not the input"},
    {"GRPH", 64, 4, OC_E_CORRUPT, "takes 4 channels, expected 3"},
    {"GRPH", 72, NAN_BITS, OC_E_CORRUPT, "epsilon"},
    {"GRPH", 76, 1000, OC_E_UNSUPPORTED, "operator 1000"},
    {"GRPH", 76, 0xFFFFFFFF, OC_E_UNSUPPORTED, "operator 4294967295"},
    {"GRPH", 80, 9, OC_E_CORRUPT, "number of inputs at byte 464 of the file is 9, at most 8"},
    {"GRPH", 84, 1, OC_E_CORRUPT, "does not come before it"},
    {"GRPH", 84, 0xFFFFFFFF, OC_E_CORRUPT, "does not come before it"},
    {"GRPH", 88, 5, OC_E_CORRUPT, "number of parameters at byte 472 of the file is 5, at most 4"},
    {"GRPH", 92, 1, OC_E_CORRUPT, "parameter 0 is number 1, there are 1"},
    {"GRPH", 96, NAN_BITS, OC_E_CORRUPT, "clamp"},
    {"GRPH", 104, 0, OC_E_CORRUPT, "kernel"},
    {"GRPH", 112, 0, OC_E_CORRUPT, "stride"},
    {"GRPH", 116, 16, OC_E_CORRUPT, "dilation"},
    {"GRPH", 120, 1, OC_E_CORRUPT, "padding"},
    {"GRPH", 136, 0, OC_E_CORRUPT, "groups"},
    {"GRPH", 140, 0, OC_E_CORRUPT, "groups"},
    {"WGHT", 0, 0xFFFFFFFF, OC_E_CORRUPT, "number of parameters at byte 576 of the file is 4294967295, at most 16384"},
    {"WGHT", 0, 4, OC_E_CORRUPT, "is 4, the 72 bytes left in the section hold at most 3"},
    {"WGHT", 0, 0, OC_E_CORRUPT, "its contents end"},
    {"WGHT", 4, 3, OC_E_UNSUPPORTED, "parameter 0 is stored in the unknown way 3"},
    {"WGHT", 8, 0, OC_E_CORRUPT, "parameter 0 has rank 0, expected 1 to 4"},
    {"WGHT", 8, 5, OC_E_CORRUPT, "parameter 0 has rank 5"},
    {"WGHT", 8, 3, OC_E_CORRUPT, "parameter 0 has rank 3, but its dimension 3 is not 0"},
    {"WGHT", 12, 0, OC_E_CORRUPT, "parameter 0 has an impossible shape"},
    {"WGHT", 12, 0x80000000, OC_E_CORRUPT, "parameter 0 has an impossible shape"},
    {"WGHT", 12, 0x7FFFFFFF, OC_E_CORRUPT, "has 6442450941 elements of 4 bytes, the section has no room"},
    {"WGHT", 12, 2, OC_E_CORRUPT, "has 6 elements of 4 bytes"},
    {"WGHT", 24, 2, OC_E_CORRUPT, "its contents end"},
    {"WGHT", 28, 1, OC_E_CORRUPT, "byte 604 of the file is padding and not zero"},
    {"WGHT", 64, NAN_BITS, OC_E_CORRUPT, "not a finite number"},
};

START_TEST(faults_inside_sections) {
    oc__buffer file = support_file(context, GOLDEN_MINIMAL);
    support_put_u32(file.data + support_section(file.data, inside[_i].section) + inside[_i].at, inside[_i].value);
    golden_repair(file.data, file.size);
    must_fail(file.data, file.size, inside[_i].code, inside[_i].text);
    oc__buffer_free(&file);
}
END_TEST

/* Likewise for the attributes of the model that has every operator: 22 records of 56 bytes. */
#define ATTRIBUTE(record, word) (4 + 56 * (record) + 4 * (word))
static const struct {
    size_t at;
    uint32_t value;
    oc_status code;
    const char *text;
} attributes[] = {
    {0, 0xFFFFFFFF, OC_E_CORRUPT, "number of nodes with attributes at byte"},
    {0, 23, OC_E_CORRUPT, "is 23, the 1232 bytes left in the section hold at most 22"},
    {0, 21, OC_E_CORRUPT, "(ATTR): its contents end"},
    {ATTRIBUTE(0, 0), 36, OC_E_CORRUPT, "attributes 0 are of node 36, expected 0 to 35"},
    {ATTRIBUTE(1, 0), 2, OC_E_CORRUPT, "attributes 1 are of node 2, expected 3 to 35"},
    {ATTRIBUTE(0, 0), 1, OC_E_CORRUPT, "node 1 (conv): has the function 3, which only an activation may"},
    {ATTRIBUTE(0, 1), 9, OC_E_UNSUPPORTED, "node 2 (activation): function 9 is not known"},
    {ATTRIBUTE(0, 2), NAN_BITS, OC_E_CORRUPT, "its arguments are"},
    {ATTRIBUTE(0, 2), 0x3F800000, OC_E_CORRUPT, "function 3 takes no arguments 1 and 0"},
    {ATTRIBUTE(1, 3), INFINITY_BITS, OC_E_CORRUPT, "its arguments are"},
    {ATTRIBUTE(2, 2), 0x3F800000, OC_E_CORRUPT, "node 9 (max pool): its arguments are 1 and 0, expected 0"},
    {ATTRIBUTE(5, 3), 0x3F800000, OC_E_CORRUPT, "node 12 (pad): its arguments are 0 and 1, expected 1"},
    {ATTRIBUTE(0, 4), 1, OC_E_UNSUPPORTED, "node 2 (activation): its mode is 1, at most 0"},
    {ATTRIBUTE(2, 4), 2, OC_E_UNSUPPORTED, "node 9 (max pool): its mode is 2, at most 1"},
    {ATTRIBUTE(0, 5), 1, OC_E_CORRUPT, "its size 0 is 1, it has only 0"},
    {ATTRIBUTE(5, 11), 1, OC_E_CORRUPT, "node 12 (pad): its size 6 is 1, it has only 6"},
    {ATTRIBUTE(5, 4), 3, OC_E_UNSUPPORTED, "node 12 (pad): its mode is 3"},
    {ATTRIBUTE(5, 5), 65537, OC_E_CORRUPT, "its padding is 65537, at most 65536"},
    {ATTRIBUTE(5, 5), 8, OC_E_CORRUPT, "cannot be reflected"},
    {ATTRIBUTE(8, 5), 100, OC_E_CORRUPT, "begins at 100, input side 0 has 11"},
    {ATTRIBUTE(8, 6), 0, OC_E_CORRUPT, "from 0 to 0 in steps of 1 is nothing"},
    {ATTRIBUTE(8, 7), 0, OC_E_CORRUPT, "in steps of 0 is nothing"},
    {ATTRIBUTE(10, 5), 3, OC_E_CORRUPT, "its order 3, 0, 2"},
    {ATTRIBUTE(10, 5), 0, OC_E_CORRUPT, "its order 0, 0, 2"},
    {ATTRIBUTE(11, 5), 0xFFFFFFFF, OC_E_CORRUPT, "sides 0 and 2 are both to take the rest"},
    {ATTRIBUTE(11, 5), 7, OC_E_CORRUPT, "do not fill"},
    {ATTRIBUTE(11, 6), 0x80000000, OC_E_CORRUPT, "impossible"},
    {ATTRIBUTE(13, 5), 0, OC_E_CORRUPT, "its scale is 0"},
    {ATTRIBUTE(13, 8), 65537, OC_E_CORRUPT, "its scale is 4 / 65537"},
    {ATTRIBUTE(13, 6), 65536, OC_E_CORRUPT, "scaled by 4 / 65536"},
    {ATTRIBUTE(13, 4), 32, OC_E_UNSUPPORTED, "its mode is 32"},
    {ATTRIBUTE(18, 4), 0, OC_E_CORRUPT, "node 30 (add): its inputs are"},
};

START_TEST(faults_in_attributes) {
    oc__buffer file = support_file(context, GOLDEN_OPERATORS);
    ck_assert_uint_eq(file.data[OC__OCM_AT_MINOR], 1);
    support_put_u32(file.data + support_section(file.data, "ATTR") + attributes[_i].at, attributes[_i].value);
    golden_repair(file.data, file.size);
    must_fail(file.data, file.size, attributes[_i].code, attributes[_i].text);
    oc__buffer_free(&file);
}
END_TEST

/* The same for what only the classifier has. */
static const struct {
    const char *section;
    size_t at;
    uint32_t value;
    const char *text;
} more[] = {
    {"TAGS", 0, 2, "its contents end"},
    {"PROP", 0, 0xFFFFFFFF, "number of properties"},
    {"PROP", 4, 0, "property key"},
    {"PROP", 4, 65, "property key at byte"},
    {"PROP", 15, 65536, "property value at byte"},
    {"PROP", 15, 0xFFFFFFFF, "property value at byte"},
    {"MEAS", 0, 3, "unknown method 3"},
    {"MEAS", 4, 0, "has 0 folds"},
    {"MEAS", 12, 2, "section 7 (MEAS): its contents end"},
    {"MEAS", 12, 0xFFFFFFFF, "number of tags"},
    {"MEAS", 16, 0xFFFFFFFF, "number of pictures"},
    {"MEAS", 16, 8, "section 7 (MEAS): truth at byte"},
    {"MEAS", 20, NAN_BITS, "average precision of tag 0"},
    {"MEAS", 44, 3, "entry 0 of its measurement"},
    {"MEAS", 48, 3, "entry 0 of its measurement"},
    {"MEAS", 52, NAN_BITS, "entry 0 of its measurement"},
    {"MEAS", 56, 3, "entry 0 of its measurement"},
};

START_TEST(faults_in_the_classifier) {
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    support_put_u32(file.data + support_section(file.data, more[_i].section) + more[_i].at, more[_i].value);
    golden_repair(file.data, file.size);
    must_fail(file.data, file.size, OC_E_CORRUPT, more[_i].text);
    oc__buffer_free(&file);
}
END_TEST

/* Ranges: a count and two floats a node. */
START_TEST(faults_in_ranges) {
    static const struct {
        size_t at;
        uint32_t value;
        const char *text;
    } faults[] = {{0, 3, "has the ranges of 3 nodes"},
                  {0, 0, "has the ranges of 0 nodes"},
                  {0, 0xFFFFFFFF, "number of ranges"},
                  {4, NAN_BITS, "the range of node 0"},
                  {8, 0x7F800000, "the range of node 0"},
                  {12, 0x42000000, "the range of node 1"}};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        oc__buffer file = support_file(context, GOLDEN_OPERATORS);
        support_put_u32(file.data + support_section(file.data, "QUAN") + faults[i].at, faults[i].value);
        golden_repair(file.data, file.size);
        must_fail(file.data, file.size, OC_E_CORRUPT, faults[i].text);
        oc__buffer_free(&file);
    }
}
END_TEST

START_TEST(a_parameter_belongs_to_one_node) {
    oc__buffer file = support_file(context, GOLDEN_CLASSIFIER);
    uint8_t *graph = file.data + support_section(file.data, "GRPH");
    size_t norm = 16 + 64 + 72; /* after the outputs, the input and a convolution */
    ck_assert_uint_eq(oc__le32(graph + norm), OC__OP_BATCH_NORM);
    ck_assert_uint_eq(oc__le32(graph + norm + 16), 1);
    support_put_u32(graph + norm + 20, 1);
    golden_repair(file.data, file.size);
    must_fail(file.data, file.size, OC_E_CORRUPT, "node 2 uses parameter 1, which is in use already");
    oc__buffer_free(&file);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void) {
    Suite *suite = suite_create("ocm");
    TCase *tests = tcase_create("ocm");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_loop_test(tests, round_trip, 0, GOLDEN_N);
    tcase_add_test(tests, names_of_pictures_are_not_written);
    tcase_add_test(tests, every_float16_survives);
    tcase_add_test(tests, a_value_that_is_no_float16_is_not_rounded_in_silence);
    tcase_add_loop_test(tests, faults_in_attributes, 0, (int)(sizeof attributes / sizeof *attributes));
    tcase_add_loop_test(tests, golden_files_stay_readable, 0, GOLDEN_N);
    tcase_add_loop_test(tests, golden_files_are_what_is_written, 0, GOLDEN_N);
    tcase_add_test(tests, versions);
    tcase_add_test(tests, other_files);
    tcase_add_test(tests, limit_on_size);
    tcase_add_test(tests, unknown_sections);
    tcase_add_test(tests, order_of_sections_is_free);
    tcase_add_test(tests, missing_sections);
    tcase_add_test(tests, longer_and_shorter_sections);
    tcase_add_loop_test(tests, faults_outside_sections, 0, COUNT(outside));
    tcase_add_test(tests, bytes_after_the_end);
    tcase_add_loop_test(tests, faults_inside_sections, 0, COUNT(inside));
    tcase_add_loop_test(tests, faults_in_the_classifier, 0, COUNT(more));
    tcase_add_test(tests, faults_in_ranges);
    tcase_add_test(tests, a_parameter_belongs_to_one_node);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
