/* What the files of `ocellus project` share.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_PROJECT_H
#define CLI_PROJECT_H

#include "json.h"
#include "session.h"
#include "text.h"

/* The verbs of one file; the last one's name is NULL. */
extern const command project_verbs[], project_picture_verbs[], project_tag_verbs[], project_region_verbs[],
    project_iteration_verbs[], project_prediction_verbs[], project_exchange_verbs[], project_assist_verbs[];

/* One call of a verb. Zero-initialise. */
typedef struct project_call {
    general_options general;
    session s;
    const char *folder;
    oc_project *project;
    char *const *operands; /* what comes after the project's folder */
    size_t n;
    oc_error error;
} project_call;

/* Parses the arguments, of which the first is the project's folder and `least` to `most` come after it, and opens the project.
 * Returns OPTIONS_PARSED, or the exit code with which the verb is to end. */
int project_begin(project_call *c, const command *self, const option_group *own, size_t n_own, size_t least, size_t most,
                  int argc, char **argv);

/* The same without opening the project. */
int project_parse(project_call *c, const command *self, const option_group *own, size_t n_own, size_t least, size_t most,
                  int argc, char **argv);

/* Closes what was opened; says what failed if `done` is not OC_OK. Returns the exit code. */
int project_end(project_call *c, oc_status done);

/* Which pictures: those named, or those that a filter lets through. */
#define N_SELECT_OPTIONS 8
typedef struct select_options {
    text_list tags;
    bool tagged, untagged;
    const char *where, *name, *after, *before, *order;
    cli_option table[N_SELECT_OPTIONS];
} select_options;

/* `ordered`: with the option --sort. */
option_group select_group(select_options *o, bool ordered);
bool select_given(const select_options *o);

/* STATUS_DONE, or STATUS_USAGE after saying what is wrong. The filter refers to `o`. */
int select_filter(oc_picture_filter *filter, const command *self, const select_options *o);

/* "18 pictures", "1 picture". To be freed. */
char *project_counted(uint64_t n, const char *one);

#endif
