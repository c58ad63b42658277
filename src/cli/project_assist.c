/* ocellus project: searching by example, checking the data, suggesting tags.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "progress.h"
#include "project.h"
#include "table.h"

/* The option --base, which all of them have. */
#define BASE_OPTION(field)                                                                                                     \
    { "base", 0, OPTION_TEXT, "NAME", "the base network whose features are compared (default: the built-in one)", 0, 0, field }

/* Ends a call that may have been interrupted. */
static int end_call(project_call *c, oc_status done, const char *consequence) {
    bool interrupted = done == OC_E_CANCELLED && platform_interrupt() != 0;
    int status = project_end(c, interrupted ? OC_OK : done);
    return interrupted ? console_interrupted(consequence) : status;
}

/* --- similar --- */

static void match_tags(char *out, size_t size, project_call *c, const char *picture) {
    oc_picture_list *list = NULL;
    const char *tag;
    size_t n = 0;
    out[0] = '\0';
    if (oc_project_picture(&list, c->project, picture, NULL) != OC_OK) return;
    for (size_t k = 0; (tag = oc_picture_list_tag(list, 0, k)) != NULL && n < size; k++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", k > 0 ? ", " : "", tag);
    oc_picture_list_free(list);
}

static void match_json(json *j, project_call *c, const oc_match *m) {
    oc_picture_list *list = NULL;
    const char *tag;
    json_object(j, NULL);
    json_text(j, "id", m->picture);
    json_text(j, "name", m->name);
    json_number(j, "score", (double)m->score);
    json_array(j, "tags");
    if (oc_project_picture(&list, c->project, m->picture, NULL) == OC_OK)
        for (size_t k = 0; (tag = oc_picture_list_tag(list, 0, k)) != NULL; k++) json_text(j, NULL, tag);
    oc_picture_list_free(list);
    json_end_array(j);
    json_text(j, "path", m->path);
    json_end_object(j);
}

static void show_matches(project_call *c, const oc_match_list *list) {
    oc_match m = OC_MATCH_INIT;
    json j = {0};
    table t = {0};
    if (c->general.json) {
        json_object(&j, NULL);
        json_array(&j, "matches");
        for (size_t i = 0; oc_match_list_get(list, i, &m, NULL) == OC_OK; i++) match_json(&j, c, &m);
        json_end_array(&j);
        json_end_object(&j);
        return;
    }
    table_begin(&t, "rlll");
    for (size_t i = 0; oc_match_list_get(list, i, &m, NULL) == OC_OK; i++) {
        char tags[256];
        match_tags(tags, sizeof(tags), c, m.picture);
        table_cell(&t, "%.3f", (double)m.score);
        table_cell(&t, "%.8s", m.picture);
        table_cell(&t, "%s", m.name);
        table_cell(&t, "%s", tags);
    }
    table_end(&t, 0);
}

/* The example: one of the project's pictures, or else a file. */
static bool is_in_project(project_call *c, const char *picture) {
    oc_picture_list *list = NULL;
    bool found = oc_project_picture(&list, c->project, picture, NULL) == OC_OK;
    oc_picture_list_free(list);
    return found;
}

static int search(project_call *c, oc_search *search) {
    oc_image image = OC_IMAGE_INIT;
    oc_match_list *list = NULL;
    progress bar;
    image.format = OC_IMAGE_PATH;
    image.data = c->operands[0];
    if (is_in_project(c, c->operands[0]))
        search->picture = c->operands[0];
    else
        search->image = &image;
    platform_defer_interrupts();
    progress_begin(&bar, c->general.quiet);
    oc_status done = oc_project_similar(&list, c->project, search, progress_update, &bar, &c->error);
    progress_end(&bar);
    session_end_warnings(&c->s);
    if (done == OC_OK) show_matches(c, list);
    oc_match_list_free(list);
    return end_call(c, done, "what was computed is kept");
}

static int run_similar(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_search what = OC_SEARCH_INIT;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    select_options select = {0};
    long long limit = 10;
    const cli_option options[] = {
        {"limit", 'n', OPTION_INTEGER, "N", "at most so many (default 10)", 1, 10000, &limit},
        {"min", 0, OPTION_NUMBER, "SCORE", "those with this score or more, 0 to 1 (default 0)", 0, 1, &what.min_score},
        BASE_OPTION(&what.base),
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])}, select_group(&select, false)};
    int status = project_begin(&c, self, own, 2, 1, 1, argc, argv);
    if (status == OPTIONS_PARSED) {
        status = select_filter(&filter, self, &select);
        what.filter = select_given(&select) ? &filter : NULL;
        what.limit = (uint32_t)limit;
        if (status == STATUS_DONE)
            status = search(&c, &what);
        else
            project_end(&c, OC_OK);
    }
    text_list_free(&select.tags);
    return status;
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_assist_verbs[] = {
    {"project similar", "find pictures that are like one", "project similar PROJECT PICTURE [options]",
     "Finds the pictures that are most like PICTURE, one of the project (its identifier, or the first six or more characters of "
     "it) or a file. The score is the cosine of what the base network says of the two: 1 for the same picture. The first search "
     "reads all pictures; what it finds is kept in the project.",
     "    ocellus project similar parts 1b9d6bcd\n    ocellus project similar catalogue photo.jpg -n 3 --tag gear\n",
     run_similar},
    END,
};
