/* What several commands begin with.
 * SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "text.h"

#define MAX_WARNINGS 20
#define MAX_NOTES 10

option_group general_group(general_options *g) {
    const cli_option options[N_GENERAL_OPTIONS] = {
        {"threads", 't', OPTION_INTEGER, "N", "threads to work with (default: as many as there are processors)", 1, 256,
         &g->n_threads},
        {"json", 0, OPTION_FLAG, NULL, "write the result as JSON, for programs", 0, 0, &g->json},
        {"quiet", 'q', OPTION_FLAG, NULL, "show no progress, notes or summary; only warnings, errors and what was asked for", 0,
         0, &g->quiet},
        {"verbose", 'v', OPTION_COUNT, NULL, "say what is chosen and why; twice: more", 0, 0, &g->verbosity},
    };
    memcpy(g->table, options, sizeof(options));
    return (option_group){"General options", g->table, N_GENERAL_OPTIONS};
}

static void on_log(void *user, int level, const char *line) {
    session *s = user;
    if (level != OC_LOG_WARNING) {
        console_note("%s", line);
        return;
    }
    if (s->n_warnings++ < MAX_WARNINGS || s->general->verbosity > 0) console_warning("%s", line);
}

int session_open(session *s, const general_options *general) {
    *s = (session){.general = general};
    oc_error error = OC_ERROR_INIT;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = (uint32_t)general->n_threads;
    options.log = on_log;
    options.log_user = s;
    options.log_level = general->verbosity > 1 ? OC_LOG_DEBUG : general->verbosity > 0 ? OC_LOG_INFO : OC_LOG_WARNING;
    platform_hold_signals();
    oc_status status = oc_context_create(&s->context, &options, &error);
    platform_release_signals();
    return status == OC_OK ? STATUS_DONE : console_failure(&error);
}

void session_close(session *s) {
    session_end_warnings(s);
    oc_context_free(s->context);
    s->context = NULL;
}

void session_end_warnings(session *s) {
    if (s->n_warnings > MAX_WARNINGS && s->general->verbosity == 0)
        console_warning("... and %zu more; --verbose shows them all", s->n_warnings - MAX_WARNINGS);
    s->n_warnings = 0;
}

bool session_is_project(const char *folder) {
    char *file = text_format("%s/project.db", folder);
    bool found = platform_path_kind(file) == PATH_FILE;
    free(file);
    return found;
}

static int load_iteration(oc_model **out, session *s, const char *folder, const char *iteration) {
    oc_error error = OC_ERROR_INIT;
    oc_project *project = NULL;
    bool good = oc_project_open(&project, s->context, folder, &error) == OC_OK &&
                oc_project_model(out, project, iteration, &error) == OC_OK;
    oc_project_free(project);
    if (good) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_NOT_FOUND)
        console_hint("'ocellus project iterations %s' lists them, and 'ocellus project train %s' makes one", folder, folder);
    return STATUS_FAILED;
}

bool session_names_iteration(char **folder, const char **iteration, const char *path) {
    const char *at = strrchr(path, '@');
    *folder = text_format("%s", path);
    *iteration = NULL;
    if (session_is_project(path)) return true;
    if (at != NULL && at > path && at[1] != '\0' && platform_path_kind(path) == PATH_MISSING) {
        (*folder)[at - path] = '\0';
        *iteration = at + 1;
        if (session_is_project(*folder)) return true;
    }
    free(*folder);
    *folder = NULL;
    return false;
}

/* Before the name of a base network: the detector that it brings. */
#define BASE_PREFIX "base:"

int session_load_model(oc_model **out, session *s, const char *path) {
    oc_error error = OC_ERROR_INIT;
    char *folder;
    const char *iteration;
    if (strncmp(path, BASE_PREFIX, strlen(BASE_PREFIX)) == 0)
        return oc_base_open_detector(out, s->context, path + strlen(BASE_PREFIX), &error) == OC_OK ? STATUS_DONE : console_failure(&error);
    if (session_names_iteration(&folder, &iteration, path)) {
        int status = load_iteration(out, s, folder, iteration);
        free(folder);
        return status;
    }
    if (platform_path_kind(path) == PATH_FOLDER) {
        console_error("%s: is a folder, not a model file", path);
        console_hint("the model comes first: ocellus predict MODEL PICTURE..., ocellus evaluate MODEL DIR");
        return STATUS_FAILED;
    }
    if (oc_model_load(out, s->context, path, &error) == OC_OK) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_FORMAT)
        console_hint("models are made by 'ocellus train DIR -o MODEL'; the model comes before the pictures");
    else if (error.code == OC_E_CORRUPT)
        console_hint("the file is damaged or incomplete: copy it again, or train again");
    return STATUS_FAILED;
}

int session_precision(oc_predictor_options *out, const char *value) {
    static const struct {
        const char *name;
        uint32_t precision;
    } known[] = {{"fp32", OC_PRECISION_FP32}, {"bf16", OC_PRECISION_BF16}, {"int8", OC_PRECISION_INT8}};
    *out = (oc_predictor_options)OC_PREDICTOR_OPTIONS_INIT;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (value != NULL && strcmp(value, known[i].name) != 0) continue;
        out->precision = known[i].precision;
        return STATUS_DONE;
    }
    console_error("--precision takes fp32, bf16 or int8, not '%s'", value);
    return STATUS_USAGE;
}

static void show_notes(const session *s, const oc_dataset *dataset) {
    size_t n = oc_dataset_n_notes(dataset);
    size_t n_shown = n <= MAX_NOTES || s->general->verbosity > 0 ? n : MAX_NOTES;
    if (s->general->quiet) return;
    for (size_t i = 0; i < n_shown; i++) console_note("note: %s", oc_dataset_note(dataset, i));
    if (n_shown < n) console_note("note: ... and %zu more; --verbose shows them all", n - n_shown);
}

static bool is_csv(const char *path) {
    size_t length = strlen(path);
    if (length < 4 || path[length - 4] != '.') return false;
    for (size_t i = 0; i < 3; i++)
        if ((path[length - 3 + i] | 0x20) != "csv"[i]) return false;
    return true;
}

/* Whether a folder holds the folders "train" and "test" and no other, and beside them at most CSV files. Then they are
 * hardly tags. */
static bool looks_split(const char *folder) {
    text_list names = {0};
    size_t n_folders = 0;
    bool others = false;
    if (!platform_list_folder(&names, folder)) return false;
    for (size_t i = 0; i < names.n; i++) {
        char *path = text_format("%s/%s", folder, names.items[i]);
        if (platform_path_kind(path) == PATH_FOLDER)
            n_folders++;
        else
            others = others || !is_csv(path);
        free(path);
    }
    bool split = n_folders == 2 && !others && text_list_has(&names, "train") && text_list_has(&names, "test");
    text_list_free(&names);
    return split;
}

static void hint_splits(const oc_dataset *dataset) {
    text_list splits = {0};
    for (size_t i = 0; i < oc_dataset_count(dataset) && splits.n < 8; i++) {
        const char *split = oc_dataset_sample_split(dataset, i);
        if (split != NULL && split[0] != '\0' && !text_list_has(&splits, split))
            text_list_add(&splits, text_format("%s", split));
    }
    char *line = text_format("%s", "");
    for (size_t i = 0; i < splits.n; i++) {
        char *longer = text_format("%s%s%s", line, i > 0 ? ", " : "", splits.items[i]);
        free(line);
        line = longer;
    }
    if (splits.n > 0)
        console_hint("its splits are: %s", line);
    else
        console_hint("its pictures have no split: a CSV file needs the column 'split', "
                     "and 'ocellus project split' sets it in a project");
    free(line);
    text_list_free(&splits);
}

static bool has_several_splits(const oc_dataset *dataset) {
    for (size_t i = 1; i < oc_dataset_count(dataset); i++)
        if (strcmp(oc_dataset_sample_split(dataset, i), oc_dataset_sample_split(dataset, 0)) != 0) return true;
    return false;
}

static int load_folder(oc_dataset **out, session *s, const char *path, void (*advise)(const char *folder)) {
    oc_error error = OC_ERROR_INIT;
    if (looks_split(path)) {
        console_error("%s: holds the folders 'train' and 'test', which look like parts of a data set, not like tags", path);
        char *folder = text_format("%.*s", (int)(strlen(path) - (path[strlen(path) - 1] == '/')), path);
        advise(folder);
        free(folder);
        return STATUS_FAILED;
    }
    if (oc_dataset_load_folder(out, s->context, path, &error) == OC_OK) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_DATA)
        console_hint("a data set is a folder with one sub-folder for each tag: %s/good/1.jpg, %s/bad/2.jpg", path, path);
    return STATUS_FAILED;
}

/* Gives out the part that was asked for, or all. */
static int take_split(oc_dataset **out, oc_dataset **all, const char *path, const char *split) {
    if (split == NULL) {
        if (has_several_splits(*all))
            console_warning("%s: has several splits; all of them are taken, since no split was asked for", path);
        *out = *all;
        *all = NULL;
    } else if (oc_dataset_select_split(out, *all, split, NULL) != OC_OK) {
        console_error("%s: no picture has the split '%s'", path, split);
        hint_splits(*all);
        return STATUS_FAILED;
    }
    return STATUS_DONE;
}

static int load_csv(oc_dataset **out, session *s, const char *path, const char *split) {
    oc_error error = OC_ERROR_INIT;
    oc_dataset *all = NULL;
    int status = oc_dataset_load_csv(&all, s->context, path, &error) == OC_OK ? take_split(out, &all, path, split)
                                                                              : console_failure(&error);
    oc_dataset_free(all);
    return status;
}

static int load_project(oc_dataset **out, session *s, const char *path, const char *split) {
    oc_error error = OC_ERROR_INIT;
    oc_project *project = NULL;
    oc_dataset *all = NULL;
    int status = STATUS_FAILED;
    if (oc_project_open(&project, s->context, path, &error) == OC_OK && oc_project_dataset(&all, project, &error) == OC_OK)
        status = take_split(out, &all, path, split);
    else
        console_failure(&error);
    oc_dataset_free(all);
    oc_project_free(project);
    return status;
}

int session_load_dataset(oc_dataset **out, session *s, const char *path, const char *split,
                         void (*advise)(const char *folder)) {
    int status = STATUS_FAILED;
    *out = NULL;
    path_kind kind = platform_path_kind(path);
    if (kind == PATH_MISSING) {
        console_error("%s: %s", path, errno == ENOENT ? "no such folder or file" : strerror(errno));
    } else if (kind == PATH_FOLDER && session_is_project(path)) {
        status = load_project(out, s, path, split);
    } else if (kind == PATH_FOLDER && split != NULL) {
        console_error("%s: is a folder, and splits are for CSV files and projects", path);
        advise(path);
    } else if (kind == PATH_FOLDER) {
        status = load_folder(out, s, path, advise);
    } else if (is_csv(path)) {
        status = load_csv(out, s, path, split);
    } else {
        console_error("%s: is neither a folder nor a .csv file", path);
        console_hint("a data set is a folder with one sub-folder for each tag, or a CSV file with the columns path and tag");
    }
    if (status == STATUS_DONE) show_notes(s, *out);
    return status;
}
