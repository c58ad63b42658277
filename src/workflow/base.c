/* The base networks that training starts from. SPDX-License-Identifier: MIT */
#include "base.h"

#include "hash.h"
#include "ocm.h"

/* The bytes of base/compact.ocm, by builtin_base.S. */
extern const uint8_t oc__builtin_base_begin[], oc__builtin_base_end[];

oc_status oc__base_builtin(oc_model **out, oc_context *context, oc_error *err) {
    size_t size = (size_t)(oc__builtin_base_end - oc__builtin_base_begin);
    oc_model *base = NULL;
    oc__sha256 hash;
    uint8_t digest[32];
    char hex[65];
    oc_status status = oc__ocm_read(&base, context, oc__builtin_base_begin, size, "built-in base", err);
    if (status) return status;
    oc__sha256_begin(&hash);
    oc__sha256_add(&hash, oc__builtin_base_begin, size);
    oc__sha256_end(&hash, digest);
    oc__sha256_hex(hex, digest);
    status = oc__model_set_property(base, "sha256", hex, err);
    if (!status && base->kind != OC__KIND_BASE)
        status = oc__fail(err, OC_E_INTERNAL, "the built-in base is not a base network");
    if (status) oc__model_release(base);
    else *out = base;
    return status;
}
