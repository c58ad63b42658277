/* What the fuzz targets for annotation files share. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "annotations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange.h"
#include "file.h"

static char folder[64];
static oc_context *context;

static void clean_up(void) { oc__folder_remove(folder); }

static void put(const char *name, const void *data, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/in/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file)) abort();
}

static void start(void) {
    /* 4 x 2 pixels */
    static const uint8_t bmp[78] = {'B', 'M', 78, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40,
                                    0,   0,   0,  4, 0, 0, 0, 2, 0, 0, 0,  1, 0, 24};
    char in[80];
    if (context) return;
    strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/ocellus-fuzz-XXXXXX" : "/tmp/ocellus-fuzz-XXXXXX");
    if (!mkdtemp(folder)) abort();
    atexit(clean_up);
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.max_memory = 256 << 20;
    if (oc__context_create(&context, &options, NULL)) abort();
    snprintf(in, sizeof in, "%s/in", folder);
    if (oc__folder_make(context, in, NULL)) abort();
    put("a.bmp", bmp, sizeof bmp);
}

static oc_status load(oc__annotations **set, oc_exchange **report, const char *path, const char *format, oc_error *err) {
    if (oc__exchange_create(report, context, err)) abort();
    return oc__annotations_load(set, context, *report, path, format, NULL, err);
}

/* What was read is written in another format, which must be readable. */
static void pass_on(oc__annotations *set, const oc__exchange_format *format) {
    char path[96];
    oc__progress progress;
    oc_error error = OC_ERROR_INIT;
    oc__annotations *again = NULL;
    oc_exchange *report;
    snprintf(path, sizeof path, "%s/out", folder);
    oc__progress_begin(&progress, NULL, NULL, NULL);
    oc_status status = oc__annotations_save(set, path, format, 0, &progress, &error);
    if (!status && format->read) {
        status = load(&again, &report, path, format->name, &error);
        oc__annotations_free(again);
        oc__exchange_free(report);
    }
    if (status && status != OC_E_NOMEM && status != OC_E_LIMIT) {
        fprintf(stderr, "%s: %s\n", format->name, error.message);
        abort();
    }
    oc__folder_remove(path);
}

void fuzz_annotations(const uint8_t *data, size_t size, const fuzz_door *doors, size_t n_doors) {
    char path[128];
    oc__annotations *set = NULL;
    oc_exchange *report;
    oc_error error = OC_ERROR_INIT;
    size_t n = 0;
    start();
    if (size < 2) return;
    const fuzz_door *door = &doors[data[0] % n_doors];
    while (oc__exchange_format_at(n)) n++;
    const oc__exchange_format *format = oc__exchange_format_at(data[1] % n);
    put(door->file, data + 2, size - 2);
    if (door->beside) put(door->beside, door->beside_text, strlen(door->beside_text));
    snprintf(path, sizeof path, "%s/in/%s", folder, door->beside ? "" : door->file);
    if (!load(&set, &report, path, door->format, &error) && set->n_pictures < 20) pass_on(set, format);
    oc__annotations_free(set);
    oc__exchange_free(report);
    snprintf(path, sizeof path, "%s/in/%s", folder, door->file);
    unlink(path);
    if (door->beside) {
        snprintf(path, sizeof path, "%s/in/%s", folder, door->beside);
        unlink(path);
    }
    if (atomic_load(&context->memory_used) != 0) abort();
}

#ifdef OC_FUZZ_REPLAY
int main(int n, char **paths) {
    for (int i = 1; i < n; i++) {
        static uint8_t data[1 << 20];
        FILE *file = fopen(paths[i], "rb");
        if (!file) {
            perror(paths[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    oc__context_release(context);
    printf("%d files\n", n - 1);
    return 0;
}
#endif
