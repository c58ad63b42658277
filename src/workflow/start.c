/* What training starts from. SPDX-License-Identifier: MIT */
#include "start.h"

#include <string.h>

#include "base.h"
#include "file.h"
#include "hash.h"
#include "ocm.h"

static oc_status open_model(oc_model **out, char sha256[65], oc_context *context, const char *path, oc_error *err) {
    oc__mapping file = {0};
    oc_status status = oc__file_map(&file, context, path, context->limits.model_bytes, "max_model_bytes", err);
    if (!status) status = oc__ocm_read(out, context, file.data, file.size, path, err);
    if (!status) oc__sha256_of(sha256, file.data, file.size);
    oc__file_unmap(&file);
    return status;
}

oc_status oc__start_open(oc_model **base, oc_model **start, oc_context *context, const oc__train_options *options,
                         bool detection, oc_error *err) {
    oc_model *model = NULL, *network = NULL, *own = NULL; /* the last: the detector that the base brings */
    char sha256[65];
    const char *name = options->base;
    oc_status status = OC_OK;
    if (options->start[0]) status = open_model(&model, sha256, context, options->start, err);
    if (!status && model && (model->kind == OC__KIND_BASE || (model->kind == OC__KIND_DETECTION) != detection))
        status = oc__fail(err, OC_E_ARGUMENT, "%s: is no %s, which is what training was to start from", options->start,
                          detection ? "detector" : "classifier");
    if (!status && model && strcmp(name, OC__BEST_BASE) == 0 && oc__model_property(model, "base"))
        name = oc__model_property(model, "base");
    if (!status) status = oc__base_open_both(&network, detection && !model ? &own : NULL, context, name, err);
    if (!status && model) status = oc__base_check(model, network, err);
    if (!status && model && !detection) status = oc__base_take_weights(&network, model, err);
    if (!status && model) status = oc__model_set_property(network, "start_sha256", sha256, err);
    if (status) {
        oc__model_release(model);
        oc__model_release(network);
        oc__model_release(own);
        return status;
    }
    *base = network;
    *start = model ? model : own;
    return OC_OK;
}
