/* In place of service.c in a library built without libcurl or Jansson. SPDX-License-Identifier: MIT */
#include "service.h"

const bool oc__service_present = false;

oc_status oc__service_open(oc__service **out, oc_context *context, const oc_service *service, oc__progress *progress,
                           oc_error *err) {
    (void)context, (void)service, (void)progress;
    *out = NULL;
    return oc__fail(err, OC_E_UNSUPPORTED,
                    "this library was built without the service's interface (build it with -Dservice=enabled)");
}

void oc__service_close(oc__service *service) { (void)service; }

oc_status oc__service_project(uint32_t *kind, char domain[OC_ID_SIZE], size_t *n_pictures, oc__service *service,
                              oc__annotations *set, oc_error *err) {
    (void)kind, (void)domain, (void)n_pictures, (void)service, (void)set;
    return oc__fail(err, OC_E_UNSUPPORTED, "built without the service's interface");
}

oc_status oc__service_page(size_t *n, oc__service *service, oc__annotations *set, size_t skip, uint32_t kind, oc_error *err) {
    (void)n, (void)service, (void)set, (void)skip, (void)kind;
    return oc__fail(err, OC_E_UNSUPPORTED, "built without the service's interface");
}

oc_status oc__service_picture(uint8_t **data, size_t *size, oc__service *service, const char *uri, oc_error *err) {
    (void)data, (void)size, (void)service, (void)uri;
    return oc__fail(err, OC_E_UNSUPPORTED, "built without the service's interface");
}

oc_status oc__service_archive(oc_archive *summary, oc__service *service, const char *folder, oc_error *err) {
    (void)summary, (void)service, (void)folder;
    return oc__fail(err, OC_E_UNSUPPORTED, "built without the service's interface");
}
