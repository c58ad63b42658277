/* Pieces of an HTML page. SPDX-License-Identifier: MIT */
#include "html.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "jpeg_write.h"
#include "prepare.h"
#include "resample.h"
#include "text.h"

#define SIDE 144 /* of a small picture, its longer one */
#define QUALITY 72

void oc__html_put(oc__buffer *out, const char *markup) { oc__buffer_append(out, markup, strlen(markup)); }

void oc__html_text(oc__buffer *out, const char *text) {
    bool valid = oc__utf8_valid(text, strlen(text));
    for (const char *c = text; *c; c++) {
        if (*c == '<') oc__html_put(out, "&lt;");
        else if (*c == '>') oc__html_put(out, "&gt;");
        else if (*c == '&') oc__html_put(out, "&amp;");
        else if (*c == '"') oc__html_put(out, "&quot;");
        else if ((unsigned char)*c < 0x20 || *c == 0x7F || (!valid && (unsigned char)*c > 0x7F)) oc__html_put(out, "\xEF\xBF\xBD");
        else oc__buffer_append(out, c, 1);
    }
}

void oc__html_number(oc__buffer *out, double value, int decimals) {
    char text[40];
    long long unit = 1, whole;
    for (int i = 0; i < decimals; i++) unit *= 10;
    whole = (long long)floor(fabs(value) * (double)unit + 0.5);
    snprintf(text, sizeof text, "%s%lld", value < 0 && whole ? "-" : "", whole / unit);
    oc__html_put(out, text);
    if (!decimals) return;
    snprintf(text, sizeof text, ".%0*lld", decimals, whole % unit);
    oc__html_put(out, text);
}

void oc__html_percent(oc__buffer *out, double share) {
    oc__html_number(out, 100 * share, 1);
    oc__html_put(out, "&#8239;%");
}

static void put_base64(oc__buffer *out, const uint8_t *data, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) | (left > 2 ? data[i + 2] : 0u);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], left > 1 ? digits[bits >> 6 & 63] : '=',
                        left > 2 ? digits[bits & 63] : '='};
        oc__buffer_append(out, four, 4);
    }
}

/* A picture of at most `side` pixels, with boxes. */
static void put_bitmap(oc__buffer *out, const oc__bitmap *bitmap, uint32_t side, const oc_box *boxes, size_t n) {
    oc_context *context = out->context;
    double longer = bitmap->width > bitmap->height ? bitmap->width : bitmap->height, scale = longer > side ? side / longer : 1;
    uint32_t width = (uint32_t)fmax(1, floor(bitmap->width * scale)), height = (uint32_t)fmax(1, floor(bitmap->height * scale));
    oc__buffer file = {.context = context};
    const oc__part whole = {0, 0, (float)bitmap->width, (float)bitmap->height};
    oc__bitmap small = {context, oc__alloc(context, (size_t)width * height * 3), width, height};
    oc_status status = small.pixels ? oc__resample(small.pixels, width, height, bitmap, whole, OC__FILTER_TRIANGLE, NULL) : OC_E_NOMEM;
    for (size_t i = 0; i < n && !status; i++) oc__draw_frame(&small, &boxes[i]);
    if (!status) status = oc__jpeg_write(&file, small.pixels, width, height, QUALITY, NULL);
    if (status || file.failed) {
        out->failed = true;
    } else {
        oc__html_put(out, "<img alt=\"\" src=\"data:image/jpeg;base64,");
        put_base64(out, file.data, file.size);
        oc__html_put(out, "\">");
    }
    oc__buffer_free(&file);
    oc__bitmap_free(&small);
}

void oc__html_bitmap(oc__buffer *out, const oc__bitmap *bitmap) { put_bitmap(out, bitmap, SIDE, NULL, 0); }

bool oc__html_drawn_picture(oc__buffer *out, const char *path, uint32_t side, const oc_box *boxes, size_t n) {
    oc__bitmap bitmap = {0};
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    oc_status status = oc__bitmap_open(&bitmap, out->context, &image, side, NULL);
    if (status) {
        out->failed = out->failed || status == OC_E_NOMEM;
        return false;
    }
    put_bitmap(out, &bitmap, side, boxes, n);
    oc__bitmap_free(&bitmap);
    return true;
}

bool oc__html_picture(oc__buffer *out, const char *path) { return oc__html_drawn_picture(out, path, SIDE, NULL, 0); }

/* --- plots --- */

#define LEFT 46
#define TOP 10
#define LENGTH 240

static void place(oc__buffer *out, double x, double y) {
    oc__html_number(out, LEFT + LENGTH * x, 1);
    oc__html_put(out, ",");
    oc__html_number(out, TOP + LENGTH * (1 - y), 1);
    oc__html_put(out, " ");
}

static void grid(oc__buffer *out) {
    char text[256];
    for (int i = 0; i <= 5; i++) {
        int along = LEFT + LENGTH * i / 5, down = TOP + LENGTH * (5 - i) / 5;
        snprintf(text, sizeof text,
                 "<path class=\"g\" d=\"M%d %dV%dM%d %dH%d\"/><text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d%%</text>"
                 "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d%%</text>",
                 along, TOP, TOP + LENGTH, LEFT, down, LEFT + LENGTH, along, TOP + LENGTH + 15, 20 * i, LEFT - 5, down + 4, 20 * i);
        oc__html_put(out, text);
    }
}

void oc__html_plot(oc__buffer *out, const oc__curve *curve, const char *x_title, const char *y_title, bool diagonal, bool dots) {
    oc__html_put(out, "<svg viewBox=\"0 0 300 290\" role=\"img\">");
    grid(out);
    if (diagonal) {
        oc__html_put(out, "<polyline class=\"d\" points=\"");
        place(out, 0, 0);
        place(out, 1, 1);
        oc__html_put(out, "\"/>");
    }
    oc__html_put(out, "<polyline class=\"c\" points=\"");
    for (size_t i = 0; i < curve->n; i++) place(out, curve->x[i], curve->y[i]);
    oc__html_put(out, "\"/>");
    for (size_t i = 0; i < curve->n && dots; i++) {
        oc__html_put(out, "<circle r=\"3.5\" cx=\"");
        oc__html_number(out, LEFT + LENGTH * curve->x[i], 1);
        oc__html_put(out, "\" cy=\"");
        oc__html_number(out, TOP + LENGTH * (1 - curve->y[i]), 1);
        oc__html_put(out, "\"/>");
    }
    oc__html_put(out, "<text x=\"166\" y=\"282\" text-anchor=\"middle\">");
    oc__html_text(out, x_title);
    oc__html_put(out, "</text><text transform=\"translate(11 130) rotate(-90)\" text-anchor=\"middle\">");
    oc__html_text(out, y_title);
    oc__html_put(out, "</text></svg>");
}
