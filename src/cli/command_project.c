/* ocellus project: pictures, tags and what is made of them, on disk.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "progress.h"
#include "project.h"
#include "table.h"

static const char *const kinds[] = {"multiclass", "multilabel", "detection", "anomaly"};

static const char *kind_name(uint32_t kind) { return kind >= 1 && kind <= 4 ? kinds[kind - 1] : "unknown"; }

static int parse_kind(uint32_t *out, const command *self, const char *text) {
    for (uint32_t i = 0; i < 4 && text != NULL; i++)
        if (strcmp(text, kinds[i]) == 0) {
            *out = i + 1;
            return STATUS_DONE;
        }
    return text == NULL ? STATUS_DONE
                        : options_misused(self, "--kind is '%s', expected multiclass, multilabel, detection or anomaly", text);
}

/* --- what the verbs share --- */

int project_parse(project_call *c, const command *self, const option_group *own, size_t n_own, size_t least, size_t most,
                  int argc, char **argv) {
    option_group groups[4];
    int n = 0;
    c->error = (oc_error)OC_ERROR_INIT;
    for (size_t i = 0; i < n_own; i++) groups[i] = own[i];
    groups[n_own] = general_group(&c->general);
    int status = options_parse(self, groups, n_own + 1, argc, argv, &n);
    if (status != OPTIONS_PARSED) return status;
    if (n == 0) return options_misused(self, "which project? Name its folder");
    if ((size_t)n - 1 < least) return options_misused(self, "%s needs more than '%s'", self->name, argv[n - 1]);
    if ((size_t)n - 1 > most) return options_misused(self, "'%s' is one argument too many", argv[most + 1]);
    c->folder = argv[0];
    c->operands = argv + 1;
    c->n = (size_t)n - 1;
    status = session_open(&c->s, &c->general);
    return status == STATUS_DONE ? OPTIONS_PARSED : status;
}

int project_begin(project_call *c, const command *self, const option_group *own, size_t n_own, size_t least, size_t most,
                  int argc, char **argv) {
    int status = project_parse(c, self, own, n_own, least, most, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    if (oc_project_open(&c->project, c->s.context, c->folder, &c->error) == OC_OK) return OPTIONS_PARSED;
    console_failure(&c->error);
    if (c->error.code == OC_E_NOT_FOUND) console_hint("'ocellus project create %s' makes a project there", c->folder);
    session_close(&c->s);
    return STATUS_FAILED;
}

int project_end(project_call *c, oc_status done) {
    int status = done == OC_OK ? STATUS_DONE : console_failure(&c->error);
    oc_project_free(c->project);
    session_close(&c->s);
    return status;
}

char *project_counted(uint64_t n, const char *one) {
    return text_format("%llu %s%s", (unsigned long long)n, one, n == 1 ? "" : "s");
}

/* --- create, info, set --- */

typedef struct what {
    const char *name, *description, *domain, *kind;
    long long keep_days;
    cli_option table[5];
} what;

static option_group what_group(what *w) {
    const cli_option all[] = {
        {"kind", 'k', OPTION_TEXT, "KIND", "multiclass (one tag a picture), multilabel (any number), detection or anomaly", 0,
         0, &w->kind},
        {"name", 0, OPTION_TEXT, "NAME", "the project's name (at first: the folder's)", 0, 0, &w->name},
        {"description", 0, OPTION_TEXT, "TEXT", "what it is for", 0, 0, &w->description},
        {"domain", 0, OPTION_TEXT, "TEXT", "what kind of pictures (at first: general)", 0, 0, &w->domain},
        {"keep-days", 0, OPTION_INTEGER, "N", "days that stored predictions are kept (at first: 30; 1000000: for ever)", 1,
         OC_KEEP_FOREVER, &w->keep_days},
    };
    memcpy(w->table, all, sizeof(all));
    return (option_group){"Options", w->table, sizeof(all) / sizeof(all[0])};
}

static int what_info(oc_project_info *info, const command *self, const what *w) {
    *info = (oc_project_info)OC_PROJECT_INFO_INIT;
    info->name = w->name;
    info->description = w->description;
    info->domain = w->domain;
    info->keep_days = (uint32_t)w->keep_days;
    return parse_kind(&info->kind, self, w->kind);
}

static void show_info_json(const char *folder, const oc_project_info *info) {
    json j = {0};
    json_object(&j, NULL);
    json_text(&j, "project", folder);
    json_text(&j, "id", info->id);
    json_text(&j, "name", info->name);
    json_text(&j, "kind", kind_name(info->kind));
    json_text(&j, "domain", info->domain);
    json_text(&j, "description", info->description);
    json_text(&j, "created", info->created);
    json_text(&j, "modified", info->modified);
    json_integer(&j, "tags", (int64_t)info->n_tags);
    json_integer(&j, "pictures", (int64_t)info->n_pictures);
    json_integer(&j, "untagged", (int64_t)info->n_untagged);
    json_integer(&j, "regions", (int64_t)info->n_regions);
    json_integer(&j, "bytes", (int64_t)info->n_bytes);
    json_integer(&j, "iterations", info->n_iterations);
    json_integer(&j, "keep_days", info->keep_days);
    json_end_object(&j);
}

static void show_info_table(const oc_project_info *info) {
    char bytes[48];
    table t = {0};
    text_bytes(bytes, sizeof(bytes), (int64_t)info->n_bytes);
    table_begin(&t, "ll");
    table_cell(&t, "name");
    table_cell(&t, "%s", info->name);
    table_cell(&t, "kind");
    table_cell(&t, "%s, %s", kind_name(info->kind), info->domain);
    if (info->description[0] != '\0') {
        table_cell(&t, "description");
        table_cell(&t, "%s", info->description);
    }
    table_cell(&t, "pictures");
    table_cell(&t, "%llu, %llu of them without a tag (%s)", (unsigned long long)info->n_pictures,
               (unsigned long long)info->n_untagged, bytes);
    table_cell(&t, "tags");
    table_cell(&t, "%llu", (unsigned long long)info->n_tags);
    if (info->kind == OC_PROJECT_DETECTION) {
        table_cell(&t, "regions");
        table_cell(&t, "%llu", (unsigned long long)info->n_regions);
    }
    table_cell(&t, "iterations");
    table_cell(&t, "%u", info->n_iterations);
    table_cell(&t, "created");
    table_cell(&t, "%s", info->created);
    table_cell(&t, "modified");
    table_cell(&t, "%s", info->modified);
    table_cell(&t, "id");
    table_cell(&t, "%s", info->id);
    table_end(&t, 0);
}

static oc_status show_info(project_call *c) {
    oc_project_info info = OC_PROJECT_INFO_INIT;
    oc_status done = oc_project_get_info(c->project, &info, &c->error);
    if (done == OC_OK && c->general.json)
        show_info_json(c->folder, &info);
    else if (done == OC_OK)
        show_info_table(&info);
    return done;
}

static int run_create(const command *self, int argc, char **argv) {
    project_call c = {0};
    what w = {0};
    oc_project_info info;
    const option_group own[] = {what_group(&w)};
    int status = project_parse(&c, self, own, 1, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    status = what_info(&info, self, &w);
    if (status != STATUS_DONE) {
        session_close(&c.s);
        return status;
    }
    oc_status done = oc_project_create(&c.project, c.s.context, c.folder, &info, &c.error);
    if (done == OC_OK && c.general.json)
        done = show_info(&c);
    else if (done == OC_OK && !c.general.quiet)
        printf("Made the project %s. Add pictures: ocellus project add %s PICTURES\n", c.folder, c.folder);
    return project_end(&c, done);
}

static int run_info(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 0, 0, argc, argv);
    return status != OPTIONS_PARSED ? status : project_end(&c, show_info(&c));
}

static int run_set(const command *self, int argc, char **argv) {
    project_call c = {0};
    what w = {0};
    oc_project_info info;
    const option_group own[] = {what_group(&w)};
    int status = project_begin(&c, self, own, 1, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    status = what_info(&info, self, &w);
    if (status == STATUS_DONE && w.name == NULL && w.description == NULL && w.domain == NULL && w.kind == NULL &&
        w.keep_days == 0)
        status = options_misused(self, "say what to set: --name, --kind, --description, --domain or --keep-days");
    oc_status done = status == STATUS_DONE ? oc_project_update(c.project, &info, &c.error) : OC_OK;
    if (status == STATUS_DONE && done == OC_OK && c.general.json) done = show_info(&c);
    int ended = project_end(&c, done);
    return status != STATUS_DONE ? status : ended;
}

/* --- verify --- */

static const char *problem_name(uint32_t kind) {
    static const char *const names[] = {"database", "missing", "changed", "left over", "unfinished"};
    return kind >= 1 && kind <= 5 ? names[kind - 1] : "unknown";
}

static void show_problems(const project_call *c, const oc_problem_list *list, size_t *n_left) {
    json j = {0};
    oc_problem problem = OC_PROBLEM_INIT;
    if (c->general.json) {
        json_object(&j, NULL);
        json_text(&j, "project", c->folder);
        json_array(&j, "problems");
    }
    for (size_t i = 0; oc_problem_list_get(list, i, &problem, NULL) == OC_OK; i++) {
        *n_left += !problem.repaired;
        if (!c->general.json) {
            char *shown = text_printable(problem.message);
            printf("%s%s\n", shown, problem.repaired ? " (repaired)" : "");
            free(shown);
            continue;
        }
        json_object(&j, NULL);
        json_text(&j, "problem", problem_name(problem.kind));
        json_text(&j, "picture", problem.picture[0] != '\0' ? problem.picture : NULL);
        json_text(&j, "message", problem.message);
        json_boolean(&j, "repaired", problem.repaired != 0);
        json_end_object(&j);
    }
    if (c->general.json) {
        json_end_array(&j);
        json_end_object(&j);
    } else if (oc_problem_list_count(list) == 0 && !c->general.quiet) {
        printf("%s: all is well\n", c->folder);
    }
}

static int run_verify(const command *self, int argc, char **argv) {
    project_call c = {0};
    bool repair = false, forget = false;
    oc_problem_list *list = NULL;
    progress bar;
    size_t n_left = 0;
    const cli_option options[] = {
        {"repair", 0, OPTION_FLAG, NULL, "mend what can be mended; files that belong to nothing go to the folder 'lost'", 0, 0,
         &repair},
        {"forget", 0, OPTION_FLAG, NULL, "with --repair: remove pictures whose file is gone for good", 0, 0, &forget},
    };
    const option_group own[] = {{"Options", options, 2}};
    int status = project_begin(&c, self, own, 1, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    if (forget && !repair) {
        project_end(&c, OC_OK);
        return options_misused(self, "--forget goes with --repair");
    }
    platform_defer_interrupts();
    progress_begin(&bar, c.general.quiet);
    oc_status done = oc_project_verify(&list, c.project, (repair ? OC_VERIFY_REPAIR : 0) | (forget ? OC_VERIFY_FORGET : 0),
                                       progress_update, &bar, &c.error);
    progress_end(&bar);
    if (done == OC_OK) show_problems(&c, list, &n_left);
    oc_problem_list_free(list);
    if (done == OC_E_CANCELLED && platform_interrupt() != 0) {
        project_end(&c, OC_OK);
        return console_interrupted("not all was verified");
    }
    status = project_end(&c, done);
    if (n_left > 0) console_error("%s: %zu problem%s left", c.folder, n_left, n_left == 1 ? " is" : "s are");
    if (n_left > 0 && !repair) console_hint("'ocellus project verify %s --repair' mends what can be mended", c.folder);
    return status == STATUS_DONE && n_left > 0 ? STATUS_FAILED : status;
}

/* --- backup, restore --- */

static int end_long(project_call *c, oc_status done, progress *bar, const char *consequence) {
    progress_end(bar);
    bool interrupted = done == OC_E_CANCELLED && platform_interrupt() != 0;
    int status = project_end(c, interrupted ? OC_OK : done);
    return interrupted ? console_interrupted(consequence) : status;
}

static int run_backup(const command *self, int argc, char **argv) {
    project_call c = {0};
    progress bar;
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    platform_defer_interrupts();
    progress_begin(&bar, c.general.quiet);
    oc_status done = oc_project_backup(c.project, c.operands[0], progress_update, &bar, &c.error);
    return end_long(&c, done, &bar, "no backup was written");
}

static int run_restore(const command *self, int argc, char **argv) {
    project_call c = {0};
    progress bar;
    int status = project_parse(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    platform_defer_interrupts();
    progress_begin(&bar, c.general.quiet);
    oc_status done = oc_project_restore(&c.project, c.s.context, c.operands[0], c.folder, progress_update, &bar, &c.error);
    return end_long(&c, done, &bar, "the same command goes on");
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_verbs[] = {
    {"project create", "make a project", "project create PROJECT [options]",
     "Makes a project in the folder PROJECT, which is made if need be.",
     "    ocellus project create parts\n    ocellus project create shelf --kind detection\n", run_create},
    {"project info", "show what a project holds", "project info PROJECT [options]",
     "Shows a project's name, kind and domain, and how much it holds.", NULL, run_info},
    {"project set", "change a project's name, kind, domain or description", "project set PROJECT [options]",
     "Changes what is given. Multiclass and multilabel may be exchanged at any time, but multiclass only while no picture has "
     "two tags; "
     "a project without tags may become of any kind.",
     "    ocellus project set parts --kind multilabel\n", run_set},
    {"project verify", "check a project, and mend it", "project verify PROJECT [--repair [--forget]] [options]",
     "Checks the database and every byte of every file, and lists what is wrong; the exit code is 1 if something is left that "
     "is wrong. "
     "Without --repair nothing is changed.",
     "    ocellus project verify parts\n    ocellus project verify parts --repair\n", run_verify},
    {"project backup", "write all of a project into one file", "project backup PROJECT FILE [options]",
     "Writes a tar archive with all of the project as it is at one moment, even while it is in use. An older file of that name "
     "is "
     "replaced once the new one is complete.",
     "    ocellus project backup parts parts.tar\n    ocellus project restore copy parts.tar\n", run_backup},
    {"project restore", "make a project of a backup", "project restore PROJECT FILE [options]",
     "Makes the project in the folder PROJECT of a backup, and checks all of it.", NULL, run_restore},
    END,
};

/* --- the command --- */

static const command *const groups[] = {project_verbs,        project_picture_verbs,   project_tag_verbs,
                                        project_region_verbs, project_iteration_verbs, project_prediction_verbs,
                                        project_exchange_verbs, project_assist_verbs};
static const char *const titles[] = {"The project", "Pictures", "Tags", "Regions", "Training", "Stored predictions", "In and out",
                                     "Help with pictures"};
#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))
#define PREFIX (sizeof("project ") - 1)

static const command *find_verb(const char *name) {
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const command *verb = groups[g]; verb->name != NULL; verb++)
            if (strcmp(verb->name + PREFIX, name) == 0) return verb;
    return NULL;
}

static void show_verbs(const command *self) {
    printf("usage: ocellus %s\n\n%s\n", self->usage, self->description);
    for (size_t g = 0; g < N_GROUPS; g++) {
        table t = {0};
        printf("\n%s\n", titles[g]);
        table_begin(&t, "ll");
        for (const command *verb = groups[g]; verb->name != NULL; verb++) {
            table_cell(&t, "%s", verb->name + PREFIX);
            table_cell(&t, "%s", verb->summary);
        }
        table_end(&t, 4);
    }
    printf("\nExamples\n%s\n'ocellus help project VERB' tells more about a verb.\n", self->examples);
}

static int run(const command *self, int argc, char **argv) {
    text_nearest nearest = {argc > 0 ? argv[0] : "", NULL, 0};
    if (argc == 0) return options_misused(self, "project does what? 'ocellus help project' lists it");
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        show_verbs(self);
        return STATUS_DONE;
    }
    const command *verb = find_verb(argv[0]);
    if (verb != NULL) return verb->run(verb, argc - 1, argv + 1);
    for (size_t g = 0; g < N_GROUPS; g++)
        for (const command *one = groups[g]; one->name != NULL; one++) text_nearest_offer(&nearest, one->name + PREFIX);
    console_error("'%s' is nothing that project does", argv[0]);
    if (nearest.best != NULL)
        console_hint("did you mean '%s'?", nearest.best);
    else
        console_hint("'ocellus help project' lists what it does");
    return STATUS_USAGE;
}

const command command_project = {
    "project",
    "keep pictures, tags and metadata on disk",
    "project VERB PROJECT [arguments] [options]",
    "A project is a folder that keeps pictures and all that is known of them. The same picture\n"
    "is kept once. 'ocellus train PROJECT -o MODEL' trains on its pictures.",
    "    ocellus project create parts\n"
    "    ocellus project add parts photos/\n"
    "    ocellus project list parts --untagged\n"
    "    ocellus project tag parts washer 1b9d6bcd\n"
    "    ocellus train parts -o parts.ocm\n",
    run,
};
