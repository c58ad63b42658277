/* A report as one page to look at. SPDX-License-Identifier: MIT */
#ifndef OC_REPORT_PAGE_H
#define OC_REPORT_PAGE_H

#include "memory.h"
#include "model.h"

/* Draws what in a picture spoke for a tag; the bitmap is the caller's to free. */
typedef struct oc__page_explainer {
    oc_status (*draw)(oc__bitmap *out, void *user, const char *path, uint32_t tag, oc_error *err);
    void *user;
} oc__page_explainer;

/* Writes a measurement of a model as HTML that needs nothing else: plots are SVG, pictures small JPEGs within it, there is no script. The
 * pictures are read from the paths that their entries have as names; one that cannot be is shown by its name alone. With an explainer (or NULL) the first mistakes are explained. */
oc_status oc__page_write(oc__buffer *out, const oc__measurement *measurement, const oc_model *model,
                         const oc__page_explainer *explainer, oc_error *err);

/* The same for what a detector found: with the boxes of each mistake drawn into its picture. */
oc_status oc__box_page_write(oc__buffer *out, const oc__measurement *measurement, const char *const *tags, oc_error *err);

/* A share's standard deviation over the folds, if there are several. */
void oc__page_deviation(oc__buffer *out, const oc__measurement *measurement, double deviation);

/* The parts that both pages share: the page's beginning up to the numbers of pictures; a large figure with its name and, where
 * n > 0, its 95 % interval; the same interval alone, of `right` of n; the last part of a path. */
void oc__page_begin(oc__buffer *out, const oc__measurement *measurement);
void oc__page_tile(oc__buffer *out, const char *name, double share, double n);
void oc__page_interval(oc__buffer *out, double right, double n);
const char *oc__page_last_part(const char *path);

#endif
