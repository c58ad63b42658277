/* CVAT's XML for images (1.1): reading. SPDX-License-Identifier: MIT */
#include <string.h>

#include "formats.h"
#include "text.h"
#include "xml.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
    oc__buffer scratch;
    bool seen; /* an <image> or <meta> */
} reader;

/* Keeps what is in the scratch buffer, and empties it. */
static oc_status keep(const char **out, reader *r, oc_error *err) {
    oc_status status = OC_OK;
    bool any = r->scratch.size > 0;
    oc__buffer_append(&r->scratch, "", 1);
    if (r->scratch.failed)
        status = oc__fail_nomem(err, r->set->context, r->scratch.size, r->source->path);
    else if (any)
        status = oc__extra_keep(out, r->set, (const char *)r->scratch.data, "cvat", err);
    r->scratch.size = 0;
    return status;
}

/* A label's own name and colour, and what else is known of it. */
static oc_status take_label(reader *r, const oc__xml *label, oc_error *err) {
    static const char *const none[] = {NULL};
    const char *name = oc__xml_child_text(label, "name"), *colour = oc__xml_child_text(label, "color");
    uint32_t tag;
    if (!name || !name[0])
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the label has no name", err, "line %zu", label->line);
    oc_status status = oc__annotations_tag(&tag, r->set, name, r->source->path, err);
    if (status || tag == OC__NO_TAG) return status;
    oc__known_tag *known = &r->set->tags[tag];
    if (colour && strlen(colour) == 7 && colour[0] == '#') status = oc__annotations_keep(&known->colour, r->set, colour, err);
    for (const oc__xml *child = label->first; child; child = child->next) {
        bool plain = !child->first && (!child->text[0] || !strcmp(child->text, "any") || !strcmp(child->text, "rectangle"));
        if (strcmp(child->name, "name") && strcmp(child->name, "color") && !plain) oc__xml_append(&r->scratch, child, none);
    }
    return status ? status : keep(&known->extra, r, err);
}

static oc_status take_labels(reader *r, const oc__xml *meta, oc_error *err) {
    oc_status status = OC_OK;
    for (const oc__xml *child = meta->first; child && !status; child = child->next)
        status = strcmp(child->name, "label") == 0 ? take_label(r, child, err) : take_labels(r, child, err);
    return status;
}

static bool take_box(double box[4], const oc__xml *element) {
    static const char *const sides[] = {"xtl", "ytl", "xbr", "ybr"};
    for (int i = 0; i < 4; i++) {
        const char *text = oc__xml_attribute(element, sides[i]);
        if (!text || !oc__parse_double(text, &box[i])) return false;
    }
    box[2] -= box[0];
    box[3] -= box[1];
    return true;
}

/* Whether an element says more than its place and what is usual. */
static bool says_more(const oc__xml *element, const char *const *known) {
    static const char *const usual[][2] = {{"occluded", "0"}, {"source", "manual"}, {"z_order", "0"}};
    for (const char *const *a = element->attributes; *a; a += 2) {
        bool plain = false;
        for (size_t i = 0; i < 3; i++) plain = plain || (!strcmp(a[0], usual[i][0]) && !strcmp(a[1], usual[i][1]));
        for (size_t i = 0; known[i]; i++) plain = plain || !strcmp(a[0], known[i]);
        if (!plain) return true;
    }
    return element->first != NULL || element->text[0];
}

static oc_status take_mark(reader *r, const oc__xml *element, uint32_t picture, oc_error *err) {
    static const char *const place[] = {"label", "xtl", "ytl", "xbr", "ybr", NULL}, *const label[] = {"label", NULL};
    const char *name = oc__xml_attribute(element, "label"), *rotation = oc__xml_attribute(element, "rotation"), *reason = NULL;
    double turned = 0;
    oc__mark mark = {
        .picture = picture, .tag = OC__NO_TAG, .place = (uint32_t)element->line, .kind = OC__MARK_OTHER, .in_pixels = true};
    if (rotation && !oc__parse_double(rotation, &turned)) turned = 1;
    if (strcmp(element->name, "tag") == 0) mark.kind = OC__MARK_TAG;
    if (strcmp(element->name, "box") == 0 && turned == 0) mark.kind = OC__MARK_BOX;
    if (!name)
        reason = "the shape has no label";
    else if (mark.kind == OC__MARK_BOX && !take_box(mark.box, element))
        reason = "the box is not four numbers";
    if (reason) return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: line %zu", r->source->path, element->line);
    oc_status status = oc__annotations_tag(&mark.tag, r->set, name, r->source->path, err);
    const char *const *known = mark.kind == OC__MARK_BOX ? place : label;
    if (mark.kind == OC__MARK_OTHER || says_more(element, known)) oc__xml_append(&r->scratch, element, known);
    if (!status) status = keep(&mark.extra, r, err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

static uint32_t side_of(const oc__xml *element, const char *name) {
    const char *text = oc__xml_attribute(element, name);
    uint64_t side;
    return text && oc__parse_u64(text, &side) && side <= INT32_MAX ? (uint32_t)side : 0;
}

static oc_status take_image(reader *r, const oc__xml *element, oc_error *err) {
    static const char *const known[] = {"id", "name", "width", "height", "subset", NULL};
    const char *name = oc__xml_attribute(element, "name"), *subset = oc__xml_attribute(element, "subset");
    oc__xml bare = *element;
    uint32_t picture;
    bool is_new;
    if (!name)
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the image has no name", err, "%s: line %zu", r->source->path,
                        element->line);
    oc_status status = oc__source_picture(&picture, &is_new, r->set, r->source, name, err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) {
        oc__known_picture *to = &r->set->pictures[picture];
        to->width = side_of(element, "width");
        to->height = side_of(element, "height");
        if (subset && strcmp(subset, "default") && !to->split[0])
            status = oc__annotations_keep(&to->split, r->set, subset, err);
        bare.first = NULL;
        bare.text = "";
        if (says_more(&bare, known)) oc__xml_append(&r->scratch, &bare, known);
        if (!status) status = keep(&to->extra, r, err);
    }
    for (const oc__xml *child = element->first; child && !status; child = child->next)
        status = take_mark(r, child, picture, err);
    return status;
}

static oc_status take_element(void *user, const oc__xml *element, oc_error *err) {
    reader *r = user;
    if (strcmp(element->parent->name, "annotations"))
        return oc__fail(err, OC_E_FORMAT, "%s: is no CVAT file: its element is '%.40s'", r->source->path,
                        element->parent->name);
    r->seen = true;
    if (strcmp(element->name, "meta") == 0) return take_labels(r, element, err);
    if (strcmp(element->name, "image") == 0) return take_image(r, element, err);
    if (strcmp(element->name, "track") == 0)
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "tracks are of videos", err, "%s: line %zu", r->source->path,
                        element->line);
    return OC_OK;
}

oc_status oc__cvat_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    reader r = {.set = set, .source = source, .scratch = {.context = set->context}};
    (void)format;
    set->place = "line";
    oc_status status = oc__xml_read(set->context, source->path, (uint64_t)1 << 36, 1, take_element, &r, err);
    if (!status && !r.seen) status = oc__fail(err, OC_E_FORMAT, "%s: is no CVAT file: nothing is in it", source->path);
    oc__buffer_free(&r.scratch);
    return status;
}
