/* Domains: what is known to suit a kind of pictures. SPDX-License-Identifier: MIT */
#ifndef OC_MODEL_DOMAIN_H
#define OC_MODEL_DOMAIN_H

#include "context.h"

/* Domain `index`, counted from 0. OC_E_NOT_FOUND past the last one. */
oc_status oc__domain(oc_domain *out, size_t index, oc_error *err);

/* The domain of that name or identifier: letters and digits are compared, small or capital. OC_E_NOT_FOUND with the names that
 * there are. */
oc_status oc__domain_find(oc_domain *out, const char *text, bool detection, oc_error *err);

#endif
