/* Trains on generated features of many pictures of many tags. SPDX-License-Identifier: MIT
 *
 *     bench_multilabel [TAGS [PICTURES [FEATURES [THREADS]]]]
 *
 * Each tag has a direction; a picture bears three tags on average, frequent ones (Zipf's law) more often, and its features are
 * noise and the directions of its tags. Prints seconds, memory beyond the features themselves, and the held-out figures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "clock.h"
#include "kernels.h"
#include "memory.h"
#include "metrics.h"
#include "multilabel.h"
#include "random.h"

static double resident(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void check(oc_status status, const oc_error *err) {
    if (!status) return;
    fprintf(stderr, "bench_multilabel: %s\n", err->message);
    exit(1);
}

/* The tags and features of the pictures; *tags and *first are the sets. */
static void generate(oc__features *f, uint32_t **tags, uint32_t **first, size_t n_tags) {
    oc__random random;
    float *directions = malloc(n_tags * f->dim * sizeof *directions);
    double *upto = malloc(n_tags * sizeof *upto), total = 0;
    uint32_t n = 0;
    *tags = malloc(f->n * 6 * sizeof **tags);
    *first = malloc((f->n + 1) * sizeof **first);
    oc__random_seed(&random, 1, 0);
    for (size_t i = 0; i < n_tags * f->dim; i++) directions[i] = 0.35f * (float)oc__random_normal(&random);
    for (size_t t = 0; t < n_tags; t++) upto[t] = total += 1 / (10 + (double)t);
    for (size_t i = 0; i < f->n; i++) {
        float *row = f->values + i * f->dim;
        (*first)[i] = n;
        for (uint64_t wanted = 1 + oc__random_below(&random, 5); wanted > 0; wanted--) {
            double at = total * oc__random_unit(&random);
            size_t low = 0, high = n_tags - 1;
            while (low < high) {
                size_t middle = (low + high) / 2;
                if (upto[middle] < at) low = middle + 1;
                else high = middle;
            }
            bool there = false;
            for (uint32_t k = (*first)[i]; k < n; k++) there = there || (*tags)[k] == low;
            if (!there) (*tags)[n++] = (uint32_t)low;
        }
        for (size_t k = 0; k < f->dim; k++) row[k] = (float)oc__random_normal(&random);
        for (uint32_t k = (*first)[i]; k < n; k++)
            for (size_t d = 0; d < f->dim; d++) row[d] += directions[(*tags)[k] * f->dim + d];
        f->content[i] = i;
    }
    (*first)[f->n] = n;
    free(directions);
    free(upto);
}

static size_t argument(int argc, char **argv, int i, size_t standard) {
    return argc > i ? (size_t)strtoull(argv[i], NULL, 10) : standard;
}

int main(int argc, char **argv) {
    size_t n_tags = argument(argc, argv, 1, 100);
    oc_error err = OC_ERROR_INIT;
    oc_context *context = NULL;
    oc_context_options how = OC_CONTEXT_OPTIONS_INIT;
    oc__features f = {.n = argument(argc, argv, 2, 5000), .n_views = 1, .dim = argument(argc, argv, 3, 256)};
    how.n_threads = (uint32_t)argument(argc, argv, 4, 2);
    check(oc__context_create(&context, &how, &err), &err);
    context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    f.context = context;
    f.values = oc__alloc_array(context, f.n, f.dim * sizeof(float));
    f.content = oc__alloc_array(context, f.n, sizeof *f.content);
    uint32_t *tags, *first;
    generate(&f, &tags, &first, n_tags);
    const oc__tag_sets sets = {tags, first};
    oc__train_options options;
    oc__train_options_default(&options);
    oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    oc__linear linear = {0};
    oc__measurement *m = NULL;
    double l2 = 0, before = resident(), began = oc__now();
    check(oc__multilabel_train(&linear, &m, &l2, &f, &sets, n_tags, &options, &progress, &err), &err);
    double seconds = oc__now() - began;
    oc_metrics mean;
    check(oc__metrics_of(&mean, m, OC_TAGS_MEAN, OC_THRESHOLD_OWN, &err), &err);
    printf("%zu tags, %zu pictures, %zu features (%.0f MB), %u threads: %.1f s, %.0f MB more, l2 %.3g, %zu answers kept\n", n_tags, f.n,
           f.dim, (double)(f.n * f.dim * 4) / 1e6, context->n_threads, seconds, resident() - before, l2, m->n_answers);
    printf("mean AP %.3f, macro F1 %.3f, subset accuracy %.3f, Hamming loss %.5f, calibration error %.4f\n", mean.average_precision,
           mean.f1, oc__metrics_accuracy(m), oc__metrics_hamming_loss(m), oc__metrics_calibration_error(m));
    oc__measurement_free(m);
    oc__linear_free(&linear);
    oc__features_free(&f);
    free(tags);
    free(first);
    oc__context_release(context);
    return 0;
}
