/* Runs one operator: a line of whole numbers and the input and parameters come on standard input, the output goes to standard
 * output. See operators.py. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernels.h"
#include "program.h"

static uint32_t number(void) {
    unsigned value;
    if (scanf("%u", &value) != 1) exit(2);
    return value;
}

static void read_floats(float *to, size_t n) {
    if (fread(to, sizeof *to, n, stdin) != n) exit(2);
}

/* The line: n, height, width, channels; operator; window (8); channels, groups, function, mode; sizes (9); number of
 * parameters, and of each its rank and dimensions. Then in float32: alpha, beta, the parameters, the pictures. */
static oc__node read_node(oc__graph *graph) {
    oc__node node = {.n_inputs = 1, .low = -INFINITY, .high = INFINITY, .op = number()};
    uint32_t *window = &node.window.kernel_height;
    for (int i = 0; i < 8; i++) window[i] = number();
    node.channels = number();
    node.groups = number();
    node.function.code = number();
    node.mode = number();
    for (int i = 0; i < OC__MAX_SIZES; i++) node.sizes[i] = number();
    node.n_params = number();
    if (node.n_params > OC__MAX_PARAMS) exit(2);
    for (uint32_t i = 0; i < node.n_params; i++) {
        uint32_t rank = number(), dimensions[4];
        if (rank > 4) exit(2);
        for (uint32_t j = 0; j < rank; j++) dimensions[j] = number();
        if (oc__graph_add_param(&node.params[i], graph, rank, dimensions, NULL)) exit(2);
    }
    if (getchar() != '\n') exit(2);
    read_floats(&node.function.alpha, 1);
    read_floats(&node.function.beta, 1);
    for (size_t i = 0; i < graph->n_params; i++) read_floats(graph->params[i].values, graph->params[i].count);
    return node;
}

int main(void) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    oc_error err = OC_ERROR_INIT;
    oc__graph graph = {.n_outputs = 1, .outputs = {1}};
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    oc__shape shape;
    float *input;
    uint32_t index, n = number(), height = number(), width = number(), channels = number();
    if (oc__context_create(&graph.context, &options, &err)) return 2;
    graph.context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    oc_status status = oc__graph_input(&index, &graph, channels, &err);
    oc__node node = read_node(&graph);
    if (!status) status = oc__graph_add_node(&index, &graph, &node, &err);
    if (!status) status = oc__graph_check(&graph, &err);
    if (!status) status = oc__program_create(&program, &graph, height, width, NULL, &err);
    if (!status) status = oc__runner_create(&runner, program, &err);
    if (!status) status = oc__runner_prepare(&input, runner, n, height, width, &err);
    if (!status) {
        read_floats(input, (size_t)n * height * width * channels);
        oc__runner_run(runner);
        const float *out = oc__runner_output(runner, 0, &shape);
        printf("%u %u %u %u\n", shape.n, shape.h, shape.w, shape.c);
        fwrite(out, sizeof *out, (size_t)shape.n * shape.h * shape.w * shape.c, stdout);
    } else {
        fprintf(stderr, "%s\n", err.message);
    }
    oc_context *context = graph.context;
    oc__runner_free(runner);
    oc__program_free(program);
    oc__graph_free(&graph);
    oc__context_release(context);
    return status ? 1 : 0;
}
