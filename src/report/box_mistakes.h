/* What a detector got wrong. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_BOX_MISTAKES_H
#define OC_REPORT_BOX_MISTAKES_H

#include "measurement.h"

#define OC__NO_BOX SIZE_MAX

/* One mistake: a box that was found, an object that is there, or both. */
typedef struct oc__box_mistake {
    uint32_t kind; /* OC_MISTAKE_... */
    size_t found;  /* number among the measurement's, or OC__NO_BOX if the object was missed */
    size_t truth;  /* likewise, or OC__NO_BOX if there is no object */
    double overlap;
} oc__box_mistake;

typedef struct oc__box_mistakes {
    oc_context *context;
    size_t n;
    oc__box_mistake *items;
} oc__box_mistakes;

/* See oc_report_box_mistakes; `measurement` is one of boxes. */
oc_status oc__box_mistakes_find(oc__box_mistakes *out, const oc__measurement *measurement, double probability, double overlap,
                                oc_error *err);
void oc__box_mistakes_free(oc__box_mistakes *mistakes);

#endif
