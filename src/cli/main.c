/* The `ocellus` command. It never calls setlocale: numbers are read and written the same everywhere.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "console.h"
#include "platform.h"
#include "text.h"

static const command *const commands[] = {
    &command_train, &command_evaluate, &command_predict, &command_watch, &command_info,
    &command_project, &command_convert, &command_base,  &command_features, &command_version, &command_help,
};

const command *command_at(size_t index) { return index < sizeof(commands) / sizeof(commands[0]) ? commands[index] : NULL; }

const command *command_find(const char *name) {
    text_nearest nearest = {name, NULL, 0};
    for (size_t i = 0; command_at(i) != NULL; i++) {
        if (strcmp(command_at(i)->name, name) == 0) return command_at(i);
        text_nearest_offer(&nearest, command_at(i)->name);
    }
    console_error("'%s' is not a command", name);
    if (nearest.best != NULL)
        console_hint("did you mean '%s'?", nearest.best);
    else
        console_hint("'ocellus help' lists the commands");
    return NULL;
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        console_error("no command was given");
        console_hint("'ocellus help' lists the commands");
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = command_help.name;
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = command_version.name;
    if (name[0] == '-') {
        console_error("'%s' is not a command; a command comes first, its options after it", name);
        console_hint("'ocellus help' lists the commands");
        return STATUS_USAGE;
    }
    const command *wanted = command_find(name);
    return wanted != NULL ? wanted->run(wanted, argc - 2, argv + 2) : STATUS_USAGE;
}

int main(int argc, char **argv) {
    platform_start();
    int status = run(argc, argv);
    if (!console_flush_output() && (status == STATUS_DONE || status == STATUS_PARTLY)) status = STATUS_FAILED;
    return status;
}
