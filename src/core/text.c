/* Text and numbers, independent of the locale. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "text.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the character at `p`, or 0 if it is malformed. */
static size_t utf8_length(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) return 1;
    size_t n = p[0] >= 0xC2 && p[0] <= 0xDF ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : p[0] >= 0xF0 && p[0] <= 0xF4 ? 4 : 0;
    if (n == 0 || n > left) return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;
    if (p[0] == 0xED && p[1] > 0x9F) return 0;
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0;
    return n;
}

bool oc__utf8_valid(const char *text, size_t size) {
    const unsigned char *p = (const unsigned char *)text;
    for (size_t i = 0; i < size;) {
        size_t n = utf8_length(p + i, size - i);
        if (n == 0) return false;
        i += n;
    }
    return true;
}

bool oc__tag_valid(const char *text) {
    size_t size = strlen(text);
    if (size < 1 || size > 256 || !oc__utf8_valid(text, size)) return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) return false;
    return true;
}

bool oc__parse_u64(const char *text, uint64_t *out) {
    uint64_t value = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        if (__builtin_mul_overflow(value, 10u, &value) || __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

/* strtod and printf follow the thread's locale, so they run under the C locale. If it cannot be had, numbers fail to parse
 * rather than parse wrongly. */
bool oc__parse_double(const char *text, double *out) {
    if (!*text || strspn(text, "+-0123456789.eE") != strlen(text)) return false;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c) return false;
    locale_t old = uselocale(c);
    char *end = NULL;
    double value = strtod(text, &end);
    uselocale(old);
    freelocale(c);
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

void oc__print_double(char *out, double value) {
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c) {
        strcpy(out, "nan");
        return;
    }
    locale_t old = uselocale(c);
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    uselocale(old);
    freelocale(c);
}
