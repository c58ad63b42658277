/* Counting what a detector found, and comparing it with what should be there.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_COUNTING_H
#define CLI_COUNTING_H

#include <stdbool.h>

#include <ocellus/ocellus.h>

#include "json.h"

typedef struct counting {
    bool wanted;
    const oc_model *model;
    size_t n_tags;
    oc_tally_options options;
    long long *expected; /* by tag; below 0: nothing is expected of it */
    uint64_t *counts;
} counting;

/* What the command line says: `region` "LEFT,TOP,WIDTH,HEIGHT" or NULL, `expect` "TAG=N,TAG=N" or NULL, `threshold` a
 * probability or below 0. Says what is wrong and gives an exit code. Free with counting_end. */
int counting_begin(counting *c, const oc_model *model, bool count, const char *region, const char *expect, double threshold);
void counting_end(counting *c);

/* A line "counted: TAG N, ..." and, where something is expected, "missing: ..." and "extra: ..."; the member "counts". */
void counting_print(counting *c, const oc_result *result);
void counting_json(counting *c, json *j, const oc_result *result);

#endif
