/* oc_context. SPDX-License-Identifier: MIT */
#include "context.h"

#include <stdlib.h>

#include "arguments.h"
#include "kernels.h"

oc_status oc_context_create(oc_context **out, const oc_context_options *options, oc_error *err) {
    oc_status status = oc__check_call(out, out, "out", out, "out", err);
    if (!status) status = oc__context_create(out, options, err);
    if (!status) (*out)->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    return status;
}

void oc_context_free(oc_context *context) { oc__context_release(context); }

uint32_t oc_context_n_threads(const oc_context *context) { return context ? context->n_threads : 0; }

const char *oc_context_cpu(const oc_context *context) {
    return context ? ((const oc__kernels *)context->kernels)->name : "";
}
