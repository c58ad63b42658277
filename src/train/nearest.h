/* How far something is from all that was seen: nearest neighbours as a part of a network. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_NEAREST_H
#define OC_TRAIN_NEAREST_H

#include "graph.h"

/* Rows of `dim` floats to compare with. Free with oc__bank_free. */
typedef struct oc__bank {
    oc_context *context;
    size_t n, dim;
    float *rows;
} oc__bank;

/* Chooses at most `most` of `n` rows, each time the one that is farthest from those that were chosen (greedy k-center, Sener
 * and Savarese 2018, as PatchCore chooses), by random projections. The order is that of choice. */
oc_status oc__bank_choose(oc__bank *out, oc_context *context, const float *rows, size_t n, size_t dim, size_t most,
                          uint64_t seed, oc_error *err);
void oc__bank_free(oc__bank *bank);

/* Adds to a graph, whose node *node gives height x width places of the bank's dim channels: the distance of each place from its
 * nearest row, the largest of those, d, and what to say of it: factor x (d - centre), one value. */
oc_status oc__nearest_add(uint32_t *node, oc__graph *graph, const oc__bank *bank, uint32_t height, uint32_t width,
                          double centre, double factor, oc_error *err);

/* The same by hand for one row: the distance from the nearest. */
double oc__bank_distance(const oc__bank *bank, const float *row);

/* From which distance on, by those of held-out samples, something is unlike them: two deviations above the mean. *factor is
 * such that the sigmoid of factor x (distance - centre) is 0.12 one deviation below it. */
void oc__distance_scale(double *centre, double *factor, const double *distances, size_t n);

#endif
