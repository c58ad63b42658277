/* A picture with its tag. SPDX-License-Identifier: MIT */
#include "sample.h"

#include <string.h>

#include "memory.h"

/* Bytes of data behind a checked description. Raw pixels are copied row by row without padding. */
static size_t data_size(const oc_image *image, size_t *row) {
    *row = 0;
    if (image->format == OC_IMAGE_PATH) return strlen(image->data) + 1;
    if (image->format == OC_IMAGE_ENCODED) return image->size;
    *row = (size_t)image->width * (image->format == OC_IMAGE_GRAY8 ? 1 : image->format <= OC_IMAGE_BGR8 ? 3 : 4);
    return *row * image->height;
}

oc_status oc__sample_create(oc__sample **out, oc_context *context, const oc_image *image, const char *name, const char *split,
                            oc_error *err) {
    oc_image known;
    size_t row, size;
    oc_status status = oc__image_check(&known, image, err);
    if (status) return status;
    size = data_size(&known, &row);
    oc__sample *sample = oc__alloc_zero(context, sizeof *sample);
    if (!sample) return oc__fail_nomem(err, context, sizeof *sample, name);
    atomic_init(&sample->n_references, 1);
    sample->context = context;
    uint8_t *data = oc__alloc(context, size);
    sample->image = known;
    sample->image.data = data;
    sample->image.size = size;
    sample->image.stride = 0;
    sample->image.name = oc__strdup(context, name);
    sample->split = oc__strdup(context, split);
    if (!data || !sample->image.name || !sample->split) {
        oc__sample_release(sample);
        return oc__fail_nomem(err, context, size, name);
    }
    const uint8_t *from = known.data;
    ptrdiff_t stride = known.stride ? known.stride : (ptrdiff_t)row;
    if (row == 0) memcpy(data, from, size);
    else
        for (uint32_t y = 0; y < known.height; y++) memcpy(data + y * row, from + (ptrdiff_t)y * stride, row);
    *out = sample;
    return OC_OK;
}

oc__sample *oc__sample_retain(oc__sample *sample) {
    atomic_fetch_add(&sample->n_references, 1);
    return sample;
}

void oc__sample_release(oc__sample *sample) {
    if (!sample || atomic_fetch_sub(&sample->n_references, 1) != 1) return;
    oc__free(sample->context, (void *)(uintptr_t)sample->image.data);
    oc__free(sample->context, (void *)(uintptr_t)sample->image.name);
    oc__free(sample->context, sample->split);
    oc__free(sample->context, sample);
}
