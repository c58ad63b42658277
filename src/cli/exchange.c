/* ocellus project import, ocellus project export and ocellus convert: annotation files in and out.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "progress.h"
#include "project.h"

#define N_SHOWN 3 /* examples of each reason, where a person reads them */

typedef struct exchange_call {
    project_call c;
    const char *from, *to, *pictures;
    bool bare;
    cli_option table[4];
    progress bar;
} exchange_call;

enum { FROM = 1, TO = 2 };

/* Which options: a sum of FROM and TO; a verb that has one of them calls it --format. */
static option_group exchange_group(exchange_call *e, int which) {
    size_t n = 0;
    bool both = which == (FROM | TO);
    if (which & FROM) {
        e->table[n++] = (cli_option){both ? "from" : "format",
                                     both ? 0 : 'f',
                                     OPTION_TEXT,
                                     "FORMAT",
                                     "the source's format (default: as it looks)",
                                     0,
                                     0,
                                     &e->from};
        e->table[n++] = (cli_option){
            "pictures", 0, OPTION_TEXT, "FOLDER", "where the source's pictures are (default: beside it, or in 'images' there)",
            0,          0, &e->pictures};
    }
    if (which & TO) {
        e->table[n++] =
            (cli_option){both ? "to" : "format", both ? 0 : 'f', OPTION_TEXT, "FORMAT", "the format to write", 0, 0, &e->to};
        e->table[n++] = (cli_option){"no-pictures", 0, OPTION_FLAG, NULL, "write no copies of the pictures", 0, 0, &e->bare};
    }
    return (option_group){"Options", e->table, n};
}

static oc_exchange_options exchange_options(const exchange_call *e) {
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    options.from = e->from;
    options.to = e->to;
    options.pictures = e->pictures;
    options.flags = e->bare ? OC_EXCHANGE_NO_PICTURES : 0;
    return options;
}

static void show_json(const oc_exchange *exchange, const oc_exchange_summary *s, bool import) {
    json j = {0};
    oc_note note = OC_NOTE_INIT;
    json_object(&j, NULL);
    json_text(&j, "format", s->format);
    json_integer(&j, "pictures", (int64_t)s->n_pictures);
    if (import) json_integer(&j, "added", (int64_t)s->n_added);
    if (import) json_integer(&j, "duplicates", (int64_t)s->n_duplicates);
    json_integer(&j, "missing", (int64_t)s->n_missing);
    json_integer(&j, "tags", (int64_t)s->n_tags);
    json_integer(&j, "labels", (int64_t)s->n_labels);
    json_integer(&j, "boxes", (int64_t)s->n_boxes);
    json_integer(&j, "other_shapes", (int64_t)s->n_others);
    json_integer(&j, "left_out", (int64_t)s->n_left_out);
    json_array(&j, "notes");
    for (size_t i = 0; oc_exchange_note(exchange, i, &note, NULL) == OC_OK; i++) {
        json_object(&j, NULL);
        json_text(&j, "outcome", note.outcome == OC_NOTE_CHANGED ? "changed" : "left out");
        json_text(&j, "reason", note.reason);
        json_integer(&j, "count", (int64_t)note.n);
        json_array(&j, "examples");
        for (size_t k = 0; k < note.n_examples; k++) json_text(&j, NULL, oc_exchange_example(exchange, i, k));
        json_end_array(&j);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

/* "12 boxes", with a comma before. */
static void show_count(uint64_t n, const char *one, const char *many) {
    if (n > 0) printf(", %llu %s", (unsigned long long)n, n == 1 ? one : many);
}

static void show_summary(const oc_exchange_summary *s, bool import) {
    char *pictures = project_counted(import ? s->n_added : s->n_pictures, "picture");
    printf("%s %s", import ? "Added" : "Wrote", pictures);
    if (import && s->n_duplicates > 0) printf(" (%llu were there already)", (unsigned long long)s->n_duplicates);
    show_count(s->n_tags, "tag", "tags");
    show_count(s->n_labels, "label", "labels");
    show_count(s->n_boxes, "box", "boxes");
    show_count(s->n_others, "other shape", "other shapes");
    printf(" (format %s).\n", s->format);
    free(pictures);
}

static void show_notes(const oc_exchange *exchange) {
    oc_note note = OC_NOTE_INIT;
    for (size_t i = 0; oc_exchange_note(exchange, i, &note, NULL) == OC_OK; i++) {
        console_warning("%llu %s: %s", (unsigned long long)note.n, note.outcome == OC_NOTE_CHANGED ? "changed" : "left out",
                        note.reason);
        for (size_t k = 0; k < note.n_examples && k < N_SHOWN; k++) console_note("    %s", oc_exchange_example(exchange, i, k));
    }
}

/* Shows the report, closes what was opened, and gives the exit code. */
static int end(exchange_call *e, oc_status done, oc_exchange *exchange, bool import) {
    oc_exchange_summary summary = OC_EXCHANGE_SUMMARY_INIT;
    bool interrupted = done == OC_E_CANCELLED && platform_interrupt() != 0;
    progress_end(&e->bar);
    if (done == OC_OK) oc_exchange_get(exchange, &summary, NULL);
    if (done == OC_OK && e->c.general.json) show_json(exchange, &summary, import);
    if (done == OC_OK && !e->c.general.json && !e->c.general.quiet) {
        show_summary(&summary, import);
        show_notes(exchange);
    }
    oc_exchange_free(exchange);
    int status = project_end(&e->c, interrupted ? OC_OK : done);
    if (interrupted)
        return console_interrupted(import ? "what was added is kept; the same command goes on" : "nothing was written");
    return status == STATUS_DONE && summary.n_left_out > 0 ? STATUS_PARTLY : status;
}

static void start(exchange_call *e) {
    platform_defer_interrupts();
    progress_begin(&e->bar, e->c.general.quiet);
}

static int run_import(const command *self, int argc, char **argv) {
    exchange_call e = {0};
    oc_exchange *exchange = NULL;
    const option_group own[] = {exchange_group(&e, FROM)};
    int status = project_begin(&e.c, self, own, 1, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    const oc_exchange_options options = exchange_options(&e);
    start(&e);
    oc_status done = oc_project_import(&exchange, e.c.project, e.c.operands[0], &options, progress_update, &e.bar, &e.c.error);
    return end(&e, done, exchange, true);
}

#define KEY_VARIABLE "OCELLUS_SERVICE_KEY"

/* Saves what else the service knows. */
static oc_status archive(exchange_call *e, const oc_service *service, const char *folder) {
    oc_archive a = OC_ARCHIVE_INIT;
    oc_status done = oc_service_archive(&a, e->c.s.context, service, folder, progress_update, &e->bar, &e->c.error);
    if (done == OC_OK && !e->c.general.quiet)
        console_note("%s: %llu iterations with %llu answers, %llu models, %llu predictions%s", folder, (unsigned long long)a.n_iterations,
                     (unsigned long long)a.n_answers, (unsigned long long)a.n_models, (unsigned long long)a.n_predictions,
                     a.n_missing > 0 ? "; not all could be had" : "");
    return done;
}

static int run_pull(const command *self, int argc, char **argv) {
    exchange_call e = {0};
    oc_exchange *exchange = NULL;
    oc_service service = OC_SERVICE_INIT;
    const char *folder = NULL;
    const cli_option options[] = {{"key", 0, OPTION_TEXT, "KEY",
                                   "the training key (default: $" KEY_VARIABLE ", which nobody else sees)", 0, 0,
                                   &service.key},
                                  {"archive", 0, OPTION_TEXT, "FOLDER",
                                   "save there what else the service knows, as it tells it: the iterations with their figures, their "
                                   "answers on the project's pictures and the models that were exported, and stored predictions",
                                   0, 0, &folder}};
    const option_group own[] = {{"Options", options, 2}};
    int status = project_begin(&e.c, self, own, 1, 2, 2, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    if (service.key == NULL) service.key = getenv(KEY_VARIABLE);
    if (service.key == NULL) {
        project_end(&e.c, OC_OK);
        return options_misused(self, "the training key is wanted, in the environment variable " KEY_VARIABLE);
    }
    service.endpoint = e.c.operands[0];
    service.project = e.c.operands[1];
    start(&e);
    oc_status done = oc_project_pull(&exchange, e.c.project, &service, progress_update, &e.bar, &e.c.error);
    if (done == OC_OK && folder != NULL) done = archive(&e, &service, folder);
    return end(&e, done, exchange, true);
}

static int run_export(const command *self, int argc, char **argv) {
    exchange_call e = {0};
    oc_exchange *exchange = NULL;
    const option_group own[] = {exchange_group(&e, TO)};
    int status = project_begin(&e.c, self, own, 1, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    if (e.to == NULL) {
        project_end(&e.c, OC_OK);
        return options_misused(self, "say in which format: --format FORMAT");
    }
    const oc_exchange_options options = exchange_options(&e);
    start(&e);
    oc_status done = oc_project_export(&exchange, e.c.project, e.c.operands[0], &options, progress_update, &e.bar, &e.c.error);
    return end(&e, done, exchange, false);
}

static int run_convert(const command *self, int argc, char **argv) {
    exchange_call e = {0};
    oc_exchange *exchange = NULL;
    option_group groups[] = {exchange_group(&e, FROM | TO), general_group(&e.c.general)};
    int n = 0;
    e.c.error = (oc_error)OC_ERROR_INIT;
    int status = options_parse(self, groups, 2, argc, argv, &n);
    if (status != OPTIONS_PARSED) return status;
    if (n != 2) return options_misused(self, "name what to read and what to write");
    if (e.to == NULL) return options_misused(self, "say in which format to write: --to FORMAT");
    status = session_open(&e.c.s, &e.c.general);
    if (status != STATUS_DONE) return status;
    const oc_exchange_options options = exchange_options(&e);
    start(&e);
    oc_status done =
        oc_annotations_convert(&exchange, e.c.s.context, argv[0], argv[1], &options, progress_update, &e.bar, &e.c.error);
    return end(&e, done, exchange, false);
}

#define FORMATS                                                                                                                \
    "Formats: folder (one for each tag), csv, coco, coco-normalised (boxes in fractions), voc, yolo, createml, labelstudio, "  \
    "cvat, customvision (tagged-images.json)."
#define LEFT_OUT "What cannot be taken over is counted by reason, with examples; the exit code is 3 if something was left out."

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_exchange_verbs[] = {
    {"project import", "add the pictures, tags and boxes of another program's files",
     "project import PROJECT SOURCE [--format FORMAT] [--pictures FOLDER] [options]",
     "Adds what a file or folder of annotations holds. A project that is still empty becomes of the kind that it needs. "
     "Interrupted, the same command goes on.\n" LEFT_OUT "\n" FORMATS,
     "    ocellus project import shelf export/\n"
     "    ocellus project import shelf instances_train.json --pictures train2017\n",
     run_import},
    {"project pull", "add what a project of the cloud service holds",
     "project pull PROJECT ENDPOINT SERVICE_PROJECT [--key KEY] [options]",
     "Adds the tags, pictures, boxes and metadata of the project with the identifier SERVICE_PROJECT at ENDPOINT. A project "
     "that is "
     "still empty becomes of its kind. Interrupted, the same command goes on with the pictures that are not there "
     "yet.\n" LEFT_OUT,
     "    export " KEY_VARIABLE "=...\n"
     "    ocellus project pull shelf https://NAME.cognitiveservices.azure.com 6bd12e5f-...\n"
     "    ocellus project pull shelf https://NAME.cognitiveservices.azure.com 6bd12e5f-... --archive old\n",
     run_pull},
    {"project export", "write the project for another program", "project export PROJECT DESTINATION --format FORMAT [options]",
     "Writes the folder DESTINATION with annotations and copies of the pictures, wholly or not at all. Where annotations are "
     "one "
     "file, a DESTINATION that ends in .json, .xml or .csv becomes that file alone.\n" LEFT_OUT "\n" FORMATS,
     "    ocellus project export shelf shelf-yolo --format yolo\n"
     "    ocellus project export shelf boxes.csv --format csv\n",
     run_export},
    END,
};

const command command_convert = {
    "convert",
    "write annotation files in another format",
    "convert SOURCE DESTINATION --to FORMAT [--from FORMAT] [options]",
    "Reads a file or folder of annotations and writes them in another format, with copies of the pictures unless DESTINATION "
    "ends "
    "in .json, .xml or .csv.\n" LEFT_OUT "\n" FORMATS,
    "    ocellus convert labels.csv coco.json --to coco\n"
    "    ocellus convert voc-folder yolo-folder --to yolo\n",
    run_convert,
};
