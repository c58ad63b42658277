/* ocellus train: pictures in, a measured model out.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "hyper_parameters.h"
#include "json.h"
#include "measure.h"
#include "model_facts.h"
#include "platform.h"
#include "progress.h"
#include "session.h"
#include "text.h"

typedef struct train_options {
    const char *output;
    const char *test;
    const char *split;
    const char *test_split;
    const char *data;
    const char *page;
    general_options general;
    measure_options measure;
    hyper_parameters hyper;
} train_options;

/* Training may take long: what can be known to fail at its end is looked at before its beginning. */
static int check_output(const char *path) {
    path_kind existing = platform_path_kind(path);
    if (existing == PATH_FOLDER) {
        console_error("%s: is a folder; the model needs the name of a file", path);
        console_hint("write -o %s%smodel.ocm", path, path[strlen(path) - 1] == '/' ? "" : "/");
        return STATUS_FAILED;
    }
    if (existing == PATH_OTHER) {
        console_error("%s: is a device or a pipe; a model is written to an ordinary file", path);
        return STATUS_FAILED;
    }
    char *folder = platform_parent(path);
    path_kind kind = platform_path_kind(folder);
    int status = STATUS_FAILED;
    if (kind == PATH_MISSING && errno == ENOENT) {
        console_error("%s: the folder '%s' does not exist", path, folder);
        console_hint("make it first: mkdir -p %s", folder);
    } else if (kind == PATH_MISSING) {
        console_error("%s: the folder '%s' cannot be used: %s", path, folder, strerror(errno));
    } else if (kind != PATH_FOLDER) {
        console_error("%s: '%s' is not a folder", path, folder);
    } else if (!platform_may_write(folder)) {
        console_error("%s: no file can be written in the folder '%s': %s", path, folder, strerror(errno));
    } else {
        status = STATUS_DONE;
    }
    free(folder);
    return status;
}

static void advise_train(const char *folder) {
    console_hint("ocellus train %s/train --test %s/test -o model.ocm", folder, folder);
    console_hint("or, with a CSV file: ocellus train %s/labels.csv --split train --test-split test -o model.ocm", folder);
}

static void advise_test(const char *folder) { console_hint("give the folder of the test pictures: --test %s/test", folder); }

/* Whether the model would be measured on what it was trained on. */
static bool tests_itself(const train_options *o) {
    const char *split = o->split != NULL ? o->split : "", *test_split = o->test_split != NULL ? o->test_split : "";
    return (o->test != NULL || o->test_split != NULL) && strcmp(split, test_split) == 0 &&
           (o->test == NULL || platform_same_path(o->data, o->test));
}

static int load_data(oc_dataset **data, oc_dataset **test, session *s, const train_options *o) {
    int status = session_load_dataset(data, s, o->data, o->split, advise_train);
    if (status == STATUS_DONE && (o->test != NULL || o->test_split != NULL))
        status = session_load_dataset(test, s, o->test != NULL ? o->test : o->data, o->test_split, advise_test);
    if (status != STATUS_DONE || o->general.quiet) return status;
    console_note("%s: %zu pictures, %zu tags", o->data, oc_dataset_count(*data), oc_dataset_n_tags(*data));
    if (*test != NULL)
        console_note("%s: %zu pictures to measure on", o->test != NULL ? o->test : o->data, oc_dataset_count(*test));
    return STATUS_DONE;
}

static int make_trainer(oc_trainer **trainer, session *s, const train_options *o, const oc_dataset *data,
                        const oc_dataset *test) {
    oc_error error = OC_ERROR_INIT;
    if (oc_trainer_create(trainer, s->context, data, &error) != OC_OK) return console_failure(&error);
    for (size_t i = 0; i < o->hyper.n; i++) {
        if (o->hyper.values[i] == NULL || oc_trainer_set(*trainer, o->hyper.keys[i], o->hyper.values[i], &error) == OC_OK)
            continue;
        console_failure(&error);
        console_hint("option '--%s': see 'ocellus help train'", o->hyper.options[i].name);
        return STATUS_USAGE;
    }
    if (test != NULL && oc_trainer_set_test(*trainer, test, &error) != OC_OK) {
        console_failure(&error);
        if (error.code == OC_E_DATA)
            console_hint("the test pictures need the same tags, written the same, as the training pictures");
        return STATUS_FAILED;
    }
    return STATUS_DONE;
}

static int run_trainer(oc_model **model, oc_trainer *trainer, session *s, const oc_dataset *data) {
    oc_error error = OC_ERROR_INIT;
    progress bar;
    progress_begin(&bar, s->general->quiet);
    platform_defer_interrupts();
    platform_interrupt_trainer(trainer);
    oc_status status = oc_trainer_run(model, trainer, progress_update, &bar, &error);
    platform_interrupt_trainer(NULL);
    progress_end(&bar);
    session_end_warnings(s);
    if (platform_interrupt() != 0) return console_interrupted("no model was written");
    if (status == OC_OK) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_DATA && oc_dataset_n_tags(data) < 2 && !oc_dataset_has_boxes(data))
        console_hint("there must be something to tell apart: each sub-folder, or name in the column 'tag', is a tag; or, if all are good "
                     "ones, --anomaly learns to tell what is not");
    return STATUS_FAILED;
}

static int show(const oc_model *model, const train_options *o, double seconds) {
    oc_error error = OC_ERROR_INIT;
    oc_report *report = NULL;
    int status = STATUS_FAILED;
    if (oc_model_report(&report, model, &error) != OC_OK) {
        console_failure(&error);
    } else if (o->page != NULL && oc_report_save_page(report, o->page, &error) != OC_OK) {
        console_failure(&error);
    } else if (o->general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "model", o->output);
        json_integer(&j, "model_bytes", platform_file_size(o->output));
        json_number(&j, "seconds", seconds);
        model_facts_json(&j, model);
        status = measure_json(&j, "report", report, &o->measure);
        json_end_object(&j);
    } else if (o->general.quiet) {
        status = STATUS_DONE;
    } else {
        char duration[48], bytes[48];
        if (seconds < 10)
            snprintf(duration, sizeof(duration), "%.1f s", seconds);
        else
            text_duration(duration, sizeof(duration), seconds);
        text_bytes(bytes, sizeof(bytes), platform_file_size(o->output));
        char *output = text_printable(o->output);
        status = measure_print(report, &o->measure);
        model_learning_print(model);
        printf("\nTrained in %s. Saved %s (%s).\n"
               "Try it: ocellus predict %s PICTURE\n",
               duration, output, bytes, output);
        free(output);
    }
    oc_report_free(report);
    return status;
}

static int train(const train_options *o) {
    session s = {0};
    oc_dataset *data = NULL, *test = NULL;
    oc_trainer *trainer = NULL;
    oc_model *model = NULL;
    oc_error error = OC_ERROR_INIT;
    double began = platform_seconds();
    int status = check_output(o->output);
    if (status == STATUS_DONE) status = session_open(&s, &o->general);
    if (status == STATUS_DONE) status = load_data(&data, &test, &s, o);
    if (status == STATUS_DONE) status = make_trainer(&trainer, &s, o, data, test);
    if (status == STATUS_DONE) status = run_trainer(&model, trainer, &s, data);
    if (status == STATUS_DONE && oc_model_save(model, o->output, &error) != OC_OK) status = console_failure(&error);
    if (status == STATUS_DONE) status = show(model, o, platform_seconds() - began);
    oc_model_free(model);
    oc_trainer_free(trainer);
    oc_dataset_free(test);
    oc_dataset_free(data);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    train_options o = {0};
    int n_operands = 0;
    hyper_parameters_load(&o.hyper);
    const cli_option own[] = {
        {"output", 'o', OPTION_TEXT, "MODEL", "the model file to write; an older one is replaced once the new one is complete",
         0, 0, &o.output},
        {"test", 0, OPTION_TEXT, "DIR|CSV", "pictures to measure on, which training never sees", 0, 0, &o.test},
        {"split", 0, OPTION_TEXT, "NAME", "train on this split of the CSV file or project", 0, 0, &o.split},
        {"test-split", 0, OPTION_TEXT, "NAME", "measure on this split of it (of --test's, if that is given)", 0, 0,
         &o.test_split},
        {"html", 0, OPTION_TEXT, "FILE", "write the report as one HTML page too, with pictures and plots in it", 0, 0, &o.page},
    };
    const option_group groups[] = {{"Options", own, sizeof(own) / sizeof(own[0])},
                                   {"Hyper-parameters", o.hyper.options, o.hyper.n},
                                   measure_group(&o.measure),
                                   general_group(&o.general)};
    int status = options_parse(self, groups, sizeof(groups) / sizeof(groups[0]), argc, argv, &n_operands);
    if (status == OPTIONS_PARSED) {
        o.data = argv[0];
        if (n_operands == 0)
            status = options_misused(self, "train what? Name a folder of pictures or a CSV file");
        else if (n_operands > 1)
            status = options_misused(self, "'%s' is one argument too many: train takes one folder or CSV file", argv[1]);
        else if (o.output == NULL)
            status = options_misused(self, "say where to write the model: -o MODEL, for instance -o model.ocm");
        else if (o.test == NULL && o.test_split != NULL && o.split == NULL)
            status = options_misused(self, "--test-split needs --split too, or training would see the test pictures");
        else if (tests_itself(&o))
            status = options_misused(self, "the test pictures would be the training pictures themselves; leave the test out, "
                                           "and the model is measured by cross-validation");
        else
            status = train(&o);
    }
    hyper_parameters_free(&o.hyper);
    return status;
}

const command command_train = {
    "train",
    "train a model on pictures with tags, and measure it",
    "train DIR -o MODEL [--test DIR] [options]\n"
    "train PROJECT -o MODEL [--split NAME] [--test-split NAME] [options]\n"
    "train LABELS.csv -o MODEL [--split NAME] [--test-split NAME] [options]",
    "Learns to tell the tags of the pictures apart and writes a model file.\n"
    "\n"
    "DIR has one sub-folder for each tag, and the folder's name is the tag. PROJECT is a folder made by 'ocellus project "
    "create'. A CSV file's first line names its columns: path, tag and, if wanted, split. Pictures are JPEG, PNG, BMP or GIF.\n"
    "\n"
    "The model is never measured on pictures it was trained on: with --test or --test-split it is measured on those, and "
    "otherwise by cross-validation.",
    "    ocellus train parts -o parts.ocm\n"
    "    ocellus train parts/train --test parts/test -o parts.ocm --seed 7\n"
    "    ocellus train labels.csv --split train --test-split test -o parts.ocm\n",
    run,
};
