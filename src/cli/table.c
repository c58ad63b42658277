/* Tables for people.
 * SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_begin(table *t, const char *layout) {
    t->n_columns = strlen(layout);
    for (size_t i = 0; i < t->n_columns; i++) t->right[i] = layout[i] == 'r';
}

void table_cell(table *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = text_format_list(format, arguments);
    va_end(arguments);
    text_list_add(&t->cells, text_printable(text));
    free(text);
}

void table_end(table *t, size_t indent) {
    size_t widths[TABLE_MAX_COLUMNS] = {0};
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t width = text_width(t->cells.items[i]);
        if (width > widths[i % t->n_columns]) widths[i % t->n_columns] = width;
    }
    for (size_t i = 0; i < t->cells.n; i++) {
        size_t column = i % t->n_columns;
        bool last = column + 1 == t->n_columns;
        const char *cell = t->cells.items[i];
        int blanks = (int)(widths[column] - text_width(cell));
        if (column == 0) printf("%*s", (int)indent, "");
        if (t->right[column])
            printf("%*s%s", blanks, "", cell);
        else
            printf("%s%*s", cell, last ? 0 : blanks, "");
        fputs(last ? "\n" : "  ", stdout);
    }
    text_list_free(&t->cells);
}
