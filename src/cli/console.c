/* What the user sees besides results.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "console.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "platform.h"
#include "text.h"

#define COLOUR_ERROR "\x1b[1;31m"
#define COLOUR_WARNING "\x1b[33m"
#define COLOUR_HINT "\x1b[36m"
#define COLOUR_NONE "\x1b[0m"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *status_line; /* NULL: none is shown */
static int output_error;  /* errno of the first failed write to standard output */
static bool output_has_failed;

bool console_can_redraw(void) {
    const char *term = getenv("TERM");
    return platform_is_terminal(stderr) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool console_has_colour(void) {
    const char *refused = getenv("NO_COLOR");
    return console_can_redraw() && (refused == NULL || refused[0] == '\0');
}

bool console_is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL || strstr(value, "UTF8") != NULL ||
                   strstr(value, "utf-8") != NULL;
    }
    return false;
}

static void flush_output(void) {
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && !output_has_failed) {
        output_has_failed = true;
        output_error = errno;
    }
}

__attribute__((format(printf, 3, 0))) static void say(const char *colour, const char *prefix, const char *format,
                                                      va_list arguments) {
    char *text = text_format_list(format, arguments);
    char *shown = text_printable(text);
    free(text);

    bool coloured = console_has_colour() && prefix[0] != '\0';
    pthread_mutex_lock(&lock);
    /* Where both go to one terminal, results said earlier must stand earlier. */
    flush_output();
    if (status_line != NULL) fputs("\r\x1b[K", stderr);
    fprintf(stderr, "%s%s%s%s\n", coloured ? colour : "", prefix, coloured ? COLOUR_NONE : "", shown);
    if (status_line != NULL) fputs(status_line, stderr);
    fflush(stderr);
    pthread_mutex_unlock(&lock);
    free(shown);
}

void console_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(COLOUR_ERROR, "ocellus: ", format, arguments);
    va_end(arguments);
}

void console_hint(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(COLOUR_HINT, "hint: ", format, arguments);
    va_end(arguments);
}

void console_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say(COLOUR_WARNING, "warning: ", format, arguments);
    va_end(arguments);
}

void console_note(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("", "", format, arguments);
    va_end(arguments);
}

int console_failure(const oc_error *error) {
    console_error("%s", error->message[0] != '\0' ? error->message : oc_status_name(error->code));
    return STATUS_FAILED;
}

int console_interrupted(const char *consequence) {
    console_error("interrupted: %s", consequence);
    return 128 + platform_interrupt();
}

void console_status(const char *line) {
    char *copy = text_format("%s", line);
    pthread_mutex_lock(&lock);
    free(status_line);
    status_line = copy;
    fprintf(stderr, "\r%s\x1b[K", line);
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}

void console_clear(void) {
    pthread_mutex_lock(&lock);
    if (status_line != NULL) {
        fputs("\r\x1b[K", stderr);
        fflush(stderr);
    }
    free(status_line);
    status_line = NULL;
    pthread_mutex_unlock(&lock);
}

bool console_flush_output(void) {
    static bool said;
    pthread_mutex_lock(&lock);
    flush_output();
    pthread_mutex_unlock(&lock);
    if (output_has_failed && !said) {
        said = true;
        console_error("standard output cannot be written%s%s", output_error != 0 ? ": " : "",
                      output_error != 0 ? strerror(output_error) : "");
    }
    return !output_has_failed;
}
