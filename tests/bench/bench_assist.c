/* Times searching a large project by example.
 * SPDX-License-Identifier: MIT
 *
 *     bench_assist fill FOLDER     gives the pictures of a project that bench_store made generated features, around 100 centres
 *     bench_assist similar FOLDER  prints the median time of a search in ms */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "base_features.h"
#include "clock.h"
#include "feature_cache.h"
#include "kernels.h"
#include "memory.h"
#include "project_similar.h"
#include "random.h"
#include "survey.h"

#define ROUNDS 7
#define N_CENTRES 100

static oc_error error = OC_ERROR_INIT;

static void check(oc_status status) {
    if (!status) return;
    fprintf(stderr, "bench_assist: %s\n", error.message);
    exit(1);
}

/* A row around centre i % N_CENTRES. */
static void generate(float *row, size_t dim, size_t i) {
    oc__random centre, own;
    oc__random_seed(&centre, 1, i % N_CENTRES);
    oc__random_seed(&own, 2, i);
    for (size_t k = 0; k < dim; k++)
        row[k] = (float)(oc__random_unit(&centre) + 0.3 * oc__random_unit(&own));
}

static void fill(oc_project *project, const oc_model *base) {
    size_t dim = oc__n_features(base);
    float *row = oc__alloc_array(project->context, dim, sizeof *row);
    oc__kept_features *kept;
    oc__survey *survey;
    double started = oc__now();
    check(oc__project_survey(&survey, project, NULL, &error));
    printf("surveyed %zu pictures in %.0f ms\n", survey->n, 1e3 * (oc__now() - started));
    check(oc__kept_features_open(&kept, project, base, 1, false, 0, &error));
    const oc__feature_cache *cache = oc__kept_features_cache(kept);
    started = oc__now();
    for (size_t i = 0; i < survey->n; i++) {
        char *path = oc__surveyed_path(&survey->items[i], project);
        const oc__sample sample = {.image = {.format = OC_IMAGE_PATH, .data = path}};
        generate(row, dim, i);
        cache->put(cache->user, row, i, &sample, 0);
        if (i % 1024 == 1023) cache->flush(cache->user);
        oc__free(project->context, path);
    }
    oc__kept_features_close(kept);
    printf("put %zu features of each in %.1f s\n", dim, oc__now() - started);
    oc__survey_free(survey);
    oc__free(project->context, row);
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void time_similar(oc_project *project) {
    oc_picture_list *list = NULL;
    oc_search search = OC_SEARCH_INIT;
    double seconds[ROUNDS];
    check(oc__project_pictures(&list, project, &(oc_picture_filter){.struct_size = sizeof(oc_picture_filter)}, &error));
    for (int i = 0; i < ROUNDS; i++) {
        oc_match_list *matches = NULL;
        double started = oc__now();
        search.picture = list->items[i].info.id;
        check(oc__project_similar(&matches, project, &search, NULL, NULL, &error));
        seconds[i] = oc__now() - started;
        if (i == 0)
            for (size_t k = 0; k < matches->n; k++) printf("%.4f %s\n", (double)matches->items[k].score, matches->items[k].name);
        oc__match_list_free(matches);
    }
    qsort(seconds, ROUNDS, sizeof *seconds, by_value);
    printf("search by example, all but the first time: %.0f ms (longest %.0f)\n", seconds[ROUNDS / 2] * 1e3,
           seconds[ROUNDS - 1] * 1e3);
    oc__picture_list_free(list);
}

int main(int argc, char **argv) {
    oc_context *context = NULL;
    oc_project *project = NULL;
    oc_model *base = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    if (argc != 3) {
        fprintf(stderr, "usage: bench_assist fill|similar FOLDER\n");
        return 2;
    }
    check(oc__context_create(&context, &options, &error));
    context->kernels = oc__kernels_select(NULL);
    check(oc__project_open(&project, context, argv[2], &error));
    check(oc__base_open(&base, context, OC__BUILTIN_BASE, &error));
    if (strcmp(argv[1], "fill") == 0) fill(project, base);
    else time_similar(project);
    oc__model_release(base);
    oc__project_free(project);
    oc__context_release(context);
    return 0;
}
