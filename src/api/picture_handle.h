/* The handle of a decoded picture. SPDX-License-Identifier: MIT */
#ifndef OC_API_PICTURE_HANDLE_H
#define OC_API_PICTURE_HANDLE_H

#include "picture.h"

struct oc_picture {
    oc_context *context;
    oc__bitmap bitmap;
};

/* An empty one. */
oc_status oc__picture_create(oc_picture **out, oc_context *context, oc_error *err);

#endif
