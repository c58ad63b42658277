/* Tables for people: aligned columns of UTF-8 text.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "text.h"

#define TABLE_MAX_COLUMNS 12

/* Zero-initialise, then begin. */
typedef struct table {
    size_t n_columns;
    bool right[TABLE_MAX_COLUMNS];
    text_list cells; /* row after row */
} table;

/* `layout` has one letter a column: 'l' for left, 'r' for right alignment. */
void table_begin(table *t, const char *layout);

/* The next cell. The text is made safe to show. */
void table_cell(table *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the table to standard output, indented, and frees it. */
void table_end(table *t, size_t indent);

#endif
