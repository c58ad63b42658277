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
    { "base", 0, OPTION_TEXT, "NAME", "the base network whose features are compared (default: the best one there is)", 0, 0, field }

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

/* --- check --- */

static const char *const severities[] = {"?", "hint", "warning", "serious"};
static const char *const kinds[] = {"?",          "unreadable",     "no-tags",      "too-few",      "imbalance", "contradiction",
                                    "leak",       "duplicate",      "little-variety", "wrong-tag",  "missing-tag", "confused",
                                    "blurred",    "dark",           "bright",       "flat",         "tiny",      "odd-shape",
                                    "small-box",  "large-box",      "double-box",   "missing-box",  "wrong-box"};

static const char *name_of(const char *const *names, size_t n, uint32_t number) { return names[number < n ? number : 0]; }
#define NAME_OF(names, number) name_of(names, sizeof(names) / sizeof *(names), number)

static void place_json(json *j, const oc_finding_place *p) {
    json_object(j, NULL);
    json_text(j, "picture", p->picture);
    json_text(j, "name", p->name);
    if (p->score != 0) json_number(j, "score", (double)p->score);
    if (p->tag) json_text(j, "tag", p->tag);
    if (p->other) json_text(j, "other", p->other);
    if (p->twin) json_text(j, "twin", p->twin);
    if (p->region) json_text(j, "region", p->region);
    if (p->width > 0) {
        json_number(j, "left", (double)p->left);
        json_number(j, "top", (double)p->top);
        json_number(j, "width", (double)p->width);
        json_number(j, "height", (double)p->height);
    }
    json_end_object(j);
}

static void findings_json(const oc_finding_list *list) {
    oc_finding f = OC_FINDING_INIT;
    oc_finding_place p = OC_FINDING_PLACE_INIT;
    json j = {0};
    json_object(&j, NULL);
    json_array(&j, "findings");
    for (size_t i = 0; oc_finding_list_get(list, i, &f, NULL) == OC_OK; i++) {
        json_object(&j, NULL);
        json_text(&j, "kind", NAME_OF(kinds, f.kind));
        json_text(&j, "severity", NAME_OF(severities, f.severity));
        if (f.tag) json_text(&j, "tag", f.tag);
        if (f.other) json_text(&j, "other", f.other);
        json_text(&j, "message", f.message);
        json_text(&j, "advice", f.advice);
        json_array(&j, "places");
        for (size_t k = 0; oc_finding_list_place(list, i, k, &p, NULL) == OC_OK; k++) place_json(&j, &p);
        json_end_array(&j);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

/* What there is to say of a place besides the picture. */
static void describe_place(char *out, size_t size, const oc_finding_place *p) {
    int n = 0;
    out[0] = '\0';
    if (p->twin && p->tag && p->other)
        n = snprintf(out, size, "%s, like %.8s: %s", p->tag, p->twin, p->other);
    else if (p->twin)
        n = snprintf(out, size, "like %.8s", p->twin);
    else if (p->tag && p->other && strcmp(p->tag, p->other) != 0)
        n = snprintf(out, size, "%s -> %s", p->tag, p->other);
    else if (p->tag || p->other)
        n = snprintf(out, size, "%s", p->tag ? p->tag : p->other);
    if (p->width > 0 && n >= 0 && (size_t)n < size)
        snprintf(out + n, size - (size_t)n, "%sat %.3f, %.3f, %.3f x %.3f", n ? " " : "", (double)p->left, (double)p->top,
                 (double)p->width, (double)p->height);
}

static void show_finding(const oc_finding_list *list, size_t index, const oc_finding *f, size_t most) {
    oc_finding_place p = OC_FINDING_PLACE_INIT;
    table t = {0};
    char *message = text_printable(f->message), *advice = text_printable(f->advice);
    printf("%s%s: %s\n  %s\n", index ? "\n" : "", NAME_OF(severities, f->severity), message ? message : "", advice ? advice : "");
    free(message);
    free(advice);
    table_begin(&t, "rlll");
    for (size_t k = 0; k < most && oc_finding_list_place(list, index, k, &p, NULL) == OC_OK; k++) {
        char more[512];
        describe_place(more, sizeof(more), &p);
        if (p.score != 0)
            table_cell(&t, "%.3g", (double)p.score);
        else
            table_cell(&t, "%s", "");
        table_cell(&t, "%.8s", p.picture);
        table_cell(&t, "%s", p.name);
        table_cell(&t, "%s", more);
    }
    table_end(&t, 4);
    if (f->n_places > most) printf("    and %zu more (--all shows them)\n", f->n_places - most);
}

static int check(project_call *c, const oc_check *how, size_t most) {
    oc_finding_list *list = NULL;
    oc_finding f = OC_FINDING_INIT;
    progress bar;
    platform_defer_interrupts();
    progress_begin(&bar, c->general.quiet);
    oc_status done = oc_project_check(&list, c->project, how, progress_update, &bar, &c->error);
    progress_end(&bar);
    session_end_warnings(&c->s);
    if (done == OC_OK && c->general.json)
        findings_json(list);
    else if (done == OC_OK && oc_finding_list_count(list) == 0)
        printf("nothing was found\n");
    for (size_t i = 0; done == OC_OK && !c->general.json && oc_finding_list_get(list, i, &f, NULL) == OC_OK; i++)
        show_finding(list, i, &f, most);
    oc_finding_list_free(list);
    return end_call(c, done, "what was computed is kept");
}

static int run_check(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_check how = OC_CHECK_INIT;
    bool quick = false, all = false;
    const cli_option options[] = {
        {"quick", 0, OPTION_FLAG, NULL, "only what can be told without looking at the pictures", 0, 0, &quick},
        {"all", 'a', OPTION_FLAG, NULL, "show all places of each finding, not the first ten", 0, 0, &all},
        {"iteration", 0, OPTION_TEXT, "NAME", "the one whose boxes are compared with those there are (default: the newest)", 0, 0,
         &how.iteration},
        BASE_OPTION(&how.base),
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])}};
    int status = project_begin(&c, self, own, 1, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    how.flags = quick ? OC_CHECK_QUICK : 0;
    return check(&c, &how, all ? SIZE_MAX : 10);
}

/* --- suggest --- */

typedef struct suggest_options {
    oc_suggest what;
    double accept; /* < 0: nothing is accepted */
    const char *give;
    long long group;
} suggest_options;

static bool is_boxed(const oc_box *box) { return box->left > 0 || box->top > 0 || box->width < 1 || box->height < 1; }

static void suggestion_json(json *j, const oc_suggestion_list *list, size_t index, const oc_suggestion *s) {
    oc_box box = OC_BOX_INIT;
    json_object(j, NULL);
    json_text(j, "id", s->picture);
    json_text(j, "name", s->name);
    json_text(j, "path", s->path);
    if (s->group) json_integer(j, "group", s->group);
    json_number(j, "uncertainty", (double)s->uncertainty);
    json_array(j, "suggestions");
    for (size_t k = 0; oc_suggestion_list_box(list, index, k, &box, NULL) == OC_OK; k++) {
        json_object(j, NULL);
        json_text(j, "tag", oc_suggestion_list_tag(list, (size_t)box.tag));
        json_probability(j, "probability", box.probability);
        if (is_boxed(&box)) {
            json_number(j, "left", (double)box.left);
            json_number(j, "top", (double)box.top);
            json_number(j, "width", (double)box.width);
            json_number(j, "height", (double)box.height);
        }
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
}

static void describe_boxes(char *out, size_t size, const oc_suggestion_list *list, size_t index) {
    oc_box box = OC_BOX_INIT;
    size_t n = 0;
    out[0] = '\0';
    for (size_t k = 0; n < size && oc_suggestion_list_box(list, index, k, &box, NULL) == OC_OK; k++)
        n += (size_t)snprintf(out + n, size - n, "%s%s %.1f %%", k ? ", " : "", oc_suggestion_list_tag(list, (size_t)box.tag),
                              100 * (double)box.probability);
}

static bool is_wanted(const oc_suggestion *s, const suggest_options *o) { return !o->group || s->group == (uint32_t)o->group; }

static void show_suggestions(project_call *c, const oc_suggestion_list *list, const suggest_options *o) {
    oc_suggestion s = OC_SUGGESTION_INIT;
    table t = {0};
    json j = {0};
    if (c->general.json) {
        json_object(&j, NULL);
        json_array(&j, "pictures");
        for (size_t i = 0; oc_suggestion_list_get(list, i, &s, NULL) == OC_OK; i++)
            if (is_wanted(&s, o)) suggestion_json(&j, list, i, &s);
        json_end_array(&j);
        json_end_object(&j);
        return;
    }
    table_begin(&t, "rlll");
    for (size_t i = 0; oc_suggestion_list_get(list, i, &s, NULL) == OC_OK; i++) {
        char what[512];
        if (!is_wanted(&s, o)) continue;
        describe_boxes(what, sizeof(what), list, i);
        if (s.group) table_cell(&t, "%u", s.group);
        else table_cell(&t, "%.3f", (double)s.uncertainty);
        table_cell(&t, "%.8s", s.picture);
        table_cell(&t, "%s", s.name);
        table_cell(&t, "%s", what);
    }
    table_end(&t, 0);
}

/* Gives the pictures of one group a tag. */
static oc_status give_tag(uint64_t *n, project_call *c, const oc_suggestion_list *list, const suggest_options *o) {
    oc_suggestion s = OC_SUGGESTION_INIT;
    oc_tag tag = OC_TAG_INIT;
    size_t count = oc_suggestion_list_count(list);
    const char **pictures = calloc(count + 1, sizeof *pictures);
    char id[40];
    if (!pictures) return OC_E_NOMEM;
    for (size_t i = 0; oc_suggestion_list_get(list, i, &s, NULL) == OC_OK; i++)
        if (is_wanted(&s, o)) pictures[(*n)++] = s.picture;
    tag.name = o->give;
    oc_status done = oc_project_label_pictures(c->project, pictures, (size_t)*n, o->give, OC_LABEL_ADD, &c->error);
    if (done == OC_E_NOT_FOUND && (done = oc_project_add_tag(id, c->project, &tag, &c->error)) == OC_OK)
        done = oc_project_label_pictures(c->project, pictures, (size_t)*n, o->give, OC_LABEL_ADD, &c->error);
    free(pictures);
    return done;
}

static int suggest(project_call *c, const suggest_options *o) {
    oc_suggestion_list *list = NULL;
    progress bar;
    uint64_t n = 0;
    bool changes = o->give || o->accept >= 0;
    platform_defer_interrupts();
    progress_begin(&bar, c->general.quiet);
    oc_status done = oc_project_suggest(&list, c->project, &o->what, progress_update, &bar, &c->error);
    progress_end(&bar);
    session_end_warnings(&c->s);
    if (done == OC_OK && o->give) done = give_tag(&n, c, list, o);
    else if (done == OC_OK && changes) done = oc_project_accept(&n, c->project, list, NULL, 0, o->accept, &c->error);
    if (done == OC_OK && changes && c->general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_integer(&j, "n_tagged", (int64_t)n);
        json_end_object(&j);
    } else if (done == OC_OK && changes) {
        char *counted = project_counted(n, "picture");
        if (!c->general.quiet) printf("%s tagged\n", counted ? counted : "");
        free(counted);
    } else if (done == OC_OK) {
        show_suggestions(c, list, o);
    }
    oc_suggestion_list_free(list);
    return end_call(c, done, "what was computed is kept");
}

static int run_suggest(const command *self, int argc, char **argv) {
    project_call c = {0};
    suggest_options o = {.what = OC_SUGGEST_INIT, .accept = -1};
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    select_options select = {0};
    bool useful = false, alike = false, objects = false;
    char *proposer = NULL;
    long long limit = 0;
    const cli_option options[] = {
        {"useful", 'u', OPTION_FLAG, NULL, "those first that teach most: uncertain, and unlike each other", 0, 0, &useful},
        {"alike", 'a', OPTION_FLAG, NULL, "groups of pictures that look alike", 0, 0, &alike},
        {"limit", 'n', OPTION_INTEGER, "N", "at most so many pictures", 1, INT32_MAX, &limit},
        {"min", 0, OPTION_NUMBER, "P", "tags and boxes of at least this probability, 0 to 1", 0, 1, &o.what.min_probability},
        {"accept", 0, OPTION_NUMBER, "P", "give the pictures what is suggested with at least this probability", 0, 1, &o.accept},
        {"group", 0, OPTION_INTEGER, "N", "with --alike: this group alone", 1, INT32_MAX, &o.group},
        {"give", 0, OPTION_TEXT, "TAG", "with --group: give its pictures this tag", 0, 0, &o.give},
        {"iteration", 0, OPTION_TEXT, "NAME", "what suggests (default: the default one, or else the newest)", 0, 0, &o.what.iteration},
        {"objects", 0, OPTION_FLAG, NULL,
         "boxes of things of whatever kind, as the detector of the base network proposes them; nothing needs to have been trained", 0, 0, &objects},
        BASE_OPTION(&o.what.base),
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])}, select_group(&select, false)};
    int status = project_begin(&c, self, own, 2, 0, 0, argc, argv);
    if (status == OPTIONS_PARSED) {
        status = select_filter(&filter, self, &select);
        if (!select.tagged && select.tags.n == 0) filter.state = OC_PICTURES_UNTAGGED; /* whatever else is asked of them */
        o.what.filter = &filter;
        o.what.order = useful ? OC_SUGGEST_USEFUL : alike || o.group ? OC_SUGGEST_ALIKE : 0;
        o.what.limit = (uint64_t)limit;
        if (status == STATUS_DONE && useful && (alike || o.group))
            status = options_misused(self, "--useful does not go with --alike and --group");
        if (status == STATUS_DONE && objects && (o.what.iteration || alike || o.group))
            status = options_misused(self, "--objects does not go with --iteration, --alike and --group");
        if (objects) o.what.iteration = proposer = text_format("base:%s", o.what.base != NULL ? o.what.base : "auto");
        if (status == STATUS_DONE && o.give && !o.group) status = options_misused(self, "--give takes --group");
        if (status == STATUS_DONE)
            status = suggest(&c, &o);
        else
            project_end(&c, OC_OK);
    }
    text_list_free(&select.tags);
    free(proposer);
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
    {"project suggest", "suggest tags for pictures without one", "project suggest PROJECT [options]",
     "Suggests tags, or boxes, for the pictures that have none: what the newest iteration says of them, the surest first, with how "
     "unsure it is. Before anything has been trained, or with --alike, pictures that look alike are put into groups, the largest "
     "first, so that one tag can be given to many. Nothing is changed without --accept or --give.",
     "    ocellus project suggest parts\n    ocellus project suggest parts --accept 0.95\n"
     "    ocellus project suggest parts --useful -n 20\n    ocellus project suggest parts --group 1 --give washer\n",
     run_suggest},
    {"project check", "look for what spoils training", "project check PROJECT [options]",
     "Looks at the pictures, tags and boxes for what is likely to spoil a training or its measurement, and says what to do: tags "
     "with few pictures, the same picture twice, under different tags or in two splits, tags and boxes that are likely wrong or "
     "missing, pictures that are blurred, dark or tiny. The most serious comes first, and of each finding the worst pictures. "
     "Nothing is changed.",
     "    ocellus project check parts\n    ocellus project check parts --quick --json\n", run_check},
    END,
};
