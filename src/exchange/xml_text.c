/* XML: elements in memory, and writing. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "formats.h"
#include "xml.h"

const char *oc__xml_attribute(const oc__xml *element, const char *name) {
    for (const char *const *a = element->attributes; *a; a += 2)
        if (strcmp(a[0], name) == 0) return a[1];
    return NULL;
}

const oc__xml *oc__xml_child(const oc__xml *element, const char *name) {
    for (const oc__xml *child = element ? element->first : NULL; child; child = child->next)
        if (strcmp(child->name, name) == 0) return child;
    return NULL;
}

const char *oc__xml_child_text(const oc__xml *element, const char *name) {
    const oc__xml *child = oc__xml_child(element, name);
    return child ? child->text : NULL;
}

void oc__xml_append_text(oc__buffer *buffer, const char *text) {
    for (; *text; text++) {
        char code[8];
        switch (*text) {
        case '&':
            oc__append(buffer, "&amp;");
            break;
        case '<':
            oc__append(buffer, "&lt;");
            break;
        case '>':
            oc__append(buffer, "&gt;");
            break;
        case '"':
            oc__append(buffer, "&quot;");
            break;
        case '\t':
        case '\n':
        case '\r':
            snprintf(code, sizeof code, "&#%d;", *text);
            oc__append(buffer, code);
            break;
        default: /* XML 1.0 has no other control characters, no U+FFFE and no U+FFFF */
            if (strncmp(text, "\xEF\xBF\xBE", 3) == 0 || strncmp(text, "\xEF\xBF\xBF", 3) == 0) {
                oc__append(buffer, "?");
                text += 2;
            } else {
                oc__buffer_append(buffer, (unsigned char)*text < 0x20 ? "?" : text, 1);
            }
        }
    }
}

void oc__xml_append_attribute(oc__buffer *buffer, const char *name, const char *value) {
    oc__append(buffer, " ");
    oc__append(buffer, name);
    oc__append(buffer, "=\"");
    oc__xml_append_text(buffer, value);
    oc__append(buffer, "\"");
}

void oc__xml_append_child(oc__buffer *buffer, const char *name, const char *text) {
    oc__append(buffer, "<");
    oc__append(buffer, name);
    oc__append(buffer, ">");
    oc__xml_append_text(buffer, text);
    oc__append(buffer, "</");
    oc__append(buffer, name);
    oc__append(buffer, ">");
}

static bool is_among(const char *name, const char *const *names) {
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

void oc__xml_append(oc__buffer *buffer, const oc__xml *element, const char *const *but) {
    static const char *const none[] = {NULL};
    oc__append(buffer, "<");
    oc__append(buffer, element->name);
    for (const char *const *a = element->attributes; *a; a += 2)
        if (!is_among(a[0], but)) oc__xml_append_attribute(buffer, a[0], a[1]);
    if (!element->first && !element->text[0]) {
        oc__append(buffer, "/>");
        return;
    }
    oc__append(buffer, ">");
    oc__xml_append_text(buffer, element->text);
    for (const oc__xml *child = element->first; child; child = child->next) oc__xml_append(buffer, child, none);
    oc__append(buffer, "</");
    oc__append(buffer, element->name);
    oc__append(buffer, ">");
}
