/* Times a large project: listing, filtering, paging. SPDX-License-Identifier: MIT
 *
 *     bench_store make FOLDER N     makes a project of N generated pictures (of 4 x 2 pixels; their files are not synced)
 *     bench_store time FOLDER       prints a line for each question: the median of its times in ms, and how many pictures it
 * gave bench_store FOLDER            both, with 2000 pictures */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "file.h"
#include "kernels.h"
#include "store.h"

#define ROUNDS 11

static oc_error error = OC_ERROR_INIT;

static void check(oc_status status) {
    if (!status) return;
    fprintf(stderr, "bench_store: %s\n", error.message);
    exit(1);
}

static int no_sync(int file) {
    (void)file;
    return 0;
}

static void add(oc_project *project, unsigned i) {
    static const char *const sides[] = {"left", "right"}, *const keys[] = {"side", "batch"};
    uint8_t bytes[78] = "BM";
    char name[64], tag[32], batch[32];
    oc_image image = OC_IMAGE_INIT;
    oc_labels labels = OC_LABELS_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    const char *values[] = {sides[i % 2], batch}, *tags[] = {tag};
    bytes[2] = 78, bytes[10] = 54, bytes[14] = 40, bytes[18] = 4, bytes[22] = 2, bytes[26] = 1, bytes[28] = 24;
    memcpy(bytes + 54, &i, sizeof i);
    snprintf(name, sizeof name, "line-%02u/picture-%06u.bmp", i * 7919 % 50, i);
    snprintf(tag, sizeof tag, "tag %u", i * 31 % 40);
    snprintf(batch, sizeof batch, "%u", i / 1000);
    image.format = OC_IMAGE_ENCODED;
    image.data = bytes;
    image.size = sizeof bytes;
    image.name = name;
    labels.tags = tags;
    labels.n_tags = i % 10 != 0;
    labels.n_metadata = 2;
    labels.keys = keys;
    labels.values = values;
    check(oc__project_add_picture(&addition, project, &image, &labels, &error));
}

static void make(oc_context *context, const char *folder, unsigned n) {
    oc__file_ops files = oc__system_files;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_project *project = NULL;
    files.sync = no_sync;
    context->files = &files;
    double started = oc__now();
    check(oc__project_create(&project, context, folder, &info, &error));
    for (unsigned i = 0; i < n;) {
        check(oc__project_begin(project, &error));
        do add(project, i++);
        while (i < n && i % 1000 != 0);
        check(oc__project_end(project, true, &error));
    }
    oc__project_free(project);
    context->files = &oc__system_files;
    printf("made %u pictures in %.1f s\n", n, oc__now() - started);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void tell(const char *question, double *seconds, size_t n) {
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("%-44s %8.3f ms  %6zu\n", question, seconds[ROUNDS / 2] * 1e3, n);
}

static void time_open(oc_context *context, const char *folder) {
    double seconds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        oc_project *project = NULL;
        double started = oc__now();
        check(oc__project_open(&project, context, folder, &error));
        seconds[i] = oc__now() - started;
        oc__project_free(project);
    }
    tell("open", seconds, 1);
}

static void time_info(oc_project *project) {
    double seconds[ROUNDS];
    oc_project_info info;
    for (int i = 0; i < ROUNDS; i++) {
        double started = oc__now();
        check(oc__project_info(&info, project, &error));
        seconds[i] = oc__now() - started;
    }
    tell("what the project holds", seconds, (size_t)info.n_pictures);
}

static void time_filter(oc_project *project, const char *question, const oc_picture_filter *filter) {
    double listing[ROUNDS], counting[ROUNDS];
    uint64_t n_all = 0;
    size_t n = 0;
    char text[64];
    for (int i = 0; i < ROUNDS; i++) {
        oc_picture_list *list = NULL;
        double started = oc__now();
        check(oc__project_pictures(&list, project, filter, &error));
        listing[i] = oc__now() - started;
        n = list->n;
        oc__picture_list_free(list);
        started = oc__now();
        check(oc__project_count_pictures(&n_all, project, filter, &error));
        counting[i] = oc__now() - started;
    }
    tell(question, listing, n);
    snprintf(text, sizeof text, "  counted");
    tell(text, counting, (size_t)n_all);
}

static void time_all(oc_context *context, const char *folder) {
    static const char *const tags[] = {"tag 3", "tag 8"};
    oc_project *project = NULL;
    oc_project_info info;
    time_open(context, folder);
    check(oc__project_open(&project, context, folder, &error));
    time_info(project);
    check(oc__project_info(&info, project, &error));
    const uint64_t end = info.n_pictures > 50 ? info.n_pictures - 50 : 0;
#define FILTER(question, ...)                                                                                                  \
    time_filter(project, question, &(oc_picture_filter){.struct_size = sizeof(oc_picture_filter), __VA_ARGS__})
    FILTER("first page of 50", .limit = 50);
    FILTER("last page, oldest first", .offset = end);
    FILTER("first page, newest first", .order = OC_ORDER_NEWEST);
    FILTER("first page, by name", .order = OC_ORDER_NAME);
    FILTER("last page, by name", .order = OC_ORDER_NAME, .offset = end);
    FILTER("untagged", .state = OC_PICTURES_UNTAGGED);
    FILTER("one tag", .tags = tags, .n_tags = 1);
    FILTER("either of two tags, newest first", .tags = tags, .n_tags = 2, .order = OC_ORDER_NEWEST);
    FILTER("metadata: a rare value", .metadata = "batch eq '7'");
    FILTER("metadata: a common value", .metadata = "side eq 'left'");
    FILTER("metadata: three comparisons", .metadata = "side eq 'left' and (batch eq '7' or batch ne '8')");
    FILTER("name holds a text", .name = "picture-0007");
    FILTER("a tag and metadata, by name", .tags = tags, .n_tags = 1, .metadata = "side ne 'left'", .order = OC_ORDER_NAME);
    FILTER("added today or later", .added_after = "2020-01-01");
    FILTER("a page of 10,000", .limit = 10000);
    oc__project_free(project);
}

int main(int argc, char **argv) {
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    check(oc__context_create(&context, &options, &error));
    context->kernels = oc__kernels_select(NULL);
    if (argc == 4 && strcmp(argv[1], "make") == 0) {
        make(context, argv[2], (unsigned)strtoul(argv[3], NULL, 10));
    } else if (argc == 3 && strcmp(argv[1], "time") == 0) {
        time_all(context, argv[2]);
    } else if (argc == 2) {
        make(context, argv[1], 2000);
        time_all(context, argv[1]);
    } else {
        fprintf(stderr, "usage: bench_store make FOLDER N | time FOLDER | FOLDER\n");
        return 2;
    }
    oc__context_release(context);
    return 0;
}
