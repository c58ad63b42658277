/* JSON: decoding one element of a file with Jansson. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_JSON_READ_H
#define OC_EXCHANGE_JSON_READ_H

#include <jansson.h>

#include "formats.h"

/* Decodes the walk's current value. Its size, depth and encoding are bounded and checked: OC_E_LIMIT, OC_E_CORRUPT with the place.
 * `what` names the array or object that is walked over. The caller releases *out with json_decref. */
oc_status oc__json_decode(json_t **out, const oc__json_walk *walk, const char *what, oc_error *err);

/* A member that must be text, NUL-free as Jansson has it; NULL if it is not there or no text. */
const char *oc__json_text(const json_t *object, const char *key);

/* Members that are numbers; false if one is not there, no number or not finite. */
bool oc__json_numbers(double *out, const json_t *object, const char *const *keys, size_t n);

/* A side in pixels: a whole number from 1 to 2^31 - 1, or 0 for anything else. */
uint32_t oc__json_side(const json_t *object, const char *key);

/* An identifier, a whole number or text, as text in `out`; false if it is neither. *number is the number or -1. */
bool oc__json_id(char out[80], int64_t *number, const json_t *value);

/* Keeps the members of the walk's current value, an object that was decoded, that are not among `known` (NULL ends it), as
 * {"FORMAT":{...}}. *out is NULL if there are none. */
oc_status oc__json_keep_others(const char **out, oc_annotations *set, const oc__json_walk *walk, const char *format,
                               const char *const *known, oc_error *err);

/* The same by hand: appends one member of valid JSON, and makes *out of what was appended. */
void oc__json_keep_member(oc__buffer *buffer, const oc__json_walk *member, const char *format);
oc_status oc__json_keep(const char **out, oc_annotations *set, oc__buffer *buffer, const char *file, oc_error *err);

/* Adds the text members of object `metadata` to the newest picture. */
oc_status oc__json_metadata(oc_annotations *set, const json_t *metadata, oc_error *err);

#endif
