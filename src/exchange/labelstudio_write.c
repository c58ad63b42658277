/* Label Studio's JSON: writing. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"

/* Appends ,"key":value. */
static void number_member(oc__buffer *line, const char *key, double value) {
    oc__append(line, ",\"");
    oc__append(line, key);
    oc__append(line, "\":");
    oc__json_append_number(line, value);
}

static bool has(const oc__slice *object, bool there, const char *key) {
    oc__slice value;
    return there && oc__json_member(&value, *object, key);
}

static void write_mark(oc__buffer *line, const oc__annotations *set, const oc__mark *mark) {
    static const char *const sides[] = {"x", "y", "width", "height", "rotation", "rectanglelabels", NULL}, *const value_key[] =
                                                                                                               {"value", NULL};
    const oc__known_picture *picture = &set->pictures[mark->picture];
    oc__slice own, value;
    double box[4];
    bool extra = oc__extra_of(&own, mark->extra, "labelstudio"), is_box = mark->kind == OC__MARK_BOX;
    if (mark->kind == OC__MARK_OTHER) {
        oc__buffer_append(line, own.data, own.size);
        return;
    }
    oc__append(line, is_box ? "{\"type\":\"rectanglelabels\"" : "{\"type\":\"choices\"");
    if (!has(&own, extra, "from_name")) oc__append(line, is_box ? ",\"from_name\":\"label\"" : ",\"from_name\":\"choice\"");
    if (!has(&own, extra, "to_name")) oc__append(line, ",\"to_name\":\"image\"");
    if (picture->width && is_box) {
        number_member(line, "original_width", picture->width);
        number_member(line, "original_height", picture->height);
    }
    if (is_box) {
        oc__mark_fractions(box, set, mark);
        oc__append(line, ",\"value\":{\"rotation\":0");
        for (int i = 0; i < 4; i++) number_member(line, sides[i], oc__snap(box[i] * 100, 100));
        oc__append(line, ",\"rectanglelabels\":[");
    } else {
        oc__append(line, ",\"value\":{\"choices\":[");
    }
    oc__json_append_string(line, set->tags[mark->tag].name);
    oc__append(line, "]");
    if (extra && oc__json_member(&value, own, "value")) oc__json_append_others(line, value, sides);
    oc__append(line, "}");
    if (extra) oc__json_append_others(line, own, value_key);
    oc__append(line, "}");
}

static void write_picture(oc__buffer *line, const oc__annotations *set, const oc__known_picture *picture,
                          const oc__exchange_format *format) {
    static const char *const image[] = {"image", NULL}, *const data_key[] = {"data", "meta", NULL};
    oc__slice own, data;
    bool extra = oc__extra_of(&own, picture->extra, "labelstudio"), first = true;
    oc__append(line, "{\"data\":{\"image\":");
    oc__json_append_string(line, picture->path);
    if (extra && oc__json_member(&data, own, "data")) oc__json_append_others(line, data, image);
    oc__append(line, "}");
    if (picture->n_pairs) oc__append_metadata(line, set, picture, "meta");
    oc__append(line, ",\"annotations\":[{\"result\":[");
    for (size_t k = 0; k < picture->n_marks; k++) {
        const oc__mark *mark = &set->marks[picture->first_mark + k];
        if (!oc__can_write(set, mark, format)) continue;
        if (!first) oc__append(line, ",");
        write_mark(line, set, mark);
        first = false;
    }
    oc__append(line, "]}],\"predictions\":[]");
    if (extra) oc__json_append_others(line, own, picture->n_pairs ? data_key : (const char *const[]){"data", NULL});
    oc__append(line, "}");
}

oc_status oc__labelstudio_write(const oc__annotations *set, const oc__exchange_format *format, const char *path,
                                oc_error *err) {
    oc__output output;
    oc_status status = oc__output_begin(&output, set->context, path, err);
    if (status) return status;
    oc__append(&output.line, "[");
    for (size_t i = 0; i < set->n_pictures; i++) {
        oc__append(&output.line, i ? ",\n" : "\n");
        write_picture(&output.line, set, &set->pictures[i], format);
        oc__output_flush(&output);
    }
    oc__append(&output.line, "\n]\n");
    return oc__output_end(&output, OC_OK, err);
}
