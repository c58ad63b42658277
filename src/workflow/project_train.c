/* Training a project and keeping what comes of it. SPDX-License-Identifier: MIT
 *
 * The data version is stored before training begins, which keeps the pictures' files even if somebody deletes the pictures
 * meanwhile; no lock is held while training runs. */
#include "project_train.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base.h"
#include "clock.h"
#include "file.h"
#include "memory.h"
#include "metrics.h"
#include "ocm.h"
#include "project_dataset.h"
#include "start.h"
#include "text.h"
#include "train_model.h"

#define MAX_TEST_SHARE 0.9

/* One training. */
typedef struct run {
    oc_project *project;
    const oc_training *wanted;
    oc__train_options options;
    oc__buffer settings, log; /* each ends in NUL once it is complete */
    int64_t version;
    oc_dataset *data, *test;
    oc_model *model;
    double began;
    oc_progress_fn callback;
    void *user;
    const char *stage; /* of the last line of the log */
} run;

/* --- settings --- */

static void append(oc__buffer *buffer, const char *text) { oc__buffer_append(buffer, text, strlen(text)); }

/* A JSON string. */
static void append_quoted(oc__buffer *buffer, const char *text) {
    append(buffer, "\"");
    for (; *text; text++) {
        char escaped[8];
        snprintf(escaped, sizeof escaped,
                 (unsigned char)*text < 0x20     ? "\\u%04x"
                 : *text == '"' || *text == '\\' ? "\\%c"
                                                 : "%c",
                 *text);
        append(buffer, escaped);
    }
    append(buffer, "\"");
}

static void add_setting(run *r, const char *key, const char *value) {
    append(&r->settings, r->settings.size ? ", " : "{");
    append_quoted(&r->settings, key);
    append(&r->settings, ": ");
    append_quoted(&r->settings, value);
}

/* All that a training depends on besides its data, in an order that is always the same. */
static oc_status make_settings(run *r, uint32_t kind, oc_error *err) {
    oc_model *base = NULL, *start = NULL;
    oc_option option;
    char value[OC__MAX_OPTION_TEXT];
    oc_status status = oc__start_open(&base, &start, r->project->context, &r->options, kind == OC_PROJECT_DETECTION, err);
    if (status) return status;
    const char *sum = oc__model_property(base, "sha256"), *start_sum = oc__model_property(base, "start_sha256");
    for (uint32_t i = 0; oc__train_option(i, &option, NULL) == OC_OK; i++) {
        if (strcmp(option.key, "checkpoint") == 0 || strcmp(option.key, "start") == 0) continue;
        oc__train_options_print(value, &r->options, i);
        add_setting(r, option.key, value);
    }
    add_setting(r, "base_sha256", sum ? sum : "");
    if (start_sum) add_setting(r, "start_sha256", start_sum);
    add_setting(r, "test_split", r->wanted->test_split ? r->wanted->test_split : "");
    oc__print_double(value, r->wanted->test_share);
    add_setting(r, "test_share", value);
    append(&r->settings, "}");
    oc__buffer_append(&r->settings, "", 1);
    oc__model_release(base);
    oc__model_release(start);
    return r->settings.failed ? oc__fail_nomem(err, r->project->context, r->settings.size, "settings") : OC_OK;
}

static oc_status check_wanted(run *r, oc_error *err) {
    const oc_training *w = r->wanted;
    oc_status status = OC_OK;
    if (!(w->test_share >= 0 && w->test_share <= MAX_TEST_SHARE))
        return oc__fail(err, OC_E_ARGUMENT, "oc_training: test_share is not a number from 0 to 0.9");
    if (w->n_options && (!w->keys || !w->values)) return oc__fail(err, OC_E_ARGUMENT, "oc_training: a list is NULL");
    oc__train_options_default(&r->options);
    for (uint32_t i = 0; i < w->n_options && !status; i++) {
        if (!w->keys[i] || !w->values[i]) return oc__fail(err, OC_E_ARGUMENT, "oc_training: option %u is NULL", i);
        status = oc__train_options_set(&r->options, w->keys[i], w->values[i], err);
    }
    uint32_t kind;
    return status ? status : oc__project_trainable(&kind, r->project, err);
}

/* The project's domain, if the options name none. */
static oc_status complete_domain(run *r, uint32_t kind, oc_error *err) {
    oc_domain domain;
    oc_status status = OC_OK;
    if (strcmp(r->options.domain, "auto") == 0) {
        status = oc__project_domain(&domain, r->project, kind, err);
        if (!status) status = oc__train_options_set(&r->options, "domain", domain.name, err);
    }
    return status ? status : oc__train_options_complete(&r->options, kind == OC_PROJECT_DETECTION, err);
}

/* An iteration of the project to start from is one that it has; else it is a file. */
static oc_status find_start(run *r, oc_error *err) {
    oc_iteration_list *list = NULL;
    oc_error why = OC_ERROR_INIT;
    int64_t seq = -1;
    if (!r->options.start[0]) return OC_OK;
    oc_status status = oc__project_find_iteration(&seq, r->project, r->options.start, &why);
    if (status == OC_E_NOT_FOUND) return oc__path_exists(r->options.start) ? OC_OK : oc__fail(err, status, "%s", why.message);
    if (status) return oc__fail(err, status, "%s", why.message);
    status = oc__project_iterations(&list, r->project, seq, err);
    if (!status) status = oc__train_options_set(&r->options, "start", list->items[0].path, err);
    oc__iteration_list_free(list);
    return status;
}

/* What the project says of its domain and its tags, where the options do not. */
static oc_status complete_options(run *r, uint32_t kind, oc_error *err) {
    oc_tag_list *list = NULL;
    oc_status status = complete_domain(r, kind, err);
    if (!status) status = find_start(r, err);
    if (status || kind != OC_PROJECT_MULTILABEL) return status;
    if (strcmp(r->options.labels, "auto") == 0) strcpy(r->options.labels, "several");
    if (r->options.negative[0] || strcmp(r->options.labels, "one") == 0) return OC_OK;
    status = oc__project_tags(&list, r->project, err);
    for (size_t i = 0; !status && i < list->n; i++)
        if (list->items[i].type == OC_TAG_NEGATIVE && list->items[i].n_pictures)
            status = oc__train_options_set(&r->options, "negative", list->items[i].name, err);
    oc__tag_list_free(list);
    return status;
}

/* --- data --- */

/* Whether a picture is to be measured on. Without a split of its own that follows from the hash of its file. */
static bool is_test(const oc_picture_info *picture, const void *user) {
    const oc_training *wanted = user;
    char digits[9];
    if (picture->split[0]) return wanted->test_split && strcmp(picture->split, wanted->test_split) == 0;
    snprintf(digits, sizeof digits, "%.8s", picture->sha256);
    return (double)strtoul(digits, NULL, 16) < wanted->test_share * 4294967296.0;
}

/* Stores the version and loads its pictures, in one change. */
static oc_status load_data(run *r, oc_error *err) {
    oc_project *project = r->project;
    oc_picture_list *list = NULL;
    oc_status status = r->wanted->version ? oc__project_find_version(&r->version, project, r->wanted->version, err)
                                          : oc__version_make(&r->version, project, err);
    if (!status) status = oc__version_pictures(&list, project, r->version, err);
    if (!status && list->n == 0)
        status = oc__fail(err, OC_E_DATA, "%s: no picture has a tag yet, so there is nothing to learn", project->folder);
    if (!status) status = oc__dataset_create(&r->data, project->context, err);
    if (!status) status = oc__dataset_create(&r->test, project->context, err);
    if (!status) status = oc__add_pictures(r->data, r->test, list, is_test, r->wanted, err);
    oc__picture_list_free(list);
    return status;
}

/* --- log --- */

static void add_line(run *r, const char *format, ...) OC__PRINTF(2, 3);

static void add_line(run *r, const char *format, ...) {
    char line[512];
    int n = snprintf(line, sizeof line, "%6lu s  ", (unsigned long)(oc__now() - r->began));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, arguments);
    va_end(arguments);
    append(&r->log, line);
    append(&r->log, "\n");
}

/* Writes each stage into the log as it begins. */
static int watch(void *user, const oc_progress *progress) {
    run *r = user;
    if (progress->stage && (!r->stage || strcmp(r->stage, progress->stage) != 0)) {
        r->stage = progress->stage;
        add_line(r, "%s", r->stage);
    }
    return r->callback ? r->callback(r->user, progress) : 0;
}

/* --- the training itself --- */

static oc_status train(run *r, oc_error *err) {
    oc_context *context = r->project->context;
    oc_dataset *data = NULL;
    const oc_dataset *test = r->test->n_samples ? r->test : NULL;
    oc_status status = oc__dataset_snapshot(&data, r->data, err);
    if (!status) status = oc__trainable(data, r->options.anomaly, err);
    if (!status && test && !r->options.anomaly) status = oc__testable(data, test, err);
    if (!status) {
        add_line(r, "%zu pictures, %zu tags; %zu pictures to measure on", data->n_samples, data->n_tags, r->test->n_samples);
        status = oc__train_model(&r->model, data, test, &r->options, r->project, watch, r, NULL, err);
    }
    oc__dataset_free(data);
    oc__buffer_append(&r->log, "", 1);
    return !status && r->log.failed ? oc__fail_nomem(err, context, r->log.size, "the log") : status;
}

static oc_status keep(int64_t *seq, run *r, oc_error *err) {
    oc__buffer file = {.context = r->project->context};
    oc__new_iteration made = {.name = r->wanted->name,
                              .version = r->version,
                              .settings = (const char *)r->settings.data,
                              .log = (const char *)r->log.data,
                              .seconds = oc__now() - r->began};
    const oc__measurement *measurement = r->model->measurement;
    oc_metrics mean;
    oc_status status = oc__ocm_write(&file, r->model, err);
    if (!status && measurement) status = oc__metrics_of(&mean, measurement, OC_TAGS_MEAN, OC_THRESHOLD_OWN, err);
    if (!status && measurement) {
        made.method = measurement->method;
        made.n_measured = measurement->n;
        made.accuracy = oc__metrics_accuracy(measurement);
        made.precision = mean.precision;
        made.recall = mean.recall;
        made.average_precision = mean.average_precision;
    }
    made.model = file.data;
    made.n_bytes = file.size;
    if (!status) status = oc__project_add_iteration(seq, r->project, &made, err);
    oc__buffer_free(&file);
    return status;
}

/* Loads the data; then trains and keeps the iteration, or finds the one that there is already. */
static oc_status make(int64_t *seq, bool *is_new, run *r, oc_error *err) {
    oc_status status = oc__project_begin(r->project, err);
    if (status) return status;
    status = load_data(r, err);
    oc_status ended = oc__project_end(r->project, !status, status ? NULL : err);
    if (!status) status = ended;
    if (!status && !r->wanted->force)
        status = oc__project_same_iteration(seq, r->project, r->version, (const char *)r->settings.data, err);
    if (status || *seq >= 0) return status;
    *is_new = true;
    status = train(r, err);
    return status ? status : keep(seq, r, err);
}

oc_status oc__project_train(oc_iteration_list **out, oc_project *project, const oc_training *training, oc_progress_fn callback,
                            void *user, oc_error *err) {
    oc_context *context = project->context;
    run r = {.project = project,
             .wanted = training,
             .settings = {.context = context},
             .log = {.context = context},
             .version = -1,
             .began = oc__now(),
             .callback = callback,
             .user = user};
    oc_iteration_list *list = NULL;
    int64_t seq = -1;
    bool is_new = false;
    if (project->depth > 0)
        return oc__fail(err, OC_E_STATE, "%s: a change was begun and not ended; end it before training", project->folder);
    uint32_t kind;
    oc_status status = check_wanted(&r, err);
    if (!status) status = oc__project_kind(&kind, project, err);
    if (!status) status = complete_options(&r, kind, err);
    if (!status) status = make_settings(&r, kind, err);
    if (!status) status = make(&seq, &is_new, &r, err);
    if (!status) status = oc__project_iterations(&list, project, seq, err);
    if (!status) list->items[0].is_new = is_new;
    if (status && r.version >= 0 &&
        oc__project_begin(project, NULL) == OC_OK) /* what it would have been trained on goes again */
        oc__project_end(project, oc__version_release(project, r.version, NULL) == OC_OK, NULL);
    oc__model_release(r.model);
    oc__dataset_free(r.data);
    oc__dataset_free(r.test);
    oc__buffer_free(&r.settings);
    oc__buffer_free(&r.log);
    if (!status) *out = list;
    return status;
}

oc_status oc__project_model(oc_model **out, oc_project *project, const char *iteration, oc_error *err) {
    oc_context *context = project->context;
    oc_iteration_list *list = NULL;
    oc__mapping file = {0};
    int64_t seq = -1;
    oc_status status = oc__project_find_iteration(&seq, project, iteration, err);
    if (!status) status = oc__project_iterations(&list, project, seq, err);
    if (!status)
        status = oc__file_map(&file, context, list->items[0].path, context->limits.model_bytes, "max_model_bytes", err);
    if (!status) status = oc__ocm_read(out, context, file.data, file.size, list->items[0].name, err);
    oc__file_unmap(&file);
    oc__iteration_list_free(list);
    return status;
}
