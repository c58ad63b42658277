/* ocellus info: what is known of a model.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "console.h"
#include "json.h"
#include "measure.h"
#include "model_facts.h"
#include "platform.h"
#include "session.h"
#include "text.h"

static int print(const oc_model *model, const oc_report *report, const char *path, const measure_options *measure) {
    char bytes[48];
    text_bytes(bytes, sizeof(bytes), platform_file_size(path));
    char *name = text_printable(path);
    printf("%s (%s)\n\n", name, bytes);
    free(name);
    model_facts_print(model);
    model_learning_print(model);
    printf("\n");
    if (report != NULL) return measure_print(report, measure);
    printf("The file does not say how good the model is; 'ocellus evaluate' measures it.\n");
    return STATUS_DONE;
}

static int print_json(const oc_model *model, const oc_report *report, const char *path, const measure_options *measure) {
    int status = STATUS_DONE;
    json j = {0};
    json_object(&j, NULL);
    json_text(&j, "model", path);
    json_integer(&j, "model_bytes", platform_file_size(path));
    model_facts_json(&j, model);
    if (report != NULL)
        status = measure_json(&j, "report", report, measure);
    else
        json_text(&j, "report", NULL);
    json_end_object(&j);
    return status;
}

static int info(const general_options *general, const measure_options *measure, const char *path) {
    session s = {0};
    oc_model *model = NULL;
    oc_report *report = NULL;
    oc_error error = OC_ERROR_INIT;
    int status = session_open(&s, general);
    if (status == STATUS_DONE) status = session_load_model(&model, &s, path);
    if (status == STATUS_DONE && oc_model_report(&report, model, &error) != OC_OK && error.code != OC_E_NOT_FOUND)
        status = console_failure(&error);
    if (status == STATUS_DONE)
        status = general->json ? print_json(model, report, path, measure) : print(model, report, path, measure);
    oc_report_free(report);
    oc_model_free(model);
    session_close(&s);
    return status;
}

static int run(const command *self, int argc, char **argv) {
    general_options general = {0};
    measure_options measure = {0};
    int n_operands = 0;
    const option_group groups[] = {measure_group(&measure), general_group(&general)};
    int status = options_parse(self, groups, sizeof(groups) / sizeof(groups[0]), argc, argv, &n_operands);
    if (status != OPTIONS_PARSED) return status;
    if (n_operands != 1) return options_misused(self, "info takes one model file, and %d arguments were given", n_operands);
    return info(&general, &measure, argv[0]);
}

const command command_info = {
    "info",
    "show what a model knows, how it was made and how good it is",
    "info MODEL [options]",
    "Shows a model's properties, its tags, and how it was measured when it was trained. The threshold may be moved without "
    "measuring again.",
    "    ocellus info parts.ocm\n"
    "    ocellus info parts.ocm --threshold 0.8\n",
    run,
};
