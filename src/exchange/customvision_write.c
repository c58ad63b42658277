/* The service's "tagged-images.json": writing. SPDX-License-Identifier: MIT */
#include "formats.h"

static void write_mark(oc__buffer *line, const oc__annotations *set, const oc__mark *mark) {
    static const char *const sides[] = {",\"left\":", ",\"top\":", ",\"width\":", ",\"height\":"};
    double box[4];
    oc__append(line, "{\"tag\":");
    oc__json_append_string(line, set->tags[mark->tag].name);
    if (mark->kind == OC__MARK_BOX) oc__mark_fractions(box, set, mark);
    for (int i = 0; i < 4 && mark->kind == OC__MARK_BOX; i++) {
        oc__append(line, sides[i]);
        oc__json_append_number(line, box[i]);
    }
    oc__append(line, "}");
}

static void write_picture(oc__buffer *line, const oc__annotations *set, const oc__known_picture *picture,
                          const oc__exchange_format *format) {
    bool first = true;
    oc__append(line, "{\"filename\":");
    oc__json_append_string(line, picture->path);
    oc__append_metadata(line, set, picture, "metadata");
    oc__append(line, ",\"tags\":[");
    for (size_t i = 0; i < picture->n_marks; i++) {
        const oc__mark *mark = &set->marks[picture->first_mark + i];
        if (!oc__can_write(set, mark, format)) continue;
        if (!first) oc__append(line, ",");
        write_mark(line, set, mark);
        first = false;
    }
    oc__append(line, "]}");
}

oc_status oc__customvision_write(const oc__annotations *set, const oc__exchange_format *format, const char *path,
                                 oc_error *err) {
    oc__output output;
    oc_status status = oc__output_begin(&output, set->context, path, err);
    if (status) return status;
    oc__append(&output.line, "{\"files\":[\n");
    for (size_t i = 0; i < set->n_pictures; i++) {
        if (i) oc__append(&output.line, ",\n");
        write_picture(&output.line, set, &set->pictures[i], format);
        oc__output_flush(&output);
    }
    oc__append(&output.line, "\n]}\n");
    return oc__output_end(&output, OC_OK, err);
}
