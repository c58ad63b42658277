/* What in a picture speaks for a tag. SPDX-License-Identifier: MIT */
#ifndef OC_INFER_EXPLAIN_H
#define OC_INFER_EXPLAIN_H

#include "predictor.h"

#define OC__EXPLAIN_SIDE 8 /* of a map, if nothing else is said */

struct oc_explanation {
    oc_context *context; /* retained */
    oc__bitmap bitmap;   /* the picture, which may have been reduced */
    uint32_t side;
    uint32_t tag;
    char *tag_name;
    float probability;
    float *values; /* [side][side] */
};

/* See oc_predictor_explain. `tag` is one of the model's, or OC__NONE: the most probable one. */
oc_status oc__explain(oc_explanation **out, oc_predictor *predictor, const oc_image *image, uint32_t tag, uint32_t side,
                      oc_error *err);
void oc__explanation_free(oc_explanation *explanation);

/* The picture, with what speaks for the tag in warm colours and what speaks against it in blue. */
oc_status oc__explanation_draw(oc__bitmap *out, const oc_explanation *explanation, oc_error *err);

#endif
