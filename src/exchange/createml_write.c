/* Create ML's annotations: writing. SPDX-License-Identifier: MIT */
#include "formats.h"

static void write_mark(oc__buffer *line, const oc__annotations *set, const oc__mark *mark) {
    static const char *const sides[] = {",\"coordinates\":{\"x\":", ",\"y\":", ",\"width\":", ",\"height\":"};
    double box[4];
    oc__append(line, "{\"label\":");
    oc__json_append_string(line, set->tags[mark->tag].name);
    if (mark->kind == OC__MARK_BOX) {
        oc__mark_pixels(box, set, mark);
        for (int i = 0; i < 4; i++) {
            oc__append(line, sides[i]);
            oc__json_append_number(line, i < 2 ? box[i] + box[i + 2] / 2 : box[i]);
        }
        oc__append(line, "}");
    }
    oc__append_extra_members(line, mark->extra, "createml", NULL);
    oc__append(line, "}");
}

oc_status oc__createml_write(const oc__annotations *set, const oc__exchange_format *format, const char *path, oc_error *err) {
    oc__output output;
    oc_status status = oc__output_begin(&output, set->context, path, err);
    if (status) return status;
    oc__buffer *line = &output.line;
    oc__append(line, "[");
    for (size_t i = 0; i < set->n_pictures; i++) {
        const oc__known_picture *picture = &set->pictures[i];
        bool first = true;
        oc__append(line, i ? ",\n{\"image\":" : "\n{\"image\":");
        oc__json_append_string(line, picture->path);
        oc__append(line, ",\"annotations\":[");
        for (size_t k = 0; k < picture->n_marks; k++) {
            const oc__mark *mark = &set->marks[picture->first_mark + k];
            if (!oc__can_write(set, mark, format) || mark->tag == OC__NO_TAG) continue;
            if (!first) oc__append(line, ",");
            write_mark(line, set, mark);
            first = false;
        }
        oc__append(line, "]");
        oc__append_extra_members(line, picture->extra, "createml", NULL);
        oc__append(line, "}");
        oc__output_flush(&output);
    }
    oc__append(line, "\n]\n");
    return oc__output_end(&output, OC_OK, err);
}
