/* The trainer's own table of hyper-parameters as command-line options, and the values that the user gave.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_HYPER_PARAMETERS_H
#define CLI_HYPER_PARAMETERS_H

#include <ocellus/ocellus.h>

#include "options.h"
#include "text.h"

typedef struct hyper_parameters {
    size_t n;
    const char **keys;
    const char **values; /* NULL: not given */
    cli_option *options;
    text_list owned;
} hyper_parameters;

void hyper_parameters_load(hyper_parameters *h);
void hyper_parameters_free(hyper_parameters *h);

#endif
