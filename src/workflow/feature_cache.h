/* Features of a project's pictures, kept in its cache. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_FEATURE_CACHE_H
#define OC_WORKFLOW_FEATURE_CACHE_H

#include "cache.h"
#include "extract.h"

/* The features that one base, in one version of the library and on one instruction set, gives of some views: each is kept by
 * itself, so that trainings and searches share them. */
typedef struct oc__kept_features oc__kept_features;

/* See oc__extraction for n_views, mirror and seed. */
oc_status oc__kept_features_open(oc__kept_features **out, oc_project *project, const oc_model *base, size_t n_views, bool mirror,
                                 uint64_t seed, oc_error *err);
void oc__kept_features_close(oc__kept_features *kept);

/* For oc__features_extract; lives as long as `kept`. */
const oc__feature_cache *oc__kept_features_cache(const oc__kept_features *kept);

/* Calls `function` for the features of the whole that are kept. See oc__cache_scan. */
void oc__kept_features_scan(oc__kept_features *kept, oc__cache_fn function, void *user);

#endif
