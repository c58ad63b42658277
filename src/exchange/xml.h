/* XML: elements in memory, and writing. What a text means is decoded by Expat. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_XML_H
#define OC_EXCHANGE_XML_H

#include "arena.h"
#include "memory.h"

#define OC__MAX_XML_DEPTH 64

typedef struct oc__xml {
    const char *name, *text;       /* its own characters, without blanks around them */
    const char *const *attributes; /* names and values by turns, with NULL behind */
    struct oc__xml *parent, *first, *last, *next;
    size_t line;
} oc__xml;

/* Reads a file of up to `max_size` bytes, and gives each element that has `depth` others around it (0: the outermost) with all
 * that is in it to `take`, for the time of that call. Those around it have no children then. Documents that declare entities
 * are refused. OC_E_NOT_FOUND, OC_E_IO, OC_E_CORRUPT with the line, OC_E_LIMIT, OC_E_UNSUPPORTED, and what `take` returns. */
typedef oc_status (*oc__xml_take_fn)(void *user, const oc__xml *element, oc_error *err);
oc_status oc__xml_read(oc_context *context, const char *path, uint64_t max_size, int depth, oc__xml_take_fn take, void *user,
                       oc_error *err);

/* An attribute's value, or the text of the first child of that name; NULL if there is none. */
const char *oc__xml_attribute(const oc__xml *element, const char *name);
const oc__xml *oc__xml_child(const oc__xml *element, const char *name);
const char *oc__xml_child_text(const oc__xml *element, const char *name);

/* Appends text with what XML reserves as references; for attributes and between elements. */
void oc__xml_append_text(oc__buffer *buffer, const char *text);

/* Appends ' name="value"'. */
void oc__xml_append_attribute(oc__buffer *buffer, const char *name, const char *value);

/* Appends '<name>text</name>'. */
void oc__xml_append_child(oc__buffer *buffer, const char *name, const char *text);

/* Appends a whole element, without its attributes `but` (NULL ends them). */
void oc__xml_append(oc__buffer *buffer, const oc__xml *element, const char *const *but);

#endif
