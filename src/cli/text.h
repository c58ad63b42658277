/* Text: UTF-8, numbers, nearest names, lists of strings. Numbers are those of the C locale: the program never calls
 * setlocale.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_REPLACEMENT 0xFFFDu

/* Memory, or the end of the program with a message: nothing that the command holds needs saving. */
void *text_allocate(size_t size);
void *text_reallocate(void *memory, size_t size);

/* The printf-like text, to be freed. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *text_format_list(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));

/* The next code point, and moves *cursor past it. A byte that is not UTF-8 counts as one TEXT_REPLACEMENT. */
uint32_t text_next(const char **cursor);

/* Writes a code point as UTF-8 and returns the number of bytes, at most 4. */
size_t text_encode(char out[4], uint32_t code);

/* A copy that is safe to show: valid UTF-8, control characters as \xNN. To be freed. */
char *text_printable(const char *text);

/* Columns that valid UTF-8 takes on a terminal. */
size_t text_width(const char *text);

/* Writes `text` wrapped at `columns`, every line but the first after `indent` blanks; the first begins at column `at`.
 * A newline in `text` begins a new line. Ends with a newline. */
void text_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t columns);

/* The whole text as a number. False if it is anything else. */
bool text_integer(const char *text, long long *out);
bool text_number(const char *text, double *out);

/* "12 s", "3 min 20 s", "2 h 5 min". */
void text_duration(char *out, size_t size, double seconds);

/* "812 bytes", "3.1 MB". */
void text_bytes(char *out, size_t size, int64_t bytes);

/* Looks for the name a user may have meant. */
typedef struct text_nearest {
    const char *wanted;
    const char *best; /* NULL: nothing is near enough */
    size_t distance;
} text_nearest;

void text_nearest_offer(text_nearest *nearest, const char *name);

/* Strings that the list owns. Zero-initialise. */
typedef struct text_list {
    char **items;
    size_t n;
    size_t capacity;
} text_list;

void text_list_add(text_list *list, char *item);
void text_list_sort(text_list *list);
bool text_list_has(const text_list *list, const char *item);
void text_list_free(text_list *list);

#endif
