/* Reading model files whatever the bytes are. SPDX-License-Identifier: MIT
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With OC_FUZZ_REPLAY defined it is an ordinary program that runs
 * the files given. Each input is read as it is and with its checksums made right, without which hardly any would get past
 * them. What is read must be written and read again to the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "kernels.h"
#include "memory.h"
#include "ocm.h"

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

static void write_again(const oc_model *model) {
    oc__buffer first = {.context = context}, second = {.context = context};
    oc_model *again = NULL;
    if (oc__ocm_write(&first, model, NULL) || oc__ocm_read(&again, context, first.data, first.size, "again", NULL)
        || oc__ocm_write(&second, again, NULL) || first.size != second.size || memcmp(first.data, second.data, first.size) != 0)
        abort();
    oc__buffer_free(&first);
    oc__buffer_free(&second);
    oc__model_release(again);
}

static void read_one(const uint8_t *data, size_t size) {
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    largest = 0;
    oc_status status = oc__ocm_read(&model, context, data, size, "fuzz.ocm", &error);
    if (largest > 128 * size + (64 << 10)) abort();
    if (status ? model != NULL || error.code != status || !error.message[0] : model == NULL) abort();
    if (!status) write_again(model);
    oc__model_release(model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!context) set_up();
    if (size > MAX_SIZE) return 0;
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy) return 0;
    memcpy(copy, data, size);
    read_one(copy, size);
    golden_repair(copy, size);
    read_one(copy, size);
    free(copy);
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
