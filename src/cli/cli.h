/* What the files of the command share: exit codes, the shape of a command, and the general options.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes; see docs/command.md. A command stopped by signal s ends with 128 + s. */
#define STATUS_DONE 0
#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define STATUS_PARTLY 3

typedef struct command {
    const char *name;
    const char *summary;     /* one line for the list of commands, without a full stop */
    const char *usage;       /* what follows "ocellus", one form a line */
    const char *description; /* paragraphs, each one line; wrapped when shown */
    const char *examples;    /* shown as they are; may be NULL */

    /* `argv` holds the arguments after the command's name and may be reordered. Returns an exit code. */
    int (*run)(const struct command *self, int argc, char **argv);
} command;

extern const command command_convert, command_train, command_predict, command_evaluate, command_info, command_base,
    command_features, command_project, command_version, command_watch, command_help;

/* Command `index` in the order of the help text. NULL past the last one. */
const command *command_at(size_t index);

/* NULL after having said that there is no such command. */
const command *command_find(const char *name);

#endif
