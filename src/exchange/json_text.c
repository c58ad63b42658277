/* JSON: finding the parts of a text, and writing. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "text.h"

#define MAX_FILE_BYTES ((uint64_t)1 << 36)

oc_status oc__json_map(oc__mapping *file, oc__slice *text, oc_context *context, const char *path, oc_error *err) {
    oc_status status = oc__file_map(file, context, path, MAX_FILE_BYTES, "the largest annotation file", err);
    if (status) return status;
    *text = (oc__slice){file->data ? (const char *)file->data : "", file->size};
    if (text->size >= 3 && memcmp(text->data, "\xEF\xBB\xBF", 3) == 0) *text = (oc__slice){text->data + 3, text->size - 3};
    return OC_OK;
}

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

static void skip_blanks(oc__json_walk *walk) {
    while (walk->at < walk->end && is_blank(*walk->at)) walk->at++;
}

size_t oc__json_line(const char *start, const char *at) {
    size_t line = 1;
    for (; start < at && (start = memchr(start, '\n', (size_t)(at - start))); start++) line++;
    return line;
}

static oc_status fail_at(const oc__json_walk *walk, const char *what, oc_error *err) {
    return oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s", walk->file, oc__json_line(walk->start, walk->at), what);
}

/* The end of the string that begins at `at`, behind its closing quote; NULL if it does not end. */
static const char *string_end(const char *at, const char *end) {
    for (at++; at < end; at++) {
        if (*at == '"') return at + 1;
        if (*at == '\\') at++;
    }
    return NULL;
}

/* Moves *at, where a value begins, to its end. */
static oc_status pass_value(const char **at_value, const oc__json_walk *walk, oc_error *err) {
    const char *at = *at_value, *end = walk->end;
    int depth = 0;
    while (at < end) {
        char c = *at;
        if (depth == 0 && (is_blank(c) || c == ',' || c == '}' || c == ']')) break;
        if (c == '"') {
            if (!(at = string_end(at, end))) return fail_at(walk, "a string does not end", err);
        } else {
            if ((c == '{' || c == '[') && ++depth > OC__MAX_JSON_DEPTH)
                return oc__fail(err, OC_E_LIMIT, "%s:%zu: is nested deeper than %d", walk->file, oc__json_line(walk->start, at),
                                OC__MAX_JSON_DEPTH);
            if (c == '}' || c == ']') depth--;
            at++;
            if (c != '}' && c != ']') continue;
        }
        if (depth == 0) break;
    }
    if (depth > 0) return fail_at(walk, "an object or array does not end", err);
    if (at == *at_value) return fail_at(walk, "a value is missing", err);
    *at_value = at;
    return OC_OK;
}

oc_status oc__json_walk_begin(oc__json_walk *walk, oc__slice text, char open, const char *file, const char *start,
                              const char *what, oc_error *err) {
    *walk = (oc__json_walk){
        .file = file, .start = start, .at = text.data, .end = text.data + text.size, .close = open == '{' ? '}' : ']'};
    skip_blanks(walk);
    while (walk->end > walk->at && is_blank(walk->end[-1])) walk->end--;
    if (walk->at == walk->end || *walk->at != open)
        return oc__fail(err, OC_E_CORRUPT, "%s:%zu: %s is not %s", file, oc__json_line(start, walk->at), what,
                        open == '{' ? "an object" : "an array");
    walk->at++;
    return OC_OK;
}

oc_status oc__json_walk_next(bool *more, oc__json_walk *walk, oc_error *err) {
    *more = false;
    skip_blanks(walk);
    if (walk->at == walk->end)
        return fail_at(walk, walk->close == '}' ? "an object does not end" : "an array does not end", err);
    if (*walk->at == walk->close) {
        walk->at++;
        skip_blanks(walk);
        return walk->at == walk->end ? OC_OK : fail_at(walk, "something follows the end", err);
    }
    if (walk->begun) {
        if (*walk->at != ',') return fail_at(walk, "a comma is missing", err);
        walk->at++;
        skip_blanks(walk);
        walk->index++;
    }
    walk->begun = true;
    if (walk->close == '}') {
        const char *end = walk->at < walk->end && *walk->at == '"' ? string_end(walk->at, walk->end) : NULL;
        if (!end) return fail_at(walk, "a member's name is missing or does not end", err);
        walk->key = (oc__slice){walk->at + 1, (size_t)(end - walk->at) - 2};
        walk->at = end;
        skip_blanks(walk);
        if (walk->at == walk->end || *walk->at != ':') return fail_at(walk, "a colon is missing", err);
        walk->at++;
        skip_blanks(walk);
    }
    const char *value = walk->at;
    oc_status status = pass_value(&walk->at, walk, err);
    if (status) return status;
    walk->value = (oc__slice){value, (size_t)(walk->at - value)};
    *more = true;
    return OC_OK;
}

bool oc__json_key_is(const oc__json_walk *walk, const char *key) {
    return walk->key.size == strlen(key) && memcmp(walk->key.data, key, walk->key.size) == 0;
}

bool oc__json_member(oc__slice *out, oc__slice object, const char *key) {
    oc__json_walk walk;
    bool more;
    if (oc__json_walk_begin(&walk, object, '{', "", object.data, "", NULL)) return false;
    while (!oc__json_walk_next(&more, &walk, NULL) && more)
        if (oc__json_key_is(&walk, key)) {
            *out = walk.value;
            return true;
        }
    return false;
}

void oc__append(oc__buffer *buffer, const char *text) { oc__buffer_append(buffer, text, strlen(text)); }

void oc__json_append_compact(oc__buffer *buffer, oc__slice text) {
    const char *at = text.data, *end = at + text.size;
    while (at < end) {
        const char *from = at;
        while (at < end && !is_blank(*at)) {
            const char *behind = *at == '"' ? string_end(at, end) : at + 1;
            at = behind ? behind : end;
        }
        oc__buffer_append(buffer, from, (size_t)(at - from));
        while (at < end && is_blank(*at)) at++;
    }
}

static uint32_t hex4(const char *at) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        value = value << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static size_t put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint32_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; code >>= 6) to[i] = (char)(0x80 | (code & 0x3F));
    to[0] = (char)(lead[n] | code);
    return n;
}

char *oc__json_unquote(oc_context *context, oc__slice text) {
    char *out = oc__alloc(context, text.size + 1), *to = out;
    const char *at = text.data + 1, *end = text.data + text.size - 1;
    if (!out) return NULL;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        static const char codes[] = "bfnrt", values[] = "\b\f\n\r\t";
        const char *code = strchr(codes, at[1]);
        if (at[1] == 'u' && end - at >= 6) {
            uint32_t value = hex4(at + 2);
            at += 6;
            if (value >= 0xD800 && value < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
                value = 0x10000 + ((value - 0xD800) << 10) + (hex4(at + 2) - 0xDC00);
                at += 6;
            }
            to += put_utf8(to, value);
            continue;
        }
        *to++ = code && *code ? values[code - codes] : at[1];
        at += 2;
    }
    *to = 0;
    return out;
}

void oc__json_append_string(oc__buffer *buffer, const char *text) {
    oc__append(buffer, "\"");
    while (*text) {
        size_t plain = 0;
        while ((unsigned char)text[plain] >= 0x20 && text[plain] != '"' && text[plain] != '\\') plain++;
        oc__buffer_append(buffer, text, plain);
        text += plain;
        if (!*text) break;
        char escape[8];
        if (*text == '"' || *text == '\\')
            snprintf(escape, sizeof escape, "\\%c", *text);
        else if (*text == '\n')
            strcpy(escape, "\\n");
        else
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)(unsigned char)*text);
        oc__append(buffer, escape);
        text++;
    }
    oc__append(buffer, "\"");
}

void oc__json_append_integer(oc__buffer *buffer, int64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    oc__append(buffer, text);
}

void oc__json_append_number(oc__buffer *buffer, double value) {
    char text[32];
    if (value >= -1e9 && value <= 1e9 && value == (double)(int64_t)value) {
        oc__json_append_integer(buffer, (int64_t)value);
        return;
    }
    oc__print_double(text, value);
    oc__append(buffer, text);
}

/* Whether a member's name can stand in another object as it is: nobody writes others. */
static bool is_plain(const oc__slice *key) {
    for (size_t i = 0; i < key->size; i++)
        if (key->data[i] == '\\' || (unsigned char)key->data[i] < 0x20) return false;
    return oc__utf8_valid(key->data, key->size);
}

void oc__json_append_others(oc__buffer *buffer, oc__slice object, const char *const *known) {
    oc__json_walk member;
    bool more;
    if (oc__json_walk_begin(&member, object, '{', "", object.data, "", NULL)) return;
    while (!oc__json_walk_next(&more, &member, NULL) && more) {
        size_t i = 0;
        while (known[i] && !oc__json_key_is(&member, known[i])) i++;
        if (known[i] || !is_plain(&member.key)) continue;
        oc__append(buffer, ",\"");
        oc__buffer_append(buffer, member.key.data, member.key.size);
        oc__append(buffer, "\":");
        oc__json_append_compact(buffer, member.value);
    }
}
