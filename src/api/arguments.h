/* What every function of the interface begins with. SPDX-License-Identifier: MIT */
#ifndef OC_API_ARGUMENTS_H
#define OC_API_ARGUMENTS_H

#include "error.h"

/* OC_E_ARGUMENT if a pointer that must not be NULL is. */
static inline oc_status oc__check_pointer(const void *pointer, const char *name, oc_error *err) {
    return pointer ? OC_OK : oc__fail(err, OC_E_ARGUMENT, "%s is NULL", name);
}

/* The same for the `out` parameter, which is set to NULL, and two more pointers. */
static inline oc_status oc__check_call(void *out, const void *first, const char *first_name, const void *second,
                                       const char *second_name, oc_error *err) {
    oc_status status = oc__check_pointer(out, "out", err);
    if (status) return status;
    *(void **)out = NULL;
    if ((status = oc__check_pointer(first, first_name, err))) return status;
    return oc__check_pointer(second, second_name, err);
}

#endif
