/* What a classifier says of pictures that it has not seen. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_HELD_OUT_H
#define OC_TRAIN_HELD_OUT_H

#include "extract.h"

/* Pictures that bear one tag each. */
typedef struct oc__told_apart {
    const oc__labelled *samples;
    const uint32_t *tags; /* the samples' */
    size_t n, n_tags;
    const uint64_t *groups;         /* samples of equal group are measured together; or NULL: those that are the same picture */
    const oc__feature_cache *cache; /* or NULL */
    uint64_t seed;
} oc__told_apart;

/* Cross-validates the best head on the base's features of the whole pictures, in five folds, and calibrates. Of sample i,
 * out[i * n_tags + t] is the probability of tag t, or less than 0 where the picture could not be read. At least four can be
 * read and they are not all the same, or it is OC_E_DATA. Progress runs to 0.9. */
oc_status oc__held_out_probabilities(float *out, const oc_model *base, const oc__told_apart *set, oc__progress *progress,
                                     oc_error *err);

#endif
