/* JSON: decoding one element of a file with Jansson. SPDX-License-Identifier: MIT */
#ifndef OC_EXCHANGE_JSON_READ_H
#define OC_EXCHANGE_JSON_READ_H

#include <jansson.h>

#include "formats.h"

/* Decodes the walk's current value. Its size, depth and encoding are bounded and checked: OC_E_LIMIT, OC_E_CORRUPT with the
 * place. `what` names the array or object that is walked over. The caller releases *out with json_decref. */
oc_status oc__json_decode(json_t **out, const oc__json_walk *walk, const char *what, oc_error *err);

/* A member that must be text, NUL-free as Jansson has it; NULL if it is not there or no text. */
const char *oc__json_text(const json_t *object, const char *key);

/* Members that are numbers; false if one is not there, no number or not finite. */
bool oc__json_numbers(double *out, const json_t *object, const char *const *keys, size_t n);

/* A side in pixels: a whole number from 1 to 2^31 - 1, or 0 for anything else. */
uint32_t oc__json_side(const json_t *object, const char *key);

/* An identifier, a whole number or text, as text in `out`; false if it is neither. */
bool oc__json_id(char out[80], const json_t *value);

/* Keeps what an object that has been decoded says, but for its members `known` (NULL ends them), as {"FAMILY":{...}}. *out
 * stays as it is if nothing is left. */
oc_status oc__json_keep_others(const char **out, oc__annotations *set, oc__slice object, const char *family,
                               const char *const *known, oc_error *err);

/* The same for members that stand in a buffer already, each with a comma before it. Frees the buffer. */
oc_status oc__json_keep_members(const char **out, oc__annotations *set, oc__buffer *members, const char *family, oc_error *err);

/* Keeps any value that has been decoded as {"FAMILY":value}. */
oc_status oc__json_keep(const char **out, oc__annotations *set, oc__slice value, const char *family, oc_error *err);

/* Goes over the elements of an array, `array` of the file, and gives each, decoded, which must be an object, to `take`. */
typedef oc_status (*oc__json_take_fn)(void *user, json_t *element, const oc__json_walk *walk, oc_error *err);
oc_status oc__json_each(oc__slice array, const char *file, const char *start, const char *what, oc__json_take_fn take,
                        void *user, oc_error *err);

/* Adds the text members of object `metadata` to the newest picture. */
oc_status oc__json_metadata(oc__annotations *set, const json_t *metadata, oc_error *err);

#endif
