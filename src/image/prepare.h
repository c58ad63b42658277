/* Preparing a picture for a network: the one place where it happens. SPDX-License-Identifier: MIT */
#ifndef OC_IMAGE_PREPARE_H
#define OC_IMAGE_PREPARE_H

#include "picture.h"

#define OC__RESIZE_SQUASH 1    /* to width x height, whatever the aspect */
#define OC__RESIZE_CROP 2      /* the largest centred part of the target's aspect, resized */
#define OC__RESIZE_LETTERBOX 3 /* all of the picture, centred, the rest filled */

#define OC__FILTER_TRIANGLE 1 /* bilinear, widened by the reduction so that it does not alias */
#define OC__FILTER_CUBIC 2    /* Keys 1981, a = -0.5, widened likewise */

#define OC__CHANNELS_RGB 1
#define OC__CHANNELS_BGR 2

/* How a picture becomes a network's input. Stored in the model file. */
typedef struct oc__prepare_rule {
    uint32_t width, height;  /* of the input, 1 .. 4096 */
    uint32_t resize;         /* OC__RESIZE_... */
    uint32_t filter;         /* OC__FILTER_... */
    uint32_t reduced_jpeg;   /* 1: JPEGs may be decoded at a reduced scale of at least twice the input's side; 0: never */
    uint32_t channels;       /* OC__CHANNELS_...: order of the input's channels */
    float mean[3], scale[3]; /* input = (byte - mean) * scale, in the input's channel order; finite */
    uint8_t fill[4];         /* letterbox: R, G, B, 0 */
} oc__prepare_rule;

/* OC_E_CORRUPT, naming the field and the bound, if a rule (from a file) is out of range. */
oc_status oc__prepare_rule_check(const oc__prepare_rule *rule, oc_error *err);

/* A part of the upright picture, as fractions of its width and height (kept inside it, at least one pixel), taken before the
 * rule is applied, and whether to mirror it left to right. */
typedef struct oc__view {
    double left, top, width, height;
    bool mirror;
} oc__view;

extern const oc__view oc__view_whole;

/* Writes height x width x 3 floats, channels last. Resizing is separable and antialiased: horizontal pass first, 8-bit in
 * between, fixed-point weights; so the result has the same bits on every machine. They are those of Pillow's Image.resize with
 * `box`, but for Pillow 12.3 and later, which begins with the vertical pass where that is less work: there a byte may differ
 * by 1. `view` NULL: whole. OC_E_ARGUMENT: a view that is not finite. */
oc_status oc__prepare(float *out, const oc__bitmap *bitmap, const oc__prepare_rule *rule, const oc__view *view, oc_error *err);

/* Opens the picture and prepares it. Messages begin with the picture's name. */
oc_status oc__prepare_image(float *out, oc_context *context, const oc_image *image, const oc__prepare_rule *rule,
                            const oc__view *view, oc_error *err);

/* The `reduce_to` with which pictures are opened under this rule; for who prepares several views of one. */
uint32_t oc__prepare_reduce_to(const oc__prepare_rule *rule);

#endif
