/* Features of samples: what a base network says of their views. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_EXTRACT_H
#define OC_TRAIN_EXTRACT_H

#include "model.h"
#include "progress.h"
#include "sample.h"

/* Of sample i: `n_views` rows of `dim` floats, the first of the whole picture; `content` tells equal pictures; `status` is not
 * OC_OK where the picture could not be read (its rows are then 0). Free with oc__features_free. */
typedef struct oc__features {
    oc_context *context;
    size_t n, n_views, dim;
    float *values;
    uint64_t *content;
    oc_status *status;
} oc__features;

/* Where the features of views are kept from one run to the next. The functions are called by the thread that extracts; `view`
 * is 0 for the whole picture. */
typedef struct oc__feature_cache {
    void *user;
    /* The row of a view, and the sample's `content`, if they are kept. */
    bool (*get)(void *user, float *values, uint64_t *content, const oc__sample *sample, size_t view);
    void (*put)(void *user, const float *values, uint64_t content, const oc__sample *sample, size_t view);
    void (*flush)(void *user); /* makes what was put last */
} oc__feature_cache;

/* What to extract. */
typedef struct oc__extraction {
    size_t n_views;
    bool mirror, skip_broken;
    bool quiet; /* about pictures that are left out */
    uint64_t seed;
    const oc__feature_cache *cache; /* or NULL */
} oc__extraction;

/* Reads every sample and runs the base on its views: the whole picture, then random crops of 0.5 to 1 of its area, of aspect
 * 4:5 to 5:4 relative to it, mirrored by chance if `mirror`. A view depends on the seed, the picture's content and the view's
 * number alone, so that what the cache has need not be read again. A picture that cannot be read is logged, or, unless
 * skip_broken, an error. The progress' stage has been entered, one step a sample. */
oc_status oc__features_extract(oc__features *out, const oc_model *base, const oc__labelled *samples, size_t n,
                               const oc__extraction *what, oc__progress *progress, oc_error *err);
void oc__features_free(oc__features *features);

/* A model whose features are what a node of a graph gives, a vector: to look at pictures with a network that is no base. */
oc_status oc__graph_as_base(oc_model **out, const oc__graph *graph, uint32_t node, const oc__prepare_rule *rule, oc_error *err);

#endif
