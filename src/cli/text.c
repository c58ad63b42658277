/* Text: UTF-8, numbers, nearest names, lists of strings.
 * SPDX-License-Identifier: MIT */
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "console.h"

void *text_reallocate(void *memory, size_t size) {
    void *moved = realloc(memory, size > 0 ? size : 1);
    if (moved == NULL) {
        console_clear();
        fputs("ocellus: out of memory\n", stderr);
        exit(STATUS_FAILED);
    }
    return moved;
}

void *text_allocate(size_t size) { return text_reallocate(NULL, size); }

char *text_format_list(const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = text_allocate((size_t)(size > 0 ? size : 0) + 1);
    text[0] = '\0';
    if (size > 0) vsnprintf(text, (size_t)size + 1, format, arguments);
    return text;
}

char *text_format(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    return text;
}

uint32_t text_next(const char **cursor) {
    const unsigned char *bytes = (const unsigned char *)*cursor;
    uint32_t code = bytes[0];
    int n_more = code < 0x80 ? 0 : (code & 0xE0) == 0xC0 ? 1 : (code & 0xF0) == 0xE0 ? 2 : (code & 0xF8) == 0xF0 ? 3 : -1;
    static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    bool valid = n_more >= 0;
    if (n_more > 0) code &= 0x3Fu >> n_more;
    for (int i = 1; valid && i <= n_more; i++) {
        valid = (bytes[i] & 0xC0) == 0x80;
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    if (!valid || code < smallest[n_more] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
        *cursor += 1;
        return TEXT_REPLACEMENT;
    }
    *cursor += n_more + 1;
    return code;
}

size_t text_encode(char out[4], uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)((0xF00 >> size) | code);
    return size;
}

char *text_printable(const char *text) {
    /* No byte of the input becomes more than four. */
    char *copy = text_allocate(4 * strlen(text) + 1);
    size_t size = 0;
    while (*text != '\0') {
        uint32_t code = text_next(&text);
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
        if (control)
            size += (size_t)sprintf(copy + size, "\\x%02x", (unsigned)code);
        else
            size += text_encode(copy + size, code);
    }
    copy[size] = '\0';
    return copy;
}

static size_t code_width(uint32_t code) {
    static const uint32_t none[][2] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x610, 0x61A},
                                       {0x64B, 0x65F},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},  {0x200B, 0x200F},
                                       {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20FF},  {0xFE00, 0xFE0F},
                                       {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};
    static const uint32_t two[][2] = {{0x1100, 0x115F},   {0x2E80, 0x303E},  {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},
                                      {0xA960, 0xA97C},   {0xAC00, 0xD7A3},  {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                      {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF},
                                      {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (code >= none[i][0] && code <= none[i][1]) return 0;
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++)
        if (code >= two[i][0] && code <= two[i][1]) return 2;
    return 1;
}

size_t text_width(const char *text) {
    size_t width = 0;
    while (*text != '\0') width += code_width(text_next(&text));
    return width;
}

void text_wrap(FILE *out, const char *text, size_t at, size_t indent, size_t columns) {
    bool fresh = true; /* nothing on this line yet but the indent */
    while (*text != '\0') {
        if (*text == '\n') {
            fputc('\n', out);
            text++;
            if (*text != '\n' && *text != '\0') fprintf(out, "%*s", (int)indent, "");
            at = indent;
            fresh = true;
            continue;
        }
        if (*text == ' ') {
            text++;
            continue;
        }
        size_t size = strcspn(text, " \n");
        char *word = text_format("%.*s", (int)size, text);
        size_t width = text_width(word);
        if (!fresh && at + 1 + width > columns) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
            fresh = true;
        }
        at += fprintf(out, "%s%s", fresh ? "" : " ", word) > 0 ? width + !fresh : 0;
        fresh = false;
        text += size;
        free(word);
    }
    fputc('\n', out);
}

/* strtoll and strtod also take blanks before the number, hexadecimals, "inf" and "nan". */
static bool only_has(const char *text, const char *characters) {
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

bool text_integer(const char *text, long long *out) {
    char *end = NULL;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return only_has(text, "+-0123456789") && errno == 0 && *end == '\0';
}

bool text_number(const char *text, double *out) {
    char *end = NULL;
    *out = strtod(text, &end);
    return only_has(text, "+-.0123456789eE") && end != text && *end == '\0' && isfinite(*out);
}

void text_duration(char *out, size_t size, double seconds) {
    if (!(seconds >= 0 && seconds < 1e9)) seconds = 0;
    long long whole = (long long)(seconds + 0.5);
    if (whole < 60)
        snprintf(out, size, "%lld s", whole);
    else if (whole < 3600)
        snprintf(out, size, "%lld min %lld s", whole / 60, whole % 60);
    else
        snprintf(out, size, "%lld h %lld min", whole / 3600, whole / 60 % 60);
}

void text_bytes(char *out, size_t size, int64_t bytes) {
    if (bytes < 1000)
        snprintf(out, size, "%lld bytes", (long long)bytes);
    else if (bytes < 1000 * 1000)
        snprintf(out, size, "%.1f kB", (double)bytes / 1e3);
    else
        snprintf(out, size, "%.1f MB", (double)bytes / 1e6);
}

#define NEAREST_LENGTH 40

/* Damerau and Levenshtein's distance: insertions, deletions, substitutions and swaps of neighbours. */
static size_t edit_distance(const char *a, const char *b) {
    size_t n_a = strlen(a), n_b = strlen(b);
    size_t table[NEAREST_LENGTH + 1][NEAREST_LENGTH + 1];
    if (n_a > NEAREST_LENGTH || n_b > NEAREST_LENGTH) return SIZE_MAX;
    for (size_t i = 0; i <= n_a; i++) {
        for (size_t j = 0; j <= n_b; j++) {
            size_t best = i + j;
            if (i > 0 && j > 0) {
                best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
                if (table[i - 1][j] + 1 < best) best = table[i - 1][j] + 1;
                if (table[i][j - 1] + 1 < best) best = table[i][j - 1] + 1;
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && table[i - 2][j - 2] + 1 < best)
                    best = table[i - 2][j - 2] + 1;
            }
            table[i][j] = best;
        }
    }
    return table[n_a][n_b];
}

void text_nearest_offer(text_nearest *nearest, const char *name) {
    size_t length = strlen(nearest->wanted);
    bool begins = length >= 3 && strncmp(name, nearest->wanted, length) == 0;
    size_t distance = begins ? 1 : edit_distance(nearest->wanted, name);
    bool near_enough = distance <= (length < 3 ? 1 : length < 6 ? 2 : 3) && distance < length;
    if (near_enough && (nearest->best == NULL || distance < nearest->distance)) {
        nearest->best = name;
        nearest->distance = distance;
    }
}

void text_list_add(text_list *list, char *item) {
    if (list->n == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        list->items = text_reallocate(list->items, list->capacity * sizeof(*list->items));
    }
    list->items[list->n++] = item;
}

static int compare_items(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void text_list_sort(text_list *list) {
    if (list->n > 1) qsort(list->items, list->n, sizeof(*list->items), compare_items);
}

bool text_list_has(const text_list *list, const char *item) {
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i], item) == 0) return true;
    return false;
}

void text_list_free(text_list *list) {
    for (size_t i = 0; i < list->n; i++) free(list->items[i]);
    free(list->items);
    *list = (text_list){0};
}
