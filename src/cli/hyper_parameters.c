/* The trainer's own table of hyper-parameters as command-line options.
 * SPDX-License-Identifier: MIT */
#include "hyper_parameters.h"

#include <stdlib.h>

static const char *owned_text(hyper_parameters *h, char *text) {
    text_list_add(&h->owned, text);
    return text;
}

static cli_option to_flag(hyper_parameters *h, const oc_option *option, const char **value) {
    char *name = text_format("%s", option->key);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_') *c = '-';
    cli_option flag = {.name = owned_text(h, name), .kind = OPTION_TEXT, .target = (void *)value};
    if (option->type == OC_OPTION_BOOLEAN) {
        flag.kind = OPTION_SWITCH;
        flag.help = owned_text(h, text_format("%s (default %s; --no-%s for false)", option->help, option->default_value, name));
    } else if (option->type == OC_OPTION_TEXT) {
        flag.value = "TEXT";
        const char *standard = option->default_value[0] != '\0' ? option->default_value : "none";
        flag.help = owned_text(h, text_format("%s (default %s)", option->help, standard));
    } else {
        bool whole = option->type == OC_OPTION_INTEGER;
        flag.value = whole ? "N" : "X";
        char *range = whole ? text_format("%.0f to %.0f", option->minimum, option->maximum)
                            : text_format("%.10g to %.10g", option->minimum, option->maximum);
        flag.help = owned_text(h, text_format("%s (%s; default %s)", option->help, range, option->default_value));
        free(range);
    }
    return flag;
}

void hyper_parameters_load(hyper_parameters *h) {
    oc_option option = OC_OPTION_INIT;
    uint32_t n = 0;
    *h = (hyper_parameters){0};
    while (oc_trainer_option(n, &option, NULL) == OC_OK) n++;
    h->keys = text_allocate(n * sizeof(*h->keys));
    h->values = text_allocate(n * sizeof(*h->values));
    h->options = text_allocate(n * sizeof(*h->options));
    for (uint32_t i = 0; i < n && oc_trainer_option(i, &option, NULL) == OC_OK; i++) {
        h->keys[i] = option.key;
        h->values[i] = NULL;
        h->options[i] = to_flag(h, &option, &h->values[i]);
        h->n++;
    }
}

void hyper_parameters_free(hyper_parameters *h) {
    free(h->keys);
    free(h->values);
    free(h->options);
    text_list_free(&h->owned);
}
