/* Which format a file or folder is of. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_DETECT_H
#define OC_EXCHANGE_DETECT_H

#include "exchange.h"

#define OC__MAX_SOURCES 16

typedef struct oc__detected {
    const char *format; /* static */
    char *folder;       /* where the pictures' names begin */
    oc__source sources[OC__MAX_SOURCES];
    size_t n_sources;
    oc_context *context;
    char *paths[OC__MAX_SOURCES]; /* of the sources */
} oc__detected;

/* Looks at a file's first bytes, or at what a folder holds. `format` is what the caller says it is, or NULL. Free with
 * oc__detected_free, also after a failure. Errors: OC_E_NOT_FOUND, OC_E_IO, OC_E_FORMAT. */
oc_status oc__detect(oc__detected *out, oc_context *context, const char *path, const char *format, oc_error *err);
void oc__detected_free(oc__detected *found);

#endif
