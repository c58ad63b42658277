/* What the user sees besides results: errors, hints, warnings and one line of status, all on standard error.
 * Every function may be called from any thread. Texts of other origin are made safe to show.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <ocellus/ocellus.h>

#include <stdbool.h>

/* "ocellus: message" */
void console_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "hint: message", after an error */
void console_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "warning: message" */
void console_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The message alone. */
void console_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says what failed, and returns STATUS_FAILED. */
int console_failure(const oc_error *error);

/* Says that a signal stopped the work, and what that means. Returns the exit code. */
int console_interrupted(const char *consequence);

/* Whether one line can be drawn over again; whether it may be coloured; whether it may hold more than ASCII. */
bool console_can_redraw(void);
bool console_has_colour(void);
bool console_is_utf8(void);

/* Shows `line`, which must fit the terminal, below everything else until the next call. */
void console_status(const char *line);
void console_clear(void);

/* Writes out what standard output still holds. False, after having said so once, if it cannot be written. */
bool console_flush_output(void);

#endif
