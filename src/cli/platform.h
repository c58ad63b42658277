/* The operating system, as far as the command needs it: terminals, files and folders, the clock, signals.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <ocellus/ocellus.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "text.h"

/* To be called before anything is opened: a standard stream that is closed becomes one that fails, so that no file opened
 * later takes its place; a closed pipe becomes a write error instead of a signal; signals that end the program become
 * interrupts. */
void platform_start(void);

bool platform_is_terminal(FILE *stream);

/* Columns of the terminal on standard error, or 80. */
size_t platform_columns(void);

/* Seconds since some moment in the past. */
double platform_seconds(void);

typedef enum path_kind { PATH_MISSING, PATH_FILE, PATH_FOLDER, PATH_OTHER } path_kind;

/* PATH_MISSING also if it cannot be looked at; errno says why. Links are followed. */
path_kind platform_path_kind(const char *path);

/* Whether two paths lead to one thing. */
bool platform_same_path(const char *a, const char *b);

/* False, with errno, if no file can be made in the folder. */
bool platform_may_write(const char *folder);

/* -1 if it is not known. */
int64_t platform_file_size(const char *path);

/* The folder a path lies in, "." if it names none. To be freed. */
char *platform_parent(const char *path);

/* Adds the names in a folder, sorted by their bytes, without those that begin with a dot. False with errno on failure. */
bool platform_list_folder(text_list *names, const char *path);

/* Adds the paths of all files in a folder and the folders below it, in the order of platform_list_folder. Links to folders
 * are not followed. A folder that cannot be read goes to `unreadable`. */
void platform_walk(text_list *files, text_list *unreadable, const char *folder);

/* What there is of standard input, at most `size` bytes; waits until there is some. 0 at the end. */
size_t platform_read_input(void *data, size_t size);

/* A signal ends the program at once until work begins that has to come to an orderly end. From then on the first signal is
 * only noted, and a second one ends the program. */
void platform_defer_interrupts(void);

/* The signal that was noted, or 0. */
int platform_interrupt(void);

/* The trainer to cancel when a signal comes; NULL: none. */
void platform_interrupt_trainer(oc_trainer *trainer);

/* Keeps signals from the threads that are started between the two calls. */
void platform_hold_signals(void);
void platform_release_signals(void);

#endif
