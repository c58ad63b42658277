/* How to predict. SPDX-License-Identifier: MIT */
#ifndef OC_API_PRECISION_H
#define OC_API_PRECISION_H

#include "apply.h"
#include "error.h"

/* What a caller's options, or NULL, ask for. */
static inline oc_status oc__how_of(oc__how *how, const oc_predictor_options *options, const oc_model *model, oc_error *err) {
    oc_predictor_options o = OC_PREDICTOR_OPTIONS_INIT;
    oc_status status =
        options ? oc__struct_read(&o, sizeof o, offsetof(oc_predictor_options, tiles), options, "oc_predictor_options", err)
                : OC_OK;
    if (status) return status;
    if (o.tiles > OC__MAX_TILES)
        return oc__fail(err, OC_E_ARGUMENT, "tiles is %u, expected at most %d", o.tiles, OC__MAX_TILES);
    if (o.tiles > 1 && model->kind != OC__KIND_DETECTION)
        return oc__fail(err, OC_E_ARGUMENT, "the model does not find objects in boxes, so it cannot predict in tiles");
    *how = (oc__how){o.precision, o.tiles};
    return OC_OK;
}

#endif
