/* ocellus help: the list of commands, or one command's own help.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "options.h"
#include "table.h"

static void show_commands(void) {
    printf("usage: ocellus COMMAND [arguments] [options]\n"
           "\n"
           "Trains, measures and runs image classifiers on your own computer.\n"
           "\n"
           "Commands\n");
    table t = {0};
    table_begin(&t, "ll");
    for (size_t i = 0; command_at(i) != NULL; i++) {
        table_cell(&t, "%s", command_at(i)->name);
        table_cell(&t, "%s", command_at(i)->summary);
    }
    table_end(&t, 4);
    printf("\n"
           "First steps\n"
           "    ocellus train pictures -o model.ocm     pictures/ has one sub-folder for each tag\n"
           "    ocellus predict model.ocm photo.jpg\n"
           "\n"
           "'ocellus help COMMAND' tells more about a command.\n");
}

static int run(const command *self, int argc, char **argv) {
    int n_operands = 0;
    int status = options_parse(self, NULL, 0, argc, argv, &n_operands);
    if (status != OPTIONS_PARSED) return status;
    if (n_operands == 0) {
        show_commands();
        return STATUS_DONE;
    }
    const command *wanted = command_find(argv[0]);
    if (wanted == NULL) return STATUS_USAGE;
    int n_allowed = wanted == &command_project ? 2 : 1;
    if (n_operands > n_allowed) return options_misused(self, "help takes one command, and '%s' is one too many",
                                                       argv[n_allowed]);
    char option[] = "--help";
    char *arguments[] = {n_operands == 2 ? argv[1] : option, option, NULL};
    return wanted->run(wanted, n_operands, arguments);
}

const command command_help = {
    "help",
    "show this text, or a command's",
    "help [COMMAND]\nhelp project VERB",
    "Without a command: the list of commands. With one: what it does, and its options.",
    NULL,
    run,
};
