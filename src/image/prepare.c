/* Preparing a picture for a network. SPDX-License-Identifier: MIT */
#include "prepare.h"

#include <math.h>

#include "memory.h"
#include "resample.h"

const oc__view oc__view_whole = {0, 0, 1, 1, false};

static oc_status check_field(uint32_t value, uint32_t least, uint32_t most, const char *field, oc_error *err) {
    if (value >= least && value <= most) return OC_OK;
    return oc__fail(err, OC_E_CORRUPT, "preparation rule: %s is %u, expected %u to %u", field, value, least, most);
}

oc_status oc__prepare_rule_check(const oc__prepare_rule *rule, oc_error *err) {
    oc_status status;
    if ((status = check_field(rule->width, 1, 4096, "width", err)) ||
        (status = check_field(rule->height, 1, 4096, "height", err)) ||
        (status = check_field(rule->resize, OC__RESIZE_SQUASH, OC__RESIZE_LETTERBOX, "resize", err)) ||
        (status = check_field(rule->filter, OC__FILTER_TRIANGLE, OC__FILTER_CUBIC, "filter", err)) ||
        (status = check_field(rule->reduced_jpeg, 0, 1, "reduced_jpeg", err)) ||
        (status = check_field(rule->channels, OC__CHANNELS_RGB, OC__CHANNELS_BGR, "channels", err)) ||
        (status = check_field(rule->fill[3], 0, 0, "fill[3]", err)))
        return status;
    for (int i = 0; i < 3; i++)
        if (!isfinite(rule->mean[i]) || !isfinite(rule->scale[i]))
            return oc__fail(err, OC_E_CORRUPT, "preparation rule: mean[%d] or scale[%d] is not a finite number", i, i);
    return OC_OK;
}

uint32_t oc__prepare_reduce_to(const oc__prepare_rule *rule) {
    return rule->reduced_jpeg ? 2 * (rule->width > rule->height ? rule->width : rule->height) : 0;
}

/* An interval of an axis of `size` pixels from fractions, kept inside and at least a pixel long. */
static void place(double *start, double *length, double from, double part, uint32_t size) {
    double begin = fmin(fmax(from, 0), 1) * size, end = fmin(fmax(from + part, 0), 1) * size;
    if (end - begin < 1) {
        begin = fmin(fmax((begin + end - 1) / 2, 0), size - 1.0);
        end = begin + 1;
    }
    *start = begin;
    *length = end - begin;
}

/* What of the picture goes where in the input. */
typedef struct layout {
    oc__part part;
    uint32_t left, top, width, height;
} layout;

static layout lay_out(const oc__bitmap *bitmap, const oc__prepare_rule *rule, const oc__view *view) {
    double x, y, w, h;
    layout l = {.width = rule->width, .height = rule->height};
    place(&x, &w, view->left, view->width, bitmap->width);
    place(&y, &h, view->top, view->height, bitmap->height);
    double across = rule->width / w, along = rule->height / h; /* enlargement */
    if (rule->resize == OC__RESIZE_CROP) {
        double part_w = across < along ? rule->width / along : w, part_h = along < across ? rule->height / across : h;
        x += (w - part_w) / 2;
        y += (h - part_h) / 2;
        w = part_w;
        h = part_h;
    } else if (rule->resize == OC__RESIZE_LETTERBOX) {
        if (across < along)
            l.height = (uint32_t)fmax(h * across + 0.5, 1);
        else
            l.width = (uint32_t)fmax(w * along + 0.5, 1);
        l.left = (rule->width - l.width) / 2;
        l.top = (rule->height - l.height) / 2;
    }
    l.part = (oc__part){(float)x, (float)y, (float)(x + w), (float)(y + h)};
    return l;
}

/* The input value of every byte, in the picture's channel order. */
typedef struct levels {
    float of[3][256];
} levels;

static void set_levels(levels *l, const oc__prepare_rule *rule) {
    for (int i = 0; i < 3; i++) {
        int to = rule->channels == OC__CHANNELS_BGR ? 2 - i : i;
        for (int byte = 0; byte < 256; byte++) l->of[i][byte] = ((float)byte - rule->mean[to]) * rule->scale[to];
    }
}

/* Writes n pixels, `step` floats apart; step -3 mirrors. A single pixel may be repeated with step_in 0. */
static void put_pixels(float *out, ptrdiff_t step, const uint8_t *pixels, ptrdiff_t step_in, uint32_t n, bool bgr,
                       const levels *l) {
    int red = bgr ? 2 : 0, blue = 2 - red;
    for (uint32_t i = 0; i < n; i++, out += step, pixels += step_in) {
        out[red] = l->of[0][pixels[0]];
        out[1] = l->of[1][pixels[1]];
        out[blue] = l->of[2][pixels[2]];
    }
}

static void put_all(float *out, const uint8_t *resized, const layout *l, const oc__prepare_rule *rule, bool mirror) {
    levels values;
    bool bgr = rule->channels == OC__CHANNELS_BGR;
    set_levels(&values, rule);
    if (l->width < rule->width || l->height < rule->height)
        for (uint32_t y = 0; y < rule->height; y++)
            put_pixels(out + (size_t)y * rule->width * 3, 3, rule->fill, 0, rule->width, bgr, &values);
    for (uint32_t y = 0; y < l->height; y++) {
        float *row = out + ((size_t)(y + l->top) * rule->width + l->left) * 3;
        if (mirror) row += (size_t)(l->width - 1) * 3;
        put_pixels(row, mirror ? -3 : 3, resized + (size_t)y * l->width * 3, 3, l->width, bgr, &values);
    }
}

oc_status oc__prepare(float *out, const oc__bitmap *bitmap, const oc__prepare_rule *rule, const oc__view *view, oc_error *err) {
    if (!view) view = &oc__view_whole;
    if (!isfinite(view->left) || !isfinite(view->top) || !isfinite(view->width) || !isfinite(view->height))
        return oc__fail(err, OC_E_ARGUMENT, "view: a side is not a finite number");
    layout l = lay_out(bitmap, rule, view);
    uint8_t *resized = oc__alloc_array(bitmap->context, (size_t)l.width * l.height, 3);
    if (!resized) return oc__fail_nomem(err, bitmap->context, (size_t)l.width * l.height * 3, "preparing a picture");
    oc_status status = oc__resample(resized, l.width, l.height, bitmap, l.part, rule->filter, err);
    if (status == OC_OK) put_all(out, resized, &l, rule, view->mirror);
    oc__free(bitmap->context, resized);
    return status;
}

oc_status oc__prepare_image(float *out, oc_context *context, const oc_image *image, const oc__prepare_rule *rule,
                            const oc__view *view, oc_error *err) {
    oc__bitmap bitmap;
    oc_image known;
    oc_status status = oc__bitmap_open(&bitmap, context, image, oc__prepare_reduce_to(rule), err);
    if (status) return status;
    status = oc__prepare(out, &bitmap, rule, view, err);
    if (status && oc__image_check(&known, image, NULL) == OC_OK) oc__fail_in(err, status, oc__image_name(&known));
    oc__bitmap_free(&bitmap);
    return status;
}
