/* In place of the ONNX reader in a library built without it. SPDX-License-Identifier: MIT */
#include "onnx.h"

const bool oc__onnx_present = false;

oc_status oc__onnx_read(oc__onnx_network *out, oc_context *context, const uint8_t *data, size_t size, const char *name,
                        const oc__onnx_options *options, oc_error *err) {
    (void)context, (void)data, (void)size, (void)options;
    *out = (oc__onnx_network){0};
    return oc__fail(err, OC_E_UNSUPPORTED, "%s: this library was built without ONNX (it needs protobuf-c when it is built)",
                    name);
}

void oc__onnx_network_free(oc__onnx_network *network) { *network = (oc__onnx_network){0}; }
