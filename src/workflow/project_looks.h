/* How a project's pictures look, and which look nearly the same. SPDX-License-Identifier: MIT */
#ifndef OC_WORKFLOW_PROJECT_LOOKS_H
#define OC_WORKFLOW_PROJECT_LOOKS_H

#include "appearance.h"
#include "project_features.h"

/* Of each picture of a survey. Free with oc__looks_free. */
typedef struct oc__looks {
    oc_context *context;
    size_t n;
    oc__appearance *items;
    bool *readable;
} oc__looks;

/* Reads the pictures whose looks are not in the project's cache, and keeps them there. The progress' stage has been entered,
 * one step a picture. OC_E_CANCELLED, OC_E_NOMEM. */
oc_status oc__looks_make(oc__looks *out, oc_project *project, const oc__survey *survey, oc__progress *progress, oc_error *err);
void oc__looks_free(oc__looks *looks);

/* Two pictures that are nearly the same; first < second. */
typedef struct oc__alike {
    uint32_t first, second;
} oc__alike;

/* All such pairs, rising, and for each picture the first of those that it is connected with by pairs (itself, if there is
 * none). Free with oc__alikes_free. */
typedef struct oc__alikes {
    oc_context *context;
    oc__alike *pairs;
    size_t n, capacity;
    uint32_t *groups;
} oc__alikes;

/* Compares every picture with every other: the same scene, resized, compressed again, or a moment later. Two pictures are
 * nearly the same if their features say so and their thumbnails do not contradict, or the other way round. One step of the
 * progress' stage a picture. */
oc_status oc__alikes_find(oc__alikes *out, const oc__looks *looks, const oc__feature_rows *features, oc__progress *progress,
                          oc_error *err);
void oc__alikes_free(oc__alikes *alikes);

#endif
