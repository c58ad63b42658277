/* ocellus version: which library runs, and how.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "json.h"
#include "session.h"

static void show(const session *s) {
    char header[32];
    snprintf(header, sizeof(header), "%d.%d.%d", OC_VERSION_MAJOR, OC_VERSION_MINOR, OC_VERSION_PATCH);
    if (s->general->json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "library", oc_version_string());
        json_text(&j, "header", header);
        json_text(&j, "cpu", oc_context_cpu(s->context));
        json_integer(&j, "threads", oc_context_n_threads(s->context));
        json_end_object(&j);
        return;
    }
    printf("ocellus %s\n", oc_version_string());
    if (s->general->quiet) return;
    printf("  header        %s\n", header);
    printf("  instructions  %s\n", oc_context_cpu(s->context));
    printf("  threads       %u\n", oc_context_n_threads(s->context));
}

static int run(const command *self, int argc, char **argv) {
    general_options general = {0};
    session s = {0};
    int n_operands = 0;
    const option_group groups[] = {general_group(&general)};
    int status = options_parse(self, groups, 1, argc, argv, &n_operands);
    if (status != OPTIONS_PARSED) return status;
    if (n_operands > 0) return options_misused(self, "version takes no arguments, and '%s' was given", argv[0]);
    status = session_open(&s, &general);
    if (status == STATUS_DONE) show(&s);
    session_close(&s);
    return status;
}

const command command_version = {
    "version",
    "show the versions and the instruction set in use",
    "version [options]",
    "Shows the version of the library that is loaded, of the header the command was built with, the instruction set that the "
    "library uses on this computer, and the number of threads.",
    NULL,
    run,
};
