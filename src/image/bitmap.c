/* Bitmaps: making, checking, turning. SPDX-License-Identifier: MIT */
#include <string.h>

#include "memory.h"
#include "picture_kinds.h"

void oc__bitmap_free(oc__bitmap *bitmap) {
    if (bitmap->context) oc__free(bitmap->context, bitmap->pixels);
    *bitmap = (oc__bitmap){0};
}

oc_status oc__bitmap_copy(oc__bitmap *out, const oc__bitmap *bitmap, oc_error *err) {
    size_t size = (size_t)bitmap->width * bitmap->height * 3;
    *out = (oc__bitmap){bitmap->context, oc__alloc(bitmap->context, size), bitmap->width, bitmap->height};
    if (!out->pixels) return oc__fail_nomem(err, bitmap->context, size, "picture");
    memcpy(out->pixels, bitmap->pixels, size);
    return OC_OK;
}

oc_status oc__bitmap_check_size(const oc__encoded *from, uint64_t width, uint64_t height, oc_error *err) {
    const oc__limits *limits = &from->context->limits;
    unsigned long long w = width, h = height;
    uint64_t pixels, longer = width > height ? width : height, shorter = width > height ? height : width;
    if (shorter == 0)
        return oc__fail(err, OC_E_CORRUPT, "%s: is %llu x %llu pixels, at least 1 x 1 expected", from->name, w, h);
    if (__builtin_mul_overflow(width, height, &pixels) || pixels > limits->image_pixels)
        return oc__fail(err, OC_E_LIMIT, "%s: is %llu x %llu pixels, max_image_pixels is %llu", from->name, w, h,
                        (unsigned long long)limits->image_pixels);
    if (longer > limits->image_side)
        return oc__fail(err, OC_E_LIMIT, "%s: is %llu x %llu pixels, max_image_side is %u", from->name, w, h,
                        limits->image_side);
    if (longer > shorter * limits->image_ratio)
        return oc__fail(err, OC_E_LIMIT, "%s: is %llu x %llu pixels, max_image_ratio is %u", from->name, w, h,
                        limits->image_ratio);
    return OC_OK;
}

oc_status oc__bitmap_create(oc__bitmap *out, const oc__encoded *from, uint32_t width, uint32_t height, oc_error *err) {
    *out = (oc__bitmap){0};
    uint8_t *pixels = oc__alloc_array(from->context, (size_t)width * height, 3);
    if (!pixels) return oc__fail_nomem(err, from->context, (size_t)width * height * 3, from->name);
    *out = (oc__bitmap){from->context, pixels, width, height};
    return OC_OK;
}

/* How an orientation is undone: mirror left to right, then top to bottom, then swap the axes. */
static const struct {
    bool across, down, swap;
} turns[9] = {{0},
              {0},
              {true, false, false},
              {true, true, false},
              {false, true, false},
              {false, false, true},
              {false, true, true},
              {true, true, true},
              {true, false, true}};

oc_status oc__bitmap_turn(oc__bitmap *bitmap, uint32_t orientation, const char *name, oc_error *err) {
    enum { TILE = 32 }; /* pixels a side, so that the strided reads stay in the cache */
    if (orientation < 2 || orientation > 8) return OC_OK;
    bool swap = turns[orientation].swap;
    const oc__encoded from = {.context = bitmap->context, .name = name};
    ptrdiff_t step_x = turns[orientation].across ? -3 : 3, step_y = (ptrdiff_t)bitmap->width * 3;
    const uint8_t *start = bitmap->pixels;
    if (turns[orientation].across) start += (ptrdiff_t)(bitmap->width - 1) * 3;
    if (turns[orientation].down) {
        start += (ptrdiff_t)(bitmap->height - 1) * step_y;
        step_y = -step_y;
    }
    ptrdiff_t step_column = swap ? step_y : step_x, step_row = swap ? step_x : step_y;
    oc__bitmap turned;
    oc_status status =
        oc__bitmap_create(&turned, &from, swap ? bitmap->height : bitmap->width, swap ? bitmap->width : bitmap->height, err);
    if (status) return status;
    for (uint32_t top = 0; top < turned.height; top += TILE)
        for (uint32_t left = 0; left < turned.width; left += TILE)
            for (uint32_t y = top; y < turned.height && y < top + TILE; y++) {
                uint8_t *to = turned.pixels + ((size_t)y * turned.width + left) * 3;
                for (uint32_t x = left; x < turned.width && x < left + TILE; x++, to += 3)
                    memcpy(to, start + (ptrdiff_t)y * step_row + (ptrdiff_t)x * step_column, 3);
            }
    oc__bitmap_free(bitmap);
    *bitmap = turned;
    return OC_OK;
}
