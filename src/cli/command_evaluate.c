/* ocellus evaluate: measures a model on pictures whose tags are known.
 * SPDX-License-Identifier: MIT */
#include "console.h"
#include "json.h"
#include "measure.h"
#include "platform.h"
#include "progress.h"
#include "session.h"

typedef struct evaluate_options {
    const char *model;
    const char *data;
    const char *split;
    const char *precision;
    long long n_tiles;
    const char *page;
    general_options general;
    measure_options measure;
} evaluate_options;

static void advise(const char *folder) {
    console_hint("name the folder of the test pictures: ocellus evaluate MODEL %s/test", folder);
}

static int measure(oc_report **report, const oc_model *model, const oc_dataset *data, const oc_predictor_options *how,
                   session *s) {
    oc_error error = OC_ERROR_INIT;
    progress bar;
    progress_begin(&bar, s->general->quiet);
    platform_defer_interrupts();
    oc_status status = oc_model_evaluate(report, model, data, how, progress_update, &bar, &error);
    progress_end(&bar);
    session_end_warnings(s);
    if (platform_interrupt() != 0) return console_interrupted("the measurement is not complete");
    if (status == OC_OK) return STATUS_DONE;
    console_failure(&error);
    if (error.code == OC_E_DATA) console_hint("'ocellus info MODEL' lists the tags that the model knows");
    return STATUS_FAILED;
}

static int show(const oc_report *report, const evaluate_options *o) {
    if (!o->general.json) return measure_print(report, &o->measure);
    json j = {0};
    json_object(&j, NULL);
    json_text(&j, "model", o->model);
    json_text(&j, "data", o->data);
    json_text(&j, "split", o->split);
    json_text(&j, "precision", o->precision ? o->precision : "fp32");
    int status = measure_json(&j, "report", report, &o->measure);
    json_end_object(&j);
    return status;
}

static int evaluate(const evaluate_options *o) {
    session s = {0};
    oc_model *model = NULL;
    oc_dataset *data = NULL;
    oc_report *report = NULL;
    oc_error error = OC_ERROR_INIT;
    oc_predictor_options how;
    int status = session_precision(&how, o->precision);
    how.tiles = (uint32_t)o->n_tiles;
    if (status == STATUS_DONE) status = session_open(&s, &o->general);
    if (status == STATUS_DONE) status = session_load_model(&model, &s, o->model);
    if (status == STATUS_DONE) status = session_load_dataset(&data, &s, o->data, o->split, advise);
    if (status == STATUS_DONE) status = measure(&report, model, data, &how, &s);
    if (status == STATUS_DONE && o->page != NULL && oc_report_save_page(report, o->page, &error) != OC_OK)
        status = console_failure(&error);
    if (status == STATUS_DONE) status = show(report, o);
    oc_report_free(report);
    oc_dataset_free(data);
    oc_model_free(model);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    evaluate_options o = {.n_tiles = 1};
    int n_operands = 0;
    const cli_option own[] = {
        {"split", 0, OPTION_TEXT, "NAME", "measure on this split of the CSV file", 0, 0, &o.split},
        PRECISION_OPTION(o.precision),
        TILES_OPTION(o.n_tiles),
        {"html", 0, OPTION_TEXT, "FILE", "write the report as one HTML page too, with pictures and plots in it", 0, 0, &o.page},
    };
    const option_group groups[] = {
        {"Options", own, sizeof(own) / sizeof(own[0])}, measure_group(&o.measure), general_group(&o.general)};
    int status = options_parse(self, groups, sizeof(groups) / sizeof(groups[0]), argc, argv, &n_operands);
    if (status != OPTIONS_PARSED) return status;
    if (n_operands != 2)
        return options_misused(self, "evaluate takes a model and a folder or CSV file, and %d argument%s given", n_operands,
                               n_operands == 1 ? " was" : "s were");
    o.model = argv[0];
    o.data = argv[1];
    return evaluate(&o);
}

const command command_evaluate = {
    "evaluate",
    "measure a model on pictures whose tags are known",
    "evaluate MODEL DIR [options]\n"
    "evaluate MODEL LABELS.csv [--split NAME] [options]",
    "Predicts every picture and compares the answer with its tag. DIR has one sub-folder for each tag, and a CSV file has the "
    "columns path and tag, as for training. To be worth anything, the pictures must not be among those trained on.",
    "    ocellus evaluate parts.ocm parts/test\n"
    "    ocellus evaluate parts.ocm labels.csv --split test --threshold 0.5 --json\n"
    "    ocellus evaluate parts.ocm parts/test --html report.html\n",
    run,
};
