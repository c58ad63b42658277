/* Versions and the names of codes. SPDX-License-Identifier: MIT */
#include <ocellus/ocellus.h>

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

uint32_t oc_version(void) { return OC_VERSION; }

const char *oc_version_string(void) { return TEXT(OC_VERSION_MAJOR) "." TEXT(OC_VERSION_MINOR) "." TEXT(OC_VERSION_PATCH); }

const char *oc_status_name(oc_status status) {
    switch (status) {
    case OC_OK: return "OC_OK";
    case OC_E_ARGUMENT: return "OC_E_ARGUMENT";
    case OC_E_NOMEM: return "OC_E_NOMEM";
    case OC_E_IO: return "OC_E_IO";
    case OC_E_LIMIT: return "OC_E_LIMIT";
    case OC_E_FORMAT: return "OC_E_FORMAT";
    case OC_E_CORRUPT: return "OC_E_CORRUPT";
    case OC_E_UNSUPPORTED: return "OC_E_UNSUPPORTED";
    case OC_E_CANCELLED: return "OC_E_CANCELLED";
    case OC_E_NOT_FOUND: return "OC_E_NOT_FOUND";
    case OC_E_DATA: return "OC_E_DATA";
    case OC_E_STATE: return "OC_E_STATE";
    case OC_E_INTERNAL: return "OC_E_INTERNAL";
    default: return "OC_E_UNKNOWN";
    }
}
