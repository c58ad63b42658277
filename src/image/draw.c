/* Drawing boxes with names into a picture. SPDX-License-Identifier: MIT */
#include "draw.h"

#include <math.h>

#include "face.h"

typedef struct colour {
    uint8_t rgb[3];
} colour;

/* Colours that differ in hue and in lightness, so that neighbours in the list are told apart without seeing colours too. */
static const colour colours[] = {{{255, 214, 0}},  {{0, 90, 200}},   {{60, 220, 90}}, {{210, 0, 70}},    {{0, 215, 230}},
                                 {{130, 40, 170}}, {{255, 140, 30}}, {{0, 110, 70}},  {{255, 130, 190}}, {{120, 60, 10}}};
#define N_COLOURS (sizeof colours / sizeof *colours)

/* Pixels; right and bottom are outside. */
typedef struct area {
    int64_t left, top, right, bottom;
} area;

static int64_t within(int64_t value, int64_t low, int64_t high) { return value < low ? low : value > high ? high : value; }

static void fill(oc__bitmap *bitmap, area a, colour c) {
    int64_t right = within(a.right, 0, bitmap->width), bottom = within(a.bottom, 0, bitmap->height);
    for (int64_t y = within(a.top, 0, bitmap->height); y < bottom; y++)
        for (int64_t x = within(a.left, 0, bitmap->width); x < right; x++)
            for (int k = 0; k < 3; k++) bitmap->pixels[3 * (y * (int64_t)bitmap->width + x) + k] = c.rgb[k];
}

static void frame(oc__bitmap *bitmap, area a, int64_t width, colour c) {
    int64_t inner_top = within(a.top + width, a.top, a.bottom), inner_bottom = within(a.bottom - width, inner_top, a.bottom);
    fill(bitmap, (area){a.left, a.top, a.right, inner_top}, c);
    fill(bitmap, (area){a.left, inner_bottom, a.right, a.bottom}, c);
    fill(bitmap, (area){a.left, inner_top, within(a.left + width, a.left, a.right), inner_bottom}, c);
    fill(bitmap, (area){within(a.right - width, a.left, a.right), inner_top, a.right, inner_bottom}, c);
}

static int64_t text_width(const char *text, int64_t scale) {
    int64_t n = 0;
    while (oc__face_next(&text)) n++;
    return n ? scale * (n * (OC__FACE_WIDTH + 1) - 1) : 0;
}

static void write(oc__bitmap *bitmap, const char *text, int64_t left, int64_t top, int64_t scale, colour c) {
    for (uint32_t letter; (letter = oc__face_next(&text)) && left < (int64_t)bitmap->width;
         left += scale * (OC__FACE_WIDTH + 1))
        for (uint32_t y = 0; y < OC__FACE_HEIGHT; y++)
            for (uint32_t x = 0; x < OC__FACE_WIDTH; x++)
                if (oc__face_dot(letter, x, y))
                    fill(bitmap, (area){left + scale * x, top + scale * y, left + scale * (x + 1), top + scale * (y + 1)}, c);
}

/* Black or white, whichever is read better on a colour (by its luma). */
static colour ink_on(colour c) {
    int luma = 299 * c.rgb[0] + 587 * c.rgb[1] + 114 * c.rgb[2];
    return luma > 128 * 1000 ? (colour){{0, 0, 0}} : (colour){{255, 255, 255}};
}

static int64_t pixel_of(double part, uint32_t size) {
    double at = floor(part * size + 0.5);
    return at >= -1e6 && at <= 1e6 ? (int64_t)at : at > 0 ? 1000000 : -1000000; /* not a number: outside */
}

static area area_of(const oc__bitmap *bitmap, const oc_box *box) {
    return (area){pixel_of((double)box->left, bitmap->width), pixel_of((double)box->top, bitmap->height),
                  pixel_of((double)box->left + (double)box->width, bitmap->width),
                  pixel_of((double)box->top + (double)box->height, bitmap->height)};
}

/* Pixels a dot of a letter: capitals of about a thirtieth of the picture. */
static int64_t scale_of(const oc__bitmap *bitmap) {
    return within(((int64_t)(bitmap->width < bitmap->height ? bitmap->width : bitmap->height) + 120) / 240, 1, 16);
}

static colour colour_of(const oc_box *box) { return colours[(uint32_t)box->tag % N_COLOURS]; }

void oc__draw_frame(oc__bitmap *bitmap, const oc_box *box) {
    frame(bitmap, area_of(bitmap, box), scale_of(bitmap) + 1, colour_of(box));
}

void oc__draw_name(oc__bitmap *bitmap, const oc_box *box, const char *name) {
    int64_t scale = scale_of(bitmap), margin = scale + 1;
    int64_t width = text_width(name, scale) + 2 * margin, height = OC__FACE_HEIGHT * scale + 2 * margin;
    area a = area_of(bitmap, box);
    area plate = {
        .left = within(a.left, 0, within((int64_t)bitmap->width - width, 0, INT64_MAX)),
        .top = within(a.top >= height ? a.top - height : a.top, 0, within((int64_t)bitmap->height - height, 0, INT64_MAX))};
    plate.right = plate.left + width;
    plate.bottom = plate.top + height;
    fill(bitmap, plate, colour_of(box));
    write(bitmap, name, plate.left + margin, plate.top + margin, scale, ink_on(colour_of(box)));
}
