/* Command-line options, driven by tables. Options and operands may come in any order; "--" ends the options; a value
 * follows its option as --name VALUE, --name=VALUE, -n VALUE or -nVALUE.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"

typedef enum option_kind {
    OPTION_FLAG,    /* bool *: becomes true */
    OPTION_COUNT,   /* int *: one more each time */
    OPTION_TEXT,    /* const char **: the value */
    OPTION_LIST,    /* text_list *: a copy of each value */
    OPTION_INTEGER, /* long long *: the value, minimum to maximum */
    OPTION_NUMBER,  /* double *: the value, minimum to maximum */
    OPTION_SWITCH   /* const char **: "true" for --name, "false" for --no-name, the value for --name=VALUE */
} option_kind;

typedef struct cli_option {
    const char *name; /* without dashes */
    char letter;      /* of the short form; 0: none */
    option_kind kind;
    const char *value; /* what the help text calls the value */
    const char *help;
    double minimum;
    double maximum;
    void *target; /* left alone if the option is not given */
} cli_option;

typedef struct option_group {
    const char *title;
    const cli_option *options;
    size_t n_options;
} option_group;

#define OPTIONS_PARSED (-1)

/* Parses the arguments and leaves the operands at the front of `argv`, *n_operands of them. Returns OPTIONS_PARSED, or the
 * exit code with which the command is to end: STATUS_DONE after --help, STATUS_USAGE after saying what is wrong. */
int options_parse(const command *self, const option_group *groups, size_t n_groups, int argc, char **argv, int *n_operands);

/* Says what is wrong with the arguments and where to read on. Returns STATUS_USAGE. */
int options_misused(const command *self, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
