/* What cameras and obstacles do to a picture, by chance. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_DISTORT_H
#define OC_TRAIN_DISTORT_H

#include "prepare.h"
#include "random.h"

/* Each changes the network's input [height][width][3] in place, or leaves it, as chance says. */

/* Blurs one of four, by up to a hundredth of the width. OC_E_NOMEM. */
oc_status oc__distort_blur(float *input, oc_context *context, const oc__prepare_rule *rule, oc__random *random, oc_error *err);

/* Adds noise to one of four. */
void oc__distort_noise(float *input, const oc__prepare_rule *rule, oc__random *random);

/* Covers a part of one of four with grey (Zhong et al. 2017, Random Erasing Data Augmentation). */
void oc__distort_erase(float *input, const oc__prepare_rule *rule, oc__random *random);

#endif
