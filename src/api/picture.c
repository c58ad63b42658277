/* oc_picture. SPDX-License-Identifier: MIT */
#include "picture_handle.h"

#include "arguments.h"
#include "memory.h"

oc_status oc__picture_create(oc_picture **out, oc_context *context, oc_error *err) {
    oc_picture *picture = oc__alloc_zero(context, sizeof *picture);
    if (!picture) return oc__fail_nomem(err, context, sizeof *picture, "picture");
    picture->context = oc__context_retain(context);
    *out = picture;
    return OC_OK;
}

oc_status oc_picture_open(oc_picture **out, oc_context *context, const oc_image *image, oc_error *err) {
    oc_status status = oc__check_call(out, context, "context", image, "image", err);
    oc_picture *picture = NULL;
    if (!status) status = oc__picture_create(&picture, context, err);
    if (status) return status;
    status = oc__bitmap_open(&picture->bitmap, context, image, 0, err);
    if (status) oc_picture_free(picture);
    else *out = picture;
    return status;
}

void oc_picture_free(oc_picture *picture) {
    if (!picture) return;
    oc_context *context = picture->context;
    oc__bitmap_free(&picture->bitmap);
    oc__free(context, picture);
    oc__context_release(context);
}

oc_status oc_picture_image(const oc_picture *picture, oc_image *image, oc_error *err) {
    oc_status status = oc__check_pointer(picture, "picture", err);
    if (status) return status;
    oc_image known = OC_IMAGE_INIT;
    known.format = OC_IMAGE_RGB8;
    known.width = picture->bitmap.width;
    known.height = picture->bitmap.height;
    known.stride = (ptrdiff_t)known.width * 3;
    known.data = picture->bitmap.pixels;
    known.size = (size_t)known.width * known.height * 3;
    return oc__struct_write(image, &known, sizeof known, offsetof(oc_image, name), "oc_image", err);
}
