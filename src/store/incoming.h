/* A picture that comes from outside. SPDX-License-Identifier: MIT */
#ifndef OC_STORE_INCOMING_H
#define OC_STORE_INCOMING_H

#include "store.h"

typedef struct oc__incoming {
    uint8_t *owned; /* its bytes, if they were read from a file */
    const uint8_t *data;
    size_t size;
    const char *name, *ending;
    char hash[65];
    uint32_t width, height;
} oc__incoming;

/* Reads a picture (OC_IMAGE_PATH or OC_IMAGE_ENCODED) and decodes it to see that it can be. Refers to the image's own bytes and
 * name. Errors: those of oc_picture_open, OC_E_UNSUPPORTED (raw pixels). */
oc_status oc__incoming_read(oc__incoming *out, oc_context *context, const oc_image *image, oc_error *err);
void oc__incoming_free(oc__incoming *incoming, oc_context *context);

#endif
