/* Runs an ONNX file on given numbers: onnx_run MODEL.onnx INPUT.f32 OUTPUT.f32 [N [FEATURES]]. SPDX-License-Identifier: MIT
 *
 * The input has N (standard: 1) tensors in the file's own layout; the outputs are written one after the other, channels first,
 * and described by a line "n c h w" each on standard output. With FEATURES ("-": found) the outputs are those of a base
 * network, and a line "features NAME" comes first; the weights' gradients are then computed too, to see that it can be trained.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "kernels.h"
#include "learner.h"
#include "onnx.h"

static oc_context *context;

static void check(oc_status status, const oc_error *error) {
    if (!status) return;
    printf("%s: %s\n", oc_status_name(status), error->message);
    exit(3);
}

/* From [n][c][h][w] to [n][h][w][c], or back. */
static void turn(float *to, const float *from, const oc__shape *s, bool back) {
    size_t plane = (size_t)s->h * s->w, image = plane * s->c;
    for (size_t n = 0; n < s->n; n++)
        for (size_t p = 0; p < plane; p++)
            for (size_t c = 0; c < s->c; c++) {
                size_t last = n * image + p * s->c + c, first = n * image + c * plane + p;
                if (back) to[first] = from[last];
                else to[last] = from[first];
            }
}

static float *read_input(const char *path, size_t count) {
    FILE *file = fopen(path, "rb");
    float *values = malloc(count * sizeof *values);
    if (!file || !values || fread(values, sizeof *values, count, file) != count || fgetc(file) != EOF) {
        printf("%s does not hold %zu numbers\n", path, count);
        exit(4);
    }
    fclose(file);
    return values;
}

static void write_outputs(const char *path, const oc__runner *runner, uint32_t n_outputs) {
    FILE *file = fopen(path, "wb");
    if (!file) exit(4);
    for (uint32_t i = 0; i < n_outputs; i++) {
        oc__shape s;
        const float *values = oc__runner_output(runner, i, &s);
        size_t count = (size_t)s.n * s.c * s.h * s.w;
        float *turned = malloc(count * sizeof *turned);
        if (!turned) exit(4);
        turn(turned, values, &s, true);
        printf("%u %u %u %u\n", s.n, s.c, s.h, s.w);
        if (fwrite(turned, sizeof *turned, count, file) != count) exit(4);
        free(turned);
    }
    fclose(file);
}

/* One step forward and backward: every gradient must be a number. */
static void learn(oc__onnx_network *network, const float *input, size_t count) {
    oc__learner *learner = NULL;
    oc_error error = OC_ERROR_INIT;
    oc__shape s;
    check(oc__learner_create(&learner, &network->graph, 1, network->height, network->width, &error), &error);
    memcpy(oc__learner_input(learner), input, count * sizeof *input);
    oc__learner_forward(learner);
    for (uint32_t i = 0; i < network->graph.n_outputs; i++) {
        oc__learner_output(learner, i, &s);
        float *gradient = oc__learner_output_gradient(learner, i);
        for (size_t k = 0; k < (size_t)s.c * s.h * s.w; k++) gradient[k] = i == 0 ? 1.0f / (float)s.c : 0;
    }
    oc__learner_backward(learner);
    size_t moved = 0;
    for (size_t p = 0; p < network->graph.n_params; p++) {
        const float *gradient = oc__learner_gradient(learner, p);
        bool any = false;
        for (size_t k = 0; gradient && k < network->graph.params[p].count; k++) {
            any |= gradient[k] != 0;
            if (!isfinite(gradient[k])) {
                printf("gradient %zu of parameter %zu is not a number\n", k, p);
                exit(5);
            }
        }
        moved += any;
    }
    printf("trained %zu of %zu\n", moved, network->graph.n_params);
    oc__learner_free(learner);
}

int main(int argc, char **argv) {
    oc_error error = OC_ERROR_INIT;
    oc__mapping file;
    oc__onnx_network network;
    oc__program *program = NULL;
    oc__runner *runner = NULL;
    oc_context_options limits = OC_CONTEXT_OPTIONS_INIT;
    limits.n_threads = 2;
    if (argc < 4) return 2;
    const char *features = argc > 5 ? argv[5] : NULL;
    uint32_t n = argc > 4 ? (uint32_t)atoi(argv[4]) : 1;
    bool channels_last = getenv("OCELLUS_NHWC") != NULL;
    oc__onnx_options options = {.layout = channels_last ? OC__ONNX_NHWC : OC__ONNX_NCHW,
                                .whole = !features, .features = features && strcmp(features, "-") != 0 ? features : NULL};
    check(oc__context_create(&context, &limits, &error), &error);
    context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    check(oc__file_map(&file, context, argv[1], UINT32_MAX, "limit", &error), &error);
    check(oc__onnx_read(&network, context, file.data, file.size, argv[1], &options, &error), &error);
    oc__file_unmap(&file);
    check(oc__graph_check(&network.graph, &error), &error);
    check(oc__program_create(&program, &network.graph, network.height, network.width, NULL, &error), &error);
    check(oc__runner_create(&runner, program, &error), &error);
    float *input;
    check(oc__runner_prepare(&input, runner, n, network.height, network.width, &error), &error);
    oc__shape s = {n, network.graph.nodes[0].channels, network.height, network.width};
    size_t count = (size_t)s.n * s.c * s.h * s.w;
    float *given = read_input(argv[2], count);
    if (channels_last) memcpy(input, given, count * sizeof *input);
    else turn(input, given, &s, false);
    float *kept = malloc(count * sizeof *kept);
    if (!kept) return 4;
    memcpy(kept, input, count * sizeof *kept);
    oc__runner_run(runner);
    if (features) {
        printf("features %s\n", network.features);
        printf("cut %d maps %u preparation %d %g\n", network.cut, network.n_maps, network.preparation.known,
               (double)network.preparation.scale);
    }
    write_outputs(argv[3], runner, network.graph.n_outputs);
    if (features && n == 1) learn(&network, kept, count);
    free(given);
    free(kept);
    oc__runner_free(runner);
    oc__program_free(program);
    oc__onnx_network_free(&network);
    oc__context_release(context);
    return 0;
}
