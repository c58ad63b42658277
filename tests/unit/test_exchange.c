/* Annotation files in and out: every format there and back, and what the oddities of real files come to.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "project_exchange.h"
#include "store_script.h"
#include "support.h"

static oc_context *context;
static char *folder;
static oc_error error;

static void must(oc_status status) { ck_assert_msg(status == OC_OK, "%d: %s", status, error.message); }

static void set_up(void) {
    error = (oc_error)OC_ERROR_INIT;
    context = new_threads_context(1, NULL);
    folder = new_folder();
}

static void tear_down(void) {
    end_context(context);
    remove_folder(folder);
}

/* A picture of 4 x 2 pixels, different for each seed. */
static void put_picture(const char *name, unsigned seed) {
    uint8_t bytes[78];
    oc_image image = script_picture(seed, bytes);
    put_file(folder, name, image.data, image.size);
}

static oc_project *new_project(const char *name, uint32_t kind) {
    oc_project *project = NULL;
    oc_project_info info = OC_PROJECT_INFO_INIT;
    info.kind = kind;
    must(oc__project_create(&project, context, in(folder, name), &info, &error));
    return project;
}

static oc__progress *silent(void) {
    static oc__progress progress;
    oc__progress_begin(&progress, NULL, NULL, NULL);
    return &progress;
}

static oc_status import(oc_exchange **report, oc_project *project, const char *source, const char *format) {
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    options.from = format;
    must(oc__exchange_create(report, context, &error));
    error = (oc_error)OC_ERROR_INIT;
    return oc__project_import(*report, project, in(folder, source), &options, silent(), &error);
}

static oc_status export(oc_exchange **report, oc_project *project, const char *path, const char *format) {
    oc_exchange_options options = OC_EXCHANGE_OPTIONS_INIT;
    options.to = format;
    must(oc__exchange_create(report, context, &error));
    return oc__project_export(*report, project, in(folder, path), &options, silent(), &error);
}

/* How often a reason that holds `text` was noted. */
static uint64_t noted(const oc_exchange *report, const char *text) {
    uint64_t n = 0;
    for (size_t i = 0; i < report->n; i++)
        if (strstr(report->notes[i].reason, text)) n += report->notes[i].n;
    return n;
}

/* --- what a project says, as text --- */

typedef struct text {
    char data[1 << 16];
    size_t n;
} text;

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Sorts the lines from `from` on. */
static void sort_lines(text *t, size_t from) {
    char *lines[1000], *copy = strdup(t->data + from);
    size_t n = 0;
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) lines[n++] = line;
    qsort(lines, n, sizeof *lines, by_text);
    t->n = from;
    for (size_t i = 0; i < n; i++) t->n += (size_t)sprintf(t->data + t->n, "%s\n", lines[i]);
    free(copy);
}

/* Numbers to nine digits: through pixels and back they may lose the last. */
#define SAY(...) (t->n += (size_t)snprintf(t->data + t->n, sizeof t->data - t->n, __VA_ARGS__))

/* But for the number alone that COCO gives tags and pictures. */
static const char *beyond_number(const char *extra) {
    int id, end = 0;
    return sscanf(extra, "{\"coco\":{\"id\":%d}}%n", &id, &end) == 1 && end && !extra[end] ? "" : extra;
}

/* What of it a format with these OC__HOLDS_... holds, in an order of its own. */
static void describe(text *t, oc_project *project, uint32_t holds) {
    oc_tag_list *tags = NULL;
    oc_picture_list *pictures = NULL;
    bool others = holds & OC__HOLDS_OTHERS, details = holds & OC__HOLDS_DETAILS;
    t->n = 0;
    must(oc__project_tags(&tags, project, &error));
    for (size_t i = 0; i < tags->n; i++) {
        const oc_tag *tag = &tags->items[i];
        if (!tag->n_pictures && !(holds & OC__HOLDS_UNUSED)) continue;
        SAY("tag %s %u %s %s %s\n", tag->name, details ? tag->type : 1, details ? tag->description : "",
            holds & (OC__HOLDS_DETAILS | OC__HOLDS_COLOUR) ? tag->colour : "", others ? beyond_number(tag->extra) : "");
    }
    sort_lines(t, 0);
    oc__tag_list_free(tags);
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    must(oc__project_pictures(&pictures, project, &filter, &error));
    size_t from = t->n;
    for (size_t i = 0; i < pictures->n; i++) {
        const oc_picture_info *info = &pictures->items[i].info;
        oc_region_list *regions = NULL;
        must(oc__project_regions(&regions, project, &info->id, 1, 0, &error));
        size_t n_own = holds & OC__HOLDS_TAGS ? info->n_tags : 0;
        for (size_t k = 0; k < regions->n; k++)
            n_own += regions->items[k].kind == OC_REGION_BOX ? !!(holds & OC__HOLDS_BOXES) : others;
        if (n_own || holds & OC__HOLDS_BARE) {
            SAY("picture %s %.8s [%s] %s", info->name, info->sha256,
                holds & (OC__HOLDS_SPLIT | OC__HOLDS_SPLITS) ? info->split : "", others ? beyond_number(info->extra) : "");
            for (uint32_t k = 0; k < info->n_metadata && holds & OC__HOLDS_METADATA; k++)
                SAY(" {%s=%s}", pictures->pairs[pictures->items[i].first_pair + k].key,
                    pictures->pairs[pictures->items[i].first_pair + k].value);
            for (uint32_t k = 0; k < info->n_tags; k++) SAY(" %s", pictures->tags[pictures->items[i].first_tag + k]);
            for (size_t k = 0; k < regions->n; k++) {
                const oc_region *r = &regions->items[k];
                if (r->kind == OC_REGION_BOX && holds & OC__HOLDS_BOXES)
                    SAY(" <%s %.9f %.9f %.9f %.9f %s>", r->tag, r->left, r->top, r->width, r->height, others ? r->extra : "");
                if (r->kind == OC_REGION_OTHER && others) SAY(" (%s %s)", r->tag ? r->tag : "-", r->extra);
            }
            SAY("\n");
        }
        oc__region_list_free(regions);
    }
    sort_lines(t, from);
    oc__picture_list_free(pictures);
}

/* Exports, imports into a new project and compares. */
static void there_and_back(oc_project *project, const oc__exchange_format *format, const char *out) {
    static text before, after;
    char again[64];
    oc_exchange *report;
    uint32_t kind;
    must(oc__project_kind(&kind, project, &error));
    must(export(&report, project, out, format->name));
    oc__exchange_free(report);
    if (!format->read) return;
    snprintf(again, sizeof again, "again-%s", out);
    oc_project *other = new_project(again, kind);
    oc_status status =
        import(&report, other, out, strncmp(format->name, "coco-", 5) ? NULL : format->name); /* the rest is guessed */
    ck_assert_msg(status == OC_OK, "%s: %s", format->name, error.message);
    ck_assert_msg(strcmp(report->summary.format, format->name) == 0, "%s was taken for %s", format->name,
                  report->summary.format);
    for (size_t i = 0; i < report->n; i++) {
        const char *example = report->notes[i].n_examples ? report->notes[i].examples[0] : "";
        ck_assert_msg(0, "%s: %s: %s", format->name, report->notes[i].reason, example);
    }
    oc__exchange_free(report);
    describe(&before, project, format->holds);
    describe(&after, other, format->holds);
    ck_assert_msg(strcmp(before.data, after.data) == 0, "%s:\n%s\nis now\n%s", format->name, before.data, after.data);
    ck_assert(strlen(before.data) > 100);
    must(import(&report, other, out, format->name)); /* nothing is added twice */
    ck_assert_uint_eq(report->summary.n_added, 0);
    oc__exchange_free(report);
    describe(&after, other, format->holds);
    ck_assert_str_eq(before.data, after.data);
    oc__project_free(other);
}

static void add(oc_project *project, const char *name, unsigned seed, const oc_labels *labels, oc_addition *addition) {
    uint8_t bytes[78];
    oc_image image = script_picture(seed, bytes);
    image.name = name;
    *addition = (oc_addition)OC_ADDITION_INIT;
    must(oc__project_add_picture(addition, project, &image, labels, &error));
}

static void add_region(oc_project *project, const char *picture, const char *tag, double left, double top, double width,
                       double height, const char *extra) {
    oc_region region = OC_REGION_INIT;
    region.picture = picture, region.tag = tag, region.extra = extra;
    region.left = left, region.top = top, region.width = width, region.height = height;
    region.kind = width > 0 ? OC_REGION_BOX : OC_REGION_OTHER;
    must(oc__project_add_regions(NULL, project, &region, 1, 0, &error));
}

#define ODD_TAG "a \"quoted\", 'odd' & <large> tag; \xC3\xA9: #1 \\ %2F"

/* What each format gives back of what only it knows. */
static const char *const own_parts[] = {
    "{\"coco\":{\"segmentation\":[[1,0.5,3,0.5,3,2]],\"note\":\"a\\\"b\"}}",
    "{\"yolo\":\"+0.5 0.25 2\"}",
    "{\"createml\":{\"confidence\":0.5,\"id\":[1e40]}}",
    "{\"labelstudio\":{\"id\":\"ab\",\"from_name\":\"x\",\"value\":{\"text\":[\"\\u00e9\"]}}}",
    "{\"voc\":\"<pose>Left</pose><attributes><attribute n=\\\"&lt;a\\\">x &amp; y</attribute></attributes>\"}",
    "{\"cvat\":\"<box occluded=\\\"1\\\"><attribute name=\\\"c\\\">red</attribute></box>\"}",
};

static oc_project *detection_project(const char *extra) {
    oc_project *project = new_project("detection", OC_PROJECT_DETECTION);
    oc_addition a;
    oc_labels labels = OC_LABELS_INIT;
    static const char *const keys[] = {"camera", "shift, \"late\""}, *const values[] = {"a,b\"c\"", "n\xC3\xA9"};
    oc_tag tag = OC_TAG_INIT;
    tag.name = "bottle", tag.description = "what \"one\" drinks from", tag.colour = "#12ab34";
    must(oc__project_add_tag(NULL, project, &tag, &error));
    tag = (oc_tag)OC_TAG_INIT;
    tag.name = "unused", tag.type = OC_TAG_GENERAL_PRODUCT;
    must(oc__project_add_tag(NULL, project, &tag, &error));
    add(project, "shelf/a b.bmp", 1, &labels, &a);
    labels.split = "train", labels.n_metadata = 2, labels.keys = keys, labels.values = values;
    add_region(project, a.id, "bottle", 0.1, 0.2, 0.3, 0.4, NULL);
    add_region(project, a.id, ODD_TAG, 1.0 / 3, 1.0 / 7, 1.0 / 9, 1.0 / 11, extra);
    add(project, "deep/er/x.bmp", 2, &labels, &a);
    add_region(project, a.id, "bottle", 0, 0, 1, 1, NULL);
    add_region(project, a.id, "bottle", 0.25, 0.5, 0.5, 0.5, NULL);
    labels = (oc_labels)OC_LABELS_INIT;
    labels.split = "test";
    add(project, "bare.bmp", 3, &labels, &a);
    add(project, "last.bmp", 4, &labels, &a);
    add_region(project, a.id, ODD_TAG, 0.000123456789, 0.1, 0.999, 0.2, NULL);
    return project;
}

START_TEST(detection_there_and_back) {
    const oc__exchange_format *format;
    oc_project *project;
    char out[64];
    set_up();
    project = detection_project(NULL);
    for (size_t i = 0; (format = oc__exchange_format_at(i)); i++) {
        if (!(format->holds & OC__HOLDS_BOXES)) continue;
        snprintf(out, sizeof out, "out-%s", format->name);
        there_and_back(project, format, out);
    }
    oc__project_free(project);
    tear_down();
}
END_TEST

START_TEST(classes_there_and_back) {
    static const char *const tags[] = {"cat", ODD_TAG, "train", ".hidden", "a/b"};
    const oc__exchange_format *format;
    oc_labels labels = OC_LABELS_INIT;
    oc_addition a;
    char out[64];
    set_up();
    oc_project *project = new_project("multilabel", OC_PROJECT_MULTILABEL);
    labels.tags = tags, labels.n_tags = 1;
    add(project, "cat/x.bmp", 1, &labels, &a);
    labels.n_tags = 2;
    add(project, "cat/y.bmp", 2, &labels, &a);
    labels.tags = tags + 2, labels.n_tags = 3;
    add(project, "z.bmp", 3, &labels, &a);
    labels.n_tags = 1, labels.split = "test";
    add(project, "w.bmp", 4, &labels, &a);
    labels.n_tags = 0, labels.split = NULL;
    add(project, "untagged.bmp", 5, &labels, &a);
    for (size_t i = 0; (format = oc__exchange_format_at(i)); i++) {
        if (!(format->holds & OC__HOLDS_TAGS) || format->copies) continue;
        snprintf(out, sizeof out, "out-%s", format->name);
        there_and_back(project, format, out);
    }
    /* Folders give their pictures other names, so only tags and splits are compared. */
    oc_exchange *report;
    must(export(&report, project, "out-folder", "folder"));
    oc__exchange_free(report);
    oc_project *other = new_project("other", OC_PROJECT_MULTILABEL);
    must(import(&report, other, "out-folder", NULL));
    ck_assert_uint_eq(report->summary.n_added, 5);
    ck_assert_uint_eq(report->summary.n_duplicates, 3); /* those with several tags */
    ck_assert_uint_eq(report->n, 0);
    oc__exchange_free(report);
    oc_picture_list *before = NULL, *after = NULL;
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    must(oc__project_pictures(&before, project, &filter, &error));
    for (size_t i = 0; i < before->n; i++) {
        must(oc__project_picture(&after, other, before->items[i].info.sha256, &error));
        ck_assert_uint_eq(after->items[0].info.n_tags, before->items[i].info.n_tags);
        ck_assert_str_eq(after->items[0].info.split, before->items[i].info.split);
        for (uint32_t k = 0; k < after->n_tags; k++) {
            bool found = false;
            for (uint32_t m = 0; m < before->items[i].info.n_tags; m++)
                found = found || strcmp(after->tags[k], before->tags[before->items[i].first_tag + m]) == 0;
            ck_assert_msg(found, "%s", after->tags[k]);
        }
        oc__picture_list_free(after);
    }
    oc__picture_list_free(before);
    oc__project_free(other);
    oc__project_free(project);
    tear_down();
}
END_TEST

START_TEST(own_parts_there_and_back) {
    const oc__exchange_format *format;
    set_up();
    for (size_t i = 0; i < sizeof own_parts / sizeof *own_parts; i++) {
        oc_project *project = detection_project(own_parts[i]);
        for (size_t k = 0; (format = oc__exchange_format_at(k)); k++) {
            char start[40], out[64];
            snprintf(start, sizeof start, "{\"%s\":", format->family);
            if (strncmp(own_parts[i], start, strlen(start))) continue;
            snprintf(out, sizeof out, "out-%zu-%s", i, format->name);
            there_and_back(project, format, out);
        }
        oc__project_free(project);
        char *gone = strdup(in(folder, "detection"));
        oc__folder_remove(gone);
        free(gone);
    }
    tear_down();
}
END_TEST

/* --- when memory runs out, the disk fails, or work is broken off --- */

typedef struct passage {
    const oc__exchange_format *format;
    char source[512], target[512];
} passage;

static oc_status pass(oc_context *own, void *user, oc_error *err) {
    const passage *p = user;
    oc_exchange *report = NULL;
    oc__annotations *set = NULL;
    oc_status status = oc__exchange_create(&report, own, err);
    if (!status) status = oc__annotations_load(&set, own, report, p->source, p->format->name, NULL, err);
    if (!status) status = oc__annotations_save(set, p->target, p->format, 0, silent(), err);
    oc__annotations_free(set);
    oc__exchange_free(report);
    ck_assert(!status || !oc__path_exists(p->target));
    oc__folder_remove(p->target);
    return status;
}

/* Names in a folder that nobody gave. */
static void check_nothing_beside(void) {
    oc__entry *entries;
    size_t n;
    must(oc__folder_list(&entries, &n, context, folder, &error));
    for (size_t i = 0; i < n; i++) ck_assert_msg(!strstr(entries[i].name, ".new-"), "%s is left over", entries[i].name);
    oc__entries_free(entries, n, context);
}

START_TEST(memory_runs_out) {
    const oc__exchange_format *format;
    passage p;
    set_up();
    oc_project *project = detection_project(own_parts[0]);
    for (size_t i = 0; (format = oc__exchange_format_at(i)); i++) {
        oc_exchange *report;
        if (!format->read) continue;
        must(export(&report, project, format->name, format->name));
        oc__exchange_free(report);
        p.format = format;
        strcpy(p.source, in(folder, format->name));
        strcpy(p.target, in(folder, "target"));
        sweep_allocations(pass, &p, false);
        check_nothing_beside();
    }
    oc__project_free(project);
    tear_down();
}
END_TEST

START_TEST(disk_fails_while_exporting) {
    const oc__exchange_format *format;
    set_up();
    oc_project *project = detection_project(NULL);
    for (size_t i = 0; (format = oc__exchange_format_at(i)); i++) {
        oc_status status = OC_E_IO;
        int n = 1;
        for (; status; n++) {
            oc_exchange *report;
            fault = FAULT_ONCE, fault_left = n, fault_struck = false;
            context->files = faulty_files();
            status = export(&report, project, "target", format->name);
            context->files = &oc__system_files;
            fault_left = -1;
            oc__exchange_free(report);
            ck_assert_msg(!status || status == OC_E_IO, "%s: %d: %s", format->name, status, error.message);
            ck_assert_int_eq(!status, oc__path_exists(in(folder, "target")));
            check_nothing_beside();
            ck_assert_int_lt(n, 1000);
        }
        ck_assert_int_gt(n, 10);
        char *gone = strdup(in(folder, "target"));
        oc__folder_remove(gone);
        free(gone);
    }
    oc__project_free(project);
    tear_down();
}
END_TEST

/* Broken off anywhere, an import goes on when it is made again, and comes to the same. */
START_TEST(disk_fails_while_importing) {
    static text whole, resumed;
    oc_exchange *report;
    oc_status status = OC_E_IO;
    set_up();
    oc_project *project = detection_project(NULL);
    must(export(&report, project, "out", "csv"));
    oc__exchange_free(report);
    describe(&whole, project, oc__exchange_format_at(1)->holds);
    oc__project_free(project);
    int n = 1;
    for (; status; n += 1 + n / 10) {
        char name[32];
        snprintf(name, sizeof name, "p%d", n);
        project = new_project(name, OC_PROJECT_DETECTION);
        oc__project_free(project);
        fault = FAULT_ONCE, fault_left = n;
        context->files = faulty_files();
        status = oc__project_open(&project, context, in(folder, name), &error);
        if (!status) {
            status = import(&report, project, "out", NULL);
            oc__exchange_free(report);
            oc__project_free(project);
        }
        context->files = &oc__system_files;
        fault_left = -1;
        must(oc__project_open(&project, context, in(folder, name), &error));
        must(import(&report, project, "out", NULL));
        oc__exchange_free(report);
        describe(&resumed, project, oc__exchange_format_at(1)->holds);
        ck_assert_str_eq(whole.data, resumed.data);
        oc__project_free(project);
        ck_assert_int_lt(n, 1000);
    }
    ck_assert_int_gt(n, 10);
    tear_down();
}
END_TEST

/* A project that is empty becomes of the kind that the source needs; another takes what it can hold. */
START_TEST(kinds) {
    static const struct {
        const char *text;
        uint32_t before, after;
        size_t n_left_out;
    } cases[] = {
        {"path,tag\na.bmp,t\n", OC_PROJECT_MULTICLASS, OC_PROJECT_MULTICLASS, 0},
        {"path,tag\na.bmp,t\na.bmp,u\n", OC_PROJECT_MULTICLASS, OC_PROJECT_MULTILABEL, 0},
        {"path,tag,left,top,width,height\na.bmp,t,0,0,1,1\n", OC_PROJECT_MULTICLASS, OC_PROJECT_DETECTION, 0},
        {"path,tag,left,top,width,height\na.bmp,t,0,0,1,1\n", OC_PROJECT_MULTILABEL, OC_PROJECT_DETECTION, 0},
        {"path,tag\na.bmp,t\n", OC_PROJECT_DETECTION, OC_PROJECT_DETECTION, 1},
        {"path,tag,left,top,width,height\na.bmp,t,0,0,1,1\n", OC_PROJECT_ANOMALY, OC_PROJECT_ANOMALY, 1},
    };
    set_up();
    put_picture("a.bmp", 1);
    put_picture("b.bmp", 2);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16];
        oc_exchange *report;
        uint32_t kind;
        snprintf(name, sizeof name, "p%zu", i);
        oc_project *project = new_project(name, cases[i].before);
        put_text(folder, "x.csv", cases[i].text);
        must(import(&report, project, "x.csv", NULL));
        ck_assert_uint_eq(report->summary.n_left_out, cases[i].n_left_out);
        ck_assert_uint_eq(report->summary.n_added, 1);
        oc__exchange_free(report);
        must(oc__project_kind(&kind, project, &error));
        ck_assert_uint_eq(kind, cases[i].after);
        if (i == 0) { /* no longer empty: it stays as it is */
            put_text(folder, "x.csv", "path,tag\na.bmp,other\nb.bmp,t\nb.bmp,u\nnone.bmp,t\nx.csv,t\n");
            must(import(&report, project, "x.csv", NULL));
            ck_assert_uint_eq(noted(report, "cannot be together"), 2);
            ck_assert_uint_eq(noted(report, "is not there"), 1);
            ck_assert_uint_eq(noted(report, "cannot be read"), 1);
            ck_assert_uint_eq(report->summary.n_added, 1);
            ck_assert_uint_eq(report->summary.n_missing, 1);
            oc__exchange_free(report);
        }
        oc__project_free(project);
    }
    /* Pixels of a picture that was made larger hold; those of one that was turned are told. */
    oc_exchange *report;
    oc_project *project = new_project("sizes", OC_PROJECT_DETECTION);
    put_text(folder, "x.csv", "path,width,height,tag,xmin,ymin,xmax,ymax\na.bmp,40,20,t,0,0,20,10\nb.bmp,2,4,t,0,0,1,1\n");
    must(import(&report, project, "x.csv", NULL));
    ck_assert_uint_eq(noted(report, "another shape"), 1);
    ck_assert_str_eq(report->notes[0].examples[0], "b.bmp: 4x2, the file says 2x4");
    ck_assert_uint_eq(report->summary.n_boxes, 2);
    ck_assert_uint_eq(report->summary.n_left_out, 0);
    oc__exchange_free(report);
    oc__project_free(project);
    tear_down();
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {detection_there_and_back, 0},
        {classes_there_and_back, 0},
        {own_parts_there_and_back, 0},
        {memory_runs_out, 0},
        {disk_fails_while_exporting, 0},
        {disk_fails_while_importing, 0},
        {kinds, 0},
    };
    script_in_memory();
    return RUN_UNIT_TESTS("exchange", tests);
}
