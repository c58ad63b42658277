/* All pictures of a project at a glance, for what looks at every one of them. SPDX-License-Identifier: MIT */
#ifndef OC_STORE_SURVEY_H
#define OC_STORE_SURVEY_H

#include "store.h"

/* A picture; some 250 bytes each with its strings. */
typedef struct oc__surveyed {
    int64_t seq;
    const char *id, *name, *split;
    uint8_t digest[32]; /* the SHA-256 of its file */
    char hash[65], ending[7];
    uint32_t width, height; /* of the upright picture */
    uint32_t n_tags, n_regions;
    size_t first_tag; /* into the survey's picture_tags */
} oc__surveyed;

typedef struct oc__survey {
    oc__strings strings;
    uint32_t kind;         /* of the project */
    oc__surveyed *items;   /* in the order in which they were added */
    size_t n, capacity;
    const char **tags;     /* names, in the order in which the tags were made */
    uint32_t *types;       /* OC_TAG_... */
    size_t n_tags;
    uint32_t *picture_tags; /* numbers of tags, rising for each picture */
    size_t n_picture_tags, picture_tag_capacity;
    uint32_t *places; /* hash table of `n_places` = a power of two: number of a picture + 1, or 0 */
    size_t n_places;
} oc__survey;

/* Those that `filter` (or NULL: all) lets through, as they are at one moment. */
oc_status oc__project_survey(oc__survey **out, oc_project *project, const oc_picture_filter *filter, oc_error *err);
void oc__survey_free(oc__survey *survey);

/* The picture with this file; NULL if there is none. */
const oc__surveyed *oc__survey_find(const oc__survey *survey, const uint8_t digest[32]);

/* The path of a picture's file. The caller frees it; NULL if there is no memory. */
char *oc__surveyed_path(const oc__surveyed *picture, const oc_project *project);

#endif
