/* JSON: finding the parts of a text, and writing. What a text means is decoded by Jansson (json_read.h).
 * SPDX-License-Identifier: MIT
 *
 * A file of annotations may be much larger than what it says of one picture or box. So its outermost objects and arrays are
 * walked over in the mapped file, and only one element at a time is decoded. */
#ifndef OC_EXCHANGE_JSON_H
#define OC_EXCHANGE_JSON_H

#include "error.h"
#include "file.h"
#include "memory.h"

#define OC__MAX_JSON_DEPTH 64

/* Part of a text, not NUL-terminated. */
typedef struct oc__slice {
    const char *data;
    size_t size;
} oc__slice;

/* Maps a file and gives its text without a byte-order mark. Unmap with oc__file_unmap. */
oc_status oc__json_map(oc__mapping *file, oc__slice *text, oc_context *context, const char *path, oc_error *err);

/* Goes over the members of an object or the elements of an array. */
typedef struct oc__json_walk {
    const char *file, *start; /* the whole text, for messages */
    const char *at, *end;
    char close;
    bool begun;
    size_t index;  /* of the current element, from 0 */
    oc__slice key; /* between its quotes, still escaped; objects only */
    oc__slice value;
} oc__json_walk;

/* Begins at `text`, which must be an object ('{') or an array ('[') and may have blanks around it; `what` names it in the
 * error. `start` is the beginning of the whole text. Strings and brackets are followed; everything else is left to who decodes.
 */
oc_status oc__json_walk_begin(oc__json_walk *walk, oc__slice text, char open, const char *file, const char *start,
                              const char *what, oc_error *err);

/* Goes to the next one. *more becomes false at the end. OC_E_CORRUPT, OC_E_LIMIT (nested too deep). */
oc_status oc__json_walk_next(bool *more, oc__json_walk *walk, oc_error *err);

bool oc__json_key_is(const oc__json_walk *walk, const char *key);

/* The line of a place in a text, counted from 1. */
size_t oc__json_line(const char *start, const char *at);

/* The member of an object whose text is valid; false if there is none. */
bool oc__json_member(oc__slice *out, oc__slice object, const char *key);

/* Appends valid JSON without the blanks between its parts. */
void oc__json_append_compact(oc__buffer *buffer, oc__slice text);

/* Appends the members of a valid object that are not among `known` (NULL ends them), each with a comma before it. */
void oc__json_append_others(oc__buffer *buffer, oc__slice object, const char *const *known);

/* The string behind a valid, quoted JSON string. NULL if there is no memory; the caller frees it. A NUL ends it early. */
char *oc__json_unquote(oc_context *context, oc__slice text);

/* Appends text as a JSON string with its quotes. Bytes that are not UTF-8 must not be there. */
void oc__json_append_string(oc__buffer *buffer, const char *text);

/* Appends a number: the shortest that reads back the same. */
void oc__json_append_number(oc__buffer *buffer, double value);
void oc__json_append_integer(oc__buffer *buffer, int64_t value);

/* Appends NUL-terminated text as it is. */
void oc__append(oc__buffer *buffer, const char *text);

#endif
