/* Decoding and preparing whatever the bytes are. SPDX-License-Identifier: MIT
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With OC_FUZZ_REPLAY defined it is an ordinary program that runs
 * the files given. */
#include <stdio.h>
#include <stdlib.h>

#include "picture.h"
#include "prepare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static oc_context *new_context(void) {
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.max_image_pixels = 1 << 20;
    options.max_image_scans = 20;
    options.max_image_chunks = 100;
    options.max_memory = 64 << 20;
    if (oc__context_create(&context, &options, NULL)) abort();
    return context;
}

/* Reads every byte of the result, so that a sanitizer sees one that was never written. */
static volatile unsigned sink;

static void use(const void *bytes, size_t size) {
    unsigned sum = 0;
    for (size_t i = 0; i < size; i++) sum += ((const uint8_t *)bytes)[i];
    if (sum & 1) sink = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static oc_context *context;
    static float input[24 * 16 * 3];
    oc_image image = OC_IMAGE_INIT;
    oc__bitmap bitmap;
    oc_error error = OC_ERROR_INIT;
    if (!context) context = new_context();
    image.format = OC_IMAGE_ENCODED;
    image.data = data;
    image.size = size;
    /* The last byte chooses what is not in a picture file. */
    unsigned choice = size ? data[size - 1] : 0;
    oc__prepare_rule rule = {24,        16, 1 + choice % 3, 1 + choice / 3 % 2, choice / 6 % 2, 1 + choice / 12 % 2, {0, 0, 0},
                             {1, 1, 1}, {0}};
    if (oc__bitmap_open(&bitmap, context, &image, oc__prepare_reduce_to(&rule), &error) == OC_OK) {
        use(bitmap.pixels, (size_t)bitmap.width * bitmap.height * 3);
        if (oc__prepare(input, &bitmap, &rule, &(oc__view){0.1, 0.2, 0.5, 0.7, choice / 24 % 2}, NULL) == OC_OK)
            use(input, sizeof input);
        oc__bitmap_free(&bitmap);
    } else if (!error.message[0] || error.code == OC_E_INTERNAL)
        abort();
    if (atomic_load(&context->memory_used) != 0) abort();
    return 0;
}

#ifdef OC_FUZZ_REPLAY
int main(int n, char **paths) {
    for (int i = 1; i < n; i++) {
        FILE *file = fopen(paths[i], "rb");
        if (!file) {
            perror(paths[i]);
            return 1;
        }
        uint8_t *data = malloc(1 << 26);
        if (!data) return 1;
        size_t size = fread(data, 1, 1 << 26, file);
        fclose(file);
        uint8_t *exact = realloc(data, size ? size : 1);
        LLVMFuzzerTestOneInput(exact ? exact : data, size);
        free(exact ? exact : data);
    }
    printf("%d files\n", n - 1);
    return 0;
}
#endif
