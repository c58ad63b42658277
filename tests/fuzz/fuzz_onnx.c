/* Reading ONNX files whatever the bytes are. SPDX-License-Identifier: MIT
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With OC_FUZZ_REPLAY defined it is an ordinary program that runs
 * the files given. What is read is a graph that passes the checks of every graph; if it is small it is run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "memory.h"
#include "onnx.h"

#define MAX_SIZE (64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static oc_context *context;
static size_t largest; /* request for memory since it was set to 0 */

static void *allocate(void *user, size_t size) {
    (void)user;
    if (size > largest) largest = size;
    return malloc(size);
}

static void release(void *user, void *memory) {
    (void)user;
    free(memory);
}

static void set_up(void) {
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.allocate = allocate;
    options.release = release;
    if (oc__context_create(&context, &options, NULL)) abort();
    context->kernels = oc__kernels_select("c");
}

/* Elements of all outputs together; SIZE_MAX if that is too much to run here. */
static size_t work_of(const oc__onnx_network *network) {
    size_t total = 0, count;
    oc__shape *shapes = oc__alloc_array(context, network->graph.n_nodes, sizeof *shapes);
    if (!shapes || oc__graph_shapes(shapes, &network->graph, 1, network->height, network->width, NULL)) abort();
    for (size_t i = 0; i < network->graph.n_nodes; i++)
        total = oc__shape_count(&count, &shapes[i]) && count < (1 << 16) && total < (1 << 16) ? total + count : SIZE_MAX / 2;
    oc__free(context, shapes);
    return total;
}

static void run_it(const oc__onnx_network *network) {
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    float *input;
    if (oc__program_create(&program, &network->graph, network->height, network->width, NULL, NULL)) return;
    if (oc__runner_create(&runner, program, NULL)) abort();
    if (!oc__runner_prepare(&input, runner, 1, network->height, network->width, NULL)) {
        for (size_t i = 0; i < (size_t)network->graph.nodes[0].channels * network->height * network->width; i++)
            input[i] = (float)(i % 7) - 3;
        oc__runner_run(runner);
    }
    oc__runner_free(runner);
    oc__program_free(program);
}

static void read_one(const uint8_t *data, size_t size, bool whole) {
    oc__onnx_network network;
    oc__onnx_options options = {.whole = whole};
    oc_error error = OC_ERROR_INIT;
    largest = 0;
    oc_status status = oc__onnx_read(&network, context, data, size, "fuzz.onnx", &options, &error);
    if (largest > 256 * size + (1 << 20)) abort();
    if (status) {
        if (error.code != status || !error.message[0] || network.graph.n_nodes) abort();
        return;
    }
    if (oc__graph_check(&network.graph, &error) && error.code != OC_E_CORRUPT) abort();
    if (!oc__graph_check(&network.graph, NULL) && work_of(&network) < (1 << 16)) run_it(&network);
    oc__onnx_network_free(&network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!context) set_up();
    if (size > MAX_SIZE) return 0;
    read_one(data, size, false);
    read_one(data, size, true);
    return 0;
}

#ifdef OC_FUZZ_REPLAY
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        uint8_t *data = malloc(MAX_SIZE);
        if (!file || !data) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(data, 1, MAX_SIZE, file);
        uint8_t *exact = realloc(data, size ? size : 1); /* so that a sanitizer sees a read past the end */
        fclose(file);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    oc__context_release(context);
    return 0;
}
#endif
