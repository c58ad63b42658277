/* Reading a section of a model file. SPDX-License-Identifier: MIT */
#include "ocm_cursor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "memory.h"

void oc__cursor_fail(oc__cursor *cursor, oc_status status, const char *format, ...) {
    char text[200];
    va_list arguments;
    if (cursor->status) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cursor->status = oc__fail(cursor->err, status, "%s: %s", cursor->name, text);
}

const uint8_t *oc__cursor_take(oc__cursor *cursor, size_t n, const char *what) {
    if (cursor->status) return NULL;
    if (n > cursor->size - cursor->at) {
        oc__cursor_fail(cursor, OC_E_CORRUPT, "%s at byte %zu of the file needs %zu bytes, %zu are left in the section", what,
                        cursor->file_offset + cursor->at, n, cursor->size - cursor->at);
        return NULL;
    }
    const uint8_t *bytes = cursor->data + cursor->at;
    cursor->at += n;
    return bytes;
}

uint32_t oc__cursor_u32(oc__cursor *cursor, const char *what) {
    const uint8_t *bytes = oc__cursor_take(cursor, 4, what);
    return bytes ? oc__le32(bytes) : 0;
}

float oc__cursor_f32(oc__cursor *cursor, const char *what) {
    uint32_t bits = oc__cursor_u32(cursor, what);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint32_t oc__cursor_count(oc__cursor *cursor, size_t record, size_t most, const char *what) {
    size_t at = cursor->file_offset + cursor->at;
    uint32_t n = oc__cursor_u32(cursor, what);
    if (n > most)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "%s at byte %zu of the file is %u, at most %zu", what, at, n, most);
    else if (n > (cursor->size - cursor->at) / record)
        oc__cursor_fail(cursor, OC_E_CORRUPT,
                        "%s at byte %zu of the file is %u, the %zu bytes left in the section hold at most %zu", what, at, n,
                        cursor->size - cursor->at, (cursor->size - cursor->at) / record);
    return cursor->status ? 0 : n;
}

char *oc__cursor_text(oc__cursor *cursor, size_t least, size_t most, const char *what) {
    size_t at = cursor->file_offset + cursor->at;
    uint32_t size = oc__cursor_u32(cursor, what);
    if (!cursor->status && (size < least || size > most))
        oc__cursor_fail(cursor, OC_E_CORRUPT, "%s at byte %zu of the file has %u bytes, expected %zu to %zu", what, at, size,
                        least, most);
    const uint8_t *bytes = oc__cursor_take(cursor, size, what);
    if (!bytes) return NULL;
    if (memchr(bytes, 0, size)) {
        oc__cursor_fail(cursor, OC_E_CORRUPT, "%s at byte %zu of the file contains a NUL", what, at);
        return NULL;
    }
    char *text = oc__alloc(cursor->context, (size_t)size + 1);
    if (!text) {
        cursor->status = oc__fail_nomem(cursor->err, cursor->context, (size_t)size + 1, what);
        return NULL;
    }
    memcpy(text, bytes, size);
    text[size] = 0;
    return text;
}

void oc__cursor_align(oc__cursor *cursor, size_t step) {
    size_t at = cursor->file_offset + cursor->at, n = (step - cursor->at % step) % step;
    const uint8_t *bytes = oc__cursor_take(cursor, n, "padding");
    for (size_t i = 0; bytes && i < n; i++)
        if (bytes[i]) {
            oc__cursor_fail(cursor, OC_E_CORRUPT, "byte %zu of the file is padding and not zero", at + i);
            return;
        }
}

void oc__cursor_end(oc__cursor *cursor) {
    if (!cursor->status && cursor->at < cursor->size)
        oc__cursor_fail(cursor, OC_E_CORRUPT, "its contents end at byte %zu of the file, the section at %zu",
                        cursor->file_offset + cursor->at, cursor->file_offset + cursor->size);
}
