/* Features of a project's pictures, kept in its cache. SPDX-License-Identifier: MIT */
#include "feature_cache.h"

#include <stdio.h>

#include "base_features.h"
#include "contents.h"
#include "kernels.h"
#include "memory.h"

struct oc__kept_features {
    oc_project *project;
    oc__cache *store;
    oc__feature_cache functions;
    size_t sets[]; /* one a view */
};

static bool get(void *user, float *values, uint64_t *content, const oc__sample *sample, size_t view) {
    oc__kept_features *k = user;
    char hash[65];
    return sample->image.format == OC_IMAGE_PATH && oc__contents_hash(hash, k->project, sample->image.data) &&
           oc__cache_get(values, content, k->store, k->sets[view], hash);
}

static void put(void *user, const float *values, uint64_t content, const oc__sample *sample, size_t view) {
    oc__kept_features *k = user;
    char hash[65];
    if (sample->image.format == OC_IMAGE_PATH && oc__contents_hash(hash, k->project, sample->image.data))
        oc__cache_put(k->store, k->sets[view], hash, values, content);
}

static void flush(void *user) { oc__cache_flush(((oc__kept_features *)user)->store); }

/* All that a view's features depend on, but for the picture. */
static void describe(char key[320], const oc_model *base, size_t view, bool mirror, uint64_t seed) {
    const oc__kernels *kernels = base->context->kernels;
    const char *fine = oc__model_property(base, "fine") ? " fine" : "";
    const char *sum = oc__model_property(base, "sha256"), *start = oc__model_property(base, "start_sha256");
    int n = snprintf(key, 320, "features base=%s%s%s%s size=%ux%u library=%s cpu=%s", sum ? sum : "", start ? " start=" : "",
                     start ? start : "", fine, base->rule.width,
                     base->rule.height, oc_version_string(), kernels->name);
    if (view)
        snprintf(key + n, 320 - (size_t)n, " seed=%llu view=%zu mirror=%d", (unsigned long long)seed, view, mirror);
}

oc_status oc__kept_features_open(oc__kept_features **out, oc_project *project, const oc_model *base, size_t n_views, bool mirror,
                                 uint64_t seed, oc_error *err) {
    oc_context *context = project->context;
    size_t size = sizeof(oc__kept_features) + n_views * sizeof(size_t), dim = oc__n_features(base);
    oc__kept_features *k = oc__alloc_zero(context, size);
    if (!k || !dim) {
        oc__free(context, k);
        return oc__fail_nomem(err, context, size, "features");
    }
    k->project = project;
    k->functions = (oc__feature_cache){k, get, put, flush};
    oc_status status = oc__cache_open(&k->store, project, err);
    for (size_t view = 0; view < n_views && !status; view++) {
        char key[320];
        describe(key, base, view, mirror, seed);
        status = oc__cache_set(&k->sets[view], k->store, key, dim, err);
    }
    if (status)
        oc__kept_features_close(k);
    else
        *out = k;
    return status;
}

void oc__kept_features_close(oc__kept_features *k) {
    if (!k) return;
    oc_context *context = k->project->context;
    oc__cache_close(k->store);
    oc__free(context, k);
}

const oc__feature_cache *oc__kept_features_cache(const oc__kept_features *k) { return &k->functions; }

void oc__kept_features_scan(oc__kept_features *k, oc__cache_fn function, void *user) {
    oc__cache_scan(k->store, k->sets[0], function, user);
}
