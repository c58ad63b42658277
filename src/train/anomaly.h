/* Telling what is not as it should be, from pictures of what is. SPDX-License-Identifier: MIT */
#ifndef OC_TRAIN_ANOMALY_H
#define OC_TRAIN_ANOMALY_H

#include "train.h"

#define OC__ANOMALY_TAG "anomaly"
#define OC__ANOMALY_SIDE 320 /* of the input, if nothing else is said: marks are small */

/* Trains on a set whose pictures are all good ones. The model is one of any number of tags, of which it has one, "anomaly", and
 * has the property "normal": the set's tags, with | between. What follows of its measurement is on pictures that it had not
 * seen, all of them good. OC_E_UNSUPPORTED if the base gives no maps at strides 8 and 16. Progress runs to 0.95. */
oc_status oc__train_anomaly(oc_model **out, const oc_model *base, const oc__training_set *set, const oc__train_options *options,
                            oc__progress *progress, oc_error *err);

#endif
