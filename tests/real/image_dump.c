/* Decodes pictures for images.py, which compares them with another decoder's. SPDX-License-Identifier: MIT
 *
 *     image_dump < requests > answers
 *
 * A request is one line: REDUCE WIDTH HEIGHT FILTER LEFT TOP RIGHT BOTTOM PATH. With WIDTH 0 the picture itself is wanted,
 * else the part of it resized. An answer is one line, STATUS WIDTH HEIGHT MESSAGE, and width x height x 3 bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "picture.h"
#include "resample.h"

static int answer(oc_context *context, char *line) {
    oc_error error = OC_ERROR_INIT;
    oc__bitmap bitmap;
    unsigned reduce, width, height, filter;
    oc__part part;
    int at = 0;
    if (sscanf(line, "%u %u %u %u %f %f %f %f %n", &reduce, &width, &height, &filter, &part.left, &part.top, &part.right,
               &part.bottom, &at) != 8)
        return 1;
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = line + at;
    oc_status status = oc__bitmap_open(&bitmap, context, &image, reduce, &error);
    if (status) {
        printf("%d 0 0 %s\n", (int)status, error.message);
        return 0;
    }
    if (width > 0) {
        uint8_t *pixels = malloc((size_t)width * height * 3);
        if (!pixels || oc__resample(pixels, width, height, &bitmap, part, filter, &error)) return 1;
        printf("0 %u %u \n", width, height);
        fwrite(pixels, 3, (size_t)width * height, stdout);
        free(pixels);
    } else {
        printf("0 %u %u \n", bitmap.width, bitmap.height);
        fwrite(bitmap.pixels, 3, (size_t)bitmap.width * bitmap.height, stdout);
    }
    oc__bitmap_free(&bitmap);
    return 0;
}

int main(void) {
    static char line[8192];
    oc_context *context;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    if (oc__context_create(&context, &options, NULL)) return 1;
    int failed = 0;
    while (!failed && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        failed = answer(context, line);
        fflush(stdout);
    }
    oc__context_release(context);
    return failed;
}
