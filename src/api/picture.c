/* oc_picture. SPDX-License-Identifier: MIT */
#include "picture_handle.h"

#include <stdbool.h>
#include <string.h>

#include "arguments.h"
#include "draw.h"
#include "file.h"
#include "jpeg_write.h"
#include "memory.h"
#include "png_write.h"

#define JPEG_QUALITY 92
#define MAX_JPEG_SIDE 65500

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
    if (status)
        oc_picture_free(picture);
    else
        *out = picture;
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

/* Whether a path ends in `ending`, in small letters or capitals. */
static bool ends_in(const char *path, const char *ending) {
    size_t n = strlen(path), k = strlen(ending);
    for (size_t i = 0; n > k && i < k; i++) {
        char c = path[n - k + i];
        if ((c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c) != ending[i]) return false;
    }
    return n > k;
}

oc_status oc_picture_save(const oc_picture *picture, const char *path, oc_error *err) {
    oc_status status = oc__check_pointer(picture, "picture", err);
    if (!status) status = oc__check_pointer(path, "path", err);
    if (status) return status;
    const oc__bitmap *bitmap = &picture->bitmap;
    oc__buffer file = {.context = picture->context};
    bool jpeg = ends_in(path, ".jpg") || ends_in(path, ".jpeg");
    if (jpeg && (bitmap->width > MAX_JPEG_SIDE || bitmap->height > MAX_JPEG_SIDE))
        return oc__fail(err, OC_E_LIMIT, "%s: the picture is %u x %u pixels, a JPEG has at most %d a side", path, bitmap->width,
                        bitmap->height, MAX_JPEG_SIDE);
    status = jpeg ? oc__jpeg_write(&file, bitmap->pixels, bitmap->width, bitmap->height, JPEG_QUALITY, err)
                  : oc__png_write(&file, bitmap->pixels, bitmap->width, bitmap->height, err);
    if (!status && file.failed) status = oc__fail_nomem(err, picture->context, file.capacity, path);
    if (!status) status = oc__file_replace(picture->context, path, file.data, file.size, err);
    oc__buffer_free(&file);
    return status;
}

static oc_status draw(oc__bitmap *bitmap, const oc_box *const *boxes, const char *const *names, size_t n, oc_error *err) {
    for (size_t i = 0; i < 2 * n; i++) { /* all frames, then all names, which must be read */
        oc_box box;
        oc_status status = oc__struct_read(&box, sizeof box, sizeof box, boxes[i % n], "oc_box", err);
        if (status) return status;
        if (i < n)
            oc__draw_frame(bitmap, &box);
        else if (names && names[i - n])
            oc__draw_name(bitmap, &box, names[i - n]);
    }
    return OC_OK;
}

oc_status oc_picture_draw(oc_picture **out, const oc_picture *picture, const oc_box *const *boxes, const char *const *names,
                          size_t n, oc_error *err) {
    oc_status status = oc__check_call(out, picture, "picture", picture, "picture", err);
    oc_picture *drawn = NULL;
    if (!status && n) status = oc__check_pointer(boxes, "boxes", err);
    if (!status) status = oc__picture_create(&drawn, picture->context, err);
    if (status) return status;
    status = oc__bitmap_copy(&drawn->bitmap, &picture->bitmap, err);
    if (!status) status = draw(&drawn->bitmap, boxes, names, n, err);
    if (status)
        oc_picture_free(drawn);
    else
        *out = drawn;
    return status;
}
