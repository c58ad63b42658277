/* ocellus project: stored predictions.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "project.h"
#include "table.h"

static void prediction_json(json *j, const oc_prediction_list *list, size_t index, const oc_stored_prediction *p) {
    oc_answer answer = OC_ANSWER_INIT;
    json_object(j, NULL);
    json_text(j, "id", p->id);
    json_text(j, "picture", p->name);
    json_text(j, "iteration", p->iteration);
    json_text(j, "application", p->application[0] != '\0' ? p->application : NULL);
    json_text(j, "created", p->created);
    json_number(j, "uncertainty", p->uncertainty);
    json_array(j, "predictions");
    for (size_t k = 0; oc_prediction_list_answer(list, index, k, &answer, NULL) == OC_OK; k++) {
        json_object(j, NULL);
        json_text(j, "tag", answer.tag);
        json_probability(j, "probability", answer.probability);
        json_end_object(j);
    }
    json_end_array(j);
    json_text(j, "sha256", p->sha256);
    json_text(j, "path", p->path);
    json_end_object(j);
}

static void list_json(const oc_prediction_list *list, uint64_t n_all) {
    json j = {0};
    oc_stored_prediction p = OC_STORED_PREDICTION_INIT;
    json_object(&j, NULL);
    json_integer(&j, "n_predictions", (int64_t)n_all);
    json_array(&j, "stored");
    for (size_t i = 0; oc_prediction_list_get(list, i, &p, NULL) == OC_OK; i++) prediction_json(&j, list, i, &p);
    json_end_array(&j);
    json_end_object(&j);
}

static void list_table(const oc_prediction_list *list) {
    oc_stored_prediction p = OC_STORED_PREDICTION_INIT;
    table t = {0};
    table_begin(&t, "llllr");
    for (size_t i = 0; oc_prediction_list_get(list, i, &p, NULL) == OC_OK; i++) {
        oc_answer best = OC_ANSWER_INIT;
        oc_prediction_list_answer(list, i, 0, &best, NULL);
        table_cell(&t, "%s", p.id);
        table_cell(&t, "%s", p.created);
        table_cell(&t, "%s", p.name);
        table_cell(&t, "%s", best.tag != NULL ? best.tag : "");
        table_cell(&t, "%.1f %%", 100 * (double)best.probability);
    }
    table_end(&t, 0);
}

static oc_status list_page(project_call *c, const oc_prediction_filter *filter) {
    oc_prediction_list *list = NULL;
    uint64_t n_all = 0;
    oc_status done = oc_project_count_predictions(&n_all, c->project, filter, &c->error);
    if (done == OC_OK) done = oc_project_predictions(&list, c->project, filter, &c->error);
    size_t n = oc_prediction_list_count(list);
    if (done == OC_OK && c->general.json) {
        list_json(list, n_all);
    } else if (done == OC_OK) {
        list_table(list);
        if (filter->offset + n < n_all && !c->general.quiet)
            console_note("note: %zu of %llu; --offset %llu shows the next", n, (unsigned long long)n_all,
                         (unsigned long long)(filter->offset + n));
    }
    oc_prediction_list_free(list);
    return done;
}

static int run_predictions(const command *self, int argc, char **argv) {
    static const char *const orders[] = {"newest", "oldest", "suggested"};
    project_call c = {0};
    oc_prediction_filter filter = OC_PREDICTION_FILTER_INIT;
    const char *order = NULL;
    long long limit = 50, offset = 0;
    const cli_option options[] = {
        {"iteration", 0, OPTION_TEXT, "ITERATION", "of this iteration", 0, 0, &filter.iteration},
        {"application", 0, OPTION_TEXT, "NAME", "asked for by this application", 0, 0, &filter.application},
        {"after", 0, OPTION_TEXT, "DATE", "stored at this moment or later: 2026-01-31, or to the second", 0, 0, &filter.after},
        {"before", 0, OPTION_TEXT, "DATE", "stored before this moment", 0, 0, &filter.before},
        {"tag", 0, OPTION_TEXT, "TAG", "that gave this tag a probability from --min to --max", 0, 0, &filter.tag},
        {"min", 0, OPTION_NUMBER, "P", "0 to 1 (default 0)", 0, 1, &filter.min_probability},
        {"max", 0, OPTION_NUMBER, "P", "0 to 1 (default 1)", 0, 1, &filter.max_probability},
        {"sort", 0, OPTION_TEXT, "ORDER", "newest (default), oldest, or suggested: those that it helps most to label", 0, 0,
         &order},
        {"limit", 'n', OPTION_INTEGER, "N", "at most so many (default 50)", 1, 10000, &limit},
        {"offset", 0, OPTION_INTEGER, "N", "pass over so many (default 0)", 0, 1e15, &offset},
    };
    const option_group own[] = {{"Which", options, sizeof(options) / sizeof(options[0])}};
    int status = project_begin(&c, self, own, 1, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    filter.limit = (uint64_t)limit;
    filter.offset = (uint64_t)offset;
    for (uint32_t i = 0; i < 3 && order != NULL; i++)
        if (strcmp(order, orders[i]) == 0) filter.order = i + 1;
    if (order != NULL && filter.order == 0) {
        project_end(&c, OC_OK);
        return options_misused(self, "--sort is '%s', expected newest, oldest or suggested", order);
    }
    return project_end(&c, list_page(&c, &filter));
}

static int run_promote(const command *self, int argc, char **argv) {
    project_call c = {0};
    text_list tags = {0};
    oc_labels labels = OC_LABELS_INIT;
    const cli_option options[] = {
        {"tag", 0, OPTION_LIST, "TAG", "a tag that all of them get; may be given several times", 0, 0, &tags},
        {"split", 0, OPTION_TEXT, "NAME", "what they are for: train, test, ...", 0, 0, &labels.split},
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])}};
    int status = project_begin(&c, self, own, 1, 1, SIZE_MAX - 1, argc, argv);
    if (status == OPTIONS_PARSED) {
        labels.n_tags = (uint32_t)tags.n;
        labels.tags = (const char *const *)tags.items;
        status =
            project_end(&c, oc_project_promote_predictions(c.project, (const char *const *)c.operands, c.n, &labels, &c.error));
    }
    text_list_free(&tags);
    return status;
}

static int run_delete(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, SIZE_MAX - 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_delete_predictions(c.project, (const char *const *)c.operands, c.n, &c.error));
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_prediction_verbs[] = {
    {"project predictions", "list stored predictions", "project predictions PROJECT [options]",
     "Lists what 'ocellus predict PROJECT PICTURE --store' has kept: identifier, moment, picture and the most probable tag.",
     "    ocellus project predictions parts --sort suggested\n"
     "    ocellus project predictions parts --tag gear --min 0.4 --max 0.6\n",
     run_predictions},
    {"project promote", "make training pictures of stored predictions", "project promote PROJECT PREDICTION... [options]",
     "Their pictures become pictures of the project.", "    ocellus project promote parts 9f0c2d8e-... --tag gear\n",
     run_promote},
    {"project prediction-delete", "remove stored predictions", "project prediction-delete PROJECT PREDICTION... [options]",
     "Removes them. They also go by themselves after --keep-days; see 'ocellus help project set'.", NULL, run_delete},
    END,
};
