/* A project out into annotation files. SPDX-License-Identifier: MIT */
#include <string.h>

#include "project_exchange.h"

#define PAGE 500

static const char *opaque(const char *extra) { return extra[0] ? extra : NULL; }

static oc_status take_tags(oc__annotations *set, oc_project *project, oc_error *err) {
    oc_tag_list *list = NULL;
    oc_status status = oc__project_tags(&list, project, err);
    for (size_t i = 0; i < (list ? list->n : 0) && !status; i++) {
        const oc_tag *tag = &list->items[i];
        uint32_t number;
        status = oc__annotations_tag(&number, set, tag->name, project->folder, err);
        if (status || number == OC__NO_TAG) continue;
        oc__known_tag *known = &set->tags[number];
        known->type = tag->type;
        status = oc__annotations_keep(&known->description, set, tag->description, err);
        if (!status) status = oc__annotations_keep(&known->colour, set, tag->colour, err);
        if (!status) status = oc__annotations_keep(&known->extra, set, opaque(tag->extra), err);
    }
    oc__tag_list_free(list);
    return status;
}

static oc_status add_mark(oc__annotations *set, oc__mark mark, const char *tag, oc_project *project, oc_error *err) {
    oc_status status = OC_OK;
    mark.tag = OC__NO_TAG;
    if (tag) status = oc__annotations_tag(&mark.tag, set, tag, project->folder, err);
    return status ? status : oc__annotations_add(set, &mark, err);
}

static oc_status take_regions(oc__annotations *set, uint32_t picture, const oc_picture_info *info, oc_project *project,
                              oc_error *err) {
    oc_region_list *list = NULL;
    oc_status status = oc__project_regions(&list, project, &info->id, 1, 0, err);
    for (size_t i = 0; i < (list ? list->n : 0) && !status; i++) {
        const oc_region *region = &list->items[i];
        oc__mark mark = {.picture = picture,
                         .kind = region->kind == OC_REGION_BOX ? OC__MARK_BOX : OC__MARK_OTHER,
                         .place = (uint32_t)i,
                         .box = {region->left, region->top, region->width, region->height}};
        status = oc__annotations_keep(&mark.extra, set, opaque(region->extra), err);
        if (!status) status = add_mark(set, mark, region->tag, project, err);
    }
    oc__region_list_free(list);
    return status;
}

static oc_status take_picture(oc__annotations *set, const oc_picture_list *list, size_t index, uint32_t kind,
                              oc_project *project, oc_error *err) {
    const oc__listed *item = &list->items[index];
    const oc_picture_info *info = &item->info;
    uint32_t picture;
    oc_status status = oc__annotations_new_picture(&picture, set, info->name, strrchr(info->path, '.'), err);
    if (status) return status;
    oc__known_picture *known = &set->pictures[picture];
    known->width = info->width;
    known->height = info->height;
    known->source = known->path;
    status = oc__annotations_keep(&known->file, set, info->path, err);
    if (!status) status = oc__annotations_keep(&known->split, set, info->split, err);
    if (!status) status = oc__annotations_keep(&known->extra, set, opaque(info->extra), err);
    for (uint32_t k = 0; k < info->n_metadata && !status; k++)
        status = oc__annotations_pair(set, list->pairs[item->first_pair + k].key, list->pairs[item->first_pair + k].value, err);
    for (uint32_t k = 0; k < info->n_tags && kind != OC_PROJECT_DETECTION && !status; k++)
        status = add_mark(set, (oc__mark){.picture = picture}, list->tags[item->first_tag + k], project, err);
    return status ? status : take_regions(set, picture, info, project, err);
}

static oc_status take_pictures(oc__annotations *set, oc_project *project, oc__progress *progress, oc_error *err) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    uint64_t n_all = 0;
    uint32_t kind;
    oc_status status = oc__project_kind(&kind, project, err);
    if (!status) status = oc__project_count_pictures(&n_all, project, &filter, err);
    oc__progress_stage(progress, "reading", 0, 0.1, (size_t)n_all + 1);
    filter.limit = PAGE;
    for (size_t n = PAGE; n == PAGE && !status; filter.offset += PAGE) {
        oc_picture_list *list = NULL;
        status = oc__project_pictures(&list, project, &filter, err);
        n = list ? list->n : 0;
        for (size_t i = 0; i < n && !status; i++) status = take_picture(set, list, i, kind, project, err);
        oc__picture_list_free(list);
        if (!status && !oc__progress_step(progress, n, 0)) status = oc__progress_status(progress, err);
    }
    return status;
}

oc_status oc__project_export(oc_exchange *report, oc_project *project, const char *path, const oc_exchange_options *options,
                             oc__progress *progress, oc_error *err) {
    const oc__exchange_format *format;
    oc__annotations *set = NULL;
    bool began;
    oc_status status = oc__exchange_find_format(&format, options->to, err);
    if (!status) status = oc__annotations_create(&set, project->context, report, "", err);
    if (!status) status = oc__snapshot_begin(project, &began, err);
    if (!status) {
        status = take_tags(set, project, err);
        if (!status) status = take_pictures(set, project, progress, err);
        oc__snapshot_end(project, began);
    }
    if (!status) status = oc__annotations_finish(set, err);
    if (!status) status = oc__annotations_save(set, path, format, options->flags, progress, err);
    oc__annotations_free(set);
    return status;
}
