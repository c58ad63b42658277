/* Random identifiers. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_UUID_H
#define OC_CORE_UUID_H

#include "error.h"

/* A random UUID (RFC 9562, version 4) in lower case, from the operating system's generator. OC_E_IO if it gives nothing. */
oc_status oc__uuid_create(char out[OC_ID_SIZE], oc_error *err);

/* True if the text has the form of a UUID, in either case. */
bool oc__uuid_valid(const char *text);

#endif
