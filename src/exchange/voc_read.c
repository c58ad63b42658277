/* Pascal VOC's annotations: reading. SPDX-License-Identifier: MIT
 *
 * A folder with an XML file for each picture ("Annotations"), the pictures ("JPEGImages"), and lists of files' names for each
 * split
 * ("ImageSets/Main"); or the XML files and pictures beside each other; or one XML file. */
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "text.h"
#include "xml.h"

typedef struct reader {
    oc__annotations *set;
    const oc__source *source;
    const oc__tree *tree;
    const char *file; /* the one being read, below the folder */
    oc__names stems;  /* pictures by their XML file's name without ".xml" */
} reader;

/* "a/b" of "Annotations/a/b.xml". */
static const char *stem_of(char stem[OC__MAX_PATH_BYTES + 1], const char *file) {
    static const char start[] = "Annotations/";
    if (strncmp(file, start, sizeof start - 1) == 0) file += sizeof start - 1;
    snprintf(stem, OC__MAX_PATH_BYTES + 1, "%.*s", (int)(strlen(file) - 4), file);
    return stem;
}

/* The name of a picture that is called as the XML file is, with whatever ending; NULL if there is none. */
static const char *named_alike(const reader *r, const char *stem) {
    size_t size = strlen(stem);
    for (size_t i = 0; r->tree && i < r->tree->n; i++) {
        const char *path = r->tree->paths[i], *start = path;
        if (!oc__is_picture_name(path)) continue;
        if (strncmp(path, "JPEGImages/", 11) == 0) start += 11;
        if (strncmp(path, "images/", 7) == 0) start += 7;
        if (strncmp(start, stem, size) == 0 && strrchr(start, '.') == start + size) return start;
    }
    return NULL;
}

/* What the picture is called: by the file's "filename", in the folder where the XML file is, or as the XML file is. */
static const char *name_of(char name[2 * OC__MAX_PATH_BYTES + 2], const reader *r, const oc__xml *root) {
    char stem[OC__MAX_PATH_BYTES + 1];
    const char *given = oc__xml_child_text(root, "filename"), *alike = NULL;
    const char *slash = strrchr(stem_of(stem, r->file), '/');
    if (!given || !oc__is_picture_name(given)) alike = named_alike(r, stem);
    if (alike || !given || !given[0])
        snprintf(name, OC__MAX_PATH_BYTES, "%s", alike ? alike : stem);
    else if (slash && !strpbrk(given, "/\\") && strlen(given) <= OC__MAX_PATH_BYTES)
        snprintf(name, 2 * OC__MAX_PATH_BYTES + 2, "%.*s/%s", (int)(slash - stem), stem, given);
    else
        snprintf(name, 2 * OC__MAX_PATH_BYTES + 2, "%s", given);
    return name;
}

static uint32_t side_of(const oc__xml *size, const char *name) {
    const char *text = oc__xml_child_text(size, name);
    double side;
    return text && oc__parse_double(text, &side) && side >= 1 && side <= INT32_MAX ? (uint32_t)side : 0;
}

static bool take_box(double box[4], const oc__xml *bounds) {
    static const char *const sides[] = {"xmin", "ymin", "xmax", "ymax"};
    for (int i = 0; i < 4; i++) {
        const char *text = oc__xml_child_text(bounds, sides[i]);
        if (!text || !oc__parse_double(text, &box[i])) return false;
    }
    box[2] -= box[0];
    box[3] -= box[1];
    return true;
}

/* Whether an element says no more than its absence would: what this library writes for programs that want it. */
static bool says_nothing(const oc__xml *element) {
    static const char *const plain[][2] = {{"pose", "Unspecified"}, {"pose", ""},      {"truncated", "0"},
                                           {"difficult", "0"},      {"occluded", "0"}, {"segmented", "0"}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (!element->first && strcmp(element->name, plain[i][0]) == 0 && strcmp(element->text, plain[i][1]) == 0) return true;
    return false;
}

/* Keeps an element's children, but for `known` (NULL ends them) and what says nothing. */
static oc_status keep_others(const char **out, reader *r, const oc__xml *element, const char *const *known, oc_error *err) {
    static const char *const none[] = {NULL};
    oc__buffer buffer = {.context = r->set->context};
    oc_status status = OC_OK;
    for (const oc__xml *child = element->first; child; child = child->next) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], child->name)) i++;
        if (!known[i] && !says_nothing(child)) oc__xml_append(&buffer, child, none);
    }
    bool any = buffer.size > 0;
    oc__buffer_append(&buffer, "", 1);
    if (buffer.failed)
        status = oc__fail_nomem(err, r->set->context, buffer.size, r->file);
    else if (any)
        status = oc__extra_keep(out, r->set, (const char *)buffer.data, "voc", err);
    oc__buffer_free(&buffer);
    return status;
}

static oc_status take_object(reader *r, const oc__xml *object, uint32_t picture, oc_error *err) {
    static const char *const of_box[] = {"name", "bndbox", NULL}, *const of_other[] = {"name", NULL};
    const oc__xml *bounds = oc__xml_child(object, "bndbox");
    const char *name = oc__xml_child_text(object, "name"), *reason = NULL;
    oc__mark mark = {
        .picture = picture, .tag = OC__NO_TAG, .place = (uint32_t)object->line, .kind = OC__MARK_BOX, .in_pixels = true};
    if (!bounds) mark.kind = OC__MARK_OTHER;
    if (!name || !name[0])
        reason = "the object has no name";
    else if (bounds && !take_box(mark.box, bounds))
        reason = "the object's bndbox is not four numbers";
    if (reason) return oc__note(r->set->report, OC_NOTE_LEFT_OUT, reason, err, "%s: line %zu", r->file, object->line);
    oc_status status = oc__annotations_tag(&mark.tag, r->set, name, r->file, err);
    if (!status) status = keep_others(&mark.extra, r, object, bounds ? of_box : of_other, err);
    return status ? status : oc__annotations_add(r->set, &mark, err);
}

static oc_status take_root(void *user, const oc__xml *root, oc_error *err) {
    static const char *const known[] = {"filename", "size", "object", "folder", "path", NULL};
    reader *r = user;
    char name[2 * OC__MAX_PATH_BYTES + 2], stem[OC__MAX_PATH_BYTES + 1];
    const char *file = NULL, *copy = NULL;
    uint32_t picture, again;
    bool is_new;
    if (strcmp(root->name, "annotation"))
        return oc__fail(err, OC_E_FORMAT, "%s: is no VOC annotation: its element is '%.40s'", r->file, root->name);
    oc_status status = oc__annotations_keep(&file, r->set, r->file, err);
    if (!status) status = oc__annotations_picture(&picture, &is_new, r->set, name_of(name, r, root), file, err);
    if (status || picture == UINT32_MAX) return status;
    if (is_new) {
        oc__known_picture *known_picture = &r->set->pictures[picture];
        const oc__xml *size = oc__xml_child(root, "size");
        known_picture->width = side_of(size, "width");
        known_picture->height = side_of(size, "height");
        status = keep_others(&known_picture->extra, r, root, known, err);
    } else {
        status = oc__note(r->set->report, OC_NOTE_CHANGED, "an earlier file speaks of the same picture; they are taken as one",
                          err, "%s", r->file);
    }
    for (const oc__xml *child = root->first; child && !status; child = child->next)
        if (strcmp(child->name, "object") == 0) status = take_object(r, child, picture, err);
    stem_of(stem, r->file);
    if (status || oc__names_find(&again, &r->stems, stem)) return status;
    status = oc__annotations_keep(&copy, r->set, stem, err);
    return status ? status : oc__names_add(&r->stems, copy, picture, r->set->context, err);
}

/* A file that cannot be read is left out; the others can be. */
static oc_status take_file(reader *r, const char *path, oc_error *err) {
    oc_error reason = OC_ERROR_INIT;
    oc_status status = oc__xml_read(r->set->context, path, OC__MAX_SMALL_FILE_BYTES, 0, take_root, r, &reason);
    if (!status) return OC_OK;
    if (r->tree && (status == OC_E_CORRUPT || status == OC_E_FORMAT || status == OC_E_UNSUPPORTED || status == OC_E_LIMIT))
        return oc__note(r->set->report, OC_NOTE_LEFT_OUT, "the file cannot be read", err, "%s", reason.message);
    return oc__fail(err, status, "%s", reason.message);
}

/* A list of a split's files: their names without ".xml". */
static oc_status take_list(reader *r, const char *path, const char *split, oc_error *err) {
    uint8_t *bytes;
    char *text;
    uint32_t picture;
    oc_status status = oc__text_file(&bytes, &text, r->set->context, path, err);
    if (status) return status;
    for (char *line; (line = oc__next_line(&text));) {
        size_t first = strcspn(line, " \t");
        bool found = oc__names_find(&picture, &r->stems, line);
        if (!found && line[first]) { /* "name 1" */
            line[first] = 0;
            found = oc__names_find(&picture, &r->stems, line);
        }
        if (found && !r->set->pictures[picture].split[0]) r->set->pictures[picture].split = split;
    }
    oc__free(r->set->context, bytes);
    return OC_OK;
}

static oc_status take_folder(reader *r, oc_error *err) {
    static const char lists[] = "ImageSets/Main/";
    oc_context *context = r->set->context;
    oc_status status = OC_OK;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < r->tree->n && !status; i++) {
            const char *path = r->tree->paths[i], *name = path + sizeof lists - 1, *split = NULL;
            bool listed = strncmp(path, lists, sizeof lists - 1) == 0 && oc__ends_in(name, ".txt");
            if (listed) split = oc__split_of(name, strlen(name) - 4);
            if (round == 0 ? !oc__ends_in(path, ".xml") : !split) continue;
            char *full = oc__path_join(context, r->source->path, path);
            if (!full) return oc__fail_nomem(err, context, strlen(path), path);
            r->file = path;
            status = round == 0 ? take_file(r, full, err) : take_list(r, full, split, err);
            oc__free(context, full);
        }
    return status;
}

oc_status oc__voc_read(oc__annotations *set, const oc__exchange_format *format, const oc__source *source, oc_error *err) {
    reader r = {.set = set, .source = source};
    oc__tree tree = {.context = set->context};
    oc_status status;
    (void)format;
    set->place = "line";
    if (oc__is_folder(source->path)) {
        r.tree = &tree;
        status = oc__tree_list(&tree, set->context, source->path, err);
        if (!status) status = take_folder(&r, err);
    } else {
        const char *slash = strrchr(source->path, '/');
        r.file = slash ? slash + 1 : source->path;
        status = strlen(r.file) > 4 ? take_file(&r, source->path, err)
                                    : oc__fail(err, OC_E_FORMAT, "%s: is called as no XML file is", source->path);
    }
    oc__tree_free(&tree);
    oc__names_free(&r.stems, set->context);
    return status;
}
