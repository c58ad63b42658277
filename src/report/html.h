/* Pieces of an HTML page. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_HTML_H
#define OC_REPORT_HTML_H

#include <stdbool.h>

#include "memory.h"
#include "picture.h"

/* Text that is markup. */
void oc__html_put(oc__buffer *out, const char *markup);

/* Text that is not: what would be markup is escaped, what is not UTF-8 replaced. */
void oc__html_text(oc__buffer *out, const char *text);

/* A number of 0 to 1e12 or below 0, with so many decimals (at most 6), in every locale the same. */
void oc__html_number(oc__buffer *out, double value, int decimals);

/* A share as per cent: "98.5 %". */
void oc__html_percent(oc__buffer *out, double share);

/* A small picture as an <img>, read from a path; false if it cannot be read. Without memory, `out` has failed. */
bool oc__html_picture(oc__buffer *out, const char *path);

/* The same of a picture in memory. */
void oc__html_bitmap(oc__buffer *out, const oc__bitmap *bitmap);

/* The same of at most `side` pixels, with boxes drawn into it. */
bool oc__html_drawn_picture(oc__buffer *out, const char *path, uint32_t side, const oc_box *boxes, size_t n);

/* Points of a curve from 0, 0 to 1, 1. */
typedef struct oc__curve {
    const double *x, *y;
    size_t n;
} oc__curve;

/* A square plot with a title for each axis; with `diagonal` a dashed line from corner to corner, with `dots` marks. */
void oc__html_plot(oc__buffer *out, const oc__curve *curve, const char *x_title, const char *y_title, bool diagonal, bool dots);

#endif
