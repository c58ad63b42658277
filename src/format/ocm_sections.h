/* The outside of a model file: header, section table, checksums. SPDX-License-Identifier: MIT */
#ifndef OC_FORMAT_OCM_SECTIONS_H
#define OC_FORMAT_OCM_SECTIONS_H

#include "ocm_cursor.h"
#include "ocm_layout.h"

/* Checks everything that does not depend on what is in the sections: signature, version, sizes, that the sections tile the
 * file, every checksum, that the known sections are there and the unknown ones may be passed over. sections[k] becomes a
 * cursor over section k, with data NULL if one that need not be there is not. */
oc_status oc__ocm_open(oc__cursor sections[OC__OCM_N_KINDS], oc_context *context, const uint8_t *data, size_t size,
                       oc_error *err);

#endif
