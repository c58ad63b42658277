/* CVAT's XML for images (1.1): writing. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"
#include "xml.h"

static void number_attribute(oc__buffer *line, const char *name, double value) {
    oc__append(line, " ");
    oc__append(line, name);
    oc__append(line, "=\"");
    oc__json_append_number(line, value);
    oc__append(line, "\"");
}

static oc_status write_label(oc__buffer *line, const oc__known_tag *tag, oc_error *err) {
    char *own;
    oc_status status = oc__extra_text(&own, line->context, tag->extra, "cvat", err);
    if (status) return status;
    oc__append(line, "<label>");
    oc__xml_append_child(line, "name", tag->name);
    if (tag->colour[0]) oc__xml_append_child(line, "color", tag->colour);
    oc__append(line, own ? own : "<attributes></attributes>");
    oc__append(line, "</label>\n");
    oc__free(line->context, own);
    return OC_OK;
}

/* An element of what is kept of it, or else `plain`, begins here: its name and, before its other attributes, those that the
 * caller appends then. Returns what is to follow them. */
static const char *begin_element(oc__buffer *line, const char *own) {
    size_t size = strcspn(own, " />");
    oc__buffer_append(line, own, size);
    return own + size;
}

static oc_status write_mark(oc__buffer *line, const oc__annotations *set, const oc__mark *mark, oc_error *err) {
    static const char *const sides[] = {"xtl", "ytl", "xbr", "ybr"};
    double box[4];
    char *own;
    oc_status status = oc__extra_text(&own, line->context, mark->extra, "cvat", err);
    if (status) return status;
    const char *plain =
        mark->kind == OC__MARK_BOX ? "<box source=\"manual\" occluded=\"0\" z_order=\"0\"/>" : "<tag source=\"manual\"/>";
    const char *rest = begin_element(line, own ? own : plain);
    if (mark->tag != OC__NO_TAG) oc__xml_append_attribute(line, "label", set->tags[mark->tag].name);
    if (mark->kind == OC__MARK_BOX) {
        oc__mark_corners(box, set, mark);
        for (int i = 0; i < 4; i++) number_attribute(line, sides[i], box[i]);
    }
    oc__append(line, rest);
    oc__append(line, "\n");
    oc__free(line->context, own);
    return OC_OK;
}

static oc_status write_picture(oc__buffer *line, const oc__annotations *set, size_t index, const oc__exchange_format *format,
                               oc_error *err) {
    const oc__known_picture *picture = &set->pictures[index];
    char *own;
    oc_status status = oc__extra_text(&own, line->context, picture->extra, "cvat", err);
    if (status) return status;
    const char *rest = begin_element(line, own ? own : "<image/>");
    number_attribute(line, "id", (double)index);
    oc__xml_append_attribute(line, "name", picture->path);
    if (picture->split[0]) oc__xml_append_attribute(line, "subset", picture->split);
    if (picture->width) {
        number_attribute(line, "width", picture->width);
        number_attribute(line, "height", picture->height);
    }
    size_t size = strlen(rest);
    oc__buffer_append(line, rest, size >= 2 ? size - 2 : 0); /* without its "/>" */
    oc__append(line, ">\n");
    oc__free(line->context, own);
    for (size_t k = 0; k < picture->n_marks && !status; k++) {
        const oc__mark *mark = &set->marks[picture->first_mark + k];
        if (oc__can_write(set, mark, format)) status = write_mark(line, set, mark, err);
    }
    oc__append(line, "</image>\n");
    return status;
}

oc_status oc__cvat_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__output output;
    oc_status status = oc__output_begin(&output, set->context, path, err);
    if (status) return status;
    oc__append(&output.line,
               "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<annotations>\n<version>1.1</version>\n<meta><task><labels>\n");
    for (size_t i = 0; i < set->n_tags && !status; i++) status = write_label(&output.line, &set->tags[i], err);
    oc__append(&output.line, "</labels></task></meta>\n");
    for (size_t i = 0; i < set->n_pictures && !status; i++) {
        status = write_picture(&output.line, set, i, format, err);
        oc__output_flush(&output);
    }
    oc__append(&output.line, "</annotations>\n");
    return oc__output_end(&output, status, err);
}
