/* JSON for programs, written to standard output as it is made. A key of NULL is for elements of arrays. Bytes that are not
 * UTF-8 become U+FFFD.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialise. A compact value takes one line, any other is indented. Not deeper than 32. */
typedef struct json {
    bool compact;
    unsigned depth;
    uint32_t filled; /* bit d: the value open at depth d has elements already */
} json;

void json_object(json *j, const char *key);
void json_end_object(json *j);
void json_array(json *j, const char *key);
void json_end_array(json *j);
void json_text(json *j, const char *key, const char *value); /* NULL: null */
void json_boolean(json *j, const char *key, bool value);
void json_integer(json *j, const char *key, int64_t value);
void json_number(json *j, const char *key, double value); /* not finite: null */
void json_probability(json *j, const char *key, float value);

#endif
