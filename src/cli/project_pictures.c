/* ocellus project: pictures.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"
#include "progress.h"
#include "project.h"
#include "table.h"

/* --- add --- */

typedef struct add_call {
    project_call c;
    text_list tags, metadata;
    const char *split;
    oc_labels labels;
    const char **keys, **values;
    uint64_t n_added, n_duplicates, n_skipped;
} add_call;

/* Splits KEY=VALUE at its first '=', in place. NULL if there is none. */
static char *split_pair(char *pair) {
    char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair) return NULL;
    *equals = '\0';
    return equals + 1;
}

static int make_labels(add_call *a, const command *self) {
    size_t n = a->metadata.n;
    a->labels = (oc_labels)OC_LABELS_INIT;
    a->keys = text_allocate((n + 1) * sizeof(*a->keys));
    a->values = text_allocate((n + 1) * sizeof(*a->values));
    for (size_t i = 0; i < n; i++) {
        a->keys[i] = a->metadata.items[i];
        a->values[i] = split_pair(a->metadata.items[i]);
        if (a->values[i] == NULL) return options_misused(self, "--metadata is '%s', expected KEY=VALUE", a->keys[i]);
    }
    a->labels.n_tags = (uint32_t)a->tags.n;
    a->labels.tags = (const char *const *)a->tags.items;
    a->labels.n_metadata = (uint32_t)n;
    a->labels.keys = a->keys;
    a->labels.values = a->values;
    a->labels.split = a->split;
    return STATUS_DONE;
}

static void add_folder(add_call *a, const char *path) {
    project_call *c = &a->c;
    oc_folder_summary summary = OC_FOLDER_SUMMARY_INIT;
    progress bar;
    progress_begin(&bar, c->general.quiet);
    oc_status done = oc_project_add_folder(&summary, c->project, path, &a->labels, progress_update, &bar, &c->error);
    progress_end(&bar);
    a->n_added += summary.n_added;
    a->n_duplicates += summary.n_duplicates;
    a->n_skipped += summary.n_skipped;
    if (done == OC_OK || done == OC_E_CANCELLED) return;
    console_failure(&c->error);
    a->n_skipped++;
}

static void add_picture(add_call *a, const char *path) {
    oc_image image = OC_IMAGE_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = path;
    if (oc_project_add_picture(&addition, a->c.project, &image, &a->labels, &a->c.error) != OC_OK) {
        console_failure(&a->c.error);
        a->n_skipped++;
    } else if (addition.duplicate) {
        a->n_duplicates++;
    } else {
        a->n_added++;
    }
}

static void show_added(const add_call *a) {
    if (a->c.general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_text(&j, "project", a->c.folder);
        json_integer(&j, "added", (int64_t)a->n_added);
        json_integer(&j, "duplicates", (int64_t)a->n_duplicates);
        json_integer(&j, "skipped", (int64_t)a->n_skipped);
        json_end_object(&j);
    } else if (!a->c.general.quiet) {
        char *added = project_counted(a->n_added, "picture");
        printf("Added %s", added);
        if (a->n_duplicates > 0) printf(", %llu were there already", (unsigned long long)a->n_duplicates);
        if (a->n_skipped > 0) printf(", %llu could not be taken", (unsigned long long)a->n_skipped);
        printf(".\n");
        free(added);
    }
}

/* Files in one change, folders in parts of their own. */
static oc_status add_all(add_call *a) {
    project_call *c = &a->c;
    oc_status done = OC_OK;
    for (size_t i = 0; i < c->n && done == OC_OK && platform_interrupt() == 0;) {
        if (platform_path_kind(c->operands[i]) == PATH_FOLDER) {
            add_folder(a, c->operands[i++]);
            continue;
        }
        if ((done = oc_project_begin(c->project, &c->error)) != OC_OK) break;
        while (i < c->n && platform_interrupt() == 0 && platform_path_kind(c->operands[i]) != PATH_FOLDER)
            add_picture(a, c->operands[i++]);
        done = oc_project_end(c->project, 1, &c->error);
    }
    return done;
}

static int run_add(const command *self, int argc, char **argv) {
    add_call a = {0};
    const cli_option options[] = {
        {"tag", 0, OPTION_LIST, "TAG", "a tag that all of them get; may be given several times", 0, 0, &a.tags},
        {"metadata", 'm', OPTION_LIST, "KEY=VALUE", "what is to be known of all of them; may be given several times", 0, 0,
         &a.metadata},
        {"split", 0, OPTION_TEXT, "NAME", "what they are for: train, test, ...", 0, 0, &a.split},
    };
    const option_group own[] = {{"Options", options, sizeof(options) / sizeof(options[0])}};
    int status = project_begin(&a.c, self, own, 1, 1, SIZE_MAX - 1, argc, argv);
    if (status == OPTIONS_PARSED) {
        status = make_labels(&a, self);
        oc_status done = OC_OK;
        if (status == STATUS_DONE) {
            platform_defer_interrupts();
            done = add_all(&a);
            session_end_warnings(&a.c.s);
            if (done == OC_OK) show_added(&a);
        }
        int ended = project_end(&a.c, done);
        if (status == STATUS_DONE && ended == STATUS_DONE && platform_interrupt() != 0)
            status = console_interrupted("what was added until then is kept; the same command goes on");
        else if (status == STATUS_DONE && ended == STATUS_DONE && a.n_skipped > 0)
            status = a.n_added + a.n_duplicates > 0 ? STATUS_PARTLY : STATUS_FAILED;
        else if (status == STATUS_DONE)
            status = ended;
    }
    free(a.keys);
    free(a.values);
    text_list_free(&a.tags);
    text_list_free(&a.metadata);
    return status;
}

/* --- which pictures --- */

option_group select_group(select_options *o, bool ordered) {
    const cli_option all[] = {
        {"tag", 0, OPTION_LIST, "TAG", "pictures that bear this tag; given several times: any of them", 0, 0, &o->tags},
        {"tagged", 0, OPTION_FLAG, NULL, "pictures with a tag", 0, 0, &o->tagged},
        {"untagged", 0, OPTION_FLAG, NULL, "pictures without a tag", 0, 0, &o->untagged},
        {"where", 0, OPTION_TEXT, "EXPR", "pictures with this metadata: \"key eq 'value' and other ne 'x'\"", 0, 0, &o->where},
        {"name", 0, OPTION_TEXT, "TEXT", "pictures whose name holds this", 0, 0, &o->name},
        {"after", 0, OPTION_TEXT, "DATE", "pictures added at this moment or later: 2026-01-31, or to the second", 0, 0,
         &o->after},
        {"before", 0, OPTION_TEXT, "DATE", "pictures added before this moment", 0, 0, &o->before},
        {"sort", 0, OPTION_TEXT, "ORDER", "oldest (default), newest or name", 0, 0, &o->order},
    };
    memcpy(o->table, all, sizeof(all));
    return (option_group){"Which pictures", o->table, ordered ? N_SELECT_OPTIONS : N_SELECT_OPTIONS - 1};
}

bool select_given(const select_options *o) {
    return o->tags.n > 0 || o->tagged || o->untagged || o->where != NULL || o->name != NULL || o->after != NULL ||
           o->before != NULL;
}

int select_filter(oc_picture_filter *filter, const command *self, const select_options *o) {
    static const char *const orders[] = {"oldest", "newest", "name"};
    *filter = (oc_picture_filter)OC_PICTURE_FILTER_INIT;
    if (o->tagged && o->untagged) return options_misused(self, "no picture is both --tagged and --untagged");
    filter->state = o->tagged ? OC_PICTURES_TAGGED : o->untagged ? OC_PICTURES_UNTAGGED : OC_PICTURES_ALL;
    filter->tags = (const char *const *)o->tags.items;
    filter->n_tags = (uint32_t)o->tags.n;
    filter->metadata = o->where;
    filter->name = o->name;
    filter->added_after = o->after;
    filter->added_before = o->before;
    for (uint32_t i = 0; i < 3 && o->order != NULL; i++)
        if (strcmp(o->order, orders[i]) == 0) filter->order = i + 1;
    if (o->order == NULL || filter->order != 0) return STATUS_DONE;
    return options_misused(self, "--sort is '%s', expected oldest, newest or name", o->order);
}

/* --- list and show --- */

static void picture_json(json *j, const oc_picture_list *list, size_t index, const oc_picture_info *info) {
    const char *key, *value;
    json_object(j, NULL);
    json_text(j, "id", info->id);
    json_text(j, "name", info->name);
    json_array(j, "tags");
    for (uint32_t k = 0; k < info->n_tags; k++) json_text(j, NULL, oc_picture_list_tag(list, index, k));
    json_end_array(j);
    json_object(j, "metadata");
    for (uint32_t k = 0; k < info->n_metadata; k++)
        if (oc_picture_list_metadata(list, index, k, &key, &value, NULL) == OC_OK) json_text(j, key, value);
    json_end_object(j);
    json_text(j, "split", info->split[0] != '\0' ? info->split : NULL);
    json_integer(j, "width", info->width);
    json_integer(j, "height", info->height);
    json_integer(j, "bytes", (int64_t)info->n_bytes);
    json_integer(j, "regions", info->n_regions);
    json_text(j, "added", info->added);
    json_text(j, "sha256", info->sha256);
    json_text(j, "path", info->path);
    json_end_object(j);
}

static void list_json(const oc_picture_list *list, uint64_t n_all) {
    json j = {0};
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    json_object(&j, NULL);
    json_integer(&j, "n_pictures", (int64_t)n_all);
    json_array(&j, "pictures");
    for (size_t i = 0; oc_picture_list_get(list, i, &info, NULL) == OC_OK; i++) picture_json(&j, list, i, &info);
    json_end_array(&j);
    json_end_object(&j);
}

/* The tags with ", " between. To be freed. */
static char *joined_tags(const oc_picture_list *list, size_t index, uint32_t n) {
    char *all = text_format("%s", "");
    for (uint32_t k = 0; k < n; k++) {
        char *longer = text_format("%s%s%s", all, k > 0 ? ", " : "", oc_picture_list_tag(list, index, k));
        free(all);
        all = longer;
    }
    return all;
}

static void list_table(const oc_picture_list *list) {
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    table t = {0};
    table_begin(&t, "lrll");
    for (size_t i = 0; oc_picture_list_get(list, i, &info, NULL) == OC_OK; i++) {
        char *tags = joined_tags(list, i, info.n_tags);
        table_cell(&t, "%.8s", info.id);
        table_cell(&t, "%ux%u", info.width, info.height);
        table_cell(&t, "%s", info.name);
        table_cell(&t, "%s", tags);
        free(tags);
    }
    table_end(&t, 0);
}

static oc_status list_page(project_call *c, const oc_picture_filter *filter, bool only_count) {
    oc_picture_list *list = NULL;
    uint64_t n_all = 0;
    oc_status done = oc_project_count_pictures(&n_all, c->project, filter, &c->error);
    if (done == OC_OK && only_count) {
        printf("%llu\n", (unsigned long long)n_all);
        return OC_OK;
    }
    if (done == OC_OK) done = oc_project_pictures(&list, c->project, filter, &c->error);
    size_t n = oc_picture_list_count(list);
    if (done == OC_OK && c->general.json) {
        list_json(list, n_all);
    } else if (done == OC_OK) {
        list_table(list);
        if (filter->offset + n < n_all && !c->general.quiet)
            console_note("note: %zu of %llu; --offset %llu shows the next", n, (unsigned long long)n_all,
                         (unsigned long long)(filter->offset + n));
    }
    oc_picture_list_free(list);
    return done;
}

static int run_list(const command *self, int argc, char **argv) {
    project_call c = {0};
    select_options which = {0};
    oc_picture_filter filter;
    long long limit = 50, offset = 0;
    bool only_count = false;
    const cli_option options[] = {
        {"limit", 'n', OPTION_INTEGER, "N", "at most so many (default 50)", 1, 10000, &limit},
        {"offset", 0, OPTION_INTEGER, "N", "pass over so many (default 0)", 0, 1e15, &offset},
        {"count", 0, OPTION_FLAG, NULL, "only how many there are", 0, 0, &only_count},
    };
    const option_group own[] = {select_group(&which, true), {"Options", options, sizeof(options) / sizeof(options[0])}};
    int status = project_begin(&c, self, own, 2, 0, 0, argc, argv);
    if (status == OPTIONS_PARSED) {
        status = select_filter(&filter, self, &which);
        filter.limit = (uint64_t)limit;
        filter.offset = (uint64_t)offset;
        int ended = project_end(&c, status == STATUS_DONE ? list_page(&c, &filter, only_count) : OC_OK);
        if (status == STATUS_DONE) status = ended;
    }
    text_list_free(&which.tags);
    return status;
}

static void show_facts(const oc_picture_list *list, const oc_picture_info *info) {
    char bytes[48], *tags = joined_tags(list, 0, info->n_tags);
    const char *key, *value;
    table t = {0};
    text_bytes(bytes, sizeof(bytes), (int64_t)info->n_bytes);
    table_begin(&t, "ll");
    const char *const facts[][2] = {{"id", info->id},       {"name", info->name},   {"tags", tags},
                                    {"split", info->split}, {"added", info->added}, {"sha256", info->sha256},
                                    {"file", info->path}};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i][1][0] == '\0') continue;
        table_cell(&t, "%s", facts[i][0]);
        table_cell(&t, "%s", facts[i][1]);
    }
    table_cell(&t, "size");
    table_cell(&t, "%ux%u, %s", info->width, info->height, bytes);
    for (uint32_t k = 0; k < info->n_metadata; k++) {
        if (oc_picture_list_metadata(list, 0, k, &key, &value, NULL) != OC_OK) continue;
        table_cell(&t, "metadata");
        table_cell(&t, "%s = %s", key, value);
    }
    table_end(&t, 0);
    free(tags);
}

static int run_show(const command *self, int argc, char **argv) {
    project_call c = {0};
    json j = {0};
    int status = project_begin(&c, self, NULL, 0, 1, SIZE_MAX - 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = OC_OK;
    if (c.general.json) json_object(&j, NULL), json_array(&j, "pictures");
    for (size_t i = 0; i < c.n && done == OC_OK; i++) {
        oc_picture_list *list = NULL;
        oc_picture_info info = OC_PICTURE_INFO_INIT;
        done = oc_project_picture(&list, c.project, c.operands[i], &c.error);
        if (done == OC_OK) done = oc_picture_list_get(list, 0, &info, &c.error);
        if (done == OC_OK && c.general.json) {
            picture_json(&j, list, 0, &info);
        } else if (done == OC_OK) {
            if (i > 0) printf("\n");
            show_facts(list, &info);
        }
        oc_picture_list_free(list);
    }
    if (c.general.json) json_end_array(&j), json_end_object(&j);
    return project_end(&c, done);
}

/* --- tag, untag, metadata, split, remove: the pictures named, or those that the options let through --- */

typedef struct edit {
    enum { EDIT_TAG, EDIT_METADATA, EDIT_SPLIT, EDIT_REMOVE } what;
    uint32_t how;
    const char *value; /* the tag, the key or the split */
    const char *pair;  /* the key's value */
    bool only;         /* replace the tags */
} edit;

static oc_status make_edit(project_call *c, const edit *e, const char *const *ids, size_t n) {
    switch (e->what) {
    case EDIT_TAG:
        return oc_project_label_pictures(c->project, ids, n, e->value, e->how, &c->error);
    case EDIT_METADATA:
        return oc_project_set_metadata(c->project, ids, n, e->value, e->pair, &c->error);
    case EDIT_SPLIT:
        return oc_project_set_split(c->project, ids, n, e->value, &c->error);
    default:
        return oc_project_delete_pictures(c->project, ids, n, &c->error);
    }
}

/* The identifiers of all that the filter lets through. */
static oc_status select_all(text_list *ids, project_call *c, oc_picture_filter *filter) {
    oc_status done = OC_OK;
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    filter->limit = 10000;
    for (size_t n = filter->limit; done == OC_OK && n == filter->limit; filter->offset += filter->limit) {
        oc_picture_list *list = NULL;
        done = oc_project_pictures(&list, c->project, filter, &c->error);
        n = oc_picture_list_count(list);
        for (size_t i = 0; oc_picture_list_get(list, i, &info, NULL) == OC_OK; i++)
            text_list_add(ids, text_format("%s", info.id));
        oc_picture_list_free(list);
    }
    return done;
}

/* All in one change. A tag that does not exist is made, and told of if it lasts. */
static oc_status edit_pictures(project_call *c, const edit *e, char *const *named, size_t n, oc_picture_filter *filter,
                               size_t *n_edited) {
    text_list ids = {0};
    oc_tag tag = OC_TAG_INIT;
    bool made = false;
    oc_status done = oc_project_begin(c->project, &c->error);
    if (done != OC_OK) return done;
    if (n == 0) done = select_all(&ids, c, filter);
    if (done == OC_OK && e->what == EDIT_TAG && e->how != OC_LABEL_REMOVE) {
        tag.name = e->value;
        made = oc_project_add_tag(NULL, c->project, &tag, NULL) == OC_OK;
    }
    *n_edited = n > 0 ? n : ids.n;
    if (done == OC_OK) done = make_edit(c, e, n > 0 ? (const char *const *)named : (const char *const *)ids.items, *n_edited);
    text_list_free(&ids);
    if (done != OC_OK) {
        oc_project_end(c->project, 0, NULL);
        return done;
    }
    done = oc_project_end(c->project, 1, &c->error);
    if (done == OC_OK && made && !c->general.quiet) console_note("note: made the tag '%s'", e->value);
    return done;
}

static void show_edited(const project_call *c, size_t n) {
    if (c->general.json) {
        json j = {0};
        json_object(&j, NULL);
        json_integer(&j, "pictures", (int64_t)n);
        json_end_object(&j);
    } else if (!c->general.quiet) {
        char *counted = project_counted(n, "picture");
        printf("%s changed\n", counted);
        free(counted);
    }
}

/* `n_first`: arguments before the pictures. */
static int run_edit(const command *self, edit *e, size_t n_first, const option_group *more, int argc, char **argv) {
    project_call c = {0};
    select_options which = {0};
    oc_picture_filter filter;
    size_t n_edited = 0;
    const option_group own[] = {select_group(&which, false), more != NULL ? *more : (option_group){0}};
    int status = project_begin(&c, self, own, more != NULL ? 2 : 1, n_first, SIZE_MAX - 1, argc, argv);
    if (status == OPTIONS_PARSED) {
        char *const *named = c.operands + n_first;
        size_t n = c.n - n_first;
        oc_status done = OC_OK;
        if (n_first > 0) e->value = c.operands[0];
        if (e->only) e->how = OC_LABEL_SET;
        if (e->what == EDIT_METADATA) e->pair = split_pair(c.operands[0]);
        status = select_filter(&filter, self, &which);
        if (status == STATUS_DONE && e->what == EDIT_METADATA && e->pair == NULL)
            status = options_misused(self, "'%s' is not of the form KEY=VALUE", c.operands[0]);
        else if (status == STATUS_DONE && (n > 0) == select_given(&which))
            status =
                options_misused(self, n > 0 ? "name pictures, or say which by options, not both"
                                            : "which pictures? Name them, or say which by options such as --tag or --where");
        if (e->what == EDIT_METADATA && e->pair != NULL && e->pair[0] == '\0') e->pair = NULL;
        if (e->what == EDIT_SPLIT && strcmp(e->value != NULL ? e->value : "", "none") == 0) e->value = "";
        if (status == STATUS_DONE) {
            done = edit_pictures(&c, e, named, n, &filter, &n_edited);
            if (done == OC_OK) show_edited(&c, n_edited);
        }
        int ended = project_end(&c, done);
        if (status == STATUS_DONE) status = ended;
    }
    text_list_free(&which.tags);
    return status;
}

static int run_tag(const command *self, int argc, char **argv) {
    edit e = {.what = EDIT_TAG, .how = OC_LABEL_ADD};
    const cli_option option = {"only", 0, OPTION_FLAG, NULL, "instead of the tags that they have", 0, 0, &e.only};
    const option_group more = {"Options", &option, 1};
    return run_edit(self, &e, 1, &more, argc, argv);
}

static int run_untag(const command *self, int argc, char **argv) {
    edit e = {.what = EDIT_TAG, .how = OC_LABEL_REMOVE};
    return run_edit(self, &e, 1, NULL, argc, argv);
}

static int run_metadata(const command *self, int argc, char **argv) {
    edit e = {.what = EDIT_METADATA};
    return run_edit(self, &e, 1, NULL, argc, argv);
}

static int run_split(const command *self, int argc, char **argv) {
    edit e = {.what = EDIT_SPLIT};
    return run_edit(self, &e, 1, NULL, argc, argv);
}

static int run_remove(const command *self, int argc, char **argv) {
    edit e = {.what = EDIT_REMOVE};
    return run_edit(self, &e, 0, NULL, argc, argv);
}

/* --- replace, export-picture --- */

static int run_replace(const command *self, int argc, char **argv) {
    project_call c = {0};
    oc_image image = OC_IMAGE_INIT;
    int status = project_begin(&c, self, NULL, 0, 2, 2, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    image.format = OC_IMAGE_PATH;
    image.data = c.operands[1];
    return project_end(&c, oc_project_replace_picture(c.project, c.operands[0], &image, &c.error));
}

static int copy_file(const char *from, const char *to) {
    char buffer[65536];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = in != NULL ? fopen(to, "wbx") : NULL;
    if (out == NULL) {
        console_error("%s: %s", in == NULL ? from : to, strerror(errno));
        if (in != NULL) fclose(in);
        return STATUS_FAILED;
    }
    while ((n = fread(buffer, 1, sizeof(buffer), in)) > 0 && fwrite(buffer, 1, n, out) == n) {
    }
    bool good = !ferror(in) && !ferror(out);
    good = fclose(out) == 0 && good;
    fclose(in);
    if (good) return STATUS_DONE;
    console_error("%s: cannot be copied to %s: %s", from, to, strerror(errno));
    remove(to);
    return STATUS_FAILED;
}

static int run_export(const command *self, int argc, char **argv) {
    project_call c = {0};
    const char *output = NULL;
    oc_picture_list *list = NULL;
    oc_picture_info info = OC_PICTURE_INFO_INIT;
    const cli_option option = {
        "output", 'o', OPTION_TEXT, "FILE", "where to write it; a file that is there already is not replaced", 0, 0, &output};
    const option_group own[] = {{"Options", &option, 1}};
    int status = project_begin(&c, self, own, 1, 1, 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done = OC_OK;
    if (output == NULL)
        status = options_misused(self, "say where to write the picture: -o FILE");
    else
        done = oc_project_picture(&list, c.project, c.operands[0], &c.error);
    if (output != NULL && done == OC_OK) done = oc_picture_list_get(list, 0, &info, &c.error);
    if (output != NULL && done == OC_OK) status = copy_file(info.path, output);
    oc_picture_list_free(list);
    int ended = project_end(&c, done);
    return ended != STATUS_DONE ? ended : status;
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }
#define NAMED                                                                                                                  \
    " A picture is named by its identifier, the SHA-256 of its file, or the first six or more characters of one of them; "     \
    "'list' shows "                                                                                                            \
    "them. Instead of names, options may say which pictures are meant; then it is all of those."

const command project_picture_verbs[] = {
    {"project add", "add pictures", "project add PROJECT PICTURE|FOLDER... [options]",
     "Adds pictures, and the pictures of folders; those in a folder's sub-folders get the sub-folder's name as their tag. The "
     "files are "
     "copied into the project as they are. A picture that is there already is not added again, but gets the tags and metadata. "
     "What "
     "cannot be read is reported and passed over; the exit code is then 3.",
     "    ocellus project add parts photos/\n    ocellus project add parts 1.jpg 2.jpg --tag washer -m camera=left\n", run_add},
    {"project list", "list pictures", "project list PROJECT [options]",
     "Lists pictures: the beginning of the identifier, the size, the name and the tags.",
     "    ocellus project list parts --untagged --sort newest\n"
     "    ocellus project list parts --tag gear --where \"camera eq 'left' and shift ne 'night'\" --count\n",
     run_list},
    {"project show", "show all that is known of pictures", "project show PROJECT PICTURE... [options]",
     "Shows the pictures' names, tags, metadata and files.", NULL, run_show},
    {"project tag", "give pictures a tag",
     "project tag PROJECT TAG PICTURE... [--only]\nproject tag PROJECT TAG OPTIONS [--only]",
     "Gives pictures a tag, which is made if it is new." NAMED,
     "    ocellus project tag parts washer 1b9d6bcd 7f2c11a0\n    ocellus project tag parts old --before 2026-01-01\n",
     run_tag},
    {"project untag", "take a tag from pictures", "project untag PROJECT TAG PICTURE...\nproject untag PROJECT TAG OPTIONS",
     "Takes a tag from the pictures that have it." NAMED, NULL, run_untag},
    {"project metadata", "set metadata of pictures",
     "project metadata PROJECT KEY=VALUE PICTURE...\nproject metadata PROJECT KEY=VALUE OPTIONS",
     "Sets a metadata pair; KEY= takes it away." NAMED, "    ocellus project metadata parts camera=left --name cam0\n",
     run_metadata},
    {"project split", "say what pictures are for",
     "project split PROJECT SPLIT PICTURE...\nproject split PROJECT SPLIT OPTIONS",
     "Says which split pictures belong to: train, test, ...; none: to none." NAMED, NULL, run_split},
    {"project replace", "put another file in a picture's place", "project replace PROJECT PICTURE FILE [options]",
     "The picture keeps its identifier, tags, regions and metadata.", NULL, run_replace},
    {"project remove", "remove pictures", "project remove PROJECT PICTURE...\nproject remove PROJECT OPTIONS",
     "Removes pictures and all that was known of them." NAMED, NULL, run_remove},
    {"project export-picture", "write a picture's file", "project export-picture PROJECT PICTURE -o FILE [options]",
     "Writes the picture's own file, byte by byte as it was added.", NULL, run_export},
    END,
};
