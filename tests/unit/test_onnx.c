/* Reading ONNX networks: numbers, features, maps, preparation, refusals. SPDX-License-Identifier: MIT
 *
 * The files in tests/golden/onnx are made by make_onnx.py, which also says what ONNX Runtime makes of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "learner.h"
#include "memory.h"
#include "onnx.h"
#include "support.h"

static oc_context *context;

static void set_up(void) { context = new_threads_context(2, NULL); }
static void tear_down(void) { end_context(context); }

static const char *path_of(const char *name, const char *ending) {
    static char path[512];
    snprintf(path, sizeof path, "%s/onnx/%s%s", OC_GOLDEN_FOLDER, name, ending);
    return path;
}

static oc_status read_file(oc__onnx_network *network, const char *name, const oc__onnx_options *options, oc_error *error) {
    oc__mapping file;
    ck_assert_int_eq(oc__file_map(&file, context, path_of(name, ".onnx"), 1 << 20, "limit", error), OC_OK);
    oc_status status = oc__onnx_read(network, context, file.data, file.size, name, options, error);
    oc__file_unmap(&file);
    return status;
}

static oc__onnx_network read_good(const char *name, oc__onnx_options options) {
    oc__onnx_network network;
    oc_error error = OC_ERROR_INIT;
    oc_status status = read_file(&network, name, &options, &error);
    ck_assert_msg(status == OC_OK, "%s", error.message);
    ck_assert_int_eq(oc__graph_check(&network.graph, &error), OC_OK);
    return network;
}

/* Fills the input [h][w][c] from the file's order. */
static void fill_input(float *to, const oc__shape *s, bool channels_last) {
    for (size_t p = 0; p < (size_t)s->h * s->w; p++)
        for (size_t c = 0; c < s->c; c++) {
            size_t i = channels_last ? p * s->c + c : c * s->h * s->w + p;
            to[p * s->c + c] = (float)((i * 37) % 101) / 50 - 1;
        }
}

static void compare(const char *name, bool channels_last) {
    oc__onnx_network network = read_good(name, (oc__onnx_options){.whole = true});
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    oc__shape in = {1, network.graph.nodes[0].channels, network.height, network.width}, out;
    float *input, *expected;
    uint8_t *bytes;
    size_t size;
    ck_assert_int_eq(oc__program_create(&program, &network.graph, in.h, in.w, NULL, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_create(&runner, program, NULL), OC_OK);
    ck_assert_int_eq(oc__runner_prepare(&input, runner, 1, in.h, in.w, NULL), OC_OK);
    fill_input(input, &in, channels_last);
    oc__runner_run(runner);
    const float *values = oc__runner_output(runner, 0, &out);
    ck_assert_int_eq(oc__file_read(&bytes, &size, context, path_of(name, ".f32"), 1 << 20, "limit", NULL), OC_OK);
    expected = (float *)(void *)bytes;
    size_t plane = (size_t)out.h * out.w;
    ck_assert_uint_eq(size, plane * out.c * sizeof *expected);
    double largest = 0, worst = 0;
    for (size_t i = 0; i < plane * out.c; i++) largest = fmax(largest, fabs((double)expected[i]));
    for (size_t p = 0; p < plane; p++)
        for (size_t c = 0; c < out.c; c++)
            worst = fmax(worst, fabs((double)values[p * out.c + c] - (double)expected[c * plane + p]));
    ck_assert_msg(worst <= 1e-5 * largest, "%s differs by %g of its largest value %g", name, worst, largest);
    oc__free(context, bytes);
    oc__runner_free(runner);
    oc__program_free(program);
    oc__onnx_network_free(&network);
}

START_TEST(gives_the_numbers_of_onnx_runtime) {
    static const char *const names[] = {"plain", "shuffled", "service", "draft", "channels_last", "resized"};
    compare(names[_i], strcmp(names[_i], "channels_last") == 0);
}
END_TEST

START_TEST(cuts_the_classifier_off) {
    oc__onnx_network network = read_good("plain", (oc__onnx_options){0});
    oc__shape shapes[64];
    ck_assert(network.cut);
    ck_assert_uint_eq(network.width, 8);
    ck_assert_int_eq(oc__graph_shapes(shapes, &network.graph, 1, 8, 8, NULL), OC_OK);
    oc__shape features = shapes[network.graph.outputs[0]];
    ck_assert(features.h == 1 && features.w == 1 && features.c == 12);
    ck_assert_str_eq(network.producer, "ocellus tests");
    for (size_t i = 0; i < network.graph.n_nodes; i++) ck_assert_uint_ne(network.graph.nodes[i].op, OC__OP_SOFTMAX);
    oc__onnx_network_free(&network);
}
END_TEST

START_TEST(takes_the_features_that_are_named) {
    oc_error error = OC_ERROR_INIT;
    oc__onnx_network all = read_good("plain", (oc__onnx_options){0}), network;
    for (int by_node = 0; by_node < 2; by_node++) { /* made by the first Relu */
        network = read_good("plain", (oc__onnx_options){.features = by_node ? "Relu8" : "v8_0"});
        oc__shape shapes[64];
        ck_assert_int_eq(oc__graph_shapes(shapes, &network.graph, 1, 8, 8, NULL), OC_OK);
        ck_assert_uint_eq(shapes[network.graph.outputs[0]].c, 6);
        ck_assert_uint_eq(shapes[network.graph.outputs[0]].h, 1); /* pooled */
        ck_assert_uint_lt(network.graph.n_nodes, all.graph.n_nodes);
        ck_assert(!network.cut);
        oc__onnx_network_free(&network);
    }
    oc__onnx_options missing = {.features = "nowhere"}, constant = {.features = "c1"};
    ck_assert_int_eq(read_file(&network, "plain", &missing, &error), OC_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "no node and no value 'nowhere'"));
    ck_assert_int_eq(read_file(&network, "plain", &constant, &error), OC_E_ARGUMENT);
    oc__onnx_network_free(&all);
}
END_TEST

START_TEST(passes_over_the_tail_of_the_service) {
    oc__onnx_network network = read_good("tail", (oc__onnx_options){0});
    ck_assert(network.cut && network.preparation.known);
    ck_assert_uint_eq(network.preparation.channels, OC__CHANNELS_BGR);
    ck_assert(network.preparation.scale == 1);
    oc__onnx_network_free(&network);
}
END_TEST

START_TEST(says_which_node_it_cannot_take) {
    oc__onnx_network network;
    oc_error error = OC_ERROR_INIT;
    oc__onnx_options label = {.features = "label"};
    ck_assert_int_eq(read_file(&network, "tail", &label, &error), OC_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.message, "node 'best' (ArgMax): the operator is not among those that are read"));
}
END_TEST

START_TEST(insists_on_a_size_that_the_file_has) {
    oc__onnx_network network;
    oc_error error = OC_ERROR_INIT;
    oc__onnx_options other = {.width = 16, .height = 16};
    ck_assert_int_eq(read_file(&network, "plain", &other, &error), OC_E_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.message, "is made for pictures of a height of 8, not 16"));
}
END_TEST

START_TEST(prepares_inside_and_last) {
    oc__onnx_network network = read_good("channels_last", (oc__onnx_options){0});
    ck_assert(network.preparation.known); /* the network takes 0.1 and doubles: the range is 0 to 1 */
    ck_assert(fabsf(network.preparation.scale * 255 - 1) < 1e-6f);
    ck_assert_uint_eq(network.width, 10);
    ck_assert_uint_eq(network.height, 8);
    oc__onnx_network_free(&network);
}
END_TEST

/* Every weight that is trained has a gradient that is a number. */
START_TEST(can_be_trained) {
    oc__onnx_network network = read_good("shuffled", (oc__onnx_options){0});
    oc__learner *learner = NULL;
    oc__shape in = {1, 3, network.height, network.width}, s;
    ck_assert_int_eq(oc__learner_create(&learner, &network.graph, 2, in.h, in.w, NULL), OC_OK);
    for (size_t i = 0; i < 2; i++) fill_input(oc__learner_input(learner) + i * 3 * in.h * in.w, &in, false);
    oc__learner_forward(learner);
    for (uint32_t i = 0; i < network.graph.n_outputs; i++) {
        oc__learner_output(learner, i, &s);
        float *gradient = oc__learner_output_gradient(learner, i);
        for (size_t k = 0; k < (size_t)s.n * s.c * s.h * s.w; k++) gradient[k] = i == 0 ? 1.0f + (float)k : 0;
    }
    oc__learner_backward(learner);
    for (size_t p = 0; p < network.graph.n_params; p++) {
        const float *gradient = oc__learner_gradient(learner, p);
        double sum = 0;
        check_that(gradient != NULL, "parameter %zu is not trained", p);
        for (size_t k = 0; k < network.graph.params[p].count; k++) sum += fabs((double)gradient[k]);
        check_that(isfinite(sum) && sum > 0, "the gradient of parameter %zu is %g", p, sum);
    }
    oc__learner_free(learner);
    oc__onnx_network_free(&network);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("onnx");
    TCase *tests = tcase_create("onnx");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 0); /* who runs the tests has one */
    tcase_add_loop_test(tests, gives_the_numbers_of_onnx_runtime, 0, 5);
    tcase_add_test(tests, cuts_the_classifier_off);
    tcase_add_test(tests, takes_the_features_that_are_named);
    tcase_add_test(tests, passes_over_the_tail_of_the_service);
    tcase_add_test(tests, says_which_node_it_cannot_take);
    tcase_add_test(tests, insists_on_a_size_that_the_file_has);
    tcase_add_test(tests, prepares_inside_and_last);
    tcase_add_test(tests, can_be_trained);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
