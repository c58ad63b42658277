/* Command-line options, driven by tables.
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "text.h"

typedef struct parser {
    const command *self;
    const option_group *groups;
    size_t n_groups;
    int argc;
    char **argv;
    int next;
    bool help;
} parser;

static const cli_option help_option = {"help", 'h', OPTION_FLAG, NULL, "show this text", 0, 0, NULL};

int options_misused(const command *self, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = text_format_list(format, arguments);
    va_end(arguments);
    console_error("%s", message);
    free(message);
    console_hint("see 'ocellus help %s'", self->name);
    return STATUS_USAGE;
}

static bool takes_value(const cli_option *option) {
    return option->kind == OPTION_TEXT || option->kind == OPTION_LIST || option->kind == OPTION_INTEGER
        || option->kind == OPTION_NUMBER;
}

static const cli_option *find_letter(const parser *p, char letter) {
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t i = 0; i < p->groups[g].n_options; i++)
            if (p->groups[g].options[i].letter == letter) return &p->groups[g].options[i];
    return letter == help_option.letter ? &help_option : NULL;
}

/* `negated` is set for --no-NAME. */
static const cli_option *find_name(const parser *p, const char *name, bool *negated) {
    *negated = false;
    for (size_t g = 0; g < p->n_groups; g++) {
        for (size_t i = 0; i < p->groups[g].n_options; i++) {
            const cli_option *option = &p->groups[g].options[i];
            if (strcmp(option->name, name) == 0) return option;
            if (option->kind == OPTION_SWITCH && strncmp(name, "no-", 3) == 0 && strcmp(option->name, name + 3) == 0) {
                *negated = true;
                return option;
            }
        }
    }
    return strcmp(name, help_option.name) == 0 ? &help_option : NULL;
}

static int unknown_name(const parser *p, const char *name) {
    text_nearest nearest = {name, NULL, 0};
    text_nearest_offer(&nearest, help_option.name);
    for (size_t g = 0; g < p->n_groups; g++)
        for (size_t i = 0; i < p->groups[g].n_options; i++) text_nearest_offer(&nearest, p->groups[g].options[i].name);
    console_error("'%s' has no option '--%s'", p->self->name, name);
    if (nearest.best != NULL)
        console_hint("did you mean '--%s'?", nearest.best);
    else
        console_hint("see 'ocellus help %s'", p->self->name);
    return STATUS_USAGE;
}

/* `shown` is the option as the user wrote it. */
static int store(parser *p, const cli_option *option, const char *shown, const char *value) {
    switch (option->kind) {
    case OPTION_FLAG:
        if (option == &help_option)
            p->help = true;
        else
            *(bool *)option->target = true;
        break;
    case OPTION_COUNT:
        *(int *)option->target += 1;
        break;
    case OPTION_LIST:
        if (value[0] == '\0') return options_misused(p->self, "option '%s' needs a value that is not empty", shown);
        text_list_add(option->target, text_format("%s", value));
        break;
    case OPTION_TEXT:
    case OPTION_SWITCH:
        if (value[0] == '\0') return options_misused(p->self, "option '%s' needs a value that is not empty", shown);
        *(const char **)option->target = value;
        break;
    case OPTION_INTEGER: {
        long long number = 0;
        if (!text_integer(value, &number) || (double)number < option->minimum || (double)number > option->maximum)
            return options_misused(p->self, "option '%s': '%s' is not a whole number from %.0f to %.0f", shown, value,
                                   option->minimum, option->maximum);
        *(long long *)option->target = number;
        break;
    }
    case OPTION_NUMBER: {
        double number = 0;
        if (!text_number(value, &number) || number < option->minimum || number > option->maximum)
            return options_misused(p->self, "option '%s': '%s' is not a number from %g to %g", shown, value, option->minimum,
                                   option->maximum);
        *(double *)option->target = number;
        break;
    }
    }
    return OPTIONS_PARSED;
}

/* The value of an option that was written without one: the next argument, unless that looks like an option. */
static int store_next(parser *p, const cli_option *option, const char *shown) {
    if (p->next == p->argc || strncmp(p->argv[p->next], "--", 2) == 0)
        return options_misused(p->self, "option '%s' needs a value (%s)", shown, option->value);
    return store(p, option, shown, p->argv[p->next++]);
}

static int parse_long(parser *p, const char *argument) {
    char shown[128];
    size_t length = strcspn(argument + 2, "=");
    const char *value = argument[2 + length] == '=' ? argument + 3 + length : NULL;
    snprintf(shown, sizeof(shown), "--%.*s", (int)(length < 100 ? length : 100), argument + 2);

    bool negated = false;
    const cli_option *option = find_name(p, shown + 2, &negated);
    if (option == NULL) return unknown_name(p, shown + 2);
    if (takes_value(option)) return value != NULL ? store(p, option, shown, value) : store_next(p, option, shown);
    if (value != NULL && (option->kind != OPTION_SWITCH || negated))
        return options_misused(p->self, "option '%s' takes no value", shown);
    return store(p, option, shown, value != NULL ? value : negated ? "false" : "true");
}

static int parse_short(parser *p, const char *argument) {
    for (const char *letter = argument + 1; *letter != '\0'; letter++) {
        char shown[3] = {'-', *letter, '\0'};
        const cli_option *option = find_letter(p, *letter);
        if (option == NULL) return options_misused(p->self, "'%s' has no option '%s'", p->self->name, shown);
        if (takes_value(option)) return letter[1] != '\0' ? store(p, option, shown, letter + 1) : store_next(p, option, shown);
        int status = store(p, option, shown, "true");
        if (status != OPTIONS_PARSED) return status;
    }
    return OPTIONS_PARSED;
}

static void show_option(const cli_option *option, size_t columns) {
    const size_t indent = 30;
    char *bare = option->letter != 0 ? text_format("    -%c, --%s", option->letter, option->name)
                                     : text_format("        --%s", option->name);
    char *line = takes_value(option) ? text_format("%s %s", bare, option->value) : text_format("%s", bare);
    size_t width = text_width(line);
    if (width + 2 > indent)
        printf("%s\n%*s", line, (int)indent, "");
    else
        printf("%-*s", (int)indent, line);
    text_wrap(stdout, option->help, indent, indent, columns);
    free(line);
    free(bare);
}

static void show_help(const parser *p) {
    size_t columns = platform_columns();
    columns = columns < 60 ? 60 : columns > 100 ? 100 : columns;
    const char *usage = p->self->usage;
    for (const char *before = "usage: "; *usage != '\0'; before = "   or: ") {
        size_t length = strcspn(usage, "\n");
        printf("%socellus %.*s\n", before, (int)length, usage);
        usage += length + (usage[length] == '\n');
    }
    printf("\n");
    text_wrap(stdout, p->self->description, 0, 0, columns);
    for (size_t g = 0; g < p->n_groups; g++) {
        printf("\n%s\n", p->groups[g].title);
        for (size_t i = 0; i < p->groups[g].n_options; i++) show_option(&p->groups[g].options[i], columns);
        if (g + 1 == p->n_groups) show_option(&help_option, columns);
    }
    if (p->self->examples != NULL) printf("\nExamples\n%s", p->self->examples);
}

int options_parse(const command *self, const option_group *groups, size_t n_groups, int argc, char **argv, int *n_operands) {
    parser p = {self, groups, n_groups, argc, argv, 0, false};
    bool only_operands = false;
    *n_operands = 0;
    while (p.next < argc) {
        char *argument = argv[p.next++];
        int status = OPTIONS_PARSED;
        if (only_operands || argument[0] != '-' || argument[1] == '\0')
            argv[(*n_operands)++] = argument;
        else if (strcmp(argument, "--") == 0)
            only_operands = true;
        else
            status = argument[1] == '-' ? parse_long(&p, argument) : parse_short(&p, argument);
        if (status != OPTIONS_PARSED) return status;
    }
    if (p.help) {
        show_help(&p);
        return STATUS_DONE;
    }
    return OPTIONS_PARSED;
}
