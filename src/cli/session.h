/* What several commands begin with: the general options, a context, a data set, a model.
 * SPDX-License-Identifier: MIT */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <ocellus/ocellus.h>

#include "options.h"

#define N_GENERAL_OPTIONS 4

typedef struct general_options {
    long long n_threads;
    int verbosity;
    bool json;
    bool quiet;
    cli_option table[N_GENERAL_OPTIONS];
} general_options;

/* The group that every working command ends its options with. `g` must outlive it. */
option_group general_group(general_options *g);

typedef struct session {
    const general_options *general;
    oc_context *context;
    size_t n_warnings;
} session;

/* Each returns STATUS_DONE, or the exit code after having said what failed. `s` must stay where it is until it is closed. */
int session_open(session *s, const general_options *general);
void session_close(session *s);

/* Says how many warnings were held back. To be called when work that may warn has ended. */
void session_end_warnings(session *s);

bool session_is_project(const char *folder);

/* Whether `path` is a project's, or PROJECT@ITERATION; the folder, to be freed, and the iteration (NULL: none is named). */
bool session_names_iteration(char **folder, const char **iteration, const char *path);

/* A model file; or a project, of which it is the default iteration, or PROJECT@ITERATION. */
int session_load_model(oc_model **out, session *s, const char *path);

/* The option of commands that predict, and the meaning of its value (NULL: not given). */
#define PRECISION_OPTION(target)                                                                                               \
    {"precision", 0, OPTION_TEXT, "P", "compute in fp32, bf16 or int8 (default fp32)", 0, 0, &(target)}
#define TILES_OPTION(target)                                                                                                   \
    {"tiles", 0, OPTION_INTEGER, "N",                                                                                          \
     "of a detector: look at each picture in N tiles along its longer side too, where it shows much more than those trained on (default 1)", 1, 16, \
     &(target)}
int session_precision(oc_predictor_options *out, const char *value);

/* Loads a project, a folder or, if the name ends in .csv, a CSV file. `split` may be NULL: all. `advise` hints what to write
 * instead if the folder holds the folders "train" and "test" instead of tags. */
int session_load_dataset(oc_dataset **out, session *s, const char *path, const char *split, void (*advise)(const char *folder));

#endif
