/* JSON for programs.
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

static void put_text(const char *text) {
    putchar('"');
    while (*text != '\0') {
        uint32_t code = text_next(&text);
        char bytes[4];
        if (code == '"' || code == '\\')
            printf("\\%c", (int)code);
        else if (code < 0x20 || code == 0x7F)
            printf("\\u%04x", (unsigned)code);
        else
            fwrite(bytes, 1, text_encode(bytes, code), stdout);
    }
    putchar('"');
}

static void new_line(const json *j) {
    if (!j->compact) printf("\n%*s", (int)(2 * j->depth), "");
}

static void begin_value(json *j, const char *key) {
    if (j->depth > 0) {
        if (j->filled & 1u << (j->depth - 1)) fputs(j->compact ? ", " : ",", stdout);
        j->filled |= 1u << (j->depth - 1);
        new_line(j);
    }
    if (key != NULL) {
        put_text(key);
        fputs(": ", stdout);
    }
}

static void open_value(json *j, const char *key, char bracket) {
    begin_value(j, key);
    putchar(bracket);
    j->filled &= ~(1u << j->depth);
    j->depth++;
}

static void close_value(json *j, char bracket) {
    j->depth--;
    if (j->filled & 1u << j->depth) new_line(j);
    putchar(bracket);
    if (j->depth == 0) putchar('\n');
}

void json_object(json *j, const char *key) { open_value(j, key, '{'); }

void json_end_object(json *j) { close_value(j, '}'); }

void json_array(json *j, const char *key) { open_value(j, key, '['); }

void json_end_array(json *j) { close_value(j, ']'); }

void json_text(json *j, const char *key, const char *value) {
    begin_value(j, key);
    if (value != NULL)
        put_text(value);
    else
        fputs("null", stdout);
}

void json_boolean(json *j, const char *key, bool value) {
    begin_value(j, key);
    fputs(value ? "true" : "false", stdout);
}

void json_integer(json *j, const char *key, int64_t value) {
    begin_value(j, key);
    printf("%" PRId64, value);
}

void json_number(json *j, const char *key, double value) {
    begin_value(j, key);
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    fputs(isfinite(value) ? digits : "null", stdout);
}

/* As few digits as give the same float again. */
void json_probability(json *j, const char *key, float value) {
    begin_value(j, key);
    char digits[40];
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value) break;
    }
    fputs(isfinite(value) ? digits : "null", stdout);
}
