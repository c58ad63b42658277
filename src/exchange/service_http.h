/* Asking the cloud service. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_SERVICE_HTTP_H
#define OC_EXCHANGE_SERVICE_HTTP_H

#include <curl/curl.h>

#include "json_read.h"
#include "service.h"

struct oc__service {
    oc_context *context;
    oc__progress *progress;
    CURL *curl;
    struct curl_slist *headers; /* with the key */
    char *endpoint, *root;      /* root: ENDPOINT/customvision/v3.3/training */
    const char *project;        /* a UUID */
    char id[OC_ID_SIZE];
    long code; /* of the last answer; 0: there was none */
};

/* The service's JSON at ROOT/path, or what it answers there to `body` (or NULL). The caller releases *out. */
oc_status oc__service_json(json_t **out, oc__service *service, const char *path, const char *body, oc_error *err);

/* The bytes at an address that the service gave, which the caller frees; NULL, and a warning, if there are none, or too many.
 */
oc_status oc__service_file(uint8_t **data, size_t *size, oc__service *service, const char *uri, uint64_t max_size,
                           oc_error *err);

#endif
