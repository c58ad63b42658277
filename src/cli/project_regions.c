/* ocellus project: regions.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "project.h"
#include "table.h"

static cli_option pixels_option(bool *target) {
    return (cli_option){"pixels", 0, OPTION_FLAG, NULL, "in pixels of the upright picture, not in fractions of its sides",
                        0,        0, target};
}

static cli_option clip_option(bool *target) {
    return (cli_option){"clip", 0, OPTION_FLAG, NULL, "cut the box at the picture's edge instead of refusing it", 0, 0, target};
}

static void region_json(json *j, const oc_region *region) {
    json_object(j, NULL);
    json_text(j, "id", region->id);
    json_text(j, "picture", region->picture);
    json_text(j, "tag", region->tag);
    json_text(j, "kind", region->kind == OC_REGION_BOX ? "box" : "other");
    json_number(j, "left", region->left);
    json_number(j, "top", region->top);
    json_number(j, "width", region->width);
    json_number(j, "height", region->height);
    json_text(j, "extra", region->extra[0] != '\0' ? region->extra : NULL);
    json_text(j, "created", region->created);
    json_end_object(j);
}

static void regions_json(const oc_region_list *list) {
    json j = {0};
    oc_region region = OC_REGION_INIT;
    json_object(&j, NULL);
    json_array(&j, "regions");
    for (size_t i = 0; oc_region_list_get(list, i, &region, NULL) == OC_OK; i++) region_json(&j, &region);
    json_end_array(&j);
    json_end_object(&j);
}

static void regions_table(const oc_region_list *list, bool pixels) {
    int digits = pixels ? 1 : 4;
    oc_region region = OC_REGION_INIT;
    table t = {0};
    table_begin(&t, "lllrrrr");
    for (size_t i = 0; oc_region_list_get(list, i, &region, NULL) == OC_OK; i++) {
        const double box[] = {region.left, region.top, region.width, region.height};
        table_cell(&t, "%s", region.id);
        table_cell(&t, "%.8s", region.picture);
        table_cell(&t, "%s", region.tag != NULL ? region.tag : "");
        for (size_t k = 0; k < 4; k++)
            if (region.kind == OC_REGION_BOX)
                table_cell(&t, "%.*f", digits, box[k]);
            else
                table_cell(&t, "%s", k == 3 ? "(another shape)" : "");
    }
    table_end(&t, 0);
}

static int run_regions(const command *self, int argc, char **argv) {
    project_call c = {0};
    bool pixels = false;
    oc_region_list *list = NULL;
    const cli_option options[] = {pixels_option(&pixels)};
    const option_group own[] = {{"Options", options, 1}};
    int status = project_begin(&c, self, own, 1, 0, SIZE_MAX - 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    oc_status done =
        oc_project_regions(&list, c.project, (const char *const *)c.operands, c.n, pixels ? OC_REGIONS_PIXELS : 0, &c.error);
    if (done == OC_OK && c.general.json)
        regions_json(list);
    else if (done == OC_OK)
        regions_table(list, pixels);
    oc_region_list_free(list);
    return project_end(&c, done);
}

/* Four numbers. */
static bool parse_box(oc_region *region, char *const *texts) {
    return text_number(texts[0], &region->left) && text_number(texts[1], &region->top) &&
           text_number(texts[2], &region->width) && text_number(texts[3], &region->height);
}

static int run_add(const command *self, int argc, char **argv) {
    project_call c = {0};
    bool pixels = false, clip = false;
    oc_region region = OC_REGION_INIT;
    oc_region_list *list = NULL;
    const oc_region *const regions[] = {&region};
    const cli_option options[] = {pixels_option(&pixels), clip_option(&clip)};
    const option_group own[] = {{"Options", options, 2}};
    int status = project_begin(&c, self, own, 1, 6, 6, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    region.picture = c.operands[0];
    region.tag = c.operands[1];
    if (!parse_box(&region, c.operands + 2)) {
        project_end(&c, OC_OK);
        return options_misused(self, "LEFT, TOP, WIDTH and HEIGHT are numbers");
    }
    oc_status done = oc_project_add_regions(&list, c.project, regions, 1,
                                            (pixels ? OC_REGIONS_PIXELS : 0) | (clip ? OC_REGIONS_CLIP : 0), &c.error);
    if (done == OC_OK && c.general.json)
        regions_json(list);
    else if (done == OC_OK && !c.general.quiet)
        regions_table(list, pixels);
    oc_region_list_free(list);
    return project_end(&c, done);
}

static int run_set(const command *self, int argc, char **argv) {
    project_call c = {0};
    bool pixels = false, clip = false;
    const char *tag = NULL;
    oc_region change = OC_REGION_INIT;
    const oc_region *const changes[] = {&change};
    const cli_option options[] = {
        {"tag", 0, OPTION_TEXT, "TAG", "the tag that it is to have", 0, 0, &tag}, pixels_option(&pixels), clip_option(&clip)};
    const option_group own[] = {{"Options", options, 3}};
    int status = project_begin(&c, self, own, 1, 1, 5, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    change.id = c.operands[0];
    change.tag = tag;
    status = STATUS_DONE;
    if (c.n != 1 && (c.n != 5 || !parse_box(&change, c.operands + 1)))
        status = options_misused(self, "a box is four numbers: LEFT TOP WIDTH HEIGHT");
    else if (c.n == 1 && tag == NULL)
        status = options_misused(self, "say what to change: --tag, or the box");
    oc_status done = status != STATUS_DONE
                         ? OC_OK
                         : oc_project_update_regions(c.project, changes, 1,
                                                     (pixels ? OC_REGIONS_PIXELS : 0) | (clip ? OC_REGIONS_CLIP : 0), &c.error);
    int ended = project_end(&c, done);
    return status != STATUS_DONE ? status : ended;
}

static int run_delete(const command *self, int argc, char **argv) {
    project_call c = {0};
    int status = project_begin(&c, self, NULL, 0, 1, SIZE_MAX - 1, argc, argv);
    if (status != OPTIONS_PARSED) return status;
    return project_end(&c, oc_project_delete_regions(c.project, (const char *const *)c.operands, c.n, &c.error));
}

#define END                                                                                                                    \
    { NULL, NULL, NULL, NULL, NULL, NULL }

const command project_region_verbs[] = {
    {"project regions", "list the regions of pictures", "project regions PROJECT [PICTURE...] [--pixels] [options]",
     "Lists the regions of the pictures named, or of all: identifier, picture, tag, left, top, width, height.", NULL,
     run_regions},
    {"project region-add", "put a box into a picture",
     "project region-add PROJECT PICTURE TAG LEFT TOP WIDTH HEIGHT [--pixels] [--clip]",
     "Adds a box, in fractions of the picture's sides. The tag is made if it is new. The project must be for detection.",
     "    ocellus project region-add shelf 1b9d6bcd bottle 0.25 0.1 0.2 0.5\n"
     "    ocellus project region-add shelf 1b9d6bcd bottle 160 48 128 240 --pixels\n",
     run_add},
    {"project region-set", "move a region, or give it another tag",
     "project region-set PROJECT REGION [LEFT TOP WIDTH HEIGHT] [--tag TAG] [--pixels] [--clip]", "Changes what is given.",
     NULL, run_set},
    {"project region-delete", "remove regions", "project region-delete PROJECT REGION... [options]",
     "Removes regions; the pictures stay, and lose a tag that none of their other regions has.", NULL, run_delete},
    END,
};
