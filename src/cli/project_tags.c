/* ocellus project: tags.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "project.h"
#include "table.h"

static const char *const types[] = {"regular", "negative", "product"};

static const char *type_name(uint32_t type) { return type >= 1 && type <= 3 ? types[type - 1] : "unknown"; }

static void list_json(const oc_tag_list *list) {
    json j = {0};
    oc_tag tag = OC_TAG_INIT;
    json_object(&j, NULL);
    json_array(&j, "tags");
    for (size_t i = 0; oc_tag_list_get(list, i, &tag, NULL) == OC_OK; i++) {
        json_object(&j, NULL);
        json_text(&j, "name", tag.name);
        json_text(&j, "id", tag.id);
        json_text(&j, "type", type_name(tag.type));
        json_text(&j, "description", tag.description);
        json_text(&j, "colour", tag.colour[0] != '\0' ? tag.colour : NULL);
        json_integer(&j, "pictures", (int64_t)tag.n_pictures);
        json_integer(&j, "regions", (int64_t)tag.n_regions);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
}

static void list_table(const oc_tag_list *list) {
    table t = {0};
    oc_tag tag = OC_TAG_INIT;
    table_begin(&t, "lrll");
    for (size_t i = 0; oc_tag_list_get(list, i, &tag, NULL) == OC_OK; i++) {
        char *n = project_counted(tag.n_pictures, "picture");
        table_cell(&t, "%s", tag.name);
        table_cell(&t, "%s", n);
        table_cell(&t, "%s", tag.type == OC_TAG_REGULAR ? "" : type_name(tag.type));
        table_cell(&t, "%s", tag.description);
        free(n);
    }
    table_end(&t, 0);
}

static int run_tags(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_tag_list *list = NULL;
    int status = project_begin(&c, self, NULL, 0, 0, 0, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = oc_project_tags(&list, c.project, &c.error);
    if (done == OC_OK && c.general.json)
        list_json(list);
    else if (done == OC_OK)
        list_table(list);
    oc_tag_list_free(list);
    return project_end(&c, done);
}

typedef struct tag_options {
    const char *name, *type, *description, *colour;
    cli_option table[4];
} tag_options;

/* `renaming`: with the option --name. */
static option_group tag_group(tag_options *o, bool renaming) {
    const cli_option all[] = {
        {"type", 0, OPTION_TEXT, "TYPE", "regular, negative (none of the others) or product (goods that no other tag names)", 0,
         0, &o->type},
        {"description", 0, OPTION_TEXT, "TEXT", "what it means", 0, 0, &o->description},
        {"colour", 0, OPTION_TEXT, "#RRGGBB", "how it is shown", 0, 0, &o->colour},
        {"name", 0, OPTION_TEXT, "NEW", "what it is to be called from now on", 0, 0, &o->name},
    };
    memcpy(o->table, all, sizeof(all));
    return (option_group){"Options", o->table, renaming ? 4 : 3};
}

static int to_tag(oc_tag *tag, const command *self, const tag_options *o) {
    *tag = (oc_tag)OC_TAG_INIT;
    tag->name = o->name;
    tag->description = o->description;
    tag->colour = o->colour;
    for (uint32_t i = 0; i < 3 && o->type != NULL; i++)
        if (strcmp(o->type, types[i]) == 0) tag->type = i + 1;
    if (o->type == NULL || tag->type != 0) return STATUS_DONE;
    return options_misused(self, "--type is '%s', expected regular, negative or product", o->type);
}

static int make_or_change(const command *self, bool making, int argc, char **argv) {
    project_call c = {0};
    tag_options o = {0};
    oc_tag tag;
    char id[OC_ID_SIZE];
    const option_group own[] = {tag_group(&o, !making)};
    int status = project_begin(&c, self, own, 1, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    status = to_tag(&tag, self, &o);
    if (status != STATUS_DONE) {
        project_end(&c, OC_OK);
        return status;
    }
    if (making) tag.name = c.operands[0];
    oc_status done = making ? oc_project_add_tag(id, c.project, &tag, &c.error)
                            : oc_project_update_tag(c.project, c.operands[0], &tag, &c.error);
    if (done == OC_OK && making && c.general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "name", tag.name);
        json_text(&j, "id", id);
        json_end_object(&j);
    }
    return project_end(&c, done);
}

static int run_create(const command *self, int argc, char **argv) { return make_or_change(self, true, argc, argv); }
static int run_set(const command *self, int argc, char **argv) { return make_or_change(self, false, argc, argv); }

static int run_merge(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 2, 2, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_merge_tags(c.project, c.operands[0], c.operands[1], &c.error));
}

static int run_delete(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_delete_tag(c.project, c.operands[0], &c.error));
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_tag_verbs[] = {
    {"project tags", "list the tags", "project tags PROJECT [options]",
     "Lists the tags in the order in which they were made, and how many pictures bear each.", NULL, run_tags},
    {"project tag-create", "make a tag", "project tag-create PROJECT TAG [options]",
     "Makes a tag. (Pictures that are added or tagged with a new name make it too.) A project has at most one negative tag.",
     "    ocellus project tag-create parts scratch --colour '#cc3300'\n"
     "    ocellus project tag-create parts nothing --type negative\n",
     run_create},
    {"project tag-set", "rename or change a tag", "project tag-set PROJECT TAG [options]",
     "Changes what is given. TAG is a name or an identifier.", "    ocellus project tag-set parts scratch --name scratched\n",
     run_set},
    {"project tag-merge", "give one tag's pictures to another", "project tag-merge PROJECT FROM INTO [options]",
     "Gives INTO to all pictures and regions that bear FROM, and removes FROM.",
     "    ocellus project tag-merge parts Washer washer\n", run_merge},
    {"project tag-delete", "remove a tag from all pictures", "project tag-delete PROJECT TAG [options]",
     "Removes a tag and its regions. The pictures stay.", NULL, run_delete},
    END,
};
