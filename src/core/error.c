/* The error a function hands back to its caller. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The bytes of the caller's message buffer; the caller's struct may be larger or smaller than ours. */
static size_t message_room(const oc_error *err) {
    if (err->struct_size < offsetof(oc_error, message)) return 0;
    size_t room = err->struct_size - offsetof(oc_error, message);
    return room < sizeof err->message ? room : sizeof err->message;
}

void oc__cut_text(char *text, size_t length) {
    size_t end = length;
    while (end > 0 && length - end < 4 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    text[length - end < 4 ? end : length] = 0;
}

static void set_message(oc_error *err, oc_status code, const char *text) {
    if (!err || err->struct_size < offsetof(oc_error, message)) return;
    err->code = code;
    size_t room = message_room(err);
    if (room == 0) return;
    size_t length = strlen(text);
    if (length >= room) length = room - 1;
    memcpy(err->message, text, length + 1);
    oc__cut_text(err->message, length);
}

oc_status oc__fail(oc_error *err, oc_status code, const char *format, ...) {
    char text[sizeof err->message * 2];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) text[0] = 0;
    for (char *p = text; *p; p++)
        if (*p == '\n' || *p == '\r') *p = ' ';
    set_message(err, code, text);
    return code;
}

oc_status oc__fail_in(oc_error *err, oc_status code, const char *prefix) {
    if (!err || message_room(err) == 0) return code;
    char old[sizeof err->message];
    size_t length = strnlen(err->message, message_room(err) - 1);
    memcpy(old, err->message, length);
    old[length] = 0;
    return oc__fail(err, code, "%s: %s", prefix, old);
}

oc_status oc__struct_read(void *known, size_t known_size, size_t least, const void *theirs, const char *what, oc_error *err) {
    uint32_t size = 0;
    if (!theirs) return oc__fail(err, OC_E_ARGUMENT, "%s is NULL", what);
    memcpy(&size, theirs, sizeof size);
    if (size < least || size > 65536)
        return oc__fail(err, OC_E_ARGUMENT, "%s: struct_size is %u, expected at least %zu (use its ..._INIT macro)", what, size,
                        least);
    const unsigned char *bytes = theirs;
    for (size_t i = known_size; i < size; i++)
        if (bytes[i])
            return oc__fail(err, OC_E_UNSUPPORTED, "%s: byte %zu is set, this library knows only %zu bytes", what, i,
                            known_size);
    memset(known, 0, known_size);
    memcpy(known, theirs, size < known_size ? size : known_size);
    return OC_OK;
}

oc_status oc__struct_write(void *theirs, const void *known, size_t known_size, size_t least, const char *what, oc_error *err) {
    uint32_t size = 0;
    if (!theirs) return oc__fail(err, OC_E_ARGUMENT, "%s is NULL", what);
    memcpy(&size, theirs, sizeof size);
    if (size < least || size > 65536)
        return oc__fail(err, OC_E_ARGUMENT, "%s: struct_size is %u, expected at least %zu (use its ..._INIT macro)", what, size,
                        least);
    memset((unsigned char *)theirs + sizeof size, 0, size - sizeof size);
    memcpy((unsigned char *)theirs + sizeof size, (const unsigned char *)known + sizeof size,
           (size < known_size ? size : known_size) - sizeof size);
    return OC_OK;
}
