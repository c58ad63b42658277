/* The cloud service's projects, through its REST interface (training, version 3.3). SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_SERVICE_H
#define OC_EXCHANGE_SERVICE_H

#include "exchange.h"

/* Whether this library was built with what it takes. */
extern const bool oc__service_present;

typedef struct oc__service oc__service;

/* Only remembers what it is given; `progress` is asked whether to go on. Free with oc__service_close. OC_E_ARGUMENT (the
 * endpoint is no http or https address), OC_E_UNSUPPORTED. */
oc_status oc__service_open(oc__service **out, oc_context *context, const oc_service *service, oc__progress *progress,
                           oc_error *err);
void oc__service_close(oc__service *service);

/* Each may fail with OC_E_IO (no connection, or an answer that is a failure; too many requests and faults of the server's are
 * tried again for some minutes), OC_E_NOT_FOUND, OC_E_CORRUPT, OC_E_LIMIT, OC_E_CANCELLED. */

/* OC_PROJECT_... of the project, its domain's identifier, how many pictures it has, and its tags. */
oc_status oc__service_project(uint32_t *kind, char domain[OC_ID_SIZE], size_t *n_pictures, oc__service *service, oc__annotations *set, oc_error *err);

/* Adds up to 100 pictures, from number `skip` of the oldest on, called by their identifiers, with their tags or, in detection,
 * boxes. *n is how many there were: 0 at the end. */
oc_status oc__service_page(size_t *n, oc__service *service, oc__annotations *set, size_t skip, uint32_t kind, oc_error *err);

/* See oc_service_archive. `summary` is added up. */
oc_status oc__service_archive(oc_archive *summary, oc__service *service, const char *folder, oc_error *err);

/* The bytes of a picture, which the caller frees; NULL if the service does not have them. */
oc_status oc__service_picture(uint8_t **data, size_t *size, oc__service *service, const char *uri, oc_error *err);

#endif
