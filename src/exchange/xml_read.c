/* XML: reading with Expat. SPDX-License-Identifier: MIT
 *
 * Expat takes its memory from malloc, since its allocator is not told for whom it works. What it may hold at one time is
 * bounded by OC__MAX_OBJECT_BYTES: the file is given to it piece by piece. */
#include <expat.h>
#include <string.h>

#include "formats.h"
#include "xml.h"

#define PIECE_BYTES (1u << 20)
#define MAX_TREE_BYTES (8u * OC__MAX_OBJECT_BYTES)

typedef struct reader {
    oc_context *context;
    const char *path;
    XML_Parser parser;
    oc__arena outer, inner; /* what is around the elements that are given out, and they themselves */
    oc__xml *at;            /* the innermost that is open */
    oc__buffer text;        /* its characters */
    int depth, wanted;
    oc__xml_take_fn take;
    void *user;
    oc_status status;
    oc_error *err;
} reader;

static void stop(reader *r, oc_status status) {
    if (!r->status) r->status = status;
    XML_StopParser(r->parser, XML_FALSE);
}

static void stop_nomem(reader *r) { stop(r, oc__fail_nomem(r->err, r->context, 4096, r->path)); }

/* Ends what is known of the open element's characters: they are its text, unless they are blanks. */
static void settle_text(reader *r, oc__arena *arena) {
    const char *text = (const char *)r->text.data;
    size_t size = r->text.size, start = 0;
    while (start < size && strchr(" \t\r\n", text[start])) start++;
    while (size > start && strchr(" \t\r\n", text[size - 1])) size--;
    if (r->at && size > start && !(r->at->text = oc__arena_text(arena, text + start, size - start))) stop_nomem(r);
    r->text.size = 0;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes) {
    reader *r = user;
    oc__arena *arena = r->depth >= r->wanted ? &r->inner : &r->outer;
    size_t n = 0;
    if (r->status) return;
    r->text.size = 0; /* an element that has others in it has no text of its own here */
    if (r->depth == OC__MAX_XML_DEPTH) {
        stop(r, oc__fail(r->err, OC_E_LIMIT, "%s:%zu: is nested deeper than %d", r->path,
                         (size_t)XML_GetCurrentLineNumber(r->parser), OC__MAX_XML_DEPTH));
        return;
    }
    if (r->inner.n_bytes + r->outer.n_bytes > MAX_TREE_BYTES) {
        stop(r, oc__fail(r->err, OC_E_LIMIT, "%s:%zu: an element is too large", r->path,
                         (size_t)XML_GetCurrentLineNumber(r->parser)));
        return;
    }
    while (attributes[n]) n++;
    oc__xml *element = oc__arena_alloc(arena, sizeof *element);
    const char **copy = element ? oc__arena_alloc(arena, (n + 1) * sizeof *copy) : NULL;
    bool fine = copy != NULL;
    for (size_t i = 0; i < n && fine; i++)
        fine = (copy[i] = oc__arena_text(arena, attributes[i], strlen(attributes[i]))) != NULL;
    const char *own = fine ? oc__arena_text(arena, name, strlen(name)) : NULL;
    if (!own) {
        stop_nomem(r);
        return;
    }
    copy[n] = NULL;
    *element =
        (oc__xml){.name = own, .text = "", .attributes = copy, .parent = r->at, .line = XML_GetCurrentLineNumber(r->parser)};
    if (r->at && r->depth > r->wanted) {
        if (r->at->last)
            r->at->last->next = element;
        else
            r->at->first = element;
        r->at->last = element;
    }
    r->at = element;
    r->depth++;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int size) {
    reader *r = user;
    if (r->status || r->depth <= r->wanted || r->at->first) return;
    oc__buffer_append(&r->text, text, (size_t)size);
    if (r->text.failed) stop_nomem(r);
}

static void XMLCALL on_end(void *user, const XML_Char *name) {
    reader *r = user;
    const oc__xml *element = r->at;
    (void)name;
    if (r->status) return;
    settle_text(r, &r->inner);
    r->at = r->at->parent;
    r->depth--;
    if (r->depth != r->wanted || r->status) return;
    oc_status status = r->take(r->user, element, r->err);
    oc__arena_free(&r->inner);
    if (status) stop(r, status);
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system, const XML_Char *public,
                               int has_subset) {
    reader *r = user;
    (void)name, (void)system, (void)public;
    if (has_subset)
        stop(r, oc__fail(r->err, OC_E_UNSUPPORTED, "%s: declares entities or the like, which are not read", r->path));
}

static oc_status parse(reader *r, const oc__mapping *file, oc_error *err) {
    for (size_t at = 0; !r->status; at += PIECE_BYTES) {
        size_t left = file->size - at, size = left < PIECE_BYTES ? left : PIECE_BYTES;
        bool last = size == left;
        if (XML_Parse(r->parser, size ? (const char *)file->data + at : "", (int)size, last) == XML_STATUS_ERROR &&
            !r->status) {
            enum XML_Error code = XML_GetErrorCode(r->parser);
            if (code == XML_ERROR_NO_MEMORY) return oc__fail_nomem(err, r->context, size, r->path);
            return oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s", r->path, (size_t)XML_GetCurrentLineNumber(r->parser),
                            XML_ErrorString(code));
        }
        if (last) break;
        if (!r->status && at + size - (size_t)XML_GetCurrentByteIndex(r->parser) > OC__MAX_OBJECT_BYTES)
            return oc__fail(err, OC_E_LIMIT, "%s:%zu: something has more than %u bytes", r->path,
                            (size_t)XML_GetCurrentLineNumber(r->parser), OC__MAX_OBJECT_BYTES);
    }
    return r->status;
}

oc_status oc__xml_read(oc_context *context, const char *path, uint64_t max_size, int depth, oc__xml_take_fn take, void *user,
                       oc_error *err) {
    reader r = {.context = context, .path = path, .wanted = depth, .take = take, .user = user, .err = err};
    oc__mapping file;
    r.outer.context = r.inner.context = r.text.context = context;
    oc_status status = oc__file_map(&file, context, path, max_size, "the largest XML file of its kind", err);
    if (status) return status;
    r.parser = XML_ParserCreate(NULL);
    if (!r.parser) {
        status = oc__fail_nomem(err, context, 4096, path);
    } else {
        XML_SetUserData(r.parser, &r);
        XML_SetElementHandler(r.parser, on_start, on_end);
        XML_SetCharacterDataHandler(r.parser, on_text);
        XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
        status = parse(&r, &file, err);
        XML_ParserFree(r.parser);
    }
    oc__arena_free(&r.outer);
    oc__arena_free(&r.inner);
    oc__buffer_free(&r.text);
    oc__file_unmap(&file);
    return status;
}
