/* ocellus project: training and what comes of it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "hyper_parameters.h"
#include "platform.h"
#include "progress.h"
#include "project.h"
#include "table.h"

/* --- showing --- */

static const char *method_name(uint32_t method) {
    return method == OC_REPORT_TEST_SET ? "test-set" : method == OC_REPORT_CROSS_VALIDATION ? "cross-validation" : NULL;
}

static void iteration_json(json *j, const char *key, const oc_iteration *i) {
    json_object(j, key);
    json_text(j, "id", i->id);
    json_text(j, "name", i->name);
    json_text(j, "published", i->published[0] != '\0' ? i->published : NULL);
    json_boolean(j, "default", i->is_default != 0);
    json_boolean(j, "new", i->is_new != 0);
    json_text(j, "created", i->created);
    json_number(j, "seconds", i->seconds);
    json_text(j, "version", i->version);
    json_integer(j, "pictures", (int64_t)i->n_pictures);
    json_text(j, "settings", i->settings);
    json_text(j, "library", i->library);
    json_text(j, "method", method_name(i->method));
    json_integer(j, "measured", (int64_t)i->n_measured);
    json_number(j, "accuracy", i->accuracy);
    json_number(j, "precision", i->precision);
    json_number(j, "recall", i->recall);
    json_number(j, "average_precision", i->average_precision);
    json_text(j, "log", i->log);
    json_text(j, "path", i->path);
    json_text(j, "sha256", i->sha256);
    json_integer(j, "bytes", (int64_t)i->n_bytes);
    json_end_object(j);
}

static void list_json(const oc_iteration_list *list) {
    json j = {0};
    oc_iteration iteration = OC_ITERATION_INIT;
    json_object(&j, NULL);
    json_array(&j, "iterations");
    for (size_t i = 0; oc_iteration_list_get(list, i, &iteration, NULL) == OC_OK; i++) iteration_json(&j, NULL, &iteration);
    json_end_array(&j);
    json_end_object(&j);
}

static void list_table(const oc_iteration_list *list) {
    oc_iteration i = OC_ITERATION_INIT;
    table t = {0};
    table_begin(&t, "llrrrrl");
    const char *const heads[] = {"name", "trained", "pictures", "accuracy", "precision", "recall", ""};
    for (size_t k = 0; k < 7; k++) table_cell(&t, "%s", heads[k]);
    for (size_t k = 0; oc_iteration_list_get(list, k, &i, NULL) == OC_OK; k++) {
        table_cell(&t, "%s", i.name);
        table_cell(&t, "%s", i.created);
        table_cell(&t, "%llu", (unsigned long long)i.n_pictures);
        table_cell(&t, "%.1f %%", 100 * i.accuracy);
        table_cell(&t, "%.1f %%", 100 * i.precision);
        table_cell(&t, "%.1f %%", 100 * i.recall);
        table_cell(&t, "%s%s%s%s", i.is_default ? "default" : "", i.is_default && i.published[0] != '\0' ? ", " : "",
                   i.published[0] != '\0' ? "published as " : "", i.published);
    }
    table_end(&t, 0);
}

static int run_iterations(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_iteration_list *list = NULL;
    int status = project_begin(&c, self, NULL, 0, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = oc_project_iterations(&list, c.project, &c.error);
    if (done == OC_OK && c.general.json)
        list_json(list);
    else if (done == OC_OK && oc_iteration_list_count(list) > 0)
        list_table(list);
    else if (done == OC_OK && !c.general.quiet)
        console_note("nothing has been trained yet: ocellus project train %s", c.folder);
    oc_iteration_list_free(list);
    return project_end(&c, done);
}

/* --- train --- */

typedef struct train_call {
    project_call c;
    hyper_parameters hyper;
    const char *name, *test_split, *version;
    double test_share;
    bool force;
} train_call;

/* The hyper-parameters that were given, at the front of two arrays. Returns how many. */
static uint32_t given_options(const char **keys, const char **values, const hyper_parameters *h) {
    uint32_t n = 0;
    for (size_t i = 0; i < h->n; i++)
        if (h->values[i] != NULL) {
            keys[n] = h->keys[i];
            values[n++] = h->values[i];
        }
    return n;
}

static oc_status train(oc_iteration_list **list, train_call *t) {
    oc_training training = OC_TRAINING_INIT;
    const char **keys = text_allocate((t->hyper.n + 1) * sizeof(*keys)),
               **values = text_allocate((t->hyper.n + 1) * sizeof(*values));
    progress bar;
    training.n_options = given_options(keys, values, &t->hyper);
    training.keys = keys;
    training.values = values;
    training.name = t->name;
    training.test_split = t->test_split;
    training.test_share = t->test_share;
    training.force = t->force;
    training.version = t->version;
    platform_defer_interrupts();
    progress_begin(&bar, t->c.general.quiet);
    oc_status done = oc_project_train(list, t->c.project, &training, progress_update, &bar, &t->c.error);
    progress_end(&bar);
    session_end_warnings(&t->c.s);
    free(keys);
    free(values);
    return done;
}

static void show_trained(const project_call *c, const oc_iteration_list *list) {
    oc_iteration i = OC_ITERATION_INIT;
    if (oc_iteration_list_get(list, 0, &i, NULL) != OC_OK) return;
    if (c->general.json) {
        list_json(list);
        return;
    }
    if (c->general.quiet) return;
    if (!i.is_new)
        console_note("note: nothing has changed since '%s', so nothing was trained; --force does it all the same", i.name);
    list_table(list);
    if (i.is_new) printf("\nTry it: ocellus predict %s PICTURE\n", c->folder);
}

static int run_train(const command *self, int argc, char **argv) {
    train_call t = {0};
    oc_iteration_list *list = NULL;
    hyper_parameters_load(&t.hyper);
    const cli_option options[] = {
        {"name", 0, OPTION_TEXT, "NAME", "the iteration's name (default: Iteration N)", 0, 0, &t.name},
        {"test-split", 0, OPTION_TEXT, "NAME", "measure on the pictures of this split, and do not learn from them", 0, 0,
         &t.test_split},
        {"test-share", 0, OPTION_NUMBER, "X",
         "the same for this share of the pictures that have no split; each stays where it is as pictures are added (default 0)",
         0, 0.9, &t.test_share},
        {"version", 0, OPTION_TEXT, "NAME", "train on this data version, not on the pictures as they are now", 0, 0,
         &t.version},
        {"force", 'f', OPTION_FLAG, NULL, "train even if nothing has changed", 0, 0, &t.force},
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])},
                                {"Hyper-parameters", t.hyper.options, t.hyper.n}};
    int status = project_begin(&t.c, self, own, 2, 0, 0, argc, argv);
    if (status == OPTIONS_PARSED) {
        oc_status done = train(&list, &t);
        if (done == OC_OK) show_trained(&t.c, list);
        bool interrupted = done == OC_E_CANCELLED && platform_interrupt() != 0;
        status = project_end(&t.c, interrupted ? OC_OK : done);
        if (interrupted) status = console_interrupted("no iteration was kept");
    }
    oc_iteration_list_free(list);
    hyper_parameters_free(&t.hyper);
    return status;
}

/* --- compare --- */

static void compare_json(const oc_iteration *a, const oc_iteration *b) {
    json j = {0};
    json_object(&j, NULL);
    iteration_json(&j, "first", a);
    iteration_json(&j, "second", b);
    json_boolean(&j, "same_data", strcmp(a->version, b->version) == 0);
    json_boolean(&j, "same_settings", strcmp(a->settings, b->settings) == 0);
    json_end_object(&j);
}

static void compare_row(table *t, const char *what, double a, double b) {
    table_cell(t, "%s", what);
    table_cell(t, "%.1f %%", 100 * a);
    table_cell(t, "%.1f %%", 100 * b);
    table_cell(t, "%+.1f", 100 * (b - a));
}

static void compare_table(const oc_iteration *a, const oc_iteration *b) {
    table t = {0};
    table_begin(&t, "lrrr");
    table_cell(&t, "%s", "");
    table_cell(&t, "%s", a->name);
    table_cell(&t, "%s", b->name);
    table_cell(&t, "%s", "");
    table_cell(&t, "%s", "pictures");
    table_cell(&t, "%llu", (unsigned long long)a->n_pictures);
    table_cell(&t, "%llu", (unsigned long long)b->n_pictures);
    table_cell(&t, "%+lld", (long long)b->n_pictures - (long long)a->n_pictures);
    table_cell(&t, "%s", "measured");
    table_cell(&t, "%llu", (unsigned long long)a->n_measured);
    table_cell(&t, "%llu", (unsigned long long)b->n_measured);
    table_cell(&t, "%s", "");
    compare_row(&t, "accuracy", a->accuracy, b->accuracy);
    compare_row(&t, "precision", a->precision, b->precision);
    compare_row(&t, "recall", a->recall, b->recall);
    compare_row(&t, "average precision", a->average_precision, b->average_precision);
    table_end(&t, 0);
    printf("\nThe data are %s, the settings %s.\n", strcmp(a->version, b->version) == 0 ? "the same" : "different",
           strcmp(a->settings, b->settings) == 0 ? "the same" : "different");
    if (strcmp(a->settings, b->settings) != 0) {
        char *first = text_printable(a->settings), *second = text_printable(b->settings);
        printf("    %s\n    %s\n", first, second);
        free(first);
        free(second);
    }
}

static int run_compare(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_iteration_list *lists[2] = {NULL, NULL};
    oc_iteration both[2] = {OC_ITERATION_INIT, OC_ITERATION_INIT};
    int status = project_begin(&c, self, NULL, 0, 2, 2, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = OC_OK;
    for (size_t i = 0; i < 2 && done == OC_OK; i++) {
        done = oc_project_iteration(&lists[i], c.project, c.operands[i], &c.error);
        if (done == OC_OK) done = oc_iteration_list_get(lists[i], 0, &both[i], &c.error);
    }
    if (done == OC_OK && c.general.json)
        compare_json(&both[0], &both[1]);
    else if (done == OC_OK)
        compare_table(&both[0], &both[1]);
    oc_iteration_list_free(lists[0]);
    oc_iteration_list_free(lists[1]);
    return project_end(&c, done);
}

/* --- default, publish, unpublish, delete, log --- */

static int run_default(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_set_default(c.project, c.operands[0], &c.error));
}

static int run_publish(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 2, 2, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_publish(c.project, c.operands[0], c.operands[1], &c.error));
}

static int run_unpublish(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_publish(c.project, c.operands[0], NULL, &c.error));
}

static int run_delete(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_delete_iteration(c.project, c.operands[0], &c.error));
}

static int run_export(const command *self, int argc, char **argv) {
    project_call c = {0};
    const char *output = NULL;
    oc_model *model = NULL;
    const cli_option option = {"output", 'o', OPTION_TEXT, "MODEL", "the model file to write", 0, 0, &output};
    const option_group own[] = {{"Options", &option, 1}};
    int status = project_begin(&c, self, own, 1, 0, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    if (output == NULL) {
        project_end(&c, OC_OK);
        return options_misused(self, "say where to write the model: -o MODEL");
    }
    oc_status done = oc_project_model(&model, c.project, c.n > 0 ? c.operands[0] : NULL, &c.error);
    if (done == OC_OK) done = oc_model_save(model, output, &c.error);
    oc_model_free(model);
    return project_end(&c, done);
}

/* --- data versions --- */

static void versions_json(const oc_version_list *list) {
    json j = {0};
    oc_version_entry v = OC_VERSION_ENTRY_INIT;
    json_object(&j, NULL);
    json_array(&j, "versions");
    for (size_t i = 0; oc_version_list_get(list, i, &v, NULL) == OC_OK; i++) {
        json_object(&j, NULL);
        json_text(&j, "id", v.id);
        json_text(&j, "name", v.name[0] != '\0' ? v.name : NULL);
        json_text(&j, "created", v.created);
        json_integer(&j, "pictures", (int64_t)v.n_pictures);
        json_integer(&j, "iterations", v.n_iterations);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

static void versions_table(const oc_version_list *list) {
    oc_version_entry v = OC_VERSION_ENTRY_INIT;
    table t = {0};
    table_begin(&t, "llrrl");
    for (size_t i = 0; oc_version_list_get(list, i, &v, NULL) == OC_OK; i++) {
        char *pictures = project_counted(v.n_pictures, "picture"), *iterations = project_counted(v.n_iterations, "iteration");
        table_cell(&t, "%s", v.name[0] != '\0' ? v.name : "(no name)");
        table_cell(&t, "%s", v.created);
        table_cell(&t, "%s", pictures);
        table_cell(&t, "%s", iterations);
        table_cell(&t, "%s", v.id);
        free(pictures);
        free(iterations);
    }
    table_end(&t, 0);
}

static int run_versions(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_version_list *list = NULL;
    int status = project_begin(&c, self, NULL, 0, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = oc_project_versions(&list, c.project, &c.error);
    if (done == OC_OK && c.general.json)
        versions_json(list);
    else if (done == OC_OK)
        versions_table(list);
    oc_version_list_free(list);
    return project_end(&c, done);
}

static int run_version_create(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    return status != OPTIONS_PARSED ? status : project_end(&c, oc_project_add_version(c.project, c.operands[0], &c.error));
}

static int run_version_delete(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    return status != OPTIONS_PARSED ? status : project_end(&c, oc_project_delete_version(c.project, c.operands[0], &c.error));
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_iteration_verbs[] = {
    {"project train", "train a model and keep it", "project train PROJECT [options]",
     "Trains on the pictures that have a tag and keeps the iteration: the model, the settings, which pictures it saw, the "
     "figures and a "
     "log. If nothing has changed since an earlier one, says so and trains nothing.",
     "    ocellus project train parts --test-share 0.2\n"
     "    ocellus predict parts photo.jpg\n"
     "    ocellus predict parts@'Iteration 1' photo.jpg\n",
     run_train},
    {"project iterations", "list what was trained", "project iterations PROJECT [options]",
     "Lists the iterations and how good each is. With --json also the settings and the log.", NULL, run_iterations},
    {"project compare", "compare two iterations", "project compare PROJECT FIRST SECOND [options]",
     "Shows the figures of two iterations side by side, and whether they had the same data and settings. An iteration is named "
     "by what it "
     "is published as, its name or its identifier.",
     "    ocellus project compare parts 'Iteration 1' 'Iteration 2'\n", run_compare},
    {"project default", "choose the iteration that predicts", "project default PROJECT ITERATION [options]",
     "'ocellus predict PROJECT' takes this one from now on, instead of the newest.", NULL, run_default},
    {"project publish", "publish an iteration under a name", "project publish PROJECT ITERATION NAME [options]",
     "'ocellus predict PROJECT@NAME' takes it. It cannot be deleted while it is published.",
     "    ocellus project publish parts 'Iteration 2' production\n    ocellus predict parts@production photo.jpg\n",
     run_publish},
    {"project unpublish", "take back the name", "project unpublish PROJECT ITERATION [options]", "The iteration itself stays.",
     NULL, run_unpublish},
    {"project iteration-delete", "remove an iteration", "project iteration-delete PROJECT ITERATION [options]",
     "Removes the model and all that was known of it, and what pictures only it still held.", NULL, run_delete},
    {"project export-model", "write an iteration's model file", "project export-model PROJECT [ITERATION] -o MODEL [options]",
     "Writes the model file of an iteration, or of the default one.", NULL, run_export},
    {"project versions", "list the data versions", "project versions PROJECT [options]",
     "Lists what there was to train on at the moments when something was trained, or a version was made. A version never "
     "changes, "
     "and keeps the files of its pictures even if they are removed from the project.",
     NULL, run_versions},
    {"project version-create", "keep the data as they are now under a name", "project version-create PROJECT NAME [options]",
     "Keeps which pictures have which tags now. 'project train --version NAME' trains on them at any time.",
     "    ocellus project version-create parts spring\n    ocellus project train parts --version spring\n", run_version_create},
    {"project version-delete", "remove a data version", "project version-delete PROJECT VERSION [options]",
     "Takes the name away; the data stay while an iteration was trained on them.", NULL, run_version_delete},
    END,
};
