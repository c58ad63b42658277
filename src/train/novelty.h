/* Telling a picture that is none of what was trained on. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_NOVELTY_H
#define OC_TRAIN_NOVELTY_H

#include "train.h"

/* Gives a classifier's graph a second output, the logit of how unlike the training pictures a picture is: by the distance of
 * its features (what the last layer takes) from the nearest of theirs (Sun et al. 2022, Out-of-Distribution Detection with Deep
 * Nearest Neighbors), against the distances of training pictures from each other. `features`: their first views are those of
 * the training pictures, as the last layer takes them. */
oc_status oc__novelty_add(oc__graph *graph, const oc__features *features, uint64_t seed, oc_error *err);

/* The same where the network's weights are others than the features were made with: it looks at the pictures again. */
oc_status oc__novelty_add_anew(oc__graph *graph, const oc__prepare_rule *rule, const oc__labelled *samples, size_t n,
                               uint64_t seed, oc__progress *progress, oc_error *err);

#endif
