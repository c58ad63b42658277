/* ONNX files that are damaged or ask for too much, and reading when memory runs out. SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ocm_support.h"
#include "onnx.h"
#include "random.h"

static recorder record;
static oc_context *context;

static void set_up(void) { context = support_context(&record); }

static void tear_down(void) {
    oc__context_release(context);
    ck_assert_uint_eq(record.n_live, 0);
}

/* Reads bytes that may be damaged: an error of the kinds a file may cause, or a graph that passes the checks of every graph but
 * perhaps those of the numbers. Nothing is left, and no request for memory is beyond what the file justifies. */
static oc_status read_damaged(const uint8_t *data, size_t size, bool whole, oc_error *error) {
    oc__onnx_network network;
    oc__onnx_options options = {.whole = whole};
    size_t before = record.n_live;
    *error = (oc_error)OC_ERROR_INIT;
    record.largest = 0;
    oc_status status = oc__onnx_read(&network, context, data, size, "n.onnx", &options, error);
    ck_assert_msg(status == OC_OK || status == OC_E_FORMAT || status == OC_E_CORRUPT || status == OC_E_UNSUPPORTED ||
                      status == OC_E_LIMIT || status == OC_E_ARGUMENT,
                  "%d: %s", status, error->message);
    ck_assert_int_eq(error->code, status);
    ck_assert(!status || strncmp(error->message, "n.onnx: ", 8) == 0);
    ck_assert_msg(record.largest <= 256 * size + (1 << 20), "%zu bytes at once for a file of %zu", record.largest, size);
    if (!status) {
        oc_status sound = oc__graph_check(&network.graph, error);
        ck_assert_msg(sound == OC_OK || sound == OC_E_CORRUPT, "%s", error->message);
        oc__onnx_network_free(&network);
    }
    ck_assert_uint_eq(record.n_live, before);
    return status;
}

/* --- damage --- */

static const char *const names[] = {"plain", "shuffled", "service", "channels_last", "resized", "tail"};
#define N_NAMES 6

static uint8_t *golden(size_t *size, int which) {
    char path[512];
    uint8_t *bytes;
    snprintf(path, sizeof path, "%s/onnx/%s.onnx", OC_GOLDEN_FOLDER, names[which]);
    ck_assert_int_eq(oc__file_read(&bytes, size, context, path, 1 << 20, "limit", NULL), OC_OK);
    uint8_t *exact = support_copy(bytes, *size);
    oc__free(context, bytes);
    return exact;
}

START_TEST(every_truncation) {
    size_t size;
    oc_error error;
    uint8_t *data = golden(&size, _i);
    for (size_t n = 0; n < size; n += n < 300 ? 1 : 7) {
        uint8_t *part = support_copy(data, n);
        ck_assert_int_ne(read_damaged(part, n, true, &error), OC_OK);
        free(part);
    }
    free(data);
}
END_TEST

/* One bit of each byte, and then several at once. */
START_TEST(flipped_bits) {
    size_t size;
    oc_error error;
    oc__random random;
    uint8_t *data = golden(&size, _i);
    oc__random_seed(&random, 3, (uint64_t)_i);
    for (size_t i = 0; i < size; i++) {
        uint8_t kept = data[i];
        data[i] ^= (uint8_t)(1u << oc__random_below(&random, 8));
        read_damaged(data, size, i % 2, &error);
        data[i] = kept;
    }
    for (int round = 0; round < 500; round++) {
        uint8_t *copy = support_copy(data, size);
        for (uint64_t k = oc__random_below(&random, 12); k-- > 0;)
            copy[oc__random_below(&random, size)] = (uint8_t)oc__random_below(&random, 256);
        read_damaged(copy, size, round % 2, &error);
        free(copy);
    }
    free(data);
}
END_TEST

/* --- files that ask for too much, written field by field --- */

static void put_varint(oc__buffer *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7) oc__buffer_append(out, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
    oc__buffer_append(out, &(uint8_t){(uint8_t)value}, 1);
}

static void put_number(oc__buffer *out, uint32_t field, int64_t value) {
    put_varint(out, field << 3);
    put_varint(out, (uint64_t)value);
}

static void put_bytes(oc__buffer *out, uint32_t field, const void *data, size_t size) {
    put_varint(out, field << 3 | 2);
    put_varint(out, size);
    oc__buffer_append(out, data, size);
}

static void put_text(oc__buffer *out, uint32_t field, const char *text) { put_bytes(out, field, text, strlen(text)); }

/* Moves one message into another. */
static void put_message(oc__buffer *out, uint32_t field, oc__buffer *message) {
    put_bytes(out, field, message->size ? message->data : (const void *)"", message->size);
    oc__buffer_free(message);
}

static oc__buffer new_buffer(void) { return (oc__buffer){.context = context}; }

static void put_tensor(oc__buffer *graph, const char *name, int32_t type, const int64_t *dims, size_t rank, const void *raw,
                       size_t size) {
    oc__buffer t = new_buffer();
    for (size_t i = 0; i < rank; i++) put_number(&t, 1, dims[i]);
    put_number(&t, 2, type);
    put_text(&t, 8, name);
    put_bytes(&t, 9, raw, size);
    put_message(graph, 5, &t);
}

/* A node with up to two attributes of whole numbers. */
static void put_node(oc__buffer *graph, const char *op, const char *const *in, const char *out, const char *attribute,
                     const int64_t *numbers, size_t n) {
    oc__buffer node = new_buffer(), a = new_buffer();
    for (; *in; in++) put_text(&node, 1, *in);
    put_text(&node, 2, out);
    put_text(&node, 4, op);
    if (attribute) {
        put_text(&a, 1, attribute);
        for (size_t i = 0; i < n; i++) put_number(&a, 8, numbers[i]);
        if (n == 1) put_number(&a, 3, numbers[0]);
        put_message(&node, 5, &a);
    }
    oc__buffer_free(&a);
    put_message(graph, 1, &node);
}

static void put_value(oc__buffer *graph, uint32_t field, const char *name, const int64_t *dims, size_t rank) {
    oc__buffer value = new_buffer(), type = new_buffer(), tensor = new_buffer(), shape = new_buffer();
    for (size_t i = 0; i < rank; i++) {
        oc__buffer dim = new_buffer();
        put_number(&dim, 1, dims[i]);
        put_message(&shape, 1, &dim);
    }
    put_number(&tensor, 1, 1);
    put_message(&tensor, 2, &shape);
    put_message(&type, 1, &tensor);
    put_text(&value, 1, name);
    put_message(&value, 2, &type);
    put_message(graph, field, &value);
}

/* Reads a graph as a file of operator set `opset`, and expects a failure whose message holds `part`. */
static void expect(oc__buffer *graph, int64_t opset, oc_status status, const char *part) {
    oc__buffer file = new_buffer(), set = new_buffer();
    oc_error error;
    put_number(&file, 1, 8);
    put_number(&set, 2, opset);
    put_message(&file, 8, &set);
    put_message(&file, 7, graph);
    oc_status got = read_damaged(file.data, file.size, true, &error);
    ck_assert_msg(got == status && strstr(error.message, part), "%s: %s, expected %s: ...%s...", oc_status_name(got),
                  error.message, oc_status_name(status), part);
    oc__buffer_free(&file);
}

static const int64_t picture[4] = {1, 3, 8, 8};

/* A graph of one node, whose input x is a picture and whose other inputs have been put already. */
static void expect_node(oc__buffer *graph, const char *op, const char *const *in, const char *attribute, const int64_t *numbers,
                        size_t n, oc_status status, const char *part) {
    put_node(graph, op, in, "y", attribute, numbers, n);
    put_value(graph, 11, "x", picture, 4);
    put_value(graph, 12, "y", picture, 0);
    expect(graph, 13, status, part);
}

#define IN(...) ((const char *const[]){__VA_ARGS__, NULL})
#define N(...) ((const int64_t[]){__VA_ARGS__}), sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)

START_TEST(tensors_that_are_too_large) {
    static const float some[12] = {0};
    static const int64_t huge[3] = {0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF}, negative[1] = {-1}, twelve[1] = {12},
                         long_ago[9] = {1};
    const struct {
        const int64_t *dims;
        size_t rank;
        int32_t type;
        size_t size;
        const char *part;
    } cases[] = {{huge, 3, 1, 48, "initializer 'w'"},       {huge, 1, 1, 48, "holds 48"},
                 {negative, 1, 1, 48, "dimension 0 of a tensor is -1"}, {twelve, 1, 1, 44, "has 44 bytes"},
                 {twelve, 1, 8, 48, "type 8"},              {long_ago, 9, 1, 48, "9 dimensions"},
                 {twelve, 1, 7, 48, "has 48 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__buffer graph = new_buffer();
        put_tensor(&graph, "w", cases[i].type, cases[i].dims, cases[i].rank, some, cases[i].size);
        bool kind = cases[i].type == 8 || cases[i].rank == 9;
        expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, kind ? OC_E_UNSUPPORTED : OC_E_CORRUPT, cases[i].part);
    }
}
END_TEST

START_TEST(data_in_another_file) {
    oc__buffer graph = new_buffer(), tensor = new_buffer(), entry = new_buffer();
    put_number(&tensor, 1, 1);
    put_number(&tensor, 2, 1);
    put_text(&tensor, 8, "w");
    put_text(&entry, 1, "location");
    put_text(&entry, 2, "../../etc/passwd");
    put_message(&tensor, 13, &entry);
    put_number(&tensor, 14, 1);
    put_message(&graph, 5, &tensor);
    expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, OC_E_UNSUPPORTED, "in another file, which is never opened");
}
END_TEST

START_TEST(attributes_out_of_range) {
    static const float weights[9] = {0};
    static const int64_t shape[4] = {1, 1, 3, 3}, far[1] = {1};
    static const int64_t wide[1] = {INT64_MAX};
    const struct {
        const char *attribute;
        int64_t numbers[4];
        size_t n;
        const char *part;
    } cases[] = {{"group", {0}, 1, "groups"},
                 {"group", {INT64_MAX}, 1, "groups"},
                 {"strides", {0, 0}, 2, "strides is 0"},
                 {"strides", {INT64_MAX, 1}, 2, "strides is"},
                 {"pads", {-1, 0, 0, 0}, 4, "pads is -1"},
                 {"pads", {INT64_MAX, 0, 0, 0}, 4, "pads is"},
                 {"dilations", {INT64_MIN, 1}, 2, "dilations is"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__buffer graph = new_buffer();
        put_tensor(&graph, "w", 1, shape, 4, weights, sizeof weights);
        put_tensor(&graph, "narrow", 7, far, 1, wide, sizeof wide);
        put_node(&graph, "Slice", IN("x", "one", "two", "axis"), "channel", NULL, NULL, 0);
        oc__buffer first = new_buffer();
        for (size_t k = 0; k < 3; k++) {
            static const char *const texts[] = {"one", "two", "axis"};
            static const int64_t values[] = {0, 1, 1};
            put_tensor(&first, texts[k], 7, far, 1, &values[k], sizeof values[k]);
        }
        oc__buffer_append(&graph, first.data, first.size);
        oc__buffer_free(&first);
        oc_status status = strcmp(cases[i].attribute, "group") == 0 ? OC_E_CORRUPT : OC_E_UNSUPPORTED;
        expect_node(&graph, "Conv", IN("channel", "w"), cases[i].attribute, cases[i].numbers, cases[i].n, status,
                    cases[i].part);
    }
    oc__buffer graph = new_buffer();
    expect_node(&graph, "Softmax", IN("x"), "axis", N(INT64_MIN), OC_E_CORRUPT, "is out of range for 4 dimensions");
    graph = new_buffer();
    expect_node(&graph, "Transpose", IN("x"), "perm", N(0, 1, 1, 3), OC_E_CORRUPT, "is no permutation");
    graph = new_buffer();
    expect_node(&graph, "Flatten", IN("x"), "axis", N(9), OC_E_CORRUPT, "axis 9 is out of range");
}
END_TEST

START_TEST(graphs_that_do_not_hang_together) {
    oc__buffer graph = new_buffer();
    expect_node(&graph, "Relu", IN("later"), NULL, NULL, 0, OC_E_CORRUPT, "is made by no node before it");
    graph = new_buffer();
    expect_node(&graph, "Relu", IN("y"), NULL, NULL, 0, OC_E_CORRUPT, "is made by no node before it");
    graph = new_buffer();
    put_node(&graph, "Relu", IN("x"), "y", NULL, NULL, 0);
    expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, OC_E_CORRUPT, "'y' is made twice");
    graph = new_buffer();
    put_value(&graph, 11, "x2", picture, 4);
    expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, OC_E_UNSUPPORTED, "has the inputs 'x2' and 'x'");
    graph = new_buffer();
    expect(&graph, 13, OC_E_CORRUPT, "its graph has no nodes");
    graph = new_buffer();
    put_node(&graph, "Relu", IN("x"), "y", NULL, NULL, 0);
    expect(&graph, 0, OC_E_UNSUPPORTED, "operator set 0; 1 to 21 are read");
    graph = new_buffer();
    put_node(&graph, "", IN("x"), "y", NULL, NULL, 0);
    expect(&graph, 13, OC_E_CORRUPT, "does not name its operator");
    graph = new_buffer();
    put_node(&graph, "Gelu", IN("x"), "y", NULL, NULL, 0);
    expect_node(&graph, "Identity", IN("x"), NULL, NULL, 0, OC_E_CORRUPT, "made twice");
}
END_TEST

/* Constants that are folded again and again, each time to twice the size; and one large weight used by many nodes. */
START_TEST(constants_that_multiply) {
    static const int64_t dims[1] = {1000}, square[2] = {60, 60};
    static float values[3600];
    oc__buffer graph = new_buffer();
    char before[16] = "w", after[16];
    put_tensor(&graph, "w", 1, dims, 1, values, 4000);
    for (int i = 0; i < 40; i++) {
        snprintf(after, sizeof after, "c%d", i);
        put_node(&graph, "Concat", IN(before, before), after, "axis", N(0));
        strcpy(before, after);
    }
    expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, OC_E_LIMIT, "its constant result has");
    graph = new_buffer();
    put_tensor(&graph, "w", 1, square, 2, values, sizeof values);
    for (int i = 0; i < 3000; i++) {
        snprintf(after, sizeof after, "c%d", i);
        put_node(&graph, "Transpose", IN("w"), after, NULL, NULL, 0);
    }
    expect_node(&graph, "Relu", IN("x"), NULL, NULL, 0, OC_E_LIMIT, "more memory than a file of this size may ask for");
}
END_TEST

START_TEST(more_nodes_than_a_graph_may_have) {
    oc__buffer graph = new_buffer();
    char before[16] = "x", after[16];
    for (int i = 0; i < OC__MAX_NODES + 10; i++) {
        snprintf(after, sizeof after, "r%d", i);
        put_node(&graph, "Relu", IN(before), after, NULL, NULL, 0);
        strcpy(before, after);
    }
    expect_node(&graph, "Relu", IN(before), NULL, NULL, 0, OC_E_LIMIT, "more than 4096 nodes");
}
END_TEST

/* --- memory --- */

START_TEST(reading_without_memory) {
    size_t size;
    uint8_t *data = golden(&size, _i / 2);
    oc__onnx_options options = {0};
    for (size_t at = 1;; at++) {
        oc__onnx_network network;
        oc_error error = OC_ERROR_INIT;
        size_t before = record.n_live;
        record.n = 0;
        record.fail_at = at;
        record.fail_after = _i % 2;
        oc_status status = oc__onnx_read(&network, context, data, size, "n.onnx", &options, &error);
        record.fail_at = 0;
        bool reached = record.n >= at;
        if (status) ck_assert_msg(status == OC_E_NOMEM, "request %zu: %s", at, error.message);
        else oc__onnx_network_free(&network);
        ck_assert_uint_eq(record.n_live, before);
        if (!reached) {
            ck_assert_int_eq(status, OC_OK);
            break;
        }
        ck_assert_int_eq(status, OC_E_NOMEM);
    }
    free(data);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("onnx_hostile");
    TCase *tests = tcase_create("onnx_hostile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_loop_test(tests, every_truncation, 0, N_NAMES);
    tcase_add_loop_test(tests, flipped_bits, 0, N_NAMES);
    tcase_add_test(tests, tensors_that_are_too_large);
    tcase_add_test(tests, data_in_another_file);
    tcase_add_test(tests, attributes_out_of_range);
    tcase_add_test(tests, graphs_that_do_not_hang_together);
    tcase_add_test(tests, constants_that_multiply);
    tcase_add_test(tests, more_nodes_than_a_graph_may_have);
    tcase_add_loop_test(tests, reading_without_memory, 0, 2 * N_NAMES);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
